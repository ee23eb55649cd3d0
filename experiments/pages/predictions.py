"""The predictions of all experiments with their verdicts, and the index of the experiments."""

import ast
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import NamedTuple

from pages.studies import EXPERIMENTS, ROOT, decides
from wordrel.report import text
from wordrel.report.claims import RULES, YOUNG, planned, young
from wordrel.report.text import escape, table
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results

YOUNGER_PREDICTIONS = {
    "word2vec_vs_attention": ("5", "6", "7", "8", "9", "10"),
    "twelve_cells": ("1", "2", "3", "4", "5"),
    "literal_case": ("1",),
    "value_map": ("1", "2", "3", "4", "5"),
    "recipe": ("1",),
    "lookup": ("1", "2"),
}
"""Those written when some results were known."""
YOUNGER = f"{YOUNG} Written when some results were known; the experiment's file says which."
FORMER_LOSSES = {
    "word2vec_vs_attention": ("3", "10"),
    "ladder": ("1", "2", "3", "4", "6"),
    "order": ("4",),
}
"""Those about differences or shares of the loss of the first edition."""
FORMER = "‡"
FORMER_LOSS = (
    f"{FORMER} Loss of the first edition, which a review retired. It leaves out how often training "
    "drops frequent words. The shares of `ladder` 1 and 2 are averages over orderings."
)


class Prediction(NamedTuple):
    """One prediction of an experiment, and what became of it."""

    experiment: str
    name: str
    words: str
    verdict: Verdict

    @property
    def marks(self) -> str:
        """What a reader has to know of it besides."""
        return marks(self.experiment, self.name)


def marks(experiment: str, prediction: str) -> str:
    """Whether a prediction is younger than some results, and rests on a retired loss."""
    is_young = prediction in YOUNGER_PREDICTIONS.get(experiment, ())
    former = prediction in FORMER_LOSSES.get(experiment, ())
    return (YOUNG if is_young else "") + (FORMER if former else "")


def predictions(results: dict[str, Results]) -> list[Prediction]:
    """Every prediction of every experiment that was run."""
    return [
        Prediction(name, number, predicted(name)[number], verdict)
        for name, result in results.items()
        for number, verdict in import_module(name).verdicts(result).items()
    ]


def predicted(experiment: str) -> dict[str, str]:
    """The predictions that stand in the docstring of an experiment, by number."""
    after = _docstring(experiment).partition("Prediction")[2].partition("Decision rule")[0]
    section = after.split("\n\n")[0]
    items = re.split(r"^ ?(\d+)\. ", section, flags=re.MULTILINE)[1:]
    return {n: " ".join(words.split()) for n, words in zip(items[::2], items[1::2], strict=True)}


def _docstring(experiment: str) -> str:
    source = (ROOT / "experiments" / f"{experiment}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def predictions_table(listed: Sequence[Prediction], up: str) -> str:
    """A line for each prediction; `up` leads from the page to the top of the project."""
    body = [
        [
            f"[{p.experiment}]({up}experiments/{p.experiment}.py) {p.name}{p.marks}",
            p.words.replace("|", "\\|"),
            f"**{p.verdict.outcome}**",
            escape(p.verdict.evidence),
        ]
        for p in listed
    ]
    return table(["experiment", "prediction", "", "evidence"], body, left=4) if body else "None."


def index(results: dict[str, Results]) -> str:
    """A line for each experiment: its question, config, result and verdicts."""
    body = [
        [
            f"[{name}]({name}.py)",
            _docstring(name).split("\n")[0],
            f"[config](../configs/{name}.yaml)",
            f"[report](../results/{name}/report.md)" if name in results else "not run yet",
            ", ".join(_verdicts(name, results)),
        ]
        for name in EXPERIMENTS
    ]
    return table(["experiment", "question", "config", "result", "verdicts"], body, left=5)


def _verdicts(name: str, results: dict[str, Results]) -> Iterator[str]:
    if name not in results:
        return
    for rule in RULES:
        studies = [other for other in results if decides(rule.name, results[other])]
        if name in studies:
            verdict = planned.decide(rule.name, *(results[other] for other in studies)).verdict
            others = text.listed([other for other in studies if other != name])
            yield f"**{rule.name} {verdict}**" + (f" (with {others})" if others else "")
        elif rule.experiment == name and not studies:
            yield f"**{rule.name} {rule.decide(results[name]).verdict}**{young(rule)}"
    for number, verdict in import_module(name).verdicts(results[name]).items():
        yield f"{number}{marks(name, number)} {verdict.outcome}"
