"""Test items: of words, of words in sentences, of parsed sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab

Pair = tuple[str, str, float]
Quadruple = tuple[str, str, str, str]
Labelled = tuple[str, str, str]
"""A word, another one, and what relation they stand in."""


@dataclass(frozen=True)
class Items:
    """Test items, as they stand in the file; nothing is dropped.

    Attributes:
        words: the words of each item, as written: 2 for a pair, 4 for an analogy; empty where
            items are not words.
        gold: the right answer, shape [P].
        cluster: items that are no independent evidence share a number, shape [P].
        duplicates: items that stood in the file before (a pair also in the other order).
        labels: what each item is called in its set (a relation, a section, a category, a split);
            empty where items have no labels.
    """

    words: tuple[tuple[str, ...], ...]
    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    duplicates: int = 0
    labels: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        """P; 0 for a task whose items come from the corpus."""
        return len(self.gold)

    def content(self) -> list[Any]:
        """All that decides an answer, as JSON: the same items in another file are the same task."""
        labels = [self.labels] if self.labels else []
        return [self.words, self.gold.tolist(), self.cluster.tolist(), *labels]


@dataclass(frozen=True)
class Sentence:
    """Running text with one of its words in view.

    Attributes:
        words: as written, punctuation included.
        position: place of the word in view, from 0.
    """

    words: tuple[str, ...]
    position: int


@dataclass(frozen=True)
class InText(Items):
    """Items whose words stand in sentences.

    Attributes:
        sentences: one a word of the item, in which that word is in view.
    """

    sentences: tuple[tuple[Sentence, ...], ...] = ()

    def content(self) -> list[Any]:
        """See `Items.content`."""
        texts = [[(s.words, s.position) for s in item] for item in self.sentences]
        return [*super().content(), texts]


@dataclass(frozen=True)
class Token:
    """A word of a parsed sentence; names as in CoNLL-U.

    Attributes:
        form: as written.
        upos: universal part of speech, such as NOUN.
        head: place of its head in the sentence, from 0; -1 for the root.
        deprel: its relation to its head, without subtype, such as nsubj.
    """

    form: str
    upos: str
    head: int
    deprel: str


@dataclass(frozen=True)
class Treebank(Items):
    """Parsed sentences; gold is their number of tokens, each is its own cluster.

    Attributes:
        trees: the sentences, token by token.
    """

    trees: tuple[tuple[Token, ...], ...] = ()

    def content(self) -> list[Any]:
        """See `Items.content`."""
        trees = [[(t.form, t.upos, t.head, t.deprel) for t in tree] for tree in self.trees]
        return [*super().content(), trees]


def word_ids(items: Items, vocab: Vocab, lowercase: bool) -> Int64[np.ndarray, "P W"]:
    """One row an item, one column a word of it; -1 where the vocabulary lacks the word."""
    flat = vocab.ids(spelled(w, lowercase=lowercase) for words in items.words for w in words)
    return flat.reshape(items.n_items, -1)


def number(keys: Iterable[object]) -> Int64[np.ndarray, " P"]:
    """The same number for the same key, counting from 0 in order of first appearance."""
    seen: dict[object, int] = {}
    return np.fromiter((seen.setdefault(key, len(seen)) for key in keys), dtype=np.int64)


def from_pairs(pairs: Sequence[Pair]) -> Items:
    """Items that keep every pair; a pair that comes again, in either order, joins its cluster."""
    cluster = number(frozenset((a, b)) for a, b, _ in pairs)
    return _items(pairs, cluster, duplicates=len(pairs) - len(np.unique(cluster)))


def from_directed(pairs: Sequence[Pair]) -> Items:
    """The same for pairs whose order matters: a pair turned round joins it, but repeats nothing."""
    cluster = number(frozenset((a, b)) for a, b, _ in pairs)
    return _items(pairs, cluster, duplicates=len(pairs) - len({(a, b) for a, b, _ in pairs}))


def from_directions(pairs: Sequence[Pair]) -> Items:
    """Pairs whose score is 1 where the first word leads to the second, 0 the other way round."""
    items = from_directed(pairs)
    labels = tuple("forward" if gold == 1 else "backward" for gold in items.gold)
    return replace(items, labels=labels)


def from_labelled(rows: Sequence[Labelled], against: Sequence[str]) -> Items:
    """Pairs of which those with a label of `against` stand in no relation: gold 0, else 1.

    Pairs with the same first word are one cluster. A pair that comes again repeats itself, whatever
    its label: fish is a hypernym and, as a verb, an event of salmon.
    """
    pairs = [(a, b, float(label not in against)) for a, b, label in rows]
    repeated = len(rows) - len({(a, b) for a, b, _ in rows})
    items = _items(pairs, number(a for a, _, _ in rows), repeated)
    return replace(items, labels=tuple(label for _, _, label in rows))


def from_questions(questions: Sequence[tuple[str, Quadruple]]) -> Items:
    """Analogies with their section; those of one section with the same a, a' are one cluster."""
    words = tuple(question for _, question in questions)
    return Items(
        words=words,
        gold=np.ones(len(words)),
        cluster=number((section, question[:2]) for section, question in questions),
        duplicates=len(words) - len(set(words)),
        labels=tuple(section for section, _ in questions),
    )


def from_groups(groups: Sequence[tuple[str, ...]], *, odd: bool) -> Items:
    """Lines of words; the question is about the first of each.

    Those with the same first word are one cluster; where it is the odd one of its group, those with
    the same other words.
    """
    cluster = number(frozenset(words[1:]) if odd else words[0] for words in groups)
    return Items(
        words=tuple(groups),
        gold=np.ones(len(groups)),
        cluster=cluster,
        duplicates=len(groups) - len({(words[0], frozenset(words)) for words in groups}),
    )


def _items(pairs: Sequence[Pair], cluster: np.ndarray, duplicates: int) -> Items:
    return Items(
        words=tuple((a, b) for a, b, _ in pairs),
        gold=np.array([score for _, _, score in pairs], dtype=np.float64),
        cluster=cluster,
        duplicates=duplicates,
    )
