"""Arrays and n-grams as the explorer's page reads them: bytes as text, five signs for four.

The signs are those of ASCII between space and delete, but for nine that mean something in HTML, in
JSON or in the marks of the page. In base64 the largest models would pass 3 MB. Numbers are
little-endian. Of counts, the page has the n-grams of its words that are most probable.

Glossary: V words, D dimensions, W words of the page.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from wordrel.errors import StoreError
from wordrel.models.kneser_ney import Counted
from wordrel.models.ngrams import Grams

GRAMS = 100_000
"""Of two words and more, on each side of a gap: at most 2.7 MB in the page for both sides."""
_SIGNS = bytes(code for code in range(33, 127) if code not in b"\"$&'<\\`{}")
_PYTHONS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
"""The signs that `base64.b85encode` takes."""
_TO, _FROM = bytes.maketrans(_PYTHONS, _SIGNS), bytes.maketrans(_SIGNS, _PYTHONS)
_LEAST_SCALE = 2.0**-20
"""Of a row that equals the mean row: float16 holds it, and it is not 0."""


def packed_bytes(data: bytes) -> str:
    """Bytes as text; the last four may be fewer."""
    return base64.b85encode(data).translate(_TO).decode("ascii")


def unpacked_bytes(text: str) -> bytes:
    """The other way."""
    return base64.b85decode(text.encode("ascii").translate(_FROM))


def packed_tensor(tensor: np.ndarray, dtype: str) -> dict[str, Any]:
    """An array as shape, dtype and its bytes as text.

    Args:
        tensor: the array.
        dtype: float16, float32, uint16 or uint32.

    Raises:
        StoreError: a number that the type cannot hold.
    """
    with np.errstate(over="ignore"):  # looked at in the next line
        values = np.ascontiguousarray(tensor, dtype=np.dtype(dtype).newbyteorder("<"))
    if not np.isfinite(values).all():
        raise StoreError(
            f"explorer: found a weight of {np.abs(tensor).max():g}, expected numbers that {dtype} "
            "can hold; train the model with a smaller learning rate"
        )
    return {"shape": list(values.shape), "dtype": dtype, "data": packed_bytes(values.tobytes())}


def packed_rows(table: Float32[np.ndarray, "V D"], words: int) -> dict[str, Any]:
    """The first rows of a table as whole numbers from -127 to 127, with one float16 scale a row.

    They are what is left of a row without the mean row of the table and without the direction in
    which rows differ most, of which each row keeps its own share (`along`, float16). Where all rows
    nearly lie on one line, as after little training, rounding would else hide how they differ. A
    scale of 0 stands for a row of zeros.

    Raises:
        StoreError: a number that is not finite, or whose scale float16 cannot hold.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # the scales show what is not finite
        centre = table.mean(axis=0)
        rows = table - centre
        line = _main_direction(rows)
        rows = rows[:words]
        along = packed_tensor(rows @ line, "float16")
        rows = rows - np.outer(_values(along), line)
    nonzero = table[:words].any(axis=1)
    steps = np.maximum(np.abs(rows).max(axis=1, initial=0) / 127, _LEAST_SCALE) * nonzero
    scales = packed_tensor(steps, "float16")
    whole = np.rint(rows / np.where(nonzero, _values(scales), 1)[:, None])
    data = packed_bytes(np.clip(whole, -127, 127).astype(np.int8).tobytes())
    return {
        "shape": list(rows.shape),
        "dtype": "int8",
        "data": data,
        "scales": scales,
        "centre": packed_tensor(centre, "float32"),
        "line": packed_tensor(line, "float32"),
        "along": along,
    }


def _values(packed: dict[str, Any]) -> Float32[np.ndarray, " V"]:
    """The numbers of a row of float16 as the page reads them."""
    return np.frombuffer(unpacked_bytes(packed["data"]), "<f2").astype(np.float32)


def _main_direction(rows: Float32[np.ndarray, "V D"]) -> Float32[np.ndarray, " D"]:
    """The direction of length 1 in which the rows' squares are largest; zeros where there is none.

    The sum of squares is taken of rows that are made small enough for it.
    """
    most = float(np.abs(rows).max(initial=0))
    if not np.isfinite(most) or most == 0:
        return np.zeros(rows.shape[1], dtype=np.float32)
    small = rows / most
    _, directions = np.linalg.eigh((small.T @ small).astype(np.float64))
    last: Float32[np.ndarray, " D"] = directions[:, -1].astype(np.float32)
    return last


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
    packed: dict[str, Any] = {
        "name": name,
        "objective": counted.objective,
        "order": len(counted.left.grams),
        "log_p": packed_tensor(counted.log_p[: len(frequency)], "float32"),
        "left_out": 0,
    }
    for side, ngrams in sides.items():
        if ngrams is not None:
            grams, left_out = most_probable(ngrams.grams, frequency, limit)
            shorter = [0, *(len(table.keys) for table in grams[:-1])]
            base = len(grams[0].keys)
            packed[side] = [_packed(*level, base) for level in zip(grams, shorter, strict=True)]
            packed["left_out"] += left_out
    return packed


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
    grams = _selected(grams, [ours, *(np.ones(len(table.keys), np.bool_) for table in grams[1:])])
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
    return kept, len(together) - sum(len(table.keys) for table in kept[1:])


def _selected(grams: Sequence[Grams], keep: Sequence[Bool[np.ndarray, " _"]]) -> list[Grams]:
    """Those n-grams of each length, numbered anew, whose words and beginnings are kept."""
    base, new_base = len(keep[0]), int(keep[0].sum())
    word = number = np.where(keep[0], np.cumsum(keep[0]) - 1, -1)
    selected = []
    for length, (table, wanted) in enumerate(zip(grams, keep, strict=True)):
        keys = word
        if length:
            before, last = number[table.keys // base], word[table.keys % base]
            wanted = wanted & (before >= 0) & (last >= 0)
            keys = before * new_base + last
            number = np.where(wanted, np.cumsum(wanted) - 1, -1)
        # The longest n-grams have no backoff.
        backoff = table.log_backoff[wanted] if len(table.log_backoff) else table.log_backoff
        selected.append(Grams(keys[wanted], table.log_p[wanted], backoff))
    return selected


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
