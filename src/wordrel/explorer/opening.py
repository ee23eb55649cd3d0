"""What the explorer's page shows before it reads a model: names, the twelve cells, a first answer.

The answers to its first question come from the trained models as they were stored, in float32. Once
a model is read, the page answers by itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from wordrel.config import KneserNeyConfig, MatchedConfig, ModelConfig, Word2vecConfig
from wordrel.config.architectures import CELLS
from wordrel.models.in_text import ANY_WORD
from wordrel.models.protocols import Predictor
from wordrel.models.word_model import WordModel
from wordrel.report.labels import label

_OBJECTIVES = {"masked_word": "masked word", "next_word": "next word"}


_GRAMS = {1: "single words", 2: "bigrams", 3: "trigrams"}


def model_labels(models: Iterable[ModelConfig]) -> dict[str, str]:
    """Name -> label; a name that has none, and one of two with one label, stand behind the label.

    A model with a name of its own is called after its kind.
    """
    labelled = {model.name: (_label(model), model) for model in models}
    times = Counter(text for text, _ in labelled.values())

    def own(name: str, text: str, model: ModelConfig) -> bool:
        unknown = label(name, "model") == name and not isinstance(model, KneserNeyConfig)
        return name != text and (unknown or times[text] > 1)

    return {
        name: f"{text}: {name}" if own(name, text, model) else text
        for name, (text, model) in labelled.items()
    }


def _label(model: ModelConfig) -> str:
    named = label(model.name, "model")
    if isinstance(model, KneserNeyConfig):
        grams = _GRAMS.get(model.order, f"{model.order}-grams")
        return f"counts: {grams}{' on both sides' if model.objective == 'masked_word' else ''}"
    if named != model.name:
        return named
    kind = label(model.algorithm if isinstance(model, Word2vecConfig) else model.kind, "model")
    return named if kind == model.kind else kind


def terms(models: Iterable[WordModel]) -> dict[str, str]:
    """The labels of all embeddings and pair scores of these models."""
    names = {name for model in models for name in (*model.embeddings, *model.relations)}
    return {name: label(name, "embedding") for name in sorted(names)}


def cell_grids(models: Sequence[MatchedConfig]) -> list[dict[str, Any]]:
    """The twelve cells among these models: a grid for each objective and recipe.

    A grid has two rows, without and with positions, of three names: no word scores, a weight for
    each word, word-word scores. None stands for a cell that is not here. A model belongs to the
    grid of what its name has beyond its kind, such as `_recipelm`; with a name of its own it is
    in none. A grid of one cell compares nothing and is left out.
    """
    names = {(m.kind, m.name.removeprefix(m.kind)): m.name for m in models if _named_by_kind(m)}
    grids = []
    for objective, kinds in CELLS.items():
        for suffix in dict.fromkeys(end for _, end in names):
            rows = [[names.get((kind, suffix)) for kind in row] for row in kinds]
            if sum(name is not None for row in rows for name in row) > 1:
                what = label(f"mean{suffix}", "model").removeprefix(label("mean", "model"))
                added = suffix if what.startswith("mean_") else what
                title = f"{_OBJECTIVES[objective]}{added}"
                grids.append({"objective": objective, "title": title, "rows": rows})
    return grids


def _named_by_kind(model: MatchedConfig) -> bool:
    return model.name == model.kind or model.name.startswith(f"{model.kind}_")


GAP = "___"
SHOWN = 8
EXAMPLES = (
    "he was born in the ___ of london and died in paris",
    "the king of ___ was the son of the old queen",
    "she was the first woman to ___ in the world",
    "the ___ of the city was built in the first century",
    "the cat ___ in the green field",
)


def example_gap(words: Sequence[str]) -> str:
    """A sentence with a gap, of words of the page alone.

    Where no example has only those, it is made of the most frequent words.
    """
    known = {*words, GAP}
    fitting = (text for text in EXAMPLES if known.issuperset(text.split()))
    return next(fitting, " ".join([*words[:3], GAP, *words[3:6]]))


def first_answer(
    predictor: Predictor | None, text: str, index: Mapping[str, int], reach: int, words: int
) -> dict[str, Any]:
    """The most probable words of the page in the gap, as `first`; empty without a predictor.

    Args:
        predictor: of the model.
        text: words of the page with one gap, which is not the first.
        index: the number of each word.
        reach: how many words each way the model can read.
        words: how many words the page has.

    Returns:
        `first`: `best`, pairs of a word's number and its probability, which all words of the page
        share; and `reads`, how many words it reads before and after the gap.
    """
    if predictor is None:
        return {}
    before, after = ([index[word] for word in side.split()] for side in text.split(GAP))
    ids = np.array([*before, ANY_WORD, *after])
    (scores,) = predictor.scores(ids, np.array([len(ids)]), np.array([len(before)]))
    log_p = scores[0, :words].astype(np.float64)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    best = np.argsort(-p, kind="stable")[:SHOWN]
    two_sided = predictor.objective == "masked_word"
    return {
        "first": {
            "best": [[int(word), round(float(p[word]), 6)] for word in best],
            "reads": [min(len(before), reach), min(len(after), reach) if two_sided else 0],
        }
    }
