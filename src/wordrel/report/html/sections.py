"""What stands on the page and in which order: sections of sentences, figures and tables.

Every sentence and number comes from the modules that make report.md; nothing is computed anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from wordrel.report import (
    agreement,
    claims_section,
    curves,
    findings,
    ladder,
    ladder_section,
    page,
    pairs,
    parts,
    provenance,
    queries,
    tables,
    views,
)
from wordrel.report.groups import SEPARATE
from wordrel.report.headline import headlines
from wordrel.report.html import doubts
from wordrel.report.html.figures import (
    Figure,
    curve_figures,
    ladder_charts,
    question_figures,
)
from wordrel.report.html.headlines import headline_blocks
from wordrel.report.html.markup import Fold, Table, blocks, fold, inline
from wordrel.report.text import escape
from wordrel.study.results import Results

_APART = (
    "Masked-word and next-word models are asked for different words with different contexts in "
    "view: a loss of one table is never compared with a loss of another."
)
_BUYS = (
    "A ladder adds one ingredient at a time. What an ingredient buys is the fall in held-out loss "
    "where it is added, as a mean over the orderings of which every rung was trained."
)


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it, in this order.

    Attributes:
        name: its place on the page (`#name`); empty for the parts of a part.
        title: its heading.
        blocks: paragraphs, lists and tables.
        figures: charts with their words.
        parts: sections one level below.
        folds: what is opened with a click.
    """

    name: str
    title: Markup
    blocks: Sequence[Markup | Table] = ()
    figures: Sequence[Figure] = ()
    parts: Sequence["Section"] = ()
    folds: Sequence[Fold] = ()


def sections(results: Results) -> list[Section]:
    """Every section of the page that this study has."""
    made: tuple[Callable[[Results], Section], ...] = (
        *(_answer, _bought, _asked, _more_text, _claims, _chosen, _agreement, _cost, _method),
        *(_doubts, _data),
    )
    found = [make(results) for make in made]
    return [s for s in found if s.blocks or s.figures or s.parts or s.folds]


def _answer(results: Results) -> Section:
    bullets = []
    for question in queries.questions(results):
        asked = [c for c in queries.corpora(results) if queries.asked(results, c, question)]
        leads = [findings.lead(results, corpus, question) for corpus in asked]
        said = findings.sentence(results, question) or " ".join(leads)
        bullets += [f"- {page.bold_title(question)} {said}"] if asked else []
    text = "\n".join(bullets) or "Nothing was scored."
    around = [findings.INTRODUCTION, text, findings.SELECTION] if bullets else [text]
    return _section("answer", "The answer", "\n\n".join(around))


def _bought(results: Results) -> Section:
    climbs = ladder.climbs(results)
    if not climbs:
        return _section("ladder", ladder_section.TITLE, "")
    text = "\n".join(f"- {ladder_section.sentence(climb)}" for climb in climbs)
    folds = []
    for corpus in queries.corpora(results):
        shares = ladder_section.shares_table([c for c in climbs if c.corpus == corpus])
        if shares:
            steps = ladder_section.steps_tables(results, corpus)
            folds += [fold(f"{escape(corpus)}: shares", shares)]
            folds += [fold(f"{escape(corpus)}: neighbouring rungs", steps)]
    return Section(
        "ladder",
        inline(ladder_section.TITLE),
        blocks(f"{_BUYS}\n\n{text}", ladder_section.TITLE),
        ladder_charts(climbs),
        folds=folds,
    )


def _asked(results: Results) -> Section:
    found = [_question(results, question) for question in queries.questions(results)]
    return Section(
        "questions", inline("The questions"), blocks(page.legend(results), ""), parts=found
    )


def _question(results: Results, question: str) -> Section:
    said = [findings.sentence(results, question), _APART if question in SEPARATE else ""]
    corpora = [_on_corpus(results, corpus, question) for corpus in queries.corpora(results)]
    return Section(
        f"question-{queries.questions(results).index(question) + 1}",
        inline(page.title(question)),
        blocks("\n\n".join(filter(None, said)), ""),
        question_figures(results, question),
        [part for part in corpora if part.blocks or part.folds],
    )


