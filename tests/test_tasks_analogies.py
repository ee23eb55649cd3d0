from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from task_spaces import readings_of, task_of, vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks.analogies import EPSILON, KIND, METHODS, solve
from wordrel.tasks.base import RESTRICT_VOCAB, Scope
from wordrel.tasks.geometry import has_direction, nearest, unit_rows

ROOM = {
    "man": [1, 0, 0],
    "woman": [0, 1, 0],
    "king": [1, 0, 1],
    "queen": [0, 1, 1],
    # Where wrong arithmetic lands, exactly, on vectors of length 1:
    "inverted": [1 + 0.5**0.5, -1, 0.5**0.5],  # man - woman + king
    "sum": [0.5**0.5, 1, 0.5**0.5],  # woman + king
    "prince": [1, 0, 1.2],  # beside king
    "unscaled": [0, 1, 1.8],  # woman - man + king, had the vectors kept these lengths
}


def family(*questions, **fields):
    return task_of("analogies", questions, measure="accuracy", **fields)


def ask(task, word_model, *, lowercase=True, restrict_vocab=RESTRICT_VOCAB):
    return KIND.answer(task, word_model, Scope(lowercase, restrict_vocab))


def one_of_each(solved):
    return [found.tolist() for found in solved.values()]


def test_the_fourth_word_is_found_among_planted_distractors():
    task = family("man woman king queen", "man woman king prince")
    rows = ask(task, readings_of(ROOM))
    found = {row.task: row.predicted.tolist() for row in rows}
    assert found == {"mine": [1, 0], "mine.mul": [1, 0], "mine.only_b": [0, 1]}
    assert [(r.embedding, r.selected, r.measure, r.better, r.detail) for r in rows] == [
        ("input", True, "accuracy", "higher", False)
    ] * 3
    assert [r.chance for r in rows] == [1 / 8] * 3
    assert rows[0].gold.tolist() == [1, 1]


def test_words_of_the_question_never_answer():
    unit = unit_rows(np.array(list(ROOM.values()), dtype=np.float32)[:4])
    question = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]])
    assert one_of_each(solve(unit, question)) == [[3, 2, 1]] * 3
    assert one_of_each(solve(unit[:3], question[:1])) == [[-1]] * 3
    assert one_of_each(solve(unit, question[:0])) == [[]] * 3


def test_addition_and_multiplication_differ_as_their_authors_say():
    # Cosines with a, a', b: their sum is .62 and .6, but the first word is far from b.
    unit = np.zeros((5, 9), dtype=np.float32)
    unit[:3, :3] = np.eye(3)
    unit[3, :3], unit[4, :3] = [0, 0.9, -0.28], [0, 0.3, 0.3]
    unit[[3, 4], [7, 8]] = np.sqrt(1 - (unit[3:] ** 2).sum(axis=1))
    found = solve(unit, np.array([[0, 1, 2]]))
    assert (found[""], found[".mul"], found[".only_b"]) == (3, 4, 4)


def test_the_nearest_of_b_may_be_behind_all_words_of_the_question():
    angles = np.array([1.0, 2.0, 0.0, 10.0, 50.0])  # of a, a', b and two others
    unit = unit_rows(np.stack([np.cos(angles / 60), np.sin(angles / 60)], 1).astype(np.float32))
    assert solve(unit, np.array([[0, 1, 2]]))[".only_b"] == 3


def naive(unit, questions):
    """Each method by its formula, a question at a time, in float64."""
    cosines = np.clip(unit.astype(np.float64) @ unit.astype(np.float64).T, -1, 1)
    s = (1 + cosines) / 2
    found = {method: [] for method in METHODS}
    for a, a_prime, b in questions:
        formulas = (
            cosines[a_prime] - cosines[a] + cosines[b],
            s[a_prime] * s[b] / (s[a] + EPSILON),
            cosines[b].copy(),
        )
        for method, scores in zip(METHODS, formulas, strict=True):
            scores[[a, a_prime, b]] = -np.inf
            scores[~has_direction(unit)] = -np.inf
            found[method].append(int(scores.argmax()))
    return found


