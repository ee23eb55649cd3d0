"""The models of a first study, with the settings that were tuned for them.

Reads `starter_tuned.yaml` beside this module, a copy of `results/tuning_small/choices.yaml`.
"""

import textwrap
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from wordrel.config.dialect import dump, parse
from wordrel.config.models import model_name

TUNED = "starter_tuned.yaml"


class Tuned(NamedTuple):
    """What `wordrel tune` chose.

    Attributes:
        source: NAME@DIGEST of the trials.
        models: name of each model -> its settings.
    """

    source: str
    models: Mapping[str, Mapping[str, Any]]


_FIRST: dict[str, dict[str, Any]] = {
    "the floor of every table": {"kind": "random"},
    "counts of pairs, without learning": {"kind": "ppmi_svd"},
    "counts of both neighbours: what a loss is to be compared with": {
        **{"kind": "kneser_ney", "name": "kn_two_sided"},
        **{"objective": "masked_word", "order": 2},
    },
    "word2vec, one word at a time": {"kind": "word2vec", "algorithm": "skip_gram"},
    "word2vec, from the mean of the context": {"kind": "word2vec", "algorithm": "cbow"},
    "the same mean in our trainer": {"kind": "mean"},
    "self-attention on the same words: q.k, without positions": {"kind": "mean_query_attention"},
    "the mean with a weight for each position": {"kind": "position_weight"},
    "and a weight for each word": {"kind": "mask_query_attention"},
    "self-attention with positions": {"kind": "mean_query_attention_position"},
    "self-attention as it is written: q.k, the words before": {"kind": "attention"},
    "the next word; the last word has a map of its own, each other one a weight": {
        "kind": "direct_word_weight"
    },
    "q.k in place of these weights, and a map of the value": {"kind": "direct_attention"},
}
"""Models to compare when choosing an embedding; each with a remark."""

_TUNED_AS = {
    "mean_query_attention": "attention",
    "mean_query_attention_position": "mask_query_attention",
    "direct_word_weight": "attention",
    "direct_attention": "attention",
}
"""Models without trials -> the tuned model whose settings they have: its words are weighted too."""

_LOSS, _MARGIN = "per_token_loss.{}_word.calibrated", 0.02
_CONTRASTS: tuple[dict[str, Any], ...] = (
    {
        **{"claim": "first sentence", "first": "mean_query_attention", "second": "mean"},
        **{"task": _LOSS.format("masked"), "margin": _MARGIN, "rule": "equivalent"},
    },
    *(
        {
            **{"claim": "positions", "part": part, "first": first, "second": second},
            **{"task": _LOSS.format("masked"), "margin": _MARGIN},
        }
        for part, first, second in (
            ("no word scores", "position_weight", "mean"),
            ("word-word scores", "mean_query_attention_position", "mean_query_attention"),
        )
    ),
    {
        **{"claim": "attention, next word"},
        **{"first": "direct_attention", "second": "direct_word_weight"},
        **{"task": _LOSS.format("next"), "margin": _MARGIN},
    },
)
"""The literal case of the question, what positions add, and attention for the next word.

See `configs/literal_case.yaml` and `configs/twelve_cells.yaml`.
"""

_CLAIMS: list[dict[str, Any]] = [
    *({"kind": kind} for kind in ("next_mean", "next_position_weight", "attention_position")),
    {"kind": "next_mean_query"},  # the same architectures for another task (C4)
    {"kind": "mean", "name": "mean_shuffled", "training": {"shuffled": True}},
    {
        **{"kind": "mean_query_attention", "name": "mean_query_attention_shuffled"},
        "training": {"shuffled": True},
    },
]
"""What the rules of C1, C4, C8 and C9 need besides."""
_BESIDES = """\
  # What C1, C4, C8 and C9 need besides. Contrasts of the other claims: configs/maps.yaml,
  # configs/lookup.yaml, configs/induction.yaml.
"""


def tuned() -> Tuned:
    """The choices that come with the package."""
    data, _ = parse(files("wordrel.study").joinpath(TUNED).read_text(encoding="utf-8"))
    return Tuned(f"{data['tuning']}@{data['trials_sha256'][:12]}", data["models"])


def models_text(*, claims: bool) -> str:
    """The entries of a config.

    Args:
        claims: all that the rules of C1, C4, C8 and C9 need, each at the settings that all share:
            most of these models were not tuned, and a tuned one beside them would have an
            advantage.
    """
    chosen = {} if claims else tuned().models
    entries = []
    for remark, entry in _FIRST.items():
        near = "" if claims else _TUNED_AS.get(model_name(entry), "")
        settings = chosen.get(near or model_name(entry), {})
        note = f"; no trials of its own: the settings of {near}" if near else ""
        entries.append(_written(entry | dict(settings), remark + note))
    if claims:
        entries.append(_BESIDES)
        entries += map(_written, _CLAIMS)
    return "".join(entries).rstrip("\n")


def contrasts_text() -> str:
    """The part of a config with the planned contrasts, all of a loss."""
    return "".join(("\ncontrasts: # planned before the run\n", *map(_written, _CONTRASTS)))


def _written(entry: Mapping[str, Any], remark: str = "") -> str:
    text = textwrap.indent(dump([dict(entry)]), "  ")
    return f"  # {remark}\n{text}" if remark else text
