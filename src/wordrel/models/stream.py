"""The training stream: subsampled tokens in chunks, as the matched family and the counts read it.

Reads a split of a corpus block by block (memory does not grow with the corpus), drops frequent
words by word2vec's rule, and cuts what is left into chunks of consecutive targets with the context
that they can reach. Chunks of a block come in random order, so that a batch mixes many places.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int32, Int64

from wordrel.corpus import Split
from wordrel.corpus.disk import sentence_blocks

BLOCK_TOKENS = 2_000_000  # 8 MB of ids; large enough that the order of chunks is well mixed


@dataclass(frozen=True)
class Block:
    """Kept tokens of consecutive whole sentences.

    Attributes:
        ids: word ids of the N kept tokens.
        before: kept tokens of the same sentence before each; after: likewise behind it.
        read: tokens of the corpus that went in, before subsampling.
        hidden: tokens that are in nobody's context, though they keep their places; None where
            every token is seen, as in training.
    """

    ids: Int32[np.ndarray, " N"]
    before: Int64[np.ndarray, " N"]
    after: Int64[np.ndarray, " N"]
    read: int
    hidden: Bool[np.ndarray, " N"] | None = None


def sentence_numbers(ends: Int64[np.ndarray, " S"]) -> Int64[np.ndarray, " N"]:
    """The number of the sentence that each token is in, from where the sentences end."""
    return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))


def block_of(ids: Int32[np.ndarray, " N"], sentences: Int64[np.ndarray, " N"], read: int) -> Block:
    """Tokens with the (ascending) number of the sentence that each is in."""
    places = np.arange(len(ids))
    bounds = np.flatnonzero(np.diff(sentences, prepend=-1, append=-1))
    lengths = np.diff(bounds)
    before = places - np.repeat(bounds[:-1], lengths)
    return Block(ids, before, np.repeat(lengths, lengths) - 1 - before, read)


def blocks(
    split: Split,
    keep: Float64[np.ndarray, " V"],
    rng: np.random.Generator,
    *,
    shuffled: bool = False,
) -> Iterator[Block]:
    """The split once from start to end, subsampled afresh with `rng`.

    Args:
        split: of a corpus.
        keep: the chance that an occurrence of each word is kept.
        rng: decides what is kept, and what stands where.
        shuffled: put the words of each sentence in a random order first.
    """
    for ids, ends in sentence_blocks(split.ids, split.sentence_ends, BLOCK_TOKENS):
        sentences = sentence_numbers(ends)
        words = ids[np.lexsort((rng.random(len(ids)), sentences))] if shuffled else ids
        kept = rng.random(len(words)) < keep[words]
        yield block_of(words[kept], sentences[kept], len(words))


@dataclass(frozen=True)
class Batch:
    """C chunks of L targets each, with all S = L + 2W tokens that their windows can reach.

    Attributes:
        ids: [C, S] word ids; target l of a chunk stands at column l + W.
        left: [C, L] how many tokens before each target are in its window; right: behind it.
        real: [C, L] false where a target is padding.
        read: tokens of the corpus that this batch stands for, before subsampling.
        hidden: [C, S] tokens that are in nobody's context; None where every token is seen.
    """

    ids: Int64[np.ndarray, "C S"]
    left: Int8[np.ndarray, "C L"]
    right: Int8[np.ndarray, "C L"]
    real: Bool[np.ndarray, "C L"]
    read: float
    hidden: Bool[np.ndarray, "C S"] | None = None


@dataclass(frozen=True)
class Cutter:
    """Cuts blocks into batches.

    Attributes:
        window: W, the widest context on one side.
        shrink: draw each target's window from 1..W, as word2vec does; else always W.
        chunk: L, consecutive targets that share one dense score matrix.
        chunks: C, chunks a batch.
    """

    window: int
    shrink: bool
    chunk: int
    chunks: int

    def batches(
        self, block: Block, rng: np.random.Generator, *, shuffle: bool = True
    ) -> Iterator[Batch]:
        """All tokens of the block as targets, each once."""
        count = len(block.ids)
        if not count:
            return
        starts = np.arange(0, count, self.chunk)
        if shuffle:
            rng.shuffle(starts)
        windows = np.full(count, self.window)
        if self.shrink:
            windows = rng.integers(1, self.window + 1, size=count)
        around = self.window, self.window + self.chunk
        ids = np.pad(block.ids, around).astype(np.int64)
        hidden = None if block.hidden is None else np.pad(block.hidden, around)
        left, right = (
            np.pad(np.minimum(windows, reach), (0, self.chunk)).astype(np.int8)
            for reach in (block.before, block.after)
        )
        targets, reachable = np.arange(self.chunk), np.arange(self.chunk + 2 * self.window)
        for i in range(0, len(starts), self.chunks):
            some = starts[i : i + self.chunks, None]
            where = some + targets
            real = where < count
            read = block.read * (real.sum() / count)
            seen = some + reachable
            unseen = None if hidden is None else hidden[seen]
            yield Batch(ids[seen], left[where], right[where], real, read, unseen)
