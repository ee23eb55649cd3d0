"""From a file's bytes to blocks of checked text.

Reads plain, .gz, .bz2, .xz and .zst files piece by piece, so that memory stays flat whatever the
size of a file; gives back strings that hold whole lines, each line ending in LF.
"""

import bz2
import codecs
import gzip
import lzma
import math
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

import zstandard

from wordrel.config.corpora import UNPACKED
from wordrel.config.paths import regular_file
from wordrel.errors import CorpusError
from wordrel.io import encodings
from wordrel.io.visible import shell_word

BLOCK = 4 << 20
LINE_LIMIT = 16 << 20
PACKED = (".gz", ".bz2", ".xz", ".zst")
SUFFIXES = (".txt", *PACKED)
_FEED = 16 << 10  # compressed bytes given to zstd at once: keeps what comes out of one call small
_STREAMS: dict[str, Callable[[], Any]] = {
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lzma.LZMADecompressor,
}
_WIDE_WINDOW = "requires too much memory"  # as libzstd says it
_FREE = 64 << 20  # unpacked bytes that a file may have at any ratio
_OTHERS = 100  # files that are looked at for an error message
_LINE_END = re.compile(rb"[\r\n]")


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
    lines: "LineReader | None" = None,
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
    stream, data = None, b""
    while data or (stream is not None and not stream.needs_input) or (data := raw.read(_FEED)):
        if stream is None:
            data = data.lstrip(b"\0")  # which may fill up the end of a stream
            if not data:
                continue
            stream = new()
        piece, data = stream.decompress(data, block), b""
        if piece:
            yield piece
        if stream.eof:
            data, stream = stream.unused_data, None
    if stream is not None:
        raise EOFError("the last stream has no end")


def _zstd_pieces(raw: IO[bytes]) -> Iterator[bytes]:
    """All frames of a file; zstandard's own stream reader takes a cut file for a whole one."""
    frame = None
    while data := raw.read(_FEED):
        while data:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            if piece := frame.decompress(data):
                yield piece
            data = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("the last frame has no end")


def _without_mark(start: bytes, encoding: str) -> str:
    """The cure for a file without the byte order mark with which utf-16 and utf-32 begin."""
    if b"\0" not in start:
        return "remove the setting encoding where it is UTF-8"
    name = encoding.lower().replace("_", "-")
    return f"set encoding={name}-le, or {name}-be, which say the order of bytes"


def _has_utf8(path: Path) -> bool:
    """Whether a file begins with text in UTF-8 that is not ASCII."""
    try:
        start = next(read_bytes(path, block=_FEED), b"")
        return not codecs.getincrementaldecoder("utf-8")().decode(start).isascii()
    except (CorpusError, UnicodeDecodeError):
        return False  # reading it later reports this


