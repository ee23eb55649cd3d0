from dataclasses import replace

import numpy as np
import pytest
from gensim.models import KeyedVectors

from task_spaces import readings_of, vocab_of
from wordrel.readings import Readings
from wordrel.tasks import ask, covered, load_task
from wordrel.tasks.analogies import only_b, read, three_cos_add
from wordrel.tasks.geometry import unit_rows

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


def google(tmp_path, text):
    path = tmp_path / "questions.txt"
    path.write_text(text)
    return replace(load_task("google_analogies"), items=read(path))


def family(tmp_path, *questions):
    return google(tmp_path, ": family\n" + "".join(q + "\n" for q in questions))


def test_the_fourth_word_is_found_among_planted_distractors(tmp_path):
    task = family(tmp_path, "man woman king queen", "man woman king prince")
    rows = ask(task, readings_of(ROOM), lowercase=True)
    found = {row.task: row.predicted.tolist() for row in rows}
    assert found == {"google_analogies": [1, 0], "google_analogies.only_b": [0, 1]}
    assert [(r.view, r.primary, r.measure, r.better) for r in rows] == [
        ("input", True, "accuracy", "higher")
    ] * 2
    assert [r.chance for r in rows] == [1 / 8] * 2
    assert rows[0].gold.tolist() == [1, 1]


def test_words_of_the_question_never_answer():
    unit = unit_rows(np.array(list(ROOM.values()), dtype=np.float32)[:4])
    question = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]])
    assert three_cos_add(unit, question).tolist() == [3, 2, 1]
    assert only_b(unit, question).tolist() == [3, 2, 1]
    assert only_b(unit[:3], np.array([[0, 1, 2]])).tolist() == [-1]
    assert three_cos_add(unit[:3], np.array([[0, 1, 2]])).tolist() == [-1]


def test_a_search_in_many_batches_is_the_search_in_one(monkeypatch):
    generator = np.random.default_rng(0)
    unit = unit_rows(generator.normal(size=(300, 8)).astype(np.float32))
    questions = generator.integers(0, 300, (500, 3))
    whole = three_cos_add(unit, questions), only_b(unit, questions)
    monkeypatch.setattr("wordrel.tasks.geometry._SCORES_AT_ONCE", 300 * 7)
    assert np.array_equal(whole, (three_cos_add(unit, questions), only_b(unit, questions)))


def test_only_frequent_words_are_asked_and_answer(tmp_path):
    task = family(tmp_path, "man woman king queen", "man woman king prince")
    vocab = vocab_of(list(ROOM))
    assert covered(task, vocab, lowercase=True).tolist() == [True, True]
    assert covered(task, vocab, lowercase=True, restrict_vocab=6).tolist() == [True, False]
    rows = ask(task, readings_of(ROOM), lowercase=True, restrict_vocab=6)
    assert rows[0].predicted == pytest.approx([1, np.nan], nan_ok=True)
    assert rows[0].chance == 1 / 6
    # Without prince, the neighbour of king is "sum" or queen: never a word out of reach.
    assert rows[1].predicted == pytest.approx([0, np.nan], nan_ok=True)


def test_case_is_that_of_the_corpus(tmp_path):
    task = family(tmp_path, "Man woman King queen")
    assert ask(task, readings_of(ROOM), lowercase=True)[0].predicted.tolist() == [1]
    assert np.isnan(ask(task, readings_of(ROOM), lowercase=False)[0].predicted).all()


def test_a_question_that_holds_its_answer_is_counted_and_not_asked(tmp_path):
    task = family(tmp_path, "man woman king queen", "man woman king Woman", "x y z x")
    row, _ = ask(task, readings_of(ROOM), lowercase=True)
    assert row.covered.tolist() == [True, False, False]
    assert row.note == "1 questions hold their own answer and are not asked"


def test_a_word_without_a_vector_neither_asks_nor_answers(tmp_path):
    task = family(tmp_path, "man woman king queen", "man woman king prince")
    for row in ask(task, readings_of(ROOM | {"prince": [0, 0, 0]}), lowercase=True):
        assert row.predicted[0] == (row.task == "google_analogies")
        assert np.isnan(row.predicted[1])
        assert row.covered.all()
        assert row.note == "1 covered items have a word whose vector is zero or not finite"


