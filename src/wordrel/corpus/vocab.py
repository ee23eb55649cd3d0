"""The vocabulary: the words of the models in one fixed order, and why it lacks a word."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64

from wordrel.config import CorpusConfig
from wordrel.corpus.tokens import Tokenizer, normalise

_FREQUENT = 20_000  # comparing spellings takes about 10 microseconds a word


@dataclass(frozen=True)
class Vocab:
    """Words by descending count, then alphabetically; a word's id is its place.

    With `vocabulary: source` the order is that of the counts in the whole source, which no sample
    changes.

    Attributes:
        words: the V words.
        counts: how often each stands in the training part of the corpus, at least 1, shape [V].
    """

    words: tuple[str, ...]
    counts: Int64[np.ndarray, " V"]

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def index(self) -> dict[str, int]:
        """Word to id."""
        return {word: i for i, word in enumerate(self.words)}

    def ids(self, words: Iterable[str]) -> Int64[np.ndarray, " P"]:
        """The ids of `words`, -1 where a word is missing. Case matters; callers normalise."""
        return np.fromiter((self.index.get(word, -1) for word in words), dtype=np.int64)


def unknown_word(word: str, vocab: Vocab, corpus: CorpusConfig | None = None) -> str:
    """A sentence for people: the word, why it is missing, and what to use instead.

    Args:
        word: what the vocabulary lacks.
        vocab: of the model.
        corpus: how the text became words; without it the message gives no reason.
    """
    parts = [f"{word!r} is not among the {len(vocab):,} words of the model"]
    if corpus is not None:
        parts.append(_reason(word, vocab, corpus))
    written = word if corpus is None else normalise(word, corpus)
    near = difflib.get_close_matches(written, vocab.words[:_FREQUENT], n=3)
    if near and written not in vocab.index:
        parts.append(f"similar spellings: {_listed(near)}")
    return "; ".join(parts)


def _reason(word: str, vocab: Vocab, corpus: CorpusConfig) -> str:
    pieces = [normalise(token, corpus) for token in Tokenizer(corpus).cut(word).tokens]
    written = normalise(word, corpus)
    if pieces != [written]:
        return _no_word(pieces, corpus)
    if written == word:
        return f"it {_too_rare(vocab, corpus)}"
    lowered = corpus.lowercase and word.lower() != word
    how = "lower-cased" if lowered else f"normalised (digits={corpus.digits})"
    if written in vocab.index:
        return f"the corpus was {how}: use {written!r}"
    return f"the corpus was {how}, and {written!r} {_too_rare(vocab, corpus)}"


def _no_word(pieces: list[str], corpus: CorpusConfig) -> str:
    letters = "letters" if corpus.digits == "drop" else "letters and digits"
    rule = f"a word of this corpus is a run of {letters}, with single apostrophes inside"
    return rule + (f", so this text is cut into {_listed(pieces)}" if pieces else "")


def _too_rare(vocab: Vocab, corpus: CorpusConfig) -> str:
    if len(vocab) == corpus.max_vocabulary:
        return f"is not one of the max_vocabulary={len(vocab)} most frequent words"
    return f"is not in the training text at least min_count={corpus.min_count} times"


def _listed(words: list[str]) -> str:
    return ", ".join(map(repr, words))
