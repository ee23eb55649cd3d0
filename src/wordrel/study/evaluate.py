"""The predictions of a trained run on the tasks of a study, kept item by item.

Reads a trained run of the cache and its corpus; writes a folder a task into the cache, with the
predictions and the seconds of evaluation. So statistics need no model, and adding a task trains
nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import perf_counter

import numpy as np
from jaxtyping import Int64

from wordrel.config import NamedTask, TaskConfig
from wordrel.config.models import FromFile
from wordrel.corpus import Corpus, Split, open_corpus
from wordrel.corpus.disk import joined_ranges
from wordrel.corpus.pair_counts import pair_counts
from wordrel.errors import DatasetError
from wordrel.io.files import write_parquet, write_text
from wordrel.io.store import is_done, new_folder
from wordrel.jobs.progress import Report
from wordrel.models import MODELS
from wordrel.models.over_text import over_text
from wordrel.models.word_model import WordModel
from wordrel.study.answers import ANSWERS, write_answers
from wordrel.study.cell import COST, CellSpec, is_trained, load_cell, train_cell
from wordrel.tasks import KINDS, Probe, Scope, Task, load_task, own_task
from wordrel.tasks.neighbours import agreement_answers, to_frame
from wordrel.tasks.registry import KIND_INFO, REGISTRY

ANSWERS_VERSION = 3  # raised when the files change what they mean or contain
COUNTED = ("relate", "direction", "syntax")  # questions that need pairs of the text counted
HELD = "syntax"  # the question whose measurements hold the PMI of pairs, for every model
OVER_TEXT = ("alike", "agreement", *COUNTED)  # questions for which a model reads running text
SAMPLE_TOKENS = 1_000_000  # of training text; half a second to a few seconds for a model to read

TIMES = "asked.json"
"""Beside the predictions of a cell: seconds of evaluation, the basis of later estimates."""


def load(config: TaskConfig, cache: Path) -> Task:
    """The task that a config names, with data from the cache."""
    if isinstance(config, NamedTask):
        return load_task(config.name, cache)
    return own_task(config)


@lru_cache(maxsize=64)  # a worker evaluates one cell after another on the same tasks
def _loaded(config: TaskConfig, digest: str, cache: Path) -> Task:
    """The task of this digest: answers are stored under it, and a file may have changed since."""
    task = load(config, cache)
    if task.digest != digest:
        raise DatasetError(
            f"{task.name}: found other items than when the run began; expected a file that does "
            "not change meanwhile: run again"
        )
    return task


@dataclass(frozen=True)
class CellWork:
    """A cell and the tasks to evaluate it on, for a worker.

    Attributes:
        cell: what to train.
        tasks: settings of each task; digests: of each, as loaded.
        lowercase: whether the corpus was lower-cased.
    """

    cell: CellSpec
    tasks: tuple[TaskConfig, ...]
    digests: tuple[str, ...]
    lowercase: bool

    @property
    def name(self) -> str:
        """For people."""
        return self.cell.name

    @property
    def folder(self) -> Path:
        """Where this cell's answers are kept."""
        return self.cell.answers

    def paths(self) -> Iterator[tuple[TaskConfig, Path]]:
        """Each task's settings, and the folder of this cell's answers to it."""
        for task, digest in zip(self.tasks, self.digests, strict=True):
            window = self._counted(task)
            yield task, self.folder / f"{task.name}-{digest}{window}-{ANSWERS_VERSION}"

    def _counted(self, task: TaskConfig) -> str:
        """The window in which pairs are counted for a task, where the cell's name lacks it.

        Training decides nothing of a model from files, so its cell is the same for every window.
        """
        named = isinstance(task, NamedTask)
        question = REGISTRY[task.name].question if named else KIND_INFO[task.kind].question
        from_file = isinstance(self.cell.model_config, FromFile)
        needed = from_file and question == HELD
        return f"-window{self.cell.training_config.window}" if needed else ""


def unanswered(work: CellWork) -> list[str]:
    """The names of the tasks that the cell is not evaluated on yet."""
    return [task.name for task, path in work.paths() if not is_done(path)]


