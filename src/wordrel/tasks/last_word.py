"""The last word of a held-out sentence: is the most probable word the one that is there?

`LAST_WORD`: a model reads all but the last word, as far back as its window reaches, and predicts
the most probable word of the whole vocabulary. A masked-word model predicts the word at a
place behind which nothing stands, so the task is the same for both objectives. The items are
sentences: gold is 1, predicted 1 where the answer is right and 0 where it is wrong.

`INDUCTION` is the same for the sentences whose last two words stood side by side before in them:
A B ... A, and then B.

Glossary: N tokens, S sentences.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int64

from wordrel.errors import NotAvailableError
from wordrel.models.in_text import ANY_WORD
from wordrel.models.protocols import Contextualizer
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Predictions, Scope, Task, reason
from wordrel.tasks.held_out import Text, log_probabilities, template_of, text_of


def answer_last_word(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome. Chance is the share of the commonest last word, the best constant prediction.

    Raises:
        ValueError: where `scope` has no probe.
    """
    text = text_of(task, scope)
    return _answer_last(task, word_model, text, _commonest(text.ids[text.ends - 1]))


def answer_induction(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome. Chance is the best guess from the bag of words and the query.

    It is one of the other words of the sentence: in planted text each is as likely.

    Raises:
        ValueError: where `scope` has no probe.
    """
    every = text_of(task, scope)
    text = every.part(repeats(every))
    others = [max(1, len({*words.tolist()} - {words[-2]})) for words in text.sentences()]
    chance = float(np.mean(1 / np.array(others))) if others else float("nan")
    outcomes = _answer_last(task, word_model, text, chance)
    none = "no held-out sentence ends with two words that stood side by side before in it"
    return (
        [replace(row, note=none) for row in outcomes] if len(every.ids) and not others else outcomes
    )


def repeats(text: Text) -> Bool[np.ndarray, " S"]:
    """Which sentences end with two words that stood side by side before in it."""
    same = (text.ids[:-1] == text.ids[text.ends - 2][text.sentence[1:]]) & (
        text.ids[1:] == text.ids[text.ends - 1][text.sentence[1:]]
    )
    same &= text.sentence[1:] == text.sentence[:-1]
    same[text.ends - 2] = False  # the last two words themselves
    return np.bincount(text.sentence[1:][same], minlength=len(text.lengths)) > 0


def _answer_last(task: Task, word_model: WordModel, text: Text, chance: float) -> list[Predictions]:
    last = text.ids[text.ends - 1]
    template = template_of(task, replace(text.items, gold=np.ones(len(last))), chance)
    if template.note:
        return [template]
    if word_model.context is None:
        return [replace(template, note=reason(word_model, "fit", "context"))]
    try:
        expected = expected_last_words(word_model.context, text, len(word_model.vocab))
    except NotAvailableError as refusal:
        return [replace(template, note=str(refusal))]
    right = (expected == last).astype(np.float64)
    return [replace(template, embedding="context", predicted=right)]


def expected_last_words(
    context: Contextualizer, text: Text, n_words: int
) -> Int64[np.ndarray, " S"]:
    """The most probable last word of each sentence; of equally probable ones the most frequent.

    The last words themselves are hidden: another word stands in their place.

    Args:
        context: the part of the model that predicts.
        text: the sentences.
        n_words: size of the vocabulary, whose words are numbered by falling frequency.
    """
    shown = text.ids.copy()
    shown[text.ends - 1] = ANY_WORD
    # For the next word, y of a place predicts the place behind it; for a masked word, its own.
    places = text.ends - (2 if context.objective == "next_word" else 1)
    states = context.contextual(shown, text.ends)[places]
    best = np.empty(len(places), dtype=np.int64)
    for span, log_p in log_probabilities(context, states, n_words):
        best[span] = log_p.argmax(axis=1)
    return best


def _commonest(words: Int64[np.ndarray, " S"]) -> float:
    """The share of the commonest word; NaN of none."""
    return float(np.bincount(words).max() / len(words)) if len(words) else float("nan")


LAST_WORD = Kind(version=1, better="higher", answer=answer_last_word)
INDUCTION = Kind(version=1, better="higher", answer=answer_induction)
