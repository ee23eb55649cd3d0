"""The nine claims: the verdict that stands, the number that shows it, and the evidence."""

import re
from typing import NamedTuple

from pages import attempted
from pages.front import looked_up
from pages.second_edition import NOTES, worse_than
from pages.studies import SAMPLES, decided, decides
from wordrel.report import queries
from wordrel.report.claims import RULES, YOUNG, planned, task, young
from wordrel.report.claims.learns import PREFERENCE, SIMILARITY
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
    score,
    value_of,
)
from wordrel.study.results import Results

FIRST_EDITION_RULE = " (old rule)"
CORRECTED = ("C2",)
"""Claims whose planned contrasts were corrected when some results were known."""


class Judged(NamedTuple):
    """What stands on a claim: by contrasts that were planned, or by the first edition's rule.

    Attributes:
        verdict: that of the rule.
        claim: what the rule says.
        studies: those that decide it.
        mark: what a reader has to know of the verdict besides.
    """

    verdict: str
    claim: Claim
    studies: tuple[str, ...]
    mark: str

    @property
    def front(self) -> str:
        """The verdict for a short table."""
        return f"**{self.verdict}**{self.mark}"


def judged(rule: Rule, results: dict[str, Results]) -> Judged:
    """The verdict that stands on a claim, from the studies that planned contrasts of it."""
    studies = planning(rule.name, results)
    if studies:
        claim = planned.decide(rule.name, *(results[name] for name in studies))
        mark = YOUNG if rule.name in CORRECTED else ""
        return Judged(claim.verdict, claim, studies, mark + _measured_only(rule.name, results))
    claim = rule.decide(results[rule.experiment])
    return Judged(claim.verdict, claim, (rule.experiment,), young(rule) + FIRST_EDITION_RULE)


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
    main, maps = results["word2vec_vs_attention"], results["maps"]
    tasks, order, corpus = results["task_decides"], results["order"], SAMPLES[0]
    learnt = [
        ahead(difference(main, where, test, "attention", "random"))
        for where in queries.corpora(main)
        for test in (*SIMILARITY, *PREFERENCE)
    ]
    worse = f"; worse than skip-gram: {worse_than(main, 'skip_gram')}"
    better = f"{learnt.count(1)} of {len(learnt)}{worse}"
    first, *_ = queries.corpora(maps)
    nouns = score(maps, first, "verb_triples.articles.query_key", "attention")
    asking, others = (
        measured(order, corpus, "attention", ("word_order", "context", what, "added_loss"))
        for what in ("asking word exchanged", "others permuted")
    )
    found, _ = looked_up(results["lookup"])
    (saved, _) = decided(results["twelve_cells"], "C9 masked word", "position_weight", "mean")
    attention = queries.label(main, "attention")
    return {
        "C1": OneNumber(f"tests where {attention} is better than random vectors", better, better),
        "C2": _plain("how often a verb's query rates the noun above the article", nouns),
        "C3": _nats(
            "loss added by hiding another word minus that by a determiner as far away",
            planned_row(maps, "C3", "D1"),
        ),
        "C4": _ordered_and_shuffled(tasks, corpus),
        "C5": _nats(
            "loss with one map for key and value minus that with two",
            planned_row(maps, "C5", "K=V"),
        ),
        "C6": _nats("loss without the maps minus that with them", planned_row(maps, "C6", "maps")),
        "C7": OneNumber(
            "values found by their key",
            share(found.score),
            share(found.score, found.low, found.high),
        ),
        "C8": _nats(f"loss added where the last word moves (others: {_value(others)})", asking),
        "C9": _nats("loss of a masked word that position weights save", saved),
    }


def planned_row(results: Results, claim: str, part: str) -> Row:
    """A planned contrast on the first corpus of its study."""
    first, *_ = queries.rows(results.contrasts, claim=claim, part=part)
    return first


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


def claims_table(results: dict[str, Results], up: str) -> str:
    """A line for each claim; `up` leads from the page to the top of the project."""
    numbers, body = one_numbers(results), []
    for rule in RULES:
        judgement, shown = judged(rule, results), numbers[rule.name]
        body.append(
            [
                f"{rule.name}: {rule.claim}",
                judgement.front,
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
        tried = attempted.of_claim(rule.name)
        lines += [f"  - {escape(tried)}"] if tried else []
    return "\n".join(lines)
