from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from sentence_tasks import in_text, reader_of, task_of
from task_spaces import readings_of, vocab_of
from wordrel.errors import DatasetError
from wordrel.tasks import Items, Scope
from wordrel.tasks.in_context import CONTEXT_PAIRS, SAME_SENSE, best_threshold
from wordrel.tasks.uses import read_uses, vectors

LOWER = Scope(lowercase=True)
SPACE = {
    "bank": [1, 0, 0],
    "money": [0, 2, 0],
    "river": [0, 0, 3],
    "loan": [0, 1, 1],
    "shore": [1, 0, 2],
}


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["the", "cat", "sat"], "The <b> Cat </b> , sat !", "the cat sat"),
        (["the", "cat", "sat"], "the gnu <b> cat </b> never sat", "the cat sat"),
        (["the", "cat", "sat"], "sat . the <b> cat </b> ! sat", "the cat"),
        (["the", "cat", "sat"], "sat .) the <b> cat. </b> sat", "the cat"),
        (["do", "don't", "cat"], "do n't <b> cat </b>", "don't cat"),
        (["do", "don't", "cat"], "don’t <b> cat </b>", "don't cat"),
        (["do", "cat", "n", "t"], "do n't <b> cat </b>", "do cat"),
        (["dog", "s", "cat"], "dog 's <b> cat </b> 's dog", "dog cat dog"),
        (["long", "term", "cat"], "long-term <b> cat </b>", "long term cat"),
        (["long", "long-term", "cat"], "long-term <b> cat </b>", "long-term cat"),
        (["s", "cat"], "1960s 7 <b> cat </b>", "s cat"),
        (["s", "1960s", "cat"], "1960s <b> cat </b>", "1960s cat"),
        (["s", "0000s", "cat"], "1960s <b> cat </b>", "0000s cat"),
        (["the", "cat"], 'the <b> "cat", </b>', "the cat"),
        (["élan", "cat"], "ÉLAN <b> cat </b>", "élan cat"),
    ],
)
def test_sentences_are_read_as_the_corpus_reads_text(words, text, expected):
    vocab = vocab_of(words)
    uses = read_uses(in_text((text, text, 0, "test")), vocab, lowercase=True)
    assert uses.answerable.tolist() == [True, True]
    assert [vocab.words[i] for i in uses.ids[: uses.ends[0]]] == expected.split()
    assert [vocab.words[i] for i in uses.ids[uses.places]] == ["cat", "cat"]


def test_a_corpus_with_capitals_keeps_them():
    vocab = vocab_of(["Cat", "sat"])
    item = ("<b> Cat </b> sat", "<b> cat </b> sat", 0, "test")
    assert read_uses(in_text(item), vocab, lowercase=False).answerable.tolist() == [True, False]


@pytest.mark.parametrize("word", ["gnu", "cat-sat", ",", "'s", "7"])
def test_a_word_in_view_that_is_not_one_known_word_has_no_answer(word):
    items = in_text((f"the <b> {word} </b> sat", "the <b> cat </b> sat", 0, "test"))
    uses = read_uses(items, vocab_of(["the", "cat", "sat", "s"]), lowercase=True)
    assert uses.known.tolist() == [False, True]
    assert uses.covered.tolist() == [False]


def test_what_is_lost_is_counted():
    items = in_text(
        ("the <b> bank </b> gave money", "<b> gnu </b> money", 0, "same_word"),
        ("money ! <b> bank </b> of gnu", "river <b> bank </b>", 0, "same_word"),
    )
    task = task_of("pairs", "context_pairs", "spearman", items)
    found = CONTEXT_PAIRS.measure(task, reader_of(SPACE), LOWER)
    told = {(m.group, m.statistic): (m.value, m.n) for m in found}
    assert told == {
        ("uses", "share_word_unknown"): (1 / 4, 4),
        ("uses", "share_nothing_around"): (1 / 4, 4),
        ("words around", "share_unknown"): (4 / 7, 7),
    }
    assert {m.embedding for m in found} == {""}
    assert all(np.isnan(m.error) for m in found)


def test_items_without_two_sentences_are_refused():
    no_sentences = Items((("a", "b"),), np.ones(1), np.zeros(1, dtype=np.int64))
    with pytest.raises(ValueError, match="found 1 items with 0 sentences; expected two"):
        read_uses(no_sentences, vocab_of(["a"]), lowercase=True)


PAIRS = in_text(
    ("loan from the <b> bank </b>", "<b> bank </b> of the river", 1.0, "same_word"),
    ("<b> Bank </b> with money .", "money in the <b> bank </b>", 9.0, "same_word"),
    ("<b> bank </b> , money", "<b> shore </b> of the river", 4.0, "different_words"),
    ("gnu <b> bank </b>", "<b> shore </b> of the river", 5.0, "different_words"),
    ("river <b> bank </b> money", "money <b> shore </b> river", 6.0, "different_words"),
)


def asked(kind, items, word_model, measure="spearman"):
    outcomes = kind.answer(task_of("set", "context_pairs", measure, items), word_model, LOWER)
    return {(outcome.task, outcome.embedding): outcome for outcome in outcomes}


