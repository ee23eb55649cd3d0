"""Text and binary files of vectors that are not quite what they should be: read right, or refused.

What is misread has scores that look sound, so each case is held against its words and numbers.
"""

import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from planted import toy_corpus
from wordrel.config import TrainingConfig, VectorsConfig
from wordrel.errors import VectorsError
from wordrel.models.trained import Runtime
from wordrel.models.vector_readers import read_vectors
from wordrel.models.vectors import open_vectors, path_digest, train

WORDS = ["king", "queen", "cat", "dog"]
TABLE = [[0.5, 0.25, 1.5], [0.5, 0.75, 1.5], [-0.5, 0.25, 2.0], [-0.25, 0.25, 8.0]]
ROWS = "king 0.5 0.25 1.5\nqueen 0.5 0.75 1.5\ncat -0.5 0.25 2.0\ndog -0.25 0.25 8.0\n"
TABBED = ROWS.replace(" ", "\t")
BINARY = b"4 3\n" + b"".join(
    word.encode() + b" " + np.array(row, "<f4").tobytes() + b"\n"
    for word, row in zip(WORDS, TABLE, strict=True)
)


def read(path: Path, content: str | bytes) -> tuple[str, list[str], list[list[float]]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    form, blocks = read_vectors(path)
    words: list[str] = []
    table: list[list[float]] = []
    for block_words, block in blocks:
        words += block_words
        table += block.tolist()
    return form, words, table


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("\ufeff4 3\n" + ROWS, "word2vec text"),
        ("\ufeff" + ROWS, "GloVe text"),
        (b"\xef\xbb\xbf" + BINARY, "word2vec binary"),
        (BINARY.replace(b"4 3\n", b"4 3\r\n"), "word2vec binary"),
        (BINARY + b"\r\n", "word2vec binary"),
        (ROWS.replace("g ", "g  ").replace("n ", "n  ").replace("t ", "t  "), "GloVe text"),
        ("4 3\n" + ROWS.replace("k", " k").replace("cat", "  cat"), "word2vec text"),
        (ROWS.replace(" 0", "  0"), "GloVe text"),
        (TABBED, "GloVe text"),
        ("4 3\n" + TABBED, "word2vec text"),
        ("4\t3\n" + TABBED.replace("\n", "\r\n"), "word2vec text"),
        (ROWS.replace("g ", "g\t").replace("n ", "n\t").replace("t ", "t\t"), "GloVe text"),
    ],
)
def test_marks_blanks_and_tabs_are_no_part_of_a_word(
    tmp_path: Path, content: str | bytes, form: str
) -> None:
    assert read(tmp_path / "v", content) == (form, WORDS, TABLE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("4 2\n" + ROWS, "v:2: found 3 numbers behind 'king', expected 2 as line 1 says: most"),
        ("king 0.5\n" + ROWS, "v:2: found 3 numbers behind 'king', expected 1 as in line 1: most"),
        (
            ROWS.replace("queen", "queen 7.5"),
            "v:2: found 4 numbers behind 'queen', expected 3 as in line 1: mend this line",
        ),
        (
            "2 2\npage 12 1 0\nking 0 1\n",
            "v:2: found 3 numbers behind 'page', expected 2 as line 1 says: mend this line",
        ),
        ("2 5\n" + ROWS, "v:2: found 'king 0.5 0.25 1.5', expected a word and 5 numbers"),
        ("4 3\n" + ROWS.replace(".", ","), "v:2: found 'king 0,5 .*: write the decimal commas as"),
        (ROWS.replace(".", ","), "v:1: found 'king 0,5 .*: write the decimal commas as points"),
        ("4 3\n" + ROWS.replace(" ", ","), "v:2: found 'king,0.5,.*: part its fields by spaces"),
        (ROWS.replace(" ", ","), "v:1: found fields parted by ',', expected a word and its"),
        ("word;a;b;c\n" + ROWS, "v:1: found fields parted by ';', expected a word and its"),
        (ROWS.replace(" ", ", "), "v:1: found 'king, 0.5, .*: part its fields by spaces"),
        (BINARY.replace(b"4 3", b"3 3", 1), "found more bytes behind the last of 3 words"),
        (ROWS.replace("0.75", "nan"), "v:2: found a number of 'queen' that is not finite"),
        ("4 3\n" + ROWS.replace("8.0", "1e40"), "v:5: found a number of 'dog' that is not finite"),
        (
            (ROWS + "café 1 2 3\n").encode("latin-1"),
            "v:5: found b'caf.*UTF-8: it looks like cp1252",
        ),
        (ROWS.encode("utf-16"), "v:1: found NUL bytes, .*it looks like utf-16: convert it: iconv"),
        (ROWS.encode("utf-16-le"), "v:1: found NUL bytes, .*it looks like utf-16-le: convert it"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "v:1: found no numbers"),
        ("king 0 1 2\n" + ROWS, "v:1: found 'king 0 1 2', which names the columns; .*remove this"),
        ('"" 1 2 3\r\n' + ROWS, "v:1: .* which names the columns"),
        ("word\t0\t1\t2\n" + TABBED, "v:1: .* which names the columns"),
        ("word d0 d1 d2\n" + ROWS, "v:1: found 'word d0 d1 d2', which names the columns; .*remove"),
        ("x\ta\tb\tc\n" + TABBED, "v:1: .* which names the columns"),
        (json.dumps(dict(zip(WORDS, TABLE, strict=True))), "v: found JSON, expected .*a line for"),
        (json.dumps([{"word": WORDS[0]}], indent=1), "v: found JSON"),
        (b"PAR1\x15\x04\0", "v: found Parquet, expected text or another format"),
        (b"ARROW1\0\0", "v: found Arrow, expected text or another format"),
    ],
)
def test_what_would_be_misread_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(VectorsError, match=message):
        read(tmp_path / "v", content)


