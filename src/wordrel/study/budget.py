"""What a study will cost before it is run: cells, tokens, hours, memory, disk.

Reads the config, the prepared corpora, what training and asking took the cells of the cache, and
the rates of another machine that the package ships; trains nothing and prepares no corpus. Looking
at a source costs one reading of its bytes, whose digests the cache keeps; preparing one takes a
second for each million words, so that is left to `wordrel corpus prepare`, and the tokens of a text
that is not prepared are estimated from its first megabyte.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wordrel.config import CorpusConfig, ModelConfig, StudyConfig, TrainingConfig
from wordrel.corpus import Corpus, corpus_folder, identify, list_sources
from wordrel.corpus.cache import rough_train_tokens
from wordrel.io.environment import usable_cores
from wordrel.io.store import is_done
from wordrel.jobs import Cluster
from wordrel.study.answers import CellWork, unanswered
from wordrel.study.asking import Asked, noted, seconds_to_ask
from wordrel.study.cell import is_trained
from wordrel.study.costs import (
    UNKNOWN,
    Basis,
    Estimate,
    Known,
    finished_cells,
    read_rates,
    table_bytes,
)
from wordrel.study.plan import load_tasks, prepare_plan, works_of


@dataclass(frozen=True)
class Line:
    """One model on one corpus.

    Attributes:
        corpus, model: as the config names them.
        cells: one a seed; of these `trained` are in the cache.
        tokens: that training one cell reads; None where that is unknown.
        disk: bytes that one cell takes in the cache at most; None where the corpus is not prepared.
        estimate: what training one cell costs.
        asking: for each cell that is not trained or has not answered everything, the seconds that
            its questions take; None where that is unknown.
        rough: whether `tokens` is an estimate, of a text that is not prepared.
    """

    corpus: str
    model: str
    cells: int
    trained: int
    tokens: int | None
    disk: int | None
    estimate: Estimate
    asking: tuple[float | None, ...]
    rough: bool = False

    @property
    def answered(self) -> int:
        """Cells that are trained and have answered everything."""
        return self.cells - self.to_ask

    @property
    def to_ask(self) -> int:
        """Cells that a run would put questions to."""
        return len(self.asking)

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
    def to_train(self) -> int:
        """Cells that a run would train."""
        return sum(line.to_train for line in self.lines)

    @property
    def to_ask(self) -> int:
        """Cells that a run would put questions to."""
        return sum(line.to_ask for line in self.lines)

    @property
    def rough(self) -> bool:
        """Whether the speed of another machine, or an estimate of tokens, is in the sums."""
        left = [line for line in self.lines if line.to_train]
        return any(line.rough or line.estimate.basis == Basis.SPEED for line in left)

    @property
    def unknown(self) -> int:
        """Cells to train of which it is unknown how long that takes."""
        return sum(line.to_train for line in self.lines if line.estimate.seconds is None)

    @property
    def unknown_asking(self) -> int:
        """Cells to ask of which it is unknown how long that takes."""
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
    def disk(self) -> int | None:
        """Bytes that the new cells take in the cache; None where a corpus is not prepared."""
        left = [line for line in self.lines if line.to_train]
        parts = [line.to_train * line.disk for line in left if line.disk is not None]
        return sum(parts) if len(parts) == len(left) else None

    def _left(self) -> Iterator[float]:
        for line in self.lines:
            if line.estimate.seconds is not None:
                yield from [line.estimate.seconds] * line.to_train


def estimate(
    config: StudyConfig, cache: Path, *, jobs: int | None = None, cluster: Cluster | None = None
) -> Budget:
    """What running this study will cost, given what the cache has.

    Args:
        config: the study.
        cache: where corpora and cells are kept.
        jobs: cells at a time; default: as in the config, else one a core.
        cluster: where cells would run; default: on this machine.

    Raises:
        WordrelError: for what would stop the run: a task or a text that is not to be read.
    """
    cache = cache.resolve()
    jobs = jobs or config.execute.jobs or (None if cluster else usable_cores())
    tasks = load_tasks(config, cache)
    digests, unprepared = _identified(config.corpora, cache)
    ready = tuple(c for c in config.corpora if c.name not in unprepared)
    plan = prepare_plan(config.model_copy(update={"corpora": ready}), cache, tasks, 1)
    works = works_of(config, cache, tasks, digests)
    known = Known(tuple(finished_cells(cache)), read_rates())
    asked = tuple(noted(cache))
    lines = []
    for corpus in config.corpora:
        text = _text(corpus, plan.corpora.get(corpus.name), digests, cache)
        for model in config.models:
            names = (corpus.name, model.name)
            own = [w for w in works if (w.cell.corpus_name, w.cell.model_config.name) == names]
            asking = _asking(own, asked) if own else (None,) * len(config.seeds)
            trained = sum(is_trained(w.cell) for w in own)
            tokens, disk = text.sizes(model, config.training_of(model))
            cost = UNKNOWN
            if own and tokens is not None:
                cost = known.cost(own[0].cell, tokens, text.words)
            rough = text.words is None
            line = Line(*names, len(config.seeds), trained, tokens, disk, cost, asking, rough)
            lines.append(line)
    return Budget(config.study, jobs, tuple(lines), unprepared, tasks.skipped)


@dataclass(frozen=True)
class _Text:
    """What is known of a corpus: `tokens` of its training part, and `words` of its vocabulary."""

    tokens: int | None
    words: int | None

    def sizes(self, model: ModelConfig, training: TrainingConfig) -> tuple[int | None, int | None]:
        """Tokens that a cell reads, and bytes of its tables."""
        rounds = {"random": 0, "ppmi_svd": 1}.get(model.kind, training.epochs)
        tokens = None if self.tokens is None else rounds * self.tokens
        return tokens, None if self.words is None else table_bytes(self.words, training.dim)


def _text(
    config: CorpusConfig, corpus: Corpus | None, digests: Mapping[str, str], cache: Path
) -> _Text:
    if corpus is not None:
        return _Text(len(corpus.train.ids), len(corpus.vocab))
    return _Text(rough_train_tokens(config, cache) if config.name in digests else None, None)


def _asking(works: Iterable[CellWork], asked: tuple[Asked, ...]) -> tuple[float | None, ...]:
    """What each cell takes that is not done."""
    waiting = [(work, unanswered(work)) for work in works]
    return tuple(
        seconds_to_ask(asked, work.cell.corpus_name, work.cell.model_config.kind, tasks)
        for work, tasks in waiting
        if tasks or not is_trained(work.cell)
    )


def _identified(
    corpora: Iterable[CorpusConfig], cache: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """The digest of each corpus whose text is here; and why one is not prepared, by name."""
    absent = {source.name for source in list_sources(cache) if not source.present}
    digests, unprepared = {}, {}
    for corpus in corpora:
        if corpus.source in absent:
            unprepared[corpus.name] = f"the text of {corpus.source} is not here"
            continue
        digests[corpus.name] = identify(corpus, cache)
        if not is_done(corpus_folder(cache, corpus.name, digests[corpus.name])):
            unprepared[corpus.name] = "not prepared yet"
    return digests, unprepared
