"""Agreement: which words are nearest in a model, and are they the same in another?

This question compares two models, or two seeds of one. It has no outcome of a single model:
the neighbours and the vectors of some probe words are kept, in each embedding; `overlap` compares
neighbours, one value a probe word, and `wordrel.study.agreement` does the rest.

`PAIR_SCORES` keeps the lifts of pairs of words, which have no right answer either:
`wordrel.study.agreement` correlates the lifts of the same pairs in two runs. Does one architecture
relate other words when it learns another task, with the same queries and the same contexts?

The pairs are stratified by frequency: as many of each two tenths of the vocabulary, the first word
from one and the second from the other. No word is in two pairs, so that pairs are independent. The
pairs are the same for every model of a vocabulary.

Glossary: Q probe words, k neighbours, P pairs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float32, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import IN_OUT, QUERY_KEY, VALUE_OUT
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    QUERY_KEY_ROW,
    RESTRICT_VOCAB,
    Kind,
    Predictions,
    Scope,
    Task,
    reason,
    unanswered,
)
from wordrel.tasks.geometry import nearest, unit_rows
from wordrel.tasks.items import Items
from wordrel.tasks.scored_text import evenly
from wordrel.tasks.weights import TENTHS, tenths
from wordrel.tasks.word_pairs import scores

_PROBED_RANKS = 10_000
PAIRS = 5_000
_SEED = 0
ROWS = {QUERY_KEY_ROW: QUERY_KEY, "in_out": IN_OUT, "value_out": VALUE_OUT}
"""The end of a row's name -> the lift in it."""


class Probed(NamedTuple):
    """Neighbours and vectors of the probe words in one embedding of one model.

    Attributes:
        neighbours: ids of the nearest words, best first; -1 where there is none.
        vectors: the rows of the probe words as they are.
    """

    neighbours: Int64[np.ndarray, "Q k"]
    vectors: Float32[np.ndarray, "Q D"]


def probe_words(vocab: Vocab, n: int = 1000) -> Int64[np.ndarray, " Q"]:
    """At most n words, evenly over the 10,000 most frequent ones; ascending ids."""
    return evenly(min(len(vocab), _PROBED_RANKS), n)


def neighbours(
    word_model: WordModel,
    embedding: str,
    probes: Int64[np.ndarray, " Q"],
    k: int = 10,
    restrict: int = RESTRICT_VOCAB,
) -> Int64[np.ndarray, "Q k"]:
    """The k words of largest cosine to each probe, best first, the probe itself left out.

    Args:
        word_model: one trained model.
        embedding: the name of the space.
        probes: word ids.
        k: how many; all but one of the candidates where there are not so many.
        restrict: the candidates are this many most frequent words.

    Returns:
        Word ids; -1 throughout for a probe without a vector.
    """
    candidates = min(len(word_model.vocab), restrict)
    unit = unit_rows(word_model.embeddings[embedding][:candidates])
    queries = unit_rows(word_model.embeddings[embedding][probes])
    ids = nearest(queries, unit, probes[:, None], min(k, candidates - 1))
    ids[~queries.any(axis=1)] = -1
    return ids


def agreement_answers(word_model: WordModel) -> dict[str, Probed]:
    """Neighbours and vectors of the `probe_words` in every embedding, the one for "alike" first.

    All of them, because development splits choose only later which embedding represents a model.
    """
    probes = probe_words(word_model.vocab)
    first = word_model.selected.get("alike", "")
    return {
        embedding: Probed(
            neighbours(word_model, embedding, probes), word_model.embeddings[embedding][probes]
        )
        for embedding in sorted(word_model.embeddings, key=lambda embedding: embedding != first)
    }


