"""Categories: do words of a kind lie together?

Asks words that carry the name of their category. They are put into as many clusters as there are
categories by k-means on directions, and a word counts as right where its category is the most
frequent one of its cluster, so that accuracy is purity.

Source: Almuhareb 2006 (the AP set); Baroni, Dinu & Kruszewski, ACL 2014, section 3, for purity.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float32, Float64, Int64

from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    NO_VECTOR,
    Kind,
    Predictions,
    Scope,
    Task,
    in_each,
    reason,
    unanswered,
    words_known,
)
from wordrel.tasks.geometry import has_direction, unit_rows
from wordrel.tasks.items import number, word_ids

_SEED = 0
_STARTS = 10
_RANDOM_ASSIGNMENTS = 200


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding; 1 where a word is of the main category of its cluster, else 0.

    Chance is the purity of random clusters of the same sizes, so it is each embedding's own; where
    none answers, that of random clusters as large as the categories.
    """
    known = words_known(task.items, word_model.vocab, scope)
    category = number(task.items.labels)[known]
    ids = word_ids(task.items, word_model.vocab, scope.lowercase)[known, 0]
    form = unanswered(task, known, chance=_chance(category, category))
    if not word_model.embeddings:
        return [replace(form, note=reason(word_model, task.question))]
    return [
        _grouped(row, unit_rows(embedding[ids]), category)
        for row, embedding in in_each(form, word_model, task.question, word_model.embeddings)
    ]


def _grouped(
    row: Predictions, unit: Float32[np.ndarray, "Q D"], category: Int64[np.ndarray, " Q"]
) -> Predictions:
    """The row filled in, from the vectors and categories of its covered items."""
    answered = has_direction(unit)
    right = np.full(len(unit), np.nan)
    if answered.any():
        its = category[answered]
        cluster = clusters(unit[answered], len(np.unique(its)))
        right[answered] = in_main_category(cluster, its)
        row = replace(row, chance=_chance(cluster, its))
    return row.filled(right, NO_VECTOR)


def clusters(unit: Float32[np.ndarray, "P D"], n_clusters: int) -> Int64[np.ndarray, " P"]:
    """K-means from ten starts, the best kept; a number for each row, the same at each call.

    Args:
        unit: rows of length 1, at least one.
        n_clusters: how many; fewer where there are not as many different rows.
    """
    # Loading scikit-learn takes 80 MB, which no other kind of task has a use for.
    from sklearn.cluster import KMeans

    different = len(np.unique(unit, axis=0))
    means = KMeans(min(n_clusters, different), n_init=_STARTS, random_state=_SEED)
    found: Int64[np.ndarray, " P"] = means.fit_predict(unit).astype(np.int64)
    return found


def in_main_category(
    cluster: Int64[np.ndarray, " P"], category: Int64[np.ndarray, " P"]
) -> Float64[np.ndarray, " P"]:
    """1 where a word's category is the most frequent one of its cluster (the first of several)."""
    together = np.zeros((cluster.max() + 1, category.max() + 1), dtype=np.int64)
    np.add.at(together, (cluster, category), 1)
    right: Float64[np.ndarray, " P"] = (together.argmax(axis=1)[cluster] == category).astype(float)
    return right


def _chance(cluster: Int64[np.ndarray, " P"], category: Int64[np.ndarray, " P"]) -> float:
    """Mean purity of random assignments to clusters of these sizes; NaN where there is no word."""
    if not len(cluster):
        return float("nan")
    generator = np.random.default_rng(_SEED)
    shuffled = (generator.permutation(cluster) for _ in range(_RANDOM_ASSIGNMENTS))
    return float(np.mean([in_main_category(some, category).mean() for some in shuffled]))


KIND = Kind(version=1, better="higher", covered=words_known, answer=answer)
