"""Arrays as the explorer's page reads them: little-endian bytes as text, five signs for four.

The signs are those of ASCII between space and delete, but for nine that mean something in HTML, in
JSON or in the marks of the page. In base64 the largest models would pass 3 MB.
"""

import base64
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.errors import StoreError

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
    some = table[:words].any(axis=1)
    steps = np.maximum(np.abs(rows).max(axis=1, initial=0) / 127, _LEAST_SCALE) * some
    scales = packed_tensor(steps, "float16")
    whole = np.rint(rows / np.where(some, _values(scales), 1)[:, None])
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
