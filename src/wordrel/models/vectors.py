"""Word vectors from files: to compare, or as a model of a study.

Reads word2vec's text and binary format, GloVe, fastText `.vec` and `.bin`, safetensors or `.npy`
with a list of words beside it, and folders of static embeddings (model2vec, sentence-transformers).
Packed files (.gz .bz2 .xz .zst) are read as they are. `open_vectors` writes `CACHE/vectors/DIGEST/`
once: `vectors.npy` [V, D] float32, `words.txt`, `vectors.json`. No pickle is ever read.

As a model, vectors have the rows of the corpus's words, and stand beside trained models in every
table of word similarity. A word that the file lacks has a row of zeros, and no answer.

Glossary: V words, D dimensions.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.config import TrainingConfig, VectorsConfig
from wordrel.corpus import Corpus
from wordrel.corpus.files import Source, check_unchanged, look_at_files
from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
from wordrel.errors import StoreError, TrainingError, VectorsError
from wordrel.io.files import files_digest, read_array, reading, write_json
from wordrel.io.marker import opened
from wordrel.io.store import build_once
from wordrel.models.fasttext_files import composed
from wordrel.models.relations import Cosine, Product
from wordrel.models.spaces import CENTRED, centred
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.vector_readers import read_vectors
from wordrel.models.vector_tables import parts_of
from wordrel.models.word_model import WordModel

_log = logging.getLogger("wordrel")


@dataclass(frozen=True)
class Vectors:
    """The words of a file and their vectors.

    Attributes:
        path: the file or folder; None of vectors in memory.
        digest: 12 hex digits of its bytes.
        file_format: such as "word2vec binary".
        words: the V words in the order of the file; of a word that comes again, the first stays.
        table: their vectors, [V, D], mapped from the cache.
        repeated: how many words came again and were left out.
    """

    path: Path | None
    digest: str
    file_format: str
    words: tuple[str, ...]
    table: Float32[np.ndarray, "V D"]
    repeated: int


def open_vectors(path: Path, cache: Path) -> Vectors:
    """The vectors of a file or folder; converted the first time, mapped from then on.

    Raises:
        VectorsError: it is no such file, or damaged; with the place and the cure.
        CorpusError: the file changed while it was read.
        StoreError: the cache cannot be written, or what it holds of the file cannot be read.
    """
    path = path.absolute()
    source = _look_at(path, cache)
    digest = source.sha256[:12]
    folder = cache / "vectors" / digest

    def convert(new: Path) -> None:
        _convert(path, new)
        check_unchanged(source)  # else these are vectors of other bytes

    build_once(folder, convert)
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


def _look_at(path: Path, cache: Path) -> Source:
    return look_at_files([(file, file.name, "text") for file in parts_of(path)], cache)


def _convert(path: Path, new: Path) -> None:
    """Write the array, the words, and their description, one block at a time."""
    file_format, blocks = read_vectors(path)
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
    write_json(new / "vectors.json", {"form": file_format, "repeated": repeated}, durable=False)


def _header(rows: int, columns: int) -> dict[str, Any]:
    return {"descr": "<f4", "fortran_order": False, "shape": (rows, columns)}


def train(
    corpus: Corpus,
    training: TrainingConfig,
    config: VectorsConfig,
    seed: int,
    runtime: Runtime,
) -> Trained:
    """Learns nothing: reads the file and keeps the rows of the vocabulary.

    Of words that differ in case alone, the first of the file counts, as in gensim.

    Raises:
        VectorsError: the file cannot be read.
        TrainingError: it is not the file that the study was planned with, or has no word of it.
    """
    if config.digest != path_digest(config):
        raise TrainingError(f"{config.path}: found other bytes than when the study was planned")
    rows = {word: i for i, word in enumerate(corpus.vocab.words)}
    lowered = all(word == word.lower() for word in rows)
    table = np.zeros((0, 0), np.float32)
    covered = np.zeros(len(rows), np.bool_)
    for words, block in read_vectors(config.path)[1]:
        table = table if table.size else np.zeros((len(rows), block.shape[1]), np.float32)
        for word, vector in zip(words, block, strict=True):
            row = rows.get(spelled(word, lowercase=lowered), -1)
            if row >= 0 and not covered[row]:
                table[row], covered[row] = vector, True
    lacking = [word for word, row in rows.items() if not covered[row]]
    for word, vector in composed(config.path, lacking).items():
        table[rows[word]], covered[rows[word]] = vector, True
    if not covered.any():
        raise TrainingError(f"{config.path}: found none of the {len(rows):,} words of the corpus")
    return Trained(
        {"input": table}, parameters=int(covered.sum()) * table.shape[1], trained_tokens=0
    )


def path_digest(config: VectorsConfig) -> str:
    """12 hex digits of the bytes that are read."""
    return files_digest(parts_of(config.path))


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: VectorsConfig
) -> WordModel:
    """See `of_table`."""
    return of_table(vocab, tensors, "a file of vectors says nothing of words in a context")


def of_table(vocab: Vocab, tensors: Tensors, why: str) -> WordModel:
    """One table as embedding, and as relations the cosine and the product of two rows.

    Args:
        vocab: the words.
        tensors: "input" [V, D].
        why: there is no loss and no context.
    """
    table = tensors["input"]
    return WordModel(
        vocab,
        embeddings={"input": table, "input" + CENTRED: centred(table)},
        relations={"cosine": Cosine(table), "in.in": Product(table, table)},
        selected={"alike": "input", "relate": "cosine", "in_context": "static"},
        unavailable={"context": why, "fit": why},
    )


VECTORS = Model(train, read, version=1, passes=0, seeded=False)
