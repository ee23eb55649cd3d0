"""Processes that tests start: they receive signals as at a terminal, and none outlives its test.

What a test waits for is an event. The ceilings here only end a test that would wait for ever: they
are far above what a busy machine needs.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 600.0  # seconds

# What ignores Ctrl-C (nohup, a shell's background) hands that on to all that it starts. A program
# of its own undoes this: a function between fork and exec is not safe beside threads.
_LAUNCH = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def launch(command: Sequence[object], **options: Any) -> "subprocess.Popen[Any]":
    """Start a process in a group of its own; the caller ends it with `end`."""
    launcher = [sys.executable, "-IS", "-c", _LAUNCH, *map(str, command)]
    return subprocess.Popen(launcher, start_new_session=True, **options)


def end(process: "subprocess.Popen[Any]") -> None:
    """Kill what is left of the group, and wait until nothing is."""
    if members(process.pid):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not members(process.pid))


@contextmanager
def started(command: Sequence[object], **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A process until the block ends; its whole group is killed then, however the block ends."""
    with launch(command, **options) as process:
        try:
            yield process
        finally:
            end(process)


def members(group: int) -> list[int]:
    """The living processes of a group; a zombie has ended."""
    pids = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, state, _, its_group, *_ = stat.read_text().rpartition(")")[2].split(" ", 4)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            pids.append(int(stat.parent.name))
    return pids


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Poll until it is true."""
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "it did not happen"
        time.sleep(0.02)
