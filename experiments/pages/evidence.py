"""What stands beside each number of the paper: documents, authors and seeds."""

from collections.abc import Sequence

import attempts
from wordrel.report import queries, text
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.study.results import Results

DOCUMENTS = {"wiki17m": "articles", "novels": "novels"}
"""Source -> what its documents are."""


def named(model: str) -> str:
    """What the paper calls a model."""
    return text.escape(label(model, "model"))


def gain(row: Row) -> str:
    """The gain of a contrast with its interval."""
    return text.with_interval(row.gain, row.low, row.high)


def evidence(results: Results, rows: Sequence[Row]) -> str:
    """How many documents of each corpus, and seeds: "376 articles, 21 novels (7 authors); 5 seeds".

    Args:
        results: of a study.
        rows: of contrasts or of the summary, one a corpus.
    """
    of_authors = attempts.authors(results)
    documents = []
    for row in rows:
        source = queries.sources(results)[row.corpus]
        n = row.n if hasattr(row, "n") else row.n_scored
        authors = len(set(of_authors.get(row.corpus, ())))
        by = f" ({text.count(authors)} authors)" if authors else ""
        documents.append(f"{text.count(n)} {DOCUMENTS.get(source, 'documents')}{by}")
    models = {m for r in rows for m in (getattr(r, "model_a", ""), getattr(r, "model_b", "")) if m}
    models |= {row.model for row in rows if hasattr(row, "model")}
    alone = sorted(model for model in models if has_no_seed(results, model))
    seeds = text.shared(text.count, [row.seeds for row in rows])
    if alone and len(alone) == len(models):
        return f"{', '.join(documents)}; no seed"
    suffix = f", none for {text.listed([named(model) for model in alone])}" if alone else ""
    return f"{', '.join(documents)}; {seeds} seeds{suffix}"


def has_no_seed(results: Results, model: str) -> bool:
    """Whether the runs of all seeds are one run, as those of counts are."""
    its = results.runs[results.runs["model"] == model]
    by_corpus = its.groupby("corpus")
    return bool(len(its)) and bool(
        ((by_corpus["cell"].nunique() == 1) & (by_corpus.size() > 1)).all()
    )
