"""The one training loop of the matched family.

Reads the subsampled stream, takes gradients by autograd on the rows that a batch touches, and
updates only those rows: the cost of a step does not depend on the vocabulary.

Glossary: C chunks, L targets a chunk, B = C * L targets, G groups, M noise words a group, V, D.
"""

import math
import time

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.optim.adam import adam

from wordrel.config import MatchedConfig, SkipGramConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.errors import TrainingError
from wordrel.models.matched.loss import Loss, Sampling, Scored, full_softmax_loss, shared_noise_loss
from wordrel.models.matched.model import Drop, Model
from wordrel.models.matched.resume import Position, batches, restore, save
from wordrel.models.matched.skip_gram import SkipGram, pair_loss
from wordrel.models.sampling import keep_probability, noise_distribution
from wordrel.models.stream import Batch
from wordrel.models.trained import Runtime, no_pairs

NOISE_DRAWN = 1 << 18  # noise words drawn at a time
EXPLODED = 10  # times the loss at the start
REPORT_STEPS, LOOKS = 100, 10  # a report each 100 steps, from the loss of 10 of them


class RowAdagrad:
    """Adagrad with one accumulator a row; a step touches only its own rows.

    Repeated rows add up. Source: Duchi, Hazan & Singer 2011, eq. 1, with the mean square over a
    row in place of each coordinate's square.
    """

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.squares = torch.full((len(table),), 1e-10, device=table.device)

    def step(
        self,
        rows: Int[Tensor, " n"],
        gradient: Tensor,
        rate: float,
        square: Float[Tensor, " n"] | None = None,
    ) -> None:
        """Descend along `gradient`, one row of it for each of `rows`; overwrites it.

        `square` is the mean square of each row, or where a row is a sum, the sum of those.
        """
        if square is None:
            width = self.table.shape[1]
            square = torch.linalg.vector_norm(gradient, dim=1).square_().div_(width)
        self.squares.index_add_(0, rows, square)
        scale = self.squares.index_select(0, rows).rsqrt_().mul_(-rate)
        self.table.index_add_(0, rows, gradient.mul_(scale[:, None]))


