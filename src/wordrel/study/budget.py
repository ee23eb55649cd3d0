"""What a study will cost before it is run: cells, tokens, hours, memory, disk.

Reads the config, the prepared corpora, what training and asking took the cells of the cache, and
the rates of `results/speed`; trains nothing and prepares no corpus. Looking at a source costs one
reading of its bytes, whose digests the cache keeps; preparing one takes a second for each million
words, so that is left to `wordrel corpus prepare`.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wordrel.config import CorpusConfig, ModelConfig, StudyConfig, TrainingConfig
from wordrel.corpus import Corpus, corpus_folder, identify, list_sources
from wordrel.io.environment import usable_cores
from wordrel.io.store import is_done
from wordrel.study.answers import CellWork, unanswered
from wordrel.study.asking import Asked, noted, seconds_to_ask
from wordrel.study.cell import is_trained
from wordrel.study.costs import UNKNOWN, Estimate, Known, finished_cells, read_rates
from wordrel.study.plan import load_tasks, prepare_plan

SPEED = Path("results", "speed", "speed.csv")
"""Measured rates, below the working directory: a repository of studies has them."""

_BLOCK_NUMBERS = 12  # times dim squared: what a whole Transformer block has beside its word tables


@dataclass(frozen=True)
class Line:
    """One model on one corpus.

    Attributes:
        corpus, model: as the config names them.
        cells: one a seed; of these `trained` are in the cache, and `answered` are also asked.
        tokens: that training one cell reads; None where the corpus is not prepared.
        disk: bytes that one cell takes in the cache at most; None likewise.
        estimate: what training one cell costs.
        asking: seconds that asking each cell takes which has not answered everything; None where
            nobody knows.
    """

    corpus: str
    model: str
    cells: int
    trained: int
    answered: int
    tokens: int | None
    disk: int | None
    estimate: Estimate
    asking: tuple[float | None, ...] = ()

    @property
    def to_train(self) -> int:
        """Cells that a run would train."""
        return self.cells - self.trained


@dataclass(frozen=True)
class Budget:
    """What a study will cost.

    Attributes:
        study: its name.
        jobs: cells at a time; None: as many as a cluster will have workers.
        lines: a model on a corpus each, in the order in which they run.
        unprepared: name of each corpus that is not prepared, and why nothing is known of it.
        skipped: optional tasks that are not here, and why.
    """

    study: str
    jobs: int | None
    lines: tuple[Line, ...]
    unprepared: Mapping[str, str]
    skipped: Mapping[str, str]

    @property
    def unknown(self) -> int:
        """Cells to train of which nobody knows how long that takes."""
        return sum(line.to_train for line in self.lines if line.estimate.seconds is None)

    @property
    def unknown_asking(self) -> int:
        """Cells to ask of which nobody knows how long that takes."""
        return sum(line.asking.count(None) for line in self.lines)

    @property
    def asking_seconds(self) -> float:
        """Of asking that is left, on one core, without the cells of `unknown_asking`."""
        known = [part for line in self.lines for part in line.asking if part is not None]
        return sum(known, 0.0)

    @property
    def core_seconds(self) -> float:
        """Of training that is left, without the cells of `unknown`."""
        return sum(self._left(), 0.0)

    @property
    def wall_seconds(self) -> float | None:
        """The same by the clock: each cell goes to the job that is free first."""
        if self.jobs is None:
            return None
        busy = [0.0] * self.jobs
        for seconds in self._left():
            heapq.heapreplace(busy, busy[0] + seconds)
        return max(busy)

    @property
    def memory_mb(self) -> float | None:
        """Peak of the cells that run at a time, the largest ones together; None where unknown."""
        left = [line for line in self.lines if line.to_train]
        if self.jobs is None or any(line.estimate.memory_mb is None for line in left):
            return None
        peaks = [line.estimate.memory_mb or 0.0 for line in left for _ in range(line.to_train)]
        return sum(sorted(peaks, reverse=True)[: self.jobs], 0.0)

    @property
    def disk(self) -> int:
        """Bytes that the new cells take in the cache, of corpora that are prepared."""
        return sum(line.to_train * (line.disk or 0) for line in self.lines)

    def _left(self) -> Iterator[float]:
        for line in self.lines:
            if line.estimate.seconds is not None:
                yield from [line.estimate.seconds] * line.to_train


def estimate(
    config: StudyConfig, cache: Path, *, jobs: int | None = None, speed: Path = SPEED
) -> Budget:
    """What running this study will cost, given what the cache has.

    Args:
        config: the study.
        cache: where corpora and cells are kept.
        jobs: cells at a time; default: as in the config, else one a core.
        speed: the rates of `results/speed`, where there are any.

    Raises:
        WordrelError: for what would stop the run: a task or a text that is not to be read.
    """
    cache = cache.resolve()
    tasks = load_tasks(config, cache)
    unprepared = _unprepared(config.corpora, cache)
    ready = tuple(c for c in config.corpora if c.name not in unprepared)
    plan = prepare_plan(config.model_copy(update={"corpora": ready}), cache, tasks, 1)
    known = Known(tuple(finished_cells(cache)), read_rates(speed))
    asked = tuple(noted(cache))
    lines = []
    for corpus in config.corpora:
        for model in config.models:
            names = (corpus.name, model.name)
            works = [
                w for w in plan.works if (w.cell.corpus_name, w.cell.model_config.name) == names
            ]
            asking = _asking(works, asked) if works else (None,) * len(config.seeds)
            trained = sum(is_trained(w.cell) for w in works)
            done = trained, len(works) - len(asking)
            found = plan.corpora.get(corpus.name)
            tokens, disk = _sizes(found, model, config.training_of(model))
            cost = known.cost(works[0].cell, tokens) if works and tokens is not None else UNKNOWN
            lines.append(Line(*names, len(config.seeds), *done, tokens, disk, cost, asking))
    return Budget(config.study, _jobs(config, jobs), tuple(lines), unprepared, tasks.skipped)


def _asking(works: Iterable[CellWork], asked: tuple[Asked, ...]) -> tuple[float | None, ...]:
    """What each cell takes that is not done."""
    waiting = [(work, unanswered(work)) for work in works]
    return tuple(
        seconds_to_ask(asked, work.cell.corpus_name, work.cell.model_config.kind, tasks)
        for work, tasks in waiting
        if tasks or not is_trained(work.cell)
    )


def _jobs(config: StudyConfig, jobs: int | None) -> int | None:
    chosen = jobs or config.execute.jobs
    return chosen or (usable_cores() if config.execute.engine == "local" else None)


def _unprepared(corpora: Iterable[CorpusConfig], cache: Path) -> dict[str, str]:
    """Name and reason of each corpus that would have to be prepared; nothing is downloaded."""
    absent = {source.name for source in list_sources(cache) if not source.present}
    found = {}
    for corpus in corpora:
        if corpus.source in absent:
            found[corpus.name] = f"the text of {corpus.source} is not here"
        elif not is_done(corpus_folder(cache, corpus.name, identify(corpus, cache))):
            found[corpus.name] = "not prepared yet"
    return found


def _sizes(
    corpus: Corpus | None, model: ModelConfig, training: TrainingConfig
) -> tuple[int | None, int | None]:
    """Tokens that a cell reads, and bytes of its tables: what is stored is float32."""
    if corpus is None:
        return None, None
    rounds = {"random": 0, "ppmi_svd": 1}.get(model.kind, training.epochs)
    words = len(corpus.vocab)
    numbers = words * (2 * training.dim + 1) + _BLOCK_NUMBERS * training.dim**2
    return rounds * len(corpus.train.ids), 4 * numbers
