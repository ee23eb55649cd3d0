"""The embeddings, relations and lifts that word tables give: the same of every model that has them.

Tables by name: `input` (a row a word, as the word that is looked at), `output` (as the word that is
predicted), and what some models make of each input row besides: `value`, `query`, `key`.

A lift is how far a score of b stands above the average score of a, so that words can be compared:

    lift(a, b) = s(a, b) - log sum over b' of p(b') exp s(a, b')

with p the share of each word in the training text. A softmax over b does not change when a number
c(a) is added to all scores of a, so the product q_a . k_b is known only up to such a number, and
the products of two different queries cannot be compared. In a lift the number cancels. PMI, the
logarithm of p(b|a) / p(b), is the lift of a model whose s is log p(b|a), but for the frequency of b
in s.

s is what enters the softmax: the scaled score of query (with its bias) and key, or the score of an
output word with its bias. Heads have a softmax each, so the lift of several heads is the mean of
their lifts. Where the query is of the mean of a context, a stands for a context of that word alone.
Scores of positions are no part of it.

Glossary: V words, D dimensions, K factors, P pairs, U words that relate, H heads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.protocols import Contextualizer, Predictor
from wordrel.models.relations import IN_OUT, VALUE_OUT, Cosine, Product, Relation
from wordrel.models.word_model import WordModel

Table = Float32[np.ndarray, "V D"]
CENTRED = ".centred"
SCORES_AT_ONCE = 2**21
"""8 MiB of float32, which a processor's cache holds."""


def word_model(
    vocab: Vocab,
    tables: Mapping[str, Table],
    context: Contextualizer | None = None,
    why: str = "",
    lifts: Mapping[str, Relation] = MappingProxyType({}),
) -> WordModel:
    """A model of these tables and this context; `why` there is no context, if so.

    A context that predicts words is how its loss is read, too.

    Words of all models are compared in one kind of embedding, their input rows, unless development
    splits choose others: a map of one family alone allows no comparison. How words relate is read
    from the first of `lifts` (see `Lift`); of counts, from their products, which are lifts.
    """
    relate = next(iter(lifts), "in.out")
    in_context = "static" if context is None else "context"
    return WordModel(
        vocab,
        embeddings=spaces(**tables),
        relations={**relations(**tables), **lifts},
        context=context,
        predictors=(context,) if isinstance(context, Predictor) else (),
        selected={"alike": "input", "relate": relate, "in_context": in_context},
        unavailable={"context": why, "fit": why} if context is None else {},
    )


def spaces(**tables: Table) -> dict[str, Table]:
    """Embeddings by name: each table, `input+output` (the sum), and each once more `.centred`.

    In the sum, words are alike that have the same contexts or that are each other's contexts.
    Source: Pennington et al. 2014, section 4.2; Levy et al. 2015, section 3.3.
    """
    embeddings = {"input": tables["input"], "output": tables["output"]}
    embeddings["input+output"] = tables["input"] + tables["output"]
    embeddings |= tables
    return embeddings | {name + CENTRED: centred(table) for name, table in embeddings.items()}


def centred(table: Table) -> Table:
    """The rows less their mean: what all words share does not make two of them more similar.

    Each word counts once in the mean, as it does in a test set: counted by frequency, it would be
    the mean of a few function words. A zero row has no direction; it is not in the mean and stays
    zero. Source: Mu & Viswanath 2018, "All-but-the-Top", section 2.
    """
    nonzero = table.any(axis=1)
    mean = table.sum(axis=0, dtype=np.float64) / max(1, nonzero.sum())
    shifted: Table = table - mean.astype(np.float32)
    shifted[~nonzero] = 0
    return shifted


