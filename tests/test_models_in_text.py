"""A gap in a sentence: probable words, weights, and what is refused."""

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest

from random_models import READERS, random_readings
from task_spaces import vocab_of
from wordrel.config import CorpusConfig
from wordrel.corpus import Vocab
from wordrel.errors import NotAvailableError, UnknownWordError
from wordrel.models.word_model import Origin, WordModel

VOCAB = vocab_of([f"w{i}" for i in range(12)])
SENTENCE = ["w3", "w7", "_", "w1", "missing", "w5"]
KNOWN = np.array([3, 7, 0, 1, 5])  # with any word in the gap, and without the missing one


def model_of(name: str) -> WordModel:
    return random_readings(name, VOCAB)


@pytest.mark.parametrize("name", READERS)
def test_words_of_a_gap_have_the_probabilities_of_its_scores(name: str) -> None:
    model = model_of(name)
    words = model.predict(SENTENCE, 2, n=12)
    (scores,) = model.predictors[0].scores(KNOWN, np.array([5]), np.array([2]))
    e = np.exp(scores[0].astype(np.float64))
    assert words == pytest.approx({f"w{i}": p for i, p in enumerate(e / e.sum())})
    assert list(words.values()) == sorted(words.values(), reverse=True)
    assert list(model.predict(SENTENCE, 2, n=2)) == list(words)[:2]


@pytest.mark.parametrize("name", READERS)
def test_the_word_in_the_gap_is_not_read(name: str) -> None:
    model = model_of(name)
    filled = [*SENTENCE[:2], "w9", *SENTENCE[3:]]
    assert model.predict(SENTENCE, 2) == model.predict(filled, 2)
    assert model.weights(SENTENCE, 2) == model.weights(filled, 2)


def test_a_next_word_model_reads_the_words_before_the_gap_alone() -> None:
    model = model_of("attention_position")
    assert model.predict(SENTENCE, 2) == model.predict(["w3", "w7"], 2)
    assert model.predict(SENTENCE, 2) != model_of("attention_position").predict(["w7", "w3"], 2)
    assert [*model.weights(SENTENCE, 2)] == [0, 1]


def test_weights_are_those_of_the_words_around_and_add_up_to_one() -> None:
    weights = model_of("mean_query_attention").weights(SENTENCE, 2)
    assert [*weights] == [0, 1, 3, 5]  # not the gap, nor the missing word
    assert sum(weights.values()) == pytest.approx(1)
    assert len({*weights.values()}) == 4
    equal = model_of("mean").weights(SENTENCE, 2)
    assert equal == pytest.approx(dict.fromkeys([0, 1, 3, 5], 0.25))


def test_weights_follow_their_words_when_these_change_places() -> None:
    model = model_of("mean_query_attention")  # without positions
    there = model.weights(["w3", "w7", "_", "w1"], 2)
    back = model.weights(["w1", "w3", "_", "w7"], 2)
    assert [there[i] for i in (0, 1, 3)] == pytest.approx([back[i] for i in (1, 3, 0)])


def test_the_place_behind_a_sentence_is_a_gap_too() -> None:
    model = model_of("attention")
    assert model.predict(["w3", "w7"], 2) == model.predict(["w3", "w7", "_"], 2)


@pytest.mark.parametrize("position", [-1, 7])
def test_a_place_outside_the_sentence_is_refused(position: int) -> None:
    with pytest.raises(NotAvailableError, match=f"found {position}, expected 0 to 6"):
        model_of("mean").predict(SENTENCE, position)


def test_a_gap_without_known_words_in_view_is_refused() -> None:
    with pytest.raises(NotAvailableError, match="no known word around the gap"):
        model_of("mean").predict(["missing", "_"], 1)
    with pytest.raises(NotAvailableError, match="no known word before the gap"):
        model_of("attention").predict(["_", "w1"], 0)


def test_weights_are_refused_where_a_prediction_is() -> None:
    with pytest.raises(NotAvailableError, match="no known word around the gap"):
        model_of("mean").weights(["missing", "_"], 1)
    with pytest.raises(NotAvailableError, match="no known word before the gap"):
        model_of("attention").weights(["_", "w1"], 0)


def test_a_word_in_another_spelling_is_the_same_word_in_a_sentence() -> None:
    vocab = vocab_of(["don't", *(f"w{i}" for i in range(11))])
    model = random_readings("attention_position", vocab)
    plain, curly = ["w3", "don't", "w1"], ["w3", "don’t", "w1"]
    for position in (0, 1, 2):
        expected = model.in_context(plain, position)
        np.testing.assert_array_equal(model.in_context(curly, position), expected)
    assert model.predict(curly, 2) == model.predict(plain, 2)
    assert model.weights(curly, 2) == model.weights(plain, 2)


def of_corpus(vocab: Vocab, **settings: Any) -> WordModel:
    """A model that knows how the text of its corpus became words."""
    origin = Origin("attention seed 1 on text", CorpusConfig(source="text.txt", **settings))
    return dataclasses.replace(random_readings("attention", vocab), origin=origin)


