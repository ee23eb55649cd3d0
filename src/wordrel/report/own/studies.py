"""What each study measured itself: order, and how far tasks and seeds agree.

A report begins with the result that its study was made for.
"""

from collections.abc import Callable
from typing import NamedTuple

from wordrel.report import queries
from wordrel.report.claims import order, task
from wordrel.report.document import Block, Figure, Paragraph
from wordrel.report.labels import label
from wordrel.report.ladder import MASKED, NEXT
from wordrel.report.lines import Line, Lines, by_model, figure, known, tables
from wordrel.report.queries import Row
from wordrel.report.text import capital, number, share
from wordrel.report.verdicts import (
    agreement,
    ahead,
    difference,
    measured,
    value_of,
)
from wordrel.study.results import Results


class Own(NamedTuple):
    """The result that a study was made for.

    Attributes:
        title: its heading.
        sentences: at most three, for the card, as plain text.
        blocks: its tables.
        figure: the chart of the card.
    """

    title: str = ""
    sentences: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    figure: Figure | None = None


def beside(results: Results, pair: Row | None) -> list[str]:
    """A sentence on a paired difference of losses; none where it was not tested."""
    if pair is None:
        return []
    first, second = (named(results, model) for model in (pair.model_a, pair.model_b))
    where = f"On {pair.corpus}, " if len(queries.corpora(results)) > 1 else ""
    first = capital(f"{where}{first}")
    what, size = label(pair.task), f"{number(abs(pair.difference))} nats"
    if not ahead(pair):
        return [f"{first} and {second} do not differ significantly in {what}: {size}."]
    word = "higher" if pair.difference > 0 else "lower"
    return [f"{first} has a significantly {word} {what} than {second}, by {size}."]


def named(results: Results, model: str) -> str:
    """A model's label inside a sentence."""
    name = queries.label(results, model)
    return f"the {name}" if name.startswith("context mean") else name


def measured_result(
    results: Results, title: str, groups: list[Lines], sentences: list[str], about: str
) -> Own:
    """Tables below their explanation; the first one is drawn."""
    present = [group for group in groups if group.lines]
    if not present:
        return Own()
    drawn = figure(results, results.study, present[:1])
    return Own(
        title, tuple(map(capital, sentences[:3])), (Paragraph(about), *tables(present)), drawn
    )


def order_result(results: Results) -> Own:
    """What another order of the context does to loss and states, and what shuffled text costs."""
    corpus, models = queries.corpora(results)[0], list(queries.kinds(results))
    ordered = [m for m in models if f"{m}_shuffled" in models]
    words = ("other words", "two words exchanged", "query word exchanged", "all words")
    groups = dict(zip(order.PERMUTATIONS, words, strict=True))

    def row(statistic: str) -> Callable[[str, str], Row | None]:
        of = order.ORDER, "context"
        return lambda model, group: measured(results, corpus, model, (*of, group, statistic))

    added = by_model(results, "added loss (nats per token)", ordered, groups, row("added_loss"))
    same = "share of states that stay the same"
    unmoved = by_model(results, same, ordered, groups, row("unmoved"))
    trained = by_model(
        results,
        "loss added by training on shuffled sentences (nats per token)",
        ordered,
        {loss: label(loss) for loss in (MASKED, NEXT)},
        lambda model, loss: difference(results, corpus, loss, f"{model}_shuffled", model),
    )
    sentences = [
        f"{what} adds {number(measurement.value)} nats to the next-word loss of attention."
        for what, group in (
            ("Another order of the words before the query word", order.OTHERS),
            ("Exchanging the query word with another", order.QUERY_EXCHANGED),
        )
        if (measurement := row("added_loss")("attention", group)) is not None
    ]
    shuffled = difference(results, corpus, NEXT, "attention_shuffled", "attention")
    sentences += beside(results, shuffled)
    title = "What does the order of the context do?"
    about = (
        "The words of each held-out context change places inside its window. The query word is the "
        "one whose vector is the query; for the next word it is the last one."
    )
    return measured_result(results, title, [added, unmoved, trained], sentences, about)


def task_result(results: Results) -> Own:
    """How far pair scores agree between tasks, beside how far they agree between seeds."""
    corpora = queries.corpora(results)
    pairs = [(a, b) for a, *others in task.TASKS.values() for b in others] + [task.CONTROL]
    shown = {model: queries.label(results, model) for model in task.MODELS}
    words = {(a, b): f"{shown[a]} and {shown[b]}" for a, b in pairs}
    words |= {(m, m): f"two seeds of {shown[m]}" for m in task.MODELS}
    rows = {
        (a, b): {c: agreement(results, c, task.MEASURE, a, b) for c in corpora} for a, b in words
    }
    lines = [Line(words[pair], pair[0], cells) for pair, cells in rows.items()]
    correlations = Lines("rank correlation of pair scores", known(lines))
    mean = next(iter(task.TASKS))
    opening = f"Pair scores of {named(results, mean)} for two tasks"
    openings = {pairs[0]: f"{opening} have a rank correlation of"}
    openings |= {(m, m): f"Those of two seeds of {named(results, m)} have" for m in task.TASKS}
    sentences = [
        f"{words} {number(value_of(row))}."
        for pair, words in openings.items()
        if (row := rows[pair][corpora[0]]) is not None
    ]
    about = (
        "A pair score is the cosine of the vectors of two words. A rank correlation of 1 means "
        "that two models rank all pairs in the same order."
    )
    title = "Do two tasks agree less than two seeds?"
    return measured_result(results, title, [correlations], sentences, about)


def stability_result(results: Results) -> Own:
    """How far two seeds of one model agree."""
    corpus = queries.corpora(results)[0]
    agreements = by_model(
        results,
        f"agreement of two seeds on {corpus}",
        queries.kinds(results),
        {m: label(m, "measure") for m in queries.distinct(results.agreement["measure"])},
        lambda model, measure: agreement(results, corpus, measure, model, model),
    )
    overlap = label("overlap", "measure")
    sentences = [
        f"Two seeds of {line.label} share {share(value_of(line.cells[overlap]))} of the ten "
        "nearest words."
        for line in agreements.lines
        if line.model in ("skip_gram", "attention") and line.cells.get(overlap) is not None
    ]
    about = (
        "Nearest words are the ten with the highest cosine. A number is the mean over all pairs of "
        "seeds. A distance of 0 means that one space is a rotation of the other."
    )
    return measured_result(results, "How far do two seeds agree?", [agreements], sentences, about)
