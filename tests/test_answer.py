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
from wordrel.report.claims import RULES
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
        assert answer.replace_block(text, block, fresh) == text, "run: python experiments/answer.py"


def test_the_committed_figure_is_what_the_tables_give(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    for figure in (answer.plane(results), answer.gains(results)):
        path = ROOT / "docs" / "figures" / f"{figure.name}.svg"
        stored = path.read_text(encoding="utf-8")
        assert stored == svg.draw(figure), "run: python experiments/answer.py"


def plain(markdown: str) -> str:
    """What a reader sees of a sentence: links by their text, without marks."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown).replace("*", "")


def test_the_pages_stay_small(answer: ModuleType, results: dict[str, Results]) -> None:
    readme = (ROOT / "README.md").read_bytes()
    assert len(readme) <= 9_000
    assert len(readme.splitlines()) <= 150
    sentences = answer.front.front_sentences(results)
    assert len(sentences) == 5
    assert max(len(plain(sentence).split()) for sentence in sentences) <= 20
    assert len(answer.answer_page(results).splitlines()) <= 200
    screen = readme.decode().partition("<!-- answer:claims -->")[0].replace("![", "[")
    assert "[" not in plain(screen)


def test_a_claim_without_planned_contrasts_has_the_verdict_of_the_old_rule(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    whole, front = (
        dict(re.findall(r"^\| (C\d): [^|]* \| ([^|]*) \|", table, re.MULTILINE))
        for table in (answer.claims.claims_table(results, ""), answer.claims.front_claims(results))
    )
    assert whole == front
    old = {claim for claim, words in front.items() if "(old rule)" in words}
    assert old == {"C1", "C4", "C8"}
    assert front["C1"] == "**partly supported**† (old rule)"
    assert front["C4"] == front["C8"] == "**partly supported** (old rule)"
    assert {claim for claim, words in front.items() if "†" in words} == {"C1", "C2"}


def test_a_claim_that_several_studies_plan_has_one_verdict_in_the_index(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    assert answer.claims.planning("C7", results) == ("maps", "lookup")
    (c7,) = (rule for rule in RULES if rule.name == "C7")
    verdict = answer.claims.judged(c7, results).verdict
    index = answer.predictions.index(results)
    for name, others in (("maps", "lookup"), ("lookup", "maps")):
        (line,) = re.findall(rf"^\| \[{name}\].*$", index, re.MULTILINE)
        assert f"**C7 {verdict}** (with {others})" in line
    (line,) = re.findall(r"^\| \[ladder\].*$", index, re.MULTILINE)
    assert "C9" not in line  # its rule is older than the contrasts of twelve_cells


def test_predictions_younger_than_results_are_marked(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    table = answer.predictions.predictions_table(answer.predictions.predictions(results), "")
    marked = re.findall(r"^\| \[(\w+)\]\S* (\d+)†", table, re.MULTILINE)
    young = [("word2vec_vs_attention", str(n)) for n in range(5, 11)]
    young += [("twelve_cells", str(n)) for n in range(1, 6)]
    young += [("literal_case", "1"), *(("value_map", str(n)) for n in range(1, 6))]
    young += [("recipe", "1"), ("lookup", "1"), ("lookup", "2")]
    assert marked == young
    former = re.findall(r"^\| \[(\w+)\]\S* (\d+)†?‡", table, re.MULTILINE)
    assert former == [
        *(("word2vec_vs_attention", n) for n in ("3", "10")),
        *(("ladder", n) for n in ("1", "2", "3", "4", "6")),
        ("order", "4"),
    ]
    assert "5† undecided, 6† holds" in answer.predictions.index(results)


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
            answer.front.front_sentences(
                {**results, "literal_case": replace(case, contrasts=moved)}
            )


def test_the_sentences_on_both_objectives_are_checked_by_planned_contrasts(
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
        answer.front.front_sentences(turned("position_weight", "mean", seeds=4))
    with pytest.raises(ValueError, match="positions help"):
        answer.front.front_sentences(turned("position_weight", "mean", low=0.019))
    with pytest.raises(ValueError, match="attention helps the next word"):
        answer.front.front_sentences(turned("direct_attention", "direct_word_weight", low=0.01))
    maps = results["value_map"]
    alone = maps.contrasts["model_a"] == "next_without_map"
    much = replace(maps, contrasts=altered(maps.contrasts, alone, high=0.03))
    with pytest.raises(ValueError, match="without the map, scores save less than the margin"):
        answer.front.front_sentences({**results, "value_map": much})


def altered(table: pd.DataFrame, where: "pd.Series[bool]", **values: object) -> pd.DataFrame:
    changed = table.copy()
    assert where.any()
    changed.loc[where, [*values]] = [*values.values()]
    return changed


def test_what_is_open_follows_from_the_tables(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    case, cells = results["literal_case"], results["twelve_cells"]

    def still_open(cases: pd.DataFrame) -> str:
        changed = {"literal_case": replace(case, contrasts=cases)}
        return str(answer.front.still_open(results | changed))

    open_case = altered(case.contrasts, case.contrasts["seeds"] > 0, outcome="open")
    clear = altered(case.contrasts, case.contrasts["seeds"] > 0, outcome="differs")
    assert "tuning may help" in still_open(open_case)
    assert "tuning may help" not in still_open(clear)
    plane = results["recipe"]
    one_head = plane.contrasts["model_a"] == "mean_query_attention_position"
    one_head &= (plane.contrasts["model_b"] == "position_weight") & (
        plane.contrasts["claim"] == "loss"
    )
    on_novels = one_head & (plane.contrasts["corpus"] == "novels-4m")
    added = altered_in(plane, one_head, outcome="adds")
    assert "one head" not in answer.front.still_open({**results, "recipe": added})
    left = {**results, "recipe": altered_in(added, on_novels, outcome="open")}
    assert "more than the margin is open on novels." in answer.front.still_open(left)
    maps = results["value_map"]
    both = maps.contrasts["model_b"] == "direct_word_weight_map"
    much = replace(maps, contrasts=altered(maps.contrasts, both, high=0.03))
    assert "also with it" in answer.front.still_open(results)
    assert "also with it" not in answer.front.still_open({**results, "value_map": much})
    pairs = cells.comparisons
    for counts, fact in (
        ("kn_fourgram", "all next-word models beat counted 4-grams"),
        ("kn_two_sided", "counts of both neighbours beat all masked-word models"),
    ):
        counted = (pairs[["model_a", "model_b"]] == counts).any(axis=1)
        equal = replace(cells, comparisons=altered(pairs, counted, low=-0.1, high=0.1))
        with pytest.raises(ValueError, match=fact):
            answer.front.still_open({**results, "twelve_cells": equal})
    near = altered(case.contrasts, case.contrasts["seeds"] > 0, as_trained_high=-0.01)
    assert "Without calibration, it is." in still_open(open_case)
    assert "Without calibration, it is." not in still_open(near)


def test_a_claim_is_marked_by_the_part_of_its_contrasts_that_is_measured(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    cells = results["twelve_cells"]
    next_word = cells.contrasts["task"].str.contains("next_word")

    def mark(seeds: int) -> str:
        table = altered(cells.contrasts, next_word, seeds=seeds)
        studies = results | {"twelve_cells": replace(cells, contrasts=table)}
        (c9,) = (rule for rule in RULES if rule.name == "C9")
        return str(answer.claims.judged(c9, studies).mark)

    assert (mark(0), mark(5)) == (" (masked word only)", "")


def test_a_text_that_decides_nothing_decides_no_claim(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    assert "C9" in {str(claim)[:2] for claim in results["another_text"].contrasts["claim"]}
    assert answer.claims.planning("C9", results) == ("twelve_cells",)
    (line,) = re.findall(
        r"^\| \[another_text\].*$", answer.predictions.index(results), re.MULTILINE
    )
    assert "C9" not in line


def test_little_text_is_a_surprise_where_training_failed_alone(results: dict[str, Results]) -> None:
    another_text, text = importlib.import_module("another_text"), results["another_text"]
    assert "fails with the settings" in another_text.surprise(text)
    of_attention = text.measurements["model"] == another_text.ATTENTION
    well = altered(text.measurements, of_attention, value=1.0)
    with pytest.raises(ValueError, match="it fits training documents worse, too"):
        another_text.surprise(replace(text, measurements=well))


def test_what_a_new_rule_misses_is_said_of_each_claim_without_planned_contrasts(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    table = answer.claims.new_rules(results)
    assert re.findall(r"^\| (C\d) ", table, re.MULTILINE) == ["C1", "C4", "C8"]
    order = results["order"].measurements
    added = order[
        (order["model"] == "attention_position")
        & (order["group"] == "others permuted")
        & (order["statistic"] == "added_loss")
    ]
    (value,) = added["value"]
    assert f"the next-word loss rises by {value:.3f} " in table


def test_the_number_of_a_claim_stands_with_its_interval_in_the_answer_alone(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    for name, shown in answer.claims.one_numbers(results).items():
        assert shown.interval.startswith(shown.value.removesuffix(" nats"))
        assert ("[" in shown.interval) == (name != "C1")
        assert "[" not in shown.value


def test_heads_are_named_where_they_add_on_both_corpora(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    cells, plane = results["twelve_cells"], results["recipe"]
    assert answer.front.heads_add(cells, plane).endswith("four heads more")
    heads = cells.contrasts["model_a"] == "masked_four_heads"
    heads &= cells.contrasts["corpus"] == "novels-4m"
    one_head = plane.contrasts["model_a"] == "mean_query_attention_position"
    one_head &= plane.contrasts["claim"] == "loss"
    for changed in (
        (altered_in(cells, heads, low=0.01), plane),
        (cells, altered_in(plane, one_head, low=-0.01)),
    ):
        with pytest.raises(ValueError, match="one head adds, four heads more"):
            answer.front.heads_add(*changed)
    with pytest.raises(ValueError, match="was compared"):
        answer.front.heads_add(altered_in(cells, heads, seeds=4), plane)


def altered_in(results: Results, where: "pd.Series[bool]", **values: object) -> Results:
    return replace(results, contrasts=altered(results.contrasts, where, **values))


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert [one["name"] for one in citation["authors"]] == [a["name"] for a in project["authors"]]


def test_every_claim_and_every_prediction_has_its_line(
    answer: ModuleType, results: dict[str, Results]
) -> None:
    table = answer.claims.claims_table(results, "")
    assert re.findall(r"^\| (C\d)", table, re.MULTILINE) == [f"C{n}" for n in range(1, 10)]
    for name, result in results.items():
        verdicts = importlib.import_module(name).verdicts(result)
        assert list(answer.predictions.predicted(name)) == list(verdicts)
        assert all(found in ("holds", "fails", "undecided") for found, _ in verdicts.values())


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
    paragraphs = answer.first_edition.paragraphs()
    assert len(paragraphs) == 4
    assert all("(first edition)" in paragraph for paragraph in paragraphs)
    stored = answer.first_edition.comparisons

    def turned(name: str) -> pd.DataFrame:
        table = stored(name).copy()
        if name == study:
            table[["difference", "low", "high"]] = -table[["difference", "high", "low"]].to_numpy()
        return table

    monkeypatch.setattr(answer.first_edition, "comparisons", turned)
    with pytest.raises(ValueError, match=f"no longer say that {sentence}"):
        answer.first_edition.paragraphs()


def test_what_the_first_edition_left_has_the_columns_of_today(answer: ModuleType) -> None:
    paths = sorted(answer.first_edition.FIRST_EDITION.iterdir())
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
