"""What the rules of claims and experiments judge by: rows of tables, and the words of a verdict.

A rule itself stands in `claims`, or in the experiment that it decides.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from wordrel.report import queries
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.report.text import count, number, p_value, plural, with_interval
from wordrel.study.contrasts import SEEDS as SEEDS  # experiments import it from here
from wordrel.study.results import Results


class Verdict(NamedTuple):
    """Of a prediction: holds, fails or undecided, and the numbers that decide it."""

    outcome: str
    evidence: str


class Claim(NamedTuple):
    """Of a claim of the study: supported, contradicted, partly supported or undecided.

    Attributes:
        verdict: that word.
        effect: the size of it, with interval, n and seeds.
        details: the other numbers that the rule looks at.
    """

    verdict: str
    effect: str
    details: str = ""

    @property
    def evidence(self) -> str:
        """All the numbers."""
        return "; ".join(filter(None, (self.effect, self.details)))


@dataclass(frozen=True)
class Rule:
    """What decides one claim.

    Attributes:
        name: C1 to C9.
        claim: its words.
        experiment: the one whose docstring has the question, the predictions and the rule, as
            they were written before its run.
        rule: the rule in words.
        decide: the verdict, from the tables of a study that has what the rule needs.
        models: those that have to be in a study, by their names.
        tasks: those that have to be in it, too.
        planned: whether it is of contrasts that the config of the study listed.
        review: why a review leaves undecided what the rule decides; empty: it does not.
    """

    name: str
    claim: str
    experiment: str
    rule: str
    decide: Callable[[Results], Claim]
    models: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    planned: bool = False
    review: str = ""

    def missing(self, results: Results) -> list[str]:
        """What a study would need besides; empty where it can decide.

        Models and tasks by their names, or "contrasts", where the claim needs planned ones.
        """
        if self.planned:
            return [] if plans(self.name, results) else ["contrasts"]
        models = {str(model["name"]) for model in results.config.get("models") or ()}
        tasks = {str(task["name"]) for task in results.manifest["tasks"]}
        without = [name for name in self.models if name not in models]
        return without + [name for name in self.tasks if name not in tasks]


def claim_of(contrast: str) -> str:
    """The claim that a contrast belongs to: `C9 masked word, lm` is of C9."""
    return contrast.partition(" ")[0]


def plans(name: str, results: Results) -> bool:
    """Whether a study planned contrasts of a claim."""
    return any(claim_of(str(claim)) == name for claim in results.contrasts["claim"])


def verdict_lines(predictions: Mapping[str, Verdict], claims: Mapping[str, Claim]) -> str:
    """Every verdict of an experiment, a line each."""
    lines = [f"{name}: {outcome}; {evidence}" for name, (outcome, evidence) in predictions.items()]
    lines += [f"{name}: {'; '.join(filter(None, claim))}" for name, claim in claims.items()]
    return "\n".join(lines)


def too_few(results: Results, models: Iterable[str]) -> dict[str, Verdict]:
    """Each prediction undecided, where a model has too few seeds on a corpus; empty elsewhere."""
    runs = itertools.product(queries.corpora(results), models)
    if all(queries.cost(results, corpus, model).done >= SEEDS for corpus, model in runs):
        return {}
    return dict.fromkeys("1234", Verdict("undecided", f"fewer than {SEEDS} seeds"))


def is_significant(pair: Row | None) -> bool:
    """Whether p_adjusted is below .05, and 0 outside the interval of the paired difference.

    Against random vectors p_adjusted is the plain p, see `wordrel.study.analysis.adjust`. A rule
    that looks for one such difference among several has to correct them, as C1 does.
    """
    return pair is not None and bool(
        pair.p_adjusted < queries.ALPHA and (pair.low > 0 or pair.high < 0)
    )


def ahead(pair: Row | None) -> int:
    """1 where the first model is significantly better, -1 where it is worse, else 0."""
    if pair is None or not is_significant(pair):
        return 0
    return 1 if (pair.difference > 0) == (pair.better == "higher") else -1


def decided(signs: Iterable[int]) -> str:
    """Holds where one supports and none contradicts, fails where one contradicts."""
    distinct = set(signs)
    return "fails" if -1 in distinct else "holds" if 1 in distinct else "undecided"


def decided_by_all(signs: Iterable[int]) -> str:
    """Holds where all support, fails where one contradicts."""
    distinct = set(signs)
    return "fails" if -1 in distinct else "holds" if distinct == {1} else "undecided"


def above(row: Row | None, value: float) -> int:
    """1 where the whole interval lies above a value, -1 where it lies below, else 0."""
    return 0 if row is None else int(row.low > value) - int(row.high < value)


def apart(first: Row | None, second: Row | None) -> int:
    """1 where the interval of the first lies above that of the second, -1 below, else 0."""
    if first is None or second is None:
        return 0
    return int(first.low > second.high) - int(first.high < second.low)


def difference(results: Results, corpus: str, task: str, first: str, second: str) -> Row | None:
    """First minus second in their selected embeddings; None where they were not compared."""
    columns = [c for q in queries.questions(results) for c in queries.columns(results, corpus, q)]
    pairs = [p for c in columns if c.task == task for p in queries.pairs(results, corpus, c)]
    return queries.oriented(pairs, first, second)


def score(results: Results, corpus: str, task: str, model: str, embedding: str = "") -> Row | None:
    """A row of the summary: of this embedding, or of the selected one."""
    rows = [
        row
        for row in queries.rows(results.summary, corpus=corpus, task=task, model=model)
        if (row.embedding == embedding if embedding else row.selected) and not pd.isna(row.score)
    ]
    return rows[0] if rows else None


def measured(
    results: Results, corpus: str, model: str, of: tuple[str, str, str, str]
) -> Row | None:
    """A row of the measurements, by task, embedding, group and statistic."""
    task, embedding, group, statistic = of
    wanted = {"task": task, "embedding": embedding, "group": group, "statistic": statistic}
    rows = queries.rows(results.measurements, corpus=corpus, model=model, **wanted)
    return rows[0] if rows and not pd.isna(rows[0].value) else None


def agreement(results: Results, corpus: str, measure: str, first: str, second: str) -> Row | None:
    """How far two models agree, or the seeds of one, in their selected embeddings."""
    for row in queries.rows(results.agreement, corpus=corpus, measure=measure):
        if {row.model_a, row.model_b} == {first, second}:
            return row
    return None


def shown(results: Results, pair: Row | None, digits: int = 4) -> str:
    """A paired difference of a study with all that it rests on."""
    if pair is None or pd.isna(pair.difference):
        return "not tested"
    gap = with_interval(pair.difference, pair.low, pair.high, digits=digits)
    names = f"{label(pair.model_a)} − {label(pair.model_b)}"
    p = p_value(pair.p_adjusted, finest=queries.is_finest(results, pair))
    return (
        f"{names} = {gap}, adjusted p {p}, "
        f"n {count(pair.n_scored)}, {plural(pair.seeds, 'seed')}{_detectable(pair, digits)}"
    )


def _detectable(pair: Row, digits: int) -> str:
    """The difference that 80% power would find, where the tables have it."""
    known = not pd.isna(pair.detectable)
    return f", detectable {number(pair.detectable, digits)}" if known else ""


def shown_gap(pair: Row | None) -> str:
    """A paired difference with its interval, n and seeds, for a sentence."""
    assert pair is not None
    gap = with_interval(pair.difference, pair.low, pair.high)
    return f"{gap} (n {count(pair.n_scored)}, {plural(pair.seeds, 'seed')})"


def shown_value(row: Row | None, digits: int = 3) -> str:
    """The number of a row with its interval."""
    if row is None:
        return "not measured"
    return with_interval(value_of(row), row.low, row.high, digits=digits)


def value_of(row: Row) -> float:
    """The number of a row: a score, a measurement or a difference."""
    names = ("score", "value", "difference")
    return float(next(getattr(row, name) for name in names if hasattr(row, name)))


def shown_values(rows: Mapping[str, Row | None]) -> str:
    """The same of several, each with its label."""
    return ", ".join(f"{label(name)} {shown_value(row)}" for name, row in rows.items())


def shown_counted(rows: Mapping[str, Row | None]) -> str:
    """The same, and what they rest on."""
    return f"{shown_values(rows)} ({counted(rows.values())})"


def counted(rows: Iterable[Row | None]) -> str:
    """How many items, and which seeds, some rows rest on: "n 148 to 2,655, 5 seeds".

    Rows of the agreement count pairs of runs instead.
    """
    known = [row for row in rows if row is not None]
    items = [int(_n(row)) for row in known]
    if all(hasattr(row, "seeds") for row in known):
        runs, words = [int(row.seeds) for row in known], ("seed", "seeds")
    else:
        runs, words = [int(row.pairs) for row in known], ("pair of runs", "pairs of runs")
    return f"n {_span(items)}, {_span(runs)} {words[0] if set(runs) == {1} else words[1]}"


def _n(row: Row) -> int:
    names = ("n_scored", "n", "n_items")
    return int(next(getattr(row, name) for name in names if hasattr(row, name)))


def _span(values: Sequence[int]) -> str:
    least, most = min(values, default=0), max(values, default=0)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def overall(verdicts: Iterable[str]) -> str:
    """One word for all corpora: a prediction holds where it holds on all, fails where on one."""
    words = set(verdicts)
    return "fails" if "fails" in words else words.pop() if len(words) == 1 else "undecided"


def over_corpora(
    results: Results, on_corpus: Callable[[Results, str], Mapping[str, Verdict]]
) -> dict[str, Verdict]:
    """Each prediction over all corpora, from its verdict on one."""
    by_corpus = {corpus: on_corpus(results, corpus) for corpus in queries.corpora(results)}
    return {
        name: Verdict(
            overall(of[name].outcome for of in by_corpus.values()),
            "; ".join(
                f"{corpus}: {of[name].evidence}" if len(by_corpus) > 1 else of[name].evidence
                for corpus, of in by_corpus.items()
            ),
        )
        for name in next(iter(by_corpus.values()))
    }


def enough(rows: Iterable[Row | None]) -> bool:
    """Whether no row is missing and all rest on enough seeds for a verdict."""
    return all(row is not None and row.seeds >= SEEDS for row in rows)


def borne_out(words: str, checks: Iterable[bool]) -> None:
    """Check that the tables still support a sentence.

    Raises:
        ValueError: naming the sentence that has to be written anew.
    """
    if not all(checks):
        raise ValueError(f"the stored tables no longer say that {words}: write the sentence anew")
