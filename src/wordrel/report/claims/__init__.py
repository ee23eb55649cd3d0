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
from wordrel.report.claims.rule import Rule
from wordrel.report.claims.task import C4
from wordrel.study.results import Results

RULES = (C1, C2, C3, C4, C5, C6, C7, C8, C9)


def decidable(results: Results) -> list[Rule]:
    """The rules that have what they need in this study."""
    return [rule for rule in RULES if not rule.missing(results)]
