"""Word vectors that others made: read once into a mapped array of the cache.

Reads word2vec's text and binary form, GloVe, fastText `.vec` and `.bin`, safetensors or `.npy`
with a list of words beside it, and folders of static embeddings (model2vec, sentence-transformers).
Packed files (.gz .bz2 .xz .zst) are read as they are. Writes `CACHE/vectors/DIGEST/`:
`vectors.npy` [V, D] float32, `words.txt`, `vectors.json`. No pickle is ever read.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.corpus.files import look_at_files
from wordrel.errors import StoreError, VectorsError
from wordrel.io.files import read_array, reading, write_json
from wordrel.io.marker import opened
from wordrel.io.store import build_once
from wordrel.models.vector_readers import read_vectors
from wordrel.models.vector_tables import parts_of

_log = logging.getLogger("wordrel")


@dataclass(frozen=True)
class Vectors:
    """The words of a file and their vectors.

    Attributes:
        path: the file or folder.
        digest: 12 hex digits of its bytes.
        form: such as "word2vec binary".
        words: the V words in the order of the file; of a word that comes again, the first stays.
        table: their vectors, [V, D], mapped from the cache.
        repeated: how many words came again and were left out.
    """

    path: Path
    digest: str
    form: str
    words: tuple[str, ...]
    table: Float32[np.ndarray, "V D"]
    repeated: int


def open_vectors(path: Path, cache: Path) -> Vectors:
    """The vectors of a file or folder; converted the first time, mapped from then on.

    Raises:
        VectorsError: it is no such file, or damaged; with the place and the cure.
        StoreError: the cache cannot be written, or what it holds of the file cannot be read.
    """
    path = path.absolute()
    digest = _digest(path, cache)
    folder = cache / "vectors" / digest
    build_once(folder, lambda new: _convert(path, new))
    opened(folder, "found no converted vectors; run the command again")
    with reading(folder):
        about = json.loads((folder / "vectors.json").read_text(encoding="utf-8"))
        text = (folder / "words.txt").read_bytes().decode("utf-8")  # line ends as they are
        words = tuple(text.split("\n")[:-1])
    table = read_array(folder / "vectors.npy", mapped=True)
    if len(words) != len(table):
        raise StoreError(
            f"{folder}: found {len(words):,} words for {len(table):,} vectors, expected one for "
            "each: remove this folder and run the command again"
        )
    if about["repeated"]:
        count = f"{about['repeated']:,}"
        _log.info("%s: words that came again: %s; the first vector of each stays", path, count)
    return Vectors(path, digest, about["form"], words, table, about["repeated"])


def _digest(path: Path, cache: Path) -> str:
    files = parts_of(path)
    source = look_at_files([(file, file.name, "text") for file in files], cache)
    return source.sha256[:12]


def _convert(path: Path, new: Path) -> None:
    """Write the array, the words, and what they are; one block is in memory at a time."""
    form, blocks = read_vectors(path)
    seen: set[str] = set()
    rows = repeated = dimensions = 0
    with (
        (new / "words.txt").open("w", encoding="utf-8", newline="\n") as words_file,
        (new / "vectors.npy").open("wb") as table_file,
    ):
        for words, block in blocks:
            if not dimensions:
                dimensions = block.shape[1]
                np.lib.format.write_array_header_1_0(table_file, _header(0, dimensions))
            fresh = []
            for i, word in enumerate(words):
                if word not in seen:
                    seen.add(word)
                    fresh.append(i)
            repeated += len(words) - len(fresh)
            rows += len(fresh)
            kept = block if len(fresh) == len(words) else block[fresh]
            words_file.writelines(f"{words[i]}\n" for i in fresh)
            table_file.write(np.ascontiguousarray(kept, np.float32).tobytes())
        if not rows:
            raise VectorsError(f"{path}: found no vectors, expected a word and its numbers a line")
        table_file.seek(0)
        np.lib.format.write_array_header_1_0(table_file, _header(rows, dimensions))
    write_json(new / "vectors.json", {"form": form, "repeated": repeated}, durable=False)


def _header(rows: int, columns: int) -> dict[str, Any]:
    return {"descr": "<f4", "fortran_order": False, "shape": (rows, columns)}
