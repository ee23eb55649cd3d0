"""The stored attempts to change outcomes of planned contrasts, as a table and one by one."""

from collections.abc import Callable, Collection, Sequence
from itertools import chain

import pandas as pd

from attempts import SEED, TABLE, WITHOUT
from wordrel.report import queries, text
from wordrel.report.queries import Row
from wordrel.study.schema import NO_INTERVAL


def table(named: Callable[[str], str], studies: Collection[str]) -> str:
    """A line for each contrast and corpus where attempts change the outcome; how many others.

    Args:
        named: what a model is called.
        studies: whose contrasts these are.
    """
    heads = ["first", "second", "corpus", "outcome", "attempts", "gains", "other outcome with"]
    lines, firm = [], 0
    rows = [row for row in stored() if row.study in studies]
    for (*_, corpus, first, second, against, stands), all_rows in _by_contrast(rows).items():
        its = [row for row in all_rows if row.outcome != NO_INTERVAL]
        if not any(row.moved for row in its):
            firm += 1
            continue
        gains = [float(row.gain) for row in its]
        ends = f"{text.number(min(gains))} to {text.number(max(gains))}"
        beside = named(second) if second else against
        line = [named(first), beside, text.escape(corpus), stands, text.count(len(its))]
        lines.append([*line, ends, _moved(its)])
    others = f"Of the other {text.count(firm)} rows, no attempt changes an outcome."
    return f"{text.table(heads, lines, left=4)}\n\n{others}"


def of_claim(claim: str) -> str:
    """How many attempts on the contrasts of a claim change an outcome; empty without attempts."""
    its = [
        row
        for row in stored()
        if row.claim.partition(" ")[0] == claim and row.outcome != NO_INTERVAL
    ]
    changed = [row for row in its if row.moved]
    where = {f"{contrast[2] or contrast[1]} on {contrast[3]}" for contrast in _by_contrast(changed)}
    shown = f" ({', '.join(sorted(where))})" if changed else ""
    made = f"attempts with other documents, seeds or settings: {text.count(len(its))}"
    return f"{made}; another outcome: {text.count(len(changed))}{shown}" if its else ""


def stored() -> list[Row]:
    """The rows of the stored table."""
    return queries.rows(pd.read_csv(TABLE, keep_default_na=False))


def moved(claim: str, first: str, second: str, corpus: str) -> list[Row]:
    """The attempts on a contrast that have another outcome."""
    wanted = (claim, first, second, corpus)
    its = [r for r in stored() if (r.claim, r.model_a, r.model_b, r.corpus) == wanted]
    return [row for row in its if row.moved and row.outcome != NO_INTERVAL]


def _by_contrast(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    keys = ("study", "claim", "part", "corpus", "model_a", "model_b", "against", "stands")
    return queries.grouped(rows, lambda row: tuple(str(getattr(row, key)) for key in keys))


def _moved(its: Sequence[Row]) -> str:
    """The attempts with another outcome; single seeds and authors are counted."""
    counted = {SEED: "seeds alone", WITHOUT: "tests without an author"}
    one_by_one = {start: [row for row in its if row.what.startswith(start)] for start in counted}
    single = list(chain(*one_by_one.values()))
    listed = [f"{row.what} ({row.outcome})" for row in its if row.moved and row not in single]
    for start, rows in one_by_one.items():
        if other := sum(row.moved for row in rows):
            listed.append(f"{other} of {len(rows)} {counted[start]}")
    return "; ".join(listed) or text.NOTHING
