"""The claims C1 to C9: a rule decides the verdict of each from the tables of a study.

Each rule names its experiment, whose file states the rule and its date. Here the rules apply to any
study with the models and tasks that they need. If a study planned contrasts of a claim, these alone
decide it, see `planned`.

An independent review and the second edition found some rules of the first edition too strong.
Until there are new measurements, `REVISED` replaces their verdicts in every report, in README.md
and in results/ANSWER.md.
"""

from typing import NamedTuple

from wordrel.report.claims import planned
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
    verdict,
)
from wordrel.report.verdicts import SEEDS, Claim, Rule
from wordrel.study.results import Results

TITLE = "The claims"
_EXPLAINED = (
    "These verdicts use the tables of this study alone. A claim stays undecided where a row is "
    f"missing or a model has fewer than {SEEDS} seeds."
)
REVIEW, SECOND_EDITION = "independent review, one seed", "rule of the second edition"
_DECIDED = ("supported", "contradicted", "partly supported")


class Revision(NamedTuple):
    """The verdict that stands until new measurements are in.

    Attributes:
        verdict: that word.
        why: the reason.
        by: what asks for it.
        replaces: the verdicts of the rule that it stands for.
    """

    verdict: str
    why: str
    by: str = REVIEW
    replaces: tuple[str, ...] = _DECIDED


REVISED = {
    "C2": Revision(
        "not identified",
        "no noun is as frequent as an article, so that nothing can hold frequency equal",
    ),
    "C5": Revision("undecided", "the models are not tuned"),
    "C6": Revision("undecided", "the models are not tuned"),
    "C7": Revision(
        "partly supported",
        "capability alone is shown; limit and use of attention are not measured",
        SECOND_EDITION,
        ("supported",),
    ),
    "C9": Revision(
        "undecided",
        "what word scores add changes its sign with learning rate, windows and calibration",
    ),
}
"""Claim -> the verdict that stands in place of that of its rule."""
YOUNGER_RULES = ("C1", "C9")
"""Those written when some results were known."""
YOUNG = "†"
_YOUNGER = f"{YOUNG} The rule was written when some results were known."
RULES = (C1, C2, C3, C4, C5, C6, C7, C8, C9)


class Standing(NamedTuple):
    """A verdict as it stands; the other fields are empty where the rule's own one stands."""

    verdict: str
    before: str = ""
    why: str = ""
    by: str = ""


def standing(rule: Rule, claim: Claim) -> Standing:
    """The verdict of a rule, or its revision, which covers no planned contrasts."""
    revision = REVISED.get(rule.name)
    if rule.planned or revision is None or claim.verdict not in revision.replaces:
        return Standing(claim.verdict)
    return Standing(revision.verdict, claim.verdict, revision.why, revision.by)


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
        (f"{rule.name}: {rule.claim}", standing(rule, rule.decide(results)).verdict)
        for rule in own or rules
    ]


def claims_table(results: Results) -> list[Table]:
    """A line for each claim that this study can decide; nothing where there is none."""
    rows = []
    for rule in decidable(results):
        claim = rule.decide(results)
        now = standing(rule, claim)
        before = f" (its rule: {now.before})" if now.before else ""
        shown = f"{verdict(now.verdict)}{young(rule)}{before}"
        rows.append((f"{rule.name}: {rule.claim}", shown, name(claim.evidence)))
    return [Table(("claim", "verdict", "effect [95% interval], n"), rows, words=3)] if rows else []


def blocks(results: Results) -> list[Block]:
    """The claims with their verdicts, why some are not those of the rules, and the rules."""
    rules = decidable(results)
    if not rules:
        return []
    revised = [
        f"{rule.name} is {now.verdict}: {now.why} ({now.by})."
        for rule in rules
        if (now := standing(rule, rule.decide(results))).why
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
