"""Time to quality: how long a model trains until it is as good as gensim's CBOW, nearly.

Each length of training is a run of its own, whose learning rate falls to 0 at its end.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from wordrel.bench.material import Material, first_tokens, judge
from wordrel.bench.rows import Aim, Row, Rows
from wordrel.bench.timing import ATTENTION, CBOW, MASKED, MEAN, SEED, SKIP_GRAM
from wordrel.config import ModelConfig
from wordrel.corpus import Corpus, open_corpus
from wordrel.models import MODELS, Runtime
from wordrel.tasks import Task

BELOW = 0.02  # the target: so much less than gensim's CBOW has after its last epoch
MEASURE = "seconds to quality"
AIMS = {
    ("mean", "cbow"): Aim(most=1.0),
    ("attention_position", "cbow"): Aim(most=2.0),
    ("masked_attention", "cbow"): Aim(most=2.0),
}
OTHERS: tuple[ModelConfig, ...] = (MEAN, ATTENTION, MASKED, SKIP_GRAM)


@dataclass(frozen=True)
class Run:
    """One training from start to end."""

    epochs: int
    seconds: float
    score: float
    pairs: int


@dataclass
class Found:
    """The runs of one model so far."""

    runs: list[Run] = field(default_factory=list)

    def reached(self, target: float) -> float | None:
        """Seconds of the shortest run that is as good as the target; None if there is none."""
        good = [run for run in self.runs if run.score >= target]
        return min(good, key=lambda run: run.epochs).seconds if good else None

    def expected(self, epochs: int) -> float:
        """Seconds that so many epochs should take; 0 before anything was run."""
        return max((run.seconds / run.epochs for run in self.runs), default=0.0) * epochs


@dataclass(frozen=True)
class Trial:
    """Trains and judges, until the time is over."""

    material: Material
    corpus: Corpus
    task: Task
    end: float

    def run(self, config: ModelConfig, epochs: int) -> Run:
        """Train, then judge; only the training takes time."""
        training = self.material.training.model_copy(update={"epochs": epochs})
        model, started = MODELS[config.kind], time.perf_counter()
        trained = model.train(self.corpus, training, config, SEED, Runtime("cpu"))
        seconds = time.perf_counter() - started
        readings = model.read(trained.tensors, self.corpus.vocab, training, config)
        return Run(epochs, seconds, *judge(readings, self.task))

    def until(self, target: float, config: ModelConfig, found: Found) -> None:
        """Longer and longer runs, until one is good or the next would take too long."""
        for epochs in self.material.sizes.epochs:
            late = time.monotonic() + found.expected(epochs) > self.end
            if late or found.reached(target) is not None:
                return
            found.runs.append(self.run(config, epochs))


def quality(material: Material) -> Iterator[Row]:
    """Seconds of the shortest training whose end reaches the target, beside gensim's CBOW."""
    rows, sizes, task = Rows("quality", AIMS), material.sizes, material.men()
    corpus = open_corpus(material.text())
    corpus = first_tokens(corpus, material.quality_tokens or len(corpus.train.ids))
    trial = Trial(material, corpus, task, time.monotonic() + sizes.budget)
    longest = trial.run(CBOW, sizes.epochs[-1])
    target = longest.score - BELOW
    found = {config.name: Found() for config in (CBOW, *OTHERS)}
    found["cbow"].runs.append(longest)
    for epochs in reversed(sizes.epochs[:-1]):  # from above: it is near its target there
        found["cbow"].runs.append(trial.run(CBOW, epochs))
        if found["cbow"].runs[-1].score < target:
            break
    for config in OTHERS:
        trial.until(target, config, found[config.name])

    reference = found["cbow"].reached(target)
    assert reference is not None  # the run that gave the target reaches it
    for config in OTHERS:
        yield _ratio(rows, config.name, found[config.name], target, reference)
    yield rows.of("target", f"MEN-dev Spearman, n {longest.pairs} pairs", [target], "Spearman")
    for name, its in found.items():
        seconds = its.reached(target)
        if seconds is not None:
            yield rows.of(name, MEASURE, [seconds], "s")
        for run in sorted(its.runs, key=lambda run: run.epochs):
            after = f"{run.epochs} epoch{'s' * (run.epochs > 1)}"
            yield rows.of(name, f"MEN-dev Spearman after {after}", [run.score], "Spearman")
            yield rows.of(name, f"training of {after}", [run.seconds], "s")


def _ratio(rows: Rows, name: str, its: Found, target: float, reference: float) -> Row:
    """Where the target was not reached: more than the longest run took."""
    if not its.runs:
        return rows.missing(name, "the time for this part was over", "cbow")
    seconds = its.reached(target)
    if seconds is not None:
        return rows.of(name, MEASURE, [seconds / reference], "times", "cbow")
    longest = max(run.seconds for run in its.runs)
    return rows.more_than(name, MEASURE, longest / reference, "times", "cbow")
