"""The main result of each study: its answer in at most three sentences, one figure, its own tables.

A study of another name shows what each ingredient adds (the ladder), if it has such models. Else it
shows word2vec beside attention.
"""

from collections.abc import Callable

from wordrel.report import findings, ladder, ladder_section, queries, scores
from wordrel.report.architectures import architectures
from wordrel.report.document import Block, Paragraph
from wordrel.report.ladder import MASKED, NEXT
from wordrel.report.own import planned
from wordrel.report.own.studies import (
    Own,
    beside,
    order_result,
    stability_result,
    task_result,
)
from wordrel.report.verdicts import difference
from wordrel.study.results import Results

__all__ = ["Own", "own"]

_FIRST = ("alike", "fit", "relate")  # questions of the card, where a study has several


def own(results: Results) -> Own:
    """The result that the study was made for, else the two families; planned contrasts first."""
    result = _OWN.get(results.study, _ladder)(results)
    result = result if result.blocks else _families(results)
    opening = planned.sentences(results)
    title = planned.TITLE if opening and not result.blocks else result.title
    sentences = (*opening, *result.sentences)[: planned.MOST]
    return result._replace(title=title, sentences=sentences)


def _ladder(results: Results) -> Own:
    """What each ingredient adds; the literal question first."""
    climbs = ladder.climbs(results)
    if not climbs:
        return Own()
    names = {kind: str(model["name"]) for kind, model in architectures(results).items()}
    sentences = []
    for loss, top, foot in (
        (MASKED, "mean_query_attention", "mean"),
        (MASKED, "mean_query_attention_position", "mean"),
        (NEXT, "attention_position", "next_mean"),
    ):
        ends = names.get(top, ""), names.get(foot, "")
        sentences += beside(results, difference(results, climbs[0].corpus, loss, *ends))
    blocks = ladder_section.blocks(results)
    drawn = ladder_section.figure(results, climbs)
    return Own(ladder_section.TITLE, tuple(sentences), tuple(blocks), drawn)


def _families(results: Results) -> Own:
    """Word2vec beside attention, question by question."""
    questions = queries.questions(results)
    first = sorted(questions, key=lambda q: _FIRST.index(q) if q in _FIRST else len(_FIRST))
    answered = planned.on_questions(results)
    sentences = {q: findings.sentences(results, q) for q in first if q not in answered}
    opened = findings.against_skip_gram(results)
    if opened:
        sentences.pop("alike", None)
    opened += [f"{findings.title(q)} {texts[0]}" for q, texts in sentences.items() if texts]
    drawn = [f for q in questions for f in scores.differences_figure(results, q)]
    drawn += scores.scores_figure(results)
    table = findings.families_table(results)
    compared = [
        contrast
        for question in questions
        for corpus in queries.corpora(results)
        for contrast in findings.contrasts(results, corpus, question)
    ]
    below = [findings.SELECTION, *findings.with_positions(results, compared)]
    blocks: list[Block] = [table, *map(Paragraph, below)] if table else []
    return Own(
        "Word2vec beside attention", tuple(opened[:3]), tuple(blocks), next(iter(drawn), None)
    )


_OWN: dict[str, Callable[[Results], Own]] = {
    "order": order_result,
    "task_decides": task_result,
    "stability": stability_result,
    "word2vec_vs_attention": _families,
    "quickstart": _families,
}
"""Study -> the result that it was made for."""
