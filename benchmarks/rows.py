"""What a part of the benchmark gives: a row a number, with its range, its n and its aim."""

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

Rounds = Mapping[str, Sequence[float]]
"""Name -> one number a round; the same place in two of them is the same round."""


@dataclass(frozen=True)
class Aim:
    """What a number should be, written before it was measured.

    Attributes:
        least: it should be this or more.
        most: it should be this or less.
        reach: what would be better still; it decides nothing.
    """

    least: float = -math.inf
    most: float = math.inf
    reach: float | None = None

    def __str__(self) -> str:
        ends = {"at least": self.least, "at most": self.most}
        text = ", ".join(f"{word} {end:g}" for word, end in ends.items() if math.isfinite(end))
        return text if self.reach is None else f"{text}; reach {self.reach:g}"

    def met(self, value: float, low: float) -> str:
        """`yes`, `no`, or nothing where that is not known.

        Args:
            value: what was measured; NaN where it is only known to be more than `low`.
            low: its lower end; NaN where nothing was measured.
        """
        if not str(self):
            return ""
        if math.isnan(value):
            return "no" if low > self.most else ""
        return "yes" if self.least <= value <= self.most else "no"


@dataclass(frozen=True)
class Row:
    """One line of speed.csv.

    Attributes:
        part: of the benchmark.
        what: is measured, such as a model.
        beside: what it is divided by, or compared with; empty where the number stands alone.
        measure: what the number says.
        value: the median of the rounds; NaN where only a lower end is known, or nothing.
        low: the least of them; high: the greatest.
        n: rounds; 0 where nothing was measured.
        unit: of all three numbers.
        aim: see `Aim`; met: yes, no or nothing.
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
    aim: str = ""
    met: str = ""


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one part, each held against the aim for its (what, beside)."""

    part: str
    aims: Mapping[tuple[str, str], Aim] = field(default_factory=dict)

    def of(
        self, what: str, measure: str, values: Iterable[float], unit: str, beside: str = ""
    ) -> Row:
        """Median and range of one number a round; of no round, where `measure` says why."""
        found = list(values)
        ends = (min(found), max(found)) if found else (math.nan, math.nan)
        numbers = (float(statistics.median(found or [math.nan])), *ends, len(found))
        return self._judged(Row(self.part, what, beside, measure, *numbers, unit))

    def more_than(self, what: str, measure: str, low: float, unit: str, beside: str = "") -> Row:
        """A number that is only known to be more than `low`."""
        numbers = (math.nan, low, math.nan, 1)
        return self._judged(Row(self.part, what, beside, measure, *numbers, unit))

    def ratios(
        self, rounds: Rounds, pairs: Iterable[tuple[str, str]], measure: str
    ) -> Iterator[Row]:
        """The numbers of each (what, beside), divided within their rounds."""
        for what, beside in pairs:
            both = zip(rounds[what], rounds[beside], strict=True)
            yield self.of(what, measure, [a / b for a, b in both], "times", beside)

    def _judged(self, row: Row) -> Row:
        aim = self.aims.get((row.what, row.beside), Aim())
        return replace(row, aim=str(aim), met=aim.met(row.value, row.low))
