"""Arrays as the explorer's page reads them: little-endian bytes in base64."""

import base64
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.errors import StoreError

_LEAST_SCALE = 2.0**-20
"""Of a row that equals the mean row: float16 holds it, and it is not 0."""


def packed_tensor(tensor: np.ndarray, dtype: str) -> dict[str, Any]:
    """An array as shape, dtype and base64 of its bytes.

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
    data = base64.b64encode(values.tobytes()).decode("ascii")
    return {"shape": list(values.shape), "dtype": dtype, "data": data}


def packed_rows(table: Float32[np.ndarray, "V D"], words: int) -> dict[str, Any]:
    """The first rows of a table as whole numbers from -127 to 127, with one float16 scale a row.

    They count from the mean row of the table: where all words point the same way, rounding would
    else hide how they differ. A scale of 0 stands for a row of zeros.

    Raises:
        StoreError: a number that is not finite, or whose scale float16 cannot hold.
    """
    with np.errstate(invalid="ignore"):  # the scales show what is not finite
        centre = table.mean(axis=0)
        rows = table[:words] - centre
    some = table[:words].any(axis=1)
    steps = np.maximum(np.abs(rows).max(axis=1, initial=0) / 127, _LEAST_SCALE) * some
    scales = packed_tensor(steps, "float16")
    scale = np.frombuffer(base64.b64decode(scales["data"]), "<f2").astype(np.float32)
    whole = np.rint(rows / np.where(some, scale, 1)[:, None])
    data = base64.b64encode(np.clip(whole, -127, 127).astype(np.int8).tobytes()).decode("ascii")
    return {
        "shape": list(rows.shape),
        "dtype": "int8",
        "data": data,
        "scales": scales,
        "centre": packed_tensor(centre, "float32"),
    }
