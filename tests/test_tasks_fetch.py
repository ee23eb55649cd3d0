"""Published sets: found where they lie, fetched from a server on loopback, and never half."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wordrel.cli import app
from wordrel.errors import DatasetError, DownloadError, MissingDatasetError
from wordrel.tasks import load_task
from wordrel.tasks.fetch import fetch_task, find_files
from wordrel.tasks.registry import REGISTRY, DataFile, DataSet, TaskInfo

PAIRS = b"cat\tdog\t7\ncat\tcar\t2\n"
DEEP = b"deep\n"


def known(content: bytes) -> DataFile:
    return DataFile(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


FILES = {"pairs.tsv": known(PAIRS), "below/deep.txt": known(DEEP)}


class Server(ThreadingHTTPServer):
    """Gives out `files` by path; anything else is not found."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path[1:])
        content = self.server.files.get(self.path[1:])
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Stands for the upstream of a set `toy` of two files."""
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    with Server() as started:
        started.files = {"pairs.tsv": PAIRS, "below/deep.txt": DEEP}
        thread = threading.Thread(target=started.serve_forever, args=(0.01,))
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def toy(server: Server) -> TaskInfo:
    return toy_of(server)


def toy_of(server: Server, **changes: Any) -> TaskInfo:
    """A task of two files; `changes` are those of its set."""
    about: dict[str, Any] = {"name": "toy", "license": "not specified", "files": FILES}
    data = DataSet(**about | {"url": server.url} | changes)
    return TaskInfo(
        name="toy", kind="pairs", description="Toys.", data=data, files=tuple(FILES), n_items=2
    )


def changed(info: TaskInfo, **changes: Any) -> TaskInfo:
    return info.model_copy(update=changes)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


WHOLE = zipped({"pairs.tsv": PAIRS, "below/deep.txt": DEEP})
START = 30 + len("pairs.tsv")  # of the first member's compressed bytes
BROKEN = WHOLE[:START] + b"\xff" + WHOLE[START + 1 :]


def with_header(offset: int, value: bytes) -> bytes:
    """The archive with a byte of every member's two headers changed: in place, and in the list."""
    content = bytearray(WHOLE)
    for mark, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = content.find(mark)
        while start >= 0:
            content[start + offset + shift] = value[0]
            start = content.find(mark, start + 1)
    return bytes(content)


