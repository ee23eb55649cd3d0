"""Windows as masks and as scores: which tokens of a chunk each target may see.

Shapes: C chunks, L targets a chunk, W the widest window, S tokens that the targets can reach: the
target at column l + W of S = L + 2W columns, or of the first S = L + W - 1 where a model sees only
what stands before its target.
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int64
from torch import Tensor

from wordrel.models.stream import Batch
from wordrel.models.word_model import Objective

CLOSED = -1e30
"""Score of a token outside the context: its weight after the softmax is exactly 0."""


def window_of(batch: Batch) -> int:
    """W, the tokens beside the targets on either side of a chunk."""
    beside: int = batch.ids.shape[1] - batch.left.shape[1]
    return beside // 2


def reachable(objective: Objective, batch: Batch) -> Int64[np.ndarray, "C S"]:
    """The ids that can be in a context: of a next-word model none from the last target on."""
    return batch.ids[:, : _columns(objective, batch.left.shape[1], window_of(batch))]


def _columns(objective: Objective, chunk: int, window: int) -> int:
    """How many of the columns of a batch can be in a context."""
    return chunk + (2 * window if objective == "masked_word" else window - 1)


def asking_ids(objective: Objective, batch: Batch) -> Int64[np.ndarray, "C L"]:
    """The word at whose place each target's context is weighed.

    Of a next-word model the word before the target, which is in the context itself; of a
    masked-word model the target, whose place asks although the model cannot see the word.
    """
    first = window_of(batch) - (objective == "next_word")
    return batch.ids[:, first : first + batch.left.shape[1]]


def has_context(objective: Objective, batch: Batch) -> Bool[np.ndarray, "C L"]:
    """Which targets have any token in their context."""
    if batch.hidden is not None:
        return visible(objective, batch, torch.device("cpu")).any(-1).numpy()
    before: Bool[np.ndarray, "C L"] = batch.left > 0
    return before if objective == "next_word" else before | (batch.right > 0)


def offsets(objective: Objective, chunk: int, window: int) -> Int[Tensor, "L S"]:
    """Offset j - i of each reachable token j from each target i."""
    columns = torch.arange(_columns(objective, chunk, window))
    return columns - window - torch.arange(chunk)[:, None]


def visible(objective: Objective, batch: Batch, device: torch.device) -> Bool[Tensor, "C L S"]:
    """The context C(i) of each target: in its window, never itself, not hidden."""
    offset = offsets(objective, batch.left.shape[1], window_of(batch)).to(device)
    left, right = (
        torch.from_numpy(side).to(device)[..., None] for side in (batch.left, batch.right)
    )
    seen = (offset < 0) & (offset >= -left)
    if objective == "masked_word":
        seen = seen | ((offset > 0) & (offset <= right))
    if batch.hidden is not None:
        seen = seen & ~_hidden(objective, batch, batch.hidden, device)
    return seen


@lru_cache(maxsize=64)
def _open(
    objective: Objective, chunk: int, window: int, dtype: torch.dtype, device: torch.device
) -> tuple[Float[Tensor, "L K S"], ...]:
    """For each target and each size k = 0..W of one side of its window: 0 or `CLOSED`.

    One table a side; each says 0 of the other side, so that their sum says which tokens are seen.
    """
    offset = offsets(objective, chunk, window)[:, None]
    size = torch.arange(window + 1)[:, None]
    before = (offset >= 0) if objective == "next_word" else (offset == 0)
    closed = [before | (offset < -size)]
    if objective == "masked_word":
        closed.append(offset > size)
    return tuple((side.to(dtype) * CLOSED).to(device) for side in closed)


def place_scores(
    objective: Objective,
    batch: Batch,
    by_offset: Float[Tensor, " R"] | None,
    like: Float[Tensor, "C S D"],
) -> Float[Tensor, "C L S"]:
    """Score of each place in each target's window before any word is looked at.

    `CLOSED` outside the window and where the token is hidden; else `by_offset` (from -W to W), or
    0 where there is none.
    Each target takes its rows from small tables, one for each side and size of a window: building
    masks of the whole batch took longer than the products that they are added to.
    """
    chunk, window = batch.left.shape[1], window_of(batch)
    tables = list(_open(objective, chunk, window, like.dtype, like.device))
    if by_offset is not None:
        offset = offsets(objective, chunk, window).to(like.device)
        inside = offset.clamp(-window, window) + window
        tables[0] = tables[0] + by_offset[inside][:, None]
    rows = torch.arange(chunk, device=like.device) * (window + 1)
    found = [
        table.flatten(0, 1).index_select(
            0, (rows + torch.from_numpy(side).to(like.device, torch.int64)).flatten()
        )
        for table, side in zip(tables, (batch.left, batch.right), strict=False)
    ]
    total = found[0] if len(found) == 1 else found[0] + found[1]
    total = total.view(*batch.left.shape, -1)
    if batch.hidden is None:
        return total
    return total.masked_fill(_hidden(objective, batch, batch.hidden, like.device), CLOSED)


def _hidden(
    objective: Objective, batch: Batch, hidden: Bool[np.ndarray, "C S"], device: torch.device
) -> Bool[Tensor, "C 1 R"]:
    """Which of the reachable tokens are in nobody's context."""
    columns = _columns(objective, batch.left.shape[1], window_of(batch))
    return torch.from_numpy(hidden[:, :columns]).to(device)[:, None]
