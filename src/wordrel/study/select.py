"""Which view of a model is its primary one: decided on development splits, before any test set.

Reads outcomes in memory; returns the choice, and the rows of the table `views` that tell it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from wordrel.stats import MEASURES, answered_by_all, plain_scores
from wordrel.study.answers import Asked
from wordrel.study.schema import Row
from wordrel.tasks import Outcome

CHOSEN_BY = {
    **{name: name for name in ("alike", "relate", "direction", "in_context")},
    "syntax": "relate",
}
"""Question -> the question whose development splits choose its view. Degree and direction choose
for themselves: the best relation for a degree is mostly symmetric, and has no direction at all."""
ANSWERS_ENOUGH = 0.95
"""A view that leaves more than the rest of a development split unanswered is no candidate: what
all models are compared on would shrink to the items that it answers."""


@dataclass(frozen=True)
class Choice:
    """The primary views of one corpus.

    Attributes:
        primary: (model, question) -> view; only what development splits decided.
        rows: of the table `views`.
    """

    primary: Mapping[tuple[str, str], str]
    rows: tuple[Row, ...]

    def view(self, model: str, question: str) -> str | None:
        """The view chosen for a question; None where the design decides."""
        return self.primary.get((model, CHOSEN_BY.get(question, question)))


def choose(corpus: str, asked: Sequence[Asked]) -> Choice:
    """The view with the highest mean score on the development splits of its question.

    Scores are means over seeds, then over splits, on the items that all candidates of the model
    answer. Equal views: the one that the design would take, else the first. Nothing of a test
    split is looked at but which view the design marks.
    """
    primary: dict[tuple[str, str], str] = {}
    rows: list[Row] = []
    for question in dict.fromkeys(CHOSEN_BY[a.question] for a in asked if a.question in CHOSEN_BY):
        ours = [one for one in asked if one.question == question]
        dev = [one for one in ours if one.split == "dev" and not one.any.detail]
        for model in dict.fromkeys(key[0] for one in ours for key in one.outcomes):
            designed = _designed(model, ours)
            scores = _scores(model, dev)
            if scores:
                best = max(scores, key=lambda view: (scores[view], view == designed))
                primary[model, question] = best
            elif designed is not None:
                best, scores = designed, {designed: float("nan")}
            else:
                continue
            rows += [
                {
                    "corpus": corpus,
                    "model": model,
                    "question": question,
                    "view": view,
                    "dev_task": "+".join(one.any.task for one in dev),
                    "seeds": max(len(one.seeds(model)) for one in (dev or ours)),
                    "score": score,
                    "chosen": view == best,
                    "by": "development" if (model, question) in primary else "design",
                }
                for view, score in scores.items()
            ]
    return Choice(primary, tuple(rows))


def marked(asked: Asked, choice: Choice) -> Asked:
    """The same outcomes, `primary` where the choice says so; as they are where it says nothing.

    Of a detail only primary views are kept: there may be none.
    """
    outcomes = {
        (model, view): {
            seed: _marked(outcome, choice.view(model, asked.question))
            for seed, outcome in seeds.items()
        }
        for (model, view), seeds in asked.outcomes.items()
    }
    if asked.any.detail:
        outcomes = {k: v for k, v in outcomes.items() if any(o.primary for o in v.values())}
    return replace(asked, outcomes=outcomes)


def _marked(outcome: Outcome, chosen: str | None) -> Outcome:
    if chosen is None or not outcome.view:
        return outcome
    return replace(outcome, primary=outcome.view == chosen)


def _designed(model: str, asked: Iterable[Asked]) -> str | None:
    """The view that the model's own design marks."""
    views = (
        key[1]
        for one in asked
        for key, seeds in one.outcomes.items()
        if key[0] == model and key[1] and any(outcome.primary for outcome in seeds.values())
    )
    return next(views, None)


def _scores(model: str, dev: Sequence[Asked]) -> dict[str, float]:
    """View -> mean score; of the views that are candidates on every development split."""
    by_task = [found for one in dev if (found := _by_view(model, one))]
    first = by_task[0] if by_task else {}
    common = [view for view in first if all(view in scores for scores in by_task)]
    return {view: float(np.mean([scores[view] for scores in by_task])) for view in common}


def _by_view(model: str, one: Asked) -> dict[str, float]:
    outcome = one.any
    answers = {view: rows for (m, view), rows in one.predicted().items() if m == model}
    answered = {view: answered_by_all([rows]) for view, rows in answers.items()}
    enough = ANSWERS_ENOUGH * outcome.covered.sum()
    candidates = [view for view in answers if answered[view].sum() >= enough]
    if not candidates:
        return {}
    common: Bool[np.ndarray, " P"] = np.all([answered[view] for view in candidates], axis=0)
    measure, gold = MEASURES[outcome.measure], outcome.gold[common]
    scores = {v: plain_scores(measure, gold, answers[v][:, common]).mean() for v in candidates}
    return {view: float(score) for view, score in scores.items() if not np.isnan(score)}
