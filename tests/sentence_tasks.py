"""Hand-made words in sentences, and a model that reads them, for the tests of tasks in context."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from task_spaces import readings_of
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Task
from wordrel.tasks.items import InText, Sentence
from wordrel.tasks.registry import DataSet, TaskInfo


class Around:
    """The state of a word is the sum of the vectors of the others in its sentence."""

    objective = "masked_word"

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows
        self.calls = 0

    def states(self, ids, ends, hidden=None):
        raise AssertionError("not asked for")

    def contextual(self, ids, ends):
        self.calls += 1
        sums = []
        for sentence in np.split(ids, ends[:-1]):
            own = self.rows[sentence]
            alone = len(sentence) == 1
            sums.append(np.full_like(own, np.nan) if alone else own.sum(axis=0) - own)
        return np.concatenate(sums)

    def log_probabilities(self, states):
        raise AssertionError("not asked for")


def reader_of(space: Mapping[str, Sequence[float]], **others: Any) -> WordModel:
    rows = np.array(list(space.values()), dtype=np.float32)
    return readings_of(space, context=Around(rows), **others)


def marked(text: str) -> Sentence:
    """`a <b> cat </b> sat`, as SCWS marks the word in view."""
    tokens = text.split()
    place = tokens.index("<b>")
    return Sentence((*tokens[:place], tokens[place + 1], *tokens[place + 3 :]), place)


def in_text(*items: tuple[str, str, float, str]) -> InText:
    """Two marked sentences, gold and label of each item."""
    sentences = tuple((marked(left), marked(right)) for left, right, _, _ in items)
    return InText(
        words=tuple((a.words[a.position], b.words[b.position]) for a, b in sentences),
        gold=np.array([gold for _, _, gold, _ in items], dtype=np.float64),
        cluster=np.arange(len(items)),
        labels=tuple(label for *_, label in items),
        sentences=sentences,
    )


def task_of(name: str, kind: str, measure: str, items: InText) -> Task:
    info = TaskInfo(name=name, kind=kind, description="", data=DataSet(name="", license=""))
    return Task(name, kind, "in_context", measure, "higher", "test", items, "0", info)
