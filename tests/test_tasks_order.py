"""Does a state mind where words stand? Every kind of model, and plain loops."""

from itertools import pairwise

import numpy as np
import pytest

from random_models import READERS, random_readings
from task_spaces import vocab_of
from wordrel.config import ARCHITECTURES
from wordrel.errors import NotAvailableError
from wordrel.models.word_model import WordModel
from wordrel.tasks import load_task, order
from wordrel.tasks.base import Probe, Scope
from wordrel.tasks.held_out import Text
from wordrel.tasks.order import EXAMPLE, KIND, MIN_CONTEXT, little_sentences, moved

GROUPS = ("others permuted", "two words exchanged", "asking word exchanged", "all permuted")
EXAMPLE_WORDS = ("mary", "gave", "roses", "to", "susan", "Mary", "Susan")
WORDS = (*EXAMPLE_WORDS, *(f"w{i}" for i in range(23)))
V, W = len(WORDS), 5
VOCAB = vocab_of(WORDS)
TASK = load_task("word_order")
WHOLLY = [name for name in READERS if name == "cbow" or not ARCHITECTURES[name].ordered]
ASKED_BY_ONE = [
    name
    for name in WHOLLY
    if name != "cbow" and (ARCHITECTURES[name].query == "previous" or ARCHITECTURES[name].direct)
]
UNORDERED = [name for name in WHOLLY if name not in ASKED_BY_ONE]
ORDERED = [name for name in READERS if name not in WHOLLY]


class Places:
    """A state is the sum of numbers of words by their place, the nearer the larger."""

    window = W

    def __init__(self, objective="next_word"):
        self.objective = objective
        self.read = []

    def states(self, ids, ends, hidden=None):
        raise AssertionError("not asked for")

    def contextual(self, ids, ends):
        self.read.append((ids.copy(), ends.copy()))
        found = np.full((len(ids), 2), np.nan, dtype=np.float32)
        for start, end in pairwise([0, *ends]):
            for place in range(start, end):
                found[place] = self.state(ids[start:end], place - start)
        return found

    def state(self, words, place):
        seen = range(place + 1)
        if self.objective == "masked_word":
            seen = [i for i in range(len(words)) if i != place]
        weigh = [words[i] / (1 + abs(place - i)) for i in seen if abs(place - i) <= W]
        return np.sum(weigh), 1.0

    def log_probabilities(self, states):
        log_p = -np.arange(V) * states[:, :1] / 1000
        return (log_p - np.log(np.exp(log_p).sum(1, keepdims=True))).astype(np.float32)


class Refusing(Places):
    def contextual(self, ids, ends):
        raise NotAvailableError("it lost its context")


def scope(sentences=60, seed=1, lowercase=True, **others):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 14, sentences)
    ids = rng.integers(0, V, lengths.sum())
    return Scope(lowercase, probe=Probe(ids, np.cumsum(lengths), **others))


def of(word_model, asked):
    found = KIND.measure(TASK, word_model, asked)
    assert {(m.task, m.embedding) for m in found} <= {("word_order", "context")}
    return {(m.group, m.statistic): m for m in found}


def told(context, asked):
    return of(WordModel(VOCAB, {}, context=context), asked)


def little(asked, objective, window=W):
    ids, ends = asked.probe.ids, asked.probe.ends
    keep = np.diff(ends, prepend=0) > 1
    ids = ids[np.repeat(keep, np.diff(ends, prepend=0))]
    text = Text(ids, np.diff(ends, prepend=0)[keep], np.flatnonzero(keep))
    return text, little_sentences(text, window, objective)


# --- what is built like a mean does not mind, what has places does ------------------------------


@pytest.mark.parametrize("name", UNORDERED)
def test_without_places_no_order_is_seen(name):
    found = of(random_readings(name, VOCAB, window=W), scope())
    for group in GROUPS:
        assert found[group, "unmoved"].value == 1
        assert found[group, "moved"].value == pytest.approx(0, abs=1e-6)
        assert found[group, "added_loss"].value == pytest.approx(0, abs=1e-5)
        assert found[group, "moved"].n > 100
    assert found[EXAMPLE, "moved"].value == pytest.approx(0, abs=1e-6)
    assert found[EXAMPLE, "cosine"].value == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", ASKED_BY_ONE)
def test_attention_without_places_minds_only_which_word_asks(name):
    found = of(random_readings(name, VOCAB, window=W), scope())
    for group in ("others permuted", "two words exchanged"):
        assert found[group, "unmoved"].value == 1
        assert found[group, "added_loss"].value == pytest.approx(0, abs=1e-5)
    asking = found["asking word exchanged", "unmoved"]
    assert asking.value < 0.1
    assert asking.value < found["all permuted", "unmoved"].value < 0.5
    assert found["asking word exchanged", "moved"].value > 0.1
    assert found[EXAMPLE, "moved"].value > 0.1
    assert found[EXAMPLE, "cosine"].value < 0.999


