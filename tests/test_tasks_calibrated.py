"""The loss of a model that is told how sure it may be."""

import numpy as np
import pytest

from task_spaces import vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks import Probe, ask, load_task
from wordrel.tasks.calibrated import calibrated_losses, expansion, fitted, losses_at
from wordrel.tasks.held_out import Text, sentence_losses

WORDS, SENTENCES, LENGTH = 6, 400, 9
GENERATOR = np.random.default_rng(3)
TABLE = GENERATOR.dirichlet(np.full(WORDS, 0.5), size=WORDS)


def random_words():
    """A stream of sentences whose words follow each other as the table says."""
    ids = np.empty((SENTENCES, LENGTH), dtype=np.int64)
    ids[:, 0] = GENERATOR.integers(0, WORDS, SENTENCES)
    for at in range(1, LENGTH):
        for row in range(SENTENCES):
            ids[row, at] = GENERATOR.choice(WORDS, p=TABLE[ids[row, at - 1]])
    return ids.ravel()


IDS = random_words()
N_TARGETS = SENTENCES * (LENGTH - 1)
VOCAB = vocab_of([f"w{i}" for i in range(WORDS)])
LOG_U = np.log(VOCAB.counts / VOCAB.counts.sum()).astype(np.float32)


class Table:
    """Log-probabilities of the next word: t times those of the table, plus b log u, normalised."""

    objective = "next_word"

    def __init__(self, t: float = 1.0, b: float = 0.0):
        score = t * np.log(TABLE) + b * LOG_U
        self.log_p = (score - np.log(np.exp(score).sum(1, keepdims=True))).astype(np.float32)

    def states(self, ids, ends):
        rows = np.roll(ids, 1).astype(np.float32)[:, None]
        rows[np.concatenate([[0], ends[:-1]])] = np.nan
        return rows

    def contextual(self, ids, ends):
        raise AssertionError("not asked for")

    def log_probabilities(self, states):
        assert np.isfinite(states).all()
        return self.log_p[states[:, 0].astype(np.int64)]


def first(n):
    """The first n sentences."""
    return Text(IDS[: n * LENGTH], np.full(n, LENGTH), np.arange(n))


def loss(losses):
    return losses.sum() / N_TARGETS


def plain(model):
    return loss(sentence_losses(model, first(SENTENCES), VOCAB))


def calibrated(model):
    return loss(calibrated_losses(model, first(SENTENCES), VOCAB))


@pytest.mark.parametrize(("t", "b"), [(3.0, 0.0), (0.3, 0.0), (1.0, 1.5), (2.0, -1.0)])
def test_what_is_only_too_sure_or_off_by_a_factor_loses_nothing(t, b):
    truth, off = Table(), Table(t, b)
    assert plain(off) > plain(truth) + 0.02
    assert calibrated(off) == pytest.approx(plain(truth), abs=0.003)
    assert calibrated(truth) == pytest.approx(plain(truth), abs=0.003)


def test_the_numbers_that_undo_it_are_found():
    states, places = Table(2.0, 1.5).states(IDS, first(SENTENCES).ends), np.arange(len(IDS))
    places = places[places % LENGTH != 0]
    found = fitted(Table(2.0, 1.5), states[places], IDS[places], LOG_U)
    assert found == pytest.approx([0.5, -0.75], abs=0.06)


def test_what_cannot_tell_words_apart_is_not_helped():
    flat = Table(0.0)
    assert plain(flat) == pytest.approx(np.log(WORDS), abs=1e-5)
    unigram = np.bincount(IDS, minlength=WORDS) / len(IDS)
    assert calibrated(flat) > -(unigram * np.log(unigram)).sum() - 0.02


