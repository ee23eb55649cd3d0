"""What a harness is: a number of tries, each of which needs nothing but its number."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reliability.material import Bench
from benchmarks.reliability.record import Try


@dataclass(frozen=True)
class Harness:
    """One way to disturb a command.

    Attributes:
        name: of its command and of its file of rows.
        title: in the report.
        says: what is disturbed and what is promised, in plain sentences.
        aim: how many tries were aimed at; 0: as many as `count` says.
        attempt: runs the try of a number.
        count: how many tries there are, where their number is no choice.
        case: what the try of a number is, where that moves when the code changes.
        note: writes into the folder of rows what these tries are of.
    """

    name: str
    title: str
    says: str
    aim: int
    attempt: Callable[[Bench, int], Try]
    count: Callable[[Bench], int] | None = None
    case: Callable[[Bench, int], str] | None = None
    note: Callable[[Bench, Path], object] | None = None

    def amount(self, bench: Bench) -> int:
        """How many tries were aimed at."""
        return self.count(bench) if self.count else self.aim
