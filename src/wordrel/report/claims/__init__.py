"""What the tables of a study say of the claims of the note: a rule for each, C1 to C9.

The rules were written, and committed, in the experiments that they name before those were run; here
they are applied to any study that has the models and tasks which they need.
"""

from wordrel.report.claims.ladder import C9
from wordrel.report.claims.learns import C1
from wordrel.report.claims.order import C8
from wordrel.report.claims.parts_of_speech import C2, C3
from wordrel.report.claims.recall import C7
from wordrel.report.claims.roles import C5, C6
from wordrel.report.claims.task import C4
from wordrel.report.document import (
    Block,
    Bullets,
    Fold,
    Paragraph,
    Section,
    Table,
    code,
    name,
    strong,
)
from wordrel.report.verdicts import SEEDS, Rule
from wordrel.study.results import Results

TITLE = "The claims"
_EXPLAINED = (
    "What the tables of this study alone say of each claim, by its rule. Fewer than "
    f"{SEEDS} seeds, or a row that is missing, leave a claim undecided."
)
RULES = (C1, C2, C3, C4, C5, C6, C7, C8, C9)


def decidable(results: Results) -> list[Rule]:
    """The rules that have what they need in this study."""
    return [rule for rule in RULES if not rule.missing(results)]


def claims_table(results: Results) -> list[Table]:
    """A line for each claim that this study can decide; nothing where there is none."""
    found = [(rule, rule.decide(results)) for rule in decidable(results)]
    rows = [
        (f"{rule.name}: {rule.claim}", strong(claim.verdict), name(claim.evidence))
        for rule, claim in found
    ]
    return [Table(("claim", "verdict", "effect, interval, n"), rows, words=3)] if rows else []


def sections(results: Results) -> list[Section]:
    """The claims that this study can decide, by which rules; and what the others need."""
    found = claims_table(results)
    if not found:
        return []
    blocks: list[Block] = [Paragraph(_EXPLAINED), *found, Fold("The rules", [_rules(results)])]
    needs = {rule: rule.missing(results) for rule in RULES}
    others = [
        f"{rule.name}: {rule.claim}. Needs {', '.join(map(code, missing))}."
        for rule, missing in needs.items()
        if missing
    ]
    if others:
        blocks.append(Fold("Claims that this study does not ask about", [Bullets(others)]))
    return [Section(TITLE, blocks, "claims")]


def _rules(results: Results) -> Bullets:
    return Bullets(
        [
            f"{rule.name} ({code(f'experiments/{rule.experiment}.py')}): {name(rule.rule)}"
            for rule in decidable(results)
        ]
    )
