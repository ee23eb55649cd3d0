"""From bytes to blocks of checked text: strings that hold whole lines, each line ending in LF."""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from wordrel.corpus.packed import FEED, read_bytes
from wordrel.errors import CorpusError
from wordrel.io import encodings

LINE_LIMIT = 16 << 20
_OTHERS = 100  # files that are looked at for an error message
_LINE_END = re.compile(rb"[\r\n]")


def _without_mark(start: bytes, encoding: str) -> str:
    """The cure for a file without the byte order mark with which utf-16 and utf-32 begin."""
    if b"\0" not in start:
        return "remove the setting encoding where it is UTF-8"
    name = encoding.lower().replace("_", "-")
    return f"set encoding={name}-le, or {name}-be, which say the order of bytes"


def _has_utf8(path: Path) -> bool:
    """Whether a file begins with text in UTF-8 that is not ASCII."""
    try:
        start = next(read_bytes(path, block=FEED), b"")
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
        others = [path for path in self.others if str(path) != place]
        if archive := encodings.archive_cure(raw, place):
            return f"{archive}, or move it out of the folder of texts" if others else archive
        # one encoding is set for all files, and would change the letters of those that are UTF-8
        begun = self._utf8_place == place
        other = bool(self._utf8_place) and not begun
        other = other or any(map(_has_utf8, others[:_OTHERS]))
        settings = [] if other or begun or _has_utf8(Path(place)) else ["set encoding={}"]
        cure = encodings.cure(raw, at, place, settings, begun_as_utf8=begun)
        only = "; other text of this source is UTF-8" if other and not begun else ""
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
