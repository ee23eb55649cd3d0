"""Run harnesses, and write the report of what is stored.

From the top of the repository: `python -m benchmarks.reliability kills --amount 200` goes on after
the rows that are stored already; `faults --minutes 5` runs some tries of every harness and stores
nothing; `report` writes results/reliability/report.md from the stored rows.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.reliability.children import warm

if TYPE_CHECKING:  # these load numpy, which `warm` has to prepare
    from benchmarks.reliability.harness import Harness
    from benchmarks.reliability.material import Bench
    from benchmarks.reliability.record import Try

RESULTS = Path(__file__).resolve().parents[2] / "results" / "reliability"


def main() -> int:
    """Exit status 1 when something was found that is not promised."""
    warm()
    from benchmarks.reliability.page import write_report
    from benchmarks.reliability.registry import HARNESSES

    parser = argparse.ArgumentParser(description="Disturb wordrel, and count what happens.")
    parser.add_argument("harness", choices=[*HARNESSES, "faults", "report"])
    parser.add_argument("--amount", type=int, help="tries in all, stored ones included")
    parser.add_argument("--minutes", type=float, help="stop after so long")
    parser.add_argument("--out", type=Path, default=RESULTS, help="default: results/reliability")
    parser.add_argument("--seed", type=int, default=0, help="of faults: which tries are run")
    options = parser.parse_args()
    if options.harness == "report":
        write_report(options.out)
        return 0
    end = time.monotonic() + 60 * options.minutes if options.minutes else float("inf")
    if options.harness == "faults":
        return run_some(options.seed, end)
    return run_to(options.harness, options.amount, end, options.out)


def run_to(name: str, amount: int | None, end: float, folder: Path) -> int:
    """Add tries to those that are stored, until there are `amount` of them or time is up."""
    from benchmarks.reliability.material import bench
    from benchmarks.reliability.record import append, read
    from benchmarks.reliability.registry import HARNESSES

    harness, path = HARNESSES[name], folder / f"{name}.csv"
    findings = 0
    with bench() as place:
        if harness.note:
            harness.note(place, folder)
        for number in _waiting(harness, place, read(path), amount or harness.amount(place)):
            if time.monotonic() > end:
                break
            row = harness.attempt(place, number)
            append(path, row)
            findings += row.is_finding
            print(f"{number}: {row.case}: {row.outcome} {row.found}", flush=True)
    print(f"{name}: {findings} findings")
    return int(findings > 0)


def _waiting(harness: "Harness", place: "Bench", rows: "list[Try]", amount: int) -> list[int]:
    """The numbers of tries that are not stored; a row that was removed is tried again."""
    if harness.case is None:
        known = {row.number for row in rows}
        return [number for number in range(amount) if number not in known]
    cases = {row.case for row in rows}
    every = [*range(harness.amount(place))]
    open_ = [number for number in every if harness.case(place, number) not in cases]
    return open_[: max(0, amount - len(rows))]


def run_some(seed: int, end: float) -> int:
    """Tries of every harness in turn, other ones for every seed; none is stored."""
    from benchmarks.reliability.material import bench

    findings, tried = 0, 0
    with bench() as place:
        for row in _in_turn(place, seed):
            tried += 1
            findings += row.is_finding
            if row.is_finding:
                print(f"{row.case}: {row.outcome}: {row.found}", flush=True)
            if time.monotonic() > end:
                break
    print(f"{tried} tries, {findings} findings")
    return int(findings > 0)


def _in_turn(place: "Bench", seed: int) -> "Iterator[Try]":
    """Tries of all harnesses in turn; each harness runs all of its tries before it repeats one."""
    from benchmarks.reliability.registry import HARNESSES

    orders = {}
    for name, harness in HARNESSES.items():
        numbers = [*range(harness.amount(place))]
        random.Random(f"{name} {seed}").shuffle(numbers)
        orders[name] = numbers
    for turn in range(max(map(len, orders.values()))):
        for name, numbers in orders.items():
            yield HARNESSES[name].attempt(place, numbers[turn % len(numbers)])


if __name__ == "__main__":
    sys.exit(main())
