"""The README's tables, kept equal to the stored results.

Reads the README and the results folders that its blocks name; writes the README. A block is what
stands between `<!-- KIND:NAME -->` and `<!-- /KIND:NAME -->`; NAME is a folder of results/, KIND
is `table` (the headline tables) or `ladder` (what each ingredient buys). Blocks `answer` are those
of experiments/answer.py, which alone knows the rules that decide.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from wordrel.errors import StoreError
from wordrel.io.files import write_text
from wordrel.report import findings, ladder, ladder_section, queries
from wordrel.report.document import Block, Bullets, Paragraph
from wordrel.report.headline import SEPARATE, headlines
from wordrel.report.markdown import blocks, image
from wordrel.report.page import legend
from wordrel.study.results import Results, read_results

_BLOCK = re.compile(
    r"<!-- (?P<block>(?:table|ladder|answer):[\w.-]+) -->.*?<!-- /(?P=block) -->", re.DOTALL
)
_OPENING = re.compile(r"<!-- (table|ladder):([\w.-]+) -->")


def render_block(results: Results, questions: Sequence[str] = ("alike",)) -> str:
    """A sentence for each question of the study, then the first tables, with two decimals.

    Args:
        results: a stored study.
        questions: whose first table is shown for each corpus (of the held-out losses all).
    """
    asked = queries.questions(results)
    said = [(q, text) for q in asked if (text := findings.sentence(results, q))]
    bullets = [f"{findings.bold_title(question)} {text}" for question, text in said]
    found: list[Block] = [Bullets(bullets)]
    for corpus in queries.corpora(results):
        for question in questions:
            shown = headlines(results, corpus, question, digits=2)
            first = shown if question in SEPARATE else shown[:1]
            found += [Paragraph(findings.lead(results, corpus, question))] if shown else []
            found += [block for table in first for block in table]
    found.append(Paragraph(legend(results)))
    return f"{blocks(found)} {_full_report(results)}"


def render_ladder(results: Results) -> str:
    """What each ingredient buys: a sentence for each ladder and corpus, and the figure.

    Raises:
        StoreError: a study without a ladder.
    """
    climbs = ladder.climbs(results)
    if not climbs:
        raise StoreError(f"{results.folder}: found no ladder from foot to top, expected one")
    sentences = blocks([Bullets([ladder_section.sentence(climb) for climb in climbs])])
    figure = image(ladder_section.figure(climbs), f"results/{results.study}/")
    return "\n\n".join((sentences, figure, _full_report(results)))


_RENDER = {"table": render_block, "ladder": render_ladder}


def _full_report(results: Results) -> str:
    return f"Full report: [results/{results.study}](results/{results.study}/report.md)."


def replace_block(text: str, block: str, fresh: str) -> str:
    """The text with the block of this kind and name replaced, its markers kept.

    Args:
        text: of the README.
        block: such as `table:quickstart`.
        fresh: what stands between its markers from now on.

    Raises:
        StoreError: the text has not exactly one such block.
    """
    found = [m for m in _BLOCK.finditer(text) if m["block"] == block]
    if len(found) != 1:
        markers = f"<!-- {block} --> and <!-- /{block} -->"
        raise StoreError(f"README: found {len(found)} blocks {block}, expected 1 between {markers}")
    start, end = found[0].span()
    return f"{text[:start]}<!-- {block} -->\n\n{fresh}\n\n<!-- /{block} -->{text[end:]}"


def refreshed(text: str, results_root: Path) -> str:
    """The README's text with every block rendered again from the results that it names.

    Raises:
        StoreError: a block that is not closed, or that names no stored result or one that it
            cannot show.
    """
    for kind, name in _OPENING.findall(text):
        fresh = _RENDER[kind](read_results(results_root / name))
        text = replace_block(text, f"{kind}:{name}", fresh)
    return text


def refresh_readme(readme: Path, results_root: Path) -> bool:
    """Bring the README's blocks up to date; returns whether anything changed."""
    old = readme.read_text(encoding="utf-8")
    new = refreshed(old, results_root)
    if new != old:
        write_text(readme, new)
    return new != old