@pytest.mark.parametrize(
    "rows",
    [
        "king 0 1 2\nqueen 2 1 0\n",  # whole numbers all through
        "king 0 1\nqueen 0.5 0.5\n",  # too few to be numbers of columns
        "king 0 2 1\nqueen 0.5 0.5 0.5\n",
        '{"a" 0.5 0.25\n["b", 0.5 0.5\n',
    ],
)
def test_a_first_line_of_few_or_other_numbers_is_a_word(tmp_path: Path, rows: str) -> None:
    lines = rows.splitlines()
    form, words, table = read(tmp_path / "v", rows)
    assert (form, words) == ("GloVe text", [line.split()[0] for line in lines])
    assert table == [[float(number) for number in line.split()[1:]] for line in lines]


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_an_array_that_is_packed_or_has_another_name_is_named(tmp_path: Path, suffix: str) -> None:
    np.save(tmp_path / "v.npy", np.float32(TABLE))
    save_file({"v": np.float32(TABLE)}, tmp_path / "v.safetensors")
    content = (tmp_path / f"v{suffix}").read_bytes()
    found = rf"found what a {suffix} file holds, expected a file that ends in {suffix}: "
    with pytest.raises(VectorsError, match=found + "unpack it, with its list of words beside it"):
        read(tmp_path / f"v{suffix}.gz", gzip.compress(content))
    with pytest.raises(VectorsError, match=found + "rename it"):
        read(tmp_path / "v.bin", content)


def test_a_header_of_128_bytes_is_no_pickled_file(tmp_path: Path) -> None:
    start = b"\x80" + bytes(7) + b'{"v": '
    with pytest.raises(VectorsError, match=r"found what a \.safetensors file holds"):
        read(tmp_path / "v", start + b" " * 122)


def test_the_first_lines_of_a_file_get_a_cure_for_its_header(tmp_path: Path) -> None:
    cure = "fetch or copy it again, or, if you changed it, "
    with pytest.raises(VectorsError, match=rf"found 4 .*: {cure}write '4 3' as its first line"):
        read(tmp_path / "v", "9 3\n" + ROWS)
    with pytest.raises(VectorsError, match=rf"cannot hold: {cure}mend the numbers of its first"):
        read(tmp_path / "v", "900 3\n" + ROWS)


