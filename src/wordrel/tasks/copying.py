"""Does attending to a word raise the probability of that word?

The values of words times the output table are, for every two words (a, b), the score that attending
to a adds to b: a matrix [V, V], of rank D at most. A circuit that copies adds most to the word
itself, and then the eigenvalues of the matrix are positive. The copying score is

    sum of the eigenvalues / sum of their absolute values

between -1 (a word is made less likely by itself) and 1 (it is copied). Where a model has no map of
values they are the input vectors. The floor is the score after words have exchanged their output
rows with words about as frequent (of the same tenth of the vocabulary): the mean over `DRAWN`
permutations, and the value that `HIGHEST` of them do not exceed.

The D nonzero eigenvalues of values x outputs' are those of outputs' x values, a matrix [D, D].
Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits".

Glossary: V words, D dimensions.
"""

import numpy as np
from jaxtyping import Float32

from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Measurement, Scope, Task
from wordrel.tasks.weights import tenths

DRAWN, HIGHEST = 40, 0.975
_SEED = 0


def measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """The score and its floor; nothing of a model without an output table."""
    tables = word_model.embeddings
    if "output" not in tables or "input" not in tables:
        return []
    embedding = "value" if "value" in tables else "input"
    values, outputs = tables[embedding], tables["output"]
    rng, tenth = np.random.default_rng(_SEED), tenths(word_model.vocab)
    by_tenth, drawn = np.argsort(tenth, kind="stable"), np.empty(DRAWN)
    for i in range(DRAWN):
        order = np.empty_like(by_tenth)
        order[by_tenth] = np.lexsort((rng.random(len(tenth)), tenth))
        drawn[i] = copying_score(values, outputs[order])
    error = float(drawn.std(ddof=1) / np.sqrt(DRAWN))
    rows = (
        ("each word with itself", copying_score(values, outputs), 0.0),
        ("words as frequent instead", float(drawn.mean()), error),
        ("words as frequent instead, highest", float(np.quantile(drawn, HIGHEST)), 0.0),
    )
    n = len(word_model.vocab)
    return [
        Measurement(task.name, embedding, group, "copying_score", value, error, n)
        for group, value, error in rows
    ]


def copying_score(values: Float32[np.ndarray, "V D"], outputs: Float32[np.ndarray, "V D"]) -> float:
    """Sum of the eigenvalues of values x outputs' over the sum of their absolute values, -1 to 1.

    NaN where all are 0.
    """
    eigenvalues = np.linalg.eigvals(outputs.T.astype(np.float64) @ values.astype(np.float64))
    total = np.abs(eigenvalues).sum()
    return float(eigenvalues.real.sum() / total) if total else float("nan")


KIND = Kind(version=1, better="lower", measure=measure)
