"""The command that writes the vectors of a trained model for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wordrel.cli.console import echo
from wordrel.cli.studies import Cache, Folder


class Format(StrEnum):
    """What `export` writes into one file."""

    WORD2VEC = "word2vec"
    SAFETENSORS = "safetensors"


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

    from wordrel import api
    from wordrel.models.export import embedding_of, export_hub, export_safetensors, export_word2vec
    from wordrel.report.card import licence_note, model_card
    from wordrel.study.results import check_place, read_results

    if to:
        check_place(to)
    results = read_results(folder)
    found = api.find_run(results, model, seed=seed, corpus=corpus)
    word_model = api.load_run(results, found, cache=cache)
    about = {"study": results.study, "corpus": found.corpus, "model": found.model}
    about |= {"kind": found.kind, "seed": int(found.seed)}
    if hub:
        name, table = embedding_of(word_model, embedding)
        card = model_card(results, found, name, table.shape, own_licence=licence is not None)
        text = licence.read_text("utf-8") if licence else licence_note(results, found.corpus)
        export_hub(word_model, hub, card=card, licence=text, embedding=name, about=about)
    elif format_ == Format.WORD2VEC and to:
        export_word2vec(word_model, to, embedding=embedding)
    elif to:
        export_safetensors(word_model, to, embedding=embedding, about=about)
    echo(f"{len(word_model.vocab)} vectors of {model} seed {found.seed}: {hub or to}")


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


EXAMPLE = "wordrel export results/quickstart --model skip_gram --format word2vec --to vec.txt"
