"""The plane: which ingredients trade loss for word vectors, and where the models stand."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from test_report_contrasts import LOSS, contrast, with_plans
from wordrel.report import html, markdown, plane, svg
from wordrel.report.document import Document, figures
from wordrel.report.page import document
from wordrel.study.results import Results

SETS = ("men_test", "google_analogies")
MEAN = "mean of men_test, google_analogies"
PLAN = {"claim": "words", "task": SETS[0], "mean_with": [SETS[1]]}
CORPORA = ("tiny-wiki", "novels")


def rows(loss: str, words: str, **given: object) -> list[dict[str, object]]:
    """The two contrasts of one ingredient, on both corpora."""
    of_words = {"task": MEAN, "rule": "not_worse", "margin": 0.03, "gain": -0.06, **given}
    return [
        row
        for corpus in CORPORA
        for row in (contrast(corpus, loss), contrast(corpus, words, **of_words))
    ]


def planned(found: list[dict[str, object]]) -> Results:
    """The golden study with these rows, and a summary with losses and word scores."""
    results = with_plans(found, [])
    one = results.summary.iloc[0]
    summary = pd.DataFrame(
        [
            one.to_dict()
            | {"corpus": c, "model": m, "task": task, "score": score, "selected": True}
            for c in CORPORA
            for m, loss, score in (("attention", 5.0, 0.2), ("skip_gram", 5.5, 0.3))
            for task, score in ((LOSS, loss), (SETS[0], score), (SETS[1], score + 0.2))
        ]
    )
    summary = pd.concat([results.summary, summary], ignore_index=True)
    config = results.config | {"contrasts": [PLAN]}
    return replace(results, config=config, summary=summary)


@pytest.mark.parametrize(
    ("loss", "words", "said"),
    [
        ("adds", "worse", "trade-off"),
        ("adds", "not worse", "loss alone"),
        ("adds less", "worse", "word vectors alone"),
        ("adds less", "not worse", "neither"),
        ("open", "worse", "open"),
        ("adds", "open", "open"),
    ],
)
def test_what_an_ingredient_does(loss, words, said):
    results = planned(rows(loss, words))
    assert plane.trade_offs(results) == {("attention", "skip_gram"): said}
    text = markdown.write(Document("study", (), plane.sections(results)))
    assert f"| **{said}** |" in text
    assert text.count("−0.060 [0.031, 0.069]") == 2  # a line for each corpus


def test_too_few_seeds_and_corpora_that_differ_decide_nothing():
    few = rows("adds", "worse", seeds=3)
    apart = [*rows("adds", "worse")[:2], *rows("adds", "not worse")[2:]]
    for found in (few, apart):
        assert [*plane.trade_offs(planned(found)).values()] == ["open"]


def test_corpora_of_a_user_decide_nothing():
    results = planned(rows("adds", "worse"))
    own = [c | {"source": "texts/*.txt"} for c in results.manifest["corpora"]]
    results = replace(results, manifest=results.manifest | {"corpora": own})
    assert [*plane.trade_offs(results).values()] == ["open"]


def test_a_model_stands_at_its_loss_and_the_mean_of_its_scores():
    results = planned(rows("adds", "worse"))
    (section,) = plane.sections(results)
    (figure,) = figures(Document("study", (), [section]))
    spec = figure.charts[0].spec
    at = {one["identifier"]: (one["loss"], one["words"]) for one in spec["data"]["values"]}
    assert at == {"attention": (5.0, pytest.approx(0.3)), "skip_gram": (5.5, pytest.approx(0.4))}
    (line,) = spec["layer"][0]["data"]["values"]
    assert (line["loss"], line["loss2"]) == (5.5, 5.0)  # from without it to with it
    assert "loss (nats)" in svg.draw(figure)
    assert "Loss and word vectors" in html.write(document(results))


def test_a_study_without_a_mean_of_word_sets_has_no_plane(tmp_path: Path):
    assert plane.sections(with_plans([contrast("novels", "adds")], [])) == []
