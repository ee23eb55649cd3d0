"""How is self-attention different from word2vec: what do all experiments say together?

Question: which claims of the note that asks do the stored results support, and what is the answer
in five sentences?

Prediction: none of its own; those of the other experiments are listed, with what became of them.

Decision rule: none of its own; each claim is decided by the rule in the experiment that it names.
The words of the five sentences were written when the results were known. Their numbers come from
the stored tables, and a sentence that the tables no longer bear out is an error, not a sentence.

Reads results/*, and the tables that four studies of the first edition left in
results/first_edition; writes results/ANSWER.md, the block `answer` of README.md and the index in
experiments/README.md. Nothing is trained.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pandas as pd

from wordrel.config.rungs import POSITIONS, WORD_SCORES
from wordrel.io.files import write_text
from wordrel.report import findings, ladder, queries
from wordrel.report.claims import RULES
from wordrel.report.queries import Row
from wordrel.report.readme import replace_block
from wordrel.report.text import escape, number, share, table
from wordrel.report.verdicts import (
    Claim,
    Verdict,
    above,
    ahead,
    borne_out,
    counted,
    difference,
    score,
    shown_gap,
    shown_value,
)
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = (
    *("word2vec_vs_attention", "ladder", "parts_of_speech", "task_decides"),
    *("roles", "recall", "order", "stability"),
)
FIRST_EDITION = ROOT / "results" / "first_edition"
MASKED, CALIBRATED = "held_out_loss.masked_word", "calibrated_loss.masked_word"
MEN, ANALOGIES = "men_test", "google_analogies"
ATTENTION = ("attention", "attention_position", "masked_attention")
LITTLE, SAMPLES = "wiki17m-1m", ("wiki17m-5m", "novels-5m")
SETTINGS = ("", "_w2", "_w10", "_d50", "_d300")
STILL_WORSE = (
    *(("masked_word", pair) for pair in (("cbow", "mean"), ("mean", "masked_attention"))),
    ("next_word", ("causal_mean", "attention")),
)
"""Objective, and who is worse than whom, as it is and calibrated."""


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
    """Each page with a block of this, the block, and what stands in it."""
    summary = f"{_numbered(sentences(results))}\n\n{claims_table(results, '', whole=False)}"
    more = "What failed and what surprised stands in [results/ANSWER.md](results/ANSWER.md)."
    return [
        (ROOT / "README.md", "answer:claims", f"{summary}\n\n{more}"),
        (ROOT / "experiments" / "README.md", "answer:index", index(results)),
    ]


def answer_page(results: dict[str, Results]) -> str:
    """The whole of results/ANSWER.md."""
    found = predictions(results)
    failed = [p for p in found if p.verdict.found == "fails"]
    parts = [
        "# How is self-attention different from word2vec?",
        _under_revision(),
        _numbered(sentences(results)),
        "## The claims",
        "A claim is decided by the rule in the experiment that it links to. Effects have their "
        "95% interval in brackets.",
        claims_table(results, "../"),
        "## What surprised",
        "\n".join(f"- {line}" for line in surprises(results)),
        "## From the first edition",
        "Four studies of the first edition are not run any more: their questions go into the "
        "second. What they found is rendered from the tables that they left in "
        "`results/first_edition`.",
        "\n".join(f"- {line}" for line in first_edition()),
        "## Where this holds",
        _limits(results["word2vec_vs_attention"]),
        "## Predictions that failed",
        predictions_table(failed, "../"),
        "## All predictions",
        "Each was written, with its rule, before the run that decides it.",
        predictions_table(found, "../"),
        f"Made by `python experiments/answer.py` from the tables in {_folders(results)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _under_revision() -> str:
    """What a review found, written once, by hand: above the answer in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.split("<!-- under revision -->")[1].split("<!-- /under revision -->")[0].strip()


