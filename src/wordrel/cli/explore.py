"""The commands that make a study's explorer: as a page, and as a site that can be published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wordrel.cli.console import echo
from wordrel.cli.studies import Cache, Folder, begin

if TYPE_CHECKING:
    from wordrel.explorer import Written

Corpora = Annotated[
    list[str] | None, typer.Option(help="May be repeated; default: the study's first.")
]
Models = Annotated[
    list[str] | None, typer.Option(help="May be repeated; default: all that it can show.")
]
Words = Annotated[int, typer.Option(min=2, help="How many of the most frequent words.")]


def explore(  # noqa: PLR0913 - a parameter an option
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(help="The HTML file; default: explorer.html in DIR.")
    ] = None,
    corpus: Corpora = None,
    model: Models = None,
    seed: Annotated[int | None, typer.Option(help="Default: the first that was trained.")] = None,
    words: Words = 10000,
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
    echo(f"Explorer: {written.page}{beside}, {written.megabytes:.1f} MB")
    _echo_models(written)


def site(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The folder to write: new, empty, or a site.")] = Path(
        "site"
    ),
    corpus: Corpora = None,
    model: Models = None,
    words: Words = 10000,
    cache: Cache = None,
) -> None:
    """Write a folder that a web server can serve: the explorer as index.html, and the report.

    docs/publishing.md says how to put it on GitHub Pages.
    """
    begin(folder, "writing its site")

    from wordrel.explorer import write_site

    written = write_site(
        folder, out, corpora=corpus or (), models=model or (), words=words, cache=cache
    )
    echo(f"Site: {out}/index.html and report.html, {written.megabytes:.1f} MB of models")
    _echo_models(written)


def _echo_models(written: "Written") -> None:
    echo(f"{written.words} words of {', '.join(written.models)}")
    if written.left_out:
        echo(f"left out, for a window that is not that of training: {', '.join(written.left_out)}")


EXAMPLE = "wordrel explore results/quickstart --words 5000"
SITE_EXAMPLE = "wordrel site results/quickstart --out site"
