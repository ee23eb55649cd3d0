"""Arrays as the explorer's page reads them: little-endian bytes in base64."""

import base64
from typing import Any

import numpy as np
from jaxtyping import Float32

from wordrel.errors import StoreError


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


def packed_rows(table: Float32[np.ndarray, "W D"]) -> dict[str, Any]:
    """A table as whole numbers from -127 to 127, with one float16 scale a row.

    Raises:
        StoreError: a number that is not finite, or whose scale float16 cannot hold.
    """
    scales = packed_tensor(np.abs(table).max(axis=1, initial=0) / 127, "float16")
    scale = np.frombuffer(base64.b64decode(scales["data"]), "<f2").astype(np.float32)
    whole = np.divide(table, scale[:, None], out=np.zeros_like(table), where=scale[:, None] > 0)
    steps = np.clip(np.rint(whole), -127, 127).astype(np.int8)
    data = base64.b64encode(steps.tobytes()).decode("ascii")
    return {"shape": list(table.shape), "dtype": "int8", "data": data, "scales": scales}
