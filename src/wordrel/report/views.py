"""The views of a model, in Markdown: which was chosen and how, and what the others score."""

from collections.abc import Iterable, Sequence

import pandas as pd

from wordrel.report import queries
from wordrel.report.groups import column_groups
from wordrel.report.queries import Column, Row
from wordrel.report.tables import column_title
from wordrel.report.text import NOTHING, count, escape, listed, number, table
from wordrel.study.results import Results

CHOSEN = (
    "For each question the view with the highest mean score on the development splits is the "
    "model's primary view, whatever the test splits say; where none was asked, the model's design "
    "decides. Parts of speech and syntax take the view of the relations."
)
OTHERS = (
    "Only primary views are tested; the others are exploratory, and what they score decides "
    "nothing. Intervals and the spread between seeds stand in [summary.csv](summary.csv)."
)


def chosen_table(results: Results, corpus: str) -> str:
    """A line for each question and model: its view, the score that chose it, and the next best.

    Empty where nothing was chosen by development splits: the headline tables name the views.
    """
    found = queries.rows(results.views, corpus=corpus)
    if not any(r.by == "development" for r in found):
        return ""
    groups: dict[tuple[str, str], list[Row]] = {}
    for r in found:
        groups.setdefault((r.question, r.model), []).append(r)
    heads = ["question", "model", "primary view", "chosen by", "score", "next best", "seeds"]
    body = [line for views in groups.values() if (line := _chosen_line(views))]
    return table(heads, body, left=4)


def _chosen_line(views: list[Row]) -> list[str]:
    best = next((r for r in views if r.chosen), None)
    if best is None:
        return []
    others = [r for r in views if not r.chosen and not pd.isna(r.score)]
    following = max(others, key=lambda r: r.score, default=None)
    splits = listed(best.dev_task.split("+"))
    return [
        escape(best.question.replace("_", " ")),
        escape(best.model),
        f"**{escape(best.view)}**",
        escape(splits) if best.by == "development" else "design",
        number(best.score),
        NOTHING if following is None else f"{escape(following.view)} {number(following.score)}",
        count(best.seeds),
    ]


def views_table(results: Results, corpus: str, question: str) -> str:
    """Every view of every model, a table for each headline table; empty while all are primary."""
    scored = [r for r in queries.asked(results, corpus, question) if not pd.isna(r.score)]
    if all(r.primary for r in scored):
        return ""
    groups = column_groups(results, corpus, question)
    return "\n\n".join(_views_of(results, corpus, g.columns, scored) for g in groups)


def _views_of(
    results: Results, corpus: str, columns: Sequence[Column], scored: Sequence[Row]
) -> str:
    places = {(c.task, c.measure): i for i, c in enumerate(columns)}
    lines: dict[tuple[str, str], dict[int, Row]] = {}
    for r in scored:
        if (r.task, r.measure) in places:
            lines.setdefault((r.model, r.view), {})[places[r.task, r.measure]] = r
    order = {model: i for i, model in enumerate(queries.models(results, corpus))}
    body = [
        [escape(model), _view(view, found.values()), *_scores(found, len(columns))]
        for (model, view), found in sorted(lines.items(), key=lambda line: order[line[0][0]])
    ]
    return table(["model", "view", *map(column_title, columns)], body, left=2)


def _view(view: str, found: Iterable[Row]) -> str:
    name = escape(view) or NOTHING
    return f"**{name}** (primary)" if any(r.primary for r in found) else name


def _scores(found: dict[int, Row], columns: int) -> list[str]:
    rows = [found.get(i) for i in range(columns)]
    return [NOTHING if r is None else number(r.score) for r in rows]
