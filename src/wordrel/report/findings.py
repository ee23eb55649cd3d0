"""The scores of a study in plain sentences, which claim no more than the comparisons show."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from wordrel.config import ARCHITECTURES
from wordrel.report import queries
from wordrel.report.document import Table, name
from wordrel.report.labels import label
from wordrel.report.queries import Column, Row
from wordrel.report.text import capital, count, listed, number, with_interval
from wordrel.report.verdicts import ahead
from wordrel.study.results import Results

FAMILIES = ("word2vec", "attention")
RANDOM, SKIP_GRAM = "random", "skip_gram"
_TITLES = {
    "alike": "How similar are two words?",
    "relate": "How strongly does one word relate to another?",
    "direction": "Which way does a relation go?",
    "syntax": "Parts of speech and syntax",
    "in_context": "What does a word mean here?",
    "fit": "How well does it predict held-out text?",
    "recall": "Does it find a value by its key?",
}
_CHANCE = {
    **{"fit": "unigram", "recall": "commonest answer"},
    "induction": "another word of the sentence",
}
"""Question, or task, -> what chance is, where it is not a guess at random."""
SELECTION = (
    "The best model of a family is chosen by the scores that are then compared. A family with more "
    "models has more chances."
)
_FEW = 3  # models that a sentence names


@dataclass(frozen=True)
class Contrast:
    """The best models of the two families on one column; the pair holds first minus second."""

    column: Column
    first: Row | None
    second: Row | None
    pair: Row | None

    @property
    def verdict(self) -> str:
        """`better` or `worse` (the first family), `equivalent`, `inconclusive` or `one-sided`."""
        if self.first is None or self.second is None:
            return "one-sided"
        best = None if self.pair is None else queries.winner(self.pair)
        if best is not None:
            return "better" if best == self.first.model else "worse"
        equal = self.pair is not None and bool(self.pair.p_equivalence < queries.ALPHA)
        return "equivalent" if equal else "inconclusive"


def title(question: str) -> str:
    """The heading of a question."""
    return _TITLES.get(question, name(question))


def contrasts(results: Results, corpus: str, question: str) -> list[Contrast]:
    """One contrast of the two families for each column of the question that counts."""
    columns = queries.first_columns(results, corpus, question)
    return [_contrast(results, corpus, column) for column in columns]


def sentences(results: Results, question: str) -> list[str]:
    """How often attention is ahead, or which model is; what is worse than chance. Plain text."""
    corpora = queries.corpora(results)
    compared = [c for corpus in corpora for c in contrasts(results, corpus, question)]
    verdicts = [c.verdict for c in compared if c.pair is not None]
    opening = (
        [" ".join([_tally(Counter(verdicts)), *with_positions(results, compared)])]
        if verdicts
        else [_in_front(results, c, question) for c in corpora]
    )
    return [*filter(None, opening), *below_chance(results, question)]


def _tally(verdicts: Counter[str]) -> str:
    pair = "the best attention model is significantly better than the best word2vec model"
    times = f"{verdicts.total()} contrast{'s'[: verdicts.total() != 1]}"
    others = f"Equivalent: {verdicts['equivalent']}; inconclusive: {verdicts['inconclusive']}."
    return (
        f"In {verdicts['worse']} of {times} {pair}, and in {verdicts['better']} it is worse. "
        f"{others}"
    )


def with_positions(results: Results, compared: Sequence[Contrast]) -> list[str]:
    """Which better attention models have positions, and what else; empty where none has."""
    kinds = queries.kinds(results)
    better = [c.second.model for c in compared if c.second is not None and c.verdict == "worse"]
    ordered = [m for m in better if ARCHITECTURES[kinds[m]].ordered]
    parts = {m: ", ".join(ARCHITECTURES[kinds[m]].ingredients) for m in ordered}
    who = listed([f"{queries.label(results, m)} ({what})" for m, what in parts.items()])
    times = f"{len(ordered)} of {len(better)} contrast{'s'[: len(better) != 1]}"
    what = "The better attention model has positions, which word2vec lacks, in"
    return [f"{what} {times}: {who}."] if ordered else []


def against_skip_gram(results: Results) -> list[str]:
    """How often an attention model has better word vectors than skip-gram; empty without both."""
    verdicts = skip_gram_verdicts(results)
    return [
        f"Attention's word vectors are significantly better than skip-gram's in "
        f"{verdicts.count('better')} of {len(verdicts)} comparisons, and worse in "
        f"{verdicts.count('worse')}."
        for _ in verdicts[:1]
    ]


def skip_gram_verdicts(results: Results) -> list[str]:
    """Of each attention model on each task of similarity: how it compares with skip-gram.

    The words are `better`, `worse`, `equivalent` and `inconclusive`.
    """
    attention = [m for m, family in queries.families(results).items() if family == FAMILIES[1]]
    pairs = (
        queries.oriented(queries.pairs(results, corpus, column), model, SKIP_GRAM)
        for corpus in queries.corpora(results)
        for column in queries.main_columns(results, corpus, "alike")
        for model in attention
    )
    return [_compared(pair) for pair in pairs if pair is not None]


def _compared(pair: Row) -> str:
    equal = "equivalent" if pair.p_equivalence < queries.ALPHA else "inconclusive"
    return {1: "better", -1: "worse"}.get(ahead(pair), equal)


def _in_front(results: Results, corpus: str, question: str) -> str:
    """Where one family alone has scores: which model is in front on its first task."""
    columns = queries.first_columns(results, corpus, question)
    fronts = ((c, _best(c, _competitors(results, corpus, c))) for c in columns)
    column, first = next(((c, r) for c, r in fronts if r is not None), (None, None))
    if column is None or first is None:
        return ""
    score = f"{with_interval(first.score, first.low, first.high)} {label(column.measure)}"
    what, of, n = label(column.task), queries.label(results, first.model), count(first.n_scored)
    if best(results, corpus, column) is not None:
        return f"On {corpus}, {of} is best on {what}: {score}, n {n}."
    chance = chance_by(question, column.task)
    if len(_competitors(results, corpus, column)) > 1:
        return f"On {corpus}, no model is better than {chance} on {what}, n {n}."
    beside = "" if pd.isna(first.chance) else f"; {chance} is {number(first.chance)}"
    return f"On {corpus}, {of} has the only score on {what}: {score}, n {n}{beside}."


def chance_by(question: str, task: str) -> str:
    """What chance is on a row of the result: "chance", and what it is if no guess at random."""
    what = _CHANCE.get(task) or _CHANCE.get(question)
    return f"chance ({what})" if what else "chance"


def chance_of(columns: Sequence[Column]) -> str:
    """What chance is on all of these columns, of which there is one at least."""
    names = queries.distinct(chance_by(column.question, column.task) for column in columns)
    return names[0] if len(names) == 1 else "chance"


def below_chance(results: Results, question: str) -> list[str]:
    """What is worse than chance, a sentence for each task and corpus; random vectors left out."""
    kinds = queries.kinds(results)
    texts = []
    for corpus in queries.corpora(results):
        for column in queries.main_columns(results, corpus, question):
            rows = queries.answers(results, corpus, column)
            scored = [m for m, r in rows.items() if not pd.isna(r.score) and kinds[m] != RANDOM]
            bad = [m for m in scored if is_below_chance(rows[m])]
            who = listed([queries.label(results, m) for m in bad])
            who = who if len(bad) <= _FEW else f"{len(bad)} of {len(scored)} models"
            verb = "is" if len(bad) == 1 else "are"
            chance = chance_by(question, column.task)
            what = f"worse than {chance} on {label(column.task)} ({corpus})"
            texts += [capital(f"{who} {verb} {what}.")] if bad else []
    return texts


def is_below_chance(row: Row) -> bool:
    """Whether the whole interval of a score lies on the worse side of chance."""
    if any(map(pd.isna, (row.score, row.low, row.high, row.chance))):
        return False
    return bool(row.low > row.chance if row.better == "lower" else row.high < row.chance)


def is_above_chance(row: Row) -> bool:
    """Whether a score is on the better side of chance, or its task has no chance."""
    if pd.isna(row.chance):
        return True
    return bool(row.score < row.chance if row.better == "lower" else row.score > row.chance)


def families_table(results: Results) -> Table | None:
    """How the best models of the two families compare, a line for each question and corpus."""
    body = []
    for question in queries.questions(results):
        for corpus in queries.corpora(results):
            verdicts = Counter(c.verdict for c in contrasts(results, corpus, question))
            tasks = verdicts.total() - verdicts["one-sided"]
            if tasks:
                kept = [verdicts[v] for v in ("worse", "better", "equivalent", "inconclusive")]
                body.append([title(question), name(corpus), *map(str, (tasks, *kept))])
    heads = ["question", "corpus", "tasks"]
    heads += ["attention better", "worse", "equivalent", "inconclusive"]
    return Table(heads, body, words=2) if body else None


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


def _competitors(results: Results, corpus: str, column: Column) -> list[Row]:
    """The rows with a score, without random vectors."""
    kinds = queries.kinds(results)
    return [r for r in _answered(results, corpus, column) if kinds[r.model] != RANDOM]


def best(results: Results, corpus: str, column: Column) -> Row | None:
    """The model with the best score, if it has a competitor and is better than chance."""
    competitors = _competitors(results, corpus, column)
    first = _best(column, competitors)
    if first is None or len(competitors) < 2 or not is_above_chance(first):
        return None
    return first


def front(results: Results, corpus: str, column: Column) -> Row | None:
    """The model with the best score, significantly ahead of the next or not; None without any."""
    return _best(column, _answered(results, corpus, column))
