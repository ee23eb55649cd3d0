"""The explorer's page: one HTML file that needs no network, and its data.

Reads a results folder and the cache; writes the page, and beside it the data where they are large.
A site is a folder that any web server can serve: the explorer as its first page, and the report.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wordrel import api
from wordrel.errors import StoreError
from wordrel.explorer.data import WORDS, explorer_data, other_windows
from wordrel.io.files import write_text
from wordrel.io.visible import script_digest, visible, visible_json
from wordrel.report import html
from wordrel.report.page import document
from wordrel.study.results import Results, check_place, read_results

PAGE_LIMIT = 3_000_000
"""Bytes of a page that holds its own data; a larger one gets its models from files beside it."""
_MARK = b"window.wordrelData"
INDEX, REPORT, DATA, PLAIN = "index.html", "report.html", "explorer-data", ".nojekyll"
"""The last, empty, keeps GitHub Pages from putting the files through a program of its own."""
_HEAVY = ("tensors", "shift", "odds_shift"), ("left", "right", "log_p")
"""What of a model, and of counts, is in a file of its own."""

_SCRIPTS = (
    *("numbers.js", "text.js", "model.js", "ngrams.js"),
    *("svg.js", "plane.js"),
    *("gap.js", "sentence.js", "cells.js", "near.js", "pair.js"),
    *("link.js", "page.js"),
)


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        page: the HTML file.
        data: the folder beside it, or None where the page holds the data itself.
        megabytes: of all together.
        words: how many words of each model it has.
        models: their names.
        left_out: models with another window than the page draws, where none are named.
    """

    page: Path
    data: Path | None
    megabytes: float
    words: int
    models: tuple[str, ...]
    left_out: tuple[str, ...]


def write_explorer(  # noqa: PLR0913 - a parameter an option of the command
    folder: Path,
    *,
    out: Path | None = None,
    corpora: Sequence[str] = (),
    models: Sequence[str] = (),
    seed: int | None = None,
    words: int = WORDS,
    cache: Path | None = None,
    data_name: str = "",
    report: str = "",
) -> Written:
    """Write the explorer of a finished study.

    Args:
        folder: the study's results.
        out: the HTML file; default: explorer.html in `folder`.
        corpora: which of the study's to embed, with a menu where there are several; default: its
            first.
        models: names; default: all that the page can show.
        seed: of every model; default: of each the first that did not fail.
        words: how many of the most frequent words.
        cache: where the study was trained; default as in `wordrel.run`.
        data_name: of the folder beside the page; default: after the page.
        report: the address of the study's report, to which the page then links.

    Raises:
        StoreError: there is no such corpus or model, or a file cannot be written.
    """
    if out is not None:
        check_place(out)
    results: Results = read_results(folder)
    data = [
        explorer_data(results, corpus=name, models=models, seed=seed, words=words, cache=cache)
        | ({"report": report} if report else {})
        for name in (corpora or (None,))
    ]
    page = out or folder / "explorer.html"
    stored = page.with_name(data_name or f"{page.stem}-data")
    text, beside = render(data, stored.name)
    _replace_scripts(stored, beside)
    write_text(page, text)
    return Written(
        page,
        stored if beside else None,
        sum(len(part.encode()) for part in (text, *beside.values())) / 1e6,
        max(len(corpus["words"]) for corpus in data),
        tuple(dict.fromkeys(model["name"] for corpus in data for model in corpus["models"])),
        () if models else other_windows(results, api.stored_config(results)),
    )


def _replace_scripts(folder: Path, scripts: Mapping[str, str]) -> None:
    """Write the scripts beside a page, without those of an earlier page: nothing loads them."""
    for old in folder.glob("*.js"):
        if old.stem.isdigit():
            old.unlink()
    for name, script in scripts.items():
        write_text(folder / name, script)


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
    _refuse_other(out)
    report = html.write(document(read_results(folder)))
    write_text(out / PLAIN, "")
    write_text(out / REPORT, report)
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


def _refuse_other(out: Path) -> None:
    """Check that a folder is new, empty or a site of wordrel: others may have .nojekyll, too."""
    existing = {path.name for path in out.iterdir()} if out.is_dir() else set()
    problem = f"found {min(existing)}" if existing and PLAIN not in existing else ""
    if INDEX in existing and _MARK not in (out / INDEX).read_bytes():
        problem = f"found the {INDEX} of something else"
    if problem:
        expected = "expected a new or empty folder, or a site of wordrel; choose another folder"
        raise StoreError(f"{out}: {problem}, {expected}")


def render(data: Sequence[dict[str, Any]], data_name: str) -> tuple[str, dict[str, str]]:
    """The page, and scripts beside it, by name, where the data would make the page too large.

    Args:
        data: what `explorer_data` gives, one for each corpus.
        data_name: the name of the folder of the scripts.
    """
    text, beside = _script(data), dict[str, str]()
    if len(text.encode()) > PAGE_LIMIT:
        light, beside = _divided(data, data_name)
        text = _script(light)
    script = f"window.wordrelData = {text};"
    web = files("wordrel.explorer") / "web"
    code = "\n".join((web / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    code = f'\n(() => {{\n"use strict";\n{code}\n}})();\n'
    page = (web / "page.html").read_text(encoding="utf-8")
    # A page that is opened as a file has no origin: only `file:` allows scripts beside it.
    data_source = script_digest(script) + (" 'self' file:" if beside else "")
    parts = {
        "{{style}}": (web / "style.css").read_text(encoding="utf-8"),
        "{{study}}": escape(visible(str(data[0]["study"]))),
        "{{data}}": f"<script>{script}</script>",
        "{{code}}": code,
        "{{sources}}": f"{script_digest(code)} {data_source}",
    }
    page = re.sub(
        r"\{\{\w+\}\}", lambda mark: parts[mark[0]], page
    )  # in one pass: data hold no mark
    return page, beside


def _script(data: Any) -> str:
    """JSON for a script: "<" could end the script that it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return visible_json(text).replace("<", "\\u003c")


def _divided(
    data: Sequence[dict[str, Any]], folder: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The data with a file's address in each model instead of its arrays, and the files."""
    files: dict[str, str] = {}

    def light(model: dict[str, Any], heavy: Sequence[str]) -> dict[str, Any]:
        name = f"{len(files)}.js"
        address = f"{quote(folder)}/{name}"
        part = {key: model[key] for key in heavy if key in model}
        files[name] = f"window.wordrelPart({json.dumps(address)}, {_script(part)});\n"
        return {key: value for key, value in model.items() if key not in heavy} | {"file": address}

    divided = [
        corpus
        | {
            key: [light(model, heavy) for model in corpus[key]]
            for key, heavy in zip(("models", "counts_models"), _HEAVY, strict=True)
        }
        for corpus in data
    ]
    return divided, files
