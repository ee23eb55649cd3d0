"""The commands on the cache: cache check, size, clean."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from wordrel.cli.console import CacheFolder, display, echo, say

if TYPE_CHECKING:
    from wordrel.io.contents import Stored

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What is kept: prepared texts, models."
)
_DAY = 86_400  # seconds


@app.command(epilog="Example: wordrel cache check")
def check(cache: CacheFolder = None) -> None:
    """Digest every file of every finished folder, and tell what is damaged; nothing is changed.

    The exit status is 1 where something is. The next run that needs a damaged folder sets it aside
    and builds it again.
    """
    from wordrel.io.contents import damage
    from wordrel.io.store import cache_folder

    root, checked, damaged = cache_folder(_existing(cache)), 0, 0
    for _, fault in damage(root):
        checked += 1
        if fault:
            damaged += 1
            echo(fault)
    echo(f"{root}: {checked:,} folders checked, {damaged:,} damaged")
    if damaged:
        raise typer.Exit(1)


@app.command(epilog="Example: wordrel cache size")
def size(cache: CacheFolder = None) -> None:
    """Show how much the cache holds of each kind."""
    from rich.filesize import decimal

    from wordrel.io.contents import KINDS, OTHERS, sizes
    from wordrel.io.store import cache_folder

    root, table = cache_folder(_existing(cache)), Table(box=box.SIMPLE_HEAD)
    for column in ("kind", "folders", "files", "size", "what"):
        table.add_column(column, justify="left" if column in ("kind", "what") else "right")
    totals = sizes(root)
    for kind, (folders, files, size) in totals.items():
        what = (KINDS | OTHERS)[kind]
        table.add_row(*map(Text, (kind, f"{folders:,}", f"{files:,}", decimal(size), what)))
    total = sum(size for _, _, size in totals.values())
    display(table, Text(f"{root}: {decimal(total)}"))


@app.command(epilog="Example: wordrel cache clean --kind checkpoints --older-than 30")
def clean(
    kind: Annotated[
        list[str] | None,
        typer.Option(help="As `wordrel cache size` names it; may be repeated; default: all."),
    ] = None,
    older_than: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Leave what was made since then.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    cache: CacheFolder = None,
) -> None:
    """Remove what wordrel made and can make again; lists it first, and asks.

    Only folders with the marker of wordrel go, damaged ones that were set aside, and what killed
    processes left. Downloads stay, and so does whatever is not of wordrel. End runs that use the
    cache first.
    """
    from rich.filesize import decimal

    from wordrel.io.contents import remove
    from wordrel.io.store import cache_folder

    chosen = _chosen(cache_folder(_existing(cache)), kind or (), older_than)
    for stored in chosen:
        echo(f"{decimal(stored.bytes):>9}  {stored.path}")
    if not chosen:
        echo("nothing to remove")
        return
    total = decimal(sum(stored.bytes for stored in chosen))
    if not yes and not _confirmed(f"Remove these {len(chosen):,} folders, {total}?"):
        say("nothing was removed; answer y, or add --yes")
        raise typer.Exit(1)
    stay = {stored.path: why for stored in chosen if (why := remove(stored))}
    for path, why in stay.items():
        say(f"{path} stays: {why}")
    gone = [stored for stored in chosen if stored.path not in stay]
    echo(f"removed {len(gone):,} folders, {decimal(sum(stored.bytes for stored in gone))}")


def _existing(cache: Path | None) -> Path | None:
    """The folder that `--cache` names; the user's own cache may still be missing."""
    if cache and not cache.is_dir():
        raise typer.BadParameter(f"found no folder {cache}, expected a cache", param_hint="--cache")
    return cache


def _chosen(root: Path, kinds: "list[str] | tuple[()]", days: float) -> "list[Stored]":
    from wordrel.io.contents import KINDS, LEFTOVERS, folders

    allowed = (*KINDS, LEFTOVERS)
    for kind in kinds:
        if kind not in allowed:
            raise typer.BadParameter(
                f"found {kind!r}, expected one of {', '.join(allowed)}", param_hint="--kind"
            )
    latest = time.time() - days * _DAY
    every = (stored for stored in folders(root) if stored.kind in (kinds or allowed))
    return [stored for stored in every if stored.modified <= latest]


def _confirmed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:  # no answer was given
        return False
