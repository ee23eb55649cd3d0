"""A matched model: the two word tables, and the dense weights that its architecture learns besides.

Glossary: V words, D dimensions, C chunks, L targets a chunk, S tokens that they can reach.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from wordrel.config import ARCHITECTURES, Architecture, MatchedConfig, TrainingConfig
from wordrel.config.architectures import Objective
from wordrel.models.matched import weights as w
from wordrel.models.matched.weights import Weights, initial_weights
from wordrel.models.stream import Batch
from wordrel.models.windows import (
    attends,
    has_context,
    over_previous,
    place_scores,
    reachable,
    sees_last,
)

_TABLES = ("input", "output", "bias")
Drop = Callable[[Tensor], Tensor]


class Predicted(NamedTuple):
    """What is learnt from: states, the word that follows each, and which of them count."""

    states: Float[Tensor, "B D"]
    words: Int[Tensor, " B"]
    counts: Bool[Tensor, " B"]


@dataclass
class Model:
    """Tables and weights of one matched model, on its device.

    Attributes:
        inputs: E, [V, D]; outputs: O, [V, D]; bias: b, [V, 1]; dense: what the architecture learns
            besides.
    """

    config: MatchedConfig
    inputs: Tensor
    outputs: Tensor
    bias: Tensor
    dense: Weights

    @classmethod
    def of(cls, config: MatchedConfig, tensors: Weights) -> "Model":
        """The model with these `tensors()`."""
        dense = {name: weight for name, weight in tensors.items() if name not in _TABLES}
        return cls(config, tensors["input"], tensors["output"], tensors["bias"], dense)

    def tensors(self) -> Weights:
        """All that is learnt, by the names under which it is stored."""
        tables = zip(_TABLES, (self.inputs, self.outputs, self.bias), strict=True)
        return {**dict(tables), **self.dense}

    @property
    def architecture(self) -> Architecture:
        """The architecture."""
        return ARCHITECTURES[self.config.kind]

    @property
    def objective(self) -> Objective:
        """What it predicts."""
        return self.architecture.objective

    @property
    def blocks(self) -> int:
        """How many Transformer blocks stand above one another."""
        return self.architecture.blocks

    def context_ids(self, batch: Batch) -> Int[Tensor, "C S"]:
        """The words that a context of this model can hold, on its device."""
        return torch.from_numpy(reachable(self.architecture.objective, batch)).to(
            self.inputs.device
        )

    def has_context(self, batch: Batch) -> Bool[Tensor, "C L"]:
        """Which targets have a context."""
        return torch.from_numpy(has_context(self.architecture.objective, batch)).to(
            self.inputs.device
        )

    def mixed(
        self, x: Float[Tensor, "C S D"], batch: Batch, drop: Drop | None = None
    ) -> Float[Tensor, "C L D"]:
        """Y of every target; undefined for one without context, which must not count.

        Args:
            x: the input vectors of `context_ids`, apart from the table: they carry gradients.
            batch: the contexts.
            drop: what is done to the weights a_ij in training.
        """
        return self._forward(x, batch, drop)[0]

    def predicted(
        self, x: Float[Tensor, "C S D"], batch: Batch, drop: Drop | None = None
    ) -> Predicted:
        """The predictions of a batch; see `mixed`."""
        counts = self.has_context(batch) & torch.from_numpy(batch.real).to(x.device)
        words = torch.from_numpy(batch.targets).to(x.device)
        return Predicted(
            self.mixed(x, batch, drop).flatten(0, 1), words.flatten(), counts.flatten()
        )

    def _forward(
        self, x: Float[Tensor, "C S D"], batch: Batch, drop: Drop | None = None
    ) -> tuple[Float[Tensor, "C L D"], Float[Tensor, "C H L T"]]:
        """Y of every target, and the weight that it gives to each word.

        A second block weighs the previous words, of which there are as many as targets.
        """
        y, a = self._attend(self.dense, x, batch, drop)
        if self.architecture.direct:
            around, last = (
                torch.from_numpy(mask)[..., None].to(x.device, x.dtype)
                for mask in (attends(batch), sees_last(batch))
            )
            y = y * around + (w.previous_words(x, y.shape[1]) * last) @ self.dense["W_d"].T
        if self.architecture.block:
            y = w.block(self.dense, w.previous_words(x, y.shape[1]), y)
        if self.architecture.blocks > 1:
            weights = w.second(self.dense)
            above, a = self._attend(weights, y, over_previous(batch), drop)
            y = w.block(weights, y, above)
        return (w.norm(self.dense, "norm_out", y) if self.architecture.block else y), a

    def _attend(
        self, weights: Weights, x: Float[Tensor, "C S D"], batch: Batch, drop: Drop | None
    ) -> tuple[Float[Tensor, "C L D"], Float[Tensor, "C H L S"]]:
        """One layer of attention: the sums for each target, and the weights in them."""
        places = place_scores(
            self.architecture.objective,
            batch,
            weights.get("offsets"),
            x,
            direct=self.architecture.direct,
        )
        words = w.norm(weights, "norm_1", x) if self.architecture.block else x
        a = w.attention(self.config, weights, words, places)
        dropped = a if drop is None else drop(a)
        if self.architecture.position_values == "none":
            return w.mix(self.config, weights, words, dropped), a
        return w.mix_by_position(weights, words, dropped[:, 0], batch.first), a

    def states(self, batch: Batch) -> tuple[Float[Tensor, "C L D"], Bool[Tensor, "C L"]]:
        """Y of every target of a batch (0 where it has no context), and whether it has one."""
        has_context = self.has_context(batch)
        y = self.mixed(self.inputs[self.context_ids(batch)], batch)
        return torch.where(has_context[..., None], y, 0), has_context

    def weights(self, batch: Batch) -> Float[Tensor, "C L S"]:
        """A_ij of every target and reachable token, the mean over heads; of the last block.

        Undefined for a target that attends to nothing.
        """
        a = self._forward(self.inputs[self.context_ids(batch)], batch)[1].mean(1)
        return pad(a, (batch.first - 1, 0)) if self.architecture.blocks > 1 else a

    def exchanged(self) -> "Model":
        """The same model with query and key exchanged; itself where no query comes from a map.

        Roles that are tied are written out: where W_q is the identity W_k becomes it. The weight
        that a bias of the query gives to each word stays: it depends on one word only.
        """
        if not (self.architecture.maps and self.architecture.words_ask):
            return self
        dense = self.dense | _exchanged(self.config, self.dense, self.inputs)
        if self.architecture.blocks > 1:
            above = _exchanged(self.config, w.second(self.dense), self.inputs)
            dense |= {w.SECOND + name: weight for name, weight in above.items()}
        return replace(self, dense=dense)

    def to(self, device: torch.device) -> "Model":
        """The same model on another device."""
        return Model.of(self.config, {n: t.to(device) for n, t in self.tensors().items()})


def _exchanged(config: MatchedConfig, weights: Weights, like: Tensor) -> Weights:
    w_q, w_k, w_v = (w.role(config, weights, name, like) for name in ("W_q", "W_k", "W_v"))
    roles = {"W_q": w_k, "W_k": w_q}
    if "W_v" in weights or "K=V" in config.ties:
        roles["W_v"] = w_v
    if "b_q" in weights:
        roles["u_q"] = w.word_scores(config, weights, w_k)
    return roles


def new_model(config: MatchedConfig, training: TrainingConfig, vocabulary: int, seed: int) -> Model:
    """Untrained; made on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    inputs, outputs, bias = new_tables(training.dim, vocabulary, generator)
    dense = initial_weights(config, training.dim, training.reach, generator)
    return Model(config, inputs, outputs, bias, dense)


def new_tables(
    dim: int, vocabulary: int, generator: torch.Generator
) -> tuple[Float[Tensor, "V D"], Float[Tensor, "V D"], Float[Tensor, "V 1"]]:
    """E uniform in +-0.5/D, O and b zero, as in word2vec."""
    inputs = (torch.rand(vocabulary, dim, generator=generator) - 0.5) / dim
    return inputs, torch.zeros(vocabulary, dim), torch.zeros(vocabulary, 1)
