"""The page: report.md and its figures, rendered from the stored files of one results folder.

Reads a results folder; `write_report` writes report.md and figures/*.svg into it.
"""

from collections.abc import Callable
from pathlib import Path

from wordrel.files import write_text
from wordrel.report import (
    figures,
    findings,
    ladder,
    ladder_figure,
    ladder_section,
    provenance,
    queries,
    tables,
)
from wordrel.report.drawing import svg
from wordrel.report.headline import SEPARATE, headlines
from wordrel.report.results import Results, read_results
from wordrel.report.text import escape, folded, percent

LEGEND = (
    "A cell is the mean over seeds with its {level} interval; raised letters name the rows that it "
    "beats (p < 0.05 after Holm), raised numbers a note. *n* counts the items scored."
)
_TITLES = {
    "alike": "How alike are two words?",
    "fit": "How well does it predict held-out text?",
    "recall": "Does it look things up?",
}
_APART = (
    "Masked-word and next-word models are asked for different words with different contexts in "
    "view: a loss of one table is never compared with a loss of another."
)
_AGREEMENT = (
    "Share of the nearest neighbours of a word that two models have in common, beside what chance "
    "gives. Two models differ only as far as their overlap lies below that between seeds."
)
_PATHS = {name: f"figures/{name}.svg" for name in ("scores", "ladder", "agreement")}


def write_report(folder: Path) -> Path:
    """Render report.md and the figures from the stored files; returns the path of report.md.

    Raises:
        StoreError: a stored file is missing or malformed, or the folder cannot be written.
    """
    for name, text in render_files(read_results(folder)).items():
        write_text(folder / name, text)
    return folder / "report.md"


def render_files(results: Results) -> dict[str, str]:
    """The text of every file of the report, by its path inside the folder."""
    drawn = {
        _PATHS["scores"]: figures.scores_figure(results),
        _PATHS["ladder"]: ladder_figure.ladder_figure(ladder.climbs(results)),
        _PATHS["agreement"]: figures.agreement_figure(results),
    }
    shown = {path: svg(figure) for path, figure in drawn.items() if figure is not None}
    return shown | {"report.md": render(results)}


def render(results: Results) -> str:
    """The whole of report.md."""
    parts = (
        f"# {escape(results.study)}",
        *(escape(note) for note in results.config.get("notes") or ()),
        _came_out(results),
        *(part for q in queries.questions(results) for part in _question(results, q)),
        _agreement(results),
        _folded_tables(results),
        _cost(results),
        provenance.method(results),
        provenance.again(results),
        provenance.data(results),
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def _came_out(results: Results) -> str:
    parts = ["## What came out"]
    for corpus in queries.corpora(results):
        bullets = [f"- {sentence}" for sentence in findings.details(results, corpus)]
        parts += [findings.lead(results, corpus), "\n".join(bullets)]
    alt = figures.scores_alt(results)
    parts += [findings.SELECTION, _image(alt, "scores")] if alt else []
    return "\n\n".join(filter(None, parts))


def _question(results: Results, question: str) -> tuple[str, ...]:
    """The tables of a question; what each ingredient buys comes right after the held-out loss."""
    scores = _scores(results, question)
    if question != "fit":
        return (scores,)
    climbs = ladder.climbs(results)
    image = _image(ladder_figure.ladder_alt(climbs), "ladder")
    return scores, ladder_section.section(results, climbs, image)


def _scores(results: Results, question: str) -> str:
    level = percent(results.manifest["statistics"]["confidence"])
    parts = [f"## {_title(question)}", LEGEND.format(level=level)]
    if question in SEPARATE:
        parts.append(_APART)
    for corpus in queries.corpora(results):
        shown = [tables.headline_table(results, h) for h in headlines(results, corpus, question)]
        parts += [f"### {escape(corpus)}", *shown, _failed(results, corpus)]
    return "\n\n".join(filter(None, parts))


def _failed(results: Results, corpus: str) -> str:
    failed = len(queries.failures(results, corpus))
    cells = len(queries.rows(results.runs, corpus=corpus))
    return (
        f"{failed} of {cells} cells failed; they are named under [Cost](#cost)." if failed else ""
    )


def _agreement(results: Results) -> str:
    if not len(results.agreement):
        return ""
    parts = ["## Which models have the same neighbours?", _AGREEMENT]
    alt = figures.agreement_alt(results)
    parts += [_image(alt, "agreement")] if alt else []
    for corpus in queries.corpora(results):
        for between, title in (("seeds", "between seeds"), ("models", "between models")):
            body = tables.agreement_table(results, corpus, between)
            parts.append(folded(f"{escape(corpus)}: {title}", body) if body else "")
    return "\n\n".join(filter(None, parts))


def _folded_tables(results: Results) -> str:
    pairs = _by_question(results, tables.comparisons_table)
    views = _by_question(results, tables.views_table)
    parts = []
    if pairs:
        told = "Bold: told apart after Holm (p < 0.05). a − b is in the units of the score."
        parts += ["## Comparisons", told, *pairs]
    if views:
        fixed = "The primary view was fixed beforehand; the others are exploratory and untested."
        parts += ["## Other views", fixed, *views]
    return "\n\n".join(parts)


def _cost(results: Results) -> str:
    parts = ["## Cost", "Means over the finished seeds of a model."]
    for corpus in queries.corpora(results):
        failed = tables.failures_list(results, corpus)
        parts += [f"### {escape(corpus)}", tables.cost_table(results, corpus)]
        parts += ["Failed cells:", failed] if failed else []
    return "\n\n".join(parts)


def _by_question(results: Results, draw: Callable[[Results, str, str], str]) -> list[str]:
    """A folded table for each corpus and question that has one."""
    return [
        folded(f"{escape(corpus)}: {_title(question)}", body)
        for corpus in queries.corpora(results)
        for question in queries.questions(results)
        if (body := draw(results, corpus, question))
    ]


def _title(question: str) -> str:
    return _TITLES.get(question, escape(question))


def _image(alt: str, name: str) -> str:
    return f"![{escape(alt)}]({_PATHS[name]})"
