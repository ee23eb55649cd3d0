"""What do the stored tables of the second edition say, as a short paper?

Question: what did the study measure of self-attention and word2vec, with which settings, and which
planned contrasts are decided?

Prediction: none of its own; those of the runs stand in twelve_cells.py and literal_case.py.

Decision rule: none of its own. A sentence that concludes is chosen by the outcomes of planned
contrasts, as the table `contrasts` has them, on both corpora with five seeds.

Reads the results of literal_case, twelve_cells, tuning_masked and tuning_next, the tables of
`attempts` and of the simulation, and what `published` reads; writes docs/paper.md.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

import attempts
import published
from wordrel.io.files import write_text
from wordrel.report import nested, queries, text, tuning
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.report.readme import replace_block
from wordrel.report.verdicts import SEEDS, difference, score
from wordrel.study.contrasts import CORPORA, decided_by
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "paper.md"
CELLS, CASE = ROOT / "results" / "twelve_cells", ROOT / "results" / "literal_case"
TUNINGS = {"masked word": "tuning_masked", "next word": "tuning_next"}
EARLIER, SIMULATION = ROOT / "results" / "attempts" / "earlier.csv", ROOT / "results" / "simulation"
MASKED, SIMULATED = "per_token_loss.masked_word.calibrated", "C9 masked word, lm"
DOCUMENTS = {"wiki17m": "articles", "novels": "novels"}
"""Source -> what its documents are."""
NOT_YET = "not rendered yet"
EQUAL, MORE, LESS, WORSE, OPEN = "equal", "more", "less", "worse", "open"
NO_BETTER = "no better"
"""Outcomes of a contrast: equal within the margin, better by more than it, not so, worse, open.
NO_BETTER is open with a gain below 0."""


class Planned(NamedTuple):
    """A planned contrast of the abstract, what its two models are called there, and a limit."""

    claim: str
    first: str
    second: str
    a: str
    b: str
    limit: str = ""


LITERAL = Planned(
    *("first sentence", "mean_query_attention", "mean"),
    *("self-attention without positions", "the mean of the same words"),
)
ANSWERS = (
    LITERAL,
    Planned(
        *("C9 masked word", "position_weight", "mean"),
        *("a mean with position weights", "the mean without them"),
    ),
    Planned(
        *("C9 masked word", "mask_query_attention", "position_weight"),
        *("a weight for each word and position", "a mean with position weights"),
    ),
    Planned(
        *("C9 masked word", "mean_query_attention_position", "mask_query_attention"),
        *("self-attention with positions", "a weight for each word and position"),
        "The step adds the map V, too",
    ),
    Planned(
        *("heads, masked word", "masked_four_heads", "mean_query_attention_position"),
        *("self-attention with four heads", "self-attention with one head"),
    ),
    Planned(
        *("counts, masked word", "kn_two_sided", "masked_four_heads"),
        *("counting the word on each side", "self-attention with four heads"),
    ),
)


def main() -> None:
    """Fill the blocks of the paper."""
    old = new = PAGE.read_text(encoding="utf-8")
    for name, fresh in blocks(stored(CELLS), stored(CASE), trials()).items():
        new = replace_block(new, f"paper:{name}", fresh)
    if new != old:
        write_text(PAGE, new)
    print(f"{PAGE.relative_to(ROOT)}: {'changed' if new != old else 'as it was'}")


def stored(folder: Path) -> Results | None:
    """The results of a study, where there are any."""
    return read_results(folder) if (folder / "manifest.json").is_file() else None


def trials() -> dict[str, pd.DataFrame]:
    """Objective -> every trial of its tuning."""
    folder = ROOT / "results"
    return {word: pd.read_csv(folder / name / "trials.csv") for word, name in TUNINGS.items()}


def blocks(
    cells: Results | None, case: Results | None, tried: Mapping[str, pd.DataFrame]
) -> dict[str, str]:
    """Name -> text of each block of the paper.

    Args:
        cells: the results of the twelve cells.
        case: those of the literal case.
        tried: objective -> every trial of its tuning.
    """
    renders = (losses, contrasts, missing, corpora, fit, earlier, power)
    of_cells = {render.__name__: render for render in renders}
    contents = {name: render(cells) if cells else NOT_YET for name, render in of_cells.items()}
    contents["answer"] = answer(cells, case) if cells and case else NOT_YET
    return (
        contents
        | tuning.shown(tried, named)
        | {
            "checks": published.table(),
            "attempts": attempts.table(named),
        }
    )


def named(model: str) -> str:
    """What the paper calls a model."""
    return text.escape(label(model, "model"))


def answer(cells: Results, case: Results) -> str:
    """A conclusion for each contrast of the abstract, with its gains."""
    conclusions = (concluded(case if planned is LITERAL else cells, planned) for planned in ANSWERS)
    return "\n".join(f"{i}. {line}" for i, line in enumerate(conclusions, 1))


def concluded(results: Results, planned: Planned) -> str:
    """What both corpora decide together, and the gain on each."""
    wanted = (planned.claim, planned.first, planned.second)
    every = queries.rows(results.contrasts)
    rows = [row for row in every if (row.claim, row.model_a, row.model_b) == wanted]
    if not rows:
        return f"It is **not planned** to compare {planned.a} to {planned.b}."
    margin, a, b = text.number(rows[0].margin, 2), planned.a, planned.b
    conclusions = {
        EQUAL: f"{a} and {b} predict a masked word **equally well**, within {margin} nats",
        MORE: f"{a} predicts a masked word **better** than {b}, by more than {margin} nats",
        WORSE: f"{a} predicts a masked word **worse** than {b}",
        LESS: f"{a} is **not better** than {b} by more than {margin} nats",
        NO_BETTER: f"{a} predicts a masked word **no better** than {b}; whether it is worse by "
        f"more than {margin} nats is open",
        OPEN: f"whether {a} and {b} differ by more than {margin} nats is **open**",
    }
    facts = [f"{_gain(row)} on {text.escape(row.corpus)} ({row.outcome})" for row in rows]
    word = text.capital(conclusions[together(results, rows)])
    gains = f"The gain of the first is {text.listed(facts)}; {evidence(results, rows)}"
    limits = [planned.limit, *training_limits(results, rows), other_outcomes(rows)]
    return " ".join(f"{sentence}." for sentence in (word, gains, *filter(None, limits)))


def training_limits(results: Results, rows: Sequence[Row]) -> list[str]:
    """Whether one of the two models fits training documents worse than one that it contains."""
    failed = [fit for fit in nested.fits(results) if fit.failed]
    first, second = rows[0].model_a, rows[0].model_b
    sentences = []
    for model, which in ((first, "first"), (second, "second")):
        its = [fit for fit in failed if fit.row.model_a == model]
        for inside, of in queries.grouped(its, lambda fit: str(fit.row.model_b)).items():
            gaps = [f"{text.number(fit.gap)} on {text.escape(fit.row.corpus)}" for fit in of]
            sentences += [
                f"The {which} contains {named(inside)}, but fits training documents worse: by "
                f"{text.listed(gaps)} (no interval)",
                "So its training may have failed",
            ]
            if which == "second":
                sentences.append(_over(results, first, inside, of))
    return list(filter(None, sentences))


def _over(results: Results, first: str, inside: str, failed: Sequence[nested.Fit]) -> str:
    """The gain of a model over what its rival contains; it is no planned contrast."""
    gains = []
    for row in (fit.row for fit in failed):
        pair = difference(results, row.corpus, row.task, first, inside)
        if pair is not None:
            ends = text.with_interval(-pair.difference, -pair.high, -pair.low)
            gains.append(f"{ends} on {text.escape(row.corpus)}")
    shown = f"Over {named(inside)} the first gains {text.listed(gains)} (exploratory, no verdict)"
    return shown if gains else ""


def other_outcomes(rows: Sequence[Row]) -> str:
    """The attempts that give another outcome, without single seeds, authors and settings."""
    wanted = ("not calibrated", "development documents", attempts.BY_AUTHOR)
    listed = []
    for row in rows:
        key = (row.claim, row.model_a, row.model_b, row.corpus)
        its = [one for one in attempts.moved(*key) if one.what in wanted]
        words = [f"{one.what} ({one.outcome})" for one in its]
        if words:
            listed.append(f"{text.escape(row.corpus)}: {text.listed(words)}")
    return f"Attempts with another outcome: {'; '.join(listed)}" if listed else ""


def evidence(results: Results, rows: Sequence[Row]) -> str:
    """How many documents of each corpus, and seeds: "376 articles, 21 novels (7 authors); 5 seeds".

    Args:
        results: of a study.
        rows: of contrasts or of the summary, one a corpus.
    """
    of_authors = attempts.authors(results)
    documents = []
    for row in rows:
        source = queries.sources(results)[row.corpus]
        n = row.n if hasattr(row, "n") else row.n_scored
        authors = len(set(of_authors.get(row.corpus, ())))
        by = f" ({text.count(authors)} authors)" if authors else ""
        documents.append(f"{text.count(n)} {DOCUMENTS.get(source, 'documents')}{by}")
    models = {m for r in rows for m in (getattr(r, "model_a", ""), getattr(r, "model_b", "")) if m}
    models |= {row.model for row in rows if hasattr(row, "model")}
    alone = sorted(model for model in models if has_no_seed(results, model))
    seeds = text.shared(text.count, [row.seeds for row in rows])
    if alone and len(alone) == len(models):
        return f"{', '.join(documents)}; no seed"
    suffix = f", none for {text.listed([named(model) for model in alone])}" if alone else ""
    return f"{', '.join(documents)}; {seeds} seeds{suffix}"


def has_no_seed(results: Results, model: str) -> bool:
    """Whether the runs of all seeds are one run, as those of counts are."""
    its = results.runs[results.runs["model"] == model]
    by_corpus = its.groupby("corpus")
    return bool(len(its)) and bool(
        ((by_corpus["cell"].nunique() == 1) & (by_corpus.size() > 1)).all()
    )


def together(results: Results, rows: Sequence[Row]) -> str:
    """The outcome of a contrast on all of its corpora; open where they do not agree."""
    sources = {queries.sources(results)[row.corpus] for row in rows}
    outcomes = set(map(alone, rows))
    if not sources >= CORPORA:
        return OPEN
    return LESS if outcomes == {LESS, WORSE} else outcomes.pop() if len(outcomes) == 1 else OPEN


def alone(row: Row) -> str:
    """The outcome of a contrast on one corpus."""
    if row.seeds < SEEDS:
        return OPEN
    if row.outcome == "differs":
        return MORE if row.low > 0 else WORSE
    if row.outcome == "adds less" and row.high < 0:
        return WORSE
    if row.rule == "equivalent" and row.outcome == "open" and row.high < 0:
        return NO_BETTER
    return {"equivalent": EQUAL, "adds": MORE, "adds less": LESS}.get(str(row.outcome), OPEN)


def contrasts(results: Results) -> str:
    """Every planned contrast that is measured, a line for all corpora."""
    corpora = queries.corpora(results)
    heads = ["claim", "first", "second", "rule", "verdict"]
    heads += [f"{text.escape(corpus)}{what}" for corpus in corpora for what in ("", ", as trained")]
    failed = {fit.row.model_a for fit in nested.fits(results) if fit.failed}
    lines = []
    for rows in queries.grouped(queries.rows(results.contrasts), _same).values():
        done = [row for row in rows if row.seeds]
        if done:
            row, by_corpus = done[0], {row.corpus: row for row in done}
            claim = f"{row.claim}, {row.part}" if row.part else row.claim
            line = [text.escape(claim), named(row.model_a), named(row.model_b)]
            line += [f"{row.rule} {text.number(row.margin, 2)}"]
            line += [decided_by(rows, queries.sources(results)) + _doubt(row, failed)]
            cells = (_on(by_corpus[c]) if c in by_corpus else [text.NOTHING] * 2 for c in corpora)
            lines.append([*line, *chain(*cells), evidence(results, done)])
    return text.table([*heads, "n, seeds"], lines, left=5)


def _doubt(row: Row, failed: Collection[str]) -> str:
    """Words behind a verdict where a model fits training text worse than what it contains."""
    which = [w for w, m in (("first", row.model_a), ("second", row.model_b)) if m in failed]
    return f"; training of the {text.listed(which)} may have failed" if which else ""


def _on(row: Row) -> list[str]:
    """The gain and its outcomes on one corpus, and the gain as trained."""
    trained = text.with_interval(row.as_trained, row.as_trained_low, row.as_trained_high)
    moved = attempts.moved(row.claim, row.model_a, row.model_b, row.corpus)
    by_author = [f"; by author {one.outcome}" for one in moved if one.what == attempts.BY_AUTHOR]
    return [f"{_gain(row)}: {row.outcome}{''.join(by_author)}", trained]


def missing(results: Results) -> str:
    """How many contrasts of each claim lack models or seeds."""
    lines = []
    every = queries.rows(results.contrasts)
    for claim, rows in queries.grouped(every, lambda row: str(row.claim)).items():
        waiting = [row for row in rows if row.seeds < SEEDS]
        if waiting:
            models = {str(m) for row in waiting for m in (row.model_a, row.model_b) if m}
            absent = [named(m) for m in sorted(models - set(results.runs["model"]))]
            without = f"; not trained: {text.listed(absent)}" if absent else ""
            lines.append(f"- {text.escape(claim)}: {len(waiting)} of {len(rows)} rows{without}.")
    return "\n".join(lines) or f"Every planned contrast is measured with {SEEDS} seeds."


def _same(row: Row) -> tuple[object, ...]:
    return row.claim, row.part, row.model_a, row.model_b, row.against, row.task


def _gain(row: Row) -> str:
    return text.with_interval(row.gain, row.low, row.high)


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
        listed = [
            f"{named(f.row.model_a)} than {named(f.row.model_b)} (by {text.number(f.gap)})"
            for f in sorted(worse, key=lambda f: -f.gap)
        ]
        pairs = f"{text.count(len(failed))} of {text.count(len(its))} pairs"
        sentences = [
            *literal,
            f"In {pairs} the larger model is worse on training documents by more than the margin. "
            "There training may have failed.",
            f"Worse at all: {text.listed(listed) or 'none'}.",
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


def power(results: Results) -> str:
    """What the simulation says of the masked word, and how its errors compare with ours."""
    rows = pd.read_csv(SIMULATION / "simulation.csv")
    found = rows[(rows["part"] == "found") & (rows["what"] == SIMULATED)]
    found = found[found["where"] == "both corpora"].set_index("truth")
    shares = {truth: row["times"] / row["n"] for truth, row in found.iterrows()}
    sizes = pd.read_csv(SIMULATION / "sizes.csv")
    sizes = sizes[sizes["task"] == MASKED]
    errors = np.sqrt(sizes["error"] ** 2 + 2 * sizes["seed_sd"] ** 2 / SEEDS).tolist()
    ours = [
        (row.high - row.low) / 2 / stdtrit(row.df, (1 + row.confidence) / 2)
        for row in queries.rows(results.contrasts, task=MASKED)
        if row.seeds and not row.claim.startswith("counts")
    ]
    there, here = (text.shared(text.number, values) for values in (errors, ours))
    return (
        f"For the masked word it decides {text.share(shares['twice'])} of contrasts at twice the "
        f"margin, and {text.share(shares['none'])} where models are equal. Standard errors of a "
        f"gain are {there} there. Here they are {here}, so its power is not that of this study."
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


if __name__ == "__main__":
    main()
