"""Which verdict on a claim stands: that of its rule, or what a review made of it.

An independent review found three rules of the first edition too strong. Until new measurements are
in, their verdicts are the ones below, in every report, in README.md and in results/ANSWER.md.
"""

from typing import NamedTuple

from wordrel.report.verdicts import Claim, Rule


class Revision(NamedTuple):
    """The verdict that stands until new measurements are in, and why."""

    verdict: str
    why: str


REVIEW = "independent review, one seed"
REVISED = {
    "C2": Revision(
        "not identified",
        "no noun is as frequent as an article, so that nothing can hold frequency equal",
    ),
    "C6": Revision("undecided", "the models are not tuned"),
    "C9": Revision(
        "undecided",
        "what word scores add changes its sign with learning rate, windows and calibration",
    ),
}
"""Claim -> what the review says of its verdict."""
YOUNGER_RULES = ("C1", "C9")
"""Those written when some results were known."""
YOUNG = "†"


class Standing(NamedTuple):
    """A verdict as it stands; `before` and `why` are empty where the rule's own one stands."""

    verdict: str
    before: str = ""
    why: str = ""


def standing(rule: Rule, found: Claim) -> Standing:
    """What stands of the verdict of a rule: the review has read none of a planned contrast."""
    revision = REVISED.get(rule.name)
    if rule.planned or revision is None or found.verdict == "undecided":
        return Standing(found.verdict)
    return Standing(revision.verdict, found.verdict, revision.why)


def young(rule: Rule) -> str:
    """A mark behind the verdict of a rule that is younger than results."""
    return YOUNG if rule.name in YOUNGER_RULES and not rule.planned else ""
