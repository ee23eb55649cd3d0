"""Handlers are installed before slow imports. Each signal prints one line.

This module imports nothing that takes time, so that Ctrl-C during the imports of the command line
is handled too.
"""

import signal
import sys
from types import FrameType

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
    """The line that tells how a command ended, and what of its work is kept."""
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
