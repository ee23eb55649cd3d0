"""A folder that any web server can serve: a study's explorer as its first page, and the report.

Reads a results folder and the cache; writes the folder.
"""

from collections.abc import Sequence
from pathlib import Path

from wordrel.errors import StoreError
from wordrel.explorer.data import WORDS
from wordrel.explorer.page import Written, write_explorer
from wordrel.io.files import write_text
from wordrel.report import html
from wordrel.report.page import document
from wordrel.study.results import read_results

INDEX, REPORT, DATA, PLAIN = "index.html", "report.html", "explorer-data", ".nojekyll"
"""The last, empty, keeps GitHub Pages from putting the files through a program of its own."""


def write_site(
    folder: Path,
    out: Path,
    *,
    corpora: Sequence[str] = (),
    models: Sequence[str] = (),
    words: int = WORDS,
    cache: Path | None = None,
) -> Written:
    """Write index.html (the explorer), explorer-data/ where it needs it, and report.html.

    Args:
        folder: the study's results.
        out: a folder that is new, empty, or such a site.
        corpora: as in `write_explorer`.
        models: as in `write_explorer`.
        words: how many of the most frequent words.
        cache: where the study was trained; default as in `wordrel.run`.

    Raises:
        StoreError: `out` holds something else; there is no such corpus or model; or a file cannot
            be written.
    """
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if there and PLAIN not in there:
        raise StoreError(
            f"{out}: found {min(there)}, expected a new or empty folder, or a site of wordrel; "
            "choose another folder"
        )
    write_text(out / PLAIN, "")
    write_text(out / REPORT, html.write(document(read_results(folder))))
    return write_explorer(
        folder,
        out=out / INDEX,
        corpora=corpora,
        models=models,
        words=words,
        cache=cache,
        data_name=DATA,
        report=REPORT,
    )
