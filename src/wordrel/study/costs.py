"""What training a cell takes, by what finished cells took, or by measured rates.

Reads the costs that the finished cells of a cache left in their cell.json, and the rates of
`results/speed`; writes nothing. Where neither knows a model, nothing is guessed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from wordrel.config import ModelConfig, TrainingConfig, Word2vecConfig, identity
from wordrel.errors import StoreError
from wordrel.io.store import is_done
from wordrel.study.cell import CellSpec

_SPEED_DIM = 100  # the settings under which `results/speed` was measured; one thread
_SPEED_TRAINING = {"window": 5, "shrink_window": True, "negatives": 5, "subsample": 1e-3}
_SAME_COST = {"name", "learning_rate", "min_learning_rate", "weights_learning_rate"}
_SCALED = {"epochs"}  # tokens say it


class Basis(StrEnum):
    """Where an estimate comes from."""

    CELLS = "finished cells"
    SPEED = "results/speed"
    NOTHING_TRAINED = "trains nothing"
    UNKNOWN = "unknown: run one seed first"


@dataclass(frozen=True)
class Estimate:
    """What training one cell takes, on one core.

    Attributes:
        seconds: of training alone; None where nothing is known to go by.
        memory_mb: peak of its process, 10^6 bytes; None where no cell of the same corpus ended.
        basis: what the numbers rest on.
        evidence: the same in words: how many cells, and which of their settings differ.
    """

    seconds: float | None
    memory_mb: float | None
    basis: Basis
    evidence: str = ""


UNKNOWN = Estimate(None, None, Basis.UNKNOWN)


@dataclass(frozen=True)
class Finished:
    """A cell of the cache, as its cell.json describes it.

    Attributes:
        corpus, digest: which text it was trained on.
        model, training: its settings.
        tokens, seconds, memory_mb: what it cost.
    """

    corpus: str
    digest: str
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    tokens: int
    seconds: float
    memory_mb: float


def finished_cells(cache: Path) -> Iterator[Finished]:
    """Every trained cell of the cache, of any study.

    Raises:
        StoreError: where one does not say what it cost.
    """
    for path in sorted(cache.glob("cells/*/*/cell.json")):
        if not is_done(path.parent):
            continue
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            cost, corpus = about["cost"], about["corpus"]
            yield Finished(
                corpus=str(corpus["name"]),
                digest=str(corpus["digest"]),
                model=dict(about["model"]),
                training=dict(about["training"]),
                tokens=int(cost["trained_tokens"]),
                seconds=float(cost["seconds"]),
                memory_mb=float(cost["peak_memory_mb"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{path}: found no whole cost of a cell ({error!r}), expected what training "
                "wrote: delete its folder, and the next run trains it again"
            ) from error


def read_rates(path: Path) -> dict[str, float]:
    """Tokens a second of each model that `results/speed` measured; none where it is not there.

    Raises:
        StoreError: where the file is not that table.
    """
    if not path.is_file():
        return {}
    try:
        table = pd.read_csv(path)
        rows = table[(table["part"] == "throughput") & (table["unit"] == "tokens/s")]
        return {str(what): float(v) for what, v in zip(rows["what"], rows["value"], strict=True)}
    except (KeyError, ValueError) as error:
        raise StoreError(
            f"{path}: cannot be read as the table of speeds ({error}), expected the columns part, "
            "what, value, unit: run `python experiments/speed.py` again, or remove the file"
        ) from error


@dataclass(frozen=True)
class Known:
    """All that estimates may rest on: `cells` of the cache, and `rates` of `results/speed`."""

    cells: tuple[Finished, ...]
    rates: Mapping[str, float]

    def cost(self, spec: CellSpec, tokens: int) -> Estimate:
        """What training this cell takes; never a guess.

        The finished cells of the same kind that differ in the fewest settings decide, those of the
        same corpus before others. Seconds are scaled by tokens; and by the ratio of dimensions
        where there are more of them, not where there are fewer, for part of the work is the same
        for any number. What is scaled so is the median; memory is the largest peak.
        """
        alike = self._alike(spec)
        if alike:
            return _from_cells(spec, tokens, alike)
        if spec.model_config.kind == "random":
            return Estimate(0.0, None, Basis.NOTHING_TRAINED)
        rate = self.rates.get(_measured_as(spec.model_config))
        return UNKNOWN if rate is None else _from_rate(spec.training_config, tokens, rate)

    def _alike(self, spec: CellSpec) -> list[Finished]:
        model = identity(spec.model_config)
        same = ("kind", "algorithm")
        kind = [c for c in self.cells if all(c.model.get(k) == model.get(k) for k in same)]
        far = {id(c): (len(differing(spec, c)), c.digest != spec.corpus_digest) for c in kind}
        nearest = min(far.values(), default=None)
        return [c for c in kind if far[id(c)] == nearest]


def differing(spec: CellSpec, cell: Finished) -> list[str]:
    """Settings in which a finished cell costs something else, other than tokens read."""
    ours = identity(spec.model_config) | spec.training_config.model_dump(mode="json")
    theirs = {**cell.model, **cell.training}
    compared = sorted((ours.keys() | theirs.keys()) - _SAME_COST - _SCALED)
    # a cell that is older than a setting lacks it, which means what "off" means
    return [key for key in compared if (ours.get(key) or None) != (theirs.get(key) or None)]


def _from_cells(spec: CellSpec, tokens: int, cells: Sequence[Finished]) -> Estimate:
    dim = spec.training_config.dim
    wider = [max(1.0, dim / cell.training["dim"]) for cell in cells]
    longer = [tokens / cell.tokens if cell.tokens else 1.0 for cell in cells]
    seconds = median(c.seconds * w * n for c, w, n in zip(cells, wider, longer, strict=True))
    same_corpus = all(cell.digest == spec.corpus_digest for cell in cells)
    peaks = [cell.memory_mb * w for cell, w in zip(cells, wider, strict=True)]
    corpora = ", ".join(sorted({cell.corpus for cell in cells}))
    other = differing(spec, cells[0])
    words = f"{len(cells)} of {corpora}" + (f"; {', '.join(other)} differ" if other else "")
    return Estimate(seconds, max(peaks) if same_corpus else None, Basis.CELLS, words)


def _from_rate(training: TrainingConfig, tokens: int, rate: float) -> Estimate:
    given = training.model_dump(mode="json")
    other = [key for key, value in _SPEED_TRAINING.items() if given[key] != value]
    if training.dim != _SPEED_DIM:
        other = ["dim", *other]
    seconds = tokens / rate * max(1.0, training.dim / _SPEED_DIM)
    words = f"{rate:,.0f} tokens/s" + (f"; {', '.join(other)} differ" if other else "")
    return Estimate(seconds, None, Basis.SPEED, words)


def _measured_as(model: ModelConfig) -> str:
    """The row of `results/speed` that is this model; empty where none is."""
    if isinstance(model, Word2vecConfig):
        return model.algorithm
    heads = getattr(model, "heads", 1)
    if (model.kind, heads) == ("attention_position", 4):
        return "heads"
    return model.kind if heads == (4 if model.kind == "block" else 1) else ""
