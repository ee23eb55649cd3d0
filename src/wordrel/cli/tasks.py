"""The commands on tasks: tasks list, show, fetch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from wordrel.cli.console import CacheFolder, display, echo, say

if TYPE_CHECKING:
    from wordrel.tasks.registry import TaskInfo

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The tests of models, and their data."
)


@app.command("list", epilog="Example: wordrel tasks list")
def list_(cache: CacheFolder = None) -> None:
    """List the tasks that a config can name, whether their data is here, size and licence.

    A file of your own is a task too: {kind: pairs, name: mine, path: my.tsv}; also directed_pairs,
    labelled_pairs (with against: LABEL), analogies, context_pairs, odd_one_out, top_k.
    """
    from wordrel.tasks.registry import REGISTRY

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("task", "here", "question", "measure", "split", "items", "licence", "what"):
        table.add_column(column, justify="right" if column == "items" else "left")
    for name, info in REGISTRY.items():
        present = "no" if _missing(info, cache) else "yes"
        items = "" if info.n_items is None else f"{info.n_items:,}"
        words = (info.measure, info.split, items, info.data.license, info.description)
        table.add_row(*map(Text, (name, present, info.question, *words)))
    display(table)


@app.command(epilog="Example: wordrel tasks show ws353")
def show(
    name: Annotated[str, typer.Argument(help="A task of `wordrel tasks list`.")],
    cache: CacheFolder = None,
) -> None:
    """Show all that is known of a task: items, licence, citation, files, whether they are here."""
    from wordrel.tasks.fetch import addresses
    from wordrel.tasks.registry import task_info

    info = task_info(name)
    missing = _missing(info, cache)
    echo(f"here: {f'no: {missing}' if missing else 'yes'}")
    for key, value in _described(info).items():
        if value not in ("", None):
            echo(f"{key}: {value}")
    for file, address in zip(info.files, addresses(info), strict=True):
        pinned = info.data.files[file]
        if not info.data.package:
            size = f"{pinned.bytes:,} bytes, sha256 {pinned.sha256}"
            echo(f"file: {file}, {size}\n  from: {address}")


def _described(info: "TaskInfo") -> dict[str, object]:
    data = info.data
    facts: dict[str, object] = {
        "name": info.name,
        "kind": info.kind,
        "question": info.question,
        "description": info.description,
        "reference": info.reference,
        "license": data.license,
        "bibtex citation": data.citation,
        "date": data.date,
        "main score": info.measure,
        "n items": info.n_items,
        "reader": info.reader,
        "split": info.split,
    }
    if data.package:
        return facts | {"path": info.files[0], "sha256": data.files[info.files[0]].sha256}
    return facts | {"data": data.name if info.files else ""}


@app.command(epilog="Example: wordrel tasks fetch rw")
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME|all", help="A task, or all of them.")],
    cache: CacheFolder = None,
) -> None:
    """Have the data of a task here: download what is missing into the cache, and verify it.

    Data in the folder that WORDREL_DATA names is used as it is. Each set keeps its own licence
    (`wordrel tasks show NAME`).
    """
    from wordrel.tasks.registry import task_info

    if name == "all":
        _fetch_all(cache)
    else:
        echo(f"{name}: {_fetched(task_info(name), cache)}")


def _fetch_all(cache: Path | None) -> None:
    """A set that cannot be fetched now does not stop the others."""
    from wordrel.errors import DownloadError, MissingDatasetError
    from wordrel.tasks.registry import REGISTRY

    failed: dict[str, str] = {}
    for info in REGISTRY.values():
        if info.data.name in failed:
            continue
        try:
            echo(f"{info.name}: {_fetched(info, cache)}")
        except MissingDatasetError as error:
            say(str(error))
        except DownloadError as error:
            failed[info.data.name] = str(error)
    if failed:
        raise DownloadError("\n".join(failed.values()))


def _fetched(info: "TaskInfo", cache: Path | None) -> str:
    """What was done to have the files of a task here."""
    from wordrel.jobs.progress import job_progress
    from wordrel.tasks.fetch import fetch_task

    if not info.files:
        return "nothing to fetch, its items come from the corpus"
    with job_progress(info.name) as progress:
        new = fetch_task(info, cache, progress=progress)
    if not new:
        return "here and verified"
    size = sum(path.stat().st_size for path in new)
    return f"fetched and verified {len(new)} files, {size:,} bytes; licence: {info.data.license}"


def _missing(info: "TaskInfo", cache: Path | None) -> str:
    """Why models cannot be evaluated on a task here; empty where they can."""
    from wordrel.errors import DatasetError
    from wordrel.tasks.fetch import find_files

    try:
        find_files(info, cache)
    except DatasetError as error:
        return str(error)
    return ""
