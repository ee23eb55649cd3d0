import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes
from scipy.stats import ortho_group, spearmanr

from wordrel.config import StatisticsConfig
from wordrel.study.agreement import MOST_COUPLES, agreement_rows, independent_couples, probe_pairs
from wordrel.study.schema import COLUMNS
from wordrel.tasks.neighbours import Probed, expected_overlap

WORDS = 200
QUICK = StatisticsConfig(resamples=200)
MEASURES = ["overlap", "rank_correlation", "cka", "procrustes"]


def probed(vectors):
    """The vectors of all words of a vocabulary, and the ten nearest of each."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    near = unit @ unit.T - 2 * np.eye(len(unit))
    found = np.argsort(-near, axis=1)[:, :10]
    found[~vectors.any(axis=1)] = -1
    return Probed(found, vectors.astype(np.float32))


def space(seed, words=WORDS, width=20):
    return np.random.default_rng(seed).normal(size=(words, width))


def rows_of(cells, selected=None, statistics=QUICK):
    rows = agreement_rows("text", cells, selected or {}, WORDS, statistics)
    return {(row["model_a"], row["model_b"], row["measure"]): row for row in rows}


def pair(first, second):
    """The four rows of two models with a run each."""
    rows = rows_of({("a", 1): {"v": probed(first)}, ("b", 1): {"v": probed(second)}})
    return {measure: rows["a", "b", measure] for measure in MEASURES}


def test_every_two_models_and_every_two_seeds_have_a_row_a_measure():
    cells = {(m, s): {"v": probed(space(i))} for i, (m, s) in enumerate(RUNS)}
    rows = rows_of(cells)
    assert {key[:2]: row["pairs"] for key, row in rows.items()} == {
        ("a", "a"): 3,
        ("a", "b"): 4,  # not those of one seed
        ("a", "c"): 2,
        ("b", "b"): 1,
        ("b", "c"): 1,
    }
    assert [key[2] for key in rows] == MEASURES * 5
    for (a, b, _), row in rows.items():
        assert set(row) == set(COLUMNS["agreement"])
        assert row["between"] == ("seeds" if a == b else "models")
        assert row["low"] <= row["score"] <= row["high"]


def test_the_order_of_the_models_changes_no_number():
    cells = {(m, s): {"v": probed(space(i))} for i, (m, s) in enumerate(RUNS)}
    rows, turned = rows_of(cells), rows_of(dict(reversed(cells.items())))
    numbers = ("score", "low", "high", "n_items", "chance", "pairs")
    for (a, b, measure), row in rows.items():
        other = turned[(a, b, measure) if (a, b, measure) in turned else (b, a, measure)]
        assert [row[key] for key in numbers] == [other[key] for key in numbers]
    assert ("a", "b", "procrustes") not in turned


RUNS = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("c", 1)]


def test_models_are_compared_within_a_seed_only_where_there_is_no_other():
    assert independent_couples([("a", 1), ("b", 1)], "a", "b") == [(("a", 1), ("b", 1))]
    assert independent_couples([("a", 1), ("b", 1)], "a", "a") == []
    assert independent_couples(RUNS, "b", "b") == [(("b", 1), ("b", 2))]
    many = [(model, seed) for model in "ab" for seed in range(12)]
    couples = independent_couples(many, "a", "b")
    assert len(set(couples)) == MOST_COUPLES
    assert {i[1] for i, _ in couples} == set(range(12)), "the couples spread over all seeds"
    assert all(i[1] != j[1] for i, j in couples)


def test_a_space_agrees_with_itself_turned_and_scaled():
    first = space(0)
    turned = 3 * first @ ortho_group.rvs(20, random_state=np.random.default_rng(1))
    found = pair(first, turned)
    scores = {measure: row["score"] for measure, row in found.items()}
    assert scores == pytest.approx(
        {"overlap": 1, "rank_correlation": 1, "cka": 1, "procrustes": 0}, abs=1e-5
    )
    assert {measure: row["n_items"] for measure, row in found.items()} == {
        "overlap": WORDS,
        "rank_correlation": 5000,
        "cka": WORDS,
        "procrustes": WORDS,
    }


def test_scores_are_those_of_independent_implementations():
    rng = np.random.default_rng(2)
    first = space(3)
    second = first[:, :15] + rng.normal(size=(WORDS, 15))
    found = pair(first, second)
    left, right = probe_pairs(WORDS)
    unit = [s / np.linalg.norm(s, axis=1, keepdims=True) for s in (first, second)]
    cosines = [np.sum(u[left] * u[right], axis=1) for u in unit]
    expected = spearmanr(*cosines).statistic
    assert found["rank_correlation"]["score"] == pytest.approx(expected, abs=1e-5)
    residual = scipy_procrustes(first, np.pad(second, ((0, 0), (0, 5))))[2]
    assert found["procrustes"]["score"] == pytest.approx(residual, abs=1e-5)
    near = (probed(s).neighbours.tolist() for s in (first, second))
    shared = [len({*a} & {*b}) / 10 for a, b in zip(*near, strict=True)]
    assert found["overlap"]["score"] == pytest.approx(np.mean(shared))


def test_shuffled_vectors_agree_by_chance():
    rng = np.random.default_rng(4)
    first = space(5)
    related = first + 0.5 * rng.normal(size=first.shape)
    for measure, row in pair(first, related).items():
        assert abs(row["score"] - row["chance"]) > 5 * (row["high"] - row["low"]), measure
    shuffled = [pair(first, related[rng.permutation(WORDS)]) for _ in range(30)]
    for measure in MEASURES:
        scores = [rows[measure]["score"] for rows in shuffled]
        chance = np.mean([rows[measure]["chance"] for rows in shuffled])
        assert np.mean(scores) == pytest.approx(chance, abs=4 * np.std(scores) / np.sqrt(30))
        inside = [
            row["low"] <= row["chance"] <= row["high"] for row in (r[measure] for r in shuffled)
        ]
        assert np.mean(inside) > 0.75
    assert shuffled[0]["overlap"]["chance"] == expected_overlap(WORDS)
    assert shuffled[0]["cka"]["chance"] == shuffled[0]["rank_correlation"]["chance"] == 0


def test_the_chosen_embedding_speaks_for_a_model_and_its_first_where_none_was_chosen():
    same, other = probed(space(6)), probed(space(7))
    cells = {("a", 1): {"v": other, "w": same}, ("b", 1): {"x": same, "y": other}}
    chosen = rows_of(cells, {"a": "w"})["a", "b", "overlap"]
    assert (chosen["embedding_a"], chosen["embedding_b"], chosen["score"]) == ("w", "x", 1.0)
    first = rows_of(cells)["a", "b", "overlap"]
    assert (first["embedding_a"], first["embedding_b"]) == ("v", "x")
    assert first["score"] < 0.2


def test_couples_of_runs_are_averaged():
    base = space(8)
    rng = np.random.default_rng(9)
    runs = [probed(base + noise * rng.normal(size=base.shape)) for noise in (0.1, 0.5, 1)]
    together = rows_of({("a", seed): {"v": run} for seed, run in enumerate(runs)})
    for measure in MEASURES:
        apart = [
            rows_of({("a", 1): {"v": runs[i]}, ("b", 2): {"v": runs[j]}})["a", "b", measure]
            for i, j in ((0, 1), (0, 2), (1, 2))
        ]
        row = together["a", "a", measure]
        assert row["score"] == pytest.approx(np.mean([one["score"] for one in apart]))
        widths = [one["high"] - one["low"] for one in apart]
        assert row["high"] - row["low"] < max(widths)
        assert row["high"] - row["low"] > 0.5 * np.mean(widths), "the words are the same ones"


def test_words_without_a_vector_are_left_out_of_all_measures():
    first, second = space(10), space(10)
    second[:20], first[-10:] = 0, 0
    found = pair(first, second)
    assert {found[m]["n_items"] for m in ("overlap", "cka", "procrustes")} == {WORDS - 30}
    assert found["cka"]["score"] == pytest.approx(1)
    left, right = probe_pairs(WORDS)
    assert found["rank_correlation"]["n_items"] == np.sum((left >= 20) & (right < WORDS - 10))
    nothing = pair(np.zeros((WORDS, 3)), second)
    for row in nothing.values():
        assert row["n_items"] == 0
        assert np.isnan([row["score"], row["low"], row["high"]]).all()


def test_a_small_vocabulary_has_all_its_pairs_and_says_what_it_can():
    left, right = probe_pairs(4)
    assert sorted(zip(left.tolist(), right.tolist(), strict=True)) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3),
    ]  # fmt: skip
    found = pair(space(11, words=4, width=3), space(12, words=4, width=3))
    assert np.isnan(found["cka"]["score"])
    assert 0 <= found["procrustes"]["score"] <= 1


def test_pairs_are_different_words_each_pair_once_and_the_same_each_time():
    left, right = probe_pairs(1000)
    assert len(set(zip(left.tolist(), right.tolist(), strict=True))) == 5000
    assert (left < right).all()
    again = probe_pairs(1000)
    assert (again[0] == left).all()
    assert (again[1] == right).all()


def test_the_same_seed_gives_the_same_rows():
    cells = {("a", 1): {"v": probed(space(13))}, ("b", 1): {"v": probed(space(14))}}
    assert rows_of(cells) == rows_of(cells)
    other = rows_of(cells, statistics=StatisticsConfig(resamples=200, seed=8))
    assert (
        other["a", "b", "procrustes"]["chance"] != rows_of(cells)["a", "b", "procrustes"]["chance"]
    )
