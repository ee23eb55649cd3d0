"""The loss of all test documents: which words are scored, by what, and what is never looked at."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax

from planted import split_of
from random_models import random_readings
from task_spaces import vocab_of
from wordrel.corpus import Split
from wordrel.corpus.disk import empty_split
from wordrel.models.word_model import WordModel
from wordrel.stats import RATIO, plain_scores
from wordrel.tasks import Scope, load_task
from wordrel.tasks.base import Measurement
from wordrel.tasks.calibration import Calibration, losses
from wordrel.tasks.per_token_loss import KIND
from wordrel.tasks.scored_text import sampled, scored_text

V = 9
VOCAB = vocab_of([f"w{i}" for i in range(V)])
U = VOCAB.counts / VOCAB.counts.sum()
TABLE = np.random.default_rng(0).dirichlet(np.ones(V), size=V)
TASK = load_task("per_token_loss")


class Bigram:
    """Next word given the last one: t log p + b log u of a table, in blocks of 500 places."""

    objective, segments = "next_word", "sentence"

    def __init__(self, t: float = 1.0, b: float = 0.0, name: str = "context") -> None:
        self.score, self.name = t * np.log(TABLE) + b * np.log(U), name
        self.read: list[NDArray[np.int64]] = []

    def scores(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], places: NDArray[np.int64]
    ) -> Iterator[NDArray[np.float32]]:
        self.read.append(ids)
        for start in range(0, len(places), 500):
            yield self.score[ids[places[start : start + 500] - 1]].astype(np.float32)

    def attended(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], places: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        return None


class ByDocument(Bigram):
    segments = "document"

    def scores(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], places: NDArray[np.int64]
    ) -> Iterator[NDArray[np.float32]]:
        assert len(ends) < len(ids) / 5
        return super().scores(ids, ends, places)


def documents(lengths: Sequence[Sequence[int]], seed: int) -> Split:
    """Documents of sentences of these lengths, whose words follow each other as in the table."""
    rng, ids = np.random.default_rng(seed), [0]
    for _ in range(sum(map(sum, lengths))):
        ids.append(int(rng.choice(V, p=TABLE[ids[-1]])))
    sentences = np.cumsum([n for document in lengths for n in document]).astype(np.int64)
    ends = np.cumsum([sum(document) for document in lengths]).astype(np.int64)
    return Split(np.array(ids[1:], dtype=np.int32), sentences, ends)


DEVELOPMENT = documents([[9, 4, 12, 7]] * 60, seed=1)
TEST = documents([[3, 1, 5, 2], [1, 1], [30, 8], [2]], seed=2)


def asked(
    *predictors: Any, development: Split = DEVELOPMENT, test: Split = TEST
) -> tuple[dict[str, Any], dict[str, Measurement]]:
    model = WordModel(VOCAB, {}, predictors=predictors)
    rows, told = KIND.ask(TASK, model, Scope(lowercase=True, development=development, test=test))
    short = {row.task.removeprefix("per_token_loss."): row for row in rows}
    return short, {one.statistic: one for one in told}


def nats(score: NDArray[Any], split: Split) -> list[list[float]]:
    """-log p of each scored word, sentence by sentence in each document."""
    log_p, found, start = log_softmax(score, axis=1), [], 0
    for end in split.document_ends:
        found.append([])
        for stop in split.sentence_ends[
            (split.sentence_ends > start) & (split.sentence_ends <= end)
        ]:
            words = split.ids[start:stop]
            found[-1] += [float(-log_p[a, b]) for a, b in itertools.pairwise(words)]
            start = int(stop)
    return found


def test_the_items_are_documents_with_their_scored_words_and_nats() -> None:
    rows, told = asked(Bigram())
    expected = [sum(d) for d in nats(np.log(TABLE), TEST) if d]
    row = rows["next_word.as_trained"]
    assert row.predicted == pytest.approx(expected, rel=1e-5)
    assert row.gold.tolist() == [2 + 4 + 1, 29 + 7, 1]
    assert row.cluster.tolist() == [0, 2, 3]  # document 1 has no sentence of two words
    assert row.covered.all()
    assert (row.measure, row.better, row.embedding) == ("loss_per_token", "lower", "context")
    score = plain_scores(RATIO, row.gold, row.predicted[None])[0]
    assert score == pytest.approx(sum(expected) / 44, rel=1e-5)
    chance = -np.log(U[[w for d in _scored_words(TEST) for w in d]]).mean()
    assert row.chance == pytest.approx(chance)
    assert "words_attended" not in told  # of counts nothing is said


def _scored_words(split: Split) -> list[list[int]]:
    firsts = [0, *split.sentence_ends[:-1].tolist()]
    return [[int(w) for i, w in enumerate(split.ids) if i not in firsts]]


def test_calibration_undoes_what_is_only_too_sure() -> None:
    truth, off = Bigram(), Bigram(t=2.5, b=-0.8)
    (plain, _), (rows, told) = asked(truth), asked(off)
    as_trained, calibrated = (rows[f"next_word.{row}"] for row in ("as_trained", "calibrated"))
    best = plain["next_word.as_trained"].predicted.sum()
    assert as_trained.predicted.sum() > best + 0.1 * 44
    assert calibrated.predicted.sum() == pytest.approx(best, abs=0.02 * 44)
    assert (told["t"].value, told["b"].value) == pytest.approx((0.4, 0.32), abs=0.08)
    assert told["g"].value == 0
    expected = np.concatenate(nats(off.score, DEVELOPMENT)).mean()
    assert told["development_as_trained"].value == pytest.approx(expected, rel=1e-5)
    assert told["development_calibrated"].value < expected - 0.1
    assert told["t"].n == 60 * 28


def test_the_calibration_does_not_depend_on_test_documents() -> None:
    off = Bigram(t=1.7, b=0.3)
    other = documents([[40] * 20] * 3, seed=9)
    (_, first), (_, second) = asked(off), asked(off, test=other)
    for statistic in ("t", "g", "b", "development_as_trained", "development_calibrated"):
        assert first[statistic] == second[statistic]
    changed = asked(off, development=other)[1]
    assert changed["t"] != first["t"]


def test_the_way_that_development_documents_like_counts_for_both_rows() -> None:
    good, bad = Bigram(t=3.0, name="product"), Bigram(t=0.0, name="mixture")
    rows, told = asked(bad, good)
    assert {rows[f"next_word.{row}"].embedding for row in ("as_trained", "calibrated")} == {
        "product"
    }
    assert told["t"].value == pytest.approx(1 / 3, abs=0.05)
    test = scored_text(TEST, 100)
    assert not any(
        len(ids) == len(test.ids) for ids in bad.read
    )  # it was read for development only


def test_a_model_that_crosses_sentence_ends_gets_documents() -> None:
    found, expected = asked(ByDocument())[0], asked(Bigram())[0]
    row = "next_word.calibrated"
    np.testing.assert_allclose(found[row].predicted, expected[row].predicted)


def test_the_other_objective_is_left_open() -> None:
    rows, _ = asked(Bigram())
    for row in ("masked_word.as_trained", "masked_word.calibrated"):
        assert np.isnan(rows[row].predicted).all()
        assert rows[row].note == "the model was trained for the objective 'next_word'"
        assert rows[row].gold.tolist() == [7, 36, 1]


def test_a_model_that_reads_no_text_says_why() -> None:
    model = WordModel(VOCAB, {}, unavailable={"fit": "it only counts"})
    rows, told = KIND.ask(TASK, model, Scope(True, development=DEVELOPMENT, test=TEST))
    assert [row.note for row in rows] == ["it only counts"] * 4
    assert told == []


@pytest.mark.parametrize("part", ["development", "test"])
def test_without_a_document_the_rows_say_so(part: str) -> None:
    rows, told = asked(Bigram(), **{part: split_of([[1], [2]])})
    for row in rows.values():
        assert row.note == f"no {part} document has a sentence of two words: give more text"
        assert np.isnan(row.predicted).all()
    assert not told


def test_without_parts_it_is_a_mistake_to_ask() -> None:
    with pytest.raises(ValueError, match="per_token_loss needs development and test documents"):
        KIND.answer(TASK, WordModel(VOCAB, {}), Scope(lowercase=True))


@pytest.mark.parametrize("name", ["mean", "attention", "cbow"])
def test_a_trained_model_tells_how_many_words_it_attends_to(name: str) -> None:
    model = random_readings(name, VOCAB, dim=4, window=3)
    scope = Scope(lowercase=True, development=DEVELOPMENT, test=TEST)
    rows, told = KIND.ask(TASK, model, scope)
    answered = [row for row in rows if not np.isnan(row.predicted).any()]
    objective = "next_word" if name == "attention" else "masked_word"
    assert [row.task for row in answered] == [
        f"per_token_loss.{objective}.{row}" for row in ("as_trained", "calibrated")
    ]
    nats = [row.predicted.sum() / row.gold.sum() for row in answered]
    assert all(np.isfinite(nats))
    values = {one.statistic: one.value for one in told}
    assert values["development_calibrated"] < values["development_as_trained"]
    assert 1 < values["words_attended"] < (3 if name == "attention" else 6)
    assert {one.group for one in told} == {objective}


def test_the_loss_on_training_documents_shows_a_model_that_knows_them_by_heart() -> None:
    train = documents([[40] * 20] * 3, seed=9)
    truth = Bigram()
    scope = Scope(lowercase=True, development=DEVELOPMENT, test=TEST, train=train)
    model = WordModel(VOCAB, {}, predictors=(truth,))
    told = {one.statistic: one for one in KIND.ask(TASK, model, scope)[1]}
    calibration = Calibration(*(told[name].value for name in ("t", "g", "b")))
    text = scored_text(train, 100_000)
    (expected,) = losses(truth, text, np.log(U).astype(np.float32), [calibration])
    assert told["training_calibrated"].value == pytest.approx(expected.mean())
    assert told["training_calibrated"].n == len(text.places)


def test_a_sample_is_of_whole_documents_spread_evenly() -> None:
    split = documents([[3, 4], [2], [5, 1], [2, 2]], seed=1)
    ends = split.document_ends.tolist()
    assert sampled(split, 100).ids.tolist() == split.ids.tolist()
    half = sampled(split, 13)
    assert half.document_ends.tolist() == [7, 13]
    assert half.sentence_ends.tolist() == [3, 7, 12, 13]
    assert half.ids.tolist() == [*split.ids[: ends[0]], *split.ids[ends[1] : ends[2]]]
    assert sampled(split, 1).document_ends.tolist() == [7]  # one at least
    assert not len(sampled(empty_split(), 10).ids)


# Which words are scored -----------------------------------------------------------------------


def test_every_word_but_the_first_of_a_sentence_is_scored() -> None:
    text = scored_text(TEST, 1000)
    firsts = {0, 3, 4, 9, 11, 12, 13, 43, 51}
    assert text.places.tolist() == [i for i in range(53) if i not in firsts]
    assert text.document.tolist() == [0] * 7 + [2] * 36 + [3]
    assert (text.ends("sentence") == TEST.sentence_ends).all()
    assert (text.ends("document") == TEST.document_ends).all()


def test_long_documents_are_cut_down_to_the_same_number_and_none_is_left_out() -> None:
    lengths = [[11] * 200, [11] * 90, [2, 3], [6] * 300]
    split = documents(lengths, seed=3)
    text = scored_text(split, 1203)
    per_document = np.bincount(text.document, minlength=4)
    assert per_document[2] == 3
    assert (per_document[[0, 1, 3]] == 400).all()
    first = text.places[text.document == 0]
    sentences = np.unique(first // 11)
    assert len(sentences) == 40
    assert np.diff(sentences).tolist() == [5] * 39  # spread evenly, and whole
    assert not (first % 11 == 0).any()


@pytest.mark.parametrize("limit", [50, 500, 5000])
def test_the_limit_is_kept_and_nearly_reached(limit: int) -> None:
    rng = np.random.default_rng(4)
    lengths = [rng.integers(1, 30, rng.integers(1, 200)).tolist() for _ in range(12)]
    split = documents(lengths, seed=5)
    n = len(scored_text(split, limit).places)
    assert n <= max(limit, 12 * 29)
    assert n > 0.7 * min(limit, sum(map(sum, lengths)) - sum(map(len, lengths)))


def test_a_thinned_text_has_the_same_documents_and_evenly_spread_words() -> None:
    text = scored_text(DEVELOPMENT, 10_000)
    thin = text.thinned(100)
    assert len(thin.places) == 100
    assert set(thin.places) <= set(text.places)
    assert np.ptp(np.diff(np.searchsorted(text.places, thin.places))) <= 1
    assert thin.ids is text.ids
    assert (text.thinned(10_000).places == text.places).all()
