"""Skip-gram in the matched family: each word predicts each word of its context by itself.

    score(w | v) = o_w . x_v + b_w      for each pair of a word v and a word w of C(v)

Tables, loss, noise, optimiser and stream are those of the other matched models; only what predicts
what is another. Source: Mikolov et al. 2013, section 2 (eq. 1).
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from wordrel.config import SkipGramConfig
from wordrel.models.matched.model import Drop, Predicted, new_tables
from wordrel.models.matched.weights import Weights
from wordrel.models.stream import Batch
from wordrel.models.windows import visible
from wordrel.models.word_model import Objective


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

    def predicted(
        self, x: Float[Tensor, "C S D"], batch: Batch, drop: Drop | None = None
    ) -> Predicted:
        """A state for each pair: the vector of the word in the middle; it predicts the other."""
        seen = visible("masked_word", batch, x.device)
        seen &= torch.from_numpy(batch.real).to(x.device)[..., None]
        chunk, middle, other = seen.nonzero().T
        if not len(chunk):  # nothing to learn: one state that does not count
            none = torch.zeros(1, dtype=torch.int64, device=x.device)
            return Predicted(x[none, none], none, none.bool())
        words = torch.from_numpy(batch.ids).to(x.device)[chunk, other]
        return Predicted(x[chunk, middle], words, torch.ones_like(words, dtype=torch.bool))

    def to(self, device: torch.device) -> "SkipGram":
        """The same model on another device."""
        inputs, outputs, bias = (t.to(device) for t in (self.inputs, self.outputs, self.bias))
        return SkipGram(self.config, inputs, outputs, bias)
