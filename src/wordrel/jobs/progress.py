"""How far each cell is: small files that cells write, and a display that polls them.

Writes one JSON file a running cell into a scratch folder, whichever process the cell runs in;
reads them back for a live display, or for plain log lines where there is no terminal.
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
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from wordrel.io.files import write_json

_log = logging.getLogger("wordrel")

Report = Callable[[float, Mapping[str, Any]], None]
"""What a cell calls with its share done (0..1) and details such as stage and tokens_per_second."""

_ENOUGH_SECONDS = 5.0  # to measure a rate in


@dataclass(frozen=True)
class CellProgress:
    """How far one running cell is; times are seconds since 1970."""

    name: str
    fraction: float
    detail: dict[str, Any] = field(default_factory=dict)
    started: float = 0.0
    updated: float = 0.0

    def describe(self) -> str:
        """One line: name, share, details, time left at the mean rate so far."""
        parts = [self.name, f"{self.fraction:4.0%}", *(_word(k, v) for k, v in self.detail.items())]
        ending = time_left(self.updated - self.started, self.fraction, 1 - self.fraction)
        return " · ".join(parts) + ending


class ProgressFile:
    """Reports how far a cell is, at most twice a second; from its creation on the cell has started.

    Args:
        folder: where the file goes.
        name: of the cell.
        check: called at each report, before anything else; it may raise to stop the cell.
        every: seconds between two writings.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        check: Callable[[], None] = lambda: None,
        every: float = 0.5,
    ) -> None:
        self._path, self._name = progress_path(folder, name), name
        self._check, self._every = check, every
        self._started, self._next = time.time(), 0.0
        self(0.0, {})

    def __call__(self, fraction: float, detail: Mapping[str, Any]) -> None:
        """Report a share done in 0..1 and details; the first and the last are never skipped."""
        self._check()
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
    cells = {}
    for path in sorted(folder.glob("*.json")):
        try:
            cell = CellProgress(**json.loads(path.read_text(encoding="utf-8")))
            cells[cell.name] = cell
        except OSError as error:
            # The cell ended after its file was listed; or on NFS, it wrote a new one meanwhile.
            if error.errno not in (errno.ENOENT, errno.ESTALE):
                raise
        except (ValueError, TypeError) as error:
            raise OSError(errno.EIO, f"damaged ({error})", str(path)) from error
    return cells


def time_left(seconds: float, done: float, remaining: float) -> str:
    """The last part of a line, at the mean rate so far; empty before anything is done."""
    if done <= 0:
        return ""
    eta = round(seconds * remaining / done)
    if eta < 60:
        return f" · {eta} s left"
    words = f"{eta // 60} min {eta % 60:02d} s" if eta < 3600 else f"{eta / 3600:.1f} h"
    return f" · {words} left"


def _word(key: str, value: Any) -> str:
    """A detail for people: the stage as it is, a rate with its unit, the rest as key value."""
    if key == "stage":
        return str(value)
    if key == "tokens_per_second":
        return f"{value:,.0f} tokens/s"
    return f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"


@contextmanager
def live_progress(
    scratch: Path, total: int, *, console: Console | None = None, every: float = 30.0
) -> Iterator[Callable[[str, str], None]]:
    """Show what runs until the block ends; yields what to call with a name and how it ended.

    Args:
        scratch: where the cells of `run_cells` report.
        total: how many cells there are.
        console: where to show it; default: stderr. A terminal gets a live display, anything else
            log lines (logger "wordrel") at the start and end of each cell and now and then.
        every: seconds between two log lines of one cell.
    """
    console, study = console or Console(stderr=True), _Study(total)
    display = _Bars(study, console) if console.is_terminal else _Lines(study, every)
    stop = threading.Event()

    def poll() -> None:
        readable = True
        while not stop.is_set():
            try:
                study.see(read_progress(scratch))
                readable = True
            except OSError as error:  # the runs go on; what was read last stays on show
                if readable:
                    _log.warning("%s: cannot be read: %s", scratch, error.strerror)
                readable = False
            display.show()
            stop.wait(0.5)

    thread = threading.Thread(target=poll, daemon=True)
    with display:
        thread.start()
        try:
            yield display.finished
        finally:
            stop.set()
            thread.join()


class _Study:
    """How many cells have ended and which run; as text, with the time that the rest takes."""

    def __init__(self, total: int) -> None:
        self.total, self.ended = total, 0
        self.cells: Mapping[str, CellProgress] = {}
        self._done = 0.0
        self._first: tuple[float, float] | None = None  # when cells began to run, done by then

    def see(self, cells: Mapping[str, CellProgress]) -> None:
        """Take in what is running; cells that ended before the first ran cost no time."""
        self.cells = cells
        self._done = self.ended + sum((cell.fraction for cell in cells.values()), 0.0)
        if cells and self._first is None:
            self._first = (time.monotonic(), self._done)

    def __str__(self) -> str:
        share = f"{self.ended} of {self.total} runs"
        began, before = self._first or (math.inf, 0.0)
        seconds = time.monotonic() - began
        if seconds < _ENOUGH_SECONDS:
            return share
        return share + time_left(seconds, self._done - before, self.total - self._done)


class _Lines:
    """Log lines, for files and pipes."""

    def __init__(self, study: _Study, every: float) -> None:
        self._study, self._every = study, every
        self._next: dict[str, float] = {}  # when a line is due

    def __enter__(self) -> None:
        _log.info("%s", str(self._study))

    def __exit__(self, *_: object) -> None:
        _log.info("ended: %d of %d runs", self._study.ended, self._study.total)

    def show(self) -> None:
        now = time.monotonic()
        for name, cell in self._study.cells.items():
            if now >= self._next.get(name, 0.0):
                _log.info("%s", cell.describe() if name in self._next else f"{name} started")
                self._next[name] = now + self._every

    def finished(self, name: str, how: str) -> None:
        self._next[name] = math.inf  # a poll that read its file before logs nothing more
        self._study.ended += 1
        _log.info("%s %s (%s)", name, how, str(self._study))


class _Bars(Live):
    """A bar for the study and one a running cell, for terminals."""

    def __init__(self, study: _Study, console: Console) -> None:
        super().__init__(console=console, transient=True)
        self._study = study

    def show(self) -> None:
        study, rows = self._study, Table.grid(padding=(0, 1))
        rows.add_row(ProgressBar(study.total, study.ended, width=24), Text(str(study)))
        for cell in study.cells.values():
            rows.add_row(ProgressBar(1.0, cell.fraction, width=24), Text(cell.describe()))
        self.update(rows)

    def finished(self, name: str, how: str) -> None:
        self._study.ended += 1
        self.console.print(f"{name} {how}", markup=False, highlight=False)


@contextmanager
def job_progress(what: str) -> Iterator[Callable[[float, str], None]]:
    """A bar, or now and then a log line, for one long job; yields what reports share and step."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tenths(what)
        return
    columns = (BarColumn(bar_width=24), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, description=f"{what}: {doing}")


def _tenths(what: str) -> Callable[[float, str], None]:
    following = 0.0

    def report(share: float, doing: str) -> None:
        nonlocal following
        if share >= following:
            following = share + 0.1
            _log.info("%s: %.0f %%, %s", what, 100 * share, doing)

    return report
