"""The power fails: what was not synced is lost, in part or whole; then the command runs again.

A journal records which names a child changes and what it syncs, with a link to each file that it
replaces or removes. The child ends at a random operation. Then the disk becomes what it could be
after a cut. A random number of the last name changes since the fsync of their folder go back. Files
that were not synced are empty, cut short, full of zeros or whole.
"""

import json
import os
import random
import shutil
import signal
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.reliability.harness import Harness
from benchmarks.reliability.hooks import Hooks, Operation
from benchmarks.reliability.kills import after
from benchmarks.reliability.material import Bench
from benchmarks.reliability.record import OK, Try, cleaned
from benchmarks.reliability.sites import WHOLE, mixed, start_of

_ROUND = ("run", "run", "tune", "prepare", "report", "run", "hub", "partial", "fetch", "explore")
_CHANGES = ("write", "fsync", "rename", "unlink", "mkdir", "rmdir")


class Journal:
    """In a child: each change, written down before it happens, until the power fails.

    Attributes:
        folder: for the journal and the links.
        last: the operation at which the power fails; None: only count.
    """

    def __init__(self, folder: Path, last: int | None) -> None:
        self.last, self.count, self.stashed = last, 0, 0
        self.folder = folder
        folder.mkdir()
        self.file = (folder / "journal").open("a", encoding="utf-8")

    def before(self, operation: Operation) -> None:
        """Record an operation before it happens."""
        opened = operation.what == "open" and operation.empties
        if not opened and operation.what not in _CHANGES:
            return
        self.count += 1
        if self.count == self.last:
            self.file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        entry = self._entry(operation)
        if entry is not None:
            self.file.write(
                json.dumps({"what": operation.what, "path": operation.path} | entry) + "\n"
            )
            self.file.flush()

    def _entry(self, operation: Operation) -> dict[str, Any] | None:
        """What is needed to undo it; None for what changes no name and syncs nothing."""
        path, exists = operation.path, os.path.lexists(operation.path)
        if operation.what == "open":
            return None if exists else {}
        if operation.what == "mkdir":
            return None if exists else {}
        if operation.what in ("unlink", "rmdir"):
            return {"stash": self._stashed(path)} if exists else None
        if operation.what == "rename":
            return {"other": operation.other, "stash": self._stashed(operation.other)}
        if operation.what == "fsync":
            stat = Path(path).stat()
            return {"inode": stat.st_ino, "size": stat.st_size}
        return None

    def _stashed(self, path: str) -> str:
        """A second name of a file, by which its content is kept."""
        if not os.path.isfile(path):  # noqa: PTH113
            return ""
        self.stashed += 1
        kept = str(self.folder / str(self.stashed))
        os.link(path, kept)
        return kept


@cache
def operations(bench: Bench, name: str) -> int:
    """How many changes a command makes."""
    with bench.place(start_of(name)) as place:
        note = place.parent / "journal"
        child = bench.run(name, place, before=lambda: watch(place, note, None))
        if child.wait():
            raise RuntimeError(f"{name} fails while it is watched: {child.stderr}")
        return int((note / "count").read_text(encoding="utf-8"))


def watch(place: Path, folder: Path, last: int | None) -> None:
    """In a child: keep a journal."""
    import atexit

    journal = Journal(folder, last)
    Hooks(f"{place}/", journal.before).install()
    atexit.register(lambda: (folder / "count").write_text(str(journal.count), encoding="utf-8"))


def cut(place: Path, folder: Path, initial: set[int], rng: random.Random) -> None:
    """Make the disk what it could be after a cut.

    Args:
        place: what the command worked on.
        folder: of the journal.
        initial: inodes of files that were there before.
        rng: decides what is lost.
    """
    text = (folder / "journal").read_text(encoding="utf-8")
    entries = [json.loads(line) for line in text.splitlines()]
    synced = {e["inode"]: e["size"] for e in entries if e["what"] == "fsync"}
    for entry in reversed(_lost(entries, rng)):
        _undo(entry)
    for path in sorted(p for p in place.rglob("*") if p.is_file()):
        stat = path.stat()
        if stat.st_ino not in initial and synced.get(stat.st_ino) != stat.st_size:
            _spoil(path, synced.get(stat.st_ino, 0), rng)


