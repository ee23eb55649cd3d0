"""Syntax: is a word scored higher with its head than with a word that it has no link to?

Every linked pair (dependent, head) of a treebank has one unlinked pair as its partner: two words of
one sentence with the same two parts of speech, as far apart and in the same order; of the same
sentence where there is such a pair, else of another one. A linked pair without partner is left
out, since its distance or its parts of speech alone would identify it.
The score of a pair is relation(dependent -> head) in the row `TASK`, relation(head -> dependent)
in `TASK.from_head`; rows by dependency relation (`TASK.nsubj`) are details.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int64, Shaped

from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Predictions, Scope, Task
from wordrel.tasks.scored_text import spread
from wordrel.tasks.word_pairs import (
    MIN_LINKS,
    Contrast,
    Pairs,
    Words,
    coded,
    covered,
    joined,
    known,
    linked,
    links,
    neighbours,
    numbered,
    partners,
    predictions_of,
    words_of,
)

MAX_ITEMS = 20_000
"""Of a row, which is resampled thousands of times; sentences are left out evenly to keep to it."""
_SEED = 0


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a relation and row; see `TASK`, `TASK.from_head` and `TASK.DEPREL` above.

    Raises:
        TypeError: where the items of the task are no parsed sentences.
    """
    words = words_of(task.items, word_model.vocab, scope.lowercase)
    contrast, deprel = contrast_of(words)
    turned = replace(contrast, pairs=contrast.pairs.turned())
    from_head = replace(task, name=f"{task.name}.from_head")
    return [
        *predictions_of(task, word_model, words, contrast),
        *predictions_of(from_head, word_model, words, turned),
        *_details(task, word_model, words, contrast, deprel),
    ]


def contrast_of(
    words: Words, max_items: int = MAX_ITEMS
) -> tuple[Contrast, Shaped[np.ndarray, " P"]]:
    """All linked pairs, then the partners of those that have one, in evenly spread sentences.

    Returns:
        The items (left the dependent, or the word in its place), and the dependency relation of
        each or of its partner.
    """
    every = links(words)
    pool = _unlinked(words)
    partner = _partners(words, every, pool)
    kept = _within_limit(words.sentence[every.left], partner >= 0, max_items)
    chosen, partner = every[kept], partner[kept]
    has = partner >= 0
    n_known = int(known(words, chosen).sum())
    pairs = joined(chosen, pool[partner[has]])
    deprel = words.deprel[chosen.left]
    contrast = Contrast(
        pairs=pairs,
        gold=np.repeat([1.0, 0.0], [len(chosen), int(has.sum())]),
        covered=np.concatenate([has, np.ones(int(has.sum()), dtype=np.bool_)]),
        cluster=words.sentence[pairs.left],
        note=f"of {len(chosen)} linked pairs {len(chosen) - n_known} have a word that the "
        f"vocabulary lacks, {n_known - int(has.sum())} no unlinked pair like them",
    )
    return contrast, np.concatenate([deprel, deprel[has]])


def _unlinked(words: Words) -> Pairs:
    """Known words of a sentence without a link, each pair in both orders."""
    near = neighbours(words)
    near = near[known(words, near) & ~linked(words, near)]
    return joined(near, near.turned())


def _partners(words: Words, wanted: Pairs, pool: Pairs) -> Int64[np.ndarray, " P"]:
    """The place in `pool` of each pair's partner, -1 where it has none."""
    rng = np.random.default_rng(_SEED)
    pairs = joined(wanted, pool)
    part = coded(words.upos)
    like = numbered(pairs.offset, part[pairs.left], part[pairs.right])
    wanted_like, pool_like = np.split(like, [len(wanted)])
    unmatched = known(words, wanted)
    free = np.isin(pool_like, wanted_like)
    partner = np.full(len(wanted), -1)
    # Pairs of the same sentence first: they share its subject and its words.
    by_sentence = numbered(like, words.sentence[pairs.left])
    for of_wanted, of_pool in (np.split(by_sentence, [len(wanted)]), (wanted_like, pool_like)):
        unmatched_places, free_places = np.flatnonzero(unmatched), np.flatnonzero(free)
        got = partners(of_wanted[unmatched_places], of_pool[free_places], rng)
        partner[unmatched_places[got >= 0]] = taken = free_places[got[got >= 0]]
        unmatched, free = unmatched & (partner < 0), free.copy()
        free[taken] = False
    return partner


def _within_limit(
    sentence: Int64[np.ndarray, " P"], has_partner: Bool[np.ndarray, " P"], max_items: int
) -> Bool[np.ndarray, " P"]:
    """Linked pairs of evenly spread sentences that make, with partners, at most `max_items`."""
    if not len(sentence):
        return has_partner
    items = np.bincount(sentence, weights=1 + has_partner).astype(np.int64)
    return np.isin(sentence, spread(items, max_items))


def _details(
    task: Task,
    word_model: WordModel,
    words: Words,
    contrast: Contrast,
    deprel: Shaped[np.ndarray, " P"],
) -> Iterator[Predictions]:
    """A row a dependency relation with enough pairs, from a model that has any relation."""
    if not word_model.relations:
        return
    names, counts = np.unique(deprel[contrast.covered & (contrast.gold > 0)], return_counts=True)
    for name in names[counts >= MIN_LINKS]:
        part = replace(contrast[deprel == name], note="")
        row = replace(task, name=f"{task.name}.{name}")
        for outcome in predictions_of(row, word_model, words, part):
            yield replace(outcome, detail=True)


KIND = Kind(version=1, better="higher", covered=covered, answer=answer)
