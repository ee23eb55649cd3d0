"""The command line: commands on studies and their results, and on texts, tasks and configs.

Results go to stdout; progress, problems and the names of failed runs to stderr. Exit status: 0,
1 when a run failed or a reproduction differs, 2 for input that the user can fix; 130, 143 or 129
when SIGINT (Ctrl-C), SIGTERM or SIGHUP ended it. A pipe that closes early (`| head`) changes none
of them.

This module imports nothing slow, so that Ctrl-C also works while the commands are imported. Each
signal prints one line.
"""

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordrel.cli.commands import app

__all__ = ["app", "ended_by", "hear", "in_words", "main"]

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_received = list[signal.Signals]()
"""The signal that ends this process, once there is one."""


def hear() -> None:
    """End as Ctrl-C does, so that workers end and temporary folders are removed."""
    for number in ENDINGS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP: it stays so
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    _received[:] = [signal.Signals(number)]
    # A terminal that closes, and Slurm, may send these twice: the second would end the cleaning.
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def ended_by(error: BaseException) -> signal.Signals | None:
    """The signal behind an error; a library whose import is interrupted may make another of it."""
    if _received:
        return _received[0]
    return signal.SIGINT if isinstance(error, KeyboardInterrupt) else None


def in_words(number: signal.Signals, kept: str = "nothing was changed") -> str:
    """The line on how a command ended, and what of its work is kept."""
    how = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
    return f"{how}: {kept}"


def main() -> None:
    """The entry point of the console script."""
    hear()
    try:
        from wordrel.cli.commands import start

        start()
    except BaseException as error:
        number = ended_by(error)
        if number is None or isinstance(error, SystemExit):
            raise
        # Not through Python's end: what an interrupted import left behind may raise there.
        if sys.stderr is not None:  # `2>&-` closes it
            sys.stderr.write(f"{in_words(number)}\n")
        raise SystemExit(128 + number) from None


if not TYPE_CHECKING:  # `main` handles signals before the commands are imported

    def __getattr__(name: str) -> object:
        if name == "app":
            from wordrel.cli.commands import app

            return app
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
