"""The forms in which others write word vectors, each as blocks of words and numbers.

Reads one file from its start to its end; a block of a few MB is in memory at a time. Writes
nothing. No pickle is ever read.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32
from safetensors import SafetensorError, safe_open

from wordrel.corpus.text import PACKED, read_bytes
from wordrel.errors import VectorsError

FASTTEXT_BINARY = "fastText binary"
_FASTTEXT = (793712314).to_bytes(4, "little")
_BLOCK = 4 << 20
_MOST_DIMENSIONS = 100_000
_TABLES = ("embedding.weight", "embeddings", "vectors")
_WORD_LISTS = ("vocab.txt", "words.txt", "tokenizer.json")
Rows = tuple[list[str], Float32[np.ndarray, "N D"]]


def parts_of(path: Path) -> list[Path]:
    """The files that are read."""
    if path.is_dir():
        return list(_static_folder(path))
    if not path.exists():
        raise VectorsError(f"{path}: there is no such file; give the path of vectors")
    if path.suffix in (".npy", ".safetensors"):
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
    found = [one for one in lists if one.is_file()]
    if not found:
        named = ", ".join(one.name for one in lists)
        raise VectorsError(f"{path}: found no list of words beside it; expected one of {named}")
    return found[0]


def read_vectors(path: Path) -> tuple[str, Iterator[Rows]]:
    """What a file is, by its first bytes, and its blocks of words and vectors."""
    if path.is_dir() or path.suffix == ".safetensors":
        return "safetensors", _safetensors(*parts_of(path))
    if path.suffix == ".npy":
        return "npy", _npy(*parts_of(path))
    pieces = read_bytes(path, block=_BLOCK)
    start = next(pieces, b"")
    if start.startswith(_FASTTEXT):
        return FASTTEXT_BINARY, _fasttext(path)
    if start[:1] == b"\x80" or start.startswith(b"PK"):
        raise VectorsError(
            f"{path}: found a pickled file, which could run code when it is read; in the program "
            "that made it, write kv.save_word2vec_format('vectors.txt') and give that"
        )
    first, _, rest = start.partition(b"\n")
    sizes = first.split()
    if len(sizes) == 2 and all(map(bytes.isdigit, sizes)):
        count, dimensions = map(int, sizes)
        _check_sizes(path, count, dimensions)
        if _is_text(rest, dimensions):
            return "word2vec text", _text(path, chain([rest], pieces), dimensions, 2, count)
        return "word2vec binary", _binary(path, chain([rest], pieces), count, dimensions)
    return "GloVe text", _text(path, chain([start], pieces), len(sizes) - 1, 1, None)


def _check_sizes(path: Path, count: int, dimensions: int) -> None:
    """Numbers of a header against the file, before memory is taken for them."""
    if not 0 < dimensions <= _MOST_DIMENSIONS:
        raise VectorsError(f"{path}: found {dimensions} dimensions, expected 1 to 100,000")
    packed = path.suffix.lower() in PACKED
    if not packed and count * dimensions > path.stat().st_size:
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


def composed(path: Path, words: Iterable[str]) -> dict[str, Float32[np.ndarray, " D"]]:
    """Vectors of words that a file lacks, from their parts, by gensim; of fastText `.bin` alone."""
    words = list(words)
    if not words or path.is_dir() or not is_fasttext(path):
        return {}
    model = _load_fasttext(path)
    return {word: np.asarray(model[word], np.float32) for word in words}


def is_fasttext(path: Path) -> bool:
    """Whether a file is a model of fastText, with the parts of words."""
    with path.open("rb") as file:
        return file.read(4) == _FASTTEXT


def _text(
    path: Path, pieces: Iterator[bytes], dimensions: int, line: int, count: int | None
) -> Iterator[Rows]:
    """Lines of a word, which may hold spaces, and its numbers."""
    if dimensions < 1:
        raise VectorsError(f"{path}:{line}: found no numbers, expected a word and its numbers")
    read = 0
    for block in _whole_lines(pieces):
        lines = [one.rstrip() for one in block.split(b"\n")]
        lines = lines if lines[-1] else lines[:-1]
        parts = [_parted(one, dimensions) for one in lines]
        try:
            numbers = np.fromstring(b" ".join(rest for _, rest in parts), np.float32, sep=" ")
        except ValueError as error:
            raise _bad_line(path, lines, dimensions, line + read) from error
        if numbers.size != len(parts) * dimensions or not all(rest for _, rest in parts):
            raise _bad_line(path, lines, dimensions, line + read)
        words = [_word(path, word, line + read + i) for i, (word, _) in enumerate(parts)]
        yield words, numbers.reshape(-1, dimensions)
        read += len(lines)
    if count is not None and read != count:
        raise VectorsError(
            f"{path}: found {read:,} words, expected {count:,} as its first line says: fetch it "
            "again"
        )


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


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
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
            piece = next(pieces, b"")
            if not piece:
                raise VectorsError(
                    f"{path}: the file ends in word {number + 1:,} of {count:,}: fetch it again"
                )
            data, at = data[at:] + piece, 0
        words.append(_word(path, data[at:space].lstrip(b"\n"), number + 1))
        rows.append(data[space + 1 : space + 1 + width])
        at = space + 1 + width
        if len(rows) * width >= _BLOCK or number == count - 1:
            yield words, np.frombuffer(b"".join(rows), "<f4").reshape(-1, dimensions)
            words, rows = [], []


def _load_fasttext(path: Path) -> Any:
    from gensim.models.fasttext import load_facebook_vectors

    try:
        return load_facebook_vectors(str(path))
    except Exception as error:  # gensim raises whatever its parser meets in a damaged file
        raise VectorsError(f"{path}: no fastText model that gensim can read ({error})") from error


def _fasttext(path: Path) -> Iterator[Rows]:
    found = _load_fasttext(path)
    words = list(found.index_to_key)
    step = max(1, _BLOCK // (4 * found.vector_size))
    for start in range(0, len(words), step):
        yield words[start : start + step], found.vectors[start : start + step]


def _npy(path: Path, listed: Path) -> Iterator[Rows]:
    try:
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise VectorsError(f"{path}: no array of numbers that can be read ({error})") from error
    return _in_blocks(path, table, _listed(listed))


def _safetensors(path: Path, listed: Path) -> Iterator[Rows]:
    try:
        with safe_open(path, framework="numpy") as file:
            every = file.keys()
            names = [name for name in every if len(file.get_slice(name).get_shape()) == 2]
            chosen = next((name for name in _TABLES if name in names), None)
            chosen = chosen or (names[0] if len(names) == 1 else None)
            if chosen is None:
                found = ", ".join(names) or "no table of two axes"
                expected = " or ".join(_TABLES)
                raise VectorsError(f"{path}: found {found}, expected one table, or {expected}")
            yield from _in_blocks(path, file.get_slice(chosen), _listed(listed))
    except (SafetensorError, TypeError) as error:
        raise VectorsError(
            f"{path}: no safetensors of floats that can be read ({error})"
        ) from error


def _in_blocks(path: Path, table: Any, words: list[str | None]) -> Iterator[Rows]:
    """The rows that have a word, a block at a time."""
    shape = tuple(table.get_shape()) if hasattr(table, "get_shape") else table.shape
    if len(shape) != 2 or shape[0] != len(words):
        raise VectorsError(
            f"{path}: found an array of {' x '.join(map(str, shape))} for {len(words):,} words, "
            "expected a row a word"
        )
    step = max(1, _BLOCK // (4 * max(1, shape[1])))
    for start in range(0, len(words), step):
        there = [i for i, word in enumerate(words[start : start + step]) if word is not None]
        block = np.asarray(table[start : min(start + step, len(words))])
        if block.dtype.kind != "f":
            raise VectorsError(f"{path}: found numbers of type {block.dtype}, expected floats")
        yield [str(words[start + i]) for i in there], block[there].astype(np.float32)


def _listed(path: Path) -> list[str | None]:
    """The word of each row; None for what is no whole word: a piece of one, or a control token."""
    if path.suffix != ".json":
        return list(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"))
    try:
        tokenizer = json.loads(path.read_text(encoding="utf-8"))
        vocab = tokenizer["model"]["vocab"]
        pairs = (
            vocab.items() if isinstance(vocab, dict) else ((w, i) for i, (w, _) in enumerate(vocab))
        )
        found: dict[int, str] = {int(i): str(word) for word, i in pairs}
        special = {str(token["content"]) for token in tokenizer.get("added_tokens", ())}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VectorsError(f"{path}: found no vocabulary of a tokenizer ({error})") from error
    kind = tokenizer["model"].get("type")
    return [_whole_word(found.get(i), kind, special) for i in range(max(found, default=-1) + 1)]


def _whole_word(token: str | None, kind: str | None, special: set[str]) -> str | None:
    """WordPiece marks a piece that goes on with ##; BPE and Unigram mark where a word begins.

    In a WordLevel vocabulary every token is a whole word.
    """
    if token is None or token in special:
        return None
    if kind == "WordLevel":
        return token
    if kind in ("Unigram", "BPE"):
        start = token[:1]
        return token[1:] or None if start in ("\u2581", "\u0120") else None
    return None if token.startswith("##") else token
