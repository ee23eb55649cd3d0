"""Where the command line writes: tables to stdout; log lines, progress and problems to stderr."""

import codecs
import errno
import io
import logging
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, Annotated, Any, cast

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from wordrel.errors import ConfigError
from wordrel.io.log import log_handler
from wordrel.io.visible import visible

CacheFolder = Annotated[
    Path | None, typer.Option("--cache", help="Default: $WORDREL_CACHE, else the user's cache.")
]
_log = logging.getLogger("wordrel")
_WIDE = 100_000  # wider than any table
_PLAIN = {"−": "-", "–": "-", "·": "-", "…": "...", "→": "->", "↑": "^", "↓": "v"}


def say(text: str) -> None:
    """A line on stderr."""
    typer.echo(visible(text), err=True)


def echo(text: str) -> None:
    """A line on stdout, for readers."""
    typer.echo(visible(text))


def refuse_texts(settings: Sequence[str]) -> None:
    """Refuse paths where KEY=VALUE is expected: the shell has written out a glob.

    Raises:
        ConfigError: with the glob in quotes.
    """
    texts = [Path(given) for given in settings if "=" not in given and Path(given).exists()]
    if texts:
        pattern = shlex.quote(str(texts[0].parent / f"*{texts[0].suffix}"))
        expected = f"expected one: put a glob in quotes, such as {pattern}, or give the folder"
        raise ConfigError([f"{texts[0]}: found a further path, {expected}"])


def export(text: str) -> None:
    """A table for other programs, as it is; on a terminal, as readers may see it."""
    typer.echo(visible(text) if sys.stdout.isatty() else text, nl=False, color=True)


def display(*parts: RenderableType) -> None:
    """Print tables and lines to stdout, each below the one before; texts are no markup."""
    console = _Console(markup=False, highlight=False, emoji=False)
    console.print(*parts, sep="\n", crop=False, soft_wrap=not console.is_terminal)


class _Console(Console):
    """Never cuts a name: a table is as wide as it needs, and a narrow terminal breaks its lines."""

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(visible(text), **how)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        if isinstance(renderable, Table):
            options = (options or self.options).update(width=_WIDE)
        for part in super().render(renderable, options):
            yield part if part.control else Segment(visible(part.text), part.style)


class Outlet:
    """A stream of text that does not raise: printing must not end work that is done.

    A sign that the encoding cannot show is replaced by plain ones. What can no longer be written
    is lost: quietly where the reader has closed the pipe, and with `failure` where, for
    example, the disk is full.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure = ""
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="wordrel")

    def write(self, text: str) -> int:
        """Write a text, or lose it."""
        try:
            return int(self._stream.write(text))
        except OSError as error:
            self._close(error)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, or lose it."""
        try:
            self._stream.flush()
        except OSError as error:
            self._close(error)

    def _close(self, error: OSError) -> None:
        """Discard what follows, and what Python flushes at its end."""
        if error.errno != errno.EPIPE:
            self.failure = error.strerror or str(error)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # typer would write to it past `write`
            raise AttributeError(name)
        return getattr(self._stream, name)


@contextmanager
def outlets() -> Iterator[Outlet]:
    """Stdout and stderr that do not raise; yields that of stdout."""
    with ExitStack() as stack:
        out, err = (Outlet(_open_stream(stream, stack)) for stream in (sys.stdout, sys.stderr))
        stack.enter_context(redirect_stdout(cast("IO[str]", out)))
        stack.enter_context(redirect_stderr(cast("IO[str]", err)))
        yield out


def _open_stream(stream: Any, stack: ExitStack) -> Any:
    """The stream; the null device where it was closed before Python began (`>&-`).

    That takes the number of the closed one, which the next file that is opened would get.
    """
    if stream is not None:
        return stream
    return stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """A plain sign like the one that cannot be shown, else its number: names stay distinct."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = (_PLAIN.get(s) or s.encode("ascii", "backslashreplace").decode() for s in signs)
    return "".join(plain), error.end


codecs.register_error("wordrel", _replaced)


def configure_logging() -> None:
    """Show the log of wordrel on stderr, whatever else is configured."""
    handler = log_handler()
    handler.set_name("wordrel")
    for other in [h for h in _log.handlers if h.get_name() == "wordrel"]:
        _log.removeHandler(other)
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
