"""The command that finds settings for the models of a study."""

from pathlib import Path
from typing import Annotated

import typer

from wordrel.cli.console import echo, say
from wordrel.cli.studies import Cache, Dask, Jobs, SchedulerFile

EXAMPLE = "wordrel tune configs/tuning.yaml"


def tune(  # noqa: PLR0913 - a parameter an option
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="A study whose tasks are development splits.")
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="KEY.PATH=VALUE", help="Settings to change.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write; default: results/STUDY.")
    ] = None,
    jobs: Jobs = None,
    cache: Cache = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Train nothing: show how long the trials may take.")
    ] = False,
    dask: Dask = None,
    scheduler_file: SchedulerFile = None,
) -> None:
    """Find settings for every model, with the same number of trials for each.

    Writes every trial, and the settings that are best on development splits. A study takes them
    with `tuned: DIR`. Interrupt it, run it again, and it goes on. Trials of rounds that have
    ended stand in DIR.unfinished.json, for when the cache is gone; a round tries each model.
    """
    from wordrel.study import load_study

    study = load_study(config, overrides or ())

    from wordrel.study.tune import check, planned, tune  # loads torch and gensim

    settings = check(study)
    if plan:
        from wordrel.cli.plan import show_trials

        show_trials(planned(study), cache, jobs=jobs)
        return
    samples = ", then ".join(f"{tokens:,}" for tokens in settings.tokens)
    models = f"{len(study.models)} models, {settings.trials} trials each"
    say(f"tuning {study.study}: {models}, on {samples} tokens")

    from wordrel.io.store import cache_folder
    from wordrel.jobs import cluster_of

    place = out or Path("results", study.study)
    cluster = cluster_of(dask, scheduler_file)
    table = tune(study, cache_folder(cache), place, jobs=jobs, cluster=cluster)
    for row in table[table["note"] != ""].itertuples():
        say(f"{row.model}: {row.note}")
    echo(f"{len(table):,} trials: {place}; a study takes the settings with `tuned: {place}`")
