"""The tables of the paper: contrasts, losses, training, earlier runs, power and corpora."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

import attempts
from pages import attempted, nested
from pages.conclusions import LITERAL
from pages.evidence import evidence, gain, named
from wordrel.report import queries, text
from wordrel.report.contrasts import claim_and_part
from wordrel.report.plane import trade_offs
from wordrel.report.queries import Row
from wordrel.report.verdicts import score
from wordrel.study.contrasts import decided_by
from wordrel.study.results import Results

ROOT = Path(__file__).resolve().parents[2]
EARLIER = ROOT / "results" / "attempts" / "earlier.csv"


def contrasts(*studies: Results) -> str:
    """Every planned contrast of these studies that is measured, a line for all corpora."""
    corpora = queries.corpora(studies[0])
    heads = ["claim", "first", "second", "rule", "verdict"]
    heads += [f"{text.escape(corpus)}{what}" for corpus in corpora for what in ("", ", as trained")]
    lines = [line for results in studies for line in _contrasts(results, corpora)]
    return text.table([*heads, "n, seeds"], lines, left=5)


def _contrasts(results: Results, corpora: Sequence[str]) -> Iterator[list[str]]:
    failed = {fit.row.model_a for fit in nested.fits(results) if fit.failed}
    for rows in queries.grouped(queries.rows(results.contrasts), _same).values():
        done = [row for row in rows if row.seeds]
        if done:
            row, by_corpus = done[0], {row.corpus: row for row in done}
            line = [text.escape(claim_and_part(row)), named(row.model_a), named(row.model_b)]
            line += [f"{row.rule} {text.number(row.margin, 2)}"]
            line += [decided_by(rows, queries.sources(results)) + _doubt(row, failed)]
            cells = (_on(by_corpus[c]) if c in by_corpus else [text.NOTHING] * 2 for c in corpora)
            yield [*line, *chain(*cells), evidence(results, done)]


def _doubt(row: Row, failed: Collection[str]) -> str:
    """Words behind a verdict where a model fits training text worse than what it contains."""
    which = [w for w, m in (("first", row.model_a), ("second", row.model_b)) if m in failed]
    return f"; training of the {text.listed(which)} may have failed" if which else ""


def _on(row: Row) -> list[str]:
    """The gain and its outcomes on one corpus, and the gain as trained."""
    trained = text.with_interval(row.as_trained, row.as_trained_low, row.as_trained_high)
    moved = attempted.moved(row.claim, row.model_a, row.model_b, row.corpus)
    by_author = [f"; by author {one.outcome}" for one in moved if one.what == attempts.BY_AUTHOR]
    return [f"{gain(row)}: {row.outcome}{''.join(by_author)}", trained]


def plane(results: Results) -> str:
    """What each ingredient saves of the loss, and gains of the mean word score."""
    rows, corpora = queries.rows(results.contrasts), queries.corpora(results)
    measured = {(row.claim, row.part, row.corpus): row for row in rows}
    lines = []
    for part, its in queries.grouped(rows, lambda row: str(row.part)).items():
        models = [named(its[0].model_a), named(its[0].model_b)]
        places = ((claim, corpus) for corpus in corpora for claim in ("loss", "word vectors"))
        shown = (measured[claim, part, corpus] for claim, corpus in places)
        lines.append([*models, *(f"{gain(row)}: {row.outcome}" for row in shown)])
    heads = [f"{text.escape(c)}, {what}" for c in corpora for what in ("loss", "word score")]
    effects = list(trade_offs(results).values())
    margin = next(row.margin for row in rows if row.claim == "word vectors")
    return (
        f"{text.table(['first', 'second', *heads], lines, left=2)}\n\n"
        f"The margin of the word score is {text.number(margin, 2)}. "
        "A step is a trade-off where it saves loss and lowers the word score, each by more than "
        f"its margin, on both corpora: {effects.count('trade-off')} of {text.count(len(effects))}. "
        f"{text.count(effects.count('open'))} are open."
    )


def maps(
    results: Results, tried: Mapping[str, pd.DataFrame], of_maps: Mapping[str, pd.DataFrame]
) -> str:
    """What scores between words and the map of the value save, beside positions.

    Args:
        results: of `value_map`.
        tried: objective -> trials of the models with their own map, or with none.
        of_maps: objective -> trials of the models that gain or lose the map.
    """
    words, corpora = ("masked word", "next word"), queries.corpora(results)
    every = queries.rows(results.contrasts)
    gains = {(row.claim, row.corpus): f"{gain(row)}: {row.outcome}" for row in every}
    places = [(word, corpus) for word in words for corpus in corpora]
    lines = [
        [adds, *(gains[f"{claim}, {word}", corpus] for word, corpus in places)]
        for adds, claim in _MAPS.items()
    ]
    heads = [f"{word}, {text.escape(corpus)}" for word, corpus in places]
    table = text.table(["what is added", *heads], lines, left=1)
    return f"{table}\n\n{_equal_dropout(tried, of_maps)}"


def _equal_dropout(tried: Mapping[str, pd.DataFrame], of_maps: Mapping[str, pd.DataFrame]) -> str:
    """What the map saves beside scores at equal dropout, in the trials."""
    saved = []
    for word, (with_map, without) in _WITH_MAP.items():
        best = [
            _best_by_dropout(trials[word], model)
            for trials, model in ((tried, with_map), (of_maps, without))
        ]
        both = best[0].index.intersection(best[1].index)
        gains = [
            f"{text.number(best[0][rate] - best[1][rate])} (dropout {rate:g})" for rate in both
        ]
        saved.append(f"{text.listed(gains)} of a {word}")
    return (
        "The tuning chose another dropout with the map than without it. At equal dropout, beside "
        f"scores, the best trials with the map save {'; '.join(saved)} (development documents, one "
        "seed)."
    )


def _best_by_dropout(every: pd.DataFrame, model: str) -> pd.Series:
    its = every[(every["model"] == model) & (every["tokens"] == every["tokens"].max())]
    best: pd.Series = its.groupby("dropout")["score"].max()
    return best


_MAPS = {
    "scores, without the map": "scores alone",
    "scores, beside the map": "scores beside the map",
    "the map, beside scores": "map of the value",
}
"""What is added -> the first words of its claim."""
_WITH_MAP = {
    "masked word": ("mean_query_attention_position", "masked_without_map"),
    "next word": ("direct_attention_position", "next_without_map"),
}
"""Objective -> attention with the map of the value, and without it."""


def _same(row: Row) -> tuple[object, ...]:
    return row.claim, row.part, row.model_a, row.model_b, row.against, row.task


def losses(results: Results) -> str:
    """The calibrated loss of every model, and what it costs on the first corpus."""
    corpora = queries.corpora(results)
    heads = ["objective", "model", "parameters", "targets trained", "minutes"]
    heads += [f"{text.escape(corpus)}{what}" for corpus in corpora for what in ("", ", training")]
    lines = []
    lines.append(_unigram(results))
    for objective in ("masked_word", "next_word"):
        for model in dict.fromkeys(m for c in corpora for m in queries.models(results, c)):
            measured = [_loss(results, corpus, model, objective) for corpus in corpora]
            if any(row for row, _ in measured):
                costs = queries.cost(results, corpora[0], model)
                line = [objective.replace("_", " "), named(model), text.count(costs.parameters)]
                line += [text.count(costs.trained_tokens), text.number(costs.seconds / 60, 1)]
                cells = chain(*(shown for _, shown in measured))
                rows = [row for row, _ in measured if row]
                lines.append([*line, *cells, evidence(results, rows)])
    return text.table([*heads, "n, seeds"], lines, left=2)


def _loss(
    results: Results, corpus: str, model: str, objective: str
) -> tuple[Row | None, list[str]]:
    """The calibrated loss on test documents, and that on training documents beside it."""
    row = score(results, corpus, f"per_token_loss.{objective}.calibrated", model)
    its = nested.training(results, corpus, model, objective) if row else None
    shown = text.with_interval(row.score, row.low, row.high) if row else text.NOTHING
    seen = text.with_interval(its.value, its.low, its.high) if its else text.NOTHING
    return row, [shown, seen]


def _unigram(results: Results) -> list[str]:
    """The loss of each word's share of the training text, which stands beside every score."""
    line = ["both", "unigram", *[text.NOTHING] * 3]
    for corpus in queries.corpora(results):
        its = results.summary[results.summary["corpus"] == corpus]
        its = its[its["task"].str.startswith("per_token_loss.")]
        line += [text.number(its["chance"].max()), text.NOTHING]
    return [*line, "no interval, no seed"]


