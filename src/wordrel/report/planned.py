"""Comparisons that were planned before the run: what each has to show, and what it shows."""

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import Block, Paragraph, Section, Table, name, strong
from wordrel.report.labels import term
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, count, p_value, share, with_interval
from wordrel.study.results import Results

TITLE = "Planned contrasts"
_CONTRASTS = (
    "A gain is above 0 where the first model is better. Its interval and p are after Holm's "
    "correction within one claim. A calibrated loss decides; the gain as trained stands beside it."
)
_ORDERINGS = "Each ingredient without and with the others, with the interval of every number."
_RULES = {"adds": "above {}", "not_worse": "above −{}", "equivalent": "within ±{}"}


def sections(results: Results) -> list[Section]:
    """The planned contrasts with their outcomes, and the gains by ordering; none without a plan."""
    found: list[Block] = []
    if len(results.contrasts):
        found += [Paragraph(_CONTRASTS), _contrasts(results)]
    if len(results.orderings):
        found += [Paragraph(_ORDERINGS), _orderings(results)]
    return [Section(TITLE, found, "planned")] if found else []


def _contrasts(results: Results) -> Table:
    heads = ["claim", "contrast", "corpus", "task", "expected", "outcome"]
    body = [
        [
            name(r.claim),
            f"{_model(results, r.model_a)} − {_model(results, r.model_b)}",
            name(r.corpus),
            term(r.task, "task"),
            _RULES[r.rule].format(f"{r.margin:g}"),
            strong(name(r.outcome)),
            _gain(r),
            with_interval(r.as_trained, r.as_trained_low, r.as_trained_high),
            name(p_value(r.p_holm)),
            _behind(r),
        ]
        for r in queries.rows(results.contrasts)
    ]
    return Table([*heads, "gain", "as trained", "p (Holm)", "n"], body, words=len(heads))


def _orderings(results: Results) -> Table:
    heads = ["claim", "corpus", "task", "what", "ingredient", "beside"]
    body = [
        [
            *(name(r.claim), name(r.corpus), term(r.task, "task")),
            *(name(text) or NOTHING for text in (r.what, r.ingredient, r.beside)),
            *(_gain(r), name(r.note) or share(r.share, r.share_low, r.share_high), _behind(r)),
        ]
        for r in queries.rows(results.orderings)
    ]
    return Table([*heads, "gain", "share", "n"], body, words=len(heads))


def _gain(row: Row) -> str:
    return with_interval(row.gain, row.low, row.high)


def _behind(row: Row) -> str:
    seeds = 0 if pd.isna(row.seeds) else int(row.seeds)
    return f"{count(row.n)}, {seeds} seed{'s'[: seeds != 1]}"


def _model(results: Results, model: str) -> str:
    return name(queries.label(results, model))
