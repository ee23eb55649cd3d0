"""The store under kills, crashes, full disks and rivals; the processes are real."""

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import SafetensorError

from processes import started
from wordrel.errors import StoreError
from wordrel.io import files, store

SOURCE = Path(store.__file__).parents[2]


@contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python until it says that it is inside; killed at the end if it has not ended."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with started(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "inside\n"
        yield child


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# new_folder -------------------------------------------------------------------------------------

BUILD = """
import sys, time
from pathlib import Path
from wordrel.io.store import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print("inside", flush=True)
    time.sleep(3600)
"""


def test_a_writer_killed_midway_leaves_nothing_visible_and_its_rest_is_discarded(tmp_path):
    final = tmp_path / "deep" / "cell"
    with process(BUILD, final) as writer:
        assert store.discard_partial(tmp_path) == []  # the writer lives
        partial = [n for n in names(final.parent) if n.endswith(".partial")]
        assert len(partial) == 1
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert not final.exists()
    assert store.discard_partial(tmp_path) == [final.parent / partial[0]]
    assert names(final.parent) == []
    assert store.discard_partial(tmp_path) == []


def test_a_lock_that_outlived_its_folder_is_discarded_too(tmp_path):
    stray = tmp_path / ".cell.0123abcd.partial.lock"
    stray.touch()
    assert store.discard_partial(tmp_path) == []  # no folder was removed
    assert names(tmp_path) == []


def test_what_vanishes_during_the_search_is_no_error_and_what_cannot_be_read_is(tmp_path):
    (tmp_path / ".cell.0123abcd.partial").mkdir()
    (tmp_path / "other").mkdir()
    search = store._leftovers_below(tmp_path)
    assert next(search) == tmp_path / ".cell.0123abcd.partial"
    (tmp_path / "other").rename(tmp_path / "renamed")
    assert list(search) == []
    assert store.discard_partial(tmp_path / "nowhere") == []
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Not a directory"):
        store.discard_partial(tmp_path / "file")


def test_writers_do_not_mind_a_discarder_at_work(tmp_path):
    stop = threading.Event()
    discarded = []

    def discard():
        while not stop.is_set():
            discarded.extend(store.discard_partial(tmp_path))

    discarder = threading.Thread(target=discard)
    discarder.start()
    try:
        for number in range(60):
            with store.new_folder(tmp_path / str(number)) as folder:
                (folder / "a").write_text(str(number))
    finally:
        stop.set()
        discarder.join()
    assert discarded == []
    assert names(tmp_path) == sorted(str(number) for number in range(60))
    assert {(tmp_path / name / "a").read_text() for name in names(tmp_path)} == {*names(tmp_path)}


def test_a_finished_folder_is_done_and_has_no_neighbours(tmp_path):
    with store.new_folder(tmp_path / "cell") as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "a").write_text("1")
        assert not (tmp_path / "cell").exists()
    assert names(tmp_path) == ["cell"]
    assert names(tmp_path / "cell") == ["DONE", "sub"]
    assert (tmp_path / "cell" / "sub" / "a").read_text() == "1"
    assert store.is_done(tmp_path / "cell")
    assert not store.is_done(tmp_path / "other")


def test_all_is_synced_before_the_rename_unless_it_need_not_last(tmp_path, monkeypatch):
    events = []
    fsync, rename = os.fsync, Path.rename

    def seen_fsync(descriptor):
        events.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def seen_rename(path, target):
        events.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    with store.new_folder(tmp_path / "cell") as folder:
        (folder / "a").write_text("1")
    cell = tmp_path / "cell"
    a, folder, marker, parent = (
        p.stat().st_ino for p in (cell / "a", cell, cell / "DONE", tmp_path)
    )
    assert {*events[:-2]} == {a, folder, marker}
    assert events[-2:] == ["rename", parent]
    events.clear()
    with store.new_folder(tmp_path / "answers", durable=False) as folder:
        (folder / "a").write_text("1")
    assert events == ["rename"]
    assert store.is_done(tmp_path / "answers")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_nothing(tmp_path, error):
    with pytest.raises(error), store.new_folder(tmp_path / "cell") as folder:
        (folder / "a").write_text("1")
        raise error
    assert names(tmp_path) == []


