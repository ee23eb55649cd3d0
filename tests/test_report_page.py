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

from wordrel.report import brief, findings, markdown, provenance, queries, svg, text
from wordrel.report.agreement import agreement_figure
from wordrel.report.document import Block, Table, name
from wordrel.report.headline import column_groups, headlines, joined_letters, letters
from wordrel.report.markdown import blocks, inline
from wordrel.report.page import document, report_files, write_pages
from wordrel.report.pairs import comparisons
from wordrel.report.scores import scores_figure
from wordrel.report.terminal import headline_tables
from wordrel.study.results import Results, read_results

GOLDEN = Path(__file__).parent / "golden"


def render(results: Results) -> str:
    """What the page says, as Markdown."""
    return markdown.write(document(results))


def short(results: Results) -> str:
    return markdown.write(brief.document(results))


@pytest.fixture(scope="module")
def results() -> Results:
    return read_results(GOLDEN / "input")


def make_golden() -> None:
    (GOLDEN / "report.md").write_text(short(read_results(GOLDEN / "input")), encoding="utf-8")


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
    assert short(results) == (GOLDEN / "report.md").read_text(encoding="utf-8")


def test_a_report_written_elsewhere_has_the_same_bytes_and_links_to_its_figures(
    results: Results, tmp_path: Path
):
    folder = Path(shutil.copytree(GOLDEN / "input", tmp_path / "study"))
    assert write_pages(folder) == (folder / "report.md", folder / "report.html")
    files = report_files(brief.document(results))
    assert sorted(files) == ["figures/differences-alike.svg", "report.md"]
    for path, content in files.items():
        assert (folder / path).read_bytes() == content.encode()
        assert path == "report.md" or f"]({path})" in (folder / "report.md").read_text()


def test_commands_name_the_config_as_it_was_given_or_the_stored_one(results: Results):
    assert provenance.commands(results) == [
        "wordrel report results/golden",
        "wordrel run results/golden/config.yaml",
        "wordrel reproduce results/golden",
    ]
    given = {"config": "my/study.yaml", "results": "out"}
    told = replace(results, manifest=results.manifest | {"given": given})
    assert provenance.commands(told) == [
        "wordrel report out",
        "wordrel run my/study.yaml",
        "wordrel reproduce out",
    ]


@pytest.mark.parametrize(
    ("given", "run"),
    [
        # settings were changed, or the config lay elsewhere: the stored one is this study
        ({"config": "my out/config.yaml", "results": "my out"}, "'my out/config.yaml' --out"),
        ({"results": "my out"}, "'my out/config.yaml' --out"),
        ({"config": "it's.yaml", "results": "my out"}, """'it'"'"'s.yaml'"""),
    ],
)
def test_commands_can_be_typed_as_they_are_printed(
    results: Results, given: dict[str, str], run: str
):
    told = replace(results, manifest=results.manifest | {"given": given})
    assert provenance.commands(told) == [
        "wordrel report 'my out'",
        f"wordrel run {run} 'my out'" if run.endswith("--out") else f"wordrel run {run}",
        "wordrel reproduce 'my out'",
    ]


def test_letters_name_the_rows_that_a_score_beats(results: Results):
    # by hand from comparisons.csv: skip_gram over attention .024, over mask_query_attention .18
    assert marks(results, "tiny-wiki", "alike") == {
        "random vectors": ["", "", ""],
        "skip-gram": ["ac", "ad", "ad"],
        "attention": ["a", "ad", "ad"],
        "mask-query attention with positions": ["a", "", ""],
    }


def test_lower_is_better_turns_the_letters_round(results: Results):
    lower = replace(
        results,
        summary=results.summary.assign(better="lower"),
        comparisons=results.comparisons.assign(better="lower"),
    )
    assert marks(lower, "tiny-wiki", "alike")["random vectors"] == ["bcd", "bc", "bc"]
    first, _ = findings.contrasts(lower, "novels", "alike")
    assert first.second.model == "mask_query_attention"  # the lower of the two attention models


def test_a_p_of_exactly_five_percent_or_an_empty_one_beats_nothing(results: Results):
    for p in (0.05, float("nan")):
        level = replace(results, comparisons=results.comparisons.assign(p_adjusted=p))
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
    heads = "|  | model | selected embedding | seeds | loss_next<br>nats_per_word ↓ |"
    assert table.startswith(heads)
    assert "\n\n<sup>1</sup> does not predict the next word\n\n" in table


