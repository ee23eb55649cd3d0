"""Protocols of models on running text, by which tasks evaluate them.

A `Reader` gives the vector of a word in its context. A `Predictor` gives the probability of every
word of the vocabulary at a place, which is all that a task needs in order to measure a loss:
word2vec, attention and counts have the same interface.

Glossary: V words, D dimensions, K numbers of a state, N tokens, S sentences or other segments, P
entries or places, B places at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Int64

from wordrel.config.architectures import Objective

Segments = Literal["sentence", "document"]
"""Whose ends a context never crosses."""


@runtime_checkable
class Reader(Protocol):
    """A word in its context: the part of a model that reads running text.

    A stream is `ids` (N token ids) cut into sentences by `ends` (S exclusive ends, the last N).
    """

    def contextual(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
    ) -> Float32[np.ndarray, "N K"]:
        """y_i of the word at position i. NaN rows where there is none."""


@runtime_checkable
class Contextualizer(Reader, Protocol):
    """A `Reader` that also predicts words; see there for `ids` and `ends`."""

    @property
    def objective(self) -> Objective:
        """What the model was trained to predict."""

    def states(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        hidden: Bool[np.ndarray, " N"] | None = None,
    ) -> Float32[np.ndarray, "N D"]:
        """The state that predicts token t, for each t; it never depends on token t.

        `hidden` tokens are in no context, but keep their places: no window grows over them.

        NaN rows where a token has no context (first of its sentence, for `next_word`; or where
        all of its context is hidden).
        """

    def log_probabilities(self, states: Float32[np.ndarray, "P D"]) -> Float32[np.ndarray, "P V"]:
        """Log p(word | context) over the whole vocabulary, normalised; one row a state."""


@dataclass(frozen=True)
class Weighed:
    """Which words were weighed for whose state: an entry each time a word stands in a context.

    Attributes:
        attending: id of the word at whose place the context is weighed, [P].
        attended: id of the word in the context, [P].
        weight: how much of the state comes from it, 0 to 1; those of one state add up to 1, [P].
        state: number of the token at whose place the context is weighed, from 0: entries of one
            state share it, and no others, [P].
        offset: place of the attended word less that of the word that is predicted: -W to W without
            0 for `masked_word`, -W to -1 for `next_word`, [P].
    """

    attending: Int64[np.ndarray, " P"]
    attended: Int64[np.ndarray, " P"]
    weight: Float32[np.ndarray, " P"]
    state: Int64[np.ndarray, " P"]
    offset: Int64[np.ndarray, " P"]


@runtime_checkable
class Weigher(Protocol):
    """A `Contextualizer` whose states are weighted sums, and that exposes its weights."""

    def weights(self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]) -> Weighed:
        """The weights behind `contextual`, of the whole stream; see there for `ids` and `ends`."""


@runtime_checkable
class Windowed(Protocol):
    """A `Contextualizer` that sees no further than a window."""

    @property
    def window(self) -> int:
        """W: how many words it can see on each side that its objective sees."""


@runtime_checkable
class Exchangeable(Contextualizer, Protocol):
    """A `Contextualizer` in which each word has a role as query and one as key."""

    def exchanged(self) -> Contextualizer:
        """The same model with the roles of query and key exchanged; it was not trained so."""


@runtime_checkable
class Predictor(Protocol):
    """Log-probabilities of words at places of a text.

    The text is `ids` (N token ids), cut into segments by `ends` (S exclusive ends, rising, the
    last N): a context never crosses the end of a segment. A place is the number of a token, and
    its scores never depend on that token (nor, for `next_word`, on any behind it).
    """

    @property
    def name(self) -> str:
        """How the model is read, such as "context": the embedding of a row."""

    @property
    def objective(self) -> Objective:
        """What it predicts from."""

    @property
    def segments(self) -> Segments:
        """Whether the segments that it reads are the sentences or the documents."""

    def scores(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Iterator[Float32[np.ndarray, "B V"]]:
        """Log p(w | context) of every word at each place, a block of places at a time, in order.

        Any number may be added to a row: its reader normalises it. The reader may also
        overwrite a block, which is valid until the next one is made. The models trained here give
        blocks of about 2**21 numbers, which a processor's cache holds.

        Args:
            ids: the text.
            ends: of its segments.
            places: rising; each has a word before it in its segment.
        """

    def attended(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Int64[np.ndarray, " P"] | None:
        """How many words the context of each place has; None where counts are read.

        A mean over n words is shorter where n is larger, so the scores of a trained model are
        calibrated by n; those of counts are not.
        """


@runtime_checkable
class Hiding(Predictor, Protocol):
    """A `Predictor` that can leave out some of the words of a context."""

    def hiding(self, hidden: Bool[np.ndarray, " N"]) -> Predictor:
        """The same for one text, in whose contexts the hidden tokens are missing.

        They keep their places: no window grows over them. Where the word before a place gives
        the query, a hidden one still does: no query attends to it, and its direct path is closed.
        """
