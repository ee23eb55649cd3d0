"""How strongly a word relates to another: what a relation is, and those that come from tables.

Glossary: V words, K factors of a relation, P pairs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64, Int64

VALUE_OUT, IN_OUT, QUERY_KEY = "value.out.lift", "in.out.lift", "q.k.lift"
"""The lifts, named after their products."""


@runtime_checkable
class Relation(Protocol):
    """How strongly one word relates to another; the order matters."""

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """relation(left[p] -> right[p]) of each pair of ids; NaN where there is no answer.

        -inf is an answer: that of counts for words that never occur together.
        """


@dataclass(frozen=True)
class Product:
    """The relation left[a] . right[b].

    Attributes:
        left: a row a word, as the word that relates.
        right: a row a word, as the word that it relates to.
    """

    left: Float32[np.ndarray, "V K"]
    right: Float32[np.ndarray, "V K"]

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """See `Relation`."""
        products: Float64[np.ndarray, " P"] = np.einsum(
            "pk,pk->p", self.left[left], self.right[right], dtype=np.float64
        )
        return products


@dataclass(frozen=True)
class Cosine:
    """The relation that sees no direction: the cosine of two rows, NaN where one is zero.

    Attributes:
        rows: a row a word.
    """

    rows: Float32[np.ndarray, "V K"]

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """See `Relation`."""
        products = Product(self.rows, self.rows)(left, right)
        lengths = self._lengths[left] * self._lengths[right]  # the same bits both ways
        return np.asarray(np.clip(products / lengths, -1, 1))

    @cached_property
    def _lengths(self) -> Float64[np.ndarray, " V"]:
        squares = np.einsum("vk,vk->v", self.rows, self.rows, dtype=np.float64)
        return np.sqrt(np.where(squares > 0, squares, np.nan))


@dataclass(frozen=True)
class Among:
    """A relation that only some of the words have.

    Attributes:
        relation: of these words, by their places in it.
        places: of each word of the vocabulary, -1 where the relation lacks it, [V].
    """

    relation: Relation
    places: Int64[np.ndarray, " V"]

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """See `Relation`; NaN where it lacks one of the two."""
        first, second = self.places[left], self.places[right]
        known = (first >= 0) & (second >= 0)
        values: Float64[np.ndarray, " P"] = np.full(len(left), np.nan)
        values[known] = self.relation(first[known], second[known])
        return values
