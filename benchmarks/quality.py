"""Time to quality: how long a model trains until it is as good as gensim's CBOW, nearly.

Each length of training is a run of its own, whose learning rate falls to 0 at its end.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.material import Material, first_tokens, judge
from benchmarks.rows import Aim, Row, Rows
from benchmarks.training import ATTENTION, CBOW, MASKED, MEAN, SEED, SKIP_GRAM, timed
from wordrel.config import ModelConfig
from wordrel.corpus import Corpus, open_corpus
from wordrel.models import MODELS, Runtime
from wordrel.tasks import Task

BELOW = 0.02  # the target: so much less than gensim's CBOW has after its last epoch
MEASURE = "seconds to quality"
AIMS = {
    ("mean", "cbow"): Aim(most=1.0),
    ("attention_position", "cbow"): Aim(most=2.0),
    ("mask_query_attention", "cbow"): Aim(most=2.0),
}
OTHERS: tuple[ModelConfig, ...] = (MEAN, ATTENTION, MASKED, SKIP_GRAM)


@dataclass(frozen=True)
class Run:
    """One training from start to end."""

    seconds: float
    score: float
    pairs: int


Runs = Mapping[int, Run]
"""Epochs -> the run of one model that is as long."""


@dataclass(frozen=True)
class Trial:
    """Trains on a corpus and judges by a task."""

    material: Material
    corpus: Corpus
    task: Task

    def run(self, config: ModelConfig, epochs: int) -> Run:
        """Train, then judge; only the training takes time."""
        training = self.material.training.model_copy(update={"epochs": epochs})
        model = MODELS[config.kind]
        seconds, trained = timed(
            lambda: model.train(self.corpus, training, config, SEED, Runtime("cpu"))
        )
        word_model = model.read(trained.tensors, self.corpus.vocab, training, config)
        return Run(seconds, *judge(word_model, self.task))

    def until(self, target: float, config: ModelConfig, end: float) -> Runs:
        """Longer and longer runs, until one is good or the next would take too long."""
        runs: dict[int, Run] = {}
        for epochs in self.material.sizes.epochs:
            an_epoch = max((run.seconds / n for n, run in runs.items()), default=0.0)
            if time.monotonic() + an_epoch * epochs > end or reached(runs, target) is not None:
                break
            runs[epochs] = self.run(config, epochs)
        return runs

    def down(self, target: float, longest: Run) -> Runs:
        """The runs of gensim's CBOW from the longest to the first that is not good enough."""
        *shorter, last = self.material.sizes.epochs
        runs = {last: longest}
        for epochs in reversed(shorter):  # from above: it is near its target there
            runs[epochs] = self.run(CBOW, epochs)
            if runs[epochs].score < target:
                break
        return runs


def reached(runs: Runs, target: float) -> float | None:
    """Seconds of the shortest run that is as good as the target; None if there is none."""
    return next((run.seconds for _, run in sorted(runs.items()) if run.score >= target), None)


def quality(material: Material) -> Iterator[Row]:
    """Seconds of the shortest training whose end reaches the target, beside gensim's CBOW."""
    rows, sizes, task = Rows("quality", AIMS), material.sizes, material.men()
    corpus = open_corpus(material.text())
    corpus = first_tokens(corpus, material.quality_tokens or len(corpus.train.ids))
    trial, end = Trial(material, corpus, task), time.monotonic() + sizes.budget
    longest = trial.run(CBOW, sizes.epochs[-1])
    target = longest.score - BELOW
    found = {"cbow": trial.down(target, longest)}
    found |= {config.name: trial.until(target, config, end) for config in OTHERS}
    reference = reached(found["cbow"], target)
    assert reference is not None  # the run that gave the target reaches it
    for config in OTHERS:
        yield _ratio(rows, config.name, found[config.name], target, reference)
    yield rows.of("target", f"MEN-dev Spearman, n {longest.pairs} pairs", [target], "Spearman")
    for name, runs in found.items():
        seconds = reached(runs, target)
        if seconds is not None:
            yield rows.of(name, MEASURE, [seconds], "s")
        for epochs, run in sorted(runs.items()):
            after = f"{epochs} epoch{'s' * (epochs > 1)}"
            yield rows.of(name, f"MEN-dev Spearman after {after}", [run.score], "Spearman")
            yield rows.of(name, f"training of {after}", [run.seconds], "s")


def _ratio(rows: Rows, name: str, runs: Runs, target: float, reference: float) -> Row:
    """Where the target was not reached: more than the longest run took."""
    if not runs:
        return rows.of(name, "not measured: the time for this part was over", [], "", "cbow")
    seconds = reached(runs, target)
    if seconds is not None:
        return rows.of(name, MEASURE, [seconds / reference], "times", "cbow")
    longest = max(run.seconds for run in runs.values())
    return rows.more_than(name, MEASURE, longest / reference, "times", "cbow")
