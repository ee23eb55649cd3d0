import itertools

import numpy as np
import pytest

from task_spaces import vocab_of
from wordrel.errors import NotAvailableError
from wordrel.models.word_model import WordModel
from wordrel.stats import RATIO, plain_scores
from wordrel.tasks import Probe, ask, load_task
from wordrel.tasks.held_out import choose_sentences, sentence_losses

WORDS = 7
TABLE = np.random.default_rng(0).dirichlet(np.ones(WORDS), size=WORDS)


class Bigram:
    """Next word given the last one, by a table: the state is the last word's row of it."""

    objective = "next_word"

    def states(self, ids, ends):
        rows = TABLE[np.roll(ids, 1)].astype(np.float32)
        rows[np.concatenate([[0], ends[:-1]])] = np.nan
        return rows

    def contextual(self, ids, ends):
        raise AssertionError("not asked for")

    def log_probabilities(self, states):
        assert np.isfinite(states).all()
        return np.log(states)


class Unigram(Bigram):
    objective = "masked_word"

    def __init__(self, counts):
        self.log_p = np.log(counts / counts.sum()).astype(np.float32)

    def log_probabilities(self, states):
        return np.tile(self.log_p, (len(states), 1))


class Refusing(Bigram):
    def states(self, ids, ends):
        raise NotAvailableError("it lost its context")


def stream(lengths, seed=1, **others):
    ids = np.random.default_rng(seed).integers(0, WORDS, sum(lengths))
    return Probe(ids, np.cumsum(lengths, dtype=np.int64), **others)


def word_model(context, **others):
    vocab = vocab_of([f"w{i}" for i in range(WORDS)])
    return WordModel(vocab, {}, context=context, **others)


def rows_of(context, probe, **others):
    found = ask(
        load_task("held_out_loss"), word_model(context, **others), lowercase=True, probe=probe
    )
    return {row.task.removeprefix("held_out_loss."): row for row in found}


def test_the_loss_is_minus_log_p_of_every_word_but_the_first():
    probe = stream([3, 1, 5, 2])
    row = rows_of(Bigram(), probe)["next_word"]
    expected, targets, start = [], [], 0
    for end in probe.ends:
        words = probe.ids[start:end]
        if len(words) > 1:
            losses = [-np.log(TABLE[a, b]) for a, b in itertools.pairwise(words)]
            expected.append(sum(losses))
            targets.append(len(losses))
        start = end
    assert row.predicted == pytest.approx(expected, rel=1e-6)
    assert row.gold.tolist() == targets == [2, 4, 1]
    assert row.cluster.tolist() == [0, 2, 3]
    assert row.covered.all()
    assert (row.measure, row.better, row.embedding, row.selected, row.note) == (
        "loss_per_token",
        "lower",
        "context",
        True,
        "",
    )
    score = plain_scores(RATIO, row.gold, row.predicted[None])[0]
    assert score == pytest.approx(sum(expected) / 7)


def test_chance_is_the_loss_of_the_training_frequencies_on_the_same_words():
    probe = stream([9, 4, 1, 12])
    row = rows_of(Unigram(word_model(None).vocab.counts), probe)["masked_word"]
    assert plain_scores(RATIO, row.gold, row.predicted[None])[0] == pytest.approx(row.chance)
    assert row.chance != pytest.approx(np.log(WORDS), abs=0.01)


def test_a_model_answers_only_the_objective_it_was_trained_for():
    probe = stream([5, 5])
    masked = rows_of(Bigram(), probe)["masked_word"]
    assert np.isnan(masked.predicted).all()
    assert masked.note == "the model was trained for the objective 'next_word'"
    assert masked.gold.tolist() == [4, 4]
    next_word = rows_of(Unigram(np.ones(WORDS)), probe)["next_word"]
    assert next_word.note == "the model was trained for the objective 'masked_word'"


class Shuffled(Bigram):
    """The same model, its words exchanged among each other."""

    def __init__(self, seed):
        self.words = np.random.default_rng(seed).permutation(WORDS)

    def log_probabilities(self, states):
        return np.log(states[:, self.words])


def test_a_model_that_knows_the_text_beats_chance_and_a_shuffled_one_does_not():
    rng, ids = np.random.default_rng(4), [0]
    for _ in range(4000):
        ids.append(int(rng.choice(WORDS, p=TABLE[ids[-1]])))
    probe = Probe(np.array(ids), np.arange(5, len(ids) + 5, 5).clip(max=len(ids)))

    def score(context):
        row = rows_of(context, probe)["next_word"]
        return plain_scores(RATIO, row.gold, row.predicted[None])[0] - row.chance

    assert score(Bigram()) < -0.1
    assert np.mean([score(Shuffled(seed)) for seed in range(1, 9)]) > 0


@pytest.mark.parametrize("question", ["fit", "context"])
def test_a_model_that_reads_no_text_says_why(question):
    found = rows_of(None, stream([5]), unavailable={question: "it only counts"})
    assert [r.note for r in found.values()] == ["it only counts"] * 2
    assert all(r.embedding == "" and np.isnan(r.predicted).all() for r in found.values())


def test_a_model_that_refuses_is_quoted():
    assert rows_of(Refusing(), stream([5]))["next_word"].note == "it lost its context"


def test_sentences_are_spread_evenly_and_whole_up_to_the_limit():
    probe = stream([10] * 100, max_tokens=95)
    text = choose_sentences(probe)
    assert (
        text.number.tolist() == text.items.cluster.tolist() == [0, 11, 22, 33, 44, 55, 66, 77, 88]
    )
    assert np.array_equal(text.ids[10:20], probe.ids[110:120])
    assert len(text.ids) == 90


@pytest.mark.parametrize("limit", [50, 333, 1000])
def test_uneven_sentences_keep_the_limit_and_nearly_reach_it(limit):
    lengths = np.random.default_rng(3).integers(1, 30, 400)
    text = choose_sentences(stream(lengths, max_tokens=limit))
    assert 0.6 * limit < len(text.ids) <= limit
    assert np.array_equal(text.lengths, lengths[text.number])
    assert np.array_equal(text.items.gold, text.lengths - 1)
    assert (text.lengths >= 2).all()


def test_all_sentences_are_taken_where_the_limit_allows_and_one_at_least():
    assert choose_sentences(stream([3, 4, 1])).number.tolist() == [0, 1]
    assert choose_sentences(stream([30, 40], max_tokens=5)).number.tolist() == [0]


@pytest.mark.parametrize("lengths", [[], [1, 1]])
def test_without_a_target_the_rows_say_what_to_change(lengths):
    for row in rows_of(Bigram(), stream(lengths)).values():
        assert len(row.gold) == len(row.predicted) == 0
        assert np.isnan(row.chance)
        assert row.note.startswith("no held-out sentence has two words; raise corpus.held_out")


def test_many_blocks_of_probabilities_are_as_one(monkeypatch):
    text, vocab = choose_sentences(stream([6] * 30)), word_model(None).vocab
    whole = sentence_losses(Bigram(), text, vocab)
    monkeypatch.setattr("wordrel.tasks.held_out._LOG_PROBABILITIES_AT_ONCE", 4 * WORDS)
    assert np.array_equal(sentence_losses(Bigram(), text, vocab), whole)


def test_asking_without_held_out_text_is_a_mistake():
    with pytest.raises(ValueError, match="held_out_loss needs held-out text: found no probe"):
        ask(load_task("held_out_loss"), word_model(Bigram()), lowercase=True)