@pytest.mark.parametrize("at_once", [2**24, 300 * 7, 1])
def test_answers_are_those_of_the_formulas(at_once, monkeypatch):
    monkeypatch.setattr("wordrel.tasks.analogies._COSINES_AT_ONCE", at_once)
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(300, 8)).astype(np.float32)
    rows[::50] = 0
    unit = unit_rows(rows)
    known = np.flatnonzero(has_direction(unit))
    questions = known[generator.integers(0, len(known), (600, 3))]
    questions = questions[np.argsort(questions[:, 0] // 100, kind="stable")]
    questions[1::2, :2] = questions[::2, :2]  # as in published sets, pairs return
    found = {method: answers.tolist() for method, answers in solve(unit, questions).items()}
    assert found == naive(unit, questions)
    assert found[""] != found[".mul"] != found[".only_b"]


def test_where_several_words_are_right_any_of_them_will_do():
    task = family(
        "man woman king queen/prince",
        "man woman king x/queen",
        "man woman king sum/prince",
        "man woman king woman/king/queen",  # words of the question do not count
        "man woman king woman/king",
        "man woman king x/y",
    )
    add, _, only_b = ask(task, readings_of(ROOM))
    assert add.covered.tolist() == [True, True, True, True, False, False]
    assert add.predicted == pytest.approx([1, 1, 0, 1, np.nan, np.nan], nan_ok=True)
    assert only_b.predicted == pytest.approx([1, 0, 1, 0, np.nan, np.nan], nan_ok=True)
    assert add.note == "1 questions hold their own answer and are not asked"
    few, _, _ = ask(task, readings_of(ROOM), restrict_vocab=5)  # prince is no candidate
    assert few.covered.tolist() == [True, True, False, True, False, False]


def test_sections_are_details_of_every_embedding_by_addition():
    task = family(
        "man woman king queen",
        "woman man queen king",
        "man woman king prince",
        labels=("plural", "verb", "plural"),
        cluster=[0, 1, 0],
    )
    word_model = readings_of(ROOM)
    both = replace(
        word_model, embeddings=word_model.embeddings | {"output": word_model.embeddings["input"]}
    )
    rows = {(row.task, row.embedding): row for row in ask(task, both)}
    details = [key for key, row in rows.items() if row.detail]
    assert details == [
        (f"mine.{section}", embedding)
        for embedding in ("input", "output")
        for section in ("plural", "verb")
    ]
    assert len(rows) == 6 + 4
    plural = rows["mine.plural", "input"]
    assert (plural.predicted.tolist(), plural.gold.tolist()) == ([1, 0], [1, 1])
    assert (plural.cluster.tolist(), plural.covered.tolist()) == ([0, 0], [True, True])
    assert (plural.selected, plural.chance) == (True, 1 / 8)
    assert rows["mine.verb", "input"].predicted.tolist() == [1]
    one_section = replace(task, items=replace(task.items, labels=("all",) * 3))
    assert not any(row.detail for row in ask(one_section, both))


def test_only_frequent_words_are_asked_and_answer():
    task = family("man woman king queen", "man woman king prince")
    vocab = vocab_of(list(ROOM))
    assert KIND.covered(task.items, vocab, Scope(True)).tolist() == [True, True]
    assert KIND.covered(task.items, vocab, Scope(True, 6)).tolist() == [True, False]
    rows = ask(task, readings_of(ROOM), restrict_vocab=6)
    assert rows[0].predicted == pytest.approx([1, np.nan], nan_ok=True)
    assert rows[0].chance == 1 / 6
    # Without prince, the neighbour of king is "sum" or queen: never a word out of reach.
    assert rows[2].predicted == pytest.approx([0, np.nan], nan_ok=True)


def test_case_is_that_of_the_corpus():
    task = family("Man woman King queen")
    assert ask(task, readings_of(ROOM))[0].predicted.tolist() == [1]
    assert np.isnan(ask(task, readings_of(ROOM), lowercase=False)[0].predicted).all()


def test_a_question_that_holds_its_answer_is_counted_and_not_asked():
    task = family("man woman king queen", "man woman king Woman", "x y z x")
    row, *_ = ask(task, readings_of(ROOM))
    assert row.covered.tolist() == [True, False, False]
    assert row.note == "1 questions hold their own answer and are not asked"
    rows = ask(replace(task, items=replace(task.items, labels=("a", "b", "b"))), readings_of(ROOM))
    assert [row.note for row in rows if row.detail] == ["", ""]  # it counts the whole set


def test_a_word_without_a_vector_neither_asks_nor_answers():
    task = family("man woman king queen", "man woman king prince")
    for row in ask(task, readings_of(ROOM | {"prince": [0, 0, 0]})):
        assert row.predicted[0] == (row.task != "mine.only_b")
        assert np.isnan(row.predicted[1])
        assert row.covered.all()
        assert row.note == "1 covered items have a word whose vector is zero or not finite"


def test_no_covered_question_and_no_embedding_are_said_so():
    task = family("man woman king queen")
    rows = ask(task, readings_of({"cat": [1, 0]}))
    assert len(rows) == 3
    assert all(r.note.startswith("the vocabulary covers none of the 1 items") for r in rows)
    mute = WordModel(vocab_of(list(ROOM)), {}, unavailable={"alike": "it counts"})
    assert [(r.task, r.note, r.selected) for r in ask(task, mute)] == [
        ("mine", "it counts", True),
        ("mine.mul", "it counts", True),
        ("mine.only_b", "it counts", True),
    ]


@pytest.fixture(scope="module")
def planted():
    """Part of Google's questions in a noisy space where each section has its own offset."""
    lines = Path(datapath("questions-words.txt")).read_text().splitlines()
    questions = [line for line in lines if not line.startswith(":")]
    kept = np.arange(0, len(questions), 12)
    words = [questions[i].split() for i in kept]
    generator = np.random.default_rng(1)
    rows: dict[str, np.ndarray] = {}
    for i, (a, a_prime, b, b_prime) in zip(kept, words, strict=True):
        offset = np.random.default_rng(i // 1500).normal(size=30)
        for base, derived in ((a, a_prime), (b, b_prime)):
            left = rows.setdefault(base.lower(), generator.normal(size=30))
            noise = generator.normal(size=30) * 0.8
            rows.setdefault(derived.lower(), left + offset + noise)
    return family(*(questions[i] for i in kept)), readings_of(rows)


def test_answers_are_those_of_gensim_item_for_item(planted, tmp_path):
    task, word_model = planted
    vectors = KeyedVectors(30)
    vectors.add_vectors(list(word_model.vocab.words), word_model.embeddings["input"])
    path = tmp_path / "questions.txt"
    path.write_text(": all\n" + "".join(" ".join(words) + "\n" for words in task.items.words))
    restrict = len(word_model.vocab) - 50
    accuracy, sections = vectors.evaluate_word_analogies(str(path), restrict_vocab=restrict)
    right, wrong = (set(sections[-1][which]) for which in ("correct", "incorrect"))
    row, *_ = ask(task, word_model, restrict_vocab=restrict)
    for words, predicted in zip(task.items.words, row.predicted, strict=True):
        upper = tuple(word.upper() for word in words)
        assert (upper in right, upper in wrong) == (predicted == 1, predicted == 0)
    assert np.nanmean(row.predicted) == pytest.approx(accuracy, abs=1e-6)
    assert 0.1 < accuracy < 0.9
    assert 0 < np.isnan(row.predicted).sum() < 1000


def test_only_b_is_the_nearest_neighbour_of_b_in_gensim(planted):
    task, word_model = planted
    vectors = KeyedVectors(30)
    vectors.add_vectors(list(word_model.vocab.words), word_model.embeddings["input"])
    *_, row = ask(task, word_model)
    for words, predicted in list(zip(task.items.words, row.predicted, strict=True))[::10]:
        a, a_prime, b, b_prime = (word.lower() for word in words)
        near = [w for w, _ in vectors.most_similar(b, topn=3) if w not in (a, a_prime)]
        assert predicted == (near[0] == b_prime)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")
def test_multiplication_is_that_of_gensim(planted):
    task, word_model = planted
    vectors = KeyedVectors(30)
    vectors.add_vectors(list(word_model.vocab.words), word_model.embeddings["input"])
    _, row, _ = ask(task, word_model)
    for words, predicted in list(zip(task.items.words, row.predicted, strict=True))[::10]:
        a, a_prime, b, b_prime = (word.lower() for word in words)
        # gensim's 1e-6 in the place of .001 changes none of these
        ((found, _),) = vectors.most_similar_cosmul([a_prime, b], [a], topn=1)
        assert predicted == (found == b_prime)
    assert 0.1 < np.nanmean(row.predicted) < 0.9


def test_shuffled_vectors_give_chance(planted):
    task, word_model = planted
    rows = np.random.default_rng(2).permutation(word_model.embeddings["input"])
    for row in ask(task, replace(word_model, embeddings={"input": rows})):
        assert np.nanmean(row.predicted) < row.chance + 3 * np.sqrt(row.chance / len(rows))


def test_shuffled_gold_gives_chance(planted):
    task, word_model = planted
    *questions, right = zip(*task.items.words, strict=True)
    other = np.random.default_rng(4).permutation(right)
    items = replace(task.items, words=tuple(zip(*questions, other, strict=True)))
    words = len(word_model.vocab)
    for row in ask(replace(task, items=items), word_model):
        # Answers are words that are right somewhere, which are a third of all.
        assert np.nanmean(row.predicted) < 3 * (1 / words + 3 * np.sqrt(1 / words / len(right)))


def test_turning_and_scaling_a_space_changes_no_answer(planted):
    task, word_model = planted
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(30, 30)))
    rows = (word_model.embeddings["input"] @ turn * 1e-25).astype(np.float32)
    before = ask(task, word_model)
    after = ask(task, replace(word_model, embeddings={"input": rows}))
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one.predicted, other.predicted, equal_nan=True)


def test_no_neighbours_of_a_vocabulary_of_one_word_are_no_columns():
    one = np.ones((1, 2), dtype=np.float32)
    assert nearest(one, one, np.zeros((1, 1), dtype=np.int64), 0).shape == (1, 0)
