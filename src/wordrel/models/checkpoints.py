"""Checkpoints of one training run: a killed run goes on where its last one was taken.

Reads and writes `CACHE/checkpoints/CORPUS/CELL/NUMBER/`: `state.safetensors` (weights, and what the
optimiser and the generators hold) and `state.json` (the position in the stream, and the log so
far). Only the newest is kept; the folder is removed once the cell is stored.
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from wordrel.io.files import explained, reading, write_json
from wordrel.io.store import is_done, lock_path, new_folder, read_tensors, write_tensors

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
    """The checkpoints of a run, which are gone after the block unless it failed.

    Yields None where another process trains the same cell at this moment: it takes them.
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
            shutil.rmtree(folder, ignore_errors=True)  # what stays, the next run of it finds
            place.unlink(missing_ok=True)
