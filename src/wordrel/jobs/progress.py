"""How far each cell is: small files that cells write, and a display that polls them.

Writes one JSON file a running cell into a scratch folder, whichever process the cell runs in;
reads them back for a rich progress display, or for plain log lines where there is no terminal.
"""

import errno
import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from wordrel.io.files import write_json

_log = logging.getLogger("wordrel")

Report = Callable[[float, Mapping[str, Any]], None]
"""What a cell calls with its share done (0..1) and details such as stage and tokens_per_second."""

Finished = Callable[[str, str], None]
"""What tells the display that a cell ended: its name, and how in a few words."""


@dataclass(frozen=True)
class CellProgress:
    """How far one running cell is; times are seconds since 1970."""

    name: str
    fraction: float
    detail: dict[str, Any] = field(default_factory=dict)
    started: float = 0.0
    updated: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the mean speed so far; None before anything is done."""
        if self.fraction <= 0:
            return None
        return (self.updated - self.started) * (1 - self.fraction) / self.fraction

    def describe(self) -> str:
        """One line: name, share, details, time left."""
        parts = [self.name, f"{self.fraction:4.0%}", *(_word(k, v) for k, v in self.detail.items())]
        left = self.seconds_left
        return " · ".join(parts if left is None else [*parts, f"{_duration(left)} left"])


class ProgressFile:
    """Says how far a cell is, at most twice a second; from its creation on the cell has started."""

    def __init__(self, folder: Path, name: str, every: float = 0.5) -> None:
        self._path = progress_path(folder, name)
        self._name = name
        self._every = every
        self._started = time.time()
        self._next = 0.0
        self(0.0, {})

    def __call__(self, fraction: float, detail: Mapping[str, Any]) -> None:
        """Report a share done in 0..1 and details; the first and the last are never skipped."""
        now = time.monotonic()
        if now < self._next and fraction < 1:
            return
        self._next = now + self._every if fraction > 0 else 0.0
        data = {"name": self._name, "fraction": float(fraction), "detail": dict(detail)}
        times = {"started": self._started, "updated": time.time()}
        write_json(self._path, data | times, durable=False)


def progress_path(folder: Path, name: str) -> Path:
    """The file of one cell; any name becomes one file name."""
    return folder / f"{quote(name, safe='')}.json"


def read_progress(folder: Path) -> dict[str, CellProgress]:
    """All cells that have started and not ended, by name."""
    cells = [_read(path) for path in sorted(folder.glob("*.json"))]
    return {cell.name: cell for cell in cells if cell is not None}


def _read(path: Path) -> CellProgress | None:
    try:
        return CellProgress(**json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        # The cell ended after its file was listed; or on NFS, it wrote a new one meanwhile.
        if error.errno not in (errno.ENOENT, errno.ESTALE):
            raise
        return None


def _word(key: str, value: Any) -> str:
    """A detail for people: the stage as it is, a rate with its unit, the rest as key value."""
    if key == "stage":
        return str(value)
    if key == "tokens_per_second":
        return f"{value:,.0f} tokens/s"
    return f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s" if whole < 3600 else f"{whole / 3600:.1f} h"


@contextmanager
def live_progress(
    scratch: Path, total: int, *, console: Console | None = None, every: float = 30.0
) -> Iterator[Finished]:
    """Show what runs until the block ends; yields the function to call when a cell has ended.

    Args:
        scratch: where the cells of `run_cells` report.
        total: how many cells there are.
        console: where to show it; default: stderr. A terminal gets a live display, anything else
            log lines (logger "wordrel") at the start and end of each cell and now and then.
        every: seconds between two log lines of one cell.
    """
    console = console or Console(stderr=True)
    display = _Bars(total, console) if console.is_terminal else _Lines(total, every)
    stop = threading.Event()
    thread = threading.Thread(target=_poll, args=(scratch, display, stop), daemon=True)
    with display:
        thread.start()
        try:
            yield display.finished
        finally:
            stop.set()
            thread.join()


def _poll(scratch: Path, display: "_Lines | _Bars", stop: threading.Event) -> None:
    while not stop.is_set():
        display.show(read_progress(scratch))
        stop.wait(0.5)


_ENOUGH_SECONDS = 5.0  # to tell a speed from


class _Pace:
    """How much of the study is done, and how long the rest takes at the speed so far."""

    def __init__(self, total: int) -> None:
        self.total, self.ended = total, 0
        self._done = 0.0
        self._first: tuple[float, float] | None = None  # when cells began to run, done by then

    def see(self, cells: Mapping[str, CellProgress]) -> None:
        """Take in what is running; cells that ended before the first ran cost no time."""
        self._done = self.ended + sum(cell.fraction for cell in cells.values())
        if cells and self._first is None:
            self._first = (time.monotonic(), self._done)

    def __str__(self) -> str:
        share = f"{self.ended} of {self.total} cells"
        if self._first is None or self._done <= self._first[1]:
            return share
        seconds = time.monotonic() - self._first[0]
        if seconds < _ENOUGH_SECONDS:
            return share
        speed = (self._done - self._first[1]) / seconds
        return f"{share} · {_duration((self.total - self._done) / speed)} left"


class _Lines:
    """Log lines, for files and pipes."""

    def __init__(self, total: int, every: float) -> None:
        self._pace, self._every = _Pace(total), every
        self._said: dict[str, float] = {}

    def __enter__(self) -> None:
        _log.info("%s", str(self._pace))

    def __exit__(self, *_: object) -> None:
        _log.info("ended: %d of %d cells", self._pace.ended, self._pace.total)

    def show(self, cells: Mapping[str, CellProgress]) -> None:
        self._pace.see(cells)
        now = time.monotonic()
        for name, cell in cells.items():
            if name not in self._said:
                _log.info("%s started", name)
            elif now - self._said[name] >= self._every:
                _log.info("%s", cell.describe())
            else:
                continue
            self._said[name] = now

    def finished(self, name: str, how: str) -> None:
        self._said[name] = math.inf  # a poll that read its file before has nothing more to say
        self._pace.ended += 1
        _log.info("%s %s (%s)", name, how, str(self._pace))


class _Bars:
    """A bar for the study and one a running cell, for terminals."""

    def __init__(self, total: int, console: Console) -> None:
        columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=console, transient=True)
        self._pace = _Pace(total)
        self._all = self._progress.add_task(str(self._pace), total=total)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, cells: Mapping[str, CellProgress]) -> None:
        self._pace.see(cells)
        self._progress.update(self._all, completed=self._pace.ended, description=str(self._pace))
        for name in self._bars.keys() - cells.keys():
            self._progress.remove_task(self._bars.pop(name))
        for name, cell in cells.items():
            if name not in self._bars:
                self._bars[name] = self._progress.add_task(name, total=1.0)
            self._progress.update(
                self._bars[name], completed=cell.fraction, description=cell.describe()
            )

    def finished(self, name: str, how: str) -> None:
        self._pace.ended += 1
        self._progress.console.print(f"{name} {how}", markup=False, highlight=False)


@contextmanager
def job_progress(what: str) -> Iterator[Callable[[float, str], None]]:
    """A bar, or now and then a log line, for one long job; yields what to tell share and doing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Tenths(what)
        return
    columns = (BarColumn(bar_width=24), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, description=f"{what}: {doing}")


class _Tenths:
    """A log line each tenth of the way."""

    def __init__(self, what: str) -> None:
        self._what, self._next = what, 0.0

    def __call__(self, share: float, doing: str) -> None:
        if share >= self._next:
            self._next = share + 0.1
            _log.info("%s: %.0f %%, %s", self._what, 100 * share, doing)