@pytest.mark.parametrize("name", ORDERED)
def test_with_places_every_order_is_another_one(name):
    found = of(random_readings(name, VOCAB, window=W), scope())
    for group in GROUPS:
        assert found[group, "moved"].value > 0.01
        assert found[group, "unmoved"].value < 0.4  # of two words the order is often the same
    assert found["two words exchanged", "unmoved"].value < 0.1  # two equal words
    assert found[EXAMPLE, "moved"].value > 0.01


def test_an_error_rests_on_sentences_and_fewer_than_twenty_have_none():
    found = told(Places(), scope())
    row = found["two words exchanged", "moved"]
    assert 20 < row.clusters < 60 < row.n
    assert row.error > 0
    assert found[EXAMPLE, "moved"].clusters is None
    few = told(Places(), scope(19))
    assert all(np.isnan(row.error) and np.isfinite(row.value) for row in few.values())
    assert few["two words exchanged", "moved"].clusters < 20


# --- by plain loops -----------------------------------------------------------------------------


def contexts(asked, objective, window=W):
    """Sentence, words of the little sentence, place of the target in it."""
    number = -1
    for start, end in pairwise([0, *asked.probe.ends]):
        if end - start < 2:
            continue
        number += 1
        for target in range(start + 1, end):
            first = max(start, target - window)
            last = min(end - 1, target + window) if objective == "masked_word" else target
            if last - first >= MIN_CONTEXT:
                yield number, asked.probe.ids[first : last + 1].tolist(), target - first


@pytest.mark.parametrize("objective", ["masked_word", "next_word"])
@pytest.mark.parametrize("window", [2, 5, 9])
def test_every_target_is_a_sentence_of_its_window(objective, window):
    asked = scope()
    _, small = little(asked, objective, window)
    expected = list(contexts(asked, objective, window))
    assert len(small.cluster) == len(expected)
    assert small.cluster.tolist() == [number for number, _, _ in expected]
    for t, (_, words, target) in enumerate(expected):
        mine = small.of == t
        assert small.ids[mine].tolist() == words
        assert small.offset[mine].tolist() == [i - target for i in range(len(words))]
    assert small.words.tolist() == [words[target] for _, words, target in expected]
    assert bool(expected) == (window > 2 or objective == "masked_word")


def exchanged(words, target, group):
    """The two exchanges, as they are described."""
    free = [i for i in range(len(words)) if i not in (target, target - 1)]
    a, b = free[0], free[-1]
    if group == "asking word exchanged":
        a, b = target - 1, max(free, key=lambda i: (abs(target - 1 - i), -i))
    turned = words.copy()
    turned[a], turned[b] = words[b], words[a]
    return turned


@pytest.mark.parametrize("objective", ["masked_word", "next_word"])
@pytest.mark.parametrize("group", ["two words exchanged", "asking word exchanged"])
def test_exchanges_by_plain_loops(objective, group):
    asked, context = scope(), Places(objective)
    far, added, by_sentence = [], [], {}
    for number, words, target in contexts(asked, objective):
        place = target - (objective == "next_word")
        pair = [words, exchanged(words, target, group)]
        y, other = (np.array(context.state(w, place), dtype=np.float32) for w in pair)
        losses = [-context.log_probabilities(s[None])[0, words[target]] for s in (y, other)]
        far.append(np.linalg.norm(y - other) / np.linalg.norm(y))
        added.append(losses[1] - losses[0])
        by_sentence.setdefault(number, []).append(far[-1])
    found = told(context, asked)
    assert {found[group, s].n for s in ("moved", "unmoved", "added_loss")} == {len(far)}
    assert found[group, "moved"].value == pytest.approx(np.mean(far), rel=1e-5)
    assert found[group, "unmoved"].value == pytest.approx(np.mean(np.array(far) < 1e-5))
    assert found[group, "added_loss"].value == pytest.approx(np.mean(added), rel=1e-3, abs=1e-7)
    left_over = sum((np.array(v) - np.mean(far)).sum() ** 2 for v in by_sentence.values())
    clusters = len(by_sentence)
    error = np.sqrt(left_over * clusters / (clusters - 1)) / len(far)
    assert found[group, "moved"].error == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize(("objective", "window"), [("masked_word", 2), ("next_word", 4)])
