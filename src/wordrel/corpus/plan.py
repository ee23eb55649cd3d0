"""How a source is shared out: which worker reads what.

Reads large plain files around the places where they might be cut. The plan depends on the
source alone, never on the number of workers.
"""

import re
from dataclasses import dataclass, replace

from wordrel.corpus.files import Source, SourceFile
from wordrel.corpus.packed import BLOCK, PACKED, read_bytes

BLANK_LINE = re.compile(rb"(?>\r\n|\r|\n)[ \t\v\f]*(?:\r\n|\r|\n)")
LINE_END = re.compile(rb"\r\n|\r|\n")
_WINDOW = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Sizes that bound memory and share out work; none of them changes the corpus.

    Attributes:
        shard: bytes on disk that one worker reads at a time, about.
        types: spellings in one dictionary; a million take about 250 MB.
        block: bytes that are decoded and cut into tokens at once.
    """

    shard: int = 32 << 20
    types: int = 1_000_000
    block: int = BLOCK


@dataclass(frozen=True)
class Piece:
    """A file, or the bytes `start` to `stop` of a plain one.

    Attributes:
        group: the documents of one group go into one part together; empty: each by itself.
    """

    file: SourceFile
    start: int = 0
    stop: int | None = None
    group: str = ""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return (self.file.size if self.stop is None else self.stop) - self.start


@dataclass(frozen=True)
class Shard:
    """Pieces that one worker reads, in order."""

    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(piece.size for piece in self.pieces)


def plan_shards(
    source: Source, documents: str, shard_bytes: int, *, by_author: bool = False, cut: bool = True
) -> list[Shard]:
    """Cut large plain files at document ends, and put small files together.

    Args:
        source: what to share out.
        documents: what ends a document.
        shard_bytes: of a shard, about.
        by_author: whether the documents of an author go into one part together.
        cut: whether a line end is one byte in these files.
    """
    shards: list[list[Piece]] = [[]]
    size = 0
    for file in source.files:
        group = file.author if by_author else ""
        for piece in _split_file(file, documents, shard_bytes) if cut else [Piece(file)]:
            if shards[-1] and size + piece.size > shard_bytes:
                shards.append([])
                size = 0
            shards[-1].append(replace(piece, group=group))
            size += piece.size
    return [Shard(tuple(pieces)) for pieces in shards]


def _split_file(file: SourceFile, documents: str, shard_bytes: int) -> list[Piece]:
    """Compressed files stay whole, and so do files that are one document."""
    bound = {"blank_line": BLANK_LINE, "line": LINE_END}.get(documents)
    packed = file.path.suffix.lower() in PACKED
    if bound is None or packed or file.kind != "text" or file.size <= shard_bytes:
        return [Piece(file)]
    starts = [0]
    while (start := next_bound(file, starts[-1] + shard_bytes, bound)) is not None:
        starts.append(start)
    stops = [*starts[1:], None]
    return [Piece(file, start, stop) for start, stop in zip(starts, stops, strict=True)]


def next_bound(
    file: SourceFile, target: int, bound: re.Pattern[bytes], window: int = _WINDOW
) -> int | None:
    """The end of a match at or after `target` that is not the file's end.

    Windows are searched one by one. A match that lies across two of them is passed over: any other
    will do. A CRLF across two may be taken for two line ends: no document is cut by it.
    """
    position = target
    for piece in read_bytes(file.path, target, None, window):
        match = bound.search(piece)
        if match and position + match.end() < file.size:
            return position + match.end()
        position += len(piece)
    return None
