"""Do the outcomes of planned contrasts survive when something else changes?

Question: which outcome of a planned contrast changes with other documents (or verbs), with another
weight of the documents, without calibration, with single seeds, or with other settings? And which
changes where the documents of one author count as one? Novels of an author are not independent.

Prediction: none. The gains were known when these attempts were chosen. So an attempt makes no
verdict stronger; one that changes an outcome is a limit of the verdict.

Decision rule: that of the contrast, with the confidence of its own interval. Few authors give few
degrees of freedom. A single seed, a trial of a tuning and a test without one author have no
interval. They change an outcome where their gain and the mean gain lie on different sides of the
margin. An attempt without an outcome is not counted.

Reads the tables and answers.zip of twelve_cells, which has the runs of literal_case, and of three
other studies, and the trials of tunings; writes results/attempts/attempts.csv. Nothing is trained.
"""

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from wordrel.config import Contrast, parse_config
from wordrel.corpus.sources import novels_registry
from wordrel.corpus.splits import authors_of_tests
from wordrel.io.files import write_text
from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.stats import Interval, Scored, Uncertain, combined
from wordrel.stats.intervals import FEWEST
from wordrel.study.answers import ANSWERS, Evaluation, collect, read_outcomes
from wordrel.study.contrasts import Scores, gain_of, outcome_of
from wordrel.study.gains import beyond
from wordrel.study.kept import KEPT
from wordrel.study.results import Results, read_results
from wordrel.study.schema import NO_INTERVAL
from wordrel.tasks import Predictions

ROOT = Path(__file__).resolve().parents[1] / "results"
STUDIES = ("twelve_cells", "value_map", "maps", "lookup")
TUNINGS = (
    *("tuning_masked", "tuning_next"),
    *("tuning_value_map_masked", "tuning_value_map_next", "tuning_maps"),
)
TUNED, NOVELS = "wiki17m", "novels"
SEED, WITHOUT = "seed ", "without "
BY_AUTHOR = "documents of one author as one"
SECOND_BEST = ("second-best setting of the first", "second-best setting of the second")
LOSS = "loss_per_token"
FEWEST_AUTHORS = 5
"""With fewer, there is no interval by author."""
TABLE = ROOT / "attempts" / "attempts.csv"

Change = Callable[[Predictions], Predictions]
Run = tuple[str, int, Sequence[Predictions]]  # model, seed, answers


class Attempt(NamedTuple):
    """A contrast on one corpus with something changed; `low` and `high` NaN without interval."""

    what: str
    gain: float
    low: float
    high: float
    outcome: str
    moved: bool


def half(outcome: Predictions, remainder: int) -> Predictions:
    """Every second document."""
    return outcome.part(outcome.task, outcome.cluster % 2 == remainder)


def by_author(outcome: Predictions, authors: Sequence[str]) -> Predictions:
    """The same documents; those of one author are one cluster.

    Args:
        outcome: whose clusters number the test documents.
        authors: of all test documents.
    """
    number = {author: i for i, author in enumerate(dict.fromkeys(authors))}
    of_document = np.array([number[author] for author in authors])
    return replace(outcome, cluster=of_document[outcome.cluster])


def without(outcome: Predictions, authors: Sequence[str], author: str) -> Predictions:
    """The documents of all other authors."""
    return outcome.part(outcome.task, (np.array(authors) != author)[outcome.cluster])


def alike(outcome: Predictions) -> Predictions:
    """Every document counts the same, however many words it has."""
    nonempty = outcome.part(outcome.task, outcome.gold > 0)
    return replace(
        nonempty, predicted=nonempty.predicted / nonempty.gold, gold=np.ones_like(nonempty.gold)
    )


ALIKE: Mapping[str, Change] = {"documents count alike": alike}
HALVES: Mapping[str, Change] = {
    "documents 1, 3, 5 ...": partial(half, remainder=0),
    "documents 2, 4, 6 ...": partial(half, remainder=1),
}


