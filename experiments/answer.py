"""How is self-attention different from word2vec: what do all experiments say together?

Question: which claims of the note that asks do the stored results support, and what is the answer
in five sentences?

Prediction: none of its own; those of the other experiments are listed, with what became of them.

Decision rule: none of its own; each claim is decided by the rule in the experiment that it names.
An independent review found three of the first verdicts too strong: `wordrel.report.claims`
holds those that stand until new measurements are in. ANSWER.md shows those of the rules, too.
The words of the sentences were written when the results were known. Their numbers come from the
stored tables, and a sentence that the tables no longer bear out is an error.

Reads results/*, and the tables that four studies of the first edition left in
results/first_edition; writes results/ANSWER.md, the blocks `answer` of README.md and of
experiments/README.md, and the figure docs/figures/weights.svg. Nothing is trained.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pandas as pd

from wordrel.config.architectures import POSITIONS, WORD_SCORES
from wordrel.config.names import COLUMNS, KINDS
from wordrel.io.files import write_text
from wordrel.report import findings, ladder, queries, svg
from wordrel.report.claims import REVIEW, REVISED, RULES, YOUNG, Standing, planned, standing, young
from wordrel.report.claims.ladder import MARGIN
from wordrel.report.claims.learns import PREFERENCE, SIMILARITY
from wordrel.report.claims.parts_of_speech import articles, auc
from wordrel.report.document import Figure
from wordrel.report.markdown import image
from wordrel.report.queries import Row
from wordrel.report.readme import replace_block, steps, weights_figure
from wordrel.report.text import escape, number, share, table
from wordrel.report.verdicts import (
    SEEDS,
    Claim,
    Rule,
    Verdict,
    above,
    agreement,
    ahead,
    apart,
    borne_out,
    counted,
    difference,
    measured,
    score,
    shown_gap,
    shown_value,
)
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = (
    *("word2vec_vs_attention", "ladder", "parts_of_speech", "task_decides"),
    *("roles", "recall", "order", "stability", "twelve_cells", "literal_case"),
)
FIRST_EDITION = ROOT / "results" / "first_edition"
MASKED, CALIBRATED = "held_out_loss.masked_word", "calibrated_loss.masked_word"
NEXT = "held_out_loss.next_word"
MEN, ANALOGIES = "men_test", "google_analogies"
FIGURE = "figures/weights.svg"
LITTLE, SAMPLES = "wiki17m-1m", ("wiki17m-5m", "novels-5m")
SETTINGS = ("", "_w2", "_w10", "_d50", "_d300")
STILL_WORSE = (
    *(("masked_word", pair) for pair in (("cbow", "mean"), ("mean", "mask_query_attention"))),
    ("next_word", ("next_mean", "attention")),
)
"""Objective, and a worse model before a better one, as trained and calibrated."""


RESTS_ON = {"parts_of_speech": "C2", "roles": "C6"}
"""Experiment -> the revised claim on which its surprise rests."""
YOUNGER_PREDICTIONS = {
    "word2vec_vs_attention": ("5", "6", "7", "8", "9", "10"),
    "literal_case": ("1",),
}
"""Those written when some results were known."""
YOUNGER = (
    f"{YOUNG} This rule or prediction is younger than some results; the experiment's file says "
    "which."
)

_NOTATION = (
    "How to read an effect: brackets hold its 95% interval, and n counts the scored items. `A − B` "
    "is the score of A minus that of B; below 0, A has the lower loss. `detectable` is the "
    "difference that a test finds with 80% power. Of a planned contrast, `adds` is above the "
    "margin and `adds less` is below it; its gain is above 0 where the first model is better, and "
    "n counts test documents. A score of exactly 0 or 1 has an interval without width: it may be "
    "off by 3/n all the same. PMI says how much two words attract each other."
)


class Prediction(NamedTuple):
    """One prediction of an experiment, and what became of it."""

    experiment: str
    name: str
    words: str
    verdict: Verdict


def main() -> None:
    """Write the answer, and put it where it is shown."""
    results = stored()
    write_text(ROOT / "results" / "ANSWER.md", answer_page(results))
    write_text(ROOT / "docs" / FIGURE, svg.draw(figure(results)))
    for path, block, fresh in shown_in(results):
        old = path.read_text(encoding="utf-8")
        new = replace_block(old, block, fresh)
        if new != old:
            write_text(path, new)
        print(f"{path.relative_to(ROOT)}: {'changed' if new != old else 'as it was'}")


def stored() -> dict[str, Results]:
    """Every experiment that has a result."""
    folders = {name: ROOT / "results" / name for name in EXPERIMENTS}
    return {
        name: read_results(folder)
        for name, folder in folders.items()
        if (folder / "manifest.json").is_file()
    }


def shown_in(results: dict[str, Results]) -> list[tuple[Path, str, str]]:
    """Each page that shows a part of the answer, the block, and its text."""
    readme, source = ROOT / "README.md", ROOT / "src" / "wordrel" / "models" / "attention.py"
    code = steps(source.read_text(encoding="utf-8"), ("mean", "self_attention"))
    return [
        (readme, "answer:figure", image(figure(results), "docs/")),
        (readme, "answer:sentences", _numbered(front_sentences(results))),
        (readme, "answer:claims", f"{front_claims(results)}\n\n{YOUNGER}"),
        (readme, "answer:code", f"```python\n{code}\n```"),
        (ROOT / "experiments" / "README.md", "answer:index", f"{index(results)}\n\n{YOUNGER}"),
    ]


def figure(results: dict[str, Results]) -> Figure:
    """The weight of each place around a masked word."""
    return weights_figure(results["ladder"], SAMPLES[0])


def answer_page(results: dict[str, Results]) -> str:
    """The whole of results/ANSWER.md."""
    all_predictions = predictions(results)
    failed = [p for p in all_predictions if p.verdict.outcome == "fails"]
    others = [p for p in all_predictions if p.verdict.outcome != "fails"]
    parts = [
        "# How is self-attention different from word2vec?",
        _numbered(front_sentences(results, "../")),
        "## The claims",
        "A written rule decides each claim; the last column links to it. A review "
        f"({REVIEW}) revised some verdicts: its reason follows the verdict, then the verdict of "
        f"the rule. {YOUNGER}",
        claims_table(results, "../"),
        "## The evidence",
        _NOTATION,
        evidence(results),
        "## The sentences of the first edition, with their numbers",
        _numbered(sentences(results)),
        "## What surprised",
        "\n".join(f"- {line}" for line in surprises(results)),
        "## From the first edition",
        "Four studies of the first edition are gone; the second edition takes up their questions. "
        "Their tables in `results/first_edition` give these findings.",
        "\n".join(f"- {line}" for line in first_edition()),
        "## Where this holds",
        _limits(results["word2vec_vs_attention"]),
        "## Predictions that failed",
        predictions_table(failed, "../"),
        "## The other predictions",
        "Each prediction and its rule were written before the run that decides it, except where "
        f"marked. {YOUNGER}",
        predictions_table(others, "../"),
        f"Made by `python experiments/answer.py` from the tables in {_folders(results)}.",
    ]
    return "\n\n".join(parts) + "\n"


def front_sentences(results: dict[str, Results], up: str = "") -> list[str]:
    """The answer in five sentences, each checked against the tables; `up` as in `claims_table`."""
    names = ("word2vec_vs_attention", "literal_case", "twelve_cells")
    main, case, cells = (results[name] for name in names)
    literal = _planned(case, "first sentence", "mean_query_attention", "mean")
    borne_out(
        "attention without positions is no better than the mean", (r.high < 0 for r in literal)
    )
    places = _planned(cells, "C9 masked word", "position_weight", "mean")
    gap, saved = number(literal[0].gain), number(places[0].gain)
    extra = heads_add(cells) or attention_adds(cells)
    borne_out("positions help", (row.low > MARGIN for row in places))
    counts = _planned(cells, "counts, masked word", "kn_two_sided", "position_weight")
    borne_out("counts predict better", (row.low > 0 for row in counts))
    signs = _single_word_signs(main)
    worse = f"{signs.count(-1)} of {len(signs)}"
    attention, _ = _looked_up(results["recall"])

    def linked(text: str, experiment: str) -> str:
        return f"[{text}]({up}results/{experiment}/report.md)"

    return [
        "**Without positions, self-attention predicts a masked word no better than word2vec's mean "
        f"(CBOW) of the same words**: gain {linked(gap, case.study)} nats.",
        f"Position weights save the mean {linked(saved, cells.study)} nats; {extra}; counting both "
        "neighbours predicts better.",
        f"Attention's word vectors are worse than skip-gram's in {linked(worse, main.study)} "
        "comparisons of similarity, analogies and categories, and never better.",
        "In artificial sentences that end with a key, attention finds that key's value in "
        f"{linked(share(attention.score), 'recall')}; the mean only guesses.",
        "Attention's query-key scores rank noun-verb above verb-article pairs; the cause is **not "
        "identified**, since articles are far more frequent.",
    ]


def heads_add(cells: Results) -> str:
    """What one head and four heads save beside positions; empty where it is not so."""
    places = _rows(cells, "C9 masked word", "position_weight", "mean")
    one_head = _rows(
        cells, "C9 masked word", "mean_query_attention_position", "mask_query_attention"
    )
    four_heads = _rows(
        cells, "heads, masked word", "masked_four_heads", "mean_query_attention_position"
    )
    steps = [*zip(places, one_head, four_heads, strict=False)]
    decided = len(steps) == 2 and all(
        row.seeds >= SEEDS and row.outcome == "adds" for row in (*one_head, *four_heads)
    )
    if decided and all(p.gain > 10 * a.gain and b.gain > a.gain for p, a, b in steps):
        return "self-attention adds a little, four heads add more"
    return ""


def attention_adds(cells: Results) -> str:
    """What attention saves beside positions: word-word scores and the map of the value together."""
    models = ("mean_query_attention_position", "mask_query_attention")
    rows = [r for r in _rows(cells, "C9 masked word", *models) if r.seeds >= SEEDS]
    outcomes = {row.outcome for row in rows} if len(rows) == 2 else set()
    if outcomes in ({"adds"}, {"adds less"}):
        size = "more" if outcomes == {"adds"} else "less"
        return f"self-attention then saves {size} than the margin"
    if outcomes and all(row.low > 0 for row in rows):
        return "self-attention then saves a little more"
    return "whether self-attention saves more is **undecided**"


def _planned(cells: Results, claim: str, first: str, second: str) -> list[Row]:
    """A planned contrast, decided with five seeds: its row of each corpus, wiki17m first.

    Raises:
        ValueError: where a corpus or a seed is missing.
    """
    rows = _rows(cells, claim, first, second)
    sources = [row.corpus.partition("-")[0] for row in rows if row.seeds >= SEEDS]
    borne_out(f"{first} was compared with {second}", [sources == ["wiki17m", "novels"]])
    return rows


def _rows(cells: Results, claim: str, first: str, second: str) -> list[Row]:
    rows = queries.rows(cells.contrasts, claim=claim, model_a=first, model_b=second)
    return [row for row in rows if row.seeds]


def front_numbers(results: dict[str, Results]) -> dict[str, str]:
    """Claim -> one number of its rule, on the first corpus of its experiment."""
    main, parts, roles = (results[r.experiment] for r in RULES if r.name in ("C1", "C2", "C6"))
    task, order = (results[name] for name in ("task_decides", "order"))
    learnt = [
        ahead(difference(main, corpus, test, "attention", "random"))
        for corpus in queries.corpora(main)
        for test in (*SIMILARITY, *PREFERENCE)
    ]
    corpus = SAMPLES[0]
    hidden = articles(parts, corpus, "attention")[0]
    tasks = agreement(task, corpus, "rank_correlation", "mean", "next_mean")
    exchanged = ("attention_roles", "exchanged", "all", "added_loss")
    swapped = measured(roles, corpus, "attention", exchanged)
    without = difference(roles, corpus, NEXT, "dot_product_attention", "attention")
    permuted = ("word_order", "context", "others permuted", "unmoved")
    unmoved = measured(order, corpus, "attention", permuted)
    (saved, _) = _planned(results["twelve_cells"], "C9 masked word", "position_weight", "mean")
    numbers: dict[str, tuple[str, Row | None, Callable[[float], str], str]] = {
        "C2": (
            "AUC of q·k for noun-verb over verb-article pairs",
            auc(parts, corpus, "attention", "q.k"),
            number,
            "",
        ),
        "C3": ("loss added by hiding an article or other determiner", hidden, number, " nats"),
        "C4": (
            "rank correlation of the mean's word similarities between two tasks",
            tasks,
            number,
            "",
        ),
        "C5": ("loss added by exchanging q and k", swapped, number, " nats"),
        "C6": ("change of the loss without the maps", without, number, " nats"),
        "C7": ("values found by their key", _looked_up(results["recall"])[0], share, ""),
        "C8": ("contexts where the order before the last word changes nothing", unmoved, share, ""),
        "C9": ("loss of a masked word that position weights save", saved, number, " nats"),
    }
    shown = {
        name: f"{words}: {show(_value(row))}{unit}"
        for name, (words, row, show, unit) in numbers.items()
    }
    attention = queries.label(main, "attention")
    above_chance = f"tests where {attention} is better than random vectors: "
    return {"C1": f"{above_chance}{learnt.count(1)} of {len(learnt)}", **shown}


def _value(row: Row | None) -> float:
    names = ("score", "value", "difference", "gain")
    return float(next(getattr(row, name) for name in names if hasattr(row, name)))


def sentences(results: dict[str, Results]) -> list[str]:
    """The answer of the first edition, each sentence checked against the tables."""
    names = ("word2vec_vs_attention", "ladder", "recall", "parts_of_speech")
    main, steps, recall, parts = (results[name] for name in names)
    return [
        _predicts(main, steps),
        _buys(steps),
        _single_words(main),
        _looks_up(recall),
        _relates(main, parts),
    ]


def _predicts(main: Results, steps: Results) -> str:
    def lead(task: str) -> dict[str, Row | None]:
        corpora = queries.corpora(main)
        return {c: difference(main, c, task, "cbow", "mask_query_attention") for c in corpora}

    def shown(gaps: dict[str, Row | None]) -> str:
        return " and ".join(f"{shown_gap(gap)} on {corpus}" for corpus, gap in gaps.items())

    gaps, calibrated = lead(MASKED), lead(CALIBRATED)
    borne_out(
        "attention predicts better",
        (ahead(gap) == -1 for gap in (*gaps.values(), *calibrated.values())),
    )
    pairs = ((calibrated[corpus], gap) for corpus, gap in gaps.items() if gap)
    borne_out(
        "most is no calibration", (above(remaining, gap.high / 2) == 1 for remaining, gap in pairs)
    )
    corpus = queries.corpora(steps)[0]
    trainer = difference(steps, corpus, MASKED, "cbow", "mean")
    weights = difference(steps, corpus, MASKED, "mean", "mask_query_attention")
    borne_out("a part of that is the trainer", (ahead(gap) == -1 for gap in (trainer, weights)))
    return (
        "**It predicts text better than CBOW.** Given the words around a gap, one layer of "
        "self-attention has a lower loss than word2vec's CBOW. The gap in nats is "
        f"{shown(gaps)}. After calibration a gap remains: {shown(calibrated)}. A part of the "
        f"gap is the trainer. On {corpus}, gensim's CBOW is {shown_gap(trainer)} above the same "
        f"mean in our trainer. That mean is {shown_gap(weights)} above attention."
    )


def _buys(steps: Results) -> str:
    climbs = [c for c in ladder.climbs(steps) if c.top == "mean_query_attention_position"]
    borne_out("places buy most", (climb.ranked()[0] == POSITIONS for climb in climbs))
    shares = "; ".join(
        f"{share(climb.share(POSITIONS).value)} and {share(climb.share(WORD_SCORES).value)} on "
        f"{climb.corpus}"
        for climb in climbs
    )
    causal = [c for c in ladder.climbs(steps) if c.foot == "next_mean"]
    next_word = "; ".join(f"{share(c.share(POSITIONS).value)} on {c.corpus}" for c in causal)
    return (
        f"**The gain comes from position weights, not from word scores**: now {_now('C9')}. "
        "Attention and a plain mean of the context have the same trainer here. Position weights "
        f"and word scores bring these shares of the gain: {shares}. A share below 0 is a loss. For "
        "the next word either one recovers most of the gain. From the mean to a Transformer block, "
        f"position weights bring {next_word}."
    )


def _single_words(main: Results) -> str:
    signs = _single_word_signs(main)
    corpus = queries.corpora(main)[0]
    rows = {m: score(main, corpus, ANALOGIES, m) for m in ("skip_gram", "mask_query_attention")}
    scores = " against ".join(
        f"{queries.label(main, m)} {shown_value(row)}" for m, row in rows.items()
    )
    few_epochs = former_gap("small_text", LITTLE, ANALOGIES, "mask_query_attention", "skip_gram")
    many_epochs = former_gap(
        "small_text", LITTLE, ANALOGIES, "skip_gram_e40", "mask_query_attention_e40"
    )
    borne_out("more epochs turn it round", [ahead(few_epochs) == ahead(many_epochs) == 1])
    on_little_text = (
        f"On little text ({LITTLE}) the winner depends on the epochs: `mask_query_attention` is "
        f"ahead by {shown_gap(few_epochs)} after 5, and skip-gram by {shown_gap(many_epochs)} "
        "after 40."
    )
    return (
        "**Its vectors of single words are no better.** On similarity, analogies and categories "
        f"attention is significantly better than skip-gram in 0 of {len(signs)} comparisons and "
        f"worse in {signs.count(-1)}. Google's analogies ({corpus}): {scores}. {on_little_text}"
    )


def _single_word_signs(main: Results) -> list[int]:
    """Of each comparison with skip-gram: 1 where attention is better, -1 where it is worse."""
    signs = findings.skip_gram_signs(main)
    borne_out("no attention model is better for single words", [1 not in signs, -1 in signs])
    return signs


def _looks_up(recall: Results) -> str:
    attention, mean = _looked_up(recall)
    corpus = queries.corpora(recall)[-1]
    cbow = score(recall, corpus, "last_word", "cbow")
    borne_out("CBOW does not look up", [apart(attention, cbow) == 1])
    pairs = corpus.rpartition("-")[2]
    return (
        f"**The look-up is real.** An artificial sentence has {pairs} pairs of key and value, and "
        f"repeats one key at its end. Attention finds the value of that key in "
        f"{share(attention.score)} of the sentences. A mean of the same words finds it in "
        f"{share(mean.score)} and CBOW in {share(_value(cbow))}. A guess among the values of the "
        f"sentence finds it in {share(1 / int(pairs))}."
    )


def _looked_up(recall: Results) -> tuple[Row, Row]:
    """How often attention, and a mean of the same words, find one of the most planted values."""
    corpus = queries.corpora(recall)[-1]
    attention, mean = (score(recall, corpus, "last_word", m) for m in ("attention", "mean"))
    chance = 1 / int(corpus.rpartition("-")[2])
    borne_out("attention looks up", [apart(attention, mean) == 1])
    borne_out("a mean guesses", [above(mean, chance) == 0])
    return attention, mean


def _relates(main: Results, parts: Results) -> str:
    outcomes = [
        contrast.verdict
        for corpus in queries.corpora(main)
        for question in ("relate", "direction", "syntax", "in_context")
        for contrast in findings.contrasts(main, corpus, question)
        if contrast.pair is not None
    ]
    word2vec, attention = outcomes.count("better"), outcomes.count("worse")
    best = import_module("parts_of_speech").best_auc(parts)
    borne_out("word2vec relates words as well", [word2vec >= attention])
    return (
        "**Word2vec relates words as well or better.** The tests are relations, their direction, "
        f"syntax and words in context. In {len(outcomes)} contrasts the best models of both "
        f"families meet: word2vec is significantly better in {word2vec} and attention in "
        f"{attention}. A learned query and key separate noun-verb from verb-article pairs best. "
        f"{best} The cause is {_now('C2')}."
    )


def _now(claim: str) -> str:
    """The verdict of the review on a claim, and its reason."""
    verdict, why = REVISED[claim]
    return f"**{verdict}** ({REVIEW}: {why})"


def surprises(results: dict[str, Results]) -> Iterator[str]:
    """What was not predicted, of the experiments that were run; checked like the sentences."""
    for name, result in results.items():
        module = import_module(name)
        if hasattr(module, "surprise"):
            claim = RESTS_ON.get(name)
            yield module.surprise(result) + (f" A review says: {_now(claim)}." if claim else "")


@cache
def comparisons(study: str) -> pd.DataFrame:
    """Paired differences of selected embeddings, as a study of the first edition left them."""
    table = pd.read_csv(FIRST_EDITION / f"{study}.comparisons.csv.xz").rename(columns=COLUMNS)
    for column in ("model_a", "model_b"):
        table[column] = table[column].map(_present)
    return table


def _present(model: str) -> str:
    """The present name of a model of the first edition, whose settings end its name."""
    kind = next((k for k in sorted(KINDS, key=len, reverse=True) if _starts(model, k)), "")
    return KINDS.get(kind, "") + model[len(kind) :]


def _starts(model: str, kind: str) -> bool:
    return model == kind or re.fullmatch(rf"{kind}_[a-z]\d+", model) is not None


def former_gap(study: str, corpus: str, task: str, first: str, second: str) -> Row | None:
    """First minus second, as a study of the first edition left it."""
    rows = queries.rows(comparisons(study), corpus=corpus, task=task)
    return queries.oriented(rows, first, second)


def first_edition() -> list[str]:
    """A paragraph for each study of the first edition that is gone."""
    return [_calibration(), _corpus_size(), _small_text(), _window_and_size()]


def _calibration() -> str:
    gaps = {
        (corpus, losses, pair): former_gap(
            "calibration", corpus, f"{losses}_loss.{objective}", *pair
        )
        for corpus in SAMPLES
        for losses in ("held_out", "calibrated")
        for objective, pair in STILL_WORSE
    }
    borne_out("calibration leaves the order as it is", (ahead(row) == -1 for row in gaps.values()))
    shown = "; ".join(
        f"`{pair[0]}` − `{pair[1]}` on {corpus}: "
        f"{shown_gap(gaps[corpus, 'held_out', pair])}, then "
        f"{shown_gap(gaps[corpus, 'calibrated', pair])}"
        for corpus in SAMPLES
        for _, pair in STILL_WORSE
    )
    return (
        "**Is a difference in held-out loss more than calibration? (first edition)** After "
        "calibration on other text the worse model is still worse. Gaps in nats before "
        f"calibration, then after it: {shown}."
    )


def _corpus_size() -> str:
    gaps = {
        (corpus, task): former_gap("corpus_size", corpus, task, "mask_query_attention", "skip_gram")
        for corpus in (LITTLE, "wiki17m")
        for task in (ANALOGIES, MEN)
    }
    borne_out(
        "size turns the verdict round",
        (ahead(gap) == (1 if corpus == LITTLE else -1) for (corpus, _), gap in gaps.items()),
    )
    shown = [f"{shown_gap(gap)} on {task}, {corpus}" for (corpus, task), gap in gaps.items()]
    return (
        "**When does which win: does it depend on how much text there is? (first edition)** More "
        "text reverses the verdict on word vectors, against the prediction. `mask_query_attention` "
        f"minus `skip_gram`, five epochs each: {'; '.join(shown)}."
    )


def _small_text() -> str:
    gaps = [
        former_gap("small_text", LITTLE, task, first, second)
        for task, first, second in (
            (MEN, "skip_gram_e40", "skip_gram"),
            (ANALOGIES, "skip_gram_e40", "mask_query_attention_e40"),
            (MASKED, "mask_query_attention_e40", "mask_query_attention"),
            (MASKED, "mask_query_attention_e40", "cbow_e40"),
        )
    ]
    borne_out(
        "attention overfits and word2vec goes on learning", [[*map(ahead, gaps)] == [1, 1, -1, -1]]
    )
    learnt, passes, lost, behind = map(shown_gap, gaps)
    return (
        "**On little text, does attention beat word2vec, or does word2vec need more epochs? (first "
        "edition)** With many epochs attention overfits, while word2vec still gains. From 5 to 40 "
        f"epochs of {LITTLE}, skip-gram gains {learnt} on MEN. It passes `mask_query_attention` on "
        f"Google's analogies by {passes}. The held-out loss of `mask_query_attention` rises by "
        f"{lost} nats and ends {behind} above that of CBOW, against the prediction."
    )


def _window_and_size() -> str:
    (corpus,) = comparisons("window_and_size")["corpus"].unique()

    def over_settings(task: str, first: str, second: str) -> list[Row | None]:
        pairs = ((first + setting, second + setting) for setting in SETTINGS)
        return [former_gap("window_and_size", corpus, task, *pair) for pair in pairs]

    families = product(("skip_gram", "cbow"), ("attention_position", "mask_query_attention"))
    tasks = ("ws353", "simlex999", MEN, ANALOGIES)
    gaps = [over_settings(task, *pair) for pair in families for task in tasks]
    borne_out("no setting turns a verdict", (not {1, -1} <= {*map(ahead, rows)} for rows in gaps))
    losses = over_settings(MASKED, "mask_query_attention", "cbow")
    borne_out("attention predicts better under every setting", (ahead(row) == 1 for row in losses))
    every = [row for rows in gaps for row in rows if row is not None]
    signs = [*map(ahead, every)]
    detectable = ", ".join(
        f"{number(median(row.detectable for row in every if row.task == task))} on {task}"
        for task in tasks
    )
    return (
        "**Do the verdicts hold with another window and other dimensions? (first edition)** With a "
        "window of 2 or 10, or 50 or 300 dimensions, no significant difference changes its sign on "
        f"{corpus}. Of {len(every)} differences between a word2vec and an attention model "
        f"({counted(every)}), {signs.count(1)} are significant for word2vec and "
        f"{signs.count(-1)} for attention. A test finds a median difference of {detectable} "
        "with 80% power. `mask_query_attention` predicts better than CBOW under all "
        f"{len(losses)} settings ({counted(losses)})."
    )


def _limits(main: Results) -> str:
    training = main.config["training"]
    tokens = " and ".join(
        f"{corpus['tokens']:,} words of {corpus['name']}" for corpus in main.manifest["corpora"]
    )
    return (
        f"The models have one layer, {training['dim']} dimensions, a window of "
        f"{training['window']} and negative sampling. The text is English: {tokens}. Studies of a "
        "sample use less text. All models of our trainer but `transformer_block` share one setting "
        "of learning rates. It was chosen on training loss and on the development part of MEN, so "
        "a part of a difference between two models may be tuning. In these studies two novels are "
        "held out, and intervals are over their sentences: they hold for these two books. The "
        "models of `literal_case` and `twelve_cells` are tuned one by one, and trained with "
        "sampled softmax on four million words of each corpus. Deeper models, longer contexts and "
        "more text are another question."
    )


class Judged(NamedTuple):
    """What stands on a claim: by contrasts that were planned, or by the first edition's rule."""

    standing: Standing
    claim: Claim
    studies: tuple[str, ...]
    young: str = ""

    @property
    def front(self) -> str:
        """The verdict for a short table."""
        return f"**{self.standing.verdict}**{self.young}"


