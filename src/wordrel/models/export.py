"""Vectors for other programs: word2vec's text format, and safetensors.

Reads a model in memory; writes FILE, and for safetensors `vocab.txt` and `config.json` beside it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.config.paths import regular_file
from wordrel.errors import StoreError
from wordrel.io.files import write_json, write_tensors, write_text
from wordrel.models.word_model import WordModel


def embedding_of(
    word_model: WordModel, embedding: str | None = None
) -> tuple[str, Float32[np.ndarray, "V D"]]:
    """An embedding's name and its table; default: the selected one.

    Raises:
        NotAvailableError: naming the embeddings there are.
    """
    name = word_model.chosen(embedding, "alike", word_model.embeddings)
    return name, word_model.embeddings[name]


def export_word2vec(word_model: WordModel, path: Path, *, embedding: str | None = None) -> None:
    """Write word2vec's text format: a line `V D`, then a word and its values a line.

    Words come by descending frequency. Nine digits give every float32 back exactly.

    Raises:
        NotAvailableError: there is no such embedding.
        StoreError: the file cannot be written.
    """
    _, table = embedding_of(word_model, embedding)
    lines = [f"{table.shape[0]} {table.shape[1]}"]
    for word, row in zip(word_model.vocab.words, table.tolist(), strict=True):
        lines.append(" ".join((word, *(format(value, ".9g") for value in row))))
    write_text(path, "\n".join(lines) + "\n")


def export_safetensors(
    word_model: WordModel,
    path: Path,
    *,
    embedding: str | None = None,
    about: dict[str, Any] | None = None,
) -> None:
    """Write `embedding.weight` [V, D] as safetensors, the words beside it, and what it is.

    Args:
        word_model: the model.
        path: of the safetensors file; `vocab.txt` (line i is the word of row i) and `config.json`
            go into its folder.
        embedding: which table; default: the selected one.
        about: what else goes into `config.json`.

    Raises:
        NotAvailableError: there is no such embedding.
        StoreError: the folder holds other words, or a file cannot be written.
    """
    name, table = embedding_of(word_model, embedding)
    rows, columns = table.shape
    described = {**(about or {}), "embedding": name, "vocab_size": rows, "embedding_dim": columns}
    words = "".join(f"{word}\n" for word in word_model.vocab.words)
    _refuse_other(path.with_name("vocab.txt"), words)
    _refuse_other(path.with_name("config.json"), json.dumps(described), read=json.loads)
    write_text(path.with_name("vocab.txt"), words)
    write_json(path.with_name("config.json"), described)
    write_tensors(path, {"embedding.weight": table})


def _refuse_other(path: Path, text: str, read: Callable[[str], Any] = str) -> None:
    """Leave alone what belongs to another export, or to somebody else."""
    try:
        there = read(regular_file(path, StoreError).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); {_CURE}") from error
    if there != read(text):
        raise StoreError(f"{path}: found the file of something else; {_CURE}")


_CURE = "choose a folder of its own with --to"
