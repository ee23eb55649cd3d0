"""What a rule is: a claim of the note, what it needs to be decided, and the function that does so.

Reads stored tables in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

from wordrel.report.verdicts import Claim
from wordrel.study.results import Results


@dataclass(frozen=True)
class Rule:
    """What decides one claim.

    Attributes:
        name: C1 to C9.
        claim: its words.
        experiment: the one whose docstring has the question, the predictions and the rule, as
            they were written before its run.
        rule: the rule in words that stand by themselves.
        models: those that have to be in a study, by their names.
        tasks: those that have to be asked.
        decide: the verdict, from the tables of a study that has both.
    """

    name: str
    claim: str
    experiment: str
    rule: str
    models: tuple[str, ...]
    tasks: tuple[str, ...]
    decide: Callable[[Results], Claim]

    def missing(self, results: Results) -> list[str]:
        """The models and tasks that a study would need besides; empty where it can decide."""
        models = {str(model["name"]) for model in results.config.get("models") or ()}
        tasks = {str(task["name"]) for task in results.manifest["tasks"]}
        without = [name for name in self.models if name not in models]
        return without + [name for name in self.tasks if name not in tasks]
