"""Shards of the text as token ids on disk: between the text and the vocabulary.

Reads the source's files, once; writes a folder for each shard: `ids` (numbered anew in each
segment), `sentence_ends`, `document_ends`, `split_keys` and `sample_keys` (of each document) as
.npy, and `words-N`, the words of segment N by id. `splits` adds `parts`. A segment is a stretch
with a dictionary of its own: a new one begins when the dictionary gets large. Everything is read
in blocks, so memory is bounded.
"""

import hashlib
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int8, Int32, Int64

from wordrel.config import CorpusConfig
from wordrel.corpus.disk import SPLIT_ARRAYS, ArrayWriter, array_writers
from wordrel.corpus.packed import Unpacked, read_bytes
from wordrel.corpus.plan import Limits, Piece, Shard
from wordrel.corpus.text import LineReader
from wordrel.corpus.tokens import Block, Tokenizer, load_segmenter, normalise, spaced
from wordrel.corpus.wiki import article_bytes
from wordrel.io.files import read_array

LAST_SPLIT_KEY, LAST_SAMPLE_KEY = 2**64 - 1, 2**63 - 1
_BLOCK_TOKENS = 1 << 20
_ARRAYS = SPLIT_ARRAYS | {"split_keys": np.uint64, "sample_keys": np.int64}
Tick = Callable[[int, int], None]


class Part(IntEnum):
    """What a document is used for."""

    TRAIN = 0
    DEVELOPMENT = 1
    TEST = 2
    MORE_TRAIN = 3
    """A training document of the source that the sample leaves out."""
    UNUSED = 4


@dataclass(frozen=True)
class TokenBlock:
    """Tokens that follow each other in a shard, all of one segment.

    Attributes:
        ids: by the segment's dictionary or by the vocabulary, shape [N].
        parts: the part that each belongs to, shape [N].
        sentence_ends: exclusive token ends within the block; ends may repeat, shape [S].
        document_ends: likewise; each is a sentence end too, shape [M].
    """

    ids: Int32[np.ndarray, " N"]
    parts: Int8[np.ndarray, " N"]
    sentence_ends: Int64[np.ndarray, " S"]
    document_ends: Int64[np.ndarray, " M"]

    def only(self, keep: Bool[np.ndarray, " N"]) -> "TokenBlock":
        """The tokens to keep; the ends move to what is kept."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return TokenBlock(
            self.ids[keep],
            self.parts[keep],
            kept_before[self.sentence_ends],
            kept_before[self.document_ends],
        )


@dataclass(frozen=True)
class TokenizedShard:
    """A shard on disk.

    Attributes:
        folder: of its arrays.
        segment_ends: exclusive token ends of the stretches that have one dictionary.
        lines: what was read, and what was repaired in it.
        tokens, documents: of the shard, before any word is dropped.
        max_test_document: tokens of a development or test document after which it is unused.
    """

    folder: Path
    segment_ends: tuple[int, ...]
    lines: LineReader
    tokens: int
    documents: int
    max_test_document: int = sys.maxsize

    def array(self, name: str) -> np.ndarray:
        """One of the arrays, left on disk; those of documents have the same length."""
        return read_array(self.folder / f"{name}.npy", mapped=True)

    def document_lengths(self) -> Int64[np.ndarray, " M"]:
        """Tokens of each document, at least one."""
        return np.diff(self.array("document_ends"), prepend=0)

    def segments(
        self, wanted: Collection[Part]
    ) -> Iterator[tuple[list[str], Iterator[TokenBlock]]]:
        """The words of each segment by id, and its tokens in the wanted parts.

        One dictionary is in memory at a time.
        """
        start = 0
        for number, stop in enumerate(self.segment_ends):
            text = (self.folder / f"words-{number}").read_text(encoding="utf-8")
            yield text.split("\n")[:-1], self._blocks(start, stop, wanted)
            start = stop

    def _blocks(self, first_token: int, end: int, wanted: Collection[Part]) -> Iterator[TokenBlock]:
        names = (*SPLIT_ARRAYS, "parts")
        ids, sentence_ends, ends, parts = map(self.array, names)
        for start in range(first_token, end, _BLOCK_TOKENS):
            stop = min(start + _BLOCK_TOKENS, end)
            first, last = np.searchsorted(ends, [start, stop - 1], side="right")
            documents = slice(first, last + 1)
            if not np.isin(parts[documents], list(wanted)).any():
                continue
            lengths = np.diff(np.minimum(ends[documents], stop), prepend=start)
            token_parts = np.repeat(parts[documents], lengths)
            begun = np.concatenate([ends[first - 1 : first], ends[first:last]])
            begins = begun if first else np.concatenate([[0], begun])
            before = np.arange(start, stop) - np.repeat(begins, lengths)
            tested = (token_parts == Part.DEVELOPMENT) | (token_parts == Part.TEST)
            token_parts[tested & (before >= self.max_test_document)] = Part.UNUSED
            block = TokenBlock(
                np.asarray(ids[start:stop]),
                token_parts,
                _within(sentence_ends, start, stop),
                _within(ends, start, stop),
            )
            keep = np.isin(token_parts, list(wanted))
            yield block if keep.all() else block.only(keep)


def _within(ends: Int64[np.ndarray, " S"], start: int, stop: int) -> Int64[np.ndarray, " R"]:
    """The ends in (start, stop], counted from `start`."""
    first, last = np.searchsorted(ends, [start, stop], side="right")
    return np.asarray(ends[first:last]) - start


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
        tick: called with the bytes on disk and the tokens so far, after each block.
        most: bytes on disk after which nothing more is read, for a look at a text.
    """
    tokenizer, lines = Tokenizer(config), _line_reader(shard, config)
    unpacked = Unpacked(config.max_unpacked_ratio, config.max_unpacked_gb)
    segmenter = load_segmenter(config.segmenter) if config.segmenter else None
    with array_writers(folder, _ARRAYS) as arrays:
        writer = _ShardWriter(folder, arrays, config)
        done = 0
        for piece in shard.pieces:
            if done >= most:
                break
            writer.group = piece.group
            for read in piece_text(piece, lines, limits.block, unpacked):
                text = read if segmenter is None else spaced(read, segmenter)
                writer.add(tokenizer.cut(text, with_tokens=writer.digested))
                if len(tokenizer.local) > limits.types:
                    writer.end_segment(tokenizer.forget())
                if tick is not None:
                    tick(done + lines.file_position, writer.tokens)
                if done + lines.file_position >= most:
                    break
            writer.end_piece()
            done += piece.size
        writer.end_segment(tokenizer.forget())
    ends = tuple(writer.segment_ends)
    return TokenizedShard(folder, ends, lines, writer.tokens, writer.documents)


