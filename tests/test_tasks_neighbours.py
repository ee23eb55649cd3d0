from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gensim.models import KeyedVectors

from task_spaces import readings_of, vocab_of
from wordrel.tasks import ask, load_task
from wordrel.tasks.neighbours import (
    agreement_answers,
    expected_overlap,
    from_frame,
    neighbours,
    overlap,
    probe_words,
    to_frame,
)


def angles(*degrees):
    """Words w0, w1, ... on a circle."""
    turn = np.deg2rad(degrees)
    rows = np.stack([np.cos(turn), np.sin(turn)], axis=1) * np.arange(1, len(turn) + 1)[:, None]
    return readings_of({f"w{i}": row for i, row in enumerate(rows)})


def test_neighbours_are_the_words_at_the_smallest_angle_without_the_word_itself():
    space = angles(0, 50, 10, 200, 30)
    found = neighbours(space, "input", np.array([0, 3]), k=2)
    assert found.tolist() == [[2, 4], [1, 0]]


def test_neighbours_come_from_the_most_frequent_words_even_for_a_rarer_probe():
    space = angles(0, 50, 10, 200, 30)
    assert neighbours(space, "input", np.array([0, 4]), k=2, restrict=3).tolist() == [
        [2, 1],
        [1, 2],
    ]


def test_a_small_vocabulary_has_all_others_as_neighbours():
    space = angles(0, 50, 10)
    assert neighbours(space, "input", np.array([1])).tolist() == [[2, 0]]
    assert expected_overlap(3) == 1.0


def test_a_word_without_a_vector_has_no_neighbours_and_is_none():
    space = readings_of({"a": [1, 0], "b": [0, 0], "c": [1, 1], "d": [0, 1]})
    found = neighbours(space, "input", np.array([0, 1]), k=3)
    assert found.tolist() == [[2, 3, -1], [-1, -1, -1]]
    assert overlap(found, found) == pytest.approx([2 / 3, np.nan], nan_ok=True)


def test_neighbours_are_those_of_gensim():
    words = [f"w{i}" for i in range(400)]
    rows = np.random.default_rng(0).normal(size=(400, 12)).astype(np.float32)
    vectors = KeyedVectors(12)
    vectors.add_vectors(words, rows)
    probes = np.arange(0, 400, 40)
    found = neighbours(readings_of(dict(zip(words, rows, strict=True))), "input", probes)
    for probe, row in zip(probes, found, strict=True):
        assert [words[i] for i in row] == [
            w for w, _ in vectors.most_similar(words[probe], topn=10)
        ]


def test_overlap_counts_common_words_in_any_order():
    first = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]])
    second = np.array([[4, 3, 2, 1], [5, 6, 7, 8], [9, 1, 8, 2]])
    assert overlap(first, second).tolist() == [1.0, 0.0, 0.5]


def test_unrelated_spaces_agree_as_much_as_chance():
    generator = np.random.default_rng(1)
    spaces = [
        readings_of({f"w{i}": row for i, row in enumerate(generator.normal(size=(500, 50)))})
        for _ in range(2)
    ]
    probes = probe_words(spaces[0].vocab)
    found = overlap(*(neighbours(space, "input", probes) for space in spaces))
    error = found.std() / np.sqrt(len(found))
    assert len(found) == 500
    assert found.mean() == pytest.approx(expected_overlap(500), abs=4 * error)
    assert expected_overlap(500) == 10 / 499


def test_a_random_list_of_the_thirty_thousand_shares_ten_in_thirty_thousand():
    assert expected_overlap(200_000) == 10 / 29_999
    assert np.isnan(expected_overlap(1))


def test_probes_are_spread_over_the_frequent_words():
    assert probe_words(vocab_of([f"w{i}" for i in range(30_000)])).tolist() == list(
        range(0, 10_000, 10)
    )
    assert probe_words(vocab_of(list("abcdef")), n=3).tolist() == [0, 2, 4]
    assert probe_words(vocab_of(list("abc"))).tolist() == [0, 1, 2]


def test_one_model_alone_has_no_agreement():
    task = load_task("neighbour_agreement")
    assert ask(task, readings_of({"cat": [1, 0]}), lowercase=True) == []


def some_embeddings():
    rng = np.random.default_rng(2)
    rows = {f"w{i}": row for i, row in enumerate(rng.normal(size=(1200, 6)))}
    known = readings_of(rows)
    query = rng.normal(size=(1200, 4)).astype(np.float32)
    query[0], query[6] = np.nan, 0
    embeddings = {
        "query": query,
        **known.embeddings,
        "input.centred": known.embeddings["input"] - 1,
    }
    return replace(known, embeddings=embeddings)


def test_every_embedding_answers_with_neighbours_and_vectors_the_designed_one_first():
    word_model = some_embeddings()
    found = agreement_answers(word_model)
    assert list(found) == ["input", "query", "input.centred"]
    probes = probe_words(word_model.vocab)
    for embedding, (near, rows) in found.items():
        assert near.tolist() == neighbours(word_model, embedding, probes).tolist()
        assert near.shape == (1000, 10)
        assert np.array_equal(rows, word_model.embeddings[embedding][probes], equal_nan=True)


def test_answers_are_stored_and_read_again(tmp_path):
    found = agreement_answers(some_embeddings())
    table = to_frame(found)
    assert list(table.columns) == [
        *("embedding", "probe"),
        *(f"rank_{i}" for i in range(10)),
        *(f"v{i}" for i in range(6)),
    ]
    assert table["v0"].dtype == np.float32
    table.to_parquet(tmp_path / "answers.parquet")
    again = from_frame(pd.read_parquet(tmp_path / "answers.parquet"))
    assert list(again) == list(found)
    for embedding, (near, rows) in found.items():
        assert np.array_equal(again[embedding].neighbours, near)
        assert np.array_equal(again[embedding].vectors, rows, equal_nan=True)
    assert again["query"].vectors.shape == (1000, 4)


def test_a_model_without_embeddings_stores_an_empty_table():
    silent = readings_of({"cat": [1, 0]})
    assert from_frame(to_frame(agreement_answers(replace(silent, embeddings={})))) == {}
