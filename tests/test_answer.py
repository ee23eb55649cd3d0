"""The answer: every number and verdict is what the stored tables and the rules give."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from wordrel.report.readme import replace_block
from wordrel.study.results import COLUMNS, Results

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


def test_both_pages_say_above_the_answer_what_is_under_revision() -> None:
    for name in ("README.md", "results/ANSWER.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        above = text[: text.index("1. **")]
        assert "independent review (one seed" in above
        assert all(number in above for number in ("6.03", "6.226", "1.000", ".884"))
        assert "C6 rests on models that are not tuned" in above


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
        assert tuple(pd.read_csv(path).columns) == COLUMNS[name.partition(".")[2]]


def test_a_link_leads_from_each_page_to_a_file(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    pages = [(ROOT / "results" / "ANSWER.md", answer.answer_page(results))]
    pages += [(path, fresh) for path, _, fresh in answer.shown_in(results)]
    for path, text in pages:
        links = re.findall(r"\]\(([^)]+)\)", text)
        assert links
        assert [link for link in links if not (path.parent / link).is_file()] == []
