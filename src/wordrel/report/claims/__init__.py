"""The claims C1 to C9: a rule decides the verdict of each from the tables of a study.

C1, C4, C8 and C9 have a general rule. It names its experiment, whose file states the rule and its
date; here it applies to any study with the models and tasks that it needs. If a study planned
contrasts of a claim, these alone decide it, see `planned`; the other claims need such contrasts.
"""

from wordrel.report.claims import planned
from wordrel.report.claims.ladder import C9
from wordrel.report.claims.learns import C1
from wordrel.report.claims.order import C8
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
    verdict,
)
from wordrel.report.verdicts import SEEDS, Claim, Rule
from wordrel.study.results import Results

TITLE = "The claims"
_EXPLAINED = (
    "These verdicts use the tables of this study alone. A claim stays undecided where a row is "
    f"missing or a model has fewer than {SEEDS} seeds."
)
YOUNGER_RULES = ("C1", "C9")
"""Those written when some results were known."""
YOUNG = "†"
_YOUNGER = f"{YOUNG} The rule was written when some results were known."
_GENERAL = {rule.name: rule for rule in (C1, C4, C8, C9)}
RULES = tuple(_GENERAL.get(name) or planned.over_contrasts(name) for name in planned.written())
"""Of each claim: the general rule, or the one over contrasts that a study has to plan."""


def standing(rule: Rule, claim: Claim) -> str:
    """The verdict of a rule as it stands: undecided where a review found the rule too strong."""
    return "undecided" if rule.review else claim.verdict


def young(rule: Rule) -> str:
    """The mark of a rule that was written when some results were known."""
    return YOUNG if rule.name in YOUNGER_RULES and not rule.planned else ""


def rules_of(results: Results) -> list[Rule]:
    """The rule of each claim: over the contrasts that the study planned, or the general one."""
    return planned.rules(results, RULES)


def decidable(results: Results) -> list[Rule]:
    """The rules that have what they need in this study; those of its own experiment first."""
    rules = [rule for rule in rules_of(results) if not rule.missing(results)]
    return sorted(rules, key=lambda rule: rule.experiment != results.study)


def chips(results: Results) -> list[tuple[str, str]]:
    """Each claim that the study was made for, or else can decide, with its verdict."""
    rules = decidable(results)
    own = [rule for rule in rules if rule.experiment == results.study]
    return [
        (f"{rule.name}: {rule.claim}", standing(rule, rule.decide(results)))
        for rule in own or rules
    ]


def claims_table(results: Results) -> list[Table]:
    """A line for each claim that this study can decide; nothing where there is none."""
    rows = []
    for rule in decidable(results):
        claim = rule.decide(results)
        now = standing(rule, claim)
        before = "" if now == claim.verdict else f" (its rule: {claim.verdict})"
        shown = f"{verdict(now)}{young(rule)}{before}"
        rows.append((f"{rule.name}: {rule.claim}", shown, name(claim.evidence)))
    return [Table(("claim", "verdict", "effect [95% interval], n"), rows, words=3)] if rows else []


def blocks(results: Results) -> list[Block]:
    """The claims with their verdicts, why some are not those of the rules, and the rules."""
    rules = decidable(results)
    if not rules:
        return []
    revised = [
        f"{rule.name} is {now}: {rule.review}."
        for rule in rules
        if (now := standing(rule, claim := rule.decide(results))) != claim.verdict
    ]
    if any(map(young, rules)):
        revised.append(_YOUNGER)
    texts = [
        f"{rule.name} ({code(f'experiments/{rule.experiment}.py')}): {name(rule.rule)}"
        for rule in rules
    ]
    content: list[Block] = [Paragraph(_EXPLAINED), *claims_table(results)]
    content += [Bullets(revised)] if revised else []
    return [*content, Fold("The rules", [Bullets(texts)])]


def sections(results: Results) -> list[Section]:
    """The same, and what the other claims would need."""
    content = blocks(results)
    if not content:
        return []
    needs = {rule: rule.missing(results) for rule in rules_of(results)}
    others = [
        f"{rule.name}: {rule.claim}. Needs {', '.join(map(code, missing))}."
        for rule, missing in needs.items()
        if missing
    ]
    if others:
        content.append(Fold("Claims that this study cannot decide", [Bullets(others)]))
    return [Section(TITLE, content, "claims")]
