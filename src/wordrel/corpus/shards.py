"""The one pass over the text: each shard of it becomes local ids on disk.

Reads the source's files; writes, in a folder for each shard, the raw arrays `ids` (int32, numbered
anew in each segment), `sentence_ends`, `document_ends` (int64), `held_out` (bool, one a document)
and the words of each segment in local order. A segment is a stretch with a dictionary of its own:
a new one begins when the dictionary gets large, so that memory is bounded.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Bool, Int32, Int64

from wordrel.config import CorpusConfig
from wordrel.corpus.plan import Limits, Piece, Shard
from wordrel.corpus.text import Reading, Tally, read_bytes, text_blocks
from wordrel.corpus.tokens import Block, Rules, Tokenizer, token_rules
from wordrel.corpus.wiki import article_bytes

_BLOCK_TOKENS = 1 << 20
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class ShardReport:
    """What a shard held, before any word is dropped, and what was mended in it."""

    tokens: int
    held_out_tokens: int
    documents: int
    segment_ends: tuple[int, ...]
    bytes: int
    replaced_bytes: int
    split_lines: int


def tokenize_shard(
    shard: Shard, config: CorpusConfig, folder: Path, limits: Limits, tick: Tick
) -> "TokenizedShard":
    """Write one shard's arrays into `folder`.

    Args:
        shard: what to read.
        config: the corpus's settings.
        folder: made here; must not exist.
        limits: the size of blocks and of dictionaries.
        tick: told the bytes on disk and the tokens so far, after each block.
    """
    folder.mkdir(parents=True)
    tokenizer = Tokenizer(token_rules(config))
    tally = Tally()
    with _ShardWriter(folder, tokenizer.rules, config.held_out) as writer:
        done = 0
        for piece in shard.pieces:
            for text in piece_text(piece, config, tally, limits.block):
                writer.add(tokenizer.cut(text, with_tokens=config.held_out > 0))
                if len(tokenizer.local) > limits.types:
                    writer.end_segment(tokenizer.forget())
                tick(done + tally.file_position, writer.tokens)
            writer.end_piece()
            done += piece.size
        writer.end_segment(tokenizer.forget())
    return TokenizedShard(folder, writer.report(tally))


def piece_text(piece: Piece, config: CorpusConfig, tally: Tally, block: int) -> Iterator[str]:
    """The text of a piece, in blocks of whole lines."""
    replace, split = config.bad_utf8 == "replace", config.long_lines == "split"
    path = piece.file.path
    if piece.file.kind == "wiki_dump":
        chunks = article_bytes(path)
    else:
        chunks = read_bytes(path, piece.start, piece.stop, block, tally)
    return text_blocks(chunks, str(path), Reading(replace, split), tally, piece.start)


class _ShardWriter:
    """Appends blocks to a shard's files and decides which documents are held out."""

    def __init__(self, folder: Path, rules: Rules, held_out: float) -> None:
        self.tokens = 0
        self._folder, self._rules = folder, rules
        self._held_out_tokens = self._documents = 0
        self._segment_ends: list[int] = []
        self._threshold = held_out * 2**64
        self._document, self._document_start = hashlib.sha256(), 0
        self._stack = ExitStack()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> "_ShardWriter":
        for name in ("ids", "sentence_ends", "document_ends", "held_out"):
            self._files[name] = self._stack.enter_context((self._folder / name).open("wb"))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def add(self, block: Block) -> None:
        """Append a block; its first document may go on from the block before."""
        self._files["ids"].write(block.ids.tobytes())
        self._files["sentence_ends"].write((block.sentence_ends + self.tokens).tobytes())
        start = 0
        for end in block.document_ends.tolist():
            self._hash(block.tokens[start:end])
            self._end_document(self.tokens + end)
            start = end
        self._hash(block.tokens[start:])
        self.tokens += len(block.ids)

    def _hash(self, tokens: list[str]) -> None:
        if tokens:
            self._document.update(self._rules.normalise(" ".join(tokens) + " ").encode())

    def end_piece(self) -> None:
        """The last document ends with its file, and the last sentence with it."""
        self._files["sentence_ends"].write(np.array([self.tokens], np.int64).tobytes())
        self._end_document(self.tokens)

    def _end_document(self, end: int) -> None:
        length = end - self._document_start
        if length:
            held_out = is_held_out(self._document.digest(), self._threshold)
            self._files["document_ends"].write(np.array([end], np.int64).tobytes())
            self._files["held_out"].write(np.array([held_out], np.bool_).tobytes())
            self._documents += 1
            self._held_out_tokens += length * held_out
            self._document, self._document_start = hashlib.sha256(), end

    def end_segment(self, words: list[str]) -> None:
        """Write a dictionary; the next block has a fresh one."""
        path = self._folder / f"words-{len(self._segment_ends)}"
        path.write_text("".join(f"{word}\n" for word in words), encoding="utf-8", newline="\n")
        self._segment_ends.append(self.tokens)

    def report(self, tally: Tally) -> ShardReport:
        """What was written."""
        return ShardReport(
            tokens=self.tokens,
            held_out_tokens=self._held_out_tokens,
            documents=self._documents,
            segment_ends=tuple(self._segment_ends),
            bytes=tally.bytes,
            replaced_bytes=tally.replaced_bytes,
            split_lines=tally.split_lines,
        )


