"""How two words of two parts of speech score with each other, in either direction.

Means of the classes of pairs in parsed sentences (near each other, as distinct pairs of words,
linked, unlinked at the same distances), means of linked pairs by dependency relation, and a
regression on the class with the words' frequencies, their distance and their PMI held.
Errors are clustered by sentence: they hold for other sentences, not for other words. Frequent words
stand in many sentences.

Glossary: N words of the treebank, P pairs of them, M pairs of a grouping, K columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import Relation
from wordrel.tasks.base import Measurement, PairCounts
from wordrel.tasks.clustered import clustered_coefficients, clustered_means
from wordrel.tasks.scored_text import spread
from wordrel.tasks.word_pairs import (
    MIN_LINKS,
    Pairs,
    Words,
    coded,
    joined,
    known,
    linked,
    neighbours,
    numbered,
    scores,
)

ARTICLES = ("a", "an", "the")
WINDOW = 5
"""Words at most this far apart are pairs of a class; linked ones, and all that a mean and sd are
taken over, reach as far as `word_pairs.REACH`."""
_TOGETHER = (
    ("NOUN", "VERB"),
    ("VERB", "ARTICLE"),
    ("NOUN", "ARTICLE"),
    ("NOUN", "NOUN"),
    ("ADJ", "NOUN"),
    ("ADJ", "ARTICLE"),
    ("ADV", "VERB"),
    ("PRON", "VERB"),
    ("VERB", "VERB"),
    ("AUX", "VERB"),
    ("ADP", "NOUN"),
    ("ADP", "VERB"),
)
CLASSES = tuple(dict.fromkeys(f"{x}>{y}" for a, b in _TOGETHER for x, y in ((a, b), (b, a))))
"""Of pairs (the word that relates first), whatever the order of the two words in the text."""
REFERENCE = "VERB>ARTICLE"
"""The class that the coefficients of the others are measured against."""
MAX_REGRESSED = 60_000
"""Pairs of a regression; sentences are left out evenly to keep to it."""


def parts_of(words: Words) -> Shaped[np.ndarray, " N"]:
    """Each word's part of speech; articles are one of their own, and the rest of DET is DET."""
    article = (words.upos == "DET") & np.isin(np.strings.lower(words.forms), ARTICLES)
    return np.where(article, "ARTICLE", words.upos)


@dataclass(frozen=True)
class Grouping:
    """Pairs that are averaged in groups.

    Attributes:
        names: of the G groups.
        pairs: places among the P pairs, shape [M].
        group: 0..G-1 of each, shape [M].
        weights: of each, shape [M]; None where all count the same.
    """

    names: tuple[str, ...]
    pairs: Int64[np.ndarray, " M"]
    group: Int64[np.ndarray, " M"]
    weights: Float64[np.ndarray, " M"] | None = None


@dataclass(frozen=True)
class Regression:
    """The right-hand side, which is the same for every relation.

    Attributes:
        names: of the K columns.
        pairs: places among the P pairs, shape [M].
        columns: shape [M, K].
    """

    names: tuple[str, ...]
    pairs: Int64[np.ndarray, " M"]
    columns: Float64[np.ndarray, "M K"]


@dataclass(frozen=True)
class Material:
    """What every relation is evaluated on.

    Attributes:
        left: word ids of all P pairs of known words in reach of each other, in both directions.
        right: likewise.
        sentence: in which they stand, shape [P].
        groupings: how they are averaged.
        regression: what their scores are regressed on.
    """

    left: Int64[np.ndarray, " P"]
    right: Int64[np.ndarray, " P"]
    sentence: Int64[np.ndarray, " P"]
    groupings: tuple[Grouping, ...]
    regression: Regression


def material_of(words: Words, vocab: Vocab, counts: PairCounts | None) -> Material:
    """Pairs, groups and columns; PMI is held where there are counts of pairs."""
    near = neighbours(words)
    near = near[known(words, near)]
    pairs = joined(near, near.turned())
    left, right = words.ids[pairs.left], words.ids[pairs.right]
    kind = _classes(words, pairs)
    sentence = words.sentence[pairs.left]
    inside = (np.abs(pairs.offset) <= WINDOW) & (kind >= 0)
    sample = np.flatnonzero(inside)
    if len(sample):
        sample = sample[
            np.isin(sentence[sample], spread(np.bincount(sentence[sample]), MAX_REGRESSED))
        ]
    return Material(
        left=left,
        right=right,
        sentence=sentence,
        groupings=(
            Grouping(CLASSES, np.flatnonzero(inside), kind[inside]),
            _types(kind, inside, left, right),
            *_linked_or_not(kind, pairs.offset, linked(words, pairs)),
            *_by_deprel(words, pairs),
        ),
        regression=_regression(
            sample,
            kind[sample],
            np.abs(pairs.offset[sample]),
            (left[sample], right[sample]),
            vocab,
            counts,
        ),
    )


def _classes(words: Words, pairs: Pairs) -> Int64[np.ndarray, " P"]:
    """The place in `CLASSES` of each pair; -1 of a pair of no class."""
    part = parts_of(words)
    names, code = np.unique(part), coded(part)
    number = {name: place for place, name in enumerate(CLASSES)}
    places = [[number.get(f"{a}>{b}", -1) for b in names] for a in names]
    kinds: Int64[np.ndarray, " P"] = np.array(places)[code[pairs.left], code[pairs.right]]
    return kinds


