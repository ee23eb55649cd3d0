"""How often words stand near each other in the training text: counted once, kept with the corpus.

Every two places of a sentence that are at most W apart count 1: full windows, no subsampling, no
direction. Reads a prepared corpus; writes `pair_counts-W-VERSION/` into its folder: `keys.npy`
(of each pair of words a <= b that ever met: a * V + b, rising), `counts.npy` and `near.npy`.

Glossary: V words, W the window, P requested pairs, M pairs that ever met.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64, Shaped
from scipy import sparse

from wordrel.corpus.disk import Split, open_corpus, sentence_blocks
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
        present = self.keys[at] == wanted
        return np.where(present, self.values[at], 0), present


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
    met = sparse.csr_array((n_words, n_words), dtype=np.uint32)
    tokens = max(1, BLOCK_PAIRS // window)
    for ids, ends in sentence_blocks(split.ids, split.sentence_ends, tokens):
        first, second = _near_each_other(ids, ends, window)
        pairs = (np.minimum(first, second), np.maximum(first, second))
        once = np.ones(len(first), np.uint32)
        met += sparse.csr_array((once, pairs), met.shape)  # the same pair again: added up
    rows = np.repeat(np.arange(n_words), np.diff(met.indptr))
    near = met.sum(0, dtype=np.int64) + met.sum(1, dtype=np.int64)
    return PairCounts(PairTable(n_words, rows * n_words + met.indices, met.data), near)


def _near_each_other(
    ids: Int32[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], window: int
) -> tuple[Int32[np.ndarray, " P"], Int32[np.ndarray, " P"]]:
    """The words of every two places up to W apart in a sentence, each two once."""
    end = np.repeat(ends, np.diff(ends, prepend=0))
    first, second = [], []
    for apart in range(1, window + 1):
        place = np.flatnonzero(end[:-apart] == end[apart:])
        first.append(ids[place])
        second.append(ids[place + apart])
    return np.concatenate(first), np.concatenate(second)
