"""How many words a word looks at, who is looked at, and query and key exchanged: by plain loops."""

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from random_models import random_readings
from task_spaces import vocab_of
from treebanks import bank, task_of, tree
from wordrel.errors import NotAvailableError
from wordrel.models.protocols import Weighed
from wordrel.models.word_model import WordModel
from wordrel.tasks import weights
from wordrel.tasks.base import Probe, Scope
from wordrel.tasks.items import Items
from wordrel.tasks.registry import REGISTRY
from wordrel.tasks.weights import MIN_ENTRIES, ROLES

WORDS = ("the", "dog", "ran", "old", "hut", "zzz")
CLASS = ("DET", "NOUN", "VERB", "ADJ", "NOUN", "unlisted")
PULL = np.array([0.25, 4.0, 1.0, 0.5, 2.0, 3.0])
VOCAB = vocab_of(WORDS)
LEXICON = bank([tree("The/DET/2/x dog/NOUN/0/x ran/VERB/0/x old/ADJ/0/x hut/NOUN/0/x")])
REACH = 2


class Pulling:
    """Each word has a pull; a context is weighed by it. The two words before are seen, and itself.

    The state is the largest pull of a context, the loss of a target 100 less it. Exchanged, the
    state is the least pull.
    """

    objective = "next_word"

    def __init__(self, least=False, refuses=False):
        self.least, self.refuses = least, refuses

    def seen(self, ends):
        start = 0
        for end in ends:
            for place in range(start, end):
                yield place, list(range(max(start, place - REACH), place + 1))
            start = end

    def weights(self, ids, ends):
        if self.refuses:
            raise NotAvailableError("it keeps its weights to itself")
        rows = []
        for place, context in self.seen(ends):
            pull = PULL[ids[context]]
            rows += [
                (ids[place], ids[i], weight, place, i - place - 1)
                for i, weight in zip(context, pull / pull.sum(), strict=True)
            ]
        columns = np.array(rows).reshape(-1, 5).T
        whole = columns.astype(np.int64)
        return Weighed(whole[0], whole[1], columns[2].astype(np.float32), whole[3], whole[4])

    def states(self, ids, ends, hidden=None):
        states = np.full((len(ids), 1), np.nan, dtype=np.float32)
        for place, context in self.seen(ends):
            if place + 1 < len(ids) and place + 1 not in ends:
                pull = PULL[ids[context]]
                states[place + 1] = pull.min() if self.least else pull.max()
        return states

    def contextual(self, ids, ends):
        raise AssertionError("not asked for")

    def log_probabilities(self, states):
        assert np.isfinite(states).all()
        return np.repeat(states - np.float32(100), len(WORDS), axis=1)


class Asking(Pulling):
    def exchanged(self):
        return Pulling(least=not self.least)


def scope(sentences=120, seed=1, **others):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 9, sentences)
    ids = rng.integers(0, len(WORDS), lengths.sum())
    return Scope(lowercase=True, probe=Probe(ids, np.cumsum(lengths), **others))


def task(items=LEXICON):
    return task_of(items, "roles", question="fit", measure="loss_per_token", better="lower")


def measured(word_model, asked):
    return {
        (m.embedding, m.group, m.statistic): m for m in ROLES.measure(task(), word_model, asked)
    }


def of(context, asked):
    return measured(WordModel(VOCAB, {}, context=context), asked)


def clustered(by_sentence):
    """Mean and its standard error over sentences, from the items of each."""
    values = [np.array(v) for v in by_sentence.values()]
    mean, n, clusters = (
        np.concatenate(values).mean(),
        sum(map(len, values)),
        len(values),
    )
    left_over = sum((v - mean).sum() ** 2 for v in values)
    return mean, math.sqrt(left_over * clusters / (clusters - 1)) / n, n, clusters


def test_every_row_by_plain_loops():
    asked = scope()
    ids, ends = asked.probe.ids, asked.probe.ends
    sentence = np.searchsorted(ends, range(len(ids)), side="right")
    expected = defaultdict(lambda: defaultdict(list))
    for place, context in Pulling().seen(ends):
        pull = PULL[ids[context]]
        share, where = pull / pull.sum(), sentence[place]
        for i, weight in zip(context, share, strict=True):
            group = f"attended {CLASS[ids[i]]}"
            expected["attention", group, "relative_weight"][where].append(weight * len(context))
        if len(context) > 1:
            count = math.exp(-sum(p * math.log(p) for p in share))
            for group in ("asking any", f"asking {CLASS[ids[place]]}"):
                expected["attention", group, "effective_keys"][where].append(count)
                of_keys = expected["attention", group, "effective_share"][where]
                of_keys.append(count / len(context))
        if place + 1 < len(ids) and place + 1 not in ends:
            gap = pull.max() - pull.min()
            expected["exchanged", "all", "added_loss"][where].append(gap)
    found = of(Asking(), asked)
    assert set(found) == set(expected)
    assert {key[1] for key in found} >= {f"asking {c}" for c in CLASS}
    for key, by_sentence in expected.items():
        value, error, n, clusters = clustered(by_sentence)
        one = found[key]
        assert (one.task, one.n, one.clusters) == ("roles", n, clusters), key
        assert one.value == pytest.approx(value, rel=1e-5), key
        assert one.error == pytest.approx(error, rel=1e-4), key


