"""The report as Markdown: report.md, and the blocks of the README."""

import re
from collections.abc import Sequence

from wordrel.report import document as doc
from wordrel.report import text as markup
from wordrel.report.document import Block, Card, Document, Figure, Fold, Section, Table

_SIGNS = str.maketrans(
    {
        **dict(zip(doc.STRONG + doc.EMPHASIS, ("**", "**", "*", "*"), strict=True)),
        **dict(zip(doc.RAISED, ("<sup>", "</sup>"), strict=True)),
        **dict.fromkeys(doc.VERDICT, "**"),
        **{doc.BREAK: "<br>", doc.HIGHER: "↑", doc.LOWER: "↓"},
    }
)
_CODE, _NAME, _LINK = (
    re.compile(f"{marks[0]}(.*?){marks[1]}", re.DOTALL) for marks in (doc.CODE, doc.NAME, doc.LINK)
)
_LABEL = re.compile(f"{doc.LABEL[0]}.*?{doc.TO}(.*?){doc.LABEL[1]}", re.DOTALL)


def write(report: Document) -> str:
    """The whole of report.md."""
    head = [f"# {markup.escape(report.study)}", *map(markup.escape, report.notes)]
    card = _card(report.card) if report.card else []
    sections = [_section(section, 2) for section in report.sections]
    return "\n\n".join([*head, *card, *sections]) + "\n"


def _card(card: Card) -> list[str]:
    verdicts = [f"{doc.name(claim)}: {doc.verdict(word)}" for claim, word in card.verdicts]
    lists = [doc.Bullets(items) for items in (card.sentences, verdicts) if items]
    return [blocks(lists), *([image(card.figure)] if card.figure else [])]


def blocks(parts: Sequence[Block], level: int = 2) -> str:
    """Blocks below each other; headings of sections have at least this level."""
    return "\n\n".join(filter(None, (_block(block, level) for block in parts)))


def inline(text: str) -> str:
    """One line of text."""
    text = _LABEL.sub(lambda match: match[1], text)
    text = _CODE.sub(lambda match: markup.code(match[1]), text)
    text = _NAME.sub(lambda match: markup.escape(match[1]), text)
    text = _LINK.sub(lambda match: _link(*match[1].split(doc.TO)), text)
    return text.translate(_SIGNS)


def image(figure: Figure, folder: str = "") -> str:
    """A figure with its caption below it; `folder` leads to that of the results."""
    shown = f"![{markup.escape(figure.words)}]({folder}{figure.path})"
    return f"{shown}\n\n{inline(doc.emphasis(figure.caption))}" if figure.caption else shown


def _link(address: str, text: str) -> str:
    return f"[{text}]({address})"


def _block(block: Block, level: int) -> str:
    match block:
        case doc.Paragraph(text):
            return inline(text.replace(doc.BREAK, f"{doc.BREAK}\n"))
        case doc.Bullets(items):
            return "\n".join(f"- {inline(item)}" for item in items)
        case doc.Commands(lines):
            return "\n".join(["```sh", *lines, "```"])
        case Table():
            return _table(block)
        case Figure():
            return image(block) if block.name else ""
        case Fold(title, inside):
            body = blocks(inside, level)
            return f"<details>\n<summary>{inline(title)}</summary>\n\n{body}\n\n</details>"
        case Section():
            return _section(block, level)


def _section(section: Section, level: int) -> str:
    heading = f"{'#' * level} {inline(section.title)}"
    return f"{heading}\n\n{blocks(section.blocks, level + 1)}"


def _table(table: Table) -> str:
    rows = [[inline(cell) for cell in row] for row in (*table.rows, *table.foot)]
    drawn = markup.table([inline(head) for head in table.heads], rows, left=table.words)
    return f"{inline(table.title)}\n\n{drawn}" if table.title else drawn
