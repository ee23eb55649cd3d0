"""The forms in which others write word vectors, each as blocks of words and numbers.

Reads one file from its start to its end; a block of a few MB is in memory at a time. Writes
nothing. No pickle is ever read.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from wordrel.corpus.text import PACKED, read_bytes
from wordrel.errors import VectorsError
from wordrel.models.fasttext_files import MAGIC, fasttext_rows
from wordrel.models.vector_tables import (
    BLOCK,
    MOST_DIMENSIONS,
    Rows,
    npy_rows,
    parts_of,
    safetensors_rows,
)

FASTTEXT_BINARY = "fastText binary"
_LONGEST_WORD = 1 << 16  # bytes
_LONGEST_LINE = _LONGEST_WORD + 32 * MOST_DIMENSIONS
_DIGITS = 18  # of a number of a header; a larger one fits no file


def read_vectors(path: Path) -> tuple[str, Iterator[Rows]]:
    """What a file is, by its first bytes, and its blocks of words and vectors.

    Raises:
        VectorsError: it is none of the forms, or its header says more than it can hold.
    """
    if path.is_dir() or path.suffix == ".safetensors":
        return "safetensors", safetensors_rows(*parts_of(path))
    if path.suffix == ".npy":
        return "npy", npy_rows(*parts_of(path))
    pieces = read_bytes(path, block=BLOCK)
    start = next(pieces, b"")
    if start.startswith(MAGIC):
        return FASTTEXT_BINARY, fasttext_rows(path)
    if start.startswith(b"PK") and path.suffix == ".npz":
        raise VectorsError(
            f"{path}: found an archive of arrays, expected one array: write it with np.save as .npy"
        )
    if start[:1] == b"\x80" or start.startswith(b"PK"):
        raise VectorsError(
            f"{path}: found a pickled file, which could run code when it is read; in the program "
            "that made it, write kv.save_word2vec_format('vectors.txt') and give that"
        )
    first, _, rest = start.partition(b"\n")
    sizes = first.split()
    if len(sizes) == 2 and all(map(bytes.isdigit, sizes)):
        if max(map(len, sizes)) > _DIGITS:
            raise VectorsError(f"{path}:1: found a number of over {_DIGITS} digits, expected fewer")
        count, dimensions = map(int, sizes)
        text = _is_text(rest, dimensions)
        _check_sizes(path, count, dimensions, 2 if text else 4)
        if text:
            return "word2vec text", _text(path, chain([rest], pieces), dimensions, 2, count)
        return "word2vec binary", _binary(path, chain([rest], pieces), count, dimensions)
    return "GloVe text", _text(path, chain([start], pieces), len(sizes) - 1, 1, None)


def _check_sizes(path: Path, count: int, dimensions: int, width: int) -> None:
    """Numbers of a header against the file; `width`: the fewest bytes of a number there."""
    if not 0 < dimensions <= MOST_DIMENSIONS:
        raise VectorsError(f"{path}: found {dimensions} dimensions, expected 1 to 100,000")
    packed = path.suffix.lower() in PACKED
    if not packed and count * dimensions * width > path.stat().st_size:
        raise VectorsError(
            f"{path}: the header says {count:,} words of {dimensions} numbers, which the file of "
            f"{path.stat().st_size:,} bytes cannot hold; expected a whole file: fetch it again"
        )


def _is_text(rest: bytes, dimensions: int) -> bool:
    line = rest.partition(b"\n")[0].split()
    if len(line) <= dimensions:
        return False
    try:
        [float(number) for number in line[-dimensions:]]
    except ValueError:
        return False
    return True


def _text(
    path: Path, pieces: Iterator[bytes], dimensions: int, line: int, count: int | None
) -> Iterator[Rows]:
    """Lines of a word, which may hold spaces, and its numbers."""
    if dimensions < 1:
        raise VectorsError(f"{path}:{line}: found no numbers, expected a word and its numbers")
    if dimensions > MOST_DIMENSIONS:
        raise VectorsError(f"{path}:{line}: found {dimensions} numbers, expected 1 to 100,000")
    read = 0
    for block in _whole_lines(path, pieces):
        words, numbers = _columns(block, dimensions) or _by_line(
            path, block, dimensions, line + read
        )
        yield words, numbers
        read += len(words)
    if count is not None and read != count:
        raise VectorsError(
            f"{path}: found {read:,} words, expected {count:,} as its first line says: fetch it "
            "again"
        )


def _columns(block: bytes, dimensions: int) -> Rows | None:
    """The lines of a block as a table of a word and numbers, by pyarrow; None where it is none.

    Faster than line by line. A word with a space in it, or a bad number, makes no table.
    """
    columns = [str(i) for i in range(dimensions + 1)]
    types = {name: pa.float32() for name in columns} | {columns[0]: pa.string()}
    try:
        table = csv.read_csv(
            pa.BufferReader(block.replace(b" \n", b"\n")),  # fastText ends its lines with a space
            csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=columns),
            csv.ParseOptions(
                delimiter=" ", quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            csv.ConvertOptions(column_types=types, null_values=[]),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    words = table.column(0).to_pylist()
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if len(table) != lines or not all(words):
        return None
    numbers = np.empty((len(table), dimensions), np.float32)
    for i in range(dimensions):
        numbers[:, i] = table.column(i + 1).to_numpy()
    return words, numbers


def _by_line(path: Path, block: bytes, dimensions: int, first: int) -> Rows:
    """The same, where words may hold spaces; what is wrong is named with its line."""
    lines = [one.rstrip() for one in block.split(b"\n")]
    lines = lines if lines[-1] else lines[:-1]
    parts = [_parted(one, dimensions) for one in lines]
    try:
        numbers = np.fromstring(b" ".join(rest for _, rest in parts), np.float32, sep=" ")
    except ValueError as error:
        raise _bad_line(path, lines, dimensions, first) from error
    if numbers.size != len(parts) * dimensions or not all(rest for _, rest in parts):
        raise _bad_line(path, lines, dimensions, first)
    words = [_word(path, word, first + i) for i, (word, _) in enumerate(parts)]
    return words, numbers.reshape(-1, dimensions)


def _parted(line: bytes, dimensions: int) -> tuple[bytes, bytes]:
    """The word of a line and its numbers; the numbers are empty where there are too few."""
    spaces = line.count(b" ")
    if spaces == dimensions:
        word, _, rest = line.partition(b" ")
        return word, rest
    if spaces < dimensions:
        return line, b""
    word, *numbers = line.rsplit(b" ", dimensions)
    return word, b" ".join(numbers)


def _whole_lines(path: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        if len(rest) > _LONGEST_LINE:
            raise VectorsError(
                f"{path}: found a line of over {_LONGEST_LINE:,} bytes, expected a word and its "
                "numbers a line"
            )
        data = rest + piece
        cut = data.rfind(b"\n") + 1
        if cut:
            yield data[:cut]
        rest = data[cut:]
    if rest:
        yield rest


def _bad_line(path: Path, lines: list[bytes], dimensions: int, first: int) -> VectorsError:
    for number, line in enumerate(lines, first):
        fields = line.rsplit(b" ", dimensions)[1:]
        try:
            wrong = len([float(field) for field in fields]) != dimensions
        except ValueError:
            wrong = True
        if wrong:
            found = line[:60].decode("utf-8", "replace")
            return VectorsError(
                f"{path}:{number}: found {found!r}, expected a word and {dimensions} numbers"
            )
    return VectorsError(f"{path}:{first}: found numbers that cannot be read in the lines from here")


def _word(path: Path, raw: bytes, line: int) -> str:
    try:
        word = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VectorsError(
            f"{path}:{line}: found the word {raw[:40]!r}, which is no UTF-8; expected UTF-8"
        ) from error
    if "\n" in word or "\r" in word or not word:
        raise VectorsError(f"{path}:{line}: found the word {word!r}, expected a word of one line")
    return word


def _binary(path: Path, pieces: Iterator[bytes], count: int, dimensions: int) -> Iterator[Rows]:
    """A word, a space and its numbers as four bytes each; some writers add a line end."""
    width, data, at = 4 * dimensions, b"", 0
    words: list[str] = []
    rows: list[bytes] = []
    for number in range(count):
        while (space := data.find(b" ", at)) < 0 or len(data) < space + 1 + width:
            if space < 0 and len(data) - at > _LONGEST_WORD:
                raise VectorsError(
                    f"{path}: found no end of word {number + 1:,} in {_LONGEST_WORD:,} bytes, "
                    "expected a space: fetch it again"
                )
            piece = next(pieces, b"")
            if not piece:
                raise VectorsError(
                    f"{path}: the file ends in word {number + 1:,} of {count:,}: fetch it again"
                )
            data, at = data[at:] + piece, 0
        words.append(_word(path, data[at:space].lstrip(b"\n"), number + 1))
        rows.append(data[space + 1 : space + 1 + width])
        at = space + 1 + width
        if len(rows) * width >= BLOCK or number == count - 1:
            yield words, np.frombuffer(b"".join(rows), "<f4").reshape(-1, dimensions)
            words, rows = [], []
