"""Directed pairs: how strongly does a relate to b, and which of the two relates to the other?

Two kinds. `DIRECTED` asks how relation(a -> b) orders pairs of words whose strength people have
told; the measure is Spearman's correlation. `DIRECTION` asks for the direction alone, from
relation(a -> b) - relation(b -> a); the measure is AUC.

What is balanced in `DIRECTION`, and why: most directions lead from the rarer to the more frequent
word (people name common words; hypernyms are common), and most relations of a model grow with the
frequency of one of the two words, so that direction can be told from frequency alone. Therefore

1. every item is turned so that its rarer word comes first (the lower id where both are as
   frequent): gold then says whether the rarer word leads to the more frequent one;
2. each item of gold 1 gets one of gold 0 whose rarer and whose more frequent word are both about
   as frequent as its own (see `matching`), and an item without a partner is left out.

Where two words' frequencies say all that a relation knows, its answers then are distributed alike
on both sides, whatever it makes of them, and AUC is .5. Gold is balanced by the second step, so
nothing is turned at random.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import Readings, Relation
from wordrel.tasks.base import Items, Kind, Outcome, Scope, Task, reason, unanswered, word_ids
from wordrel.tasks.matching import log_counts, match_within


def by_relation(
    form: Outcome,
    readings: Readings,
    question: str,
    told: Callable[[Relation], Float64[np.ndarray, " Q"]],
) -> list[Outcome]:
    """One outcome a relation; one without answers, which says why, where the model has none.

    Args:
        form: the row to fill in.
        readings: whom.
        question: whose primary relation is marked.
        told: what a relation says of the Q covered items.
    """
    if not readings.relations:
        return [replace(form, note=reason(readings, "relate"))]
    outcomes = []
    for name, relation in readings.relations.items():
        predicted = np.full(len(form.gold), np.nan)
        predicted[form.covered] = told(relation)
        silent = int((form.covered & np.isnan(predicted)).sum())
        note = f"{silent} covered items got no number from this relation" if silent else ""
        note = "; ".join(filter(None, [form.note, note]))
        primary = name == readings.primary.get(question)
        outcomes.append(replace(form, view=name, primary=primary, predicted=predicted, note=note))
    return outcomes


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Pairs whose two words are known."""
    known: Bool[np.ndarray, " P"] = np.all(word_ids(items, vocab, scope.lowercase) >= 0, axis=1)
    return known


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a relation: relation(a -> b) of each covered pair."""
    known = covered(task.items, readings.vocab, scope)
    form = unanswered(task, known, chance=0.0)
    left, right = word_ids(task.items, readings.vocab, scope.lowercase)[known].T
    return by_relation(form, readings, task.question, lambda relation: relation(left, right))


def oriented(
    items: Items, vocab: Vocab, scope: Scope
) -> tuple[Int64[np.ndarray, "P 2"], Float64[np.ndarray, " P"]]:
    """Ids with the rarer word first (-1 where unknown), and gold turned with them."""
    ids = word_ids(items, vocab, scope.lowercase)
    counts = np.append(vocab.counts, -1)[ids]
    turn = (counts[:, 0] > counts[:, 1]) | (
        (counts[:, 0] == counts[:, 1]) & (ids[:, 0] > ids[:, 1])
    )
    ids = np.where(turn[:, None], ids[:, ::-1], ids)
    return ids, np.where(turn, 1 - items.gold, items.gold)


def balanced(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """The pairs that are asked: known, and with a partner as frequent of the other direction."""
    ids, gold = oriented(items, vocab, scope)
    alike = log_counts(vocab, ids)
    return match_within(gold == 1, gold == 0, np.zeros(len(gold), dtype=np.int64), alike)


def direction(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a relation: relation(rarer -> other) - relation(other -> rarer)."""
    ids, gold = oriented(task.items, readings.vocab, scope)
    asked = balanced(task.items, readings.vocab, scope)
    known = covered(task.items, readings.vocab, scope)
    form = replace(unanswered(task, asked, chance=0.5), gold=gold)
    alone = int((known & ~asked).sum())
    if alone:
        note = f"{alone} pairs of known words have no partner as frequent and are not asked"
        form = replace(form, note=note)
    rarer, other = ids[asked].T
    return by_relation(
        form,
        readings,
        "relate",  # what the design takes; a development split may choose another
        lambda relation: _lead(relation(rarer, other), relation(other, rarer)),
    )


def _lead(
    there: Float64[np.ndarray, " Q"], back: Float64[np.ndarray, " Q"]
) -> Float64[np.ndarray, " Q"]:
    """The difference; 0 where both are the same infinity (a pair that never meets has no PMI)."""
    lead: Float64[np.ndarray, " Q"] = np.zeros(len(there))
    np.subtract(there, back, out=lead, where=there != back)
    return lead


DIRECTED = Kind(version=1, better="higher", covered=covered, answer=answer)
DIRECTION = Kind(version=1, better="higher", covered=balanced, answer=direction)