def sentences(results: dict[str, Results]) -> list[str]:
    """The answer, each sentence checked against the tables that it speaks of."""
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
        return {c: difference(main, c, task, "cbow", "masked_attention") for c in corpora}

    def shown(gaps: dict[str, Row | None]) -> str:
        return " and ".join(f"{shown_gap(gap)} on {corpus}" for corpus, gap in gaps.items())

    gaps, told = lead(MASKED), lead(CALIBRATED)
    borne_out(
        "attention predicts better", (ahead(gap) == -1 for gap in (*gaps.values(), *told.values()))
    )
    left = ((told[corpus], gap) for corpus, gap in gaps.items() if gap)
    borne_out("most is no calibration", (above(rest, gap.high / 2) == 1 for rest, gap in left))
    corpus = queries.corpora(steps)[0]
    trainer = difference(steps, corpus, MASKED, "cbow", "mean")
    weights = difference(steps, corpus, MASKED, "mean", "masked_attention")
    borne_out("a part of that is the trainer", (ahead(gap) == -1 for gap in (trainer, weights)))
    return (
        "**It predicts text better.** Given the words around a gap, one layer of self-attention "
        f"needs fewer nats per word than word2vec's CBOW: {shown(gaps)}. Most of that is "
        "not calibration: where each model is told on other text how sure it may be, "
        f"{shown(told)} are left. A part is the trainer and no attention: on {corpus}, "
        f"{shown_gap(trainer)} lie between gensim's CBOW and the same mean in our trainer, and "
        f"{shown_gap(weights)} between that mean and attention."
    )


def _buys(steps: Results) -> str:
    climbs = [c for c in ladder.climbs(steps) if c.top == "content_position"]
    borne_out("places buy most", (climb.ranked()[0] == POSITIONS for climb in climbs))
    said = "; ".join(
        f"on {climb.corpus} {share(climb.share(POSITIONS).value)} and "
        f"{share(climb.share(WORD_SCORES).value)}"
        for climb in climbs
    )
    causal = [c for c in ladder.climbs(steps) if c.foot == "causal_mean"]
    next_word = "; ".join(f"{share(c.share(POSITIONS).value)} on {c.corpus}" for c in causal)
    return (
        "**What buys that is knowing places, not comparing words.** Between a plain mean of the "
        "context and attention in the same trainer, a learned weight for each place and learned "
        f"scores between words buy of the whole gain: {said}. For the next word the two do each "
        f"other's work, and places still buy the largest share of what a block saves: {next_word}."
    )


def _single_words(main: Results) -> str:
    tested = [
        (corpus, column.task, difference(main, corpus, column.task, model, "skip_gram"))
        for corpus in queries.corpora(main)
        for column in queries.main_columns(main, corpus, "alike")
        for model in ATTENTION
    ]
    signs = [ahead(pair) for _, _, pair in tested]
    borne_out("no attention model is better for single words", [1 not in signs, -1 in signs])
    corpus = queries.corpora(main)[0]
    rows = {m: score(main, corpus, ANALOGIES, m) for m in ("skip_gram", "masked_attention")}
    scores = " against ".join(f"{m} {shown_value(row)}" for m, row in rows.items())
    seldom = left("small_text", LITTLE, ANALOGIES, "masked_attention", "skip_gram")
    often = left("small_text", LITTLE, ANALOGIES, "skip_gram_e40", "masked_attention_e40")
    borne_out("more epochs turn it round", [ahead(seldom) == ahead(often) == 1])
    less = (
        f"On little text ({LITTLE}; first edition) that takes more reading: `masked_attention` "
        f"is ahead by {shown_gap(seldom)} after 5 epochs, and skip-gram by {shown_gap(often)} "
        "after 40."
    )
    return (
        "**As a place for single words it is no better.** On similarity, analogies and categories "
        f"no attention model is told apart as better than skip-gram in {len(signs)} comparisons, "
        f"and in {signs.count(-1)} it is worse; on Google's analogies ({corpus}): {scores}. {less}"
    )


def _looks_up(recall: Results) -> str:
    corpus = queries.corpora(recall)[-1]
    rows = {m: score(recall, corpus, "last_word", m) for m in ("attention", "mean", "cbow")}
    attention, mean, cbow = rows.values()
    assert attention is not None and mean is not None and cbow is not None
    borne_out("attention looks up", [attention.low > max(mean.high, cbow.high)])
    pairs = corpus.rpartition("-")[2]
    return (
        f"**The look-up is real, though.** Where a sentence plants {pairs} pairs of key and value "
        f"and then asks for one, attention finds the value in {share(attention.score)} of the "
        f"sentences, a mean of the same words in {share(mean.score)} and CBOW in "
        f"{share(cbow.score)}; who guesses is right in {share(1 / int(pairs))}. A window of "
        "running text has little to look up."
    )


