"""How often are verdicts false, and do intervals hold the truth? A test on simulated studies.

Question: where the truth is known, how many of 1,000 studies say something false of a claim, how
often does an interval hold the truth, and which differences are found?

Prediction, written before the first full run: of every claim at most 5 % of studies have a false
verdict; 95 % intervals hold the truth in 93 % and more, at 3 and at 5 seeds; a loss of twice the
margin is found in most studies, a score of twice the margin in few.

Every study goes through the code that decides real ones, `wordrel.study.contrasts`. Contrasts are
those of the claims that compare the scores of two models: C1, C5, C6, C8, and C9 as it stands in
configs/cells.yaml. C2, C3, C4 and C7 compare items within a model; of them only the coverage of
intervals is known here.

Three truths: *border*, where every gain lies between the two outcomes of its rule, so that any
outcome is false (at a margin of 0 that is no difference); *none*, where no two models differ;
*twice*, where every gain is twice the margin, downwards for the rule not_worse.

Decision rule: of every claim and truth, the lower end of the Clopper-Pearson interval of the share
of studies with a false verdict is at most .05; every coverage is .93 or more. A verdict is over
both corpora, an outcome on one; a study is false where any contrast of the claim is.

Run it from the top of the repository: `python -m benchmarks.simulation` (minutes).
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from scipy.stats import binomtest

from benchmarks.simulated import DOCUMENTS, MASKED, NEXT, RESULTS, Size, measured_sizes, simulated
from wordrel.config import Contrast, load_config
from wordrel.io.environment import usable_cores
from wordrel.io.files import write_text
from wordrel.report.text import count, escape, percent, share, table
from wordrel.stats import combined
from wordrel.study.contrasts import Scores, contrast_rows, decided_by, gain_of, measured
from wordrel.study.schema import OUTCOMES

SEED, SEEDS, ALPHA, COVERED = 1, 5, 0.05, 0.93
LOSS_MARGIN, SCORE_MARGIN = 0.02, 0.03
"""Of study.md, section 8: nats, and scores."""
STUDIES = {"border": 1000, "none": 200, "twice": 200}
OF_COVERAGE = 1000
BOTH = "both corpora"

GAINS = {
    "border": {"adds": 1.0, "not_worse": -1.0, "equivalent": 1.0},
    "none": {"adds": 0.0, "not_worse": 0.0, "equivalent": 0.0},
    "twice": {"adds": 2.0, "not_worse": -2.0, "equivalent": 2.0},
}
"""Truth -> rule -> gain, in margins."""
RIGHT = {
    "border": {"adds": "", "not_worse": "", "equivalent": ""},
    "none": {"adds": "no", "not_worse": "yes", "equivalent": "yes"},
    "twice": {"adds": "yes", "not_worse": "no", "equivalent": "no"},
}
"""Truth -> rule -> the right answer; on the border there is none."""
_VERDICTS = {"supported": "yes", "partly supported": "yes", "contradicted": "no"}


@dataclass(frozen=True)
class Line:
    """One line of simulation.csv.

    Attributes:
        part: false, found or coverage.
        what: a claim, or a row of the result.
        where: both corpora, or one.
        truth: of `GAINS`; of a coverage, the number that has the interval.
        seeds: of every model.
        n: studies; of the part found, contrasts of all studies.
        times: studies with a false verdict; contrasts found; intervals that hold the truth.
        low: lower end of the Clopper-Pearson interval of the share; empty where contrasts of one
            study depend on each other.
        high: upper end.
    """

    part: str
    what: str
    where: str
    truth: str
    seeds: int
    n: int
    times: int
    low: float = float("nan")
    high: float = float("nan")

    def with_ends(self) -> "Line":
        """With both ends."""
        ends = binomtest(self.times, self.n).proportion_ci(0.95, method="exact")
        return replace(self, low=float(ends.low), high=float(ends.high))


# What is planned ------------------------------------------------------------------------------


@cache
def planned() -> tuple[Contrast, ...]:
    """The contrasts of all claims; models of different claims have different names."""
    adds: dict[str, Any] = {"rule": "adds", "margin": LOSS_MARGIN}
    same: dict[str, Any] = {"rule": "equivalent", "margin": LOSS_MARGIN}
    not_worse: dict[str, Any] = {"rule": "not_worse", "margin": SCORE_MARGIN}
    pairs = [
        ("C1", "attention", other, task, not_worse)
        for task in ("men_test", "simverb_test", "sp10k_nsubj", "google_analogies")
        for other in ("skip_gram", "ppmi_svd")
    ]
    tied = ("tied_query_key", "tied_key_value", "no_value_map", "no_query_map")
    pairs += [("C5", "untied", other, NEXT, adds) for other in tied]
    pairs += [("C6", "with_maps", "without_maps", NEXT, adds)]
    for task, objective in ((MASKED, "masked"), (NEXT, "next")):
        for words in ("mean", "word_weight", "word_word"):
            for places, rule in (("", same), ("_position", adds)):
                cell = f"{objective}_{words}{places}"
                pairs.append(("C8", cell, f"{cell}_shuffled", task, rule))
    listed = [
        Contrast(claim=claim, first=first, second=second, task=task, **rule)
        for claim, first, second, task, rule in pairs
    ]
    cells = load_config(RESULTS.parent / "configs" / "cells.yaml")
    return (*listed, *(c for ordering in cells.orderings for c in ordering.contrasts()))


def levels(contrasts: Sequence[Contrast], better: str, truth: str) -> dict[str, float]:
    """Scores of the models of one row, around 0, by which every gain has its true value.

    Raises:
        ValueError: where no scores give all of these gains.
    """
    pairs = [(c.first, c.second) for c in contrasts if c.second is not None]
    models = list(dict.fromkeys(model for pair in pairs for model in pair))
    weights = np.zeros((len(contrasts), len(models)))
    for row, (first, second) in zip(weights, pairs, strict=True):
        for model, weight in gain_of(better, first, second).items():
            row[models.index(model)] = weight
    gains = np.array([GAINS[truth][c.rule] * c.margin for c in contrasts])
    solution = np.linalg.lstsq(weights, gains)[0]
    if not np.allclose(weights @ solution, gains):
        raise ValueError(f"{contrasts[0].claim}: gains contradict each other")
    return dict(zip(models, solution.tolist(), strict=True))


# Verdicts -------------------------------------------------------------------------------------


def study(
    contrasts: Sequence[Contrast], sizes: Sequence[Size], truth: str, rng: np.random.Generator
) -> Iterator[tuple[Contrast, str, str]]:
    """The answers of one study: contrast, where, and yes, no or nothing."""
    rows: dict[Contrast, list[SimpleNamespace]] = {contrast: [] for contrast in contrasts}
    for corpus in DOCUMENTS:
        answers = []
        for size in sizes:
            own = [c for c in contrasts if c.task == size.task]
            if size.corpus == corpus and own:
                answers.append(simulated(size, levels(own, size.better, truth), SEEDS, rng))
        outcomes = contrast_rows(corpus, contrasts, measured(answers, contrasts), ALPHA)
        for contrast, row in zip(contrasts, outcomes, strict=True):
            yes, no = OUTCOMES[contrast.rule]
            rows[contrast].append(SimpleNamespace(**row))
            yield contrast, corpus, {yes: "yes", no: "no"}.get(row["outcome"], "")
    for contrast, of_corpora in rows.items():
        verdict = decided_by(of_corpora, {corpus: corpus for corpus in DOCUMENTS})
        yield contrast, BOTH, _VERDICTS.get(verdict, "")


def verdicts(
    contrasts: Sequence[Contrast], sizes: Sequence[Size], truth: str, studies: int
) -> Iterator[Line]:
    """False verdicts and outcomes by claim, and the contrasts that were found."""
    wrong, right = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    number_of = Counter(contrast.claim for contrast in contrasts)
    for i in range(studies):
        rng = np.random.default_rng([SEED, [*GAINS].index(truth), i])
        false = set()
        for contrast, where, says in study(contrasts, sizes, truth, rng):
            expected = RIGHT[truth][contrast.rule]
            if says and says != expected:
                false.add((contrast.claim, where))
            right[contrast.claim, where] += says != "" and says == expected
        wrong.update(false)
    for claim in number_of:
        for where in (BOTH, *DOCUMENTS):
            of: dict[str, Any] = {"what": claim, "where": where, "truth": truth, "seeds": SEEDS}
            yield Line("false", **of, n=studies, times=wrong[claim, where]).with_ends()
            if truth != "border":
                tried = studies * number_of[claim]
                yield Line("found", **of, n=tried, times=right[claim, where])


# Coverage -------------------------------------------------------------------------------------


def coverage(size: Size, seeds: int, studies: int, note: str = "") -> Iterator[Line]:
    """How often intervals of a score, a difference and an interaction hold the truth."""
    sums = {"score": ({"a": 1.0}, size.score), "difference": ({"a": 1.0, "b": -1.0}, 0.0)}
    if size.measure == "loss_per_token":  # only of losses are interactions planned
        sums["interaction"] = ({"a": 1.0, "b": -1.0, "c": -1.0, "d": 1.0}, 0.0)
    cells = dict.fromkeys([*sums.values()][-1][0], 0.0)
    inside = Counter[str]()
    for i in range(studies):
        rng = np.random.default_rng([SEED, len(GAINS), seeds, i])
        answered = Scores(simulated(size, cells, seeds, rng)).of([*cells])
        if answered is None:
            raise ValueError(f"{size.task}: a model has no answer")
        for name, (weights, truth) in sums.items():
            low, high = combined(weights, answered[0]).interval(1 - ALPHA)
            inside[name] += low <= truth <= high
    for name in sums:
        of: dict[str, Any] = {
            "what": size.task,
            "where": size.corpus,
            "truth": name + note,
            "seeds": seeds,
        }
        yield Line("coverage", **of, n=studies, times=inside[name]).with_ends()


def with_strange_seeds(size: Size, seeds: int) -> Size:
    """The same where seeds vary ten times as much as items, in the variance of a difference."""
    return replace(size, seed_sd=float(np.sqrt(10 * seeds / 2)) * size.error)


def lines(sizes: Sequence[Size]) -> Iterator[Line]:
    """All lines, the same for any number of cores."""
    calls = [
        delayed(_listed)(verdicts, planned(), sizes, truth, studies)
        for truth, studies in STUDIES.items()
    ]
    for size in sizes:
        for seeds in (3, SEEDS):
            calls.append(delayed(_listed)(coverage, size, seeds, OF_COVERAGE))
            if size.measure == "loss_per_token":
                strange = with_strange_seeds(size, seeds), seeds, OF_COVERAGE
                calls.append(delayed(_listed)(coverage, *strange, ", seeds vary most"))
    with parallel_config(inner_max_num_threads=1, backend="loky"):
        for computed in Parallel(n_jobs=usable_cores())(calls):
            yield from computed


def _listed(of: Callable[..., Iterator[Line]], *arguments: Any) -> list[Line]:
    return [*of(*arguments)]


# The page -------------------------------------------------------------------------------------

_OPENING = f"""# Simulated studies

