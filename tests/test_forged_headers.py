"""Files whose header asks for more than they hold: refused in one line, before memory is taken.

The address space of the process that reads them is limited: whatever would take the memory that a
header asks for ends there with a MemoryError.
"""

import gzip
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import save_facebook_model

from wordrel.errors import StoreError
from wordrel.io.files import read_array, read_tensors

READ = """
import json, resource, sys, time
from pathlib import Path
from safetensors import safe_open
from gensim.models.fasttext import load_facebook_vectors
from wordrel.models.vectors import open_vectors
from wordrel.errors import WordrelError
from wordrel.io.files import read_array, read_tensors

def read(path):
    if path.name.startswith("own"):
        return read_tensors(path) if path.suffix == ".safetensors" else read_array(path)
    return open_vectors(path, Path(sys.argv[1]))

(size,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmSize"))
limit = int(size) * 1024 + 256 * 10**6
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name in sys.argv[2:]:
    before = time.process_time()
    try:
        said = f"read {read(Path(name))}"
    except WordrelError as error:
        said = str(error)
    print(json.dumps([said, time.process_time() - before]))
"""


def npy(shape: str, *, version: int = 1, length: int | None = None) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    size = struct.pack("<H" if version == 1 else "<I", len(header) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + bytes(16)


def safetensors(tensors: object, data: int = 16, length: int | None = None) -> bytes:
    header = json.dumps(tensors).encode() if not isinstance(tensors, bytes) else tensors
    return struct.pack("<Q", len(header) if length is None else length) + header + bytes(data)


def table(rows: int, columns: int, start: int, stop: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": [rows, columns], "data_offsets": [start, stop]}


def fasttext(at: int, form: str, value: int, folder: Path) -> bytes:
    """A sound model with one number of it replaced."""
    path = folder / "sound"
    if not path.exists():
        words = [["walking", "walked", "talking", "talked"]] * 5
        save_facebook_model(
            FastText(words, vector_size=8, min_count=1, bucket=50, workers=1), str(path)
        )
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at if at >= 0 else data.index(struct.pack("<2q", 54, 8)), value)
    return bytes(data)


BIG = 10**12
VECTORS = {
    "word2vec_text": (b"999999999999 300\na 1 2\n", "cannot hold"),
    "word2vec_text_counts": (b"9 2\na 1 2\nb 1 2\n", "cannot hold"),
    "word2vec_digits": (b"9" * 5000 + b" 2\na 1 2\n", "a number of over 18 digits"),
    "word2vec_binary": (b"999999999 300\na \0\0\0\0", "cannot hold"),
    "word2vec_binary_counts": (b"9 2\na " + bytes(8) + b"b " + bytes(8), "cannot hold"),
    "word2vec_dimensions": (b"1 99999999\na \0\0", "found 99999999 dimensions"),
    "glove": (b"a" + b" 1" * 100_001 + b"\n", "found 100001 numbers"),
    "table.npy": (npy(f"({BIG}, {BIG})"), "1000000000000 x 1000000000000 numbers"),
    "negative.npy": (npy(f"(-{BIG}, 3)"), "cannot hold"),
    "long.npy": (npy("(2, 2)", version=2, length=4 * 10**9), "has 4,000,000,000 bytes"),
    "wide.npy": (npy(f"(0, {BIG})"), "expected a row a word, of 1 to 100,000 numbers"),
    "arrays.npz": (b"PK\x03\x04" + bytes(60), "an archive of arrays, expected one array"),
    "long.safetensors": (safetensors({}, length=10**15), "1,000,000,000,000,000 bytes itself"),
    "huge.safetensors": (safetensors(b"{" + b" " * (9 << 20) + b"}"), "expected at most 8,388,608"),
    "beyond.safetensors": (
        safetensors({"vectors": table(BIG, 4, 0, 16 * BIG)}),
        "no safetensors of floats",
    ),
    "shape.safetensors": (safetensors({"vectors": table(BIG, 4, 0, 16)}), "no safetensors of"),
    "overflow.safetensors": (
        safetensors({"vectors": table(1 << 62, 1 << 62, 0, 16)}),
        "no safetensors of",
    ),
    "overlap.safetensors": (
        safetensors({"vectors": table(2, 2, 0, 16), "other": table(2, 2, 0, 16)}),
        "no safetensors of floats",
    ),
    "hole.safetensors": (safetensors({"vectors": table(1, 2, 8, 16)}), "no safetensors of floats"),
    "none.safetensors": (safetensors({"vectors": table(0, BIG, 0, 0)}, 0), "a row a word, of 1 to"),
    "own.npy": (npy(f"({BIG},)"), "1000000000000 numbers of 4 bytes"),
    "own_long.npy": (npy("(2, 2)", version=2, length=4 * 10**9), "has 4,000,000,000 bytes"),
    "own.safetensors": (safetensors({"a": table(BIG, 4, 0, 16 * BIG)}), "cannot be read"),
    "own_long.safetensors": (safetensors({}, length=10**15), "bytes itself, which the file of"),
}
FASTTEXT = {  # where a number stands, its form, what is put there, what is said
    "dimensions": (8, "<i", 2**31 - 1, "found 2147483647 dimensions"),
    "buckets": (40, "<i", 2**31 - 1, "found a table of 54 x 8 for 4 words and 2,147,483,647"),
    "parts": (48, "<i", 2**31 - 1, "to 2147483647 signs"),
    "words": (64, "<i", 2**31 - 1, "its header says 2,147,483,647 words"),
    "word": (64, "<i", 9, "found a table of|the file ends in word|found a quantized"),
    "pruned": (84, "<q", 2**60, "no fastText model"),
    "rows": (-1, "<q", 2**40, "found a table of 1,099,511,627,776 x 8"),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float]]:
    """What is said of each file, and the seconds of a processor that it took."""
    folder = tmp_path_factory.mktemp("forged")
    paths = list(written(folder))
    done = subprocess.run(
        [sys.executable, "-c", READ, str(folder / "cache"), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {path.name: tuple(answer) for path, answer in zip(paths, answers, strict=True)}


def written(folder: Path) -> Iterator[Path]:
    for name, (content, _) in VECTORS.items():
        (folder / name).write_bytes(content)
        (folder / name).with_suffix(".txt").write_text("a\nb\n", encoding="utf-8")
        yield folder / name
    for name, (at, form, value, _) in FASTTEXT.items():
        (folder / name).write_bytes(fasttext(at, form, value, folder))
        yield folder / name
    for name in ("endless", "packed_words"):  # 64 MB of one sign in a few KB
        start = b"1 2\n" if name == "packed_words" else b"a 1 2\n"
        (folder / f"{name}.gz").write_bytes(gzip.compress(start + b"0" * (64 << 20)))
        yield folder / f"{name}.gz"
    np.save(folder / "far.npy", np.zeros((2, 2), np.float32))
    vocabulary = {"model": {"type": "WordLevel", "vocab": {"a": 0, "b": BIG}}}
    (folder / "tokenizer.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    yield folder / "far.npy"


@pytest.mark.parametrize("name", VECTORS)
def test_a_header_is_held_against_the_file(read: dict[str, tuple[str, float]], name: str) -> None:
    said, seconds = read[name]
    assert VECTORS[name][1] in said
    assert f"/{name}:" in said and "\n" not in said
    assert seconds < 10


@pytest.mark.parametrize("name", FASTTEXT)
def test_the_sizes_of_a_fasttext_model_are_held_against_it(
    read: dict[str, tuple[str, float]], name: str
) -> None:
    said, seconds = read[name]
    assert any(expected in said for expected in FASTTEXT[name][3].split("|")), said
    assert "no fastText model that gensim can read" in said and "\n" not in said
    assert seconds < 10


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("endless.gz", "found a line of over"),
        ("packed_words.gz", "found no end of word 1"),
        ("far.npy", "found a word of row 1,000,000,000,000, expected 2 rows"),
    ],
)
def test_what_has_no_end_is_not_read_to_the_end(
    read: dict[str, tuple[str, float]], name: str, expected: str
) -> None:
    assert expected in read[name][0]


def test_a_sound_file_is_read_as_before(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    for order in ("C", "F"):
        np.save(tmp_path / "a.npy", np.asarray(values, order=order))
        assert read_array(tmp_path / "a.npy").tolist() == values.tolist()
        assert read_array(tmp_path / "a.npy", mapped=True).tolist() == values.tolist()
    np.save(tmp_path / "empty.npy", values[:0])
    assert read_array(tmp_path / "empty.npy").shape == (0, 3)
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match="it does not hold plain numbers"):
        read_array(tmp_path / "objects.npy")
    (tmp_path / "cut.safetensors").write_bytes(b"\0")
    with pytest.raises(StoreError, match="cannot hold"):
        read_tensors(tmp_path / "cut.safetensors")


def test_the_command_refuses_a_forged_file_in_one_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from wordrel.cli import app

    path = tmp_path / "v.safetensors"
    path.write_bytes(VECTORS["beyond.safetensors"][0])
    (tmp_path / "vocab.txt").write_text("a\n")
    ended = CliRunner().invoke(app, ["evaluate", str(path), "--cache", str(tmp_path / "cache")])
    assert ended.exit_code == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: {path}: ")