def _relates(main: Results, parts: Results) -> str:
    found = [
        contrast.verdict
        for corpus in queries.corpora(main)
        for question in ("relate", "direction", "syntax", "in_context")
        for contrast in findings.contrasts(main, corpus, question)
        if contrast.pair is not None
    ]
    word2vec, attention = found.count("better"), found.count("worse")
    best = import_module("parts_of_speech").best_auc(parts)
    borne_out("word2vec relates words as well", [word2vec >= attention])
    return (
        "**What its products say of two words, word2vec mostly says as well or better.** Of "
        f"{len(found)} contrasts between the best model of each family on relations, their "
        "direction, syntax and words in context, word2vec is told apart as better in "
        f"{word2vec} and attention in {attention}; the others are open. The exception is grammar: "
        f"a learned query and key tell noun-verb from verb-article pairs best ({best})."
    )


def surprises(results: dict[str, Results]) -> Iterator[str]:
    """What nobody predicted, of the experiments that were run; checked like the sentences."""
    for name, result in results.items():
        module = import_module(name)
        if hasattr(module, "surprise"):
            yield module.surprise(result)


@cache
def comparisons(study: str) -> pd.DataFrame:
    """The paired differences that a study of the first edition left, all between primary views."""
    return pd.read_csv(FIRST_EDITION / f"{study}.comparisons.csv.xz")


def left(study: str, corpus: str, task: str, first: str, second: str) -> Row | None:
    """First minus second, as a study of the first edition left it."""
    rows = queries.rows(comparisons(study), corpus=corpus, task=task)
    return queries.oriented(rows, first, second)


def first_edition() -> list[str]:
    """A paragraph for each study of the first edition that is gone."""
    return [_calibration(), _corpus_size(), _small_text(), _window_and_size()]


def _calibration() -> str:
    found = {
        (corpus, losses, pair): left("calibration", corpus, f"{losses}_loss.{objective}", *pair)
        for corpus in SAMPLES
        for losses in ("held_out", "calibrated")
        for objective, pair in STILL_WORSE
    }
    borne_out("calibration leaves the order as it is", (ahead(row) == -1 for row in found.values()))
    said = "; ".join(
        f"{shown_gap(found[corpus, 'calibrated', pair])} for "
        f"{shown_gap(found[corpus, 'held_out', pair])} between `{pair[0]}` and `{pair[1]}` on "
        f"{corpus}"
        for corpus in SAMPLES
        for _, pair in STILL_WORSE
    )
    return (
        "**Is a difference in held-out loss more than calibration? (first edition)** Where each "
        "model is told on other text how sure it may be, the worse model is still worse. Nats of "
        f"the calibrated loss, for those of the loss as it is: {said}."
    )


def _corpus_size() -> str:
    gaps = {
        (corpus, task): left("corpus_size", corpus, task, "masked_attention", "skip_gram")
        for corpus in (LITTLE, "wiki17m")
        for task in (ANALOGIES, MEN)
    }
    borne_out(
        "size turns the verdict round",
        (ahead(gap) == (1 if corpus == LITTLE else -1) for (corpus, _), gap in gaps.items()),
    )
    said = [f"{shown_gap(gap)} on {task}, {corpus}" for (corpus, task), gap in gaps.items()]
    return (
        "**When does which win: does it depend on how much text there is? (first edition)** The "
        "amount of text turns the verdict on word vectors round, against the prediction. "
        f"`masked_attention` minus `skip_gram`, both read five times: {'; '.join(said)}."
    )


def _small_text() -> str:
    gaps = [
        left("small_text", LITTLE, task, first, second)
        for task, first, second in (
            (MEN, "skip_gram_e40", "skip_gram"),
            (ANALOGIES, "skip_gram_e40", "masked_attention_e40"),
            (MASKED, "masked_attention_e40", "masked_attention"),
            (MASKED, "masked_attention_e40", "cbow_e40"),
        )
    ]
    borne_out(
        "attention overfits and word2vec goes on learning", [[*map(ahead, gaps)] == [1, 1, -1, -1]]
    )
    learnt, passes, lost, behind = map(shown_gap, gaps)
    return (
        "**On little text, does attention beat word2vec, or has word2vec only read it too seldom? "
        "(first edition)** Read too often, attention forgets how to predict, while word2vec goes "
        f"on learning. From 5 to 40 epochs of {LITTLE}, skip-gram gains {learnt} on MEN, and "
        f"passes `masked_attention` on Google's analogies by {passes}; the held-out loss of "
        f"`masked_attention` rises by {lost} nats and ends {behind} above that of CBOW, against "
        "the prediction. So what turned round with the amount of text was how much each had "
        "learned."
    )


