"""What every page needs of the tables: orders, rows of selected embeddings, winners."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, TypeVar

import pandas as pd

from wordrel.config import ARCHITECTURES
from wordrel.config.problems import nearest
from wordrel.errors import StoreError
from wordrel.report import labels
from wordrel.report.document import labelled
from wordrel.report.text import percent
from wordrel.study.analysis import resolution
from wordrel.study.results import Results
from wordrel.tasks.registry import AS_IT_IS, CALIBRATED

ALPHA = 0.05
"""A pair counts as different when its adjusted p is below this, and its interval has no 0."""

_FAMILIES = {kind: architecture.family for kind, architecture in ARCHITECTURES.items()}

K = TypeVar("K")
T = TypeVar("T")
Row = Any  # a named tuple with the columns of one table


@dataclass(frozen=True)
class Column:
    """One thing that is measured: a task under one measure."""

    question: str
    task: str
    measure: str
    better: str


@dataclass(frozen=True)
class Cost:
    """What training a model took, as means over its finished runs; NaN where nothing is known."""

    cells: int
    done: int
    parameters: float
    trained_tokens: float
    seconds: float
    tokens_per_second: float
    peak_memory_mb: float


def rows(table: pd.DataFrame, **wanted: str | bool) -> list[Row]:
    """The rows with these values as named tuples, in their order."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return list(table.itertuples(index=False, name="Row"))


def chosen(what: str, wanted: Any, known: Iterable[Any]) -> Any:
    """The wanted name, or the only known one where none is wanted."""
    names = list(dict.fromkeys(known))
    listed = ", ".join(map(str, names))
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise StoreError(f"{what}: found several ({listed}); say which")
    if wanted not in names:
        hint = nearest(str(wanted), map(str, names))
        raise StoreError(f"{what}: found {wanted!r}{hint} expected one of {listed}")
    return wanted