def fit(results: Results) -> str:
    """Whether larger models overfit, or fit training documents worse than what they contain."""
    every, lines = list(nested.fits(results)), []
    for corpus, its in queries.grouped(every, lambda fit: str(fit.row.corpus)).items():
        literal = [_literal_fit(fit) for fit in its if fit.row.claim == LITERAL.claim]
        failed, worse = [f for f in its if f.failed], [f for f in its if f.gap > 0]
        regularised = sum(f.worse and not f.failed for f in its)
        listed = [
            f"{named(f.row.model_a)} / {named(f.row.model_b)} ({text.number(f.gap)})"
            for f in sorted(worse, key=lambda f: -f.gap)
        ]
        sentences = [
            *literal,
            "The larger model fits training documents worse in "
            f"{text.count(len(worse))} of {text.count(len(its))} pairs. Where the gap is above the "
            "margin and it is not better on test documents, training may have failed: "
            f"{text.count(len(failed))}. Where it is better, that is no failure: "
            f"{text.count(regularised)}.",
            f"They are, larger / smaller (gap): {'; '.join(listed) or 'none'}.",
        ]
        lines.append(f"- {text.escape(corpus)}: {' '.join(sentences)}")
    return "\n".join(lines) or "The loss on training documents is not measured."


def _literal_fit(fit: nested.Fit) -> str:
    row, says = fit.row, {("lower", "higher"): "So it seems to overfit."}
    says["higher", "higher"] = "So its training seems to have failed."
    clear = abs(fit.gap) > row.margin  # it has no interval: a smaller one shows nothing
    seen = ("higher" if fit.gap > 0 else "lower") if clear else "not clearly different"
    at_test = "higher" if row.high < 0 else "lower" if row.low > 0 else "not clearly different"
    neither = "So neither overfitting nor failed training is shown."
    return (
        f"on training documents the loss of literal attention is {seen}, by "
        f"{text.number(abs(fit.gap))} nats (no interval); on test documents it is {at_test}. "
        f"{says.get((seen, at_test), neither)}"
    )


