"""Calibration with three numbers, against planted ones, finite differences and plain formulas."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax

from wordrel.tasks.calibration import AS_TRAINED, Calibration, expansion, fit, losses
from wordrel.tasks.scored_text import ScoredText

V = 12
DRAW = np.random.default_rng(5)
U = DRAW.dirichlet(np.full(V, 2.0))
LOG_U = np.log(U).astype(np.float32)
TABLE = DRAW.standard_normal((40, V)) * 1.5
"""Scores in 40 contexts; the context of a place is its id, which no model may see: it is a test."""


class Told:
    """A model whose scores at a place are given by formula, `attended` words being seen there."""

    name, objective, segments = "context", "next_word", "sentence"

    def __init__(self, score: Any, sizes: NDArray[np.int64] | None, block: int = 4000) -> None:
        self.score, self.sizes, self.block = score, sizes, block

    def scores(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], places: NDArray[np.int64]
    ) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(places), self.block):
            some = places[start : start + self.block]
            found = np.array(self.score(some), dtype=np.float32)
            yield found + (some % 7)[:, None].astype(np.float32)  # a row's number has no meaning

    def attended(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], places: NDArray[np.int64]
    ) -> NDArray[np.int64] | None:
        return None if self.sizes is None else self.sizes[places]


def text_of(words: NDArray[np.int64]) -> ScoredText:
    """Every word is scored, in documents of ten."""
    ends = np.arange(10, len(words) + 1, 10, dtype=np.int64)
    return ScoredText(words, ends, ends, np.arange(len(words), dtype=np.int64))


def planted(t: float, g: float, b: float, n: int) -> tuple[Told, ScoredText]:
    """A model that loses nothing under these three numbers, and text drawn from its truth."""
    draw = np.random.default_rng(n)
    contexts = draw.integers(len(TABLE), size=n)
    sizes = draw.choice([1, 2, 5, 10], size=n).astype(np.int64)

    def score(places: NDArray[np.int64]) -> NDArray[np.float64]:
        scale = t * sizes[places].astype(float)[:, None] ** g
        return np.asarray((TABLE[contexts[places]] - b * np.log(U)) / scale)

    p = np.exp(log_softmax(TABLE[contexts], axis=1))
    words = (p.cumsum(1) < draw.random((n, 1))).sum(1).clip(max=V - 1)
    return Told(score, sizes), text_of(words.astype(np.int64))


@pytest.mark.parametrize(
    ("t", "g", "b"), [(1.0, 0.0, 0.0), (3.0, 0.5, 0.0), (0.4, 0.8, 1.2), (2.0, -0.3, -0.5)]
)
def test_planted_numbers_are_found(t: float, g: float, b: float) -> None:
    model, text = planted(t, g, b, 12_000)
    found = fit(model, text, LOG_U)
    assert found == pytest.approx((t, g, b), abs=0.06, rel=0.06)
    truth, fitted = losses(model, text, LOG_U, [Calibration(t, g, b), found])
    assert fitted.mean() <= truth.mean() + 1e-6
    assert fitted.mean() == pytest.approx(truth.mean(), abs=1e-3)


def test_without_the_size_of_contexts_more_is_lost() -> None:
    model, text = planted(2.0, 0.8, 0.5, 8000)
    with_sizes = fit(model, text, LOG_U)
    counted = Told(model.score, None)
    without = fit(counted, text, LOG_U)
    assert without.g == 0
    lost = losses(counted, text, LOG_U, [without]).mean()
    assert lost > losses(model, text, LOG_U, [with_sizes]).mean() + 0.01


def test_sizes_that_are_all_the_same_tell_nothing() -> None:
    model, text = planted(1.5, 0.0, 0.3, 6000)
    same = Told(model.score, np.full(len(text.ids), 7, dtype=np.int64))
    assert fit(same, text, LOG_U) == pytest.approx((1.5, 0, 0.3), abs=0.08)


def test_losses_are_the_formula_and_a_row_a_calibration() -> None:
    model, text = planted(1.0, 0.0, 0.0, 200)
    given = [AS_TRAINED, Calibration(0.7, 0.4, -0.2)]
    found = losses(model, text, LOG_U, given)
    assert found.shape == (2, 200)
    assert model.sizes is not None
    for row, (t, g, b) in zip(found, given, strict=True):
        scale = t * model.sizes[:, None] ** g
        log_p = log_softmax(scale * model.score(text.places) + b * np.log(U), axis=1)
        np.testing.assert_allclose(row, -log_p[np.arange(200), text.words], atol=2e-5)
    model.block = 7
    np.testing.assert_allclose(losses(model, text, LOG_U, given), found, atol=2e-5)


def test_slope_and_bend_are_those_of_finite_differences() -> None:
    model, text = planted(1.0, 0.0, 0.0, 300)
    assert model.sizes is not None
    log_n, at, step = np.log(model.sizes), np.array([0.2, 0.3, -0.4]), 1e-2

    def about(point: NDArray[np.float64]) -> Any:
        return expansion(model, text, LOG_U, log_n, point)

    found = about(at)
    plain = losses(model, text, LOG_U, [Calibration(float(np.exp(0.2)), 0.3, -0.4)])
    assert found.loss == pytest.approx(plain.mean(), abs=1e-6)
    assert (found.bend == found.bend.T).all()
    for axis in range(3):
        ahead, behind = at.copy(), at.copy()
        ahead[axis] += step
        behind[axis] -= step
        far, near = about(ahead), about(behind)
        assert found.slope[axis] == pytest.approx((far.loss - near.loss) / (2 * step), abs=1e-3)
        np.testing.assert_allclose(
            found.bend[axis], (far.slope - near.slope) / (2 * step), atol=5e-3
        )


def test_scores_that_say_nothing_are_made_the_unigram() -> None:
    draw = np.random.default_rng(1)
    words = draw.choice(V, p=U, size=5000).astype(np.int64)
    noise = draw.standard_normal((5000, V))
    model = Told(lambda places: noise[places], None)
    found = fit(model, text_of(words), LOG_U)
    assert found.t < 0.05
    assert found.b == pytest.approx(1, abs=0.1)
    as_trained, calibrated = losses(model, text_of(words), LOG_U, [AS_TRAINED, found]).mean(1)
    assert calibrated == pytest.approx(-LOG_U[words].mean(), abs=0.002)
    assert as_trained > calibrated + 0.5


def test_a_probability_that_is_no_number_is_refused() -> None:
    broken = Told(lambda places: np.full((len(places), V), np.nan), None)
    text = text_of(np.zeros(100, dtype=np.int64))
    with pytest.raises(ValueError, match="not finite"):
        fit(broken, text, LOG_U)
    with pytest.raises(ValueError, match="not finite"):
        losses(broken, text, LOG_U, [AS_TRAINED])
