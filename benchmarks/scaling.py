"""What cost grows with: the vocabulary (it should not), the corpus, the tables."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.child import Cell, measure
from benchmarks.material import Material, zipf_corpus
from benchmarks.rows import Aim, Row, Rows
from benchmarks.training import ATTENTION, CBOW, MEAN, batches, interleaved, new_trainer, timed
from wordrel.config import MatchedConfig, TrainingConfig

MODELS = (MEAN, ATTENTION)
FLAT = Aim(most=1.3)
TABLES = "twice its tables and optimiser, and 500 MB"


def vocabulary(material: Material) -> Iterator[Row]:
    """Seconds for the same number of tokens, by vocabulary, beside the smallest one.

    Batches and steps alone: tables are made once, and once looked through for what is not finite.
    """
    sizes = material.sizes
    training = material.training.model_copy(update={"subsample": 0.0})
    jobs = {
        f"{config.name}, {words:,} words": _steps(words, sizes.vocabulary_tokens, training, config)
        for words in sizes.vocabularies
        for config in MODELS
    }
    first, *larger = (f"{words:,} words" for words in sizes.vocabularies)
    names = [config.name for config in MODELS]
    rows = Rows("vocabulary", {(f"{m}, {w}", f"{m}, {first}"): FLAT for m in names for w in larger})
    interleaved(jobs, 1)  # not counted: the system hands out the pages of a table at first use
    found = interleaved(jobs, sizes.rounds)
    tokens = f"seconds for {sizes.vocabulary_tokens:,} tokens"
    yield from rows.ratios(found, rows.aims, tokens)
    for name, numbers in found.items():
        yield rows.of(name, tokens, numbers, "s")


def _steps(
    words: int, tokens: int, training: TrainingConfig, config: MatchedConfig
) -> Callable[[], float]:
    corpus = zipf_corpus(words, tokens)
    trainer = new_trainer(corpus, training, config)

    def steps() -> None:
        for batch in batches(trainer, corpus):
            trainer.step(batch, remaining=1.0)

    return lambda: timed(steps)[0]


def corpus_size(material: Material) -> Iterator[Row]:
    """Seconds a token and peak memory of one epoch, by tokens, beside the fewest."""
    cell = partial(Cell, model=MEAN, training=material.training, folder=material.text().resolve())
    jobs = {f"{t:,} tokens": partial(measure, cell(tokens=t)) for t in material.sizes.corpora}
    found = interleaved(jobs, material.sizes.few_rounds)
    first, *larger = jobs
    rows = Rows("corpus", {(name, first): FLAT for name in larger})
    a_million = {name: [c.seconds / c.tokens * 1e6 for c in its] for name, its in found.items()}
    peaks = {name: [c.peak_mb for c in its] for name, its in found.items()}
    yield from rows.ratios(a_million, rows.aims, "mean, seconds a token")
    yield from rows.ratios(peaks, rows.aims, "mean, peak memory")
    for name, its in found.items():
        yield rows.of(name, "tokens read", [float(c.tokens) for c in its], "")
        yield rows.of(name, "training", [c.seconds for c in its], "s")
        yield rows.of(name, "seconds for a million tokens", a_million[name], "s")
        yield rows.of(name, "peak memory of the process", peaks[name], "MB")


def memory(material: Material) -> Iterator[Row]:
    """Peak memory of a cell's process beside what its tables and its optimiser need."""
    sizes, training = material.sizes, material.training
    cell = partial(Cell, training=training, tokens=sizes.memory_tokens, words=sizes.memory_words)
    jobs = {model.name: partial(measure, cell(model=model)) for model in (*MODELS, CBOW)}
    needed = tables_mb(sizes.memory_words, training.dim)
    limit = Aim(most=round(2 * needed + 500, 1))
    rows = Rows("memory", {(model.name, TABLES): limit for model in MODELS})
    what = f"peak memory of the process, {sizes.memory_words:,} words, {training.dim} dimensions"
    for name, its in interleaved(jobs, sizes.few_rounds).items():
        yield rows.of(name, what, [c.peak_mb for c in its], "MB", TABLES)
    yield rows.of("a matched model", "tables and optimiser", [needed], "MB")


def tables_mb(words: int, dim: int) -> float:
    """Tables, bias and Adagrad's number a row of each, 4 bytes a number, in 10^6 bytes.

    Left out: the maps of an architecture and Adam's state for them, half a megabyte for 100
    dimensions.
    """
    return 4 * words * (2 * dim + 1 + 3) / 1e6
