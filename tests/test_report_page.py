"""The golden page: after a wanted change, look at the new one and store it with `make_golden`."""

import io
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from rich.console import Console

from wordrel.report import findings, markdown, queries, svg, text
from wordrel.report.agreement import agreement_figure
from wordrel.report.document import Block, Table, name
from wordrel.report.findings import title
from wordrel.report.headline import column_groups, headlines, joined_letters, letters
from wordrel.report.markdown import blocks, inline
from wordrel.report.page import document, report_files, write_pages
from wordrel.report.pairs import comparisons
from wordrel.report.scores import scores_figure
from wordrel.report.terminal import headline_tables
from wordrel.study.results import Results, read_results

GOLDEN = Path(__file__).parent / "golden"


def render(results: Results) -> str:
    return markdown.write(document(results))


@pytest.fixture(scope="module")
def results() -> Results:
    return read_results(GOLDEN / "input")


def make_golden() -> None:
    (GOLDEN / "report.md").write_text(render(read_results(GOLDEN / "input")), encoding="utf-8")


def changed(table: pd.DataFrame, where: dict[str, object], **values: object) -> pd.DataFrame:
    table = table.copy()
    chosen = pd.Series(True, index=table.index)
    for column, value in where.items():
        chosen &= table[column] == value
    assert chosen.any()
    for column, new in values.items():
        table.loc[chosen, column] = new
    return table


def shown(found: Sequence[Block]) -> list[list[str]]:
    """The lines of the only table of these blocks, as Markdown."""
    (table,) = (block for block in found if isinstance(block, Table))
    return [[inline(cell) for cell in row] for row in table.rows]


def foot(found: Sequence[Block]) -> dict[str, list[str]]:
    """The last lines of the only table of these blocks, without their empty cells."""
    (table,) = (block for block in found if isinstance(block, Table))
    return {inline(name).strip("*"): list(cells) for _, name, _, _, *cells in table.foot}


def marks(results: Results, corpus: str, question: str, place: int = 0) -> dict[str, list[str]]:
    return {
        model: [re.sub(r"^.*?(<sup>(\D*)</sup>)?$", r"\2", cell) for cell in cells]
        for _, model, _, _, *cells in shown(headlines(results, corpus, question)[place])
    }


def test_page_is_the_golden_page(results: Results):
    assert render(results) == (GOLDEN / "report.md").read_text(encoding="utf-8")


def test_a_report_written_elsewhere_has_the_same_bytes_and_links_to_its_figures(
    results: Results, tmp_path: Path
):
    folder = Path(shutil.copytree(GOLDEN / "input", tmp_path / "study"))
    assert write_pages(folder) == (folder / "report.md", folder / "report.html")
    files = report_files(document(results))
    figures_there = ("agreement", "differences-alike", "scores")
    assert sorted(files) == [*(f"figures/{name}.svg" for name in figures_there), "report.md"]
    for path, content in files.items():
        assert (folder / path).read_bytes() == content.encode()
        assert path == "report.md" or f"]({path})" in (folder / "report.md").read_text()


def test_letters_name_the_rows_that_a_score_beats(results: Results):
    # by hand from comparisons.csv: skip_gram over attention .024, over mask_query_attention .18
    assert marks(results, "tiny-wiki", "alike") == {
        "random": ["", "", ""],
        "skip_gram": ["ac", "ad", "ad"],
        "attention": ["a", "ad", "ad"],
        "mask_query_attention": ["a", "", ""],
    }


def test_lower_is_better_turns_the_letters_round(results: Results):
    lower = replace(
        results,
        summary=results.summary.assign(better="lower"),
        comparisons=results.comparisons.assign(better="lower"),
    )
    assert marks(lower, "tiny-wiki", "alike")["random"] == ["bcd", "bc", "bc"]
    assert inline(findings.details(lower, "novels", "alike")[0]).startswith(
        "**ws353** (spearman, lower is better): lowest is random, 0.034 [−0.066, 0.131], "
        "an interval that includes chance (0.000)."
    )


def test_a_p_of_exactly_five_percent_or_an_empty_one_beats_nothing(results: Results):
    for p in (0.05, float("nan")):
        level = replace(results, comparisons=results.comparisons.assign(p_holm=p))
        assert {m for line in marks(level, "novels", "alike").values() for m in line} == {""}


