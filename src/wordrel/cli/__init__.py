"""The command line: commands on studies and their results, and on texts, tasks and configs.

Results go to stdout; progress, problems and the names of failed runs to stderr. Exit status: 0,
1 when a run failed or a reproduction differs, 2 for input that the user can mend; 130, 143 or 129
when SIGINT (Ctrl-C), SIGTERM or SIGHUP ended it. A reader of stdout that goes away (`| head`)
changes none of them.
"""

from typing import TYPE_CHECKING

from wordrel.cli.signals import main

if TYPE_CHECKING:
    from wordrel.cli.commands import app

__all__ = ["app", "main"]

if not TYPE_CHECKING:  # `main` hears signals before the commands are imported

    def __getattr__(name: str) -> object:
        if name == "app":
            from wordrel.cli.commands import app

            return app
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
