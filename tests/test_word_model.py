"""WordModel of a hand-made model: what is answered, in which embedding, and what is refused."""

import math
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from task_spaces import vocab_of
from wordrel.config import CorpusConfig
from wordrel.config.architectures import Objective
from wordrel.errors import NotAvailableError, UnknownWordError
from wordrel.models.protocols import Contextualizer, Weigher
from wordrel.models.relations import Cosine, Product, Relation
from wordrel.models.word_model import Origin, WordModel

WORDS = ("cat", "dog", "car", "zero")
INPUT = np.array([[3, 4], [4, 3], [-4, 3], [0, 0]], dtype=np.float32)
OTHER = np.array([[1, 0], [1, 1], [2, 0], [0, 1]], dtype=np.float32)


class Sums:
    """Context of a word: the sum of the ids around it and its place; NaN for a word alone."""

    objective: Objective = "masked_word"

    def states(
        self,
        ids: NDArray[np.int64],
        ends: NDArray[np.int64],
        hidden: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float32]:
        raise AssertionError("in_context asks for contextual vectors")

    def contextual(self, ids: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        assert ends.tolist() == [len(ids)]
        if len(ids) == 1:
            return np.full((1, 3), np.nan, dtype=np.float32)
        places = np.arange(len(ids))
        found = np.stack([ids.sum() - ids, places, np.full(len(ids), 2)], axis=1)
        return found.astype(np.float32)

    def log_probabilities(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        return states


def word_model(**given: Any) -> WordModel:
    chosen: dict[str, Any] = {
        "vocab": vocab_of(WORDS),
        "embeddings": {"input": INPUT, "other": OTHER},
        "relations": {"in.other": Product(INPUT, OTHER), "other.in": Product(OTHER, INPUT)},
        "context": Sums(),
        "selected": {"alike": "input", "relate": "in.other"},
    }
    return WordModel(**(chosen | given))


def test_similarity_is_the_cosine_in_the_embedding() -> None:
    assert word_model().similarity("cat", "dog") == pytest.approx(24 / 25)
    assert word_model().similarity("cat", "car") == pytest.approx(0)
    assert word_model().similarity("cat", "dog", "other") == pytest.approx(1 / math.sqrt(2))


def test_similarity_is_the_dot_product_where_asked() -> None:
    assert word_model().similarity("cat", "dog", measure="dot") == 24
    assert word_model().similarity("cat", "dog", "other", measure="dot") == 1
    assert word_model().similarity("cat", "zero", measure="dot") == 0
    measure: Any = "length"
    with pytest.raises(Exception, match="length"):  # by type checking here, by name for users
        word_model().similarity("cat", "dog", measure=measure)


def test_similarity_is_never_above_one() -> None:
    rows = np.random.default_rng(0).standard_normal((60, 50)).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1)
    assert any(row @ row / (n * n) > 1 for row, n in zip(rows, lengths, strict=True))  # rounded
    vocab = vocab_of([f"w{i:02}" for i in range(60)])
    model = word_model(vocab=vocab, embeddings={"input": rows}, relations={})
    own = [model.similarity(word, word) for word in vocab.words]
    assert max(own) == 1
    assert own == pytest.approx([1] * 60)


def test_a_zero_row_is_like_nothing() -> None:
    assert math.isnan(word_model().similarity("cat", "zero"))
    assert word_model().most_similar("zero") == {}


def test_most_similar_ranks_all_others_with_a_direction() -> None:
    found = word_model().most_similar("cat")
    assert list(found) == ["dog", "car"]
    assert list(found.values()) == pytest.approx([24 / 25, 0], abs=1e-7)
    assert list(word_model().most_similar("cat", 1)) == ["dog"]
    assert list(word_model().most_similar("cat", embedding="other")) == ["car", "dog", "zero"]


def test_equally_similar_words_come_in_the_order_of_the_vocabulary() -> None:
    same = np.array([[1, 0], [0, 1], [0, 1], [0, 1]], dtype=np.float32)
    assert list(word_model(embeddings={"input": same}).most_similar("cat", 2)) == ["dog", "car"]


def test_the_odd_one_out_is_least_like_the_mean_of_all() -> None:
    assert word_model().odd_one_out(["cat", "car", "dog"]) == "car"
    # unit rows (1, 0), (1, 1) / sqrt(2), (1, 0): with their mean, (1, 1) has the smallest product
    assert word_model().odd_one_out(["cat", "car", "dog"], "other") == "dog"
    with pytest.raises(NotAvailableError, match="found 2, expected three or more"):
        word_model().odd_one_out(["cat", "dog"])
    with pytest.raises(NotAvailableError, match="'zero' has no direction here"):
        word_model().odd_one_out(["cat", "zero", "dog"])
    with pytest.raises(UnknownWordError):
        word_model().odd_one_out(["cat", "dog", "cow"])
    with pytest.raises(NotAvailableError, match="words: found a text, expected a list of words"):
        word_model().odd_one_out("cat dog car")


def test_the_odd_one_out_is_that_of_gensim() -> None:
    rows = np.random.default_rng(3).standard_normal((30, 5)).astype(np.float32)
    words = [f"w{i}" for i in range(30)]
    model = word_model(vocab=vocab_of(words), embeddings={"input": rows})
    vectors = KeyedVectors(5)
    vectors.add_vectors(words, rows)
    for start in range(0, 30, 5):
        some = words[start : start + 5]
        assert model.odd_one_out(some) == vectors.doesnt_match(some)


def test_neighbours_in_context_are_those_of_the_state() -> None:
    # "dog" between cat (0) and car (2): the state is (0 + 2, its place 1, 2)
    rows = np.array([[2, 1, 2], [2, 1, 2], [-2, -1, -2], [2, 0, 2]], dtype=np.float32)
    model = word_model(embeddings={"input": INPUT, "output": rows})
    found = model.most_similar_in_context(["cat", "dog", "car"], 1)
    assert list(found) == ["cat", "zero", "car"]
    assert list(found.values()) == pytest.approx([1, 8 / (3 * math.sqrt(8)), -1])
    assert list(model.most_similar_in_context(["cat", "dog", "car"], 1, n=1)) == ["cat"]
    with pytest.raises(NotAvailableError, match="found rows of 2 numbers, expected 3"):
        model.most_similar_in_context(["cat", "dog", "car"], 1, embedding="input")
    with pytest.raises(NotAvailableError, match="no known word around it"):
        model.most_similar_in_context(["dog"], 0)


def test_relation_has_a_direction() -> None:
    model = word_model()
    assert model.relation("cat", "dog") == 7  # (3, 4) . (1, 1)
    assert model.relation("dog", "cat") == 4  # (4, 3) . (1, 0)
    assert model.relation("dog", "cat", "other.in") == 7


def ids_of(*ids: int) -> NDArray[np.int64]:
    return np.array(ids, dtype=np.int64)


def test_cosine_is_a_relation_without_direction_or_length() -> None:
    cosine = Cosine(np.concatenate([INPUT, 3 * INPUT]))
    found = cosine(ids_of(0, 0, 4, 0, 3, 0), ids_of(1, 2, 1, 4, 1, 3))
    np.testing.assert_allclose(found, [24 / 25, 0, 24 / 25, 1, np.nan, np.nan], atol=1e-7)
    assert found.dtype == np.float64


def test_relations_without_direction_give_the_same_bits_both_ways() -> None:
    """A task of direction takes the difference: rounding must not answer it."""
    rows = np.random.default_rng(0).standard_normal((40, 30)).astype(np.float32)
    left, right = np.divmod(np.arange(1600), 40)
    for relation in (Cosine(rows), Product(rows, rows)):
        assert isinstance(relation, Relation)
        np.testing.assert_array_equal(relation(left, right), relation(right, left))
    assert Cosine(rows)(left, right).max() <= 1


def test_in_context_gives_the_static_the_contextual_or_both() -> None:
    model, sentence = word_model(), ["dog", "cat", "car"]
    assert model.in_context(sentence, 2, "static").tolist() == [-4, 3]
    assert model.in_context(sentence, 2).tolist() == [1, 2, 2]
    joined = model.in_context(sentence, 2, "joined")
    np.testing.assert_allclose(joined, [-0.8, 0.6, 1 / 3, 2 / 3, 2 / 3], rtol=1e-6)


def test_what_reads_text_and_predicts_nothing_knows_words_in_context_too() -> None:
    model = word_model(context=None, sentences=Sums())
    assert model.in_context(["cat", "dog", "car"], 1).tolist() == [2, 1, 2]
    assert "reads sentences, predicts no word" in repr(model)


def test_words_that_the_vocabulary_lacks_are_left_out_of_the_context() -> None:
    model = word_model()
    whole = model.in_context(["dog", "cat", "car"], 1)
    assert model.in_context(["a", "dog", "of", "cat", "the", "car"], 3).tolist() == whole.tolist()
    assert whole.tolist() == [3, 1, 2]


def test_a_zero_row_joins_without_a_direction() -> None:
    joined = word_model().in_context(["dog", "zero"], 1, "joined")
    np.testing.assert_allclose(joined, [0, 0, *(np.array([1, 1, 2]) / math.sqrt(6))], rtol=1e-6)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.similarity("cat", "cow"),
        lambda model: model.similarity("cow", "cat"),
        lambda model: model.relation("cow", "cat"),
        lambda model: model.most_similar("cow"),
        lambda model: model.in_context(["cat", "cow"], 1),
        lambda model: model.vector("cow"),
        lambda model: model["cow"],
    ],
)
def test_an_unknown_word_is_named(ask: Any) -> None:
    with pytest.raises(UnknownWordError, match="'cow' is not among the 4 words"):
        ask(word_model())


