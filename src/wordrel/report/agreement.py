"""Which models agree, in Markdown and in a sentence: overlap of neighbours, and other measures."""

import pandas as pd

from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.tables import model_and_view
from wordrel.report.text import count, escape, listed, number, small, table, with_interval
from wordrel.study.results import Results

MAIN = "overlap"
"""The measure of the figure and of the sentence: the share of ten nearest neighbours in common."""

_MEASURES = {
    "overlap": "share of the nearest neighbours of a word that two models have in common",
    "rank_correlation": "Spearman's correlation of the cosines that two models give to pairs",
    "cka": "linear centred kernel alignment, debiased",
    "procrustes": "what is left when one space is rotated onto the other, 0 where nothing is",
}


def explained(results: Results) -> str:
    """What the measures of this study say."""
    there = queries.distinct(results.agreement["measure"])
    meanings = [f"*{m.replace('_', ' ')}*: {_MEASURES[m]}" for m in there if m in _MEASURES]
    differ = "Two models differ only as far as they agree less than two seeds of one of them."
    return f"{'; '.join(meanings)}. {differ}" if meanings else differ


def overlaps(results: Results, corpus: str) -> dict[frozenset[str], Row]:
    """The row of each pair of models in their primary views; one name = between seeds."""
    primary = {(r.model, r.view) for r in queries.asked(results, corpus, "alike") if r.primary}
    return {
        frozenset((r.model_a, r.model_b)): r
        for r in queries.rows(results.agreement, corpus=corpus, measure=MAIN)
        if not pd.isna(r.score) and {(r.model_a, r.view_a), (r.model_b, r.view_b)} <= primary
    }


def nearest(results: Results, corpus: str) -> Row | None:
    """The two models that have most neighbours in common; None where no two were compared."""
    between = [r for pair, r in overlaps(results, corpus).items() if len(pair) == 2]
    return max(between, key=lambda r: r.score, default=None)


def sentence(results: Results) -> str:
    """The two models that agree most, beside how far each agrees with itself; by corpus."""
    corpora = queries.corpora(results)
    clauses = [clause for corpus in corpora if (clause := _clause(results, corpus))]
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _clause(results: Results, corpus: str) -> str:
    pair = nearest(results, corpus)
    if pair is None:
        return ""
    found = overlaps(results, corpus)
    names = (pair.model_a, pair.model_b)
    seeds = [found[frozenset((n,))] for n in names if frozenset((n,)) in found]
    own = listed([f"{number(r.score)} ({escape(r.model_a)})" for r in seeds])
    beside = f", where seeds of one model share {own}" if own else ""
    models = sum(len(p) == 2 for p in found)
    return (
        f"on {escape(corpus)}, of {count(models)} pairs of models {escape(names[0])} and "
        f"{escape(names[1])} have most neighbours in common, "
        f"{with_interval(pair.score, pair.low, pair.high)}{beside}"
    )


def agreement_table(results: Results, corpus: str, between: str) -> str:
    """What the seeds of one model, or two models, have in common, in every measure."""
    found = [
        r
        for r in queries.rows(results.agreement, corpus=corpus, between=between)
        if not pd.isna(r.score)
    ]
    pairs: dict[tuple[str, ...], dict[str, Row]] = {}
    for r in found:
        key = (model_and_view(r.model_a, r.view_a), model_and_view(r.model_b, r.view_b))
        pairs.setdefault(key, {})[r.measure] = r
    measures = queries.distinct(r.measure for r in found)
    names = ["model"] if between == "seeds" else ["a", "b"]
    heads = [*names, *(escape(m.replace("_", " ")) for m in measures)]
    body = [_line(key[: len(names)], measures, rows) for key, rows in pairs.items()]
    last = [f"chance ({MAIN})" if len(measures) > 1 else "chance", "words", "pairs of runs"]
    return table([*heads, *last], body, left=len(names)) if body else ""


def _line(names: tuple[str, ...], measures: list[str], rows: dict[str, Row]) -> list[str]:
    scores = [
        with_interval(rows[m].score, rows[m].low, rows[m].high) if m in rows else number(None)
        for m in measures
    ]
    first = rows.get(MAIN, next(iter(rows.values())))
    return [*names, *scores, small(first.chance), count(first.n_items), count(first.pairs)]
