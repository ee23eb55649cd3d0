"""Every call site of the file system fails: first and last time that it is reached, in four ways.

A site is an operation together with the innermost functions of wordrel that are running. Each
command is watched once, to list its sites; then one site is refused a try.
"""

import atexit
import csv
import errno
import hashlib
import io
import json
import random
from collections import Counter
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.reliability.children import Child
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.hooks import Hooks, Operation, refusal, stack
from benchmarks.reliability.material import COMMANDS, Bench
from benchmarks.reliability.record import OK, Try, cleaned
from wordrel.io.files import write_text

INNERMOST = 3
ERRORS = ("ENOSPC", "EIO", "EINTR", "EACCES")
_START = {"run": "older"}  # an older result is there, which has to stay or to be replaced


class Site(NamedTuple):
    """Where a command touches the file system.

    Attributes:
        command: of wordrel.
        what: the operation.
        functions: of wordrel that are running, the outermost first.
        times: how often it is reached.
    """

    command: str
    what: str
    functions: str
    times: int


class Case(NamedTuple):
    """One refusal: at which time that the site is reached, and with what."""

    site: Site
    time: int
    error: str

    def __str__(self) -> str:
        when = "first" if self.time == 1 else "last"
        inner = self.site.functions
        return f"{self.site.command}: {self.site.what} in {inner}; {when} time, {self.error}"


def start_of(name: str) -> str:
    """The template that a command starts from."""
    return _START.get(name, "done" if COMMANDS[name].done else "empty")


@cache
def sites(bench: Bench) -> list[Site]:
    """All sites, each of the quickest command that has it."""
    by_key: dict[tuple[str, str], Site] = {}
    for name in sorted(COMMANDS, key=bench.cpu.__getitem__):
        with bench.place(start_of(name)) as place:
            note = place.parent / "sites.json"
            child = bench.run(name, place, before=partial(_watch, place, note))
            if child.wait():
                raise RuntimeError(f"{name} fails while it is watched: {child.stderr}")
            counted = json.loads(note.read_text(encoding="utf-8"))
        for key, times in sorted(counted.items()):
            what, functions = key.split(" ", 1)
            by_key.setdefault((what, functions), Site(name, what, functions, times))
    return [*by_key.values()]


def place_of(functions: tuple[str, ...]) -> str:
    """What of the stack names a site."""
    return " > ".join(functions[-INNERMOST:])


def _watch(place: Path, note: Path) -> None:
    counted: Counter[str] = Counter()

    def before(operation: Operation) -> None:
        if functions := place_of(stack()):
            counted[f"{operation.what} {functions}"] += 1

    Hooks(f"{place}/", before).install()
    atexit.register(lambda: note.write_text(json.dumps(counted), encoding="utf-8"))


@cache
def cases(bench: Bench) -> list[Case]:
    """All refusals in random order, so that the first ones are a sample of all."""
    refusals = [
        Case(site, time, error)
        for site in sites(bench)
        for time in _times(site)
        for error in ERRORS
    ]
    random.Random(0).shuffle(refusals)
    return refusals


def refuse(place: Path, case: Case) -> None:
    """In a child: have one operation fail."""
    seen = 0

    def before(operation: Operation) -> None:
        nonlocal seen
        if operation.what == case.site.what and place_of(stack()) == case.site.functions:
            seen += 1
            if seen == case.time:
                raise refusal(getattr(errno, case.error), operation)

    Hooks(f"{place}/", before).install()


def attempt(bench: Bench, number: int) -> Try:
    """Refuse one operation, and judge the messages and files of the command."""
    case = cases(bench)[number]
    name = case.site.command
    with bench.place(start_of(name)) as place:
        old = bench.snapshot(name, place)
        child = bench.run(name, place, before=lambda: refuse(place, case))
        status = child.wait()
        outcome, detail = judged(bench, name, place, child, old)
        if outcome.startswith(OK) and status and number % 8 == 0:
            again = bench.run(name, place)
            if again.wait() or bench.differences(name, place):
                outcome, detail = "it does not go on", cleaned(again.stderr[-300:])
    return Try(number, str(case), outcome, detail)


def judged(
    bench: Bench, name: str, place: Path, child: Child, old: Mapping[str, str]
) -> tuple[str, str]:
    """The outcome of a command that was disturbed, and what was seen."""
    status, stderr = child.wait(), child.stderr
    if "Traceback (most recent call last)" in stderr:
        return "traceback", cleaned(stderr[-300:])
    if status == 0:
        different = bench.differences(name, place)
        return (
            ("other results", cleaned(different)) if different else (f"{OK}: done all the same", "")
        )
    errors = [line for line in stderr.splitlines() if line.startswith("error: ")]
    if status != 2 or len(errors) != 1:
        return f"status {status}", cleaned(stderr[-300:])
    if wrong := _neither(old, bench.snapshots[name], bench.snapshot(name, place), name):
        return "neither old nor new", cleaned(wrong)
    return f"{OK}: named error", cleaned(errors[0])


WHOLE = {"run": "out", "tune": "tuned", "partial": "partial"}
"""Command -> the folder that it replaces as a whole."""


def mixed(
    folder: str, old: Mapping[str, str], new: Mapping[str, str], actual: Mapping[str, str]
) -> bool:
    """Whether a folder is neither wholly as it was nor wholly as it should become."""
    now, before, later = (
        {k: v for k, v in s.items() if k.startswith(f"{folder}/")} for s in (actual, old, new)
    )
    return now not in (before, later)


def _neither(
    old: Mapping[str, str], new: Mapping[str, str], actual: Mapping[str, str], name: str
) -> str:
    """A file that is neither as it was nor as it should become; empty where there is none."""
    for path, digest in actual.items():
        if digest not in (old.get(path), new.get(path)) and digest != _ABSENT:
            return path
    if (folder := WHOLE.get(name)) and mixed(folder, old, new, actual):
        return f"{folder}/: a part of it"
    return ""


_ABSENT = hashlib.sha256(b"absent").hexdigest()


LIST = "sites.csv"
_HEAD = ("command", "operation", "functions", "times", "tries")


def write_list(bench: Bench, folder: Path) -> None:
    """Store all sites, with the number of times that each is to fail."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    writer.writerows((*site, len(_times(site)) * len(ERRORS)) for site in sorted(sites(bench)))
    write_text(folder / LIST, text.getvalue())


def read_amount(folder: Path) -> int:
    """How many tries the stored sites need; 0 where none are stored."""
    path = folder / LIST
    if not path.exists():
        return 0
    with path.open(encoding="utf-8", newline="") as file:
        return sum(int(line["tries"]) for line in csv.DictReader(file))


def _times(site: Site) -> tuple[int, ...]:
    """The first and the last time that it is reached."""
    return (1, site.times) if site.times > 1 else (1,)


def _count(bench: Bench) -> int:
    return len(cases(bench))


SITES: Harness = Harness(
    "files",
    "Every call site of the file system fails",
    f"A site is an operation together with the {INNERMOST} innermost functions of wordrel that are "
    "running; it is tried in the quickest command that reaches it. Each site "
    f"fails the first and the last time that it is reached, with {', '.join(ERRORS)}. The command "
    "must end well with the same bytes, or name the error in one line with exit status 2 and leave "
    "each file as it was or as it should become. One named error in eight is run again, and must "
    "then end well.",
    0,
    attempt,
    _count,
    lambda bench, number: str(cases(bench)[number]),
    write_list,
)
