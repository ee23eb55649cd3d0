"""Attempts on planned contrasts: on planted answers, and on those that are stored."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runners import ROOT, experiment, pages
from wordrel.study.answers import Evaluation, collect
from wordrel.study.results import read_results
from wordrel.tasks import Predictions

ATTEMPTS, ATTEMPTED = experiment("attempts"), pages("attempted")
TASK = "per_token_loss.masked_word.calibrated"
N = 60
"""Documents."""
TRIALS = pd.DataFrame(
    [
        {"model": "a", "tokens": 4, "score": -5.0},
        {"model": "a", "tokens": 4, "score": -5.3},
        {"model": "a", "tokens": 4, "score": -9.0},
        {"model": "a", "tokens": 2, "score": -1.0},  # of less text
        {"model": "b", "tokens": 4, "score": -5.1},
        {"model": "b", "tokens": 4, "score": -5.4},
    ]
)


def loss(of: Sequence[float], words: Sequence[float]) -> Predictions:
    """The loss of a word in each document, and how many words each has."""
    gold = np.array(words, dtype=np.float64)
    arrays = {"predicted": np.array(of) * gold, "covered": gold > 0, "cluster": np.arange(N)}
    of_row: dict[str, Any] = {"task": TASK, "measure": "loss_per_token", "embedding": "context"}
    of_row |= {"selected": True, "chance": 7.0, "better": "lower", "note": ""}
    return Predictions(gold=gold, **arrays, **of_row)


def asked(**losses: list[Predictions]) -> Evaluation:
    """Model -> its answers, one a seed."""
    runs = [(m, seed, [one]) for m, its in losses.items() for seed, one in enumerate(its, 1)]
    return collect("text", "fit", runs)[0]


def attempts(answers: Evaluation, authors: Sequence[str] = (), **row: Any) -> dict[str, Any]:
    """Name -> attempt, on a contrast of a with b that "adds"."""
    of = {"model_a": "a", "model_b": "b", "task": TASK, "rule": "adds", "margin": 0.02}
    of |= {"confidence": 0.95, "gain": 0.1, "outcome": "adds"}
    of |= {"as_trained": 0.1, "as_trained_low": 0.09, "as_trained_high": 0.11}
    found = ATTEMPTS.attempts(SimpleNamespace(**of | row), answers, TRIALS, authors)
    return {one.what: one for one in found}


def test_a_gain_that_rests_on_half_of_the_documents_is_seen() -> None:
    """b is worse by .4 in the even documents, and as good in the others."""
    noise = np.random.default_rng(1).normal(0, 0.01, N)
    worse = np.where(np.arange(N) % 2 == 0, 0.4, 0.0)
    words = [100.0] * N
    found = attempts(asked(a=[loss(5 + noise, words)], b=[loss(5 + worse, words)]))
    first, second = (found[f"documents {n} ..."] for n in ("1, 3, 5", "2, 4, 6"))
    assert first.gain == pytest.approx(0.4, abs=0.01)
    assert first.low < first.gain < first.high
    assert (first.outcome, first.moved) == ("adds", False)
    assert second.gain == pytest.approx(0.0, abs=0.01)
    assert (second.outcome, second.moved) == ("adds less", True)


def test_a_gain_that_rests_on_one_long_document_is_seen() -> None:
    """Only in the longest document is b worse; a document without words counts nothing."""
    worse, words = np.zeros(N), [10.0] * N
    worse[3], words[3], words[4] = 1.0, 10_000.0, 0.0
    found = attempts(asked(a=[loss(np.full(N, 5.0), words)], b=[loss(5 + worse, words)]))
    same = found["documents count alike"]
    assert same.gain == pytest.approx(1 / 59)
    assert same.moved


def test_documents_of_one_author_are_no_independent_evidence() -> None:
    """b is worse by an amount that each of six authors has for all documents."""
    authors = [name for name in "ABCDEF" for _ in range(10)]
    of_author = dict(zip("ABCDEF", (0.0, 0.02, 0.03, 0.05, 0.06, 0.09), strict=True))
    worse, words = np.array([of_author[a] for a in authors]), [10.0] * N
    answers = asked(a=[loss(np.full(N, 5.0), words)], b=[loss(5 + worse, words)])
    found = attempts(answers, authors)
    assert not any(what in found for what in ATTEMPTS.HALVES)
    one = found[ATTEMPTS.BY_AUTHOR]
    gains = np.array([*of_author.values()])
    error = gains.std(ddof=1) / 6**0.5
    assert one.gain == pytest.approx(gains.mean())
    assert one.high - one.gain == pytest.approx(2.5706 * error, rel=1e-3)  # t of 5 degrees
    assert (one.outcome, one.moved) == ("open", True)
    without = {a: found[f"without {a}"] for a in of_author}
    assert without["A"].gain == pytest.approx(gains[1:].mean())
    assert np.isnan(without["A"].low)
    assert not any(attempt.moved for attempt in without.values())
    four = [dict(zip("ABCDEF", "ABCDDD", strict=True))[a] for a in authors]
    assert np.isnan(attempts(answers, four)[ATTEMPTS.BY_AUTHOR].low)
    by_document = ATTEMPTS.changed(answers, lambda predictions: predictions)
    low, _ = ATTEMPTS._gain(by_document, ("a", "b")).interval(0.95)
    assert low > 0.02


def test_the_test_novels_are_by_as_many_authors_as_the_data_say() -> None:
    of = ATTEMPTS.authors(read_results(ROOT / "results" / "twelve_cells"))
    (authors,) = of.values()
    data = " ".join((ROOT / "docs" / "data.md").read_text(encoding="utf-8").split())
    assert f"{len(authors)} test novels are by {len(set(authors))} authors" in data


def test_attempts_without_an_outcome_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"study": "s", "claim": "c", "part": "", "corpus": "text", "stands": "adds"}
    row |= {"model_a": "mean", "model_b": "random", "against": "", "gain": 0.03, "moved": False}
    rows = [
        row | {"what": "documents 1, 3, 5 ...", "outcome": "no interval", "gain": 0.9},
        row | {"what": "documents count alike", "outcome": "adds"},
        row | {"what": ATTEMPTS.BY_AUTHOR, "outcome": "open", "moved": True},
        row | {"what": "without A", "outcome": "adds less", "gain": 0.01, "moved": True},
        row | {"what": "without B", "outcome": "adds"},
        row | {"what": "seed 1 alone", "outcome": "adds"},
    ]
    monkeypatch.setattr(ATTEMPTED, "stored", lambda: [SimpleNamespace(**one) for one in rows])
    line = ATTEMPTED.table(str, {"s"}).splitlines()[2]
    assert line == (
        "| mean | random | text | adds | 5 | 0.010 to 0.030 | documents of one author as one "
        "(open); 1 of 2 tests without an author |"
    )
    moved = [one.what for one in ATTEMPTED.moved("c", "mean", "random", "text")]
    assert moved == [ATTEMPTS.BY_AUTHOR, "without A"]
    assert ATTEMPTED.moved("c", "mean", "random", "novels") == []
    assert ATTEMPTED.table(str, ()).endswith("Of the other 0 rows, no attempt changes an outcome.")
    assert ATTEMPTED.of_claim("c") == (
        "attempts with other documents, seeds or settings: 5; another outcome: 2 (c on text)"
    )
    assert ATTEMPTED.of_claim("d") == ""


def test_without_calibration_the_stored_interval_decides() -> None:
    answers = asked(a=[loss(np.full(N, 5.0), [9.0] * N)], b=[loss(np.full(N, 5.1), [9.0] * N)])
    assert not attempts(answers)["not calibrated"].moved
    found = attempts(answers, as_trained=0.0, as_trained_low=-0.01, as_trained_high=0.01)
    assert found["not calibrated"].outcome == "adds less"
    assert found["not calibrated"].moved


def test_single_seeds_and_other_settings_are_counted_by_their_side_of_the_margin() -> None:
    words = [9.0] * N
    first = [loss(np.full(N, 5.0), words), loss(np.full(N, 5.19), words)]
    second = [loss(np.full(N, 5.2), words)] * 2
    found = attempts(asked(a=first, b=second))
    assert [found[f"seed {s} alone"].gain for s in (1, 2)] == pytest.approx([0.2, 0.01])
    assert [found[f"seed {s} alone"].moved for s in (1, 2)] == [False, True]
    assert np.isnan(found["seed 1 alone"].low)
    gains = {what: one.gain for what, one in found.items() if "ment" in what or "sett" in what}
    del gains["documents 1, 3, 5 ..."], gains["documents 2, 4, 6 ..."]
    del gains["documents count alike"]
    assert gains == pytest.approx(
        {
            "development documents": 0.1,
            "second-best setting of the first": -0.2,
            "second-best setting of the second": 0.4,
        }
    )
    assert found["second-best setting of the first"].moved
    assert not found["second-best setting of the second"].moved


def right(of: Sequence[float]) -> Predictions:
    """Right or wrong answers to items of N groups."""
    predicted, clusters = np.array(of, dtype=np.float64), np.arange(len(of)) % N
    arrays = {"gold": np.ones(len(of)), "covered": predicted >= 0, "cluster": clusters}
    return Predictions(
        predicted=predicted,
        task="triples",
        measure="accuracy",
        embedding="q.k",
        selected=True,
        chance=0.5,
        better="higher",
        note="",
        **arrays,
    )


def test_a_score_against_a_number_is_tried_on_half_of_the_verbs_and_on_single_seeds() -> None:
    """Right in all triples of every second verb, and in half of the others."""
    first = [1.0 if i % N % 2 == 0 or i < 5 * N else 0.0 for i in range(10 * N)]
    answers = asked(a=[right(first), right([0.0] * 10 * N)])
    row = {"claim": "C2", "model_a": "a", "task": "triples", "against": "0.5", "rule": "adds"}
    row |= {"margin": 0.0, "confidence": 0.95, "gain": 0.25, "outcome": "open"}
    found = {one.what: one for one in ATTEMPTS.on_number(SimpleNamespace(**row), answers)}
    gains = {what: one.gain for what, one in found.items()}
    assert gains == pytest.approx(
        {
            "verbs 1, 3, 5 ...": 0.0,
            "verbs 2, 4, 6 ...": -0.25,
            "seed 1 alone": 0.25,
            "seed 2 alone": -0.5,
        }
    )
    assert [one.moved for what, one in found.items() if "alone" in what] == [False, True]


def test_of_right_answers_more_are_better() -> None:
    answers = asked(a=[right([1.0] * N)], b=[right([0.0] * N)])
    none = {"as_trained": np.nan, "as_trained_low": np.nan, "as_trained_high": np.nan}
    found = attempts(answers, task="triples", **none)
    assert found["seed 1 alone"].gain == found["documents 1, 3, 5 ..."].gain == 1
    assert not {"not calibrated", "documents count alike"} & {*found}


def test_the_stored_table_is_what_the_stored_answers_give() -> None:
    tried = ATTEMPTS.trials()
    stored = pd.read_csv(ATTEMPTS.TABLE, keep_default_na=False, dtype=str)
    assert set(stored["study"]) == set(ATTEMPTS.STUDIES)
    for study in ATTEMPTS.STUDIES:
        fresh = ATTEMPTS.lines(read_results(ROOT / "results" / study), tried)
        its = stored[stored["study"] == study].reset_index(drop=True)
        assert len(its) == len(fresh) > 0
        assert its["what"].tolist() == [line["what"] for line in fresh]
        for key in ("gain", "low", "high"):
            mine = [float(line[key]) for line in fresh]
            assert pd.to_numeric(its[key]).tolist() == pytest.approx(mine, rel=1e-5, nan_ok=True)
        assert its["moved"].tolist() == [str(line["moved"]) for line in fresh]


def test_a_seed_alone_is_the_difference_of_the_stored_scores() -> None:
    scores = read_results(ROOT / "results" / "literal_case").scores
    its = scores[(scores["corpus"] == "wiki17m-4m") & (scores["task"] == TASK)]
    by_seed = its.set_index(["model", "seed"])["score"]
    stored = pd.read_csv(ATTEMPTS.TABLE)
    row = stored[
        (stored["model_a"] == "mean_query_attention")
        & (stored["model_b"] == "mean")
        & (stored["corpus"] == "wiki17m-4m")
        & (stored["what"] == "seed 2 alone")
    ]
    gain = by_seed["mean", 2] - by_seed["mean_query_attention", 2]
    assert row["gain"].item() == pytest.approx(gain, abs=2e-5)


def test_a_result_without_answers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"answers.zip: found no answers"):
        ATTEMPTS.answers(read_results(ROOT / "results" / "order"))
