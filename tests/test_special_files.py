"""What is no regular file is refused by its kind, before it is opened: a pipe is read for ever.

Everything that could wait runs in a process of its own, with an end to its time and its memory.
"""

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tiny_study import write_study

ROOT = Path(__file__).resolve().parents[1]

MAIN = [sys.executable, "-c", "from wordrel.cli import main; main()"]
SECONDS = 60
MEMORY = 8 << 30


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def refused(*arguments: object, **environment: str) -> str:
    """What is printed to stderr by a command that has to end at once, with status 2."""
    done = subprocess.run(
        [*MAIN, *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=_limited,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link_to_pipe(path: Path) -> None:
    os.mkfifo("elsewhere")
    path.symlink_to(Path("elsewhere").resolve())


def _link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))  # an absolute one may be too long for a socket


def _broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (_pipe, "found a named pipe"),
    "link to a pipe": (_link_to_pipe, "found a link to a named pipe"),
    "device": (_link_to_zeros, "found a link to a device"),
    "socket": (_socket, "found a socket"),
    "broken link": (_broken_link, "found a link to nothing"),
    "loop": (_loop, "found a link that leads in a circle"),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a cat and a dog\n")
    yield tmp_path / "in"


@every_kind
@pytest.mark.parametrize("source", ["in/b.txt", "in", "in/*.txt"])
def test_a_corpus_of_no_regular_file_is_refused(folder: Path, kind: str, source: str):
    make, found = KINDS[kind]
    make(folder / "b.txt")
    assert f"in/b.txt: {found}; expected a regular file" in refused(
        "corpus", "show", source, "--cache", "cache"
    )


@pytest.mark.parametrize("command", [("new", "mine", "--corpus"), ("corpus", "prepare")])
@pytest.mark.parametrize("name", ["b.gz", "b.zst", "b.md", "b"])
def test_whatever_its_name_and_whoever_reads_it(folder: Path, command: tuple[str], name: str):
    os.mkfifo(folder / name)
    assert f"in/{name}: found a named pipe" in refused(*command, f"in/{name}", "--cache", "cache")


def test_a_device_named_outright_is_refused(folder: Path):
    said = refused("corpus", "show", "/dev/zero", "--cache", "cache")
    assert "/dev/zero: found a device; expected a regular file" in said


@every_kind
def test_items_of_the_users_own_in_no_regular_file_are_refused(folder: Path, kind: str):
    make, found = KINDS[kind]
    config = write_study(folder.parent)
    (folder.parent / "pairs.csv").unlink()
    make(folder.parent / "pairs.csv")
    said = refused("run", config, "--plan", "--cache", "cache")
    assert "tasks.0.path" in said
    assert f"pairs.csv: {found}; expected a regular file" in said


def test_only_a_text_is_moved_out_of_a_folder_of_texts(folder: Path):
    os.mkfifo(folder / "b.txt")
    cure = "give the path of one, or move this out of the folder of texts"
    assert cure in refused("corpus", "show", "in", "--cache", "cache")
    for command in (("run", "in"), ("evaluate", "/dev/null", "--cache", "cache")):
        said = refused(*command)
        assert "expected a regular file: give the path of one" in said
        assert "folder of texts" not in said


@every_kind
def test_a_config_in_no_regular_file_is_refused(folder: Path, kind: str):
    make, found = KINDS[kind]
    make(folder / "c.yaml")
    assert f"in/c.yaml: {found}; expected a regular file" in refused("run", "in/c.yaml", "--plan")


@pytest.mark.parametrize(
    ("place", "source"),
    [("wiki17m.txt.xz", "wiki17m"), ("novels/austen_emma.txt", "novels")],
)
def test_a_named_source_in_no_regular_file_is_refused(folder: Path, place: str, source: str):
    from wordrel.corpus.sources import novels_registry

    data = folder.parent / "corpora"
    (data / "novels").mkdir(parents=True)
    for name in novels_registry():
        (data / "novels" / name).touch()
    place = place.replace("austen_emma.txt", next(iter(novels_registry())))
    (data / place).unlink(missing_ok=True)
    os.mkfifo(data / place)
    said = refused("corpus", "prepare", source, "--cache", "cache", WORDREL_DATA=str(folder.parent))
    assert f"{place}: found a named pipe; expected a regular file" in said


def test_a_published_set_in_no_regular_file_is_refused(folder: Path):
    from wordrel.tasks.registry import REGISTRY

    info = REGISTRY["men_dev"]
    place = folder.parent / "eval" / info.data.name / info.files[0]
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    said = refused("tasks", "fetch", "men_dev", "--cache", "cache", WORDREL_DATA=str(folder.parent))
    assert f"{info.files[0]}: found a named pipe; expected a regular file" in said


@pytest.mark.parametrize("name", ["manifest.json", "config.yaml", "runs.csv", "summary.csv"])
def test_results_in_no_regular_file_are_refused(tmp_path: Path, name: str):
    shutil.copytree(ROOT / "tests" / "golden" / "input", tmp_path / "result")
    (tmp_path / "result" / name).unlink()
    os.mkfifo(tmp_path / "result" / name)
    assert f"{name}: found a named pipe" in refused("report", tmp_path / "result")


def test_links_to_files_and_folders_are_read(folder: Path):
    (folder.parent / "more").mkdir()
    (folder.parent / "more" / "b.txt").write_text("a horse\n")
    (folder / "more").symlink_to(folder.parent / "more")
    (folder / "c.txt").symlink_to("a.txt")
    done = subprocess.run(
        [*MAIN, "corpus", "prepare", "in", "--cache", "cache"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout.startswith("in: 3 files, 40 bytes")
