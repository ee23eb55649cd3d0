"""Tables that a user made: one reader for all kinds of own sets.

Files are UTF-8. Tabs separate fields where there is any. Else it is the separator (semicolons,
commas or spaces) that gives most lines the expected columns. Fields between commas or semicolons
may be quoted, and a quoted field ends on its line. Between tabs and spaces a quote is a letter like
any other. Lines that begin with # and lines without content are skipped, and so are
empty fields at the end of a line. Numbers have a decimal point, or in the whole file a decimal
comma; none has a thousands separator.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordrel.errors import DatasetError
from wordrel.tasks.fields import Fields, Row, columns_of, number_of, own_word, parsed, read_text
from wordrel.tasks.items import Quadruple

_NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "spaces"}
_QUOTED = {",", ";"}
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff"
_EMPTY = " \t;," + _INVISIBLE + "\u00a0\v\f"
"""The signs of a line without content, which spreadsheets leave."""
_SEPARATOR = re.compile("sep=.")
"""The first line in which spreadsheets name the separator of fields."""
_NO_NUMBERS = frozenset(
    ("nan", "inf", "infinity", "na", "n/a", "n.a.", "#n/a", "null", "none", "nil", "missing")
)
_MARKS = " +-*?./_\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2026"
"""A field of such signs alone stands for a missing number."""
_MISTYPED = re.compile(r"(?=.*\d)(?!.*[^\W\d_].*[^\W\d_].*[^\W\d_])[^\W_]*[.,][^\W_]*")
"""A number with one or two letters in it, such as O.5 and l.5."""
_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+")
_WHOLE = re.compile(r"[-+]?\d+")
_NAME = re.compile(
    r"(?P<plain>word|group|label|rel(?:ation)?|type|class|category|odd|outlier|neighbou?rs?)"
    r"|(?P<numbered>(?:word|w|neighbou?r|expected)[ _-]?\d+)"
    r"|(?P<joined>odd[ _-](?:word|one|one[ _-]out)|expected[ _-](?:word|neighbou?r)s?)"
)
"""What a header calls the columns of words and of labels."""
_QUESTION = "': section', then 4 words a line"
_BY = ", parted by tabs, semicolons, commas or spaces"


@dataclass(frozen=True)
class OwnTable:
    """The lines of a table.

    Attributes:
        path: of its file.
        rows: line number, from 1, and fields, or what is wrong with them; without the header.
        header: its fields; empty where there is none.
        comma: whether numbers have a decimal comma, and never a point.
        mixed: whether some have a comma and others a point.
        thousands: whether each comma stands before three digits, beside numbers without one.
    """

    path: Path
    rows: Sequence[tuple[int, Fields | ValueError]]
    header: tuple[str, ...]
    comma: bool
    mixed: bool
    thousands: bool = False

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
        if self.thousands and _THOUSANDS.fullmatch(field):
            raise ValueError(
                f"found the score {field!r} in a file where others have no comma, expected "
                f"{field.replace(',', '')} without thousands separators, or a decimal point"
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
    path: Path,
    columns: Sequence[str],
    score: int | None = None,
    *,
    extra_columns: bool = False,
    names: Callable[[Fields], bool] = lambda fields: False,
) -> OwnTable:
    """The lines of a user's table.

    Args:
        path: the file.
        columns: what is expected, such as word, word, score.
        score: the column of a number; the first line is a header if this field holds a name.
        extra_columns: whether a line may have further columns of the last kind.
        names: whether the fields of a first line are well-known names of columns, and so a header
            where there is no column of numbers.

    Raises:
        DatasetError: the file cannot be read, or has no line but the header. `OwnTable.parsed`
            raises what is wrong with single lines.
    """
    lines = _lines(path, f"lines of {', '.join(columns)}")
    sentences = "sentence" in columns

    def fits(n: int) -> bool:
        return n >= len(columns) if extra_columns else n == len(columns)

    delimiter = _delimiter([line for _, line in lines], fits, sentences)
    expected = f"{'at least ' * extra_columns}{len(columns)}: {', '.join(columns)}"
    if not any(delimiter in line for _, line in lines):
        expected += _BY
    rows = [(number, _fields(line, delimiter, fits, expected)) for number, line in lines]
    header = _header(rows[0][1], score, names)
    if header:
        del rows[0]
        if not rows:
            expected = f"expected lines of {', '.join(columns)} below it"
            raise DatasetError(f"{path}: found nothing but the header, {expected}")
    whole = [fields for _, fields in rows if not isinstance(fields, ValueError)]
    scores = [] if score is None else [fields[score] for fields in whole]
    return OwnTable(path, rows, header, *_commas(scores))


def _header(
    first: Fields | ValueError, score: int | None, names: Callable[[Fields], bool]
) -> tuple[str, ...]:
    """The fields of a first line that is a header; none where it is a line like the others."""
    if isinstance(first, ValueError):
        return ()
    named = names(first) if score is None else _is_heading(first[score])
    return tuple(first) if named else ()


def _commas(scores: Sequence[str]) -> tuple[bool, bool, bool]:
    """`comma`, `mixed` and `thousands` of an `OwnTable` with these scores."""
    comma = any(_COMMA.fullmatch(field) for field in scores)
    pointed = any("." in field for field in scores)
    alone = comma and not pointed
    return alone, comma and pointed, alone and _has_thousands(scores)


def are_names(fields: Fields) -> bool:
    """Whether all fields are names of columns, such as word1, word2 and label.

    Plain words alone (word, group) are none, nor are numbered ones alone: a text may be made up of
    w1, w2 and so on.
    """
    matches = [_NAME.fullmatch(field.lower()) for field in fields]
    kinds = {name.lastgroup if name else "other" for name in matches}
    return "other" not in kinds and len(kinds) > 1


def read_questions(path: Path) -> list[tuple[str, Quadruple]]:
    """A user's analogy questions, each with the section (`: name` line) it stands in.

    Tabs part words only where they give more lines four words than any white space does.

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    numbered: list[tuple[int, tuple[str, str]]] = []
    section = ""
    for number, line in _lines(path, _QUESTION):
        if _bare(line).startswith(":"):
            section = _bare(line)[1:].strip(_EMPTY)
        else:
            numbered.append((number, (section, line)))
    if not numbered:
        raise DatasetError(f"{path}: found no questions, expected {_QUESTION}")
    lines = [line for _, (_, line) in numbered]
    delimiter = _delimiter(lines, _four, sentences=False)
    if delimiter == "\t":
        by_tabs, by_any = (sum(_parted(line, d, _four) == 4 for line in lines) for d in "\t ")
        delimiter = "\t" if by_tabs > by_any else " "

    def question(row: tuple[str, str]) -> tuple[str, Quadruple]:
        named, line = row
        if not named:
            raise ValueError(f"found a question before the first section, expected {_QUESTION}")
        fields = _fields(line, delimiter, _four, _QUESTION)
        if isinstance(fields, ValueError):
            raise fields
        a, a_prime, b, b_prime = map(own_word, fields)
        return named, (a, a_prime, b, b_prime)

    return parsed(path, numbered, question)


