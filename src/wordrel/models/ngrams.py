"""Interpolated modified Kneser-Ney: n-grams of a text, and p of the next word.

    p(w | c) = (n(c w) - D) / n(c .) + backoff(c) p(w | c without its first word)

The longest n-grams are counted as often as they occur. A shorter one is counted by how many
different words occur before it, except at the start of a segment, where it keeps its frequency.
Each length has three discounts D, for counts of 1, 2 and 3 or more. Below one word p is uniform.
Sources: Chen & Goodman 1998, "An Empirical Study of Smoothing Techniques", section 4.1.6; Heafield
et al. 2013, whose program lmplz gives the same numbers.

An n-gram has a number: its place among those of its length. Its key is the number of the n-gram
without its last word, times B, plus that word. So whatever follows a context is one slice of keys.

Glossary: N tokens, S segments, V words, B = V + 1 ids (V stands before each segment), M n-grams of
one length, P places, K lengths of n-grams, L = K - 1 of contexts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int, Int32, Int64

from wordrel.corpus.disk import joined_ranges

FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where counts of counts give none, as in a small text: those of lmplz for that case."""


@dataclass(frozen=True)
class Grams:
    """All n-grams of one length.

    Attributes:
        keys: rising, [M].
        log_p: of the last word after the others, [M].
        log_backoff: of the n-gram as a context, [M]; 0 where nothing follows it. The longest have
            none, [0].
    """

    keys: Int64[np.ndarray, " M"]
    log_p: Float32[np.ndarray, " M"]
    log_backoff: Float32[np.ndarray, " _"]


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of a text, by length: one word first.

    Attributes:
        grams: of each length.
        discounts: of each length, for counts of 1, 2 and 3 or more, [K, 3].
    """

    grams: tuple[Grams, ...]
    discounts: Float32[np.ndarray, "K 3"]

    @property
    def n_words(self) -> int:
        """V."""
        return len(self.grams[0].keys) - 1

    def contexts(
        self,
        ids: Int[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Int64[np.ndarray, "L P"]:
        """The number of the n-gram of each length that ends before each place; -1 of an unseen one.

        Args:
            ids: a text.
            ends: exclusive ends of its segments, rising, the last N.
            places: numbers of tokens.
        """
        padded, place = _padded(ids, ends, self.n_words)
        before = places + np.searchsorted(ends, places, side="right")  # a start more a segment
        number = padded.astype(np.int64)
        numbers = np.empty((len(self.grams) - 1, len(places)), dtype=np.int64)
        for row, grams in enumerate(self.grams[:-1]):
            if row:
                known = 1 + np.flatnonzero((number[:-1] >= 0) & (place[1:] > 0))
                keys = number[known - 1] * (self.n_words + 1) + padded[known]
                number = np.full(len(padded), -1)
                number[known] = _find(grams.keys, keys)
            numbers[row] = number[before]
        return numbers

    def log_probabilities(self, contexts: Int64[np.ndarray, "L P"]) -> Float32[np.ndarray, "P V"]:
        """Log p of every word behind each context, see `contexts`; the p of a row add up to 1."""
        base = self.n_words + 1
        backoff = np.zeros((len(self.grams), contexts.shape[1]), dtype=np.float32)
        for row, (context, grams) in enumerate(zip(contexts, self.grams[:-1], strict=True)):
            seen = np.flatnonzero(context >= 0)
            backoff[row, seen] = grams.log_backoff[context[seen]]
        backoff = backoff[::-1].cumsum(axis=0)[::-1]  # of this length and all longer ones
        log_p: Float32[np.ndarray, "P V"] = backoff[0][:, None] + self.grams[0].log_p[:-1]
        for row, (context, longer) in enumerate(zip(contexts, self.grams[1:], strict=True), 1):
            seen = np.flatnonzero(context >= 0)
            first, last = (np.searchsorted(longer.keys, (context[seen] + n) * base) for n in (0, 1))
            sizes = last - first
            which = joined_ranges(first, sizes)
            of = np.repeat(seen, sizes)
            log_p[of, longer.keys[which] % base] = longer.log_p[which] + backoff[row][of]
        return log_p


@dataclass(frozen=True)
class _Counted:
    """The n-grams of one length before they are smoothed.

    Attributes:
        keys: rising, [M].
        shorter: number of the n-gram without its first word, [M].
        counts: what Kneser-Ney counts of each, [M].
    """

    keys: Int64[np.ndarray, " M"]
    shorter: Int32[np.ndarray, " M"]
    counts: Int32[np.ndarray, " M"]


def count_ngrams(
    ids: Int[np.ndarray, " N"],
    ends: Int64[np.ndarray, " S"],
    n_words: int,
    order: int,
) -> Ngrams:
    """The n-grams of up to `order` words.

    Takes 16 bytes for each n-gram that it finds, and while it counts some 60 bytes a token.

    Args:
        ids: a text.
        ends: exclusive ends of its segments, rising, the last N.
        n_words: V, size of the vocabulary; p is shared out among all its words.
        order: words of the longest n-grams.
    """
    return _smoothed(_counted(*_padded(ids, ends, n_words), n_words, order), n_words)


def _padded(
    ids: Int[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], n_words: int
) -> tuple[Int32[np.ndarray, " N+S"], Int32[np.ndarray, " N+S"]]:
    """The text with the id V before each segment, and how far behind one each token is."""
    starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
    padded = np.insert(np.asarray(ids, dtype=np.int32), starts, n_words)
    sizes = ends - starts + 1
    first = np.repeat((np.cumsum(sizes) - sizes).astype(np.int32), sizes)
    return padded, np.arange(len(padded), dtype=np.int32) - first


def _counted(
    padded: Int32[np.ndarray, " N"], place: Int32[np.ndarray, " N"], n_words: int, order: int
) -> Iterator[_Counted]:
    """The n-grams of each length, one word first."""
    keys = np.arange(n_words + 1)
    frequency = np.bincount(padded).astype(np.int32)
    frequency[n_words] = 0  # a start occurs only as a context
    current, starting = _Counted(keys, np.zeros_like(frequency), frequency), keys[:0]
    number = padded
    for length in range(2, order + 1):
        longer, next_starting, number = _longer(padded, place, number, length, n_words + 1)
        counts = np.bincount(longer.shorter, minlength=len(current.keys)).astype(np.int32)
        counts[starting] = current.counts[starting]
        current = replace(current, counts=counts)
        yield current
        current, starting = longer, next_starting
    yield current


def _longer(
    padded: Int32[np.ndarray, " N"],
    place: Int32[np.ndarray, " N"],
    number: Int32[np.ndarray, " N"],
    length: int,
    base: int,
) -> tuple[_Counted, Int64[np.ndarray, " _"], Int32[np.ndarray, " N"]]:
    """The n-grams of this length as often as they occur.

    And the numbers of those at the start of a segment, and of the one that ends at each token.

    Args:
        padded: the text, see `_padded`.
        place: of each token in its segment.
        number: of the n-gram one word shorter that ends at each token.
        length: in words.
        base: B.
    """
    tokens = np.flatnonzero(place >= length - 1).astype(np.int32)
    keys = number[tokens - 1].astype(np.int64)
    keys *= base
    keys += padded[tokens]
    by_key = np.argsort(keys)
    keys = keys[by_key]
    tokens = tokens[by_key]
    del by_key
    new = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    first = np.flatnonzero(new)
    example = tokens[first]
    longer = np.full(len(padded), -1, dtype=np.int32)  # -1 where a segment is too short
    longer[tokens] = np.cumsum(new, dtype=np.int32) - 1
    frequency = np.diff(first, append=len(tokens)).astype(np.int32)
    counted = _Counted(keys[first], number[example], frequency)
    return counted, np.flatnonzero(place[example] == length - 1), longer


def _smoothed(levels: Iterator[_Counted], n_words: int) -> Ngrams:
    """Counts become probabilities, one word first."""
    grams: list[Grams] = []
    discounts = []
    p = np.full(1, 1 / n_words, dtype=np.float32)
    none = np.empty(0, dtype=np.float32)
    for level in levels:
        cuts = discounts_of(level.counts)
        p, backoff = _interpolated(level, np.array([0, *cuts], np.float32), p, n_words + 1)
        if grams:
            grams[-1] = replace(grams[-1], log_backoff=np.log(backoff))
        grams.append(Grams(level.keys, np.log(p), none))
        discounts.append(cuts)
        del level  # or it stays in memory while longer n-grams are counted
    return Ngrams(tuple(grams), np.array(discounts, dtype=np.float32))


def _interpolated(
    level: _Counted, cuts: Float32[np.ndarray, "4"], shorter: Float32[np.ndarray, " C"], base: int
) -> tuple[Float32[np.ndarray, " M"], Float32[np.ndarray, " C"]]:
    """P of each n-gram, and the backoff of each of its contexts.

    Args:
        level: the n-grams.
        cuts: what is taken from a count of 0, 1, 2, and 3 or more.
        shorter: p of the n-grams one word shorter, which are the contexts.
        base: B.
    """
    cut = cuts[np.minimum(level.counts, 3)]
    context = (level.keys // base).astype(np.int32)
    total = np.bincount(context, level.counts, len(shorter)).astype(np.float32)
    backoff = np.ones_like(shorter)
    discounted = np.bincount(context, cut, len(shorter)).astype(np.float32)
    np.divide(discounted, total, out=backoff, where=total > 0)
    p = backoff[context] * shorter[level.shorter]
    p += (level.counts.astype(np.float32) - cut) / total[context]
    return p, backoff


def discounts_of(counts: Int[np.ndarray, " M"]) -> tuple[float, float, float]:
    """What is taken from counts of 1, 2 and 3 or more: equation 26 of Chen & Goodman 1998.

    `FALLBACK` where no n-gram has one of these counts, or a discount is more than its count, 0 or
    negative: with 0 a context may leave nothing to words that never followed it.
    """
    n1, n2, n3, n4 = (int((counts == n).sum()) for n in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return FALLBACK
    y = n1 / (n1 + 2 * n2)
    discounts = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    usable = all(0 < cut <= count for count, cut in enumerate(discounts, 1))
    return discounts if usable else FALLBACK


def _find(
    keys: Int64[np.ndarray, " M"], wanted: Int64[np.ndarray, " P"]
) -> Int64[np.ndarray, " P"]:
    """Where each wanted key is; -1 where it is not."""
    if not len(keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)
