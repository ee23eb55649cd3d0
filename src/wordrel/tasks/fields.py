"""Lines, fields and tables of a test set's file, and one error with all that is wrong in them."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wordrel.config.paths import regular_file
from wordrel.corpus.tokens import CUT_UNSEEN, JOINERS, spelled
from wordrel.errors import DatasetError
from wordrel.io import encodings

_SHOWN = 20
_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
Fields = Sequence[str]
"""Of one line of a table."""
Line = TypeVar("Line")
Row = TypeVar("Row")


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
        wrong: problems found before.

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


def word_of(field: str) -> str:
    """A word of a table, without the soft hyphens that a text is read without.

    Raises:
        ValueError: where it is empty or holds a control character.
    """
    word = field.translate(CUT_UNSEEN).strip()
    if not word:
        raise ValueError("found an empty word, expected a word of plain text")
    if not all(sign.isprintable() or sign in JOINERS for sign in word):
        raise ValueError(
            f"found the word {field!r} with a sign that cannot be seen, expected plain text"
        )
    return word


def own_word(field: str) -> str:
    """A word of a user's table; other programs put words in quotes, which no text gives.

    Raises:
        ValueError: as `word_of`; or where it begins or ends with a quote.
    """
    word = word_of(field)
    if bare := word.strip(_QUOTES) if {word[0], word[-1]} & {*_QUOTES} else "":
        raise ValueError(f"found the word {word!r} with its quotes, expected {bare!r} without them")
    return word


def distinct_words(fields: Fields, least: int) -> tuple[str, ...]:
    """The words of a line; empty fields at its end are what spreadsheets fill lines with.

    Raises:
        ValueError: where one is empty, holds a control character or stands there twice, in
            whatever form of Unicode; or there are fewer than `least`.
    """
    last = max((i for i, field in enumerate(fields) if field.strip()), default=0)
    words = tuple(own_word(field) for field in fields[: last + 1])
    alike = [spelled(word, lowercase=False) for word in words]
    twice = next((word for i, word in enumerate(words) if alike[i] in alike[:i]), None)
    if twice is not None:
        raise ValueError(f"found {twice!r} more than once, expected each word once a line")
    if len(words) < least:
        raise ValueError(f"found {len(words)} words, expected at least {least}")
    return words


def number_of(field: str) -> float:
    """A number of a table; its sign may be the minus of typesetters.

    Raises:
        ValueError: where it is none, or not finite.
    """
    field = field.replace("\u2212", "-")
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
    """A field that may hold only one of a few values.

    Raises:
        ValueError: where it holds another.
    """
    if field not in allowed:
        raise ValueError(f"found {field!r}, expected one of {', '.join(allowed)}")
    return field


def read_text(path: Path) -> str:
    """A whole UTF-8 file, without its byte order mark; line ends stay as they are.

    Raises:
        DatasetError: where it cannot be read, or is not UTF-8 (with the byte offset).
    """
    return encodings.utf8_text(read_bytes(path), path, DatasetError)


def refuse(problems: list[str]) -> None:
    """Raise one error with all `problems`, one a line, if there is any.

    Raises:
        DatasetError: the first 20 of them and how many more there are.
    """
    if problems:
        hidden = len(problems) - _SHOWN
        tail = [f"and {hidden} more"] if hidden > 0 else []
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


def columns_of(number: int) -> str:
    """How many columns there are, in words."""
    return "1 column" if number == 1 else f"{number} columns"


@dataclass(frozen=True)
class Layout:
    """How the lines of a published table are made: fields parted by one character, never quoted.

    Attributes:
        columns: fields of each line.
        delimiter: what parts them.
        header: the first line; empty where there is none.
        extra: whether lines may have further fields.
    """

    columns: int
    delimiter: str = "\t"
    header: str = ""
    extra: bool = False


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
    rows = parsed(path, numbered, lambda line: parse(_fields_of(line, layout)), wrong)
    if not rows:
        raise DatasetError(f"{path}: found no lines, expected {layout.columns} columns a line")
    return rows


def _fields_of(line: str, layout: Layout) -> list[str]:
    fields = line.split(layout.delimiter)
    if len(fields) < layout.columns or (len(fields) > layout.columns and not layout.extra):
        parted = {"\t": "tabs", " ": "spaces", ",": "commas"}[layout.delimiter]
        least = "at least " if layout.extra else ""
        raise ValueError(
            f"found {columns_of(len(fields))}, expected {least}{layout.columns} parted by {parted}"
        )
    return fields
