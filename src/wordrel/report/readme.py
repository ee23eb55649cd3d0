"""The README's tables, kept equal to the stored results.

Reads the README and the results folders that its blocks name; writes the README. A block is what
stands between `<!-- table:NAME -->` and `<!-- /table:NAME -->`; NAME is a folder of results/.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from wordrel.errors import StoreError
from wordrel.files import write_text
from wordrel.report import findings, queries, tables
from wordrel.report.headline import headlines
from wordrel.report.page import LEGEND
from wordrel.report.results import Results, read_results
from wordrel.report.text import percent

_BLOCK = re.compile(r"<!-- table:(?P<name>[\w.-]+) -->.*?<!-- /table:(?P=name) -->", re.DOTALL)
_OPENING = re.compile(r"<!-- table:([\w.-]+) -->")


def render_block(results: Results, questions: Sequence[str] = ("alike",)) -> str:
    """For each corpus the sentence that says what came out, and the table with two decimals."""
    level = percent(results.manifest["statistics"]["confidence"])
    parts = []
    for corpus in queries.corpora(results):
        shown = [h for question in questions for h in headlines(results, corpus, question)]
        parts += [findings.lead(results, corpus)]
        parts += [tables.headline_table(results, h, digits=2) for h in shown]
    report = f"Full report: [results/{results.study}](results/{results.study}/report.md)."
    return "\n\n".join((*parts, f"{LEGEND.format(level=level)} {report}"))


def replace_block(text: str, name: str, block: str) -> str:
    """The text with the block of this name replaced, its markers kept.

    Raises:
        StoreError: the text has not exactly one block of this name.
    """
    found = [m for m in _BLOCK.finditer(text) if m["name"] == name]
    if len(found) != 1:
        markers = f"<!-- table:{name} --> and <!-- /table:{name} -->"
        raise StoreError(f"README: found {len(found)} blocks {name}, expected 1 between {markers}")
    start, end = found[0].span()
    fresh = f"<!-- table:{name} -->\n\n{block}\n\n<!-- /table:{name} -->"
    return text[:start] + fresh + text[end:]


def refreshed(text: str, results_root: Path) -> str:
    """The README's text with every block rendered again from the results that it names.

    Raises:
        StoreError: a block that is not closed, or that names no stored result.
    """
    for name in _OPENING.findall(text):
        text = replace_block(text, name, render_block(read_results(results_root / name)))
    return text


def refresh_readme(readme: Path, results_root: Path) -> bool:
    """Bring the README's blocks up to date; returns whether anything changed."""
    old = readme.read_text(encoding="utf-8")
    new = refreshed(old, results_root)
    if new != old:
        write_text(readme, new)
    return new != old
