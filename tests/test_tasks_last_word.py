"""The last word of a held-out sentence: by hand, and by models trained on planted recall."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from task_spaces import vocab_of
from wordrel.config import CorpusConfig, MatchedConfig, TrainingConfig
from wordrel.corpus import Corpus, prepare
from wordrel.corpus.planted import induction_text, recall_text
from wordrel.errors import NotAvailableError
from wordrel.models import MODELS, Runtime
from wordrel.models.word_model import WordModel
from wordrel.stats import MEASURES, plain_scores
from wordrel.tasks import Predictions, Probe, ask, load_task

TASK = load_task("last_word")
WORDS = 6


class Successor:
    """Expects word w + 1 after word w; a masked word is known by its left neighbour alone."""

    def __init__(self, objective: str = "next_word", shift: int = 1) -> None:
        self.objective = objective
        self.shift = shift

    def states(self, ids, ends):
        raise AssertionError("the states of the shrunken windows of training")

    def contextual(self, ids, ends):
        asking = ids if self.objective == "next_word" else np.roll(ids, 1)
        rows = np.eye(WORDS, dtype=np.float32)[(asking + self.shift) % WORDS]
        if self.objective == "masked_word":
            rows[np.concatenate([[0], ends[:-1]])] = np.nan
        return rows

    def log_probabilities(self, states):
        assert np.isfinite(states).all()
        return np.log(states * 0.9 + 0.1 / WORDS)


class Peeping(Successor):
    """Would be always right if it were shown the last word."""

    def contextual(self, ids, ends):
        return np.eye(WORDS, dtype=np.float32)[np.roll(ids, -1 if self.objective[0] == "n" else 0)]


class Undecided(Successor):
    def log_probabilities(self, states):
        return np.full((len(states), WORDS), np.float32(-np.log(WORDS)))


class Refusing(Successor):
    def contextual(self, ids, ends):
        raise NotAvailableError("it lost its context")


def probe_of(*sentences: list[int], **others: int) -> Probe:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int64)
    return Probe(ids, np.cumsum([len(s) for s in sentences], dtype=np.int64), **others)


def asked(context: Any, probe: Probe, **others: Any) -> Predictions:
    word_model = WordModel(
        vocab_of([f"w{i}" for i in range(WORDS)]), embeddings={}, context=context, **others
    )
    (outcome,) = ask(TASK, word_model, lowercase=True, probe=probe)
    return outcome


def accuracy(outcome: Predictions) -> float:
    measure = MEASURES[outcome.measure]
    return float(plain_scores(measure, outcome.gold, outcome.predicted[None])[0])


PROBE = probe_of([3, 1, 2], [5], [0, 4], [5, 0], [2, 3, 4, 0])


@pytest.mark.parametrize("objective", ["next_word", "masked_word"])
def test_a_sentence_is_right_where_the_most_probable_last_word_is_there(objective):
    outcome = asked(Successor(objective), PROBE)
    assert outcome.predicted.tolist() == [1, 0, 1, 0]
    assert outcome.gold.tolist() == [1, 1, 1, 1]
    assert accuracy(outcome) == 0.5
    assert outcome.cluster.tolist() == [0, 2, 3, 4]  # the sentence of one word is not asked
    assert outcome.covered.all()
    assert (outcome.task, outcome.embedding, outcome.selected) == ("last_word", "context", True)
    assert (outcome.measure, outcome.better, outcome.note) == ("accuracy", "higher", "")
    assert TASK.question == "recall"


def test_chance_is_always_saying_the_commonest_last_word():
    assert asked(Successor(), PROBE).chance == 0.5  # of 2, 4, 0, 0
    assert asked(Successor(), probe_of([0, 1], [0, 2], [0, 3])).chance == pytest.approx(1 / 3)


@pytest.mark.parametrize("objective", ["next_word", "masked_word"])
def test_the_last_word_is_never_shown(objective):
    outcome = asked(Peeping(objective), probe_of([3, 1, 2], [4, 5], [0, 4]))
    assert outcome.predicted.tolist() == [0, 0, 0]


def test_of_equally_probable_words_the_most_frequent_counts():
    assert asked(Undecided(), PROBE).predicted.tolist() == [0, 0, 1, 1]


def test_many_blocks_of_probabilities_are_as_one(monkeypatch):
    sentences = np.random.default_rng(0).integers(0, WORDS, (50, 3)).tolist()
    whole = asked(Successor(), probe_of(*sentences)).predicted
    assert 0 < whole.sum() < 50
    monkeypatch.setattr("wordrel.tasks.held_out._LOG_PROBABILITIES_AT_ONCE", 4 * WORDS)
    assert np.array_equal(asked(Successor(), probe_of(*sentences)).predicted, whole)


def test_sentences_are_spread_up_to_the_limit():
    outcome = asked(Successor(), probe_of(*[[0, 1]] * 100, max_tokens=20))
    assert outcome.cluster.tolist() == list(range(0, 100, 10))


@pytest.mark.parametrize("question", ["fit", "context"])
def test_a_model_that_reads_no_text_says_why(question):
    outcome = asked(None, PROBE, unavailable={question: "it only counts"})
    assert (outcome.note, outcome.embedding) == ("it only counts", "")
    assert np.isnan(outcome.predicted).all()
    assert outcome.gold.tolist() == [1] * 4


def test_a_model_that_refuses_is_quoted():
    assert asked(Refusing(), PROBE).note == "it lost its context"


@pytest.mark.parametrize("probe", [probe_of(), probe_of([1], [2])])
def test_without_a_sentence_the_row_says_what_to_change(probe):
    outcome = asked(Successor(), probe)
    assert len(outcome.gold) == len(outcome.predicted) == 0
    assert outcome.embedding == ""
    assert np.isnan(outcome.chance)
    assert outcome.note.startswith("no held-out sentence has two words; raise corpus.held_out")


def test_asking_without_held_out_text_is_a_mistake():
    word_model = WordModel(vocab_of(["a", "b"]), embeddings={}, context=Successor())
    with pytest.raises(ValueError, match="last_word needs held-out text: found no probe"):
        ask(TASK, word_model, lowercase=True)


# --- planted recall -----------------------------------------------------------------------------

PAIRS, LETTERS = 4, "abcdefgh"
TRAINING = TrainingConfig(
    dim=64, window=PAIRS + 1, shrink_window=False, epochs=7, negatives=10, subsample=0
)


@pytest.fixture(scope="module")
def recall(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Four pairs of eight keys and eight values, in 4,000 sentences."""
    folder: Path = tmp_path_factory.mktemp("recall")
    text = folder / "recall.txt"
    text.write_text(recall_text(PAIRS, 4000, LETTERS), encoding="utf-8")
    return prepare(CorpusConfig(source=str(text), held_out=0.1), folder / "cache")


