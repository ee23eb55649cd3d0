"""Linked pairs of words against unlinked ones: the matching by plain loops, planted relations."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from task_spaces import vocab_of
from treebanks import bank, random_bank, task_of, tree
from wordrel.models.relations import Product
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Scope
from wordrel.tasks.items import Items
from wordrel.tasks.syntax import KIND, contrast_of
from wordrel.tasks.word_pairs import MIN_LINKS, REACH, words_of

SCOPE = Scope(lowercase=True)
WORDS = {upos: [f"{upos.lower()}{i}" for i in range(40)] for upos in ("NOUN", "VERB", "DET")}
VOCAB = vocab_of([word for words in WORDS.values() for word in words])


class Among:
    """1 for the pairs of ids that are listed, in that order; else 0."""

    def __init__(self, pairs):
        self.pairs = set(pairs)

    def __call__(self, left, right):
        pairs = zip(left.tolist(), right.tolist(), strict=True)
        return np.array([float(pair in self.pairs) for pair in pairs])


def word_model(vocab, **relations):
    return WordModel(vocab, {}, relations, selected={"relate": next(iter(relations), "")})


def auc(outcome):
    answered = ~np.isnan(outcome.predicted)
    return roc_auc_score(outcome.gold[answered], outcome.predicted[answered])


def rows(items, asked, scope=SCOPE):
    found = KIND.answer(task_of(items, "syntax"), asked, scope)
    return {(o.task.removeprefix("syntax").lstrip("."), o.embedding): o for o in found}


@pytest.fixture(scope="module")
def trees():
    return random_bank(np.random.default_rng(3), 150, WORDS, length=14)


def test_every_partner_is_unlinked_alike_and_used_once(trees):
    words = words_of(trees, VOCAB, lowercase=True)
    contrast, deprel = contrast_of(words)
    n_links = int(contrast.gold.sum())
    assert n_links == sum(token.head >= 0 for tree in trees.trees for token in tree)
    partner = iter(range(n_links, len(contrast.gold)))
    seen = set()
    for i in np.flatnonzero(contrast.covered[:n_links]):
        j = next(partner)
        (a, b), (x, y) = ((contrast.pairs.left[k], contrast.pairs.right[k]) for k in (i, j))
        assert words.head[a] == b
        assert y not in (words.head[x], x)
        assert words.head[y] != x
        assert words.sentence[x] == words.sentence[y] == contrast.cluster[j]
        assert (b - a, words.upos[a], words.upos[b]) == (y - x, words.upos[x], words.upos[y])
        assert deprel[i] == deprel[j] == words.deprel[a]
        seen.add((x, y))
    assert len(seen) == len(contrast.gold) - n_links == contrast.covered[:n_links].sum()


def test_as_many_as_can_be_are_matched_and_of_the_same_sentence_where_they_can_be(trees):
    """Counted by plain loops over the trees."""
    linked, unlinked = Counter(), Counter()
    for number, tokens in enumerate(trees.trees):
        for i, one in enumerate(tokens):
            for j, other in enumerate(tokens):
                like = (j - i, one.upos, other.upos)
                if one.head == j:
                    linked[*like, number] += 1
                elif i != j and other.head != i and abs(i - j) <= REACH:
                    unlinked[*like, number] += 1
    words = words_of(trees, VOCAB, lowercase=True)
    contrast, _ = contrast_of(words)
    n_links = int(contrast.gold.sum())
    of_link = contrast.cluster[:n_links][contrast.covered[:n_links]]
    assert (of_link == contrast.cluster[n_links:]).sum() == (linked & unlinked).total()
    anywhere = [Counter(), Counter()]
    for total, counts in zip(anywhere, (linked, unlinked), strict=True):
        for key, count in counts.items():
            total[key[:3]] += count
    assert len(of_link) == (anywhere[0] & anywhere[1]).total() > (linked & unlinked).total()


def test_a_relation_of_heads_is_found_in_the_direction_in_which_it_holds():
    """Every word has its own form, so that the ids tell which words are linked."""
    trees, links = [], []
    for number in range(60):
        a, b, c = (f"{letter}{number}" for letter in "abc")
        trees.append(tree(f"{a}/NOUN/2/nsubj {b}/NOUN/0/root {c}/NOUN/0/root"))
        links.append((a, b))
    vocab = vocab_of([token.form for tokens in trees for token in tokens])
    ids = [(vocab.index[a], vocab.index[b]) for a, b in links]
    up, down = Among(ids), Among([(b, a) for a, b in ids])
    found = rows(bank(trees), word_model(vocab, up=up, down=down))
    assert auc(found["", "up"]) == auc(found["from_head", "down"]) == 1
    assert auc(found["", "down"]) == auc(found["from_head", "up"]) == 0.5
    assert {key for key, row in found.items() if row.selected} == {
        ("", "up"),
        ("from_head", "up"),
        ("nsubj", "up"),
    }
    assert {key for key, row in found.items() if row.detail} == {("nsubj", "up"), ("nsubj", "down")}
    assert all(row.chance == 0.5 and row.measure == "auc" for row in found.values())


def test_a_shuffled_space_gives_chance(trees):
    rng = np.random.default_rng(5)
    space = rng.normal(size=(len(VOCAB), 20)).astype(np.float32)
    scores = [
        auc(rows(trees, word_model(VOCAB, dot=Product(shuffled, shuffled)))["", "dot"])
        for shuffled in (rng.permutation(space) for _ in range(10))
    ]
    assert abs(np.mean(scores) - 0.5) < 3 * np.std(scores) / np.sqrt(9)
    assert np.std(scores) < 0.05


def test_a_row_of_a_dependency_relation_needs_enough_pairs(trees):
    zero = Among([])
    found = rows(trees, word_model(VOCAB, first=zero, second=zero))
    detail = {
        name: row for (name, embedding), row in found.items() if row.detail and embedding == "first"
    }
    assert set(detail) == {"to_noun", "to_verb", "to_det"}
    whole = found["", "first"]
    assert sum(len(row.gold) for row in detail.values()) == len(whole.gold)
    few = bank(trees.trees[:8])
    assert not any(row.detail for row in rows(few, word_model(VOCAB, first=zero)).values())
    assert min(row.gold[row.covered].sum() for row in detail.values()) >= MIN_LINKS


def test_unknown_words_and_pairs_without_partner_are_items_without_answer():
    trees = [
        tree("The/DET/2/det dog/NOUN/4/nsubj ,/PUNCT/4/punct barks/VERB/0/root"),
        tree("a/DET/0/root dog/NOUN/1/x ./PUNCT/1/punct"),
        tree("the/DET/0/root dog/NOUN/0/root zzz/NOUN/1/x"),
    ]
    vocab = vocab_of(["the", "dog", "barks", "a"])
    row = rows(bank(trees), word_model(vocab, one=Among([])))["", "one"]
    # the, dog of the third sentence is the partner of the, dog and, turned round, of dog, a.
    assert row.gold.tolist() == [1, 1, 1, 1, 0, 0]
    assert row.covered.tolist() == [True, False, True, False, True, True]
    assert np.array_equal(np.isnan(row.predicted), ~row.covered)
    assert row.note == (
        "of 4 linked pairs 1 have a word that the vocabulary lacks, 1 no unlinked pair like them"
    )
    kept_case = rows(bank(trees), word_model(vocab, one=Among([])), Scope(lowercase=False))
    assert "2 have a word that" in kept_case["", "one"].note


def test_distances_do_not_count_punctuation():
    words = words_of(
        bank([tree("dog/NOUN/3/nsubj ,/PUNCT/3/punct barks/VERB/0/root !/PUNCT/3/punct")]),
        vocab_of(["dog", "barks", ","]),
        lowercase=True,
    )
    assert words.forms.tolist() == ["dog", "barks"]
    assert words.head.tolist() == [1, -1]


def test_a_head_that_is_punctuation_is_no_head():
    words = words_of(bank([tree("./PUNCT/0/root dog/NOUN/1/x")]), vocab_of(["dog"]), lowercase=True)
    assert words.head.tolist() == [-1]


def test_sentences_are_left_out_evenly_to_keep_to_the_limit(trees):
    words = words_of(trees, VOCAB, lowercase=True)
    whole, _ = contrast_of(words)
    contrast, deprel = contrast_of(words, max_items=300)
    n_links = int(contrast.gold.sum())
    assert 150 < len(contrast.gold) == len(deprel) <= 300 < len(whole.gold)
    assert len(contrast.gold) - n_links == contrast.covered[:n_links].sum()
    gaps = np.diff(np.unique(contrast.cluster[:n_links]))
    assert gaps.max() <= 2 * np.median(gaps)


def test_items_depend_on_the_vocabulary_only_and_missing_answers_are_told(trees):
    def half(left, right):
        return np.where(left % 2 == 0, np.nan, -np.inf)

    one = rows(trees, word_model(VOCAB, one=Among([])))["", "one"]
    other = rows(trees, word_model(VOCAB, half=half))["", "half"]
    assert np.array_equal(one.gold, other.gold)
    assert np.array_equal(one.covered, other.covered)
    assert np.array_equal(one.cluster, other.cluster)
    silent = int((other.covered & np.isnan(other.predicted)).sum())
    assert silent > 0
    assert other.note.endswith(f"; the relation has no answer to {silent} covered items")
    assert np.isneginf(other.predicted[~np.isnan(other.predicted)]).all()


def test_a_model_without_relations_says_why(trees):
    asked = WordModel(VOCAB, {}, unavailable={"relate": "it has one table"})
    found = rows(trees, asked)
    assert {key: row.note for key, row in found.items()} == {
        ("", ""): "it has one table",
        ("from_head", ""): "it has one table",
    }


def test_only_sentences_with_two_known_words_are_covered():
    trees = bank([tree("dog/NOUN/2/x ./PUNCT/0/root"), tree("dog/NOUN/2/x dog/NOUN/0/root")])
    assert KIND.covered(trees, vocab_of(["dog", "."]), SCOPE).tolist() == [False, True]


def test_items_that_are_no_sentences_are_refused(trees):
    plain = Items((), trees.gold, trees.cluster)
    with pytest.raises(TypeError, match="found Items, expected items that are a Treebank"):
        KIND.answer(replace(task_of(trees, "syntax"), items=plain), word_model(VOCAB), SCOPE)