def test_of_two_writers_the_first_to_finish_stays(tmp_path):
    final = tmp_path / "cell"
    with store.new_folder(final) as slow:
        (slow / "a").write_text("slow")
        with store.new_folder(final) as fast:
            (fast / "a").write_text("fast")
    assert (final / "a").read_text() == "fast"
    assert names(tmp_path) == ["cell"]


def test_a_folder_without_its_marker_is_set_aside(tmp_path):
    final = tmp_path / "cell"
    final.mkdir()
    (final / "stale").write_text("?")
    with store.new_folder(final) as folder:
        (folder / "a").write_text("new")
    assert names(final) == ["DONE", "a"]
    aside, cell = names(tmp_path)
    assert (aside.rpartition("-")[0], cell) == (".cell.damaged", "cell")
    assert (tmp_path / aside / "stale").read_text() == "?"
    assert store.discard_partial(tmp_path) == []
    assert names(tmp_path) == [aside, cell]


BUILD_ONCE = """
import sys, time
from pathlib import Path
from wordrel.io.store import build_once
def build(folder):
    (folder / "a").write_text(sys.argv[2])
    print("inside", flush=True)
    while not Path(sys.argv[3]).exists():
        time.sleep(0.01)
build_once(Path(sys.argv[1]), build)
"""


def test_one_process_builds_and_the_others_wait_for_it(tmp_path):
    final, go_on = tmp_path / "corpus", tmp_path / "go_on"
    with process(BUILD_ONCE, final, "first", go_on) as builder:
        waiting = threading.Thread(target=store.build_once, args=(final, refuse))
        waiting.start()
        waiting.join(0.3)  # long enough to come to the lock
        assert waiting.is_alive()
        go_on.touch()
        waiting.join(30)
        assert builder.wait(30) == 0
    assert (final / "a").read_text() == "first"


def refuse(folder: Path) -> None:
    raise AssertionError("built a second time")


def test_what_a_dead_builder_left_goes_before_the_next_build(tmp_path):
    with process(BUILD_ONCE, tmp_path / "corpus", "first", tmp_path / "never") as builder:
        os.kill(builder.pid, signal.SIGKILL)
        builder.wait()
    assert len([n for n in names(tmp_path) if n.endswith(".partial")]) == 1
    store.build_once(tmp_path / "other", lambda folder: (folder / "a").touch())
    assert names(tmp_path) == [".corpus.lock", ".other.lock", "other"]


def test_an_error_of_reading_elsewhere_is_not_called_a_failure_to_write(tmp_path):
    with pytest.raises(FileNotFoundError), store.new_folder(tmp_path / "cell"):
        (tmp_path / "corpus.txt").read_text()
    assert names(tmp_path) == []


# replace_folder ---------------------------------------------------------------------------------


def write_result(final: Path, text: str) -> None:
    with store.replace_folder(final) as folder:
        (folder / "manifest.json").write_text(text)
        (folder / "scores.csv").write_text(text)


def read_result(final: Path) -> set[str]:
    return {(final / name).read_text() for name in ("manifest.json", "scores.csv")}


CRASH = """
import os, shutil, signal, sys
from pathlib import Path
from wordrel.io import store
step, final = int(sys.argv[1]), Path(sys.argv[2])
calls = []
def dying(call):
    def wrapped(path, *rest, **options):
        calls.append(path)
        if len(calls) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(path, *rest, **options)
    return wrapped
Path.rename, shutil.rmtree = dying(Path.rename), dying(shutil.rmtree)
print("inside", flush=True)
with store.replace_folder(final) as folder:
    (folder / "manifest.json").write_text("new")
    (folder / "scores.csv").write_text("new")
"""


@pytest.mark.parametrize(
    ("step", "expected"), [(1, "old"), (2, "old"), (3, "new")], ids=["before", "between", "after"]
)
def test_a_crash_in_the_swap_leaves_the_old_result_or_the_new_one(tmp_path, step, expected):
    final = tmp_path / "result"
    write_result(final, "old")
    with process(CRASH, step, final) as writer:
        assert writer.wait() == -signal.SIGKILL
    store.heal(final)
    assert read_result(final) == {expected}
    write_result(final, "newer")
    assert read_result(final) == {"newer"}
    assert names(tmp_path) == [".result.lock", "result"]


