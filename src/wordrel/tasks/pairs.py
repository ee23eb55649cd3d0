"""Pairs of words without a text: graded, directed and labelled ones.

Four kinds, each with one number a pair from a model.

- `PAIRS`: does the cosine of two words order pairs as people do? The measure is Spearman's
  correlation over pairs.
- `DIRECTED`: does relation(a -> b) order pairs whose order matters as people do? Likewise.
- `DIRECTION`: which of two words relates to the other? The score is
  relation(a -> b) - relation(b -> a); the measure is AUC.
- `LABELLED`: does a relation score related words above random ones? The score is
  relation(concept -> relatum). Some pairs carry a label, such as hyper or mero; the others are
  random pairs of the same concepts. Each label has a row `task.LABEL`, by AUC against random pairs.
  There is no row over all labels: the number of pairs of each would decide it. Besides, a relation
  that finds hypernyms is not better because it also finds meronyms.

`DIRECTION` is balanced by frequency. Most directions lead from the rarer to the more frequent word:
people name common words, and hypernyms are common. Most relations of a model grow with the
frequency of one of the two words. So frequency alone would predict direction. Therefore

1. every item is turned so that its rarer word comes first (the lower id where both are as
   frequent): gold then says whether the rarer word leads to the more frequent one;
2. each item of gold 1 gets one of gold 0 whose rarer and whose more frequent word are both about
   as frequent as its own (see `matching`), and an item without a partner is left out.

The scores of a relation that depends on the two frequencies alone then have one distribution on
both sides, and its AUC is .5. Gold is balanced by the second step, so nothing is turned at random.

`LABELLED` is balanced by frequency too: related words are more frequent than random ones. Each pair
of the label gets one random pair of the same concept whose relatum is about as frequent. Each
random pair is used once, and a pair without a partner is left out. Random nouns stand beside nouns,
random verbs beside events, random adjectives beside attributes. So part of speech is uninformative.

Source of `LABELLED`: Baroni & Lenci, GEMS 2011 (BLESS), section 3.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import Relation
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    MORE_TEXT,
    NO_VECTOR,
    Kind,
    Predictions,
    Scope,
    Task,
    in_each,
    reason,
    unanswered,
    with_query_key,
    words_known,
)
from wordrel.tasks.geometry import cosines
from wordrel.tasks.items import Items, word_ids
from wordrel.tasks.matching import log_counts, match_within

RANDOM_OF = {
    "attri": "random-j",
    "coord": "random-n",
    "event": "random-v",
    "hyper": "random-n",
    "mero": "random-n",
}
"""The random pairs whose relatum has the part of speech of a label's; all where it is not here."""


