"""The embeddings and relations that word tables give, against plain arithmetic."""

import numpy as np
import pytest

from wordrel.models.spaces import centred, relations, spaces

DRAW = np.random.default_rng(0)
V, D = 9, 4
NAMES = ("input", "output", "value", "query", "key")
TABLES = {name: DRAW.standard_normal((V, D)).astype(np.float32) + 1 for name in NAMES}


def test_embeddings_are_the_tables_their_sum_and_all_of_them_centred() -> None:
    embeddings = spaces(**TABLES)
    raw = ["input", "output", "input+output", "value", "query", "key"]
    assert list(embeddings) == raw + [f"{name}.centred" for name in raw]
    np.testing.assert_array_equal(embeddings["input+output"], TABLES["input"] + TABLES["output"])
    for name in NAMES:
        np.testing.assert_array_equal(embeddings[name], TABLES[name])
    for name in raw:
        expected = embeddings[name].astype(np.float64) - embeddings[name].mean(0, dtype=np.float64)
        np.testing.assert_allclose(embeddings[f"{name}.centred"], expected, atol=1e-6)
    assert {embedding.dtype for embedding in embeddings.values()} == {np.dtype(np.float32)}


def test_a_model_of_two_tables_has_the_embeddings_of_two_tables() -> None:
    embeddings = spaces(input=TABLES["input"], output=TABLES["output"])
    assert len(embeddings) == 6
    assert len(relations(input=TABLES["input"], output=TABLES["output"])) == 4


def test_a_row_without_direction_gets_none_and_moves_no_mean() -> None:
    rows = np.array([[1, 2], [0, 0], [3, 6]], dtype=np.float32)
    assert centred(rows).tolist() == [[-1, -2], [0, 0], [1, 2]]
    assert rows.tolist() == [[1, 2], [0, 0], [3, 6]]
    assert centred(rows[1:2]).tolist() == [[0, 0]]


SIDES = {
    "in.in": ("input", "input"),
    "in.out": ("input", "output"),
    "out.in": ("output", "input"),
    "value.out": ("value", "output"),
    "q.k": ("query", "key"),
    "k.q": ("key", "query"),
}


def test_relations_have_a_direction() -> None:
    found = relations(**TABLES)
    assert set(found) == {*SIDES, "cosine"}
    left, right = np.array([1, 5, 2]), np.array([8, 0, 2])
    for name, (one, other) in SIDES.items():
        wide = {side: TABLES[side].astype(np.float64) for side in (one, other)}
        expected = [wide[one][a] @ wide[other][b] for a, b in zip(left, right, strict=True)]
        np.testing.assert_allclose(found[name](left, right), expected, rtol=1e-6)
    unit = TABLES["input"] / np.linalg.norm(TABLES["input"], axis=1, keepdims=True)
    assert found["cosine"](left, right) == pytest.approx((unit[left] * unit[right]).sum(1))