def test_half_a_file_of_a_dead_writer_goes_with_the_next_and_that_of_a_living_one_stays(tmp_path):
    dead, foreign = tmp_path / ".a.json.01234567.tmp", tmp_path / ".b.json.01234567.tmp"
    for left in (dead, foreign):
        left.write_text("half")
    seen = []

    def write_other(temporary):
        store.write_text(tmp_path / "a.json", "other")
        seen.extend(names(tmp_path))
        temporary.write_text("mine")

    files._replace_file(tmp_path / "a.json", write_other)
    assert len([name for name in seen if name.startswith(".a.json.")]) == 1
    assert (tmp_path / "a.json").read_text() == "mine"
    assert names(tmp_path) == [".b.json.01234567.tmp", "a.json"]


def page_between(final, monkeypatch):
    """A report of the old result, written between the two renames of a swap, makes its folder."""
    rename = Path.rename

    def renamed(path, target):
        rename(path, target)
        if Path(target).name == ".result.previous":
            store.write_text(final / "report.md", "a page")

    monkeypatch.setattr(Path, "rename", renamed)


def test_a_page_that_is_written_between_the_renames_of_a_swap_costs_no_result(
    tmp_path, monkeypatch
):
    final = tmp_path / "result"
    write_result(final, "old")
    page_between(final, monkeypatch)
    write_result(final, "new")
    assert read_result(final) == {"new"}
    assert names(final) == ["manifest.json", "scores.csv"]
    assert names(tmp_path) == [".result.lock", "result"]


def test_a_crash_after_such_a_page_brings_the_old_result_back(tmp_path, monkeypatch):
    final = tmp_path / "result"
    write_result(final, "old")
    page_between(final, monkeypatch)
    final.rename(tmp_path / ".result.previous")
    store.heal(final)
    assert read_result(final) == {"old"}
    aside, *others = names(tmp_path)
    assert others == [".result.lock", "result"]
    assert (tmp_path / aside / "report.md").read_text() == "a page"


def test_a_folder_that_appears_while_a_result_is_made_is_not_replaced(tmp_path):
    final = tmp_path / "result"
    refused = pytest.raises(StoreError, match=r"result: found files but no manifest.json")
    with refused, store.replace_folder(final) as folder:
        (folder / "manifest.json").write_text("new")
        store.write_text(final / "mine.txt", "mine")
    assert names(final) == ["mine.txt"]


def test_a_swap_that_the_disk_refuses_puts_the_old_result_back_at_once(tmp_path, monkeypatch):
    final = tmp_path / "result"
    write_result(final, "old")
    rename = Path.rename

    def refusing(path, target):
        if path.name.endswith(".partial"):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(StoreError, match=r"result: cannot be written: Input/output error"):
        write_result(final, "new")
    assert read_result(final) == {"old"}
    assert names(tmp_path) == [".result.lock", "result"]


def test_a_run_that_fails_leaves_the_old_result(tmp_path):
    final = tmp_path / "result"
    write_result(final, "old")
    with pytest.raises(RuntimeError), store.replace_folder(final) as folder:
        (folder / "manifest.json").write_text("new")
        raise RuntimeError
    with (
        pytest.raises(ValueError, match=r"has no manifest\.json"),
        store.replace_folder(final) as folder,
    ):
        (folder / "scores.csv").write_text("new")
    assert read_result(final) == {"old"}


OURS = ("manifest.json", "scores.csv")


def test_files_of_its_user_move_to_the_new_result(tmp_path):
    final = tmp_path / "result"
    write_result(final, "old")
    (final / "thesis").mkdir()
    (final / "thesis" / "notes.txt").write_text("mine")
    (final / "scores.txt").write_text("mine")
    (final / ".scores.csv.01234567.tmp").write_text("half")
    (final / ".draft.tmp").write_text("mine")
    (final / ".versions.lock").mkdir()
    (final / ".versions.lock" / "1").write_text("mine")
    with store.replace_folder(final, ours=OURS) as folder:
        (folder / "manifest.json").write_text("new")
        (folder / "scores.txt").write_text("of a later version")
    assert (final / "thesis" / "notes.txt").read_text() == "mine"
    assert (final / ".draft.tmp").read_text() == (final / ".versions.lock" / "1").read_text()
    kept, *others = sorted(names(final), key=lambda name: ".older-" not in name)
    hidden = [".draft.tmp", ".versions.lock"]
    assert others == [*hidden, "manifest.json", "scores.txt", "thesis"]
    assert (final / kept).read_text() == "mine"
    assert names(tmp_path) == [".result.lock", "result"]


