"""The planned contrasts with their outcomes; each ingredient's gains in both orderings.

Reads the tables `contrasts` and `orderings`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import (
    Block,
    Bullets,
    Paragraph,
    Section,
    Table,
    emphasis,
    labelled,
    name,
    strong,
    verdict,
)
from wordrel.report.labels import label, term
from wordrel.report.own.planned import same
from wordrel.report.queries import ALPHA, Row
from wordrel.report.text import (
    NOTHING,
    count,
    listed,
    number,
    percent,
    plural,
    share,
    with_interval,
)
from wordrel.study.contrasts import SEEDS, decided_by
from wordrel.study.orderings import MOST_INTERACTION, leader
from wordrel.study.results import Results
from wordrel.study.schema import GAIN, INTERACTION, LEAD, WHOLE

_HOW = (
    "The config listed these contrasts before the run. A gain is positive where the first model is "
    "better. An interval above the margin adds, one below it adds less. A family has the contrasts "
    "of one name below, on one corpus. Holm's step-down widens the intervals of a family, so that "
    "{most} of families have a false outcome at most. A verdict needs "
    f"{SEEDS} seeds on wiki17m and on novels, or on artificial sentences alone. All other "
    "comparisons are exploratory."
)
_ORDERINGS = (
    "A gain compares the model with the ingredient to the model without it. It is measured without "
    "and with the other ingredient. A share is a part of the whole gain. There is none where an "
    "interaction exceeds {half} of the whole gain, or where the whole gain may lie below the "
    "margin. Intervals of this table are those of single numbers."
)
_RULES = {"adds": "adds more than", "not_worse": "not worse by", "equivalent": "equal within"}


def sections(results: Results) -> list[Section]:
    """The two sections; each only where something was planned."""
    parts = []
    if rows := queries.rows(results.contrasts):
        most = percent(1 - _confidence(results))
        how: list[Block] = [Paragraph(_HOW.format(most=most)), Bullets(_claims(results, rows))]
        parts.append(Section("Planned contrasts", [*how, *_table(results, rows)], "contrasts"))
    if rows := queries.rows(results.orderings):
        half = percent(MOST_INTERACTION)
        blocks = [Paragraph(_ORDERINGS.format(half=half)), *_orderings(results, rows)]
        parts.append(Section("Both orderings", blocks, "orderings"))
    return parts


def _claims(results: Results, rows: Sequence[Row]) -> list[str]:
    """The verdicts on each claim's contrasts over the corpora, and the outcomes on each."""
    lines = []
    for claim, its in queries.grouped(rows, lambda r: str(r.claim)).items():
        alike = queries.grouped(its, same).values()
        verdicts = Counter(decided_by(contrast, queries.sources(results)) for contrast in alike)
        outcomes = Counter(str(r.outcome) for r in its)
        lines.append(
            f"{strong(name(claim))}: {_counted(verdicts)} of {plural(len(alike), 'contrast')}; "
            f"{_counted(outcomes)} on single corpora."
        )
    return lines


def _counted(counts: Mapping[str, int]) -> str:
    return listed([f"{count(n)} {what}" for what, n in counts.items()])


def claim_and_part(row: Row) -> str:
    """What a planned contrast is of: a claim, or a part of one."""
    return f"{row.claim}, {row.part}" if row.part else str(row.claim)


