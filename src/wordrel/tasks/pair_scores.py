"""The lifts of pairs of words, kept so that two models, or two seeds, can be compared by them.

Like the neighbours of words, they have no right answer: `wordrel.study.agreement` correlates what
two runs say of the same pairs. Does one architecture relate other words when it learns another
task, with the same queries and the same contexts?

The pairs are stratified by frequency: as many of each two tenths of the vocabulary, the first word
from one and the second from the other. No word is in two pairs, so that pairs are independent. The
pairs are the same for every model of a vocabulary.

Glossary: P pairs, V words.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import IN_OUT, QUERY_KEY, VALUE_OUT
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import QUERY_KEY_ROW, Kind, Predictions, Scope, Task, reason, unanswered
from wordrel.tasks.items import Items
from wordrel.tasks.weights import TENTHS, tenths
from wordrel.tasks.word_pairs import scores

PAIRS = 5_000
_SEED = 0
ROWS = {QUERY_KEY_ROW: QUERY_KEY, "in_out": IN_OUT, "value_out": VALUE_OUT}
"""The end of a row's name -> the lift in it."""


def stratified_pairs(vocab: Vocab, limit: int = PAIRS) -> Int64[np.ndarray, "P 2"]:
    """At most `limit` pairs, as many of each two tenths of the vocabulary; fewer of a small one."""
    rng, tenth = np.random.default_rng(_SEED), tenths(vocab)
    words = [rng.permutation(np.flatnonzero(tenth == number)) for number in range(TENTHS)]
    each = min(limit // TENTHS**2, min(map(len, words)) // (2 * TENTHS))
    # Word 2n of each tenth comes first in a pair of another one, word 2n + 1 second.
    sides = [[found[side::2][: each * TENTHS] for found in words] for side in (0, 1)]
    first = np.concatenate(sides[0])
    second = np.stack([found.reshape(TENTHS, each) for found in sides[1]], axis=1)
    return np.stack([first, second.ravel()], axis=1)


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a lift: what it says of each pair."""
    pairs = stratified_pairs(word_model.vocab)
    every = np.ones(len(pairs), dtype=np.bool_)
    items = Items((), np.ones(len(pairs)), np.arange(len(pairs)))
    form = unanswered(replace(task, items=items), every, chance=0.0)
    rows = {end: replace(form, task=f"{task.name}.{end}") for end in ROWS}
    if not len(pairs):
        few = f"the vocabulary has fewer than {2 * TENTHS**2} words"
        return [replace(row, note=few) for row in rows.values()]
    return [
        replace(
            row, embedding=ROWS[end], predicted=scores(word_model.relations[ROWS[end]], *pairs.T)
        )
        if ROWS[end] in word_model.relations
        else replace(row, note=_lacking(word_model, end))
        for end, row in rows.items()
    ]


def _lacking(word_model: WordModel, end: str) -> str:
    if not word_model.relations:
        return reason(word_model, "relate")
    return f"the model has no lift of its {end.replace('_', ' and ')} tables"


KIND = Kind(version=1, better="higher", answer=answer)
