"""Learned weights: which offsets and which words does a model weigh, and what is left of it in use?

Word2vec's CBOW weighs all words of a window alike; what attention learned instead is measured in

- view "offsets": the learned score of each place ("-5" to "+5", those that the objective sees),
  less the mean over them (`score`, before the softmax, so that e^score is a factor);
- view "words": where one learned vector asks all words, the mean score of the words of each tenth
  of the vocabulary ("frequency 1/10" are the most frequent ones), less the mean over all words
  (`score`; its error is the standard error over words);
- view "attention", of every model that can tell its weights in held-out sentences: the mean weight
  of each offset in contexts that fill the window (`mean_weight`), and of the words of each tenth of
  the vocabulary the weight times the number of keys in that context (`relative_weight`: 1 is what
  the mean gives to each); errors are clustered by sentence.

An offset is the place of a word less that of the word that is predicted.

Glossary: V words, W the window.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import NotAvailableError, Objective, Readings, Weigher
from wordrel.tasks.base import Kind, Measurement, Outcome, Scope, Task, all_covered
from wordrel.tasks.clustered import clustered_means
from wordrel.tasks.held_out import choose_sentences, probe_of
from wordrel.tasks.looks import Looks, looks

TENTHS = 10

_Row = tuple[str, str, str, float, float, int]  # view, group, statistic, value, error, n


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """Nothing: no weight is the right one."""
    return []


def measure(task: Task, readings: Readings, scope: Scope) -> list[Measurement]:
    """What there is to tell of a model; nothing of one that reads no text.

    Raises:
        ValueError: where `scope` has no probe.
    """
    ids, sentences = choose_sentences(probe_of(task, scope))
    context, tenth = readings.context, tenths(readings.vocab)
    if context is None:
        return []
    rows: list[_Row] = []
    if "offsets" in readings.learned:
        rows += _of_offsets(readings.learned["offsets"], context.objective)
    if "words" in readings.learned:
        rows += _of_words(readings.learned["words"], tenth)
    try:
        if isinstance(context, Weigher):
            found = looks(context, ids, sentences.gold.astype(np.int64))
            rows += [*_by_offset(found), *_by_tenth(found, tenth)]
    except NotAvailableError:
        return []
    return [Measurement(task.name, *row) for row in rows]


def tenths(vocab: Vocab) -> Int64[np.ndarray, " V"]:
    """Which tenth of the vocabulary each word is in, from 0, which holds the most frequent ones."""
    tenth = np.empty(len(vocab), dtype=np.int64)
    tenth[np.argsort(-vocab.counts, kind="stable")] = np.arange(len(vocab)) * TENTHS // len(vocab)
    return tenth


def _of_offsets(scores: Float32[np.ndarray, " R"], objective: Objective) -> Iterator[_Row]:
    """From scores of the places -W to W."""
    window = len(scores) // 2
    places = np.arange(-window, window + 1)
    used = places != 0 if objective == "masked_word" else places < 0
    own = scores[used].astype(np.float64)
    for place, score in zip(places[used].tolist(), (own - own.mean()).tolist(), strict=True):
        yield "offsets", f"{place:+d}", "score", score, 0.0, 1  # the number itself, not an estimate


def _of_words(scores: Float32[np.ndarray, " V"], tenth: Int64[np.ndarray, " V"]) -> Iterator[_Row]:
    """Each word is evidence of its own here."""
    above = scores.astype(np.float64) - scores.mean(dtype=np.float64)
    means = clustered_means(above, tenth, np.arange(len(above)), TENTHS)
    for number, (value, error, n) in enumerate(means.rows()):
        if n:
            yield "words", _frequency(number), "score", value, error, n


def _frequency(number: int) -> str:
    return f"frequency {number + 1}/{TENTHS}"


def _by_offset(found: Looks) -> Iterator[_Row]:
    """Of contexts with a word at every offset: smaller ones share out more to each."""
    told = found.told
    places, group = np.unique(told.offset, return_inverse=True)
    full = found.keys[told.state] == len(places)
    weight = np.where(full, told.weight.astype(np.float64), np.nan)
    means = clustered_means(weight, group, found.cluster, len(places))
    for place, (value, error, n) in zip(places.tolist(), means.rows(), strict=True):
        if n:
            yield "attention", f"offset {place:+d}", "mean_weight", value, error, n


def _by_tenth(found: Looks, tenth: Int64[np.ndarray, " V"]) -> Iterator[_Row]:
    """How much words are listened to, by how frequent they are."""
    group = tenth[found.told.attended]
    means = clustered_means(found.relative, group, found.cluster, TENTHS)
    for number, (value, error, n) in enumerate(means.rows()):
        if n:
            yield "attention", _frequency(number), "relative_weight", value, error, n


KIND = Kind(version=1, better="lower", covered=all_covered, answer=answer, measure=measure)