def test_signature_names_what_the_numbers_depend_on(results: Results):
    table = blocks(headlines(results, "novels", "alike")[0])
    assert table.endswith(
        "`corpus:novels@9a8b7c6d5e4f|V:40000|tokens:14000000|tasks:ws353@1,google@2|"
        "measure:spearman,3cosadd,only_b|oov:skip, common items|seeds:2|rng:7|"
        "ci:95% items+seeds|wordrel:0.1.0`"
    )


def test_verdicts_claim_only_what_the_comparisons_show(results: Results):
    def verdicts(of: Results, question: str) -> list[str]:
        return [c.verdict for c in findings.contrasts(of, "novels", question)]

    assert verdicts(results, "alike") == ["equivalent", "better"]
    assert verdicts(results, "fit") == ["one-sided", "one-sided"]
    untested = replace(results, comparisons=results.comparisons.iloc[:0])
    assert verdicts(untested, "alike") == ["inconclusive", "inconclusive"]


def test_a_section_begins_with_how_often_attention_is_ahead(results: Results):
    # by hand from comparisons.csv: google on novels is the only one of four with p_adjusted < .05
    said = (
        "In 0 of 4 contrasts the best attention model is significantly better than the best "
        "word2vec model, and in 1 it is worse. Equivalent: 1; inconclusive: 2."
    )
    assert findings.sentences(results, "alike") == [said]
    for page in (render(results), short(results)):
        assert f"## How similar are two words?\n\n{said}\n\n" in page
    table = findings.families_table(results)
    assert table is not None
    assert [list(row) for row in table.rows] == [
        ["How similar are two words?", "tiny-wiki", "2", "0", "0", "0", "2"],
        ["How similar are two words?", "novels", "2", "0", "1", "1", "0"],
    ]


def test_a_question_that_one_model_answers_begins_with_its_score_and_chance(results: Results):
    assert findings.sentences(results, "fit") == [
        "On tiny-wiki, mask-query attention with positions has the only score on loss_masked: "
        "7.012 [6.951, 7.074] nats_per_word, n 10,000; chance (unigram) is 7.411.",
        "On novels, mask-query attention with positions has the only score on loss_masked: 5.911 "
        "[5.879, 5.944] nats_per_word, n 280,000; chance (unigram) is 6.620.",
    ]


def with_second_loss(results: Results, score: float) -> Results:
    """Attention has a masked-word loss on novels too; the other one's is 5.911."""
    novels = results.summary["corpus"] == "novels"
    first = novels & (results.summary["task"] == "loss_masked") & results.summary["selected"]
    first &= results.summary["model"] == "mask_query_attention"
    second = results.summary[first].assign(
        model="attention", score=score, low=score - 0.01, high=score + 0.01
    )
    return replace(results, summary=pd.concat([results.summary, second], ignore_index=True))


def test_the_best_has_a_competitor_and_is_better_than_chance(results: Results):
    column = next(c for c in queries.columns(results, "novels", "fit") if c.task == "loss_masked")
    assert findings.best(results, "novels", column) is None
    two = with_second_loss(results, 6.2)
    best = findings.best(two, "novels", column)
    assert best is not None and best.model == "mask_query_attention"
    assert findings.sentences(two, "fit")[1] == (
        "On novels, mask-query attention with positions is best on loss_masked: 5.911 [5.879, "
        "5.944] nats_per_word, n 280,000."
    )
    everywhere = two.summary["task"] == "loss_masked"
    low = replace(
        two, summary=two.summary.assign(chance=two.summary["chance"].mask(everywhere, 5.9))
    )
    assert findings.best(low, "novels", column) is None
    assert findings.sentences(low, "fit")[1] == (
        "On novels, no model is better than chance (unigram) on loss_masked, n 280,000."
    )


def test_chance_has_a_name_where_all_tasks_of_a_table_have_the_same(results: Results):
    tables = [b for b in brief.answers(results, "fit") if isinstance(b, Table)]
    assert "chance (unigram)" in str(tables)
    named = results.summary["task"].replace("loss_next", "induction")
    other = replace(results, summary=results.summary.assign(task=named))
    tables = [b for b in brief.answers(other, "fit") if isinstance(b, Table)]
    assert "chance" in str(tables) and "chance (" not in str(tables)
    assert findings.chance_by("fit", "induction") == "chance (another word of the sentence)"


