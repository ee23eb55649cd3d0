"""What reads running text: protocols of the part of a model that knows words in a context.

Glossary: V words, D dimensions, K numbers of a state, P entries, N tokens, S sentences.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Int64

from wordrel.config.architectures import Objective


@runtime_checkable
class Reader(Protocol):
    """What a word means here: the part of a model that reads running text.

    A stream is `ids` (N token ids) cut into sentences by `ends` (S exclusive ends, the last N).
    """

    def contextual(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
    ) -> Float32[np.ndarray, "N K"]:
        """y_i of the word at position i: its meaning here. NaN rows where there is none."""


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
        asking: id of the word at whose place the context is weighed, [P].
        attended: id of the word in the context, [P].
        weight: how much of the state comes from it, 0 to 1; those of one state add up to 1, [P].
        state: number of the token at whose place the context is weighed, from 0: entries of one
            state share it, and no others, [P].
        offset: place of the attended word less that of the word that is predicted: -W to W without
            0 for `masked_word`, -W to -1 for `next_word`, [P].
    """

    asking: Int64[np.ndarray, " P"]
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
    """A `Contextualizer` in which words ask: each has a role as query and one as key."""

    def exchanged(self) -> Contextualizer:
        """The same model with the roles of query and key exchanged; it was not trained so."""
