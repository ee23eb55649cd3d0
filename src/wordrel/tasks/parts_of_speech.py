"""Parts of speech: does a noun have a higher product with a verb than an article has?

The claim is that "nouns and verbs get a better (positive) dot product than a verb and an article".
Scored is whether noun-verb pairs stand above verb-article pairs that are as far apart: over the
words of parsed sentences (row `TASK`), and over distinct pairs of words (row `TASK.types`). The
score of a pair is the mean of both directions.

Told besides, of every relation, are the means of classes of pairs and of dependency relations, a
regression that holds frequency, distance and PMI (`pair_classes`), and how the articles score with
every word of the vocabulary (`articles`).
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Int64

from wordrel.models.readings import Readings
from wordrel.tasks.articles import of_articles
from wordrel.tasks.base import Kind, Measurement, Outcome, Scope, Task
from wordrel.tasks.pair_classes import WINDOW, material_of, of_classes, parts_of
from wordrel.tasks.word_pairs import (
    Contrast,
    Pairs,
    Words,
    coded,
    covered,
    joined,
    known,
    neighbours,
    numbered,
    partners,
    told_apart,
    words_of,
)

_SEED = 0


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a relation and row: over tokens, clustered by sentence; and over types, by verb.

    Raises:
        TypeError: where the items of the task are no parsed sentences.
    """
    words = words_of(task.items, readings.vocab, scope.lowercase)
    pairs = _with_verbs(words)
    form = coded(words.forms)
    types = pairs[np.unique(numbered(form[pairs.left], form[pairs.right]), return_index=True)[1]]
    rows = (
        (task.name, _contrast(words, pairs, words.sentence)),
        (f"{task.name}.types", _contrast(words, types, form)),
    )
    return [
        outcome
        for name, contrast in rows
        for outcome in told_apart(
            replace(task, name=name), readings, words, contrast, both_ways=True
        )
    ]


def _with_verbs(words: Words) -> Pairs:
    """Verbs (left) and the nouns and articles near them."""
    near = neighbours(words, WINDOW)
    both = joined(near, near.turned())
    part = parts_of(words)
    return both[(part[both.left] == "VERB") & np.isin(part[both.right], ("NOUN", "ARTICLE"))]


def _contrast(words: Words, pairs: Pairs, cluster: Int64[np.ndarray, " N"]) -> Contrast:
    """Noun-verb pairs, and as many verb-article pairs at each distance.

    Args:
        words: of the treebank.
        pairs: verbs (left) with nouns and articles.
        cluster: of each verb; pairs of the same one are no independent evidence.
    """
    noun = parts_of(words)[pairs.right] == "NOUN"
    both = known(words, pairs)
    distance = np.abs(pairs.offset)
    nouns, articles = np.flatnonzero(both & noun), np.flatnonzero(both & ~noun)
    found = partners(distance[articles], distance[nouns], np.random.default_rng(_SEED))
    compared = np.zeros(len(pairs), dtype=np.bool_)
    compared[articles[found >= 0]] = compared[nouns[found[found >= 0]]] = True
    return Contrast(
        pairs=pairs,
        gold=noun.astype(np.float64),
        covered=compared,
        cluster=cluster[pairs.left],
        note=f"of {len(pairs)} pairs {int((~both).sum())} have a word that the vocabulary lacks, "
        f"{int((both & ~compared).sum())} no pair of the other sort as far apart",
    )


def measure(task: Task, readings: Readings, scope: Scope) -> list[Measurement]:
    """Of every relation: classes of pairs, dependency relations, the regression, the articles.

    Raises:
        TypeError: where the items of the task are no parsed sentences.
    """
    words = words_of(task.items, readings.vocab, scope.lowercase)
    material = material_of(words, readings.vocab, scope.counts)
    return [
        measurement
        for view, relation in readings.relations.items()
        for measurement in (
            *of_classes(task.name, view, relation, material),
            *of_articles(task.name, view, relation, readings.vocab),
        )
    ]


KIND = Kind(version=1, better="higher", covered=covered, answer=answer, measure=measure)
