"""Readers of the file formats of word vectors, each as blocks of words and numbers.

A block of a few MB of the file is in memory at a time. No pickle is ever read.
"""

import codecs
import re
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from wordrel.corpus.packed import PACKED, read_bytes
from wordrel.errors import VectorsError
from wordrel.io import encodings
from wordrel.models.fasttext_files import MAGIC, fasttext_rows
from wordrel.models.vector_tables import (
    BLOCK,
    MOST_DIMENSIONS,
    Rows,
    npy_rows,
    parts_of,
    safetensors_rows,
)
from wordrel.models.vector_text import (
    LONGEST_WORD,
    bad_row,
    check_utf8,
    looks_like_row,
    one_word,
    text_rows,
)

FASTTEXT_BINARY = "fastText binary"
_DIGITS = 18  # of a number of a header; a larger one fits no file
_ARRAYS = {".npy": re.compile(rb"\x93NUMPY"), ".safetensors": re.compile(rb"(?s).{5}\0{3}\{")}
_OTHERS = {
    "Parquet": re.compile(rb"PAR1"),
    "Arrow": re.compile(rb"ARROW1"),
    "JSON": re.compile(rb"\s*[\[{][\[{\s]*\"[^\"\n]*\"\s*[:,]"),
}


def read_vectors(path: Path) -> tuple[str, Iterator[Rows]]:
    """The format of a file, by its first bytes, and its blocks of words and vectors.

    Raises:
        VectorsError: it has none of the formats, or its header promises more than it can hold.
    """
    if path.is_dir() or _ends(path, ".safetensors"):
        return "safetensors", _finite(path, safetensors_rows(*parts_of(path)))
    if _ends(path, ".npy"):
        return "npy", _finite(path, npy_rows(*parts_of(path)))
    pieces = read_bytes(path, block=BLOCK)
    start = _start(pieces)
    if start.startswith(MAGIC):
        return FASTTEXT_BINARY, _finite(path, fasttext_rows(path))
    _refuse_formats(path, start)
    _refuse_packed(path, start)
    first, _, body = start.partition(b"\n")
    sizes = first.split()
    if len(sizes) == 2 and all(map(bytes.isdigit, sizes)):
        return _with_header(path, sizes, chain([body], pieces), body.partition(b"\n")[0])
    _refuse_table(path, first, start)
    _refuse_names(path, first, body.partition(b"\n")[0])
    lines = _as_spaces(chain([start], pieces), first, len(sizes) - 1)
    return "GloVe text", _finite(path, text_rows(path, lines, len(sizes) - 1, 1, None), 1)


def _ends(path: Path, suffix: str) -> bool:
    return path.suffix.lower() == suffix


def _start(pieces: Iterator[bytes]) -> bytes:
    """The first two lines at least, as far as a block holds them; without a byte order mark."""
    start = next(pieces, b"")
    while start.count(b"\n") < 2 and len(start) < BLOCK and (piece := next(pieces, b"")):
        start += piece
    return start.removeprefix(codecs.BOM_UTF8)


def _with_header(
    path: Path, sizes: list[bytes], pieces: Iterator[bytes], row: bytes
) -> tuple[str, Iterator[Rows]]:
    """word2vec's forms; `sizes`: the first line, `pieces`: what follows, `row`: its first line."""
    if max(map(len, sizes)) > _DIGITS:
        raise VectorsError(f"{path}:1: found a number of over {_DIGITS} digits, expected fewer")
    count, dimensions = map(int, sizes)
    text = _is_text(row, dimensions)
    _check_sizes(path, count, dimensions, 2 if text else 4)
    if text:
        lines = _as_spaces(pieces, row, dimensions)
        return "word2vec text", _finite(path, text_rows(path, lines, dimensions, 2, count), 2)
    if looks_like_row(row, dimensions):
        raise bad_row(path, 2, row, dimensions)
    return "word2vec binary", _finite(path, _binary(path, pieces, count, dimensions))


def _finite(path: Path, blocks: Iterator[Rows], first: int | None = None) -> Iterator[Rows]:
    """The same blocks, where all numbers are finite; `first`: the line of the first word."""
    read = 0
    for words, block in blocks:
        finite = np.isfinite(block)
        if not finite.all():
            bad = int((~finite).any(axis=1).argmax())
            place = path if first is None else f"{path}:{first + read + bad}"
            raise VectorsError(
                f"{place}: found a number of {words[bad]!r} that is not finite in 32 bits, "
                "expected finite numbers: leave this word out, or make the file again"
            )
        yield words, block
        read += len(words)


def _refuse_formats(path: Path, start: bytes) -> None:
    """Raise for arrays that are packed or have another name, and for formats without a reader."""
    for suffix, head in _ARRAYS.items():
        if head.match(start):
            cure = "unpack it" if path.suffix.lower() in PACKED else "rename it"
            raise VectorsError(
                f"{path}: found what a {suffix} file holds, expected a file that ends in {suffix}: "
                f"{cure}, with its list of words beside it"
            )
    for name, head in _OTHERS.items():
        if head.match(start):
            raise VectorsError(
                f"{path}: found {name}, expected text or another format of vectors: write a line "
                "for each word, the word and its numbers parted by spaces"
            )