def grouped(things: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Things by key, both in the order of first appearance."""
    groups: dict[K, list[T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def distinct(names: Iterable[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))


def corpora(results: Results) -> list[str]:
    """The corpora, in the order of the manifest."""
    return [str(corpus["name"]) for corpus in results.manifest["corpora"]]


def corpus(results: Results, name: str) -> Mapping[str, Any]:
    """The manifest's entry of a corpus."""
    return next(entry for entry in results.manifest["corpora"] if entry["name"] == name)


def sources(results: Results) -> dict[str, str]:
    """Name of each corpus -> the text that it is made of."""
    return {str(entry["name"]): str(entry["source"]) for entry in results.manifest["corpora"]}


def level(results: Results) -> str:
    """Of the intervals, such as 95%."""
    return percent(results.manifest["statistics"]["confidence"])


def models(results: Results, corpus: str) -> list[str]:
    """All models that were tried, finished or not, in the order of the study."""
    return distinct(r.model for r in _runs(results, corpus))


def questions(results: Results) -> list[str]:
    """The questions of test splits, in the order of the summary; then those only measured.

    A question of development splits alone has no section: no conclusion rests on them.
    """
    scored = results.summary[results.summary["split"] != "dev"]["question"].unique()
    measured = set(results.measurements["task"].unique())
    only = [str(t["question"]) for t in results.manifest["tasks"] if t["name"] in measured]
    return distinct([*scored, *only])


def families(results: Results) -> dict[str, str]:
    """Model -> `word2vec`, `attention`, `weighted mean`, or its own kind where it is none of them.

    Attention: the architectures that score keys by a query. Weighted mean: the architectures below
    them, with one weight for all words, or a number for each word or each offset.
    """
    return {model: _FAMILIES.get(kind, kind) for model, kind in kinds(results).items()}


def kinds(results: Results) -> dict[str, str]:
    """Model -> the kind that its config names."""
    return dict(zip(results.runs["model"], results.runs["kind"], strict=True))


def headline_rows(results: Results, corpus: str, question: str) -> list[Row]:
    """The rows that a headline may show: of test splits, and no parts of other rows."""
    of_question = _groups(results, "summary", ("corpus", "question")).get((corpus, question), ())
    return [r for r in of_question if r.split != "dev" and not r.detail]


def parts(results: Results, corpus: str, question: str) -> list[Row]:
    """The rows that are parts of others (sections, relations), of test splits."""
    of_question = _groups(results, "summary", ("corpus", "question")).get((corpus, question), ())
    return [r for r in of_question if r.split != "dev" and r.detail]


def measured(results: Results, corpus: str, question: str) -> list[Row]:
    """The measurements of a question's test splits that have a value, of every embedding."""
    tasks = [t for t in results.manifest["tasks"] if t.get("split") != "dev"]
    question_of = {str(t["name"]): str(t["question"]) for t in tasks}
    by_task = _groups(results, "measurements", ("corpus", "task"))
    return [
        r
        for (where, task), rows_of_task in by_task.items()
        if where == corpus and question_of.get(base(results, task)) == question
        for r in rows_of_task
        if not pd.isna(r.value)
    ]


@lru_cache(maxsize=4096)
def label(results: Results, model: str) -> str:
    """The label of a model of this study; its identifier where two share a label.

    Marked where its scores are unscaled though the default is scaled.
    """
    own = labels.label(model, "model")
    shown = own if _labels(results)[own] < 2 else model
    return f"{shown} (unscaled)" if model in results.unscaled else shown


def term(results: Results, model: str) -> str:
    """The label as a text of the report, which carries the identifier with it."""
    return labelled(model, label(results, model))


@lru_cache(maxsize=16)
def _labels(results: Results) -> Counter[str]:
    return Counter(labels.label(model, "model") for model in kinds(results))


@lru_cache(maxsize=4096)
def base(results: Results, task: str) -> str:
    """The task that a row belongs to: itself, or the one of which it is a variant or a part."""
    names = [str(t["name"]) for t in results.manifest["tasks"]]
    matches = [n for n in names if task == n or task.startswith(f"{n}.")]
    return max(matches, key=len, default=task)


def kind(results: Results, task: str) -> str:
    """The kind of task that a row belongs to; empty where the manifest does not have it."""
    kinds = {str(t["name"]): str(t.get("kind") or "") for t in results.manifest["tasks"]}
    return kinds.get(base(results, task), "")


def columns(results: Results, corpus: str, question: str) -> list[Column]:
    """What was measured; a task without any score keeps a column without a measure."""
    return list(_columns(results, corpus, question))


@lru_cache(maxsize=64)
def _columns(results: Results, corpus: str, question: str) -> tuple[Column, ...]:
    by_task: dict[str, dict[str, Column]] = {}
    for r in headline_rows(results, corpus, question):
        column = Column(question, r.task, r.measure, r.better or "higher")
        by_task.setdefault(r.task, {}).setdefault(r.measure, column)
    return tuple(
        column
        for measures in by_task.values()
        for measure, column in measures.items()
        if measure or len(measures) == 1
    )


def main_columns(results: Results, corpus: str, question: str) -> list[Column]:
    """The columns that count: no variant beside its task, and the measure that is registered."""
    registered = {str(t["name"]): str(t["measure"]) for t in results.manifest["tasks"]}
    candidates = columns(results, corpus, question)
    known = {(c.task, c.measure) for c in candidates}
    tasks = {c.task for c in candidates}
    return [
        c
        for c in candidates
        if (base(results, c.task) == c.task or base(results, c.task) not in tasks)
        and (
            c.measure == registered.get(c.task, c.measure)
            or (c.task, registered[c.task]) not in known
        )
    ]


def first_columns(results: Results, corpus: str, question: str) -> list[Column]:
    """The columns of a headline: no loss as trained where the calibrated one is there."""
    main = main_columns(results, corpus, question)
    calibrated = {c.task for c in main if c.measure and c.task.endswith(f".{CALIBRATED}")}
    beside = {f"{task.removesuffix(CALIBRATED)}{AS_IT_IS}" for task in calibrated}
    return [c for c in main if c.task not in beside]


def answers(results: Results, corpus: str, column: Column) -> dict[str, Row]:
    """Each model's row of the selected embedding; without a score `note` has the reason."""
    key = (corpus, column.question, column.task)
    by_model: dict[str, Row] = {}
    for r in _groups(results, "summary", ("corpus", "question", "task")).get(key, ()):
        silent = pd.isna(r.score) and r.measure in ("", column.measure)
        if r.selected and r.measure == column.measure and not silent:
            by_model[r.model] = r
        elif silent:
            by_model.setdefault(r.model, r)
    return by_model


def pairs(results: Results, corpus: str, column: Column) -> list[Row]:
    """The comparisons of models in their selected embeddings."""
    embeddings = {model: r.embedding for model, r in answers(results, corpus, column).items()}
    return [
        r
        for r in compared(results, corpus, column)
        if (r.embedding_a, r.embedding_b) == (embeddings.get(r.model_a), embeddings.get(r.model_b))
    ]


def compared(results: Results, corpus: str, column: Column) -> list[Row]:
    """All comparisons of a column, whatever the embeddings."""
    keys = ("corpus", "question", "task", "measure")
    key = (corpus, column.question, column.task, column.measure)
    return list(_groups(results, "comparisons", keys).get(key, ()))


def is_finest(results: Results, pair: Row) -> bool:
    """Whether no permutation was as far from 0 as the pair's difference: p is an upper bound."""
    table = results.comparisons
    family = (table["corpus"] == pair.corpus) & (table["question"] == pair.question)
    return bool(pair.p <= resolution(int(family.sum())) * (1 + 1e-5))


def _runs(results: Results, corpus: str) -> Sequence[Row]:
    return _groups(results, "runs", ("corpus",)).get((corpus,), ())


@lru_cache(maxsize=16)
def _groups(
    results: Results, table: str, keys: tuple[str, ...]
) -> Mapping[tuple[str, ...], list[Row]]:
    """The rows of a table by these columns, grouped once and not for each cell."""
    return grouped(rows(getattr(results, table)), lambda r: tuple(getattr(r, k) for k in keys))


def winner(pair: Row) -> str | None:
    """The significantly better model of a comparison, or None.

    Both have to show it: the test is over items, the interval over items and seeds.
    """
    if not (pair.p_adjusted < ALPHA and (pair.low > 0 or pair.high < 0)):
        return None
    first_is_better = (pair.difference > 0) == (pair.better == "higher")
    return str(pair.model_a if first_is_better else pair.model_b)


def oriented(pairs: Sequence[Row], first: str, second: str) -> Row | None:
    """The comparison of two models as first minus second, whichever way it is stored."""
    for pair in pairs:
        if (pair.model_a, pair.model_b) == (first, second):
            return pair
        if (pair.model_a, pair.model_b) == (second, first):
            turned = {"difference": -pair.difference, "low": -pair.high, "high": -pair.low}
            embeddings = {"embedding_a": pair.embedding_b, "embedding_b": pair.embedding_a}
            return pair._replace(model_a=first, model_b=second, **embeddings, **turned)
    return None


def failures(results: Results, corpus: str) -> list[Row]:
    """The trained runs that did not finish."""
    return [r for r in _runs(results, corpus) if r.status == "failed"]


def cost(results: Results, corpus: str, model: str) -> Cost:
    """What the model took on this corpus."""
    tried = [r for r in _runs(results, corpus) if r.model == model]
    done = [r for r in tried if r.status == "done"]
    names = [f.name for f in fields(Cost) if f.name not in ("cells", "done")]
    means = {name: _mean(getattr(r, name) for r in done) for name in names}
    return Cost(cells=len(tried), done=len(done), **means)


def _mean(values: Iterable[float]) -> float:
    return float(pd.Series([v for v in values if not pd.isna(v)], dtype="float64").mean())
