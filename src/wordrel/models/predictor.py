"""A model that gives the probability of every word of the vocabulary at a place of running text.

This is all that a task needs to know in order to measure a model's loss: word2vec, attention and
counts answer the same call.

Glossary: N tokens, S segments, P places, B places at a time, V words.
"""

from collections.abc import Iterator
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Bool, Float32, Int64
from numpy import ndarray

from wordrel.config.architectures import Objective

Segments = Literal["sentence", "document"]
"""What a context never leaves."""


@runtime_checkable
class Predictor(Protocol):
    """Log-probabilities of words at places of a text.

    The text is `ids` (N token ids), cut into segments by `ends` (S exclusive ends, rising, the
    last N): a context never crosses the end of a segment. A place is the number of a token, and
    what is said of it never depends on that token (nor, for `next_word`, on any behind it).
    """

    @property
    def name(self) -> str:
        """Which way of reading the model this is, such as "context": the embedding of a row."""

    @property
    def objective(self) -> Objective:
        """What it predicts from."""

    @property
    def segments(self) -> Segments:
        """Whether the segments that it reads are the sentences or the documents."""

    def scores(
        self,
        ids: Int64[ndarray, " N"],
        ends: Int64[ndarray, " S"],
        places: Int64[ndarray, " P"],
    ) -> Iterator[Float32[ndarray, "B V"]]:
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
        ids: Int64[ndarray, " N"],
        ends: Int64[ndarray, " S"],
        places: Int64[ndarray, " P"],
    ) -> Int64[ndarray, " P"] | None:
        """How many words the context of each place has; None where counts are read.

        A mean over n words is shorter where n is larger, so the scores of a trained model are
        calibrated by n; those of counts are not.
        """


@runtime_checkable
class Hiding(Predictor, Protocol):
    """A `Predictor` that can tell what it would say without some of the words of a context."""

    def hiding(self, hidden: Bool[ndarray, " N"]) -> Predictor:
        """The same for one text, in whose contexts the hidden tokens are missing.

        They keep their places: no window grows over them. Where the word before a place asks, a
        hidden one goes on asking: it is only not attended to, and its direct path is closed.
        """
