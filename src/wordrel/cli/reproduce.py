"""The command that runs a stored study again, or the part of it that one verdict needs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wordrel.cli.console import display, say
from wordrel.cli.studies import Dask, Folder, Jobs, SchedulerFile, begin
from wordrel.cli.table import split_names

if TYPE_CHECKING:
    from pandas import DataFrame

EXAMPLE = "wordrel reproduce results/lookup --claim C7 --seeds 1"


def reproduce(  # noqa: PLR0913 - a parameter an option
    folder: Folder,
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY.PATH=PATH", help="Where a text lies now (corpora.0.source=my.txt)."
        ),
    ] = None,
    jobs: Jobs = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the new results here; default: nowhere.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the first seed, on one core.")
    ] = False,
    claim: Annotated[
        str | None,
        typer.Option(metavar="C1..C9", help="Only what the verdict on this claim needs."),
    ] = None,
    models: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these models of it.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Only so many, the first ones.")] = None,
    dask: Dask = None,
    scheduler_file: SchedulerFile = None,
) -> None:
    """Run a stored config again from nothing, and compare every score with the stored one.

    Says identical, within intervals (both exit status 0) or different (exit status 1). Where only
    a part is run, it says first how long its stored training took.
    """
    names = tuple(split_names([models])) if models is not None else ()
    if models is not None and not names:
        raise typer.BadParameter("found no name, expected some: A,B", param_hint="--models")
    partial = quick or claim is not None or bool(names) or seeds is not None
    if not partial:
        begin(folder, "training its models again; what is stored there stays as it is")

    from wordrel import api

    if partial:
        _say_how_long(folder, claim, names, 1 if quick else seeds)
    verdicts = api.reproduce(
        folder,
        jobs=jobs,
        keep=keep,
        quick=quick,
        claim=claim,
        models=names,
        seeds=seeds,
        places=places or (),
        dask=dask,
        scheduler_file=scheduler_file,
    )
    _show_verdicts(folder, verdicts)


def _show_verdicts(folder: Path, verdicts: "DataFrame") -> None:
    """Show what came out, and end with exit status 1 where it is another result."""
    from wordrel.report.compare import DIFFERENT, IDENTICAL, overall
    from wordrel.report.terminal import verdict_counts, verdicts_table

    verdict = overall(verdicts)
    display(f"{folder}: {verdict}")
    if verdict != IDENTICAL:
        display(verdict_counts(verdicts), *verdicts_table(verdicts))
    if verdict == DIFFERENT:
        raise typer.Exit(1)


def _say_how_long(
    folder: Path, claim: str | None, models: Sequence[str], seeds: int | None
) -> None:
    from wordrel import api
    from wordrel.report.claims.part import part
    from wordrel.study.results import read_results

    whole = read_results(folder)
    stored, config = part(whole, api.stored_config(whole), claim=claim, models=models, seeds=seeds)
    listed = ", ".join(map(str, config.seeds))
    took = (
        f"{len(stored.runs)} runs, whose training took {stored.runs['seconds'].sum():,.1f} s when"
    )
    extra = "they were stored; preparing the text and the evaluation come on top"
    say(f"seed{'s'[: len(config.seeds) != 1]} {listed}: {took} {extra}")
    say(
        "stored scores are over the items that all runs of the study answer, and of the embeddings "
        "that all seeds chose: where a part of them has others, a row is not identical; it is then "
        "judged by the intervals"
    )
