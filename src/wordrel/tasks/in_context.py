"""Meaning in context: do the vectors of two uses of words say how near their meanings are?

Two kinds, both of words in sentences. `context_pairs` (SCWS): the cosine of two uses beside
people's rating. `same_sense` (WiC): are two uses of one word in one sense? The cosine at which
the answer turns is set on earlier splits, and only the last split is scored.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from wordrel.errors import DatasetError
from wordrel.models.readings import Readings
from wordrel.tasks.base import Items, Kind, Outcome, Scope, Task, reason, unanswered, without_vector
from wordrel.tasks.uses import count_lost, covered, pair_cosines, read_uses, vectors

SPLITS = ("train", "dev", "test")
"""In this order; the last that a set has is scored."""


def rate_pairs(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a view, and behind it one for each label of the items (`task.label`)."""
    uses = read_uses(task.items, readings.vocab, scope.lowercase)
    form = unanswered(task, uses.covered, chance=0.0)
    outcomes = []
    for whole, cosine in _by_view(form, task, readings, vectors(readings, uses)):
        predicted = np.where(uses.covered, cosine, np.nan)
        whole = _with_note(replace(whole, predicted=predicted))
        parts = [_part(whole, task.items, label) for label in dict.fromkeys(task.items.labels)]
        outcomes += [whole, *parts]
    return outcomes


def _by_view(
    form: Outcome, task: Task, readings: Readings, rows: dict[str, np.ndarray]
) -> Iterator[tuple[Outcome, Float64[np.ndarray, " P"]]]:
    """The form of each view with the cosines of all items; without a view, one that says why."""
    if not rows:
        why = reason(readings, task.question, "context", "alike")
        yield replace(form, note=why), np.full(task.items.n_items, np.nan)
    for view, uses in rows.items():
        primary = view == readings.primary.get(task.question)
        yield replace(form, view=view, primary=primary), pair_cosines(uses)


def _with_note(outcome: Outcome) -> Outcome:
    if outcome.note:
        return outcome
    answered = outcome.predicted[~np.isnan(outcome.predicted)]
    if len(answered) > 1 and np.ptp(answered) == 0:
        return replace(outcome, note="all answers are equal: there is no order to compare")
    return replace(outcome, note=without_vector(~np.isnan(outcome.predicted), outcome.covered))


def _part(whole: Outcome, items: Items, label: str) -> Outcome:
    those = np.array([own == label for own in items.labels])
    part = replace(
        whole,
        task=f"{whole.task}.{label}",
        gold=whole.gold[those],
        predicted=whole.predicted[those],
        covered=whole.covered[those],
        cluster=whole.cluster[those],
        note=whole.note if not whole.view else "",
        detail=True,
    )
    return _with_note(part)


def judge_sense(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a view: whether each item of the last split is told right.

    Raises:
        DatasetError: where a label is no split.
    """
    earlier, last = _splits(task)
    uses = read_uses(task.items, readings.vocab, scope.lowercase)
    form = _scored(task, uses.covered, last)
    if not form.note and not (earlier & uses.covered).any():
        note = "no covered item stands in an earlier split, where the threshold is to be set"
        return [replace(form, note=note)]
    same = task.items.gold == 1
    outcomes = []
    for blank, cosine in _by_view(form, task, readings, vectors(readings, uses)):
        answered = uses.covered & ~np.isnan(cosine)
        seen = earlier & answered
        right = (cosine >= best_threshold(cosine[seen], same[seen])) == same
        predicted = np.where(answered & seen.any(), right, np.nan)[last]
        note = blank.note or without_vector(~np.isnan(predicted), form.covered)
        outcomes.append(replace(blank, predicted=predicted, note=note))
    return outcomes


def _splits(task: Task) -> tuple[Bool[np.ndarray, " P"], Bool[np.ndarray, " P"]]:
    """Which items set the threshold, and which are scored."""
    wrong = set(task.items.labels) - set(SPLITS)
    if wrong or len(task.items.labels) != task.items.n_items:
        raise DatasetError(
            f"{task.name}: found labels {sorted(wrong)} on {len(task.items.labels)} of "
            f"{task.items.n_items} items; expected one of {', '.join(SPLITS)} on each: the "
            "threshold is set on the earlier splits"
        )
    places = np.array([SPLITS.index(label) for label in task.items.labels], dtype=np.int64)
    last = places == places.max(initial=0)
    return ~last, last


def _scored(task: Task, known: Bool[np.ndarray, " P"], last: Bool[np.ndarray, " P"]) -> Outcome:
    """The outcome, yet to be filled in, for the items of the last split alone."""
    n, share = int(last.sum()), task.items.gold[last].mean() if last.any() else np.nan
    asked = Items((), np.ones(n), task.items.cluster[last], duplicates=0, multiword=0)
    return unanswered(replace(task, items=asked), known[last], float(max(share, 1 - share)))


def best_threshold(scores: Float64[np.ndarray, " P"], same: Bool[np.ndarray, " P"]) -> float:
    """The t for which "same where score >= t" is right most often; the lowest of equals.

    One of the scores, or infinity where "never the same" is best; NaN without scores.
    """
    if not len(scores):
        return float("nan")
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-np.inf))
    rejected = np.concatenate([[0], np.cumsum(np.where(same[order], -1, 1))])
    gain = rejected[np.append(first, len(ordered))]
    return float(np.append(ordered[first], np.inf)[gain.argmax()])


CONTEXT_PAIRS = Kind(
    version=1, better="higher", covered=covered, answer=rate_pairs, measure=count_lost
)
SAME_SENSE = Kind(
    version=1, better="higher", covered=covered, answer=judge_sense, measure=count_lost
)
