"""Parts of speech: does a noun have a higher product with a verb than an article has?

The claim is that "nouns and verbs get a better (positive) dot product than a verb and an article".
Scored is whether noun-verb pairs stand above verb-article pairs that are as far apart: over the
words of parsed sentences (row `TASK`), and over distinct pairs of words (row `TASK.types`). The
score of a pair is the mean of both directions.

Measured besides, of every relation, are the means of classes of pairs and of dependency relations,
a regression that holds frequency, distance and PMI (`pair_classes`), and how the articles score
with every word of the vocabulary, each of which counts once, however frequent it is.

Glossary: N words of the treebank, P pairs, V words of the vocabulary, A and B words of a sample.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import Relation
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Measurement, Predictions, Scope, Task
from wordrel.tasks.clustered import clustered_mean, clustered_means
from wordrel.tasks.pair_classes import ARTICLES, WINDOW, material_of, of_classes, parts_of
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
    predictions_of,
    scores,
    words_of,
)

_SEED = 0
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_RANKED, _BESIDE = 300, 100
"""Words that an article is ranked among, and words that the mean of each is taken over."""


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a relation and row: over tokens, clustered by sentence; and over types, by verb.

    Raises:
        TypeError: where the items of the task are no parsed sentences.
    """
    words = words_of(task.items, word_model.vocab, scope.lowercase)
    pairs = _with_verbs(words)
    form_codes = coded(words.forms)
    types = pairs[
        np.unique(numbered(form_codes[pairs.left], form_codes[pairs.right]), return_index=True)[1]
    ]
    rows = (
        (task.name, _contrast(words, pairs, words.sentence)),
        (f"{task.name}.types", _contrast(words, types, form_codes)),
    )
    return [
        outcome
        for name, contrast in rows
        for outcome in predictions_of(
            replace(task, name=name), word_model, words, contrast, both_ways=True
        )
    ]


def _with_verbs(words: Words) -> Pairs:
    """Verbs (left) and the nouns and articles near them."""
    near = neighbours(words, WINDOW)
    pairs = joined(near, near.turned())
    part = parts_of(words)
    return pairs[(part[pairs.left] == "VERB") & np.isin(part[pairs.right], ("NOUN", "ARTICLE"))]


def _contrast(words: Words, pairs: Pairs, cluster: Int64[np.ndarray, " N"]) -> Contrast:
    """Noun-verb pairs, and as many verb-article pairs at each distance.

    Args:
        words: of the treebank.
        pairs: verbs (left) with nouns and articles.
        cluster: of each verb; pairs of the same one are no independent evidence.
    """
    noun = parts_of(words)[pairs.right] == "NOUN"
    usable = known(words, pairs)
    distance = np.abs(pairs.offset)
    nouns, articles = np.flatnonzero(usable & noun), np.flatnonzero(usable & ~noun)
    partner = partners(distance[articles], distance[nouns], np.random.default_rng(_SEED))
    compared = np.zeros(len(pairs), dtype=np.bool_)
    compared[articles[partner >= 0]] = compared[nouns[partner[partner >= 0]]] = True
    return Contrast(
        pairs=pairs,
        gold=noun.astype(np.float64),
        covered=compared,
        cluster=cluster[pairs.left],
        note=f"of {len(pairs)} pairs {int((~usable).sum())} have a word that the vocabulary lacks, "
        f"{int((usable & ~compared).sum())} no pair of the other sort as far apart",
    )


def measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """Of every relation: classes of pairs, dependency relations, the regression, the articles.

    Raises:
        TypeError: where the items of the task are no parsed sentences.
    """
    words = words_of(task.items, word_model.vocab, scope.lowercase)
    material = material_of(words, word_model.vocab, scope.counts)
    return [
        measurement
        for embedding, relation in word_model.relations.items()
        for measurement in (
            *of_classes(task.name, embedding, relation, material),
            *of_articles(task.name, embedding, relation, word_model.vocab),
        )
    ]


def of_articles(
    task: str, embedding: str, relation: Relation, vocab: Vocab
) -> Iterator[Measurement]:
    """How each article that the vocabulary has scores with all other words, in both directions.

    Statistics of the scores: mean, share_negative, quantile_05 to quantile_95; and percentile, in
    0..100: where the article's mean stands among those of evenly spread words of the vocabulary,
    all with the same words.
    """
    for row in (
        *_of_one_direction(relation, "{}>any word", vocab),
        *_of_one_direction(partial(_turned, relation), "any word>{}", vocab),
    ):
        yield Measurement(task, embedding, *row)


def _of_one_direction(
    relation: Relation, name: str, vocab: Vocab
) -> Iterator[tuple[str, str, float, float, int, int | None]]:
    """Group, statistic, value, error, n and clusters."""
    ranked, beside = (_evenly(len(vocab), n) for n in (_RANKED, _BESIDE))
    of_ranked = _mean_scores(relation, ranked, beside)
    articles = vocab.ids(ARTICLES)
    for article in articles[articles >= 0]:
        group = name.format(vocab.words[article])
        others = np.delete(np.arange(len(vocab)), article)
        values = scores(relation, np.full(len(others), article), others)
        yield from ((group, *row) for row in _distribution(values))
        own = _mean_scores(relation, np.array([article]), beside)
        percentile, n = _percentile(float(own[0]), of_ranked[ranked != article])
        yield group, "percentile", percentile, np.nan, n, None


def _turned(
    relation: Relation, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
) -> Float64[np.ndarray, " P"]:
    return relation(right, left)


def _distribution(
    values: Float64[np.ndarray, " P"],
) -> Iterator[tuple[str, float, float, int, int | None]]:
    """Statistic, value, error, n and clusters; words without an answer are left out.

    Words that never met the article (-inf) are no part of the mean, but of all the rest.
    """
    answered = values[~np.isnan(values)]
    each = np.arange(len(answered))
    yield "mean", *clustered_mean(answered, each)
    yield "share_negative", *clustered_mean((answered < 0).astype(np.float64), each)
    for share in _QUANTILES:
        # One of the scores, not a value between two of them, of which one may be -inf.
        value = np.quantile(answered, share, method="inverted_cdf") if len(answered) else np.nan
        yield f"quantile_{round(100 * share):02}", float(value), np.nan, len(answered), None


def _mean_scores(
    relation: Relation, words: Int64[np.ndarray, " A"], beside: Int64[np.ndarray, " B"]
) -> Float64[np.ndarray, " A"]:
    """Of each of `words` with all of `beside` but itself; NaN where nothing finite answers."""
    group = np.repeat(np.arange(len(words)), len(beside))
    other = np.tile(beside, len(words))
    values = scores(relation, words[group], other)
    values[words[group] == other] = np.nan
    return clustered_means(values, group, group, len(words)).values


def _percentile(own: float, others: Float64[np.ndarray, " A"]) -> tuple[float, int]:
    """The share of others below, in 0..100, ties counting half; and how many others there are."""
    others = others[np.isfinite(others)]
    if np.isnan(own) or not len(others):
        return np.nan, len(others)
    below = (others < own).mean() + (others == own).mean() / 2
    return float(100 * below), len(others)


def _evenly(n_words: int, n: int) -> Int64[np.ndarray, " A"]:
    """Ids spread over all ranks of frequency: the middle of each of n equal parts."""
    n = min(n, n_words)
    return (2 * np.arange(n) + 1) * n_words // max(2 * n, 1)


KIND = Kind(version=2, better="higher", covered=covered, answer=answer, measure=measure)