def relations(**tables: Table) -> dict[str, Relation]:
    """Relations by name.

    `in.out` is the score of b in a model that predicts b from a; `out.in` the other way round;
    `in.in` and `cosine` have no direction. `value.out` is what attending to a adds to the
    score of b; `q.k` has a as query and b as key, and `k.q` b as query and a as key.
    """
    inputs, outputs = tables["input"], tables["output"]
    by_name: dict[str, Relation] = {
        "in.in": Product(inputs, inputs),
        "in.out": Product(inputs, outputs),
        "out.in": Product(outputs, inputs),
        "cosine": Cosine(inputs),
    }
    if "value" in tables:
        by_name["value.out"] = Product(tables["value"], outputs)
    if "query" in tables:
        by_name["q.k"] = Product(tables["query"], tables["key"])
        by_name["k.q"] = Product(tables["key"], tables["query"])
    return by_name


@dataclass(frozen=True)
class Lift:
    """The relation lift(a, b) of the module's docstring.

    Attributes:
        left: what each word gives to its scores as the word that relates, as a head sees it, H
            times [V, K].
        right: the same as the word that it relates to.
        bias: what is added to each score of b, [V].
        log_p: of each word in the training text, [V].
    """

    left: tuple[Float32[np.ndarray, "V K"], ...]
    right: tuple[Float32[np.ndarray, "V K"], ...]
    bias: Float32[np.ndarray, " V"]
    log_p: Float32[np.ndarray, " V"]
    _means: Float64[np.ndarray, " V"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_means", np.full(len(self.log_p), np.nan))

    @classmethod
    def of(
        cls,
        vocab: Vocab,
        left: Float32[np.ndarray, "V D"],
        right: Float32[np.ndarray, "V D"],
        bias: Float32[np.ndarray, " V"] | None = None,
        heads: int = 1,
    ) -> "Lift":
        """The lift of left[a] . right[b] + bias[b]; each head compares its own part of the rows."""
        none = np.zeros(len(vocab), dtype=np.float32)
        share = np.maximum(vocab.counts, 1) / np.maximum(vocab.counts, 1).sum()
        lefts, rights = (tuple(np.split(table, heads, axis=1)) for table in (left, right))
        return cls(lefts, rights, none if bias is None else bias, np.log(share).astype(np.float32))

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """See `Relation`; the mean of a word is computed when it is first needed, and kept."""
        words = np.unique(left)
        new = words[np.isnan(self._means[words])]
        self._means[new] = self._log_means(new)
        products = sum(
            np.einsum("pk,pk->p", rows_a[left], rows_b[right], dtype=np.float64)
            for rows_a, rows_b in zip(self.left, self.right, strict=True)
        )
        lift: Float64[np.ndarray, " P"] = products / len(self.left) + self.bias[right]
        lift -= self._means[left]
        return lift

    def _log_means(self, words: Int64[np.ndarray, " U"]) -> Float64[np.ndarray, " U"]:
        """Log sum_b p(b) exp s(a, b), the mean over heads."""
        means = np.zeros(len(words))
        step = max(1, SCORES_AT_ONCE // len(self.log_p))
        for left, right in zip(self.left, self.right, strict=True):
            added, keys = torch.from_numpy(self.bias + self.log_p), torch.from_numpy(right)
            for start in range(0, len(words), step):
                block = slice(start, start + step)
                scores = torch.addmm(added, torch.from_numpy(left[words[block]]), keys.T)
                means[block] += torch.logsumexp(scores, dim=1).numpy()
        return means / len(self.left)


def output_lifts(
    vocab: Vocab, bias: Float32[np.ndarray, " V"], **tables: Float32[np.ndarray, "V D"]
) -> dict[str, Relation]:
    """Lifts over output words, of the value of a word and of its own row.

    Args:
        vocab: the words.
        bias: of each output word.
        tables: `output`, `input`, and `value` where a model has it.
    """
    sides = {VALUE_OUT: "value", IN_OUT: "input"}
    return {
        name: Lift.of(vocab, tables[side], tables["output"], bias)
        for name, side in sides.items()
        if side in tables
    }
