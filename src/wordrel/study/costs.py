"""The cost of training and evaluating a trained run: by finished runs, or rates of another machine.

Costs stand in the cell.json of the runs of a cache and beside their answers, rates in speeds.csv
beside this module. Where neither has a model, its cost is unknown.
"""

import csv
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources import files
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

from wordrel.config import (
    ARCHITECTURES,
    KneserNeyConfig,
    MatchedConfig,
    ModelConfig,
    TrainingConfig,
    Word2vecConfig,
    identity,
    training_identity,
)
from wordrel.config.names import KINDS
from wordrel.io.files import reading
from wordrel.io.store import finished
from wordrel.study.cell import CellSpec
from wordrel.study.evaluate import TIMES

SPEED_TRAINING = {
    **{"dim": 100, "window": 5, "shrink_window": True},
    **{"negatives": 5, "subsample": 1e-3},
}
"""The settings under which the rates were measured; one thread."""

_BLOCK_MAPS = 12  # of dim squared numbers each: what a whole Transformer block has
_ATTENTION_MAPS = 4  # query, key, value and the direct path, at most
_LONG_SECONDS, _LONG_SHARE = 10.0, 0.1
"""A run that took less, of a smaller share of the tokens, is mostly start-up: it is not scaled."""
_NGRAM_BYTES = 16  # a key and two numbers
_COPIES = 2  # of the tables, in the memory of a process; the first edition measured fewer
_SAME_COST = {
    *("name", "learning_rate", "min_learning_rate", "weights_learning_rate", "epochs"),
    *("hits", "recency"),
}
"""Settings that cost nothing, or only through the number of tokens."""

_NO_VECTORS = {"kneser_ney", "word_frequency"}
"""Kinds that count words and n-grams: their costs are the same for any number of dimensions."""

Item = TypeVar("Item")


class Basis(StrEnum):
    """Where an estimate comes from."""

    CELLS = "finished runs"
    SPEED = "rough: speed of another machine"
    NOTHING_TRAINED = "trains nothing"
    UNKNOWN = "unknown: run one seed first"


@dataclass(frozen=True)
class Estimate:
    """What training one cell takes, on one core.

    Attributes:
        seconds: of training alone; None where unknown.
        memory_mb: peak of its process, 10^6 bytes; None where no cell of the same corpus ended.
        basis: what the numbers rest on.
        evidence: the same in words: how many cells, and which of their settings differ.
    """

    seconds: float | None
    memory_mb: float | None
    basis: Basis
    evidence: str = ""


UNKNOWN = Estimate(None, None, Basis.UNKNOWN)


class Finished(NamedTuple):
    """What a trained cell of the cache cost.

    Attributes:
        corpus, digest: which text it was trained on.
        settings: of its model and its training.
        tokens, seconds, memory_mb: of training.
    """

    corpus: str
    digest: str
    settings: Mapping[str, Any]
    tokens: float
    seconds: float
    memory_mb: float


class Note(NamedTuple):
    """What it took to evaluate a cell on one task.

    Attributes:
        corpus, kind: of the cell.
        reading: seconds before its first task: loading the cell, and reading the text.
        task, seconds: which one, and how long it took.
    """

    corpus: str
    kind: str
    reading: float
    task: str
    seconds: float


