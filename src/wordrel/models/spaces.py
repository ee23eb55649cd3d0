"""The embeddings and relations that word tables give: the same of every model that has the tables.

Tables by name: `input` (a row a word, as the word that is looked at), `output` (as the word that is
predicted), and what some models make of each input row besides: `value`, `query`, `key`.

Glossary: V words, D dimensions.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32

from wordrel.corpus.vocab import Vocab
from wordrel.models.protocols import Contextualizer, Predictor
from wordrel.models.relations import Cosine, Product, Relation
from wordrel.models.word_model import WordModel

Table = Float32[np.ndarray, "V D"]
CENTRED = ".centred"


def word_model(
    vocab: Vocab,
    tables: Mapping[str, Table],
    context: Contextualizer | None = None,
    why: str = "",
    lifts: Mapping[str, Relation] = MappingProxyType({}),
) -> WordModel:
    """What a model answers by its tables and its context; `why` it has no context, if so.

    A context that predicts words is how its loss is read, too.

    Words of all models are compared in one kind of embedding, their input rows, unless development
    splits choose others: a map that one family has and another lacks is no reading of both. How
    words relate is read from the first of `lifts` (see `models.lifts`); of counts, from their
    products, which are lifts already.
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
    """The rows less their mean: what all words share says nothing of how alike two of them are.

    Each word counts once in the mean, as it does in a test set: counted by frequency, it would be
    the mean of a few function words. A zero row has no direction; it is not in the mean and stays
    zero. Source: Mu & Viswanath 2018, "All-but-the-Top", section 2.
    """
    there = table.any(axis=1)
    mean = table.sum(axis=0, dtype=np.float64) / max(1, there.sum())
    found: Table = table - mean.astype(np.float32)
    found[~there] = 0
    return found


def relations(**tables: Table) -> dict[str, Relation]:
    """Relations by name.

    `in.out` is what a model that predicts b from a says of the two; `out.in` the other way round;
    `in.in` and `cosine` have no direction. `value.out` is what attending to a says for b; `q.k` how
    much a asks for b, and `k.q` how much b asks for a.
    """
    given, predicted = tables["input"], tables["output"]
    found: dict[str, Relation] = {
        "in.in": Product(given, given),
        "in.out": Product(given, predicted),
        "out.in": Product(predicted, given),
        "cosine": Cosine(given),
    }
    if "value" in tables:
        found["value.out"] = Product(tables["value"], predicted)
    if "query" in tables:
        found["q.k"] = Product(tables["query"], tables["key"])
        found["k.q"] = Product(tables["key"], tables["query"])
    return found
