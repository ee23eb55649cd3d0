"""What cost grows with: the vocabulary (it should not), the corpus, the tables."""

import time
from collections.abc import Callable, Iterator

from wordrel.bench.child import Cell, Cost, measure
from wordrel.bench.material import Material, zipf_corpus
from wordrel.bench.rows import Aim, Row, Rows
from wordrel.bench.timing import ATTENTION, CBOW, MEAN, interleaved, new_trainer
from wordrel.config import MatchedConfig, ModelConfig, TrainingConfig
from wordrel.models.matched.trainer import Trainer, _batches

MODELS = (MEAN, ATTENTION)
FLAT = Aim(most=1.3)
TABLES = "twice its tables and optimiser, and 500 MB"


def vocabulary(material: Material) -> Iterator[Row]:
    """Seconds for the same number of tokens, by vocabulary, beside the smallest one.

    Batches and steps alone: tables are made once, and once looked through for what is not finite.
    """
    sizes = material.sizes
    training = material.training.model_copy(update={"subsample": 0.0})
    models = [config.name for config in MODELS]
    first, *larger = (f"{words:,} words" for words in sizes.vocabularies)
    aims = {(f"{m}, {words}", f"{m}, {first}"): FLAT for m in models for words in larger}
    rows, jobs = Rows("vocabulary", aims), dict[str, Callable[[], float]]()
    for words in sizes.vocabularies:
        for config in MODELS:
            jobs[f"{config.name}, {words:,} words"] = _steps(
                words, sizes.vocabulary_tokens, training, config
            )
    interleaved(jobs, 1)  # not counted: the system hands out the pages of a table at first use
    found = interleaved(jobs, sizes.rounds)
    tokens = f"seconds for {sizes.vocabulary_tokens:,} tokens"
    yield from rows.ratios(found, aims, tokens)
    for name, numbers in found.items():
        yield rows.of(name, tokens, numbers, "s")


def _steps(
    words: int, tokens: int, training: TrainingConfig, config: MatchedConfig
) -> Callable[[], float]:
    corpus = zipf_corpus(words, tokens)
    trainer: Trainer = new_trainer(corpus, training, config)

    def seconds() -> float:
        started = time.perf_counter()
        for batch in _batches(trainer, corpus):
            trainer.step(batch, remaining=1.0)
        return time.perf_counter() - started

    return seconds


def corpus_size(material: Material) -> Iterator[Row]:
    """Seconds a token and peak memory of one epoch, by tokens, beside the fewest."""
    sizes, folder = material.sizes, str(material.text())
    model, training = MEAN.model_dump_json(), material.training.model_dump_json()
    jobs = {f"{t:,} tokens": Cell(model, training, t, folder=folder) for t in sizes.corpora}
    costs = _costs(jobs, sizes.few_rounds)
    first, *larger = jobs
    rows = Rows("corpus", {(name, first): FLAT for name in larger})
    seconds = {name: [c.seconds / c.tokens * 1e6 for c in its] for name, its in costs.items()}
    peaks = {name: [c.peak_mb for c in its] for name, its in costs.items()}
    pairs = [(name, first) for name in larger]
    yield from rows.ratios(seconds, pairs, "mean, seconds a token")
    yield from rows.ratios(peaks, pairs, "mean, peak memory")
    for name, its in costs.items():
        yield rows.of(name, "tokens read", [float(c.tokens) for c in its], "")
        yield rows.of(name, "training", [c.seconds for c in its], "s")
        yield rows.of(name, "seconds for a million tokens", seconds[name], "s")
        yield rows.of(name, "peak memory of the process", peaks[name], "MB")


def memory(material: Material) -> Iterator[Row]:
    """Peak memory of a cell's process beside what its tables and its optimiser need."""
    sizes, training = material.sizes, material.training
    models: tuple[ModelConfig, ...] = (*MODELS, CBOW)
    jobs = {
        model.name: Cell(
            model.model_dump_json(),
            training.model_dump_json(),
            sizes.memory_tokens,
            words=sizes.memory_words,
        )
        for model in models
    }
    needed = tables_mb(sizes.memory_words, training.dim)
    limit = Aim(most=round(2 * needed + 500, 1))
    rows = Rows("memory", {(model.name, TABLES): limit for model in MODELS})
    costs = _costs(jobs, sizes.few_rounds)
    what = f"peak memory of the process, {sizes.memory_words:,} words, {training.dim} dimensions"
    for name, its in costs.items():
        yield rows.of(name, what, [c.peak_mb for c in its], "MB", TABLES)
    yield rows.of("a matched model", "tables and optimiser", [needed], "MB")


def tables_mb(words: int, dim: int) -> float:
    """Tables, bias and Adagrad's number a row of each, 4 bytes a number, in 10^6 bytes.

    Left out: the maps of a rung and Adam's state for them, half a megabyte for 100 dimensions.
    """
    numbers = words * (2 * dim + 1 + 3)
    return 4 * numbers / 1e6


def _costs(cells: dict[str, Cell], rounds: int) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {name: [] for name in cells}
    for _ in range(rounds):
        for name, cell in cells.items():
            costs[name].append(measure(cell))
    return costs
