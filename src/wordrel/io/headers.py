"""The header of a file of arrays, checked against the size of the file.

Reads the first bytes of .npy and safetensors files. A header of a few bytes can declare more memory
than any machine has, so it is checked before memory is taken for it.
"""

import math
from pathlib import Path

import numpy as np

_MOST_NPY = 10_000
"""Bytes of a .npy header, as in numpy."""

_MOST = 8 << 20
"""Bytes of a safetensors header; those of the largest models that are published have under 1 MB."""


def check_npy(path: Path) -> None:
    """Refuse a .npy file that is shorter than its header declares.

    Raises:
        ValueError: what was found; also for what is no .npy file.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"its header has version {version[0]}.{version[1]}, expected 1.0, 2.0")
        width = 2 if version == (1, 0) else 4
        length, size = int.from_bytes(file.read(width), "little"), path.stat().st_size
        if length > _MOST_NPY:
            raise ValueError(f"its header has {length:,} bytes, expected at most {_MOST_NPY:,}")
        file.seek(-width, 1)
        read = np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0
        shape, _, dtype = read[version[0] - 1](file)
        needed = math.prod(shape) * dtype.itemsize + file.tell()
    if not dtype.hasobject and (needed > size or min(shape, default=0) < 0):
        raise ValueError(
            f"its header says {' x '.join(map(str, shape))} numbers of {dtype.itemsize} bytes, "
            f"which the file of {size:,} bytes cannot hold"
        )


def check_safetensors(path: Path) -> None:
    """Refuse a safetensors file whose header is longer than the file, or than any is.

    The library checks the places of the tensors, that they do not overlap and that they fill the
    file, before it takes memory for one.

    Raises:
        ValueError: what was found.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length + 8 > size:
        raise ValueError(
            f"its header says that it has {length:,} bytes itself, which the file of {size:,} "
            "bytes cannot hold"
        )
    if length > _MOST:
        raise ValueError(f"its header has {length:,} bytes, expected at most {_MOST:,}")
