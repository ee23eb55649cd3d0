"""The page of a study of the full size: by hand from the rules of `wide_study`."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from ladder_study import ladder_results, losses
from wide_study import MODELS, wide_results
from wordrel.report import agreement, brief, findings, markdown, pairs, parts, queries
from wordrel.report.document import Table, figures
from wordrel.report.headline import WIDEST, column_groups, headlines
from wordrel.report.markdown import blocks, inline
from wordrel.report.page import document
from wordrel.study.results import Results

TITLES = [
    "How similar are two words?",
    "How strongly does one word relate to another?",
    "Parts of speech and syntax",
    "What does a word mean here?",
    "How well does it predict held-out text?",
    "Which models agree?",
]
QUESTIONS = ["alike", "relate", "syntax", "in_context", "fit"]


def render(results: Results) -> str:
    return markdown.write(document(results))


@pytest.fixture(scope="module")
def results() -> Results:
    return wide_results()


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return render(results)


def section(page: str, title: str) -> str:
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.S | re.M)
    return found


def legend(results: Results) -> str:
    return inline(pairs.legend(results))


def part_tables(*of: Any) -> dict[str, str]:
    return {task: blocks(tables) for task, tables in parts.part_tables(*of).items()}


def measured_tables(*of: Any) -> dict[str, str]:
    return {task: blocks(tables) for task, tables in parts.measurement_tables(*of).items()}


def headline_part(page: str) -> str:
    """Everything above the folded tables: what a reader sees without a click."""
    return re.sub(r"<details>.*?</details>", "", page, flags=re.S)


def test_every_question_has_a_section_that_begins_with_its_sentence(results: Results, page: str):
    titles = re.findall(r"^## (.*)$", page, re.M)
    assert [t for t in titles if t in TITLES] == TITLES
    sentences = [findings.sentences(results, q)[0] for q in QUESTIONS]
    for title, sentence in zip(TITLES, [*sentences, agreement.sentence(results)], strict=True):
        assert sentence.endswith(".")
        assert section(page, title).strip().startswith(inline(sentence))


def test_the_sentence_counts_contrasts_and_turns_with_the_table(results: Results):
    # skip_gram 100 %, mask_query_attention 95 %: more than .02 apart from a level of .42 on;
    # variants such as 3CosMul and development splits do not count
    pair = "the best attention model is significantly better than the best word2vec model"
    alike = findings.sentences(wide_results(("wiki17m",)), "alike")
    assert alike == [
        f"In 0 of 12 contrasts {pair}, and in 6 it is worse. Equivalent: 1; inconclusive: 5."
    ]
    turned = results.comparisons.assign(better="lower")
    lower = replace(results, comparisons=turned, summary=results.summary.assign(better="lower"))
    assert findings.sentences(lower, "alike")[0].startswith("In 24 of 24 contrasts")


def test_development_splits_stand_in_no_table_of_scores(results: Results, page: str):
    chosen = section(page, "How the selected embedding was chosen")
    assert "MEN (development) and SimVerb-3500 (development)" in chosen
    others = page.replace(chosen, "").replace(section(page, "Data"), "")
    assert "(development)" not in others and "_dev" not in others


def test_the_choice_shows_its_score_and_the_next_best_or_the_design(results: Results):
    lines = blocks(pairs.chosen(results, "novels")).splitlines()
    splits = "MEN (development) and SimVerb-3500 (development)"
    alike = f"skip-gram | **input vectors** | {splits} | 0.500 | output vectors 0.490 | 5 |"
    assert f"| How similar are two words? | {alike}" in lines
    designed = "skip-gram | **word vectors without context** | design | – | – | 5 |"
    assert f"| What does a word mean here? | {designed}" in lines
    designed = replace(results, embeddings=results.embeddings.assign(by="design"))
    assert pairs.chosen(designed, "novels") == []


def test_tables_are_no_wider_than_a_page_and_lose_no_column(results: Results):
    for question in QUESTIONS:
        groups = column_groups(results, "wiki17m", question)
        assert max(len(g.columns) for g in groups) <= WIDEST
        columns = [c for g in groups for c in g.columns]
        assert columns == queries.columns(results, "wiki17m", question) or question == "relate"
        assert set(columns) == set(queries.columns(results, "wiki17m", question))


def test_tables_hold_tasks_that_are_asked_in_the_same_way(results: Results):
    alike = column_groups(results, "novels", "alike")
    assert [(g.title, len(g.columns)) for g in alike] == [
        ("pairs", 4),
        ("pairs", 4),
        ("analogies", 3),
        ("analogies", 3),
        ("analogies, categories", 4),
    ]
    relate = column_groups(results, "novels", "relate")
    assert [(g.title, [c.task for c in g.columns]) for g in relate] == [
        (
            "directed pairs",
            ["hyperlex_test", "sp10k_nsubj", "sp10k_dobj", "sp10k_amod", "usf_strength"],
        ),
        (
            "direction, labelled pairs",
            ["hyperlex_direction", "usf_direction", "bless.coord", "bless.hyper"],
        ),
    ]


def test_without_kinds_in_the_manifest_the_measure_sorts(results: Results):
    tasks = [{k: v for k, v in t.items() if k != "kind"} for t in results.manifest["tasks"]]
    older = replace(results, manifest=results.manifest | {"tasks": tasks})
    groups = column_groups(older, "novels", "relate")
    assert [g.title for g in groups] == ["spearman", "accuracy, auc"]


def test_losses_that_different_models_answer_stand_apart(results: Results):
    groups = column_groups(results, "wiki17m", "fit")
    assert [[c.task for c in g.columns] for g in groups] == [
        ["held_out_loss.masked_word"],
        ["held_out_loss.next_word"],
    ]


def test_below_each_column_stand_chance_n_coverage_and_what_is_detectable(results: Results):
    lines = blocks(headlines(results, "wiki17m", "relate")[1]).splitlines()
    assert [line for line in lines if line.startswith("|  | *")] == [
        "|  | *chance* |  |  | 0.500 | 0.500 | 0.500 | 0.500 |",
        "|  | *n* |  |  | 810 of 900 | 7,545 of 8,384 | 3,208 of 3,565 | 1,203 of 1,337 |",
        "|  | *coverage* |  |  | 90% | 90% | 90% | 90% |",
        "|  | *detectable* |  |  | 0.028 | 0.028 | 0.028 | 0.028 |",
    ]
    assert lines[-1].startswith(
        "`corpus:wiki17m@d0|V:50000|tokens:15000000|tasks:hyperlex_direction@d0,usf_direction@d0,"
        "bless.coord@d0,bless.hyper@d0|measure:accuracy,auc|oov:"
    )


def test_what_is_detectable_is_the_median_over_the_pairs(results: Results):
    task = results.comparisons["task"] == "rw"
    spread = results.comparisons.copy()
    n = int((task & (spread["corpus"] == "novels")).sum())
    spread.loc[task & (spread["corpus"] == "novels"), "detectable"] = [
        0.001 * i**2 for i in range(n)
    ]
    found = blocks(headlines(replace(results, comparisons=spread), "novels", "alike")[1])
    assert n == 21
    (line,) = (line for line in found.splitlines() if "*detectable*" in line)
    assert line.split(" | ")[5] == "0.100"


def test_every_line_names_the_selected_embedding(results: Results):
    found = headlines(results, "wiki17m", "relate")[0]
    (table,) = (block for block in found if isinstance(block, Table))
    assert [inline(view) for _, _, view, *_ in table.rows] == [
        *("cosine", "PMI", "input · output", "input · output", *["query · key"] * 3)
    ]
    assert "| e | attention | query · key | 5 |" in blocks(found)


def test_parts_are_folded_and_never_headline_columns(results: Results, page: str):
    assert "capital" not in headline_part(page)
    assert all(".capital" not in c.task for c in queries.columns(results, "novels", "alike"))
    tables = part_tables(results, "wiki17m", "alike")
    assert list(tables) == ["google_analogies"]
    head, _, *body = tables["google_analogies"].splitlines()
    models = ("random vectors", "PPMI-SVD", "skip-gram")
    columns = " | ".join(f"{model}<br>input vectors" for model in models)
    assert head.startswith(f"| part | measure | {columns}")
    assert [line.split(" | ")[0] for line in body] == ["| capital", "| family", "| plural"]
    assert body[0].split(" | ")[4] == "0.38 [0.35, 0.41]"
    assert body[0].endswith(" | 0.000 | 50 |")


def test_a_part_that_was_asked_of_another_embedding_alone_is_shown_with_that_embedding(
    results: Results,
):
    head, _, first, *_ = part_tables(results, "wiki17m", "alike")["google_analogies"].splitlines()
    place = head.split(" | ").index("attention<br>value vectors")
    assert first.split(" | ")[place] == "0.27 [0.24, 0.30]"


def test_measurements_are_folded_in_the_selected_embedding(results: Results):
    (body,) = measured_tables(results, "novels", "syntax").values()
    lines = body.splitlines()
    heads = "| mean (standard deviations) | random vectors<br>cosine | PPMI-SVD<br>PMI |"
    assert lines[0].startswith(heads)
    assert lines[2].startswith("| NOUN&gt;VERB | 0.00 [−0.02, 0.02] | 0.10 [0.08, 0.12] |")
    assert "| mean |" not in body  # not comparable between models where it is also standardised


def test_the_only_embedding_is_shown_where_none_is_selected_and_nothing_of_development(
    results: Results,
):
    tables = measured_tables(results, "novels", "in_context")
    assert list(tables) == ["sense_shift"]
    assert tables["sense_shift"].splitlines()[0] == (
        "| mean distance (words) | CBOW<br>state in context | attention<br>state in context | n |"
    )
    assert "| 0.12 [0.10, 0.15] | 0.12 [0.10, 0.15] | 400 to 5,000 |" in tables["sense_shift"]


def test_embeddings_that_measure_other_things_have_tables_of_their_own(results: Results):
    """One embedding need not speak for the others where no two tell of the same thing."""
    moved = results.measurements[results.measurements["task"] == "sense_shift"]
    turned = moved[moved["model"] == "cbow"].assign(embedding="turned", group="all")
    every = pd.concat([results.measurements, turned], ignore_index=True)
    tables = measured_tables(replace(results, measurements=every), "novels", "in_context")
    whole, other = tables["sense_shift"].split("\n\n")
    assert whole == measured_tables(results, "novels", "in_context")["sense_shift"]
    assert other.splitlines()[0] == "| mean distance (words) | CBOW<br>turned | n |"
    assert other.splitlines()[2].startswith("| all | 0.12 [0.10, 0.15] | ")
    same = pd.concat([every, turned.assign(embedding="third")], ignore_index=True)
    tables = measured_tables(replace(results, measurements=same), "novels", "in_context")
    head = "| mean distance (words) | attention<br>state in context | n |"
    assert tables["sense_shift"].splitlines()[0] == head


def test_every_pair_stands_with_its_interval_and_p_however_many_they_are(results: Results):
    body = blocks(pairs.comparisons(results, "wiki17m", "alike"))
    assert body.count("| a | b | a − b | interval |") == len(
        queries.columns(results, "wiki17m", "alike")
    )
    assert body.count("\n| random vectors (") > 60 and "at a glance" not in body


def test_comparisons_show_steiger_beside_p_and_what_is_equal(results: Results):
    body = blocks(pairs.comparisons(results, "wiki17m", "alike"))
    rare = body.split("**rare words (RW)**")[1].split("**SimVerb-3500**")[0]
    assert "| a | b | a − b | interval | p | p (adjusted) | p (Steiger) | equal? |" in rare
    both = "attention (value vectors) | attention with positions (value vectors)"
    assert f"| {both} | −0.016 | [−0.036, 0.004] | 0.300 | 1.000 | 0.150 | – |" in rare
    verbs = body.split("**SimVerb-3500**")[1].split("**MTurk-287**")[0]
    assert "| 0.300 | 1.000 | 0.150 | equal within .03 |" in verbs
    google = body.split("**Google analogies**")[1].split("**Google analogies: 3")[0]
    assert "Steiger" not in google


def test_the_rule_of_equality_is_stated_where_it_is_used(results: Results):
    assert "*Equal within .03*: two one-sided tests (TOST)" in legend(results)
    assert "at 0.05, unadjusted" in legend(results)
    statistics = {k: v for k, v in results.manifest["statistics"].items() if k != "margin"}
    silent = replace(results, manifest=results.manifest | {"statistics": statistics})
    assert "*Equal*: two one-sided" in legend(silent)
    untested = results.comparisons.assign(p_steiger=float("nan"), p_equivalence=float("nan"))
    assert legend(replace(results, comparisons=untested)) == (
        "These comparisons are exploratory and decide nothing. Bold: significantly different "
        "(adjusted p < 0.05, and an interval without 0). a − b has the units of "
        "the score."
    )


def test_exploratory_views_are_folded_beside_the_primary_one(results: Results, page: str):
    body = blocks(pairs.embeddings(results, "wiki17m", "relate"))
    assert "| attention | **query · key** (selected) | 0.119 [0.089, 0.149] |" in body
    assert "| attention | value · output | 0.109 [0.079, 0.139] |" in body
    assert (
        "value · output"
        not in headline_part(section(page, TITLES[1])).replace("![", "<").split("### ")[1]
    )


def test_agreement_has_its_other_measures_in_the_folded_tables(results: Results):
    lines = blocks(agreement.agreement_table(results, "wiki17m", "models")).splitlines()
    heads = "| a | b | shared nearest words | rank correlation of cosines | CKA | chance (overlap)"
    assert lines[0].startswith(heads)
    two = "| skip-gram (input vectors) | CBOW (input vectors) |"
    assert f"{two} 0.500 [0.490, 0.510] | 0.700 [0.690" in lines[13]
    assert inline(agreement.sentence(wide_results(("novels",)))) == (
        "On novels, random vectors and PPMI-SVD share most nearest neighbours: 0.520 [0.510, "
        "0.530], of 21 pairs of models. Two seeds of one model share 0.600 (random vectors) and "
        "0.590 (PPMI-SVD)."
    )
    main = results.agreement[results.agreement["measure"] == "overlap"]
    lifts = main.assign(measure="lift_correlation", n_items=5000, chance=0.0)
    both = replace(results, agreement=pd.concat([main, lifts], ignore_index=True))
    first, second = agreement.agreement_table(both, "wiki17m", "models")
    assert (first.heads[-2], second.heads[-2]) == ("words", "pairs of words")
    assert second.rows[0][-2] == "5,000"
    cka = results.agreement[results.agreement["measure"] == "cka"]
    assert agreement.sentence(replace(results, agreement=cka)) == ""


def test_the_report_is_short_and_has_one_table_a_question(results: Results):
    short = markdown.write(brief.document(results))
    assert len(short.splitlines()) < 200
    for title in TITLES[:-1]:
        assert len(re.findall(r"^\| :--", section(short, title), re.M)) == 1
    alike = section(short, TITLES[0])
    lines = [line for line in alike.splitlines() if line.startswith("| ")]
    assert len(lines) == 2 + 24  # twelve tasks on two corpora, by seven models
    assert lines[0].startswith("| task | corpus | measure | random vectors | PPMI-SVD | skip-gram")


def test_every_figure_is_shown_with_words_and_every_image_is_there():
    results = wide_results(("wiki17m",))
    shown = figures(document(results))
    images = re.findall(r"!\[(.+?)\]\((figures/[^)]+)\)", render(results))
    assert [path for _, path in images] == [one.path for one in shown]
    assert [f.name for f in figures(brief.document(results))] == ["differences-alike"]
    assert all(one.charts for one in shown)
    assert [one.name for one in shown] == [
        "differences-alike",  # on the card
        "differences-alike",
        "differences-relate",
        "direction-relate",
        "differences-syntax",
        "parts_of_speech-wiki17m",
        "differences-in_context",
        "differences-fit",
        "agreement",
    ]


def test_a_study_without_the_new_tables_has_no_empty_sections():
    page = render(ladder_results(losses()))
    for absent in (
        "How the selected embedding was chosen",
        "Steiger",
        "*detectable*",
        "figures/diff",
    ):
        assert absent not in page
    titles = re.findall(r"^## .*$|^### .*$", page, re.M)
    for first, second in re.findall(r"^(##+ .*)\n\n(##+ .*)$", page, re.M):
        assert second.startswith("###") and not first.startswith("###"), (first, second)
    assert "## How similar are two words?" in titles


def test_a_question_that_is_only_measured_has_a_section(results: Results):
    scored = results.summary[results.summary["question"] != "syntax"]
    measured = replace(
        results,
        summary=scored,
        comparisons=results.comparisons[results.comparisons["question"] != "syntax"],
    )
    assert queries.questions(measured)[-1] == "syntax"
    found = section(render(measured), "Parts of speech and syntax")
    assert "figures/parts_of_speech-novels.svg" in found
    assert "noun-verb over verb-article pairs (UD), measured" in found


def test_a_question_that_only_development_splits_ask_has_no_section(results: Results):
    dev = results.summary.assign(split="dev")
    measured = replace(results, summary=dev, measurements=results.measurements.iloc[:0])
    assert queries.questions(measured) == []
    short = markdown.write(brief.document(measured))
    assert "## How" not in short and "## Method" in short


def test_rows_are_found_by_all_their_keys(results: Results):
    column = queries.columns(results, "novels", "alike")[0]
    found = queries.answers(results, "novels", column)
    assert list(found) == list(MODELS)
    assert {(r.corpus, r.task, r.selected) for r in found.values()} == {("novels", "ws353", True)}
    assert len(queries.pairs(results, "novels", column)) == 21
    other = replace(results, comparisons=pd.DataFrame(columns=results.comparisons.columns))
    assert queries.pairs(other, "novels", column) == []
