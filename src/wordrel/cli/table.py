"""The commands that print tables, of results and of files of vectors: table, evaluate."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wordrel.cli.console import display, echo, export
from wordrel.cli.studies import Folder


class Stored(StrEnum):
    """The tables of a results folder."""

    SUMMARY = "summary"
    COMPARISONS = "comparisons"
    SCORES = "scores"
    MEASUREMENTS = "measurements"
    AGREEMENT = "agreement"
    EMBEDDINGS = "embeddings"
    RUNS = "runs"
    CONTRASTS = "contrasts"
    ORDERINGS = "orderings"


class Evaluated(StrEnum):
    """The tables of `evaluate`."""

    FILES = "files"
    LACKS = "lacks"
    SCORES = "scores"
    CONTRASTS = "contrasts"


class TableFormat(StrEnum):
    """How a table is printed."""

    TEXT = "text"
    MD = "md"
    CSV = "csv"
    LATEX = "latex"
    JSON = "json"


Names = Annotated[
    list[str] | None,
    typer.Option(metavar="NAMES", help="Only these: a,b; the option may be repeated."),
]
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="word2vec, GloVe, fastText, safetensors or .npy; or a folder of static embeddings.",
    ),
]
NOTE = (
    "p_adjusted: paired permutation test, after Holm's correction for the {} differences shown; "
    "the intervals are not corrected."
)


def table(
    folder: Folder,
    table: Annotated[Stored, typer.Option(help="Which one.")] = Stored.SUMMARY,
    tasks: Names = None,
    models: Names = None,
    corpora: Names = None,
    format_: Annotated[
        TableFormat,
        typer.Option(
            "--format",
            help="csv and json have every column as it is stored; csv "
            "has ' before a text that a spreadsheet would run.",
        ),
    ] = TableFormat.TEXT,
) -> None:
    """Print a stored table: scores with their intervals and the number of items behind them.

    Of models in pairs: one name gives its pairs with all others, several give those among them.
    """
    from wordrel.report import stored
    from wordrel.report.terminal import stored_table
    from wordrel.study.results import read_results

    selected = stored.select(
        read_results(folder),
        table,
        corpora=split_names(corpora),
        tasks=split_names(tasks),
        models=split_names(models),
    )
    if format_ == TableFormat.TEXT and not len(selected):
        echo(f"{folder}: the table {table} has no rows that fit")
    elif format_ == TableFormat.TEXT:
        display(stored_table(selected))
    else:
        export(stored.WRITERS[format_](selected, table))


def evaluate(  # noqa: PLR0913 - a parameter an option
    files: Files,
    pairs: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A table of word, word, score; may be repeated."),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Such as ws353,simlex999; default: these two."),
    ] = None,
    cased: Annotated[bool, typer.Option("--cased", help="Let King and king be two words.")] = False,
    table: Annotated[
        Evaluated | None,
        typer.Option(help="Only this one. Default: all; with csv: scores, for a file has one."),
    ] = None,
    format_: Annotated[TableFormat, typer.Option("--format")] = TableFormat.TEXT,
    cache: Annotated[Path | None, typer.Option("--cache", help="Default: $WORDREL_CACHE.")] = None,
) -> None:
    """Compare vectors that others made: scores with intervals on the words that all files have.

    p is corrected by Holm's method for all differences in the table. With --pairs alone only your
    own table is used. No pickled file is read.
    """
    from wordrel.report import stored
    from wordrel.report.terminal import stored_table
    from wordrel.study import vector_scores

    named = split_names(tasks) or ([] if pairs else vector_scores.DEFAULT_TASKS)
    evaluation = vector_scores.evaluate(
        files, tasks=named, pairs=pairs or (), lowercase=not cased, cache=cache
    )
    if format_ == TableFormat.CSV:
        table = table or Evaluated.SCORES
    tables = {name: getattr(evaluation, name) for name in Evaluated if table in (None, name)}
    if table and format_ == TableFormat.TEXT and not len(tables[table]):
        echo(f"the table {table} has no rows")
    elif format_ == TableFormat.TEXT:
        display(*(stored_table(frame) for frame in tables.values() if len(frame)))
        if n_contrasts := len(tables.get(Evaluated.CONTRASTS, ())):
            display(NOTE.format(n_contrasts))
    elif format_ == TableFormat.CSV:
        export("".join(stored.for_sheets(frame).to_csv(index=False) for frame in tables.values()))
    elif format_ == TableFormat.JSON and table is None:
        parts = (f'"{name}": {stored.as_json(frame, name)}' for name, frame in tables.items())
        typer.echo("{" + ", ".join(parts) + "}")
    else:
        for name, frame in tables.items():
            typer.echo(stored.WRITERS[format_](frame, name))


def split_names(names: list[str] | None) -> list[str]:
    """The names of an option that may be repeated, and may list several at a time."""
    return [name.strip() for listed in names or () for name in listed.split(",") if name.strip()]


EXAMPLE = "wordrel table results/quickstart --tasks ws353 --format md"
EVALUATE_EXAMPLE = "wordrel evaluate a.vec b.vec --pairs mine.tsv"
