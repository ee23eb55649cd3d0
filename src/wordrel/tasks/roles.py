"""Roles: how many words does a word look at, who is looked at, and does the direction matter?

Attention is called a soft dictionary: what asks (the query) gets all that match it (the keys), each
as far as it matches. And query and key are called different roles of one vector. Measured are

- view "attention", "asking NOUN" and so on, "asking any": the mean of exp(entropy of the weights)
  over the contexts at such words (`effective_keys`: 1 where one key takes all, n where all n are
  alike), and of its share of the n keys (`effective_share`); contexts of one key are left out;
- view "attention", "attended NOUN" and so on: the mean of a word's weight times the number of keys
  in that context (`relative_weight`: 1 is what the mean gives to each);
- view "exchanged": what is lost, in nats a target, when the trained model's query and key exchange
  their roles (`added_loss`); nothing of a model in which no word asks.

Weights are those behind `contextual`: whole windows of held-out sentences. Who asks: of a next-word
model the word itself (the last of a sentence, too), of a masked-word model its place, where the
word cannot be seen. Classes are those of `by_class`; one with fewer than `MIN_ENTRIES` items makes
no row. Errors are clustered by sentence.

Glossary: N tokens, S sentences, P items, V words.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from wordrel.models.readings import Exchangeable, NotAvailableError, Readings, Weigher
from wordrel.tasks.base import Kind, Measurement, Outcome, Probe, Scope, Task, all_covered
from wordrel.tasks.by_class import classes_of
from wordrel.tasks.clustered import clustered_means
from wordrel.tasks.held_out import choose_sentences, probe_of, target_losses
from wordrel.tasks.looks import Looks, looks
from wordrel.tasks.word_pairs import coded

MAX_TOKENS = 6_000
"""Of the sentences in which query and key are exchanged: each target costs two full softmaxes."""
MIN_ENTRIES = 30
"""A class with fewer contexts, or entries in contexts, makes no row."""

_Row = tuple[str, str, str, float, float, int]  # view, group, statistic, value, error, n


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """Nothing: no weight is the right one."""
    return []


def measure(task: Task, readings: Readings, scope: Scope) -> list[Measurement]:
    """What there is to tell of a model; nothing of one that reads no text.

    Raises:
        ValueError: where `scope` has no probe.
        TypeError: where the items of the task are no parsed sentences.
    """
    kinds = classes_of(task.items, readings.vocab, scope.lowercase)
    probe, context = probe_of(task, scope), readings.context
    rows: list[_Row] = []
    try:
        if isinstance(context, Weigher):
            ids, sentences = choose_sentences(probe)
            found = looks(context, ids, sentences.gold.astype(np.int64))
            rows += [*_asking(found, kinds[ids]), *_attended(found, kinds)]
        if isinstance(context, Exchangeable):
            fewer = replace(probe, max_tokens=min(probe.max_tokens, MAX_TOKENS))
            rows += _exchanged(context, fewer, len(readings.vocab))
    except NotAvailableError:
        return []
    return [Measurement(task.name, *row) for row in rows]


def _asking(found: Looks, kinds: Shaped[np.ndarray, " N"]) -> Iterator[_Row]:
    """How many keys count, by the class of the word at whose place the context is weighed."""
    some = np.flatnonzero(found.keys >= 2)
    sentence, effective = found.sentence[some], found.effective_keys[some]
    for statistic, values in (
        ("effective_keys", effective),
        ("effective_share", effective / found.keys[some]),
    ):
        ((value, error, n),) = clustered_means(values, np.zeros_like(some), sentence, 1).rows()
        if n:
            yield "attention", "asking any", statistic, value, error, n
        for name, value, error, n in _by_name(values, kinds[some], sentence):
            yield "attention", f"asking {name}", statistic, value, error, n


def _attended(found: Looks, kinds: Shaped[np.ndarray, " V"]) -> Iterator[_Row]:
    """How much each class is listened to, by what the mean of the context gives it."""
    attended = kinds[found.told.attended]
    for name, value, error, n in _by_name(found.relative, attended, found.cluster):
        yield "attention", f"attended {name}", "relative_weight", value, error, n


def _by_name(
    values: Float64[np.ndarray, " P"],
    names: Shaped[np.ndarray, " P"],
    cluster: Int64[np.ndarray, " P"],
) -> Iterator[tuple[str, float, float, int]]:
    """Name, mean, error and n of each name that has enough items."""
    there = np.unique(names)
    means = clustered_means(values, coded(names), cluster, len(there))
    for name, (value, error, n) in zip(there.tolist(), means.rows(), strict=True):
        if n >= MIN_ENTRIES:
            yield name, value, error, n


def _exchanged(context: Exchangeable, probe: Probe, n_words: int) -> Iterator[_Row]:
    """What exchanging query and key adds to the loss, from the windows of `held_out_loss`."""
    ids, sentences = choose_sentences(probe)
    n_targets = sentences.gold.astype(np.int64)
    plain, other = (
        target_losses(reader, ids, n_targets, n_words) for reader in (context, context.exchanged())
    )
    sentence = np.repeat(np.arange(len(n_targets)), n_targets)
    ((value, error, n),) = clustered_means(
        other - plain, np.zeros_like(sentence), sentence, 1
    ).rows()
    if n:
        yield "exchanged", "all", "added_loss", value, error, n


KIND = Kind(version=1, better="lower", covered=all_covered, answer=answer, measure=measure)
