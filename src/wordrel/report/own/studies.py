"""What each study measured itself: order, parts of speech, roles, planted values, agreement.

A report begins with the result that its study was made for.
"""

from collections.abc import Callable
from typing import NamedTuple

from wordrel.report import queries
from wordrel.report.claims import REVISED, order, parts_of_speech, recall, roles, task
from wordrel.report.document import Block, Figure, Paragraph
from wordrel.report.labels import label
from wordrel.report.ladder import MASKED, NEXT
from wordrel.report.lines import Line, Lines, by_model, figure, known, tables
from wordrel.report.queries import Row
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

_TIED = (
    *("one_map_qk", "no_query_map", "no_value_map", "one_map_qk_no_value_map"),
    "dot_product_attention",
)
_PLACE = {1: "better than", 0: "no better than", -1: "worse than"}


class Own(NamedTuple):
    """The result that a study was made for.

    Attributes:
        title: its heading.
        sentences: at most three, for the card, as plain text.
        blocks: its tables.
        figure: the chart of the card.
        question: the one whose scores its tables have; empty where they have none.
    """

    title: str = ""
    sentences: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    figure: Figure | None = None
    question: str = ""


def beside(results: Results, pair: Row | None) -> list[str]:
    """A sentence on a paired difference of losses; none where it was not tested."""
    if pair is None:
        return []
    first, second = (named(results, model) for model in (pair.model_a, pair.model_b))
    first = capital(f"{on_corpus(results, pair.corpus)}{first}")
    what, size = label(pair.task), f"{number(abs(pair.difference))} nats"
    if not ahead(pair):
        return [f"{first} and {second} do not differ significantly in {what}: {size}."]
    word = "higher" if pair.difference > 0 else "lower"
    return [f"{first} has a significantly {word} {what} than {second}, by {size}."]


def named(results: Results, model: str) -> str:
    """A model's label inside a sentence."""
    name = queries.label(results, model)
    return f"the {name}" if name.startswith("context mean") else name


def on_corpus(results: Results, corpus: str) -> str:
    """Where a sentence holds, if there are several corpora."""
    return f"On {corpus}, " if len(queries.corpora(results)) > 1 else ""


def measured_result(
    results: Results, title: str, groups: list[Lines], sentences: list[str], about: str
) -> Own:
    """Tables below their explanation; the first one is drawn."""
    present = [group for group in groups if group.lines]
    if not present:
        return Own()
    drawn = figure(results, results.study, present[:1])
    return Own(
        title, tuple(map(capital, sentences[:3])), (Paragraph(about), *tables(present)), drawn
    )


def order_result(results: Results) -> Own:
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
        f"{what} adds {number(measurement.value)} nats to the next-word loss of attention."
        for what, group in (
            ("Another order of the words before the query word", order.OTHERS),
            ("Exchanging the query word with another", order.QUERY_EXCHANGED),
        )
        if (measurement := row("added_loss")("attention", group)) is not None
    ]
    shuffled = difference(results, corpus, NEXT, "attention_shuffled", "attention")
    sentences += beside(results, shuffled)
    title = "What does the order of the context do?"
    about = (
        "The words of each held-out context change places inside its window. The query word is the "
        "one whose vector is the query; for the next word it is the last one."
    )
    return measured_result(results, title, [added, unmoved, trained], sentences, about)


def parts_result(results: Results) -> Own:
    """Noun-verb against verb-article pairs, and what a hidden determiner costs."""
    corpora = queries.corpora(results)
    lines = [
        Line(
            f"{queries.label(results, model)}: {label(view, 'embedding')}",
            model,
            {c: parts_of_speech.auc(results, c, model, view) for c in corpora},
        )
        for model, view in (parts_of_speech.CLAIMED | parts_of_speech.CONTROLS).items()
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
    where, sentences = on_corpus(results, corpora[0]), []
    attention_auc = parts_of_speech.auc(results, corpora[0], "attention", "q.k")
    if attention_auc is not None:
        sentences.append(
            f"{where}query-key scores of attention separate noun-verb from verb-article pairs with "
            f"an AUC of {number(attention_auc.score)}."
        )
        sentences.append(f"Why they do is {REVISED['C2'].verdict}: {REVISED['C2'].why}.")
    alone, other = parts_of_speech.articles(results, corpora[0], "attention")
    if alone is not None and other is not None:
        less = "less" if apart(alone, other) < 0 else "no less"
        sentences.append(
            f"{where}a hidden determiner adds {less} loss to attention than another hidden word: "
            f"{number(alone.value)} nats."
        )
    title = "Do noun-verb pairs score higher than verb-article pairs?"
    about = (
        "AUC is the share of cases in which a noun-verb pair scores above a verb-article pair that "
        "is as far apart in a sentence. Chance is 0.5. A hidden word is left out of the context."
    )
    return measured_result(results, title, [aucs, hidden], sentences, about)


def roles_result(results: Results) -> Own:
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
    without = difference(results, first, NEXT, "dot_product_attention", "attention")
    sentences += beside(results, without)
    sentences.append(
        f"Whether the maps do something is {REVISED['C6'].verdict}: {REVISED['C6'].why}."
    )
    about = (
        "K = Q: key and query have one map. Q = I, V = I: the query or the value has no map. "
        "Dot-product attention has no maps at all."
    )
    title = "What do query, key and value add?"
    return measured_result(results, title, [costs, spread], sentences, about)


def recall_result(results: Results) -> Own:
    """How often each model finds the planted value, by how many pairs a sentence has."""
    corpora = recall.planted(results)
    if not corpora:
        return Own()
    heads = {corpora[n]: f"{n} pair{'s'[: n != 1]}" for n in sorted(corpora)}
    shares = by_model(
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
    made_for = measured_result(results, title, [shares], sentences, about)
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
    correlations = Lines("rank correlation of pair scores", known(lines))
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
    return measured_result(results, title, [correlations], sentences, about)


def stability_result(results: Results) -> Own:
    """How far two seeds of one model agree."""
    corpus = queries.corpora(results)[0]
    agreements = by_model(
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
        for line in agreements.lines
        if line.model in ("skip_gram", "attention") and line.cells.get(overlap) is not None
    ]
    about = (
        "Nearest words are the ten with the highest cosine. A number is the mean over all pairs of "
        "seeds. A distance of 0 means that one space is a rotation of the other."
    )
    return measured_result(results, "How far do two seeds agree?", [agreements], sentences, about)
