"""All commands, and how each of them ends."""

import json
import sys
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from wordrel import __version__
from wordrel.cli import (
    cache,
    corpora,
    ended_by,
    in_words,
    reproduce,
    studies,
    table,
    tasks,
    trained,
    tune,
)
from wordrel.cli.console import configure_logging, outlets, say
from wordrel.errors import WordrelError

_KEPT = {
    "run": ("finished runs are kept in the cache; the same command goes on from there",),
    "tune": ("finished trials are kept in the cache; the same command goes on from there",),
    "tasks": ("what was downloaded is kept in the cache",),
    "corpus": ("what was downloaded or finished is kept in the cache",),
    "cache": ("what was removed is gone, what was not is whole",),
    "reproduce": ("nothing of the new run is kept; the stored results are as they were",),
}


class _Commands(TyperGroup):
    """Turns what the user can fix into messages, and every end into an exit status."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with outlets() as out:
            try:
                return super().main(*args, **kwargs)
            except SystemExit as end:
                # Beside `invoke`, click makes an end of its own of an interrupt.
                if end.code and (number := ended_by(end)) and end.code != 128 + number:
                    say(in_words(number))
                    raise SystemExit(128 + number) from end
                if out.failure:
                    say(f"error: stdout: {out.failure}; what was printed is not complete")
                    raise SystemExit(end.code or 1) from end
                raise

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except WordrelError as error:
            for line in str(error).split("\n"):
                say(f"error: {line}")
            raise typer.Exit(2) from error
        except BaseException as error:
            number = ended_by(error)
            if number is None and isinstance(error, OSError):
                from wordrel.io.files import refused  # loads numpy

                say(f"error: {refused(error)}")
                raise typer.Exit(2) from error
            if number is None:
                raise
            say(in_words(number, *_KEPT.get(ctx.invoked_subcommand, ())))
            raise typer.Exit(128 + number) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: wordrel run configs/quickstart.yaml",
)
config_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What a study's YAML file may say."
)


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"wordrel {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def wordrel(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """How is just self-attention different from word2vec? Ask it of your own text."""
    configure_logging()


@config_app.command(epilog="Example: wordrel config schema > study.schema.json")
def schema() -> None:
    """Print the JSON Schema of a study, from which editors complete and check YAML.

    In VS Code with the YAML extension, start a config with the line
    `# yaml-language-server: $schema=study.schema.json`.
    """
    from wordrel.config import config_schema

    typer.echo(json.dumps(config_schema(), indent=2))


for command, example in studies.COMMANDS.items():
    app.command(epilog=f"Example: {example}")(command)
app.command(epilog=f"Example: {reproduce.EXAMPLE}")(reproduce.reproduce)
app.command(epilog=f"Example: {trained.EXPORT_EXAMPLE}")(trained.export)
app.command(epilog=f"Example: {table.EVALUATE_EXAMPLE}")(table.evaluate)
app.command(epilog=f"Example: {trained.EXPLORE_EXAMPLE}")(trained.explore)
app.command(epilog=f"Example: {trained.SITE_EXAMPLE}")(trained.site)
app.command(epilog=f"Example: {table.EXAMPLE}")(table.table)
app.command(epilog=f"Example: {tune.EXAMPLE}")(tune.tune)
app.add_typer(corpora.app, name="corpus")
app.add_typer(tasks.app, name="tasks")
app.add_typer(cache.app, name="cache")
app.add_typer(config_app, name="config")


def start() -> None:
    """Run the command that was typed."""
    if not sys.warnoptions:  # libraries' warnings are for us, not for users
        warnings.simplefilter("ignore")
    app()
