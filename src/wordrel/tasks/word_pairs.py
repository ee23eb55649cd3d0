"""Pairs of words in parsed sentences: near each other, linked, or of the same kind.

Punctuation is left out, as it is in the corpora, and distances count the remaining words, whether
the vocabulary holds them or not.

Glossary: N words of the treebank, P pairs, V words of the vocabulary.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import Relation
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    Predictions,
    Scope,
    Task,
    in_each,
    reason,
    unanswered,
    with_query_key,
)
from wordrel.tasks.items import Items, Treebank

REACH = 10
"""Words of a sentence further apart than this are no pair."""
MIN_LINKS = 30
"""A dependency relation with fewer linked pairs has no row of its own."""
_SCORED_AT_ONCE = 2**12
"""The rows of a block of pairs (2 x 4096 x 100 float32) then stay in cache: thrice as fast."""


@dataclass(frozen=True)
class Words:
    """The words of a treebank in one line, punctuation left out.

    Attributes:
        forms: as the corpus writes them, shape [N].
        ids: -1 where the vocabulary lacks the word, shape [N].
        upos: universal part of speech, shape [N].
        deprel: relation to the head, shape [N].
        head: place of the head among the N; -1 for a root, and where the head is punctuation.
        sentence: number of the sentence that the word stands in, shape [N].
    """

    forms: Shaped[np.ndarray, " N"]
    ids: Int64[np.ndarray, " N"]
    upos: Shaped[np.ndarray, " N"]
    deprel: Shaped[np.ndarray, " N"]
    head: Int64[np.ndarray, " N"]
    sentence: Int64[np.ndarray, " N"]


@dataclass(frozen=True)
class Pairs:
    """Two words of one sentence each; the order matters.

    Attributes:
        left: place of the word that relates among the N of `Words`, shape [P].
        right: place of the word that it relates to, shape [P].
    """

    left: Int64[np.ndarray, " P"]
    right: Int64[np.ndarray, " P"]

    def __getitem__(self, index: Bool[np.ndarray, " P"] | Int64[np.ndarray, " K"]) -> "Pairs":
        return Pairs(self.left[index], self.right[index])

    def __len__(self) -> int:
        return len(self.left)

    @property
    def offset(self) -> Int64[np.ndarray, " P"]:
        """How many words behind the left one the right one stands; negative: before it."""
        offset: Int64[np.ndarray, " P"] = self.right - self.left
        return offset

    def turned(self) -> "Pairs":
        """The same pairs, the other way round."""
        return Pairs(self.right, self.left)


def joined(*parts: Pairs) -> Pairs:
    """One list of pairs behind the other."""
    left, right = ([getattr(part, side) for part in parts] for side in ("left", "right"))
    return Pairs(np.concatenate(left), np.concatenate(right))


def treebank_of(items: Items) -> Treebank:
    """The items, which have to be parsed sentences.

    Raises:
        TypeError: where they are not.
    """
    if not isinstance(items, Treebank):
        raise TypeError(f"found {type(items).__name__}, expected items that are a Treebank")
    return items


def words_of(items: Items, vocab: Vocab, lowercase: bool) -> Words:
    """The words of all sentences.

    Raises:
        TypeError: where the items are no sentences.
    """
    trees = treebank_of(items).trees
    tokens = [token for tree in trees for token in tree]
    lengths = np.array([len(tree) for tree in trees], dtype=np.int64)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    head = np.array([token.head for token in tokens], dtype=np.int64)
    upos = np.array([token.upos for token in tokens], dtype=np.str_)
    word = upos != "PUNCT"
    # Places among the words only; a head that is no word is none.
    place = np.where(word, np.cumsum(word) - 1, -1)
    among_words = np.where(head >= 0, place[np.where(head >= 0, starts + head, 0)], -1)
    forms = [spelled(token.form, lowercase=lowercase) for token in tokens]
    return Words(
        forms=np.array(forms, dtype=np.str_)[word],
        ids=vocab.ids(forms)[word],
        upos=upos[word],
        deprel=np.array([token.deprel for token in tokens], dtype=np.str_)[word],
        head=among_words[word],
        sentence=np.repeat(np.arange(len(trees)), lengths)[word],
    )


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " S"]:
    """Sentences with two words that the vocabulary holds."""
    words = words_of(items, vocab, scope.lowercase)
    known = np.bincount(words.sentence[words.ids >= 0], minlength=items.n_items)
    return known >= 2


def links(words: Words) -> Pairs:
    """Every dependent with its head."""
    dependent = np.flatnonzero(words.head >= 0)
    return Pairs(dependent, words.head[dependent])


def neighbours(words: Words, reach: int = REACH) -> Pairs:
    """Any two words of a sentence at most `reach` apart, the one that stands first on the left."""
    parts = []
    places = np.arange(len(words.ids))
    for distance in range(1, reach + 1):
        first, second = places[:-distance], places[distance:]
        inside = words.sentence[first] == words.sentence[second]
        parts.append(Pairs(first[inside], second[inside]))
    return joined(*parts)


def known(words: Words, pairs: Pairs) -> Bool[np.ndarray, " P"]:
    """Whether the vocabulary has both words."""
    is_known: Bool[np.ndarray, " P"] = (words.ids[pairs.left] >= 0) & (words.ids[pairs.right] >= 0)
    return is_known


def linked(words: Words, pairs: Pairs) -> Bool[np.ndarray, " P"]:
    """Whether one of the two words is the other's head."""
    right_is_head = words.head[pairs.left] == pairs.right
    either: Bool[np.ndarray, " P"] = right_is_head | (words.head[pairs.right] == pairs.left)
    return either


