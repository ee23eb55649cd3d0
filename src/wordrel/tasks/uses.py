"""Uses of words in sentences: from text as written to the vectors that a model has of each use.

All kinds of tasks on a word in view in a sentence share this.

Sentences are read as the corpus reads text: words are runs of letters with apostrophes inside, a
sentence ends after . ! ?, and words that the vocabulary lacks are left out, so that the window
closes over the gap. Numbers, and words with a hyphen in them, stay whole where the vocabulary has
them so. Data sets set `'s` and `n't` apart: they are put back where the vocabulary has the whole.

Axes: N tokens, A uses that can be answered, U uses, P items of two uses each.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from wordrel.corpus.tokens import cut_words, spelled
from wordrel.corpus.vocab import Vocab
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Measurement, Scope, Task
from wordrel.tasks.geometry import cosines, unit_rows
from wordrel.tasks.items import InText, Items, Sentence

_DIGIT = re.compile(r"\d")
_CLITICS = frozenset(("'s", "'d", "'m", "'ll", "'re", "'ve", "n't"))


class _Token(NamedTuple):
    """A token of a data set: the corpus's words in it, and its effect on the tokens around it."""

    words: tuple[str, ...]
    clitic: str
    ends_sentence: bool


class _Tokens(dict[str, _Token]):
    """Every token so far, cut once."""

    def __init__(self, vocab: Vocab, lowercase: bool) -> None:
        super().__init__()
        self.index = vocab.index
        self.lowercase = lowercase

    def __missing__(self, token: str) -> _Token:
        text = spelled(token, lowercase=self.lowercase)
        clitic = text if text.lower() in _CLITICS else ""
        words = () if clitic else self._words(text)
        cut = self[token] = _Token(words, clitic, cut_words(text)[1])
        return cut

    def _words(self, text: str) -> tuple[str, ...]:
        for whole in (text, _DIGIT.sub("0", text)):
            if whole in self.index:
                return (whole,)
        return cut_words(text)[0]

    def written(self, tokens: Iterable[str]) -> list[str]:
        """The words of consecutive tokens, clitics put back."""
        words: list[str] = []
        for token in tokens:
            cut = self[token]
            words += cut.words
            if cut.clitic and words and words[-1] + cut.clitic in self.index:
                words[-1] += cut.clitic
        return words

    def sentence(self, passage: Sentence) -> tuple[list[str], str, list[str]]:
        """Words before the one in view, that word ("" if it is none or several), words behind."""
        tokens, place = passage.words, passage.position
        first, last = place, place + 1
        while first and not self[tokens[first - 1]].ends_sentence:
            first -= 1
        while last < len(tokens) and not self[tokens[last - 1]].ends_sentence:
            last += 1
        own = self[tokens[place]].words
        before, after = self.written(tokens[first:place]), self.written(tokens[place + 1 : last])
        return before, own[0] if len(own) == 1 else "", after


@dataclass(frozen=True)
class Uses:
    """The uses of all items, item by item, as one vocabulary reads them.

    Attributes:
        ids: the known words of the A sentences that can be answered, shape [N].
        ends: exclusive ends of these sentences, shape [A].
        places: where in `ids` each word in view stands, shape [A].
        answerable: the word in view is known, and so is another one around it, shape [U].
        known: the word in view is known, shape [U].
        around: words around those in view; around_known: those of them that are known.
    """

    ids: Int64[np.ndarray, " N"]
    ends: Int64[np.ndarray, " A"]
    places: Int64[np.ndarray, " A"]
    answerable: Bool[np.ndarray, " U"]
    known: Bool[np.ndarray, " U"]
    around: int
    around_known: int

    @cached_property
    def covered(self) -> Bool[np.ndarray, " P"]:
        """Items whose two uses can be answered."""
        both_answerable: Bool[np.ndarray, " P"] = np.all(self.answerable.reshape(-1, 2), axis=1)
        return both_answerable

    @cached_property
    def same_form(self) -> Bool[np.ndarray, " P"]:
        """Covered items with the same word, in the same form, in both sentences."""
        words = np.full(len(self.answerable), -1)
        words[self.answerable] = self.ids[self.places]
        same: Bool[np.ndarray, " P"] = np.equal(words[::2], words[1::2]) & self.covered
        return same


