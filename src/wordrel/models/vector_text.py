"""Vectors as lines of text, each a word and its numbers: word2vec's text form, GloVe and `.vec`.

Pyarrow parses blocks of whole lines; where words hold spaces, each line is parsed by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from wordrel.errors import VectorsError
from wordrel.io import encodings
from wordrel.models.vector_tables import MOST_DIMENSIONS, Rows

LONGEST_WORD = 1 << 16  # bytes
_LONGEST_LINE = LONGEST_WORD + 32 * MOST_DIMENSIONS
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NUMBER_OR_ITS_START = re.compile(rb"[-+]?\d*\.?\d*(?:[eE][-+]?\d*)?")
_DECIMAL_COMMA = re.compile(rb"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_COMMA = re.compile(rb"\d,|,[-+.]?\d")
_BETWEEN = re.compile(rb"[\s,;]+")


@dataclass
class _Spaced:
    """Words that hold a space: phrases, or rows with a number too many.

    A word whose last part is a number like those of its row counts as a phrase only if the file
    holds other phrases.
    """

    path: Path
    dimensions: int
    why: str
    phrases: bool = False
    odd: tuple[int, bytes] | None = None

    def look(self, parts: list[tuple[bytes, bytes]], first: int) -> None:
        """Note those of some lines; refuse where most lines have a number too many."""
        spaced = [(first + i, word, row) for i, (word, row) in enumerate(parts) if b" " in word]
        odd = [(line, word) for line, word, row in spaced if _has_number(word, row)]
        if 2 * len(odd) > len(parts):
            cure = "most lines have more than that; mend line 1, or fetch the file again"
            raise self._refusal(*odd[0], cure)
        self.phrases |= len(odd) < len(spaced)
        if odd and self.odd is None:
            self.odd = odd[0]

    def end(self) -> None:
        """Refuse the only word of the file that holds a space and ends in a number."""
        if self.odd is not None and not self.phrases:
            cure = "mend this line; in a phrase, write _ for the spaces"
            raise self._refusal(*self.odd, cure)

    def _refusal(self, line: int, word: bytes, cure: str) -> VectorsError:
        name, *parts = word.split(b" ")
        while parts and not _NUMBER.fullmatch(parts[0]):
            name += b" " + parts.pop(0)
        count = self.dimensions + len(parts)
        return VectorsError(
            f"{self.path}:{line}: found {count} numbers behind {_shown(name)!r}, expected "
            f"{self.dimensions} {self.why}: {cure}"
        )


def _has_number(word: bytes, row: bytes) -> bool:
    """Whether a word ends in a number such as its row has; 12 is none where those have points."""
    last = word.rpartition(b" ")[2]
    return bool(_NUMBER.fullmatch(last)) and not (last.isdigit() and b"." in row)


def text_rows(
    path: Path, pieces: Iterator[bytes], dimensions: int, line: int, count: int | None
) -> Iterator[Rows]:
    """Lines of a word, which may hold spaces, and its numbers.

    Args:
        path: the file, for errors.
        pieces: its bytes from the first word on.
        dimensions: how many numbers a line has.
        line: the number of the first line.
        count: how many words, if the header has it.

    Raises:
        VectorsError: with the line where that is known.
    """
    if dimensions < 1:
        raise VectorsError(f"{path}:{line}: found no numbers, expected a word and its numbers")
    if dimensions > MOST_DIMENSIONS:
        raise VectorsError(f"{path}:{line}: found {dimensions} numbers, expected 1 to 100,000")
    read = 0
    spaced = _Spaced(path, dimensions, "as in line 1" if count is None else "as line 1 says")
    blocks = _whole_lines(path, pieces)
    block = next(blocks, b"")
    while block:
        following = next(blocks, b"")
        rows = _columns(block, dimensions)
        if rows is None and not following:
            _refuse_cut(path, block, dimensions, line, read, count)
        words, numbers = rows or _by_line(spaced, block, line + read)
        yield words, numbers
        read += len(words)
        block = following
    spaced.end()
    if count is not None and read != count:
        raise VectorsError(
            f"{path}: found {read:,} words, expected {count:,} as its first line says: fetch or "
            f"copy it again, or, if you changed it, write '{read} {dimensions}' as its first line"
        )


def _refuse_cut(
    path: Path, block: bytes, dimensions: int, line: int, read: int, count: int | None
) -> None:
    """Raise where the last line of a file, and no other of its last block, ends too early.

    Args:
        path: the file, for errors.
        block: its last lines.
        dimensions: how many numbers a line has.
        line: the number of the first line of the file.
        read: how many words stand before this block.
        count: how many words, if the header has it.
    """
    *others, last = map(bytes.rstrip, block.removesuffix(b"\n").split(b"\n"))
    number, has_end = read + len(others) + 1, block.endswith(b"\n")
    is_last = not has_end if count is None else number < count + (not has_end)
    if is_last and _is_start(last) and _is_bad(last, dimensions):
        if any(_is_bad(other, dimensions) for other in others):
            return  # more is wrong than the end
        place = f"{number:,}" if count is None else f"{number:,} of {count:,}"
        raise VectorsError(
            f"{path}:{line + number - 1}: the file ends in word {place}: fetch or copy it again"
        )


def _is_start(line: bytes) -> bool:
    """Whether a line of a word and its numbers may begin so."""
    word, *fields = line.split() or [b""]
    if fields:
        return bool(_NUMBER_OR_ITS_START.fullmatch(fields[-1]))
    return not _COMMA.search(word)


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


def _by_line(spaced: _Spaced, block: bytes, first: int) -> Rows:
    """The same, where words may hold spaces; errors name the line."""
    path, dimensions = spaced.path, spaced.dimensions
    check_utf8(path, block, first)
    lines = [line.rstrip() for line in block.split(b"\n")]
    lines = lines if lines[-1] else lines[:-1]
    parts = [_parted(line, dimensions) for line in lines]
    try:
        numbers = np.fromstring(b" ".join(row for _, row in parts), np.float32, sep=" ")
    except ValueError as error:
        raise _bad_line(path, lines, dimensions, first) from error
    if numbers.size != len(parts) * dimensions or not all(row for _, row in parts):
        raise _bad_line(path, lines, dimensions, first)
    spaced.look(parts, first)
    words = [one_word(path, word.decode("utf-8"), first + i) for i, (word, _) in enumerate(parts)]
    return words, numbers.reshape(-1, dimensions)


def _parted(line: bytes, dimensions: int) -> tuple[bytes, bytes]:
    """The word of a line and its numbers; the numbers are empty where there are too few."""
    spaces = line.count(b" ")
    if spaces == dimensions:
        word, _, row = line.partition(b" ")
        return word, row
    if spaces < dimensions:
        return line, b""
    word, *numbers = line.rsplit(b" ", dimensions)
    if not all(numbers):  # two spaces between numbers
        word, *numbers = line.rsplit(None, dimensions)
    return word.strip(b" ") or word, b" ".join(numbers)


def _whole_lines(path: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    tail = b""
    for piece in pieces:
        if len(tail) > _LONGEST_LINE:
            raise VectorsError(
                f"{path}: found a line of over {_LONGEST_LINE:,} bytes, expected a word and its "
                "numbers a line"
            )
        data = tail + piece
        cut = data.rfind(b"\n") + 1
        if cut:
            yield data[:cut]
        tail = data[cut:]
    if tail:
        yield tail


def _bad_line(path: Path, lines: list[bytes], dimensions: int, first: int) -> VectorsError:
    for number, line in enumerate(lines, first):
        if _is_bad(line, dimensions):
            return bad_row(path, number, line, dimensions)
    return VectorsError(f"{path}:{first}: found numbers that cannot be read in the lines from here")


def _is_bad(line: bytes, dimensions: int) -> bool:
    """Whether a line is no word with so many numbers."""
    try:
        return len([float(field) for field in _parted(line, dimensions)[1].split()]) != dimensions
    except ValueError:
        return True


def bad_row(path: Path, number: int, line: bytes, dimensions: int) -> VectorsError:
    """The error for a line that is no word with so many numbers; where it has commas, a cure."""
    fields = line.split()
    cure = "" if fields else ": remove this empty line"
    commas = [field for field in fields[1:] if _COMMA.search(field)]
    if commas and all(map(_DECIMAL_COMMA.fullmatch, commas)):
        cure = ": write the decimal commas as points"
    elif commas or (len(fields) == 1 and _COMMA.search(line)):
        cure = ": part its fields by spaces, not by commas"
    return VectorsError(
        f"{path}:{number}: found {_shown(line)!r}, expected a word and {dimensions} numbers{cure}"
    )


def _shown(raw: bytes) -> str:
    return raw[:60].decode("utf-8", "replace")


def check_utf8(path: Path, data: bytes, first: int) -> None:
    """Refuse lines that are no UTF-8; `first`: the number of their first line.

    Raises:
        VectorsError: with the encoding that they seem to have, and the cure.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first + data.count(b"\n", 0, error.start)
        start = data.rfind(b"\n", 0, error.start) + 1
        text = data[start : max(start + 40, error.end)].partition(b"\n")[0]
        raise VectorsError(
            f"{path}:{line}: found {text[-80:]!r}, which is no UTF-8; expected UTF-8: "
            + encodings.cure(data, error.start, path.name)
        ) from error


def one_word(path: Path, word: str, line: int) -> str:
    """A word as it is, unless it is empty or more than one line."""
    if "\n" in word or "\r" in word or not word:
        raise VectorsError(f"{path}:{line}: found the word {word!r}, expected a word of one line")
    return word


def looks_like_row(line: bytes, dimensions: int) -> bool:
    """Whether a line is text that ends in numbers, however they are written and however many.

    Numbers of four bytes each look like that once in millions of files.
    """
    fields = _BETWEEN.split(line.strip())[1:]
    least = min(2, dimensions)
    ends = fields[-least:]
    try:
        seen = line.decode("utf-8").replace("\t", " ").strip().isprintable()
    except UnicodeDecodeError:
        return False
    return seen and len(ends) == least and all(map(_NUMBER.fullmatch, ends))
