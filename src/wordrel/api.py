"""What a Python user calls: run a study, load a trained model, compare and reproduce results."""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import pandas as pd

from wordrel.config import StudyConfig, load_config, parse_config
from wordrel.errors import ConfigError, StoreError
from wordrel.io.log import shown_log
from wordrel.io.scratch import scratch_folder
from wordrel.io.store import cache_folder, cache_root
from wordrel.jobs import Cluster, cluster_of
from wordrel.models.word_model import Origin, WordModel
from wordrel.report import queries
from wordrel.report.compare import Comparison, verdicts
from wordrel.report.compare import compare as compare_results
from wordrel.report.queries import Row, chosen, rows
from wordrel.study import load_study
from wordrel.study.results import Results, read_results

if TYPE_CHECKING:
    from wordrel.study.cell import CellSpec

Folder = str | Path

_log = logging.getLogger("wordrel")

_PLACE = re.compile(r"(corpora\.[0-9]+\.source|tasks\.[0-9]+\.path)=.+", re.DOTALL)


def run(
    config_path: Folder,
    *,
    out: Folder | None = None,
    jobs: int | None = None,
    cache: Folder | None = None,
    dask: str | None = None,
    scheduler_file: Folder | None = None,
    **overrides: Any,
) -> Results:
    """Run a study: train what the cache does not have, evaluate, write the tables.

    Progress is shown on stderr. A program that configures `logging` decides that itself:
    `logging.getLogger("wordrel").setLevel(logging.WARNING)` shows problems alone.

    Args:
        config_path: the YAML file.
        out: the results folder; default: results/STUDY below the working directory.
        jobs: trained runs at a time; default: as in the config, else one a core.
        cache: where corpora and trained models are kept; default: WORDREL_CACHE, else the user's
            cache folder.
        dask: address of the scheduler of a Dask cluster, that then trains; or
        scheduler_file: that this scheduler wrote. Default: WORDREL_DASK or WORDREL_SCHEDULER_FILE,
            else this machine. Trust a scheduler like a shell: docs/running-large.md.
        overrides: settings to change, nested (`training={"dim": 50}`, `seeds=[1]`) or dotted
            (`**{"training.dim": 50}`).

    Returns:
        The results: `scores`, `summary`, `comparisons`, `agreement` and `runs` are pandas tables.
        Cells that failed stand in `runs` with their message.

    Raises:
        WordrelError: for what the user can fix: settings, data, disk.
    """
    cluster = cluster_of(dask, scheduler_file)
    config = load_study(config_path, overrides)
    place = Path(out or Path("results", config.study))
    config_file = place / "config.yaml" if overrides else config_path
    return run_config(
        config, out=place, jobs=jobs, cache=cache, cluster=cluster, config_file=config_file
    )


def run_config(  # noqa: PLR0913 - what a run is given
    config: StudyConfig,
    *,
    out: Folder | None = None,
    jobs: int | None = None,
    cache: Folder | None = None,
    cluster: Cluster | None = None,
    config_file: Folder = "",
    keep_answers: bool = False,
) -> Results:
    """The same for a config that is read already; `config_file` is its path as it was given.

    Of a config that was changed, that is the one which is stored with the results.
    With `keep_answers` the result holds all answers, and a later part of the study goes on from
    them; see `wordrel.study.kept`.
    """
    from wordrel.report.page import write_pages
    from wordrel.study.run import run_study  # loads torch and gensim

    place = Path(out or Path("results", config.study))
    with shown_log():
        return run_study(
            config,
            cache_folder(cache),
            place,
            jobs=jobs,
            cluster=cluster,
            write_pages=write_pages,
            config_file=str(config_file),
            keep_answers=keep_answers,
        )