def _line_reader(shard: Shard, config: CorpusConfig) -> LineReader:
    """A reader of the shard's files, which repairs bad bytes and long lines as the config says."""
    return LineReader(
        config.bad_utf8 == "replace",
        config.long_lines == "split",
        encoding=config.encoding,
        others=tuple(piece.file.path for piece in shard.pieces if piece.file.kind == "text"),
    )


def piece_text(
    piece: Piece,
    lines: LineReader,
    block: int,
    unpacked: Unpacked = Unpacked(),  # noqa: B008 - it is frozen
) -> Iterator[str]:
    """The text of a piece, in blocks of whole lines."""
    path = piece.file.path
    if piece.file.kind == "wiki_dump":
        chunks = article_bytes(path)
    else:
        chunks = read_bytes(path, piece.start, piece.stop, block, lines, unpacked)
    return lines.blocks(chunks, str(path), piece.start)


class _ShardWriter:
    """Appends blocks to a shard's arrays, the keys of each document, and each segment's words.

    Attributes:
        tokens, documents: written so far.
        segment_ends: as in `TokenizedShard`, so far.
        digested: whether anything is decided by the documents' text.
        group: of the documents to come, which go into one part together; empty for none.
    """

    def __init__(self, folder: Path, arrays: dict[str, ArrayWriter], config: CorpusConfig) -> None:
        self.tokens = self.documents = 0
        self.segment_ends: list[int] = []
        held_out = config.test_share or config.development
        self.digested = bool(held_out) or config.limit_tokens is not None
        self.group = ""
        self._folder, self._arrays, self._config = folder, arrays, config
        self._digest, self._start = hashlib.sha256(), 0
        self._ended: list[tuple[int, int, int]] = []

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

    def end_segment(self, words: Iterable[str]) -> None:
        """Write the words of the segment, by id; what is added next has a dictionary of its own."""
        path = self._folder / f"words-{len(self.segment_ends)}"
        text = "".join(f"{word}\n" for word in words)
        path.write_text(text, encoding="utf-8", newline="\n")
        self.segment_ends.append(self.tokens)

    def _hash(self, tokens: list[str]) -> None:
        if tokens:
            self._digest.update(normalise(" ".join(tokens) + " ", self._config).encode())

    def _end_document(self, end: int) -> None:
        if end > self._start:
            text = self._digest.digest()
            key = group_key(self.group) if self.group else split_key(text)
            self._ended.append((end, key, sample_key(text)))
            self._digest, self._start = hashlib.sha256(), end
            self.documents += 1

    def _append(self, *tokens: Sequence[int] | np.ndarray) -> None:
        """Write ids and sentence ends, and the documents that have ended meanwhile."""
        documents = zip(*self._ended, strict=True) if self._ended else ((), (), ())
        for array, values in zip(self._arrays.values(), (*tokens, *documents), strict=True):
            array.append(values)
        self._ended.clear()


def group_key(group: str) -> int:
    """The split key of all documents of a group."""
    return split_key(hashlib.sha256(group.encode()).digest())


def split_key(digest: bytes) -> int:
    """A document's place in the order in which parts are dealt, 0 to LAST_SPLIT_KEY."""
    return int.from_bytes(digest[:8], "big")


def sample_key(digest: bytes) -> int:
    """A document's place in the order of samples, 0 to LAST_SAMPLE_KEY.

    Bits of the digest that `split_key` does not look at: a sample has the whole source's share of
    held-out documents.
    """
    return int.from_bytes(digest[8:16], "big") >> 1
