"""Loss by word class, and what hiding a class adds, with models whose losses are known exactly."""

from dataclasses import replace

import numpy as np
import pytest

from task_spaces import vocab_of
from treebanks import bank, task_of, tree
from wordrel.errors import NotAvailableError
from wordrel.models.word_model import WordModel
from wordrel.tasks import by_class, held_out
from wordrel.tasks.base import Probe, Scope
from wordrel.tasks.by_class import HIDDEN, KIND, NEAR, classes_of
from wordrel.tasks.items import Items

WORDS = ("the", "dog", "ran", "old", "hut", "zzz")
CLASS = ("DET", "NOUN", "VERB", "ADJ", "NOUN", "unlisted")
WEIGHT = np.array([0.1, 2.0, 1.0, 0.5, 4.0, 0.25])
VOCAB = vocab_of(WORDS)
LEXICON = bank([tree("The/DET/2/x dog/NOUN/0/x ran/VERB/0/x old/ADJ/0/x hut/NOUN/0/x")])


class Sum:
    """A state is the sum of the weights of the context, and so is the gain of every word.

    The loss of any target is `BASE` less that sum, so that hiding a word adds its weight exactly.
    Without a context there is no state.
    """

    BASE = 100.0

    def __init__(self, objective="next_word"):
        self.objective = objective

    def states(self, ids, ends, hidden=None):
        hidden = np.zeros(len(ids), dtype=bool) if hidden is None else hidden
        states = np.full((len(ids), 1), np.nan, dtype=np.float32)
        start = 0
        for end in ends:
            for place in range(start, end):
                behind = place if self.objective == "next_word" else min(end, place + NEAR + 1)
                context = [
                    WEIGHT[ids[i]]
                    for i in range(max(start, place - NEAR), behind)
                    if i != place and not hidden[i]
                ]
                states[place] = np.sum(context) if context else np.nan
            start = end
        return states

    def contextual(self, ids, ends):
        raise AssertionError("not asked for")

    def log_probabilities(self, states):
        assert np.isfinite(states).all()
        return np.repeat(states - np.float32(self.BASE), len(WORDS), axis=1)


class Refusing(Sum):
    def states(self, ids, ends, hidden=None):
        raise NotAvailableError("it lost its context")


def scope(sentences=60, seed=1, **others):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 14, sentences)
    ids = rng.integers(0, len(WORDS), lengths.sum())
    return Scope(lowercase=True, probe=Probe(ids, np.cumsum(lengths), **others))


def word_model(context, **others):
    return WordModel(VOCAB, {}, context=context, **others)


def task(items=LEXICON):
    return task_of(items, "by", question="fit", measure="loss_per_token", better="lower")


def rows(context, asked, **others):
    return {o.task: o for o in KIND.answer(task(), word_model(context, **others), asked)}


def measured(context, asked):
    found = KIND.measure(task(), word_model(context), asked)
    return {(m.group, m.statistic): m for m in found}


def test_a_word_has_the_class_of_four_fifths_of_its_tokens():
    texts = [
        "Run/VERB/0/x run/VERB/0/x run/VERB/0/x run/VERB/0/x run/NOUN/0/x",
        "can/AUX/0/x can/NOUN/0/x",
    ]
    trees = bank([tree(text) for text in texts])
    vocab = vocab_of(["run", "can", "Run", "new"])
    assert classes_of(trees, vocab, True).tolist() == ["VERB", "mixed", "unlisted", "unlisted"]
    assert classes_of(trees, vocab, False).tolist() == ["mixed", "mixed", "VERB", "unlisted"]


def test_the_losses_of_the_classes_are_those_of_their_targets_by_plain_loops():
    asked = scope()
    found = rows(Sum(), asked)
    states = Sum().states(asked.probe.ids, asked.probe.ends)[:, 0]
    expected = {}
    start = 0
    for number, end in enumerate(asked.probe.ends):
        for place in range(start + 1, end):
            of_class = expected.setdefault(CLASS[asked.probe.ids[place]], {})
            of_class.setdefault(number, []).append(Sum.BASE - states[place])
        start = end
    assert {name for name in found if ".next_word." in name} == {
        f"by.next_word.{name}" for name in expected
    }
    for name, losses in expected.items():
        row = found[f"by.next_word.{name}"]
        assert row.cluster.tolist() == sorted(losses)
        assert row.gold.tolist() == [len(losses[s]) for s in sorted(losses)]
        assert row.predicted == pytest.approx([np.sum(losses[s]) for s in sorted(losses)])
        assert (row.detail, row.embedding, row.note, row.better) == (True, "context", "", "lower")
        counts = VOCAB.counts[[c == name for c in CLASS]]
        if len(counts) == 1:
            assert row.chance == pytest.approx(-np.log(counts[0] / VOCAB.counts.sum()))


def test_the_classes_add_up_to_the_loss_of_all_targets():
    asked = scope(max_tokens=350)
    whole = held_out.LOSS.answer(task(), word_model(Sum("masked_word")), asked)
    (whole,) = [row for row in whole if not row.note]
    parts = [o for o in rows(Sum("masked_word"), asked).values() if not o.note]
    assert len(parts) == len(set(CLASS))
    assert sum(o.gold.sum() for o in parts) == whole.gold.sum()
    assert sum(o.predicted.sum() for o in parts) == pytest.approx(whole.predicted.sum())


def test_a_class_with_few_targets_makes_no_row():
    ids = np.array([0] + [0] * 30 + [1] * 29)
    found = rows(Sum(), Scope(True, probe=Probe(ids, np.array([60]))))
    assert set(found) == {"by.masked_word.DET", "by.next_word.DET"}


