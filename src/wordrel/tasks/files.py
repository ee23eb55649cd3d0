"""Strict parsing of evaluation files: every line is understood, or the file is refused.

Reads analogy questions (Google's format) and published tables of one fixed layout; writes nothing.
`own_tables` reads what users made.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wordrel.config.paths import regular_file
from wordrel.corpus.tokens import JOINERS
from wordrel.errors import DatasetError
from wordrel.io import encodings
from wordrel.tasks.items import Quadruple

_SHOWN = 20
Fields = Sequence[str]
"""Of one line of a table."""
Line = TypeVar("Line")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Layout:
    """How the lines of a published table are made: fields parted by one character, never quoted.

    Attributes:
        columns: fields of each line.
        delimiter: what parts them.
        header: the first line; empty where there is none.
        more: whether lines may have further fields.
    """

    columns: int
    delimiter: str = "\t"
    header: str = ""
    more: bool = False


def read_table(path: Path, layout: Layout, parse: Callable[[Fields], Row]) -> list[Row]:
    """What `parse` makes of the fields of each line, in the order of the file.

    Args:
        path: the file, UTF-8 with or without byte order mark.
        layout: of its lines.
        parse: raises ValueError with found and expected where the fields are not right.

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    lines = [line.rstrip("\r") for line in read_text(path).split("\n")]
    if lines[-1] == "":
        lines.pop()
    numbered, wrong = list(enumerate(lines, 1)), []
    if layout.header and numbered:
        (_, first), *numbered = numbered
        if first != layout.header:
            wrong = [f"{path}:1: found the first line {first[:60]!r}, expected {layout.header!r}"]
    rows = parsed(path, numbered, lambda line: parse(_fields(line, layout)), wrong)
    if not rows:
        raise DatasetError(f"{path}: found no lines, expected {layout.columns} columns a line")
    return rows


def parsed(
    path: Path,
    lines: Iterable[tuple[int, Line]],
    parse: Callable[[Line], Row],
    wrong: Sequence[str] = (),
) -> list[Row]:
    """What `parse` makes of each line.

    Args:
        path: of the file.
        lines: with their numbers, from 1.
        parse: raises ValueError with found and expected where a line is not right.
        wrong: what was found to be wrong before.

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    rows, problems = [], list(wrong)
    for number, line in lines:
        try:
            rows.append(parse(line))
        except ValueError as error:
            problems.append(f"{path}:{number}: {error}")
    refuse(problems)
    return rows


def _fields(line: str, layout: Layout) -> list[str]:
    fields = line.split(layout.delimiter)
    if len(fields) < layout.columns or (len(fields) > layout.columns and not layout.more):
        parted = {"\t": "tabs", " ": "spaces", ",": "commas"}[layout.delimiter]
        least = "at least " if layout.more else ""
        raise ValueError(
            f"found {_columns(len(fields))}, expected {least}{layout.columns} parted by {parted}"
        )
    return fields


def word_of(field: str) -> str:
    """A word of a table.

    Raises:
        ValueError: where it is empty or holds a control character.
    """
    word = field.strip()
    if not word:
        raise ValueError("found an empty word, expected a word of plain text")
    if not all(sign.isprintable() or sign in JOINERS for sign in word):
        raise ValueError(
            f"found the word {field!r} with a sign that cannot be seen, expected plain text"
        )
    return word


def number_of(field: str) -> float:
    """A number of a table.

    Raises:
        ValueError: where it is none, or not finite.
    """
    if not _is_number(field) or not math.isfinite(float(field)):
        raise ValueError(f"found {field!r}, expected a finite number such as 7.5")
    return float(field)


def place_of(field: str) -> int:
    """A place in a sentence, from 0.

    Raises:
        ValueError: where it is no whole number.
    """
    if not (field.isascii() and field.isdigit()):
        raise ValueError(f"found the place {field!r}, expected a whole number from 0")
    return int(field)


def one_of(field: str, allowed: Sequence[str]) -> str:
    """A field that may say only one of a few things.

    Raises:
        ValueError: where it says another.
    """
    if field not in allowed:
        raise ValueError(f"found {field!r}, expected one of {', '.join(allowed)}")
    return field


def read_quadruples(path: Path) -> list[tuple[str, Quadruple]]:
    """Analogy questions, each with the section (`: name` line) it stands in.

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    questions: list[tuple[str, Quadruple]] = []
    problems: list[str] = []
    section = ""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split()
        if line.startswith(":"):
            section = line[1:].strip()
        elif len(words) != 4 or not section:
            found = f"{len(words)} words" if section else "a question before the first section"
            problems.append(
                f"{path}:{number}: found {found}, expected ': section', then 4 words a line"
            )
        else:
            questions.append((section, (words[0], words[1], words[2], words[3])))
    refuse(problems)
    if not questions:
        raise DatasetError(f"{path}: found no questions, expected ': section', then 4 words a line")
    return questions


def read_text(path: Path) -> str:
    """A whole UTF-8 file, without its byte order mark; line ends stay as they are.

    Raises:
        DatasetError: where it cannot be read, or is not UTF-8 (with the byte offset).
    """
    data = read_bytes(path)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{path}:{line}: found byte 0x{data[error.start]:02x} at offset {error.start}, "
            f"expected UTF-8; {encodings.cure(data, error.start, path.name)}"
        ) from error


def refuse(problems: list[str]) -> None:
    """Raise one error with all `problems`, one a line, if there is any.

    Raises:
        DatasetError: the first 20 of them and how many more there are.
    """
    if problems:
        more = len(problems) - _SHOWN
        tail = [f"and {more} more"] if more > 0 else []
        raise DatasetError("\n".join(problems[:_SHOWN] + tail))


def read_bytes(path: Path) -> bytes:
    """A whole file.

    Raises:
        DatasetError: where it cannot be read, or is no regular file.
    """
    try:
        return regular_file(path, DatasetError).read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(
            f"{path}: there is no such file; give the path of an existing one"
        ) from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _columns(number: int) -> str:
    return "1 column" if number == 1 else f"{number} columns"