def is_answered(work: CellWork) -> bool:
    """Whether all tasks are evaluated; the model may be gone, if its cost is known."""
    if unanswered(work):
        return False
    return is_trained(work.cell) or is_done(work.folder / COST)


def train_and_evaluate(work: CellWork, report: Report) -> None:
    """Train the cell if necessary, then evaluate it on the missing tasks.

    Raises:
        TrainingError: when it cannot be trained.
        DatasetError: when a task has other items than the work was planned with.
        StoreError: when it cannot be stored.
    """
    train_cell(work.cell, report)
    waiting = [
        (_loaded(task, digest, work.cell.cache), path)
        for (task, path), digest in zip(work.paths(), work.digests, strict=True)
        if not is_done(path)
    ]
    if not waiting:
        return
    started = perf_counter()
    corpus = open_corpus(work.cell.corpus)
    word_model, scope = _ready(work, corpus, {task.question for task, _ in waiting})
    reading, kind = perf_counter() - started, work.cell.model_config.kind
    for number, (task, path) in enumerate(waiting):
        report(number / len(waiting), {"stage": f"asking {task.name}"})
        with new_folder(path, durable=False) as folder:
            started = perf_counter()
            _evaluate(task, word_model, scope, folder / ANSWERS)
            took = {"reading": reading, "tasks": {task.name: perf_counter() - started}}
            note = {"corpus": work.cell.corpus_name, "kind": kind, **took}
            write_text(folder / TIMES, json.dumps(note, sort_keys=True) + "\n", durable=False)


def _evaluate(task: Task, word_model: WordModel, scope: Scope, path: Path) -> None:
    if task.kind == "neighbours":
        write_parquet(path, to_frame(agreement_answers(word_model)), durable=False)
        return
    write_answers(path, *KINDS[task.kind].ask(task, word_model, scope))


def _ready(work: CellWork, corpus: Corpus, questions: set[str]) -> tuple[WordModel, Scope]:
    """The model and the scope of its tasks, with as much text read as these questions need."""
    word_model, counts = load_cell(work.cell), None
    if questions.intersection(COUNTED):
        counts = pair_counts(work.cell.corpus, work.cell.training_config.window)
    if questions.intersection(OVER_TEXT):
        counted = counts if MODELS[work.cell.model_config.kind].counts else None
        word_model = over_text(word_model, *text_sample(corpus), counted)
    development, test = corpus.development, corpus.test
    probe = Probe(np.asarray(test.ids).astype(np.int64), test.sentence_ends.astype(np.int64))
    if not len(development.ids):  # a corpus of two parts
        development, test = _halves(test)
    scope = Scope(work.lowercase, probe=probe, counts=counts, train=corpus.train)
    return word_model, replace(scope, development=development, test=test)


def _halves(split: Split) -> tuple[Split, Split]:
    """The first half of the documents for development, and the others for tests."""
    count = len(split.document_ends) // 2
    end = int(split.document_ends[count - 1]) if count else 0
    sentences = int(np.searchsorted(split.sentence_ends, end, side="right"))
    first = Split(split.ids[:end], split.sentence_ends[:sentences], split.document_ends[:count])
    ends = split.sentence_ends[sentences:] - end, split.document_ends[count:] - end
    return first, Split(split.ids[end:], *ends)


def text_sample(
    corpus: Corpus, tokens: int = SAMPLE_TOKENS
) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " S"]]:
    """Whole sentences spread evenly over the training text, about `tokens` tokens in all.

    Returns:
        Token ids, and the exclusive ends of the sentences.
    """
    ends = corpus.train.sentence_ends.astype(np.int64)
    step = max(1, round(len(corpus.train.ids) / tokens))
    chosen = np.arange(step // 2, len(ends), step)
    starts = np.concatenate([[0], ends[:-1]])[chosen]
    lengths = ends[chosen] - starts
    places = joined_ranges(starts, lengths)
    return np.asarray(corpus.train.ids)[places].astype(np.int64), np.cumsum(lengths)
