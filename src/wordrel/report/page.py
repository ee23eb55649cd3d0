"""The page: report.md and its figures, rendered from the stored files of one results folder.

Reads a results folder; `write_report` writes report.md and figures/*.svg into it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from wordrel.io.files import write_text
from wordrel.report import (
    agreement,
    claims_section,
    curves,
    findings,
    ladder,
    ladder_section,
    pairs,
    parts,
    provenance,
    queries,
    tables,
    views,
)
from wordrel.report.drawing import svg
from wordrel.report.groups import SEPARATE
from wordrel.report.headline import headlines
from wordrel.report.illustrations import Illustration, illustrations
from wordrel.report.text import escape, folded, percent
from wordrel.study.results import Results, read_results

LEGEND = (
    "A cell is the mean over seeds with its {level} interval; raised letters name the rows that it "
    "beats (p < 0.05 after Holm), raised numbers a note. *n* counts the items scored, *coverage* "
    "is the share of all items whose words the vocabulary has{detectable}."
)
_DETECTABLE = (
    ", *detectable* the difference between two models that would be found with 80% power "
    "(median over pairs)"
)
_TITLES = {
    "alike": "How alike are two words?",
    "relate": "How strongly does one word relate to another?",
    "direction": "Which way does a relation go?",
    "syntax": "Parts of speech and syntax",
    "in_context": "What does a word mean here?",
    "fit": "How well does it predict held-out text?",
    "recall": "Does it look things up?",
}
_AGREEMENT = "Which models agree?"
_APART = (
    "Masked-word and next-word models are asked for different words with different contexts in "
    "view: a loss of one table is never compared with a loss of another."
)


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
    drawn = {one.path: one.draw() for one in illustrations(results)}
    shown = {path: svg(figure) for path, figure in drawn.items() if figure is not None}
    return shown | {"report.md": render(results)}


def render(results: Results) -> str:
    """The whole of report.md."""
    shown = illustrations(results)
    sections = (
        f"# {escape(results.study)}",
        *(escape(note) for note in results.config.get("notes") or ()),
        _came_out(results, shown),
        f"## How to read the tables\n\n{legend(results)}",
        *(part for q in queries.questions(results) for part in _question(results, q, shown)),
        _more_text(results, shown),
        claims_section.section(results),
        _agreement(results, shown),
        _chosen(results),
        _folded_tables(results),
        _cost(results),
        provenance.method(results),
        provenance.again(results),
        provenance.data(results),
    )
    return "\n\n".join(filter(None, sections)) + "\n"


def title(question: str) -> str:
    """The heading of a question."""
    return _TITLES.get(question, escape(question))


def bold_title(question: str) -> str:
    """The heading at the head of a paragraph."""
    name = title(question)
    return f"**{name}**" if name.endswith("?") else f"**{name}.**"


def legend(results: Results) -> str:
    """What stands in a cell of a headline table, and below it."""
    level = percent(results.manifest["statistics"]["confidence"])
    known = results.comparisons["detectable"].notna().any()
    return LEGEND.format(level=level, detectable=_DETECTABLE if known else "")


def _came_out(results: Results, shown: Sequence[Illustration]) -> str:
    bullets = []
    for question in queries.questions(results):
        asked = [c for c in queries.corpora(results) if queries.asked(results, c, question)]
        sentences = [findings.lead(results, corpus, question) for corpus in asked]
        bullets += [f"- {bold_title(question)} {' '.join(sentences)}"] if sentences else []
    if not bullets:
        return "## What came out\n\nNothing was scored."
    said = [findings.INTRODUCTION, "\n".join(bullets), findings.SELECTION]
    return "\n\n".join(["## What came out", *said, *_images(shown, "summary")])


def _images(shown: Sequence[Illustration], place: str) -> list[str]:
    return [one.markdown for one in shown if one.place == place]


def _question(results: Results, question: str, shown: Sequence[Illustration]) -> tuple[str, ...]:
    """The tables of a question; what each ingredient buys comes right after the held-out loss."""
    scores = _scores(results, question, shown)
    if question != "fit":
        return (scores,)
    image = "".join(_images(shown, "ladder"))
    return scores, ladder_section.section(results, ladder.climbs(results), image)


def _scores(results: Results, question: str, shown: Sequence[Illustration]) -> str:
    found = [f"## {title(question)}", findings.sentence(results, question)]
    found += [_APART] if question in SEPARATE else []
    found += _images(shown, question)
    for corpus in queries.corpora(results):
        tabled = [tables.headline_table(results, h) for h in headlines(results, corpus, question)]
        folds = _folds(results, corpus, question)
        if tabled or folds:
            found += [f"### {escape(corpus)}", *tabled, _failed(results, corpus), *folds]
    return "\n\n".join(filter(None, found))


def _folds(results: Results, corpus: str, question: str) -> list[str]:
    """What stands behind the headline tables: task by task, by part, and what is no score."""
    where = escape(corpus)
    details = "\n".join(f"- {text}" for text in findings.details(results, corpus, question))
    found = [(f"{where}: task by task", details)]
    for task, body in parts.part_tables(results, corpus, question).items():
        found.append((f"{where}: {escape(task)}, by part", body))
    for task, body in parts.measurement_tables(results, corpus, question).items():
        found.append((f"{where}: {escape(task)}, measured", body))
    return [folded(name, body) for name, body in found if body]


def _failed(results: Results, corpus: str) -> str:
    failed = len(queries.failures(results, corpus))
    cells = len(queries.rows(results.runs, corpus=corpus))
    return (
        f"{failed} of {cells} cells failed; they are named under [Cost](#cost)." if failed else ""
    )


def _more_text(results: Results, shown: Sequence[Illustration]) -> str:
    images = _images(shown, "size")
    if not images:
        return ""
    table = folded("Every point", curves.points_table(curves.curves(results)))
    return "\n\n".join([f"## {curves.TITLE}", *images, table])


def _agreement(results: Results, shown: Sequence[Illustration]) -> str:
    if not len(results.agreement):
        return ""
    found = [f"## {_AGREEMENT}", agreement.sentence(results), agreement.explained(results)]
    found += _images(shown, "agreement")
    for corpus in queries.corpora(results):
        for between, name in (("seeds", "between seeds"), ("models", "between models")):
            body = agreement.agreement_table(results, corpus, between)
            found.append(folded(f"{escape(corpus)}: {name}", body) if body else "")
    return "\n\n".join(filter(None, found))


def _chosen(results: Results) -> str:
    bodies = {c: views.chosen_table(results, c) for c in queries.corpora(results)}
    folds = [folded(escape(corpus), body) for corpus, body in bodies.items() if body]
    return "\n\n".join(
        ["## How the primary view was chosen", views.CHOSEN, *folds] if folds else []
    )


def _folded_tables(results: Results) -> str:
    compared = _by_question(results, pairs.comparisons_table)
    others = _by_question(results, views.views_table)
    found = ["## Comparisons", pairs.legend(results), *compared] if compared else []
    found += ["## Other views", views.OTHERS, *others] if others else []
    return "\n\n".join(found)


def _cost(results: Results) -> str:
    found = ["## Cost", "Means over the finished seeds of a model."]
    for corpus in queries.corpora(results):
        failed = tables.failures_list(results, corpus)
        found += [f"### {escape(corpus)}", tables.cost_table(results, corpus)]
        found += ["Failed cells:", failed] if failed else []
    return "\n\n".join(found)


def _by_question(results: Results, draw: Callable[[Results, str, str], str]) -> list[str]:
    """A folded table for each corpus and question that has one."""
    return [
        folded(f"{escape(corpus)}: {title(question)}", body)
        for corpus in queries.corpora(results)
        for question in queries.questions(results)
        if (body := draw(results, corpus, question))
    ]
