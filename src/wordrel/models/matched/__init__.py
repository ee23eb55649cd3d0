"""The matched family: every model is y_i = sum_j a_ij v_j with other weights a and values v."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from wordrel.config import RUNGS, MatchedConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.models import trained
from wordrel.models.context import StreamContext
from wordrel.models.matched.model import Model, new_model
from wordrel.models.matched.trainer import Trainer, run
from wordrel.models.matched.weights import norm, role
from wordrel.models.spaces import relations, spaces
from wordrel.models.trained import Runtime, Tensors, Trained
from wordrel.readings import Readings

TABLES = ("input", "output", "bias")


def device_of(wanted: str) -> torch.device:
    """`auto` is the graphics card where there is one, else the processor.

    Bits repeat on the processor only: a graphics card adds up repeated rows in no fixed order.

    Raises:
        TrainingError: when a graphics card is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise TrainingError("execute.device is cuda, but torch finds no graphics card: use auto")
    return torch.device("cuda" if wanted == "auto" and there else wanted.replace("auto", "cpu"))


def train(
    corpus: Corpus, training: TrainingConfig, config: MatchedConfig, seed: int, runtime: Runtime
) -> Trained:
    """One rung from its start to its last step."""
    model = new_model(config, training, len(corpus.vocab), seed).to(device_of(runtime.device))
    log = run(Trainer(model, training, corpus, np.random.default_rng(seed)), corpus, runtime)
    named = {"input": model.inputs, "output": model.outputs, "bias": model.bias, **model.dense}
    tensors = {name: tensor.detach().cpu().numpy() for name, tensor in named.items()}
    return Trained(
        tensors,
        parameters=sum(tensor.size for tensor in tensors.values()),
        trained_tokens=training.epochs * len(corpus.train.ids),
        log=log,
    )


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: MatchedConfig
) -> Readings:
    """Tables and maps as views; q.k as a relation where a word asks; y as the word in context.

    The value is the headline where there is one: it is what a word gives to a state, as the plain
    input row is in CBOW.
    """
    model = Model(
        config,
        torch.from_numpy(tensors["input"]),
        torch.from_numpy(tensors["output"]),
        torch.from_numpy(tensors["bias"]),
        {name: torch.from_numpy(t) for name, t in tensors.items() if name not in TABLES},
    )
    rung = RUNGS[config.kind]
    tables = {"input": tensors["input"], "output": tensors["output"]}
    if rung.maps:
        tables |= {name: table.numpy() for name, table in _roles(model)}
    context = StreamContext(
        rung.objective,
        training,
        model.states,
        model.weights,
        tensors["output"],
        tensors["bias"].ravel(),
        vocab.counts,
        relative=config.loss == "negative_sampling",
    )
    alike, relate = ("value", "value.out") if rung.maps else ("input", "in.out")
    primary = {"alike": alike, "relate": relate, "in_context": "context"}
    return Readings(vocab, spaces(**tables), relations(**tables), context, primary)


def _roles(model: Model) -> Iterator[tuple[str, Float[Tensor, "V D"]]]:
    """Every word as value, query and key; in a block the value as it reaches the residual."""
    weights, words = model.dense, model.inputs
    if model.rung.block:
        words = norm(weights, "norm_1", words)
    value = words @ role(weights, "W_v", words).T
    yield "value", value @ weights["W_o"].T if model.rung.block else value
    if model.rung.query in ("previous", "mean"):
        yield "query", words @ role(weights, "W_q", words).T
        yield "key", words @ role(weights, "W_k", words).T


MATCHED = trained.Model(train, read, version=2)
