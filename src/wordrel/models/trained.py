"""A training run: its input, its checkpoints, its result, and how that becomes a model.

A model's file offers `train`, which makes tensors, and `read`, which makes a `WordModel` of them.

A run that is killed resumes from its last checkpoint. `Checkpoints` reads and writes
`CACHE/checkpoints/CORPUS/CELL/NUMBER/`: `state.safetensors` (weights, and what the optimiser and
the generators hold) and `state.json` (the position in the stream, and the log so far). Only the
newest is kept; the folder is removed once the cell is stored.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from wordrel.config import TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.io.files import explained, reading, write_json
from wordrel.io.store import is_done, lock_path, new_folder, read_tensors, write_tensors
from wordrel.models.word_model import WordModel

Tensors = Mapping[str, np.ndarray]
SECONDS = 600.0
"""Between two checkpoints: of a run of 20 minutes at most half is lost."""
_TENSORS, _FACTS = "state.safetensors", "state.json"


@dataclass
class Checkpoints:
    """Where one training run keeps its state.

    Attributes:
        folder: of this run alone.
        seconds: between two checkpoints.
        earlier: seconds of earlier processes, whose work this one goes on with.
    """

    folder: Path
    seconds: float = SECONDS
    earlier: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        """Seconds of this process and of earlier ones."""
        return self.earlier + time.monotonic() - self._started

    def below(self, name: str) -> "Checkpoints":
        """Those of a part of this run, in a folder of this one (its name is no number)."""
        return Checkpoints(self.folder / name, self.seconds)

    def due(self) -> bool:
        """Whether so many seconds are over since the last one, or since the start."""
        return time.monotonic() - self._last >= self.seconds

    def save(self, tensors: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Store a state, and remove the older ones.

        Args:
            tensors: by name.
            facts: what JSON can hold.

        Raises:
            StoreError: when the disk is full or the place cannot be written.
        """
        before = self._numbers()
        with new_folder(self._place(max(before, default=0) + 1)) as temporary:
            write_tensors(temporary / _TENSORS, dict(tensors))
            write_json(temporary / _FACTS, facts)
        with explained(self.folder):
            for number in before:
                shutil.rmtree(self._place(number))
        self._last = time.monotonic()

    def newest(self) -> tuple[Mapping[str, np.ndarray], dict[str, Any]] | None:
        """The state that was stored last, or None; one that is damaged is set aside.

        Raises:
            StoreError: it cannot be read.
        """
        for number in sorted(self._numbers(), reverse=True):
            if is_done(place := self._place(number)):
                with reading(place / _FACTS):
                    facts: dict[str, Any] = json.loads((place / _FACTS).read_text("utf-8"))
                return read_tensors(place / _TENSORS), facts
        return None

    def _numbers(self) -> list[int]:
        return [int(path.name) for path in self.folder.glob("*") if path.name.isdecimal()]

    def _place(self, number: int) -> Path:
        return self.folder / str(number)


@contextmanager
def checkpoints(folder: Path) -> Iterator[Checkpoints | None]:
    """The checkpoints of a run, removed after the block unless it failed.

    Yields None while another process trains the same cell and holds them.
    """
    place = lock_path(folder)
    with ExitStack() as stack:
        with explained(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(FileLock(place, timeout=0))
            except Timeout:
                taken = None
            else:
                taken = Checkpoints(folder)
        yield taken
        if taken:
            shutil.rmtree(folder, ignore_errors=True)  # what stays, the next run reads
            place.unlink(missing_ok=True)


@dataclass(frozen=True)
class Runtime:
    """The device, progress callback and checkpoints of a run.

    Nothing here may change what is learnt on one device.

    Attributes:
        device: "auto", "cpu" or "cuda".
        progress: called with the fraction done (0 to 1) and details such as tokens_per_second.
        checkpoints: where a long run keeps its state; None: nowhere.
    """

    device: str = "auto"
    progress: Callable[[float, Mapping[str, Any]], None] = lambda fraction, detail: None
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True)
class Trained:
    """The result of training: plain arrays, how many of their numbers were learnt, and a log.

    Attributes:
        tensors: name -> array; a model that has vectors has "input" [V, D], and "output" [V, D]
            where they differ from it.
        parameters: how many numbers were learnt.
        trained_tokens: corpus tokens read in all epochs, before subsampling.
        log: one row a report: tokens, loss (nats a target; NaN where a model has none).
        targets: words that were predicted in all epochs, and context_words: the words that they
            were predicted from, together; None where a model does not count them.
        seconds_before: that earlier processes took, from whose checkpoint this run went on.
    """

    tensors: Tensors
    parameters: int
    trained_tokens: int
    log: tuple[Mapping[str, float | int], ...] = ()
    targets: int | None = None
    context_words: int | None = None
    seconds_before: float = 0.0


@dataclass(frozen=True)
class Model:
    """An entry of the registry.

    Attributes:
        train: (corpus, what all models share, own settings, seed, runtime) -> tensors.
        read: (tensors, vocabulary, what all models share, own settings) -> model.
        version: raised when the code changes what a stored model means or contains.
        counts: whether the model is made of counted pairs, so that the counts are relations of
            it: pass them to `over_text`.
        passes: how many times training reads the text; None: `training.epochs` times.
        seeded: whether the seed changes anything: else all seeds have one trained model.
    """

    train: Callable[[Corpus, TrainingConfig, Any, int, Runtime], Trained]
    read: Callable[[Tensors, Vocab, TrainingConfig, Any], WordModel]
    version: int
    counts: bool = False
    passes: int | None = None
    seeded: bool = True


def too_few_words(training: TrainingConfig, n_words: int) -> TrainingError:
    """The error where the vocabulary has no more words than `training.dim`."""
    return TrainingError(
        f"training.dim {training.dim} needs a vocabulary of more words than that, "
        f"found {n_words}: lower training.dim or corpora.min_count"
    )


def no_pairs(training: TrainingConfig) -> TrainingError:
    """The error where no pairs of words are in reach."""
    return TrainingError(
        "no word has another one in its window: the corpus needs longer sentences, or "
        f"training.subsample ({training.subsample}) must be higher"
    )
