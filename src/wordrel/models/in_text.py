"""What a `WordModel` answers about a word in a sentence: its vector, a gap, the weights around it.

Glossary: V words, D dimensions, K numbers of a vector in context, N tokens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from jaxtyping import Float, Float32, Int64

from wordrel.corpus.tokens import normalise, spelled
from wordrel.corpus.vocab import unknown_word
from wordrel.errors import NotAvailableError, UnknownWordError
from wordrel.models.protocols import Contextualizer, Predictor, Weigher

if TYPE_CHECKING:
    from wordrel.models.word_model import WordModel

ContextEmbedding = Literal["static", "context", "joined"]
ANY_WORD = 0
"""What stands where a word is to be predicted; no score depends on it."""


@dataclass(frozen=True)
class Gap:
    """A sentence without the words that the vocabulary lacks, and with a gap.

    Attributes:
        ids: its words; at the gap stands any word, on which no score depends, [N].
        place: of the gap in `ids`.
        positions: of the words in the sentence as it was given, [N].
    """

    ids: Int64[np.ndarray, " N"]
    place: int
    positions: Int64[np.ndarray, " N"]

    @classmethod
    def of(cls, model: "WordModel", sentence: Sequence[str], position: int) -> "Gap":
        """The sentence with a gap at `position`; at its length, with a gap behind it.

        Raises:
            NotAvailableError: a position outside the sentence, or a text in place of words.
        """
        refuse_text(sentence, "sentence")
        if not 0 <= position <= len(sentence):
            raise NotAvailableError(
                f"position: found {position}, expected 0 to {len(sentence)} in this sentence"
            )
        ids = _ids(model, [*sentence, ""] if position == len(sentence) else sentence)
        ids[position] = ANY_WORD
        positions = np.flatnonzero(ids >= 0)
        place = int(np.searchsorted(positions, position))
        return cls(ids[positions], place, positions)

    @property
    def ends(self) -> Int64[np.ndarray, " 1"]:
        """The end of the one sentence."""
        return np.array([len(self.ids)])


def word_id(model: "WordModel", word: object) -> int:
    """The id of a single word, in Unicode's composed form where it has no other.

    Raises:
        UnknownWordError: why the vocabulary lacks the word.
        NotAvailableError: it is no text.
    """
    for written in (word := _text(word), spelled(word, lowercase=False)):
        if written in model.vocab.index:
            return model.vocab.index[written]
    corpus = model.origin.corpus if model.origin else None
    raise UnknownWordError(unknown_word(word, model.vocab, corpus))


def word_at(model: "WordModel", sentence: Sequence[str], position: int) -> str:
    """The word at a position as the vocabulary has it; one that it lacks, as it is.

    Raises:
        NotAvailableError: a position outside the sentence, or a text in place of words.
    """
    refuse_text(sentence, "sentence")
    if not 0 <= position < len(sentence):
        raise NotAvailableError(
            f"position: found {position}, expected the place of one of {len(sentence)} words, "
            "from 0"
        )
    (known,) = _ids(model, [sentence[position]])
    return model.vocab.words[known] if known >= 0 else sentence[position]


def refuse_text(words: Sequence[str], name: str) -> None:
    """Raise for a text in place of its words: its letters would count as words.

    Raises:
        NotAvailableError: with the cure; `name`: what the words are called.
    """
    if isinstance(words, str):
        raise NotAvailableError(
            f"{name}: found a text, expected a list of words: {name}.split() makes one"
        )


def _text(word: object) -> str:
    if not isinstance(word, str):
        raise NotAvailableError(f"found {word!r}, expected a word in quotes")
    return word


def _ids(model: "WordModel", words: Iterable[object]) -> Int64[np.ndarray, " N"]:
    """The ids of words as a text of the corpus would have them; -1 of unknown ones."""
    index, corpus = model.vocab.index, model.origin.corpus if model.origin else None

    def id_of(word: object) -> int:
        written = [word := _text(word), spelled(word, lowercase=False)]
        if corpus is not None:  # a sentence begins with a capital; the corpus may have none
            written.append(normalise(word, corpus))
        return next((index[form] for form in written if form in index), -1)

    return np.fromiter(map(id_of, words), dtype=np.int64)


def most_probable(model: "WordModel", gap: Gap, n: int, reading: str | None) -> dict[str, float]:
    """The n most probable words at the gap, see `WordModel.predict`.

    Raises:
        NotAvailableError: as `WordModel.predict`.
    """
    predictor = _predictor(model, reading)
    blind = predictor.objective == "next_word" or not isinstance(predictor, Contextualizer)
    _refuse_without_view(gap, blind=blind)
    (scores,) = predictor.scores(gap.ids, gap.ends, np.array([gap.place]))
    row = scores[0].astype(np.float64)
    p = np.exp(row - row.max())
    p /= p.sum()
    best = _first(n, -p)
    return {model.vocab.words[i]: float(p[i]) for i in best}


def _refuse_without_view(gap: Gap, *, blind: bool) -> None:
    """Raise where no known word is in view; `blind`: of the words behind the gap."""
    if gap.place < blind or len(gap.ids) == 1:
        raise NotAvailableError(f"found no known word {'before' if blind else 'around'} the gap")


def _predictor(model: "WordModel", reading: str | None) -> Predictor:
    readings = {predictor.name: predictor for predictor in model.predictors}
    if not readings:
        why = model.unavailable.get("fit") or model.unavailable.get("context")
        raise NotAvailableError(why or "this model predicts no word of a text")
    if reading is not None and reading not in readings:
        raise NotAvailableError(
            f"reading: found {reading!r}, expected one of {', '.join(readings)}"
        )
    return readings[reading] if reading else next(iter(readings.values()))


def weights(model: "WordModel", gap: Gap) -> dict[int, float]:
    """Weight of each word around the gap, by its position, see `WordModel.weights`."""
    context = model.context
    if context is None or not isinstance(context, Weigher):
        why = "this model weighs no words of a context"
        raise NotAvailableError(model.unavailable.get("context", why) if not context else why)
    _refuse_without_view(gap, blind=context.objective == "next_word")
    entries = context.weights(gap.ids, gap.ends)
    mine = entries.state == gap.place - (context.objective == "next_word")
    places = gap.place + entries.offset[mine]
    order = np.argsort(places)
    return {
        int(gap.positions[place]): float(weight)
        for place, weight in zip(places[order], entries.weight[mine][order], strict=True)
    }


def vector_in_context(
    model: "WordModel",
    static: Float32[np.ndarray, " D"],
    sentence: Sequence[str],
    position: int,
    embedding: ContextEmbedding,
) -> Float32[np.ndarray, " K"]:
    """See `WordModel.in_context`; `static` is the word's own row."""
    if embedding not in get_args(ContextEmbedding):
        raise NotAvailableError(
            f"no embedding {embedding!r}; there are {', '.join(get_args(ContextEmbedding))}"
        )
    if embedding == "static":
        return static
    reader = model.reader
    if reader is None:
        raise NotAvailableError(model.unavailable["context"])
    ids = _ids(model, sentence)
    known = ids[ids >= 0]
    place = int((ids[:position] >= 0).sum())
    y: Float32[np.ndarray, " K"] = reader.contextual(known, np.array([len(known)]))[place]
    if np.isnan(y).any():
        raise NotAvailableError(f"{sentence[position]!r} has no known word around it here")
    if embedding == "context":
        return y
    parts = [static / _length(static), y / _length(y)]
    joined: Float32[np.ndarray, " K"] = np.concatenate(parts)
    return joined


def neighbours(
    model: "WordModel",
    row: Float32[np.ndarray, " K"],
    table: Float32[np.ndarray, "V K"],
    own: Sequence[int],
    n: int,
) -> dict[str, float]:
    """The words with the largest cosines to a row, but for its own words and rows of zeros.

    Raises:
        NotAvailableError: n is less than 1.
    """
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(row)
    others = np.flatnonzero(lengths)
    others = others[~np.isin(others, own)]
    cosine = np.clip(table[others] @ row / lengths[others], -1, 1)
    best = _first(n, -cosine)
    return {model.vocab.words[others[i]]: float(cosine[i]) for i in best}


def _length(vector: Float32[np.ndarray, " D"]) -> float:
    return float(np.linalg.norm(vector)) or 1.0


def _first(n: int, values: Float[np.ndarray, " V"]) -> Int64[np.ndarray, " N"]:
    """The places of the n smallest values, equal ones in their order."""
    if n < 1:
        raise NotAvailableError(f"n: found {n}, expected 1 or more")
    return np.argsort(values, kind="stable")[:n]
