"""What came out, in sentences computed from the tables: never more than the comparisons show.

And what would turn it round.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import Table, name, strong
from wordrel.report.queries import Column, Row
from wordrel.report.text import count, listed, number, p_value, small, with_interval
from wordrel.study.results import Results

FAMILIES = ("word2vec", "attention")

_TITLES = {
    "alike": "How alike are two words?",
    "relate": "How strongly does one word relate to another?",
    "direction": "Which way does a relation go?",
    "syntax": "Parts of speech and syntax",
    "in_context": "What does a word mean here?",
    "fit": "How well does it predict held-out text?",
    "recall": "Does it look things up?",
}

SELECTION = (
    "The best model of a family is picked by the same scores that are then compared, "
    "so a family with more models has more chances to look good."
)

INTRODUCTION = "On every task the best word2vec model stands against the best attention model."

_CLAUSES = {
    "better": "word2vec is distinguishably better on {}",
    "worse": "attention is distinguishably better on {}",
    "open": "neither is distinguishably better on {}",
    "one-sided": "there is no comparison on {}, which only one family or neither answers",
}


@dataclass(frozen=True)
class Contrast:
    """The best models of the two families on one column; the pair says first minus second."""

    column: Column
    first: Row | None
    second: Row | None
    pair: Row | None

    @property
    def verdict(self) -> str:
        """`better` or `worse` (the first family), `open` (not told apart), or `one-sided`."""
        if self.first is None or self.second is None:
            return "one-sided"
        best = None if self.pair is None else queries.winner(self.pair)
        if best is None:
            return "open"
        return "better" if best == self.first.model else "worse"


def title(question: str) -> str:
    """The heading of a question."""
    return _TITLES.get(question, name(question))


def bold_title(question: str) -> str:
    """The heading at the head of a paragraph."""
    return strong(title(question) if title(question).endswith("?") else f"{title(question)}.")


def contrasts(results: Results, corpus: str, question: str) -> list[Contrast]:
    """One contrast of the two families for each column of the question that counts."""
    columns = queries.main_columns(results, corpus, question)
    return [_contrast(results, corpus, column) for column in columns]


def sentence(results: Results, question: str) -> str:
    """What a question's tables say, in one sentence: how often the families are told apart.

    Where no task has an answer of both, which model is in front and how many it beats.
    """
    corpora = queries.corpora(results)
    compared = [_apart(results, corpus, question) for corpus in corpora]
    alone = [_in_front(results, corpus, question) for corpus in corpora]
    told = "; ".join(filter(None, compared))
    opening = "the best word2vec and the best attention model are told apart " if told else ""
    fronts = [clause for clause, both in zip(alone, compared, strict=True) if clause and not both]
    text = "; ".join(filter(None, (opening + told, *fronts)))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def lead(results: Results, corpus: str, question: str) -> str:
    """One sentence that names the tasks on which the best models of the two families differ."""
    found = contrasts(results, corpus, question)
    tasks = {v: [c.column.task for c in found if c.verdict == v] for v in _CLAUSES}
    clauses = [
        text.format(listed([name(task) for task in tasks[v]]))
        for v, text in _CLAUSES.items()
        if tasks[v]
    ]
    if not clauses:
        return f"On {name(corpus)}, nothing was scored."
    return f"On {name(corpus)}, {'; '.join(clauses)}."


def details(results: Results, corpus: str, question: str) -> list[str]:
    """For each column: the model in front with its place against chance, then the contrast."""
    return [
        " ".join((_front(results, corpus, c.column), _difference(c)))
        for c in contrasts(results, corpus, question)
    ]


def _apart(results: Results, corpus: str, question: str) -> str:
    """On how many tasks the families are told apart, and where most clearly; empty without any."""
    both = [c for c in contrasts(results, corpus, question) if c.pair is not None]
    apart = [c for c in both if c.verdict != "open"]
    if not both:
        return ""
    where = f"on {name(corpus)} on "
    if not apart:
        widest = ", the widest gap being that on" if len(both) > 1 else ":"
        return f"{where}none of {_tasks(both)}{widest} {_gap(both)}"
    better = sum(c.verdict == "better" for c in apart)
    counts = zip(FAMILIES, (better, len(apart) - better), strict=True)
    sides = ", ".join(f"{family} better on {n}" for family, n in counts if n)
    clearest = ", most clearly on" if len(both) > 1 else ":"
    return f"{where}{len(apart)} of {_tasks(both)} ({sides}){clearest} {_gap(apart)}"


def _tasks(found: Sequence[Contrast]) -> str:
    return f"{len(found)} task{'' if len(found) == 1 else 's'}"


def _gap(found: Sequence[Contrast]) -> str:
    """The contrast whose difference is largest for the width of its interval."""
    widest = max(found, key=lambda c: _clearness(c.pair))
    pair: Row = widest.pair
    difference = with_interval(pair.difference, pair.low, pair.high)
    return (
        f"{name(widest.column.task)} ({name(pair.model_a)} − {name(pair.model_b)} = "
        f"{difference} {name(widest.column.measure)}, n {count(pair.n_scored)})"
    )


def _clearness(pair: Row) -> float:
    width = pair.high - pair.low
    return float(abs(pair.difference) / (width or 1.0))


def _in_front(results: Results, corpus: str, question: str) -> str:
    """For a question that only one family answers: who is in front on its first task."""
    columns = queries.main_columns(results, corpus, question)
    fronts = ((c, front(results, corpus, c)) for c in columns)
    column, best = next(((c, r) for c, r in fronts if r is not None), (None, None))
    if column is None or best is None:
        return ""
    pairs = queries.pairs(results, corpus, column)
    own = [p for p in pairs if best.model in (p.model_a, p.model_b)]
    beaten = sum(queries.winner(p) == best.model for p in own)
    extreme = "highest" if column.better == "higher" else "lowest"
    ahead = f", and is better than {beaten} of {len(own)} others" if own else ""
    return (
        f"on {name(corpus)}, {name(best.model)} has the {extreme} {name(column.measure)} on "
        f"{name(column.task)}, {with_interval(best.score, best.low, best.high)} "
        f"(n {count(best.n_scored)}){ahead}"
    )


def _contrast(results: Results, corpus: str, column: Column) -> Contrast:
    answered = _answered(results, corpus, column)
    families = queries.families(results)
    first, second = (
        _best(column, [r for r in answered if families[r.model] == family]) for family in FAMILIES
    )
    if first is None or second is None:
        return Contrast(column, first, second, None)
    pair = queries.oriented(queries.pairs(results, corpus, column), first.model, second.model)
    return Contrast(column, first, second, pair)


def _answered(results: Results, corpus: str, column: Column) -> list[Row]:
    answers = queries.answers(results, corpus, column).values()
    return [r for r in answers if not pd.isna(r.score)]


def _best(column: Column, answered: Sequence[Row]) -> Row | None:
    sign = 1 if column.better == "higher" else -1
    return max(answered, key=lambda r: sign * r.score, default=None)


def front(results: Results, corpus: str, column: Column) -> Row | None:
    """The model with the best score, told apart from the next or not; None without answers."""
    return _best(column, _answered(results, corpus, column))


def _front(results: Results, corpus: str, column: Column) -> str:
    best = front(results, corpus, column)
    what = strong(name(column.task))
    if best is None:
        return f"{what}: no model has an answer."
    extreme = "highest" if column.better == "higher" else "lowest"
    score = with_interval(best.score, best.low, best.high)
    return (
        f"{what} ({name(column.measure)}, {column.better} is better): "
        f"{extreme} is {name(best.model)}, {score}, {_against_chance(column, best)}."
    )


def _against_chance(column: Column, best: Row) -> str:
    if pd.isna(best.chance) or pd.isna(best.low):
        return "chance unknown"
    chance = f"chance ({small(best.chance)})"
    if best.low <= best.chance <= best.high:
        return f"an interval that includes {chance}"
    side = "better" if column.improves(best.score - best.chance) else "worse"
    return f"{side} than {chance}"


def _difference(contrast: Contrast) -> str:
    first, second, pair = contrast.first, contrast.second, contrast.pair
    if first is None or second is None:
        silent = [f for f, r in zip(FAMILIES, (first, second), strict=True) if r is None]
        return f"No model of {listed(silent)} has an answer."
    names = f"{name(first.model)} − {name(second.model)}"
    if pair is None:
        return f"{names} was not tested."
    told_apart = "not distinguishable" if contrast.verdict == "open" else "distinguishable"
    difference = with_interval(pair.difference, pair.low, pair.high)
    p = p_value(pair.p_holm)
    p = name(p if p.startswith("<") else f"= {p}")
    return f"{names} = {difference}, p {p} after Holm: {told_apart}."


def doubts(results: Results, corpus: str) -> list[Table]:
    """What would turn each contrast round: a line for each task that both families answer."""
    body = [
        _doubt(contrast)
        for question in queries.questions(results)
        for contrast in contrasts(results, corpus, question)
        if contrast.pair is not None
    ]
    heads = ["question", "task", "a − b", "would change", "difference", "p (Holm)", "n"]
    return [Table(heads, body, words=4, title=f"Contrasts on {name(corpus)}")] if body else []


def _doubt(contrast: Contrast) -> list[str]:
    pair, column = contrast.pair, contrast.column
    assert pair is not None
    return [
        title(column.question),
        f"{name(column.task)} ({name(column.measure)})",
        f"{name(pair.model_a)} − {name(pair.model_b)}",
        _change(contrast),
        with_interval(pair.difference, pair.low, pair.high),
        name(p_value(pair.p_holm)),
        count(pair.n_scored),
    ]


def _change(contrast: Contrast) -> str:
    pair = contrast.pair
    assert pair is not None
    if contrast.verdict != "open":
        nearest = min(abs(pair.low), abs(pair.high))
        return f"told apart; an interval nearer to 0 by {number(nearest)}"
    if number(pair.detectable) == number(None):
        return "open; more items or seeds"
    return f"open; a difference of {number(pair.detectable)}"
