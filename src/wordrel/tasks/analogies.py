"""Analogies: which word is to b as a' is to a?

Reads questions `a a' b b'`, where b' may be several words `x/y/z` of which any is right. Each is
answered by 3CosAdd, by 3CosMul, and by the neighbour of b alone, because a high score of the first
two means little where the third is high, too. The measure is accuracy.

Source: 3CosAdd: Mikolov, Yih & Zweig, NAACL 2013, section 4; 3CosMul: Levy & Goldberg, CoNLL 2014,
equation 4; the baseline: Linzen, RepEval 2016; several right answers: Gladkova, Drozd & Matsuoka,
NAACL-SRW 2016.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Int64

from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    MORE_TEXT,
    NO_VECTOR,
    Kind,
    Predictions,
    Scope,
    Task,
    in_each,
    reason,
    unanswered,
)
from wordrel.tasks.geometry import has_direction, unit_rows
from wordrel.tasks.items import Items, word_ids

Method = Literal["", ".mul", ".only_b"]
"""What follows the task's name in the rows of 3CosAdd, 3CosMul and only-b."""
METHODS: tuple[Method, ...] = ("", ".mul", ".only_b")
EPSILON = 0.001
"""Keeps 3CosMul from dividing by zero, as in its source."""
_COSINES_AT_ONCE = 2**24
"""float32 cosines of question words with candidates held in memory at a time: 64 MiB."""


@dataclass(frozen=True)
class _Questions:
    """The questions that can be evaluated, Q of the P items, and their F right answers.

    Attributes:
        covered: which of the items they are, shape [P].
        ids: of a, a' and b.
        answers: ids of right answers, those of a question side by side.
        first: where the answers of each question begin, shape [Q].
        unanswerable: items left out because only words of the question would be right.
    """

    covered: Bool[np.ndarray, " P"]
    ids: Int64[np.ndarray, "Q 3"]
    answers: Int64[np.ndarray, " F"]
    first: Int64[np.ndarray, " Q"]
    unanswerable: int

    def any_answer(self, of_answers: Bool[np.ndarray, " F"]) -> Bool[np.ndarray, " Q"]:
        """Whether it holds for any right answer of each question."""
        return np.logical_or.reduceat(of_answers, self.first)

    def right(self, predicted: Int64[np.ndarray, " Q"]) -> Bool[np.ndarray, " Q"]:
        """Which answers are right."""
        n_answers = np.diff(self.first, append=len(self.answers))
        return self.any_answer(self.answers == np.repeat(predicted, n_answers))


def _questions_of(items: Items, vocab: Vocab, scope: Scope) -> _Questions:
    """Words of a question may not answer it (3CosAdd would mostly return one of them)."""
    ids = word_ids(items, vocab, scope.lowercase)[:, :3]
    right = [spelled(words[3], lowercase=scope.lowercase) for words in items.words]
    parted = [text.split("/") for text in right]
    answers = vocab.ids(word for words in parted for word in words)
    item = np.repeat(np.arange(len(parted)), [len(words) for words in parted])
    repeated = np.any(ids[item] == answers[:, None], axis=1) & (answers >= 0)
    allowed = (answers >= 0) & ~repeated
    candidate = allowed & (answers < scope.restrict_vocab)
    among = np.all((ids >= 0) & (ids < scope.restrict_vocab), axis=1)
    covered = among & _has(candidate, item, len(ids))
    kept = candidate & covered[item]
    return _Questions(
        covered,
        ids[covered],
        answers[kept],
        first=np.flatnonzero(np.diff(item[kept], prepend=-1)),
        unanswerable=int((_has(repeated, item, len(ids)) & ~_has(allowed, item, len(ids))).sum()),
    )


