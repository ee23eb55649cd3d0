"""The command that prints a stored table, for readers and for other programs."""

from enum import StrEnum
from typing import Annotated

import typer

from wordrel.cli.console import display, export
from wordrel.cli.studies import Folder


class Stored(StrEnum):
    """The tables of a results folder."""

    SUMMARY = "summary"
    COMPARISONS = "comparisons"
    SCORES = "scores"
    MEASUREMENTS = "measurements"
    AGREEMENT = "agreement"
    VIEWS = "embeddings"
    RUNS = "runs"
    CONTRASTS = "contrasts"
    ORDERINGS = "orderings"


class Form(StrEnum):
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


def table(
    folder: Folder,
    table: Annotated[Stored, typer.Option(help="Which one.")] = Stored.SUMMARY,
    tasks: Names = None,
    models: Names = None,
    corpora: Names = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="csv and json have every column as it is stored; csv "
            "has ' before a text that a spreadsheet would run.",
        ),
    ] = Form.TEXT,
) -> None:
    """Print a stored table: scores with their intervals and the number of items behind them.

    Of models in pairs: one name gives its pairs with all others, several give those among them.
    """
    from wordrel.report import stored
    from wordrel.report.terminal import stored_table
    from wordrel.study.results import read_results

    found = stored.select(
        read_results(folder),
        table,
        corpora=split_names(corpora),
        tasks=split_names(tasks),
        models=split_names(models),
    )
    if form == Form.TEXT:
        display(stored_table(found))
    else:
        export(stored.WRITERS[form](found, table))


def split_names(names: list[str] | None) -> list[str]:
    """The names of an option that may be repeated, and may list several at a time."""
    return [name.strip() for listed in names or () for name in listed.split(",") if name.strip()]


EXAMPLE = "wordrel table results/quickstart --tasks ws353 --format md"
