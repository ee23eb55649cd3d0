"""What was tried to make a step of attention faster, and what it does to what is learnt."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from wordrel.bench.material import Material, first_tokens, judge
from wordrel.bench.rows import Row, Rows
from wordrel.bench.timing import ATTENTION, SEED, interleaved, loop_seconds, new_trainer, rate
from wordrel.config import MatchedConfig, TrainingConfig
from wordrel.corpus import Corpus, open_corpus
from wordrel.models import MODELS
from wordrel.models.matched.model import Model, new_model
from wordrel.models.matched.trainer import Trainer, _batches
from wordrel.models.readings import Readings
from wordrel.models.stream import Batch

LAST = 0.1  # the share of the tokens over which the training loss is a mean
DEFAULT, COMPILED = "the default", "torch.compile of Model.mixed"

Make = Callable[[Corpus, TrainingConfig], Trainer]


@cache
def _compiled() -> Callable[..., Tensor]:
    """One for all models, so that it is compiled once for each shape."""
    return torch.compile(Model.mixed)


class CompiledModel(Model):
    """A model whose forward and backward pass are compiled by torch."""

    def mixed(self, x: Float[Tensor, "C S D"], batch: Batch) -> Float[Tensor, "C L D"]:
        """See `Model.mixed`."""
        return _compiled()(self, x, batch)


def compiled_trainer(corpus: Corpus, training: TrainingConfig) -> Trainer:
    """As `timing.new_trainer` of the default, with a compiled model."""
    plain = new_model(ATTENTION, training, len(corpus.vocab), SEED)
    model = CompiledModel(plain.config, plain.inputs, plain.outputs, plain.bias, plain.dense)
    return Trainer(model, training, corpus, np.random.default_rng(SEED))


def compiler() -> str | None:
    """Where the C++ compiler is that torch.compile would use, if it is there."""
    usual = "clang++" if sys.platform == "darwin" else "g++"
    return shutil.which(os.environ.get("CXX") or usual)


def tried() -> dict[str, Make]:
    """The default and its variants by settings, by name."""
    whole = ATTENTION.batch
    changes: dict[str, dict[str, int]] = {
        DEFAULT: {},
        "batch 1024": {"batch": 1024},
        "batch 2048": {"batch": 2048},
        "batch 8192": {"batch": 8192},
        "512 noise words for the whole batch": {"group": whole, "shared_negatives": 512},
        "64 noise words for the whole batch": {"group": whole, "shared_negatives": 64},
    }
    return {
        name: partial(_changed, ATTENTION.model_copy(update=change))
        for name, change in changes.items()
    }


def why_not_compiled(material: Material) -> str:
    """Nothing, where torch.compile can be tried."""
    if not material.sizes.compiled:
        return "left out of a quick run"
    return "" if compiler() else "there is no C++ compiler here"


def _changed(config: MatchedConfig, corpus: Corpus, training: TrainingConfig) -> Trainer:
    return new_trainer(corpus, training, config)


def variants(material: Material) -> Iterator[Row]:
    """Tokens a second beside the default; MEN and the loss at the end of one epoch."""
    rows, sizes, task = Rows("variants"), material.sizes, material.men()
    training, makes, why_not = material.training, tried(), why_not_compiled(material)
    if not why_not:
        makes[COMPILED] = compiled_trainer
    corpus = open_corpus(material.text())
    text = first_tokens(corpus, sizes.variant_tokens)
    learnt = {}
    for name, make in makes.items():
        trainer = make(text, training)
        loss = loss_at_the_end(trainer, text)  # it comes first, and so compiles what there is
        learnt[name] = (loss, *judge(readings_of(trainer, text), task))
    cut = first_tokens(corpus, sizes.speed_tokens)
    jobs = {name: rate(cut, partial(_seconds, make, training)) for name, make in makes.items()}
    found = interleaved(jobs, sizes.rounds)
    pairs = [(name, DEFAULT) for name in makes if name != DEFAULT]
    yield from rows.ratios(found, pairs, "tokens a second")
    for name, (loss, score, pairs_known) in learnt.items():
        tokens = f"{len(text.train.ids):,} tokens"
        yield rows.of(name, "rate", found[name], "tokens/s")
        yield rows.of(name, f"loss in the last tenth of {tokens}", [loss], "nats")
        yield rows.of(name, f"MEN-dev Spearman, n {pairs_known} pairs", [score], "Spearman")
    if why_not:
        yield rows.missing(COMPILED, why_not)


def _seconds(make: Make, training: TrainingConfig, corpus: Corpus) -> float:
    return loop_seconds(make(corpus, training), corpus)


def loss_at_the_end(trainer: Trainer, corpus: Corpus) -> float:
    """Train one epoch as `run` does; the mean loss of its last tenth, in nats a target."""
    total, done, nats, targets = len(corpus.train.ids), 0.0, 0.0, 0
    for batch in _batches(trainer, corpus):
        loss = trainer.step(batch, remaining=1 - done / total)
        done += batch.read
        if done > (1 - LAST) * total:
            more, count = loss.total()
            nats, targets = nats + more, targets + count
    return nats / targets


def readings_of(trainer: Trainer, corpus: Corpus) -> Readings:
    """What the model answers now."""
    model = trainer.model
    named = {"input": model.inputs, "output": model.outputs, "bias": model.bias, **model.dense}
    tensors = {name: tensor.detach().numpy() for name, tensor in named.items()}
    kind = MODELS[model.config.kind]
    return kind.read(tensors, corpus.vocab, trainer.training, model.config)
