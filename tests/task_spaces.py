"""Hand-made spaces for the tests of tasks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.config import PairsTask
from wordrel.corpus.vocab import Vocab
from wordrel.models.word_model import WordModel
from wordrel.tasks import own_task
from wordrel.tasks.base import Predictions, Task
from wordrel.tasks.items import Items
from wordrel.tasks.registry import REGISTRY


def vocab_of(words: Sequence[str]) -> Vocab:
    return Vocab(tuple(words), np.arange(len(words), 0, -1, dtype=np.int64))


def readings_of(space: Mapping[str, Sequence[float]], **others: Any) -> WordModel:
    """A model whose only embedding, `input`, has one given row a word."""
    rows = np.array(list(space.values()), dtype=np.float32)
    return WordModel(vocab_of(list(space)), {"input": rows}, selected={"alike": "input"}, **others)


def task_of(kind: str, words: Sequence[str], **fields: Any) -> Task:
    """A task of hand-made items, one a string `word word ...`; gold is 1 where not given.

    Args:
        kind: a key of `wordrel.tasks.KINDS`.
        words: the items.
        fields: of the task (question, measure, better) and of its items (gold, labels, cluster).
    """
    items = Items(
        words=tuple(tuple(item.split()) for item in words),
        gold=np.array(fields.get("gold", np.ones(len(words))), dtype=np.float64),
        cluster=np.array(fields.get("cluster", np.arange(len(words))), dtype=np.int64),
        labels=tuple(fields.get("labels", ())),
    )
    return Task(
        name="mine",
        kind=kind,
        question=fields.get("question", "alike"),
        measure=fields.get("measure", "spearman"),
        better=fields.get("better", "higher"),
        split="test",
        items=items,
        digest="",
        info=REGISTRY["ws353"],
    )


def pairs_task(name: str, path: Path) -> Task:
    """A user's own pairs."""
    return own_task(PairsTask(kind="pairs", name=name, path=path))


def counted(counts: Mapping[str, int]) -> Vocab:
    """A vocabulary with these counts, in its order: by count, then by alphabet."""
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return Vocab(tuple(ordered), np.array([counts[word] for word in ordered], dtype=np.int64))


@dataclass(frozen=True)
class Formula:
    """A relation by formula: `of` gives scores for two arrays of ids."""

    of: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        return np.asarray(self.of(left, right), dtype=np.float64)


def relating(
    vocab: Vocab, **relations: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> WordModel:
    """A model without embeddings that has these relations, the first of which is selected."""
    formulas = {name: Formula(of) for name, of in relations.items()}
    return WordModel(vocab, {}, relations=formulas, selected={"relate": next(iter(relations))})


def auc(outcome: Predictions) -> float:
    """The share of pairs (gold 1, gold 0) in which gold 1 has the larger number."""
    finite = np.isfinite(outcome.predicted)
    gold, predicted = outcome.gold[finite], outcome.predicted[finite]
    gap = predicted[gold == 1][:, None] - predicted[gold == 0]
    return float(((gap > 0) + (gap == 0) / 2).mean())
