"""Arrays as the explorer's page reads them: little-endian bytes in base64."""

import base64
from typing import Any

import numpy as np

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
