"""Groups of words: which one is odd, which are nearest, and do those of a kind lie together?

- `ODD_ONE_OUT`: the first word of a line does not belong to the others. The answer is the word with
  the smallest cosine to the mean of all, each with length 1. The measure is accuracy, and a tie
  with another word is wrong. Chance is the mean of 1 / (words of the group).
- `TOP_K`: the others of a line are expected among the nearest words of the first. Of its k nearest
  words, the share that is expected is the precision at k; k is the number of expected words that
  the vocabulary has, so that 1 can be reached. Neighbours are sought among the
  `scope.restrict_vocab` most frequent words. Chance is that of a random order of them.
- `CATEGORIES`: each word carries the name of its category. Words are put into as many clusters as
  there are categories by k-means on directions. A word counts as right where its category is the
  most frequent one of its cluster, so that accuracy is purity.

Source: gensim's `doesnt_match` for the odd one; R-precision, Manning, Raghavan & Schuetze, 2008,
section 8.4, for k; Almuhareb 2006 (the AP set) and Baroni, Dinu & Kruszewski, ACL 2014, section 3,
for categories and purity.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
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
from wordrel.tasks.geometry import has_direction, nearest, unit_rows
from wordrel.tasks.items import Items, number, word_ids

_SEED = 0
_STARTS = 10
_RANDOM_ASSIGNMENTS = 200
Groups = Sequence[Int64[np.ndarray, " W"]]
"""Word ids of each item, the word in question first; -1 where the vocabulary lacks it."""


def _ids(items: Items, vocab: Vocab, scope: Scope) -> Groups:
    return [vocab.ids(spelled(w, lowercase=scope.lowercase) for w in ws) for ws in items.words]


def whole(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Groups of which the vocabulary has every word."""
    return np.array([bool((ids >= 0).all()) for ids in _ids(items, vocab, scope)], dtype=np.bool_)


def one_in_lower_case(items: Items) -> tuple[str, str] | None:
    """The first two words of a group that differ in case alone."""
    for words in items.words:
        seen: dict[str, str] = {}
        for word in words:
            other = seen.setdefault(spelled(word, lowercase=True), word)
            if other != word:
                return other, word
    return None


def odd_one_out(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding; 1 where the odd word is found, else 0."""
    known = whole(task.items, word_model.vocab, scope)
    groups = _ids(task.items, word_model.vocab, scope)
    sizes = np.array([len(ids) for ids in groups])
    return _by_embedding(
        task,
        word_model,
        known,
        chance=float((1 / sizes[known if known.any() else ~known]).mean()),
        predict=lambda unit: np.array(
            [
                _is_first_odd(unit[ids])
                for ids, is_known in zip(groups, known, strict=True)
                if is_known
            ]
        ),
    )


def _is_first_odd(unit: Float32[np.ndarray, "W D"]) -> float:
    """Whether the first of the words is the odd one; NaN where one has no direction."""
    if not has_direction(unit).all():
        return np.nan
    cosine = unit @ unit.mean(axis=0)
    return float(cosine[0] < cosine[1:].min())


def _expected(items: Items, vocab: Vocab, scope: Scope) -> Groups:
    """Of each item its word and the expected words that are candidates; empty without either."""
    candidates = min(len(vocab), scope.restrict_vocab)
    groups = []
    for ids in _ids(items, vocab, scope):
        others = np.unique(ids[1:])
        others = others[(others >= 0) & (others < candidates) & (others != ids[0])]
        usable = ids[0] >= 0 and len(others) > 0
        groups.append(np.append(ids[:1], others) if usable else ids[:0])
    return groups


def any_expected(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Words that the vocabulary has, with an expected neighbour at least that is a candidate."""
    return np.array([len(ids) > 0 for ids in _expected(items, vocab, scope)], dtype=np.bool_)


def top_k(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding: of each covered word the precision at k, in 0..1."""
    groups = _expected(task.items, word_model.vocab, scope)
    known = np.array([len(ids) > 0 for ids in groups], dtype=np.bool_)
    groups = [ids for ids in groups if len(ids)]
    candidates = min(len(word_model.vocab), scope.restrict_vocab)
    k = np.array([len(ids) - 1 for ids in groups])
    chance = float(k.mean()) / max(candidates - 1, 1) if len(k) else float("nan")

    def precision(unit: Float32[np.ndarray, "V D"]) -> Float64[np.ndarray, " Q"]:
        words = np.array([ids[0] for ids in groups], dtype=np.int64)
        most = int(k.max(initial=1))
        near = nearest(unit[words], unit[:candidates], words[:, None], most)
        hits = [
            np.isin(row[:n], ids[1:]).mean() for row, n, ids in zip(near, k, groups, strict=True)
        ]
        return np.where(has_direction(unit[words]), np.array(hits, dtype=np.float64), np.nan)

    return _by_embedding(task, word_model, known, chance=chance, predict=precision)


def _by_embedding(
    task: Task,
    word_model: WordModel,
    known: Bool[np.ndarray, " P"],
    *,
    chance: float,
    predict: Callable[[Float32[np.ndarray, "V D"]], Float64[np.ndarray, " Q"]],
) -> list[Predictions]:
    """One outcome an embedding; one with the reason where the model has none."""
    template = unanswered(task, known, chance=chance)
    if not word_model.embeddings:
        return [replace(template, note=reason(word_model, task.question))]
    return [
        row.filled(predict(unit_rows(embedding)), NO_VECTOR)
        for row, embedding in in_each(template, word_model, task.question, word_model.embeddings)
    ]


def categories(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding; 1 where a word is of the main category of its cluster, else 0.

    Chance is the purity of random clusters of the same sizes, so it is each embedding's own; where
    none answers, that of random clusters as large as the categories.
    """
    known = words_known(task.items, word_model.vocab, scope)
    category = number(task.items.labels)[known]
    ids = word_ids(task.items, word_model.vocab, scope.lowercase)[known, 0]
    template = unanswered(task, known, chance=_chance(category, category))
    if not word_model.embeddings:
        return [replace(template, note=reason(word_model, task.question))]
    return [
        _clustered(row, unit_rows(embedding[ids]), category)
        for row, embedding in in_each(template, word_model, task.question, word_model.embeddings)
    ]


def _clustered(
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
    # Only this kind of task needs scikit-learn, which takes 80 MB to load.
    from sklearn.cluster import KMeans

    different = len(np.unique(unit, axis=0))
    means = KMeans(min(n_clusters, different), n_init=_STARTS, random_state=_SEED)
    numbers: Int64[np.ndarray, " P"] = means.fit_predict(unit).astype(np.int64)
    return numbers


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
    assignments = (generator.permutation(cluster) for _ in range(_RANDOM_ASSIGNMENTS))
    return float(
        np.mean([in_main_category(assignment, category).mean() for assignment in assignments])
    )


ODD_ONE_OUT = Kind(version=1, better="higher", covered=whole, answer=odd_one_out)
TOP_K = Kind(version=1, better="higher", covered=any_expected, answer=top_k)
CATEGORIES = Kind(version=1, better="higher", covered=words_known, answer=categories)
