"""What each study was made for: its answer in at most three sentences, one figure, its own tables.

A study of another name has the ladder where it has the models of one, else the two families side
by side.
"""

from collections.abc import Callable
from typing import NamedTuple

from wordrel.report import findings, ladder, ladder_section, queries, scores
from wordrel.report.claims import order, parts_of_speech, recall, roles, task
from wordrel.report.claims.standing import REVISED
from wordrel.report.document import Block, Figure, Paragraph
from wordrel.report.labels import label
from wordrel.report.lines import Line, Lines, by_model, figure, known, tables
from wordrel.report.queries import Row
from wordrel.report.rungs import rungs
from wordrel.report.text import capital, number, share
from wordrel.report.verdicts import (
    above,
    agreement,
    ahead,
    apart,
    difference,
    measured,
    score,
    value_of,
)
from wordrel.study.results import Results

MASKED, NEXT = (ladder.TASK.format(objective) for objective in ("masked_word", "next_word"))
_FIRST = ("alike", "fit", "relate")  # questions of the card, where a study has several
_TIED = ("one_map_qk", "no_query_map", "no_value_map", "one_map_qk_no_value_map", "basic")
_CONTROLS = {"skip_gram": "in.in", "cbow": "in.in"}
_PLACE = {1: "better than", 0: "no better than", -1: "worse than"}


class Own(NamedTuple):
    """The result that a study was made for.

    Attributes:
        title: its heading.
        sentences: at most three, for the card, as plain text.
        blocks: its tables.
        figure: the chart of the card.
        question: the one whose scores its tables have, where they have one's.
    """

    title: str = ""
    sentences: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    figure: Figure | None = None
    question: str = ""


def own(results: Results) -> Own:
    """The result that the study was made for, or what it has in its place."""
    found = _OWN.get(results.study, _ladder)(results)
    return found if found.blocks else _families(results)


def beside(results: Results, pair: Row | None) -> list[str]:
    """A sentence on a paired difference of losses; none where it was not tested."""
    if pair is None:
        return []
    first, second = (_named(results, model) for model in (pair.model_a, pair.model_b))
    first = capital(f"{_on(results, pair.corpus)}{first}")
    what, size = label(pair.task), f"{number(abs(pair.difference))} nats"
    if not ahead(pair):
        return [f"{first} and {second} do not differ significantly in {what}: {size}."]
    word = "higher" if pair.difference > 0 else "lower"
    return [f"{first} has a significantly {word} {what} than {second}, by {size}."]


def _named(results: Results, model: str) -> str:
    """A model's label inside a sentence."""
    found = queries.label(results, model)
    return f"the {found}" if found.startswith("context mean") else found


def _on(results: Results, corpus: str) -> str:
    """Where a sentence holds, if there are several corpora."""
    return f"On {corpus}, " if len(queries.corpora(results)) > 1 else ""


def _measured(results: Results, title: str, found: list[Lines], sentences: list[str]) -> Own:
    there = [one for one in found if one.lines]
    drawn = figure(results, results.study, there[:1])
    return Own(title, tuple(map(capital, sentences[:3])), tuple(tables(there)), drawn)


def _ladder(results: Results) -> Own:
    """What each ingredient adds; the literal question first."""
    climbs = ladder.climbs(results)
    if not climbs:
        return Own()
    names = {rung: str(model["name"]) for rung, model in rungs(results).items()}
    sentences = []
    for loss, top, foot in (
        (MASKED, "content", "mean"),
        (MASKED, "content_position", "mean"),
        (NEXT, "attention_position", "causal_mean"),
    ):
        ends = names.get(top, ""), names.get(foot, "")
        sentences += beside(results, difference(results, climbs[0].corpus, loss, *ends))
    blocks = ladder_section.blocks(results)
    drawn = ladder_section.figure(results, climbs)
    return Own(ladder_section.TITLE, tuple(sentences), tuple(blocks), drawn)


def _recall(results: Results) -> Own:
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
        f"With {most} pairs in a sentence, {_named(results, model)} finds the value in "
        f"{share(row.score)}, which is {_PLACE[above(row, 1 / most)]} a guess among the values."
        for model, row in rows.items()
        if row is not None
    ]
    made_for = _measured(results, "Which models find the value of a key?", [found], sentences)
    return made_for._replace(question="recall")


def _order(results: Results) -> Own:
    """What another order of the context does to loss and states, and what shuffled text costs."""
    corpus, models = queries.corpora(results)[0], list(queries.kinds(results))
    ordered = [m for m in models if f"{m}_shuffled" in models]
    words = ("other words", "two words exchanged", "query word exchanged", "all words")
    groups = dict(zip(order.PERMUTATIONS, words, strict=True))

    def row(statistic: str) -> Callable[[str, str], Row | None]:
        of = order.ORDER, "context"
        return lambda model, group: measured(results, corpus, model, (*of, group, statistic))

    added = by_model(results, "added loss (nats per token)", ordered, groups, row("added_loss"))
    same = "share of states that stay the same"
    unmoved = by_model(results, same, ordered, groups, row("unmoved"))
    trained = by_model(
        results,
        "loss added by training on shuffled sentences (nats per token)",
        ordered,
        {loss: label(loss) for loss in (MASKED, NEXT)},
        lambda model, loss: difference(results, corpus, loss, f"{model}_shuffled", model),
    )
    sentences = [
        f"{what} adds {number(found.value)} nats to the next-word loss of attention."
        for what, group in (
            ("Another order of the words before the query word", order.OTHERS),
            ("Exchanging the query word with another", order.ASKING),
        )
        if (found := row("added_loss")("attention", group)) is not None
    ]
    shuffled = difference(results, corpus, NEXT, "attention_shuffled", "attention")
    sentences += beside(results, shuffled)
    title = "What does the order of the context do?"
    return _measured(results, title, [added, unmoved, trained], sentences)