@dataclass(frozen=True)
class Known:
    """The basis of estimates, of any study in the cache; `rates` of another machine."""

    cells: Sequence[Finished]
    notes: Sequence[Note]
    rates: Mapping[str, float]

    @classmethod
    def of(cls, cache: Path) -> "Known":
        """From this cache and the package.

        Raises:
            StoreError: where a cell lacks its cost.
        """
        cells = map(_finished, finished(cache / "cells", "*/*/cell.json"))
        notes = map(_notes, finished(cache / "answers", f"*/*/*/{TIMES}"))
        return cls(tuple(cells), tuple(chain.from_iterable(notes)), read_rates())

    def to_train(self, spec: CellSpec, tokens: int, words: int | None) -> Estimate:
        """The cost of training this cell, where a similar one was measured.

        The finished cells of the same kind that differ in the fewest settings decide, those of the
        same corpus before others. Seconds are scaled by tokens; and by the ratio of dimensions
        where there are more of them, not where there are fewer, for part of the work is the same
        for any number. What is scaled so is the median. Cells that were too short to be scaled
        count only where no rate is known. Memory is the largest peak, and what more the
        tables of `words` words and the maps take: the rest of a process does not grow with
        dimensions.
        """
        model, training = spec.model_config, spec.training_config
        ours = identity(model) | training_identity(model, training)
        kind = ours["kind"], ours.get("algorithm")

        def distance(cell: Finished) -> tuple[int, bool]:
            return len(_differing(ours, cell)), cell.digest != spec.corpus_digest

        like = [c for c in self.cells if (c.settings["kind"], c.settings.get("algorithm")) == kind]
        near, peak = _nearest(like, distance), None
        if near and words is not None and near[0].digest == spec.corpus_digest:
            peak = max(c.memory_mb + _extra_memory(model, training, words, c) for c in near)
        rate = self.rates.get(measured_as(model))
        timed = _nearest([c for c in like if _is_long(c, tokens)], distance)
        if timed or (near and rate is None):
            timed = timed or near
            evidence = f"{len(timed)} of {', '.join(sorted({cell.corpus for cell in timed}))}"
            return _estimated(ours, tokens, timed, Estimate(None, peak, Basis.CELLS, evidence))
        if not tokens:
            return Estimate(0.0, None, Basis.NOTHING_TRAINED)
        if rate is None:
            return UNKNOWN
        other = Finished("", "", ours | SPEED_TRAINING, rate, 1.0, 0.0)
        estimate = Estimate(None, peak, Basis.SPEED, f"{rate:,.0f} tokens/s")
        return _estimated(ours, tokens, [other], estimate)

    def seconds_to_evaluate(self, corpus: str, kind: str, tasks: Collection[str]) -> float | None:
        """Seconds to evaluate one cell on these tasks on one core; None where a task has no note.

        The notes on the same corpus decide, of these the ones on the same kind of model; else all:
        by their median, for each task and for reading.
        """

        def distance(note: Note) -> tuple[bool, bool]:
            return note.corpus != corpus, note.kind != kind

        if not tasks:
            return 0.0
        near = [_nearest([n for n in self.notes if n.task == task], distance) for task in tasks]
        if not all(near):
            return None
        reading = median(note.reading for note in _nearest(self.notes, distance))
        return reading + sum(median(note.seconds for note in notes) for notes in near)


