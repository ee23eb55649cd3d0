"""Cosines and nearest words in one space of word vectors."""

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

_SCORES_AT_ONCE = 2**22
"""float32 scores held in memory at a time: 16 MiB."""


def cosines(
    embedding: Float32[np.ndarray, "V D"],
    left: Int64[np.ndarray, " P"],
    right: Int64[np.ndarray, " P"],
) -> Float64[np.ndarray, " P"]:
    """Cosine of each pair of rows, in -1..1; NaN where a row is zero or not finite."""
    dots = np.einsum("pd,pd->p", _directions(embedding[left]), _directions(embedding[right]))
    clipped: Float64[np.ndarray, " P"] = np.clip(dots, -1.0, 1.0)
    return clipped


def unit_rows(embedding: Float32[np.ndarray, "V D"]) -> Float32[np.ndarray, "V D"]:
    """Each row with length 1; a row of zeros where it has no direction (zero or not finite)."""
    unit: Float32[np.ndarray, "V D"] = np.nan_to_num(_directions(embedding)).astype(np.float32)
    return unit


def has_direction(unit: Float32[np.ndarray, "V D"]) -> Bool[np.ndarray, " V"]:
    """Which rows of `unit_rows` are not zero."""
    known: Bool[np.ndarray, " V"] = np.any(unit != 0, axis=1)
    return known


def nearest(
    queries: Float32[np.ndarray, "Q D"],
    unit: Float32[np.ndarray, "C D"],
    exclude: Int64[np.ndarray, "Q E"],
    k: int,
) -> Int64[np.ndarray, "Q k"]:
    """The k candidates with the largest dot product, best first; the lower id first where equal.

    Which of several equal ones comes last in a full list is open, unless k is 1.

    Args:
        queries: one row a question.
        unit: the candidates, rows of length 1 or 0; a row of zeros is never an answer.
        exclude: candidates that are left out; ids of C and more are ignored.
        k: at most C.

    Returns:
        Candidate ids; -1 where fewer than k candidates are left.
    """
    best = np.empty((len(queries), k), dtype=np.int64)
    step = max(1, _SCORES_AT_ONCE // max(1, len(unit)))
    silent = np.flatnonzero(~has_direction(unit))
    for start in range(0, len(queries), step):
        scores = queries[start : start + step] @ unit.T
        scores[:, silent] = -np.inf
        rows, columns = np.nonzero(exclude[start : start + step] < len(unit))
        scores[rows, exclude[start + rows, columns]] = -np.inf
        best[start : start + step] = _largest(scores, k)
    return best


def _directions(rows: Float32[np.ndarray, "P D"]) -> Float64[np.ndarray, "P D"]:
    """Rows of length 1, or of NaN; in float64, where squares of tiny float32 do not vanish."""
    wide = rows.astype(np.float64)
    length = np.sqrt(np.einsum("pd,pd->p", wide, wide))
    length[~np.isfinite(length) | (length == 0)] = np.nan
    wide[np.isnan(length)] = np.nan
    wide /= length[:, None]
    return wide


def _largest(scores: Float32[np.ndarray, "Q C"], k: int) -> Int64[np.ndarray, "Q k"]:
    if k == 1:
        ids = scores.argmax(axis=1)[:, None]
    else:
        first = scores.shape[1] - k
        ids = np.sort(np.argpartition(scores, min(first, scores.shape[1] - 1))[:, first:], axis=1)
    values = np.take_along_axis(scores, ids, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ids = np.take_along_axis(np.where(np.isneginf(values), -1, ids), order, axis=1)
    return ids.astype(np.int64)