def test_cosines_of_each_embedding_with_a_row_for_each_label():
    found = asked(CONTEXT_PAIRS, PAIRS, reader_of(SPACE))
    assert list(found) == [
        (row, embedding)
        for embedding in ("static", "context", "joined")
        for row in ("set", "set.same_word", "set.different_words")
    ]
    near = 1 / np.sqrt(5)  # cosine of bank and shore
    static = [1.0, 1.0, near, np.nan, near]
    context = [1 / np.sqrt(2), 1.0, 0.0, np.nan, 1.0]
    answers = {"static": static, "context": context, "joined": np.add(static, context) / 2}
    for embedding, expected in answers.items():
        whole = found["set", embedding]
        assert whole.predicted == pytest.approx(expected, nan_ok=True, abs=1e-6)
        assert whole.covered.tolist() == [True, True, True, False, True]
        assert not whole.detail
        part = found["set.different_words", embedding]
        assert part.predicted == pytest.approx(expected[2:], nan_ok=True, abs=1e-6)
        assert (part.gold.tolist(), part.cluster.tolist()) == ([4, 5, 6], [2, 3, 4])
        assert part.detail
    assert found["set", "context"].chance == 0


def test_one_word_has_no_order_without_its_sentence():
    rng = np.random.default_rng(0)
    space = {f"w{chr(97 + i)}": rng.normal(size=50).tolist() for i in range(20)}
    items = in_text(*((f"wa wb <b> {w} </b>", f"<b> {w} </b> wc", 0, "same_word") for w in space))
    found = asked(CONTEXT_PAIRS, items, reader_of(space))
    assert found["set.same_word", "static"].predicted.tolist() == [1.0] * 20
    note = "all answers are equal: there is no order to compare"
    assert found["set.same_word", "static"].note == note
    assert found["set.same_word", "context"].note == ""


def test_all_sentences_are_asked_at_once_and_answered_as_readings_answer():
    word_model = reader_of(SPACE)
    uses = read_uses(PAIRS, word_model.vocab, lowercase=True)
    found = vectors(word_model, uses)
    assert word_model.context.calls == 1
    sentence = ("river", "bank", "money")
    for embedding, rows in found.items():
        assert rows.shape == (10, 6 if embedding == "joined" else 3)
        assert rows[8] == pytest.approx(word_model.in_context(sentence, 1, embedding))
        assert np.isnan(rows[6]).all(), "gnu is unknown: bank stands alone"


def test_a_model_answers_with_what_it_has():
    known = readings_of(SPACE, unavailable={"context": "skip-gram has none"})
    assert {embedding for _, embedding in asked(CONTEXT_PAIRS, PAIRS, known)} == {"static"}
    silent = replace(known, embeddings={})
    for kind in (CONTEXT_PAIRS, SAME_SENSE):
        (outcome, *_) = asked(kind, SENSES, silent).values()
        assert (outcome.embedding, outcome.note) == ("", "skip-gram has none")
        assert np.isnan(outcome.predicted).all()


def test_the_selected_embedding_is_that_of_the_question():
    word_model = reader_of(SPACE)
    word_model = replace(word_model, selected={**word_model.selected, "in_context": "joined"})
    found = asked(CONTEXT_PAIRS, PAIRS, word_model)
    assert {embedding for (_, embedding), outcome in found.items() if outcome.selected} == {
        "joined"
    }


def test_a_use_without_a_direction_is_noted():
    word_model = reader_of({**SPACE, "money": [0, 0, 0]})
    found = asked(CONTEXT_PAIRS, PAIRS, word_model)
    assert np.isnan(found["set", "context"].predicted).tolist() == [False, True, True, True, False]
    assert found["set", "context"].note.startswith("2 covered items have a word whose vector")
    assert np.isnan(found["set", "joined"].predicted[2])


SENSES = in_text(
    ("money <b> bank </b>", "loan <b> bank </b>", 1, "train"),  # .71
    ("money <b> bank </b>", "river <b> bank </b>", 0, "train"),  # 0
    ("river <b> bank </b>", "shore <b> bank </b>", 1, "dev"),  # .89
    ("loan <b> bank </b>", "river <b> bank </b>", 0, "dev"),  # .71
    ("river <b> bank </b>", "loan <b> bank </b>", 1, "test"),  # .71
    ("shore <b> bank </b>", "money <b> bank </b>", 0, "test"),  # 0
    ("shore <b> bank </b>", "loan <b> bank </b>", 1, "test"),  # .63
    ("gnu <b> bank </b>", "loan <b> bank </b>", 0, "test"),  # not covered
)


def test_the_threshold_is_that_of_the_earlier_splits_and_the_last_is_scored():
    found = asked(SAME_SENSE, SENSES, reader_of(SPACE), "accuracy")
    assert list(found) == [("set", "static"), ("set", "context"), ("set", "joined")]
    outcome = found["set", "context"]
    assert outcome.predicted == pytest.approx([1, 1, 0, np.nan], nan_ok=True)
    assert outcome.gold.tolist() == [1, 1, 1, 1]
    assert outcome.covered.tolist() == [True, True, True, False]
    assert outcome.cluster.tolist() == [4, 5, 6, 7]
    assert outcome.chance == pytest.approx(2 / 3)  # of the covered ones
    # the form is the same in all: the control says "same" to each
    assert found["set", "static"].predicted == pytest.approx([1, 0, 1, np.nan], nan_ok=True)


