"""How is self-attention different from word2vec: what do all experiments say together?

Question: which claims of the note that asks do the stored results support, and what is the answer
in five sentences?

Prediction: none of its own; those of the other experiments are listed, with what became of them.

Decision rule: none of its own; each claim is decided by the rule in the experiment that it names.
The words of the five sentences were written when the results were known. Their numbers come from
the stored tables, and a sentence that the tables no longer bear out is an error, not a sentence.

Reads results/*, writes results/ANSWER.md, the block `answer` of README.md and the index in
experiments/README.md. Nothing is trained.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

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
    difference,
    score,
    shown_gap,
    shown_value,
)
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = (
    *("word2vec_vs_attention", "ladder", "parts_of_speech", "task_decides", "roles", "recall"),
    *("order", "calibration", "corpus_size", "small_text", "window_and_size", "stability"),
)
MASKED, CALIBRATED = "held_out_loss.masked_word", "calibrated_loss.masked_word"
ANALOGIES = "google_analogies"
ATTENTION = ("attention", "attention_position", "masked_attention")


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
        _numbered(sentences(results)),
        "## The claims",
        "A claim is decided by the rule in the experiment that it links to. Effects have their "
        "95% interval in brackets.",
        claims_table(results, "../"),
        "## What surprised",
        "\n".join(f"- {line}" for line in surprises(results)),
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


def sentences(results: dict[str, Results]) -> list[str]:
    """The answer, each sentence checked against the tables that it speaks of."""
    names = ("word2vec_vs_attention", "ladder", "recall", "parts_of_speech")
    main, steps, recall, parts = (results[name] for name in names)
    return [
        _predicts(main, steps),
        _buys(steps),
        _single_words(main, results["small_text"]),
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


def _single_words(main: Results, small: Results) -> str:
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
    sample = queries.corpora(small)[-1]
    seldom = difference(small, sample, ANALOGIES, "masked_attention", "skip_gram")
    often = difference(small, sample, ANALOGIES, "skip_gram_e40", "masked_attention_e40")
    borne_out("more epochs turn it round", [ahead(seldom) == ahead(often) == 1])
    less = (
        f"On little text ({sample}) that takes more reading: `masked_attention` is ahead by "
        f"{shown_gap(seldom)} after 5 epochs, and skip-gram by {shown_gap(often)} after 40."
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
    source = (ROOT / "experiments" / f"{experiment}.py").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source)) or ""
    section = text.partition("Prediction")[2].partition("Decision rule")[0].split("\n\n")[0]
    items = re.split(r"^ ?(\d+)\. ", section, flags=re.MULTILINE)[1:]
    return {n: " ".join(words.split()) for n, words in zip(items[::2], items[1::2], strict=True)}


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
        source = (ROOT / "experiments" / f"{name}.py").read_text(encoding="utf-8")
        question = (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]
        body.append(
            [
                f"[{name}]({name}.py)",
                question,
                f"[config](../configs/{name}.yaml)",
                f"[report](../results/{name}/report.md)" if name in results else "not run yet",
                ", ".join(_verdicts(name, results)),
            ]
        )
    return table(["experiment", "question", "config", "result", "verdicts"], body, left=5)


def _verdicts(name: str, results: dict[str, Results]) -> Iterator[str]:
    if name in results:
        module = import_module(name)
        claims = module.claims(results[name]) if hasattr(module, "claims") else {}
        yield from (f"**{name} {claim.verdict}**" for name, claim in claims.items())
        yield from (f"{n} {v.found}" for n, v in module.verdicts(results[name]).items())


def _links(name: str, up: str, *, run: bool) -> str:
    rule = f"[rule]({up}experiments/{name}.py)"
    return f"{rule}, [report]({up}results/{name}/report.md)" if run else rule


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number(place, 0)}. {line}" for place, line in enumerate(lines, start=1))


def _folders(results: dict[str, Results]) -> str:
    return ", ".join(f"[{name}]({name}/report.md)" for name in results)


if __name__ == "__main__":
    main()
