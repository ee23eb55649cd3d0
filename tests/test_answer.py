"""The answer: every number and verdict is what the stored tables and the rules give."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml

from wordrel.config.names import COLUMNS as FORMER_COLUMNS
from wordrel.config.names import now_called
from wordrel.report import svg
from wordrel.report.readme import replace_block
from wordrel.study.results import Results
from wordrel.study.schema import COLUMNS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def answer() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "experiments"))  # for the experiments that it asks, too
        yield importlib.import_module("answer")


@pytest.fixture(scope="module")
def results(answer: ModuleType) -> dict[str, Results]:
    found: dict[str, Results] = answer.stored()
    return found


def test_the_committed_answer_is_what_the_tables_give(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    page = (ROOT / "results" / "ANSWER.md").read_text(encoding="utf-8")
    assert page == answer.answer_page(results), "run: python experiments/answer.py"


def test_the_readmes_show_the_same(answer: ModuleType, results: dict[str, Results]) -> None:
    for path, block, fresh in answer.shown_in(results):
        text = path.read_text(encoding="utf-8")
        assert replace_block(text, block, fresh) == text, "run: python experiments/answer.py"


def test_the_committed_figure_is_what_the_tables_give(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    drawn = (ROOT / "docs" / answer.FIGURE).read_text(encoding="utf-8")
    assert drawn == svg.draw(answer.figure(results)), "run: python experiments/answer.py"


def plain(markdown: str) -> str:
    """What a reader sees of a sentence: links by their text, without marks."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown).replace("*", "")


def test_the_pages_stay_small(answer: ModuleType, results: dict[str, Results]) -> None:
    readme = (ROOT / "README.md").read_bytes()
    assert len(readme) <= 9_000
    assert len(readme.splitlines()) <= 150
    sentences = answer.front_sentences(results)
    assert len(sentences) == 5
    assert max(len(plain(sentence).split()) for sentence in sentences) <= 20
    assert len(answer.answer_page(results).splitlines()) <= 200
    screen = readme.decode().partition("<!-- answer:claims -->")[0].replace("![", "[")
    assert "[" not in plain(screen)


