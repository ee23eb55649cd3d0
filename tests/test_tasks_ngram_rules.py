"""N-gram rules: against a plain count, by hand, and the share of a model that is a rule."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from planted import split_of
from random_models import random_readings
from task_spaces import vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks import load_task
from wordrel.tasks.base import Scope
from wordrel.tasks.ngram_rules import KIND, NO_WORD, RULES, rule_words
from wordrel.tasks.scored_text import scored_text

V = 6
VOCAB = vocab_of([f"w{i}" for i in range(V)])
TASK = load_task("ngram_rules")


def texts(seed=0, sentences=300):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, V, rng.integers(1, 9)).tolist() for _ in range(sentences)]


TRAIN, TEST = texts(0), texts(1, 60)


def plain(rule, sentence, i):
    if i + rule[0] < 0:
        return NO_WORD
    wanted = [sentence[i + offset] for offset in rule]
    counts = Counter(
        words[j]
        for words in TRAIN
        for j in range(len(words))
        if j + rule[0] >= 0 and [words[j + offset] for offset in rule] == wanted
    )
    best = sorted(counts, key=lambda word: (-counts[word], word))
    return best[0] if best else NO_WORD


def test_each_rule_says_what_a_plain_count_says():
    assert RULES == ((-3,), (-2,), (-1,), (-3, -2), (-3, -1), (-2, -1), (-3, -2, -1))
    found = rule_words(split_of(TRAIN), V, scored_text(split_of(TEST), 10_000))
    places = [(words, i) for words in TEST for i in range(1, len(words))]
    for rule, row in zip(RULES, found, strict=True):
        assert row.tolist() == [plain(rule, words, i) for words, i in places]
    assert (found == NO_WORD).any() and (found[-1] != NO_WORD).any()


def test_words_that_never_stood_so_are_answered_by_nothing():
    found = rule_words(split_of([[0, 1, 2]]), V, scored_text(split_of([[3, 1, 2], [0, 1]]), 100))
    # places: 1 and 2 of the first sentence, 1 of the second
    assert found[RULES.index((-1,))].tolist() == [NO_WORD, 2, 1]
    assert found[RULES.index((-2,))].tolist() == [NO_WORD, NO_WORD, NO_WORD]


def bigram(objective="next_word"):
    """A predictor that is the rule of the last word."""
    counts = np.zeros((V, V), dtype=np.float32)
    for words in TRAIN:
        np.add.at(counts, (words[:-1], words[1:]), 1)

    def scores(ids, ends, places):
        for some in np.array_split(places, 3):
            yield counts[ids[some - 1]]

    return SimpleNamespace(
        name="counts", objective=objective, segments="sentence", scores=scores, attended=scores
    )


def asked(predictor):
    model = WordModel(VOCAB, {}, predictors=(predictor,))
    scope = Scope(True, train=split_of(TRAIN), test=split_of(TEST))
    return {m.group: m for m in KIND.measure(TASK, model, scope)}


def test_a_model_that_is_a_rule_shares_all_of_its_predictions_and_fewer_with_other_places():
    found = asked(bigram())
    assert found["any rule"].value == found["rule -1"].value == 1
    assert found["rules of another place"].value < 0.95
    assert found["rule -2"].value < 0.5
    n = sum(len(words) - 1 for words in TEST)
    assert found["any rule"].n == found["rule -1"].n == n
    assert found["rule -3"].n == sum(max(len(words) - 3, 0) for words in TEST)
    assert {one.statistic for one in found.values()} == {"share_of_rules"}
    assert found["any rule"].clusters == sum(len(words) > 1 for words in TEST)  # documents


def test_a_masked_word_model_and_one_without_text_are_not_asked():
    assert asked(bigram("masked_word")) == {}
    with pytest.raises(ValueError, match="ngram_rules needs training and test documents"):
        KIND.measure(TASK, WordModel(VOCAB, {}), Scope(True, test=split_of(TEST)))


def test_a_model_of_the_family_is_asked():
    model = random_readings("attention", VOCAB)
    scope = Scope(True, train=split_of(TRAIN), test=split_of(TEST))
    found = {m.group: m.value for m in KIND.measure(TASK, model, scope)}
    assert 0 < found["any rule"] < 1
