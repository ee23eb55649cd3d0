"""Which settings to try next: a walk along one coordinate after the other, of a given length.

Reads and writes nothing. A search gets points and gives back scores; where the scores come from is
no concern of it. Every search of the same length tries the same number of points.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

Value = float | int
Point = dict[str, Any]
"""A value of each coordinate; `start`, if any: the model from whose weights training goes on."""


@dataclass(frozen=True)
class Coordinate:
    """One setting, and the values that it may take.

    Attributes:
        key: of the setting.
        values: ascending; None: a grid in factors of two around the start, without an end, so that
            a best value is never on its edge.
    """

    key: str
    values: tuple[Value, ...] | None = None

    def beside(self, value: Value, factor: float) -> list[Value]:
        """The next lower and the next higher value, where there are any."""
        if self.values is None:
            return [value / factor, value * factor]
        lower = [v for v in self.values if v < value][-1:]
        higher = [v for v in self.values if v > value][:1]
        return [*lower, *higher]


COORDINATES = (
    Coordinate("learning_rate"),
    Coordinate("epochs", (1, 2, 4, 8)),
    Coordinate("weights_learning_rate"),
    Coordinate("dropout", (0.0, 0.1, 0.2, 0.4)),
    Coordinate("weight_decay", (0.0, 0.01, 0.1, 1.0)),
)
"""In the order in which they are tried: what moves a loss most comes first."""


@dataclass(frozen=True)
class Tried:
    """A point and its score."""

    point: Point
    score: float


Search = Generator[list[Point], Sequence[float], list[Tried]]
"""Yields points to try together, is sent their scores; returns all, the best one first."""


def walk(start: Point, coordinates: Sequence[Coordinate], trials: int) -> Search:
    """Coordinate search from `start`; goes on along a coordinate as long as that helps.

    Args:
        start: tried first; it has a value of each coordinate.
        coordinates: of which neighbours are tried, in this order.
        trials: how many points are tried in all.
    """
    tried = [Tried(start, (yield [start])[0])]
    factor, helped = 2.0, True
    while len(tried) < trials:
        if not helped:
            factor = factor**0.5
        helped, before = False, len(tried)
        for coordinate in coordinates:
            while points := _untried(coordinate, tried, factor, trials - len(tried)):
                last = best_of(tried)
                scores = yield points
                tried += [Tried(*pair) for pair in zip(points, scores, strict=True)]
                if best_of(tried) is last:
                    break
                helped = True
        if len(tried) == before and all(c.values is not None for c in coordinates):
            break  # every value of a closed grid is tried
    return in_order(tried)


def _untried(
    coordinate: Coordinate, tried: Sequence[Tried], factor: float, most: int
) -> list[Point]:
    """Neighbours of the best point that are new."""
    best = best_of(tried).point
    points = [best | {coordinate.key: v} for v in coordinate.beside(best[coordinate.key], factor)]
    return [point for point in points if all(point != one.point for one in tried)][:most]


def recheck(best: Sequence[Tried], keep: int, key: str = "learning_rate") -> Search:
    """On more text: the best points again, and the best of them at half and at twice its rate."""
    points = [one.point for one in best[:keep]]
    tried = [Tried(*pair) for pair in zip(points, (yield points), strict=True)]
    top = best_of(tried).point
    if key in top:
        beside = [top | {key: value} for value in (top[key] / 2, top[key] * 2)]
        tried += [Tried(*pair) for pair in zip(beside, (yield beside), strict=True)]
    return in_order(tried)


def best_of(tried: Sequence[Tried]) -> Tried:
    """The one with the highest score; of equal ones the first."""
    return in_order(tried)[0]


def in_order(tried: Sequence[Tried]) -> list[Tried]:
    """From the highest score to the lowest; a failed trial is last."""
    return sorted(tried, key=lambda one: -one.score if one.score == one.score else float("inf"))