def test_words_of_a_sentence_are_looked_up_as_the_corpus_spells_them() -> None:
    model = of_corpus(vocab_of(["the", "cat", "sat", "istanbul", "00"]), digits="zero")
    plain = ["the", "cat", "istanbul", "00", "sat"]
    given = ["The", "CAT", "İstanbul", "42", "sat"]
    assert model.predict(given, 5) == model.predict(plain, 5)
    assert model.weights(given, 4) == model.weights(plain, 4)
    assert [*model.weights(given, 3)] == [0, 1, 2]
    np.testing.assert_array_equal(model.in_context(given, 1), model.in_context(plain, 1))
    near = model.most_similar_in_context(given, 1)
    assert near == model.most_similar_in_context(plain, 1)
    assert "cat" not in near
    with pytest.raises(UnknownWordError, match="the corpus was lower-cased: use 'cat'"):
        model.vector("CAT")


def test_capitals_stay_where_the_corpus_kept_them_or_is_not_known() -> None:
    vocab = vocab_of(["the", "The", "cat", "sat"])
    kept, unknown = of_corpus(vocab, lowercase=False), random_readings("attention", vocab)
    for model in (kept, unknown):
        assert model.weights(["The", "Cat", "sat", "_"], 3).keys() == {0, 2}
        assert model.predict(["The"], 1) != model.predict(["the"], 1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict("w1 w2", 1),
        lambda model: model.weights("w1 w2", 50),
        lambda model: model.in_context("w1 w2", 1),
        lambda model: model.most_similar_in_context("w1 w2", 50),
    ],
)
def test_a_text_in_place_of_its_words_is_refused(ask: Any) -> None:
    model = random_readings("attention", vocab_of(["w", "1", "2", "w1", "w2"]))
    message = r"sentence: found a text, expected a list of words: sentence\.split\(\) makes one"
    with pytest.raises(NotAvailableError, match=message):
        ask(model)


@pytest.mark.parametrize("position", [-1, 2])
def test_a_place_of_no_word_has_no_vector_in_context(position: int) -> None:
    message = f"position: found {position}, expected the place of one of 2 words, from 0"
    for embedding in ("static", "context"):
        with pytest.raises(NotAvailableError, match=message):
            model_of("mean").in_context(["w1", "w2"], position, embedding)
    with pytest.raises(NotAvailableError, match=r"position: found 0, .* of 0 words"):
        model_of("mean").in_context([], 0)


def test_fewer_than_one_answer_are_refused() -> None:
    model = model_of("mean")
    for n in (0, -1):
        with pytest.raises(NotAvailableError, match=f"n: found {n}, expected 1 or more"):
            model.most_similar("w1", n)
        with pytest.raises(NotAvailableError, match=f"n: found {n}, expected 1 or more"):
            model.predict(SENTENCE, 2, n)


def test_a_number_in_place_of_a_word_is_named() -> None:
    """Tests check types, which users do not: so the methods are called as users have them."""
    model, number = model_of("mean"), 3
    with pytest.raises(NotAvailableError, match="found 3, expected a word in quotes"):
        inspect.unwrap(WordModel.similarity)(model, "w1", number)  # type: ignore[arg-type]
    assert inspect.unwrap(WordModel.similarity)(model, "w1", "w1") == pytest.approx(1)


def test_models_without_an_answer_say_why() -> None:
    table = np.eye(12, dtype=np.float32)
    vectors = WordModel(VOCAB, embeddings={"input": table}, unavailable={"context": "only vectors"})
    with pytest.raises(NotAvailableError, match="only vectors"):
        vectors.predict(SENTENCE, 2)
    with pytest.raises(NotAvailableError, match="only vectors"):
        vectors.weights(SENTENCE, 2)
    with pytest.raises(NotAvailableError, match="reading: found 'other', expected one of context"):
        model_of("mean").predict(SENTENCE, 2, reading="other")


def test_an_analogy_adds_and_subtracts_rows_of_length_one() -> None:
    rows = np.float32([[2, 0], [0, 3], [1, 1], [-1, 1], [5, 1], [1, -1]])
    model = WordModel(
        vocab_of([f"w{i}" for i in range(6)]), {"input": rows}, selected={"alike": "input"}
    )
    answers = model.most_similar(["w0", "w1"], negative="w3")
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    direction = unit[0] + unit[1] - unit[3]
    expected = {f"w{i}": unit[i] @ direction / np.linalg.norm(direction) for i in (2, 4, 5)}
    assert answers == pytest.approx(expected)
    assert list(answers) == sorted(answers, key=lambda word: -answers[word])
    assert model.most_similar(["w0"]) == model.most_similar("w0")
    assert list(model.most_similar([], negative=["w2"]))[-1] == "w4"
    with pytest.raises(NotAvailableError, match="found no word"):
        model.most_similar([])
    with pytest.raises(UnknownWordError):
        model.most_similar(["w0", "none"])
