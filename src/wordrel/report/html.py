"""The report as HTML: one file with the charts' library, the style and the data inside.

Same report and same versions of the libraries, same bytes.
"""

import json
import re
from functools import cache
from importlib.resources import files

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from wordrel.report import charts
from wordrel.report import document as doc

_NAMES = "window.vegaEmbed = vegaEmbed;"
"""What the page's script calls in the charts' library."""

_JSON_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_TAGS = {doc.STRONG: "strong", doc.EMPHASIS: "em", doc.RAISED: "sup", doc.CODE: "code"}
_SIGNS = str.maketrans(
    {
        **dict(zip(doc.VERDICT, ('<strong class="verdict">', "</strong>"), strict=True)),
        **{marks[0]: f"<{tag}>" for marks, tag in _TAGS.items()},
        **{marks[1]: f"</{tag}>" for marks, tag in _TAGS.items()},
        **dict.fromkeys(doc.NAME, ""),
        **{doc.BREAK: "<br>", doc.HIGHER: "↑", doc.LOWER: "↓"},
    }
)
_LINK = re.compile(f"{doc.LINK[0]}(.*?){doc.TO}(.*?){doc.LINK[1]}")
_LABEL = re.compile(f"{doc.LABEL[0]}(.*?){doc.TO}(.*?){doc.LABEL[1]}")


def write(report: doc.Document) -> str:
    """The whole of report.html."""
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            config=charts.CONFIG,
            style=_asset("page.css"),
            script=_asset("page.js"),
            library=_library(),
        )
    )


def inline(text: str) -> Markup:
    """One line of text; whatever is not a mark of the report's own is shown as it is."""
    escaped = _LINK.sub(r'<a href="\1">\2</a>', str(escape(text)))
    escaped = _LABEL.sub(r'<span title="\1">\2</span>', escaped)
    return Markup(escaped.translate(_SIGNS))


def script_json(data: object) -> Markup:
    """JSON that can stand inside a <script> element, whatever the names in it are."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for sign, escaped in _JSON_ESCAPES.items():
        text = text.replace(sign, escaped)
    return Markup(text)


def _kind(block: doc.Block) -> str:
    return type(block).__name__.lower()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("wordrel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"inline": inline, "script_json": script_json, "kind": _kind}
    return environment


@cache
def _asset(name: str) -> Markup:
    place = files("wordrel.report") / "templates" / name
    return Markup(place.read_text(encoding="utf-8"))


@cache
def _library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed in one text, from the package that ships them; no download."""
    text = vl_convert.javascript_bundle(_NAMES)
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("the charts' library holds what ends a <script> element")
    return Markup(text)
