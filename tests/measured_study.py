"""The wide study on three samples of one text, with what is measured inside its models."""

import itertools
from dataclasses import replace
from typing import Any

import pandas as pd

from wide_study import wide_results
from wordrel.study.results import Results
from wordrel.study.schema import COLUMNS

SAMPLES = {"wiki17m-1m": 980_000, "wiki17m-4m": 3_900_000, "wiki17m": 15_000_000}
BEHIND = {"wiki17m-1m": 0.2, "wiki17m-4m": 0.1, "wiki17m": 0.0}  # of a score
FASTER = {"wiki17m-1m": 15, "wiki17m-4m": 4, "wiki17m": 1}
MASKED, NEXT = "mask_query_attention", "attention_position"
SPEECH = ("NOUN", "VERB", "ADJ", "DET")
ORDERS = ("others permuted", "two words exchanged", "asking word exchanged", "all permuted")
KINDS = {"learned_weights": "learned", "word_order": "order", "attention_roles": "roles"}
Row = dict[str, Any]


def measured_results() -> Results:
    """Three nested samples; what is measured stands on the whole text alone."""
    wide = wide_results(("wiki17m",))
    tables = {name: _sampled(name, getattr(wide, name)) for name in COLUMNS}
    rows = pd.DataFrame(measurements(), columns=list(COLUMNS["measurements"]))
    tables["measurements"] = pd.concat([tables["measurements"], rows], ignore_index=True)
    (corpus,) = wide.manifest["corpora"]
    task = wide.manifest["tasks"][0] | {"split": "test", "n_items": 100}
    named = [{"name": n, "kind": k, "question": "fit"} for n, k in KINDS.items()]
    manifest = wide.manifest | {
        "corpora": [corpus | {"name": n, "tokens": t} for n, t in SAMPLES.items()],
        "tasks": [*wide.manifest["tasks"], *(task | fields for fields in named)],
    }
    limits = {"wiki17m-1m": 1_000_000, "wiki17m-4m": 4_000_000, "wiki17m": None}
    corpora = [{"name": n, "source": "wiki17m", "limit_tokens": limits[n]} for n in SAMPLES]
    return replace(wide, manifest=manifest, config=wide.config | {"corpora": corpora}, **tables)


def _sampled(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table on every sample; measurements stay on the whole text."""
    if name == "measurements":
        return table
    parts = []
    for sample in SAMPLES:
        part = table.assign(corpus=sample)
        for column in {"score", "low", "high"} & set(part.columns) if name == "summary" else ():
            part[column] = part[column] - BEHIND[sample]
        if name == "runs":
            part["seconds"] = part["seconds"] / FASTER[sample]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def measurements() -> list[Row]:
    """Offsets and words of two models, the cost of another order, and attention by class."""
    return [*_offsets(), *_words(), *_orders(), *_roles()]


def _offsets() -> list[Row]:
    rows = []
    for model, most, slope in ((MASKED, 5, 0.25), (NEXT, 0, 0.125)):
        for k in (*range(-5, 0), *range(1, most + 1)):
            near = 2 * slope - slope * (abs(k) - 1)
            rows += [
                _row(model, "learned_weights", "relative_position", (f"{k:+d}", "score", near))
            ]
            at = (f"offset {k:+d}", "mean_weight", 0.12 + near / 10)
            rows += [_row(model, "learned_weights", "attention", at)]
    return sorted(rows, key=lambda row: str(row["group"]))  # as text: the page sorts by number


def _words() -> list[Row]:
    return [
        _row(MASKED, "learned_weights", embedding, (f"frequency {k}/10", statistic, value))
        for k in range(1, 11)
        for embedding, statistic, value in (
            ("per_word_weight", "score", -1.4 + 0.2 * k),
            ("attention", "relative_weight", 0.4 + 0.1 * k),
        )
    ]


def _orders() -> list[Row]:
    return [
        _row(model, "word_order", "context", (group, statistic, value * (i + 1)))
        for (i, group), model in itertools.product(enumerate(ORDERS), (MASKED, NEXT, "cbow"))
        for statistic, value in (
            ("moved", 0.1),
            ("unmoved", 0.3),
            ("added_loss", 0 if model == "cbow" else 0.1),
        )
    ]


def _roles() -> list[Row]:
    rows = [
        _row(NEXT, "attention_roles", "attention", (f"{who} {tag}", statistic, 1 + i / 2))
        for i, tag in enumerate(SPEECH)
        for who, statistic in (("asking", "effective_keys"), ("attended", "relative_weight"))
    ]
    return [*rows, _row(NEXT, "attention_roles", "exchanged", ("all", "added_loss", 1.25))]


def _row(model: str, task: str, embedding: str, measurement: tuple[str, str, float]) -> Row:
    group, statistic, value = measurement
    row = {
        "corpus": "wiki17m",
        "model": model,
        "task": task,
        "embedding": embedding,
        "selected": False,
    }
    row |= {"group": group, "statistic": statistic, "value": value, "seeds": 5, "n": 400}
    return row | {"low": value - 0.05, "high": value + 0.05}