def read_uses(items: Items, vocab: Vocab, lowercase: bool) -> Uses:
    """Read the sentences of all items.

    Raises:
        ValueError: where an item has not two sentences.
    """
    tokens = _Tokens(vocab, lowercase)
    ids: list[int] = []
    ends, places, answerable, known = [], [], [], []
    around = around_known = 0
    for passage in _passages(items):
        before, own, after = tokens.sentence(passage)
        known_before, known_after = (
            [vocab.index[w] for w in side if w in vocab.index] for side in (before, after)
        )
        around += len(before) + len(after)
        around_known += len(known_before) + len(known_after)
        known.append(own in vocab.index)
        answerable.append(known[-1] and bool(known_before or known_after))
        if answerable[-1]:
            places.append(len(ids) + len(known_before))
            ids += [*known_before, vocab.index[own], *known_after]
            ends.append(len(ids))
    return Uses(
        ids=np.array(ids, dtype=np.int64),
        ends=np.array(ends, dtype=np.int64),
        places=np.array(places, dtype=np.int64),
        answerable=np.array(answerable, dtype=np.bool_),
        known=np.array(known, dtype=np.bool_),
        around=around,
        around_known=around_known,
    )


def _passages(items: Items) -> Iterable[Sentence]:
    passages = items.sentences if isinstance(items, InText) else ()
    if len(passages) != items.n_items or any(len(two) != 2 for two in passages):
        raise ValueError(
            f"found {items.n_items} items with {sum(map(len, passages))} sentences; "
            "expected two sentences an item"
        )
    return (passage for two in passages for passage in two)


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Items of which both words in view are known, each with another known word around it."""
    return read_uses(items, vocab, scope.lowercase).covered


def vectors(word_model: WordModel, uses: Uses) -> dict[str, Float32[np.ndarray, "U _"]]:
    """The vectors of each use: a row a use, NaN where the model has none.

    Returns:
        "static": the row of the word in view, in the form it has there, in the selected embedding
        (the control: it does not depend on the sentence); "context": y_i; "joined": both
        with length 1, one behind the other. Only those that the model has.
    """
    by_embedding: dict[str, Float32[np.ndarray, "A _"]] = {}
    if word_model.embeddings:
        by_embedding["static"] = word_model.embeddings[word_model.selected["alike"]][
            uses.ids[uses.places]
        ]
    if word_model.reader is not None:
        by_embedding["context"] = word_model.reader.contextual(uses.ids, uses.ends)[uses.places]
    if len(by_embedding) == 2:
        parts = [unit_rows(rows) for rows in by_embedding.values()]
        joined = np.concatenate(parts, axis=1)
        joined[~np.all([part.any(axis=1) for part in parts], axis=0)] = np.nan
        by_embedding["joined"] = joined
    return {embedding: _spread(rows, uses.answerable) for embedding, rows in by_embedding.items()}


def _spread(
    rows: Float32[np.ndarray, "A D"], answerable: Bool[np.ndarray, " U"]
) -> Float32[np.ndarray, "U D"]:
    every = np.full((len(answerable), rows.shape[1]), np.nan, dtype=np.float32)
    every[answerable] = rows
    return every


def pair_cosines(rows: Float32[np.ndarray, "U D"]) -> Float64[np.ndarray, " P"]:
    """Cosine of the two uses of each item; NaN where one has no vector.

    Equal vectors have cosine 1, not 1 less a rounding error: those would be an order.
    """
    first = np.arange(0, len(rows), 2)
    cosine = cosines(rows, first, first + 1)
    equal = np.all(rows[::2] == rows[1::2], axis=1) & ~np.isnan(cosine)
    cosine[equal] = 1.0
    return cosine


def count_lost(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """Shares of words that the vocabulary lacks: the same for every model of a corpus."""
    uses = read_uses(task.items, word_model.vocab, scope.lowercase)
    n = len(uses.known)
    shares = (
        ("uses", "share_word_unknown", n - uses.known.sum(), n),
        ("uses", "share_nothing_around", (uses.known & ~uses.answerable).sum(), n),
        ("words around", "share_unknown", uses.around - uses.around_known, uses.around),
    )
    return [
        Measurement(task.name, "", group, statistic, float(part) / of if of else np.nan, np.nan, of)
        for group, statistic, part, of in shares
    ]