def test_comparisons_of_other_embeddings_give_no_letters(results: Results):
    other = replace(results, comparisons=results.comparisons.assign(embedding_a="value"))
    assert {m for line in marks(other, "novels", "alike").values() for m in line} == {""}


def test_the_28th_line_is_ab_and_long_letters_are_kept_apart():
    assert letters(28)[24:] == ["y", "z", "aa", "ab"]
    assert joined_letters(["a", "b"]) == "ab"
    assert joined_letters(["a", "ab"]) == "a,ab"


def test_masked_and_next_word_losses_stand_in_separate_tables(results: Results):
    tables = headlines(results, "novels", "fit")
    groups = column_groups(results, "novels", "fit")
    assert [[c.task for c in g.columns] for g in groups] == [["loss_masked"], ["loss_next"]]
    cells = [row[4] for row in shown(tables[0])]
    assert cells == [*["–<sup>1</sup>"] * 3, "5.911 [5.879, 5.944]"]
    assert "\n\n<sup>1</sup> does not predict a masked word\n\n" in blocks(tables[0])
    assert foot(tables[0])["chance (unigram)"] == ["6.620"]
    assert foot(tables[0])["n"] == ["280,000 of 280,000"]


def test_a_model_without_a_finished_cell_says_why(results: Results):
    where = {"corpus": "novels", "model": "mask_query_attention"}
    runs = changed(results.runs, where, status="failed", message="loss is inf")
    gone = (results.summary[list(where)] == pd.Series(where)).all(axis=1)
    failed = replace(results, runs=runs, summary=results.summary[~gone])
    table = headlines(failed, "novels", "alike")[0]
    assert "\n\n<sup>1</sup> failed: loss is inf\n\n" in blocks(table)
    assert shown(table)[3][3:] == ["–", *["–<sup>1</sup>"] * 3]


def test_a_row_without_measure_still_gives_the_note(results: Results):
    where = {"corpus": "novels", "task": "loss_next", "model": "random"}
    blank = replace(results, summary=changed(results.summary, where, measure="", selected=False))
    table = blocks(headlines(blank, "novels", "fit")[1])
    assert table.startswith(
        "|  | model | selected embedding | seeds | loss_next<br>nats_per_word ↓ |"
    )
    assert "\n\n<sup>1</sup> does not predict the next word\n\n" in table


def test_signature_names_what_the_numbers_depend_on(results: Results):
    table = blocks(headlines(results, "novels", "alike")[0])
    assert table.endswith(
        "`corpus:novels@9a8b7c6d5e4f|V:40000|tokens:14000000|tasks:ws353@1,google@2|"
        "measure:spearman,3cosadd,only_b|oov:skip, common items|seeds:2|boot:2000|rng:7|"
        "ci:95% items+seeds|wordrel:0.1.0`"
    )


def test_lead_sentence_claims_only_what_the_comparisons_show(results: Results):
    assert findings.lead(results, "novels", "alike") == (
        "On novels, word2vec is distinguishably better on google; neither is distinguishably "
        "better on ws353."
    )
    assert findings.lead(results, "novels", "fit") == (
        "On novels, there is no comparison on loss_masked and loss_next, which only one family or "
        "neither answers."
    )
    untested = replace(results, comparisons=results.comparisons.iloc[:0])
    assert "word2vec is" not in findings.lead(untested, "novels", "alike")
    details = findings.details(untested, "novels", "alike")
    assert "skip_gram − attention was not tested." in details[1]


def test_a_section_begins_with_how_often_the_families_are_told_apart(results: Results):
    # by hand from comparisons.csv: google on novels is the only one of four with p_holm < .05
    assert findings.sentence(results, "alike") == (
        "The best word2vec and the best attention model are told apart on tiny-wiki on none of 2 "
        "tasks, the widest gap being that on ws353 (skip_gram − mask_query_attention = 0.107 "
        "[0.037, "
        "0.177] spearman, n 203); on novels on 1 of 2 tasks (word2vec better on 1), most clearly "
        "on google (skip_gram − attention = 0.075 [0.061, 0.089] 3cosadd, n 4,120)."
    )
    page = render(results)
    for question in ("alike", "fit"):
        head = f"## {title(question)}\n\n{findings.sentence(results, question)}\n\n"
        assert head in page


