"""A corpus on disk: memory-mapped ids, the vocabulary, what went in and what was dropped.

Reads and writes `train/`, `development/` and `test/` (each with ids.npy, sentence_ends.npy and
document_ends.npy; beside `train/` only `held_out/` where a config has that share), `words.txt`,
`counts.npy`, `corpus.json`, and `timing.json`, the one file that differs between two builds of the
same corpus.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Int32, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.io.files import read_array, reading
from wordrel.io.store import opened

SPLIT_ARRAYS: dict[str, type[np.generic]] = {
    "ids": np.int32,
    "sentence_ends": np.int64,
    "document_ends": np.int64,
}


@dataclass(frozen=True)
class Split:
    """The training, development or test part.

    Attributes:
        ids: of all tokens in the order of the text, shape [N]; memory-mapped, read only.
        sentence_ends: exclusive token ends, rising, the last is N, shape [S].
        document_ends: likewise; each is a sentence end too, shape [M].
    """

    ids: Int32[np.ndarray, " N"]
    sentence_ends: Int64[np.ndarray, " S"]
    document_ends: Int64[np.ndarray, " M"]


def empty_split() -> Split:
    """A part without text."""
    return Split(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True)
class Corpus:
    """Text that all models of a study share.

    Attributes:
        name: the config's.
        digest: 12 hex digits of source bytes, settings and code version.
        vocab: the words, counted in the training part.
        train: the training part.
        test: what models are tested on; empty if the config sets none aside.
        report: what went in, what was dropped or repaired, and how long it took.
        development: what settings are chosen on; empty if the config sets none aside.
    """

    name: str
    digest: str
    vocab: Vocab
    train: Split
    test: Split
    report: dict[str, Any]
    development: Split = field(default_factory=empty_split)


def open_corpus(folder: Path) -> Corpus:
    """Open a finished corpus; costs as much as its word list, the ids stay on disk.

    Raises:
        DamagedError: when the folder does not hold what was written; it is set aside.
        StoreError: when there is no finished corpus, or it cannot be read.
    """
    opened(folder, _ABSENT)
    with reading(folder):
        about = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
        timing = json.loads((folder / "timing.json").read_text(encoding="utf-8"))
        words = tuple((folder / "words.txt").read_text(encoding="utf-8").split("\n")[:-1])
        vocab = Vocab(words, read_array(folder / "counts.npy"))
        in_three = (folder / "development").is_dir()
        train, test = (
            open_split(folder / n) for n in ("train", "test" if in_three else "held_out")
        )
        development = open_split(folder / "development") if in_three else empty_split()
        report = about["report"] | timing
        return Corpus(about["name"], about["digest"], vocab, train, test, report, development)


_ABSENT = (
    "found no whole corpus, expected what `wordrel corpus prepare` writes: run it, or set "
    "WORDREL_CACHE to the cache that has it"
)


def open_split(folder: Path) -> Split:
    """Map the three arrays of a part."""
    return Split(*(read_array(folder / f"{name}.npy", mapped=True) for name in SPLIT_ARRAYS))


def sentence_blocks(
    ids: Int[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], tokens: int
) -> Iterator[tuple[Int[np.ndarray, " B"], Int64[np.ndarray, " R"]]]:
    """Consecutive whole sentences, of up to `tokens` tokens together or one that is longer.

    Args:
        ids: of all tokens; may be memory-mapped.
        ends: exclusive token ends of the sentences, rising, the last N.
        tokens: how many at a time.

    Yields:
        The tokens of each block, and where its sentences end within it.
    """
    first = start = 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, start + tokens, side="right")))
        stop = int(ends[last - 1])
        yield np.asarray(ids[start:stop]), np.asarray(ends[first:last]) - start
        first, start = last, stop


def joined_ranges(
    starts: Int64[np.ndarray, " S"], sizes: Int64[np.ndarray, " S"]
) -> Int64[np.ndarray, " N"]:
    """The places start, start + 1 and so on of each stretch, one stretch after the other."""
    before = np.cumsum(sizes) - sizes
    places: Int64[np.ndarray, " N"] = np.arange(sizes.sum()) + np.repeat(starts - before, sizes)
    return places


class ArrayWriter:
    """Appends to a one-dimensional .npy file whose length is not known before its end."""

    def __init__(self, path: Path, dtype: type[np.generic]) -> None:
        self.length = 0
        self._dtype = np.dtype(dtype)
        self._file = path.open("wb")
        self._header()

    def _header(self) -> None:
        """Goes at the start again when the length is known: numpy leaves room for any."""
        description = {"descr": self._dtype.str, "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self._file, description)

    def append(self, values: Sequence[int] | np.ndarray) -> None:
        """Add numbers, converted to the file's type."""
        self._file.write(np.asarray(values, self._dtype).tobytes())
        self.length += len(values)

    def close(self) -> None:
        """Write the length and close."""
        with self._file:
            self._file.seek(0)
            self._header()


@contextmanager
def array_writers(
    folder: Path, dtypes: Mapping[str, type[np.generic]]
) -> Iterator[dict[str, ArrayWriter]]:
    """Make a folder and write one array a name into it, until the end of the block."""
    folder.mkdir(parents=True)
    with ExitStack() as files:
        yield {
            name: files.enter_context(closing(ArrayWriter(folder / f"{name}.npy", dtype)))
            for name, dtype in dtypes.items()
        }
