"""Where the log of wordrel is shown: on stderr, by the command line and by Python's `run`."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from rich.console import Console
from rich.logging import RichHandler

from wordrel.io.visible import visible

_log = logging.getLogger("wordrel")


class _Stderr:
    """The `sys.stderr` at the time of a line: a live display replaces it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _Visible(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def log_handler() -> logging.Handler:
    """Coloured lines on a terminal, plain lines with the time elsewhere."""
    stream = cast("IO[str]", _Stderr())
    handler: logging.Handler = logging.StreamHandler(stream)
    formatter = _Visible("%(asctime)s %(message)s", "%H:%M:%S")
    if sys.stderr.isatty():
        console = Console(file=stream, force_terminal=True)
        handler = RichHandler(console=console, show_path=False, log_time_format="%H:%M:%S")
        formatter = _Visible("%(message)s")
    handler.setFormatter(formatter)
    return handler


@contextmanager
def shown_log() -> Iterator[None]:
    """Show the log until the block ends, unless the program has configured logging itself.

    A handler or a level of the logger "wordrel", or a handler of the root logger, counts as that.
    """
    if _log.hasHandlers() or _log.level != logging.NOTSET:
        yield
        return
    handler = log_handler()
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    try:
        yield
    finally:
        _log.setLevel(logging.NOTSET)
        _log.removeHandler(handler)