def test_an_unknown_embedding_is_named_with_those_that_are_there() -> None:
    model = word_model()
    with pytest.raises(
        NotAvailableError, match="embedding: found 'key', expected one of input, other"
    ):
        model.similarity("cat", "dog", "key")
    with pytest.raises(
        NotAvailableError, match=r"embedding: found 'q\.k', expected one of in\.other, other"
    ):
        model.relation("cat", "dog", "q.k")
    embedding: Any = "both"
    with pytest.raises(Exception, match="both"):  # by type checking here, by name for users
        model.in_context(["cat", "dog"], 0, embedding)


def test_a_question_without_answer_gives_its_reason() -> None:
    reasons = {"context": "skip-gram has none", "relate": "no two tables", "alike": "no vectors"}
    model = word_model(context=None, relations={}, unavailable=reasons)
    with pytest.raises(NotAvailableError, match=r"^skip-gram has none$"):
        model.in_context(["cat", "dog"], 0)
    assert model.in_context(["cat", "dog"], 0, "static").tolist() == [3, 4]
    with pytest.raises(NotAvailableError, match=r"^no two tables$"):
        model.relation("cat", "dog")
    with pytest.raises(NotAvailableError, match=r"^no vectors$"):
        word_model(embeddings={}, unavailable=reasons).similarity("cat", "dog")


