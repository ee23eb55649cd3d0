"""Analogies: which word is to b as a' is to a?

Reads a file of sections and questions `a a' b b'`. Every question is answered twice: by 3CosAdd,
and by the neighbour of b alone, because a high score of the first says little where the second
is high, too. The measure is accuracy.

Source: 3CosAdd: Mikolov, Yih & Zweig, NAACL 2013, section 4; the baseline: Linzen, RepEval 2016.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.readings import Readings
from wordrel.tasks.base import (
    Items,
    Kind,
    Outcome,
    Scope,
    Task,
    number,
    reason,
    unanswered,
    without_vector,
    word_ids,
)
from wordrel.tasks.files import read_quadruples
from wordrel.tasks.geometry import has_direction, nearest, unit_rows


def read(path: Path) -> Items:
    """Every question of the file; questions of one section with the same a, a' are one cluster."""
    questions = read_quadruples(path)
    words = tuple(question for _, question in questions)
    return Items(
        words=words,
        gold=np.ones(len(words)),
        cluster=number((section, question[:2]) for section, question in questions),
        duplicates=len(words) - len(set(words)),
        multiword=sum(any("_" in word for word in question) for question in words),
    )


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Questions of four words among the candidates, whose answer is not in the question itself.

    The words of the question may not answer (3CosAdd would mostly return one of them), so a
    question whose answer is among them cannot be answered by any model.
    """
    ids = word_ids(items, vocab, scope.lowercase)
    known: Bool[np.ndarray, " P"] = np.all((ids >= 0) & (ids < scope.restrict_vocab), axis=1)
    known &= ~_unanswerable(ids)
    return known


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """Two outcomes a view, 3CosAdd and only-b; 1 where the answer is right, 0 where it is wrong."""
    asked = covered(task.items, readings.vocab, scope)
    ids = word_ids(task.items, readings.vocab, scope.lowercase)
    candidates = min(len(readings.vocab), scope.restrict_vocab)
    form = unanswered(task, asked, chance=1.0 / candidates)
    unanswerable = int(_unanswerable(ids).sum())
    if unanswerable:
        note = f"{unanswerable} questions hold their own answer and are not asked"
        form = replace(form, note="; ".join(filter(None, [form.note, note])))
    if not readings.views:
        note = reason(readings, task.question)
        return [replace(form, task=name, note=note) for name in _rows(task)]
    return [
        outcome
        for name, view in readings.views.items()
        for outcome in _in_view(
            replace(form, view=name, primary=name == readings.primary.get(task.question)),
            ids,
            unit_rows(view[:candidates]),
        )
    ]


def _rows(task: Task) -> tuple[str, str]:
    return task.name, f"{task.name}.only_b"


def _unanswerable(ids: Int64[np.ndarray, "P 4"]) -> Bool[np.ndarray, " P"]:
    answer = ids[:, 3]
    repeated: Bool[np.ndarray, " P"] = (answer >= 0) & np.any(ids[:, :3] == answer[:, None], axis=1)
    return repeated


def _in_view(
    form: Outcome, ids: Int64[np.ndarray, "P 4"], unit: Float32[np.ndarray, "C D"]
) -> list[Outcome]:
    heard = form.covered.copy()
    heard[form.covered] = has_direction(unit)[ids[form.covered]].all(axis=1)
    note = "; ".join(filter(None, [form.note, without_vector(heard, form.covered)]))
    outcomes = []
    for suffix, solve in (("", three_cos_add), (".only_b", only_b)):
        predicted = np.full(len(ids), np.nan)
        predicted[heard] = solve(unit, ids[heard, :3]) == ids[heard, 3]
        row = replace(form, task=form.task + suffix, predicted=predicted, note=note)
        outcomes.append(row)
    return outcomes


def three_cos_add(
    unit: Float32[np.ndarray, "C D"], questions: Int64[np.ndarray, "Q 3"]
) -> Int64[np.ndarray, " Q"]:
    """The word w, not of the question, of largest cos(w, a' - a + b); -1 where none is left."""
    a, a_prime, b = questions.T
    target = unit[a_prime] - unit[a] + unit[b]
    found: Int64[np.ndarray, " Q"] = nearest(target, unit, questions, k=1)[:, 0]
    return found


def only_b(
    unit: Float32[np.ndarray, "C D"], questions: Int64[np.ndarray, "Q 3"]
) -> Int64[np.ndarray, " Q"]:
    """The word w, not of the question, of largest cos(w, b); -1 where none is left."""
    distinct, which = np.unique(questions[:, 2], return_inverse=True)
    # One of the first three neighbours of b is neither a nor a'.
    k = min(3, len(unit))
    near = nearest(unit[distinct], unit, distinct[:, None], k)[which]
    banned = np.any(near[:, :, None] == questions[:, None, :2], axis=2)
    first = np.argmin(banned, axis=1)
    found: Int64[np.ndarray, " Q"] = near[np.arange(len(near)), first]
    found[banned.all(axis=1)] = -1
    return found


KIND = Kind(version=1, better="higher", read=read, covered=covered, answer=answer)
