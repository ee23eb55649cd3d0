"""Tables with a list of words beside them: which word each row has, and what is refused."""

import json
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from wordrel.errors import StoreError, VectorsError
from wordrel.io.marker import write_marker
from wordrel.models.vectors import open_vectors

WORDS = ["king", "queen", "cat", "dog"]
TABLE = np.arange(12, dtype=np.float32).reshape(4, 3)


def array(folder: Path, words: str | bytes) -> Path:
    np.save(folder / "v.npy", TABLE)
    (folder / "v.txt").write_bytes(words if isinstance(words, bytes) else words.encode())
    return folder / "v.npy"


def store(folder: Path, words: bytes) -> None:
    """Other words in a folder of the cache that is sound."""
    (folder / "words.txt").write_bytes(words)
    (folder / "DONE").unlink()
    write_marker(folder)


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        ("WordLevel", ["a\nb", "king", " ", "queen"]),
        ("WordPiece", ["\r", "king", "\n", "queen"]),
        ("Unigram", ["\u2581a\rb", "\u2581king", "\u2581\n", "\u2581queen"]),
        ("BPE", ["\u0120\u3000", "\u0120king", "\u0120\r\n", "\u0120queen"]),
    ],
)
def test_a_token_with_a_line_end_gives_its_row_to_no_other_word(
    tmp_path: Path, kind: str, tokens: list[str]
) -> None:
    """The words are stored one a line: each line end more used to move all words behind it."""
    save_file({"embeddings": TABLE}, tmp_path / "model.safetensors")
    pairs = [[token, -1.0] for token in tokens]
    vocab = pairs if kind == "Unigram" else {token: i for i, token in enumerate(tokens)}
    described = json.dumps({"model": {"type": kind, "vocab": vocab}})
    (tmp_path / "tokenizer.json").write_text(described, encoding="utf-8")
    found = open_vectors(tmp_path, tmp_path / "cache")
    assert found.words == ("king", "queen")
    assert found.table.tolist() == TABLE[[1, 3]].tolist()


def test_stored_words_of_another_number_than_vectors_are_refused(tmp_path: Path) -> None:
    path = array(tmp_path, "\n".join(WORDS))
    found = open_vectors(path, tmp_path / "cache")
    folder = tmp_path / "cache" / "vectors" / found.digest
    store(folder, b"a\rb\nqueen\ncat\ndog\n")
    assert open_vectors(path, tmp_path / "cache").words == ("a\rb", "queen", "cat", "dog")
    store(folder, b"a\nb\nqueen\ncat\ndog\n")
    with pytest.raises(StoreError, match=r"5 words for 4 vectors, .*: remove this folder"):
        open_vectors(path, tmp_path / "cache")


@pytest.mark.parametrize(
    "words",
    [
        "\n".join(WORDS),
        "\ufeff" + "\n".join(WORDS) + "\n",
        "\r\n".join(WORDS) + "\r\n",
        "\r".join(WORDS) + "\r",
        "king \nqueen\t\n cat\ndog  \n",
    ],
)
def test_marks_line_ends_and_blanks_are_no_part_of_a_listed_word(
    tmp_path: Path, words: str
) -> None:
    found = open_vectors(array(tmp_path, words), tmp_path / "cache")
    assert found.words == tuple(WORDS)
    assert found.table.tolist() == TABLE.tolist()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("king 10\nqueen 9\ncat 8\ndog\n", r"v\.txt:1: found 'king 10', expected a word a line"),
        ("king\t10\nqueen\t9\ncat\tx\ndog\ty\n", r"v\.txt:1: found 'king\\t10', expected a word"),
        ("word\nking 1,5\nqueen 2e-3\ncat 8\n", r"v\.txt:2: found 'king 1,5', expected a word a"),
        (
            "king\nqueen\ncafé\ndog\n".encode("cp1252"),
            r"v\.txt:3: found byte 0xe9.*iconv -f CP1252",
        ),
        ("\n".join(WORDS).encode("utf-16"), r"v\.txt:1: found byte 0xff.*looks like utf-16"),
        ("\n".join(WORDS).encode("utf-16-le"), r"v\.txt: found NUL bytes.*looks like utf-16-le"),
    ],
)
def test_a_list_of_more_than_words_or_in_another_encoding_is_refused(
    tmp_path: Path, words: str | bytes, message: str
) -> None:
    with pytest.raises(VectorsError, match=message):
        open_vectors(array(tmp_path, words), tmp_path / "cache")


def test_phrases_may_end_in_a_number_where_most_words_do_not(tmp_path: Path) -> None:
    words = ["new york", "page 12", "los angeles", "san jose"]
    found = open_vectors(array(tmp_path, "\n".join(words)), tmp_path / "cache")
    assert found.words == tuple(words)


def test_words_that_come_again_are_counted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = array(tmp_path, "king\nking\ncat\ncat\n")
    with caplog.at_level(logging.INFO, "wordrel"):
        found = open_vectors(path, tmp_path / "cache")
    assert (found.words, found.repeated) == (("king", "cat"), 2)
    assert f"{path}: words that came again: 2; the first vector of each stays" in caplog.messages


def test_names_in_capitals_are_those_of_tables(tmp_path: Path) -> None:
    array(tmp_path, "\n".join(WORDS)).rename(tmp_path / "V.NPY")
    (tmp_path / "v.txt").rename(tmp_path / "V.txt")
    save_file({"embeddings": TABLE + 1}, tmp_path / "V.SAFETENSORS")
    found = open_vectors(tmp_path / "V.NPY", tmp_path / "cache")
    assert (found.file_format, found.words) == ("npy", tuple(WORDS))
    other = open_vectors(tmp_path / "V.SAFETENSORS", tmp_path / "cache")
    assert (other.file_format, other.table.tolist()) == ("safetensors", (TABLE + 1).tolist())


@pytest.mark.parametrize(("kind", "width"), [("BF16", 2), ("F8_E4M3", 1), ("I8", 1)])
def test_numbers_that_numpy_has_no_floats_for_are_named(
    tmp_path: Path, kind: str, width: int
) -> None:
    size = 12 * width
    header = {"embeddings": {"dtype": kind, "shape": [4, 3], "data_offsets": [0, size]}}
    text = json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + bytes(size)
    (tmp_path / "v.safetensors").write_bytes(content)
    (tmp_path / "v.txt").write_text("\n".join(WORDS))
    with pytest.raises(VectorsError, match=f"found numbers of type {kind}, .*save it as float32"):
        open_vectors(tmp_path / "v.safetensors", tmp_path / "cache")
    np.save(tmp_path / "v.npy", np.full((4, 3), 1e300))
    with pytest.raises(VectorsError, match="found a number of 'king' that is not finite"):
        open_vectors(tmp_path / "v.npy", tmp_path / "cache")