def _table(results: Results, rows: Sequence[Row]) -> list[Table]:
    """A line for each contrast that is measured on a corpus, and one for each of its other corpora.

    The verdict stands on the first line of a contrast.
    """
    heads = ["claim", "first", "second", "task", "rule", "verdict", "corpus", "gain", "outcome"]
    trained = any(not pd.isna(r.as_trained) for r in rows)
    heads += [*(["as trained"] if trained else []), "p (Holm)", "seeds", emphasis("n")]
    body = []
    for contrast in queries.grouped(rows, lambda r: (r.claim, *same(r))).values():
        word = verdict(decided_by(contrast, queries.sources(results)))
        for i, row in enumerate(contrast if any(row.seeds for row in contrast) else ()):
            shown = with_interval(row.as_trained, row.as_trained_low, row.as_trained_high)
            body.append(
                [
                    name(claim_and_part(row)),
                    *_sides(results, row),
                    _row_label(str(row.task)),
                    f"{_RULES[row.rule]} {number(row.margin)}",
                    "" if i else word,
                    name(row.corpus),
                    with_interval(row.gain, row.low, row.high),
                    str(row.outcome),
                    *([shown] if trained else []),
                    NOTHING if pd.isna(row.p_adjusted) else _p(row.p_adjusted),
                    count(row.seeds),
                    count(row.n),
                ]
            )
    return [Table(heads, body, words=7)] if body else []


def _sides(results: Results, row: Row) -> list[str]:
    """The first model, and the second or the number that it is compared with."""
    models = [m for m in (str(row.model_a), str(row.model_b)) if m]
    named = [labelled(m, queries.label(results, m)) for m in models]
    return named if len(named) == 2 else [*named, name(row.against)]


def _row_label(row: str) -> str:
    """The label of a row of the result, or of a task and its measurement."""
    task, colon, measurement = row.partition(": ")
    return f"{term(task)}{colon}{name(measurement)}"


def _p(p: float) -> str:
    return name("< 0.001") if p < 0.001 else number(p)


def _orderings(results: Results, rows: Sequence[Row]) -> list[Block]:
    blocks: list[Block] = []
    for (claim, task), its in queries.grouped(rows, lambda r: (r.claim, r.task)).items():
        blocks.append(Paragraph(_leads(results, str(claim), str(task), its)))
        for corpus, on_corpus in queries.grouped(its, lambda r: str(r.corpus)).items():
            blocks += _ordering(results, f"{claim}, {label(str(task))}, {corpus}", on_corpus)
    return blocks


def _leads(results: Results, claim: str, task: str, rows: Sequence[Row]) -> str:
    """Whether one ingredient leads in every ordering, in the words of the rule."""
    where = f"{strong(name(claim))}, {term(task)}: "
    ingredient = leader(rows, queries.sources(results))
    if not ingredient:
        return (
            f"{where}no ingredient's smallest gain exceeds the largest gain of every other one, on "
            f"wiki17m and on novels with {SEEDS} seeds."
        )
    return (
        f"{where}mostly {strong(name(ingredient))}. Its smallest gain exceeds the largest gain of "
        "every other ingredient, on wiki17m and on novels."
    )


def _ordering(results: Results, title: str, rows: Sequence[Row]) -> list[Block]:
    of = queries.grouped(rows, lambda r: str(r.what))
    heads = ["ingredient", "beside", "with it", "without it", "gain", "share"]
    body = [
        [
            name(r.ingredient),
            name(r.beside),
            *(labelled(m, queries.label(results, m)) for m in (r.model_a, r.model_b)),
            with_interval(r.gain, r.low, r.high),
            share(r.share, r.share_low, r.share_high),
        ]
        for r in of[GAIN]
    ]
    foot = [
        [emphasis(what), beside, "", "", with_interval(r.gain, r.low, r.high), ""]
        for kind, what in ((WHOLE, "whole gain"), (INTERACTION, "interaction"), (LEAD, "lead"))
        for r in of.get(kind, [])
        for beside in [" · ".join(name(part) for part in (r.ingredient, r.beside) if part)]
    ]
    first = rows[0]
    behind = f"{emphasis('n')} {count(first.n)}, {plural(first.seeds, 'seed')}."
    why = " ".join(str(r.note).capitalize() + "." for r in of.get(WHOLE, []) if r.note)
    return [
        Table(heads, body, words=4, foot=foot, title=strong(name(title))),
        Paragraph(" ".join(filter(None, (behind, name(why))))),
    ]


def _confidence(results: Results) -> float:
    return float(results.manifest["statistics"].get("confidence", 1 - ALPHA))