Each study has answers of known truth, and [its verdicts](../../src/wordrel/study/contrasts.py)
come from the code that decides real studies. Contrasts of C9 are those of the
[cells](../../configs/cells.yaml). Items and seeds vary as much as in results of the first edition
([sizes.csv](sizes.csv)), so the power of another study differs.
[The program](../../benchmarks/simulation.py) holds the question, the prediction and the rule. All
numbers stand in [simulation.csv](simulation.csv).

- border: every gain lies between the two outcomes of its rule, so every verdict is false.
- none: no two models differ. twice: every gain is twice the margin.
- Margins: {LOSS_MARGIN} nats for losses, {SCORE_MARGIN} for scores. Seeds: {SEEDS}.
- Test documents: {", ".join(f"{n} for {corpus}" for corpus, n in DOCUMENTS.items())}.
"""


def render(rows: pd.DataFrame) -> str:
    """The page of a table of lines."""
    false, power, cover = (rows[rows["part"] == p] for p in ("false", "found", "coverage"))
    verdict = false[false["where"] == BOTH]
    held = int((verdict["low"] <= ALPHA).sum())
    alone = power[(power["where"] != BOTH) & (power["truth"] == "twice")]
    most = int((alone["times"] > alone["n"] / 2).sum())
    wide = int((cover["times"] >= COVERED * cover["n"]).sum())
    return "\n".join(
        [
            _OPENING,
            "## Rule\n",
            f"- False verdicts: {held} of {len(verdict)} rows have a lower end of at most "
            f"{percent(ALPHA)}.",
            f"- Coverage: {wide} of {len(cover)} rows are at {percent(COVERED)} or above.",
            f"- Power at twice the margin: on one corpus, {most} of {len(alone)} rows find more "
            "than half of their contrasts. The prediction was that all rows of losses do.\n",
            "## Studies with a false verdict\n",
            _table(("claim", "where", "truth", "studies", "false", "share"), false) + "\n",
            "## Contrasts that are found\n",
            "Power: the share of contrasts that come out as the truth is. Over both corpora, a "
            "verdict that is partly supported counts.\n",
            _table(("claim", "where", "truth", "contrasts", "found", "share"), power) + "\n",
            "## Coverage of 95% intervals\n",
            _table(("row", "corpus", "number", "seeds", "studies", "share"), cover) + "\n",
        ]
    )


def _table(heads: Sequence[str], rows: pd.DataFrame) -> str:
    lines = []
    for row in (Line(**dict(zip(rows.columns, values, strict=True))) for values in rows.to_numpy()):
        numbers = (row.seeds, row.n) if "seeds" in heads else (row.n, row.times)
        words = (escape(text) for text in (row.what, row.where, row.truth))
        lines.append([*words, *map(count, numbers), share(row.times / row.n, row.low, row.high)])
    return table(heads, lines, 3)


def to_csv(rows: pd.DataFrame) -> str:
    """A line a row, after the header."""
    return str(rows.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_lines(path: Path) -> pd.DataFrame:
    """The rows that `to_csv` wrote."""
    return pd.read_csv(path)


def main() -> None:
    """Simulate everything and write results/simulation."""
    parser = argparse.ArgumentParser(description="Simulate studies whose truth is known.")
    parser.add_argument("--out", type=Path, default=RESULTS / "simulation")
    folder = parser.parse_args().out
    sizes = measured_sizes()
    write_text(folder / "sizes.csv", to_csv(pd.DataFrame([asdict(size) for size in sizes])))
    rows = pd.DataFrame([vars(line) for line in lines(sizes)])
    write_text(folder / "simulation.csv", to_csv(rows))
    page = render(read_lines(folder / "simulation.csv"))
    write_text(folder / "report.md", page)
    print(page)


if __name__ == "__main__":
    main()