def is_held_out(digest: bytes, threshold: float) -> bool:
    """Whether the digest of a document's tokens falls below the share, given times 2**64."""
    return int.from_bytes(digest[:8], "big") < threshold


@dataclass(frozen=True)
class Segment:
    """A stretch of a shard that has one dictionary.

    Attributes:
        number: its place in the shard, from 0.
        start: its first token.
        stop: the token after its last.
        words: by local id.
    """

    number: int
    start: int
    stop: int
    words: list[str]


@dataclass(frozen=True)
class TokenizedShard:
    """A shard on disk."""

    folder: Path
    report: ShardReport

    def segments(self) -> Iterator[Segment]:
        """Its segments in the order of the text; one dictionary in memory at a time."""
        start = 0
        for number, stop in enumerate(self.report.segment_ends):
            text = (self.folder / f"words-{number}").read_text(encoding="utf-8")
            yield Segment(number, start, stop, text.split("\n")[:-1])
            start = stop

    def ids(self, start: int, stop: int) -> Int32[np.ndarray, " N"]:
        """Local ids of the tokens `start` to `stop`."""
        return np.fromfile(self.folder / "ids", np.int32, stop - start, offset=4 * start)

    @property
    def sentence_ends(self) -> Int64[np.ndarray, " S"]:
        """Exclusive token ends; they may repeat."""
        return _mapped(self.folder / "sentence_ends", np.int64)

    @property
    def document_ends(self) -> Int64[np.ndarray, " M"]:
        """Exclusive token ends, rising."""
        return _mapped(self.folder / "document_ends", np.int64)

    @property
    def held_out(self) -> Bool[np.ndarray, " M"]:
        """Whether each document is held out."""
        return _mapped(self.folder / "held_out", np.bool_)


def _mapped(path: Path, dtype: type[np.generic]) -> np.ndarray:
    """A raw array, left on disk; an empty file cannot be mapped."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


@dataclass(frozen=True)
class TokenBlock:
    """Tokens `start` to `start + N` of a shard, all of one segment."""

    start: int
    ids: Int32[np.ndarray, " N"]
    held_out: Bool[np.ndarray, " N"]


def token_blocks(shard: TokenizedShard, segment: Segment) -> Iterator[TokenBlock]:
    """A segment's tokens, each with the part that it belongs to."""
    ends, flags = shard.document_ends, shard.held_out
    for start in range(segment.start, segment.stop, _BLOCK_TOKENS):
        stop = min(start + _BLOCK_TOKENS, segment.stop)
        first, last = np.searchsorted(ends, [start, stop - 1], side="right")
        documents = slice(first, last + 1)
        lengths = np.diff(np.minimum(ends[documents], stop), prepend=start)
        yield TokenBlock(start, shard.ids(start, stop), np.repeat(flags[documents], lengths))
