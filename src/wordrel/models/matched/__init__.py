"""Models that share one trainer: y_i = sum_j a_ij v_j, with different weights a and values v."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from wordrel.config import MatchedConfig, SkipGramConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.models import trained
from wordrel.models.context import StreamContext
from wordrel.models.matched.model import Model, new_model
from wordrel.models.matched.nesting import embed_below
from wordrel.models.matched.skip_gram import SkipGram
from wordrel.models.matched.trainer import Trainer, run
from wordrel.models.matched.weights import norm, role
from wordrel.models.protocols import Segments
from wordrel.models.relations import QUERY_KEY
from wordrel.models.sampling import Readout, Teaches
from wordrel.models.skip_gram import word_by_word
from wordrel.models.spaces import Lift, output_lifts, word_model
from wordrel.models.trained import Runtime, Tensors, Trained
from wordrel.models.word_model import WordModel


def device_of(wanted: str) -> torch.device:
    """`auto` is the graphics card where there is one, else the processor.

    Bits repeat on the processor only: a graphics card adds up repeated rows in no fixed order.

    Raises:
        TrainingError: when `wanted` is "cuda" and there is no graphics card.
    """
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise TrainingError("execute.device is cuda, but torch finds no graphics card: use auto")
    return torch.device("cuda" if wanted == "auto" and has_gpu else wanted.replace("auto", "cpu"))


def train(
    corpus: Corpus, training: TrainingConfig, config: MatchedConfig, seed: int, runtime: Runtime
) -> Trained:
    """One architecture from its start to its last step.

    Raises:
        TrainingError: it explodes, or does not contain the model that it is to start from.
    """
    model = new_model(config, training, len(corpus.vocab), seed)
    if config.start is None:
        return _trained(model, corpus, training, np.random.default_rng(seed), runtime)
    total, tokens = config.epochs(training), len(corpus.train.ids)
    before = total - training.epochs
    own = config.start.training.model_dump(exclude_none=True) if config.start.training else {}
    small = training.model_copy(update=own)
    untrained = new_model(config.start, small, len(corpus.vocab), seed).tensors()
    embed_below(config.start, untrained, config, training)  # fail before training
    at_first = config.start.model_copy(update={"name": f"{config.name}.start"})
    first = train(corpus, small, at_first, seed, _part(runtime, "start", 0.0, before / total))
    learnt = {name: torch.from_numpy(tensor) for name, tensor in first.tensors.items()}
    embedded = embed_below(config.start, learnt, config, training)
    # In the order of a new model, in which the optimiser numbers them.
    model = Model.of(config, {name: embedded[name].clone() for name in model.tensors()})
    rng = np.random.default_rng([seed, before])  # else it would draw what the start has drawn
    part = _part(runtime, "rest", before / total, 1.0)
    return _joined(first, _trained(model, corpus, training, rng, part), before * tokens)


def train_skip_gram(
    corpus: Corpus, training: TrainingConfig, config: SkipGramConfig, seed: int, runtime: Runtime
) -> Trained:
    """The same for skip-gram."""
    model = SkipGram.new(config, training.dim, len(corpus.vocab), seed)
    return _trained(model, corpus, training, np.random.default_rng(seed), runtime)


def _trained(
    model: Model | SkipGram,
    corpus: Corpus,
    training: TrainingConfig,
    rng: np.random.Generator,
    runtime: Runtime,
) -> Trained:
    device = device_of(runtime.device)
    model = model.to(device)
    trainer = Trainer(model, training, corpus, rng)
    # A checkpoint of another kind of device is not used: its numbers differ.
    state = runtime.checkpoints and runtime.checkpoints.below(device.type)
    log = run(trainer, corpus, replace(runtime, checkpoints=state))
    tensors = {name: tensor.detach().cpu().numpy() for name, tensor in model.tensors().items()}
    return Trained(
        tensors,
        parameters=sum(tensor.size for tensor in tensors.values()),
        trained_tokens=training.epochs * len(corpus.train.ids),
        log=log,
        targets=trainer.targets,
        context_words=trainer.context_words,
        seconds_before=state.earlier if state else 0.0,
    )


def _part(runtime: Runtime, name: str, start: float, end: float) -> Runtime:
    """For a part of the training, from one share of it to another."""
    return replace(
        runtime,
        progress=lambda done, detail: runtime.progress(start + (end - start) * done, detail),
        checkpoints=runtime.checkpoints and runtime.checkpoints.below(name),
    )


def _joined(first: Trained, second: Trained, tokens: int) -> Trained:
    """The result of two parts; the first read `tokens` tokens."""
    log = [{**row, "tokens": row["tokens"] + tokens} for row in second.log]
    sums = ("trained_tokens", "targets", "context_words", "seconds_before")
    counted = {key: getattr(first, key) + getattr(second, key) for key in sums}
    return replace(second, log=(*first.log, *log), **counted)


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: MatchedConfig
) -> WordModel:
    """Tables and maps as embeddings; q.k as pair score, if words have queries; y in context."""
    model = Model.of(config, {name: torch.from_numpy(t) for name, t in tensors.items()})
    tables = {"input": tensors["input"], "output": tensors["output"]}
    if model.architecture.maps:
        tables |= {name: table.numpy() for name, table in _roles(model)}
    context = StreamContext(
        model.architecture.objective,
        training,
        model.states,
        model.weights,
        tensors["output"],
        tensors["bias"].ravel(),
        vocab.counts,
        direct=model.architecture.direct,
        blocks=model.architecture.blocks,
        teaches=teaches(training, config),
    )
    if model.architecture.words_ask:
        context = ExchangeableContext(**vars(context), model=model)
    lifts = output_lifts(vocab, tensors["bias"].ravel(), **tables)
    if model.architecture.words_ask:
        lifts[QUERY_KEY] = Lift.of(vocab, *_query_key_tables(model), heads=config.heads)
    return replace(word_model(vocab, tables, context, lifts=lifts), learned=_learned(model))


def teaches(training: TrainingConfig, config: MatchedConfig | SkipGramConfig) -> Teaches:
    """What the scores of a model mean after training with this loss.

    A sampled softmax that skips hits has no exact meaning; it is read as if it kept them.
    """
    if config.loss != "negative_sampling":
        return "probability"
    return "ratio" if training.hits == "keep" else "odds"


@dataclass(frozen=True)
class ExchangeableContext(StreamContext):
    """States of an architecture in which words have queries.

    Attributes:
        model: the one whose query and key can be exchanged.
    """

    model: Model = field(kw_only=True)

    def exchanged(self) -> StreamContext:
        """See `Exchangeable`; without maps, or with K=Q, nothing changes."""
        other = self.model.exchanged()
        return replace(self, mix=other.states, weigh=other.weights, model=other)


def _learned(model: Model) -> dict[str, Float32[np.ndarray, " _"]]:
    """The scores of positions, and of words where the query is one learned vector.

    With several heads a word's score is the mean of theirs.
    """
    weights = model.dense
    learned: dict[str, Float32[np.ndarray, " _"]] = {}
    if "offsets" in weights:
        learned["relative_position"] = weights["offsets"].numpy()
    if "q_mask" in weights:
        keys, heads = (
            model.inputs @ role(model.config, weights, "W_k", model.inputs).T,
            model.config.heads,
        )
        scale = math.sqrt(keys.shape[1] // heads) if model.config.scale else 1.0
        learned["per_word_weight"] = (keys @ weights["q_mask"] / (scale * heads)).numpy()
    return learned


def _attended_words(model: Model) -> Float[Tensor, "V D"]:
    """The rows that the maps of attention read: in a block, after its norm."""
    if model.architecture.block:
        return norm(model.dense, "norm_1", model.inputs)
    return model.inputs


def _query_key_tables(
    model: Model,
) -> tuple[Float32[np.ndarray, "V D"], Float32[np.ndarray, "V D"]]:
    """Every word as the query and the key whose product enters the softmax, of all heads."""
    config, weights, words = model.config, model.dense, _attended_words(model)
    query, key = (words @ role(config, weights, name, words).T for name in ("W_q", "W_k"))
    if "b_q" in weights:
        query = query + weights["b_q"]
    if config.scale:
        query = query / math.sqrt(query.shape[1] // config.heads)
    return query.numpy(), key.numpy()


def _roles(model: Model) -> Iterator[tuple[str, Float[Tensor, "V D"]]]:
    """Every word as value, query and key; in a block the value as it reaches the residual."""
    config, weights, words = model.config, model.dense, _attended_words(model)
    value = words @ role(config, weights, "W_v", words).T
    yield "value", value @ weights["W_o"].T if model.architecture.block else value
    if model.architecture.words_ask:
        yield "query", words @ role(config, weights, "W_q", words).T
        yield "key", words @ role(config, weights, "W_k", words).T


def read_skip_gram(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: SkipGramConfig
) -> WordModel:
    """Both tables; a context of several words is read word by word."""
    tables = {"input": tensors["input"], "output": tensors["output"]}
    why, bias = "skip-gram has no vector for a context of several words", tensors["bias"].ravel()
    model = word_model(vocab, tables, why=why, lifts=output_lifts(vocab, bias, **tables))
    own = tensors["output"], bias, vocab.counts, training
    readout = Readout.of(teaches(training, config), *own)
    joined = word_by_word(vocab, tensors["input"], readout, training.reach)
    ends: Segments = "document" if training.context == "passage" else "sentence"
    return replace(
        model, predictors=tuple(replace(predictor, segments=ends) for predictor in joined)
    )


MATCHED = trained.Model(train, read, version=2)
SKIP_GRAM = trained.Model(train_skip_gram, read_skip_gram, version=1)
