"""The one pass over the text: each shard of it becomes local ids on disk.

Reads the source's files; writes a folder for each shard, as `tokenized` describes. A new segment
begins when the dictionary gets large, so that memory is bounded.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from wordrel.config import CorpusConfig
from wordrel.corpus.plan import Limits, Piece, Shard
from wordrel.corpus.text import Reading, Tally, read_bytes, text_blocks
from wordrel.corpus.tokenized import ShardReport, TokenizedShard
from wordrel.corpus.tokens import Block, Rules, Tokenizer, token_rules
from wordrel.corpus.wiki import article_bytes

_int64 = struct.Struct("q").pack  # a tenth of the time that numpy takes for one number
Tick = Callable[[int, int], None]


def tokenize_shard(
    shard: Shard, config: CorpusConfig, folder: Path, limits: Limits, tick: Tick
) -> TokenizedShard:
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
    digested = config.held_out > 0 or config.limit_tokens is not None
    with _ShardWriter(folder, tokenizer.rules, config.held_out) as writer:
        done = 0
        for piece in shard.pieces:
            for text in piece_text(piece, config, tally, limits.block):
                writer.add(tokenizer.cut(text, with_tokens=digested))
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
    """Appends blocks to a shard's files; the digest of a document decides where it belongs."""

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
        for name in ("ids", "sentence_ends", "document_ends", "held_out", "sample_keys"):
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
        self._files["sentence_ends"].write(_int64(self.tokens))
        self._end_document(self.tokens)

    def _end_document(self, end: int) -> None:
        length = end - self._document_start
        if length:
            digest = self._document.digest()
            held_out = is_held_out(digest, self._threshold)
            self._files["document_ends"].write(_int64(end))
            self._files["held_out"].write(bytes([held_out]))
            self._files["sample_keys"].write(_int64(sample_key(digest)))
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


def sample_key(digest: bytes) -> int:
    """A document's place in the order of samples, 0 to EVERY_KEY.

    Bits of the digest that `is_held_out` does not look at: a sample has the whole source's share of
    held-out documents.
    """
    return int.from_bytes(digest[8:16], "big") >> 1
