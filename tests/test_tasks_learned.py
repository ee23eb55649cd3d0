"""What was learned of offsets and words, and the weights in use: against plain loops."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from random_models import READERS, random_readings
from task_spaces import counted, vocab_of
from wordrel.config import ARCHITECTURES
from wordrel.corpus.vocab import Vocab
from wordrel.errors import NotAvailableError
from wordrel.models.protocols import Weighed
from wordrel.models.word_model import WordModel
from wordrel.tasks import load_task
from wordrel.tasks.base import Probe, Scope
from wordrel.tasks.weights import LEARNED, tenths

V, W = 24, 3
VOCAB = vocab_of([f"w{i}" for i in range(V)])
TASK = load_task("learned_weights")


def scope(sentences=60, seed=1, shortest=1):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, 14, sentences)
    return Scope(True, probe=Probe(rng.integers(0, V, lengths.sum()), np.cumsum(lengths)))


def of(word_model, asked):
    found = LEARNED.measure(TASK, word_model, asked)
    assert {m.task for m in found} <= {"learned_weights"}
    return {(m.embedding, m.group, m.statistic): m for m in found}


def groups(found, embedding, start=""):
    return {
        key[1]: m for key, m in found.items() if key[0] == embedding and key[1].startswith(start)
    }


@pytest.mark.parametrize("name", READERS)
def test_offsets_that_the_objective_uses_are_told_less_their_mean(name):
    word_model = random_readings(name, VOCAB, window=W)
    found = groups(of(word_model, scope()), "relative_position")
    if name == "cbow" or not ARCHITECTURES[name].positions:
        assert found == {}
        return
    both = ARCHITECTURES[name].objective == "masked_word"
    used = [-3, -2, -1, *([1, 2, 3] if both else [])]
    scores = [word_model.learned["relative_position"][place + W] for place in used]
    assert list(found) == ["-3", "-2", "-1", *(["+1", "+2", "+3"] if both else [])]
    for one, score in zip(found.values(), scores, strict=True):
        assert one.value == pytest.approx(score - np.mean(scores), abs=1e-6)
        assert (one.statistic, one.n, one.error, one.clusters) == ("score", 1, 0.0, None)


@pytest.mark.parametrize("name", ["word_weight", "mask_query_attention"])
def test_words_are_told_by_tenths_of_the_vocabulary(name):
    word_model = random_readings(name, VOCAB, window=W)
    found = groups(of(word_model, scope()), "per_word_weight")
    scores = word_model.learned["per_word_weight"].astype(np.float64)
    assert list(found) == [f"frequency {k}/10" for k in range(1, 11)]
    for k, one in enumerate(found.values()):
        mine = [scores[i] for i in range(V) if i * 10 // V == k]  # ids count from the most frequent
        assert one.value == pytest.approx(np.mean(mine) - scores.mean(), abs=1e-6)
        assert (one.statistic, one.n, one.clusters) == ("score", len(mine), len(mine))
        assert np.isnan(one.error)  # of two or three words
    many = WordModel(
        vocab_of([f"w{i}" for i in range(200)]),
        {},
        context=Leaning(),
        learned={"per_word_weight": np.arange(200, dtype=np.float32)},
    )
    for one in groups(of(many, scope()), "per_word_weight").values():
        assert one.clusters == 20
        assert one.error == pytest.approx(np.arange(20).std(ddof=1) / 20**0.5, rel=1e-5)


def test_a_tenth_is_of_the_ranks_whatever_the_order_of_the_ids():
    vocab = Vocab(("a", "b", "c", "d", "e"), np.array([5, 50, 1, 50, 7], dtype=np.int64))
    assert tenths(vocab).tolist() == [6, 0, 8, 2, 4]
    many = counted({f"w{i}": 1000 - i for i in range(1000)})
    assert np.bincount(tenths(many)).tolist() == [100] * 10
    few = WordModel(
        vocab, {}, context=Leaning(), learned={"per_word_weight": np.ones(5, dtype=np.float32)}
    )
    ids = np.arange(5, dtype=np.int64)
    found = groups(of(few, Scope(True, probe=Probe(ids, ids[4:] + 1))), "per_word_weight")
    assert list(found) == [f"frequency {k}/10" for k in (1, 3, 5, 7, 9)]
    assert all(np.isnan(one.error) for one in found.values())  # of one word each


class Leaning:
    """Words with larger ids and nearer places weigh more; two words on each side are seen."""

    objective = "masked_word"
    refuses = False

    def contexts(self, ids, ends):
        for number, (start, end) in enumerate(pairwise([0, *ends])):
            for place in range(start, end):
                seen = [i for i in range(place - 2, place + 3) if start <= i < end and i != place]
                pull = np.array([(1 + ids[i]) / abs(i - place) for i in seen])
                for i, weight in zip(seen, pull / max(pull.sum(), 1e-9), strict=True):
                    yield number, place, i, weight, len(seen)

    def weights(self, ids, ends):
        if self.refuses:
            raise NotAvailableError("it keeps its weights to itself")
        rows = [(ids[p], ids[i], w, p, i - p) for _, p, i, w, _ in self.contexts(ids, ends)]
        columns = np.array(rows).reshape(-1, 5).T
        whole = columns.astype(np.int64)
        return Weighed(whole[0], whole[1], columns[2].astype(np.float32), whole[3], whole[4])

    def states(self, ids, ends, hidden=None):
        raise AssertionError("not asked for")

    def contextual(self, ids, ends):
        raise AssertionError("not asked for")

    def log_probabilities(self, states):
        raise AssertionError("not asked for")


def test_weights_in_use_by_plain_loops():
    asked = scope(shortest=2)
    expected = defaultdict(lambda: defaultdict(list))
    for number, place, i, weight, n in Leaning().contexts(asked.probe.ids, asked.probe.ends):
        if n == 4:
            expected[f"offset {i - place:+d}", "mean_weight"][number].append(weight)
        tenth = asked.probe.ids[i] * 10 // V + 1
        expected[f"frequency {tenth}/10", "relative_weight"][number].append(weight * n)
    found = of(WordModel(VOCAB, {}, context=Leaning()), asked)
    assert {key for key in found if key[1] != "all contexts"} == {
        ("attention", *key) for key in expected
    }
    for key, by_sentence in expected.items():
        one, values = found["attention", *key], [np.array(v) for v in by_sentence.values()]
        mean, clusters = np.concatenate(values).mean(), len(values)
        assert (one.n, one.clusters) == (sum(map(len, values)), clusters)
        assert one.value == pytest.approx(mean, rel=1e-5)
        left_over = sum((v - mean).sum() ** 2 for v in values)
        error = np.sqrt(left_over * clusters / (clusters - 1)) / one.n
        assert one.error == pytest.approx(error, rel=1e-3)


def test_weights_in_fewer_than_twenty_sentences_have_no_error():
    found = of(WordModel(VOCAB, {}, context=Leaning()), scope(19, shortest=5))
    assert max(one.clusters for one in found.values()) == 19
    assert all(np.isnan(one.error) and np.isfinite(one.value) for one in found.values())


@pytest.mark.parametrize("name", ["cbow", "mean", "next_mean"])
def test_a_mean_weighs_every_place_and_word_alike(name):
    found = of(random_readings(name, VOCAB, window=W), scope())
    assert {embedding for embedding, _, _ in found} == {"attention"}
    places = groups(found, "attention", "offset")
    assert len(places) == (W if name == "next_mean" else 2 * W)
    for one in places.values():
        assert one.value == pytest.approx(1 / len(places), rel=1e-6)
    for one in groups(found, "attention", "frequency").values():
        assert one.value == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("name", ["position_weight", "next_position_weight"])
def test_where_only_places_count_the_weights_are_those_that_were_learned(name):
    found = of(random_readings(name, VOCAB, window=W), scope())
    scores = {group: one.value for group, one in groups(found, "relative_position").items()}
    total = sum(np.exp(score) for score in scores.values())
    for group, one in groups(found, "attention", "offset").items():
        expected = np.exp(scores[group.removeprefix("offset ")]) / total
        assert one.value == pytest.approx(expected, rel=1e-5)
        assert one.error == pytest.approx(0, abs=1e-6)


def test_what_a_model_does_not_say_makes_no_row():
    class Refusing(Leaning):
        refuses = True

    word_model = [WordModel(VOCAB, {}, context=context) for context in (None, Refusing())]
    assert [of(one, scope()) for one in word_model] == [{}, {}]
    assert LEARNED.answer(TASK, word_model[0], scope()) == []
    with pytest.raises(ValueError, match="learned_weights needs held-out text: found no probe"):
        of(word_model[1], Scope(True))
    nothing = Scope(True, probe=Probe(np.arange(2), np.array([1, 2])))
    assert of(WordModel(VOCAB, {}, context=Leaning()), nothing) == {}


@pytest.mark.parametrize("name", READERS)
def test_the_effective_number_of_words_and_the_weight_on_itself_against_a_plain_loop(name):
    word_model = random_readings(name, VOCAB, window=W)
    asked = scope(shortest=2)
    found = of(word_model, asked)
    told = word_model.context.weights(asked.probe.ids, asked.probe.ends)
    weights, itself = defaultdict(list), []
    for state, weight, offset in zip(told.state, told.weight, told.offset, strict=True):
        weights[state].append(float(weight))
        itself += [float(weight)] if offset == -1 else []
    several = [np.array(w) for w in weights.values() if len(w) > 1]
    effective = [np.exp(-np.sum(w * np.log(np.maximum(w, 1e-30)))) for w in several]
    row = found["attention", "all contexts", "effective_keys"]
    assert row.value == pytest.approx(np.mean(effective), rel=1e-5)
    assert row.n == len(several)
    shares = [e / len(w) for e, w in zip(effective, several, strict=True)]
    own = found["attention", "all contexts", "effective_share"]
    assert own.value == pytest.approx(np.mean(shares), rel=1e-5)
    next_word = name != "cbow" and ARCHITECTURES[name].objective == "next_word"
    looks = next_word and not ARCHITECTURES[name].direct
    assert (("attention", "itself", "mean_weight") in found) == looks
    if looks:
        on_itself = found["attention", "itself", "mean_weight"]
        assert on_itself.value == pytest.approx(np.mean(itself), rel=1e-5)
        assert (on_itself.n, on_itself.error > 0) == (len(itself), True)
