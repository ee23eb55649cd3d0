"""The gain of each ingredient in every ordering, their interactions, and which one leads.

The cells of the table `orderings` differ in two ingredients: one across, and words, which are
treated in two or more ways, each of which contains the one before it. A gain is that of the cell
with the ingredient over the cell without it. Intervals are those of single numbers; what decides
stands in the table `contrasts`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wordrel.config import Orderings
from wordrel.stats import Scored, Uncertain, combined
from wordrel.study.answers import Evaluation
from wordrel.study.contrasts import CORPORA, SEEDS, Scores, gain_of
from wordrel.study.schema import GAIN, INTERACTION, LEAD, WHOLE, Row

MOST_INTERACTION = 0.5
"""Of the whole gain; beyond it a share depends on the ordering more than on the ingredient."""

Weights = Mapping[str, float]  # of the scores of models


def ordering_rows(
    rows: Sequence[Evaluation], planned: Sequence[Orderings], confidence: float
) -> list[Row]:
    """Every gain, the whole gain, the interactions and the leads, of the rows of one task.

    Nothing where a cell has no answer.
    """
    by_task = {evaluation.any.task: evaluation for evaluation in rows if evaluation.split == "test"}
    table_rows = []
    for ordering in planned:
        evaluation = by_task.get(ordering.task)
        if evaluation is None or (ordering.corpora and evaluation.corpus not in ordering.corpora):
            continue
        if (scored := Scores(evaluation).of(ordering.models)) is not None:
            table = _Table(ordering, evaluation.any.better, scored[0], confidence)
            seeds = min(len(cell.seeds) for cell in scored[0].values())
            of = {"claim": ordering.claim, "corpus": evaluation.corpus, "task": ordering.task}
            table_rows += [{**of, "seeds": seeds, "n": scored[1], **row} for row in table.rows()]
    return table_rows


class _Table:
    """The cells of one task, and weighted sums of their losses or scores."""

    def __init__(
        self, cells: Orderings, better: str, scored: Mapping[str, Scored], confidence: float
    ) -> None:
        self.cells, self.scored, self.confidence = cells, scored, confidence
        self.steps: dict[tuple[str, str], tuple[str, str, Weights]] = {
            (ingredient, beside): (more, less, gain_of(better, more, less))
            for ingredient, beside, more, less in cells.steps()
        }
        self.top, self.foot = cells.rows[-1].cells[1], cells.rows[0].cells[0]
        self.whole: Weights = gain_of(better, self.top, self.foot)

    def rows(self) -> Iterator[Row]:
        """In the order of the module's first sentence."""
        why = self.no_shares()
        for (ingredient, beside), (more, less, gain) in self.steps.items():
            row = self._named(GAIN, ingredient, beside, more, less) | self._number(gain)
            yield row | (self._share(gain) if not why else {})
        row = self._named(WHOLE, "", "", self.top, self.foot) | self._number(self.whole)
        yield row | {"note": why}
        for ingredient, beside, gain in self.interactions():
            yield self._named(INTERACTION, ingredient, beside) | self._number(gain)
        for ingredient in dict.fromkeys(name for name, _ in self.steps):
            yield self._named(LEAD, ingredient, "the most of any other") | self._lead(ingredient)

    def interactions(self) -> Iterator[tuple[str, str, Weights]]:
        """An ingredient's gain where it comes first less its gain where it comes last.

        The two ingredients of four cells have the same: so one for each way of treating words, and
        over all of them that of the ingredient across.
        """
        across = self.cells.across
        for row in self.cells.rows[1:]:
            first, last = (self.steps[row.words, b][2] for b in (f"no {across}", across))
            yield row.words, across, _sum((1.0, first), (-1.0, last))
        if len(self.cells.rows) > 2:
            ends = (self.cells.rows[0].words, self.cells.rows[-1].words)
            first, last = (self.steps[across, words][2] for words in ends)
            yield across, "all words", _sum((1.0, first), (-1.0, last))

    def no_shares(self) -> str:
        """Why no shares are given; empty where they are."""
        whole = self._combined(self.whole)
        if not whole.interval(self.confidence).low >= self.cells.margin:
            return f"no shares: the lower end of the whole gain is not above {self.cells.margin:g}"
        most = max(abs(self._combined(gain).value) for _, _, gain in self.interactions())
        if most > MOST_INTERACTION * whole.value:
            return "no shares: an interaction exceeds half of the whole gain"
        return ""

    def _share(self, gain: Weights) -> Row:
        """The part of the whole gain, with its interval by linearisation."""
        whole = self._combined(self.whole).value
        share = self._combined(gain).value / whole
        weights = _sum((1 / whole, gain), (-share / whole, self.whole))
        ends = self._combined(weights)._replace(value=share).interval(self.confidence)
        return {"share": share, "share_low": ends.low, "share_high": ends.high}

    def _lead(self, ingredient: str) -> Row:
        """The least gain of an ingredient less the largest gain of any other.

        It is the least of all differences of one of its gains and one of another, and above a
        number where all of them are: its lower end is the lowest of all, without a correction. The
        number and its upper end are too low where several differences are near the least one; no
        verdict uses them.
        """
        own = [gain for (name, _), (_, _, gain) in self.steps.items() if name == ingredient]
        others = [gain for (name, _), (_, _, gain) in self.steps.items() if name != ingredient]
        every = [self._combined(_sum((1.0, a), (-1.0, b))) for a in own for b in others]
        least = min(every)
        low = min(difference.interval(self.confidence).low for difference in every)
        high = least.interval(self.confidence).high
        return {"gain": least.value, "low": low, "high": high, "df": least.df}

    def _number(self, weights: Weights) -> Row:
        gain = self._combined(weights)
        ends = gain.interval(self.confidence)
        return {"gain": gain.value, "low": ends.low, "high": ends.high, "df": gain.df}

    def _combined(self, weights: Weights) -> Uncertain:
        return combined(weights, self.scored)

    def _named(self, what: str, ingredient: str, beside: str, *models: str) -> Row:
        names = dict(zip(("model_a", "model_b"), models, strict=False))
        return {"what": what, "ingredient": ingredient, "beside": beside, **names}


def leader(rows: Sequence[Any], sources: Mapping[str, str]) -> str:
    """The ingredient that leads in every ordering, on both corpora; empty where none does.

    Args:
        rows: of the table `orderings`, of one claim and task.
        sources: the source of each corpus.
    """
    leads = [row for row in rows if row.what == LEAD]
    if not {sources[row.corpus] for row in leads} >= CORPORA:
        return ""
    corpora = {row.corpus for row in leads}
    for ingredient in dict.fromkeys(row.ingredient for row in leads):
        its = [row for row in leads if row.ingredient == ingredient]
        ahead = {row.corpus for row in its if row.low > 0 and row.seeds >= SEEDS}
        if ahead == corpora:
            return str(ingredient)
    return ""


def _sum(*parts: tuple[float, Weights]) -> dict[str, float]:
    """A weighted sum of weighted sums; a model that falls out is left out."""
    total: dict[str, float] = {}
    for factor, weights in parts:
        for model, weight in weights.items():
            total[model] = total.get(model, 0.0) + factor * weight
    return {model: weight for model, weight in total.items() if weight}
