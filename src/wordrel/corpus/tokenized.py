"""Shards that were cut into tokens: the part of a corpus that lies between text and vocabulary.

Reads the folder of a shard: the raw arrays `ids` (int32, numbered anew in each segment),
`sentence_ends`, `document_ends` (int64), `held_out` (bool, one a document), `sample_keys` (int64,
likewise) and `words-N`, the words of segment N by id. A segment is a stretch with a dictionary of
its own. Everything is read in blocks; writes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int32, Int64

EVERY_KEY = 2**63 - 1
_BLOCK_TOKENS = 1 << 20


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
    """A shard on disk, or a sample of its documents.

    Attributes:
        folder: of its arrays, which hold all documents.
        report: about the documents of the sample.
        last_key: the sample's documents have a sample key up to this one.
    """

    folder: Path
    report: ShardReport
    last_key: int = EVERY_KEY

    def sample(self, last_key: int) -> "TokenizedShard":
        """The documents with a sample key up to `last_key`; copies nothing."""
        taken = self.sample_keys <= last_key
        lengths = self.document_lengths[taken]
        report = replace(
            self.report,
            tokens=int(lengths.sum()),
            held_out_tokens=int(lengths[self.held_out[taken]].sum()),
            documents=len(lengths),
        )
        return replace(self, report=report, last_key=last_key)

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
    def document_lengths(self) -> Int64[np.ndarray, " M"]:
        """Tokens of each document, at least one."""
        return np.diff(self.document_ends, prepend=0)

    @property
    def held_out(self) -> Bool[np.ndarray, " M"]:
        """Whether each document is held out."""
        return _mapped(self.folder / "held_out", np.bool_)

    @property
    def sample_keys(self) -> Int64[np.ndarray, " M"]:
        """Of each document; all alike in a corpus that asks for no digest of its documents."""
        return _mapped(self.folder / "sample_keys", np.int64)


def _mapped(path: Path, dtype: type[np.generic]) -> np.ndarray:
    """A raw array, left on disk; an empty file cannot be mapped."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


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


def token_blocks(shard: TokenizedShard, segment: Segment) -> Iterator[TokenBlock]:
    """A segment's tokens in the documents of the shard's sample."""
    sentence_ends, ends = shard.sentence_ends, shard.document_ends
    flags, keys = shard.held_out, shard.sample_keys
    for start in range(segment.start, segment.stop, _BLOCK_TOKENS):
        stop = min(start + _BLOCK_TOKENS, segment.stop)
        first, last = np.searchsorted(ends, [start, stop - 1], side="right")
        documents = slice(first, last + 1)
        taken = keys[documents] <= shard.last_key
        if not taken.any():
            continue
        lengths = np.diff(np.minimum(ends[documents], stop), prepend=start)
        block = TokenBlock(
            shard.ids(start, stop),
            np.repeat(flags[documents], lengths),
            _within(sentence_ends, start, stop),
            _within(ends, start, stop),
        )
        yield block if taken.all() else block.only(np.repeat(taken, lengths))


def _within(ends: Int64[np.ndarray, " S"], start: int, stop: int) -> Int64[np.ndarray, " R"]:
    """The ends in (start, stop], counted from `start`."""
    first, last = np.searchsorted(ends, [start, stop], side="right")
    return np.asarray(ends[first:last]) - start
