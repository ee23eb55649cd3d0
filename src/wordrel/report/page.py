"""The report of a study: its tree, built once from the stored tables, and its files.

Reads a results folder; `write_pages` writes report.md, figures/*.svg and report.html into it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from wordrel.io.files import write_text
from wordrel.report import (
    agreement,
    brief,
    claims,
    contrasts,
    findings,
    html,
    ladder_section,
    markdown,
    measured,
    pairs,
    parts,
    plane,
    provenance,
    queries,
    readings,
    scores,
    svg,
)
from wordrel.report.brief import APART
from wordrel.report.document import (
    HIGHER,
    LOWER,
    Block,
    Bullets,
    Card,
    Document,
    Figure,
    Fold,
    Paragraph,
    Section,
    Table,
    code,
    emphasis,
    figures,
    link,
    name,
)
from wordrel.report.headline import SEPARATE, headlines, message
from wordrel.report.labels import term
from wordrel.report.own import Own, own
from wordrel.report.text import count, number
from wordrel.study.results import Results, read_results

_LEGEND = (
    "A score is the mean over seeds with its {level} interval. Raised letters: the rows that it is "
    "significantly better than (adjusted p < 0.05, and an interval without 0). Raised numbers: a "
    f"note. {emphasis('n')} is the number of items scored. {emphasis('coverage')} is the share of "
    "all items whose words the vocabulary has.{detectable}"
)
_DETECTABLE = (
    f" {emphasis('detectable')} is the difference between two models that would be found with 80% "
    "power, the median over pairs."
)
_Draw = Callable[[Results, str, str], Sequence[Block]]


def write_pages(folder: Path) -> tuple[Path, Path]:
    """Write report.md, its figures and report.html from the stored tables.

    Returns:
        The paths of report.md and report.html.

    Raises:
        StoreError: a stored file is missing or malformed, or the folder cannot be written.
    """
    results = read_results(folder)
    page = {"report.html": html.write(document(results))}
    for path, text in (report_files(brief.document(results)) | page).items():
        write_text(folder / path, text)
    return folder / "report.md", folder / "report.html"


def report_files(report: Document) -> dict[str, str]:
    """The text of report.md and of its figures, by their paths inside the folder."""
    drawn = {figure.path: svg.draw(figure) for figure in figures(report)}
    return drawn | {"report.md": markdown.write(report)}


def document(results: Results) -> Document:
    """The page as a tree; sections without content are left out."""
    made_for = own(results)
    sections = [
        *_own(results, made_for),
        *claims.sections(results),
        *contrasts.sections(results),
        *plane.sections(results),
        Section("How to read the tables", [Paragraph(legend(results))], "legend"),
        *_questions(results, made_for),
        *_agreement(results),
        *_chosen(results),
        *_by_question(results, "Comparisons", pairs.legend(results), pairs.comparisons),
        *_by_question(results, "All embeddings", pairs.OTHERS, pairs.embeddings),
        _cost(results),
        provenance.method(results),
        provenance.again(results),
        provenance.data(results),
    ]
    notes = [str(note) for note in results.config.get("notes") or ()]
    sentences = tuple(map(name, made_for.sentences))
    card = Card(sentences, claims.chips(results), made_for.figure)
    return Document(results.study, notes, sections, card)


def legend(results: Results) -> str:
    """How to read the cells and the last lines of a headline table."""
    level = queries.level(results)
    known = results.comparisons["detectable"].notna().any()
    return _LEGEND.format(level=level, detectable=_DETECTABLE if known else "")


def _own(results: Results, made_for: Own) -> list[Section]:
    """What the study was made for, and every score at a glance."""
    blocks = [*made_for.blocks, *scores.scores_figure(results)]
    if made_for.title == ladder_section.TITLE:
        (ladder,) = ladder_section.sections(results)
        blocks = [*ladder.blocks, *scores.scores_figure(results)]
    return [Section(made_for.title, blocks, "answer")] if blocks else []


def _questions(results: Results, made_for: Own) -> list[Section]:
    """A section for each; the ladder of a study made for something else follows the loss."""
    ladder = ladder_section.sections(results) if made_for.title != ladder_section.TITLE else []
    sections = []
    for i, question in enumerate(queries.questions(results), start=1):
        texts = [
            *map(name, findings.sentences(results, question)),
            APART if question in SEPARATE else "",
        ]
        blocks: list[Block] = [Paragraph(text) for text in texts if text]
        blocks += _figures(results, question)
        for corpus in queries.corpora(results):
            blocks += _on_corpus(results, corpus, question)
        sections.append(Section(findings.title(question), blocks, f"question-{i}"))
        sections += ladder if question == "fit" else []
    return sections


def _figures(results: Results, question: str) -> list[Figure]:
    return [
        *scores.differences_figure(results, question),
        *readings.direction_figure(results, question),
        *(
            figure
            for corpus in queries.corpora(results)
            for figure in readings.speech_figure(results, corpus, question)
        ),
        *measured.figures(results, question),
    ]


def _on_corpus(results: Results, corpus: str, question: str) -> list[Section]:
    """The headline tables; then folds with the parts of each task, and with its measurements."""
    tabled = [block for table in headlines(results, corpus, question) for block in table]
    folds = []
    for task, tables in parts.part_tables(results, corpus, question).items():
        folds.append(Fold(f"{name(corpus)}: {term(task, 'task')}, by part", tables))
    for task, tables in parts.measurement_tables(results, corpus, question).items():
        folds.append(Fold(f"{name(corpus)}: {term(task, 'task')}, measured", tables))
    if not tabled and not folds:
        return []
    return [Section(name(corpus), [*tabled, *_failed(results, corpus), *folds])]


def _failed(results: Results, corpus: str) -> list[Block]:
    failed = len(queries.failures(results, corpus))
    cells = len(queries.rows(results.runs, corpus=corpus))
    where = f"they are named under {link('Cost', '#cost')}"
    return [Paragraph(f"{failed} of {cells} runs failed; {where}.")] if failed else []


def _agreement(results: Results) -> list[Section]:
    if not len(results.agreement):
        return []
    texts = (agreement.sentence(results), agreement.explained(results))
    blocks: list[Block] = [Paragraph(text) for text in texts if text]
    blocks += agreement.agreement_figure(results)
    for corpus in queries.corpora(results):
        for between in ("seeds", "models"):
            table = agreement.agreement_table(results, corpus, between)
            blocks += [Fold(f"{name(corpus)}: between {between}", table)] if table else []
    return [Section(agreement.TITLE, blocks, "agreement")]


def _chosen(results: Results) -> list[Section]:
    tables = {corpus: pairs.chosen(results, corpus) for corpus in queries.corpora(results)}
    folds = [Fold(name(corpus), blocks) for corpus, blocks in tables.items() if blocks]
    title, how = "How the selected embedding was chosen", pairs.how_chosen(results)
    return [Section(title, [Paragraph(how), *folds], "embeddings")] if how else []


def _by_question(results: Results, title: str, how: str, draw: _Draw) -> list[Section]:
    """A section with a fold for each corpus and question that has blocks."""
    folds = [
        Fold(f"{name(corpus)}: {findings.title(question)}", blocks)
        for corpus in queries.corpora(results)
        for question in queries.questions(results)
        if (blocks := draw(results, corpus, question))
    ]
    place = title.lower().replace(" ", "-")
    return [Section(title, [Paragraph(how), *folds], place)] if folds else []


def _cost(results: Results) -> Section:
    """What training took, as a mean over the finished seeds, and what did not finish."""
    heads = ["model", "trained runs", "parameters", "trained tokens"]
    heads += [f"seconds {LOWER}", f"tokens/s {HIGHER}", f"peak MB {LOWER}"]
    blocks: list[Block] = [Paragraph("Means over the finished seeds of a model.")]
    for corpus in queries.corpora(results):
        lines = [_cost_line(results, corpus, m) for m in queries.models(results, corpus)]
        of_corpus: list[Block] = [Table(heads, lines)]
        failed = queries.failures(results, corpus)
        if failed:
            items = [f"{code(r.cell)}: {message(r.message)}" for r in failed]
            of_corpus += [Paragraph("Failed runs:"), Bullets(items)]
        blocks.append(Section(name(corpus), of_corpus))
    return Section("Cost", blocks, "cost")


def _cost_line(results: Results, corpus: str, model: str) -> list[str]:
    cost = queries.cost(results, corpus, model)
    return [
        queries.term(results, model),
        f"{cost.done} of {cost.cells}",
        count(cost.parameters),
        count(cost.trained_tokens),
        number(cost.seconds, 1),
        count(cost.tokens_per_second),
        count(cost.peak_memory_mb),
    ]