@pytest.fixture(scope="module")
def taught(recall: Corpus) -> Callable[[str], float]:
    """The accuracy of an architecture that was trained on it."""

    def accuracy_of(kind: str) -> float:
        config = MatchedConfig(kind=kind, scale=True, batch=256)
        trained = MODELS[kind].train(recall, TRAINING, config, 1, Runtime("cpu"))
        word_model = MODELS[kind].read(trained.tensors, recall.vocab, TRAINING, config)
        held_out = recall.test
        probe = Probe(held_out.ids.astype(np.int64), held_out.sentence_ends.astype(np.int64))
        (outcome,) = ask(TASK, word_model, lowercase=True, probe=probe)
        assert len(outcome.gold) > 250
        assert outcome.chance < 0.2
        return accuracy(outcome)

    return accuracy_of


def test_attention_looks_the_value_up_by_its_key(taught: Callable[[str], float]):
    assert taught("attention") > 0.9


def test_a_mean_knows_the_values_that_are_there_but_not_which_was_asked_for(
    taught: Callable[[str], float],
):
    assert 0.15 < taught("next_mean") < 0.4  # 1 in 4


def test_against_shuffled_answers_a_model_is_right_by_chance() -> None:
    rng = np.random.default_rng(0)
    sentences = [[int(w), int(w + 1) % WORDS] for w in rng.integers(0, WORDS, 3000)]
    ends = rng.permutation([sentence[1] for sentence in sentences])
    right = asked(Successor(), probe_of(*sentences, max_tokens=10_000))
    wrong = asked(
        Successor(),
        probe_of(
            *([w, int(e)] for (w, _), e in zip(sentences, ends, strict=True)), max_tokens=10_000
        ),
    )
    assert right.predicted.mean() == 1
    assert abs(wrong.predicted.mean() - 1 / WORDS) < 4 * np.sqrt(1 / WORDS / 3000)


# --- induction ----------------------------------------------------------------------------------


def induced(context: Any, probe: Probe, **others: Any) -> Predictions:
    word_model = WordModel(
        vocab_of([f"w{i}" for i in range(WORDS)]), embeddings={}, context=context, **others
    )
    (outcome,) = ask(load_task("induction"), word_model, lowercase=True, probe=probe)
    return outcome


REPEATING = probe_of([1, 2, 4, 1, 2], [1, 2, 4, 1, 4], [4, 5, 4], [3, 1, 3, 1, 3], [0, 5, 3, 0, 5])


def test_only_sentences_that_end_as_they_went_before_are_asked():
    outcome = induced(Successor(), REPEATING)
    assert outcome.cluster.tolist() == [0, 3, 4]
    assert outcome.predicted.tolist() == [1, 0, 0]
    assert outcome.gold.tolist() == [1, 1, 1]
    # one of {2, 4}; 3 after 1; one of {5, 3}
    assert outcome.chance == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)


def test_two_equal_words_at_the_end_are_no_repetition_of_themselves():
    assert induced(Successor(), probe_of([1, 2, 2], [2, 2, 2])).cluster.tolist() == [1]


def test_text_that_repeats_nothing_says_so():
    outcome = induced(Successor(), PROBE)
    assert len(outcome.gold) == 0
    assert outcome.note.startswith("no held-out sentence ends with two words that stood side by")


def test_a_model_without_text_says_why_it_induces_nothing():
    assert induced(None, REPEATING, unavailable={"fit": "it only counts"}).note == "it only counts"


def test_one_layer_guesses_among_the_words_of_a_planted_sentence(tmp_path: Path) -> None:
    text = tmp_path / "induction.txt"
    text.write_text(induction_text(4, 5000), encoding="utf-8")
    corpus = prepare(CorpusConfig(source=str(text), held_out=0.1, min_count=1), tmp_path)
    training = TrainingConfig(dim=16, window=5, shrink_window=False, epochs=4, subsample=0)
    own: dict[str, Any] = {"loss": "full_softmax", "batch": 256, "weights_learning_rate": 0.01}
    config = MatchedConfig(kind="attention", **own)
    trained = MODELS["attention"].train(corpus, training, config, 1, Runtime("cpu"))
    model = MODELS["attention"].read(trained.tensors, corpus.vocab, training, config)
    held_out = corpus.test
    probe = Probe(held_out.ids.astype(np.int64), held_out.sentence_ends.astype(np.int64))
    (outcome,) = ask(load_task("induction"), model, lowercase=True, probe=probe)
    assert outcome.chance == pytest.approx(1 / 3)
    assert len(outcome.gold) > 400
    assert 0.15 < accuracy(outcome) < 1 / 3 + 0.05
