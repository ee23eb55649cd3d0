"""What the explorer's page knows of counts: the n-grams of its words that are most probable.

Glossary: W words of the page.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from wordrel.explorer.packed import packed_tensor
from wordrel.models.kneser_ney import Counted
from wordrel.models.ngrams import Grams

GRAMS = 100_000
"""Of two words and more, on each side of a gap: at most 2.7 MB in the page for both sides."""


def counts_data(
    name: str, counted: Counted, frequency: Int64[np.ndarray, " W"], limit: int = GRAMS
) -> dict[str, Any]:
    """A model of counts as JSON; `left_out`: how many n-grams of the page's words it lacks.

    Args:
        name: of the model.
        counted: the model.
        frequency: how often each word of the page occurs.
        limit: the largest number of n-grams of two words and more, on each side.
    """
    sides = {"left": counted.left, "right": counted.right}
    found: dict[str, Any] = {
        "name": name,
        "objective": counted.objective,
        "order": len(counted.left.grams),
        "log_p": packed_tensor(counted.log_p[: len(frequency)], "float32"),
        "left_out": 0,
    }
    for side, ngrams in sides.items():
        if ngrams is not None:
            grams, left_out = most_probable(ngrams.grams, frequency, limit)
            shorter = [0, *(len(one.keys) for one in grams[:-1])]
            base = len(grams[0].keys)
            found[side] = [_packed(*one, base) for one in zip(grams, shorter, strict=True)]
            found["left_out"] += left_out
    return found


def most_probable(
    grams: Sequence[Grams], frequency: Int64[np.ndarray, " W"], limit: int
) -> tuple[list[Grams], int]:
    """The n-grams of these words alone, at most `limit`, and how many more there were.

    They keep the probabilities that they had. An n-gram is never more probable than its beginning,
    so the beginning of one that is kept is kept too.
    """
    n_words = len(grams[0].keys) - 1
    ours = np.arange(n_words + 1) < len(frequency)
    ours[-1] = True  # the start of a segment
    grams = _selected(grams, [ours, *(np.ones(len(one.keys), np.bool_) for one in grams[1:])])
    base = len(grams[0].keys)
    # The p of single words in n-grams is not how often they occur. A start counts as certain.
    joint = [np.append(np.log(np.maximum(frequency, 1) / max(frequency.sum(), 1)), 0.0)]
    for longer in grams[1:]:
        joint.append(joint[-1][longer.keys // base] + longer.log_p)
    together = np.concatenate([np.empty(0), *joint[1:]])
    if len(together) <= limit:
        return grams, 0
    first_left_out = np.partition(together, -limit - 1)[-limit - 1]
    every = np.ones(base, np.bool_)
    kept = _selected(grams, [every, *(log_p > first_left_out for log_p in joint[1:])])
    return kept, len(together) - sum(len(one.keys) for one in kept[1:])


def _selected(grams: Sequence[Grams], keep: Sequence[Bool[np.ndarray, " _"]]) -> list[Grams]:
    """Those n-grams of each length, numbered anew, whose words and beginnings are kept."""
    base, new_base = len(keep[0]), int(keep[0].sum())
    word = number = np.where(keep[0], np.cumsum(keep[0]) - 1, -1)
    found = []
    for length, (one, wanted) in enumerate(zip(grams, keep, strict=True)):
        keys = word
        if length:
            before, last = number[one.keys // base], word[one.keys % base]
            wanted = wanted & (before >= 0) & (last >= 0)
            keys = before * new_base + last
            number = np.where(wanted, np.cumsum(wanted) - 1, -1)
        # The longest n-grams have no backoff.
        backoff = one.log_backoff[wanted] if len(one.log_backoff) else one.log_backoff
        found.append(Grams(keys[wanted], one.log_p[wanted], backoff))
    return found


def _packed(grams: Grams, shorter: int, base: int) -> dict[str, Any]:
    """One length: its last words in one row, with where those behind each shorter n-gram begin."""
    context, word = np.divmod(grams.keys, base)
    first = np.searchsorted(context, np.arange(shorter + 1)) if shorter else context[:0]
    return {
        "first": packed_tensor(first, "uint32"),
        "words": packed_tensor(word, "uint16" if base <= 2**16 else "uint32"),
        "log_p": packed_tensor(grams.log_p, "float16"),
        "log_backoff": packed_tensor(grams.log_backoff, "float16"),
    }