def fit_cells(results: Results) -> str:
    """The line of the masked-word loss on novels."""
    return next(x for x in short(results).splitlines() if x.startswith("| loss_masked | novels"))


def test_one_score_alone_or_one_that_is_worse_than_chance_is_not_bold(results: Results):
    assert "**" not in fit_cells(results)
    assert "| **6.200 [6.190, 6.210]** | **5.911 [5.879, 5.944]** |" in fit_cells(
        with_second_loss(results, 6.2)
    )
    worse = with_second_loss(results, 6.64)  # no comparison says that it is worse
    assert "| *6.640 [6.630, 6.650]* | **5.911" in fit_cells(worse)


def test_random_vectors_are_never_the_best(results: Results):
    where = {"corpus": "novels", "task": "ws353", "model": "random", "selected": True}
    high = changed(results.summary, where, score=0.9, low=0.8, high=1.0)
    with_luck = replace(results, summary=high, comparisons=results.comparisons.iloc[:0])
    assert "| random vectors | −0.021 [−0.118, 0.079] | 0.000" in short(with_luck)
    assert "| 0.900 [0.800, 1.000] |" in short(with_luck)


def test_a_tally_of_families_names_what_the_better_models_have_beside_scores(results: Results):
    where = {"corpus": "novels", "task": "ws353", "model_b": "mask_query_attention"}
    where |= {"model_a": "skip_gram"}
    summary = changed(
        results.summary,
        {"corpus": "novels", "task": "ws353", "model": "mask_query_attention", "selected": True},
        score=0.7,
    )
    pairs = changed(
        results.comparisons, where, difference=-0.15, low=-0.2, high=-0.1, p_adjusted=0.001
    )
    better = replace(results, summary=summary, comparisons=pairs)
    text = findings.sentences(better, "alike")[0]
    assert text.startswith("In 1 of 4 contrasts the best attention model is significantly better")
    assert text.endswith(
        "The better attention model has positions, which word2vec lacks, in 1 of 1 contrast: "
        "mask-query attention with positions (per-word weights, positions)."
    )
    assert "which word2vec lacks" not in findings.sentences(results, "alike")[0]


def test_the_end_of_a_report_tells_training_from_the_last_command(results: Results):
    made = provenance.made(results).text
    assert "Training took 49.9 core-minutes. The command that wrote the tables took 1,234 s" in made
    hours = results.runs.assign(seconds=3_600.0)
    total = f"{len(hours)}.0 core-hours"
    assert f"Training took {total}." in provenance.made(replace(results, runs=hours)).text
    seconds = results.runs.assign(seconds=0.5)
    assert "core-seconds" in provenance.made(replace(results, runs=seconds)).text
    nothing = results.runs.assign(seconds=float("nan"))
    assert "Training" not in provenance.made(replace(results, runs=nothing)).text


def test_files_and_bytes_that_were_not_read_are_said(results: Results):
    said = "other files in its folder were not read"
    assert said not in render(results)
    first, *others = results.manifest["corpora"]
    corpora = [first | {"ignored_files": 1_200, "replaced_bytes": 3}, *others]
    page = render(replace(results, manifest=results.manifest | {"corpora": corpora}))
    assert f"{first['name']}: 1,200 {said}, because of their endings." in page
    assert f"{first['name']}: 3 bytes were not UTF-8 and were replaced." in page


def test_what_is_worse_than_chance_is_said_in_a_sentence_and_marked(results: Results):
    where = {"corpus": "novels", "task": "google", "model": "attention", "selected": True}
    low = changed(results.summary, where, score=0.1, low=0.05, high=0.15, chance=0.2)
    worse = replace(results, summary=low)
    said = "Attention is worse than chance on google (novels)."
    assert findings.sentences(worse, "alike")[1:] == [said]
    assert said in short(worse) and "| *0.100 [0.050, 0.150]* |" in short(worse)
    touching = replace(results, summary=changed(low, where, high=0.2))
    assert len(findings.sentences(touching, "alike")) == 1
    loss = {"corpus": "novels", "task": "loss_masked", "model": "mask_query_attention"}
    lost = replace(results, summary=changed(results.summary, loss, score=9.0, low=8.9, high=9.1))
    assert findings.sentences(lost, "fit")[-1] == (
        "Mask-query attention with positions is worse than chance (unigram) on loss_masked "
        "(novels)."
    )


