"""Loss by word class: which words are hard to predict, and which help to predict others?

The class of a word is its part of speech in a treebank where at least four of five of its tokens
have it, else "mixed"; words that the treebank lacks are "unlisted". Each class has one row an
objective, `TASK.OBJECTIVE.CLASS`: the loss per token of the targets of that class (see
`held_out`). It is a part of the loss per token of all targets, so no models are compared on it.

Measured besides is what is lost when all tokens of a class are hidden from every context, in nats
per target that had one of them near (`added_loss`) and per hidden word near it
(`added_loss_per_hidden_word`). Beside it stands the same with as many others hidden at random.
"Near" is at most `NEAR` words away, on the sides that the objective uses, whatever the window of
the model. Errors are clustered by sentence.

Glossary: N tokens, T targets, S sentences, V words, L loss of each target.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import get_args

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from wordrel.config.architectures import Objective
from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
from wordrel.errors import NotAvailableError
from wordrel.models.protocols import Contextualizer
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Measurement, Predictions, Scope, Task
from wordrel.tasks.clustered import clustered_mean
from wordrel.tasks.held_out import (
    Text,
    context_for,
    surprises,
    target_losses,
    template_of,
    text_of,
)
from wordrel.tasks.items import Items
from wordrel.tasks.scored_text import evenly
from wordrel.tasks.word_pairs import treebank_of

MIXED, UNLISTED = "mixed", "unlisted"
SHARE = 0.8
"""Of its tokens that a word's most frequent part of speech has to have."""
HIDDEN = ("DET", "NOUN", "VERB", "ADJ", "ADV", "ADP", "PRON", "AUX", "CCONJ", "PROPN")
"""Classes that are taken out of the contexts, one at a time."""
NEAR = 5
MAX_TOKENS, MAX_TARGETS = 4_000, 800
"""Of the sentences in which words are hidden, and of the targets of each class: every one costs a
full softmax."""
MIN_TARGETS = 30
"""A class with fewer targets makes no row."""
_SEED = 0


def classes_of(items: Items, vocab: Vocab, lowercase: bool) -> Shaped[np.ndarray, " V"]:
    """The class of each word of the vocabulary.

    Raises:
        TypeError: where the items are no parsed sentences.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for tree in treebank_of(items).trees:
        for token in tree:
            counts[spelled(token.form, lowercase=lowercase)][token.upos] += 1
    return np.array([_class_of(counts.get(word)) for word in vocab.words], dtype=np.str_)


def _class_of(upos: Counter[str] | None) -> str:
    if upos is None:
        return UNLISTED
    name, count = upos.most_common(1)[0]
    return name if count >= SHARE * upos.total() else MIXED


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an objective and class; the objective that the model does not have is left open.

    Raises:
        ValueError: where `scope` has no probe.
        TypeError: where the items of the task are no parsed sentences.
    """
    text = text_of(task, scope)
    words, sentence = text.ids[text.targets], text.sentence[text.targets]
    kinds = classes_of(task.items, word_model.vocab, scope.lowercase)[words]
    names, counts = np.unique(kinds, return_counts=True)
    expected = -np.log(word_model.vocab.counts / word_model.vocab.counts.sum())[words]
    rows = []
    for objective in get_args(Objective):
        named = replace(task, name=f"{task.name}.{objective}")
        losses, note = _losses(word_model, objective, text)
        template = replace(template_of(named, text.items, np.nan), detail=True)
        if not (counts >= MIN_TARGETS).any():
            few = f"no word class has {MIN_TARGETS} targets; raise corpus.held_out"
            rows.append(replace(template, note=template.note or few))
        for kind in names[counts >= MIN_TARGETS]:
            own = kinds == kind
            row = replace(
                template, task=f"{template.task}.{kind}", chance=float(expected[own].mean())
            )
            rows.append(_row(replace(row, note=note), losses, own, sentence))
    return rows


def _losses(
    word_model: WordModel, objective: Objective, text: Text
) -> tuple[Float64[np.ndarray, " T"] | None, str]:
    """The loss of each target, or why there is none."""
    try:
        context = context_for(objective, word_model)
        return target_losses(context, text, len(word_model.vocab)), ""
    except NotAvailableError as refusal:
        return None, str(refusal)


