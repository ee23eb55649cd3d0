"""What was tried to make a step of attention faster, and what it does to what is learnt."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.material import Material, first_tokens, judge
from benchmarks.rows import Row, Rows
from benchmarks.training import (
    ATTENTION,
    Model,
    Trainer,
    batches,
    interleaved,
    loop_seconds,
    new_trainer,
    rate,
)
from wordrel.corpus import Corpus, open_corpus
from wordrel.models import MODELS
from wordrel.models.stream import Batch
from wordrel.models.word_model import WordModel

LAST = 0.1  # the share of the tokens over which the training loss is a mean
DEFAULT, COMPILED = "the default", "torch.compile of Model.mixed"
WHOLE = ATTENTION.batch
SETTINGS: dict[str, dict[str, int]] = {
    DEFAULT: {},
    "batch 1024": {"batch": 1024},
    "batch 2048": {"batch": 2048},
    "batch 8192": {"batch": 8192},
    "512 noise words for the whole batch": {"group": WHOLE, "shared_negatives": 512},
    "64 noise words for the whole batch": {"group": WHOLE, "shared_negatives": 64},
    COMPILED: {},
}


@cache
def _compiled() -> Callable[..., Tensor]:
    """One for all models, so that it is compiled once for each shape."""
    return torch.compile(Model.mixed)


class CompiledModel(Model):
    """A model whose forward and backward pass are compiled by torch."""

    def mixed(self, x: Float[Tensor, "C S D"], batch: Batch) -> Float[Tensor, "C L D"]:
        """See `Model.mixed`."""
        return _compiled()(self, x, batch)


def why_not_compiled(material: Material) -> str:
    """Nothing, where torch.compile can be tried."""
    if not material.sizes.compiled:
        return "left out of a quick run"
    compiler = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    return "" if shutil.which(compiler) else "there is no C++ compiler here"


def variants(material: Material) -> Iterator[Row]:
    """Tokens a second beside the default; MEN and the loss at the end of one epoch."""
    rows, sizes, why_not = Rows("variants"), material.sizes, why_not_compiled(material)
    names = [name for name in SETTINGS if name != COMPILED or not why_not]
    corpus, task = open_corpus(material.text()), material.men()
    text, cut = (first_tokens(corpus, n) for n in (sizes.variant_tokens, sizes.speed_tokens))

    def make(name: str, corpus: Corpus) -> Trainer:
        config = ATTENTION.model_copy(update=SETTINGS[name])
        kind = CompiledModel if name == COMPILED else Model
        return new_trainer(corpus, material.training, config, kind)

    learnt = {}
    for name in names:
        trainer = make(name, text)
        loss = loss_at_the_end(trainer, text)  # it comes first, and so compiles what there is
        learnt[name] = (loss, *judge(readings_of(trainer, text), task))

    def training_of(name: str) -> Callable[[Corpus], float]:
        return lambda corpus: loop_seconds(make(name, corpus), corpus)

    found = interleaved({name: rate(cut, training_of(name)) for name in names}, sizes.rounds)
    yield from rows.ratios(found, [(name, DEFAULT) for name in names[1:]], "tokens a second")
    for name, (loss, score, pairs) in learnt.items():
        tokens = f"{len(text.train.ids):,} tokens"
        yield rows.of(name, "rate", found[name], "tokens/s")
        yield rows.of(name, f"loss in the last tenth of {tokens}", [loss], "nats")
        yield rows.of(name, f"MEN-dev Spearman, n {pairs} pairs", [score], "Spearman")
    if why_not:
        yield rows.of(COMPILED, f"not measured: {why_not}", [], "")


def loss_at_the_end(trainer: Trainer, corpus: Corpus) -> float:
    """Train one epoch as `run` does; the mean loss of its last tenth, in nats a target."""
    total, done, nats, targets = len(corpus.train.ids), 0.0, 0.0, 0
    for batch in batches(trainer, corpus):
        loss = trainer.step(batch, remaining=1 - done / total)
        done += batch.read
        if done > (1 - LAST) * total:
            more, count = loss.total()
            nats, targets = nats + more, targets + count
    return nats / targets


def readings_of(trainer: Trainer, corpus: Corpus) -> WordModel:
    """What the model answers now."""
    model = trainer.model
    named = {"input": model.inputs, "output": model.outputs, "bias": model.bias, **model.dense}
    tensors = {name: tensor.detach().numpy() for name, tensor in named.items()}
    kind = MODELS[model.config.kind]
    return kind.read(tensors, corpus.vocab, trainer.training, model.config)