def coded(names: Shaped[np.ndarray, " P"]) -> Int64[np.ndarray, " P"]:
    """Equal names have equal numbers, counting from 0 in alphabetical order."""
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def numbered(*columns: Int64[np.ndarray, " P"]) -> Int64[np.ndarray, " P"]:
    """One number a row of the columns, the same for equal rows only."""
    if not len(columns[0]):
        return np.empty(0, dtype=np.int64)
    codes = tuple(column - column.min() for column in columns)
    sizes = [int(code.max()) + 1 for code in codes]
    numbers: Int64[np.ndarray, " P"] = np.ravel_multi_index(codes, sizes).astype(np.int64)
    return numbers


def partners(
    wanted: Int64[np.ndarray, " P"], offered: Int64[np.ndarray, " Q"], rng: np.random.Generator
) -> Int64[np.ndarray, " P"]:
    """For each number wanted the place of an equal one that is offered, no place taken twice.

    Args:
        wanted: the numbers to match.
        offered: the numbers to match them with.
        rng: decides the matches, where there are several of a number.

    Returns:
        Places in `offered`, or -1 where there are not enough of a number.
    """
    size = max(len(wanted), len(offered), 1)  # larger than any rank
    wanted_keys, offered_keys = (
        numbers * size + _rank(numbers, rng) for numbers in (wanted, offered)
    )
    _, wanted_places, offered_places = np.intersect1d(
        wanted_keys, offered_keys, assume_unique=True, return_indices=True
    )
    partner: Int64[np.ndarray, " P"] = np.full(len(wanted), -1)
    partner[wanted_places] = offered_places
    return partner


def _rank(numbers: Int64[np.ndarray, " P"], rng: np.random.Generator) -> Int64[np.ndarray, " P"]:
    """Each entry's place among those of the same number, from 0, in random order."""
    order = np.lexsort((rng.random(len(numbers)), numbers))
    ordered = numbers[order]
    first = np.searchsorted(ordered, ordered)
    rank: Int64[np.ndarray, " P"] = np.empty(len(numbers), dtype=np.int64)
    rank[order] = np.arange(len(numbers)) - first
    return rank


def scores(
    relation: Relation, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
) -> Float64[np.ndarray, " P"]:
    """The relation of each two word ids; NaN where an id is -1 or there is no answer."""
    values: Float64[np.ndarray, " P"] = np.full(len(left), np.nan)
    answerable = np.flatnonzero((left >= 0) & (right >= 0))
    for start in range(0, len(answerable), _SCORED_AT_ONCE):
        batch = answerable[start : start + _SCORED_AT_ONCE]
        values[batch] = relation(left[batch], right[batch])
    return values


@dataclass(frozen=True)
class Contrast:
    """Pairs of two sorts that the scores should separate.

    Attributes:
        pairs: of both sorts, shape [P].
        gold: 1.0 for the sort that is to score higher, else 0.0, shape [P].
        covered: whether both words are known and the pair has a partner of the other sort with
            which it is compared, shape [P].
        cluster: see `Items`, shape [P].
        note: what was left out and why.
    """

    pairs: Pairs
    gold: Float64[np.ndarray, " P"]
    covered: Bool[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    note: str = ""

    def __getitem__(self, mask: Bool[np.ndarray, " P"]) -> "Contrast":
        return Contrast(
            self.pairs[mask], self.gold[mask], self.covered[mask], self.cluster[mask], self.note
        )


def predictions_of(
    task: Task, word_model: WordModel, words: Words, contrast: Contrast, *, both_ways: bool = False
) -> list[Predictions]:
    """One outcome a relation, and `with_query_key`; one with the reason where there is none.

    Args:
        task: whose name the outcomes carry.
        word_model: the model to evaluate.
        words: of the treebank.
        contrast: the items.
        both_ways: score a pair by the mean of both directions, instead of left -> right.
    """
    items = Items((), contrast.gold, contrast.cluster)
    template = unanswered(replace(task, items=items), contrast.covered, chance=0.5)
    if not word_model.relations:
        return [replace(template, note=reason(word_model, "relate"))]
    pairs = contrast.pairs[contrast.covered]
    left, right = words.ids[pairs.left], words.ids[pairs.right]
    template, outcomes = template.noted(contrast.note), []
    for row, relation in in_each(template, word_model, "relate", word_model.relations):
        answers = scores(relation, left, right)
        if both_ways:
            answers = (answers + scores(relation, right, left)) / 2
        outcomes.append(row.filled(answers, "the relation has no answer to {} covered items"))
    return with_query_key(outcomes)
