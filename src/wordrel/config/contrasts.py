"""Comparisons that are planned before a run."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from wordrel.config.models import Name, Strict

Claim = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.,()-]*$", max_length=60)]
Part = Annotated[str, Field(max_length=60)]
Rule = Literal["adds", "not_worse", "equivalent"]
AS_IT_IS, CALIBRATED = "as_trained", "calibrated"
"""The ends of the names of two rows of a loss."""


class Beside(Strict):
    """Two other models on another row of the same task, whose gain is subtracted."""

    first: Name
    second: Name
    task: str


class Measured(Strict):
    """A measurement of a task, in place of a row of scores."""

    group: str
    statistic: str
    embedding: str | None = Field(None, description="where the group has several")
    better: Literal["higher", "lower"] = "higher"


class Contrast(Strict):
    """Two models on one row of the result, or one model and a number.

    The gain is positive where the first is better. On the rows of `lift_agreement` it is by how
    much the two agree less than the seeds of either.
    """

    claim: Claim = Field(description="contrasts of one claim are corrected together")
    part: Part = Field("", description="what it is in the rule of its claim, such as K=Q")
    first: Name
    second: Name | None = None
    against: float | Literal["chance"] | None = Field(
        None, description="a number in place of the second model, or the chance of the row"
    )
    task: str = Field(
        description="a row of the result, such as per_token_loss.next_word.calibrated"
    )
    mean_with: tuple[str, ...] = Field(
        (),
        strict=False,
        description="other rows, of other items; the gain is the mean over all of them",
    )
    measured: Measured | None = Field(None, description="of the task, with `against` alone")
    margin: float = Field(ge=0, description="a gain that is smaller means nothing")
    rule: Rule = Field(
        "adds",
        description="adds: gain above the margin; not_worse: above minus the margin; "
        "equivalent: within the margin on both sides",
    )
    corpora: tuple[Name, ...] = Field((), strict=False, description="default: all of the study")
    beside: Beside | None = Field(None, description="of rows of lift_agreement")

    @model_validator(mode="after")
    def _compares_two(self) -> "Contrast":
        if (self.second is None) == (self.against is None):
            raise ValueError("expected either second or against, found both or neither")
        if self.measured is not None and not isinstance(self.against, float):
            raise ValueError("a measurement is compared with a number: give against a number")
        if self.mean_with and (self.second is None or self.beside is not None):
            raise ValueError("mean_with: expected two models and nothing beside them")
        if len({*self.rows}) < len(self.rows):
            raise ValueError("mean_with: expected every row once")
        for row, of in permutations(self.rows, 2):
            if is_variant(row, of):
                text = f"found {row} beside {of}, which has the same items; expected other items"
                raise PydanticCustomError("unfit", "{text}", {"text": text, "key": "mean_with"})
        return self

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the result that it is measured on."""
        return (self.task, *self.mean_with)

    @property
    def number(self) -> str:
        """What stands in place of a second model, for a table; empty where there is one."""
        return f"{self.against:g}" if isinstance(self.against, float) else self.against or ""

    @property
    def row(self) -> str:
        """The row of the result or the measurement, for a table."""
        if self.mean_with:
            return mean_of(self.rows)
        if self.measured is None:
            return self.task
        return f"{self.task}: {self.measured.group}, {self.measured.statistic}"


def is_variant(row: str, of: str) -> bool:
    """Whether a row of the result is a variant of another one, or a part of it.

    Of a loss the calibrated row is the one that counts.
    """
    stem = of.removesuffix(f".{CALIBRATED}")
    return row.startswith(f"{of}.") or (stem != of and row == f"{stem}.{AS_IT_IS}")


def mean_of(rows: Sequence[str]) -> str:
    """The mean over several rows of the result, for a table."""
    return f"mean of {', '.join(rows)}"


class CellRow(Strict):
    """The cells that share one treatment of words."""

    words: str = Field(min_length=1, max_length=60, description="such as: none, word weight")
    cells: tuple[Name, Name] = Field(strict=False, description="without and with the ingredient")


class Orderings(Strict):
    """Cells that differ in two ingredients: each ingredient's gain with and without the other.

    Every gain is a planned contrast of the rule `adds`.
    """

    claim: Claim
    task: str
    margin: float = Field(ge=0)
    across: str = Field(
        "positions", min_length=1, max_length=60, description="the other ingredient"
    )
    rows: tuple[CellRow, ...] = Field(
        min_length=2, strict=False, description="each contains the one before it"
    )
    corpora: tuple[Name, ...] = Field((), strict=False)

    @property
    def models(self) -> tuple[str, ...]:
        """All cells, row by row."""
        return tuple(model for row in self.rows for model in row.cells)

    def steps(self) -> Iterator[tuple[str, str, str, str]]:
        """Ingredient, what both cells have besides, the cell with it and the one without."""
        for row in self.rows:
            reduced, full = row.cells
            yield self.across, row.words, full, reduced
        for below, row in pairwise(self.rows):
            for beside, reduced, full in zip(
                (f"no {self.across}", self.across), below.cells, row.cells, strict=True
            ):
                yield row.words, beside, full, reduced

    def contrasts(self) -> list[Contrast]:
        """Every gain as a contrast."""
        return [
            Contrast(
                claim=self.claim,
                part=ingredient,
                first=full,
                second=reduced,
                task=self.task,
                margin=self.margin,
                corpora=self.corpora,
            )
            for ingredient, _, full, reduced in self.steps()
        ]
