"""The command line: commands on studies and their results, and on texts, tasks and configs.

Results go to stdout; progress, problems and the names of failed runs to stderr. Exit status: 0,
1 when a run failed or a reproduction differs, 2 for input that the user can mend; 130, 143 or 129
when SIGINT (Ctrl-C), SIGTERM or SIGHUP ended it. A reader of stdout that goes away (`| head`)
changes none of them.
"""

import json
import signal
import sys
import warnings
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from wordrel import __version__
from wordrel.cli import corpora, evaluate, explore, export, studies, table, tasks, tune
from wordrel.cli.console import configure_logging, outlets, say
from wordrel.errors import WordrelError

_KEPT = {
    "run": "finished runs are kept in the cache; the same command goes on from there",
    "tune": "finished trials are kept in the cache; the same command goes on from there",
    "tasks": "what was downloaded is kept in the cache",
    "corpus": "what was downloaded or finished is kept in the cache",
    "reproduce": "nothing of the new run is kept; the stored results are as they were",
}
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_received = list[signal.Signals]()
"""The signal that ends this process, once there is one."""


def _end(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that workers end and temporary folders are removed."""
    _received[:] = [signal.Signals(number)]
    # A terminal that closes, and Slurm, may send these twice: the second would end the cleaning.
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def _hear_signals() -> None:
    for number in _ENDINGS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP: it stays so
            signal.signal(number, _end)


class _Commands(TyperGroup):
    """Turns what the user can mend into messages, and every end into an exit status."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with outlets() as out:
            try:
                return super().main(*args, **kwargs)
            except SystemExit as end:
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
            if isinstance(error, OSError) and not _received:
                from wordrel.io.files import refused  # loads numpy

                say(f"error: {refused(error)}")
                raise typer.Exit(2) from error
            # A library whose import is interrupted may make another error of it.
            if not _received and not isinstance(error, KeyboardInterrupt):
                raise
            number = _received[0] if _received else signal.SIGINT
            how = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
            say(f"{how}: {_KEPT.get(ctx.invoked_subcommand, 'nothing was changed')}")
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
app.command(epilog=f"Example: {export.EXAMPLE}")(export.export)
app.command(epilog=f"Example: {evaluate.EXAMPLE}")(evaluate.evaluate)
app.command(epilog=f"Example: {explore.EXAMPLE}")(explore.explore)
app.command(epilog=f"Example: {table.EXAMPLE}")(table.table)
app.command(epilog=f"Example: {tune.EXAMPLE}")(tune.tune)
app.add_typer(corpora.app, name="corpus")
app.add_typer(tasks.app, name="tasks")
app.add_typer(config_app, name="config")


def main() -> None:
    """The entry point of the console script."""
    if not sys.warnoptions:  # libraries' warnings are for us, not for users
        warnings.simplefilter("ignore")
    _hear_signals()
    app()