def _lost(entries: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """Changes of names without a later fsync of their folder; of each folder the last ones."""
    pending: dict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(entries):
        if entry["what"] == "fsync":
            pending.pop(entry["path"], None)
        else:
            pending[os.path.dirname(entry.get("other") or entry["path"])].append(number)  # noqa: PTH120
    lost = set()
    for numbers in pending.values():
        lost |= set(numbers[rng.randint(0, len(numbers)) :])
    return [entry for number, entry in enumerate(entries) if number in lost]


def _undo(entry: Mapping[str, Any]) -> None:
    """Take back one change, where what it changed is still there."""
    path, stash = Path(entry["path"]), entry.get("stash")
    if not path.parent.is_dir():
        return
    if entry["what"] == "open":
        path.unlink(missing_ok=True)
    elif entry["what"] == "mkdir":
        shutil.rmtree(path, ignore_errors=True)
    elif entry["what"] == "rmdir":
        path.mkdir(exist_ok=True)
    elif entry["what"] == "unlink" and stash and not path.exists():
        os.link(stash, path)
    elif entry["what"] == "rename" and os.path.lexists(entry["other"]) and not path.exists():
        Path(entry["other"]).rename(path)
        if stash:
            os.link(stash, entry["other"])


def _spoil(path: Path, synced: int, rng: random.Random) -> None:
    """Lose what was not synced of a file."""
    data = path.read_bytes()
    kept = rng.choice((synced, synced, rng.randint(synced, max(synced, len(data))), len(data)))
    lost = rng.choice((b"", bytes(len(data) - kept))) if kept < len(data) else b""
    path.write_bytes(data[:kept] + lost)


def attempt(bench: Bench, number: int) -> Try:
    """Cut the power at a random change, and run the command again."""
    rng = random.Random(f"power {number}")
    name = _ROUND[number % len(_ROUND)]
    count = operations(bench, name)
    last = rng.randint(1, count)
    case = f"{name} ({start_of(name)}), cut at change {last} of {count}"
    return Try(number, case, *cut_at(bench, name, last, rng))


def cut_at(bench: Bench, name: str, last: int, rng: random.Random) -> tuple[str, str]:
    """Cut the power at one change of a command; the outcome, and what was seen."""
    with bench.place(start_of(name)) as place:
        initial = {path.stat().st_ino for path in place.rglob("*") if path.is_file()}
        old = bench.snapshot(name, place)
        child = bench.run(name, place, before=lambda: watch(place, place.parent / "journal", last))
        ended = child.wait() == 0
        cut(place, place.parent / "journal", initial, rng)
        if lost := _lost_results(bench, name, place, old):
            return "neither old nor new", cleaned(lost)
        finding = after(bench, name, place)
    return finding or (f"{OK}: {'it ended first' if ended else 'went on'}", "")


def _lost_results(bench: Bench, name: str, place: Path, old: Mapping[str, str]) -> str:
    """What is wrong with the folder of results before anything mends it."""
    folder = WHOLE.get(name)
    if folder is None:
        return ""
    from wordrel.io.store import heal

    heal(place / folder)
    actual, new = bench.snapshot(name, place), bench.snapshots[name]
    found = sum(path.startswith(f"{folder}/") for path in actual)
    return f"{folder}: found {found} files" if mixed(folder, old, new, actual) else ""


POWER = Harness(
    "power",
    "The power fails",
    "A command ends at a random change of the disk. Names that were changed since the last fsync "
    "of their folder go back, and files that were not synced lose what they hold. The results must "
    "be the old or the new ones, and the same command must go on to the same bytes.",
    100,
    attempt,
)