def read_rates() -> dict[str, float]:
    """Tokens a second of each model that was measured, in one thread, as the package has them.

    `benchmarks/speeds.py` makes the table of the stored measurements.
    """
    text = files("wordrel.study").joinpath("speeds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["model"]: float(row["tokens_per_second"]) for row in rows}


def measured_as(model: ModelConfig) -> str:
    """The row of the measured rates that is this model; empty where none can be."""
    if isinstance(model, Word2vecConfig):
        return model.algorithm
    heads = getattr(model, "heads", 1)
    if (model.kind, heads) == ("attention_position", 4):
        return "attention_position_heads4"
    return model.kind if heads == (4 if model.kind == "transformer_block" else 1) else ""


def _finished(path: Path) -> Finished:
    with reading(path):
        about = json.loads(path.read_text(encoding="utf-8"))
        cost, corpus = about["cost"], about["corpus"]
        return Finished(
            corpus=str(corpus["name"]),
            digest=str(corpus["digest"]),
            settings=about["model"] | about["training"],
            tokens=int(cost["trained_tokens"]),
            seconds=float(cost["seconds"]),
            memory_mb=float(cost["peak_memory_mb"]),
        )


def _notes(path: Path) -> list[Note]:
    with reading(path):
        return notes_of(json.loads(path.read_text(encoding="utf-8")))


def notes_of(stored: Any) -> list[Note]:
    """The notes of one stored file; raises any error of Python where it is none."""
    cell = (
        str(stored["corpus"]),
        KINDS.get(str(stored["kind"]), str(stored["kind"])),
        float(stored["reading"]),
    )
    return [Note(*cell, str(task), float(took)) for task, took in stored["tasks"].items()]


def _nearest(items: Iterable[Item], distance: Callable[[Item], Any]) -> list[Item]:
    """All that are at the least distance."""
    far = [(distance(item), item) for item in items]
    least = min((away for away, _ in far), default=None)
    return [item for away, item in far if away == least]


def _differing(ours: Mapping[str, Any], cell: Finished) -> list[str]:
    """Settings in which a cell costs something else, other than tokens read."""
    compared = sorted((ours.keys() | cell.settings.keys()) - _SAME_COST)
    # a cell that is older than a setting lacks it, which means what "off" means
    return [key for key in compared if (ours.get(key) or None) != (cell.settings.get(key) or None)]


def _is_long(cell: Finished, tokens: int) -> bool:
    """Whether what a cell took may be scaled to so many tokens; of a short one it is start-up."""
    return cell.seconds >= _LONG_SECONDS or cell.tokens >= _LONG_SHARE * tokens


def _estimated(
    ours: Mapping[str, Any], tokens: int, cells: Sequence[Finished], estimate: Estimate
) -> Estimate:
    """The estimate with the seconds of these cells, scaled; and which settings differ."""
    # pretrained models are stored without settings of training: nothing grows with `dim`
    grows = "dim" in ours and ours["kind"] not in _NO_VECTORS
    wider = [max(1.0, ours["dim"] / c.settings["dim"]) if grows else 1.0 for c in cells]
    longer = [tokens / cell.tokens if cell.tokens else 1.0 for cell in cells]
    seconds = median(c.seconds * w * n for c, w, n in zip(cells, wider, longer, strict=True))
    other = ", ".join(_differing(ours, cells[0]))
    evidence = f"{estimate.evidence}; {other} differ" if other else estimate.evidence
    return replace(estimate, seconds=seconds, evidence=evidence)


def _extra_memory(
    model: ModelConfig, training: TrainingConfig, words: int, cell: Finished
) -> float:
    """10^6 bytes that a process has more with more dimensions; fewer save nothing."""
    if "dim" not in cell.settings or model.kind in _NO_VECTORS:
        return 0.0
    then = training.model_copy(update={"dim": cell.settings["dim"]})
    extra = table_bytes(model, training, words) - table_bytes(model, then, words)
    return _COPIES * max(0, extra) / 1e6


def stored_bytes(model: ModelConfig, training: TrainingConfig, words: int, tokens: int) -> int:
    """Bytes of what a cell of this model stores, at most.

    Args:
        model: its settings.
        training: with the dimensions of its vectors, where it has some.
        words: of the vocabulary.
        tokens: of the training text.
    """
    if isinstance(model, KneserNeyConfig):
        sides = 2 if model.objective == "masked_word" else 1
        return _NGRAM_BYTES * model.order * sides * (tokens + words)
    return table_bytes(model, training, words)


def table_bytes(model: ModelConfig, training: TrainingConfig, words: int) -> int:
    """Two tables, a bias a word, and the maps of this model at most; all float32."""
    dim = training.dim
    return 4 * (words * (2 * dim + 1) + _maps(model, training) * dim**2)


def _maps(model: ModelConfig, training: TrainingConfig) -> int:
    """How many matrices of dim squared numbers a model has beside its word tables, at most."""
    if not isinstance(model, MatchedConfig):
        return 0
    architecture = ARCHITECTURES[model.kind]
    if architecture.blocks:
        return _BLOCK_MAPS * architecture.blocks
    attention = _ATTENTION_MAPS if architecture.maps or architecture.direct else 0
    places = 2 * training.reach + 1 if architecture.position_values == "map" else 0
    return attention + places
