"""The commands on trained models: explore and site show them, export writes their vectors."""

from enum import StrEnum
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


class Format(StrEnum):
    """What `export` writes into one file."""

    WORD2VEC = "word2vec"
    SAFETENSORS = "safetensors"


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


def export(  # noqa: PLR0913 - a parameter an option
    folder: Folder,
    model: Annotated[str, typer.Option(help="A model of the study, by name.")],
    format_: Annotated[
        Format | None, typer.Option("--format", help="word2vec: text that gensim reads.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    hub: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="In place of both: a folder with tokenizer and card."),
    ] = None,
    licence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --hub: the licence of the vectors; default: that of the text.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Default: the first that was trained.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Needed where there are several.")] = None,
    embedding: Annotated[
        str | None, typer.Option(help="Which table; default: the selected.")
    ] = None,
    cache: Cache = None,
) -> None:
    """Write the word vectors of a trained model, for gensim and other programs.

    safetensors: the tensor `embedding.weight`, with vocab.txt (a word a row) and config.json
    beside it. --hub: model.safetensors, tokenizer.json, config.json, LICENSE, and README.md with
    the stored scores; model2vec and sentence-transformers open the folder.
    """
    _check_places(format_, to, hub, licence)

    from wordrel.errors import StoreError
    from wordrel.io.encodings import utf8_text

    own_licence = utf8_text(licence.read_bytes(), licence, StoreError) if licence else None

    from wordrel import api
    from wordrel.models.export import embedding_of, export_hub, export_safetensors, export_word2vec
    from wordrel.report.hub import licence_note, model_card
    from wordrel.study.results import check_place, read_results

    if to:
        check_place(to)
    results = read_results(folder)
    run = api.find_run(results, model, seed=seed, corpus=corpus)
    word_model = api.load_run(results, run, cache=cache)
    about = {"study": results.study, "corpus": run.corpus, "model": run.model}
    about |= {"kind": run.kind, "seed": int(run.seed)}
    if hub:
        name, table = embedding_of(word_model, embedding)
        card = model_card(results, run, name, table.shape, own_licence=licence is not None)
        text = licence_note(results, run.corpus) if own_licence is None else own_licence
        export_hub(word_model, hub, card=card, licence=text, embedding=name, about=about)
    elif format_ == Format.WORD2VEC and to:
        export_word2vec(word_model, to, embedding=embedding)
    elif to:
        export_safetensors(word_model, to, embedding=embedding, about=about)
    echo(f"{len(word_model.vocab)} vectors of {model} seed {run.seed}: {hub or to}")


def _check_places(
    format_: Format | None, to: Path | None, hub: Path | None, licence: Path | None
) -> None:
    if hub and (format_ or to):
        raise typer.BadParameter(
            "found it with --format or --to, expected it alone", param_hint="--hub"
        )
    if not hub and not (format_ and to):
        raise typer.BadParameter("expected --format and --to, or --hub alone", param_hint="--to")
    if licence and not hub:
        raise typer.BadParameter("found it without --hub, expected both", param_hint="--licence")
    if licence and not licence.is_file():
        raise typer.BadParameter(f"{licence}: expected a file", param_hint="--licence")


EXPLORE_EXAMPLE = "wordrel explore results/quickstart --words 5000"
SITE_EXAMPLE = "wordrel site results/quickstart --out site"
EXPORT_EXAMPLE = (
    "wordrel export results/quickstart --model skip_gram --format word2vec --to vec.txt"
)