def to_frame(answers: Mapping[str, Probed]) -> pd.DataFrame:
    """A row an embedding and probe: view (its id), probe (its place from 0), rank_0 .., v0 ...

    An embedding of fewer dimensions than another has NaN in the columns that it does not need.
    """
    frames = []
    for embedding, (ids, vectors) in answers.items():
        probes = {"view": embedding, "probe": np.arange(len(ids))}
        ranks = {f"rank_{i}": column for i, column in enumerate(ids.T)}
        values = {f"v{i}": column for i, column in enumerate(vectors.T)}
        frames.append(pd.DataFrame(probes | ranks | values))
    return (
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"view": [], "probe": []})
    )


def from_frame(table: pd.DataFrame) -> dict[str, Probed]:
    """The answers that `to_frame` laid out."""
    ranks = [column for column in table.columns if column.startswith("rank_")]
    values = [column for column in table.columns if column[0] == "v" and column[1:].isdigit()]
    answers = {}
    for embedding, rows in table.groupby("view", sort=False):
        wide = rows[values].to_numpy(dtype=np.float32)
        used = np.flatnonzero(~np.isnan(wide).all(axis=0)).max(initial=-1) + 1
        answers[str(embedding)] = Probed(rows[ranks].to_numpy(dtype=np.int64), wide[:, :used])
    return answers


def overlap(
    first: Int64[np.ndarray, "Q k"], second: Int64[np.ndarray, "Q k"]
) -> Float64[np.ndarray, " Q"]:
    """Share of the k neighbours in common, in 0..1; NaN where either model has none."""
    same = (first[:, :, None] == second[:, None, :]) & (first >= 0)[:, :, None]
    shared = same.any(axis=2).sum(axis=1) / max(1, first.shape[1])
    silent = ~((first >= 0).any(axis=1) & (second >= 0).any(axis=1))
    return np.where(silent, np.nan, shared)


def expected_overlap(n_words: int, k: int = 10, restrict: int = RESTRICT_VOCAB) -> float:
    """The overlap of two random lists: k / (candidates - 1)."""
    others = min(n_words, restrict) - 1
    return min(k, others) / others if others else float("nan")


def stratified_pairs(vocab: Vocab, limit: int = PAIRS) -> Int64[np.ndarray, "P 2"]:
    """At most `limit` pairs, as many of each two tenths of the vocabulary; fewer of a small one."""
    rng, tenth = np.random.default_rng(_SEED), tenths(vocab)
    words = [rng.permutation(np.flatnonzero(tenth == number)) for number in range(TENTHS)]
    each = min(limit // TENTHS**2, min(map(len, words)) // (2 * TENTHS))
    # Word 2n of each tenth comes first in a pair of another one, word 2n + 1 second.
    sides = [[tenth_words[side::2][: each * TENTHS] for tenth_words in words] for side in (0, 1)]
    first = np.concatenate(sides[0])
    second = np.stack([tenth_words.reshape(TENTHS, each) for tenth_words in sides[1]], axis=1)
    return np.stack([first, second.ravel()], axis=1)


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome a lift: its score of each pair."""
    pairs = stratified_pairs(word_model.vocab)
    every = np.ones(len(pairs), dtype=np.bool_)
    items = Items((), np.ones(len(pairs)), np.arange(len(pairs)))
    template = unanswered(replace(task, items=items), every, chance=0.0)
    rows = {end: replace(template, task=f"{task.name}.{end}") for end in ROWS}
    if not len(pairs):
        few = f"the vocabulary has fewer than {2 * TENTHS**2} words"
        return [replace(row, note=few) for row in rows.values()]
    return [
        replace(
            row, embedding=ROWS[end], predicted=scores(word_model.relations[ROWS[end]], *pairs.T)
        )
        if ROWS[end] in word_model.relations
        else replace(row, note=_lacking(word_model, end))
        for end, row in rows.items()
    ]


def _lacking(word_model: WordModel, end: str) -> str:
    if not word_model.relations:
        return reason(word_model, "relate")
    return f"the model has no lift of its {end.replace('_', ' and ')} tables"


KIND = Kind(version=2, better="higher")
PAIR_SCORES = Kind(version=1, better="higher", answer=answer)
