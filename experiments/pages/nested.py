"""Models that contain another one: does the larger one fit training documents as well?

A larger model that fits them worse, and is no better on test documents, was not trained well
enough. Then its test loss says nothing about the architecture. One that is better on test documents
is only regularised, as dropout does. Losses on training documents are means over seeds without an
interval.
"""

from collections.abc import Iterator
from typing import NamedTuple

from wordrel.config import MatchedConfig, parse_config
from wordrel.models.matched.nesting import contains
from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.study.results import Results


class Fit(NamedTuple):
    """Two models of one corpus, of which the first contains the second.

    Attributes:
        row: their planned contrast.
        gap: loss of the first on training documents, minus that of the second.
    """

    row: Row
    gap: float

    @property
    def worse(self) -> bool:
        """Whether the larger model fits training documents worse, by more than the margin."""
        return self.gap > float(self.row.margin)

    @property
    def failed(self) -> bool:
        """Whether it is so, and the larger model is not clearly better on test documents either."""
        return self.worse and not self.row.low > 0


def fits(results: Results) -> Iterator[Fit]:
    """Of the planned contrasts of two measured models, one of which contains the other."""
    models = {model.name: model for model in parse_config(results.config).models}
    for row in queries.rows(results.contrasts):
        first, second = models.get(row.model_a), models.get(row.model_b)
        if not (isinstance(first, MatchedConfig) and isinstance(second, MatchedConfig)):
            continue
        of = row.task.split(".")[1]
        larger, smaller = (
            training(results, row.corpus, model, of) for model in (row.model_a, row.model_b)
        )
        if row.seeds and larger and smaller and contains(first, second):
            yield Fit(row, larger.value - smaller.value)


def training(results: Results, corpus: str, model: str, objective: str) -> Row | None:
    """The calibrated loss on training documents, in whichever way the model is read."""
    of = {"task": "per_token_loss", "group": objective, "statistic": "training_calibrated"}
    return next(iter(queries.rows(results.measurements, corpus=corpus, model=model, **of)), None)
