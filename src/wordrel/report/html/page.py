"""report.html: one file with the charts' library, the style and the data inside.

Reads a results folder; `write_html` writes report.html into it. Same tables and same versions of
the libraries, same bytes.
"""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from wordrel.io.files import write_text
from wordrel.report.html.sections import sections
from wordrel.study.results import Results, read_results

_NAMES = "window.vegaEmbed = vegaEmbed;"
"""What the page's script calls in the charts' library."""

_JSON_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def write_html(folder: Path) -> Path:
    """Render report.html from the stored files; returns its path.

    Raises:
        StoreError: a stored file is missing or malformed, or the folder cannot be written.
    """
    path = folder / "report.html"
    write_text(path, render_html(read_results(folder)))
    return path


def render_html(results: Results) -> str:
    """The whole of report.html."""
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            study=results.study,
            notes=[str(note) for note in results.config.get("notes") or ()],
            sections=sections(results),
            style=_asset("page.css"),
            script=_asset("page.js"),
            library=_library(),
        )
    )


def script_json(data: object) -> Markup:
    """JSON that can stand inside a <script> element, whatever the names in it are."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for sign, escaped in _JSON_ESCAPES.items():
        text = text.replace(sign, escaped)
    return Markup(text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("wordrel.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["script_json"] = script_json
    return environment


@cache
def _asset(name: str) -> Markup:
    place = files("wordrel.report.html") / "templates" / name
    return Markup(place.read_text(encoding="utf-8"))


@cache
def _library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed in one text, from the package that ships them; no download."""
    text = vl_convert.javascript_bundle(_NAMES)
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("the charts' library holds what ends a <script> element")
    return Markup(text)