def test_fewer_than_twenty_sentences_have_no_error():
    found = of(Asking(), scope(19))
    assert {key[:2] for key in found} >= {("attention", "asking any"), ("exchanged", "all")}
    assert max(one.clusters for one in found.values()) < 20
    assert all(np.isnan(one.error) and np.isfinite(one.value) for one in found.values())


def test_a_class_with_few_items_makes_no_row(monkeypatch):
    asked = scope(12)
    few = {(embedding, group) for embedding, group, _ in of(Asking(), asked)}
    monkeypatch.setattr(weights, "MIN_ENTRIES", 1)
    every = of(Asking(), asked)
    assert {(embedding, group) for embedding, group, _ in every} > few
    kept = {(embedding, group) for (embedding, group, _), m in every.items() if m.n >= MIN_ENTRIES}
    assert few == kept | {("attention", "asking any"), ("exchanged", "all")}


@pytest.mark.parametrize("name", ["cbow", "mean", "next_mean"])
def test_a_mean_looks_at_all_words_alike(name):
    found = measured(random_readings(name, VOCAB), scope())
    assert {embedding for embedding, _, _ in found} == {"attention"}
    for (_, _, statistic), one in found.items():
        if statistic != "effective_keys":
            assert one.value == pytest.approx(1, abs=1e-6)
            assert one.error == pytest.approx(0, abs=1e-7)
    assert 2 <= found["attention", "asking any", "effective_keys"].value <= 6


def test_attention_looks_at_fewer_words_and_minds_who_asks():
    found = measured(random_readings("attention", VOCAB, scale=False), scope())
    assert found["attention", "asking any", "effective_share"].value < 0.9
    assert abs(found["exchanged", "all", "added_loss"].value) > 0.001


@pytest.mark.parametrize(
    ("name", "ties"), [("dot_product_attention", ()), ("attention_position", ("K=Q",))]
)
def test_where_query_and_key_are_one_nothing_is_added(name, ties):
    added = measured(random_readings(name, VOCAB, ties=ties), scope())[
        "exchanged", "all", "added_loss"
    ]
    assert (added.value, added.error) == (0, 0)


def test_the_loss_is_that_of_the_held_out_sentences_and_of_few_of_them(monkeypatch):
    asked = scope()
    every = of(Asking(), asked)["exchanged", "all", "added_loss"]
    assert every.n == len(asked.probe.ids) - len(asked.probe.ends)
    monkeypatch.setattr(weights, "MAX_TOKENS", 100)
    few = of(Asking(), asked)
    assert 60 <= few["exchanged", "all", "added_loss"].n < 100
    assert few["attention", "asking any", "effective_keys"].n > 300


def test_what_a_model_does_not_say_makes_no_row():
    assert {embedding for embedding, _, _ in of(Pulling(), scope())} == {"attention"}
    assert of(Asking(refuses=True), scope()) == {}
    assert of(None, scope()) == {}
    nothing = Scope(True, probe=Probe(np.arange(2), np.array([1, 2])))
    assert of(Asking(), nothing) == {}
    alone = WordModel(VOCAB, {}, unavailable={"context": "none"})
    assert ROLES.answer(task(), alone, scope()) == []


def test_items_that_are_no_sentences_and_a_missing_probe_are_refused():
    plain = replace(task(), items=Items((), np.ones(1), np.arange(1)))
    asking = WordModel(VOCAB, {}, context=Asking())
    with pytest.raises(TypeError, match="expected items that are a Treebank"):
        ROLES.measure(plain, asking, scope())
    with pytest.raises(ValueError, match="found no probe"):
        ROLES.measure(task(), asking, Scope(True))


def test_the_task_reads_the_treebank_that_the_loss_by_class_reads():
    one, other = REGISTRY["attention_roles"], REGISTRY["held_out_by_class"]
    assert (one.data, one.files, one.reader) == (other.data, other.files, other.reader)
