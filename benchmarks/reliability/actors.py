"""Two commands at a time on one cache and one folder of results, with random offsets."""

import random
import time
from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path

from benchmarks.reliability.children import Child
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.hooks import Hooks, Operation
from benchmarks.reliability.material import COMMANDS, Bench, leftovers
from benchmarks.reliability.record import OK, Try, cleaned

ACTORS = ("run", "prepare", "tune", "fetch", "evaluate", "explore", "export", "report")
PAIRS = [*combinations_with_replacement(ACTORS, 2)]
_SLOWED = ("rename", "mkdir", "unlink", "rmdir")


def attempt(bench: Bench, number: int) -> Try:
    """Start one, and the other a random while later."""
    rng = random.Random(f"actors {number}")
    pair = list(PAIRS[number % len(PAIRS)])
    rng.shuffle(pair)
    done = any(COMMANDS[name].done for name in pair)
    template = "done" if done else rng.choice(("empty", "older"))
    offset, slow = rng.random(), rng.random() < 0.5
    case = f"{pair[0]}, {pair[1]} at {offset:.0%} of its time ({template}{', slowed' * slow})"
    with bench.place(template) as place:
        children = _together(bench, place, pair, offset, rng.random() if slow else None)
        outcome, detail = _judged(bench, place, pair, children)
    return Try(number, case, outcome, detail)


def _together(
    bench: Bench, place: Path, pair: list[str], offset: float, slowed: float | None
) -> list[Child]:
    first = bench.run(pair[0], place, slower(place, slowed, 0), label="first")
    while first.cpu() < offset * bench.cpu[pair[0]] and first.poll() is None:
        time.sleep(0.002)
    second = bench.run(pair[1], place, slower(place, slowed, 1), label="second")
    for child in (first, second):
        child.wait()
    return [first, second]


def slower(place: Path, seed: float | None, number: int) -> Callable[[], None]:
    """What makes a child stop for a moment before it renames or removes something."""

    def install() -> None:
        rng = random.Random(f"{seed} {number}")

        def before(operation: Operation) -> None:
            if operation.what in _SLOWED and rng.random() < 0.2:
                time.sleep(rng.random() / 20)

        if seed is not None:
            Hooks(f"{place}/", before).install()

    return install


def _judged(bench: Bench, place: Path, pair: list[str], children: list[Child]) -> tuple[str, str]:
    refused = []
    for name, child in zip(pair, children, strict=True):
        status, stderr = child.wait(), child.stderr
        if "Traceback (most recent call last)" in stderr or status not in (0, 2):
            return f"{name}: status {status}", cleaned(stderr[-300:])
        if status:
            refused.append(f"{name}: {cleaned(stderr.splitlines()[-1])}")
            continue
        if "run" in pair and name in ("explore", "report"):
            continue  # the run replaces the folder and all that was written into it
        if different := bench.differences(name, place):
            return f"{name}: other results", different
        if name == "evaluate" and child.stdout != bench.printed[name]:
            return f"{name}: other results", "stdout"
    if names := leftovers(place):
        return "left behind", cleaned(", ".join(names))
    return f"{OK}: {len(refused) or 'none'} refused", "; ".join(refused)


PAIRED = Harness(
    "actors",
    "Two commands at a time",
    "Two commands work on one cache and one folder of results; the second starts after a random "
    "share of the first one's time. In half of the tries both wait for a moment before some of "
    "their renames. Both must end well or with a named error, and whoever ends well leaves the "
    "same bytes as alone.",
    500,
    attempt,
)