def test_slope_and_bend_are_those_of_finite_differences():
    states, words = np.arange(WORDS, dtype=np.float32)[:, None], np.arange(WORDS)[::-1].copy()
    at, step = np.array([0.7, 0.2]), 1e-2

    def about(point):
        return expansion(Table(1.5), states, words, LOG_U, point)

    found = about(at)
    assert found.loss == pytest.approx(
        losses_at(Table(1.5), states, words, LOG_U, at).mean(), abs=1e-6
    )
    assert found.bend == pytest.approx(found.bend.T, abs=1e-5)
    assert np.linalg.eigvalsh(found.bend).min() > 0.01
    for axis in (0, 1):
        ahead, behind = at.copy(), at.copy()
        ahead[axis] += step
        behind[axis] -= step
        far, near = about(ahead), about(behind)
        assert found.slope[axis] == pytest.approx((far.loss - near.loss) / (2 * step), abs=2e-3)
        assert found.bend[axis] == pytest.approx((far.slope - near.slope) / (2 * step), abs=2e-3)


@pytest.mark.parametrize(("t", "b"), [(1.0, 0.0), (0.02, 4.0), (8.0, -3.0)])
def test_few_steps_are_enough_and_probabilities_of_few_digits_do_not_matter(monkeypatch, t, b):
    asked = []

    def counted(*given):
        asked.append(expansion(*given))
        return asked[-1]

    class Rounded(Table):
        def log_probabilities(self, states):
            return super().log_probabilities(states).astype(np.float16).astype(np.float32)

    monkeypatch.setattr("wordrel.tasks.calibrated.expansion", counted)
    states = Table().states(IDS, first(SENTENCES).ends)
    places = np.flatnonzero(np.arange(len(IDS)) % LENGTH)
    for model in (Table(t, b), Rounded(t, b)):
        asked.clear()
        best = fitted(model, states[places], IDS[places], LOG_U)
        assert len(asked) < 20
        least = losses_at(model, states[places], IDS[places], LOG_U, best).mean()
        for other in ([0.01, 0], [-0.01, 0], [0, 0.01], [0, -0.01]):
            moved = losses_at(model, states[places], IDS[places], LOG_U, best + other).mean()
            assert moved >= least - 1e-6


def test_probabilities_that_are_no_numbers_are_refused():
    class Broken(Table):
        def log_probabilities(self, states):
            found = super().log_probabilities(states)
            found[0] = np.inf
            return found

    states = np.arange(WORDS, dtype=np.float32)[:, None]
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="finite"):
        fitted(Broken(), states, np.arange(WORDS), LOG_U)


def test_no_target_is_predicted_with_numbers_that_have_seen_it(monkeypatch):
    seen = []

    def watched(context, states, words, log_u):
        seen.append(len(words))
        return np.array([1.0 + len(seen), 0.0])  # the first half's fit is not the second's

    monkeypatch.setattr("wordrel.tasks.calibrated.fitted", watched)
    losses = calibrated_losses(Table(), first(3), VOCAB)
    assert seen == [LENGTH - 1, 2 * (LENGTH - 1)]  # sentences 0 and 2 by what 1 says, and back
    by = [sentence_losses(Table(t), first(3), VOCAB) for t in (2.0, 3.0)]
    assert losses == pytest.approx([by[0][0], by[1][1], by[0][2]], rel=1e-5)


def test_one_sentence_is_predicted_as_it_is():
    as_it_is = sentence_losses(Table(2.0), first(1), VOCAB)
    assert calibrated_losses(Table(2.0), first(1), VOCAB) == pytest.approx(as_it_is, rel=1e-5)


def test_the_task_has_the_rows_of_the_loss():
    probe = Probe(IDS, first(SENTENCES).ends)
    model = WordModel(VOCAB, {}, context=Table(2.0))
    masked, following = (
        row for row in ask(load_task("calibrated_loss"), model, lowercase=True, probe=probe)
    )
    assert [masked.task, following.task] == [
        "calibrated_loss.masked_word",
        "calibrated_loss.next_word",
    ]
    assert np.isnan(masked.predicted).all()
    assert "trained for the objective 'next_word'" in masked.note
    assert following.better == "lower"
    assert following.gold.sum() == N_TARGETS
    assert loss(following.predicted) == pytest.approx(calibrated(Table(2.0)))
