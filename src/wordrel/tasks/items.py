"""What is asked: items of words, of words in sentences, of parsed sentences.

Data classes and what every reader of them shares; reads and writes no file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.corpus.vocab import Vocab


@dataclass(frozen=True)
class Items:
    """What is asked, as it stands in the file; nothing is dropped.

    Attributes:
        words: the words of each item, as written: 2 for a pair, 4 for an analogy; empty where
            items are not words.
        gold: what the right answer is worth, shape [P].
        cluster: items that are no independent evidence share a number, shape [P].
        duplicates: items that stood in the file before (a pair also in the other order).
        multiword: items with a word of several words (white space or underscore).
        labels: what each item is called in its set (a relation, a section, a category, a split);
            empty where items have no labels.
    """

    words: tuple[tuple[str, ...], ...]
    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    duplicates: int
    multiword: int
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
    flat = vocab.ids(w.lower() if lowercase else w for words in items.words for w in words)
    return flat.reshape(items.n_items, -1)


def number(keys: Iterable[object]) -> Int64[np.ndarray, " P"]:
    """The same number for the same key, counting from 0 in order of first appearance."""
    seen: dict[object, int] = {}
    return np.fromiter((seen.setdefault(key, len(seen)) for key in keys), dtype=np.int64)
