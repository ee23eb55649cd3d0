"""Numbers and Markdown: how a value looks on the page, and how a text is escaped."""

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from wordrel.io.visible import visible

NOTHING = "–"

_MARKUP = re.compile(r"([\\`*\[\]|~$])")
_LOOSE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LIST_START = re.compile(r"^(\d*)([#+-]+|[.)])(?=\s|$)")


def number(value: Any, digits: int = 3) -> str:
    """A fixed number of decimals with a true minus sign; a dash where there is no value."""
    if pd.isna(value):
        return NOTHING
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def with_interval(score: Any, low: Any, high: Any, digits: int = 3) -> str:
    """`0.412 [0.381, 0.440]`, without the brackets where no interval is known."""
    if pd.isna(score) or pd.isna(low):
        return number(score, digits)
    return f"{number(score, digits)} [{number(low, digits)}, {number(high, digits)}]"


def share(value: Any, low: Any = math.nan, high: Any = math.nan) -> str:
    """A part of a whole as `62.4% [61.9%, 62.8%]`, without brackets where there is no interval."""
    shown = [f"{number(v * 100, 1)}%" for v in (value, low, high) if not pd.isna(v)]
    ends = f" [{shown[1]}, {shown[2]}]" if len(shown) == 3 else ""
    return f"{shown[0]}{ends}" if shown else NOTHING


def count(value: Any) -> str:
    """A whole number with commas between thousands."""
    return NOTHING if pd.isna(value) else f"{round(value):,}"


def plural(n: Any, one: str, many: str = "") -> str:
    """`1 seed`, `5 seeds`; `many` is the word for several, where it is no s more."""
    return f"{count(n)} {one if n == 1 else many or f'{one}s'}"


def p_value(p: Any, *, finest: bool = False) -> str:
    """Three decimals, and `< 0.001` below them: never 0.

    Args:
        p: the number.
        finest: whether it is the smallest that the permutations can give, and so an upper bound.
    """
    if p < 0.001:
        return "< 0.001"
    return f"≤ {number(p)}" if finest else number(p)


def percent(share: float) -> str:
    """0.95 as `95%`, 0.975 as `97.5%`."""
    return f"{share * 100:.6g}%"


def small(value: float) -> str:
    """A chance level, which may be far below the decimals of a score (1 / V)."""
    tiny = not pd.isna(value) and 0 < abs(value) < 0.0005
    return f"{value:.1g}".replace("-", "−") if tiny else number(value)


@lru_cache(maxsize=4096)  # a page holds the same names thousands of times
def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line and also inside a table."""
    line = (
        visible(" ".join(text.split()))
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )
    line = _LOOSE_UNDERSCORE.sub(r"\\_", _MARKUP.sub(r"\\\1", line))
    return _LIST_START.sub(r"\1\\\2", line)


def code(text: str) -> str:
    """A code span, fenced by more backticks than stand in the text. Not for table cells."""
    line = visible(" ".join(text.split()))
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table; the first `left` columns hold words, the others numbers."""
    rule = [":--"] * left + ["--:"] * (len(header) - left)
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *rows))


def capital(text: str) -> str:
    """With a capital letter at the start."""
    return f"{text[:1].upper()}{text[1:]}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def shared(shown: Callable[[Any], str], values: Sequence[Any]) -> str:
    """The value that all models of a line have, or the least and the most."""
    known = sorted(float(v) for v in values if not pd.isna(v))
    return " to ".join(dict.fromkeys(map(shown, known[:1] + known[-1:]))) or NOTHING
