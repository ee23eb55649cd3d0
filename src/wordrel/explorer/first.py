"""The answers to the page's first question, so that it shows them before any model is read.

They come from the trained models as they were stored, in float32. Once a model is read, the page
answers by itself.

Glossary: W words of the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wordrel.models.predictor import Predictor

GAP = "___"
SHOWN = 8
EXAMPLES = (
    "he was born in the ___ of london and died in paris",
    "the king of ___ was the son of the old queen",
    "she was the first woman to ___ in the world",
    "the ___ of the city was built in the first century",
    "the cat ___ in the green field",
)


def example_gap(words: Sequence[str]) -> str:
    """A sentence with a gap, of words of the page alone.

    Where no example has only those, it is made of the most frequent words.
    """
    known = {*words, GAP}
    fitting = (text for text in EXAMPLES if known.issuperset(text.split()))
    return next(fitting, " ".join([*words[:3], GAP, *words[3:6]]))


def first_answer(
    predictor: Predictor | None, text: str, index: Mapping[str, int], reach: int, words: int
) -> dict[str, Any]:
    """The most probable words of the page in the gap, as `first`; empty without a predictor.

    Args:
        predictor: of the model.
        text: words of the page with one gap, which is not the first.
        index: the number of each word.
        reach: how many words each way the model can read.
        words: how many words the page has.

    Returns:
        `first`: `best`, pairs of a word's number and its probability, which all words of the page
        share; and `reads`, how many words it reads before and after the gap.
    """
    if predictor is None:
        return {}
    before, after = ([index[word] for word in side.split()] for side in text.split(GAP))
    ids = np.array([*before, 0, *after])  # what stands in the gap is never looked at
    (scores,) = predictor.scores(ids, np.array([len(ids)]), np.array([len(before)]))
    log_p = scores[0, :words].astype(np.float64)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    best = np.argsort(-p, kind="stable")[:SHOWN]
    both = predictor.objective == "masked_word"
    return {
        "first": {
            "best": [[int(one), round(float(p[one]), 6)] for one in best],
            "reads": [min(len(before), reach), min(len(after), reach) if both else 0],
        }
    }
