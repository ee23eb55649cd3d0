"""Where the command line writes: tables to stdout; log lines, progress and problems to stderr."""

import logging
import os
import sys
from typing import IO, cast

import typer
from rich.console import Console
from rich.logging import RichHandler

_log = logging.getLogger("wordrel")
_WIDE = 160


def say(text: str) -> None:
    """A line on stderr."""
    typer.echo(text, err=True)


def stdout() -> Console:
    """A console for tables: as wide as the terminal; wide where there is none, so none is cut."""
    console = Console()
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(width=_WIDE)


class _Stderr:
    """Whatever stands for stderr when a line is written: a live display puts itself there."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logging() -> None:
    """Show the log of wordrel: in colours on a terminal, as plain lines with the time elsewhere."""
    stream = cast("IO[str]", _Stderr())
    handler: logging.Handler = logging.StreamHandler(stream)
    form = logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    if sys.stderr.isatty():
        console = Console(file=stream, force_terminal=True)
        handler = RichHandler(console=console, show_path=False, log_time_format="%H:%M:%S")
        form = logging.Formatter("%(message)s")
    handler.setFormatter(form)
    handler.set_name("wordrel")
    for other in [h for h in _log.handlers if h.get_name() == "wordrel"]:
        _log.removeHandler(other)
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
