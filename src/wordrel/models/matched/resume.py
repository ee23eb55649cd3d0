"""The whole state of a training run as arrays and JSON, and how a run resumes from it.

It holds all that the next step depends on: the weights, the state of the optimisers, the generators
with the noise words that are drawn already, and the position in the stream. The state of the
generator at the start of a block is kept too, since the block is drawn from it again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from wordrel.corpus import Corpus
from wordrel.models.stream import Batch, Cutter, blocks, following
from wordrel.models.trained import Checkpoints, Tensors

if TYPE_CHECKING:
    from wordrel.models.matched.trainer import Trainer


@dataclass
class Position:
    """How far a run is.

    Attributes:
        step: batches learnt from; done: tokens of the corpus that they stand for.
        epoch, block, batch: where they end: `batch` batches of this block are done.
        nats, targets: of the steps that were looked at since the last row of the log.
        log: see `run`.
        before: state of the generator before the block was drawn.
    """

    step: int = 0
    done: float = 0.0
    epoch: int = 0
    block: int = 0
    batch: int = 0
    nats: float = 0.0
    targets: int = 0
    log: list[dict[str, float | int]] = field(default_factory=list)
    before: Mapping[str, Any] | None = None


def batches(trainer: "Trainer", corpus: Corpus, at: Position) -> Iterator[Batch]:
    """The stream from a position to its end; the position goes along with it."""
    training, config, rng = trainer.training, trainer.model.config, trainer.rng
    cutter = Cutter.of(
        training, config.batch, blocks=trainer.model.blocks, objective=trainer.model.objective
    )
    seed = rng.bit_generator.seed_seq.generate_state(4).tolist()
    kept = {"shuffled": training.shuffled, "passages": training.context == "passage"}
    first, now = (at.epoch, at.block, at.batch), rng.bit_generator.state
    for epoch in range(at.epoch, training.epochs):
        stream = blocks(corpus.train, trainer.keep, rng, **kept)
        for number in count():
            resumed = at.before is not None and (epoch, number) == first[:2]
            if resumed and at.before is not None:
                rng.bit_generator.state = at.before
            before = rng.bit_generator.state
            if (block := next(stream, None)) is None:
                break
            if (epoch, number) < first[:2]:
                continue
            if training.target == "following":  # own generator: contexts stay the same
                block = following(block, np.random.default_rng([*seed, epoch, number]))
            block_batches = cutter.batches(block, rng)
            if resumed:
                for _ in islice(block_batches, first[2]):  # already trained on
                    pass
                rng.bit_generator.state = now
            at.epoch, at.block, at.before = epoch, number, before
            at.batch = first[2] if resumed else 0
            for batch in block_batches:
                at.batch += 1
                yield batch


def save(trainer: "Trainer", at: Position, checkpoints: Checkpoints) -> None:
    """Store the state of a run after a step."""
    tensors = {name: tensor.detach().cpu().numpy() for name, tensor in _held(trainer).items()}
    facts = {
        "seconds": checkpoints.spent(),
        "position": asdict(at),
        "generator": trainer.rng.bit_generator.state,
        "counted": [trainer.targets, trainer.context_words],
    }
    checkpoints.save(tensors | {"drawn": trainer.drawn}, facts)


def restore(trainer: "Trainer", checkpoints: Checkpoints) -> Position:
    """Restore the stored state of a trainer; without one, leave the new trainer as it is."""
    if (stored := checkpoints.newest()) is None:
        return Position()
    tensors, facts = stored
    checkpoints.earlier = facts["seconds"]
    _put(_held(trainer), tensors)
    if trainer.dropped is not None:
        trainer.dropped.set_state(torch.from_numpy(tensors["dropped"]))
    trainer.drawn = tensors["drawn"]
    trainer.rng.bit_generator.state = facts["generator"]
    trainer.targets, trainer.context_words = facts["counted"]
    return Position(**facts["position"])


def _held(trainer: "Trainer") -> dict[str, Tensor]:
    """Every tensor that a step reads and changes, by a name; the tensors themselves."""
    adam = {
        f"adam.{what}.{i}": tensor
        for what in ("means", "squares", "steps")
        for i, tensor in enumerate(getattr(trainer.adam, what))
    }
    rows = {f"squares.{n}": getattr(trainer, n).squares for n in ("inputs", "outputs", "bias")}
    dropped = {} if trainer.dropped is None else {"dropped": trainer.dropped.get_state()}
    weights = {f"weights.{name}": tensor for name, tensor in trainer.model.tensors().items()}
    return weights | rows | adam | dropped


@torch.no_grad()
def _put(held: Mapping[str, Tensor], stored: Tensors) -> None:
    for name, tensor in held.items():
        tensor.copy_(torch.from_numpy(stored[name]))
