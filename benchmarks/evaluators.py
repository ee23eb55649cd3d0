"""Evaluation: seconds and memory of every task of the question alike, beside gensim's evaluators.

The vectors are random, of a vocabulary of the sets' own words and others that fill it up; only so
much is planted that some analogies come out right. gensim is asked what it can be asked, pairs and
Google's analogies: the same items, and a part whose scores are not gensim's is not stored.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
from gensim.models import KeyedVectors
from jaxtyping import Float32, Int64

from benchmarks.material import Material
from benchmarks.rows import Aim, Row, Rows
from benchmarks.training import interleaved, timed
from wordrel.corpus import Vocab
from wordrel.errors import WordrelError
from wordrel.io.environment import peak_memory
from wordrel.models.word_model import WordModel
from wordrel.stats import MEASURES, plain_scores
from wordrel.tasks import RESTRICT_VOCAB, Predictions, Task, ask, load_task
from wordrel.tasks.registry import REGISTRY

N_VIEWS = 14  # as many as the model that has most of them
GOOGLE = "google_analogies"
ANALOGIES, PAIRS = "Google's analogies", "word pairs"
BESIDE = {
    ANALOGIES: "gensim's evaluate_word_analogies",
    PAIRS: "gensim's evaluate_word_pairs",
}
ALL, MEMORY = f"all tasks, {N_VIEWS} embeddings", f"memory of all tasks, {N_VIEWS} embeddings"
AIMS = {
    (ANALOGIES, BESIDE[ANALOGIES]): Aim(least=5.0),
    (ALL, ""): Aim(most=25.0),
    (MEMORY, ""): Aim(most=1500.0),
}
EQUAL = 1e-6
_NOISE = 2.0  # so loud that a third of Google's questions come out right in 100 dimensions
_FEWEST = 3  # pairs; fewer have no correlation


class Score(NamedTuple):
    """What an evaluator says of a task: the score, and of how many items."""

    value: float
    n: int


Scores = dict[str, Score]
"""By task."""


def evaluators(material: Material) -> Iterator[Row]:
    """Items a second beside gensim; seconds and peak memory of everything."""
    rows, rounds = Rows("evaluators", AIMS), range(material.sizes.few_rounds)
    tasks = alike_tasks()
    vocab = vocabulary(tasks, material.sizes.memory_words)
    one, many = (model(tasks, vocab, material.training.dim, n) for n in (1, N_VIEWS))
    google = [task for task in tasks if task.name == GOOGLE]
    pairs = [task for task in tasks if task.kind == "pairs" and _covered(task, one) >= _FEWEST]
    yield from _beside_gensim(rows, ANALOGIES, google, one, len(rounds))
    yield from _beside_gensim(rows, PAIRS, pairs, one, len(rounds))
    shape = f"{len(vocab):,} words, {material.training.dim} dimensions"
    for kind in sorted({task.kind for task in tasks}):
        its = [task for task in tasks if task.kind == kind]
        seconds = [timed(partial(ours, its, one))[0] for _ in rounds]
        what = f"{kind}: {', '.join(task.name for task in its)}"
        yield rows.of(what, f"one embedding, {shape}", seconds, "s")
    seconds, peaks = [], []
    for _ in rounds:
        with peak_memory() as peak:
            seconds.append(timed(partial(ours, tasks, many))[0])
        peaks.append(peak.megabytes)
    yield rows.of(ALL, f"{len(tasks)} tasks, {shape}", seconds, "s")
    yield rows.of(MEMORY, f"peak memory of the process, {shape}", peaks, "MB")


def alike_tasks() -> list[Task]:
    """Every task of the question alike.

    Raises:
        DatasetError: where a data set is not here; says how to get it.
    """
    return [load_task(name) for name, info in REGISTRY.items() if info.question == "alike"]


def _covered(task: Task, word_model: WordModel) -> int:
    return int(ask(task, word_model, lowercase=True)[0].covered.sum())


def vocabulary(tasks: Sequence[Task], n_words: int) -> Vocab:
    """The words of the tasks, of each task in turn, up to this many; then words of no task."""
    in_turn = zip_longest(*(_words(task) for task in tasks))
    own = dict.fromkeys(word for words in in_turn for word in words if word is not None)
    filler = (f"filler-{i}" for i in range(n_words - len(own)))
    words = tuple(chain(own, filler))[:n_words]
    return Vocab(words, np.arange(n_words, 0, -1))


def _words(task: Task) -> Iterator[str]:
    for item in task.items.words:
        for text in item:
            yield from text.lower().split("/")


def model(tasks: Sequence[Task], vocab: Vocab, dim: int, n_embeddings: int) -> WordModel:
    """Random vectors in which the words of a section of analogies differ by about the same."""
    base, derived, section = _planted(tasks, vocab)
    embeddings = {}
    for seed in range(n_embeddings):
        generator = np.random.default_rng(seed)
        embedding: Float32[np.ndarray, "V D"] = generator.standard_normal(
            (len(vocab), dim), np.float32
        )
        offsets = generator.standard_normal((section.max(initial=0) + 1, dim), np.float32)
        noise = generator.standard_normal((len(base), dim), np.float32)
        embedding[derived] = embedding[base] + offsets[section] + np.float32(_NOISE) * noise
        embeddings[f"embedding {seed}"] = embedding
    return WordModel(vocab, embeddings, selected={"alike": "embedding 0"})


def _planted(
    tasks: Sequence[Task], vocab: Vocab
) -> tuple[Int64[np.ndarray, " Q"], Int64[np.ndarray, " Q"], Int64[np.ndarray, " Q"]]:
    """Word, the word that is derived from it, and the section; no word is derived twice."""
    found: dict[int, tuple[int, int]] = {}
    sections: dict[tuple[str, str], int] = {}
    for task in (task for task in tasks if task.kind == "analogies"):
        for label, words in zip(task.items.labels, task.items.words, strict=True):
            section = sections.setdefault((task.name, label), len(sections))
            ids = vocab.ids(text.lower().split("/")[0] for text in words).tolist()
            for base, derived in (ids[:2], ids[2:]):
                if min(base, derived) >= 0 and base not in found:
                    found.setdefault(derived, (base, section))
    bases, of = np.array(list(found.values()), dtype=np.int64).reshape(-1, 2).T
    return bases, np.array(list(found), dtype=np.int64), of


def ours(tasks: Sequence[Task], word_model: WordModel) -> Scores:
    """The scores of the first rows of some tasks; those of all their rows are made."""
    scores = {}
    for task in tasks:
        scores[task.name], *_ = map(_score, ask(task, word_model, lowercase=True))
    return scores


def _score(outcome: Predictions) -> Score:
    said = np.isfinite(outcome.predicted)
    gold, predicted = outcome.gold[said], outcome.predicted[None, said]
    return Score(
        float(plain_scores(MEASURES[outcome.measure], gold, predicted)[0]), int(said.sum())
    )


def of_gensim(tasks: Sequence[Task], files: Mapping[str, Path], vectors: KeyedVectors) -> Scores:
    """What gensim says of the same tasks, from their files in its format."""
    scores = {}
    for task in tasks:
        path = str(files[task.name])
        if task.kind == "pairs":
            _, spearman, unknown = vectors.evaluate_word_pairs(path)
            n = round(task.items.n_items * (1 - unknown / 100))
            scores[task.name] = Score(float(spearman.statistic), n)
        else:
            accuracy, sections = vectors.evaluate_word_analogies(path, RESTRICT_VOCAB)
            n = len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
            scores[task.name] = Score(accuracy, n)
    return scores


def in_its_format(task: Task, folder: Path) -> Path:
    """The items of a set of pairs or of analogies, as gensim reads them."""
    items, path = task.items, folder / f"{task.name}.txt"
    if task.kind == "pairs":
        scored = zip(items.words, items.gold.tolist(), strict=True)
        lines = ["\t".join([*words, repr(score)]) for words, score in scored]
    else:
        lines = [": all", *map(" ".join, items.words)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _beside_gensim(
    rows: Rows, what: str, tasks: Sequence[Task], word_model: WordModel, n_rounds: int
) -> Iterator[Row]:
    """Rates, each other's ratio, seconds, and the score on which both agree."""
    (embedding,) = word_model.embeddings.values()
    vectors = KeyedVectors(embedding.shape[1])
    vectors.add_vectors(list(word_model.vocab.words), embedding)
    with tempfile.TemporaryDirectory() as folder:
        files = {task.name: in_its_format(task, Path(folder)) for task in tasks}
        jobs = {
            what: partial(timed, partial(ours, tasks, word_model)),
            BESIDE[what]: partial(timed, partial(of_gensim, tasks, files, vectors)),
        }
        found = interleaved(jobs, n_rounds)
    for (_, mine), (_, its) in zip(*found.values(), strict=True):
        require_equal(mine, its)
    _, scores = found[what][0]
    n = sum(score.n for score in scores.values())
    rates = {name: [n / seconds for seconds, _ in its] for name, its in found.items()}
    yield from rows.ratios(rates, [(what, BESIDE[what])], "items a second")
    for name, its in found.items():
        yield rows.of(name, f"{n:,} items", [seconds for seconds, _ in its], "s")
    for task in tasks:
        score = scores[task.name]
        measure = f"{task.measure}, gensim's to {EQUAL:g}, of {score.n:,} items"
        yield rows.of(task.name, measure, [score.value], task.measure.title())


def require_equal(scores: Scores, of_gensim: Scores) -> None:
    """Two evaluators have to say the same of the same items.

    Raises:
        WordrelError: with both scores, where they do not.
    """
    for name, score in scores.items():
        other = of_gensim[name]
        if score.n != other.n or not abs(score.value - other.value) <= EQUAL:
            raise WordrelError(
                f"{name}: found {score.value:.8f} on {score.n} items, expected gensim's "
                f"{other.value:.8f} on {other.n}: one of the two asks or counts otherwise"
            )