def _on_corpus(results: Results, corpus: str, question: str) -> Section:
    where = escape(corpus)
    caption = f"{page.title(question)} {where}"
    found = [
        block
        for headline in headlines(results, corpus, question)
        for block in headline_blocks(results, headline, caption)
    ]
    details = "\n".join(f"- {text}" for text in findings.details(results, corpus, question))
    folds = [(f"{where}: task by task", details)]
    for task, body in parts.part_tables(results, corpus, question).items():
        folds.append((f"{where}: {escape(task)}, by part", body))
    for task, body in parts.measurement_tables(results, corpus, question).items():
        folds.append((f"{where}: {escape(task)}, measured", body))
    compared = pairs.comparisons_table(results, corpus, question)
    legend = f"{pairs.legend(results)}\n\n{compared}" if compared else ""
    folds.append((f"{where}: every two models compared", legend))
    others = views.views_table(results, corpus, question)
    folds.append((f"{where}: other views", f"{views.OTHERS}\n\n{others}" if others else ""))
    shown = [fold(name, body) for name, body in folds if body]
    return Section("", inline(where), found, folds=shown)


def _more_text(results: Results) -> Section:
    return Section("size", inline(curves.TITLE), figures=curve_figures(results))


def _claims(results: Results) -> Section:
    found = claims_section.claims_table(results)
    if not found:
        return _section("claims", claims_section.TITLE, "")
    text = f"{claims_section.EXPLAINED}\n\n{found}"
    folds = [fold(title, body) for title, body in claims_section.folds_of(results)]
    title = claims_section.TITLE
    return Section("claims", inline(title), blocks(text, title), folds=folds)


def _chosen(results: Results) -> Section:
    bodies = {c: views.chosen_table(results, c) for c in queries.corpora(results)}
    folds = [fold(escape(corpus), body) for corpus, body in bodies.items() if body]
    title = inline("How the primary view was chosen")
    return Section("views", title, blocks(views.CHOSEN, "") if folds else (), folds=folds)


def _agreement(results: Results) -> Section:
    title = "Which models agree?"
    if not len(results.agreement):
        return _section("agreement", title, "")
    folds = [
        fold(f"{escape(corpus)}: between {between}", body)
        for corpus in queries.corpora(results)
        for between in ("seeds", "models")
        if (body := agreement.agreement_table(results, corpus, between))
    ]
    text = f"{agreement.sentence(results)}\n\n{agreement.explained(results)}"
    return Section("agreement", inline(title), blocks(text, title), folds=folds)


def _cost(results: Results) -> Section:
    text = ["Means over the finished seeds of a model."]
    found = blocks("\n\n".join(text), "")
    for corpus in queries.corpora(results):
        found += blocks(tables.cost_table(results, corpus), f"Cost on {escape(corpus)}")
        failed = tables.failures_list(results, corpus)
        found += blocks(f"Failed cells:\n\n{failed}", "") if failed else []
    return Section("cost", inline("Cost"), found)


def _method(results: Results) -> Section:
    text = f"{_body(provenance.method(results))}\n\n{_body(provenance.again(results))}"
    return _section("method", "Method", text)


def _doubts(results: Results) -> Section:
    bodies = {c: doubts.doubts_table(results, c) for c in queries.corpora(results)}
    found = blocks(doubts.EXPLAINED, "") if any(bodies.values()) else []
    for corpus, body in bodies.items():
        found += blocks(body, f"Contrasts on {escape(corpus)}") if body else []
    rule = blocks(doubts.rule(results), "")
    return Section("doubts", inline("What would change our mind"), [*rule, *found])


def _data(results: Results) -> Section:
    return _section("data", "Data and licences", _body(provenance.data(results)))


def _section(name: str, title: str, text: str) -> Section:
    return Section(name, inline(title), blocks(text, title))


def _body(text: str) -> str:
    """A part of report.md without its heading."""
    return text.partition("\n\n")[2]
