"""Strict parsing of evaluation files: every line is understood, or the file is refused.

Reads word pairs with scores, analogy questions (Google's format) and published tables of one fixed
layout; writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wordrel.errors import DatasetError
from wordrel.tasks.fields import Fields, Row, columns_of, own_word, parsed, read_text, refuse
from wordrel.tasks.items import Pair, Quadruple
from wordrel.tasks.own_tables import read_own_table


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


def _fields(line: str, layout: Layout) -> list[str]:
    fields = line.split(layout.delimiter)
    if len(fields) < layout.columns or (len(fields) > layout.columns and not layout.more):
        parted = {"\t": "tabs", " ": "spaces", ",": "commas"}[layout.delimiter]
        least = "at least " if layout.more else ""
        raise ValueError(
            f"found {columns_of(len(fields))}, expected {least}{layout.columns} parted by {parted}"
        )
    return fields


def read_pairs(path: Path) -> tuple[list[Pair], tuple[str, ...]]:
    """Word pairs with scores, and the header line (empty where there is none).

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    table = read_own_table(path, ("word", "word", "score"), score=2)

    def pair(fields: Fields) -> Pair:
        return own_word(fields[0]), own_word(fields[1]), table.number(fields[2])

    return table.parsed(pair), table.header


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
