"""Long text in pieces: what reads all of a corpus does so without holding all of it."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int, Int64


def sentence_blocks(
    ids: Int[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], tokens: int
) -> Iterator[tuple[Int[np.ndarray, " B"], Int64[np.ndarray, " R"]]]:
    """Consecutive whole sentences, of up to `tokens` tokens together or one that is longer.

    Args:
        ids: of all tokens; may be memory-mapped.
        ends: exclusive token ends of the sentences, rising, the last N.
        tokens: how many at a time.

    Yields:
        The tokens of each block, and where its sentences end within it.
    """
    first = start = 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, start + tokens, side="right")))
        stop = int(ends[last - 1])
        yield np.asarray(ids[start:stop]), np.asarray(ends[first:last]) - start
        first, start = last, stop
