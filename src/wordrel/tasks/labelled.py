"""Labelled pairs: can a relation tell related words from random ones?

Asks relation(concept -> relatum) of pairs that carry a label, such as hyper or mero, and of random
pairs of the same concepts. Each label is a row `task.LABEL` of its own, by AUC against random
pairs, and there is no row over all of them: a relation is not better for also knowing parts where
kinds are asked, and the number of pairs a label happens to have would decide.

What is balanced: related words are more frequent than random ones, so each pair of the label gets
one random pair of the same concept whose relatum is about as frequent (see `matching`; each is used
once), and a pair without a partner is left out. Random nouns stand beside nouns, random verbs
beside events, random adjectives beside attributes; part of speech then tells nothing either.

Source: Baroni & Lenci, GEMS 2011 (BLESS), section 3.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import Readings
from wordrel.tasks.base import Items, Kind, Outcome, Scope, Task, unanswered, word_ids
from wordrel.tasks.directed import by_relation
from wordrel.tasks.matching import log_counts, match_within

RANDOM_OF = {
    "attri": "random-j",
    "coord": "random-n",
    "event": "random-v",
    "hyper": "random-n",
    "mero": "random-n",
}
"""The random pairs whose relatum has the part of speech of a label's; all where it is not here."""


def relations_of(items: Items) -> list[str]:
    """The labels of related pairs, those of gold above 0, by name."""
    related = zip(items.labels, items.gold > 0, strict=True)
    return sorted({label for label, is_related in related if is_related})


def sides(items: Items, relation: str) -> tuple[Bool[np.ndarray, " P"], Bool[np.ndarray, " P"]]:
    """The pairs of a label, and the random pairs that stand beside them."""
    labels = np.array(items.labels)
    random = labels == RANDOM_OF.get(relation, "")
    return labels == relation, random if random.any() else items.gold == 0


def matched(
    items: Items, vocab: Vocab, ids: Int64[np.ndarray, "P 2"], relation: str
) -> Bool[np.ndarray, " P"]:
    """The pairs of word ids that are asked in the row of a label, half of them random."""
    alike = np.where(ids[:, :1] >= 0, log_counts(vocab, ids[:, 1:]), np.nan)
    return match_within(*sides(items, relation), items.cluster, alike)


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Pairs that are asked in the row of some label."""
    ids = word_ids(items, vocab, scope.lowercase)
    asked = np.zeros(items.n_items, dtype=np.bool_)
    for relation in relations_of(items):
        asked |= matched(items, vocab, ids, relation)
    return asked


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a label and relation of the model, over the pairs of both sides."""
    ids = word_ids(task.items, readings.vocab, scope.lowercase)
    return [
        outcome
        for label in relations_of(task.items)
        for outcome in _of_label(task, readings, ids, label)
    ]


def _of_label(
    task: Task, readings: Readings, ids: Int64[np.ndarray, "P 2"], label: str
) -> list[Outcome]:
    asked = matched(task.items, readings.vocab, ids, label)
    related, random = sides(task.items, label)
    its = related | random
    form = unanswered(task, asked, chance=0.5)
    alone = int((related & np.all(ids >= 0, axis=1) & ~asked).sum())
    if alone:
        note = f"{alone} pairs of known words have no random partner as frequent and are not asked"
        form = replace(form, note=note)
    form = replace(
        form,
        task=f"{task.name}.{label}",
        gold=form.gold[its],
        covered=asked[its],
        predicted=form.predicted[its],
        cluster=form.cluster[its],
    )
    concept, relatum = ids[asked].T
    return by_relation(form, readings, task.question, lambda relation: relation(concept, relatum))


KIND = Kind(version=1, better="higher", covered=covered, answer=answer)
