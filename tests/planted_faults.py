"""Each harness on wordrel with a bug planted in it, and without: a line of JSON for each outcome.

A separate program, because it forks: `OMP_NUM_THREADS=1 python -m tests.planted_faults`.
"""

import contextlib
import errno
import json
import random
import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks.reliability import actors, damage, kills, power, sites
from benchmarks.reliability.children import warm
from benchmarks.reliability.hooks import Hooks, Operation, refusal
from benchmarks.reliability.material import Bench, bench
from benchmarks.reliability.record import Try
from wordrel.corpus import cache
from wordrel.io import files, store
from wordrel.study import results

TRIES = 12


@contextlib.contextmanager
def in_place(final: Path, *, durable: bool = True) -> Iterator[Path]:
    """A folder that is built where it is looked for."""
    final.mkdir(parents=True, exist_ok=True)
    yield final
    store.write_marker(final)


def build(final: Path, fill: Callable[[Path], None]) -> None:
    """A corpus that counts as built once its folder is there."""
    if not final.is_dir():
        with in_place(final) as folder:
            fill(folder)


def quiet(path: Path, write: Callable[[Path], object], durable: bool = True) -> None:
    """A file that may be missing without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        write(path)


def nothing(*_: Any) -> None:
    """In place of a sync or a check."""


def unheld(path: Path, holder: Path) -> str:
    """The name of a holder that is looked for in the wrong file."""
    return str(json.loads(path.read_text(encoding="utf-8"))["pid"])


def killed(place: Bench) -> Try:
    """`prepare`, killed as soon as it builds."""
    with place.place("empty") as folder:
        child = place.run("prepare", folder)
        while child.poll() is None and not [*(folder / "cache").glob("corpora/*text*")]:
            time.sleep(0.001)
        child.kill()
        child.wait()
        finding = kills.after(place, "prepare", folder)
    return Try(0, "prepare", *(finding or ("ok", "")))


def refused(place: Bench) -> Try:
    """The file of an `export` that the disk refuses."""

    def before(operation: Operation) -> None:
        if operation.what == "write" and "vectors.txt" in operation.path:
            raise refusal(errno.ENOSPC, operation)

    with place.place("done") as folder:
        old = place.snapshot("export", folder)
        child = place.run("export", folder, lambda: Hooks(f"{folder}/", before).install())
        return Try(0, "export", *sites.judged(place, "export", folder, child, old))


def without_power(place: Bench) -> Try:
    """A cut just after a folder of results appeared."""
    last = power.operations.__wrapped__(place, "partial")  # a bug changes how many there are
    return Try(0, "partial", *power.cut_at(place, "partial", last, random.Random(0)))


def together(place: Bench) -> Try:
    """Two runs at a time, of which one has to wait or to be refused."""
    return actors.attempt(place, 0)


def damaged(place: Bench) -> Try:
    """Bits flipped in stored tables, until one changes numbers without an error."""
    cases = [(kind, way) for kind in damage.KINDS for way in damage.WAYS]
    first = cases.index(("result", "flip"))
    numbers = range(first, first + TRIES * len(cases), len(cases))
    tries = (damage.attempt(place, number) for number in numbers)
    rows = list(takewhile(lambda row: not row.is_finding, tries))
    if len(rows) == TRIES:
        return rows[-1]
    return damage.attempt(place, numbers[len(rows)])


CASES: dict[str, tuple[Callable[[Bench], Try], tuple[tuple[Any, str, Any], ...]]] = {
    "kills": (killed, ((cache, "build_once", build),)),
    "files": (refused, ((files, "_replace_file", quiet),)),
    "power": (without_power, ((store, "sync_tree", nothing), (files, "sync", nothing))),
    "actors": (together, ((files, "_held", unheld),)),
    "damage": (damaged, ((results, "_check_digests", nothing),)),
}


def main() -> None:
    """Without the bug, with it."""
    warm()
    with bench(lambda text: None) as place:
        for name, (attempt, plants) in CASES.items():
            rows = [attempt(place)]
            before = [getattr(module, what) for module, what, _ in plants]
            for module, what, bug in plants:
                setattr(module, what, bug)
            rows.append(attempt(place))
            for (module, what, _), real in zip(plants, before, strict=True):
                setattr(module, what, real)
            sound, bad = (row.outcome for row in rows)
            print(
                json.dumps(
                    {"harness": name, "sound": sound, "planted": bad, "found": rows[1].found}
                )
            )


if __name__ == "__main__":
    main()
