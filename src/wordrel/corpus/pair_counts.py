"""How often words stand near each other in the training text: counted once, kept with the corpus.

Every two places of a sentence that are at most W apart count 1: full windows, no subsampling, no
direction. Reads a prepared corpus; writes `pair_counts-W-VERSION/` into its folder: `keys.npy`
(of each pair of words a <= b that ever met: a * V + b, rising), `counts.npy` and `near.npy`.

Glossary: V words, W the window, P pairs that are asked for, M pairs that ever met.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from wordrel.corpus.blocks import sentence_blocks
from wordrel.corpus.disk import Split, open_corpus
from wordrel.io.files import read_array
from wordrel.io.store import build_once, opened

VERSION = 1  # raise it when the files change what they mean or contain
BLOCK_PAIRS = 10_000_000  # 80 MB of keys, sorted at a time


@dataclass(frozen=True)
class PairTable:
    """One number for some of the V x V pairs of words.

    Attributes:
        n_words: V.
        keys: a * V + b of each pair that has a number, rising; values: the numbers.
    """

    n_words: int
    keys: Int64[np.ndarray, " M"]
    values: Shaped[np.ndarray, " M"]

    def find(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> tuple[Shaped[np.ndarray, " P"], Bool[np.ndarray, " P"]]:
        """The number of each pair, and whether it has one; 0 where it has none."""
        wanted = left * self.n_words + right
        if not len(self.keys):
            return np.zeros(len(wanted), self.values.dtype), np.zeros(len(wanted), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        there = self.keys[at] == wanted
        return np.where(there, self.values[at], 0), there


@dataclass(frozen=True)
class PairCounts:
    """Co-occurrence in the training text.

    With n(a, b) how often b stands near a, counted from every place of a, and n(a) the sum over
    all b: p(b | a) = n(a, b) / n(a), p(a, b) = n(a, b) / sum of n, p(a) = n(a) / sum of n. Nothing
    is smoothed.

    Attributes:
        pairs: how many times two words met, a <= b.
        near: n(a), shape [V].
    """

    pairs: PairTable
    near: Int64[np.ndarray, " V"]

    def counts(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Int64[np.ndarray, " P"]:
        """n(a, b) = n(b, a); two places with the same word are near each other both ways."""
        met, _ = self.pairs.find(np.minimum(left, right), np.maximum(left, right))
        return met.astype(np.int64) * np.where(left == right, 2, 1)

    def pmi(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """Log p(a, b) / (p(a) p(b)) in nats; -inf where the two never meet.

        NaN for a word that never has another one near it.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            alone = np.log(self.near[left]) + np.log(self.near[right])  # the same bits both ways
            together = np.log(self.counts(left, right)) + np.log(self.near.sum())
            return np.asarray(together - alone)

    def conditional(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """Log p(b | a) in nats: that a word near a is b; -inf and NaN as `pmi`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(self.counts(left, right)) - np.log(self.near[left]))


def pair_counts(corpus_folder: Path, window: int) -> PairCounts:
    """The counts of a corpus, made where the cache does not have them; others wait meanwhile.

    Args:
        corpus_folder: of a prepared corpus.
        window: W, how many places apart two tokens count as near.

    Raises:
        StoreError: when the folder holds no whole corpus, or cannot be written.
    """
    corpus = open_corpus(corpus_folder)
    folder = corpus_folder / f"pair_counts-{window}-{VERSION}"
    build_once(folder, lambda new: _save(count_pairs(corpus.train, len(corpus.vocab), window), new))
    return _open(folder)


def _save(counted: PairCounts, folder: Path) -> None:
    arrays = {"keys": counted.pairs.keys, "counts": counted.pairs.values, "near": counted.near}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _open(folder: Path) -> PairCounts:
    opened(folder, "found no table of counts; run again")
    keys, counts, near = (
        read_array(folder / f"{name}.npy", mapped=True) for name in ("keys", "counts", "near")
    )
    return PairCounts(PairTable(len(near), keys, counts), np.asarray(near))


def count_pairs(split: Split, n_words: int, window: int) -> PairCounts:
    """Count block by block: memory grows with the pairs that ever met, not with the text."""
    nothing = np.empty(0, dtype=np.int64)
    table = PairTable(n_words, nothing, nothing.astype(np.uint32))
    near = np.zeros(n_words, dtype=np.int64)
    tokens = max(1, BLOCK_PAIRS // window)
    for ids, ends in sentence_blocks(split.ids, split.sentence_ends, tokens):
        met = []
        for first, second in _near_each_other(ids.astype(np.int64), ends, window):
            met.append(np.minimum(first, second) * n_words + np.maximum(first, second))
            near += np.bincount(first, minlength=n_words) + np.bincount(second, minlength=n_words)
        table = _merged(table, np.concatenate(met))
    return PairCounts(table, near)


def _near_each_other(
    ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], window: int
) -> list[tuple[Int64[np.ndarray, " P"], Int64[np.ndarray, " P"]]]:
    """The words of every two places up to W apart in a sentence, each two once."""
    end = np.repeat(ends, np.diff(ends, prepend=0))
    found = []
    for apart in range(1, window + 1):
        first = np.flatnonzero(end[:-apart] == end[apart:])
        found.append((ids[first], ids[first + apart]))
    return found


def _merged(table: PairTable, met: Int64[np.ndarray, " P"]) -> PairTable:
    """The table with each of these keys counted once more; their order is lost."""
    met.sort()
    first = np.flatnonzero(np.diff(met, prepend=-1))
    keys, counts = met[first], np.diff(first, append=len(met)).astype(np.uint32)
    at = np.searchsorted(table.keys, keys)
    known = np.zeros(len(keys), dtype=np.bool_)
    inside = at < len(table.keys)
    known[inside] = table.keys[at[inside]] == keys[inside]
    table.values[at[known]] += counts[known]
    new, at = ~known, at[~known]
    return PairTable(
        table.n_words,
        np.insert(table.keys, at, keys[new]),
        np.insert(table.values, at, counts[new]),
    )
