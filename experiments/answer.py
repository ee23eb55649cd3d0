"""How is self-attention different from word2vec: what do all experiments say together?

Question: which claims of the note that asks do the stored results support, and what is the answer
in five sentences?

Prediction: none of its own; those of the other experiments are listed, with what became of them.

Decision rule: none of its own; each claim is decided by the rule in the experiment that it names.
The parts of the pages are made in `pages`.
The words of the sentences were written when the results were known. Their numbers come from the
stored tables, and a sentence that the tables no longer bear out is an error.

Reads results/*, and the tables that four studies of the first edition left in
results/first_edition; writes results/ANSWER.md, the blocks `answer` of README.md and of
experiments/README.md, and the figures docs/figures/plane.svg and gains.svg. Nothing is trained.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pages import claims, first_edition, front, predictions
from pages.figures import gains_figure, plane_figure
from pages.predictions import FORMER_LOSS, YOUNGER
from pages.readme import replace_block, steps
from pages.studies import ROOT, numbered, stored
from wordrel.io.files import write_text
from wordrel.report import svg
from wordrel.report.document import Figure
from wordrel.report.markdown import image
from wordrel.study.results import Results

_NOTATION = (
    "How to read an effect: brackets hold its 95% interval, and n counts the scored items. `A − B` "
    "is the score of A minus that of B; below 0, A has the lower loss. `detectable` is the "
    "difference that a test finds with 80% power. Of a planned contrast, `adds` is above the "
    "margin and `adds less` is below it; its gain is above 0 where the first model is better. For "
    "a loss, n counts test documents. An `attempt` judges a contrast again with a part of the "
    "data. In tables of the first edition, a score of exactly 0 or 1 has an interval of width 0; "
    "its true value may differ by up to 3/n."
)


def main() -> None:
    """Write the answer, and put it where it is shown."""
    results = stored()
    write_text(ROOT / "results" / "ANSWER.md", answer_page(results))
    for figure in (plane(results), gains(results)):
        write_text(ROOT / "docs" / "figures" / f"{figure.name}.svg", svg.draw(figure))
    for path, block, fresh in shown_in(results):
        old = path.read_text(encoding="utf-8")
        new = replace_block(old, block, fresh)
        if new != old:
            write_text(path, new)
        print(f"{path.relative_to(ROOT)}: {'changed' if new != old else 'as it was'}")


def shown_in(results: dict[str, Results]) -> list[tuple[Path, str, str]]:
    """Each page that shows a part of the answer, the block, and its text."""
    readme, source = ROOT / "README.md", ROOT / "src" / "wordrel" / "models" / "attention.py"
    code = steps(source.read_text(encoding="utf-8"), ("mean", "self_attention"))
    return [
        (readme, "answer:figure", image(plane(results), "docs/")),
        (readme, "answer:sentences", numbered(front.front_sentences(results))),
        (readme, "answer:open", front.still_open(results)),
        (readme, "answer:claims", f"{claims.front_claims(results)}\n\n{YOUNGER}"),
        (readme, "answer:code", f"```python\n{code}\n```"),
        (
            ROOT / "experiments" / "README.md",
            "answer:index",
            f"{predictions.index(results)}\n\n{YOUNGER} {FORMER_LOSS}",
        ),
    ]


def plane(results: dict[str, Results]) -> Figure:
    """Loss and word vectors of each model; the figure of the front page."""
    return plane_figure(results["recipe"])


def gains(results: dict[str, Results]) -> Figure:
    """What each ingredient saves of the loss."""
    return gains_figure(results["twelve_cells"], results["value_map"])


def answer_page(results: dict[str, Results]) -> str:
    """The whole of results/ANSWER.md."""
    every = predictions.predictions(results)
    failed = [p for p in every if p.verdict.outcome == "fails"]
    others = [p for p in every if p.verdict.outcome != "fails"]
    parts = [
        "# How is self-attention different from word2vec?",
        numbered(front.front_sentences(results, "../")),
        image(gains(results), "../docs/"),
        "## The claims",
        "A written rule decides each claim; the last column links to it. Verdicts by a rule of the "
        f"first edition are marked: their models are not tuned. {YOUNGER}",
        claims.claims_table(results, "../"),
        "## What the new rules need",
        claims.new_rules(results),
        "## The evidence",
        _NOTATION,
        claims.evidence(results),
        "## What surprised",
        "\n".join(f"- {line}" for line in surprises(results)),
        "## From the first edition",
        "`results/first_edition` keeps the tables of four studies of the first edition. They give "
        "these findings; the second edition takes up the questions.",
        "\n".join(f"- {line}" for line in first_edition.paragraphs()),
        "## Where this holds",
        front.limits(results["word2vec_vs_attention"]),
        "## Predictions that failed",
        predictions.predictions_table(failed, "../"),
        "## The other predictions",
        "Each prediction and its rule were written before the run that decides it, except where "
        f"marked. {YOUNGER} {FORMER_LOSS}",
        predictions.predictions_table(others, "../"),
        f"Made by `python experiments/answer.py` from the tables in {_folders(results)}.",
    ]
    return "\n\n".join(parts) + "\n"


def surprises(results: dict[str, Results]) -> Iterator[str]:
    """What was not predicted, of the experiments that were run; checked like the sentences."""
    for name, result in results.items():
        module = import_module(name)
        if hasattr(module, "surprise"):
            yield module.surprise(result)


def _folders(results: dict[str, Results]) -> str:
    return ", ".join(f"[{name}]({name}/report.md)" for name in results)


if __name__ == "__main__":
    main()
