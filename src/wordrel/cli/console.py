"""Where the command line writes: tables to stdout; log lines, progress and problems to stderr."""

import logging
import os

import typer
from rich.console import Console

from wordrel.io.log import log_handler

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


def configure_logging() -> None:
    """Show the log of wordrel on stderr, whatever else is configured."""
    handler = log_handler()
    handler.set_name("wordrel")
    for other in [h for h in _log.handlers if h.get_name() == "wordrel"]:
        _log.removeHandler(other)
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
