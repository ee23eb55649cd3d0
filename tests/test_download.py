"""The downloader against a real server on loopback."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from shelf import Shelf, open_shelf
from wordrel.config import CorpusConfig
from wordrel.corpus import prepare
from wordrel.corpus.sources import find_novels
from wordrel.errors import CorpusError, DownloadError, StoreError
from wordrel.io import download
from wordrel.io.download import _session, fetch_files

TEXTS = {"a.txt": b"the first novel\n" * 20, "b.txt": b"the second novel\n" * 20}
REGISTRY = {name: hashlib.sha256(text).hexdigest() for name, text in TEXTS.items()}


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with open_shelf(TEXTS) as server:
        yield server


def fetch(shelf: Shelf, folder: Path, pauses: tuple[float, ...] = ()) -> None:
    fetch_files(REGISTRY, folder, shelf.url, pauses=pauses)


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


def test_good_files_are_fetched_whole(shelf: Shelf, tmp_path: Path) -> None:
    fetch(shelf, tmp_path / "new" / "folder")
    assert kept(tmp_path / "new" / "folder") == TEXTS
    assert shelf.requests == ["/a.txt", "/b.txt"]


def test_a_file_takes_its_place_when_it_is_on_disk_and_not_before(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def sync(path: Path) -> None:
        synced.append((path.name, kept(tmp_path).keys()))

    monkeypatch.setattr(download, "sync", sync)
    fetch(shelf, tmp_path)
    assert synced[0] == ("a.txt", set())
    assert synced[1] == (tmp_path.name, {"a.txt"})
    assert kept(tmp_path) == TEXTS


def test_what_a_killed_download_left_goes_with_the_next(shelf: Shelf, tmp_path: Path) -> None:
    left = tmp_path / ".a.txt.00000000.partial"
    left.mkdir()
    (left / "a.txt").write_text("half")
    fetch(shelf, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "a.txt", "b.txt"]


def test_a_redirect_is_followed(shelf: Shelf, tmp_path: Path) -> None:
    shelf.plan["a.txt"] = ["moved"]
    fetch(shelf, tmp_path)
    assert kept(tmp_path) == TEXTS
    assert shelf.requests == ["/a.txt", "/elsewhere/a.txt", "/b.txt"]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("wrong", "found another file than expected"),
        ("missing", "the server answered 404"),
        ("cut", "the connection failed or was cut"),
        ("busy", "the server answered 503"),
    ],
)
def test_trouble_names_the_address_what_happened_and_the_cure(
    shelf: Shelf, tmp_path: Path, trouble: str, said: str
) -> None:
    shelf.plan["b.txt"] = [trouble]
    with pytest.raises(DownloadError) as error:
        fetch(shelf, tmp_path)
    message = str(error.value)
    assert message.startswith(f"{shelf.url}b.txt: {said}")
    assert "WORDREL_DATA" in message
    assert kept(tmp_path) == {"a.txt": TEXTS["a.txt"]}  # what was whole stays, nothing half


def test_the_next_call_fetches_only_what_is_missing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.plan["b.txt"] = ["cut"]
    with pytest.raises(DownloadError):
        fetch(shelf, tmp_path)
    shelf.requests.clear()
    fetch(shelf, tmp_path)
    assert shelf.requests == ["/b.txt"]
    assert kept(tmp_path) == TEXTS


def test_a_file_that_is_not_what_it_should_be_is_fetched_again(
    shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"half a nov")
    fetch(shelf, tmp_path)
    assert kept(tmp_path) == TEXTS


@pytest.mark.parametrize("trouble", ["cut", "busy"])
def test_what_may_pass_is_tried_again(shelf: Shelf, tmp_path: Path, trouble: str) -> None:
    shelf.plan["a.txt"] = [trouble, trouble]
    fetch(shelf, tmp_path, pauses=(0.0, 0.0))
    assert shelf.requests == ["/a.txt"] * 3 + ["/b.txt"]


@pytest.mark.parametrize("trouble", ["missing", "wrong"])
def test_what_will_not_pass_is_not_asked_again(shelf: Shelf, tmp_path: Path, trouble: str) -> None:
    shelf.plan["a.txt"] = [trouble]
    with pytest.raises(DownloadError):
        fetch(shelf, tmp_path, pauses=(0.0, 0.0))
    assert shelf.requests == ["/a.txt"]


@pytest.mark.parametrize("sizes", [{name: len(text) for name, text in TEXTS.items()}, None])
def test_a_server_that_never_ends_is_left_at_the_pinned_size(
    shelf: Shelf, tmp_path: Path, sizes: dict[str, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordrel.io.download._MOST", 1 << 20)
    shelf.plan["b.txt"] = ["endless"]
    size = sizes["b.txt"] if sizes else 1 << 20
    with pytest.raises(DownloadError, match=f"b.txt: found another .*larger than {size:,} bytes"):
        fetch_files(REGISTRY, tmp_path, shelf.url, sizes=sizes, pauses=())
    assert kept(tmp_path) == {"a.txt": TEXTS["a.txt"]}
    fetch_files(REGISTRY, tmp_path, shelf.url, sizes=sizes, pauses=())
    assert kept(tmp_path) == TEXTS


def test_only_https_is_asked_and_a_redirect_elsewhere_is_refused(
    shelf: Shelf, tmp_path: Path
) -> None:
    refused = r"found http://example.invalid/a.txt, expected https"
    with pytest.raises(DownloadError, match=refused):
        fetch_files(REGISTRY, tmp_path, "http://example.invalid/", pauses=(0.0,))
    shelf.plan["a.txt"] = ["away"]
    with pytest.raises(DownloadError, match=refused):
        fetch(shelf, tmp_path)
    assert kept(tmp_path) == {}


@pytest.mark.parametrize(
    ("start", "url", "allowed"),
    [
        ("https://a.org/b", "https://c.org/d", True),
        ("http://127.0.0.1:8/b", "http://127.0.0.1:8/d", True),
        ("https://a.org/b", "http://127.0.0.1:8/d", False),  # no door to servers of this machine
        ("http://127.0.0.1:8/b", "http://127.0.0.1:8@c.org/d", False),
        ("https://a.org/b", "http://a.org/b", False),
        ("https://a.org/b", "file:///etc/hosts", False),
    ],
)
def test_where_a_download_may_lead(start: str, url: str, allowed: bool) -> None:
    with _session(start) as session:
        if allowed:
            session.get_adapter(url)
        else:
            with pytest.raises(requests.exceptions.InvalidSchema):
                session.get_adapter(url)


def test_without_a_network_the_error_says_so(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(DownloadError, match=r"a\.txt: the connection failed or was cut"):
        fetch_files(REGISTRY, tmp_path, url, pauses=())
    assert kept(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_the_stores_error(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written"):
        fetch(shelf, tmp_path / "file")


def test_novels_that_are_not_here_are_downloaded_when_the_corpus_is_prepared(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    monkeypatch.setattr("wordrel.corpus.sources.NOVELS_URL", shelf.url)
    monkeypatch.setattr("wordrel.corpus.sources.novels_registry", lambda: REGISTRY)
    heard: list[str] = []
    config = CorpusConfig(source="novels", documents="file", held_out=0)
    assert find_novels(tmp_path) is None
    corpus = prepare(config, tmp_path, progress=lambda share, doing: heard.append(doing))
    assert corpus.vocab.words == ("novel", "the", "first", "second")
    assert corpus.report["documents"] == 2
    assert heard[:2] == ["fetching a.txt", "fetching b.txt"]
    (tmp_path / "downloads" / "novels" / "b.txt").write_bytes(b"changed since")
    with pytest.raises(CorpusError, match=r"b\.txt: found sha256"):
        prepare(config, tmp_path)
