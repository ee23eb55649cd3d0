"""Contexts as masks and as scores: which tokens of a chunk each target may see.

Shapes: C chunks, L targets a chunk, W the widest context on one side, S tokens that the targets can
reach: target l stands at column `first` + l of them. A model that sees only what stands before its
target needs no column from the last target on.

`direct`: the model has a path of its own for the last word, which is not among what it attends to.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int64
from torch import Tensor

from wordrel.config.architectures import Objective
from wordrel.models.stream import Batch

CLOSED = -1e30
"""Score of a token outside the context: its weight after the softmax is exactly 0."""


def reachable(objective: Objective, batch: Batch) -> Int64[np.ndarray, "C S"]:
    """The ids that can be in a context: of a next-word model none from the last target on."""
    return batch.ids[:, : _columns(objective, batch)]


def _columns(objective: Objective, batch: Batch) -> int:
    """How many of the columns of a batch can be in a context."""
    columns: int = batch.ids.shape[1]
    before: int = batch.first + batch.left.shape[1] - 1
    return columns if objective == "masked_word" else before


def attending_ids(objective: Objective, batch: Batch) -> Int64[np.ndarray, "C L"]:
    """The word at whose place each target's context is weighed.

    Of a next-word model the word before the target; of a masked-word model the target, which the
    model itself cannot see.
    """
    first = batch.first - (objective == "next_word")
    return batch.ids[:, first : first + batch.left.shape[1]]


def has_context(objective: Objective, batch: Batch) -> Bool[np.ndarray, "C L"]:
    """Which targets have any token in their context."""
    if batch.hidden is not None:
        return visible(objective, batch, torch.device("cpu")).any(-1).numpy()
    before: Bool[np.ndarray, "C L"] = batch.left > 0
    return before if objective == "next_word" else before | (batch.right > 0)


def attends(batch: Batch) -> Bool[np.ndarray, "C L"]:
    """Which targets have a word in their context besides the last one, of a direct path."""
    mask: Bool[np.ndarray, "C L"] = batch.left > 1
    if batch.hidden is not None:
        mask = visible("next_word", batch, torch.device("cpu"), direct=True).any(-1).numpy()
    return mask


def sees_last(batch: Batch) -> Bool[np.ndarray, "C L"]:
    """Which targets see the word before them."""
    seen: Bool[np.ndarray, "C L"] = batch.left > 0
    if batch.hidden is None:
        return seen
    last = slice(batch.first - 1, batch.first - 1 + batch.left.shape[1])
    seen &= ~batch.hidden[:, last]
    return seen


def offsets(first: int, targets: int, columns: int) -> Int[Tensor, "L S"]:
    """Offset j - i of each reachable token j from each target i."""
    return torch.arange(columns) - first - torch.arange(targets)[:, None]


def _offsets(objective: Objective, batch: Batch) -> Int[Tensor, "L S"]:
    return offsets(batch.first, batch.left.shape[1], _columns(objective, batch))


def visible(
    objective: Objective, batch: Batch, device: torch.device, *, direct: bool = False
) -> Bool[Tensor, "C L S"]:
    """The context C(i) of each target: in its window, never itself, not hidden.

    With `direct` it is what the model attends to: without the last word.
    """
    offset = _offsets(objective, batch).to(device)
    left, right = (
        torch.from_numpy(side).to(device)[..., None] for side in (batch.left, batch.right)
    )
    seen = (offset < -direct) & (offset >= -left)
    if objective == "masked_word":
        seen = seen | ((offset > 0) & (offset <= right))
    if batch.hidden is not None:
        seen = seen & ~_hidden(objective, batch, batch.hidden, device)
    return seen


@lru_cache(maxsize=256)
def _open(
    objective: Objective,
    shape: tuple[int, int, int],
    window: int,
    dtype: torch.dtype,
    device: torch.device,
    *,
    direct: bool,
) -> tuple[Float[Tensor, "L K S"], ...]:
    """For each target and each size k = 0..W of one side of its context: 0 or `CLOSED`.

    One table a side; each is 0 on the other side, so that their sum shows which tokens are seen.
    """
    offset = offsets(*shape)[:, None]
    size = torch.arange(window + 1)[:, None]
    before = (offset >= -direct) if objective == "next_word" else (offset == 0)
    closed = [before | (offset < -size)]
    if objective == "masked_word":
        closed.append(offset > size)
    return tuple((side.to(dtype) * CLOSED).to(device) for side in closed)


def place_scores(
    objective: Objective,
    batch: Batch,
    by_offset: Float[Tensor, " R"] | None,
    like: Float[Tensor, "C S D"],
    *,
    direct: bool = False,
) -> Float[Tensor, "C L S"]:
    """Score of each place in each target's context, the same for all words.

    `CLOSED` outside the context and where the token is hidden; else `by_offset` (from -W to W), or
    0 where there is none.
    Each target takes its rows from small tables, one for each side and size of a context: building
    masks of the whole batch took longer than the products that they are added to.
    """
    targets, columns = batch.left.shape[1], _columns(objective, batch)
    sides = (batch.left, batch.right) if objective == "masked_word" else (batch.left,)
    widest = max(int(side.max()) for side in sides)
    shape = batch.first, targets, columns
    tables = list(_open(objective, shape, widest, like.dtype, like.device, direct=direct))
    if by_offset is not None:
        reach = len(by_offset) // 2
        inside = _offsets(objective, batch).to(like.device).clamp(-reach, reach) + reach
        tables[0] = tables[0] + by_offset[inside][:, None]
    rows = torch.arange(targets, device=like.device) * (widest + 1)
    by_side = [
        table.flatten(0, 1).index_select(
            0, (rows + torch.from_numpy(side).to(like.device)).flatten()
        )
        for table, side in zip(tables, sides, strict=True)
    ]
    total = by_side[0] if len(by_side) == 1 else by_side[0] + by_side[1]
    total = total.view(*batch.left.shape, -1)
    if batch.hidden is None:
        return total
    return total.masked_fill(_hidden(objective, batch, batch.hidden, like.device), CLOSED)


def over_previous(batch: Batch) -> Batch:
    """The same targets of a next-word model, over the words before them in place of all words."""
    targets = slice(batch.first - 1, batch.first - 1 + batch.left.shape[1])
    hidden = None if batch.hidden is None else batch.hidden[:, targets]
    return replace(batch, ids=batch.ids[:, targets], first=1, hidden=hidden)


def _hidden(
    objective: Objective, batch: Batch, hidden: Bool[np.ndarray, "C S"], device: torch.device
) -> Bool[Tensor, "C 1 R"]:
    """Which of the reachable tokens are in no context."""
    columns = _columns(objective, batch)
    return torch.from_numpy(hidden[:, :columns]).to(device)[:, None]
