"""Models of fastText (`.bin`): checked against their file first, then read by gensim.

The file has a magic number and a version, settings, the sizes of the dictionary, its words, each
with a zero byte, a count and a kind, then the table as two sizes and its numbers.
"""

import mmap
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.corpus.packed import PACKED
from wordrel.errors import VectorsError
from wordrel.models.vector_tables import BLOCK, MOST_DIMENSIONS, Rows

MAGIC = (793712314).to_bytes(4, "little")
_SETTINGS = struct.Struct("<13i d")  # after the magic: a version, twelve settings, a threshold
_DICTIONARY = struct.Struct("<3i 2q")
_TABLE = struct.Struct("<? 2q")
_AFTER_WORD = 1 + 8 + 1  # the zero byte, the count, the kind
_LONGEST_PART = 100  # signs of a part of a word; fastText takes 3 to 6


def is_fasttext(path: Path) -> bool:
    """Whether a file is a model of fastText, with the parts of words."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def composed(path: Path, words: Iterable[str]) -> dict[str, Float32[np.ndarray, " D"]]:
    """Vectors of words that a file lacks, from their parts, by gensim; of fastText `.bin` alone."""
    words = list(words)
    if not words or path.is_dir() or not is_fasttext(path):
        return {}
    model = _load(path)
    if not model.bucket:  # trained without parts of words
        return {}
    return {word: np.asarray(model[word], np.float32) for word in words}


def fasttext_rows(path: Path) -> Iterator[Rows]:
    """The words of a model and their vectors.

    Raises:
        VectorsError: gensim cannot read it, it is packed, or shorter than its header requires.
    """
    if path.suffix.lower() in PACKED:
        raise VectorsError(
            f"{path}: found a packed model of fastText, expected it unpacked: unpack it first"
        )
    vectors = _load(path)
    words = list(vectors.index_to_key)
    step = max(1, BLOCK // (4 * vectors.vector_size))
    for start in range(0, len(words), step):
        yield words[start : start + step], vectors.vectors[start : start + step]


def _load(path: Path) -> Any:
    from gensim.models.fasttext import load_facebook_vectors

    try:
        _check(path)
        return load_facebook_vectors(str(path))
    except Exception as error:  # gensim raises whatever its parser meets in a damaged file
        raise VectorsError(f"{path}: no fastText model that gensim can read ({error})") from error


def _check(path: Path) -> None:
    """Compare the sizes with the file; gensim allocates memory by them.

    Raises:
        ValueError, struct.error: they do not fit.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        settings, at = _SETTINGS.unpack_from(data, len(MAGIC)), len(MAGIC) + _SETTINGS.size
        dimensions, buckets, shortest, longest = (settings[i] for i in (1, 9, 10, 11))
        if not 0 < dimensions <= MOST_DIMENSIONS:
            raise ValueError(f"found {dimensions} dimensions, expected 1 to {MOST_DIMENSIONS:,}")
        if min(shortest, longest, buckets) < 0 or longest > _LONGEST_PART:
            raise ValueError(
                f"found {buckets:,} parts of words, of {shortest} to {longest} signs; expected at "
                f"most {_LONGEST_PART} signs"
            )
        entries, words, _, _, pruned = _DICTIONARY.unpack_from(data, at)
        at = _after_words(data, at + _DICTIONARY.size, entries) + 8 * max(pruned, 0)
        packed, rows, columns = _TABLE.unpack_from(data, at)
    if packed:
        raise ValueError("found a quantized model (.ftz), expected one that is not")
    if (rows, columns) != (words + buckets, dimensions) or words > entries:
        raise ValueError(
            f"found a table of {rows:,} x {columns:,} for {words:,} words and {buckets:,} parts of "
            f"{dimensions:,} numbers"
        )
    if 4 * rows * columns > path.stat().st_size - at - _TABLE.size:
        raise ValueError(
            f"its header says {rows:,} x {columns:,} numbers, which the file of "
            f"{path.stat().st_size:,} bytes cannot hold"
        )


def _after_words(data: mmap.mmap, at: int, entries: int) -> int:
    """Where the dictionary ends."""
    if not 0 <= entries <= (len(data) - at) // _AFTER_WORD:
        raise ValueError(f"its header says {entries:,} words, which the file cannot hold")
    for number in range(entries):
        end = data.find(b"\0", at)
        if end < 0:
            raise ValueError(f"the file ends in word {number + 1:,} of {entries:,}")
        at = end + _AFTER_WORD
    return at
