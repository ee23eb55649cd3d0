"""How fast models train beside each other, in one thread: tokens and context words a second.

The only module here that uses internals of the matched trainer.
"""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.material import Material, first_tokens
from benchmarks.rows import Aim, Row, Rows, interleaved
from wordrel.config import (
    MatchedConfig,
    ModelConfig,
    SkipGramConfig,
    TrainingConfig,
    Word2vecConfig,
)
from wordrel.config.models import RECIPES
from wordrel.corpus import Corpus, open_corpus
from wordrel.models import MODELS, Runtime
from wordrel.models.matched.model import new_model
from wordrel.models.matched.skip_gram import SkipGram
from wordrel.models.matched.trainer import Trainer, run

SEED = 1
ATTENTION = MatchedConfig(kind="attention_position", name="attention_position")
MODELS_MEASURED: dict[str, ModelConfig] = {
    config.name: config
    for config in (
        Word2vecConfig(kind="word2vec", algorithm="cbow", name="cbow"),
        Word2vecConfig(kind="word2vec", algorithm="skip_gram", name="skip_gram"),
        MatchedConfig(kind="mean", name="mean"),
        SkipGramConfig(kind="matched_skip_gram", name="matched_skip_gram"),
        ATTENTION,
        MatchedConfig(kind="attention_position", name="attention_position_heads4", heads=4),
        MatchedConfig(
            kind="transformer_block", name="transformer_block", heads=4, learning_rate=0.05
        ),
        MatchedConfig(kind="mean_query_attention_position", name="mean_query_attention_position"),
    )
}
W2V = "mean_query_attention_position"
LM, PASSAGE = f"{W2V}, lm, 256 noise words", f"{W2V}, lm, passage of 64"
SLOW = {"transformer_block", LM, PASSAGE}
TOKENS = {
    ("mean", "cbow"): Aim(least=1.0, first=0.66),
    ("matched_skip_gram", "skip_gram"): Aim(least=2.0),
    ("attention_position", "cbow"): Aim(least=0.5, first=0.335),
    ("attention_position_heads4", "attention_position"): Aim(least=0.8, first=0.46),
    ("transformer_block", "attention_position_heads4"): Aim(least=0.7, first=0.61),
}
"""By tokens a second."""
CONTEXT_WORDS = {(LM, W2V): Aim(least=0.8), (PASSAGE, LM): Aim(least=1.0)}
"""By context words a second: a target has 6 of them under w2v, 10 under lm, 128 in a passage."""


class Cost(NamedTuple):
    """What a training took.

    Attributes:
        seconds: without making the tables and the vocabulary.
        tokens: of the corpus that were read, before subsampling.
        context_words: that its targets saw, together; 0 of gensim, which does not count them.
    """

    seconds: float
    tokens: int
    context_words: int


Way = partial[Cost]
"""Corpus -> the cost of a training."""


def new_trainer(
    corpus: Corpus, training: TrainingConfig, config: MatchedConfig | SkipGramConfig
) -> Trainer:
    """A trainer of an untrained model, as a cell has it."""
    words = len(corpus.vocab)
    if isinstance(config, SkipGramConfig):
        model: Any = SkipGram.new(config, training.dim, words, SEED)
    else:
        model = new_model(config, training, words, SEED)
    return Trainer(model, training, corpus, np.random.default_rng(SEED))


def way(training: TrainingConfig, config: ModelConfig) -> Way:
    """How a model trains: a function of the corpus."""
    if isinstance(config, MatchedConfig | SkipGramConfig):
        return partial(_ours, training, config)
    return partial(_gensims, training, config)


def _ours(training: TrainingConfig, config: MatchedConfig | SkipGramConfig, corpus: Corpus) -> Cost:
    trainer = new_trainer(corpus, training, config)
    started = time.perf_counter()
    run(trainer, corpus, Runtime("cpu"))
    return Cost(time.perf_counter() - started, len(corpus.train.ids), trainer.context_words)


def _gensims(training: TrainingConfig, config: ModelConfig, corpus: Corpus) -> Cost:
    """Of a model that reports progress as soon as it has read a sentence."""
    started: list[float] = []

    def note(fraction: float, detail: Mapping[str, Any]) -> None:
        started.append(time.perf_counter())

    MODELS[config.kind].train(corpus, training, config, SEED, Runtime("cpu", note))
    return Cost(time.perf_counter() - started[0], len(corpus.train.ids), 0)


def ways(training: TrainingConfig) -> dict[str, Way]:
    """All that trains, by name."""
    lm = training.model_copy(update=RECIPES["lm"])
    passage = lm.model_copy(update={"context": "passage", "widest": 64})
    sampled = {"loss": "sampled_softmax", "shared_negatives": 256, "learning_rate": 0.05}
    cell = MODELS_MEASURED[W2V].model_copy(update=sampled)
    by_name = {name: way(training, config) for name, config in MODELS_MEASURED.items()}
    return by_name | {LM: way(lm, cell), PASSAGE: way(passage, cell)}


def throughput(material: Material) -> Iterator[Row]:
    """Tokens and context words a second, and their ratios."""
    rows, sizes = Rows("throughput", TOKENS | CONTEXT_WORDS), material.sizes
    corpus, trained = open_corpus(material.text()), ways(material.training)

    def costs(share: int, rounds: int) -> dict[str, list[Cost]]:
        tokens = {name: sizes.tokens // (3 if name in SLOW else 1) // share for name in trained}
        jobs = {n: partial(each, first_tokens(corpus, tokens[n])) for n, each in trained.items()}
        return interleaved(jobs, rounds)

    costs(10, 1)  # not counted: reads what is on disk
    measured = costs(1, sizes.rounds)
    tokens = {name: [cost.tokens / cost.seconds for cost in its] for name, its in measured.items()}
    words = {name: [c.context_words / c.seconds for c in its] for name, its in measured.items()}
    yield from rows.ratios(tokens, TOKENS, "tokens a second")
    yield from rows.ratios(words, CONTEXT_WORDS, "context words a second")
    for name, rates in tokens.items():
        yield rows.of(name, f"rate, {measured[name][0].tokens:,} tokens a round", rates, "tokens/s")
    for name in dict.fromkeys(name for pair in CONTEXT_WORDS for name in pair):
        yield rows.of(name, "rate of context words", words[name], "words/s")