def test_a_word_alone_has_no_context() -> None:
    with pytest.raises(NotAvailableError, match="'cat' has no known word around it here"):
        word_model().in_context(["the", "cat"], 1)


def test_what_reads_text_is_known_by_what_it_can_do() -> None:
    assert isinstance(Sums(), Contextualizer)
    assert not isinstance(word_model(), Contextualizer)
    assert not isinstance(Sums(), Weigher)


def test_a_model_is_a_mapping_from_its_words_to_their_vectors() -> None:
    model = word_model()
    assert model["cat"].tolist() == [3, 4]
    assert model.vector("cat", "other").tolist() == [1, 0]
    assert list(model) == list(WORDS)
    assert len(model) == 4
    assert "cat" in model
    assert "cow" not in model
    with pytest.raises(
        NotAvailableError, match="embedding: found 'key', expected one of input, other"
    ):
        model.vector("cat", "key")


def test_changing_a_vector_does_not_change_the_model() -> None:
    model = word_model()
    model["cat"][:] = 9
    assert model["cat"].tolist() == [3, 4]


def on(**settings: Any) -> WordModel:
    """A model whose corpus has these settings."""
    corpus = CorpusConfig(source="text.txt", **settings)
    return word_model(origin=Origin("tiny seed 1 on text", corpus))


def test_a_model_shows_what_it_is_and_has_in_a_few_lines() -> None:
    assert repr(on()).splitlines() == [
        "WordModel of tiny seed 1 on text",
        "  words       4; most frequent: cat, dog, car, zero",
        "  embeddings  input (selected), other",
        "  relations   in.other (selected), other.in",
        "  in context  masked_word",
    ]
    bare = word_model(context=None, relations={}, unavailable={"context": "it reads no text"})
    assert repr(bare).splitlines()[-2:] == [
        "  relations   none: it has no answer",
        "  in context  none: it reads no text",
    ]


def test_a_notebook_shows_the_same_as_a_table_and_no_html_of_others() -> None:
    model = word_model(vocab=vocab_of(("<b>", "dog", "car", "zero")))
    shown = model._repr_html_()
    assert shown.count("<tr>") == len(repr(model).splitlines()) - 1 == 4
    assert ">in.other (selected), other.in</td>" in shown
    assert "&lt;b&gt;, dog" in shown
    assert "<b>" not in shown


@pytest.mark.parametrize(
    ("word", "settings", "why"),
    [
        ("Cat", {}, "the corpus was lower-cased: use 'cat'"),
        (
            "Cats",
            {"min_count": 7},
            "the corpus was lower-cased, and 'cats' is not in the training text at least "
            "min_count=7 times; similar spellings: 'cat'",
        ),
        ("Cat", {"lowercase": False}, "it is not in the training text at least min_count=5 times"),
        ("cow", {"max_vocabulary": 4}, "it is not one of the max_vocabulary=4 most frequent words"),
        ("cow", {"max_vocabulary": 5}, "it is not in the training text at least min_count=5 times"),
        (
            "cat's-dog",
            {},
            "a word of this corpus is a run of letters, with single apostrophes inside, so this "
            """text is cut into "cat's", 'dog'""",
        ),
        ("42", {}, "a word of this corpus is a run of letters, with single apostrophes inside"),
        ("42", {"digits": "keep"}, "it is not in the training text at least min_count=5 times"),
        ("42", {"digits": "zero"}, "the corpus was normalised (digits=zero), and '00' is not in "),
        (" ", {"digits": "keep"}, "a word of this corpus is a run of letters and digits, with"),
    ],
)
def test_why_a_word_is_unknown(word: str, settings: dict[str, Any], why: str) -> None:
    with pytest.raises(UnknownWordError) as caught:
        on(**settings).similarity(word, "dog")
    message = str(caught.value)
    assert message.startswith(f"{word!r} is not among the 4 words of the model; {why}")


def test_no_spelling_is_offered_where_the_reason_names_the_word() -> None:
    with pytest.raises(UnknownWordError, match=r"use 'cat'$"):
        on().vector("Cat")
    with pytest.raises(UnknownWordError, match=r"; similar spellings: 'zero'$"):
        on().vector("zeroo")