def _four(columns: int) -> bool:
    return columns == 4


def _lines(path: Path, expected: str) -> list[tuple[int, str]]:
    """The lines with content, with their numbers; at least one.

    Raises:
        DatasetError: the file cannot be read, or has none.
    """
    lines = [
        (number, line)
        for number, line in enumerate(_LINE_ENDS.split(read_text(path)), 1)
        if line.strip(_EMPTY) and not line.lstrip().startswith("#")
    ]
    if lines and _SEPARATOR.fullmatch(lines[0][1].strip()):
        del lines[0]
    if not lines:
        raise DatasetError(f"{path}: found no lines, expected {expected}")
    return lines


def _is_heading(field: str) -> bool:
    """Whether a field of numbers holds a name (sim10); 7,5 and nan are bad numbers and no names."""
    if not field.strip(_MARKS) or field.lower().strip("+-") in _NO_NUMBERS:
        return False
    named = field[:1].isalpha() or not any(map(str.isdigit, field))
    return named and not _MISTYPED.fullmatch(field)


def _has_thousands(scores: Sequence[str]) -> bool:
    """Whether commas may part thousands: all of them could, and a whole number has none.

    Where each score has one comma, what it means changes no order of the scores.
    """
    with_comma = [field for field in scores if "," in field]
    other = any(_WHOLE.fullmatch(field) or field.count(",") > 1 for field in scores)
    return other and all(map(_THOUSANDS.fullmatch, with_comma))


def _delimiter(lines: list[str], fits: Callable[[int], bool], sentences: bool) -> str:
    """The separator that gives most lines the expected columns; the first of equals."""
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
        fields = _split(line, delimiter)
    except ValueError:  # `_fields` reports bad quotes; spaces must not win by them
        fields = line.split(delimiter)
    return len(_trimmed(fields, fits))


def _trimmed(fields: list[str], fits: Callable[[int], bool]) -> list[str]:
    """Without the empty fields at the end that are too many."""
    trimmed = fields[:]
    while not fits(len(trimmed)) and trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed if fits(len(trimmed)) else fields


def _split(line: str, delimiter: str) -> list[str]:
    """The fields of a line, without white space and invisible signs around them.

    Raises:
        ValueError: where a quoted field does not end on the line.
    """
    if delimiter in _QUOTED:
        try:
            (fields,) = csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True)
        except csv.Error as error:
            if len(line) > csv.field_size_limit():
                raise ValueError(
                    f"found a line of {len(line):,} letters with a field that is too long "
                    f"({error}), expected fields of words"
                ) from error
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
