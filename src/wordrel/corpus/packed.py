"""From a file to its bytes, unpacked piece by piece.

Reads plain, .gz, .bz2, .xz and .zst files, so that memory stays flat whatever the size of a file.
"""

import bz2
import gzip
import lzma
import math
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, runtime_checkable

import zstandard

from wordrel.config.corpora import UNPACKED
from wordrel.config.paths import regular_file
from wordrel.errors import CorpusError
from wordrel.io.visible import shell_word

BLOCK = 4 << 20
PACKED = (".gz", ".bz2", ".xz", ".zst")
SUFFIXES = (".txt", *PACKED)
FEED = 8 << 10
"""Packed bytes that are read at once: keeps what comes out of a call small, and the position in the
file near the text."""
_STREAMS: dict[str, Callable[[], Any]] = {
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lzma.LZMADecompressor,
}
_WIDE_WINDOW = "requires too much memory"  # as libzstd says it
_FREE = 64 << 20  # unpacked bytes that a file may have at any ratio


@runtime_checkable
class Progress(Protocol):
    """What follows how far reading has come.

    Attributes:
        file_position: bytes of the file that were read, on disk.
    """

    file_position: int


@dataclass(frozen=True)
class Unpacked:
    """How much a packed file may hold: a few MB can hold more than any disk.

    Attributes:
        ratio: times its size on disk; a file of up to 64 MiB of text may have any.
        gigabytes: of text.
    """

    ratio: float = UNPACKED["max_unpacked_ratio"]
    gigabytes: float = UNPACKED["max_unpacked_gb"]

    def check(self, path: Path, size: int, packed: int) -> None:
        """Refuse a file of so many bytes on disk (`packed`) when `size` bytes came out of it.

        Raises:
            CorpusError: naming the limit, and the setting that raises it.
        """
        ratio = max(_FREE, self.ratio * packed)
        if size <= min(ratio, self.gigabytes * 1e9):
            return
        over = ("max_unpacked_gb", f"{self.gigabytes:g} GB")
        if size > ratio:
            over = ("max_unpacked_ratio", f"{self.ratio:g} times its {packed:,} bytes")
        raise CorpusError(
            f"{path}: found over {over[1]} of unpacked text and stopped; expected less: where the "
            f"file is what it should be, unpack it, or set a larger {over[0]} in its corpus"
        )


def read_bytes(
    path: Path,
    start: int = 0,
    stop: int | None = None,
    block: int = BLOCK,
    lines: Progress | None = None,
    limits: Unpacked = Unpacked(),
) -> Iterator[bytes]:
    """The decompressed bytes of a file, or the bytes `start` to `stop` of a plain one.

    Args:
        path: its suffix gives the packing.
        start: the first byte; only for plain files.
        stop: the byte after the last.
        block: bytes to read at once.
        lines: its `file_position` follows how far reading has come.
        limits: of what a packed file holds.

    Raises:
        CorpusError: with file and byte offset when the file cannot be read or decompressed; or
            when it holds too much.
    """
    position = start
    packed = path.suffix.lower() in PACKED
    try:
        with regular_file(path, CorpusError).open("rb") as raw:
            size = os.fstat(raw.fileno()).st_size
            if packed and not size:  # most readers would take it for a whole one without text
                raise EOFError("it has no bytes")
            for piece in _pieces(raw, path.suffix.lower(), (start, stop), block):
                position += len(piece)
                if packed:
                    limits.check(path, position, size)
                if lines is not None:
                    lines.file_position = raw.tell() - start
                yield piece
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError) as error:
        if isinstance(error, OSError) and error.errno:  # of the disk, not of the archive
            raise CorpusError(
                f"{path}: byte {position}: cannot be read ({error}); expected a readable file: "
                "check its permissions, or fetch it again"
            ) from error
        if _WIDE_WINDOW in str(error):
            raise CorpusError(
                f"{path}: found a zstd file that takes over 128 MB to unpack, expected less: "
                f"unpack it: zstd -d --long=31 {shell_word(str(path))}"
            ) from error
        raise CorpusError(
            f"{path}: byte {position} (decompressed): the archive is cut off or damaged "
            f"({error}); expected a whole {path.suffix} file: fetch or pack it again"
        ) from error


def _pieces(
    raw: IO[bytes], suffix: str, span: tuple[int, int | None], block: int
) -> Iterator[bytes]:
    if suffix == ".zst":
        yield from _zstd_pieces(raw)
        return
    if suffix in _STREAMS:
        yield from _stream_pieces(raw, _STREAMS[suffix], block)
        return
    stream: Any = gzip.GzipFile(fileobj=raw) if suffix == ".gz" else raw
    start, stop = span
    if start:
        stream.seek(start)
    remaining = math.inf if stop is None else stop - start
    while piece := stream.read(int(min(block, remaining))):
        yield piece
        remaining -= len(piece)


def _stream_pieces(raw: IO[bytes], new: Callable[[], Any], block: int) -> Iterator[bytes]:
    """All streams of a file; Python's own readers drop all that stands behind a damaged head."""
    stream, data, pieces, size = None, b"", list[bytes](), 0
    while data or (stream is not None and not stream.needs_input) or (data := raw.read(FEED)):
        if stream is None:
            data = data.lstrip(b"\0")  # which may fill up the end of a stream
            if not data:
                continue
            stream = new()
        piece, data = stream.decompress(data, block - size), b""
        pieces.append(piece)
        size += len(piece)
        if size == block:
            yield b"".join(pieces)
            pieces, size = [], 0
        if stream.eof:
            data, stream = stream.unused_data, None
    if size:
        yield b"".join(pieces)
    if stream is not None:
        raise EOFError("the last stream has no end")


def _zstd_pieces(raw: IO[bytes]) -> Iterator[bytes]:
    """All frames of a file; zstandard's own stream reader takes a cut file for a whole one."""
    frame = None
    while data := raw.read(FEED):
        while data:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            if piece := frame.decompress(data):
                yield piece
            data = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("the last frame has no end")