def test_orders_keep_the_words_and_what_is_to_stay(objective, window):
    _, small = little(scope(600), objective, window)
    orders = dict(small.orders())
    assert tuple(orders) == GROUPS
    for group, found in orders.items():
        assert sorted(found) == list(range(len(small.ids)))
        assert (small.of[found] == small.of).all()
        still = found == np.arange(len(found))
        assert still[small.offset == 0].all()
        if group in GROUPS[:2]:
            assert still[small.offset == -1].all()
    again = dict(small.orders())
    assert all(np.array_equal(again[group], found) for group, found in orders.items())
    every = orders["all permuted"]
    sizes = np.bincount(small.of)[small.of]
    whole = (sizes == sizes.max()) & (small.offset == -1)
    came = small.offset[every[whole]]  # each word of a full context may come to any place
    places, counts = np.unique(came, return_counts=True)
    assert places.tolist() == ([-2, -1, 1, 2] if window == 2 else [-4, -3, -2, -1])
    assert counts / len(came) == pytest.approx([1 / 4] * 4, abs=0.05)


def test_the_state_is_read_from_whole_windows_where_it_predicts_the_target():
    for objective, place in (("masked_word", 0), ("next_word", -1)):
        _, small = little(scope(), objective)
        context = Places(objective)
        found = small.states(context)
        ((ids, ends),) = context.read
        assert ids.tolist() == small.ids.tolist()
        assert np.diff(ends, prepend=0).tolist() == np.bincount(small.of).tolist()
        at = np.flatnonzero(small.offset == place)
        assert np.array_equal(found, Places(objective).contextual(small.ids, ends)[at])


def test_few_targets_are_asked_and_they_are_spread(monkeypatch):
    monkeypatch.setattr(order, "MAX_TARGETS", 50)
    asked = scope(400)
    text, small = little(asked, "next_word")
    assert len(small.cluster) == 50
    assert np.diff(small.cluster).max() < 3 * len(text.lengths) / 50
    assert told(Places(), asked)["all permuted", "moved"].n == 50


# --- mary and susan -----------------------------------------------------------------------------


@pytest.mark.parametrize(("lowercase", "first", "last"), [(True, 0, 4), (False, 5, 6)])
@pytest.mark.parametrize(("objective", "place"), [("masked_word", 1), ("next_word", 4)])
def test_mary_and_susan_exchange(objective, place, lowercase, first, last):
    context = Places(objective)
    found = told(context, scope(lowercase=lowercase))
    pair = [[first, 1, 2, 3, last], [last, 1, 2, 3, first]]
    assert [ids.tolist() for ids, _ in context.read[-2:]] == pair
    assert [ends.tolist() for _, ends in context.read[-2:]] == [[5], [5]]
    y, other = (np.array(context.state(words, place)) for words in pair)
    one, cosine = found[EXAMPLE, "moved"], found[EXAMPLE, "cosine"]
    assert one.value == pytest.approx(np.linalg.norm(y - other) / np.linalg.norm(y), rel=1e-5)
    expected = y @ other / np.linalg.norm(y) / np.linalg.norm(other)
    assert cosine.value == pytest.approx(expected, rel=1e-5)
    assert (one.n, cosine.n) == (1, 1)
    assert np.isnan([one.error, cosine.error]).all()


@pytest.mark.parametrize(("fifth", "window"), [("sue", 5), ("susan", 4)])
def test_mary_is_left_out_where_a_word_is_not_known_or_out_of_sight(fifth, window):
    context = Places()
    context.window = window
    vocab = vocab_of([*WORDS[:4], fifth, *WORDS[5:]])
    found = of(WordModel(vocab, {}, context=context), scope())
    assert {group for group, _ in found} == set(GROUPS)


# --- nothing to tell ----------------------------------------------------------------------------


def test_sentences_that_are_too_short_leave_only_the_example():
    asked = Scope(True, probe=Probe(np.arange(6), np.array([3, 6])))
    assert {group for group, _ in told(Places(), asked)} == {EXAMPLE}


def test_a_state_of_zero_says_nothing_of_how_far_it_moves():
    y = np.array([[3, 4], [0, 0]], dtype=np.float32)
    found = moved(y, np.array([[3, 1], [1, 1]], dtype=np.float32))
    assert found[0] == pytest.approx(3 / 5)
    assert np.isnan(found[1])


def test_a_model_without_states_or_window_has_no_rows():
    assert told(None, scope()) == {}
    assert told(Refusing(), scope()) == {}

    class Endless(Places):
        window = property()

    assert told(Endless(), scope()) == {}
    assert KIND.answer(TASK, WordModel(VOCAB, {}), scope()) == []
    with pytest.raises(ValueError, match="word_order needs held-out text: found no probe"):
        told(Places(), Scope(True))