def test_no_covered_question_and_no_view_are_said_so(tmp_path):
    task = family(tmp_path, "man woman king queen")
    rows = ask(task, readings_of({"cat": [1, 0]}), lowercase=True)
    assert len(rows) == 2
    assert all(r.note.startswith("the vocabulary covers none of the 1 items") for r in rows)
    mute = Readings(vocab_of(list(ROOM)), {}, unavailable={"alike": "it counts"})
    assert [(r.task, r.note, r.primary) for r in ask(task, mute, lowercase=True)] == [
        ("google_analogies", "it counts", True),
        ("google_analogies.only_b", "it counts", True),
    ]


def test_questions_that_share_a_base_pair_in_a_section_are_one_cluster(tmp_path):
    task = google(tmp_path, ": s\na b c d\na b e f\nc d a b\n: t\na b c d\na b c d\n")
    assert task.items.cluster.tolist() == [0, 0, 1, 2, 2]
    assert task.items.duplicates == 2


@pytest.fixture(scope="module")
def planted():
    """Part of Google's questions in a noisy space where each section has its own offset."""
    task = load_task("google_analogies")
    kept = np.arange(0, 19_544, 12)
    words = [task.items.words[i] for i in kept]
    generator = np.random.default_rng(1)
    rows: dict[str, np.ndarray] = {}
    for i, (a, a_prime, b, b_prime) in zip(kept, words, strict=True):
        offset = np.random.default_rng(i // 1500).normal(size=30)
        for base, derived in ((a, a_prime), (b, b_prime)):
            left = rows.setdefault(base.lower(), generator.normal(size=30))
            noise = generator.normal(size=30) * 0.8
            rows.setdefault(derived.lower(), left + offset + noise)
    items = replace(task.items, words=tuple(words), gold=np.ones(len(kept)), cluster=kept)
    return replace(task, items=items), readings_of(rows)


def test_answers_are_those_of_gensim_item_for_item(planted, tmp_path):
    task, readings = planted
    vectors = KeyedVectors(30)
    vectors.add_vectors(list(readings.vocab.words), readings.views["input"])
    path = tmp_path / "questions.txt"
    path.write_text(": all\n" + "".join(" ".join(words) + "\n" for words in task.items.words))
    restrict = len(readings.vocab) - 50
    accuracy, sections = vectors.evaluate_word_analogies(str(path), restrict_vocab=restrict)
    right, wrong = (set(sections[-1][which]) for which in ("correct", "incorrect"))
    row, _ = ask(task, readings, lowercase=True, restrict_vocab=restrict)
    for words, predicted in zip(task.items.words, row.predicted, strict=True):
        upper = tuple(word.upper() for word in words)
        assert (upper in right, upper in wrong) == (predicted == 1, predicted == 0)
    assert np.nanmean(row.predicted) == pytest.approx(accuracy)
    assert 0.1 < accuracy < 0.9
    assert 0 < np.isnan(row.predicted).sum() < 1000


def test_only_b_is_the_nearest_neighbour_of_b_in_gensim(planted):
    task, readings = planted
    vectors = KeyedVectors(30)
    vectors.add_vectors(list(readings.vocab.words), readings.views["input"])
    _, row = ask(task, readings, lowercase=True)
    for words, predicted in list(zip(task.items.words, row.predicted, strict=True))[::10]:
        a, a_prime, b, b_prime = (word.lower() for word in words)
        near = [w for w, _ in vectors.most_similar(b, topn=3) if w not in (a, a_prime)]
        assert predicted == (near[0] == b_prime)


def test_shuffled_vectors_give_chance(planted):
    task, readings = planted
    rows = np.random.default_rng(2).permutation(readings.views["input"])
    for row in ask(task, replace(readings, views={"input": rows}), lowercase=True):
        assert np.nanmean(row.predicted) < row.chance + 3 * np.sqrt(row.chance / len(rows))


def test_turning_and_scaling_a_space_changes_no_answer(planted):
    task, readings = planted
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(30, 30)))
    rows = (readings.views["input"] @ turn * 1e-25).astype(np.float32)
    before = ask(task, readings, lowercase=True)
    after = ask(task, replace(readings, views={"input": rows}), lowercase=True)
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one.predicted, other.predicted, equal_nan=True)
