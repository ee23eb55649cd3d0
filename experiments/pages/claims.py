"""The nine claims: the verdict that stands, the number that shows it, and the evidence."""

import re
from importlib import import_module
from typing import NamedTuple

from pages.front import looked_up
from pages.second_edition import NOTES, worse_than
from pages.studies import SAMPLES, decided, decides
from wordrel.report import queries
from wordrel.report.claims import REVISED, RULES, Standing, planned, standing, task, young
from wordrel.report.claims.learns import PREFERENCE, SIMILARITY
from wordrel.report.claims.parts_of_speech import articles
from wordrel.report.queries import Row
from wordrel.report.text import escape, number, share, table, with_interval
from wordrel.report.verdicts import (
    Claim,
    Rule,
    agreement,
    ahead,
    borne_out,
    difference,
    measured,
    value_of,
)
from wordrel.study.results import Results

FIRST_EDITION_RULE = " (old rule)"


class Judged(NamedTuple):
    """What stands on a claim: by contrasts that were planned, or by the first edition's rule.

    Attributes:
        standing: the verdict, and that of the rule where it is revised.
        claim: what the rule says.
        studies: those that decide it.
        mark: what a reader has to know of the verdict besides.
    """

    standing: Standing
    claim: Claim
    studies: tuple[str, ...]
    mark: str

    @property
    def front(self) -> str:
        """The verdict for a short table."""
        return f"**{self.standing.verdict}**{self.mark}"


def judged(rule: Rule, results: dict[str, Results]) -> Judged:
    """The verdict that stands on a claim, from the studies that planned contrasts of it."""
    studies = planning(rule.name, results)
    if studies:
        claim = planned.decide(rule.name, *(results[name] for name in studies))
        return Judged(Standing(claim.verdict), claim, studies, _measured_only(rule.name, results))
    claim = rule.decide(results[rule.experiment])
    now = standing(rule, claim)
    mark = young(rule) + ("" if now.before else FIRST_EDITION_RULE)
    return Judged(now, claim, (rule.experiment,), mark)


def planning(claim: str, results: dict[str, Results]) -> tuple[str, ...]:
    """The studies that planned contrasts of a claim, on a corpus that decides."""
    return tuple(name for name, result in results.items() if decides(claim, result))


def _measured_only(claim: str, results: dict[str, Results]) -> str:
    """Of which part of a claim's contrasts rows are measured; empty where of all."""
    rows = [
        row
        for name in planning(claim, results)
        for row in queries.rows(results[name].contrasts)
        if str(row.claim).startswith(f"{claim} ")
    ]
    parts = {str(row.claim): False for row in rows}
    parts |= {str(row.claim): True for row in rows if row.seeds}
    known = [part.removeprefix(f"{claim} ") for part, has_rows in parts.items() if has_rows]
    return "" if len(known) == len(parts) else f" ({' and '.join(known)} only)"


class OneNumber(NamedTuple):
    """The number that shows a verdict: what it is, and its value without and with interval."""

    words: str
    value: str
    interval: str


def one_numbers(results: dict[str, Results]) -> dict[str, OneNumber]:
    """Claim -> one number of its rule, on the first corpus of its experiment."""
    main, parts, roles = (results[r.experiment] for r in RULES if r.name in ("C1", "C2", "C5"))
    tasks, order, corpus = results["task_decides"], results["order"], SAMPLES[0]
    learnt = [
        ahead(difference(main, where, test, "attention", "random"))
        for where in queries.corpora(main)
        for test in (*SIMILARITY, *PREFERENCE)
    ]
    worse = f"; worse than skip-gram: {worse_than(main, 'skip_gram')}"
    better = f"{learnt.count(1)} of {len(learnt)}{worse}"
    counts = import_module("parts_of_speech").counts_reversed(parts, corpus)
    determiner, other = articles(parts, corpus, "attention")
    next_word = "held_out_loss.next_word"
    tied = difference(roles, corpus, next_word, "one_map_qk", "attention")
    without = difference(roles, corpus, next_word, "dot_product_attention", "attention")
    asking, others = (
        measured(order, corpus, "attention", ("word_order", "context", what, "added_loss"))
        for what in ("asking word exchanged", "others permuted")
    )
    found, _ = looked_up(results["recall"])
    (saved, _) = decided(results["twelve_cells"], "C9 masked word", "position_weight", "mean")
    attention = queries.label(main, "attention")
    return {
        "C1": OneNumber(f"tests where {attention} is better than random vectors", better, better),
        "C2": _plain("how often counts put a verb-article pair over a noun-verb pair", counts),
        "C3": _nats(
            f"loss added by hiding a determiner: {_value(determiner)} nats; another word",
            other,
        ),
        "C4": _ordered_and_shuffled(tasks, corpus),
        "C5": _nats("loss with one map for query and key minus that with two", tied),
        "C6": _nats("loss without the maps minus that with them", without),
        "C7": OneNumber(
            "values found by their key",
            share(found.score),
            share(found.score, found.low, found.high),
        ),
        "C8": _nats(f"loss added where the last word moves (others: {_value(others)})", asking),
        "C9": _nats("loss of a masked word that position weights save", saved),
    }


