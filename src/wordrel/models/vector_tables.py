"""Vectors as a table of numbers with a list of words beside it: .npy, safetensors, model2vec.

A block of a few MB of the table is in memory at a time. No pickle is ever read.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32
from safetensors import SafetensorError, safe_open

from wordrel.errors import VectorsError
from wordrel.io import encodings
from wordrel.io.headers import check_npy, check_safetensors

BLOCK = 4 << 20
MOST_DIMENSIONS = 100_000
Rows = tuple[list[str], Float32[np.ndarray, "N D"]]
_TABLES = ("embedding.weight", "embeddings", "vectors")
_WORD_LISTS = ("vocab.txt", "words.txt", "tokenizer.json")
_FLOATS = ("F16", "F32", "F64")
_COUNTED = re.compile(r"[ \t][-+\d.,eE]*\d$")
_BYTE_SPACE = "\u0120"
"""A blank, in vocabularies of bytes."""
_PRINTED = (*range(33, 127), *range(161, 173), *range(174, 256))
_OTHERS = (byte for byte in range(256) if byte not in _PRINTED)
_BYTES = {chr(byte): byte for byte in _PRINTED} | {chr(256 + n): b for n, b in enumerate(_OTHERS)}
"""Letter -> byte, as GPT-2 and its heirs write bytes in their vocabularies."""


def parts_of(path: Path) -> list[Path]:
    """The files that are read."""
    if path.is_dir():
        return list(_static_folder(path))
    if not path.exists():
        raise VectorsError(f"{path}: there is no such file; give the path of vectors")
    if path.suffix.lower() in (".npy", ".safetensors"):
        return [path, _words_beside(path)]
    return [path]


def _static_folder(folder: Path) -> tuple[Path, Path]:
    """The table and the word list of a folder of static embeddings."""
    for place in (folder, folder / "0_StaticEmbedding"):
        table = place / "model.safetensors"
        lists = [place / name for name in _WORD_LISTS if (place / name).is_file()]
        if table.is_file() and lists:
            return table, lists[0]
    raise VectorsError(
        f"{folder}: found no static embeddings; expected model.safetensors with tokenizer.json or "
        "vocab.txt, as model2vec and sentence-transformers write them"
    )


def _words_beside(path: Path) -> Path:
    lists = [path.with_suffix(".txt"), *(path.with_name(name) for name in _WORD_LISTS)]
    present = [listing for listing in lists if listing.is_file()]
    if not present:
        named = ", ".join(listing.name for listing in lists)
        raise VectorsError(f"{path}: found no list of words beside it; expected one of {named}")
    return present[0]


def npy_rows(path: Path, listed: Path) -> Iterator[Rows]:
    """The rows of an array and their words.

    Raises:
        VectorsError: it is no array of floats, is shorter than its header, or lacks words.
    """
    cure = "fetch or copy it again"
    try:
        check_npy(path)
        cure = "write it as float32 with np.save"
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy raises whatever its parser meets in a damaged header
        raise VectorsError(
            f"{path}: no array of numbers that can be read ({error}): {cure}"
        ) from error
    return _in_blocks(path, table, listed)


def safetensors_rows(path: Path, listed: Path) -> Iterator[Rows]:
    """The rows and words of the only table of a safetensors file, or of one with a known name.

    Raises:
        VectorsError: as `npy_rows`.
    """
    try:
        check_safetensors(path)
        with safe_open(path, framework="numpy") as file:
            every = file.keys()
            names = [name for name in every if len(file.get_slice(name).get_shape()) == 2]
            chosen = next((name for name in _TABLES if name in names), None)
            chosen = chosen or (names[0] if len(names) == 1 else None)
            if chosen is None:
                tables = ", ".join(names) or "no table of two axes"
                expected = " or ".join(_TABLES)
                raise VectorsError(f"{path}: found {tables}, expected one table, or {expected}")
            table = file.get_slice(chosen)
            if table.get_dtype() not in _FLOATS:  # numpy has no bfloat16 and no floats of 8 bits
                raise _no_floats(path, table.get_dtype())
            yield from _in_blocks(path, table, listed)
    except (SafetensorError, TypeError, ValueError) as error:
        raise VectorsError(
            f"{path}: no safetensors of floats that can be read ({error}): fetch or copy it again"
        ) from error


def _in_blocks(path: Path, table: Any, listed: Path) -> Iterator[Rows]:
    """The rows that have a word, a block at a time."""
    shape = tuple(table.get_shape()) if hasattr(table, "get_shape") else table.shape
    rows = shape[0] if shape else 0
    words = _listed(listed, rows)
    if len(shape) != 2 or len(words) != rows or not 0 < shape[1] <= MOST_DIMENSIONS:
        raise VectorsError(
            f"{path}: found an array of {' x '.join(map(str, shape))} for {len(words):,} words, "
            f"expected a row a word, of 1 to {MOST_DIMENSIONS:,} numbers"
        )
    step = max(1, BLOCK // (4 * shape[1]))
    for start in range(0, rows, step):
        with_word = [i for i, word in enumerate(words[start : start + step]) if word is not None]
        block = np.asarray(table[start : min(start + step, rows)])
        if block.dtype.kind != "f":
            raise _no_floats(path, str(block.dtype))
        with np.errstate(over="ignore"):  # too large for 32 bits: refused later, as infinite
            kept = block[with_word].astype(np.float32)
        yield [str(words[start + i]) for i in with_word], kept


def _no_floats(path: Path, kind: str) -> VectorsError:
    return VectorsError(
        f"{path}: found numbers of type {kind}, expected floats of 16, 32 or 64 bits: save it as "
        "float32"
    )


def _listed(path: Path, rows: int) -> list[str | None]:
    """The word of each row; None for a piece of a word, or a control token."""
    text = _text_of(path)
    if path.suffix != ".json":
        return list(_a_word_a_line(path, text))
    try:
        tokenizer = json.loads(text)
        vocab = tokenizer["model"]["vocab"]
        pairs = (
            vocab.items() if isinstance(vocab, dict) else ((w, i) for i, (w, _) in enumerate(vocab))
        )
        tokens: dict[int, str] = {int(i): str(word) for word, i in pairs}
        special = {str(token["content"]) for token in tokenizer.get("added_tokens", ())}
        kind = tokenizer["model"].get("type")
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as e:
        raise VectorsError(f"{path}: found no vocabulary of a tokenizer ({e})") from e
    last = max(tokens, default=-1)
    if last >= rows:  # a list of that many words is not made
        raise VectorsError(f"{path}: found a word of row {last:,}, expected {rows:,} rows")
    return [_whole_word(tokens.get(i), kind, special) for i in range(last + 1)]


def _text_of(path: Path) -> str:
    """A list of words, without a byte order mark; whatever its line ends, they become LF."""
    text = encodings.utf8_text(path.read_bytes(), path, VectorsError)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _a_word_a_line(path: Path, text: str) -> list[str]:
    """The lines of a list, without blanks at their ends.

    Raises:
        VectorsError: most lines hold a count or another column: no word of them would be found.
    """
    words = [line.strip(" \t") or line for line in text.removesuffix("\n").split("\n")]
    parted = [i for i, word in enumerate(words) if " " in word or "\t" in word]
    if 2 * len(parted) > len(words):
        with_columns = [i for i in parted if "\t" in words[i] or _COUNTED.search(words[i])]
        if 2 * len(with_columns) > len(words):
            first = with_columns[0]
            raise VectorsError(
                f"{path}:{first + 1}: found {words[first]!r}, expected a word a line and "
                "nothing behind it: leave out the other columns"
            )
    return words


def _of_bytes(letters: str) -> str | None:
    """The text of bytes that are written as letters; None where it is no whole text."""
    try:
        return bytes(_BYTES[letter] for letter in letters).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None


def _whole_word(token: str | None, kind: str | None, special: set[str]) -> str | None:
    """WordPiece marks a piece that goes on with ##; BPE and Unigram mark where a word begins.

    In a WordLevel vocabulary every token is a whole word, if it is not blank or two lines.
    """
    if token is None or token in special:
        return None
    if kind in ("Unigram", "BPE"):
        if token[:1] not in ("\u2581", _BYTE_SPACE):
            return None
        token = token[1:] if token[0] != _BYTE_SPACE else _of_bytes(token[1:])
        if token is None:
            return None
    elif kind != "WordLevel" and token.startswith("##"):
        return None
    broken = "\n" in token or "\r" in token  # the words are kept one a line
    return token if token.strip() and not broken else None
