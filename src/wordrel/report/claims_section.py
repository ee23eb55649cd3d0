"""The claims on the page: what this study says of each, by which rule, and what it does not ask.

Renders Markdown from stored tables in memory.
"""

from collections.abc import Iterator

from wordrel.report.claims import RULES, decidable
from wordrel.report.text import code, escape, folded, table
from wordrel.report.verdicts import SEEDS
from wordrel.study.results import Results

TITLE = "The claims"
HEADS = ("claim", "verdict", "effect, interval, n")
EXPLAINED = (
    "What the tables of this study alone say of each claim, by its rule. Fewer than "
    f"{SEEDS} seeds, or a row that is missing, leave a claim undecided."
)


def section(results: Results) -> str:
    """The section of report.md; empty where no claim can be decided."""
    found = claims_table(results)
    if not found:
        return ""
    folds = [folded(title, body) for title, body in folds_of(results)]
    return "\n\n".join([f"## {TITLE}", EXPLAINED, found, *folds])


def claims_table(results: Results) -> str:
    """A line for each claim that this study can decide; empty where there is none."""
    body = [
        [claim, f"**{verdict}**", escape(evidence)] for claim, verdict, evidence in told(results)
    ]
    return table(list(HEADS), body, left=3) if body else ""


def told(results: Results) -> list[tuple[str, str, str]]:
    """Claim, verdict and evidence of each claim that this study can decide, as plain text."""
    found = [(rule, rule.decide(results)) for rule in decidable(results)]
    return [
        (
            f"{rule.name}: {rule.claim}",
            claim.verdict,
            "; ".join(filter(None, (claim.effect, claim.more))),
        )
        for rule, claim in found
    ]


def folds_of(results: Results) -> Iterator[tuple[str, str]]:
    """The rules of these claims in words; and the others, with what a study needs for them."""
    rules = [
        f"- {rule.name} ({code(f'experiments/{rule.experiment}.py')}): {escape(rule.rule)}"
        for rule in decidable(results)
    ]
    yield "The rules", "\n".join(rules)
    needs = {rule: rule.missing(results) for rule in RULES}
    others = [
        f"- {rule.name}: {rule.claim}. Needs {', '.join(map(code, missing))}."
        for rule, missing in needs.items()
        if missing
    ]
    if others:
        yield "Claims that this study does not ask about", "\n".join(others)
