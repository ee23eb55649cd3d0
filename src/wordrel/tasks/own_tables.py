"""Tables that a user made: one reader for all kinds of own sets.

Reads UTF-8; writes nothing. Fields are parted by tabs where there is any, else by semicolons,
commas or spaces: by what gives most lines the columns that are expected. Fields between commas or
semicolons may be quoted, and a quoted field ends on its line; between tabs and spaces a quote is a
letter like any other. Lines that begin with # and lines without content are skipped, and so are
empty fields at the end of a line. Numbers have a decimal point, or in the whole file a decimal
comma.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordrel.errors import DatasetError
from wordrel.tasks.fields import Fields, Row, columns_of, number_of, parsed, read_text

_NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "spaces"}
_QUOTED = {",", ";"}
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff"
_EMPTY = " \t;," + _INVISIBLE + "\u00a0\v\f"
"""Of what a line without content is made: spreadsheets leave such lines."""
_SEPARATOR = re.compile("sep=.")
"""The first line by which spreadsheets say what parts the fields."""
_NO_NUMBERS = ("", "nan", "inf", "infinity")
_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class OwnTable:
    """The lines of a table.

    Attributes:
        path: of its file.
        rows: line number, from 1, and fields, or what is wrong with them; without the header.
        header: its fields; empty where there is none.
        comma: whether numbers have a decimal comma, and never a point.
        mixed: whether some have a comma and others a point.
    """

    path: Path
    rows: Sequence[tuple[int, Fields | ValueError]]
    header: tuple[str, ...]
    comma: bool
    mixed: bool

    def number(self, field: str) -> float:
        """A number of this table.

        Raises:
            ValueError: where it is none, or not finite.
        """
        if self.mixed and _COMMA.fullmatch(field):
            raise ValueError(
                f"found the score {field!r} in a file where others have a decimal point, expected "
                "one way to write numbers"
            )
        return number_of(field.replace(",", ".") if self.comma else field)

    def parsed(self, parse: Callable[[Fields], Row]) -> list[Row]:
        """What `parse` makes of the fields of each line; see `wordrel.tasks.fields.parsed`.

        Raises:
            DatasetError: with file and line of everything that is wrong, the first 20 places.
        """

        def row(fields: Fields | ValueError) -> Row:
            if isinstance(fields, ValueError):
                raise fields
            return parse(fields)

        return parsed(self.path, self.rows, row)


def read_own_table(
    path: Path, columns: Sequence[str], score: int | None = None, *, more: bool = False
) -> OwnTable:
    """The lines of a user's table.

    Args:
        path: the file.
        columns: what is expected, such as word, word, score.
        score: the column of a number; the first line is a header if this field holds a name.
        more: whether a line may have further columns of the last kind.

    Raises:
        DatasetError: the file cannot be read, or has no line but the header. What is wrong with
            single lines is said by `OwnTable.parsed`.
    """
    lines = [
        (number, line)
        for number, line in enumerate(_LINE_ENDS.split(read_text(path)), 1)
        if line.strip(_EMPTY) and not line.lstrip().startswith("#")
    ]
    if lines and _SEPARATOR.fullmatch(lines[0][1].strip()):
        del lines[0]
    if not lines:
        raise DatasetError(f"{path}: found no lines, expected lines of {', '.join(columns)}")
    sentences = "sentence" in columns

    def fits(n: int) -> bool:
        return n >= len(columns) if more else n == len(columns)

    delimiter = _delimiter([line for _, line in lines], fits, sentences)
    expected = f"{'at least ' * more}{len(columns)}: {', '.join(columns)}"
    rows = [(number, _fields(line, delimiter, fits, expected)) for number, line in lines]
    first = rows[0][1]
    header: tuple[str, ...] = ()
    if score is not None and not isinstance(first, ValueError) and _is_heading(first[score]):
        header = tuple(first)
        del rows[0]
        if not rows:
            expected = f"expected lines of {', '.join(columns)} below it"
            raise DatasetError(f"{path}: found nothing but the header, {expected}")
    whole = [fields for _, fields in rows if not isinstance(fields, ValueError)]
    scores = [] if score is None else [fields[score] for fields in whole]
    comma = any(_COMMA.fullmatch(field) for field in scores)
    pointed = any("." in field for field in scores)
    return OwnTable(path, rows, header, comma=comma and not pointed, mixed=comma and pointed)


def _is_heading(field: str) -> bool:
    """Whether a field of numbers holds a name (sim10); 7,5 and nan are bad numbers and no names."""
    named = field[:1].isalpha() or not any(map(str.isdigit, field))
    return named and field.lower().strip("+-") not in _NO_NUMBERS


def _delimiter(lines: list[str], fits: Callable[[int], bool], sentences: bool) -> str:
    """What gives most lines the expected columns; the first of equals."""
    if any("\t" in line for line in lines):
        return "\t"
    candidates = [d for d in _NAMES if not (sentences and d == " ")]
    fitting = {d: sum(fits(_parted(line, d, fits)) for line in lines) for d in candidates}
    best = max(fitting, key=lambda d: fitting[d])
    if fitting[best]:
        return best
    return max(candidates, key=lambda d: sum(_parted(line, d, fits) > 1 for line in lines))


def _parted(line: str, delimiter: str, fits: Callable[[int], bool]) -> int:
    try:
        return len(_trimmed(_split(line, delimiter), fits))
    except ValueError:
        return 0


def _trimmed(fields: list[str], fits: Callable[[int], bool]) -> list[str]:
    """Without the empty fields at the end that are too many."""
    some = fields[:]
    while not fits(len(some)) and some and not some[-1]:
        some.pop()
    return some if fits(len(some)) else fields


def _split(line: str, delimiter: str) -> list[str]:
    """The fields of a line, without white space and invisible signs around them.

    Raises:
        ValueError: where a quoted field does not end on the line.
    """
    if delimiter in _QUOTED:
        try:
            (fields,) = csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True)
        except csv.Error as error:
            raise ValueError(
                f"found a quoted field that does not end on its line ({error}), expected fields "
                'without " or wholly inside a pair of them'
            ) from error
    else:
        fields = line.split() if delimiter == " " else line.split(delimiter)
    return [_bare(field) for field in fields]


def _bare(field: str) -> str:
    before = None
    while field != before:
        before, field = field, field.strip().strip(_INVISIBLE)
    return field


def _fields(
    line: str, delimiter: str, fits: Callable[[int], bool], expected: str
) -> Fields | ValueError:
    """The fields of a line, or what is wrong with it."""
    try:
        fields = _trimmed(_split(line, delimiter), fits)
    except ValueError as error:
        return error
    if fits(len(fields)):
        return fields
    return ValueError(
        f"found {columns_of(len(fields))} parted by {_NAMES[delimiter]} in {line[:60]!r}, "
        f"expected {expected}"
    )
