"""The differences between every two models, and the scores of all their embeddings."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import Block, Paragraph, Table, emphasis, link, name, strong
from wordrel.report.findings import title
from wordrel.report.headline import column_groups, column_title, letters, measured
from wordrel.report.labels import term
from wordrel.report.queries import ALPHA, Column, Row
from wordrel.report.text import NOTHING, count, listed, number, p_value, with_interval
from wordrel.study.results import Results

CHOSEN = (
    "For each question, a model's selected embedding is the one with the highest mean score on the "
    "development splits. Test splits have no part in it. Where there is no development split, the "
    "model's design decides. Parts of speech and syntax take the embedding of the relations."
)
CHOSEN_ALIKE = (
    "The similarity of words, in and out of sentences, is measured in the embedding with the "
    "highest mean score on the development splits. Test splits have no part in it. Where there is "
    "no development split, the design names the embedding. The relation of words is measured by "
    "lifts, by design."
)
"""Of studies whose models have lifts."""
SAME = (
    "No development split could choose an embedding. All models with word vectors take the same "
    "one, {}."
)
OTHERS = (
    "Only selected embeddings are tested; the others are exploratory. The spread between seeds is "
    f"in {link('summary.csv', 'summary.csv')}."
)
_TRIANGLES = (
    "First every difference at a glance: row − column, in the letters of the tables of scores"
    "{equal}. Then every pair with its interval and p."
)
_FEW = 10  # models whose pairs need no table at a glance
_TESTS = {"p_steiger": "p (Steiger)", "p_equivalence": "equal?"}


def model_and_embedding(results: Results, model: str, embedding: str) -> str:
    """A model, and its embedding in brackets."""
    shown = queries.term(results, model)
    return f"{shown} ({term(embedding, 'embedding')})" if embedding else shown


def legend(results: Results) -> str:
    """How the comparisons are to be read, with the rules that these ones need."""
    parts = [
        "These comparisons are exploratory and decide nothing. Bold: significantly different "
        "(adjusted p < 0.05, and an interval without 0). a − b has the units of the score."
    ]
    if results.comparisons["p_steiger"].notna().any():
        parts.append(
            "Beside p, where the score is a correlation, stands that of Steiger's test for "
            "dependent correlations; it concludes nothing here."
        )
    if results.comparisons["p_equivalence"].notna().any():
        parts.append(
            f"{emphasis(f'Equal{_margin(results)}')}: two one-sided tests (TOST) both reject a "
            f"difference beyond the margin at {ALPHA}, unadjusted for the number of pairs. A pair "
            "that is neither significantly different nor equal is undecided."
        )
    return " ".join(parts)


def comparisons(results: Results, corpus: str, question: str) -> list[Block]:
    """Every tested pair, in the order of tasks and models; bold where it is significant.

    A line a pair; among many models, a triangle of differences stands above the lines of a task.
    """
    columns = queries.columns(results, corpus, question)
    listed_pairs = {column: _pair_list(results, corpus, column) for column in columns}
    if len(queries.models(results, corpus)) <= _FEW:
        return [block for blocks in listed_pairs.values() for block in blocks]
    shown = {column: _triangle(results, corpus, column) for column in columns}
    tables = [block for blocks in shown.values() for block in blocks if isinstance(block, Table)]
    equal = any(cell.endswith(" =") for table in tables for row in table.rows for cell in row)
    how = Paragraph(_TRIANGLES.format(equal=", = where equal" if equal else ""))
    body = [block for c in columns for block in (*shown[c], *listed_pairs[c])]
    return [how, *body] if body else []


def _pair_list(results: Results, corpus: str, column: Column) -> list[Block]:
    """A line for each pair of one column, with the results of its tests."""
    order = {model: i for i, model in enumerate(queries.models(results, corpus))}
    tested = queries.compared(results, corpus, column)
    ordered = sorted(tested, key=lambda r: (order[r.model_a], order[r.model_b]))
    if not ordered:
        return []
    within = _margin(results)
    tests = [test for test in _TESTS if any(not pd.isna(getattr(pair, test)) for pair in ordered)]
    heads = ["a", "b", "a − b", "interval", "p", "p (adjusted)", *(_TESTS[test] for test in tests)]
    body = [
        [*_pair_line(results, pair), *(_tested(pair, within)[test] for test in tests)]
        for pair in ordered
    ]
    heading = f"{strong(term(column.task, 'task'))}, {measured(column)}, {_counted(ordered)}"
    return [Table(heads, body, words=2, title=heading)]


def _pair_line(results: Results, pair: Row) -> list[str]:
    bold, finest = strong if queries.winner(pair) else str, queries.is_finest(results, pair)
    return [
        model_and_embedding(results, pair.model_a, pair.embedding_a),
        model_and_embedding(results, pair.model_b, pair.embedding_b),
        bold(number(pair.difference)),
        f"[{number(pair.low)}, {number(pair.high)}]",
        name(p_value(pair.p, finest=finest)),
        bold(name(p_value(pair.p_adjusted, finest=finest))),
    ]


def _tested(pair: Row, within: str) -> dict[str, str]:
    return {
        "p_steiger": name(p_value(pair.p_steiger)),
        "p_equivalence": f"equal{within}" if _equal(pair) else NOTHING,
    }


def _triangle(results: Results, corpus: str, column: Column) -> list[Block]:
    """Each model minus each model above it, in their selected embeddings."""
    tested = queries.pairs(results, corpus, column)
    models = queries.models(results, corpus)
    names = dict(zip(models, letters(len(models)), strict=True))
    compared = [m for m in models if any(m in (p.model_a, p.model_b) for p in tested)]
    if not compared:
        return []
    body = [
        [
            *(names[row], queries.term(results, row)),
            *(_difference(tested, row, other) for other in compared[:i]),
            *[""] * (len(compared) - 1 - i),
        ]
        for i, row in enumerate(compared)
    ]
    heads = [
        "",
        f"{term(column.task, 'task')}, {measured(column)}",
        *(names[m] for m in compared[:-1]),
    ]
    return [Table(heads, body, words=2), Paragraph(_counted(tested))]


def _difference(tested: Sequence[Row], first: str, second: str) -> str:
    pair = queries.oriented(tested, first, second)
    if pair is None:
        return NOTHING
    bold = strong if queries.winner(pair) else str
    return f"{bold(number(pair.difference))}{' =' if _equal(pair) else ''}"


def _counted(pairs: Sequence[Row]) -> str:
    seeds = queries.distinct(str(n) for n in sorted({pair.seeds for pair in pairs}))
    word = "seed" if seeds == ["1"] else "seeds"
    return f"n {count(pairs[0].n_scored)}, {'–'.join(seeds)} {word}"


def _equal(pair: Row) -> bool:
    """Whether the two are shown to differ by less than the margin, unadjusted."""
    return bool(pair.p_equivalence < ALPHA)


def _margin(results: Results) -> str:
    """` within .03`, the margin of the equivalence test; empty where the study has none."""
    stored: Any = results.manifest["statistics"].get("margin")
    return "" if stored is None else f" within {stored:g}".replace(" 0.", " .")


def how_chosen(results: Results) -> str:
    """How the selected embeddings came about; empty where there is nothing to explain."""
    rows = queries.rows(results.embeddings)
    if any(r.by == "development" for r in rows):
        lifts = any(str(r.embedding).endswith(".lift") for r in rows)
        return CHOSEN_ALIKE if lifts else CHOSEN
    alike = {r.embedding for r in rows if r.question == "alike" and r.chosen}
    return SAME.format(name(alike.pop())) if len(alike) == 1 else ""


def chosen(results: Results, corpus: str) -> list[Block]:
    """A line for each question and model: embedding, the score that chose it, the next best.

    Nothing where no embedding was chosen by development splits: the headline tables name the
    embeddings.
    """
    rows = queries.rows(results.embeddings, corpus=corpus)
    if not any(r.by == "development" for r in rows):
        return []
    groups = queries.grouped(rows, lambda r: (r.question, r.model))
    heads = ["question", "model", "selected embedding", "chosen by", "score", "next best", "seeds"]
    return [
        Table(heads, [line for g in groups.values() for line in _chosen_line(results, g)], words=4)
    ]


def _chosen_line(results: Results, embeddings: list[Row]) -> list[list[str]]:
    best = next((r for r in embeddings if r.chosen), None)
    if best is None:
        return []
    others = [r for r in embeddings if not r.chosen and not pd.isna(r.score)]
    following = max(others, key=lambda r: r.score, default=None)
    splits = listed([term(task, "task") for task in best.dev_task.split("+")])
    line = [
        title(best.question),
        queries.term(results, best.model),
        strong(term(best.embedding, "embedding")),
        splits if best.by == "development" else "design",
        number(best.score),
        _scored(following),
        count(best.seeds),
    ]
    return [line]


def _scored(embedding: Row | None) -> str:
    return (
        NOTHING
        if embedding is None
        else f"{term(embedding.embedding, 'embedding')} {number(embedding.score)}"
    )


def embeddings(results: Results, corpus: str, question: str) -> list[Block]:
    """Every embedding of every model, a table for each headline; none if all are selected."""
    scored = [r for r in queries.headline_rows(results, corpus, question) if not pd.isna(r.score)]
    if all(r.selected for r in scored):
        return []
    groups = column_groups(results, corpus, question)
    return [_embeddings(results, corpus, group.columns, scored) for group in groups]


def _embeddings(
    results: Results, corpus: str, columns: Sequence[Column], scored: Sequence[Row]
) -> Table:
    places = {(c.task, c.measure): i for i, c in enumerate(columns)}
    lines: dict[tuple[str, str], dict[int, Row]] = {}
    for r in scored:
        if (r.task, r.measure) in places:
            lines.setdefault((r.model, r.embedding), {})[places[r.task, r.measure]] = r
    order = {model: i for i, model in enumerate(queries.models(results, corpus))}
    body = [
        [
            *(queries.term(results, model), _embedding(embedding, by_column.values())),
            *(_shown(by_column[i]) if i in by_column else NOTHING for i in range(len(columns))),
        ]
        for (model, embedding), by_column in sorted(
            lines.items(), key=lambda line: order[line[0][0]]
        )
    ]
    return Table(["model", "embedding", *map(column_title, columns)], body, words=2)


def _shown(row: Row) -> str:
    return with_interval(row.score, row.low, row.high)


def _embedding(embedding: str, rows: Iterable[Row]) -> str:
    shown = term(embedding, "embedding") or NOTHING
    return f"{strong(shown)} (selected)" if any(r.selected for r in rows) else shown