def test_files_of_its_user_survive_a_crash_after_the_swap(tmp_path):
    final = tmp_path / "result"
    write_result(final, "old")
    (final / "notes.txt").write_text("mine")
    with process(CRASH.replace("(final)", f"(final, ours={OURS})"), 3, final) as writer:
        assert writer.wait() == -signal.SIGKILL
    assert "notes.txt" not in names(final)
    store.heal(final, ours=OURS)
    assert (final / "notes.txt").read_text() == "mine"
    assert read_result(final) == {"new"}
    assert ".result.previous" not in names(tmp_path)


def test_a_folder_all_of_which_is_ours_holds_nothing_of_the_old_one(tmp_path):
    final = tmp_path / "result"
    write_result(final, "old")
    (final / "figure.png").write_text("old")
    write_result(final, "new")
    assert names(final) == ["manifest.json", "scores.csv"]


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")
    monkeypatch.chdir(home)
    for place in (home, Path()):
        with pytest.raises(StoreError, match=r"home: found files but no manifest\.json.*--out"):
            write_result(place, "new")
    assert (home / "thesis.tex").read_text() == "years of work"


def test_a_path_that_is_no_text_is_refused_before_the_work_begins(tmp_path):
    place = tmp_path / "out-\udcff" / "results"  # what Python makes of the byte 0xff
    expected = "found a byte that is no UTF-8 in the path, expected UTF-8; choose another folder"
    with pytest.raises(StoreError, match=expected), store.replace_folder(place):
        pytest.fail("the work has begun")
    assert [*tmp_path.iterdir()] == []


def test_a_second_run_on_the_same_result_fails_at_its_start(tmp_path):
    final = tmp_path / "result"
    entered = False
    with store.replace_folder(final) as folder:
        (folder / "manifest.json").write_text("first")
        held = f"process {os.getpid()} .*writing .*result"
        with pytest.raises(StoreError, match=held), store.replace_folder(final):
            entered = True
    assert not entered
    assert (final / "manifest.json").read_text() == "first"


# lock -------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from wordrel.io.store import lock
with lock(Path(sys.argv[1]), "writing results/a"):
    print("inside", flush=True)
    time.sleep(3600)
"""


def test_a_lock_names_its_holder_and_a_killed_holder_holds_nothing(tmp_path):
    path = tmp_path / "locks" / "a.lock"
    with process(HOLD, path) as holder:
        with pytest.raises(StoreError) as caught, store.lock(path, "writing results/a"):
            pass
        assert f"process {holder.pid} on {os.uname().nodename} holds it since" in str(caught.value)
        assert "(writing results/a); wait until it ends" in str(caught.value)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with store.lock(path, "reading"):
        assert f'"pid": {os.getpid()}' in (tmp_path / "locks" / "a.lock.holder").read_text()
    assert names(path.parent) == ["a.lock"]


def test_a_lock_is_free_after_its_block_failed(tmp_path):
    for _ in range(2):
        with pytest.raises(RuntimeError), store.lock(tmp_path / "a.lock", "x"):
            raise RuntimeError


# What the disk refuses --------------------------------------------------------------------------


@pytest.fixture
def full_disk(tmp_path, monkeypatch):
    """A folder on a disk of 256 kB; without the right to mount one, fsync says it is full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    else:
        fsync = os.fsync

        def full(descriptor):
            if os.fstat(descriptor).st_size > 256_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        yield folder


BIG = np.arange(100_000, dtype=np.float64)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: store.write_text(path, "x" * 800_000),
        lambda path: store.write_json(path, list(range(200_000))),
        lambda path: store.write_parquet(path, pd.DataFrame({"a": np.sin(BIG)})),
        lambda path: store.write_tensors(path, {"a": BIG}),
    ],
    ids=["text", "json", "parquet", "tensors"],
)
def test_a_full_disk_is_explained_and_the_old_file_stays(full_disk, write):
    path = full_disk / "file"
    path.write_text("old")
    with pytest.raises(StoreError, match=r"file: cannot be written: .*No space left.*free some"):
        write(path)
    assert path.read_text() == "old"
    assert names(full_disk) == ["file"]