def test_a_question_that_one_family_answers_begins_with_who_is_in_front(results: Results):
    assert findings.sentence(results, "fit") == (
        "On tiny-wiki, mask_query_attention has the lowest nats_per_word on loss_masked, 7.012 "
        "[6.951, "
        "7.074] (n 10,000); on novels, mask_query_attention has the lowest nats_per_word on "
        "loss_masked, 5.911 [5.879, 5.944] (n 280,000)."
    )


def test_a_pair_stored_the_other_way_round_is_turned(results: Results):
    where = {"corpus": "novels", "model_a": "skip_gram", "model_b": "attention"}
    swapped = results.comparisons.copy()
    chosen = (swapped[list(where)] == pd.Series(where)).all(axis=1)
    columns = ["model_a", "model_b", "difference", "low", "high"]
    swapped.loc[chosen, "difference"] *= -1
    swapped.loc[chosen, ["low", "high"]] = -swapped.loc[chosen, ["high", "low"]].to_numpy()
    swapped.loc[chosen, columns[:2]] = ["attention", "skip_gram"]
    turned = replace(results, comparisons=swapped)
    told = [findings.details(one, "novels", "alike") for one in (turned, results)]
    assert told[0] == told[1]
    assert findings.sentence(turned, "alike") == findings.sentence(results, "alike")
    assert marks(turned, "novels", "alike") == marks(results, "novels", "alike")


def test_findings_leave_out_a_baseline_measure(results: Results):
    main = queries.main_columns(results, "novels", "alike")
    assert [c.measure for c in main] == ["spearman", "3cosadd"]


def test_pairs_told_apart_are_bold_and_the_others_are_not(results: Results):
    lines = blocks(comparisons(results, "tiny-wiki", "alike")).splitlines()
    assert lines[0] == "**ws353**, spearman ↑, n 203, 2 seeds"
    assert lines[4].startswith("| random (input) | skip_gram (input) | **−0.433**")
    assert "| &lt; 0.001 |" in lines[4]
    assert "| 0.107 | [0.037, 0.177] | 0.030 | 0.180 |" in lines[8]


def test_cost_is_the_mean_over_finished_seeds(results: Results):
    _, cost = render(results).split("## Cost\n")
    table, _ = cost.split("### novels")[1].split("Failed cells:")
    last = "| mask_query_attention | 1 of 2 | 2,010,000 | 70,000,000 | 876.0 | 79,909 | 311 |"
    assert table.strip().splitlines()[-1] == last


def test_names_and_messages_cannot_become_markup(results: Results):
    failed = (
        r"- `novels/mask_query_attention-s2-4f9c21ab07de`: loss is nan at step 120 \| learning "
        r"rate 0.5 \*too high\* &lt;stack&gt;"
    )
    assert f"Failed cells:\n\n{failed}\n\n## Method" in render(results)


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("skip_gram", "skip_gram"),
        ("_own_ a_", r"\_own\_ a\_"),
        (
            "a|b\n*c* [d](e) `f` $g$ ~~h~~ \\",
            r"a\|b \*c\* \[d\](e) \`f\` \$g\$ \~\~h\~\~ " + "\\\\",
        ),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("# title", r"\# title"),
        ("1. item", r"1\. item"),
        ("0.412 of 1", "0.412 of 1"),
        ("- item", r"\- item"),
        ("-0.5", "-0.5"),
    ],
)
def test_escaped_text_shows_as_it_is(plain: str, shown: str):
    assert text.escape(plain) == shown
    assert inline(f"{name(plain)} 1") == f"{shown} 1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-0.0213, "−0.021"), (-0.0001, "0.000"), (7.0, "7.000"), (float("nan"), "–"), (pd.NA, "–")],
)
def test_numbers_have_a_true_minus_and_no_minus_zero(value: float, shown: str):
    assert text.number(value) == shown


