"""The command that makes a study's explorer: a page to ask its models about words of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from wordrel.cli.console import echo
from wordrel.cli.studies import Cache, Folder, begin


def explore(  # noqa: PLR0913 - a parameter an option
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(help="The HTML file; default: explorer.html in DIR.")
    ] = None,
    corpus: Annotated[
        list[str] | None, typer.Option(help="May be repeated; default: the study's first.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="May be repeated; default: all that it can show.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Default: the first that was trained.")] = None,
    words: Annotated[int, typer.Option(min=2, help="How many of the most frequent words.")] = 10000,
    cache: Cache = None,
) -> None:
    """Write a page that shows the trained models at work: neighbours, attention maps, word pairs.

    It needs no server and no network. Where it would pass 3 MB, the vectors lie in a folder beside
    it, a file for each model. Keep both together. The page loads a model when it is chosen.
    """
    begin(folder, "writing its explorer")

    from wordrel.explorer import write_explorer

    written = write_explorer(
        folder,
        out=out,
        corpora=corpus or (),
        models=model or (),
        seed=seed,
        words=words,
        cache=cache,
    )
    beside = f" and {written.data.name}/" if written.data else ""
    models = ", ".join(written.models)
    echo(f"Explorer: {written.page}{beside}, {written.megabytes:.1f} MB")
    echo(f"{written.words} words of {models}")


EXAMPLE = "wordrel explore results/quickstart --words 5000"
