"""How far are a model's predictions those of n-gram rules?

A rule reads some of the `REACH` words before a position and no others. It predicts the word that
most often followed them in the training text. One rule reads the last word, one the last but one
whatever the last is, one both, and so on, `RULES` in all. The set is frozen: no rule is chosen by a
model or by test text. Measured is the share of test positions at which the most probable word of
the model (as trained, whole context) is the prediction

- of any rule ("any rule"), and beside it of any rule at another place, drawn at random ("rules of
  another place"): what the same predictions are worth without the context;
- of each single rule ("rule -2 -1" reads the last two words), at places where it predicts a word.

Only next-word models have it. A rule never reads beyond the sentence, and predicts no word where
the words that it reads never stood so in the training text. Of equally frequent words the one with
the smaller id counts, which is the more frequent one. Errors are clustered by document; with fewer
than 20 documents there is none, and so no interval.

Source: Nguyen, "Understanding Transformers via N-gram Statistics", NeurIPS 2024, who has more rules
and longer ones; shares are not to be compared.

Glossary: N tokens, P places, R rules.
"""

from collections.abc import Iterator
from itertools import chain, combinations

import numpy as np
from jaxtyping import Int64

from wordrel.corpus import Split
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Measurement, Scope, Task
from wordrel.tasks.clustered import clustered_mean
from wordrel.tasks.scored_text import ScoredText, scored_text

REACH = 3
RULES: tuple[tuple[int, ...], ...] = tuple(
    chain.from_iterable(combinations(range(-REACH, 0), n) for n in range(1, REACH + 1))
)
"""The places that each rule reads, from the word that is predicted."""
MAX_PLACES = 20_000
_SEED = 0
NO_WORD = -1

_Row = tuple[str, float, float, int, int]  # group, value, error, n, documents


def measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """The shares; nothing of a model that predicts no next word.

    Raises:
        ValueError: where `scope` has no test or training documents.
    """
    if scope.test is None or scope.train is None:
        raise ValueError(f"{task.name} needs training and test documents, found none in scope")
    predictors = [
        predictor for predictor in word_model.predictors if predictor.objective == "next_word"
    ]
    test = scored_text(scope.test, MAX_PLACES)
    if not predictors or not len(test.places):
        return []
    scores = predictors[0].scores(test.ids, test.ends(predictors[0].segments), test.places)
    best = np.concatenate([block.argmax(axis=1) for block in scores])
    predicted = rule_words(scope.train, len(word_model.vocab), test)
    rows = _shares(best, predicted, test.document)
    of = task.name, predictors[0].name
    return [Measurement(*of, group, "share_of_rules", v, e, n, m) for group, v, e, n, m in rows]


def _shares(
    best: Int64[np.ndarray, " P"],
    predicted: Int64[np.ndarray, "R P"],
    document: Int64[np.ndarray, " P"],
) -> Iterator[_Row]:
    elsewhere = np.random.default_rng(_SEED).permutation(len(best))
    for group, rules in (
        ("any rule", predicted),
        ("rules of another place", predicted[:, elsewhere]),
    ):
        yield group, *clustered_mean((rules == best).any(axis=0).astype(np.float64), document)
    for rule, words in zip(RULES, predicted, strict=True):
        predicts = words != NO_WORD
        right = (words == best)[predicts].astype(np.float64)
        row = clustered_mean(right, document[predicts])
        if len(right):
            yield "rule " + " ".join(f"{place:+d}" for place in rule), *row


def rule_words(train: Split, n_words: int, test: ScoredText) -> Int64[np.ndarray, "R P"]:
    """The word that each rule predicts at each place; `NO_WORD` where it predicts none."""
    ids, ends = (np.asarray(x, dtype=np.int64) for x in (train.ids, train.sentence_ends))
    starts = _starts(ends)
    own = _starts(test.sentence_ends)[test.places]
    predicted = np.full((len(RULES), len(test.places)), NO_WORD)
    for row, rule in zip(predicted, RULES, strict=True):
        inside = np.flatnonzero(test.places + rule[0] >= own)
        wanted, at = np.unique(
            _context_keys(test.ids, test.places[inside], rule, n_words), return_inverse=True
        )
        places = np.flatnonzero(np.arange(len(ids)) + rule[0] >= starts)
        keys = _context_keys(ids, places, rule, n_words)
        number = np.minimum(np.searchsorted(wanted, keys), max(len(wanted) - 1, 0))
        known = wanted[number] == keys if len(wanted) else np.zeros(len(keys), dtype=np.bool_)
        row[inside] = _commonest(number[known], ids[places[known]], len(wanted), n_words)[at]
    return predicted


def _starts(ends: Int64[np.ndarray, " S"]) -> Int64[np.ndarray, " N"]:
    """Where the sentence of each token starts."""
    starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
    return np.repeat(starts, ends - starts)


def _context_keys(
    ids: Int64[np.ndarray, " N"], places: Int64[np.ndarray, " P"], rule: tuple[int, ...], base: int
) -> Int64[np.ndarray, " P"]:
    """One number for the words that a rule reads before each place."""
    key = np.zeros(len(places), dtype=np.int64)
    for offset in rule:
        key = key * base + ids[places + offset]
    return key


def _commonest(
    context: Int64[np.ndarray, " M"], word: Int64[np.ndarray, " M"], contexts: int, n_words: int
) -> Int64[np.ndarray, " C"]:
    """The word that most often stands behind each context; `NO_WORD` where none does."""
    pairs, times = np.unique(context * n_words + word, return_counts=True)
    order = np.lexsort((-pairs, times, pairs // n_words))  # the last of a context is its commonest
    of = (pairs // n_words)[order]
    last = np.append(np.diff(of) > 0, np.ones(min(1, len(of)), dtype=np.bool_))
    commonest = np.full(contexts, NO_WORD)
    commonest[of[last]] = (pairs % n_words)[order][last]
    return commonest


KIND = Kind(version=2, better="lower", measure=measure)
