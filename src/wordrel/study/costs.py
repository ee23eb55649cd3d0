"""What training a cell takes, by what finished cells took, or by rates of another machine.

Reads the costs that the finished cells of a cache left in their cell.json, and the table of rates
beside this module; writes nothing. Where neither has a model, its cost is unknown.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

from wordrel.config import ModelConfig, TrainingConfig, Word2vecConfig, identity
from wordrel.io.files import reading
from wordrel.io.store import finished
from wordrel.study.cell import CellSpec

SPEED_TRAINING = {
    **{"dim": 100, "window": 5, "shrink_window": True},
    **{"negatives": 5, "subsample": 1e-3},
}
"""The settings under which the rates were measured; one thread."""

_BLOCK_NUMBERS = 12  # times dim squared: what a whole Transformer block has beside its word tables
_COPIES = 2  # of the tables, in the memory of a process: `results/speed` measures fewer
_SAME_COST = {"name", "learning_rate", "min_learning_rate", "weights_learning_rate"}
_SCALED = {"epochs"}  # tokens say it


class Basis(StrEnum):
    """Where an estimate comes from."""

    CELLS = "finished cells"
    SPEED = "rough: speed of another machine"
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
    yield from map(_finished, finished(cache / "cells", "*/*/cell.json"))


def _finished(path: Path) -> Finished:
    with reading(path):
        about = json.loads(path.read_text(encoding="utf-8"))
        cost, corpus = about["cost"], about["corpus"]
        return Finished(
            corpus=str(corpus["name"]),
            digest=str(corpus["digest"]),
            model=dict(about["model"]),
            training=dict(about["training"]),
            tokens=int(cost["trained_tokens"]),
            seconds=float(cost["seconds"]),
            memory_mb=float(cost["peak_memory_mb"]),
        )


def read_rates() -> dict[str, float]:
    """Tokens a second of each model that was measured, in one thread, as the package has them.

    `benchmarks/speeds.py` makes the table of the stored measurements.
    """
    text = files("wordrel.study").joinpath("speeds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["model"]: float(row["tokens_per_second"]) for row in rows}


@dataclass(frozen=True)
class Known:
    """All that estimates may rest on: `cells` of the cache, and `rates` of another machine."""

    cells: tuple[Finished, ...]
    rates: Mapping[str, float]

    def cost(self, spec: CellSpec, tokens: int, words: int | None) -> Estimate:
        """What training this cell takes, where anything like it was measured.

        The finished cells of the same kind that differ in the fewest settings decide, those of the
        same corpus before others. Seconds are scaled by tokens; and by the ratio of dimensions
        where there are more of them, not where there are fewer, for part of the work is the same
        for any number. What is scaled so is the median. Memory is the largest peak, and what more
        the tables of `words` words take: the rest of a process does not grow with dimensions.
        """
        alike = self._alike(spec)
        if alike:
            return _from_cells(spec, tokens, words, alike)
        if spec.model_config.kind == "random":
            return Estimate(0.0, None, Basis.NOTHING_TRAINED)
        rate = self.rates.get(measured_as(spec.model_config))
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


def table_bytes(words: int, dim: int) -> int:
    """Bytes of what a cell stores, at most: two tables, a bias a word, a block; all float32."""
    return 4 * (words * (2 * dim + 1) + _BLOCK_NUMBERS * dim**2)


def _from_cells(
    spec: CellSpec, tokens: int, words: int | None, cells: Sequence[Finished]
) -> Estimate:
    dim = spec.training_config.dim
    wider = [max(1.0, dim / cell.training["dim"]) for cell in cells]
    longer = [tokens / cell.tokens if cell.tokens else 1.0 for cell in cells]
    seconds = median(c.seconds * w * n for c, w, n in zip(cells, wider, longer, strict=True))
    same_corpus = all(cell.digest == spec.corpus_digest for cell in cells)
    peak = None
    if same_corpus and words is not None:
        peak = max(
            cell.memory_mb + _more_memory(words, cell.training["dim"], dim) for cell in cells
        )
    corpora = ", ".join(sorted({cell.corpus for cell in cells}))
    other = differing(spec, cells[0])
    said = f"{len(cells)} of {corpora}" + (f"; {', '.join(other)} differ" if other else "")
    return Estimate(seconds, peak, Basis.CELLS, said)


def _more_memory(words: int, before: int, dim: int) -> float:
    """10^6 bytes that a process has more with more dimensions; fewer are not counted on."""
    more = table_bytes(words, dim) - table_bytes(words, before)
    return _COPIES * max(0, more) / 1e6


def _from_rate(training: TrainingConfig, tokens: int, rate: float) -> Estimate:
    given = training.model_dump(mode="json")
    other = [key for key, value in SPEED_TRAINING.items() if given[key] != value]
    seconds = tokens / rate * max(1.0, training.dim / SPEED_TRAINING["dim"])
    words = f"{rate:,.0f} tokens/s" + (f"; {', '.join(other)} differ" if other else "")
    return Estimate(seconds, None, Basis.SPEED, words)


def measured_as(model: ModelConfig) -> str:
    """The row of the measured rates that is this model; empty where none can be."""
    if isinstance(model, Word2vecConfig):
        return model.algorithm
    heads = getattr(model, "heads", 1)
    if (model.kind, heads) == ("attention_position", 4):
        return "heads"
    return model.kind if heads == (4 if model.kind == "block" else 1) else ""