def test_without_the_last_split_the_one_before_is_scored():
    keep = [i for i, label in enumerate(SENSES.labels) if label != "test"]
    outcome = asked(SAME_SENSE, subset(SENSES, keep), reader_of(SPACE))["set", "context"]
    assert outcome.predicted.tolist() == [1.0, 0.0]  # the threshold of train alone is .71


def subset(items, keep):
    return replace(
        items,
        words=tuple(items.words[i] for i in keep),
        gold=items.gold[keep],
        cluster=items.cluster[keep],
        labels=tuple(items.labels[i] for i in keep),
        sentences=tuple(items.sentences[i] for i in keep),
    )


def test_no_test_item_can_move_the_threshold(monkeypatch):
    seen = []

    def spy(scores, same):
        seen.append((scores.tolist(), same.tolist(), best_threshold(scores, same)))
        return seen[-1][-1]

    monkeypatch.setattr("wordrel.tasks.in_context.best_threshold", spy)
    gold = SENSES.gold.copy()
    gold[4:] = 1 - gold[4:]
    other_texts = (*SENSES.sentences[:4], *SENSES.sentences[3::-1])
    before = asked(SAME_SENSE, SENSES, reader_of(SPACE))["set", "context"].predicted
    for changed in (
        replace(SENSES, gold=gold),
        replace(SENSES, sentences=other_texts),
        subset(SENSES, [0, 1, 2, 3, 5]),
    ):
        first = seen[:3]
        seen.clear()
        after = asked(SAME_SENSE, changed, reader_of(SPACE))["set", "context"].predicted
        assert seen == first
        assert not np.array_equal(after, before, equal_nan=True), "the change was no change"


def test_a_set_of_one_split_says_that_there_is_no_threshold():
    only_test = subset(SENSES, [4, 5, 6, 7])
    ((key, outcome),) = asked(SAME_SENSE, only_test, reader_of(SPACE)).items()
    assert key == ("set", "")
    assert outcome.note.startswith("no covered item stands in an earlier split")


def test_a_label_that_is_no_split_is_refused():
    wrong = replace(SENSES, labels=("training", *SENSES.labels[1:]))
    with pytest.raises(DatasetError, match=r"found labels \['training'\].*train, dev, test"):
        asked(SAME_SENSE, wrong, reader_of(SPACE))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_threshold_is_the_lowest_of_the_best(data):
    n = data.draw(st.integers(1, 12))
    scores = data.draw(arrays(np.float64, n, elements=st.integers(-3, 3)))
    same = data.draw(arrays(np.bool_, n))
    candidates = [*sorted(set(scores)), np.inf]
    right = [np.mean((scores >= t) == same) for t in candidates]
    assert best_threshold(scores, same) == candidates[int(np.argmax(right))]


def test_no_scores_no_threshold():
    assert np.isnan(best_threshold(np.empty(0), np.empty(0, dtype=np.bool_)))


def two_topics(n, rng):
    """Sentences about one of two topics; the vector of a word shows its topic."""
    words = [f"{topic}{''.join(map(chr, 97 + rng.integers(0, 26, 6)))}" for topic in "ab" * 1500]
    sides = np.array([word[0] == "a" for word in words])
    rows = rng.normal(size=(len(words), 8))
    rows[:, 0] += np.where(sides, 2, -2)
    space = {"target": [0.0] * 7 + [1.0], **dict(zip(words, rows.tolist(), strict=True))}
    items = []
    for i in range(n):
        topics = rng.integers(0, 2, 2)
        texts = [" ".join(rng.choice(words[topic::2], 8)) for topic in topics]
        label = "train" if i % 2 else "test"
        left, right = (f"{text} <b> target </b>" for text in texts)
        items.append((left, right, float(topics[0] == topics[1]), label))
    return space, in_text(*items)


def test_shuffled_vectors_and_shuffled_gold_give_chance():
    rng = np.random.default_rng(5)
    space, items = two_topics(800, rng)
    shuffled = dict(zip(space, rng.permutation(list(space.values())), strict=True))
    mixed = replace(items, gold=rng.permutation(items.gold))

    def scores(space, items):
        rated = asked(CONTEXT_PAIRS, items, reader_of(space))["set", "context"]
        judged = asked(SAME_SENSE, items, reader_of(space))["set", "context"]
        return spearmanr(rated.gold, rated.predicted).statistic, judged.predicted.mean()

    correlation, accuracy = scores(space, items)
    assert correlation > 0.8
    assert accuracy > 0.95
    for case in ((shuffled, items), (space, mixed)):
        correlation, accuracy = scores(*case)
        assert correlation == pytest.approx(0, abs=4 / np.sqrt(800))
        assert accuracy == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(400))
