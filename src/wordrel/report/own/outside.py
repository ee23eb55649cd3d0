"""What models answer beside scores of tasks: planted values, and agreement of tasks and seeds."""

from wordrel.report import queries
from wordrel.report.claims import recall, task
from wordrel.report.labels import label
from wordrel.report.lines import Line, Lines, by_model, known
from wordrel.report.own.shared import Own, measured_result, named
from wordrel.report.text import number, share
from wordrel.report.verdicts import above, agreement, score, value_of
from wordrel.study.results import Results

_PLACE = {1: "better than", 0: "no better than", -1: "worse than"}


def recall_result(results: Results) -> Own:
    """How often each model finds the planted value, by how many pairs a sentence has."""
    corpora = recall.planted(results)
    if not corpora:
        return Own()
    heads = {corpora[n]: f"{n} pair{'s'[: n != 1]}" for n in sorted(corpora)}
    found = by_model(
        results,
        "share of sentences whose value is found",
        queries.kinds(results),
        heads,
        lambda model, corpus: score(results, corpus, recall.TASK, model),
        {heads[corpus]: 1 / n for n, corpus in corpora.items()},
    )
    most = max(corpora)
    rows = {m: score(results, corpora[most], recall.TASK, m) for m in ("attention", "mean")}
    sentences = [
        f"With {most} pairs in a sentence, {named(results, model)} finds the value in "
        f"{share(row.score)}, which is {_PLACE[above(row, 1 / most)]} a guess among the values."
        for model, row in rows.items()
        if row is not None
    ]
    about = (
        "A sentence names pairs of a key and a value, then one of the keys again. The next word is "
        "the value of that key. The broken line is a guess among the values of the sentence."
    )
    title = "Which models find the value of a key?"
    made_for = measured_result(results, title, [found], sentences, about)
    return made_for._replace(question="recall")


def task_result(results: Results) -> Own:
    """How far pair scores agree between tasks, beside how far they agree between seeds."""
    corpora = queries.corpora(results)
    pairs = [(a, b) for a, *others in task.TASKS.values() for b in others] + [task.CONTROL]
    shown = {model: queries.label(results, model) for model in task.MODELS}
    words = {(a, b): f"{shown[a]} and {shown[b]}" for a, b in pairs}
    words |= {(m, m): f"two seeds of {shown[m]}" for m in task.MODELS}
    rows = {
        (a, b): {c: agreement(results, c, task.MEASURE, a, b) for c in corpora} for a, b in words
    }
    lines = [Line(words[pair], pair[0], cells) for pair, cells in rows.items()]
    found = Lines("rank correlation of pair scores", known(lines))
    mean = next(iter(task.TASKS))
    opening = f"Pair scores of {named(results, mean)} for two tasks"
    openings = {pairs[0]: f"{opening} have a rank correlation of"}
    openings |= {(m, m): f"Those of two seeds of {named(results, m)} have" for m in task.TASKS}
    sentences = [
        f"{words} {number(value_of(row))}."
        for pair, words in openings.items()
        if (row := rows[pair][corpora[0]]) is not None
    ]
    about = (
        "A pair score is the cosine of the vectors of two words. A rank correlation of 1 means "
        "that two models rank all pairs in the same order."
    )
    title = "Do two tasks agree less than two seeds?"
    return measured_result(results, title, [found], sentences, about)


def stability_result(results: Results) -> Own:
    """How far two seeds of one model agree."""
    corpus = queries.corpora(results)[0]
    found = by_model(
        results,
        f"agreement of two seeds on {corpus}",
        queries.kinds(results),
        {m: label(m, "measure") for m in queries.distinct(results.agreement["measure"])},
        lambda model, measure: agreement(results, corpus, measure, model, model),
    )
    overlap = label("overlap", "measure")
    sentences = [
        f"Two seeds of {line.label} share {share(value_of(line.cells[overlap]))} of the ten "
        "nearest words."
        for line in found.lines
        if line.model in ("skip_gram", "attention")
    ]
    about = (
        "Nearest words are the ten with the highest cosine. A number is the mean over all pairs of "
        "seeds. A distance of 0 means that one space is a rotation of the other."
    )
    return measured_result(results, "How far do two seeds agree?", [found], sentences, about)
