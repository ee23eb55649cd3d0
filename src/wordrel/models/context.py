"""States, weights and scores on running text, of a model that predicts a word from a state.

gensim's CBOW and the matched family differ in how they mix a context into a state. The windows,
the two kinds of state and the full softmax are the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

from wordrel.config import TrainingConfig
from wordrel.config.architectures import Objective
from wordrel.corpus.disk import sentence_blocks
from wordrel.models.protocols import Segments, Weighed
from wordrel.models.sampling import Readout, Teaches, noise_distribution
from wordrel.models.stream import Batch, Cutter, block_of, sentence_numbers
from wordrel.models.windows import attending_ids, reachable, visible

Mix = Callable[[Batch], tuple[Float[Tensor, "C L D"], Bool[Tensor, "C L"]]]
Weigh = Callable[[Batch], Float[Tensor, "C L S"]]
_Columns = tuple[
    Int64[np.ndarray, " P"],
    Int64[np.ndarray, " P"],
    Float32[np.ndarray, " P"],
    Int64[np.ndarray, " P"],
    Int64[np.ndarray, " P"],
]
TARGETS = 4096  # of a batch
BLOCK_TOKENS = 100_000  # 40 MB of states of 100 dimensions
WINDOW_SEED = 0  # the windows of held-out text are the same for every model and seed


@dataclass(frozen=True)
class StreamContext:
    """States from `mix`, scores from an output table.

    `states` and `log_probabilities` are what the tasks of the first edition read: windows drawn as
    in training, and no correction for dropped words. `scores` is what the model has learnt.

    Attributes:
        objective: what the model was trained to predict.
        training: window and noise, as trained.
        mix: states of the targets of a batch, and which of them have a context.
        weigh: how much of each state comes from each reachable token, the mean over heads; outside
            a target's context it may be any number.
        outputs: o, [V, D].
        bias: b, [V].
        counts: of each word in the training text, [V].
        teaches: what scores stand for, see `wordrel.models.sampling`.
        direct: whether the last word has a path of its own and is not among the words weighed.
        blocks: how many Transformer blocks stand above one another.
        hidden: tokens of the one text that is read which are in no context, see `hiding`.
    """

    objective: Objective
    training: TrainingConfig
    mix: Mix
    weigh: Weigh
    outputs: Float32[np.ndarray, "V D"]
    bias: Float32[np.ndarray, " V"]
    counts: Int64[np.ndarray, " V"]
    teaches: Teaches = "ratio"
    direct: bool = False
    blocks: int = 0
    hidden: Bool[np.ndarray, " N"] | None = None

    def hiding(self, hidden: Bool[np.ndarray, " N"]) -> "StreamContext":
        """See `Hiding`."""
        return replace(self, hidden=hidden)

    @property
    def name(self) -> str:
        """See `Predictor`."""
        return "context"

    @property
    def readout(self) -> Readout:
        """Scores of every word from a state, by the output table."""
        own = self.outputs, self.bias, self.counts, self.training
        return Readout.of(self.teaches, *own)

    @property
    def segments(self) -> Segments:
        """See `Predictor`."""
        return "document" if self.training.context == "passage" else "sentence"

    @property
    def window(self) -> int:
        """W, as trained."""
        return self.training.reach

    def scores(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Iterator[Float32[np.ndarray, "B V"]]:
        """See `Predictor`; windows are whole, whatever training drew."""
        readout, start = self.readout, 0
        for block, block_ends in sentence_blocks(ids, ends, BLOCK_TOKENS):
            first, last = np.searchsorted(places, [start, start + len(block)])
            hidden = None if self.hidden is None else self.hidden[start : start + len(block)]
            states = self._read(block, block_ends, hidden, shrink=False)[places[first:last] - start]
            yield from readout.blocks(states)
            start += len(block)

    def attended(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Int64[np.ndarray, " P"]:
        """See `Predictor`."""
        before, behind = context_sizes(self.objective, self.window, ends, places)
        if self.hidden is None:
            return np.asarray(before + behind)
        up_to = np.concatenate([[0], np.cumsum(~self.hidden)])  # seen tokens before each place
        seen = up_to[places] - up_to[places - before]
        return np.asarray(seen + up_to[places + 1 + behind] - up_to[places + 1])

    def states(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        hidden: Bool[np.ndarray, " N"] | None = None,
    ) -> Float32[np.ndarray, "N D"]:
        """The state that predicts each token, from windows drawn as in training.

        Where the word before the target gives the query, a hidden one still gives it: no other word
        can. In a block, attention still adds to its state, but no query attends to it.
        """
        return self._read(ids, ends, hidden, shrink=self.training.shrink_window)

    def contextual(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
    ) -> Float32[np.ndarray, "N D"]:
        """y_i of the word at i, from its whole window.

        For `next_word` this is the state that predicts the word after i; its query is that of i.
        """
        if self.objective == "masked_word":
            return self._read(ids, ends, shrink=False)
        after = np.arange(len(ids)) + 1 + np.searchsorted(ends, np.arange(len(ids)), side="right")
        y: Float32[np.ndarray, "N D"] = self._read(*_with_ends(ids, ends), shrink=False)[after]
        return y

    def weights(self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]) -> Weighed:
        """The weight of each word in each window, of the states that `contextual` returns.

        For `next_word` each word gives the query at its own place. It is also one of the words
        weighed, but where it has a direct path.
        """
        if self.objective == "next_word":
            ids, ends = _with_ends(ids, ends)
        nothing = np.empty(0, dtype=np.int64)
        columns: list[_Columns] = [
            (nothing, nothing, np.empty(0, dtype=np.float32), nothing, nothing)
        ]
        with torch.no_grad():
            for batch in self._batches(ids, ends, None, shrink=False):
                columns.append(self._weighed(batch))
        attending, attended, weight, target, offset = map(
            np.concatenate, zip(*columns, strict=True)
        )
        state = target
        if self.objective == "next_word":  # the query is that of the word before
            state = target - 1 - np.searchsorted(ends, target, side="right")
        return Weighed(attending, attended, weight, state, offset)

    def _weighed(self, batch: Batch) -> _Columns:
        """The columns of `Weighed`, with the number of the target in the place of the state's."""
        cpu = torch.device("cpu")
        seen = visible(self.objective, batch, cpu, direct=self.direct).numpy()
        chunk, target, token = np.nonzero(seen & batch.real[..., None])
        return (
            attending_ids(self.objective, batch)[chunk, target],
            reachable(self.objective, batch)[chunk, token],
            self.weigh(batch).cpu().numpy()[chunk, target, token],
            batch.place[chunk, target],
            token - batch.first - target,
        )

    def log_probabilities(self, states: Float32[np.ndarray, "P D"]) -> Float32[np.ndarray, "P V"]:
        """The full softmax of o . y + b, plus log noise where scores are relative to it.

        Negative sampling drives o . y + b to log p(w | context) - log noise(w) (up to a constant),
        so p needs the noise back. Source: Levy & Goldberg 2014, section 3.1; Dyer 2014.
        """
        bias = self.bias
        if self.teaches != "probability":
            noise = noise_distribution(self.counts, self.training.noise_exponent)
            bias = bias + np.log(noise).astype(np.float32)
        offset = torch.from_numpy(bias)
        scores = torch.addmm(offset, torch.from_numpy(states), torch.from_numpy(self.outputs).T)
        log_p: Float32[np.ndarray, "P V"] = torch.log_softmax(scores, dim=1).numpy()
        return log_p

    def _read(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        hidden: Bool[np.ndarray, " N"] | None = None,
        *,
        shrink: bool,
    ) -> Float32[np.ndarray, "N D"]:
        states = np.full((len(ids), self.outputs.shape[1]), np.nan, dtype=np.float32)
        with torch.no_grad():
            for batch in self._batches(ids, ends, hidden, shrink=shrink):
                y, has_context = self.mix(batch)
                known = batch.real & has_context.cpu().numpy()
                states[batch.place[known]] = y.cpu().numpy()[known]
        return states

    def _batches(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        hidden: Bool[np.ndarray, " N"] | None,
        *,
        shrink: bool,
    ) -> Iterator[Batch]:
        """All tokens, each as a target once."""
        block = block_of(ids.astype(np.int32), sentence_numbers(ends), read=len(ids))
        block = replace(block, hidden=hidden)
        own = self.training, TARGETS
        cutter = Cutter.of(*own, shrink=shrink, blocks=self.blocks, objective=self.objective)
        return cutter.batches(block, np.random.default_rng(WINDOW_SEED), shuffle=False)


def context_sizes(
    objective: Objective,
    window: int,
    ends: Int64[np.ndarray, " S"],
    places: Int64[np.ndarray, " P"],
) -> Int64[np.ndarray, "2 P"]:
    """How many words the whole window of each place has before and behind it."""
    segment = np.searchsorted(ends, places, side="right")
    before = places - np.concatenate([[0], ends[:-1]])[segment]
    behind = ends[segment] - 1 - places
    sides: Int64[np.ndarray, "2 P"] = np.minimum(np.stack([before, behind]), window)
    sides[1] *= objective == "masked_word"
    return sides


def _with_ends(
    ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " S"]]:
    """One more token a sentence, as a target of its last word; its id is in no context."""
    return np.insert(ids, ends, 0), ends + np.arange(1, len(ends) + 1)
