"""The commands on studies and their results: run, report, compare, reproduce, export."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wordrel.cli.console import say, stdout

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A results folder, such as results/quickstart.")
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Cells at a time; default: one a core.")]
Cache = Annotated[
    Path | None,
    typer.Option(help="Keeps corpora and trained models; default: $WORDREL_CACHE, else yours."),
]


class Format(StrEnum):
    """What `export` writes."""

    WORD2VEC = "word2vec"
    SAFETENSORS = "safetensors"


def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The study, a YAML file.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY.PATH=VALUE",
            help="Settings to change; items of a list by index (models.0.heads=2).",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The results folder; default: results/STUDY.")
    ] = None,
    jobs: Jobs = None,
    cache: Cache = None,
) -> None:
    """Run a study: train what is not trained yet, ask the tasks, write tables and report.

    Finished models are kept in the cache: interrupt it, run it again, and it goes on. An older
    result is replaced only when the run has ended. Exit status 1 when a model could not be
    trained; the others are reported.
    """
    from wordrel.config import load_config

    study = load_config(config, overrides or ())  # before torch is loaded: mistakes show at once

    from wordrel.api import run_config
    from wordrel.report.terminal import headline_tables

    results = run_config(study, out=out, jobs=jobs, cache=cache)
    stdout().print(*headline_tables(results), f"Report: {results.folder / 'report.md'}", sep="\n")
    failed = results.runs[results.runs["status"] == "failed"]
    for row in failed.itertuples():
        say(f"failed: {row.corpus}/{row.model} seed {row.seed}: {row.message}")
    if len(failed):
        say(f"{len(failed)} of {len(results.runs)} cells failed; the results have the others")
        raise typer.Exit(1)


def report(folder: Folder) -> None:
    """Render report.md and its figures again, from the stored tables alone."""
    from wordrel.report.page import write_report

    typer.echo(f"Report: {write_report(folder)}")


def compare(
    first: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder.")],
    second: Annotated[Path, typer.Argument(metavar="DIR", help="Another one.")],
) -> None:
    """Show two results side by side, and which numbers moved beyond their intervals."""
    from wordrel.report.compare import compare as compare_results
    from wordrel.report.results import read_results
    from wordrel.report.terminal import comparison_table

    stdout().print(comparison_table(compare_results(read_results(first), read_results(second))))


def reproduce(
    folder: Folder,
    jobs: Jobs = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the new results here; default: nowhere.")
    ] = None,
) -> None:
    """Run a stored config again from nothing, and compare every score with the stored one.

    Says identical, within intervals (both exit status 0) or different (exit status 1).
    """
    from wordrel import api
    from wordrel.report.compare import DIFFERENT, overall
    from wordrel.report.terminal import verdicts_table

    verdicts = api.reproduce(folder, jobs=jobs, keep=keep)
    verdict = overall(verdicts)
    stdout().print(verdicts_table(verdicts), f"{folder}: {verdict}", sep="\n")
    if verdict == DIFFERENT:
        raise typer.Exit(1)


def export(  # noqa: PLR0913 - a parameter an option
    folder: Folder,
    model: Annotated[str, typer.Option(help="A model of the study, by name.")],
    format_: Annotated[Format, typer.Option("--format", help="word2vec: text that gensim reads.")],
    to: Annotated[Path, typer.Option(help="The file to write.")],
    seed: Annotated[int | None, typer.Option(help="Default: the first that was trained.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Needed where there are several.")] = None,
    view: Annotated[str | None, typer.Option(help="Which table; default: the primary.")] = None,
    cache: Cache = None,
) -> None:
    """Write the word vectors of a trained model, for gensim and other programs.

    safetensors: the tensor `embedding.weight`, with vocab.txt (a word a row) and config.json
    beside it.
    """
    from wordrel import api
    from wordrel.export import export_safetensors, export_word2vec
    from wordrel.report.results import read_results

    results = read_results(folder)
    found = api.find_run(results, model, seed=seed, corpus=corpus)
    readings = api.load_run(results, found, cache=cache)
    if format_ == Format.WORD2VEC:
        export_word2vec(readings, to, view=view)
    else:
        about = {"study": results.study, "corpus": found.corpus, "model": found.model}
        about |= {"kind": found.kind, "seed": int(found.seed)}
        export_safetensors(readings, to, view=view, about=about)
    typer.echo(f"{len(readings.vocab)} vectors of {model} seed {found.seed}: {to}")


COMMANDS: dict[Callable[..., None], str] = {
    run: "wordrel run configs/quickstart.yaml training.dim=50 seeds=[1] --out results/small",
    report: "wordrel report results/quickstart",
    compare: "wordrel compare results/quickstart results/small",
    reproduce: "wordrel reproduce results/quickstart",
    export: "wordrel export results/quickstart --model skip_gram --format word2vec --to vec.txt",
}
"""Each with its example."""
