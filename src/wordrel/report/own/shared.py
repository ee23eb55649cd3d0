"""What a study was made for, as its report begins with it, and the sentences on differences."""

from typing import NamedTuple

from wordrel.report import queries
from wordrel.report.document import Block, Figure, Paragraph
from wordrel.report.labels import label
from wordrel.report.lines import Lines, figure, tables
from wordrel.report.queries import Row
from wordrel.report.text import capital, number
from wordrel.report.verdicts import ahead
from wordrel.study.results import Results


class Own(NamedTuple):
    """The result that a study was made for.

    Attributes:
        title: its heading.
        sentences: at most three, for the card, as plain text.
        blocks: its tables.
        figure: the chart of the card.
        question: the one whose scores its tables have, where they have one's.
    """

    title: str = ""
    sentences: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    figure: Figure | None = None
    question: str = ""


def beside(results: Results, pair: Row | None) -> list[str]:
    """A sentence on a paired difference of losses; none where it was not tested."""
    if pair is None:
        return []
    first, second = (named(results, model) for model in (pair.model_a, pair.model_b))
    first = capital(f"{on_corpus(results, pair.corpus)}{first}")
    what, size = label(pair.task), f"{number(abs(pair.difference))} nats"
    if not ahead(pair):
        return [f"{first} and {second} do not differ significantly in {what}: {size}."]
    word = "higher" if pair.difference > 0 else "lower"
    return [f"{first} has a significantly {word} {what} than {second}, by {size}."]


def named(results: Results, model: str) -> str:
    """A model's label inside a sentence."""
    found = queries.label(results, model)
    return f"the {found}" if found.startswith("context mean") else found


def on_corpus(results: Results, corpus: str) -> str:
    """Where a sentence holds, if there are several corpora."""
    return f"On {corpus}, " if len(queries.corpora(results)) > 1 else ""


def measured_result(
    results: Results, title: str, found: list[Lines], sentences: list[str], about: str
) -> Own:
    """Tables below the words that they need; the first one is drawn."""
    there = [one for one in found if one.lines]
    if not there:
        return Own()
    drawn = figure(results, results.study, there[:1])
    return Own(title, tuple(map(capital, sentences[:3])), (Paragraph(about), *tables(there)), drawn)
