"""What a report holds, as a tree: sections of paragraphs, lists, tables and figures.

It is built once from the stored tables (`page.document`), and written as Markdown, as HTML or for
the terminal. Text is a string in which characters of Unicode's private area enclose what is bold, a
link or a name. No name can hold these characters, so a writer replaces them by its own signs and
escapes the rest.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wordrel.io.visible import visible

STRONG, EMPHASIS, RAISED = "\ue000\ue001", "\ue002\ue003", "\ue004\ue005"
CODE, NAME, LINK = "\ue006\ue007", "\ue008\ue009", "\ue00a\ue00b"
"""The first and the last character around a part of a text."""
TO = "\ue00c"
"""Between the address of a link and its text."""
BREAK = "\ue00d"
"""A new line inside a paragraph or a cell."""
LABEL = "\ue00e\ue00f"
"""Around an identifier, `TO` and the label that a reader sees; the page shows both."""
VERDICT = "\ue010\ue011"
"""Around the word of a verdict, which the page gives a colour."""
HIGHER, LOWER = "\ue012", "\ue013"
"""Behind the head of a column: which of its numbers are the better ones."""

_HARMLESS = re.compile("[A-Za-z0-9]+(?:[ ./_-][A-Za-z0-9]+)*")
_PRIVATE = re.compile("[\ue000-\uf8ff]")

Spec = dict[str, Any]  # of a chart, in Vega-Lite


def name(text: object) -> str:
    """Text from outside the report (a name, a message), on one line.

    Plain words are markup in no language and need no marks.
    """
    plain = _plain(text)
    return plain if _HARMLESS.fullmatch(plain) else _around(NAME, plain)


def strong(text: str) -> str:
    """Bold."""
    return _around(STRONG, text)


def emphasis(text: str) -> str:
    """In italics."""
    return _around(EMPHASIS, text)


def raised(text: str) -> str:
    """Above the line."""
    return _around(RAISED, text)


def code(text: str) -> str:
    """As it is typed, in letters of one width."""
    return _around(CODE, _plain(text))


def labelled(identifier: str, label: str) -> str:
    """The label of an identifier of the stored tables."""
    if identifier == label:
        return name(identifier)
    return _around(LABEL, f"{_plain(identifier)}{TO}{name(label)}")


def verdict(word: str) -> str:
    """Supported, undecided and the like."""
    return _around(VERDICT, _plain(word))


def link(text: str, address: str) -> str:
    """Text that leads to an address."""
    return _around(LINK, f"{address}{TO}{text}")


def _around(marks: str, text: str) -> str:
    return f"{marks[0]}{text}{marks[1]}" if text else ""


def _plain(text: object) -> str:
    return visible(" ".join(_PRIVATE.sub("\ufffd", str(text)).split()))


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list without order."""

    items: Sequence[str]


@dataclass(frozen=True)
class Commands:
    """Lines for a shell."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        heads: of the columns.
        rows: a text for each column.
        words: how many columns, from the left, hold words; the others hold numbers.
        foot: the last rows, which are never sorted or filtered away.
        title: printed above it; empty where the text around it is enough.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    foot: Sequence[Sequence[str]] = ()
    title: str = ""


@dataclass(frozen=True)
class Chart:
    """One chart; `title` names what differs between the charts of a figure, as plain text.

    `line` is a second line below the title.
    """

    title: str
    spec: Spec
    line: str = ""


@dataclass(frozen=True)
class Figure:
    """Charts that belong together.

    Attributes:
        name: of its SVG file, without ending; empty where only the page shows it.
        charts: in their order.
        words: what they show, as plain text.
        caption: how they are to be read.
        marks: the key of its signs, where only the page needs one.
        tables: the numbers that are drawn, where no other table of the page holds them.
        columns: how many charts to draw side by side where there is room.
    """

    name: str
    charts: Sequence[Chart]
    words: str
    caption: str = ""
    marks: str = ""
    tables: Sequence[Table] = ()
    columns: int = 1

    @property
    def path(self) -> str:
        """Of the SVG file inside the folder of the results."""
        return f"figures/{self.name}.svg"


@dataclass(frozen=True)
class Fold:
    """What is opened with a click."""

    title: str
    blocks: Sequence["Block"]


@dataclass(frozen=True)
class Section:
    """A heading with its content.

    Attributes:
        title: the heading.
        blocks: in their order.
        name: its place on the page (`#name`); empty for the parts of a section.
    """

    title: str
    blocks: Sequence["Block"]
    name: str = ""


Block = Paragraph | Bullets | Commands | Table | Figure | Fold | Section


@dataclass(frozen=True)
class Card:
    """What a study found, on one screen.

    Attributes:
        sentences: the answer, in at most six.
        verdicts: claim, and the word of its verdict.
        figure: the one that shows it; its charts are of one kind.
    """

    sentences: Sequence[str]
    verdicts: Sequence[tuple[str, str]] = ()
    figure: Figure | None = None


@dataclass(frozen=True)
class Document:
    """A whole report: the name of the study, its notes, the sections, and the card on top."""

    study: str
    notes: Sequence[str]
    sections: Sequence[Section]
    card: Card | None = None


def figures(report: Document) -> list[Figure]:
    """The figures with a file of their own, that of the card first."""
    card = report.card.figure if report.card else None
    blocks = [*([card] if card else []), *inside(report.sections)]
    return [block for block in blocks if isinstance(block, Figure) and block.name]


def inside(blocks: Sequence[Block]) -> list[Block]:
    """Blocks with all that they contain, in their order."""
    flat: list[Block] = []
    for block in blocks:
        flat.append(block)
        if isinstance(block, Section | Fold):
            flat += inside(block.blocks)
        elif isinstance(block, Figure):
            flat += block.tables
    return flat
