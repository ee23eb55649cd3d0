"""The counted references: what they answer, that it is right, and why they answer nothing else."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planted import sentences_of, split_of, toy_corpus
from sentence_tasks import in_text
from sentence_tasks import task_of as task_in_text
from task_spaces import task_of
from wordrel.config import KneserNeyConfig, TrainingConfig, WordFrequencyConfig, load_config
from wordrel.corpus import Corpus, Split, prepare
from wordrel.errors import TrainingError
from wordrel.models import MODELS, Runtime
from wordrel.models.ngrams import Ngrams, count_ngrams
from wordrel.models.word_model import WordModel
from wordrel.stats import RATIO, plain_scores
from wordrel.tasks import KINDS, Predictions, Probe, Scope, ask, load_task

TRAINING = TrainingConfig()
V = 7
DRAW = np.random.default_rng(4)
TABLE = DRAW.dirichlet(np.full(V, 0.5), size=(V, V))  # p(word | the two before)


def draw(sentences: int, rng: np.random.Generator) -> list[list[int]]:
    """Sentences of 12 words, each drawn by the two words before it."""
    words = rng.integers(V, size=(2, sentences))
    for _ in range(10):
        cumulated = TABLE[words[-2], words[-1]].cumsum(axis=1)
        new = (rng.random((sentences, 1)) > cumulated).sum(axis=1).clip(max=V - 1)
        words = np.vstack([words, new])
    return words.T.tolist()


CORPUS = toy_corpus(draw(4000, DRAW))
HELD_OUT = split_of(draw(400, np.random.default_rng(5)))


def counted(
    corpus: Corpus = CORPUS, training: TrainingConfig = TRAINING, **given: Any
) -> WordModel:
    config = KneserNeyConfig(kind="kneser_ney", **given)
    tensors = MODELS["kneser_ney"].train(corpus, training, config, 1, Runtime()).tensors
    return MODELS["kneser_ney"].read(tensors, corpus.vocab, training, config)


def frequency(corpus: Corpus = CORPUS) -> WordModel:
    config = WordFrequencyConfig(kind="word_frequency")
    tensors = MODELS["word_frequency"].train(corpus, TRAINING, config, 1, Runtime()).tensors
    return MODELS["word_frequency"].read(tensors, corpus.vocab, TRAINING, config)


def probe(split: Split = HELD_OUT, **given: Any) -> Probe:
    return Probe(split.ids.astype(np.int64), split.sentence_ends, **given)


def loss(model: WordModel, objective: str, held_out: Probe) -> tuple[float, Predictions]:
    rows = ask(load_task("held_out_loss"), model, lowercase=True, probe=held_out)
    (row,) = (row for row in rows if row.task == f"held_out_loss.{objective}")
    return float(plain_scores(RATIO, row.gold, row.predicted[None])[0]), row


def test_orders_of_the_next_word_reach_what_is_planted() -> None:
    """Single words the training frequencies; n-grams what generated the text, once they see it."""
    losses = {order: loss(counted(order=order), "next_word", probe())[0] for order in (1, 2, 3, 5)}
    alone, row = loss(counted(order=1), "next_word", probe())
    assert alone == pytest.approx(row.chance, abs=1e-5)
    assert (row.embedding, row.selected, row.note) == ("counts", True, "")
    sentences = list(sentences_of(HELD_OUT))
    first = np.log(np.bincount([w for s in sentences for w in s[1:2]]) / len(sentences))
    planted = [
        np.log(TABLE[s[i - 2], s[i - 1], s[i]]) if i > 1 else first[s[i]]
        for s in sentences
        for i in range(1, len(s))
    ]
    assert losses[3] == pytest.approx(-np.mean(planted), abs=0.02)
    assert losses[3] < losses[2] - 0.1 < losses[1] - 0.1
    assert losses[5] < losses[2]  # it finds nothing more, and overfits a little


def right_to_left(order: int) -> Ngrams:
    turned = split_of([s[::-1] for s in sentences_of(CORPUS.train)])
    return count_ngrams(turned.ids, turned.sentence_ends, V, order)


def test_a_masked_word_is_left_times_right_over_the_word_alone() -> None:
    model = counted(objective="masked_word")
    sentence = [3, 0, 5]
    (predictor,) = model.predictors
    ids, ends, places = np.array(sentence), np.array([3]), np.arange(3)
    (scores,) = predictor.scores(ids, ends, places)
    left = count_ngrams(CORPUS.train.ids, CORPUS.train.sentence_ends, V, 2)
    before = left.log_probabilities(np.array([[V, 3, 0]]))
    behind = right_to_left(2).log_probabilities(np.array([[0, 5, V]]))
    share = np.bincount(CORPUS.train.ids) / len(CORPUS.train.ids)
    expected = np.exp(before) * np.exp(behind) / share
    expected /= expected.sum(axis=1, keepdims=True)
    found = np.exp(scores)
    np.testing.assert_allclose(found / found.sum(1, keepdims=True), expected, rtol=1e-4)
    assert predictor.attended(ids, ends, places) is None


def test_both_sides_are_better_than_one_and_order_one_sees_none() -> None:
    both, row = loss(counted(objective="masked_word"), "masked_word", probe())
    assert both < loss(counted(order=2), "next_word", probe())[0] - 0.02
    none, _ = loss(counted(objective="masked_word", order=1), "masked_word", probe())
    assert none == pytest.approx(row.chance, abs=1e-5)


@pytest.mark.parametrize("objective", ["next_word", "masked_word"])
def test_a_score_depends_neither_on_its_own_word_nor_on_blocks(
    objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (predictor,) = counted(objective=objective, order=3).predictors
    ids, ends = DRAW.integers(V, size=30), np.array([6, 7, 30])
    places = np.array([1, 4, 5, 9, 29])
    whole = np.concatenate(list(predictor.scores(ids, ends, places)))
    monkeypatch.setattr("wordrel.models.kneser_ney.SCORES_AT_ONCE", 2 * V)
    blocks = list(predictor.scores(ids, ends, places))
    assert [len(block) for block in blocks] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    for row, place in enumerate(places):
        changed = ids.copy()
        changed[place] = (changed[place] + 1) % V
        if objective == "next_word":
            changed[place + 1 :] = 0
        (again,) = predictor.scores(changed, ends, places[[row]])
        np.testing.assert_array_equal(again[0], whole[row])


def test_the_loss_of_the_study_is_read_as_trained_and_calibrated() -> None:
    half = len(HELD_OUT.sentence_ends) // 2
    end = int(HELD_OUT.sentence_ends[half - 1])
    first = Split(HELD_OUT.ids[:end], *([HELD_OUT.sentence_ends[:half]] * 2))
    second = Split(HELD_OUT.ids[end:], *([HELD_OUT.sentence_ends[half:] - end] * 2))
    scope = Scope(lowercase=True, development=first, test=second)
    task = load_task("per_token_loss")
    for given in ({"order": 1}, {"order": 3}, {"objective": "masked_word"}):
        model = counted(**given)
        rows, measured = KINDS[task.kind].ask(task, model, scope)
        objective = model.predictors[0].objective
        score = {
            row.task.split(".")[2]: plain_scores(RATIO, row.gold, row.predicted[None])[0]
            for row in rows
            if row.task.split(".")[1] == objective
        }
        plain, _ = loss(model, objective, probe(second))
        assert score["as_trained"] == pytest.approx(plain, abs=1e-5)
        assert score["calibrated"] == pytest.approx(plain, abs=0.02)
        others = [row for row in rows if row.task.split(".")[1] != objective]
        notes = {row.note for row in others}
        assert notes == {f"the model was trained for the objective {objective!r}"}
        assert {m.value for m in measured if m.statistic == "g"} == {0.0}


def test_words_that_are_to_be_shuffled_are_not_counted() -> None:
    with pytest.raises(TrainingError, match=r"set training.shuffled to false for kneser_ney"):
        counted(training=TrainingConfig(shuffled=True))


def test_frequency_scores_one_word_of_a_pair() -> None:
    model = frequency()
    share = CORPUS.vocab.counts / CORPUS.vocab.counts.sum()
    left, right = np.array([0, 3]), np.array([5, 3])
    assert model.relations["frequency.second"](left, right) == pytest.approx(np.log(share[right]))
    assert model.relations["frequency.first"](left, right) == pytest.approx(np.log(share[left]))
    assert model.selected == {"relate": "frequency.second"}


@pytest.mark.parametrize("kind", ["kneser_ney", "word_frequency"])
def test_what_is_not_answered_has_a_reason(kind: str) -> None:
    model = counted() if kind == "kneser_ney" else frequency()
    words = ["wa wb", "wb wc", "wc wd", "wd wa"]
    uses = in_text(("wa <b> wb </b> wc", "wc <b> wb </b> wa", 1.0, "NN"))
    tasks = [
        task_of("pairs", words),
        task_of("analogies", ["wa wb wc wd"], labels=["family"], measure="accuracy"),
        task_in_text("uses", "context_pairs", "spearman", uses),
        *map(load_task, ("held_out_loss", "calibrated_loss", "last_word")),
        task_of("directed_pairs", words, question="relate"),
    ]
    for task in tasks:
        rows = ask(task, model, lowercase=True, probe=probe(max_tokens=300))
        assert rows
        relates = kind == "word_frequency" and task.question == "relate"
        predicts = kind == "kneser_ney" and task.kind == "held_out_loss"
        for row in rows:
            answered = relates or (predicts and row.task.endswith("next_word"))
            assert np.isnan(row.predicted).all() != answered, row.task
            assert bool(row.note) != answered, row.task
    for name in ("word_order", "learned_weights"):
        task = load_task(name)
        scope = Scope(lowercase=True, probe=probe(max_tokens=300))
        assert KINDS[task.kind].ask(task, model, scope) == ([], [])


@pytest.mark.slow
@pytest.mark.skipif("WORDREL_DATA" not in os.environ, reason="WORDREL_DATA is not set")
def test_losses_on_real_text_are_those_of_other_code(tmp_path: Path) -> None:
    """The slice, split and test sentences of the first edition."""
    config = load_config(Path(__file__).parents[1] / "configs" / "ladder.yaml")
    corpus = prepare(config.corpora[0].model_copy(update={"words": "letters"}), tmp_path)
    assert (corpus.name, corpus.digest) == ("wiki17m-5m", "244b7bf8c176")
    for order, expected in {2: 6.03, 3: 5.82}.items():
        found, _ = loss(counted(corpus, order=order), "next_word", probe(corpus.test))
        assert found == pytest.approx(expected, abs=0.0051)
