"""A matched model: the two word tables, and the dense weights that its architecture learns besides.

Glossary: V words, D dimensions, C chunks, L targets a chunk, S tokens that they can reach.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from wordrel.config import ARCHITECTURES, Architecture, MatchedConfig, TrainingConfig
from wordrel.models.matched import weights as w
from wordrel.models.matched.weights import Weights, initial_weights
from wordrel.models.stream import Batch
from wordrel.models.windows import has_context, place_scores, reachable

_TABLES = ("input", "output", "bias")


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

    def mixed(self, x: Float[Tensor, "C S D"], batch: Batch) -> Float[Tensor, "C L D"]:
        """Y of every target; of one without context it means nothing, and must not count.

        Args:
            x: the input vectors of `context_ids`, apart from the table: they carry gradients.
            batch: the windows.
        """
        words, a = self._attended(x, batch)
        y = w.mix(self.config, self.dense, words, a)
        return w.block(self.dense, w.asking(x, y.shape[1]), y) if self.architecture.block else y

    def _attended(
        self, x: Float[Tensor, "C S D"], batch: Batch
    ) -> tuple[Float[Tensor, "C S D"], Float[Tensor, "C H L S"]]:
        """The words as attention sees them, and the weight that each target gives to each."""
        places = place_scores(self.architecture.objective, batch, self.dense.get("offsets"), x)
        words = w.norm(self.dense, "norm_1", x) if self.architecture.block else x
        return words, w.attention(self.config, self.dense, words, places)

    def states(self, batch: Batch) -> tuple[Float[Tensor, "C L D"], Bool[Tensor, "C L"]]:
        """Y of every target of a batch (0 where it has no context), and whether it has one."""
        has_context = self.has_context(batch)
        y = self.mixed(self.inputs[self.context_ids(batch)], batch)
        return torch.where(has_context[..., None], y, 0), has_context

    def weights(self, batch: Batch) -> Float[Tensor, "C L S"]:
        """A_ij of every target and reachable token, the mean over heads.

        Of a target without context it means nothing.
        """
        return self._attended(self.inputs[self.context_ids(batch)], batch)[1].mean(1)

    def exchanged(self) -> "Model":
        """The same model with query and key exchanged; itself where no word asks through maps.

        Roles that are tied are written out: where W_q is the identity W_k becomes it.
        """
        if not (self.architecture.maps and self.architecture.words_ask):
            return self
        w_q, w_k = (w.role(self.dense, name, self.inputs) for name in ("W_q", "W_k"))
        return replace(self, dense=self.dense | {"W_q": w_k, "W_k": w_q})

    def to(self, device: torch.device) -> "Model":
        """The same model on another device."""
        return Model.of(self.config, {n: t.to(device) for n, t in self.tensors().items()})


def new_model(config: MatchedConfig, training: TrainingConfig, vocabulary: int, seed: int) -> Model:
    """Untrained: E uniform in +-0.5/D and O zero, as in word2vec; made on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    inputs = (torch.rand(vocabulary, training.dim, generator=generator) - 0.5) / training.dim
    dense = initial_weights(config, training.dim, training.window, generator)
    outputs = torch.zeros(vocabulary, training.dim)
    return Model(config, inputs, outputs, torch.zeros(vocabulary, 1), dense)