def _has(
    holds: Bool[np.ndarray, " F"], item: Int64[np.ndarray, " F"], n_items: int
) -> Bool[np.ndarray, " P"]:
    """Whether it holds for any answer of each item."""
    return np.bincount(item[holds], minlength=n_items) > 0


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Questions of which a, a', b and a right answer that is none of them are candidates.

    Candidates are the `scope.restrict_vocab` most frequent words. A question whose only right
    answer stands in the question cannot be answered by any model.
    """
    return _questions_of(items, vocab, scope).covered


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """Three outcomes an embedding, one a method; 1 where the answer is right, 0 where it is wrong.

    Each section has a row `task.SECTION`, by 3CosAdd, as a detail.
    """
    questions = _questions_of(task.items, word_model.vocab, scope)
    candidates = min(len(word_model.vocab), scope.restrict_vocab)
    template = unanswered(task, questions.covered, chance=1.0 / candidates)
    if questions.unanswerable:
        note = f"{questions.unanswerable} questions hold their own answer and are not asked"
        if questions.unanswerable == task.items.n_items:
            template = replace(template, note=template.note.removesuffix(MORE_TEXT))
        template = template.noted(note)
    if not word_model.embeddings:
        note = reason(word_model, task.question)
        return [replace(template, task=task.name + method, note=note) for method in METHODS]
    outcomes = []
    for row, embedding in in_each(template, word_model, task.question, word_model.embeddings):
        rows = _in_embedding(row, questions, unit_rows(embedding[:candidates]))
        outcomes += [*rows, *_by_section(rows[0], task.items.labels)]
    return outcomes


def _in_embedding(
    template: Predictions, questions: _Questions, unit: Float32[np.ndarray, "C D"]
) -> list[Predictions]:
    known = has_direction(unit)
    has_vectors = known[questions.ids].all(axis=1) & questions.any_answer(known[questions.answers])
    outcomes = []
    for method, answers in solve(unit, questions.ids[has_vectors]).items():
        predicted = np.full(len(has_vectors), -1)
        predicted[has_vectors] = answers
        right = np.where(has_vectors, questions.right(predicted), np.nan)
        outcomes.append(replace(template, task=template.task + method).filled(right, NO_VECTOR))
    return outcomes


def _by_section(row: Predictions, labels: tuple[str, ...]) -> list[Predictions]:
    """A row a section, in the order of the file; none where there is only one."""
    sections, of = list(dict.fromkeys(labels)), np.array(labels)
    if len(sections) < 2:
        return []
    row = replace(row, note="", detail=True)  # the note counts questions of the whole set
    return [row.part(f"{row.task}.{section}", of == section) for section in sections]


def solve(
    unit: Float32[np.ndarray, "C D"], questions: Int64[np.ndarray, "Q 3"]
) -> dict[Method, Int64[np.ndarray, " Q"]]:
    """The candidate that answers each question, by every method; the lower id where equal.

    With s = (1 + cos) / 2, the word w, not of the question, of largest
    - "": cos(w, a') - cos(w, a) + cos(w, b), which is 3CosAdd;
    - ".mul": s(w, a') s(w, b) / (s(w, a) + EPSILON), which is 3CosMul;
    - ".only_b": cos(w, b).

    The cosines of the words of some hundred questions with all candidates are computed once; a
    question then is two additions, or a division and a product, of rows that stay in cache.

    Args:
        unit: the candidates, rows of length 1 or 0; a row of zeros is never an answer.
        questions: ids of a, a', b, whose rows have length 1. Fast where questions that follow each
            other share words, above all a and a'.

    Returns:
        Candidate ids; -1 where no candidate is left.
    """
    candidates = np.flatnonzero(has_direction(unit))
    place = np.full(len(unit), -1)
    place[candidates] = np.arange(len(candidates))
    rows, placed = unit[candidates], place[questions]
    answers: dict[Method, Int64[np.ndarray, " Q"]] = {m: np.full(len(placed), -1) for m in METHODS}
    n_words = max(3, _COSINES_AT_ONCE // max(1, len(rows)))
    memory = np.empty((n_words, len(rows)), dtype=np.float32)  # new memory each time would be slow
    for batch in _batches(placed, n_words):
        words, row = np.unique(placed[batch], return_inverse=True)
        cosines = np.matmul(rows[words], rows.T, out=memory[: len(words)])
        row = row.reshape(-1, 3)
        answers[".only_b"][batch] = _only_b(cosines, row, placed[batch])
        answers[""][batch] = _search(cosines, row, placed[batch], np.subtract, np.add)
        cosines += 1  # in place: a second table would be as large
        answers[".mul"][batch] = _search(cosines, row, placed[batch], _quotient, np.multiply)
    for predicted in answers.values():
        predicted[predicted >= 0] = candidates[predicted[predicted >= 0]]
    return answers


def _batches(questions: Int64[np.ndarray, "Q 3"], n_words: int) -> Iterator[slice]:
    """Consecutive questions that have at most so many different words."""
    start, words = 0, set[int]()
    for i, question in enumerate(questions.tolist()):
        words.update(question)
        if len(words) > n_words:
            yield slice(start, i)
            start, words = i, set(question)
    if start < len(questions):
        yield slice(start, len(questions))


def _quotient(
    of_a_prime: Float32[np.ndarray, " C"],
    of_a: Float32[np.ndarray, " C"],
    out: Float32[np.ndarray, " C"],
) -> None:
    """From rows of 1 + cos = 2 s: s(a') / (s(a) + EPSILON)."""
    np.add(of_a, 2 * EPSILON, out=out)
    np.divide(of_a_prime, out, out=out)


def _search(
    table: Float32[np.ndarray, "W C"],
    row: Int64[np.ndarray, "Q 3"],
    banned: Int64[np.ndarray, "Q 3"],
    pair: Callable[..., object],
    join: np.ufunc,
) -> Int64[np.ndarray, " Q"]:
    """The candidate of largest join(pair(a', a), b); -1 where all are banned.

    Args:
        table: a number for each word of the questions and each candidate.
        row: the rows of a, a', b in the table.
        banned: candidates that may not answer each question.
        pair: (row of a', row of a, out): what they give together, computed once for questions
            that follow each other.
        join: how b comes in.
    """
    best_ids = np.full(len(row), -1)
    joint, scores = np.empty_like(table[:2])
    last = (-1, -1)
    for i, ((a, a_prime, b), own) in enumerate(zip(row.tolist(), banned.tolist(), strict=True)):
        if (a, a_prime) != last:
            pair(table[a_prime], table[a], out=joint)
            last = (a, a_prime)
        join(joint, table[b], out=scores)
        for word in own:
            scores[word] = -np.inf
        best = scores.argmax()
        if scores[best] > -np.inf:
            best_ids[i] = best
    return best_ids


def _only_b(
    cosines: Float32[np.ndarray, "W C"],
    row: Int64[np.ndarray, "Q 3"],
    banned: Int64[np.ndarray, "Q 3"],
) -> Int64[np.ndarray, " Q"]:
    """One of the first four neighbours of b, itself among them, is no word of the question."""
    distinct, which = np.unique(row[:, 2], return_inverse=True)
    near = np.full((len(distinct), min(4, cosines.shape[1])), -1)
    for i, b in enumerate(distinct):
        scores = cosines[b].copy()
        for rank in range(near.shape[1]):
            near[i, rank] = scores.argmax()
            scores[near[i, rank]] = -np.inf
    near = near[which]
    out = np.any(near[:, :, None] == banned[:, None, :], axis=2)
    answers: Int64[np.ndarray, " Q"] = near[np.arange(len(near)), np.argmin(out, axis=1)]
    answers[out.all(axis=1)] = -1
    return answers


KIND = Kind(version=2, better="higher", covered=covered, answer=answer)