def earlier(results: Results) -> str:
    """The test scores that were known before the last tuning."""
    rows = queries.rows(pd.read_csv(EARLIER, keep_default_na=False))
    now = {(*_same(row), row.corpus): row for row in queries.rows(results.contrasts)}
    lines, others, changed = [], 0, 0
    for row in rows:
        after = now[(*_same(row), row.corpus)]
        if row.claim != LITERAL.claim:
            others, changed = others + 1, changed + (row.outcome != after.outcome)
            continue
        before, then = _on(row), _on(after)
        lines.append(
            f"The {row.claim} on {text.escape(row.corpus)} was {before[0]}, as trained "
            f"{before[1]}. It is {then[0]}, as trained {then[1]}."
        )
    first = rows[0]
    return (
        f"**Runs before these**, with settings of at most {text.count(first.tuned_on)} words, gave "
        f"test scores (commit {first.commit}, [table](../results/attempts/earlier.csv)). They were "
        f"known when the tuning was extended to more words. {' '.join(lines)} "
        f"Of {text.count(others)} other rows, {text.count(changed)} have another outcome now."
    )


def corpora(results: Results) -> str:
    """How much text each corpus has, by part, and how many words a context has."""
    documents = [f"{part} documents" for part in ("training", "development", "test")]
    heads = ["corpus", "vocabulary", "training tokens", "left out", *documents, "scored tokens"]
    keys = ("types", "tokens", "dropped_tokens", "documents", "development_documents")
    lines = []
    for corpus in results.manifest["corpora"]:
        attended = _attended(results, str(corpus["name"]))
        line = [text.escape(str(corpus["name"])), *(text.count(corpus.get(key)) for key in keys)]
        line += [text.count(corpus.get("held_out_documents"))]
        line += [text.count(attended.n), text.number(attended.value, 2)] if attended else ["", ""]
        lines.append(line)
    return text.table([*heads, "words in a context"], lines)


def _attended(results: Results, corpus: str) -> Row | None:
    """How many words a masked-word model sees on average, and of how many tokens."""
    of = {"group": "masked_word", "statistic": "words_attended"}
    return next(iter(queries.rows(results.measurements, corpus=corpus, **of)), None)
