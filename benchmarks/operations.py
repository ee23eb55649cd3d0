"""How many operations a training step of attention takes on paper, and how fast it does them.

Counts the matrix products of `attention_position` (or `attention`) with one head, forward and
backward, as `models.matched` computes them. What is done element by element (softmax, sigmoid, the
score of the true word, Adagrad) and look-ups take time and count as no operation.
"""

import math
import time
from collections.abc import Callable, Iterator
from itertools import islice

import torch

from benchmarks.material import Material, first_tokens
from benchmarks.rows import Aim, Row, Rows, interleaved
from benchmarks.training import ATTENTION, new_trainer
from wordrel.corpus import open_corpus
from wordrel.errors import CorpusError
from wordrel.models.matched.resume import Position, batches
from wordrel.models.matched.trainer import Trainer
from wordrel.models.stream import CHUNK, Batch

STEP, PRODUCT = "attention_position, a step", "torch.mm"
AIMS = {(STEP, PRODUCT): Aim(least=0.4, first=0.252)}


def multiply_adds(*, targets: int, tokens: int, dim: int, group: int, noise: int) -> dict[str, int]:
    """Multiply-adds of all matrix products of one step, by what they are for.

    maps: the queries W_q x brought into the space of x, and the values W_v, B D^2 each; as much
    again for the gradient of what goes in and of the weight. W_q^T W_k is one product D^3, its two
    gradients are two.
    attention: scores and mixture read S tokens for each target: B S D each; two gradients of the
    same size each.
    noise: scores against M words B M D, their gradients for state and word likewise. Groups are
    filled up to one size.

    Args:
        targets: B.
        tokens: S, those that share one score matrix.
        dim: D.
        group: targets that share their noise words.
        noise: M, how many these are.
    """
    groups = math.ceil(targets / group)
    filled = groups * math.ceil(targets / groups)
    return {
        "maps": 3 * (2 * targets * dim**2 + dim**3),
        "attention": 3 * 2 * targets * tokens * dim,
        "noise": 3 * filled * noise * dim,
    }


def shape_of(trainer: Trainer) -> dict[str, int]:
    """The arguments of `multiply_adds` for the full batches of a trainer."""
    config, training = trainer.model.config, trainer.training
    chunk = min(CHUNK, config.batch)
    return {
        "targets": config.batch // chunk * chunk,
        "tokens": chunk + training.window - 1,
        "dim": training.dim,
        "group": config.group,
        "noise": config.shared_negatives,
    }


def full_batches(trainer: Trainer, material: Material) -> list[Batch]:
    """The first batches of the text that have all their targets.

    Raises:
        CorpusError: when there are not enough of them.
    """
    targets, steps = shape_of(trainer)["targets"], material.sizes.steps
    cut = first_tokens(open_corpus(material.text()), 4 * targets * steps)  # subsampling drops some
    full = (batch for batch in batches(trainer, cut, Position()) if batch.real.sum() == targets)
    taken = list(islice(full, steps))
    if len(taken) < steps:
        raise CorpusError(
            f"{cut.name}: found {len(taken)} full batches of {targets} targets, expected {steps}: "
            "give a longer text"
        )
    return taken


def operations(material: Material) -> Iterator[Row]:
    """The share of the machine's matrix-product rate that a training step reaches."""
    rows, size = Rows("operations", AIMS), material.sizes.matrix
    trainer = new_trainer(open_corpus(material.text()), material.training, ATTENTION)
    full = full_batches(trainer, material)
    gflop = 2 * sum(multiply_adds(**shape_of(trainer)).values()) / 1e9
    square = torch.randn(size, size, generator=torch.Generator().manual_seed(0))

    def steps() -> None:
        for batch in full:
            trainer.step(batch, remaining=1.0)

    jobs = {
        STEP: lambda: gflop * len(full) / _seconds(steps),
        PRODUCT: lambda: 2 * size**3 / 1e9 / _seconds(lambda: torch.mm(square, square)),
    }
    interleaved(jobs, 1)  # not counted: fills caches
    rates = interleaved(jobs, material.sizes.rounds)
    yield from rows.ratios(rates, AIMS, "operations a second")
    yield rows.of(STEP, f"rate, {gflop:.3f} Gflop a step", rates[STEP], "Gflop/s")
    yield rows.of(PRODUCT, f"rate, {size} x {size}", rates[PRODUCT], "Gflop/s")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