def alike(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding: the cosine of each covered pair."""
    template = unanswered(task, words_known(task.items, word_model.vocab, scope), chance=0.0)
    if not word_model.embeddings:
        return [replace(template, note=reason(word_model, task.question))]
    left, right = word_ids(task.items, word_model.vocab, scope.lowercase)[template.covered].T
    return [
        row.filled(_exact(cosines(embedding, left, right), left == right), NO_VECTOR)
        for row, embedding in in_each(template, word_model, task.question, word_model.embeddings)
    ]


def _exact(
    cosine: Float64[np.ndarray, " Q"], same: Bool[np.ndarray, " Q"]
) -> Float64[np.ndarray, " Q"]:
    """Cosines with 1 for a word with itself: rounding would order such pairs."""
    return np.where(same & np.isfinite(cosine), 1.0, cosine)


def directed(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a relation: relation(a -> b) of each covered pair."""
    template = unanswered(task, words_known(task.items, word_model.vocab, scope), chance=0.0)
    left, right = word_ids(task.items, word_model.vocab, scope.lowercase)[template.covered].T
    return _by_relation(template, word_model, task.question, lambda relation: relation(left, right))


def _by_relation(
    template: Predictions,
    word_model: WordModel,
    question: str,
    score: Callable[[Relation], Float64[np.ndarray, " Q"]],
) -> list[Predictions]:
    """One outcome a relation, and `with_query_key`; one with the reason where there is none.

    Args:
        template: the row to fill in.
        word_model: the model.
        question: whose selected relation is marked.
        score: the scores of the Q covered items by a relation.
    """
    if not word_model.relations:
        return [replace(template, note=reason(word_model, "relate"))]
    return with_query_key(
        [
            row.filled(score(relation), "{} covered items got no number from this relation")
            for row, relation in in_each(template, word_model, question, word_model.relations)
        ]
    )


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
    """The evaluated pairs: known, and with a partner as frequent of the other direction."""
    ids, gold = oriented(items, vocab, scope)
    everyone = np.zeros(len(gold), dtype=np.int64)
    return match_within(gold == 1, gold == 0, everyone, log_counts(vocab, ids))


def direction(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a relation: relation(rarer -> other) - relation(other -> rarer)."""
    ids, gold = oriented(task.items, word_model.vocab, scope)
    evaluated = balanced(task.items, word_model.vocab, scope)
    template = replace(unanswered(task, evaluated, chance=0.5), gold=gold)
    alone = int((np.all(ids >= 0, axis=1) & ~evaluated).sum())
    if alone:
        note = f"{alone} pairs of known words have no partner as frequent and are not asked"
        template = replace(template, note=note)
    rarer, other = ids[evaluated].T
    return _by_relation(
        template,
        word_model,
        "relate",  # what the design takes; a development split may choose another
        lambda relation: _lead(relation(rarer, other), relation(other, rarer)),
    )


def _lead(
    forward: Float64[np.ndarray, " Q"], backward: Float64[np.ndarray, " Q"]
) -> Float64[np.ndarray, " Q"]:
    """The difference; 0 where both are the same infinity (a pair that never meets has no PMI)."""
    lead: Float64[np.ndarray, " Q"] = np.zeros(len(forward))
    np.subtract(forward, backward, out=lead, where=forward != backward)
    return lead


def relations_of(items: Items) -> list[str]:
    """The labels of related pairs, those of gold above 0, by name."""
    related = zip(items.labels, items.gold > 0, strict=True)
    return sorted({label for label, is_related in related if is_related})


def sides(items: Items, relation: str) -> tuple[Bool[np.ndarray, " P"], Bool[np.ndarray, " P"]]:
    """The pairs of a label, and the random pairs that stand beside them."""
    labels = np.array(items.labels)
    random = (labels == RANDOM_OF.get(relation, "")) & (items.gold == 0)
    return labels == relation, random if random.any() else items.gold == 0


def with_random(items: Items, random: Bool[np.ndarray, " P"]) -> Bool[np.ndarray, " P"]:
    """Whether the first word of a pair begins one of these random pairs, too."""
    return np.isin(items.cluster, items.cluster[random])


def matched(
    items: Items, vocab: Vocab, ids: Int64[np.ndarray, "P 2"], relation: str
) -> Bool[np.ndarray, " P"]:
    """The pairs of word ids in the row of a label, half of them random."""
    frequency = np.where(ids[:, :1] >= 0, log_counts(vocab, ids[:, 1:]), np.nan)
    return match_within(*sides(items, relation), items.cluster, frequency)


def in_any_row(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Pairs that are evaluated in the row of some label."""
    ids = word_ids(items, vocab, scope.lowercase)
    evaluated = np.zeros(items.n_items, dtype=np.bool_)
    for relation in relations_of(items):
        evaluated |= matched(items, vocab, ids, relation)
    return evaluated


def labelled(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a label and relation of the model, over the pairs of both sides."""
    ids = word_ids(task.items, word_model.vocab, scope.lowercase)
    return [
        outcome
        for label in relations_of(task.items)
        for outcome in _of_label(task, word_model, ids, label)
    ]


def _of_label(
    task: Task, word_model: WordModel, ids: Int64[np.ndarray, "P 2"], label: str
) -> list[Predictions]:
    evaluated = matched(task.items, word_model.vocab, ids, label)
    related, random = sides(task.items, label)
    template = unanswered(task, evaluated, chance=0.5)
    if not evaluated.any():  # the pairs of another label may well be covered
        of_label = f"the vocabulary covers none of the {int(related.sum())} pairs{MORE_TEXT}"
        template = replace(template, note=of_label)
    alone = related & np.all(ids >= 0, axis=1) & ~evaluated
    without = alone & ~with_random(task.items, random)
    whys = {
        "pair with the same first word": int(without.sum()),
        "partner as frequent": int((alone & ~without).sum()),
    }
    notes = [
        f"{number} pairs of known words have no random {why} and are not asked"
        for why, number in whys.items()
        if number
    ]
    if notes:
        template = replace(template, note="; ".join(notes))
    template = template.part(f"{task.name}.{label}", related | random)
    concept, relatum = ids[evaluated].T
    return _by_relation(
        template, word_model, task.question, lambda relation: relation(concept, relatum)
    )


PAIRS = Kind(version=1, better="higher", covered=words_known, answer=alike)
DIRECTED = Kind(version=1, better="higher", covered=words_known, answer=directed)
DIRECTION = Kind(version=1, better="higher", covered=balanced, answer=direction)
LABELLED = Kind(version=1, better="higher", covered=in_any_row, answer=labelled)
