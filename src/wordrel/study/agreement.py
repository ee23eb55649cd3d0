"""How far models agree with each other, and with themselves under another seed.

The table `agreement` has four measures: `overlap` of nearest neighbours, `rank_correlation` of the
cosines of pairs of probe words, `cka`, and `procrustes`, where 0 is agreement. Each is a mean over
couples of runs; its interval is for other probe words, couples taken together. The lifts of pairs
have a measure of their own, `lift_correlation`.

Glossary: Q probe words, D dimensions, P pairs of probe words.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from wordrel.config import StatisticsConfig
from wordrel.stats import (
    MEASURES,
    Interval,
    answered_by_all,
    interval,
    item_multiplicity,
    resampled_scores,
)
from wordrel.stats.alignment import (
    Aligned,
    error_over_pairs,
    error_over_words,
    linear_cka,
    normal_interval,
    procrustes,
    rank_correlation,
)
from wordrel.study.answers import Evaluation
from wordrel.study.schema import Row
from wordrel.tasks.geometry import cosines, has_direction, unit_rows
from wordrel.tasks.neighbours import Probed, expected_overlap, overlap

Run = tuple[str, int]  # model, seed
PAIRS, PAIRS_SEED = 5_000, 0
LIFTS = "lift_correlation"
MOST_COUPLES = 25
"""Of runs, for two models: five seeds have 20 or fewer, and more would add little information."""


def agreement_rows(
    corpus: str,
    cells: Mapping[Run, Mapping[str, Probed]],
    selected: Mapping[str, str],
    words: int,
    statistics: StatisticsConfig,
) -> list[Row]:
    """Four rows for every two models, and for every model with two seeds or more.

    Runs of two models with one seed may share their start and their order of text, so models are
    compared across seeds; within a seed only where the study has no other.

    Args:
        corpus: its name.
        cells: (model, seed) -> embedding -> its neighbours; the same probe words in all of them.
        selected: model -> the embedding that represents it; for a model that is not named, its
            first embedding, the one of its design.
        words: size of the vocabulary.
        statistics: resampling settings.
    """
    runs = {}
    for run, embeddings in cells.items():
        if embeddings:
            embedding = selected.get(run[0]) or next(iter(embeddings))
            runs[run] = _Space(embedding, *embeddings[embedding])
    models = list(dict.fromkeys(model for model, _ in runs))
    rows = []
    for a, b in itertools.combinations_with_replacement(models, 2):
        if couples := independent_couples(runs, *sorted((a, b))):  # the same in any order
            embedding_of = {run[0]: runs[run].embedding for run in couples[0]}
            common = {
                "corpus": corpus,
                "between": "seeds" if a == b else "models",
                "model_a": a,
                "model_b": b,
                "embedding_a": embedding_of[a],
                "embedding_b": embedding_of[b],
                "pairs": len(couples),
            }
            measured = _compare([(runs[i], runs[j]) for i, j in couples], words, statistics)
            rows += [common | {"measure": measure} | values for measure, values in measured.items()]
    return rows


def lift_rows(evaluation: Evaluation, confidence: float) -> list[Row]:
    """A row for every two models, and every model with two seeds, of one lift of pairs of words.

    Runs are compared as in `agreement_rows`, on the pairs that both models answer; the interval is
    for other pairs.
    """
    models = {model: runs_of(evaluation, model) for model, _ in evaluation.predicted()}
    runs = [(model, seed) for model, its in models.items() for seed in its]
    rows = []
    for a, b in itertools.combinations_with_replacement(models, 2):
        couples = independent_couples(runs, *sorted((a, b)))
        if not couples:
            continue
        its = dict(zip((a, b), answered_together([models[a], models[b]]), strict=True))
        correlation = _mean([rank_correlation(its[m][s], its[n][t]) for (m, s), (n, t) in couples])
        error = error_over_words(correlation.influence)  # no word is in two pairs
        ends = normal_interval(correlation.value, error, confidence, (-1.0, 1.0))
        common: Row = {"corpus": evaluation.corpus, "between": "seeds" if a == b else "models"}
        common |= {"model_a": a, "model_b": b, "measure": LIFTS, "pairs": len(couples)}
        embedding = next(key[1] for key in evaluation.predicted() if key[0] == a)
        common |= {"embedding_a": embedding, "embedding_b": embedding}
        rows.append(common | _estimated(correlation.value, ends, len(correlation.influence), 0.0))
    return rows


def runs_of(evaluation: Evaluation, model: str) -> dict[int, Float64[np.ndarray, " P"]]:
    """Seed -> the scores of a model for all pairs; empty where it has no answer."""
    key = next((key for key in evaluation.predicted() if key[0] == model), None)
    return {} if key is None else {s: o.predicted for s, o in evaluation.outcomes[key].items()}


def answered_together(
    models: Sequence[Mapping[int, Float64[np.ndarray, " P"]]],
) -> list[dict[int, Float64[np.ndarray, " A"]]]:
    """The scores of these models, seed by seed, for the A pairs that every run of them answers.

    A model from files has no lift of a word that it lacks.
    """
    every = answered_by_all(np.stack([*runs.values()]) for runs in models)
    return [{seed: row[every] for seed, row in runs.items()} for runs in models]


@dataclass(frozen=True)
class _Space:
    """One run in the embedding that represents it."""

    embedding: str
    neighbours: Int64[np.ndarray, "Q k"]
    vectors: Float32[np.ndarray, "Q D"]

    @cached_property
    def covered(self) -> Bool[np.ndarray, " Q"]:
        """Probe words that have a direction."""
        return has_direction(unit_rows(self.vectors))

    @cached_property
    def cosines(self) -> Float64[np.ndarray, " P"]:
        """Of the `probe_pairs`; NaN where a word has no direction."""
        return cosines(self.vectors, *probe_pairs(len(self.vectors)))


def independent_couples(runs: Iterable[Run], a: str, b: str) -> list[tuple[Run, Run]]:
    """Runs of a beside runs of b, of different seeds where there are any; evenly spread if many."""
    every = sorted(runs)
    couples = [(i, j) for i, j in itertools.product(every, every) if (i[0], j[0]) == (a, b)]
    if a == b:
        couples = [(i, j) for i, j in couples if i[1] < j[1]]
    couples = [(i, j) for i, j in couples if i[1] != j[1]] or couples
    n = min(len(couples), MOST_COUPLES)
    return [couples[k * len(couples) // n] for k in range(n)]


def probe_pairs(n_words: int) -> tuple[Int64[np.ndarray, " P"], Int64[np.ndarray, " P"]]:
    """At most 5,000 pairs of different probe words, the same for every model and study."""
    left, right = np.triu_indices(n_words, 1)
    chosen = np.random.default_rng(PAIRS_SEED).permutation(len(left))[:PAIRS]
    return left[chosen], right[chosen]


def _estimated(score: float, ends: Interval, n_items: int, chance: float) -> Row:
    return {
        "score": score,
        "low": ends.low,
        "high": ends.high,
        "n_items": n_items,
        "chance": chance,
    }


_Couples = Sequence[tuple[_Space, _Space]]


def _compare(couples: _Couples, words: int, statistics: StatisticsConfig) -> dict[str, Row]:
    rng = np.random.default_rng(statistics.seed)
    known = np.all([space.covered for couple in couples for space in couple], axis=0)
    rows = [
        tuple(space.vectors[known].astype(np.float64) for space in couple) for couple in couples
    ]
    confidence, n = statistics.confidence, int(known.sum())
    cka = _mean([linear_cka(x, y) for x, y in rows])
    distance = _mean([procrustes(x, y) for x, y in rows])
    by_chance = _mean([procrustes(x, y[rng.permutation(n)]) for x, y in rows])
    distance_ends = normal_interval(
        distance.value, error_over_words(distance.influence), confidence, (0.0, 1.0)
    )
    cka_ends = normal_interval(cka.value, error_over_words(cka.influence), confidence, (-1.0, 1.0))
    return {
        "overlap": _overlap(couples, expected_overlap(words), statistics),
        "rank_correlation": _rank_correlation(couples, known, confidence),
        "cka": _estimated(cka.value, cka_ends, n, 0.0),
        "procrustes": _estimated(distance.value, distance_ends, n, by_chance.value),
    }


def _mean(aligned: Sequence[Aligned]) -> Aligned:
    """Over couples of runs: the same words each time, so that influences are averaged, too."""
    influences = np.mean([couple.influence for couple in aligned], axis=0)
    return Aligned(float(np.mean([couple.value for couple in aligned])), influences)


def _overlap(couples: _Couples, chance: float, statistics: StatisticsConfig) -> Row:
    """Words are resampled, as those of any score: near 0 the interval has two unequal arms."""
    shared = np.mean([overlap(a.neighbours, b.neighbours) for a, b in couples], axis=0)
    known = shared[~np.isnan(shared)]
    ones, places = np.ones(len(known)), np.arange(len(known))
    rng = np.random.default_rng(statistics.seed)
    drawn = item_multiplicity(places, statistics.resamples, rng)
    scores = resampled_scores(MEASURES["overlap"], ones, known[None], drawn)[:, 0]
    score = float(known.mean()) if len(known) else float("nan")
    return _estimated(score, interval(scores, statistics.confidence), len(known), chance)


def _rank_correlation(couples: _Couples, known: Bool[np.ndarray, " Q"], confidence: float) -> Row:
    left, right = probe_pairs(len(known))
    known_pairs = known[left] & known[right]
    correlation = _mean(
        [rank_correlation(a.cosines[known_pairs], b.cosines[known_pairs]) for a, b in couples]
    )
    error = error_over_pairs(correlation.influence, left[known_pairs], right[known_pairs])
    ends = normal_interval(correlation.value, error, confidence, (-1.0, 1.0))
    return _estimated(correlation.value, ends, int(known_pairs.sum()), 0.0)
