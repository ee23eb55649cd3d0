"""How many operations a training step of attention takes on paper, and how fast it does them.

Counts the matrix products of `attention_position` (or `attention`) with one head, forward and
backward, as `models.matched` computes them. What is done element by element (softmax, sigmoid, the
score of the true word, Adagrad) and look-ups take time and count as no operation.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch

from wordrel.bench.material import Material, first_tokens
from wordrel.bench.rows import Aim, Row, Rows
from wordrel.bench.timing import ATTENTION, interleaved, new_trainer
from wordrel.corpus import open_corpus
from wordrel.errors import CorpusError
from wordrel.models.matched.trainer import CHUNK, Trainer, _batches
from wordrel.models.stream import Batch

STEP, PRODUCT = "attention_position, a step", "torch.mm"
AIMS = {(STEP, PRODUCT): Aim(least=0.4)}


@dataclass(frozen=True)
class Shape:
    """What the number of operations of a step depends on.

    Attributes:
        targets: B, a multiple of `chunk`.
        chunk: L, consecutive targets that share one score matrix.
        window: W, words before a target that it can see.
        dim: D.
        group: targets that share their noise words; noise: M, how many these are.
    """

    targets: int
    chunk: int
    window: int
    dim: int
    group: int
    noise: int

    def multiply_adds(self) -> dict[str, int]:
        """Multiply-adds of all matrix products of one step, by what they are for.

        maps: the queries W_q x brought into the space of x, and the values W_v, B D^2 each; as
        much again for the gradient of what goes in and of the weight. W_q^T W_k is one product
        D^3, its two gradients are two.
        attention: scores and mixture read S = L + W - 1 tokens for each target: B S D each; two
        gradients of the same size each.
        noise: scores against M words B M D, their gradients for state and word likewise. Groups
        are filled up to one size.
        """
        dense, tokens = self.targets * self.dim, self.chunk + self.window - 1
        groups = math.ceil(self.targets / self.group)
        filled = groups * math.ceil(self.targets / groups)
        return {
            "maps": 3 * (2 * dense * self.dim + self.dim**3),
            "attention": 3 * 2 * dense * tokens,
            "noise": 3 * filled * self.noise * self.dim,
        }

    def operations(self) -> int:
        """A multiply-add is two."""
        return 2 * sum(self.multiply_adds().values())

    def inside_windows(self) -> int:
        """Operations without those on tokens that a target may not see, at its widest window."""
        tokens = self.chunk + self.window - 1
        outside = 2 * self.multiply_adds()["attention"] * (tokens - self.window)
        return self.operations() - outside // tokens


def shape_of(trainer: Trainer) -> Shape:
    """Of the full batches of a trainer."""
    config, training = trainer.model.config, trainer.training
    chunk = min(CHUNK, config.batch)
    return Shape(
        targets=config.batch // chunk * chunk,
        chunk=chunk,
        window=training.window,
        dim=training.dim,
        group=config.group,
        noise=config.shared_negatives,
    )


def full_batches(trainer: Trainer, material: Material) -> list[Batch]:
    """The first batches of the text that have all their targets.

    Raises:
        CorpusError: when there are not enough of them.
    """
    targets, steps = shape_of(trainer).targets, material.sizes.steps
    cut = first_tokens(open_corpus(material.text()), 4 * targets * steps)  # subsampling drops some
    full = (batch for batch in _batches(trainer, cut) if batch.real.sum() == targets)
    found = list(islice(full, steps))
    if len(found) < steps:
        raise CorpusError(
            f"{cut.name}: found {len(found)} full batches of {targets} targets, expected {steps}: "
            "give a longer text"
        )
    return found


def operations(material: Material) -> Iterator[Row]:
    """The share of the machine's matrix-product rate that a training step reaches."""
    rows, sizes = Rows("operations", AIMS), material.sizes
    trainer = new_trainer(open_corpus(material.text()), material.training, ATTENTION)
    batches, shape = full_batches(trainer, material), shape_of(trainer)

    def step_seconds() -> float:
        return _seconds(lambda: [trainer.step(batch, remaining=1.0) for batch in batches])

    square = torch.randn(sizes.matrix, sizes.matrix, generator=torch.Generator().manual_seed(0))
    jobs: dict[str, Callable[[], float]] = {
        STEP: lambda: shape.operations() * len(batches) / step_seconds() / 1e9,
        PRODUCT: lambda: 2 * sizes.matrix**3 / _seconds(lambda: torch.mm(square, square)) / 1e9,
    }
    interleaved(jobs, 1)  # not counted: fills caches
    found = interleaved(jobs, sizes.rounds)
    yield from rows.ratios(found, [(STEP, PRODUCT)], "operations a second")
    for name, what in ((STEP, STEP), (PRODUCT, f"{PRODUCT}, {sizes.matrix} x {sizes.matrix}")):
        yield rows.of(what, "rate", found[name], "Gflop/s")
    for term, count in shape.multiply_adds().items():
        yield rows.of(STEP, f"operations for {term}", [2 * count / 1e9], "Gflop")
    yield rows.of(STEP, "operations", [shape.operations() / 1e9], "Gflop")
    yield rows.of(STEP, "operations inside windows", [shape.inside_windows() / 1e9], "Gflop")
    yield rows.of(STEP, "targets", [float(shape.targets)], "")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