def test_a_disk_that_fills_up_inside_a_folder_keeps_what_was_finished(full_disk):
    with store.new_folder(full_disk / "first") as folder:
        (folder / "a").write_text("small")
    full = r"second: cannot be written: .*No space left"
    with pytest.raises(StoreError, match=full), store.new_folder(full_disk / "second") as folder:
        (folder / "a").write_bytes(b"x" * 800_000)
    assert names(full_disk) == ["first"]
    assert store.is_done(full_disk / "first")


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (errno.EROFS, "choose a folder on a disk that can be written"),
        (errno.EACCES, "choose a folder that you may write to"),
        (errno.EIO, "mend this or choose another folder"),
    ],
)
def test_each_refusal_of_the_disk_comes_with_its_cure(tmp_path, monkeypatch, code, cure):
    def refuse(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError) as caught:
        store.write_text(tmp_path / "a", "x")
    found = f"{tmp_path / 'a'}: cannot be written: {os.strerror(code)}; what was finished is kept; "
    assert str(caught.value).startswith(found + cure)
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_a_folder_is_explained(tmp_path):
    """A file where a folder should be: refused to everyone, the superuser too."""
    (tmp_path / "file").write_text("")
    inside = tmp_path / "file" / "cell"
    with pytest.raises(StoreError, match=r"file/cell: cannot be written: "):
        store.write_text(inside, "x")
    for use in (store.new_folder, store.replace_folder, lambda path: store.lock(path, "x")):
        with pytest.raises(StoreError, match=r"file/.*cell.*: cannot be written: "), use(inside):
            pass


def test_a_fault_of_safetensors_other_than_the_disks_is_not_hidden(tmp_path, monkeypatch):
    def faulty(tensors, path):
        raise SafetensorError("invalid header")

    monkeypatch.setattr(files, "save_file", faulty)
    with pytest.raises(SafetensorError, match="invalid header"):
        store.write_tensors(tmp_path / "a", {"a": BIG})


# Files ------------------------------------------------------------------------------------------


def test_tensors_come_back_as_they_were_in_any_memory_layout(tmp_path):
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensors = {"plain": matrix, "turned": matrix.T, "steps": matrix[:, ::2], "one": np.float64(7)}
    store.write_tensors(tmp_path / "a", tensors)
    read = store.read_tensors(tmp_path / "a")
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert read[name].shape == tensor.shape
        np.testing.assert_array_equal(read[name], tensor)


def test_the_same_data_makes_the_same_bytes(tmp_path):
    a, b = np.arange(6.0), np.arange(4)
    store.write_tensors(tmp_path / "1", {"a": a, "b": b, "z": a.copy()})
    store.write_tensors(tmp_path / "2", {"z": a.copy(), "b": b.copy(), "a": a.copy()})
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    for name in ("3", "4"):
        table = pd.DataFrame({"word": ["x", "y", None], "score": [0.1, np.nan, 2.0]})
        store.write_parquet(tmp_path / name, table[table.columns])
    assert (tmp_path / "3").read_bytes() == (tmp_path / "4").read_bytes()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "3"), table)


def test_json_keeps_order_and_letters_and_refuses_what_is_not_json(tmp_path):
    store.write_json(tmp_path / "a", {"z": "naïve", "a": [1, None]})
    expected = '{\n  "z": "naïve",\n  "a": [\n    1,\n    null\n  ]\n}\n'
    assert (tmp_path / "a").read_bytes().decode() == expected
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write_json(tmp_path / "a", float("nan"))
    assert (tmp_path / "a").read_bytes().decode() == expected


def test_text_is_written_byte_by_byte(tmp_path):
    store.write_text(tmp_path / "new" / "a", "one\r\ntwo\n")
    assert (tmp_path / "new" / "a").read_bytes() == b"one\r\ntwo\n"


# Names ------------------------------------------------------------------------------------------


def test_the_cache_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("WORDREL_CACHE", str(tmp_path))
    assert store.cache_root() == tmp_path
    monkeypatch.delenv("WORDREL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert store.cache_root().name == "wordrel"
    assert store.cache_root().is_absolute()
