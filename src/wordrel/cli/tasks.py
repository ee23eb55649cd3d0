"""The commands on tasks: tasks list, show."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from wordrel.cli.console import stdout

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What models are asked, and judged by."
)


@app.command("list", epilog="Example: wordrel tasks list")
def list_() -> None:
    """List the tasks that a config can name, with size and licence.

    Your own pairs file is a task too: {kind: pairs, name: mine, path: my.tsv}.
    """
    from wordrel.tasks.registry import REGISTRY

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("task", "here", "question", "measure", "items", "licence", "what"):
        table.add_column(column, justify="right" if column == "items" else "left")
    for name, info in REGISTRY.items():
        here = "no" if _missing(name) else "yes"
        items = "" if info.n_items is None else f"{info.n_items:,}"
        words = (info.main_score, items, info.license, info.description)
        table.add_row(*map(Text, (name, here, info.question, *words)))
    stdout().print(table)


@app.command(epilog="Example: wordrel tasks show ws353")
def show(name: Annotated[str, typer.Argument(help="A task of `wordrel tasks list`.")]) -> None:
    """Show all that is known of a task: items, licence, reference, whether its file is here."""
    from wordrel.errors import ConfigError
    from wordrel.tasks.registry import REGISTRY, explain_unknown

    if name not in REGISTRY:
        raise ConfigError([f"tasks: {explain_unknown(name)}"])
    typer.echo(f"here: {_missing(name) or 'yes'}")
    for key, value in asdict(REGISTRY[name]).items():
        if value not in ("", None):
            typer.echo(f"{key.replace('_', ' ')}: {value}")


def _missing(name: str) -> str:
    """Why a task cannot be asked here; empty where it can."""
    from wordrel.errors import DatasetError
    from wordrel.tasks import load_task

    try:
        load_task(name)
    except DatasetError as error:
        return f"no: {error}"
    return ""
