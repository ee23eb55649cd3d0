"""Stored rows of the harnesses: a file a harness, a line a try, appended as the tries end.

Reads and writes `NAME.csv` in one folder. A run that is cut short goes on after the last whole row.
No row holds a path of the machine: messages keep the last part of each.
"""

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from wordrel.errors import StoreError

OK = "ok"
"""First word of each outcome that was promised; any other outcome is a finding."""

_PLACES = re.compile(r"(?<![\w.])/(?:[^\s/:,;'\"]+/)+")
_HOLDER = re.compile(r"process \d+ on \S+ holds it since \S+")


@dataclass(frozen=True)
class Try:
    """One try of a harness.

    Attributes:
        number: counts from 0; with the harness it decides all that is random in the try.
        case: what was disturbed, and how.
        outcome: `ok`, and what happened; or the kind of finding.
        found: of a finding, what was seen; else empty, or a remark.
    """

    number: int
    case: str
    outcome: str
    found: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether something happened that is not promised."""
        return self.outcome.partition(":")[0] != OK


_HEAD = [field.name for field in fields(Try)]


def cleaned(text: str, most: int = 400) -> str:
    """A message in one line, without folders, names and times of this machine."""
    line = _HOLDER.sub("process N on HOST holds it since TIME", " ".join(text.split()))
    return _PLACES.sub("", line)[:most]


def append(path: Path, row: Try) -> None:
    """Add a row, and wait until it is on disk; an incomplete last line is removed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = "".join(line for line in _lines(path))
    text = _line(row) if sound else ",".join(_HEAD) + "\n" + _line(row)
    if path.exists() and path.stat().st_size > len(sound.encode()):
        os.truncate(path, len(sound.encode()))
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _line(row: Try) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(astuple(row))
    return text.getvalue()


def _lines(path: Path) -> Iterator[str]:
    """The whole lines of a file: a process that was killed may have written half of the last."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield line


def read(path: Path) -> list[Try]:
    """The rows of a harness; none where there is no such file.

    Raises:
        StoreError: a row that `append` does not write.
    """
    rows = [*csv.reader(_lines(path))]
    if rows and rows[0] != _HEAD:
        raise StoreError(f"{path}: found the columns {', '.join(rows[0])}; remove it and run again")
    try:
        return [Try(int(number), *texts) for number, *texts in rows[1:]]
    except (TypeError, ValueError) as error:
        raise StoreError(f"{path}: {error}; take the file from git again") from error