def report_partial(
    config: StudyConfig,
    *,
    out: Folder,
    jobs: int | None = None,
    cache: Folder | None = None,
    keep_answers: bool = False,
) -> Results:
    """The results of a study that is still running, or was stopped, so far as its runs are done.

    With `keep_answers` the result holds all answers, as that of `run_config` does.

    Raises:
        StoreError: no run is done yet.
    """
    from wordrel.report.page import write_pages
    from wordrel.study.run import report_partial  # loads torch and gensim

    place, root = Path(out), cache_folder(cache)
    return report_partial(
        config, root, place, jobs=jobs, write_pages=write_pages, keep_answers=keep_answers
    )


@overload
def compare(a: Folder | Results, b: Folder | Results) -> Comparison: ...
@overload
def compare(
    a: Folder | Results, b: Folder | Results, c: Folder | Results, /, *others: Folder | Results
) -> list[Comparison]: ...
def compare(
    a: Folder | Results, b: Folder | Results, *others: Folder | Results
) -> Comparison | list[Comparison]:
    """Results beside the first; `.table` has all rows, `.moved` those beyond their intervals.

    Returns:
        The comparison of two results; of more, a list: each of the others with the first.

    Raises:
        StoreError: where a folder holds no results.
    """
    first = _results(a)
    comparisons = [compare_results(first, _results(other)) for other in (b, *others)]
    return comparisons if others else comparisons[0]


def _results(results: Folder | Results) -> Results:
    if isinstance(results, Results):
        return results
    if not isinstance(results, str | Path):
        raise StoreError(
            f"found {type(results).__name__}, expected a folder of results, or what `run` returns"
        )
    return read_results(Path(results))


def reproduce(  # noqa: PLR0913 - a parameter an option
    results_folder: Folder,
    *,
    jobs: int | None = None,
    keep: Folder | None = None,
    quick: bool = False,
    claim: str | None = None,
    models: Sequence[str] = (),
    seeds: int | None = None,
    places: Sequence[str] = (),
    dask: str | None = None,
    scheduler_file: Folder | None = None,
) -> pd.DataFrame:
    """Run the stored config again from nothing, and judge every trained run against the stored one.

    Args:
        results_folder: what `run` wrote.
        jobs: trained runs at a time.
        dask: as in `run`. The workers must reach TMPDIR, where the new runs are until the end.
        scheduler_file: as in `run`.
        keep: where the new results go; default: nowhere.
        quick: only the first seed, one trained run at a time. Scores are judged against the stored
            ones of that seed. These are over the items that all models and seeds of the
            study answer, and of embeddings that all seeds chose; where one seed alone answers more,
            or chooses otherwise, rows are within intervals, or different, and not identical.
        claim: C1 to C9: only the models and tasks that its verdict needs.
        models: only these of them.
        seeds: only so many, the first ones; the same holds for them as for `quick`.
        places: where a text or a set lies now, if it is not where the stored config has it:
            `corpora.0.source=my.txt`, `tasks.0.path=mine.tsv`.

    Returns:
        Each row of scores.csv.xz (with `quick`, of the first seed) with its `verdict`: identical,
        within intervals or different.

    Raises:
        WordrelError: as `run`.
    """
    cluster = cluster_of(dask, scheduler_file)
    if keep is not None and Path(keep).resolve() == Path(results_folder).resolve():
        problem = "found the stored results, which stay; choose another folder with --keep"
        raise StoreError(f"{keep}: {problem}")
    stored = read_results(Path(results_folder))
    strange = [place for place in places if not _PLACE.fullmatch(place)]
    if strange:
        expected = "expected corpora.N.source=PATH or tasks.N.path=PATH: all else stays as it was"
        raise ConfigError([f"override {place!r}: {expected}" for place in strange])
    config = load_config(stored.folder / "config.yaml", places)
    if quick:
        seeds, jobs = 1, 1
    from wordrel.report.claims.part import scored_part, verdict  # loads torch

    whole = stored
    stored, config = scored_part(whole, config, claim, models, seeds)
    with scratch_folder("reproduce") as fresh:
        _share_downloads(fresh)
        kept = keep or fresh / "results"
        again = run_config(config, out=kept, cache=fresh / "cache", jobs=jobs, cluster=cluster)
        if claim is not None:
            with shown_log():
                was, now = verdict(whole, claim), verdict(again, claim)
                _log.info("%s: stored %s; with what was run now: %s", claim, was, now)
    return verdicts(stored, again)