def test_a_model_answers_only_the_objective_it_was_trained_for():
    found = rows(Sum(), scope())
    other = [o for name, o in found.items() if ".masked_word." in name]
    assert len(other) == len(set(CLASS))
    assert {o.note for o in other} == {"the model was trained for the objective 'next_word'"}
    assert all(np.isnan(o.predicted).all() and o.embedding == "" for o in other)
    refused = rows(Refusing(), scope())
    assert refused["by.next_word.NOUN"].note == "it lost its context"
    without = rows(None, scope(), unavailable={"context": "it has no context"})
    assert {o.note for o in without.values()} == {"it has no context"}


def test_shuffled_classes_have_the_same_loss():
    """Words that are put into other classes at random make no class harder than another."""
    rng = np.random.default_rng(0)
    asked = scope(300)

    class Noise(Sum):
        def log_probabilities(self, states):
            return rng.normal(-5, 1, (len(states), len(WORDS))).astype(np.float32)

    found = [o for o in rows(Noise(), asked).values() if not o.note]
    for row in found:
        assert row.predicted.sum() / row.gold.sum() == pytest.approx(
            5, abs=4 / row.gold.sum() ** 0.5
        )


@pytest.mark.parametrize(("sentences", "said"), [(1, "no word class has"), (0, "no held-out")])
def test_without_enough_targets_the_rows_say_so(sentences, said):
    asked = Scope(True, probe=Probe(np.arange(3)[: 3 * sentences], np.array([3])[:sentences]))
    found = rows(Sum(), asked)
    assert set(found) == {"by.masked_word", "by.next_word"}
    assert all(said in row.note and row.detail for row in found.values())
    assert measured(Sum(), asked) == {} if not sentences else True


@pytest.mark.parametrize("objective", ["next_word", "masked_word"])
def test_hiding_a_class_adds_the_weight_of_its_words(objective):
    found = measured(Sum(objective), scope(200))
    for name, weight in (("DET", 0.1), ("VERB", 1.0), ("ADJ", 0.5)):
        per_word = found[f"without {name}", "added_loss_per_hidden_word"]
        assert per_word.value == pytest.approx(weight, rel=1e-4)
        assert per_word.error == pytest.approx(0, abs=1e-4)
        assert per_word.n > 300
        assert found[f"without {name}", "added_loss"].value > weight
        others = found[f"without as many others as {name}", "added_loss_per_hidden_word"]
        share = np.array([c != name for c in CLASS])
        assert abs(others.value - WEIGHT[share].mean()) < 4 * others.error
        assert 0.005 < others.error < 0.15
    for name in set(HIDDEN) - set(CLASS):
        none = found[f"without {name}", "added_loss"]
        assert np.isnan(none.value)
        assert none.n == 0


@pytest.mark.parametrize("objective", ["next_word", "masked_word"])
def test_added_loss_and_its_targets_by_plain_loops(objective, monkeypatch):
    """Of targets with a hidden word near them, unless all that they see is hidden."""
    asked = scope(40)
    monkeypatch.setattr(by_class, "MAX_TARGETS", 10_000)
    found = measured(Sum(objective), asked)
    ids, added, words, start = asked.probe.ids, [], 0, 0
    for end in asked.probe.ends:
        for place in range(start + 1, end):
            stop = place if objective == "next_word" else min(end, place + NEAR + 1)
            seen = [i for i in range(max(start, place - NEAR), stop) if i != place]
            nouns = [i for i in seen if CLASS[ids[i]] == "NOUN"]
            if nouns and len(nouns) < len(seen):
                added.append(sum(WEIGHT[ids[i]] for i in nouns))
                words += len(nouns)
        start = end
    per_target, per_word = (
        found["without NOUN", name] for name in ("added_loss", "added_loss_per_hidden_word")
    )
    assert per_target.n == per_word.n == len(added)
    assert per_target.value == pytest.approx(np.mean(added), rel=1e-4)
    assert per_word.value == pytest.approx(sum(added) / words, rel=1e-4)


def test_an_error_rests_on_sentences_and_fewer_than_twenty_have_none():
    row = measured(Sum(), scope(200))["without NOUN", "added_loss"]
    assert 20 < row.clusters <= 200 < row.n
    assert row.error > 0
    few = measured(Sum(), scope(19))["without NOUN", "added_loss"]
    assert few.clusters < 20 < few.n
    assert np.isnan(few.error) and np.isfinite(few.value)


def test_hidden_words_are_asked_of_few_targets(monkeypatch):
    monkeypatch.setattr(by_class, "MAX_TARGETS", 50)
    found = measured(Sum(), scope(100))
    assert 45 <= max(m.n for m in found.values()) <= 50
    monkeypatch.setattr(by_class, "MAX_TOKENS", 60)
    assert 0 < max(m.n for m in measured(Sum(), scope(100)).values()) < 50


def test_as_many_others_are_hidden_and_always_the_same():
    own = np.arange(40) < 10
    one, again = (by_class._as_many_others(own, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, again)
    assert one.sum() == 10
    assert not (one & own).any()
    assert by_class._as_many_others(~own, np.random.default_rng(3)).sum() == 10


@pytest.mark.parametrize("context", [None, Refusing()])
def test_a_model_without_context_measures_nothing(context):
    asked = word_model(context, unavailable={"context": "it has no context"})
    assert KIND.measure(task(), asked, scope()) == []


def test_items_that_are_no_sentences_and_a_missing_probe_are_refused():
    plain = replace(task(), items=Items((), np.ones(1), np.arange(1)))
    for function in (KIND.answer, KIND.measure):
        with pytest.raises(TypeError, match="expected items that are a Treebank"):
            function(plain, word_model(Sum()), scope())
        with pytest.raises(ValueError, match="found no probe"):
            function(task(), word_model(Sum()), Scope(True))
