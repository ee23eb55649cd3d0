"""Windows as masks: which tokens of a chunk each target may see, and at what offset.

Shapes: C chunks, L targets a chunk, S = L + 2W tokens that they can reach.
"""

import torch
from jaxtyping import Bool, Int8
from torch import Tensor

from wordrel.models.stream import Batch
from wordrel.readings import Objective


def offsets(chunk: int, reach: int, device: torch.device) -> Int8[Tensor, "L S"]:
    """Offset j - i of each reachable token j from each target i, cut to +-(reach + 1)."""
    places = torch.arange(chunk + 2 * reach, device=device) - reach
    offset = places[None, :] - torch.arange(chunk, device=device)[:, None]
    return offset.clamp(-reach - 1, reach + 1).to(torch.int8)


def visible(
    objective: Objective, batch: Batch, device: torch.device
) -> tuple[Bool[Tensor, "C L S"], Bool[Tensor, "C L"]]:
    """The context C(i) of each target (in its window, never itself), and whether it has any."""
    left, right = (torch.from_numpy(side).to(device) for side in (batch.left, batch.right))
    reach = (batch.ids.shape[1] - batch.left.shape[1]) // 2
    offset = offsets(batch.left.shape[1], reach, device)
    before = (offset < 0) & (offset >= -left[:, :, None])
    if objective == "next_word":
        return before, left > 0
    return before | ((offset > 0) & (offset <= right[:, :, None])), (left > 0) | (right > 0)
