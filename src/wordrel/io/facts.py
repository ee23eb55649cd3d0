"""A few facts below a title, as lines and as a table of HTML: what `repr` and notebooks show."""

from collections.abc import Mapping

from markupsafe import Markup


def facts_text(title: str, facts: Mapping[str, str]) -> str:
    """The title, then a line a fact."""
    width = max(map(len, facts), default=0)
    return "\n".join([title, *(f"  {name:{width}}  {fact}" for name, fact in facts.items())])


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """The same as a table; what it is given is text, never HTML."""
    row = Markup('<tr><th style="text-align:left">{}</th><td style="text-align:left">{}</td></tr>')
    rows = Markup("").join(row.format(name, fact) for name, fact in facts.items())
    return str(Markup("<table><caption>{}</caption>{}</table>").format(title, rows))