def judged(rule: Rule, results: dict[str, Results]) -> Judged:
    """The verdict that stands on a claim, from the studies that planned contrasts of it."""
    studies = tuple(name for name, result in results.items() if planned.plans(rule.name, result))
    if studies:
        claim = planned.decide(rule.name, *(results[name] for name in studies))
        return Judged(Standing(claim.verdict), claim, studies)
    claim = rule.decide(results[rule.experiment])
    return Judged(standing(rule, claim), claim, (rule.experiment,), young(rule))


def claims_table(results: dict[str, Results], up: str) -> str:
    """A line for each claim; `up` leads from the page to the top of the project."""
    numbers, body = front_numbers(results), []
    for rule in RULES:
        judgement = judged(rule, results)
        former = judgement.standing.before
        body.append(
            [
                f"{rule.name}: {rule.claim}",
                f"{_now(rule.name)}; first edition: {former}{judgement.young}"
                if former
                else judgement.front,
                numbers[rule.name],
                ", ".join(_links(name, up) for name in judgement.studies),
            ]
        )
    return table(["claim", "verdict", "one number", "decided by"], body, left=4)


def evidence(results: dict[str, Results]) -> str:
    """The evidence of each claim, one finding a line."""
    lines = []
    for rule in RULES:
        judgement = judged(rule, results)
        lines.append(f"- {rule.name}, {judgement.front}")
        # what counts items belongs to the finding before it
        joined = re.sub(r"; (n [\d,]+, \d+ seeds)$", r" (\1)", judgement.claim.evidence)
        lines += [f"  - {escape(finding)}" for finding in joined.split("; ")]
    return "\n".join(lines)