def test_of_models_worse_than_chance_those_with_a_score_are_counted(
    results: Results, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(findings, "_FEW", 1)
    where = {"corpus": "novels", "task": "google", "selected": True}
    below = changed(results.summary, where, score=0.1, low=0.05, high=0.15, chance=0.2)
    worse = replace(results, summary=below)
    n = len({row.model for row in queries.rows(below, **where)} - {"random"})
    said = f"{n} of {n} models are worse than chance on google (novels)."
    assert findings.sentences(worse, "alike")[-1] == said


def test_a_pair_stored_the_other_way_round_is_turned(results: Results):
    where = {"corpus": "novels", "model_a": "skip_gram", "model_b": "attention"}
    swapped = results.comparisons.copy()
    chosen = (swapped[list(where)] == pd.Series(where)).all(axis=1)
    columns = ["model_a", "model_b", "difference", "low", "high"]
    swapped.loc[chosen, "difference"] *= -1
    swapped.loc[chosen, ["low", "high"]] = -swapped.loc[chosen, ["high", "low"]].to_numpy()
    swapped.loc[chosen, columns[:2]] = ["attention", "skip_gram"]
    turned = replace(results, comparisons=swapped)
    assert findings.sentences(turned, "alike") == findings.sentences(results, "alike")
    assert marks(turned, "novels", "alike") == marks(results, "novels", "alike")


def test_bold_is_the_best_and_what_is_not_significantly_worse(results: Results):
    # by hand from comparisons.csv of novels, google: skip_gram is ahead of all three
    table = short(results).split("## How similar are two words?")[1].split("## ")[0]
    lines = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    bold = {line[0].strip("| "): [cell.startswith("**") for cell in line[1:5]] for line in lines}
    assert bold["skip-gram"] == [True] * 4
    assert bold["random vectors"] == [False] * 4


def test_findings_leave_out_a_baseline_measure(results: Results):
    main = queries.main_columns(results, "novels", "alike")
    assert [c.measure for c in main] == ["spearman", "3cosadd"]


def test_pairs_told_apart_are_bold_and_the_others_are_not(results: Results):
    lines = blocks(comparisons(results, "tiny-wiki", "alike")).splitlines()
    assert lines[0] == "**WordSim-353**, Spearman correlation ↑, n 203, 2 seeds"
    pair = "random vectors (input vectors) | skip-gram (input vectors)"
    assert lines[4].startswith(f"| {pair} | **−0.433**")
    assert "| &lt; 0.001 |" in lines[4]
    assert "| 0.107 | [0.037, 0.177] | 0.030 | 0.180 |" in lines[8]


def test_cost_is_the_mean_over_finished_seeds(results: Results):
    _, cost = render(results).split("## Cost\n")
    table, _ = cost.split("### novels")[1].split("Failed runs:")
    model = "mask-query attention with positions"
    last = f"| {model} | 1 of 2 | 2,010,000 | 70,000,000 | 876.0 | 79,909 | 311 |"
    assert table.strip().splitlines()[-1] == last


def test_names_and_messages_cannot_become_markup(results: Results):
    failed = (
        r"- `novels/mask_query_attention-s2-4f9c21ab07de`: loss is nan at step 120 \| learning "
        r"rate 0.5 \*too high\* &lt;stack&gt;"
    )
    assert f"Failed runs:\n\n{failed}\n\n## Method" in render(results)


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
    assert [(chart.title, chart.line) for chart in figure.charts][:3] == [
        ("WordSim-353", "tiny-wiki"),
        ("WordSim-353", "novels"),
        ("google", "tiny-wiki"),
    ]
    assert len(figure.charts) == 10 and figure.columns == 2
    first, loss = figure.charts[0].spec, figure.charts[6].spec
    assert [(dot["identifier"], dot["score"]) for dot in first["data"]["values"]] == [
        ("random", -0.021),
        ("skip_gram", 0.412),
        ("attention", 0.287),
        ("mask_query_attention", 0.305),
    ]
    *_, dots, silent = loss["layer"]
    assert dots["encoding"]["x"]["title"] == "nats_per_word (lower is better)"
    assert [(row["model"], row["said"]) for row in silent["data"]["values"]] == [
        (model, "no score") for model in ("random vectors", "skip-gram", "attention")
    ]
    assert loss["layer"][0]["data"]["values"] == [{"score": 7.411}]


def test_agreement_figure_shows_seeds_on_the_diagonal_and_pairs_beside_it(results: Results):
    (figure,) = agreement_figure(results)
    rows = figure.charts[1].spec["data"]["values"]
    shown = {row["identifier"]: row["shown"] for row in rows}
    assert shown["skip_gram, skip_gram"] == "0.61"
    assert shown["skip_gram, attention"] == shown["attention, skip_gram"] == "0.31"
    assert shown["skip_gram, mask_query_attention"] == "0.22"
    assert shown["attention, attention"] == "0.52"
    assert "mask_query_attention, mask_query_attention" not in shown  # one seed alone
    assert {row["a"] for row in rows} >= {"skip-gram", "mask-query attention with positions"}


def test_a_figure_is_the_same_svg_each_time_in_the_colours_of_light(results: Results):
    (figure,) = agreement_figure(results)
    drawn = svg.draw(figure)
    assert svg.draw(figure) == drawn
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert "Liberation Sans" in drawn and "var(" not in drawn and "#1a1a1a" in drawn
    for said in ("Shared nearest neighbours", "tiny-wiki", "skip-gram", "0.61"):
        assert f">{said}</text>" in drawn


def test_every_question_has_a_title_of_its_own(results: Results):
    nothing = results.measurements.iloc[:0]
    for question in ("alike", "fit"):
        of_it = results.summary["question"] == question
        summary = results.summary[of_it].assign(question="recall")
        page = render(replace(results, summary=summary, measurements=nothing))
        assert [line for line in page.splitlines() if line.endswith("?")] == [
            "## Does it find a value by its key?",
            "## Which models agree?",
        ]


def test_a_task_without_any_score_stands_in_the_short_report_with_its_reason(results: Results):
    nothing = {"score": float("nan"), "low": float("nan"), "high": float("nan")}
    where = {"corpus": "novels", "task": "ws353"}
    summary = changed(results.summary, where, **nothing, note="no item that all models have")
    page = short(replace(results, summary=summary))
    section = page.split("## Not scored\n\n")[1].split("\n\n## ")[0]
    assert section == "- WordSim-353 on novels: no item that all models have"
    some = changed(results.summary, where | {"model": "skip_gram"}, **nothing, note="none")
    masked = {"corpus": "novels", "task": "loss_masked"}
    both = changed(some, masked, **nothing, note="another objective")
    assert "## Not scored" not in short(replace(results, summary=some))
    assert "loss_masked on novels: another objective" in short(replace(results, summary=both))


def test_the_short_report_says_which_models_agree_or_why_that_is_not_known(results: Results):
    task = {"name": "neighbour_agreement", "kind": "neighbours"} | {"question": "", "measure": ""}
    has_task = replace(results, manifest=results.manifest | {"tasks": [task]})

    def section(shown: Results) -> str:
        return short(shown).split("## Which models agree?\n\n")[1].split("\n\n## ")[0]

    most = "On tiny-wiki, skip-gram and attention share most nearest neighbours: 0.310 ["
    assert most in section(has_task)
    alike = results.summary["question"] == "alike"
    unselected = replace(has_task, summary=results.summary[~alike])
    assert most in section(unselected)  # as without any set of words
    lacking = section(replace(has_task, agreement=results.agreement.iloc[:0]))
    assert "On novels, the neighbours of no two models were compared" in lacking
    assert "On tiny-wiki, the neighbours of no two models were compared" in lacking
    without = replace(results, manifest=results.manifest | {"tasks": []})
    assert "Which models agree" not in short(without)


def test_a_study_without_agreement_or_scores_still_has_a_page(results: Results):
    empty = {name: getattr(results, name).iloc[:0] for name in ("summary", "agreement")}
    bare = replace(results, comparisons=results.comparisons.iloc[:0], **empty)
    files = report_files(brief.document(bare))
    assert list(files) == ["report.md"]
    assert "figures/" not in files["report.md"] and "## Method" in files["report.md"]
    assert "## Cost" in render(bare)


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
