"""The commands on studies and their results: new, run, report, compare."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wordrel.cli.console import display, echo, refuse_texts, say
from wordrel.io.visible import shell_word

if TYPE_CHECKING:
    from wordrel.config import StudyConfig
    from wordrel.study.results import Results

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A results folder, such as results/quickstart.")
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Trained runs at a time; default: one a core.")
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Keeps corpora and trained models; default: $WORDREL_CACHE, else yours."),
]
Dask = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Train on the cluster of this Dask scheduler, tcp://... or tls://...; trust it "
        "like a shell. Default: $WORDREL_DASK, else this machine.",
    ),
]
SchedulerFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The same, by the file that the scheduler wrote; default: $WORDREL_SCHEDULER_FILE.",
    ),
]


def new(  # noqa: PLR0913 - a parameter an option
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the study: a-z 0-9 _ . -")],
    corpus: Annotated[
        str, typer.Option(help="Your text: a file, folder or glob of .txt .gz .bz2 .xz .zst.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="How the text is read: encoding=cp1252"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; default: configs/NAME.yaml.")
    ] = None,
    claims: Annotated[
        bool, typer.Option("--claims", help="Models and tasks of the claims C1, C4, C8, C9; hours.")
    ] = False,
    few: Annotated[bool, typer.Option("--few", hidden=True, help="What it does anyway.")] = False,
    cache: Cache = None,
) -> None:
    """Write the config of a study on your own text, with settings that fit its size.

    Nothing is overwritten. Sets of words that are not here stand in it as comments.
    """
    from wordrel.io.store import cache_folder
    from wordrel.study.starter import write_config

    if few and claims:
        raise typer.BadParameter("found it with --claims, expected one of them", param_hint="--few")
    refuse_texts(settings or ())
    place = out or Path("configs", f"{name}.yaml")
    config, look = write_config(
        name, corpus, place, cache=cache_folder(cache), claims=claims, settings=settings or ()
    )
    about = "" if look.whole else "about "
    echo(
        f"{place}: {about}{look.tokens:,} words in {len(look.source.files):,} file(s); min_count "
        f"{config.corpora[0].min_count}, dim {config.training.dim}, {_counts(config)}"
    )
    english = () if look.english else ("not English, it seems; sets of English words are left out",)
    left_out = filter(None, [look.source.left_out])
    for sign in (*left_out, *look.signs, *english):
        echo(f"note: {sign}")
    if look.segmenter:
        echo(f"First: take off the # before `segmenter: {look.segmenter}` in {place}")
    elif look.unspaced:
        echo(f"First: put text that is segmented in place of {corpus}; a run would learn no words")
    echo(f"What it takes: wordrel run {shell_word(place)} --plan")
    echo(f"{'Then' if look.unspaced else 'Next'}: wordrel run {shell_word(place)}")


def run(  # noqa: PLR0913 - a parameter an option
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
    seeds: Annotated[int | None, typer.Option(min=1, help="So many, from those given on.")] = None,
    dask: Dask = None,
    scheduler_file: SchedulerFile = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Train nothing: show what is done and what is to come.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --plan: as JSON.")] = False,
    keep_answers: Annotated[
        bool, typer.Option("--keep-answers", help="In the results; go on from those kept there.")
    ] = False,
) -> None:
    """Run a study: train what is not trained yet, evaluate, write tables and report.

    Finished models are kept in the cache: interrupt it, run it again, and it goes on. An older
    result is replaced only when the run has ended. Exit status 1 when a model could not be
    trained; the others are reported.
    """
    from wordrel.study import load_study

    if as_json and not plan:
        raise typer.BadParameter("found it without --plan, expected both", param_hint="--json")
    # before torch and numpy are loaded, which takes seconds: mistakes show at once
    study = load_study(config, overrides or ())
    study = study if seeds is None else study.with_seeds(seeds)

    from wordrel.jobs import cluster_of

    cluster = cluster_of(dask, scheduler_file)
    corpora = "1 corpus" if len(study.corpora) == 1 else f"{len(study.corpora)} corpora"
    say(f"study {study.study}: {corpora}, {_counts(study)}")
    if plan:
        from wordrel.cli.plan import show

        show(study, config, cache, jobs=jobs, cluster=cluster, as_json=as_json)
        return

    from wordrel.api import run_config

    place = out or Path("results", study.study)
    if not keep_answers and (kept := place / "answers.zip").is_file():
        say(f"{kept}: goes with the older result at the end; --keep-answers goes on from it")
    changed = bool(overrides) or seeds is not None
    results = run_config(
        study,
        out=place,
        jobs=jobs,
        cache=cache,
        cluster=cluster,
        config_file=place / "config.yaml" if changed else config,
        keep_answers=keep_answers,
    )
    _show_results(results)
    _end_with_failed(results)

    from wordrel.explorer.data import has_page

    if has_page(results):
        display(f"Next: wordrel explore {shell_word(results.folder)}")


def _show_results(results: "Results") -> None:
    """The scores and the verdicts, and where the report stands."""
    from wordrel.report.terminal import claims_table, headline_tables

    pages = f"{results.folder / 'report.md'}, and as a page {results.folder / 'report.html'}"
    claims = claims_table(results)
    display(*headline_tables(results), *([claims] if claims else []), f"Report: {pages}")


def _end_with_failed(results: "Results") -> None:
    """Name the runs that failed, if any, and end with exit status 1."""
    failed = results.runs[results.runs["status"] == "failed"]
    for row in failed.itertuples():
        say(f"failed: {row.corpus}/{row.model} seed {row.seed}: {row.message}")
    if len(failed):
        say(f"{len(failed)} of {len(results.runs)} runs failed; the results have the others")
        raise typer.Exit(1)


def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A results folder; with --partial the config of a study."
        ),
    ],
    partial: Annotated[
        bool, typer.Option("--partial", help="Of a study that still runs: what is done so far.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="With --partial: the folder to write; default: results/STUDY-partial."),
    ] = None,
    croissant: Annotated[
        bool,
        typer.Option(
            "--croissant", help="Write croissant.json instead, which describes the tables."
        ),
    ] = False,
    cache: Cache = None,
    keep_answers: Annotated[
        bool,
        typer.Option(
            "--keep-answers", help="With --partial: keep all answers in the results, as a run does."
        ),
    ] = False,
) -> None:
    """Render report.md, its figures and report.html again, from the stored tables alone."""
    if croissant and partial:
        raise typer.BadParameter("found it with --partial, expected one", param_hint="--croissant")
    if not partial:
        given = {"--out": out, "--cache": cache, "--keep-answers": keep_answers}
        if hint := next((option for option, value in given.items() if value), ""):
            raise typer.BadParameter("found it without --partial, expected both", param_hint=hint)
    if croissant:
        from wordrel.report.hub import write_croissant

        echo(f"Description: {write_croissant(folder)}")
        return
    if partial:
        _report_partial(folder, out, cache, keep_answers=keep_answers)
        return
    begin(folder, "writing its report")

    from wordrel.report.page import write_pages

    report_md, page = write_pages(folder)
    echo(f"Report: {report_md}, and as a page {page}")


def _report_partial(
    config: Path, out: Path | None, cache: Path | None, *, keep_answers: bool
) -> None:
    from wordrel.config import load_config

    study = load_config(config)
    place = out or Path("results", f"{study.study}-partial")
    say(f"study {study.study}: what is done so far, to {place}")

    from wordrel import api

    folder = api.report_partial(study, out=place, cache=cache, keep_answers=keep_answers).folder
    echo(f"Report: {folder / 'report.md'}, and as a page {folder / 'report.html'}")


def compare(
    first: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder.")],
    others: Annotated[
        list[Path], typer.Argument(metavar="DIR", help="One or more, each beside the first.")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Show every number, not only those that moved.")
    ] = False,
) -> None:
    """Say whether other results agree with the first, and show the numbers that moved.

    A number has moved when each of the two scores lies outside the interval of the other.
    """
    from wordrel.report.compare import compare as compare_results
    from wordrel.report.terminal import comparison_tables, comparison_verdict
    from wordrel.study.results import read_results

    stored = read_results(first)
    comparisons = [compare_results(stored, read_results(other)) for other in others]
    tables = [comparison_tables(comparison, everything=everything) for comparison in comparisons]
    display(*map(comparison_verdict, comparisons))
    if any(tables):
        display(*chain(*tables))


def _counts(study: "StudyConfig") -> str:
    counted = {"model": study.models, "seed": study.seeds, "task": study.tasks}
    return ", ".join(
        f"{len(items)} {what}{'s'[: len(items) != 1]}" for what, items in counted.items()
    )


def begin(folder: Path, doing: str) -> None:
    """Announce what a command does, before it imports and reads what takes seconds."""
    if (folder / "manifest.json").is_file():  # without it, an error follows at once
        say(f"{folder}: {doing}")


COMMANDS: dict[Callable[..., None], str] = {
    new: "wordrel new mine --corpus my.txt",
    run: "wordrel run configs/quickstart.yaml training.dim=50 seeds=[1] --out results/small",
    report: "wordrel report results/quickstart",
    compare: "wordrel compare results/quickstart results/small",
}
"""Each with its example."""