def front_claims(results: dict[str, Results]) -> str:
    """A line for each claim: the verdict that stands, one number, and where it is from."""
    numbers, body = front_numbers(results), []
    for rule in RULES:
        judgement = judged(rule, results)
        reports = ", ".join(f"[report](results/{name}/report.md)" for name in judgement.studies)
        body.append([f"{rule.name}: {rule.claim}", judgement.front, numbers[rule.name], reports])
    return table(["claim", "verdict", "one number", "evidence"], body, left=4)


def predictions(results: dict[str, Results]) -> list[Prediction]:
    """Every prediction of every experiment that was run."""
    return [
        Prediction(name, number_, predicted(name)[number_], verdict)
        for name, result in results.items()
        for number_, verdict in import_module(name).verdicts(result).items()
    ]


def predicted(experiment: str) -> dict[str, str]:
    """The predictions that stand in the docstring of an experiment, by number."""
    text = _docstring(experiment).partition("Prediction")[2].partition("Decision rule")[0]
    section = text.split("\n\n")[0]
    items = re.split(r"^ ?(\d+)\. ", section, flags=re.MULTILINE)[1:]
    return {n: " ".join(words.split()) for n, words in zip(items[::2], items[1::2], strict=True)}


def _docstring(experiment: str) -> str:
    source = (ROOT / "experiments" / f"{experiment}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def predictions_table(listed: Sequence[Prediction], up: str) -> str:
    """A line for each prediction."""
    body = [
        [
            f"[{p.experiment}]({up}experiments/{p.experiment}.py) {p.name}"
            + (YOUNG if p.name in YOUNGER_PREDICTIONS.get(p.experiment, ()) else ""),
            p.words.replace("|", "\\|"),
            f"**{p.verdict.outcome}**",
            escape(p.verdict.evidence),
        ]
        for p in listed
    ]
    return table(["experiment", "prediction", "", "evidence"], body, left=4) if body else "None."


def index(results: dict[str, Results]) -> str:
    """A line for each experiment: its question, config, result and verdicts."""
    body = []
    for name in EXPERIMENTS:
        body.append(
            [
                f"[{name}]({name}.py)",
                _docstring(name).split("\n")[0],
                f"[config](../configs/{name}.yaml)",
                f"[report](../results/{name}/report.md)" if name in results else "not run yet",
                ", ".join(_verdicts(name, results)),
            ]
        )
    return table(["experiment", "question", "config", "result", "verdicts"], body, left=5)


def _verdicts(name: str, results: dict[str, Results]) -> Iterator[str]:
    if name in results:
        for rule in RULES:
            if planned.plans(rule.name, results[name]):
                yield f"**{rule.name} {planned.decide(rule.name, results[name]).verdict}**"
            elif rule.experiment == name:
                now = standing(rule, rule.decide(results[name]))
                before = f" (first edition: {now.before})" if now.before else ""
                yield f"**{rule.name} {now.verdict}**{young(rule)}{before}"
        verdicts = import_module(name).verdicts(results[name])
        younger = YOUNGER_PREDICTIONS.get(name, ())
        for n, verdict in verdicts.items():
            yield f"{n}{YOUNG if n in younger else ''} {verdict.outcome}"


def _links(name: str, up: str) -> str:
    return f"[rule]({up}experiments/{name}.py), [report]({up}results/{name}/report.md)"


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number(place, 0)}. {line}" for place, line in enumerate(lines, start=1))


def _folders(results: dict[str, Results]) -> str:
    return ", ".join(f"[{name}]({name}/report.md)" for name in results)


if __name__ == "__main__":
    main()
