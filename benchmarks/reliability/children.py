"""Commands of wordrel in processes of their own, forked from one that has imported everything.

A fork starts in a hundredth of a second, where a new interpreter needs several seconds for torch.
Two parts of a report take seconds too and touch no file: the charts' library and the drawing of
figures. They are replaced by short texts that depend on the same input.
"""

import atexit
import hashlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 300.0  # seconds; no command here takes more than a few, even on a busy machine
CRASHED = 99  # exit status of a child that ended by an error which is none of wordrel's
_TICKS = os.sysconf("SC_CLK_TCK")


def warm() -> None:
    """Import all that commands import, in one thread, so that a fork finds it done."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.pop("WORDREL_DATA", None)
    os.environ.pop("WORDREL_CACHE", None)
    os.environ["COLUMNS"] = "200"
    import pooch  # noqa: F401
    import requests  # noqa: F401
    import statsmodels.api  # noqa: F401
    import torch

    import wordrel.api
    import wordrel.cli.plan
    import wordrel.explorer
    import wordrel.models.export
    import wordrel.report.hub
    import wordrel.report.terminal
    import wordrel.study.run
    import wordrel.study.tune
    import wordrel.study.vector_scores  # noqa: F401
    from wordrel.report import html, page, svg
    from wordrel.tasks import KINDS

    for kind in KINDS:
        KINDS[kind]
    torch.set_num_threads(1)
    drawn: Any = svg
    drawn.vl_convert = _Drawing
    library: Any = html
    library._library = lambda: library.Markup("/* charts */")
    assert vars(page)["svg"] is svg


class _Drawing:
    """Stands for vl-convert: same figure, same text."""

    @staticmethod
    def vegalite_to_svg(spec: Any, config: Any) -> str:
        text = json.dumps([spec, config], sort_keys=True, default=str)
        return f"<svg>{hashlib.sha256(text.encode()).hexdigest()}</svg>"


@dataclass
class Child:
    """A command that runs; its group holds all processes that it starts."""

    pid: int
    out: Path
    err: Path
    status: int | None = None

    def poll(self) -> int | None:
        """The exit status (negative: of a signal), once it has ended."""
        if self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit status; a command that hangs is killed, and its status is that of SIGKILL."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                self.kill()
            time.sleep(0.004)
        assert self.status is not None
        return self.status

    def kill(self) -> None:
        """End the whole group at once, as `kill -9` does."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def cpu(self) -> float:
        """Seconds of processor time so far, children that have ended included."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return float("inf")
        fields = stat.rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS

    @property
    def stderr(self) -> str:
        """On stderr."""
        return self.err.read_text(encoding="utf-8", errors="replace")

    @property
    def stdout(self) -> str:
        """On stdout."""
        return self.out.read_text(encoding="utf-8", errors="replace")


def start(
    arguments: Sequence[str],
    place: Path,
    *,
    before: Callable[[], None] = lambda: None,
    name: str = "child",
) -> Child:
    """Fork a process that runs `wordrel ARGUMENTS` in the folder `place`.

    Args:
        arguments: of the command line.
        place: working directory; temporary files go below `place/tmp`, output beside it.
        before: called in the child first.
        name: of the files of its output.
    """
    beside = place.parent
    out, err = beside / f"{name}.out", beside / f"{name}.err"
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Child(pid, out, err)
    status = CRASHED
    try:
        _settle(place, out, err)
        before()
        status = _run(arguments)
    except BaseException:  # every end of this process is the one below
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _settle(place: Path, out: Path, err: Path) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    for path, descriptor in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(place)
    (place / "tmp").mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(place / "tmp")
    tempfile.tempdir = None
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    atexit._clear()


def _run(arguments: Sequence[str]) -> int:
    from wordrel.cli import main

    sys.argv = ["wordrel", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # what the interpreter would print
        traceback.print_exc()
        return CRASHED
    finally:
        atexit._run_exitfuncs()
    return 0
