"""Bytes to text: archives, encodings, line ends, and what is said about bad bytes."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from wordrel.corpus.packed import Unpacked, read_bytes
from wordrel.corpus.text import LineReader
from wordrel.errors import CorpusError

PACKERS = {
    ".txt": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


def decoded(data: bytes, size: int = 1 << 20, **how: Any) -> str:
    return "".join(LineReader(**how).blocks(chunks(data, size), "here"))


@pytest.mark.parametrize("suffix", PACKERS)
def test_every_kind_of_archive_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    data = b"one two\nthree\n" * 5000
    path = tmp_path / f"text{suffix}"
    path.write_bytes(PACKERS[suffix](data))
    assert b"".join(read_bytes(path, block=1000)) == data


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_several_members_in_one_archive_are_all_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(PACKERS[suffix](b"one\n") + PACKERS[suffix](b"two\n"))
    assert b"".join(read_bytes(path)) == b"one\ntwo\n"


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_damaged_head_of_a_later_member_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    first, second = PACKERS[suffix](b"one\n"), PACKERS[suffix](b"two\n")
    path.write_bytes(first + bytes([second[0] ^ 1]) + second[1:] + first)
    with pytest.raises(CorpusError, match="the archive is cut off or damaged"):
        list(read_bytes(path))


def test_members_of_xz_may_be_filled_up(tmp_path: Path) -> None:
    path = tmp_path / "text.xz"
    path.write_bytes(lzma.compress(b"one\n") + bytes(8) + lzma.compress(b"two\n") + bytes(4))
    assert b"".join(read_bytes(path)) == b"one\ntwo\n"


def test_a_zstd_file_that_takes_much_memory_has_a_cure(tmp_path: Path) -> None:
    wide = zstandard.ZstdCompressionParameters.from_level(1, window_log=28, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    path = tmp_path / "text.zst"
    path.write_bytes(packer.compress(b"one\n") + packer.flush())
    with pytest.raises(CorpusError, match=r"unpack it: zstd -d --long=31 .*text\.zst"):
        list(read_bytes(path))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_cut_archive_is_an_error_with_file_and_offset(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    data = b"".join(b"%d line\n" % (i * i * 7919 % 1000003) for i in range(20_000))
    whole = PACKERS[suffix](data)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    read = 0
    with pytest.raises(CorpusError, match="the archive is cut off or damaged") as error:
        for piece in read_bytes(path, block=1000):
            read += len(piece)
    assert str(error.value).startswith(f"{path}: byte {read} (decompressed): ")


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_an_archive_without_a_byte_is_an_error_and_no_empty_text(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"text{suffix}"
    path.touch()
    with pytest.raises(CorpusError, match="the archive is cut off or damaged"):
        list(read_bytes(path))
    path.write_bytes(PACKERS[suffix](b""))
    assert list(read_bytes(path)) == []


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_file_that_only_claims_to_be_an_archive_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(b"this is plain text, not an archive at all")
    with pytest.raises(CorpusError, match=r"byte 0 \(decompressed\): the archive is cut off or"):
        list(read_bytes(path))


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_file_that_holds_too_much_ends_before_it_is_unpacked(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordrel.corpus.packed._FREE", 1 << 16)
    path = tmp_path / f"text{suffix}"
    path.write_bytes(PACKERS[suffix](b"a word\n" * 1_000_000))
    pieces = read_bytes(path, block=1 << 16)
    if suffix == ".txt":
        assert sum(map(len, pieces)) == 7_000_000
        return
    read = 0
    with pytest.raises(CorpusError, match=r"over 100 times its [\d,]+ bytes") as error:
        for piece in pieces:
            read += len(piece)
    assert read <= max(1 << 16, 100 * path.stat().st_size) + (1 << 16)
    assert str(error.value).startswith(f"{path}: ")
    assert "max_unpacked_ratio" in str(error.value)
    higher = Unpacked(ratio=1e5)
    assert sum(map(len, read_bytes(path, limits=higher))) == 7_000_000
    with pytest.raises(CorpusError, match=r"over 0\.005 GB of unpacked text.*max_unpacked_gb"):
        list(read_bytes(path, block=1 << 16, limits=Unpacked(ratio=1e5, gigabytes=0.005)))


def test_a_small_packed_file_may_have_any_ratio(tmp_path: Path) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"a word\n" * 1_000_000))
    assert path.stat().st_size * 100 < 7_000_000
    assert sum(map(len, read_bytes(path))) == 7_000_000


def test_a_range_of_a_plain_file_has_exactly_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"0123456789")
    assert b"".join(read_bytes(path, 2, 9, block=3)) == b"2345678"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lf_crlf_and_lone_cr_each_end_one_line(size: int) -> None:
    assert decoded(b"a\nb\r\nc\rd\r\r\ne\n\re", size) == "a\nb\nc\nd\n\ne\n\ne"


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_byte_order_mark_is_left_out_at_the_start_only(size: int) -> None:
    assert decoded(b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", size) == "a\n\ufeffb\n"


@given(st.text(alphabet="ab\r\n é€😀"), st.integers(1, 9))
def test_the_size_of_a_read_never_changes_the_text(text: str, size: int) -> None:
    assert decoded(text.encode(), size) == text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.binary(max_size=60), st.integers(1, 9))
def test_replacing_is_the_same_for_every_read_size_and_counts_each_bad_byte(
    data: bytes, size: int
) -> None:
    lines = LineReader(replace=True)
    text = "".join(lines.blocks(chunks(data, size), "here"))
    assert text == decoded(data, replace=True)
    good = data.decode("utf-8", "ignore")
    assert lines.replaced_bytes == len(data) - len(good.encode()) + good.count("\0")


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize(
    ("data", "at", "found"),
    [
        (b"\xef\xbb\xbfab\r\ncd\xffe", 9, "found 0xff, which is no UTF-8"),
        ("grün\nblau\n".encode() + b"caf\xe9\n", 14, "found 0xe9, which is no UTF-8"),
        (b"ab\ncut off: \xe2\x82", 12, "found 0xe2, which is no UTF-8"),
        (b"one\r\ntwo\0three", 8, "found a NUL byte"),
    ],
)
def test_a_bad_byte_is_named_with_its_place(data: bytes, at: int, found: str, size: int) -> None:
    with pytest.raises(CorpusError) as error:
        decoded(data, size)
    assert str(error.value).startswith(f"here: byte {at}: {found}")
    assert "bad_utf8=replace" in str(error.value)


def test_offsets_count_from_the_start_of_the_file_when_a_range_is_read() -> None:
    with pytest.raises(CorpusError, match="here: byte 105: found a NUL"):
        list(LineReader().blocks([b"\nabcd\0"], "here", offset=100))


def test_a_line_without_a_break_is_an_error_at_its_start() -> None:
    assert decoded(b"ten bytes!\n0123456789\r\nx", 7, limit=10) == "ten bytes!\n0123456789\nx"
    with pytest.raises(CorpusError, match=r"here: byte 11: found a line of over 10 bytes"):
        decoded(b"ten bytes!\n0123456789x\n", 7, limit=10)


@pytest.mark.parametrize("size", [1, 5, 8])
def test_a_long_line_is_split_after_a_space_and_never_inside_a_letter(size: int) -> None:
    lines = LineReader(split=True, limit=8)
    data = "aa bb cc dd\nüüüüüüü\nx".encode()
    blocks = lines.blocks(chunks(data, size), "here")
    pieces = [piece for block in blocks for piece in block.splitlines(keepends=True)]
    assert pieces == ["aa bb ", "cc dd\n", "üüüü", "üüü\n", "x"]
    assert lines.split_lines == 2


def test_a_letter_that_straddles_the_limit_goes_to_the_next_piece() -> None:
    lines = LineReader(split=True, limit=5)
    letters = "üüüü".encode()
    assert list(lines.blocks([letters[:5], letters[5:]], "x")) == ["üü", "üü"]


class Counted(bytes):
    """Bytes that count what is copied to append them to others."""

    copied = 0

    def __radd__(self, before: bytes) -> bytes:
        Counted.copied += len(before)
        return bytes(before) + bytes(self)


@pytest.mark.parametrize("letters", [b"word ", b"wordword"])
def test_a_line_that_never_ends_is_copied_a_few_times_however_small_the_reads(
    letters: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counted, "copied", 0)
    data = letters * 8000
    reads = (Counted(piece) for piece in chunks(data, 4))
    assert "".join(LineReader(split=True, limit=4000).blocks(reads, "here")) == data.decode()
    assert Counted.copied < 4 * len(data)