def main() -> None:
    """Make every attempt on every decided contrast, and store them in one table."""
    tried = trials()
    rows = list(chain(*(lines(read_results(ROOT / study), tried) for study in STUDIES)))
    content = pd.DataFrame(rows).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_text(TABLE, content)
    print(f"{len(rows)} attempts, {sum(line['moved'] for line in rows)} with another outcome")


def trials() -> pd.DataFrame:
    """Those of all tunings, whose models have different names."""
    return pd.concat([pd.read_csv(ROOT / name / "trials.csv") for name in TUNINGS])


def lines(results: Results, tried: pd.DataFrame) -> list[dict[str, Any]]:
    """A line of the table for every attempt on a study."""
    return [
        {"study": results.study, **_named(row), **attempt._asdict()}
        for row, attempt in every(results, tried)
    ]


def every(results: Results, tried: pd.DataFrame) -> Iterator[tuple[Row, Attempt]]:
    """Every attempt on the contrasts whose answers are kept.

    Args:
        results: a study with kept answers.
        tried: trials of the tunings, all on the source `TUNED`.
    """
    kept, known_authors = answers(results), authors(results)
    tuned = {str(c["name"]) for c in results.manifest["corpora"] if c["source"] == TUNED}
    for row in queries.rows(results.contrasts):
        rows = kept.get(row.corpus, {})
        if not row.seeds or row.task not in rows:
            continue
        known = tried if row.corpus in tuned else tried.head(0)
        of = known_authors.get(row.corpus, ()) if row.model_b else ()
        make = attempts if row.model_b else on_number
        yield from ((row, attempt) for attempt in make(row, rows[row.task], known, of))


def authors(results: Results) -> dict[str, list[str]]:
    """Corpus of novels -> the author of each test document.

    Raises:
        ValueError: the split of the result has another number of test documents.
    """
    known = {}
    for corpus in parse_config(results.config).corpora:
        if corpus.source == NOVELS:
            name = str(corpus.name)
            known[name] = authors_of_tests(list(novels_registry()), corpus)
            n = queries.corpus(results, name)["held_out_documents"]
            if len(known[name]) != n:
                raise ValueError(f"{name}: found {n} test documents, expected {len(known[name])}")
    return known


def answers(results: Results) -> dict[str, dict[str, Evaluation]]:
    """Corpus -> row of the result -> the kept answers of all runs.

    Raises:
        ValueError: the result keeps none.
    """
    path = results.folder / KEPT
    if not path.is_file():
        raise ValueError(f"{path}: found no answers, expected those of `run --keep-answers`")
    runs: dict[tuple[str, str], list[Row]] = {}
    for run in queries.rows(results.runs):
        runs.setdefault((run.corpus, run.cell), []).append(run)
    by_corpus: dict[str, list[Run]] = {}
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        for name in map(PurePosixPath, archive.namelist()):
            corpus, cell, *_ = name.parts
            if name.name == ANSWERS:
                outcomes = read_outcomes(Path(archive.extract(str(name), folder)))
                its = [(run.model, int(run.seed), outcomes) for run in runs.get((corpus, cell), ())]
                by_corpus.setdefault(corpus, []).extend(its)
    return {
        corpus: {evaluation.any.task: evaluation for evaluation in collect(corpus, "fit", its)}
        for corpus, its in by_corpus.items()
    }


def attempts(
    row: Row, evaluation: Evaluation, tried: pd.DataFrame, authors: Sequence[str] = ()
) -> Iterator[Attempt]:
    """Every attempt on one planned contrast on one corpus.

    Args:
        row: the contrast.
        evaluation: the answers of all models.
        tried: trials of the tunings.
        authors: of the test documents, where they are dealt out by author.
    """
    models = (row.model_a, row.model_b)
    alike = ALIKE if evaluation.any.measure == LOSS else {}
    for what, change in (alike if authors else {**HALVES, **alike}).items():
        gain = _gain(changed(evaluation, change), models)
        yield _with_interval(row, what, gain.value, gain.interval(row.confidence))
    if authors:
        gain = _gain(changed(evaluation, partial(by_author, authors=authors)), models, True)
        yield _with_interval(row, BY_AUTHOR, gain.value, gain.interval(row.confidence))
    for author in dict.fromkeys(authors):
        others = changed(evaluation, partial(without, authors=authors, author=author))
        yield _alone(row, f"{WITHOUT}{author}", _gain(others, models).value)
    if not np.isnan(row.as_trained):
        as_trained = Interval(row.as_trained_low, row.as_trained_high)
        yield _with_interval(row, "not calibrated", row.as_trained, as_trained)
    first, second = (_scored(evaluation, models)[model].seeds for model in models)
    if len(first) == len(second):
        gains = second - first if Scores(evaluation).better == "lower" else first - second
        for seed, its in enumerate(gains.tolist(), 1):
            yield _alone(row, f"{SEED}{seed} alone", its)
    for what, its in other_settings(models, tried):
        yield _alone(row, what, its)


