"""Skip-gram in the matched family: each word predicts each word of its context by itself.

    score(w | v) = o_w . x_v + b_w      for each pair of a word v and a word w of C(v)

Tables, loss, noise, optimiser and stream are those of the other matched models; only the prediction
differs. Source: Mikolov et al. 2013, section 2 (eq. 1).

`SkipGram.predicted` makes a state of each pair, so that any loss can be had of it. `pair_loss` is
negative sampling of the same pairs without copies of vectors: the true words of a chunk are scored
in one matrix product, and noise words once for all pairs of a word that share them.

Shapes: C chunks, L words a chunk, T = C * L, S tokens in reach, G groups, M noise words, D.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int64
from torch import Tensor
from torch.nn.functional import logsigmoid

from wordrel.config import SkipGramConfig
from wordrel.config.architectures import Objective
from wordrel.models.matched.loss import Loss, Scored
from wordrel.models.matched.model import Drop, Predicted, new_tables
from wordrel.models.matched.weights import Weights
from wordrel.models.stream import Batch
from wordrel.models.windows import visible


@dataclass
class SkipGram:
    """Tables of one model, on its device; the same names as in `Model`."""

    config: SkipGramConfig
    inputs: Tensor
    outputs: Tensor
    bias: Tensor
    dense: Weights = field(default_factory=dict)
    objective: Objective = "masked_word"
    blocks: int = 0

    @classmethod
    def new(cls, config: SkipGramConfig, dim: int, vocabulary: int, seed: int) -> "SkipGram":
        """Untrained, as the other matched models start."""
        return cls(config, *new_tables(dim, vocabulary, torch.Generator().manual_seed(seed)))

    def tensors(self) -> Weights:
        """All that is learnt, by the names under which it is stored."""
        return {"input": self.inputs, "output": self.outputs, "bias": self.bias}

    def context_ids(self, batch: Batch) -> Int[Tensor, "C S"]:
        """The words that predict: the targets themselves."""
        return torch.from_numpy(batch.targets).to(self.inputs.device)

    def pairs(self, batch: Batch) -> Bool[Tensor, "C L S"]:
        """Which tokens each word predicts."""
        device = self.inputs.device
        real = torch.from_numpy(batch.real).to(device)[..., None]
        return visible("masked_word", batch, device) & real

    def predicted(
        self, x: Float[Tensor, "C S D"], batch: Batch, drop: Drop | None = None
    ) -> Predicted:
        """A state for each pair: the vector of the word in the middle; it predicts the other."""
        chunk, middle, other = self.pairs(batch).nonzero().T
        if not len(chunk):  # nothing to learn: one state that does not count
            none = torch.zeros(1, dtype=torch.int64, device=x.device)
            return Predicted(x[none, none], none, none.bool())
        words = torch.from_numpy(batch.ids).to(x.device)[chunk, other]
        return Predicted(x[chunk, middle], words, torch.ones_like(words, dtype=torch.bool))

    def to(self, device: torch.device) -> "SkipGram":
        """The same model on another device."""
        inputs, outputs, bias = (t.to(device) for t in (self.inputs, self.outputs, self.bias))
        return SkipGram(self.config, inputs, outputs, bias)


def pair_loss(
    share: float,
    x: Float[Tensor, "C L D"],
    seen: Bool[Tensor, "C L S"],
    around: Scored,
    noise: Scored,
) -> Loss:
    """Negative sampling of all pairs, where hits are kept: `shared_noise_loss` of `predicted`.

    Args:
        share: K / M, the weight of a noise word.
        x: the words that predict.
        seen: what each of them predicts; at least one pair.
        around: the tokens in reach, [C, S].
        noise: the noise words of each group of ceil(pairs / G) pairs, [G, M]; pairs are numbered
            along the rows of `seen`.

    Returns:
        Gradients: of x, [T, D]; of the output rows of `around`, then of `noise`.
    """
    (groups, shared), dim = noise.words.shape, x.shape[2]
    of, times = _shared(seen.sum(-1).flatten().cpu().numpy(), groups)
    rows, weight = torch.from_numpy(of).to(x.device), torch.from_numpy(times).to(x)
    y = x.flatten(0, 1).index_select(0, rows.flatten()).view(groups, -1, dim)
    good = torch.baddbmm(around.bias[:, None], x, around.outputs.transpose(1, 2))
    bad = torch.baddbmm(noise.bias[:, None], y, noise.outputs.transpose(1, 2))
    d_good = torch.sigmoid(good).sub_(1).mul_(seen)
    d_bad = torch.sigmoid(bad).mul_(share * weight[..., None])

    d_x = torch.bmm(d_good, around.outputs).flatten(0, 1)
    d_x.index_add_(0, rows.flatten(), torch.bmm(d_bad, noise.outputs).flatten(0, 1))
    near, tokens = around.words.numel(), around.words.shape[1]
    d_outputs = x.new_empty(near + groups * shared, dim)
    torch.bmm(d_good.transpose(1, 2), x, out=d_outputs[:near].view(-1, tokens, dim))
    torch.bmm(d_bad.transpose(1, 2), y, out=d_outputs[near:].view(groups, shared, dim))
    d_noise = d_bad.sum(1).flatten()
    d_bias = torch.cat((d_good.sum(1).flatten(), d_noise))
    # the optimiser sums the squares of each pair's gradient, not the square of their sum
    each = d_good.square().transpose(1, 2)
    of_rows = (each @ (x.square().sum(2, keepdim=True) / dim)).flatten()
    of_noise = torch.linalg.vector_norm(d_outputs[near:], dim=1).square_().div_(dim)
    squares = torch.cat((of_rows, of_noise)), torch.cat((each.sum(2).flatten(), d_noise.square()))

    def total() -> tuple[float, int]:
        others = (weight[..., None] * logsigmoid(-bad)).sum() * share
        return -float(logsigmoid(good)[seen].sum() + others), int(seen.sum())

    return Loss(d_x, d_outputs, d_bias[:, None], total, squares)


def _shared(
    pairs: Int64[np.ndarray, " T"], groups: int
) -> tuple[Int64[np.ndarray, "G m"], Int64[np.ndarray, "G m"]]:
    """The words that have pairs in each group of noise words, and how many each has there.

    Args:
        pairs: of each word.
        groups: of ceil(pairs / groups) pairs each.

    Returns:
        Numbers of words, and of pairs: 0 where a group has fewer words than another.
    """
    ends = np.cumsum(pairs)
    size = -(-int(ends[-1]) // groups)
    starts = np.sort(np.concatenate([ends, np.arange(0, ends[-1], size)]))
    starts = starts[(starts < ends[-1]) & (np.diff(starts, prepend=-1) > 0)]
    group = starts // size
    place = np.arange(len(starts)) - np.searchsorted(group, group)
    of, times = np.zeros((2, groups, place.max() + 1), dtype=np.int64)
    of[group, place] = np.searchsorted(ends, starts, side="right")
    times[group, place] = np.diff(starts, append=ends[-1])
    return of, times