def _parts_of_speech(results: Results) -> Own:
    """Noun-verb against verb-article pairs, and what a hidden determiner costs."""
    corpora = queries.corpora(results)
    lines = [
        Line(
            f"{queries.label(results, model)}: {label(view, 'embedding')}",
            model,
            {c: parts_of_speech.auc(results, c, model, view) for c in corpora},
        )
        for model, view in (parts_of_speech.CLAIMED | _CONTROLS).items()
    ]
    title = "AUC of noun-verb over verb-article pairs"
    aucs = Lines(title, known(lines), dict.fromkeys(corpora, 0.5))
    hidden = by_model(
        results,
        "loss added by a hidden word (nats)",
        parts_of_speech.NEXT,
        {(c, i): f"{what}, {c}" for c in corpora for i, what in enumerate(("determiner", "other"))},
        lambda model, of: parts_of_speech.articles(results, of[0], model)[of[1]],
    )
    sentences = []
    asking = parts_of_speech.auc(results, corpora[0], "attention", "q.k")
    if asking is not None:
        sentences.append(
            f"{_on(results, corpora[0])}query-key scores of attention separate noun-verb from "
            f"verb-article pairs with an AUC of {number(asking.score)}."
        )
        sentences.append(f"Why they do is {REVISED['C2'].verdict}: {REVISED['C2'].why}.")
    alone, other = parts_of_speech.articles(results, corpora[0], "attention")
    if alone is not None and other is not None:
        less = "less" if apart(alone, other) < 0 else "no less"
        sentences.append(
            f"{_on(results, corpora[0])}a hidden determiner adds {less} loss to attention than "
            f"another hidden word: {number(alone.value)} nats."
        )
    return _measured(
        results,
        "Do noun-verb pairs score higher than verb-article pairs?",
        [aucs, hidden],
        sentences,
    )


def _task(results: Results) -> Own:
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
    opening = f"Pair scores of {_named(results, mean)} for two tasks"
    openings = {pairs[0]: f"{opening} have a rank correlation of"}
    openings |= {(m, m): f"Those of two seeds of {_named(results, m)} have" for m in task.TASKS}
    sentences = [
        f"{words} {number(value_of(row))}."
        for pair, words in openings.items()
        if (row := rows[pair][corpora[0]]) is not None
    ]
    return _measured(results, "Do two tasks agree less than two seeds?", [found], sentences)


def _roles(results: Results) -> Own:
    """What it costs to exchange query and key, and to tie or leave out their maps."""
    corpora = {corpus: corpus for corpus in queries.corpora(results)}
    first = next(iter(corpora))
    exchanged = (roles.ROLES, "exchanged", "all", "added_loss")
    keys = (roles.ROLES, "attention", "asking any", "effective_share")
    swapped = {c: measured(results, c, "attention", exchanged) for c in corpora}
    tied = by_model(
        results,
        "loss added to that of attention (nats per token)",
        [model for model in queries.kinds(results) if model in _TIED],
        corpora,
        lambda model, corpus: difference(results, corpus, NEXT, model, "attention"),
        dict.fromkeys(corpora, 0.0),
    )
    lines = known([Line("query and key exchanged after training", "attention", swapped)])
    costs = Lines(tied.title, [*lines, *tied.lines], tied.rules)
    spread = by_model(
        results,
        "effective number of keys (share of the words in view)",
        queries.kinds(results),
        corpora,
        lambda model, corpus: measured(results, corpus, model, keys),
    )
    sentences = [
        f"Exchanging query and key after training adds {number(value_of(row))} nats to the loss "
        "of attention."
        for row in (swapped[first],)
        if row is not None
    ]
    sentences += beside(results, difference(results, first, NEXT, "basic", "attention"))
    sentences.append(
        f"Whether the maps do something is {REVISED['C6'].verdict}: {REVISED['C6'].why}."
    )
    return _measured(results, "What do query, key and value add?", [costs, spread], sentences)


def _stability(results: Results) -> Own:
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
    return _measured(results, "How far do two seeds agree?", [found], sentences)


def _families(results: Results) -> Own:
    """Word2vec beside attention, question by question."""
    questions = queries.questions(results)
    first = sorted(questions, key=lambda q: _FIRST.index(q) if q in _FIRST else len(_FIRST))
    sentences = {q: findings.sentences(results, q) for q in first}
    opened = findings.against_skip_gram(results)
    if opened:
        sentences.pop("alike")
    opened += [f"{findings.title(q)} {found[0]}" for q, found in sentences.items() if found]
    drawn = [f for q in questions for f in scores.differences_figure(results, q)]
    drawn += scores.scores_figure(results)
    table = findings.families_table(results)
    blocks = (table, Paragraph(findings.SELECTION)) if table else ()
    return Own("Word2vec beside attention", tuple(opened[:3]), blocks, next(iter(drawn), None))


_OWN: dict[str, Callable[[Results], Own]] = {
    "recall": _recall,
    "order": _order,
    "parts_of_speech": _parts_of_speech,
    "task_decides": _task,
    "roles": _roles,
    "stability": _stability,
    "word2vec_vs_attention": _families,
    "quickstart": _families,
}
"""Study -> what it has of its own."""