def _ordered_and_shuffled(tasks: Results, corpus: str) -> OneNumber:
    """How far cosines of the mean agree between ordered and shuffled text, beside two seeds.

    Raises:
        ValueError: where the prediction about shuffled text does not hold.
    """
    borne_out("shuffled text changes cosines", [task.verdicts(tasks)["2"].outcome == "holds"])
    ordered, _, shuffled = task.TASKS["mean"]
    between, *seeds = (
        agreement(tasks, corpus, task.MEASURE, *pair)
        for pair in ((ordered, shuffled), (ordered, ordered), (shuffled, shuffled))
    )
    least = min(value_of(row) for row in seeds if row is not None)
    words = "rank correlation of the mean's cosines, plain with shuffled text"
    return _plain(f"{words} (two seeds: {number(least)})", between)


def _plain(words: str, row: Row | None, unit: str = "") -> OneNumber:
    if row is None:
        raise ValueError(f"no table has the number of: {words}")
    value = float(row.gain) if hasattr(row, "gain") else value_of(row)
    interval = with_interval(value, row.low, row.high)
    return OneNumber(words, f"{number(value)}{unit}", f"{interval}{unit}")


def _nats(words: str, row: Row | None) -> OneNumber:
    return _plain(words, row, " nats")


def _value(row: Row | None) -> str:
    return number(None if row is None else value_of(row))


def revised(claim: str) -> str:
    """The verdict that stands in place of that of a rule, what asks for it, and why."""
    revision = REVISED[claim]
    return f"**{revision.verdict}** ({revision.by}: {revision.why})"


def claims_table(results: dict[str, Results], up: str) -> str:
    """A line for each claim; `up` leads from the page to the top of the project."""
    numbers, body = one_numbers(results), []
    for rule in RULES:
        judgement, shown = judged(rule, results), numbers[rule.name]
        former = judgement.standing.before
        body.append(
            [
                f"{rule.name}: {rule.claim}",
                f"{revised(rule.name)}; first edition: {former}{judgement.mark}"
                if former
                else judgement.front,
                f"{shown.words}: {escape(shown.interval)}",
                ", ".join(_links(name, up) for name in judgement.studies),
            ]
        )
    return table(["claim", "verdict", "one number", "decided by"], body, left=4)


def _links(name: str, up: str) -> str:
    return f"[rule]({up}experiments/{name}.py), [report]({up}results/{name}/report.md)"


def front_claims(results: dict[str, Results]) -> str:
    """A line for each claim: the verdict that stands, one number, and where it is from."""
    numbers, body = one_numbers(results), []
    for rule in RULES:
        judgement, shown = judged(rule, results), numbers[rule.name]
        reports = ", ".join(f"[report](results/{name}/report.md)" for name in judgement.studies)
        claim = f"{rule.name}: {rule.claim}"
        body.append([claim, judgement.front, f"{shown.words}: {shown.value}", reports])
    return table(["claim", "verdict", "one number", "evidence"], body, left=4)


def new_rules(results: dict[str, Results]) -> str:
    """Of each claim without planned contrasts: what the new rule asks, is stored and missing."""
    body = [
        [name, written["rule"], escape(shown(results)), missing]
        for name, written in planned.written().items()
        if not planning(name, results)
        for shown, missing in [NOTES[name]]
    ]
    heads = ["claim", "new rule", "measured so far", "not measured yet"]
    return table(heads, body, left=4)


def evidence(results: dict[str, Results]) -> str:
    """The evidence of each claim, one finding a line."""
    lines = []
    for rule in RULES:
        judgement = judged(rule, results)
        lines.append(f"- {rule.name}, {judgement.front}")
        # what counts items belongs to the finding before it
        joined = re.sub(r"; (n [\d,]+, \d+ seeds)$", r" (\1)", judgement.claim.evidence)
        lines += [f"  - {escape(finding)}" for finding in joined.split("; ")]
    return "\n".join(lines)
