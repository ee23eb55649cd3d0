"""The command that compares files of vectors, without a config."""

from pathlib import Path
from typing import Annotated

import typer

from wordrel.cli.console import display, export
from wordrel.cli.table import Form, split_names

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="word2vec, GloVe, fastText, safetensors or .npy; or a folder of static embeddings.",
    ),
]
NOTE = (
    "p_adjusted: paired permutation test, after Holm's correction for the {} differences shown; "
    "the intervals are not corrected."
)


def evaluate(
    files: Files,
    pairs: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A table of word, word, score; may be repeated."),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Such as ws353,simlex999; default: these two."),
    ] = None,
    cased: Annotated[bool, typer.Option("--cased", help="Let King and king be two words.")] = False,
    form: Annotated[
        Form, typer.Option("--format", help="Of the scores and contrasts.")
    ] = Form.TEXT,
    cache: Annotated[Path | None, typer.Option("--cache", help="Default: $WORDREL_CACHE.")] = None,
) -> None:
    """Compare vectors that others made: scores with intervals on the words that all files have.

    p is corrected by Holm's method for all differences in the table. With --pairs alone only your
    own table is used. No pickled file is read.
    """
    from wordrel.report import stored
    from wordrel.report.terminal import stored_table
    from wordrel.study import vector_scores

    named = split_names(tasks) or ([] if pairs else vector_scores.DEFAULT_TASKS)
    found = vector_scores.evaluate(
        files, tasks=named, pairs=pairs or (), lowercase=not cased, cache=cache
    )
    tables = {name: getattr(found, name) for name in ("files", "lacks", "scores", "contrasts")}
    if form == Form.TEXT:
        display(*(stored_table(table) for table in tables.values() if len(table)))
        if len(found.contrasts):
            display(NOTE.format(len(found.contrasts)))
    elif form == Form.JSON:
        parts = (f'"{name}": {stored.as_json(table, name)}' for name, table in tables.items())
        typer.echo("{" + ", ".join(parts) + "}")
    elif form == Form.CSV:
        sheets = (stored.for_sheets(table) for table in (found.scores, found.contrasts))
        export("\n".join(sheet.to_csv(index=False) for sheet in sheets))
    else:
        for table in (found.scores, found.contrasts):
            typer.echo(stored.WRITERS[form](table, "summary"))


EXAMPLE = "wordrel evaluate a.vec b.vec --pairs mine.tsv"
