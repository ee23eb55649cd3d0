"""What would change the answer: each contrast of the families beside what would turn it round."""

from urllib.parse import quote

from wordrel.report import queries
from wordrel.report.findings import Contrast, contrasts
from wordrel.report.page import title
from wordrel.report.text import code, count, escape, number, p_value, table, with_interval
from wordrel.study.results import Results

EXPLAINED = (
    "Each line is the best word2vec model against the best attention model on one task. What is "
    "told apart would be open again if its interval reached 0; what is open would be told apart "
    "by a difference as large as the detectable one (80% power), or by more items and seeds."
)


def rule(results: Results) -> str:
    """Where the decision rule stands, and what the author of the study noted beside it.

    The experiments of a repository lie beside its results; a study of one's own has none, unless
    its author wrote one.
    """
    name = f"experiments/{results.study}.py"
    said = "No prediction was stored with this study; the claims are decided by their rules."
    if (results.folder.resolve().parents[1] / name).is_file():
        link = f"[{code(name)}](../../{quote(name)})"
        said = f"The question, the prediction and the decision rule of the study stand in {link}."
    notes = [f"- {escape(str(note))}" for note in results.config.get("notes") or ()]
    return "\n\n".join([said, *(["\n".join(notes)] if notes else [])])


def doubts_table(results: Results, corpus: str) -> str:
    """A line for each task that both families answer; empty where there is none."""
    body = [
        _line(contrast)
        for question in queries.questions(results)
        for contrast in contrasts(results, corpus, question)
        if contrast.pair is not None
    ]
    heads = ["question", "task", "a − b", "would change", "difference", "p (Holm)", "n"]
    return table(heads, body, left=4) if body else ""


def _line(contrast: Contrast) -> list[str]:
    pair, column = contrast.pair, contrast.column
    assert pair is not None
    return [
        title(column.question),
        f"{escape(column.task)} ({escape(column.measure)})",
        f"{escape(pair.model_a)} − {escape(pair.model_b)}",
        _change(contrast),
        with_interval(pair.difference, pair.low, pair.high),
        escape(p_value(pair.p_holm)),
        count(pair.n_scored),
    ]


def _change(contrast: Contrast) -> str:
    pair = contrast.pair
    assert pair is not None
    if contrast.verdict != "open":
        nearest = min(abs(pair.low), abs(pair.high))
        return f"told apart; an interval nearer to 0 by {number(nearest)}"
    if number(pair.detectable) == number(None):
        return "open; more items or seeds"
    return f"open; a difference of {number(pair.detectable)}"
