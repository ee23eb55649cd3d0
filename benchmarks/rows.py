"""What a part of the benchmark gives: a row a number, with its range, its n and its aim."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Aim:
    """What a number should be, written before it was measured.

    Attributes:
        least: it should be this or more.
        most: it should be this or less.
        first: what it was in the first edition; NaN where that was not measured.
    """

    least: float = -math.inf
    most: float = math.inf
    first: float = math.nan

    def __str__(self) -> str:
        ends = {"at least": self.least, "at most": self.most}
        return "".join(f"{word} {end:g}" for word, end in ends.items() if math.isfinite(end))


@dataclass(frozen=True)
class Row:
    """One line of speed.csv.

    Attributes:
        part: of the benchmark.
        what: is measured, such as a model.
        beside: what it is divided by; empty where the number stands alone.
        measure: what the number is.
        value: the median of the rounds.
        low: the least of them; high: the greatest.
        n: rounds.
        unit: of all numbers.
        first: the number of the first edition; NaN where there is none.
        aim: see `Aim`; met: yes, no, or nothing where there is no aim.
    """

    part: str
    what: str
    beside: str
    measure: str
    value: float
    low: float
    high: float
    n: int
    unit: str
    first: float = math.nan
    aim: str = ""
    met: str = ""


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one part, each held against the aim for its (what, beside)."""

    part: str
    aims: Mapping[tuple[str, str], Aim]

    def of(
        self, what: str, measure: str, rounds: Sequence[float], unit: str, beside: str = ""
    ) -> Row:
        """Median and range of one number a round."""
        value = statistics.median(rounds)
        aim = self.aims.get((what, beside), Aim())
        met = "" if not str(aim) else "yes" if aim.least <= value <= aim.most else "no"
        numbers = (float(value), min(rounds), max(rounds), len(rounds))
        return Row(self.part, what, beside, measure, *numbers, unit, aim.first, str(aim), met)

    def ratios(
        self,
        rounds: Mapping[str, Sequence[float]],
        pairs: Iterable[tuple[str, str]],
        measure: str,
    ) -> Iterator[Row]:
        """The numbers of each (what, beside), divided within their rounds."""
        for what, beside in pairs:
            paired = zip(rounds[what], rounds[beside], strict=True)
            yield self.of(what, measure, [a / b for a, b in paired], "times", beside)


def interleaved(jobs: Mapping[str, Callable[[], Result]], rounds: int) -> dict[str, list[Result]]:
    """Every job once a round, so that a slow minute of the machine slows all of them."""
    taken = [{name: job() for name, job in jobs.items()} for _ in range(rounds)]
    return {name: [results[name] for results in taken] for name in jobs}