def test_a_revised_verdict_stands_beside_that_of_the_rule(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    whole, front = (
        dict(re.findall(r"^\| (C\d): [^|]* \| ([^|]*) \|", table, re.MULTILINE))
        for table in (answer.claims_table(results, ""), answer.front_claims(results))
    )
    review = r"\(independent review, one seed: [^)]+\); first edition: "
    assert re.fullmatch(rf"\*\*not identified\*\* {review}partly supported", whole["C2"])
    assert re.fullmatch(rf"\*\*undecided\*\* {review}contradicted", whole["C6"])
    assert whole["C9"] == "**partly supported**"  # of contrasts that were planned
    revised = ("**not identified**", "**undecided**", "**partly supported**")
    assert tuple(front[claim] for claim in answer.REVISED) == revised
    kept = {claim: words for claim, words in whole.items() if claim not in answer.REVISED}
    assert kept == {claim: words for claim, words in front.items() if claim in kept}
    assert kept["C1"] == "**partly supported**†"
    assert "**C9 undecided**† (first edition: supported)" in answer.index(results)


def test_predictions_younger_than_results_are_marked(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    table = answer.predictions_table(answer.predictions(results), "")
    marked = re.findall(r"^\| \[(\w+)\]\S* (\d+)†", table, re.MULTILINE)
    young = [("word2vec_vs_attention", str(n)) for n in range(5, 11)]
    assert marked == [*young, ("literal_case", "1")]
    assert "5† undecided, 6† holds" in answer.index(results)


def test_the_literal_sentence_is_checked_by_its_planned_contrast(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    case = results["literal_case"]
    for column, value, said in (
        ("high", 0.001, "attention without positions is no better than the mean"),
        ("seeds", 4, "mean_query_attention was compared with mean"),
    ):
        moved = case.contrasts.copy()
        moved.loc[moved["corpus"].str.startswith("novels"), column] = value
        with pytest.raises(ValueError, match=said):
            answer.front_sentences({**results, "literal_case": replace(case, contrasts=moved)})


def test_the_sentence_on_positions_is_checked_by_planned_contrasts(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    cells = results["twelve_cells"]

    def turned(first: str, second: str, **values: object) -> dict[str, Results]:
        moved = cells.contrasts.copy()
        row = (moved["model_a"] == first) & (moved["model_b"] == second)
        row &= moved["corpus"].str.startswith("novels")
        assert row.sum() == 1
        moved.loc[row, [*values]] = [*values.values()]
        return {**results, "twelve_cells": replace(cells, contrasts=moved)}

    with pytest.raises(ValueError, match="position_weight was compared with mean"):
        answer.front_sentences(turned("position_weight", "mean", seeds=4))
    with pytest.raises(ValueError, match="positions help"):
        answer.front_sentences(turned("position_weight", "mean", low=0.019))
    with pytest.raises(ValueError, match="counts predict better"):
        answer.front_sentences(turned("kn_two_sided", "position_weight", low=-0.01))


def test_what_attention_saves_is_said_by_both_corpora(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    cells = results["twelve_cells"]
    row = cells.contrasts[cells.contrasts["model_a"] == "position_weight"].iloc[0]
    models = {"model_a": "mean_query_attention_position", "model_b": "mask_query_attention"}

    def said(*outcomes: dict[str, object]) -> str:
        rows = [row.to_dict() | models | {"seeds": 5} | one for one in outcomes]
        table = pd.DataFrame(rows, columns=cells.contrasts.columns)
        return str(answer.attention_adds(replace(cells, contrasts=table)))

    adds = {"corpus": "wiki17m-4m", "outcome": "adds", "low": 0.03}
    near = {"corpus": "novels-4m", "outcome": "open", "low": 0.01}
    assert said(adds, adds).endswith("saves more than the margin")
    assert said(*[adds | {"outcome": "adds less", "low": -0.01}] * 2).endswith(
        "less than the margin"
    )
    assert said(adds, near) == "self-attention then saves a little more"
    for other in (near | {"low": -0.01}, adds | {"seeds": 4}):
        assert said(adds, other) == "whether self-attention saves more is **undecided**"
    assert said(adds).endswith("**undecided**")


def test_heads_are_named_where_they_add_on_both_corpora(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    cells = results["twelve_cells"]
    assert answer.heads_add(cells).endswith("four heads add more")

    def turned(column: str, value: object) -> str:
        table = cells.contrasts.copy()
        row = (table["model_a"] == "masked_four_heads") & (table["corpus"] == "novels-4m")
        assert row.sum() == 1
        table.loc[row, column] = value
        return str(answer.heads_add(replace(cells, contrasts=table)))

    assert turned("outcome", "open") == turned("seeds", 4) == turned("gain", 0.025) == ""


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert [one["name"] for one in citation["authors"]] == [a["name"] for a in project["authors"]]


def test_every_claim_and_every_prediction_has_its_line(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    table = answer.claims_table(results, "")
    assert re.findall(r"^\| (C\d)", table, re.MULTILINE) == [f"C{n}" for n in range(1, 10)]
    for name, result in results.items():
        verdicts = importlib.import_module(name).verdicts(result)
        assert list(answer.predicted(name)) == list(verdicts)
        assert all(found in ("holds", "fails", "undecided") for found, _ in verdicts.values())


def test_a_sentence_that_the_tables_do_not_bear_out_is_an_error(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    main = results["word2vec_vs_attention"]
    turned = main.comparisons.copy()
    turned[["difference", "low", "high"]] = -turned[["difference", "high", "low"]].to_numpy()
    with pytest.raises(ValueError, match="no longer say that attention predicts better"):
        answer.sentences({**results, main.study: replace(main, comparisons=turned)})


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        ("calibration", "calibration leaves the order as it is"),
        ("corpus_size", "size turns the verdict round"),
        ("small_text", "attention overfits"),
        ("window_and_size", "attention predicts better under every setting"),
    ],
)
def test_a_paragraph_of_the_first_edition_is_checked_by_its_table(
    answer: ModuleType, study: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paragraphs = answer.first_edition()
    assert len(paragraphs) == 4
    assert all("(first edition)" in paragraph for paragraph in paragraphs)
    stored = answer.comparisons

    def turned(name: str) -> pd.DataFrame:
        table = stored(name).copy()
        if name == study:
            table[["difference", "low", "high"]] = -table[["difference", "high", "low"]].to_numpy()
        return table

    monkeypatch.setattr(answer, "comparisons", turned)
    with pytest.raises(ValueError, match=f"no longer say that {sentence}"):
        answer.first_edition()


def test_what_the_first_edition_left_has_the_columns_of_today(answer: ModuleType) -> None:
    paths = sorted(answer.FIRST_EDITION.iterdir())
    studies = ("calibration", "corpus_size", "small_text", "window_and_size")
    names = [f"{study}.{table}" for study in studies for table in ("comparisons", "summary")]
    assert [path.name for path in paths] == [f"{name}.csv.xz" for name in names]
    for path, name in zip(paths, names, strict=True):
        found = now_called(pd.read_csv(path).columns, FORMER_COLUMNS)
        assert tuple(found) == COLUMNS[name.partition(".")[2]]


def test_a_link_leads_from_each_page_to_a_file() -> None:
    names = ("README.md", "CONTRIBUTING.md", "experiments/README.md", "results/ANSWER.md")
    for path in [*(ROOT / name for name in names), *sorted((ROOT / "docs").glob("*.md"))]:
        links = re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
        inside = [link.partition("#")[0] for link in links if not link.startswith("https:")]
        assert [link for link in inside if not (path.parent / link).exists()] == [], path.name
    assert len(re.findall(r"\]\(results/", (ROOT / "README.md").read_text(encoding="utf-8"))) > 9
