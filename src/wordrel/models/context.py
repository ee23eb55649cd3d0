"""How a model that predicts a word from a state reads running text.

gensim's CBOW and the matched family differ in how they mix a context into a state; the windows,
the two kinds of state and the full softmax are the same and stand here once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

from wordrel.config import TrainingConfig
from wordrel.models.sampling import noise_distribution
from wordrel.models.stream import Batch, Block, Cutter, block_of
from wordrel.readings import Objective

Mix = Callable[[Batch], tuple[Float[Tensor, "C L D"], Bool[Tensor, "C L"]]]
CHUNK, CHUNKS = 32, 128
WINDOW_SEED = 0  # the windows of held-out text are the same for every model and seed


@dataclass(frozen=True)
class StreamContext:
    """States from `mix`, scores from an output table.

    Attributes:
        objective: what the model was trained to predict.
        training: window and noise, as trained.
        mix: states of the targets of a batch, and which of them have a context.
        outputs: o, [V, D].
        bias: b, [V].
        counts: of each word in the training text, [V].
        relative: whether scores stand for log p / noise, as negative sampling teaches them, or for
            log p, as (sampled) softmax does.
    """

    objective: Objective
    training: TrainingConfig
    mix: Mix
    outputs: Float32[np.ndarray, "V D"]
    bias: Float32[np.ndarray, " V"]
    counts: Int64[np.ndarray, " V"]
    relative: bool = True

    def states(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
    ) -> Float32[np.ndarray, "N D"]:
        """The state that predicts each token, from windows drawn as in training."""
        return self._read(ids, ends, shrink=self.training.shrink_window)

    def contextual(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
    ) -> Float32[np.ndarray, "N D"]:
        """y_i of the word at i, from its whole window.

        For `next_word` this is the state that predicts the word after i, which i itself asks for.
        """
        if self.objective == "masked_word":
            return self._read(ids, ends, shrink=False)
        # One more token a sentence gives its last word a state to ask for; its id is never seen.
        longer = np.insert(ids, ends, 0)
        after = np.arange(len(ids)) + 1 + np.searchsorted(ends, np.arange(len(ids)), side="right")
        states = self._read(longer, ends + np.arange(1, len(ends) + 1), shrink=False)
        y: Float32[np.ndarray, "N D"] = states[after]
        return y

    def log_probabilities(self, states: Float32[np.ndarray, "P D"]) -> Float32[np.ndarray, "P V"]:
        """The full softmax of o . y + b, plus log noise where scores are relative to it.

        Negative sampling drives o . y + b to log p(w | context) - log noise(w) (up to a constant),
        so p needs the noise back. Source: Levy & Goldberg 2014, section 3.1; Dyer 2014.
        """
        bias = self.bias
        if self.relative:
            noise = noise_distribution(self.counts, self.training.noise_exponent)
            bias = bias + np.log(noise).astype(np.float32)
        offset = torch.from_numpy(bias)
        scores = torch.addmm(offset, torch.from_numpy(states), torch.from_numpy(self.outputs).T)
        log_p: Float32[np.ndarray, "P V"] = torch.log_softmax(scores, dim=1).numpy()
        return log_p

    def _read(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], *, shrink: bool
    ) -> Float32[np.ndarray, "N D"]:
        cutter = Cutter(self.training.window, shrink, CHUNK, CHUNKS)
        rng = np.random.default_rng(WINDOW_SEED)
        found = [np.empty((0, self.outputs.shape[1]), dtype=np.float32)]
        with torch.no_grad():
            for batch in cutter.batches(_block(ids, ends), rng, shuffle=False):
                y, has_context = self.mix(batch)
                known = torch.where(has_context[..., None], y, torch.nan).cpu().numpy()
                found.append(known[batch.real])
        return np.concatenate(found)


def _block(ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]) -> Block:
    sentences = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    return block_of(ids.astype(np.int32), sentences, read=len(ids))
