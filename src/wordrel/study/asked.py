"""The outcomes of one row of the result, sorted by who gave them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from wordrel.tasks import Outcome

Key = tuple[str, str]  # model, view


@dataclass(frozen=True)
class Asked:
    """The outcomes of one row of the result (a task, or a variant of it) on one corpus.

    Attributes:
        corpus: name of the corpus.
        question: "alike", "fit" ...
        outcomes: (model, view) -> seed -> outcome; "" is the view of a model without an answer.
        split: "dev" where it may decide which view is the primary one.
    """

    corpus: str
    question: str
    outcomes: Mapping[Key, Mapping[int, Outcome]]
    split: str = "test"

    @property
    def any(self) -> Outcome:
        """One of them, for what they have in common."""
        return next(iter(next(iter(self.outcomes.values())).values()))

    def seeds(self, model: str) -> set[int]:
        """The seeds with which a model answered."""
        return {seed for (m, _), seeds in self.outcomes.items() for seed in seeds if m == model}

    def primary(self, key: Key) -> bool:
        """Whether a view is the primary one of its model."""
        return next(iter(self.outcomes[key].values())).primary

    def predicted(self) -> dict[Key, Float64[np.ndarray, "S P"]]:
        """The answers of those that answer anything, a row a seed."""
        rows = {
            key: np.stack([outcome.predicted for outcome in seeds.values()])
            for key, seeds in self.outcomes.items()
        }
        return {key: row for key, row in rows.items() if not np.isnan(row).all()}


def collect(
    corpus: str,
    question: str,
    cells: Iterable[tuple[str, int, Sequence[Outcome]]],
    split: str = "test",
) -> list[Asked]:
    """Sort the outcomes of a task, given as (model, seed, outcomes), by row of the result."""
    rows: dict[str, dict[Key, dict[int, Outcome]]] = {}
    for model, seed, outcomes in cells:
        for outcome in outcomes:
            keys = rows.setdefault(outcome.task, {})
            keys.setdefault((model, outcome.view), {})[seed] = outcome
    return [Asked(corpus, question, keys, split) for keys in rows.values()]
