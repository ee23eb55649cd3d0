"""Tokens a second of the models, beside gensim and beside the plain way, in one thread."""

from collections.abc import Iterator

from benchmarks import plain
from benchmarks.material import Material, first_tokens
from benchmarks.rows import Aim, Row, Rows
from benchmarks.training import (
    ATTENTION,
    CBOW,
    MASKED,
    MEAN,
    SKIP_GRAM,
    interleaved,
    rate,
    training_seconds,
)
from wordrel.config import MatchedConfig, ModelConfig
from wordrel.corpus import open_corpus

PLAIN, PLAIN_FUSED = "the plain way", "the plain way, fused Adam"
AIMS = {
    ("mean", "cbow"): Aim(least=0.6, reach=1.0),
    ("attention_position", "cbow"): Aim(least=0.3, reach=0.5),
    ("attention_position", PLAIN): Aim(least=5.0),
}
SHOWN: tuple[ModelConfig, ...] = (
    *(CBOW, SKIP_GRAM, MEAN, ATTENTION, MASKED),
    MatchedConfig(
        kind="mean_query_attention_position", name="mean_query_attention_position", scale=True
    ),
    MatchedConfig(kind="attention_position", name="attention_position_heads4", heads=4, scale=True),
    MatchedConfig(
        kind="transformer_block", name="transformer_block", heads=4, scale=True, learning_rate=0.05
    ),
)
"""With the settings that configs/ladder.yaml gives them."""


def throughput(material: Material) -> Iterator[Row]:
    """Trained tokens a second, counted before subsampling, as one cell trains."""
    rows, sizes, training = Rows("throughput", AIMS), material.sizes, material.training
    ways = {config.name: (sizes.tokens, training_seconds(training, config)) for config in SHOWN}
    for name, fused in ((PLAIN, False), (PLAIN_FUSED, True)):
        way = plain.training_seconds(training, ATTENTION, fused=fused)
        ways[name] = (sizes.plain_tokens, way)
    corpus = open_corpus(material.text())

    def run(share: int, rounds: int) -> dict[str, list[float]]:
        jobs = {
            name: rate(first_tokens(corpus, tokens // share), way)
            for name, (tokens, way) in ways.items()
        }
        return interleaved(jobs, rounds)

    run(10, 1)  # not counted: reads what is on disk
    found = run(1, sizes.rounds)
    pairs = [*AIMS, ("mean", "skip_gram"), ("attention_position", PLAIN_FUSED)]
    pairs += [(c.name, "cbow") for c in SHOWN if c not in (CBOW, MEAN, ATTENTION)]
    yield from rows.ratios(found, pairs, "tokens a second")
    for name, (tokens, _) in ways.items():
        yield rows.of(name, f"rate, {tokens:,} tokens a round", found[name], "tokens/s")
