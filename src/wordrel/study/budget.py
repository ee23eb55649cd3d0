"""The cost of a study before it runs: trained runs, tokens, hours, memory, disk.

Reads the config, the prepared corpora and the costs of cells (`costs`). Trains nothing and prepares
no corpus. A source is read once for its digests, which the cache keeps. Preparing one takes a
second for each million words, so that is left to `wordrel corpus prepare`. The tokens of a text
that is not prepared are estimated from its first megabyte.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wordrel.config import (
    CorpusConfig,
    MatchedConfig,
    ModelConfig,
    StudyConfig,
    TrainingConfig,
)
from wordrel.corpus import corpus_folder, identify, list_sources, open_corpus
from wordrel.corpus.cache import rough_train_tokens
from wordrel.io.environment import usable_cores
from wordrel.io.store import is_done
from wordrel.jobs import Cluster
from wordrel.models import MODELS
from wordrel.study.cell import is_trained
from wordrel.study.costs import UNKNOWN, Basis, Estimate, Known, stored_bytes
from wordrel.study.evaluate import CellWork, unanswered
from wordrel.study.plan import load_tasks, with_digests, works_of


@dataclass(frozen=True)
class Line:
    """One model on one corpus.

    Attributes:
        corpus, model: as the config names them.
        cells: one a seed; of these `trained` are in the cache.
        tokens: that training one cell reads; None where that is unknown.
        disk: bytes that one cell takes in the cache at most; None where the corpus is not prepared.
        estimate: what training one cell costs.
        asking: for each cell that is not trained or not fully evaluated, the seconds that its
            evaluation takes; None where that is unknown.
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
    def tally(self) -> dict[str, int]:
        """How many cells are to train, to evaluate, and fully evaluated."""
        to_evaluate = len(self.asking)
        return {
            "to_train": self.cells - self.trained,
            "answered": self.cells - to_evaluate,
            "to_ask": to_evaluate,
        }


@dataclass(frozen=True)
class Budget:
    """What a study will cost.

    Attributes:
        study: its name.
        jobs: cells at a time; None: as many as a cluster will have workers.
        lines: a model on a corpus each, in the order in which they run.
        unprepared: name of each corpus that is not prepared, and why.
        skipped: optional tasks that are not here, and why.
    """

    study: str
    jobs: int | None
    lines: tuple[Line, ...]
    unprepared: Mapping[str, str]
    skipped: Mapping[str, str]

    def sums(self) -> dict[str, Any]:
        """What remains to do in all; unknown costs are counted, and in no sum.

        Returns:
            to_train, to_ask: cells. core_seconds, asking_seconds: on one core. wall_seconds: of
            training by the clock, where each cell goes to the job that is free first; memory_mb:
            of the largest cells that run at a time (both None on a cluster). disk: bytes in the
            cache, None where a corpus is not prepared. unknown, unknown_asking: cells of which the
            seconds are not known. rough: whether the speed of another machine, or an estimate of
            tokens, is in them.
        """
        to_train = [line for line in self.lines for _ in range(line.tally["to_train"])]
        seconds = [x.estimate.seconds for x in to_train if x.estimate.seconds is not None]
        peaks = sorted(x.estimate.memory_mb for x in to_train if x.estimate.memory_mb is not None)
        disk = [line.disk for line in to_train if line.disk is not None]
        evaluation_seconds = [part for line in self.lines for part in line.asking]
        jobs = self.jobs
        return {
            "to_train": len(to_train),
            "core_seconds": sum(seconds, 0.0),
            "wall_seconds": None if jobs is None else _wall_seconds(seconds, jobs),
            "memory_mb": sum(peaks[-jobs:], 0.0) if jobs and len(peaks) == len(to_train) else None,
            "disk": sum(disk) if len(disk) == len(to_train) else None,
            "unknown": len(to_train) - len(seconds),
            "rough": any(x.rough or x.estimate.basis == Basis.SPEED for x in to_train),
            "to_ask": len(evaluation_seconds),
            "asking_seconds": sum((part for part in evaluation_seconds if part is not None), 0.0),
            "unknown_asking": evaluation_seconds.count(None),
        }


def _epochs(model: ModelConfig, training: TrainingConfig) -> int:
    return model.epochs(training) if isinstance(model, MatchedConfig) else training.epochs


def _wall_seconds(cells: Iterable[float], jobs: int) -> float:
    busy = [0.0] * jobs
    for seconds in cells:
        heapq.heapreplace(busy, busy[0] + seconds)
    return max(busy)


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
        WordrelError: a task or a text that cannot be read, which would stop the run.
    """
    cache = cache.resolve()
    jobs = jobs or config.execute.jobs or (None if cluster else usable_cores())
    config, tasks = with_digests(config), load_tasks(config, cache)
    digests, unprepared = _identified(config.corpora, cache)
    works = works_of(config, cache, tasks, digests)
    known = Known.of(cache)
    lines = []
    for corpus in config.corpora:
        tokens, words = _size(corpus, digests, cache, ready=corpus.name not in unprepared)
        for model in config.models:
            names, training = (corpus.name, model.name), config.training_of(model)
            own = [w for w in works if (w.cell.corpus_name, w.cell.model_config.name) == names]
            passes = MODELS[model.kind].passes
            rounds = _epochs(model, training) if passes is None else passes
            read = None if tokens is None else rounds * tokens
            line = Line(
                *names,
                cells=len(config.seeds),
                trained=sum(is_trained(work.cell) for work in own),
                tokens=read,
                disk=None
                if words is None or tokens is None
                else stored_bytes(model, training, words, tokens),
                estimate=UNKNOWN if read is None else known.to_train(own[0].cell, read, words),
                asking=_evaluation_seconds(own, known) if own else (None,) * len(config.seeds),
                rough=words is None,
            )
            lines.append(line)
    return Budget(config.study, jobs, tuple(lines), unprepared, tasks.skipped)


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


def _size(
    config: CorpusConfig, digests: Mapping[str, str], cache: Path, *, ready: bool
) -> tuple[int | None, int | None]:
    """Tokens of the training part of a corpus, and words of its vocabulary, as far as known."""
    if config.name not in digests:
        return None, None
    if not ready:
        return rough_train_tokens(config, cache), None
    corpus = open_corpus(corpus_folder(cache, config.name, digests[config.name]))
    return len(corpus.train.ids), len(corpus.vocab)


def _evaluation_seconds(works: Iterable[CellWork], known: Known) -> tuple[float | None, ...]:
    """Seconds of evaluation of each cell that is not done."""
    return tuple(
        known.seconds_to_evaluate(work.cell.corpus_name, work.cell.model_config.kind, tasks)
        for work, tasks in ((work, unanswered(work)) for work in works)
        if tasks or not is_trained(work.cell)
    )
