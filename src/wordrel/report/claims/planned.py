"""The claims whose contrasts a study planned: verdicts by `rules.yaml`, from their outcomes.

A condition is one of

- `PART: OUTCOME`: all contrasts of this part have this outcome (`*`: of any part);
- `some: {PART: OUTCOME}`: one of them has;
- `all: [...]`, `any: [...]`, `not: ...`: of other conditions; with `rows: n` it has to
  hold on n rows of the result, each by itself;
- `leads: one ingredient`: in all orderings of the claim, which have both objectives; see
  `wordrel.study.orderings.leader`.

Supported and contradicted are strict: an outcome counts where it is found on every corpus of the
contrast, wiki17m and novels (or planted text alone), with five seeds. Elsewhere an outcome on one
corpus is enough, if none has the opposite one. A claim that only this keeps from support is
partly supported.

Reads the tables `contrasts` and `orderings`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from itertools import chain
from typing import Any, get_args

import pandas as pd
import yaml

from wordrel.config.architectures import Objective
from wordrel.report import queries
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, count, listed, number, plural, with_interval
from wordrel.report.verdicts import SEEDS, Claim, Rule, claim_of, counted, plans
from wordrel.study.contrasts import decisive
from wordrel.study.orderings import leader
from wordrel.study.results import Results
from wordrel.study.schema import MISSING, OUTCOMES

Condition = Mapping[str, Any]
_WORDS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "not_identified": "not identified",
    "partly": "partly supported",
}
"""Key of a rule -> verdict, in order: the first that holds counts."""
_SAME = ("claim", "part", "model_a", "model_b", "against", "task", "rule", "margin")
"""What one contrast has in common on all corpora."""
STRICT = ("supported", "contradicted")
OBJECTIVES = {*get_args(Objective)}


@cache
def written() -> dict[str, dict[str, Any]]:
    """Claim -> its words and its rule, as `rules.yaml` has them."""
    text = files(__package__).joinpath("rules.yaml").read_text(encoding="utf-8")
    by_claim: dict[str, dict[str, Any]] = yaml.load(text, yaml.CSafeLoader)
    return by_claim


def words(name: str) -> str:
    """The words of a claim, C1 to C9."""
    return str(written()[name]["claim"])


def over_contrasts(name: str, study: str = "") -> Rule:
    """The rule of a claim over planned contrasts, for the study that planned them."""
    return Rule(
        name=name,
        claim=words(name),
        experiment=study,
        rule=written()[name]["rule"],
        decide=partial(decide, name),
        planned=True,
    )


def rules(results: Results, general: Sequence[Rule]) -> list[Rule]:
    """The general rules; where a study planned contrasts of a claim, the rule over these."""
    return [
        over_contrasts(rule.name, results.study) if plans(rule.name, results) else rule
        for rule in general
    ]


def decide(name: str, *studies: Results) -> Claim:
    """The verdict on a claim, and every outcome of its contrasts, in one study or in several.

    Studies with one corpus under one name have it from one source.
    """
    contrasts = chain.from_iterable(queries.rows(study.contrasts) for study in studies)
    rows = [row for row in contrasts if claim_of(str(row.claim)) == name]
    facts = _Facts(studies, name, rows)
    rule = written()[name]
    verdict = next(
        (
            word
            for key, word in _WORDS.items()
            if key in rule and facts.holds(rule[key], strict=key in STRICT)
        ),
        "undecided",
    )
    if verdict == "undecided" and facts.holds(rule["supported"], strict=False):
        verdict = _WORDS["partly"]
    also = [what for what, condition in rule.get("also", {}).items() if facts.holds(condition)]
    parts = queries.grouped(rows, _part_of)
    shown = [*(_part(name, of) for name, of in parts.items()), *facts.leads()]
    return Claim(verdict, "; ".join(shown), ", ".join(also))


def _contrast(row: Row) -> tuple[object, ...]:
    return tuple(getattr(row, key) for key in _SAME)


def _part_of(row: Row) -> str:
    """The part of a contrast, after what its claim adds to the name: "masked word, positions"."""
    return ", ".join(filter(None, (_added(str(row.claim)), str(row.part or row.task))))


def _added(claim: str) -> str:
    """What a name adds to that of its claim: `masked word` of `C9 masked word`."""
    return claim.partition(" ")[2]


def _part(name: str, rows: Sequence[Row]) -> str:
    """The outcomes of the contrasts of one part: in full where there is one, else counted."""
    contrasts = len(queries.grouped(rows, _contrast))
    if contrasts == 1:
        return f"{name}, {_shown(rows)}"
    outcomes = Counter(str(row.outcome) for row in rows)
    measured = [row for row in rows if not pd.isna(row.gain)]
    ends = [number(end([row.gain for row in measured])) for end in (min, max)] if measured else []
    between = f", gains of {' to '.join(dict.fromkeys(ends))}" if ends else ""
    counts = listed([f"{count(n)} {outcome}" for outcome, n in outcomes.items()])
    corpora = plural(len({row.corpus for row in rows}), "corpus", "corpora")
    shown = f"{count(contrasts)} contrasts on {corpora}: {counts}{between}"
    return f"{name}, {shown} ({counted(measured or rows)})"


def _shown(rows: Sequence[Row]) -> str:
    """The outcome of one contrast on every corpus."""
    first = rows[0]
    over = (
        f"over {label(str(first.model_b), 'model')}"
        if first.model_b
        else f"against {first.against}"
    )
    gains = (with_interval(row.gain, row.low, row.high) for row in rows)
    facts = (f"{row.corpus} {row.outcome} {gain}" for row, gain in zip(rows, gains, strict=True))
    outcomes = ", ".join(fact.removesuffix(f" {NOTHING}") for fact in facts)
    return f"{label(str(first.model_a), 'model')} {over}: {outcomes} ({counted(rows)})"


class _Facts:
    """The outcomes of the contrasts of one claim."""

    def __init__(self, studies: Sequence[Results], name: str, rows: Sequence[Row]) -> None:
        self._sources = dict(
            chain.from_iterable(queries.sources(study).items() for study in studies)
        )
        orderings = chain.from_iterable(queries.rows(study.orderings) for study in studies)
        its = [row for row in orderings if claim_of(str(row.claim)) == name]
        by_task = queries.grouped(its, lambda row: (str(row.claim), str(row.task)))
        self._leaders = {key: leader(of, self._sources) for key, of in by_task.items()}
        self._rows = rows

    def leads(self) -> Iterator[str]:
        """Which ingredient leads in every ordering, of each claim with orderings."""
        for (claim, _), ingredient in self._leaders.items():
            yield f"{_added(claim) or claim}, adds most on both corpora: {ingredient or 'none'}"

    def holds(self, condition: Condition, *, strict: bool = True) -> bool:
        """Whether a condition holds."""
        return self._holds(condition, self._rows, strict)

    def _holds(self, condition: Condition, rows: Sequence[Row], strict: bool) -> bool:
        if "rows" in condition:
            per_row = {key: value for key, value in condition.items() if key != "rows"}
            by_row = queries.grouped(rows, lambda r: str(r.task)).values()
            return sum(self._holds(per_row, of, strict) for of in by_row) >= int(condition["rows"])
        ((key, value),) = condition.items()
        if key in ("all", "any"):
            held = [self._holds(inner, rows, strict) for inner in value]
            return all(held) if key == "all" else any(held)
        if key == "not":
            return not self._holds(value, rows, strict=False)
        if key == "leads":
            tasks = [task for _, task in self._leaders]
            objectives = {name for name in OBJECTIVES if any(f".{name}." in t for t in tasks)}
            leaders = [*self._leaders.values()]
            return objectives == OBJECTIVES and len({*leaders}) == 1 and all(leaders)
        if key == "some":
            ((key, value),) = value.items()
            return any(self._has_outcome(of, value, strict) for of in self._contrasts(key, rows))
        contrasts = self._contrasts(key, rows)
        return bool(contrasts) and all(self._has_outcome(of, value, strict) for of in contrasts)

    def _contrasts(self, part: str, rows: Sequence[Row]) -> list[list[Row]]:
        """The contrasts of a part, each with its rows of all corpora."""
        of_part = [r for r in rows if part in ("*", str(r.part))]
        return [*queries.grouped(of_part, _contrast).values()]

    def _has_outcome(self, contrast: Sequence[Row], outcome: str, strict: bool) -> bool:
        outcomes = {str(row.outcome) for row in contrast}
        if outcome == MISSING:
            return outcomes == {MISSING}
        if any(row.seeds < SEEDS for row in contrast if row.outcome != MISSING):
            return False
        opposite = {*OUTCOMES[str(contrast[0].rule)]} - {outcome}
        if not strict:
            return outcome in outcomes and not opposite & outcomes
        sources = {self._sources[str(row.corpus)] for row in contrast}
        return outcomes == {outcome} and decisive(sources)