def _types(
    kind: Int64[np.ndarray, " P"],
    inside: Bool[np.ndarray, " P"],
    left: Int64[np.ndarray, " P"],
    right: Int64[np.ndarray, " P"],
) -> Grouping:
    """The same two words as the same class once, where they first stand."""
    near = np.flatnonzero(inside)
    first = np.unique(numbered(kind[near], left[near], right[near]), return_index=True)[1]
    return Grouping(tuple(f"{name} types" for name in CLASSES), near[first], kind[near[first]])


def _linked_or_not(
    kind: Int64[np.ndarray, " P"],
    offset: Int64[np.ndarray, " P"],
    link: Bool[np.ndarray, " P"],
) -> Iterator[Grouping]:
    """Linked pairs, and unlinked ones weighted so that as much of them is at each distance."""
    classed = np.flatnonzero(kind >= 0)
    where = numbered(kind[classed], offset[classed])
    yes = link[classed]
    yield Grouping(tuple(f"{name} linked" for name in CLASSES), classed[yes], kind[classed[yes]])
    size = int(where.max(initial=-1)) + 1
    n_linked, n_unlinked = (np.bincount(where[mask], minlength=size) for mask in (yes, ~yes))
    weights = n_linked[where[~yes]] / n_unlinked[where[~yes]]
    others = classed[~yes][weights > 0]
    names = tuple(f"{name} unlinked at the same distances" for name in CLASSES)
    yield Grouping(names, others, kind[others], weights[weights > 0])


def _by_deprel(words: Words, pairs: Pairs) -> Iterator[Grouping]:
    """Linked pairs of each dependency relation that has enough of them, in either direction."""
    up = np.flatnonzero(words.head[pairs.left] == pairs.right)
    down = np.flatnonzero(words.head[pairs.right] == pairs.left)
    for places, dependent, way in (
        (up, pairs.left[up], "dependent>head"),
        (down, pairs.right[down], "head>dependent"),
    ):
        names, counts = np.unique(words.deprel[dependent], return_counts=True)
        names = names[counts >= MIN_LINKS]
        frequent = np.isin(words.deprel[dependent], names)
        group = np.searchsorted(names, words.deprel[dependent[frequent]]).astype(np.int64)
        yield Grouping(tuple(f"{name} {way}" for name in names), places[frequent], group)


def _regression(
    pairs: Int64[np.ndarray, " M"],
    kind: Int64[np.ndarray, " M"],
    distance: Int64[np.ndarray, " M"],
    ids: tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " M"]],
    vocab: Vocab,
    counts: PairCounts | None,
) -> Regression:
    """One column a class but the reference, and what is held."""
    log_counts = np.log(np.maximum(vocab.counts, 1))
    columns = {"intercept": np.ones(len(pairs))}
    for place, name in enumerate(CLASSES):
        if name != REFERENCE:
            columns[f"{name} against {REFERENCE}"] = (kind == place).astype(np.float64)
    columns |= {
        "log count of the first word": log_counts[ids[0]],
        "log count of the second word": log_counts[ids[1]],
        "distance": distance.astype(np.float64),
    }
    if counts is not None:
        columns |= _held_pmi(counts.pmi(*ids))
    return Regression(tuple(columns), pairs, np.stack(list(columns.values()), axis=1))


def _held_pmi(pmi: Float64[np.ndarray, " M"]) -> dict[str, Float64[np.ndarray, " M"]]:
    """PMI; pairs that never met get the smallest one seen, and a column that marks them."""
    met = np.isfinite(pmi)
    if not met.any():
        return {}
    return {"pmi": np.where(met, pmi, pmi[met].min()), "never met": (~met).astype(np.float64)}


def of_classes(
    task: str, embedding: str, relation: Relation, material: Material
) -> Iterator[Measurement]:
    """All means and coefficients of one relation.

    Pairs that it has no answer to are left out, and so are those that never met (-inf), except
    from share_positive.
    """
    measured = partial(Measurement, task, embedding)
    answers = scores(relation, material.left, material.right)
    finite = answers[np.isfinite(answers)]
    mean, sd = (float(finite.mean()), float(finite.std())) if len(finite) else (np.nan, np.nan)
    yield measured("all pairs", "mean", mean, np.nan, len(finite))
    yield measured("all pairs", "sd", sd, np.nan, len(finite))
    standardised = (answers - mean) / (sd or np.nan)
    positive = np.where(np.isnan(answers), np.nan, answers > 0)
    for grouping in material.groupings:
        for statistic, values in (
            ("mean", answers),
            ("standardised_mean", standardised),
            ("share_positive", positive),
        ):
            estimates = clustered_means(
                values[grouping.pairs],
                grouping.group,
                material.sentence[grouping.pairs],
                len(grouping.names),
                grouping.weights,
            )
            for name, row in zip(grouping.names, estimates.rows(), strict=True):
                yield measured(name, statistic, *row)
    regression = material.regression
    estimates = clustered_coefficients(
        standardised[regression.pairs], regression.columns, material.sentence[regression.pairs]
    )
    for name, row in zip(regression.names, estimates.rows(), strict=True):
        yield measured(name, "coefficient", *row)