def _window_and_size() -> str:
    (corpus,) = comparisons("window_and_size")["corpus"].unique()

    def over_settings(task: str, first: str, second: str) -> list[Row | None]:
        pairs = ((first + setting, second + setting) for setting in SETTINGS)
        return [left("window_and_size", corpus, task, *pair) for pair in pairs]

    families = product(("skip_gram", "cbow"), ("attention_position", "masked_attention"))
    tasks = ("ws353", "simlex999", MEN, ANALOGIES)
    gaps = [over_settings(task, *pair) for pair in families for task in tasks]
    borne_out("no setting turns a verdict", (not {1, -1} <= {*map(ahead, one)} for one in gaps))
    losses = over_settings(MASKED, "masked_attention", "cbow")
    borne_out("attention predicts better under every setting", (ahead(row) == 1 for row in losses))
    every = [row for one in gaps for row in one if row is not None]
    signs = [*map(ahead, every)]
    told = ", ".join(
        f"{number(median(row.detectable for row in every if row.task == task))} on {task}"
        for task in tasks
    )
    return (
        "**Are the verdicts fragile: do they hold with another window and other dimensions? (first "
        "edition)** With a window of 2 or 10, or 50 or 300 dimensions, no verdict turns round on "
        f"{corpus}: of {len(every)} differences between a word2vec and an attention model "
        f"({counted(every)}), {signs.count(1)} are told apart as better for word2vec and "
        f"{signs.count(-1)} as worse, and no pair has both signs on a task. A difference of {told} "
        "would be told (80% power, median). `masked_attention` predicts better than CBOW under all "
        f"{len(losses)} settings ({counted(losses)})."
    )


def _limits(main: Results) -> str:
    training = main.config["training"]
    tokens = " and ".join(
        f"{corpus['tokens']:,} words of {corpus['name']}" for corpus in main.manifest["corpora"]
    )
    return (
        f"One layer, {training['dim']} dimensions, a window of {training['window']}, negative "
        f"sampling, {tokens}, English. The studies named after a sample use less text. One setting "
        "of learning rates, chosen on training loss and on the development part of MEN, serves all "
        "models of the matched family but `block`; a part of what separates two of them may be "
        "tuning. Deeper models, longer contexts and more text are another question."
    )


def claims_table(results: dict[str, Results], up: str, *, whole: bool = True) -> str:
    """A line for each claim; `up` leads from the page to the top of the project."""
    body = []
    for rule in RULES:
        run = rule.experiment in results
        claim = rule.decide(results[rule.experiment]) if run else None
        body.append(
            [
                f"{rule.name}: {rule.claim}",
                f"**{claim.verdict}**" if claim else "not run yet",
                _effect(claim, whole=whole) if claim else "",
                _links(rule.experiment, up, run=run),
            ]
        )
    return table(["claim", "verdict", "effect, interval, n", "decided by"], body, left=4)


def _effect(claim: Claim, *, whole: bool) -> str:
    return escape("; ".join(filter(None, (claim.effect, claim.more if whole else ""))))


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


def predictions_table(found: Sequence[Prediction], up: str) -> str:
    """A line for each prediction."""
    body = [
        [
            f"[{p.experiment}]({up}experiments/{p.experiment}.py) {p.name}",
            p.words.replace("|", "\\|"),
            f"**{p.verdict.found}**",
            escape(p.verdict.evidence),
        ]
        for p in found
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
            if rule.experiment == name:
                yield f"**{rule.name} {rule.decide(results[name]).verdict}**"
        found = import_module(name).verdicts(results[name])
        yield from (f"{n} {verdict.found}" for n, verdict in found.items())


def _links(name: str, up: str, *, run: bool) -> str:
    rule = f"[rule]({up}experiments/{name}.py)"
    return f"{rule}, [report]({up}results/{name}/report.md)" if run else rule


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number(place, 0)}. {line}" for place, line in enumerate(lines, start=1))


def _folders(results: dict[str, Results]) -> str:
    return ", ".join(f"[{name}]({name}/report.md)" for name in results)


if __name__ == "__main__":
    main()