@dataclass
class LineReader:
    """How bytes become lines of text, and what was repaired on the way.

    Attributes:
        replace: write U+FFFD for NUL and for bytes that are no text, instead of an error.
        split: cut lines of over `limit` bytes, instead of an error.
        limit: the longest line, in bytes.
        file_position: bytes of the present file that were read, on disk.
        text_bytes: read so far, decompressed.
        replaced_bytes: that were no text, or NUL.
        split_lines: cuts made in lines that were too long.
        encoding: of the bytes.
        others: files of the same source, whose first bytes show whether they are UTF-8 where one
            file is not.
    """

    replace: bool = False
    split: bool = False
    limit: int = LINE_LIMIT
    file_position: int = 0
    text_bytes: int = 0
    replaced_bytes: int = 0
    split_lines: int = 0
    encoding: str = "utf-8"
    others: Sequence[Path] = ()
    _utf8_place: str = ""  # the last file in which letters of UTF-8 were found

    def blocks(self, chunks: Iterable[bytes], place: str, offset: int = 0) -> Iterator[str]:
        """Text with LF line ends, in blocks that end at a line end (or at the end of the file).

        Args:
            chunks: the bytes, none longer than `limit`.
            place: the file's name, for errors.
            offset: where `chunks` begin in the file; at 0, a byte order mark is left out.

        Raises:
            CorpusError: with file and byte offset.
        """
        if self.encoding != "utf-8":
            chunks = self._as_utf8(chunks, place, offset)
        for at, raw in self._whole_lines(chunks, place, offset):
            text = self._decode(raw, place, at)
            yield text.removeprefix("\ufeff") if at == 0 else text

    def _as_utf8(self, chunks: Iterable[bytes], place: str, offset: int) -> Iterator[bytes]:
        """The same text in UTF-8; offsets of later errors count these bytes."""
        decoder = codecs.getincrementaldecoder(self.encoding)(
            "replace" if self.replace else "strict"
        )
        for chunk, final in chain(((chunk, False) for chunk in chunks), [(b"", True)]):
            try:
                text = decoder.decode(chunk, final)
            except UnicodeError as error:  # without a byte order mark, utf-16 raises this alone
                at, why = getattr(error, "start", 0), getattr(error, "reason", error)
                cure = "set bad_utf8=replace"
                if not isinstance(error, UnicodeDecodeError):
                    cure = _without_mark(chunk, self.encoding)
                raise CorpusError(
                    f"{place}: byte {offset + at}: found what is no text in encoding="
                    f"{self.encoding} ({why}); expected the encoding of the file, or {cure}"
                ) from error
            offset += len(chunk)
            self.replaced_bytes += text.count("\ufffd") if self.replace else 0
            yield text.encode("utf-8", "replace")

    def _whole_lines(
        self, chunks: Iterable[bytes], place: str, offset: int
    ) -> Iterator[tuple[int, bytes]]:
        """Bytes cut after line ends, each with its offset."""
        held, size = [b""], 0  # of a line that goes on; joined once, however many chunks it takes
        for chunk in filter(None, chunks):
            self.text_bytes += len(chunk)
            ended = held[-1].endswith(b"\r") or _LINE_END.search(chunk)
            held.append(chunk)
            size += len(chunk)
            if not ended and size <= self.limit:
                continue
            data = b"".join(held)
            while len(data) > self.limit and (cut := self._long_line_cut(data, place, offset)):
                self.split_lines += 1
                yield offset, data[:cut]
                offset, data = offset + cut, data[cut:]
            # A CR that comes last may be half of a CRLF: it is no line end yet.
            cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
            if cut:
                yield offset, data[:cut]
            offset, held, size = offset + cut, [data[cut:]], len(data) - cut
        if size:
            yield offset, b"".join(held)

    def _long_line_cut(self, data: bytes, place: str, offset: int) -> int:
        """Where to cut the first line if too long, else 0: after a space, never in a letter."""
        end = _LINE_END.search(data)
        if end is not None and end.start() <= self.limit:
            return 0
        if not self.split:
            raise CorpusError(
                f"{place}: byte {offset}: found a line of over {self.limit} bytes without a break; "
                "expected lines of text: break it, or set long_lines=split"
            )
        cut = max(data.rfind(b" ", 0, self.limit), data.rfind(b"\t", 0, self.limit)) + 1
        if cut:
            return cut
        cut = self.limit
        while cut > 1 and data[cut] & 0xC0 == 0x80 and self.limit - cut < 3:
            cut -= 1
        return cut

    def _decode(self, raw: bytes, place: str, offset: int) -> str:
        nul = raw.find(b"\0")
        if nul >= 0 and not self.replace:
            raise CorpusError(
                f"{place}: byte {offset + nul}: found a NUL byte; expected text in UTF-8: "
                + self._cure(raw, nul, place)
            )
        text = self._decode_utf8(raw, place, offset)
        if nul >= 0:
            self.replaced_bytes += text.count("\0")
            text = text.replace("\0", "\ufffd")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text

    def _cure(self, raw: bytes, at: int, place: str) -> str:
        # one encoding is set for all files, and would change the letters of those that are UTF-8
        mixed = bool(self._utf8_place) or any(map(_has_utf8, self.others[:_OTHERS]))
        settings = [] if mixed else ["set encoding={}"]
        begun = self._utf8_place == place
        cure = encodings.cure(raw, at, place, settings, begun_as_utf8=begun)
        only = "; other text of this source is UTF-8" if mixed and not begun else ""
        return f"{cure}{only}; bad_utf8=replace would cut a word at each such byte"

    def _decode_utf8(self, raw: bytes, place: str, offset: int) -> str:
        try:
            text = raw.decode("utf-8")
            if not text.isascii():
                self._utf8_place = place
            return text
        except UnicodeDecodeError as error:
            if not self.replace:
                raise CorpusError(
                    f"{place}: byte {offset + error.start}: found 0x{raw[error.start]:02x}, which "
                    f"is no UTF-8 ({error.reason}); expected UTF-8: "
                    + self._cure(raw, error.start, place)
                ) from error
        text, replaced = encodings.UNDECODABLE.subn(
            "\ufffd", raw.decode("utf-8", "surrogateescape")
        )
        self.replaced_bytes += replaced
        return text