def _refuse_packed(path: Path, start: bytes) -> None:
    """Raise for pickled files and archives, each with its own cure."""
    pickled = start[:1] == b"\x80"
    if start.startswith(b"PK\x03\x04"):
        names = _names_inside(path)
        if (names and all(name.endswith(".npy") for name in names)) or _ends(path, ".npz"):
            raise VectorsError(
                f"{path}: found an archive of arrays, expected one array: write it with np.save "
                "as .npy"
            )
        pickled = any(name.endswith(".pkl") for name in names)
        if not pickled:
            raise VectorsError(
                f"{path}: found a zip archive, expected the file that is in it: unpack it"
            )
    if pickled:
        raise VectorsError(
            f"{path}: found a pickled file, which could run code when it is read; in the program "
            "that made it, write kv.save_word2vec_format('vectors.txt') and give that"
        )


def _names_inside(path: Path) -> list[str]:
    """Of the files in a zip archive; none where it is damaged or packed once more."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


def _refuse_table(path: Path, first: bytes, start: bytes) -> None:
    """Raise for text that holds no vectors: another encoding, or fields parted by commas."""
    if b"\0" in first:
        cure = encodings.cure(start, start.index(b"\0"), path.name)
        raise VectorsError(f"{path}:1: found NUL bytes, expected text in UTF-8: {cure}")
    if len(first.split()) > 1:  # else it is no word with numbers in any encoding
        check_utf8(path, first, 1)
    signs = [sign for sign in (",", ";") if sign.encode() in first]
    if signs and not first.strip().count(b" ") and b"\t" not in first.strip():
        raise VectorsError(
            f"{path}:1: found fields parted by {signs[0]!r}, expected a word and its numbers "
            "parted by spaces: write them so, without a line of names"
        )


def _refuse_names(path: Path, first: bytes, second: bytes) -> None:
    """Raise where line 1 names the columns of line 2, such as a b c, or 0 1 2 as pandas does."""
    names = first.split()[1:]
    if not names or not _is_text(second, len(names)):
        return
    counts = [[b"%d" % (i + start) for i in range(len(names))] for start in (0, 1)]
    has_points = any(b"." in field for field in second.split()[-len(names) :])
    counted = len(names) > 2 and names in counts and has_points  # 0 1 may be a vector
    if counted or not any(_are_numbers([name]) for name in names):
        shown = first[:60].decode("utf-8", "replace")
        raise VectorsError(
            f"{path}:1: found {shown!r}, which names the columns; expected a word and its numbers: "
            "remove this line"
        )


def _check_sizes(path: Path, count: int, dimensions: int, width: int) -> None:
    """Compare a header with the size of the file; `width`: the fewest bytes of a number."""
    if not 0 < dimensions <= MOST_DIMENSIONS:
        raise VectorsError(f"{path}: found {dimensions} dimensions, expected 1 to 100,000")
    packed = path.suffix.lower() in PACKED
    if not packed and count * dimensions * width > path.stat().st_size:
        raise VectorsError(
            f"{path}: the header says {count:,} words of {dimensions} numbers, which the file of "
            f"{path.stat().st_size:,} bytes cannot hold: fetch or copy it again, or, "
            "if you changed it, mend the numbers of its first line"
        )


def _is_text(row: bytes, dimensions: int) -> bool:
    fields = row.split()
    return len(fields) > dimensions and _are_numbers(fields[-dimensions:])


def _are_numbers(fields: list[bytes]) -> bool:
    try:
        [float(field) for field in fields]
    except ValueError:
        return False
    return True


def _as_spaces(pieces: Iterator[bytes], row: bytes, dimensions: int) -> Iterator[bytes]:
    """The same bytes, with spaces for tabs where the first row is parted by tabs."""
    if b"\t" not in row or row.strip().count(b" ") >= dimensions:
        return pieces
    return (piece.replace(b"\t", b" ") for piece in pieces)


def _binary(path: Path, pieces: Iterator[bytes], count: int, dimensions: int) -> Iterator[Rows]:
    """A word, a space and its numbers as four bytes each; some writers add a line end."""
    width, data, at = 4 * dimensions, b"", 0
    words: list[str] = []
    rows: list[bytes] = []
    for number in range(count):
        while (space := data.find(b" ", at)) < 0 or len(data) < space + 1 + width:
            if space < 0 and len(data) - at > LONGEST_WORD:
                raise VectorsError(
                    f"{path}: found no end of word {number + 1:,} in {LONGEST_WORD:,} bytes, "
                    "expected a space: fetch it again"
                )
            piece = next(pieces, b"")
            if not piece:
                raise VectorsError(
                    f"{path}: the file ends in word {number + 1:,} of {count:,}: fetch or copy it "
                    "again"
                )
            data, at = data[at:] + piece, 0
        words.append(_word(path, data[at:space].lstrip(b"\n"), number + 1))
        rows.append(data[space + 1 : space + 1 + width])
        at = space + 1 + width
        if len(rows) * width >= BLOCK or number == count - 1:
            yield words, np.frombuffer(b"".join(rows), "<f4").reshape(-1, dimensions)
            words, rows = [], []
    if (data[at:] + next(pieces, b"")).strip(b"\r\n"):
        raise VectorsError(
            f"{path}: found more bytes behind the last of {count:,} words, expected the end of the "
            "file as its first line says: fetch it again, or mend the numbers of its first line"
        )


def _word(path: Path, raw: bytes, number: int) -> str:
    try:
        return one_word(path, raw.decode("utf-8"), number)
    except UnicodeDecodeError as error:
        raise VectorsError(
            f"{path}:{number}: found the word {raw[:40]!r}, which is no UTF-8; expected UTF-8: "
            "fetch it again, or write its words as UTF-8 in the program that made it"
        ) from error
