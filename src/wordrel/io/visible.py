"""How text is shown to a reader: without control characters, in a shell, and below a title.

A name or a message may come from an untrusted file. An escape sequence in it could rewrite what a
terminal shows, and a right-to-left override could turn a line around.
"""

import hashlib
import re
import shlex
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

_OBEYED = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing around
    "\ud800-\udfff"  # halves of characters: bytes of a path that are no text
    "\U000e0000-\U000e007f]"  # tags, which no font shows
)
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f])")
"""A control character in JSON, behind any number of backslashes that are written as two."""


def visible(text: str) -> str:
    r"""The text with such a character as `\x1b` or `\u202e`; tabs and line feeds stay."""
    return _OBEYED.sub(_escape, text)


def visible_json(text: str) -> str:
    """The same in the text of a JSON document, where a backslash is written as two."""
    text = _ESCAPED.sub(r"\1\\\\\2", text)
    return _OBEYED.sub(lambda match: "\\" + _escape(match), text)


def visible_parts(part: Any) -> Any:
    """The same in all strings of lists and dictionaries."""
    if isinstance(part, str):
        return visible(part)
    if isinstance(part, list | tuple):
        return [visible_parts(element) for element in part]
    if isinstance(part, dict):
        return {key: visible_parts(value) for key, value in part.items()}
    return part


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def script_digest(text: str) -> str:
    """What a page's Content-Security-Policy calls an inline script of exactly this text."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def facts_text(title: str, facts: Mapping[str, str]) -> str:
    """The title, then a line a fact: what `repr` shows."""
    width = max(map(len, facts), default=0)
    return "\n".join([title, *(f"  {name:{width}}  {fact}" for name, fact in facts.items())])


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """The same as a table for notebooks; what it is given is text, never HTML."""
    row = Markup('<tr><th style="text-align:left">{}</th><td style="text-align:left">{}</td></tr>')
    rows = Markup("").join(row.format(name, fact) for name, fact in facts.items())
    return str(Markup("<table><caption>{}</caption>{}</table>").format(title, rows))


def shell_word(path: str | Path) -> str:
    """The path in quotes where it needs them; a dash in front of it begins no option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
