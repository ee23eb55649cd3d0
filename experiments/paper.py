"""What do the stored tables of the second edition say, as a short paper?

Question: what did the study measure of self-attention and word2vec, with which settings, and which
planned contrasts are decided?

Prediction: none of its own; those of the runs stand in twelve_cells.py and literal_case.py.

Decision rule: none of its own. A sentence that concludes is chosen by the outcomes of planned
contrasts, as the table `contrasts` has them, on both corpora with five seeds.

Reads the results of literal_case, twelve_cells, tuning_masked and tuning_next, the table of
`attempts`, and what `published` reads; writes docs/paper.md.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pandas as pd

import attempts
import published
from wordrel.io.files import write_text
from wordrel.report import queries, text, tuning
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.report.readme import replace_block
from wordrel.report.verdicts import SEEDS, counted, score
from wordrel.study.contrasts import CORPORA, decided_by
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "paper.md"
CELLS, CASE = ROOT / "results" / "twelve_cells", ROOT / "results" / "literal_case"
TUNINGS = {"masked word": "tuning_masked", "next word": "tuning_next"}
NOT_YET = "not rendered yet"
EQUAL, MORE, LESS, WORSE, OPEN = "equal", "more", "less", "worse", "open"
NO_BETTER = "no better"
"""Outcomes of a contrast: equal within the margin, better by more than it, not so, worse, open.
NO_BETTER is open with a gain below 0."""


class Planned(NamedTuple):
    """A planned contrast of the abstract, and what its two models are called there."""

    claim: str
    first: str
    second: str
    a: str
    b: str


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
    of_cells = {render.__name__: render for render in (losses, contrasts, missing, corpora)}
    contents = {name: render(cells) if cells else NOT_YET for name, render in of_cells.items()}
    contents["fit"] = fit(case) if case else NOT_YET
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
    return f"{word}. The gain of the first is {text.listed(facts)}; {counted(rows)}."


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
    lines = []
    for rows in queries.grouped(queries.rows(results.contrasts), _same).values():
        done = [row for row in rows if row.seeds]
        if done:
            row, by_corpus = done[0], {row.corpus: row for row in done}
            claim = f"{row.claim}, {row.part}" if row.part else row.claim
            line = [text.escape(claim), named(row.model_a), named(row.model_b)]
            line += [f"{row.rule} {text.number(row.margin, 2)}"]
            line += [decided_by(rows, queries.sources(results))]
            cells = (_on(by_corpus[c]) if c in by_corpus else [text.NOTHING] * 2 for c in corpora)
            lines.append([*line, *chain(*cells), counted(done)])
    return text.table([*heads, "n, seeds"], lines, left=5)


def _on(row: Row) -> list[str]:
    """The gain and its outcome on one corpus, and the gain as trained."""
    trained = text.with_interval(row.as_trained, row.as_trained_low, row.as_trained_high)
    return [f"{_gain(row)}: {row.outcome}", trained]


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
    for objective in ("masked_word", "next_word"):
        for model in dict.fromkeys(m for c in corpora for m in queries.models(results, c)):
            measured = [_loss(results, corpus, model, objective) for corpus in corpora]
            if any(row for row, _ in measured):
                costs = queries.cost(results, corpora[0], model)
                line = [objective.replace("_", " "), named(model), text.count(costs.parameters)]
                line += [text.count(costs.trained_tokens), text.number(costs.seconds / 60, 1)]
                cells = chain(*(shown for _, shown in measured))
                lines.append([*line, *cells, counted([row for row, _ in measured if row])])
    return text.table([*heads, "n, seeds"], lines, left=2)


def _loss(
    results: Results, corpus: str, model: str, objective: str
) -> tuple[Row | None, list[str]]:
    """The calibrated loss on test documents, and that on training documents beside it."""
    row = score(results, corpus, f"per_token_loss.{objective}.calibrated", model)
    its = training(results, corpus, model, objective) if row else None
    shown = text.with_interval(row.score, row.low, row.high) if row else text.NOTHING
    seen = text.with_interval(its.value, its.low, its.high) if its else text.NOTHING
    return row, [shown, seen]


def training(results: Results, corpus: str, model: str, objective: str) -> Row | None:
    """The calibrated loss on training documents, in whichever way the model is read."""
    of = {"task": "per_token_loss", "group": objective, "statistic": "training_calibrated"}
    return next(iter(queries.rows(results.measurements, corpus=corpus, model=model, **of)), None)


def fit(results: Results) -> str:
    """Whether attention overfits beside the mean, on each corpus."""
    lines = []
    says = {
        ("lower", "higher"): "So it seems to overfit.",
        ("higher", "higher"): "So its training seems to have failed.",
    }
    for corpus in queries.corpora(results):
        models = (LITERAL.second, LITERAL.first)
        mean, attention = (training(results, corpus, m, "masked_word") for m in models)
        rows = queries.rows(results.contrasts, corpus=corpus, claim=LITERAL.claim)
        if rows and mean and attention:
            gap, row = mean.value - attention.value, rows[0]
            clear = abs(gap) > row.margin  # it has no interval: a smaller one shows nothing
            seen = ("lower" if gap > 0 else "higher") if clear else "not clearly different"
            at_test = (
                "higher" if row.high < 0 else "lower" if row.low > 0 else "not clearly different"
            )
            neither = "So neither overfitting nor failed training is shown."
            lines.append(
                f"- {text.escape(corpus)}: on training documents its loss is {seen}, by "
                f"{text.number(abs(gap))} nats (no interval); on test documents it is {at_test}. "
                f"{says.get((seen, at_test), neither)}"
            )
    return "\n".join(lines) or "The loss on training documents is not measured."


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
