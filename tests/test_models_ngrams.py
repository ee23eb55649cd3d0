"""Kneser-Ney n-grams: against lmplz, against plain dictionaries, and as probabilities."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wordrel.models.ngrams import FALLBACK, Ngrams, count_ngrams, discounts_of

GOLDEN = Path(__file__).parent / "golden" / "lmplz"
START = "<s>"
DRAW = np.random.default_rng(3)
V = 5
SENTENCES = [DRAW.choice(V, p=[0.4, 0.3, 0.2, 0.1, 0], size=n).tolist() for n in (9, 1, 4, 2, 30)]


def counted(sentences: Sequence[Sequence[int]], n_words: int, order: int) -> Ngrams:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int32)
    return count_ngrams(ids, np.cumsum([len(s) for s in sentences]), n_words, order)


def grams_of(model: Ngrams, words: Sequence[str]) -> dict[tuple[str, ...], tuple[float, float]]:
    """Each n-gram by its words, with log10 p and log10 backoff; `words` names every id."""
    found, shorter = {}, [()]
    for length, grams in enumerate(model.grams, 1):
        names = [(*shorter[key // len(words)], words[key % len(words)]) for key in grams.keys]
        backoff = grams.log_backoff if length < len(model.grams) else np.zeros(len(names))
        numbers = zip(grams.log_p / np.log(10), backoff / np.log(10), strict=True)
        found |= dict(zip(names, numbers, strict=True))
        shorter = names
    return found


def arpa(path: Path) -> dict[tuple[str, ...], tuple[float, float]]:
    lines = [line.split("\t") for line in path.read_text().splitlines() if "\t" in line]
    return {tuple(w.split()): (float(p), float(b[0]) if b else 0.0) for p, w, *b in lines}


def test_the_numbers_are_those_of_lmplz() -> None:
    """On a planted text.

    lmplz of the source package kenlm 0.3.0 (PyPI), with Boost 1.74, gave the golden file:

        lmplz -o 4 --discount_fallback < text.txt > order_4.arpa

    It predicts ends of sentences and has a word that it never saw; here these are words as others.
    The discounts of single words are the fallback, the others are estimated.
    """
    lines = [line.split() for line in (GOLDEN / "text.txt").read_text().splitlines()]
    words = [*sorted({word for line in lines for word in line}), "</s>", "<unk>"]
    index = {word: n for n, word in enumerate(words)}
    sentences = [[index[word] for word in (*line, "</s>")] for line in lines]
    model = counted(sentences, len(words), order=4)
    found, expected = grams_of(model, [*words, START]), arpa(GOLDEN / "order_4.arpa")
    assert found.keys() == expected.keys()
    assert len(found) == 21 + 184 + 392 + 395
    for gram in found.keys() - {(START,)}:  # which has no p
        assert found[gram] == pytest.approx(expected[gram], abs=1e-5), gram
    assert found[START,][1] == pytest.approx(expected[START,][1], abs=1e-5)
    assert model.discounts[0] == pytest.approx(FALLBACK)
    assert model.discounts[3] == pytest.approx([0.907767, 1.71334, 3], abs=1e-5)


class Plain:
    """Kneser-Ney by its definition, with dictionaries."""

    def __init__(self, sentences: Sequence[Sequence[int]], n_words: int, order: int) -> None:
        self.n_words = n_words
        texts = [(n_words, *sentence) for sentence in sentences]
        every = {
            n: Counter(t[i : i + n] for t in texts for i in range(len(t) - n + 1))
            for n in range(1, order + 1)
        }
        self.counts: dict[int, Mapping[tuple[int, ...], int]] = {order: every[order]}
        for n in range(1, order):
            before = Counter(gram[1:] for gram in every[n + 1])
            self.counts[n] = {
                gram: count if gram[0] == n_words else before[gram]
                for gram, count in every[n].items()
                if gram != (n_words,)
            }
        self.counts[1] = {g: c for g, c in self.counts[1].items() if g != (n_words,)}
        self.cuts = {
            n: (0, *discounts_of(np.array(list(c.values())))) for n, c in self.counts.items()
        }
        self.after: dict[tuple[int, ...], list[tuple[int, ...]]] = defaultdict(list)
        for grams in self.counts.values():
            for gram in grams:
                self.after[gram[:-1]].append(gram)

    def p(self, word: int, context: tuple[int, ...]) -> float:
        shorter = self.p(word, context[1:]) if context else 1 / self.n_words
        following = self.after[context]
        if not following:
            return shorter
        counts, cuts = self.counts[len(context) + 1], self.cuts[len(context) + 1]
        total = sum(counts[gram] for gram in following)
        left = sum(cuts[min(counts[gram], 3)] for gram in following)
        own = counts.get((*context, word), 0)
        return (own - cuts[min(own, 3)] + left * shorter) / total


def probabilities(model: Ngrams, context: Sequence[int]) -> NDArray[np.float64]:
    """Behind words of a segment; the first may be its start."""
    started = context[:1] == [model.n_words]
    text = np.array([*context[started:], 0])
    if not started:  # words that are not at the start of a segment: the start is too far away
        far = [V - 1] * len(model.grams)
        text = np.concatenate([far, text]).astype(np.int64)
    place = np.array([len(text) - 1])
    contexts = model.contexts(text, np.array([len(text)]), place)
    return np.exp(model.log_probabilities(contexts)[0].astype(np.float64))


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_are_those_of_the_definition_and_add_up_to_one(order: int) -> None:
    """Behind every context of a text, and behind one that it never has."""
    model, plain = counted(SENTENCES, V, order), Plain(SENTENCES, V, order)
    contexts = {context for context in plain.after if len(context) == order - 1}
    assert order == 1 or len(contexts) > 3
    for context in contexts | set(product([V - 1], repeat=order - 1)):
        found = probabilities(model, list(context))
        assert found.sum() == pytest.approx(1, abs=1e-6)
        expected = [plain.p(word, context) for word in range(V)]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    unseen = probabilities(model, [V - 1] * (order - 1))[V - 1]
    assert unseen > 0  # a word of the vocabulary that the text does not have


def test_a_context_does_not_cross_the_end_of_a_segment() -> None:
    model = counted(SENTENCES, V, 3)
    text, ends = np.array([0, 1, 2, 0, 1, 2]), np.array([3, 6])
    found = model.contexts(text, ends, np.arange(6))
    np.testing.assert_array_equal(found[:, :3], found[:, 3:])
    assert found[:, 0].tolist() == [V, -1]  # nothing but the start
    joined = model.contexts(text, ends[1:], np.arange(6))
    np.testing.assert_array_equal(joined[:, :3], found[:, :3])
    assert (joined[:, 3:] != found[:, 3:]).any()


def test_places_may_be_any_of_a_text() -> None:
    model = counted(SENTENCES, V, 4)
    text, ends = DRAW.integers(V, size=40), np.array([7, 8, 40])
    every = model.contexts(text, ends, np.arange(40))
    some = np.array([3, 7, 8, 9, 39])
    np.testing.assert_array_equal(model.contexts(text, ends, some), every[:, some])
    assert model.contexts(text, ends, some[:0]).shape == (3, 0)


def test_one_word_is_its_frequency_where_all_were_seen_often() -> None:
    sentences = [[0, 1, 2, 0], [0, 1, 2], [2, 0, 1]]
    found = probabilities(counted(sentences, 3, 1), [])
    np.testing.assert_allclose(found, [0.4, 0.3, 0.3], rtol=1e-6)


def test_segments_that_are_too_short_have_no_long_ngrams() -> None:
    model = counted([[0], [1], [0]], 2, 5)
    assert [len(grams.keys) for grams in model.grams] == [3, 2, 0, 0, 0]
    assert probabilities(model, [2]).sum() == pytest.approx(1)


def test_discounts_are_those_of_chen_and_goodman() -> None:
    counts = np.repeat([1, 2, 3, 4, 9], [40, 15, 7, 3, 5])
    y = 40 / (40 + 2 * 15)
    expected = [1 - 2 * y * 15 / 40, 2 - 3 * y * 7 / 15, 3 - 4 * y * 3 / 7]
    assert discounts_of(counts) == pytest.approx(expected)
    assert discounts_of(counts[counts != 2]) == FALLBACK
    assert discounts_of(np.repeat([1, 2, 3, 4], [2, 2, 30, 0])) == FALLBACK  # the second below 0


def test_no_context_leaves_nothing_to_words_that_never_followed_it() -> None:
    """Where the discount of counts of 2 would be 0, and a context has such counts alone."""
    assert discounts_of(np.repeat([1, 2, 3], [4, 1, 1])) == FALLBACK
    model = counted([[0, 1], [0, 1], [0], [2, 3, 4, 5]], 6, 2)
    found = probabilities(model, [6, 0])
    assert found.min() > 0
    assert found.sum() == pytest.approx(1)