def on_number(row: Row, evaluation: Evaluation, *_: object) -> Iterator[Attempt]:
    """Every attempt on one contrast of a model's score with a number."""
    against = row.against if row.against == "chance" else float(row.against)
    named = {"claim": row.claim, "first": row.model_a, "task": row.task, "margin": row.margin}
    contrast = Contrast(**named, against=against, rule=row.rule)
    for what, change in HALVES.items():
        answers = beyond(changed(evaluation, change), contrast)
        gain = answers["gain"]
        ends = gain.interval(row.confidence, answers["bounds"])
        what = what.replace("documents", "verbs") if "triples" in row.task else what
        yield _with_interval(row, what, gain.value, ends)
    for seed in next(iter(evaluation.outcomes.values())):
        alone = {k: {seed: its[seed]} for k, its in evaluation.outcomes.items() if seed in its}
        answers = beyond(replace(evaluation, outcomes=alone), contrast)
        yield _alone(row, f"{SEED}{seed} alone", answers["gain"].value)


def changed(evaluation: Evaluation, change: Change) -> Evaluation:
    """The same runs with a change in all predictions."""
    outcomes = {
        key: {seed: change(predictions) for seed, predictions in seeds.items()}
        for key, seeds in evaluation.outcomes.items()
    }
    return replace(evaluation, outcomes=outcomes)


def other_settings(models: tuple[str, str], tried: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """Gains on development documents: of the best trials, and with the second best of each."""
    most = tried[tried["tokens"] == tried["tokens"].max()]
    of = [most.loc[most["model"] == model, "score"].nlargest(2).tolist() for model in models]
    if min(map(len, of)) == 2:
        (first, other_first), (second, other_second) = of
        yield "development documents", first - second
        yield SECOND_BEST[0], other_first - second
        yield SECOND_BEST[1], first - other_second


def _gain(evaluation: Evaluation, models: tuple[str, str], few_authors: bool = False) -> Uncertain:
    fewest = FEWEST_AUTHORS if few_authors else FEWEST
    better = Scores(evaluation).better
    return combined(gain_of(better, *models), _scored(evaluation, models), fewest)


def _scored(evaluation: Evaluation, models: tuple[str, str]) -> dict[str, Scored]:
    scored = Scores(evaluation).of(models)
    assert scored is not None, "a contrast that was measured has answers"
    return scored[0]


def _with_interval(row: Row, what: str, gain: float, ends: Interval) -> Attempt:
    outcome = outcome_of(row.rule, ends, row.margin)
    return Attempt(what, gain, *ends, outcome, outcome not in (row.outcome, NO_INTERVAL))


def _alone(row: Row, what: str, gain: float) -> Attempt:
    """Of a gain without interval: beside the mean gain, both taken as exact."""
    exact, mean = (outcome_of(row.rule, Interval(g, g), row.margin) for g in (gain, row.gain))
    return Attempt(what, gain, np.nan, np.nan, exact, exact != mean)


def _named(row: Row) -> dict[str, object]:
    keys = ("claim", "part", "corpus", "model_a", "model_b", "against", "rule", "margin", "n")
    return {key: getattr(row, key) for key in keys} | {"stands": row.outcome}


if __name__ == "__main__":
    main()
