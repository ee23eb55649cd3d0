"""Which models agree: overlap of neighbours and other measures, as table, sentence and figure."""

from collections.abc import Sequence

import pandas as pd

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec, Table, emphasis, name
from wordrel.report.labels import term
from wordrel.report.pairs import model_and_embedding
from wordrel.report.queries import Row
from wordrel.report.text import count, listed, number, plural, small, with_interval
from wordrel.study.agreement import LIFTS
from wordrel.study.results import Results

TITLE = "Which models agree?"
KIND = "neighbours"  # of the task
MAIN = "overlap"
"""The measure of the figure and of the sentence: the share of ten nearest neighbours in common."""

_MEASURES = {
    "overlap": "share of the nearest neighbours of a word that two models have in common",
    "rank_correlation": "Spearman's correlation of the cosines that two models give to pairs",
    "lift_correlation": "Spearman's correlation of the lifts that two models give to pairs of "
    "words stratified by frequency",
    "cka": "linear centred kernel alignment, debiased",
    "procrustes": "what is left when one space is rotated onto the other, 0 where nothing is",
}


def explained(results: Results) -> str:
    """What the measures of agreement in this study mean."""
    measures = queries.distinct(results.agreement["measure"])
    known = {m: _MEASURES[m] for m in measures if m in _MEASURES}
    meanings = [f"{emphasis(term(m, 'measure'))}: {meaning}" for m, meaning in known.items()]
    differ = "Two models differ only as far as they agree less than two seeds of one of them."
    return f"{'; '.join(meanings)}. {differ}" if meanings else differ


def overlaps(results: Results, corpus: str) -> dict[frozenset[str], Row]:
    """The row of each pair of models in their selected embeddings; one name = between seeds.

    Without a task of word similarity none is selected, and the table has one for each model.
    """
    selected = {
        (r.model, r.embedding)
        for r in queries.headline_rows(results, corpus, "alike")
        if r.selected
    }
    return {
        frozenset((r.model_a, r.model_b)): r
        for r in queries.rows(results.agreement, corpus=corpus, measure=MAIN)
        if not pd.isna(r.score)
        and (not selected or {(r.model_a, r.embedding_a), (r.model_b, r.embedding_b)} <= selected)
    }


def nearest(results: Results, corpus: str) -> Row | None:
    """The two models that have most neighbours in common; None where no two were compared."""
    between = [r for pair, r in overlaps(results, corpus).items() if len(pair) == 2]
    return max(between, key=lambda r: r.score, default=None)


def sentence(results: Results) -> str:
    """The two models that agree most, beside the agreement of two seeds of each; by corpus."""
    return " ".join(filter(None, (_corpus_sentence(results, c) for c in queries.corpora(results))))


def outcome(results: Results) -> str:
    """The same, or why a corpus has no agreement; empty where no task is on neighbours."""
    if not any(task.get("kind") == KIND for task in results.manifest["tasks"]):
        return ""
    none = "On {}, the neighbours of no two models were compared: fewer than two have word vectors."
    corpora = queries.corpora(results)
    return " ".join(_corpus_sentence(results, c) or none.format(name(c)) for c in corpora)


def _corpus_sentence(results: Results, corpus: str) -> str:
    pair = nearest(results, corpus)
    if pair is None:
        return ""
    by_pair = overlaps(results, corpus)
    names = (pair.model_a, pair.model_b)
    seeds = [by_pair[frozenset((n,))] for n in names if frozenset((n,)) in by_pair]
    own = listed([f"{number(r.score)} ({queries.term(results, r.model_a)})" for r in seeds])
    beside = f" Two seeds of one model share {own}." if own else ""
    of = plural(sum(len(p) == 2 for p in by_pair), "pair of models", "pairs of models")
    models = listed([queries.term(results, model) for model in names])
    most = f"{with_interval(pair.score, pair.low, pair.high)}, of {of}"
    return f"On {name(corpus)}, {models} share most nearest neighbours: {most}.{beside}"


def agreement_figure(results: Results) -> list[Figure]:
    """A heat map for each corpus; the diagonal is between seeds. None without agreement."""
    corpora = [c for c in queries.corpora(results) if overlaps(results, c)]
    if not corpora:
        return []
    words = f"Shared nearest neighbours of models and seeds on {listed(corpora)}."
    pairs = {corpus: pair for corpus in corpora if (pair := nearest(results, corpus)) is not None}
    named = [
        f"{c}: {queries.label(results, p.model_a)} and {queries.label(results, p.model_b)} "
        f"{number(p.score, 2)}"
        for c, p in pairs.items()
    ]
    words += f" Nearest two models: {'; '.join(named)}." if named else ""
    title = "Shared nearest neighbours"
    charted = [Chart(title, _heat_map(results, corpus), corpus) for corpus in corpora]
    return [Figure("agreement", charted, words)]


def _heat_map(results: Results, corpus: str) -> Spec:
    by_pair = overlaps(results, corpus)
    known = frozenset[str]().union(*by_pair)
    models = {m: queries.label(results, m) for m in queries.models(results, corpus) if m in known}
    fields = [
        {
            **{"a": models[a], "b": models[b], "identifier": f"{a}, {b}"},
            **{"value": charts.rounded(r.score), "shown": number(r.score, 2)},
        }
        for a in models
        for b in models
        if (r := by_pair.get(frozenset((a, b)))) is not None
    ]
    scale = {"domain": [0, 1], "range": [charts.PAPER, "var(--cold)"], "interpolate": "lab"}
    names = list(models.values())
    across = charts.bottom("b", names, title="on the diagonal: between seeds of one model")
    return charts.heat_map(fields, scale, across, charts.side("a", names))


def agreement_table(results: Results, corpus: str, between: str) -> list[Table]:
    """What the seeds of one model, or two models, have in common, in every measure.

    The lifts of pairs of words have a table of their own.
    """
    scored = [
        r
        for r in queries.rows(results.agreement, corpus=corpus, between=between)
        if not pd.isna(r.score)
    ]
    sides = ["model"] if between == "seeds" else ["a", "b"]
    by_items = queries.grouped(
        scored, lambda r: "pairs of words" if r.measure == LIFTS else "words"
    )
    return [_table(results, rows, sides, items) for items, rows in by_items.items()]


def _table(results: Results, scored: Sequence[Row], sides: list[str], items: str) -> Table:
    """A line for each model or pair of models; `items` is what its measures are over."""
    pairs = queries.grouped(
        scored,
        lambda r: (
            model_and_embedding(results, r.model_a, r.embedding_a),
            model_and_embedding(results, r.model_b, r.embedding_b),
        ),
    )
    measures = queries.distinct(r.measure for r in scored)
    heads = [*sides, *(term(m, "measure") for m in measures)]
    body = [_line(key[: len(sides)], measures, rows) for key, rows in pairs.items()]
    last = [f"chance ({MAIN})" if len(measures) > 1 else "chance", items, "pairs of runs"]
    return Table([*heads, *last], body, words=len(sides))


def _line(names: tuple[str, ...], measures: list[str], rows: list[Row]) -> list[str]:
    by_measure = {r.measure: r for r in rows}
    scores = [
        with_interval(by_measure[m].score, by_measure[m].low, by_measure[m].high)
        if m in by_measure
        else number(None)
        for m in measures
    ]
    first = by_measure[MAIN] if MAIN in by_measure else rows[0]
    return [*names, *scores, small(first.chance), count(first.n_items), count(first.pairs)]