@pytest.mark.parametrize("size", range(1, len("dog -0.25 0.25 8")))
@pytest.mark.parametrize("header", ["4 3\n", "9 3\n", ""])
def test_a_file_that_is_cut_within_a_line_says_so(tmp_path: Path, size: int, header: str) -> None:
    whole, last = ROWS[: ROWS.index("dog")], "dog -0.25 0.25 8.0"
    place = "word 4" + f" of {header[:1]}" * bool(header)
    message = f"v:{4 + bool(header)}: the file ends in {place}: fetch or copy it again"
    with pytest.raises(VectorsError, match=message):
        read(tmp_path / "v", (header + whole).replace("cat", "grey cat") + last[:size])


def test_a_sign_that_is_cut_is_no_other_encoding(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match="the file ends in word 5 of 9"):
        read(tmp_path / "v", ("9 3\n" + ROWS).encode() + "é".encode()[:1])
    with pytest.raises(VectorsError, match=r"found 4 words, expected 9 .*: fetch or copy it again"):
        read(tmp_path / "v", "9 3\n" + ROWS)


@pytest.mark.parametrize(
    "content",
    [
        "4 3\n" + ROWS.replace("8.0\n", "x"),  # no number and no start of one
        "4 3\n" + ROWS.replace(" 8.0\n", "\n"),  # all lines are there
        "9 3\n" + ROWS.replace(" 8.0\n", "\n").replace(" 0.75", ""),  # nor is another line whole
        ROWS.replace(" 8.0\n", " 8,0"),
    ],
)
def test_a_wrong_last_line_is_not_the_end_of_a_cut_file(tmp_path: Path, content: str) -> None:
    with pytest.raises(VectorsError, match="expected a word and 3 numbers"):
        read(tmp_path / "v", content)


@pytest.mark.parametrize(
    ("line", "other"),
    [("page 12", ""), ("new york", ""), ("version 2.0", "new york 1.5 1.5 1.5\n"), ("4", "")],
)
def test_phrases_with_the_right_count_of_numbers_are_words(
    tmp_path: Path, line: str, other: str
) -> None:
    count = 5 + bool(other)
    added = f"{line} 0.5 1.5 2.5\n{other}"
    form, words, table = read(tmp_path / "v", f"{count} 3\n{ROWS}{added}")
    assert (form, words[:5]) == ("word2vec text", [*WORDS, line])
    assert table[:5] == [*TABLE, [0.5, 1.5, 2.5]]
    assert read(tmp_path / "v", ROWS + added)[1][4] == line
    first = read(tmp_path / "v", f"{count} 3\n{added}{ROWS}")
    assert (first[1][0], first[2][0]) == (line, [0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["glove.txt"], "found a zip archive, expected the file that is in it: unpack it"),
        (["a.npy", "b.npy"], "found an archive of arrays, expected one array"),
        (["archive/data.pkl", "archive/data/0"], "found a pickled file"),
    ],
)
def test_what_is_in_an_archive_decides_what_is_said(
    tmp_path: Path, names: list[str], message: str
) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "king 1 2\n")
    with pytest.raises(VectorsError, match=message):
        read(tmp_path / "V.BIN", made.getvalue())
    with pytest.raises(VectorsError, match="found an archive of arrays, expected one array"):
        read(tmp_path / "V.NPZ", b"PK\x03\x04")


@pytest.mark.parametrize("number", ["nan", "inf", "-1e999"])
def test_a_study_refuses_a_number_that_is_not_finite_as_evaluate_does(
    tmp_path: Path, number: str
) -> None:
    path = tmp_path / "v.txt"
    path.write_text(ROWS.replace("0.75", number))
    config = VectorsConfig(kind="vectors", path=path)
    config = config.model_copy(update={"digest": path_digest(config)})
    corpus = toy_corpus([[0, 1]])
    message = r"v\.txt:2: found a number of 'queen' that is not finite"
    with pytest.raises(VectorsError, match=message):
        train(corpus, TrainingConfig(), config, 1, Runtime("cpu"))
    with pytest.raises(VectorsError, match=message):
        open_vectors(path, tmp_path / "cache")