def stored_config(results: Results) -> StudyConfig:
    """The config that made these results."""
    place = str(results.folder / "config.yaml")
    return parse_config(results.config, place=place, folder=results.folder)


def _share_downloads(fresh: Path) -> None:
    """Novels are not fetched again: their checksums are looked at in any place."""
    downloads = cache_root() / "downloads"
    if downloads.is_dir():
        (fresh / "cache").mkdir()
        (fresh / "cache" / "downloads").symlink_to(downloads.resolve())


def load(
    results_folder: Folder,
    model: str,
    *,
    seed: int | None = None,
    corpus: str | None = None,
    cache: Folder | None = None,
) -> WordModel:
    """A trained model of a study: similarity, pair scores, meaning in context.

    Args:
        results_folder: what `run` wrote.
        model: its name in the study.
        seed: default: the first of the study that did not fail.
        corpus: needed where the study has several.
        cache: where it was trained; default as in `run`.

    Raises:
        StoreError: no such model, seed or corpus in these results; or the cache has no such run.
    """
    results = read_results(Path(results_folder))
    return load_run(results, find_run(results, model, seed=seed, corpus=corpus), cache=cache)


def find_run(
    results: Results, model: str, *, seed: int | None = None, corpus: str | None = None
) -> Row:
    """The row of `runs` that is meant.

    Raises:
        StoreError: with what there is to choose from.
    """
    runs = rows(results.runs)
    place = str(results.folder)
    model = chosen(f"{place}: model", model, (r.model for r in runs))
    corpus = chosen(f"{place}: corpus", corpus, (r.corpus for r in runs))
    ours = [r for r in runs if (r.model, r.corpus) == (model, corpus)]
    done = [r for r in ours if r.status == "done"]
    if seed is None and done:
        return done[0]
    number = chosen(f"{place}: seed", seed if done else ours[0].seed, (r.seed for r in ours))
    row = next(r for r in ours if r.seed == number)
    if row.status != "done":
        raise StoreError(
            f"{place}: {model} seed {number} on {corpus} failed ({row.message}); "
            "choose another seed or model, or mend the study and run it again"
        )
    return row


def load_run(results: Results, run: Row, *, cache: Folder | None = None) -> WordModel:
    """The model of one row of `runs`.

    Raises:
        StoreError: when the cache has no such run, or another version of the code trained it.
    """
    from wordrel.study.cell import load_cell  # loads torch and gensim

    cell = find_cell(results, run, cache=cache)
    corpus = next(c for c in stored_config(results).corpora if c.name == run.corpus)
    origin = Origin(f"{run.model} seed {run.seed} on {run.corpus}", corpus)
    return replace(load_cell(cell), origin=origin)


def find_cell(results: Results, run: Row, *, cache: Folder | None = None) -> "CellSpec":
    """The trained run of one row of `runs`; older results name it after the user's model name.

    Raises:
        StoreError: when another version of the code trained it.
    """
    from wordrel.study.cell import CellSpec, CorpusName  # loads torch and gensim

    config = stored_config(results)
    digest = queries.corpus(results, run.corpus)["digest"]
    model = next(m for m in config.models if m.name == run.model)
    corpus = CorpusName(run.corpus, digest)
    spec = CellSpec.of(config, model, int(run.seed), cache=cache_folder(cache), corpus=corpus)
    if run.cell not in (spec.folder.name, spec.named_folder.name):
        raise StoreError(
            f"{results.folder}: {spec.name} was trained as {run.cell}, and this version of wordrel "
            f"would name it {spec.folder.name}; run the study again"
        )
    return spec
