"""A matched model: the two word tables, and the dense weights that its rung learns besides.

Glossary: V words, D dimensions, C chunks, L targets a chunk, S tokens that they can reach.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from wordrel.config import MatchedConfig, TrainingConfig
from wordrel.models.matched.weights import RUNGS, Rung, Weights, attention, initial_weights, mix
from wordrel.models.stream import Batch
from wordrel.models.windows import visible


@dataclass
class Model:
    """Tables and weights of one matched model, on its device.

    Attributes:
        inputs: E, [V, D]; outputs: O, [V, D]; bias: b, [V, 1]; dense: what the rung learns besides.
    """

    config: MatchedConfig
    inputs: Tensor
    outputs: Tensor
    bias: Tensor
    dense: Weights
    rung: Rung = field(init=False)

    def __post_init__(self) -> None:
        self.rung = RUNGS[self.config.kind]

    def states(
        self, x: Float[Tensor, "C S D"], batch: Batch
    ) -> tuple[Float[Tensor, "C L D"], Bool[Tensor, "C L"]]:
        """Y of every target of a batch (0 where it has no context), and whether it has one."""
        seen, has_context = visible(self.rung.objective, batch, x.device)
        a = attention(self.rung, self.config, self.dense, x, seen)
        return mix(self.rung, self.dense, x, a, has_context), has_context

    def to(self, device: torch.device) -> "Model":
        """The same model on another device."""
        dense = {name: weight.to(device) for name, weight in self.dense.items()}
        inputs, outputs, bias = (t.to(device) for t in (self.inputs, self.outputs, self.bias))
        return Model(self.config, inputs, outputs, bias, dense)


def new_model(config: MatchedConfig, training: TrainingConfig, vocabulary: int, seed: int) -> Model:
    """Untrained: E uniform in +-0.5/D and O zero, as in word2vec; made on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    inputs = (torch.rand(vocabulary, training.dim, generator=generator) - 0.5) / training.dim
    dense = initial_weights(RUNGS[config.kind], training.dim, training.window, generator)
    outputs = torch.zeros(vocabulary, training.dim)
    return Model(config, inputs, outputs, torch.zeros(vocabulary, 1), dense)
