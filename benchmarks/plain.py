"""`attention_position` the plain way, as nanoGPT trains: what our trainer is measured beside.

Two `nn.Embedding` tables with dense gradients, keys and values of every context word of every
target, torch's own attention, noise words drawn anew for each target, autograd throughout, and one
Adam over everything, both tables included. Source of the style: Karpathy, nanoGPT, model.py.

Shapes: B targets, W window, K negatives, V words, D dimensions.
"""

import time

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, scaled_dot_product_attention

from benchmarks.training import SEED, Model, Seconds, new_model
from wordrel.config import MatchedConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.models.sampling import keep_probability, noise_distribution
from wordrel.models.stream import Batch, Cutter, blocks

LEARNING_RATE = 1e-3


class PlainAttention(nn.Module):
    """The same function of the same weights as a matched model with one head."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        words, dim = model.inputs.shape
        self.inputs, self.outputs = nn.Embedding(words, dim), nn.Embedding(words, dim)
        self.bias = nn.Embedding(words, 1)
        self.query, self.key, self.value = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        window = len(model.dense["offsets"]) // 2
        self.offsets = nn.Parameter(model.dense["offsets"][:window].detach().clone())
        self.scale = dim**-0.5 if model.config.scale else 1.0
        copies = {
            self.inputs: model.inputs,
            self.outputs: model.outputs,
            self.bias: model.bias,
            self.query: model.dense["W_q"],
            self.key: model.dense["W_k"],
            self.value: model.dense["W_v"],
        }
        for module, weight in copies.items():
            module.weight = nn.Parameter(weight.detach().clone())

    def states(self, context: Int[Tensor, "B W"], size: Int[Tensor, " B"]) -> Float[Tensor, "B D"]:
        """Y of every target; there must be a context.

        Args:
            context: the W tokens before each target.
            size: how many of them, the last ones, it may see: 1 to W.
        """
        x = self.inputs(context)
        query, key, value = self.query(x[:, -1:]), self.key(x), self.value(x)
        places = torch.arange(-context.shape[1], 0)
        mask = torch.where(places >= -size[:, None], self.offsets, -torch.inf)
        y = scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None], scale=self.scale
        )
        return y[:, 0]

    def forward(
        self,
        context: Int[Tensor, "B W"],
        size: Int[Tensor, " B"],
        target: Int[Tensor, " B"],
        noise: Int[Tensor, "B K"],
    ) -> Float[Tensor, ""]:
        """The loss of negative sampling, in nats a target."""
        words = torch.cat((target[:, None], noise), dim=1)
        y = self.states(context, size)
        scores = (self.outputs(words) @ y[:, :, None] + self.bias(words))[..., 0]
        labels = torch.zeros_like(scores)
        labels[:, 0] = 1
        return binary_cross_entropy_with_logits(scores, labels, reduction="sum") / len(y)


def unrolled(batch: Batch) -> tuple[Int[Tensor, "B W"], Int[Tensor, " B"], Int[Tensor, " B"]]:
    """Context, its size and the target of each row of a batch of single targets that has any."""
    window = batch.ids.shape[1] // 2
    there = np.flatnonzero(batch.left[:, 0] > 0)
    ids = torch.from_numpy(batch.ids[there])
    size = torch.from_numpy(batch.left[there, 0].astype(np.int64))
    return ids[:, :window], size, ids[:, window]


def train(
    corpus: Corpus, training: TrainingConfig, config: MatchedConfig, *, fused: bool = False
) -> tuple[float, list[float]]:
    """All epochs.

    Args:
        corpus: the text.
        training: as for the matched models.
        config: of `attention_position`; its batch is the batch here too.
        fused: Adam in one pass over each table; torch does not choose it by itself.

    Returns:
        Seconds, without making the tables; and the loss of each step.
    """
    rng = np.random.default_rng(SEED)
    model = PlainAttention(new_model(config, training, len(corpus.vocab), SEED))
    keep = keep_probability(corpus.vocab.counts, training.subsample)
    bounds = np.cumsum(noise_distribution(corpus.vocab.counts, training.noise_exponent))
    adam = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=fused)
    cutter = Cutter(training.window, training.shrink_window, 1, config.batch)
    losses, started = [], time.perf_counter()
    for _ in range(training.epochs):
        for block in blocks(corpus.train, keep, rng):
            for batch in cutter.batches(block, rng):
                context, size, target = unrolled(batch)
                draws = np.searchsorted(bounds, rng.random((len(target), training.negatives)))
                noise = torch.from_numpy(np.minimum(draws, len(bounds) - 1))
                loss = model(context, size, target, noise)
                adam.zero_grad()
                loss.backward()
                adam.step()
                losses.append(loss.item())
    return time.perf_counter() - started, losses


def training_seconds(
    training: TrainingConfig, config: MatchedConfig, *, fused: bool = False
) -> Seconds:
    """See `timing.training_seconds`."""
    return lambda corpus: train(corpus, training, config, fused=fused)[0]