class DenseAdam:
    """Adam for the few dense weights, which all learn at every step.

    torch's own arithmetic through its functional form: the class `torch.optim.Adam` computes the
    same bits, but loads torch's compiler on the way, 72 MB in each process.
    Source: Kingma & Ba 2015, algorithm 1; weight decay apart from the gradient, of matrices alone,
    as in AdamW: Loshchilov & Hutter 2019, algorithm 2.
    """

    def __init__(self, weights: list[Tensor], weight_decay: float = 0.0) -> None:
        self.weights = weights
        self.weight_decay = weight_decay
        self.means = [torch.zeros_like(weight) for weight in weights]
        self.squares = [torch.zeros_like(weight) for weight in weights]
        self.steps = [torch.zeros((), device=weight.device) for weight in weights]

    def step(self, gradients: list[Tensor], rate: float) -> None:
        """Descend along `gradients`, one for each weight and of its shape."""
        if self.weight_decay:
            for weight in self.weights:
                weight.mul_(1 - rate * self.weight_decay * (weight.dim() > 1))
        adam(
            self.weights,
            gradients,
            self.means,
            self.squares,
            [],
            self.steps,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.99,
            lr=rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


def clipped(gradients: list[Tensor], largest: float, targets: int) -> list[Tensor]:
    """Gradients of a sum over targets, scaled down where the norm of their mean is above this."""
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    return [g * (largest * targets / norm.clamp(min=1e-30)).clamp(max=1) for g in gradients]


def schedule(config: MatchedConfig | SkipGramConfig, done: float) -> float:
    """The share of the learning rates at this share of training."""
    if done < config.warm_up:
        return done / config.warm_up
    remaining = (1 - done) / (1 - config.warm_up)
    return remaining if config.decay == "linear" else (1 - math.cos(math.pi * remaining)) / 2


class Trainer:
    """One model being trained; `run` is the loop, `step` one batch of it.

    Attributes:
        targets: that were trained on so far; context_words: that they saw, together.
    """

    def __init__(
        self,
        model: Model | SkipGram,
        training: TrainingConfig,
        corpus: Corpus,
        rng: np.random.Generator,
    ) -> None:
        self.model = model
        self.training = training
        self.rng = rng
        self.keep = keep_probability(corpus.vocab.counts, training.subsample)
        noise = noise_distribution(corpus.vocab.counts, training.noise_exponent)
        self.noise_bounds = np.cumsum(noise)
        self.log_noise = torch.from_numpy(np.log(noise).astype(np.float32)).to(model.inputs.device)
        self.drawn = np.empty(0, dtype=np.int64)
        tables = model.inputs, model.outputs, model.bias
        self.inputs, self.outputs, self.bias = (RowAdagrad(table) for table in tables)
        for weight in model.dense.values():
            weight.requires_grad_()
        self.settings = model.config if isinstance(model.config, MatchedConfig) else None
        decay = self.settings.weight_decay if self.settings else 0.0
        self.adam = DenseAdam(list(model.dense.values()), decay)
        self.dropped: torch.Generator | None = None
        self.drop = self._dropout(self.settings.dropout) if self.settings else None
        self.targets = self.context_words = 0

    def _dropout(self, share: float) -> Drop | None:
        """Sets this share of the weights a_ij to 0, and raises the others; Srivastava 2014."""
        if not share:
            return None
        device = self.model.inputs.device
        generator = torch.Generator(device).manual_seed(int(self.rng.integers(1 << 62)))
        self.dropped = generator

        def drop(a: Tensor) -> Tensor:
            kept = torch.rand(a.shape, generator=generator, device=device) >= share
            return a * kept / (1 - share)

        return drop

    def noise(self, groups: int) -> Int[Tensor, "G M"]:
        """Noise words, drawn with replacement; one row is shared by a group of targets."""
        shape = (groups, self.model.config.shared_negatives)
        if len(self.drawn) < math.prod(shape):
            draws = self.rng.random(max(NOISE_DRAWN, math.prod(shape)))
            # Sorted look-ups stay in the processor's cache, which is faster than draw by draw.
            bounds = np.searchsorted(self.noise_bounds, np.sort(draws))
            self.drawn = np.minimum(bounds, len(self.noise_bounds) - 1)
            self.rng.shuffle(self.drawn)
        words, self.drawn = np.split(self.drawn, [math.prod(shape)])
        return torch.from_numpy(words.reshape(shape))

    def _scored(self, words: Tensor) -> Scored:
        model, flat = self.model, words.flatten()
        outputs = model.outputs.index_select(0, flat).view(*words.shape, -1)
        bias = model.bias.index_select(0, flat).view(words.shape)
        return Scored(words, outputs, bias, self.log_noise.index_select(0, flat).view(words.shape))

    def _loss(
        self, y: Float[Tensor, "B D"], counts: Bool[Tensor, " B"], targets: Int[Tensor, " B"]
    ) -> tuple[Loss, Int[Tensor, " n"]]:
        """The loss of a batch, and the words whose output rows have a gradient in it."""
        model, config = self.model, self.model.config
        if config.loss == "full_softmax":
            every = torch.arange(len(model.outputs), device=y.device)
            loss = full_softmax_loss(y, counts, targets, model.outputs, model.bias[:, 0])
            return loss, every
        negatives = self.noise(math.ceil(len(targets) / config.group)).to(y.device)
        how = Sampling(config.loss, self.training.negatives, self.training.hits == "keep")
        scored = self._scored(targets), self._scored(negatives)
        loss = shared_noise_loss(how, y, counts, *scored)
        return loss, torch.cat((targets, negatives.flatten()))

    def step(self, batch: Batch, remaining: float) -> Loss:
        """Learn from one batch at `remaining` (1 to 0) of the learning rates."""
        model, config = self.model, self.model.config
        ids = model.context_ids(batch)
        x = model.inputs.index_select(0, ids.flatten()).view(*ids.shape, -1).requires_grad_()
        rate = config.learning_rate * remaining
        if isinstance(model, SkipGram) and self._pairwise and (seen := model.pairs(batch)).any():
            loss, words = self._pair_loss(x.detach(), seen, batch)
            d_x, d_dense = loss.states, []
        else:
            y, targets, counts = model.predicted(x, batch, self.drop)
            loss, words = self._loss(y.detach(), counts, targets)
            d_x, *d_dense = torch.autograd.grad(y, [x, *self.adam.weights], loss.states)
            d_x = d_x.flatten(0, 1)
        self.inputs.step(ids.flatten(), d_x, rate)
        self.outputs.step(words, loss.outputs, rate, loss.squares[0])
        self.bias.step(words, loss.bias, rate, loss.squares[1])
        if self.settings and d_dense:
            if self.settings.clip is not None:
                d_dense = clipped(d_dense, self.settings.clip, int(counts.sum()))
            with torch.no_grad():
                self.adam.step(d_dense, self.settings.weights_learning_rate * remaining)
        self._count(batch)
        return loss

    @property
    def _pairwise(self) -> bool:
        """Whether the loss of a pair with a noise word does not depend on the pair's true word."""
        negative = self.model.config.loss == "negative_sampling"
        return negative and self.training.hits == "keep"

    def _pair_loss(
        self, x: Float[Tensor, "C L D"], seen: Bool[Tensor, "C L S"], batch: Batch
    ) -> tuple[Loss, Int[Tensor, " n"]]:
        """The loss of skip-gram, and the words whose output rows have a gradient in it."""
        around = torch.from_numpy(batch.ids).to(x.device)
        negatives = self.noise(math.ceil(int(seen.sum()) / self.model.config.group)).to(x.device)
        share = self.training.negatives / negatives.shape[1]
        loss = pair_loss(share, x, seen, self._scored(around), self._scored(negatives))
        return loss, torch.cat((around.flatten(), negatives.flatten()))

    def _count(self, batch: Batch) -> None:
        sides = batch.left + (batch.right if self.model.objective == "masked_word" else 0)
        self.targets += int(np.count_nonzero(sides[batch.real]))
        self.context_words += int(sides[batch.real].sum())


def run(trainer: Trainer, corpus: Corpus, runtime: Runtime) -> tuple[dict[str, float | int], ...]:
    """All epochs; the learning rates fall to 0 as in `schedule`.

    With checkpoints it resumes from the last one, to the same bytes.

    Returns:
        A row for every `REPORT_STEPS` steps: tokens read so far, and the mean loss in nats a
        target over the `LOOKS` steps of these that were looked at.

    Raises:
        TrainingError: when the loss is not finite or explodes, with step and learning rate; when
            no word has another one in its window.
    """
    total, checkpoints = trainer.training.epochs * len(corpus.train.ids), runtime.checkpoints
    at = restore(trainer, checkpoints) if checkpoints else Position()
    before, started = at.done, time.monotonic()
    for batch in batches(trainer, corpus, at):
        at.step += 1
        loss = trainer.step(batch, schedule(trainer.model.config, at.done / total))
        at.done += batch.read
        last = at.done > total - 0.5  # `read` is a share, so the sum may miss the total by a hair
        if last or at.step % (REPORT_STEPS // LOOKS) == 0:
            seen = _checked(*loss.total(), at.step, trainer)
            at.nats, at.targets = at.nats + seen[0], at.targets + seen[1]
        if at.targets and (last or at.step % REPORT_STEPS == 0):
            at.log.append({"tokens": round(at.done), "loss": at.nats / at.targets})
            at.nats, at.targets = 0.0, 0
            rate = (at.done - before) / (time.monotonic() - started)
            detail = {"tokens_per_second": rate, "loss": at.log[-1]["loss"]}
            runtime.progress(at.done / total, detail)
        if checkpoints and checkpoints.due():
            save(trainer, at, checkpoints)
    _check_end(trainer, at.log)
    return tuple(at.log)


def _checked(nats: float, targets: int, number: int, trainer: Trainer) -> tuple[float, int]:
    at_start = (1 + trainer.training.negatives) * math.log(2)  # all scores are 0 then
    if trainer.model.config.loss != "negative_sampling":
        at_start = math.log(len(trainer.model.outputs))
    if math.isfinite(nats) and nats <= EXPLODED * at_start * targets:
        return nats, targets
    raise TrainingError(
        f"the loss is {nats / max(targets, 1):.4g} at step {number} (it started at about "
        f"{at_start:.4g}): {_lower_the_rates(trainer)}"
    )


def _check_end(trainer: Trainer, log: list[dict[str, float | int]]) -> None:
    if not log:
        raise no_pairs(trainer.training)
    if not all(torch.isfinite(tensor).all() for tensor in trainer.model.tensors().values()):
        raise TrainingError(f"a weight is not finite at the end: {_lower_the_rates(trainer)}")


def _lower_the_rates(trainer: Trainer) -> str:
    config = trainer.model.config
    advice = f"lower models.{config.name}.learning_rate ({config.learning_rate})"
    if trainer.settings is None:
        return advice
    return f"{advice} or weights_learning_rate ({trainer.settings.weights_learning_rate})"
