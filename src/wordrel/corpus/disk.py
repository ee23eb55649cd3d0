"""A corpus on disk: memory-mapped ids, the vocabulary, what went in and what was dropped.

Reads and writes `train/` and `held_out/` (ids.npy, sentence_ends.npy, document_ends.npy),
`words.txt`, `counts.npy`, `corpus.json`, and `timing.json`, the one file that differs between two
builds of the same corpus.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.errors import StoreError


@dataclass(frozen=True)
class Split:
    """The training or the held-out part.

    Attributes:
        ids: of all tokens in the order of the text, shape [N]; memory-mapped, read only.
        sentence_ends: exclusive token ends, rising, the last is N, shape [S].
        document_ends: likewise; each is a sentence end too, shape [M].
    """

    ids: Int32[np.ndarray, " N"]
    sentence_ends: Int64[np.ndarray, " S"]
    document_ends: Int64[np.ndarray, " M"]


@dataclass(frozen=True)
class Corpus:
    """Text that all models of a study share.

    Attributes:
        name: the config's.
        digest: 12 hex digits of source bytes, settings and code version.
        vocab: the words, counted in the training part.
        train: the training part.
        held_out: the documents kept apart; empty if none were asked for.
        report: what went in, what was dropped or mended, and how long it took.
    """

    name: str
    digest: str
    vocab: Vocab
    train: Split
    held_out: Split
    report: dict[str, Any]


def open_corpus(folder: Path) -> Corpus:
    """Open a finished corpus; costs as much as its word list, the ids stay on disk.

    Raises:
        StoreError: when the folder holds no whole corpus.
    """
    try:
        about = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
        timing = json.loads((folder / "timing.json").read_text(encoding="utf-8"))
        words = tuple((folder / "words.txt").read_text(encoding="utf-8").split("\n")[:-1])
        vocab = Vocab(words, np.load(folder / "counts.npy", allow_pickle=False))
        train, held_out = open_split(folder / "train"), open_split(folder / "held_out")
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder}: found no whole corpus ({error}); expected what `wordrel corpus prepare` "
            "wrote: delete the folder and prepare the corpus again"
        ) from error
    report = about["report"] | timing
    return Corpus(about["name"], about["digest"], vocab, train, held_out, report)


def open_split(folder: Path) -> Split:
    """Map the three arrays of a part."""
    return Split(*(_map(folder / f"{n}.npy") for n in ("ids", "sentence_ends", "document_ends")))


def _map(path: Path) -> np.ndarray:
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


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

    def append(self, array: np.ndarray) -> None:
        """Add the array's values, converted to the file's type."""
        self._file.write(array.astype(self._dtype, copy=False).tobytes())
        self.length += len(array)

    def close(self) -> None:
        """Write the length, sync and close."""
        self._file.seek(0)
        self._header()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
