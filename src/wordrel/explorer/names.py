"""What the explorer's page calls its models, and which of them are the twelve cells.

Reads settings and labels; writes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from wordrel.config import MatchedConfig
from wordrel.config.architectures import CELLS
from wordrel.models.word_model import WordModel
from wordrel.report.labels import label

_OBJECTIVES = {"masked_word": "masked word", "next_word": "next word"}


def model_labels(names: Sequence[str]) -> dict[str, str]:
    """Name -> label; where two models have one label, each has its name behind it."""
    found = {name: label(name, "model") for name in names}
    times = Counter(found.values())
    return {name: one if times[one] == 1 else f"{one}: {name}" for name, one in found.items()}


def terms(models: Iterable[WordModel]) -> dict[str, str]:
    """The labels of all embeddings and pair scores of these models."""
    names = {name for model in models for name in (*model.embeddings, *model.relations)}
    return {name: label(name, "embedding") for name in sorted(names)}


def cell_grids(models: Sequence[MatchedConfig]) -> list[dict[str, Any]]:
    """The twelve cells among these models: a grid for each objective and recipe.

    A grid has two rows, without and with positions, of three names: no word scores, a weight for
    each word, word-word scores. None stands for a cell that is not here. A model belongs to the
    grid of what its name says beyond its kind, such as `_recipelm`; with a name of its own it is
    in none. A grid of one cell compares nothing and is left out.
    """
    names = {(m.kind, m.name.removeprefix(m.kind)): m.name for m in models if _named_by_kind(m)}
    found = []
    for objective, kinds in CELLS.items():
        for suffix in dict.fromkeys(end for _, end in names):
            rows = [[names.get((kind, suffix)) for kind in row] for row in kinds]
            if sum(name is not None for row in rows for name in row) > 1:
                what = label(f"mean{suffix}", "model").removeprefix(label("mean", "model"))
                added = suffix if what.startswith("mean_") else what
                title = f"{_OBJECTIVES[objective]}{added}"
                found.append({"objective": objective, "title": title, "rows": rows})
    return found


def _named_by_kind(model: MatchedConfig) -> bool:
    return model.name == model.kind or model.name.startswith(f"{model.kind}_")