def test_small_numbers_of_other_kinds_read_well():
    assert [text.small(v) for v in (0.0, 1 / 8000, 0.00125)] == ["0.000", "0.0001", "0.001"]
    assert [text.p_value(p) for p in (0.0005, 0.0123, 1.0)] == ["< 0.001", "0.012", "1.000"]
    assert [text.percent(s) for s in (0.95, 0.975, 0.29)] == ["95%", "97.5%", "29%"]
    assert text.code("a`b") == "`` a`b ``"
    assert [text.listed(n) for n in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_scores_figure_has_a_panel_a_column_and_corpus_with_dots_at_the_scores(results: Results):
    (figure,) = scores_figure(results)
    assert [chart.title for chart in figure.charts][:3] == [
        "ws353 · tiny-wiki",
        "ws353 · novels",
        "google · tiny-wiki",
    ]
    assert len(figure.charts) == 10
    first, loss = figure.charts[0].spec, figure.charts[6].spec
    assert [(dot["model"], dot["score"]) for dot in first["data"]["values"]] == [
        ("random", -0.021),
        ("skip_gram", 0.412),
        ("attention", 0.287),
        ("mask_query_attention", 0.305),
    ]
    *_, dots, silent = loss["layer"]
    assert dots["encoding"]["x"]["title"] == "nats_per_word (lower is better)"
    assert silent["data"]["values"] == [
        {"model": model, "said": "no answer"} for model in ("random", "skip_gram", "attention")
    ]
    assert loss["layer"][0]["data"]["values"] == [{"score": 7.411}]


def test_agreement_figure_shows_seeds_on_the_diagonal_and_pairs_beside_it(results: Results):
    (figure,) = agreement_figure(results)
    rows = figure.charts[1].spec["data"]["values"]
    shown = {(row["a"], row["b"]): row["shown"] for row in rows}
    assert shown["skip_gram", "skip_gram"] == "0.61"
    assert shown["skip_gram", "attention"] == shown["attention", "skip_gram"] == "0.31"
    assert shown["skip_gram", "mask_query_attention"] == "0.22"
    assert shown["attention", "attention"] == "0.52"
    assert ("mask_query_attention", "mask_query_attention") not in shown  # one seed alone


def test_a_figure_is_the_same_svg_each_time_in_the_colours_of_light(results: Results):
    (figure,) = agreement_figure(results)
    drawn = svg.draw(figure)
    assert svg.draw(figure) == drawn
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert "Liberation Sans" in drawn and "var(" not in drawn and "#1a1a1a" in drawn
    for said in ("tiny-wiki · shared nearest neighbours", "mask_query_attention", "0.61"):
        assert f">{said}</text>" in drawn


def test_every_question_has_a_title_of_its_own(results: Results):
    nothing = results.measurements.iloc[:0]
    for question in ("alike", "fit"):
        of_it = results.summary["question"] == question
        summary = results.summary[of_it].assign(question="recall")
        page = render(replace(results, summary=summary, measurements=nothing))
        assert [line for line in page.splitlines() if line.endswith("?")] == [
            "## Does it look things up?",
            "## Which models agree?",
        ]


def test_a_study_without_agreement_or_scores_still_has_a_page(results: Results):
    empty = {name: getattr(results, name).iloc[:0] for name in ("summary", "agreement")}
    bare = replace(results, comparisons=results.comparisons.iloc[:0], **empty)
    files = report_files(document(bare))
    assert list(files) == ["report.md"]
    assert "figures/" not in files["report.md"]
    assert "Nothing was scored." in files["report.md"]


def test_terminal_shows_the_headline_tables_with_letters_and_notes(results: Results):
    out = io.StringIO()
    console = Console(file=out, width=150, color_system=None)
    tables = headline_tables(results)
    assert len(tables) == 6
    console.print(tables[0], tables[1])
    shown = out.getvalue()
    (line,) = [line for line in shown.splitlines() if line.split()[:2] == ["b", "skip_gram"]][:1]
    assert line.split()[2:8] == ["input", "2", "0.412", "[0.331,", "0.488]", "ac"]
    assert "\n1 does not predict a masked word\n" in re.sub(" +\n", "\n", shown)


def test_a_task_that_was_left_out_is_named_with_the_reason(results: Results):
    manifest = results.manifest | {"skipped": {"rw": "found no rw.txt in <b>"}}
    page = render(replace(results, manifest=manifest))
    told = "Left out, since it was not there when the study ran: rw (found no rw.txt in &lt;b&gt;)."
    assert told in page
    assert "Left out" not in render(results)
