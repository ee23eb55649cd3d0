"""The report's own Markdown as HTML: what the other modules say, ready for the template.

Names are kept from being markup by `wordrel.report.text.escape`. Of HTML only the three tags that
those modules write themselves are let through; anything else is shown as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup
from markupsafe import escape as as_text

_TAGS = ("<sup>", "</sup>", "<br>")


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its content, and whether it holds words rather than a number."""

    html: Markup
    words: bool = False


@dataclass(frozen=True)
class Table:
    """A table; `foot` holds the lines that are never sorted or filtered away."""

    caption: Markup
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Sequence[Cell]] = ()


@dataclass(frozen=True)
class Fold:
    """What is opened with a click."""

    title: Markup
    blocks: Sequence[Markup | Table]


def inline(text: str) -> Markup:
    """One line of Markdown, without a paragraph around it."""
    return Markup(_parser().renderInline(text))


def blocks(text: str, caption: str) -> list[Markup | Table]:
    """Markdown as paragraphs, lists and tables.

    Args:
        text: one or more blocks.
        caption: of tables, as Markdown; a paragraph right before a table that begins with bold
            words names it instead.
    """
    found: list[Markup | Table] = []
    for block in _top_level(_parser().parse(text)):
        if block[0].type != "table_open":
            found.append(_rendered(block))
            continue
        named = found and isinstance(found[-1], Markup) and found[-1].startswith("<p><strong>")
        title = Markup(found.pop().strip()[3:-4]) if named else inline(caption)  # type: ignore[union-attr]
        found.append(_table(block, title))
    return found


def fold(title: str, text: str) -> Fold:
    """A folded part; its title, as Markdown, names its tables too."""
    return Fold(inline(title), blocks(text, title))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table").disable("html_block")
    parser.add_render_rule("html_inline", _known_tag)
    return parser


def _known_tag(self: RendererHTML, tokens: Sequence[Token], place: int, *_: object) -> str:
    found = tokens[place].content
    return found if found in _TAGS else str(as_text(found))


def _top_level(tokens: Sequence[Token]) -> list[list[Token]]:
    found: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if not depth:
            found.append([])
        found[-1].append(token)
        depth += token.nesting
    return found


def _rendered(tokens: Sequence[Token]) -> Markup:
    parser = _parser()
    return Markup(parser.renderer.render(list(tokens), parser.options, {}))


def _table(tokens: Sequence[Token], caption: Markup) -> Table:
    lines: list[list[Cell]] = []
    words = False
    for token in tokens:
        if token.type == "tr_open":
            lines.append([])
        elif token.type in ("th_open", "td_open"):
            words = "left" in str(token.attrGet("style") or "left")
        elif token.type == "inline":
            lines[-1].append(Cell(_rendered([token]), words))
    return Table(caption, lines[0], lines[1:])
