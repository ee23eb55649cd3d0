"""Vectors for other programs: word2vec's text format, safetensors, and a folder as model2vec's.

A safetensors file has `vocab.txt` and `config.json` beside it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.config import CorpusConfig
from wordrel.config.paths import regular_file
from wordrel.corpus.tokens import DOTTED, INSIDE, JOINERS, UNSEEN
from wordrel.errors import StoreError
from wordrel.io.files import write_json, write_tensors, write_text
from wordrel.models.word_model import WordModel


def embedding_of(
    word_model: WordModel, embedding: str | None = None
) -> tuple[str, Float32[np.ndarray, "V D"]]:
    """An embedding's name and its table; default: the selected one.

    Raises:
        NotAvailableError: no such embedding; the message lists all.
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


def export_hub(
    word_model: WordModel,
    folder: Path,
    *,
    card: str,
    licence: str,
    embedding: str | None = None,
    about: dict[str, Any] | None = None,
) -> None:
    """Write a folder of static embeddings, in the layout of model2vec.

    `model.safetensors` has `embeddings` [V + 1, D]: a row a word, and one of zeros for unknown
    words. `tokenizer.json` (WordLevel) has the words, and the rule of the corpus for what a word
    is. sentence-transformers reads the folder by `modules.json`.

    Args:
        word_model: the model.
        folder: a new one, or one that holds the same export.
        card: the text of README.md.
        licence: the text of LICENSE.
        embedding: which table; default: the selected one.
        about: what else goes into `config.json`, under `wordrel`.

    Raises:
        NotAvailableError: there is no such embedding.
        StoreError: the folder holds something else, or a file cannot be written.
    """
    name, table = embedding_of(word_model, embedding)
    described = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": table.shape[1],
        "normalize": False,
        "wordrel": {**(about or {}), "embedding": name},
    }
    # Hidden: what a dead process left of a file, which the next writer removes, or a .git.
    shown = folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())
    if shown and not (folder / "config.json").exists():
        raise StoreError(f"{folder}: found the files of something else; choose a new folder")
    _refuse_other(folder / "config.json", json.dumps(described), read=json.loads)
    write_json(folder / "config.json", described)
    write_json(folder / "tokenizer.json", _tokenizer(word_model))
    write_json(folder / "modules.json", _MODULES)
    write_text(folder / "README.md", card)
    write_text(folder / "LICENSE", licence)
    unknown = np.zeros((1, table.shape[1]), np.float32)
    write_tensors(folder / "model.safetensors", {"embeddings": np.concatenate([table, unknown])})


_UNKNOWN = "[UNK]"  # no word: no rule of a corpus leaves brackets in one
_MODULES = [
    {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}
]


def _tokenizer(word_model: WordModel) -> dict[str, Any]:
    """The words and the rule of their corpus, as Hugging Face's tokenizers read them."""
    words = word_model.vocab.words
    config = word_model.origin.corpus if word_model.origin else CorpusConfig(source="-")
    dotless = {"type": "Replace", "pattern": {"Regex": DOTTED}, "content": "i"}
    # Python's lower() writes a final sigma at a word's end; the tokenizer's Lowercase does not
    final = {"Regex": r"(?<=\p{L})Σ(?!\p{M}*\p{L})"}
    sigma = {"type": "Replace", "pattern": final, "content": "ς"}
    lowered: list[dict[str, Any]] = [sigma, {"type": "Lowercase"}, dotless, {"type": "NFC"}]
    written: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"Regex": f"[{UNSEEN}]"}, "content": ""},
        {"type": "NFC"},
        {"type": "Replace", "pattern": {"Regex": "[’＇]"}, "content": "'"},
        {"type": "Replace", "pattern": {"Regex": "[‐‑]"}, "content": "-"},
        *(lowered if config.lowercase else []),
    ]
    if config.digits == "zero":
        written.append({"type": "Replace", "pattern": {"Regex": r"\p{Nd}"}, "content": "0"})
    sign = r"\p{L}" if config.digits == "drop" else r"\p{L}\p{Nd}"
    run = rf"[{sign}](?:[{sign}\p{{M}}]|[{JOINERS}]+(?=[{sign}\p{{M}}]))*"
    inside = INSIDE + (r"_\-‐‑" if config.phrases else "")
    pattern = f"{run}(?:[{inside}]{run})*"
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": len(words), "content": _UNKNOWN, "special": True, "normalized": False}
            | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)
        ],
        "normalizer": {"type": "Sequence", "normalizers": written},
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": pattern},
            "behavior": "Removed",
            "invert": True,
        },
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: i for i, word in enumerate((*words, _UNKNOWN))},
            "unk_token": _UNKNOWN,
        },
    }


def _refuse_other(path: Path, text: str, read: Callable[[str], Any] = str) -> None:
    """Never overwrite a file of another export or of another program."""
    try:
        stored = read(regular_file(path, StoreError).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); {_CURE}") from error
    if stored != read(text):
        raise StoreError(f"{path}: found the file of something else; {_CURE}")


_CURE = "choose a folder of its own"
