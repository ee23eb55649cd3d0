"""Shards of the text as token ids on disk: between the text and the vocabulary.

Reads the source's files, once; writes a folder for each shard: `ids` (numbered anew in each
segment), `sentence_ends`, `document_ends`, `held_out` and `sample_keys` (of each document) as .npy,
and `words-N`, the words of segment N by id. A segment is a stretch with a dictionary of its own: a
new one begins when the dictionary gets large. Everything is read in blocks, so memory is bounded.
"""

import hashlib
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int32, Int64

from wordrel.config import CorpusConfig
from wordrel.corpus.disk import SPLIT_ARRAYS, ArrayWriter, array_writers
from wordrel.corpus.plan import Limits, Piece, Shard
from wordrel.corpus.text import LineReader, read_bytes
from wordrel.corpus.tokens import Block, Tokenizer, normalise
from wordrel.corpus.wiki import article_bytes
from wordrel.io.files import read_array

EVERY_KEY = 2**63 - 1
_BLOCK_TOKENS = 1 << 20
_ARRAYS = SPLIT_ARRAYS | {"held_out": np.bool_, "sample_keys": np.int64}
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class TokenBlock:
    """Tokens that follow each other in a shard or a sample of it, all of one segment.

    Attributes:
        ids: by the segment's dictionary or by the vocabulary, shape [N].
        held_out: the part that each belongs to, shape [N].
        sentence_ends: exclusive token ends within the block; ends may repeat, shape [S].
        document_ends: likewise; each is a sentence end too, shape [M].
    """

    ids: Int32[np.ndarray, " N"]
    held_out: Bool[np.ndarray, " N"]
    sentence_ends: Int64[np.ndarray, " S"]
    document_ends: Int64[np.ndarray, " M"]

    def only(self, keep: Bool[np.ndarray, " N"]) -> "TokenBlock":
        """The tokens to keep; the ends move to what is kept."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return TokenBlock(
            self.ids[keep],
            self.held_out[keep],
            kept_before[self.sentence_ends],
            kept_before[self.document_ends],
        )


@dataclass(frozen=True)
class TokenizedShard:
    """A shard on disk, or a sample of its documents.

    Attributes:
        folder: of its arrays, which hold all documents.
        segment_ends: exclusive token ends of the stretches that have one dictionary.
        lines: what was read, and what was mended in it.
        last_key: the sample's documents have a sample key up to this one.
        tokens, held_out_tokens, documents: of the sample, before any word is dropped.
    """

    folder: Path
    segment_ends: tuple[int, ...]
    lines: LineReader
    last_key: int = EVERY_KEY
    tokens: int = 0
    held_out_tokens: int = 0
    documents: int = 0

    def sample(self, last_key: int) -> "TokenizedShard":
        """The documents with a sample key up to `last_key`; copies nothing."""
        taken = self.array("sample_keys") <= last_key
        lengths = self.document_lengths()[taken]
        return replace(
            self,
            last_key=last_key,
            tokens=int(lengths.sum()),
            held_out_tokens=int(lengths[self.array("held_out")[taken]].sum()),
            documents=len(lengths),
        )

    def array(self, name: str) -> np.ndarray:
        """One of the arrays, left on disk; those of documents have the same length."""
        return read_array(self.folder / f"{name}.npy", mapped=True)

    def document_lengths(self) -> Int64[np.ndarray, " M"]:
        """Tokens of each document, at least one."""
        return np.diff(self.array("document_ends"), prepend=0)

    def segments(self) -> Iterator[tuple[list[str], Iterator[TokenBlock]]]:
        """The words of each segment by id, and its tokens; one dictionary in memory at a time."""
        start = 0
        for number, stop in enumerate(self.segment_ends):
            text = (self.folder / f"words-{number}").read_text(encoding="utf-8")
            yield text.split("\n")[:-1], self._blocks(start, stop)
            start = stop

    def _blocks(self, first_token: int, end: int) -> Iterator[TokenBlock]:
        """The tokens of a segment in the documents of the sample."""
        ids, sentence_ends, ends, held_out, keys = map(self.array, _ARRAYS)
        for start in range(first_token, end, _BLOCK_TOKENS):
            stop = min(start + _BLOCK_TOKENS, end)
            first, last = np.searchsorted(ends, [start, stop - 1], side="right")
            documents = slice(first, last + 1)
            taken = keys[documents] <= self.last_key
            if not taken.any():
                continue
            lengths = np.diff(np.minimum(ends[documents], stop), prepend=start)
            block = TokenBlock(
                np.asarray(ids[start:stop]),
                np.repeat(held_out[documents], lengths),
                _within(sentence_ends, start, stop),
                _within(ends, start, stop),
            )
            yield block if taken.all() else block.only(np.repeat(taken, lengths))


def _within(ends: Int64[np.ndarray, " S"], start: int, stop: int) -> Int64[np.ndarray, " R"]:
    """The ends in (start, stop], counted from `start`."""
    first, last = np.searchsorted(ends, [start, stop], side="right")
    return np.asarray(ends[first:last]) - start


def take_sample(shards: Sequence[TokenizedShard], limit: int) -> list[TokenizedShard]:
    """The documents of least key that have `limit` tokens together, or all if there are fewer.

    Keys come from the text of the documents alone: the sample does not depend on how the source was
    shared out, named or ordered, and it holds every smaller one. The document that reaches the
    limit is taken whole, and so are all copies of its text: which copy comes first would depend on
    the order of the files.

    Args:
        shards: of one source, each whole.
        limit: tokens, counted before rare words are dropped.
    """
    # Bisected, not sorted: of a document, its key and length are in memory and nothing besides.
    documents = [(np.array(s.array("sample_keys")), s.document_lengths()) for s in shards]

    def tokens(key: int) -> int:
        return sum(int(np.sum(lengths, where=keys <= key)) for keys, lengths in documents)

    last = bisect_left(range(EVERY_KEY), limit, key=tokens)
    return [shard.sample(last) for shard in shards]


def tokenize_shard(
    shard: Shard,
    config: CorpusConfig,
    folder: Path,
    limits: Limits,
    tick: Tick | None = None,
    most: int = sys.maxsize,
) -> TokenizedShard:
    """Write one shard's arrays into `folder`.

    Args:
        shard: what to read.
        config: the corpus's settings.
        folder: made here; must not exist.
        limits: the size of blocks and of dictionaries.
        tick: told the bytes on disk and the tokens so far, after each block.
        most: bytes on disk after which nothing more is read, for a look at a text.
    """
    tokenizer = Tokenizer(config)
    lines = LineReader(config.bad_utf8 == "replace", config.long_lines == "split")
    segment_ends: list[int] = []

    def end_segment(tokens: int) -> None:
        path = folder / f"words-{len(segment_ends)}"
        words = "".join(f"{word}\n" for word in tokenizer.forget())
        path.write_text(words, encoding="utf-8", newline="\n")
        segment_ends.append(tokens)

    with array_writers(folder, _ARRAYS) as arrays:
        writer = _ShardWriter(arrays, config)
        done = 0
        for piece in shard.pieces:
            if done >= most:
                break
            for text in piece_text(piece, lines, limits.block):
                writer.add(tokenizer.cut(text, with_tokens=writer.digested))
                if len(tokenizer.local) > limits.types:
                    end_segment(writer.tokens)
                if tick is not None:
                    tick(done + lines.file_position, writer.tokens)
                if done + lines.file_position >= most:
                    break
            writer.end_piece()
            done += piece.size
        end_segment(writer.tokens)
    return TokenizedShard(folder, tuple(segment_ends), lines).sample(EVERY_KEY)


def piece_text(piece: Piece, lines: LineReader, block: int) -> Iterator[str]:
    """The text of a piece, in blocks of whole lines."""
    path = piece.file.path
    if piece.file.kind == "wiki_dump":
        chunks = article_bytes(path)
    else:
        chunks = read_bytes(path, piece.start, piece.stop, block, lines)
    return lines.blocks(chunks, str(path), piece.start)


class _ShardWriter:
    """Appends blocks to a shard's arrays; the digest of a document decides where it belongs."""

    def __init__(self, arrays: dict[str, ArrayWriter], config: CorpusConfig) -> None:
        self.tokens = 0
        self.digested = config.held_out > 0 or config.limit_tokens is not None
        self._arrays, self._config = arrays, config
        self._threshold = config.held_out * 2**64
        self._digest, self._start = hashlib.sha256(), 0
        self._documents: list[tuple[int, bool, int]] = []

    def add(self, block: Block) -> None:
        """Append a block; its first document may go on from the block before."""
        start = 0
        for end in block.document_ends.tolist():
            self._hash(block.tokens[start:end])
            self._end_document(self.tokens + end)
            start = end
        self._hash(block.tokens[start:])
        self._append(block.ids, block.sentence_ends + self.tokens)
        self.tokens += len(block.ids)

    def end_piece(self) -> None:
        """The last document ends with its file, and the last sentence with it."""
        self._end_document(self.tokens)
        self._append([], [self.tokens])

    def _hash(self, tokens: list[str]) -> None:
        if tokens:
            self._digest.update(normalise(" ".join(tokens) + " ", self._config).encode())

    def _end_document(self, end: int) -> None:
        if end > self._start:
            digest = self._digest.digest()
            held_out = is_held_out(digest, self._threshold)
            self._documents.append((end, held_out, sample_key(digest)))
            self._digest, self._start = hashlib.sha256(), end

    def _append(self, *tokens: Sequence[int] | np.ndarray) -> None:
        """Write ids and sentence ends, and the documents that have ended meanwhile."""
        documents = zip(*self._documents, strict=True) if self._documents else ((), (), ())
        for array, values in zip(self._arrays.values(), (*tokens, *documents), strict=True):
            array.append(values)
        self._documents.clear()


def is_held_out(digest: bytes, threshold: float) -> bool:
    """Whether the digest of a document's tokens falls below the share, given times 2**64."""
    return int.from_bytes(digest[:8], "big") < threshold


def sample_key(digest: bytes) -> int:
    """A document's place in the order of samples, 0 to EVERY_KEY.

    Bits of the digest that `is_held_out` does not look at: a sample has the whole source's share of
    held-out documents.
    """
    return int.from_bytes(digest[8:16], "big") >> 1
