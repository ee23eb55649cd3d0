"""The training stream: subsampled tokens in chunks, as the matched family and the counts read it.

Reads a split of a corpus block by block (memory does not grow with the corpus), drops frequent
words by word2vec's rule, and cuts what is left into chunks of consecutive targets with the context
that they can reach. Chunks of a block come in random order, so that a batch mixes many places.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64, Shaped

from wordrel.config import TrainingConfig
from wordrel.config.architectures import Objective
from wordrel.corpus import Split
from wordrel.corpus.disk import sentence_blocks

BLOCK_TOKENS = 2_000_000  # 8 MB of ids; large enough that the order of chunks is well mixed
FOLLOWING = 10  # words, the next one among them, of which one is the target
CHUNK = 32  # consecutive targets that share one dense score matrix
WIDE_CHUNK = 64  # where contexts are wide: most words of a chunk are in every context of it


@dataclass(frozen=True)
class Block:
    """Kept tokens of consecutive whole sentences.

    Attributes:
        ids: word ids of the N kept tokens.
        before: kept tokens before each in the same sentence (or in what else bounds a context);
            after: likewise behind it.
        read: tokens of the corpus that went in, before subsampling.
        hidden: tokens that are in no context, though they keep their places; None where
            every token is seen, as in training.
        predicted: the word that is learnt at each place; None where it is the one that stands
            there.
    """

    ids: Int32[np.ndarray, " N"]
    before: Int64[np.ndarray, " N"]
    after: Int64[np.ndarray, " N"]
    read: int
    hidden: Bool[np.ndarray, " N"] | None = None
    predicted: Int32[np.ndarray, " N"] | None = None


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
    passages: bool = False,
) -> Iterator[Block]:
    """The split once from start to end, subsampled afresh with `rng`.

    Args:
        split: of a corpus.
        keep: the chance that an occurrence of each word is kept.
        rng: decides what is kept, and what stands where.
        shuffled: put the words of each sentence in a random order first.
        passages: contexts end with the document, not with the sentence; a document that goes on in
            the next block is two.
    """
    start = 0
    for ids, ends in sentence_blocks(split.ids, split.sentence_ends, BLOCK_TOKENS):
        bounds = sentences = sentence_numbers(ends)
        words = ids[np.lexsort((rng.random(len(ids)), sentences))] if shuffled else ids
        kept = rng.random(len(words)) < keep[words]
        if passages:
            places = np.arange(start, start + len(ids))
            bounds = np.searchsorted(split.document_ends, places, side="right")
        start += len(ids)
        yield block_of(words[kept], bounds[kept], len(words))


def following(block: Block, rng: np.random.Generator) -> Block:
    """The block with another word to learn at each place: one of the `FOLLOWING` words from it on.

    Each of them is as likely; fewer where what bounds a context ends before.
    """
    ahead = rng.integers(np.minimum(FOLLOWING, block.after + 1))
    return replace(block, predicted=block.ids[np.arange(len(block.ids)) + ahead])


@dataclass(frozen=True)
class Batch:
    """C chunks of L targets each, with all S tokens that their contexts can reach.

    Attributes:
        ids: [C, S] word ids; target l of a chunk stands at column `first` + l.
        left: [C, L] how many tokens before each target are in its context; right: behind it.
        real: [C, L] false where a target is padding, or is there for another target to read.
        place: [C, L] number of each real target in its block, from 0.
        read: tokens of the corpus that this batch stands for, before subsampling.
        first: column of the first target; at least 1.
        hidden: [C, S] tokens that are in no context; None where every token is seen.
        predicted: [C, L] the word to learn at each target; None where it is the one that stands
            there.
    """

    ids: Int64[np.ndarray, "C S"]
    left: Int64[np.ndarray, "C L"]
    right: Int64[np.ndarray, "C L"]
    real: Bool[np.ndarray, "C L"]
    place: Int64[np.ndarray, "C L"]
    read: float
    first: int
    hidden: Bool[np.ndarray, "C S"] | None = None
    predicted: Int64[np.ndarray, "C L"] | None = None

    @property
    def targets(self) -> Int64[np.ndarray, "C L"]:
        """The word to learn at each target."""
        if self.predicted is not None:
            return self.predicted
        return self.ids[:, self.first : self.first + self.left.shape[1]]


@dataclass(frozen=True)
class Cutter:
    """Cuts blocks into batches.

    Attributes:
        window: W, the widest context on one side.
        shrink: draw each target's window from 1..W, as word2vec does; else always W.
        chunk: L, consecutive targets that share one dense score matrix.
        chunks: C, chunks a batch.
        lead: targets before each chunk that are no targets of it: a second block reads their
            states.
        shuffles: for which objective the words of each context are put in random order; None: for
            none. A chunk is then one target.
        sentences: make a chunk of each whole sentence (or what bounds a context) of at most L
            tokens, so that no score is computed between sentences. Sentences of a batch are of
            almost the same length, so that little is padding.
    """

    window: int
    shrink: bool
    chunk: int
    chunks: int
    lead: int = 0
    sentences: bool = False
    shuffles: Objective | None = None

    @classmethod
    def of(
        cls,
        training: TrainingConfig,
        targets: int,
        *,
        shrink: bool | None = None,
        blocks: int = 0,
        objective: Objective | None = None,
    ) -> "Cutter":
        """For the contexts of a study.

        Args:
            training: which contexts.
            targets: in a batch, about.
            shrink: whether windows are drawn; default: as in training.
            blocks: how many Transformer blocks the model has.
            objective: of the model; only where contexts are shuffled.

        Raises:
            ValueError: where contexts are shuffled and `objective` is None.
        """
        shrink = training.shrink_window if shrink is None else shrink
        chunk = min(CHUNK if training.context == "window" else WIDE_CHUNK, targets)
        lead = max(0, blocks - 1) * (training.reach - 1)
        if training.shuffled_contexts:
            if objective is None:
                raise ValueError("found shuffled contexts, expected the objective that they are of")
            return cls(training.reach, shrink, 1, targets, lead, shuffles=objective)
        sentences = training.context == "sentence"
        return cls(training.reach, shrink, chunk, targets // chunk, lead, sentences)

    def batches(
        self, block: Block, rng: np.random.Generator, *, shuffle: bool = True
    ) -> Iterator[Batch]:
        """All tokens of the block as targets, each once."""
        count = len(block.ids)
        if not count:
            return
        if self.sentences:
            groups = self._by_length(block, rng, shuffle=shuffle)
        else:
            starts = np.arange(0, count, self.chunk)
            if shuffle:
                rng.shuffle(starts)
            groups = self._parts(starts, np.minimum(self.chunk, count - starts))
        windows = np.full(count, self.window)
        if self.shrink:
            windows = rng.integers(1, self.window + 1, size=count)
        around = self.lead + self.window, self.chunk + self.window
        ids = np.pad(block.ids, around).astype(np.int64)
        hidden = None if block.hidden is None else np.pad(block.hidden, around)
        predicted = None if block.predicted is None else np.pad(block.predicted, around)
        left, right = (
            np.pad(np.minimum(windows, reach), around) for reach in (block.before, block.after)
        )
        for group in groups:
            targets = np.arange(-group.lead, group.chunk)
            real = (targets >= 0) & (targets < group.lengths)
            first = group.lead + group.before
            columns = np.arange(-first, group.chunk + group.after)
            seen = around[0] + group.starts + columns
            place = group.starts + targets
            batch = Batch(
                ids=ids[seen],
                left=left[around[0] + place],
                right=right[around[0] + place],
                real=real,
                place=place,
                read=block.read * (real.sum() / count),
                first=group.before,
                hidden=None if hidden is None else hidden[seen],
                predicted=None if predicted is None else predicted[around[0] + place].astype(int),
            )
            yield batch if self.shuffles is None else shuffled(batch, self.shuffles, rng)

    def _parts(
        self, starts: Int64[np.ndarray, " n"], lengths: Int64[np.ndarray, " n"]
    ) -> "list[_Group]":
        """Chunks of up to L targets, with all tokens that windows of W can reach."""
        return [
            _Group(
                *(starts[part, None], lengths[part, None], self.chunk),
                *(self.lead, self.window, self.window),
            )
            for part in (slice(i, i + self.chunks) for i in range(0, len(starts), self.chunks))
        ]

    def _by_length(
        self, block: Block, rng: np.random.Generator, *, shuffle: bool
    ) -> "list[_Group]":
        """A chunk a sentence, of similar length in a batch; what is longer than L is cut."""
        starts = np.flatnonzero(block.before == 0)
        if shuffle:
            rng.shuffle(starts)
        lengths = block.after[starts] + 1
        order = np.argsort(lengths, kind="stable")
        starts, lengths = starts[order], lengths[order]
        whole = int(np.searchsorted(lengths, self.chunk, side="right"))
        cut = [
            (start + at, min(self.chunk, length - at))
            for start, length in zip(starts[whole:], lengths[whole:], strict=True)
            for at in range(0, length, self.chunk)
        ]
        groups = self._parts(*np.array(cut, dtype=np.int64).reshape(-1, 2).T)
        targets, i = self.chunk * self.chunks, 0
        while i < whole:
            alike = int(np.searchsorted(lengths[:whole], lengths[i] * 5 // 4 + 1, side="right"))
            longest = lengths[min(alike, i + targets // lengths[i]) - 1]
            part = slice(i, min(alike, i + targets // longest))
            chunk = int(lengths[part.stop - 1])
            groups.append(_Group(starts[part, None], lengths[part, None], chunk, 0, 1, 0))
            i = part.stop
        if shuffle:
            rng.shuffle(groups)
        return groups


def shuffled(batch: Batch, objective: Objective, rng: np.random.Generator) -> Batch:
    """The words that each chunk's last target sees, in random order.

    Of a next word the one before it, which gives the query, stays; nothing behind a place that a
    model cannot see comes before it.
    """
    target = batch.first + batch.left.shape[1] - 1
    offset = np.arange(batch.ids.shape[1]) - target
    last = -2 if objective == "next_word" else batch.right[:, -1:]
    chunk, column = np.nonzero((offset >= -batch.left[:, -1:]) & (offset <= last) & (offset != 0))
    other = column[np.lexsort((rng.random(len(chunk)), chunk))]

    def moved(values: Shaped[np.ndarray, "C S"]) -> Shaped[np.ndarray, "C S"]:
        permuted = values.copy()
        permuted[chunk, column] = values[chunk, other]
        return permuted

    hidden = None if batch.hidden is None else moved(batch.hidden)
    return replace(batch, ids=moved(batch.ids), hidden=hidden)


@dataclass(frozen=True)
class _Group:
    """Chunks of one batch: where each starts, how many targets it has, and what stands around."""

    starts: Int64[np.ndarray, "C 1"]
    lengths: Int64[np.ndarray, "C 1"]
    chunk: int
    lead: int
    before: int
    after: int