def _row(
    template: Predictions,
    losses: Float64[np.ndarray, " T"] | None,
    own: Bool[np.ndarray, " T"],
    sentence: Int64[np.ndarray, " T"],
) -> Predictions:
    """From the template of all sentences: those that have targets of its class."""
    n_targets = np.bincount(sentence[own], minlength=len(template.gold))
    has_target = n_targets > 0
    predicted = template.predicted
    if losses is not None:
        predicted = np.bincount(sentence[own], losses[own], minlength=len(template.gold))
    row = replace(template, gold=n_targets.astype(np.float64), predicted=predicted)
    return replace(
        row.part(template.task, has_target), embedding="" if losses is None else "context"
    )


def measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """What hiding a class adds to the loss; nothing of a model without context.

    Raises:
        ValueError: where `scope` has no probe.
        TypeError: where the items of the task are no parsed sentences.
    """
    text = text_of(task, scope, MAX_TOKENS)
    kinds = classes_of(task.items, word_model.vocab, scope.lowercase)[text.ids]
    if word_model.context is None or not text.items.n_items:
        return []
    hiding = Hiding(text, word_model.context, len(word_model.vocab))
    try:
        return [Measurement(task.name, "context", *row) for row in _added(hiding, kinds)]
    except NotAvailableError:
        return []


@dataclass(frozen=True)
class Hiding:
    """Words of a text hidden from a model.

    Attributes:
        text: with every word in its place.
        context: the model.
        n_words: V.
    """

    text: Text
    context: Contextualizer
    n_words: int

    @cached_property
    def losses(self) -> Float64[np.ndarray, " N"]:
        """Of each target where no word is hidden; NaN of the first words."""
        losses: Float64[np.ndarray, " N"] = np.full(len(self.text.ids), np.nan)
        losses[self.text.targets] = target_losses(self.context, self.text, self.n_words)
        return losses

    def near(self, hidden: Bool[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
        """How many hidden words are near each token, on the sides that the objective uses."""
        text = self.text
        ends = text.ends[text.sentence]
        starts = ends - text.lengths[text.sentence]
        places = np.arange(len(text.ids))
        before = np.concatenate([[0], np.cumsum(hidden)])  # how many stand before each place
        nearby: Int64[np.ndarray, " N"] = before[places] - before[np.maximum(places - NEAR, starts)]
        if self.context.objective == "masked_word":
            nearby += before[np.minimum(places + NEAR + 1, ends)] - before[places + 1]
        return nearby

    def added(
        self, hidden: Bool[np.ndarray, " N"], targets: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """What hiding adds to the loss of some targets; NaN where no context is left."""
        states = self.context.states(self.text.ids, self.text.ends, hidden=hidden)[targets]
        has_state = np.isfinite(states).all(axis=1)
        added: Float64[np.ndarray, " P"] = np.full(len(targets), np.nan)
        words = self.text.ids[targets[has_state]]
        added[has_state] = surprises(self.context, states[has_state], words, self.n_words)
        added -= self.losses[targets]
        return added


def _added(
    hiding: Hiding, kinds: Shaped[np.ndarray, " N"]
) -> Iterator[tuple[str, str, float, float, int, int]]:
    """Group, statistic, value, error, n and clusters: of each class and of as many other words."""
    for number, kind in enumerate(HIDDEN):
        own = kinds == kind
        others = _as_many_others(own, np.random.default_rng([_SEED, number]))
        for group, hidden in (
            (f"without {kind}", own),
            (f"without as many others as {kind}", others),
        ):
            near = hiding.near(hidden)
            targets = np.flatnonzero((near > 0) & ~np.isnan(hiding.losses))
            targets = targets[evenly(len(targets), MAX_TARGETS)]
            added, sentence = hiding.added(hidden, targets), hiding.text.sentence[targets]
            each = near[targets].astype(np.float64)
            yield group, "added_loss", *clustered_mean(added, sentence)
            yield (
                group,
                "added_loss_per_hidden_word",
                *clustered_mean(added / each, sentence, each),
            )


def _as_many_others(
    own: Bool[np.ndarray, " N"], rng: np.random.Generator
) -> Bool[np.ndarray, " N"]:
    """As many other tokens at random, or all others where they are fewer."""
    others = np.flatnonzero(~own)
    hidden = np.zeros(len(own), dtype=np.bool_)
    hidden[rng.choice(others, min(int(own.sum()), len(others)), replace=False)] = True
    return hidden


KIND = Kind(version=2, better="lower", answer=answer, measure=measure)
