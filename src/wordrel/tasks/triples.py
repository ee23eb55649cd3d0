"""Triples: does a verb score higher with an earlier noun than with an earlier article?

A triple is a verb as query, a noun that stands before it and an article, or a determiner, that
stands before the same verb at another place, as many words away. So verb and distance are the same
on both sides, and nothing but the earlier word differs. The rows are

- `TASK.articles`: nouns against articles. Articles are more frequent than any noun, so that the
  cause may be word class or frequency;
- `TASK.determiners`: nouns against determiners about as frequent, whose log counts differ by no
  more than `APART`.

Words are classed by a treebank (see `by_class.classes_of`), and triples counted over the test
documents of the corpus, so that every model of the corpus has the same ones. An item is a triple:
gold is 1, and predicted 1 where relation(verb -> noun) is larger than relation(verb -> other), .5
where they are equal. Triples of one verb are one cluster. With the same verb on both sides, a lift
and its raw product give the same order, unless a query has a bias.

Glossary: N tokens, P pairs of a verb and an earlier word, T triples.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from wordrel.corpus import Split
from wordrel.corpus.vocab import Vocab
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    Kind,
    Predictions,
    Scope,
    Task,
    in_each,
    reason,
    unanswered,
    with_query_key,
)
from wordrel.tasks.by_class import classes_of
from wordrel.tasks.items import Items
from wordrel.tasks.matching import log_counts, pairs_within
from wordrel.tasks.pair_classes import ARTICLES
from wordrel.tasks.scored_text import evenly
from wordrel.tasks.word_pairs import numbered, partners, scores

REACH = 5
"""The earlier word stands at most so far before the verb."""
APART = 0.5
"""By how much the log counts of a noun and a determiner may differ."""
MAX_TRIPLES = 20_000
"""Of a row; they are left out evenly to keep to it."""
_SEED = 0


class Triples(NamedTuple):
    """Word ids of the triples, each shape [T]."""

    verb: Int64[np.ndarray, " T"]
    noun: Int64[np.ndarray, " T"]
    other: Int64[np.ndarray, " T"]


@dataclass(frozen=True)
class Earlier:
    """Verbs of a text and the words before them.

    Attributes:
        verb: word id, shape [P].
        word: id of the earlier word, shape [P].
        distance: how far before the verb it stands, shape [P].
    """

    verb: Int64[np.ndarray, " P"]
    word: Int64[np.ndarray, " P"]
    distance: Int64[np.ndarray, " P"]


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a row and relation, and `with_query_key`.

    Raises:
        ValueError: where `scope` has no test documents.
        TypeError: where the items of the task are no parsed sentences.
    """
    if scope.test is None:
        raise ValueError(f"{task.name} needs test documents, found none in scope")
    vocab = word_model.vocab
    kinds = classes_of(task.items, vocab, scope.lowercase)
    pairs = earlier_words(scope.test, kinds == "VERB")
    outcomes: list[Predictions] = []
    for row, triples in triples_of(pairs, kinds, vocab).items():
        items = Items((), np.ones(len(triples.verb)), cluster=triples.verb)
        named = replace(task, name=f"{task.name}.{row}", items=items)
        outcomes += _answers(named, word_model, triples)
    return outcomes


def _answers(task: Task, word_model: WordModel, triples: Triples) -> list[Predictions]:
    every = np.ones(len(triples.verb), dtype=np.bool_)
    template = replace(unanswered(task, every, chance=0.5), note="")
    if not len(every):
        return [replace(template, note="the test documents have no such triple of known words")]
    if not word_model.relations:
        return [replace(template, note=reason(word_model, "relate"))]
    return with_query_key(
        [
            row.filled(
                _larger(
                    scores(relation, triples.verb, triples.noun),
                    scores(relation, triples.verb, triples.other),
                ),
                "the relation has no answer to {} triples",
            )
            for row, relation in in_each(template, word_model, "relate", word_model.relations)
        ]
    )


def _larger(
    first: Float64[np.ndarray, " T"], second: Float64[np.ndarray, " T"]
) -> Float64[np.ndarray, " T"]:
    """1 where the first is larger, .5 where both are equal, NaN where one is."""
    share = np.where(first > second, 1.0, np.where(first == second, 0.5, 0.0))
    return np.where(np.isnan(first) | np.isnan(second), np.nan, share)


def earlier_words(split: Split, verbs: Bool[np.ndarray, " V"]) -> Earlier:
    """Every verb of a text with each word of its sentence that stands in reach before it."""
    ids = np.asarray(split.ids, dtype=np.int64)
    ends = np.asarray(split.sentence_ends, dtype=np.int64)
    sentence = np.searchsorted(ends, np.arange(len(ids)), side="right")
    verb_places = np.flatnonzero(verbs[ids])
    parts = []
    for distance in range(1, REACH + 1):
        places = verb_places[verb_places >= distance]
        places = places[sentence[places] == sentence[places - distance]]
        parts.append((ids[places], ids[places - distance], np.full(len(places), distance)))
    return Earlier(*map(np.concatenate, zip(*parts, strict=True)))


def triples_of(pairs: Earlier, kinds: Shaped[np.ndarray, " V"], vocab: Vocab) -> dict[str, Triples]:
    """The triples of each row; each pair is in one of them at most."""
    kind, group = kinds[pairs.word], numbered(pairs.verb, pairs.distance)
    articles = np.isin(pairs.word, vocab.ids([w for a in ARTICLES for w in (a, a.title())]))
    noun, counts = kind == "NOUN", log_counts(vocab, pairs.word)[:, None]
    nouns, others = np.flatnonzero(noun), np.flatnonzero(articles & ~noun)
    partner = partners(group[nouns], group[others], np.random.default_rng(_SEED))
    has = partner >= 0
    rows = {
        "articles": np.stack([nouns[has], others[partner[has]]], axis=1),
        "determiners": pairs_within(noun, kind == "DET", group, counts, APART),
    }
    return {row: Triples(*_triples(pairs, matched)) for row, matched in rows.items()}


def _triples(
    pairs: Earlier, matched: Int64[np.ndarray, "T 2"]
) -> Iterator[Int64[np.ndarray, " T"]]:
    kept = matched[evenly(len(matched), MAX_TRIPLES)]
    yield pairs.verb[kept[:, 0]]
    yield pairs.word[kept[:, 0]]
    yield pairs.word[kept[:, 1]]


KIND = Kind(version=1, better="higher", answer=answer)
