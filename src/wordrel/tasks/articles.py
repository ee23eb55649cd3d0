"""Does an article have a low or a negative product with all other words?

Every word of the vocabulary counts once, however frequent it is, in both directions.

Glossary: V words of the vocabulary, A and B words of a sample.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import Relation
from wordrel.tasks.base import Measurement
from wordrel.tasks.clustered import clustered_means
from wordrel.tasks.pair_classes import ARTICLES
from wordrel.tasks.word_pairs import scores

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_RANKED, _BESIDE = 300, 100
"""Words that an article is ranked among, and words that the mean of each is taken over."""


def of_articles(task: str, view: str, relation: Relation, vocab: Vocab) -> Iterator[Measurement]:
    """How each article that the vocabulary has scores with all other words, in both directions.

    Statistics of the scores: mean, share_negative, quantile_05 to quantile_95; and percentile, in
    0..100: where the article's mean stands among those of evenly spread words of the vocabulary,
    all with the same words.
    """
    tell = partial(_of_one_direction, vocab=vocab)
    for group, statistic, value, error, n in (
        *tell(relation, "{}>any word"),
        *tell(partial(_turned, relation), "any word>{}"),
    ):
        yield Measurement(task, view, group, statistic, value, error, n)


Row = tuple[str, str, float, float, int]
"""Group, statistic, value, error, n."""


def _of_one_direction(relation: Relation, name: str, vocab: Vocab) -> Iterator[Row]:
    ranked, beside = (_evenly(len(vocab), n) for n in (_RANKED, _BESIDE))
    of_ranked = _mean_scores(relation, ranked, beside)
    articles = vocab.ids(ARTICLES)
    for article in articles[articles >= 0]:
        group = name.format(vocab.words[article])
        others = np.delete(np.arange(len(vocab)), article)
        found = scores(relation, np.full(len(others), article), others)
        for statistic, value, error, n in _distribution(found):
            yield group, statistic, value, error, n
        own = _mean_scores(relation, np.array([article]), beside)
        percentile, n = _percentile(float(own[0]), of_ranked[ranked != article])
        yield group, "percentile", percentile, np.nan, n


def _turned(
    relation: Relation, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
) -> Float64[np.ndarray, " P"]:
    return relation(right, left)


def _distribution(
    found: Float64[np.ndarray, " P"],
) -> Iterator[tuple[str, float, float, int]]:
    """Statistic, value, error and n; words without an answer are left out.

    Words that never met the article (-inf) are no part of the mean, but of all the rest.
    """
    there = found[~np.isnan(found)]
    one, each = np.zeros(len(there), dtype=np.int64), np.arange(len(there))
    for statistic, values in (("mean", there), ("share_negative", (there < 0).astype(np.float64))):
        ((value, error, n),) = clustered_means(values, one, each, 1).rows()
        yield statistic, value, error, n
    for share in _QUANTILES:
        # One of the scores, not a value between two of them, of which one may be -inf.
        value = np.quantile(there, share, method="inverted_cdf") if len(there) else np.nan
        yield f"quantile_{round(100 * share):02}", float(value), np.nan, len(there)


def _mean_scores(
    relation: Relation, words: Int64[np.ndarray, " A"], beside: Int64[np.ndarray, " B"]
) -> Float64[np.ndarray, " A"]:
    """Of each of `words` with all of `beside` but itself; NaN where nothing finite answers."""
    group = np.repeat(np.arange(len(words)), len(beside))
    other = np.tile(beside, len(words))
    found = scores(relation, words[group], other)
    found[words[group] == other] = np.nan
    return clustered_means(found, group, group, len(words)).values


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
