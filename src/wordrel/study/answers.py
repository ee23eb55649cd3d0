"""The predictions of a trained run on a task: kept item by item, and sorted by row of the result.

Reads and writes one parquet file a cell and task. Items stand once for each row of the result, and
each embedding's predictions in a column beside them. The file's metadata hold the measurements, and
all that belongs to a whole row or embedding.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from wordrel.config.names import COLUMNS, EMBEDDINGS, inverse
from wordrel.io.files import read_parquet, reading, write_parquet
from wordrel.tasks import Measurement, Predictions

ANSWERS = "answers.parquet"
"""Name of the file, in the folder of one cell and task."""

OF_WORDS = ("alike", "relate", "direction", "syntax", "in_context")
"""Questions whose items are words; those of the others are documents or sentences of the corpus."""

Key = tuple[str, str]  # model, embedding
_ITEMS = {"gold": np.float64, "covered": np.bool_, "cluster": np.int64}
_OF_A_ROW = ("task", "measure", "better", "detail")
_OF_AN_EMBEDDING = {
    **{"view": "embedding", "primary": "selected"},
    **{"chance": "chance", "note": "note"},
}
"""Key in the file, which stays as it was, and attribute."""


def write_answers(
    path: Path, outcomes: Sequence[Predictions], measurements: Sequence[Measurement]
) -> None:
    """Replace the file by these answers; the folder around it is synced, or its loss noticed.

    Raises:
        ValueError: two embeddings of one row have other items.
        StoreError: the file cannot be written.
    """
    rows: dict[str, list[Predictions]] = {}
    for outcome in outcomes:
        rows.setdefault(outcome.task, []).append(outcome)
    embeddings = list(dict.fromkeys(outcome.embedding for outcome in outcomes))
    frames = [_items(number, its, embeddings) for number, its in enumerate(rows.values())]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    table.attrs = {
        "views": embeddings,
        "rows": [_described(its) for its in rows.values()],
        "measurements": [_measured(measurement) for measurement in measurements],
    }
    write_parquet(path, table, durable=False)


def _items(number: int, outcomes: Sequence[Predictions], embeddings: Sequence[str]) -> pd.DataFrame:
    first = outcomes[0]
    for outcome in outcomes:
        if not all(np.array_equal(getattr(outcome, k), getattr(first, k)) for k in _ITEMS):
            raise ValueError(
                f"{outcome.task}: found other items in embedding {outcome.embedding!r}"
            )
    items = {name: getattr(first, name) for name in _ITEMS}
    answers = {f"answer_{embeddings.index(o.embedding)}": o.predicted for o in outcomes}
    number_of_each = np.full(len(first.gold), number, dtype=np.int32)
    return pd.DataFrame({"row": number_of_each, **items, **answers})


def _described(outcomes: Sequence[Predictions]) -> dict[str, Any]:
    each = [{key: getattr(o, name) for key, name in _OF_AN_EMBEDDING.items()} for o in outcomes]
    return {name: getattr(outcomes[0], name) for name in _OF_A_ROW} | {"views": each}


def _measured(measurement: Measurement) -> dict[str, Any]:
    """Under the former names, which files keep; None is left out, as in former files."""
    keys, ids = inverse(COLUMNS), inverse(EMBEDDINGS)
    stored = asdict(measurement) | {
        "embedding": ids.get(measurement.embedding, measurement.embedding)
    }
    return {keys.get(key, key): value for key, value in stored.items() if value is not None}


def read_outcomes(path: Path) -> list[Predictions]:
    """The outcomes of one cell and task, as they were stored.

    Raises:
        StoreError: the file cannot be read.
    """
    with reading(path):
        return list(_outcomes(read_parquet(path)))


def _outcomes(table: pd.DataFrame) -> Iterator[Predictions]:
    about, table.attrs = table.attrs, {}  # which pandas would copy with every column
    rows = about["rows"]
    if not rows:
        return
    items = {name: table[name].to_numpy(dtype=dtype) for name, dtype in _ITEMS.items()}
    columns = enumerate(about["views"])
    answers = {
        embedding: table[f"answer_{n}"].to_numpy(dtype=np.float64) for n, embedding in columns
    }
    ends = np.searchsorted(table["row"], np.arange(len(rows)), side="right").tolist()
    for row, own in zip(rows, map(slice, [0, *ends[:-1]], ends), strict=True):
        shared: dict[str, Any] = {name: row[name] for name in _OF_A_ROW}
        shared |= {name: values[own] for name, values in items.items()}
        for view in row["views"]:
            own_names = {name: view[key] for key, name in _OF_AN_EMBEDDING.items()}
            yield Predictions(predicted=answers[view["view"]][own], **own_names, **shared)


def read_measurements(path: Path) -> list[Measurement]:
    """The measurements of one cell and task, as they were stored.

    Raises:
        StoreError: the file cannot be read.
    """
    with reading(path):
        described = read_parquet(path, columns=[]).attrs
        return [_measurement(stored) for stored in described["measurements"]]


def _measurement(stored: Mapping[str, Any]) -> Measurement:
    now = {COLUMNS.get(key, key): value for key, value in stored.items()}
    return Measurement(**now | {"embedding": EMBEDDINGS.get(now["embedding"], now["embedding"])})


@dataclass(frozen=True)
class Evaluation:
    """The outcomes of one row of the result (a task, or a variant of it) on one corpus.

    Attributes:
        corpus: name of the corpus.
        question: "alike", "fit" ...
        outcomes: (model, embedding) -> seed -> predictions; "" is the embedding of a model without
            an answer.
        split: "dev" where it may decide which embedding is the selected one.
    """

    corpus: str
    question: str
    outcomes: Mapping[Key, Mapping[int, Predictions]]
    split: str = "test"

    @property
    def any(self) -> Predictions:
        """One of the outcomes, for fields that all share."""
        return next(iter(next(iter(self.outcomes.values())).values()))

    def seeds(self, model: str) -> set[int]:
        """The seeds with which a model answered."""
        return {seed for (m, _), seeds in self.outcomes.items() for seed in seeds if m == model}

    def selected(self, key: Key) -> bool:
        """Whether this embedding is the selected one of its model."""
        return next(iter(self.outcomes[key].values())).selected

    def answering(self) -> list[Key]:
        """Embeddings with at least one prediction."""
        return [
            key
            for key, seeds in self.outcomes.items()
            if not all(np.isnan(outcome.predicted).all() for outcome in seeds.values())
        ]

    def predicted(
        self, wanted: Callable[[Key], bool] = lambda key: True
    ) -> dict[Key, Float64[np.ndarray, "S P"]]:
        """The predictions of the wanted embeddings that have any, a row a seed."""
        return {
            key: np.stack([outcome.predicted for outcome in self.outcomes[key].values()])
            for key in self.answering()
            if wanted(key)
        }


def collect(
    corpus: str,
    question: str,
    cells: Iterable[tuple[str, int, Sequence[Predictions]]],
    split: str = "test",
) -> list[Evaluation]:
    """Sort the outcomes of a task, given as (model, seed, outcomes), by row of the result.

    A set that the vocabulary hardly covers is not evaluated, see `Predictions.screened`. Where the
    seeds of a model were read in different ways, they still stand together, see `_joined`.
    """
    runs: dict[tuple[str, int], None] = {}
    rows: dict[str, dict[Key, dict[int, Predictions]]] = {}
    for model, seed, outcomes in cells:
        runs[model, seed] = None
        for predictions in outcomes:
            outcome = predictions.screened() if question in OF_WORDS else predictions
            keys = rows.setdefault(outcome.task, {})
            keys.setdefault((model, outcome.embedding), {})[seed] = outcome
    return [Evaluation(corpus, question, _joined(keys, runs), split) for keys in rows.values()]


def _joined(
    outcomes: Mapping[Key, Mapping[int, Predictions]], runs: Iterable[tuple[str, int]]
) -> dict[Key, Mapping[int, Predictions]]:
    """The outcomes, with one key for selected embeddings of a model that share no seed.

    Each run chooses by development text how it is read (`per_token_loss`). Two keys would split the
    seeds of a model, and a contrast would take those of one key alone.
    """
    chosen: dict[str, list[Key]] = {}
    for key, seeds in outcomes.items():
        if key[1] and all(outcome.selected for outcome in seeds.values()):
            chosen.setdefault(key[0], []).append(key)
    renamed = {key: key for key in outcomes}
    for model, keys in chosen.items():
        if sum(len(outcomes[key]) for key in keys) == len({s for k in keys for s in outcomes[k]}):
            joined = " or ".join(sorted(embedding for _, embedding in keys))
            renamed |= dict.fromkeys(keys, (model, joined))
    together: dict[Key, dict[int, Predictions]] = {}
    for key, seeds in outcomes.items():
        together.setdefault(renamed[key], {}).update(seeds)
    place = {run: number for number, run in enumerate(runs)}
    return {
        key: {seed: seeds[seed] for _, seed in sorted((place[key[0], s], s) for s in seeds)}
        for key, seeds in together.items()
    }