def below(folder: Path) -> list[str]:
    """All files, the locks of downloads left out."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return sorted(str(path.relative_to(folder)) for path in paths)


def test_what_is_not_here_is_missing_with_place_and_cure(
    server: Server, toy: TaskInfo, tmp_path: Path
):
    with pytest.raises(MissingDatasetError) as error:
        find_files(toy, tmp_path)
    assert str(error.value) == (
        "toy: found no pairs.tsv, below/deep.txt in $WORDREL_DATA, which is not set, nor in "
        f"{tmp_path}/downloads/eval/toy; get it with `wordrel tasks fetch toy`, or set "
        "WORDREL_DATA to a folder that has it below eval/toy"
    )


def test_a_set_is_fetched_verified_and_found(server: Server, toy: TaskInfo, tmp_path: Path):
    new = fetch_task(toy, tmp_path)
    folder = tmp_path / "downloads" / "eval" / "toy"
    assert new == find_files(toy, tmp_path) == [folder / "pairs.tsv", folder / "below/deep.txt"]
    assert [path.read_bytes() for path in new] == [PAIRS, DEEP]
    server.asked.clear()
    assert fetch_task(toy, tmp_path) == []
    assert server.asked == []


def test_only_what_is_missing_is_fetched_and_the_users_folder_comes_first(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    mine = tmp_path / "data" / "eval" / "toy" / "pairs.tsv"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(PAIRS)
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path / "data"))
    fetch_task(toy, tmp_path / "cache")
    assert server.asked == ["below/deep.txt"]
    (tmp_path / "cache" / "downloads" / "eval" / "toy" / "pairs.tsv").write_bytes(PAIRS)
    assert find_files(toy, tmp_path / "cache")[0] == mine
    assert below(tmp_path / "data") == ["eval/toy/pairs.tsv"]  # nothing is written there


def test_a_file_that_is_not_the_pinned_one_is_refused(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "eval" / "toy" / "pairs.tsv"
    path.parent.mkdir(parents=True)
    path.write_bytes(PAIRS + b"\n")
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"eval/toy/pairs\.tsv: found sha256 [0-9a-f]{64}, exp"):
        find_files(toy, tmp_path)
    server.files["pairs.tsv"] = PAIRS[::-1]
    monkeypatch.delenv("WORDREL_DATA")
    with pytest.raises(DownloadError, match=r"pairs\.tsv: found another file than expected"):
        fetch_task(toy, tmp_path / "cache", pauses=())
    assert below(tmp_path / "cache") == []


def test_a_file_that_the_server_lacks_names_where_to_put_it(
    server: Server, toy: TaskInfo, tmp_path: Path
):
    del server.files["below/deep.txt"]
    with pytest.raises(DownloadError, match=r"answered 404.*\$WORDREL_DATA/eval/toy by hand"):
        fetch_task(toy, tmp_path, pauses=(0.0,))
    assert below(tmp_path) == ["downloads/eval/toy/pairs.tsv"]


def test_what_cannot_be_downloaded_is_said_and_the_rest_is_fetched(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    toy = toy_of(server, unavailable={"pairs.tsv": "it was made by hand"})
    with pytest.raises(MissingDatasetError) as error:
        fetch_task(toy, tmp_path)
    assert "toy: found no pairs.tsv in" in str(error.value)
    assert "pairs.tsv cannot be downloaded: it was made by hand; set WORDREL_DATA" in str(
        error.value
    )
    assert "tasks fetch" not in str(error.value)
    assert below(tmp_path) == ["downloads/eval/toy/below/deep.txt"]


def test_members_of_an_archive_are_taken_by_content_and_nothing_else_is_unpacked(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    toy = toy_of(server, archive="toy.zip")
    evil = {"../../evil.txt": b"out", "/etc/evil": b"out", "other/pairs.tsv": PAIRS[::-1]}
    members = {**evil, "toy-data/pairs.tsv": PAIRS, "toy-data/below/deep.txt": DEEP}
    server.files["toy.zip"] = zipped(members)
    assert [path.read_bytes() for path in fetch_task(toy, tmp_path / "cache")] == [PAIRS, DEEP]
    folder = "cache/downloads/eval/toy"
    assert below(tmp_path) == [f"{folder}/below/deep.txt", f"{folder}/pairs.tsv"]
    assert server.asked == ["toy.zip"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped({"toy/pairs.tsv": PAIRS[::-1], "below/deep.txt": DEEP}), "found no pairs.tsv with"),
        (zipped({"toy/xpairs.tsv": PAIRS, "below/deep.txt": DEEP}), "found no pairs.tsv with"),
        (zipped({"pairs.tsv": PAIRS * 10**5, "below/deep.txt": DEEP}), "found no pairs.tsv with"),
        (b"no archive", "found no sound zip file"),
        (BROKEN, "found no sound zip file"),
        (with_header(6, b"\x01"), "found no sound zip file"),  # encrypted
        (with_header(8, b"\x63"), "found no sound zip file"),  # no such method
        (with_header(8, b"\x0c"), "found no sound zip file"),  # bzip2, which it is not
        (with_header(8, b"\x0e"), "found no sound zip file"),  # lzma, which it is not
    ],
)
def test_an_archive_without_the_pinned_member_is_refused(
    server: Server, tmp_path: Path, content: bytes, said: str
):
    toy = toy_of(server, archive="toy.zip")
    server.files["toy.zip"] = content
    with pytest.raises(DownloadError, match=rf"toy\.zip: {said}"):
        fetch_task(toy, tmp_path)
    assert below(tmp_path) == []


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_command_fetches_one_set_and_says_what_it_did(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(REGISTRY, "toy", toy)
    monkeypatch.setenv("WORDREL_CACHE", str(tmp_path))
    code, said = call("tasks", "fetch", "toy")
    size = len(PAIRS) + len(DEEP)
    assert code == 0
    assert f"toy: fetched and verified 2 files, {size} bytes; licence: not specified\n" in said
    assert call("tasks", "fetch", "toy") == (0, "toy: here and verified\n")
    assert call("tasks", "fetch", "ws353") == (0, "ws353: here and verified\n")
    assert call("tasks", "fetch", "last_word")[1].endswith("its items come from the corpus\n")
    code, said = call("tasks", "fetch", "toys")
    assert (code, "found 'toys', which is not a task; did you mean 'toy'?" in said) == (2, True)


def test_all_that_can_be_had_is_fetched_though_some_fails(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    one = changed(toy, files=("below/deep.txt",), name="one")
    two = changed(toy, files=("pairs.tsv",), name="two")
    for name in list(REGISTRY):
        monkeypatch.delitem(REGISTRY, name)
    files = {file: known(DEEP) for file in ("none.txt", "made.txt")}
    gone = changed(toy.data, name="gone", files=files)
    lost = changed(toy, data=gone, files=("none.txt",), name="lost")
    for info in (lost, changed(lost, name="again"), one, two):
        monkeypatch.setitem(REGISTRY, info.name, info)
    code, said = call("tasks", "fetch", "all", "--cache", str(tmp_path))
    assert code == 2
    assert said.count("none.txt: the server answered 404") == 1
    assert said.count("fetched and verified 1 files") == 2
    assert server.asked == ["none.txt", "below/deep.txt", "pairs.tsv"]
    del REGISTRY["lost"], REGISTRY["again"]
    by_hand = changed(gone, unavailable={"made.txt": "it was made by hand"})
    made = changed(lost, data=by_hand, name="made", files=("made.txt",))
    monkeypatch.setitem(REGISTRY, "made", made)
    code, said = call("tasks", "fetch", "all", "--cache", str(tmp_path))
    assert (code, "made.txt cannot be downloaded: it was made by hand" in said) == (0, True)


def test_a_set_that_is_not_here_is_listed_as_such_and_shown_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    _, listed = call("tasks", "list", "--cache", str(tmp_path))
    rows = {line.split()[0]: line.split()[1:6] for line in listed.splitlines() if line.split()}
    assert rows["rw"] == ["no", "alike", "spearman", "test", "2,034"]
    assert rows["men_dev"] == ["no", "alike", "spearman", "dev", "2,000"]
    assert rows["ws353"] == ["yes", "alike", "spearman", "test", "353"]
    assert rows["held_out_loss"][0] == "yes"
    _, shown = call("tasks", "show", "hyperlex_dev", "--cache", str(tmp_path))
    assert "here: no: hyperlex_dev: found no splits/random/hyperlex_dev_all_random.txt in" in shown
    assert "@article{vulic2017hyperlex," in shown
    assert "7,899 bytes, sha256 15fdbfd9cfed" in shown
    address = "cambridgeltl/hyperlex/ccb416191a46e37f7104a530e7c23f260e066e8c/hyperlex-data.zip"
    assert f"from: https://raw.githubusercontent.com/{address}: splits/" in shown
    _, shown = call("tasks", "show", "usf_strength", "--cache", str(tmp_path))
    assert "Appendix A of the norms" in shown


def test_a_task_is_loaded_from_where_its_set_was_fetched_to(
    server: Server, toy: TaskInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    info = changed(toy, files=("pairs.tsv",), reader="pairs")
    monkeypatch.setitem(REGISTRY, "toy", info)
    with pytest.raises(MissingDatasetError):
        load_task("toy", tmp_path)
    fetch_task(info, tmp_path)
    assert load_task("toy", tmp_path).items.words == (("cat", "dog"), ("cat", "car"))
