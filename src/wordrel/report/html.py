"""The report as HTML: one file with the charts' library, the style and the data inside.

The names of the sections stand in it as HTML, and what they hold as data: the page's script builds
a section when a reader opens it, so that a large study opens fast. Same report and same versions of
the libraries, same bytes.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from wordrel.io.visible import script_digest, visible, visible_parts
from wordrel.report import charts
from wordrel.report import document as doc

_NAMES = "window.vegaEmbed = vegaEmbed;"
"""What the page's script calls in the charts' library."""

_SHORT = 3  # letters; so short a text takes no more room than a number
_JSON_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_TAGS = {
    **{doc.STRONG: "strong", doc.EMPHASIS: "em", doc.RAISED: "sup", doc.CODE: "code"},
    **{doc.LINK: "a", doc.LABEL: "span", doc.VERDICT: "mark"},
}
MARKS = {
    **{marks[0]: tag for marks, tag in _TAGS.items()},
    **{marks[1]: "end" for marks in _TAGS},
    **dict.fromkeys(doc.NAME, ""),
    **{doc.BREAK: "br", doc.TO: "to", doc.HIGHER: "higher", doc.LOWER: "lower"},
}
"""A mark of a text -> the element that it begins, or what the page's script makes of it."""

_BEFORE = re.compile(f"[{doc.LINK[0]}{doc.LABEL[0]}][^{doc.TO}]*{doc.TO}")
"""The address of a link, or the identifier of a label."""

VERDICTS = {
    **{"supported": "yes", "holds": "yes", "partly supported": "partly"},
    **{"contradicted": "no", "fails": "no"},
}
"""The word of a verdict -> its colours in the style sheet; any other word is open."""


def write(report: doc.Document) -> str:
    """The whole of report.html."""
    texts = _repeated(doc.inside(report.sections))
    settings = {"config": charts.CONFIG, "marks": MARKS, "verdicts": VERDICTS, "texts": [*texts]}
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            texts=texts,
            settings=settings,
            style=_asset("page.css"),
            script=_asset("page.js"),
            library=_library(),
            sources=_sources(),
        )
    )


def plain(text: str) -> str:
    """A text without its marks: the label of an identifier, and no address of a link."""
    return _BEFORE.sub("", text).translate(dict.fromkeys(map(ord, MARKS)))


def script_json(data: object, texts: Mapping[str, int] | None = None) -> Markup:
    """JSON that can stand inside a <script> element, whatever the names in it are.

    Args:
        data: blocks of a report, or values of JSON.
        texts: a cell of a table -> the number that stands for it.
    """
    text = json.dumps(
        data,
        allow_nan=False,
        ensure_ascii=False,
        separators=(",", ":"),
        default=partial(_record, texts=texts or {}),
    )
    for sign, escaped in _JSON_ESCAPES.items():
        text = text.replace(sign, escaped)
    return Markup(text)


def holds(blocks: Sequence[doc.Block]) -> str:
    """How much a section holds, such as "2 figures, 3 tables"."""
    counts = {"figure": 0, "table": 0}
    for block in doc.inside(blocks):
        kind = _kind(block)
        counts[kind] = counts.get(kind, 0) + 1
    shown = [f"{counts[kind]} {kind}{'s' * (counts[kind] != 1)}" for kind in ("figure", "table")]
    return ", ".join(text for text in shown if text[0] != "0")


def _repeated(blocks: Sequence[doc.Block]) -> dict[str, int]:
    """Cells that stand in tables more than once; the page holds each of them once."""
    tables = [block for block in blocks if isinstance(block, doc.Table)]
    rows = [row for table in tables for row in (*table.rows, *table.foot)]
    counts = Counter(cell for row in rows for cell in row)
    often = [cell for cell, n in counts.most_common() if n > 1 and len(cell) > _SHORT]
    return {cell: i for i, cell in enumerate(often)}


def _record(part: Any, texts: Mapping[str, int]) -> dict[str, Any]:
    """A block as data: its kind and its fields."""
    if not is_dataclass(part):
        raise TypeError(f"cannot write {type(part).__name__} as JSON")
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    values = {k: visible_parts(v) if isinstance(v, str | dict) else v for k, v in values.items()}
    if isinstance(part, doc.Table):
        for place in ("rows", "foot"):
            values[place] = [[texts.get(cell, cell) for cell in row] for row in values[place]]
    return {"kind": _kind(part)} | {name: value for name, value in values.items() if value}


def _kind(block: object) -> str:
    return type(block).__name__.lower()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("wordrel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda part: visible(part) if type(part) is str else part,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain, "script_json": script_json, "holds": holds}
    return environment


@cache
def _asset(name: str) -> Markup:
    place = files("wordrel.report") / "templates" / name
    return Markup(place.read_text(encoding="utf-8"))


@cache
def _sources() -> Markup:
    """The scripts that may run, as they stand in the page and as its script adds the library."""
    own, added = f"\n{_asset('page.js')}\n", f"(() => {{\n{_library()}\n}})();"
    return Markup(" ".join(map(script_digest, (own, added))))


@cache
def _library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed in one text, from the package that ships them; no download."""
    text = vl_convert.javascript_bundle(_NAMES)
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("the charts' library holds what ends a <script> element")
    return Markup(text)
