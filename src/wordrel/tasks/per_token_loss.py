"""The loss of the study: -log p of each scored word of the test documents, in nats.

p is under the full softmax, corrected for loss and sampling (`models.sampling`), from whole
contexts. The scored words are the same for every model. A model has predictions for its own
objective, in two rows: `as_trained`, and `calibrated` with three numbers that are fitted on the
development documents, once a run (`tasks.calibration`). The calibrated row decides, so that models
which differ only in the scale of their scores do not differ.

Where a model has several predictors, both rows take the one with the lower calibrated loss on the
development documents, and name it as their embedding.

The items are test documents: gold is the number of scored words, predicted their nats together, and
the measure the ratio of the sums. Measurements are the calibration, the loss on the development
documents and on some of the training documents, and how many words a context has. A model that has
the lower loss on training documents and the higher one on test documents overfits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

import numpy as np
from jaxtyping import Float32, Int64

from wordrel.config.architectures import Objective
from wordrel.corpus.disk import empty_split
from wordrel.corpus.vocab import Vocab
from wordrel.models.protocols import Predictor
from wordrel.models.sampling import noise_distribution
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    Kind,
    Measurement,
    Predictions,
    Scope,
    Task,
    reason,
    unanswered,
)
from wordrel.tasks.calibration import AS_TRAINED, FIT_TOKENS, Calibration, fit, losses
from wordrel.tasks.items import Items
from wordrel.tasks.registry import AS_IT_IS, CALIBRATED
from wordrel.tasks.scored_text import ScoredText, sampled, scored_text

MAX_TOKENS = 200_000
"""Scored words of the test documents."""
TRAINING_TOKENS = 200_000
"""Of training documents, `FIT_TOKENS` of whose words are scored."""


class Read(NamedTuple):
    """A predictor of a model, and its losses on development text.

    Attributes:
        predictor: the predictor.
        calibration: fitted on development text.
        as_trained: loss a word there, without the calibration.
        calibrated: with it.
    """

    predictor: Predictor
    calibration: Calibration
    as_trained: float
    calibrated: float


def answer_and_measure(
    task: Task, word_model: WordModel, scope: Scope
) -> tuple[list[Predictions], list[Measurement]]:
    """Two outcomes an objective, and the measurements of the model's own objective.

    Raises:
        ValueError: where `scope` has no documents.
    """
    if scope.development is None or scope.test is None:
        raise ValueError(f"{task.name} needs development and test documents, found none in scope")
    test = scored_text(scope.test, MAX_TOKENS)
    development = scored_text(scope.development, FIT_TOKENS)
    training = scored_text(sampled(scope.train or empty_split(), TRAINING_TOKENS), FIT_TOKENS)
    log_u = log_frequency(word_model.vocab)
    template = _template(task, test, development, log_u)
    outcomes: list[Predictions] = []
    measurements: list[Measurement] = []
    for objective in get_args(Objective):
        rows = [
            replace(template, task=f"{task.name}.{objective}.{row}")
            for row in (AS_IT_IS, CALIBRATED)
        ]
        predictors = [
            predictor for predictor in word_model.predictors if predictor.objective == objective
        ]
        if template.note or not predictors:
            outcomes += rows if template.note else [row.noted(_why(word_model)) for row in rows]
            continue
        read = best_read(predictors, development, log_u)
        nats = losses(read.predictor, test, log_u, [AS_TRAINED, read.calibration])
        for row, values in zip(rows, nats, strict=True):
            sums = test.by_document(values)[_scored_documents(test)]
            outcomes.append(replace(row, embedding=read.predictor.name, predicted=sums))
        measurements += _measured(task.name, objective, read, test, len(development.places))
        if len(training.places):
            nats = losses(read.predictor, training, log_u, [read.calibration])
            columns = (f"training_{CALIBRATED}", float(nats.mean()), np.nan, len(training.places))
            measurements.append(Measurement(task.name, read.predictor.name, objective, *columns))
    return outcomes, measurements


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """See `answer_and_measure`."""
    return answer_and_measure(task, word_model, scope)[0]


def answer_development(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """The calibrated rows on the development documents, by which settings are chosen."""
    rows = answer_and_measure(task, word_model, replace(scope, test=scope.development))[0]
    return [row for row in rows if row.task.endswith(CALIBRATED)]


def best_read(
    predictors: Sequence[Predictor], development: ScoredText, log_u: Float32[np.ndarray, " V"]
) -> Read:
    """The predictor with the lower calibrated loss on development text."""
    return min(
        (_read(predictor, development, log_u) for predictor in predictors),
        key=lambda read: read.calibrated,
    )


def _read(predictor: Predictor, development: ScoredText, log_u: Float32[np.ndarray, " V"]) -> Read:
    calibration = fit(predictor, development, log_u)
    plain, calibrated = losses(predictor, development, log_u, [AS_TRAINED, calibration]).mean(
        axis=1
    )
    return Read(predictor, calibration, float(plain), float(calibrated))


def log_frequency(vocab: Vocab) -> Float32[np.ndarray, " V"]:
    """Log u of each word: its share of the training text."""
    return np.asarray(np.log(noise_distribution(vocab.counts, 1.0)), dtype=np.float32)


def _scored_documents(test: ScoredText) -> Int64[np.ndarray, " M"]:
    """The documents that have a scored word."""
    return np.asarray(np.unique(test.document))


def _template(
    task: Task, test: ScoredText, development: ScoredText, log_u: Float32[np.ndarray, " V"]
) -> Predictions:
    """The outcome, yet to be filled in, of a model on these documents."""
    documents = _scored_documents(test)
    gold = test.by_document(np.ones(len(test.places)))[documents]
    chance = float(-log_u[test.words].mean()) if len(documents) else float("nan")
    items = Items((), gold=gold, cluster=documents)
    template = unanswered(
        replace(task, items=items), np.ones(len(documents), dtype=np.bool_), chance
    )
    empty = "test" if not len(documents) else "development" if not len(development.places) else ""
    if not empty:
        return template
    return replace(
        template, note=f"no {empty} document has a sentence of two words: give more text"
    )


def _why(word_model: WordModel) -> str:
    """Why a model has no answer."""
    if word_model.predictors:
        return f"the model was trained for the objective {word_model.predictors[0].objective!r}"
    return reason(word_model, "fit", "context")


def _measured(
    task: str, objective: Objective, read: Read, test: ScoredText, fitted: int
) -> Iterator[Measurement]:
    def measurement(statistic: str, value: float, n: int) -> Measurement:
        return Measurement(task, read.predictor.name, objective, statistic, value, np.nan, n)

    for name, value in read.calibration._asdict().items():
        yield measurement(name, value, fitted)
    yield measurement(f"development_{AS_IT_IS}", read.as_trained, fitted)
    yield measurement(f"development_{CALIBRATED}", read.calibrated, fitted)
    ends = test.ends(read.predictor.segments)
    attended = read.predictor.attended(test.ids, ends, test.places)
    if attended is not None:
        yield measurement("words_attended", float(attended.mean()), len(test.places))


KIND = Kind(version=2, better="lower", answer=answer, answer_and_measure=answer_and_measure)
DEVELOPMENT = Kind(version=1, better="lower", answer=answer_development)
