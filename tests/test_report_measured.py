"""What the page shows of a model's inside and of growing text: panels, curves, words, charts."""

import json
import re
from dataclasses import replace
from typing import Any

import altair
import pandas as pd
import pytest

from measured_study import ORDERS, SAMPLES, SPEECH, measured_results
from wide_study import TASKS, wide_results
from wordrel.report import curves, markdown, measured, svg
from wordrel.report.document import Figure, Fold, figures
from wordrel.report.page import document, render
from wordrel.study.results import Results

MODELS = ("ppmi_svd", "skip_gram", "cbow", "attention", "attention_position", "masked_attention")
OFFSETS, FREQUENCY, ORDER, ROLES = measured.THEMES


@pytest.fixture(scope="module")
def results() -> Results:
    return measured_results()


def figure(results: Results, question: str, start: str) -> Figure:
    (found,) = [f for f in measured.figures(results, question) if f.caption.startswith(start)]
    return found


def drawn(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The table of a chart, after Vega-Lite took its specification."""
    plain = json.loads(re.sub(r"var\(--\w+\)", "#123456", json.dumps(spec)))
    altair.Chart.from_dict(plain)
    return list(spec["data"]["values"])


def test_offsets_are_sorted_by_number_and_each_model_keeps_to_its_own(results: Results):
    score, weight = measured.panels(results, "fit", OFFSETS)
    both = ("-5", "-4", "-3", "-2", "-1", "+1", "+2", "+3", "+4", "+5")
    assert score.places == weight.places == both
    assert list(score.values) == ["attention_position", "masked_attention"]  # the study's order
    assert set(score.values["attention_position"]) == set(both[:5])
    assert set(score.values["masked_attention"]) == set(both)
    assert score.values["masked_attention"]["-1"].value == 0.5
    assert weight.values["masked_attention"]["-1"].value == pytest.approx(0.17)


def test_offsets_are_drawn_as_lines_that_do_not_cross_zero(results: Results):
    found = figure(results, "fit", "What a model has learned of distance")
    assert [chart.title for chart in found.charts] == [
        "wiki17m · learned score of an offset",
        "wiki17m · mean attention by offset",
    ]
    rows = drawn(found.charts[0].spec)
    assert {(r["side"], r["place"] > 0) for r in rows} == {("before", False), ("after", True)}
    of_next = [r for r in rows if r["model"] == "attention_position"]
    assert {r["place"]: r["value"] for r in of_next}[-5] == -0.25
    assert len(of_next) == 5 and len(rows) == 15
    layers = found.charts[0].spec["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["rule", "area", "line", "point"]
    assert all(layer["encoding"]["detail"]["field"] == "side" for layer in layers[1:])


def test_figures_are_said_in_words_and_in_a_table_of_every_value(results: Results):
    found = figure(results, "fit", "What a model has learned of distance")
    said = (
        "wiki17m, learned score of an offset: attention_position highest at −1 (0.250), lowest "
        "at −5 (−0.250); masked_attention highest at −1 (0.500), lowest at −5 (−0.500)."
    )
    assert found.words.startswith(said)
    first, second = found.tables
    assert [markdown.inline(cell) for cell in first.rows[4]] == [
        *("-1", "0.250 [0.200, 0.300]", "0.500 [0.450, 0.550]", "400"),
    ]
    assert first.rows[5][1] == "–"  # a next-word model has no offset +1
    assert len(first.rows) == len(second.rows) == 10


def test_word_weights_go_from_the_most_frequent_tenth_to_the_rarest(results: Results):
    score, weight = measured.panels(results, "fit", FREQUENCY)
    assert score.places == weight.places == tuple(map(str, range(1, 11)))
    found = figure(results, "fit", "What a model has learned of words")
    rows = drawn(found.charts[1].spec)
    assert [r["value"] for r in rows] == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4]
    assert found.charts[1].spec["layer"][0]["data"]["values"] == [{"value": 1.0}]


def test_another_view_of_the_same_groups_is_not_drawn(results: Results):
    table = results.measurements
    words = table[table["view"] == "words"].assign(model="cbow", view="elsewhere", value=9.0)
    more = replace(results, measurements=pd.concat([table, words]))
    score, _ = measured.panels(more, "fit", FREQUENCY)
    assert list(score.values) == ["masked_attention"]


def test_order_is_a_dot_a_model_in_the_order_of_the_table(results: Results):
    moved, panel = measured.panels(results, "fit", ORDER)
    assert moved.places == ORDERS
    assert panel.places == ORDERS and set(panel.values) == {
        *("cbow", "attention_position", "masked_attention"),
    }
    rows = drawn(figure(results, "fit", "What another order").charts[1].spec)
    assert {r["value"] for r in rows if r["model"] == "cbow"} == {0.0}
    assert {r["value"] for r in rows if r["place"] == "all permuted"} == {0.0, 0.4}
    said = measured.panels_words([panel])
    assert (
        "order: cbow 0.000 everywhere; attention_position highest for all permuted (0.400)" in said
    )


def test_roles_show_who_asks_who_is_attended_and_what_an_exchange_costs(results: Results):
    keys, attended, exchanged = measured.panels(results, "fit", ROLES)
    assert keys.places == attended.places == SPEECH
    assert exchanged.places == ("all",)
    charts = figure(results, "fit", "Attention by part of speech").charts
    assert [len(drawn(chart.spec)) for chart in charts] == [4, 4, 1]
    assert drawn(charts[2].spec)[0]["value"] == 1.25


def test_a_primary_view_goes_before_another_one(results: Results):
    table = results.measurements
    rows = table[(table["task"] == "word_order") & (table["statistic"] == "moved")]
    other = rows.assign(view="other", value=9.0)
    first = replace(results, measurements=pd.concat([other, rows]))
    chosen = replace(first, measurements=first.measurements.assign(primary=lambda t: t.value < 9))
    seen = [
        {r.view for of in measured.panels(r_, "fit", ORDER)[0].values.values() for r in of.values()}
        for r_ in (first, chosen)
    ]
    assert seen == [{"other"}, {"context"}]


def test_nothing_is_drawn_where_nothing_was_measured():
    wide = wide_results(("wiki17m",))
    for theme in measured.THEMES:
        assert all(not measured.panels(wide, question, theme) for question in TASKS)
    assert curves.curves(wide) == curves.sections(wide) == []


def test_curves_hold_every_task_that_counts_on_every_sample(results: Results):
    found = {curve.column.task: curve for curve in curves.curves(results)}
    assert {"ws353", "google_analogies", "bless.coord", "held_out_loss.next_word"} <= set(found)
    assert not {"men_dev", "google_analogies.3cosmul", "google_analogies.capital"} & set(found)
    points = found["ws353"].points
    assert tuple(points) == MODELS  # without random vectors
    assert [p.tokens for p in points["skip_gram"]] == list(SAMPLES.values())
    assert [p.score for p in points["skip_gram"]] == pytest.approx([0.44, 0.54, 0.64])
    assert [p.seconds for p in points["skip_gram"]] == pytest.approx([102 / 15, 102 / 4, 102])
    assert tuple(found["held_out_loss.next_word"].points) == ("attention", "attention_position")


def test_curves_say_who_leads_and_a_lower_loss_is_better(results: Results):
    found = {curve.column.task: curve for curve in curves.curves(results)}
    said = curves.curves_words([found["ws353"]], "tokens")
    assert said == (
        "wiki17m, ws353: best means skip_gram 0.440 at 980,000 tokens, skip_gram 0.540 at "
        "3,900,000 tokens and skip_gram 0.640 at 15,000,000 tokens."
    )
    loss = curves.curves_words([found["held_out_loss.masked_word"]], "seconds")
    assert "best means masked_attention 5.951 after 7.1 s (wiki17m-1m), masked_attention" in loss


def curve_figures(results: Results) -> list[Figure]:
    """By tokens, and by seconds."""
    (section,) = curves.sections(results)
    return [block for block in section.blocks if isinstance(block, Figure)]


def test_curves_are_small_charts_by_tokens_and_by_seconds(results: Results):
    by_tokens, by_seconds = curve_figures(results)
    tasks = len(curves.curves(results))
    assert by_tokens.small and len(by_tokens.charts) == len(by_seconds.charts) == tasks > 6
    rows = drawn(by_tokens.charts[0].spec)
    assert len(rows) == len(MODELS) * len(SAMPLES)
    assert by_tokens.charts[0].spec["layer"][1]["encoding"]["x"]["scale"]["type"] == "log"
    assert drawn(by_seconds.charts[0].spec) == rows
    assert by_seconds.charts[0].spec["layer"][1]["encoding"]["x"]["field"] == "seconds"
    assert [figure.name for figure in (by_tokens, by_seconds)] == ["curves", ""]
    (fold,) = (b for b in curves.sections(results)[0].blocks if isinstance(b, Fold))
    lines = markdown.blocks(fold.blocks).splitlines()
    start = "| ws353 (spearman ↑) | skip_gram | wiki17m-4m | 3,900,000 | 25.5 |"
    assert f"{start} 0.540 [0.510, 0.570] | 317 |" in lines


def test_each_model_of_a_curve_has_a_look_of_its_own(results: Results):
    chart = curve_figures(results)[0].charts[0]
    _, line, dot = chart.spec["layer"]
    ticks = line["encoding"]["x"]["axis"]["values"]
    assert ticks == list(SAMPLES.values())
    named = dot["encoding"]
    assert named["shape"]["scale"]["domain"] == list(MODELS)
    dashes = {row["model"]: row["dash"] for row in drawn(chart.spec)}
    colour, shape = (named[channel]["scale"]["range"] for channel in ("stroke", "shape"))
    looks = set(zip(colour, shape, (dashes[m] for m in MODELS), strict=True))
    assert len(looks) == len(MODELS)


def test_what_only_the_page_shows_has_no_file(results: Results):
    names = [figure.name for figure in figures(document(results).sections)]
    assert "curves" in names and "" not in names
    (figure,) = (f for f in figures(document(results).sections) if f.name == "curves")
    assert svg.draw(figure).count("<svg") == 1


def test_the_page_shows_them_before_the_claims(results: Results):
    page = render(results)
    assert page.index("## What does more text buy?") < page.index("## The claims")
    assert "](figures/curves.svg)" in page
    assert "| ws353 (spearman ↑) | skip_gram | wiki17m-4m | 3,900,000 | 25.5 |" in page
    assert "What does more text buy?" not in render(wide_results(("wiki17m",)))


def test_a_point_without_seconds_is_left_out_of_a_logarithmic_axis(results: Results):
    runs = results.runs.assign(seconds=results.runs["seconds"].where(results.runs["seed"] < 0))
    by_tokens, by_seconds = curve_figures(replace(results, runs=runs))
    assert drawn(by_seconds.charts[0].spec) == []
    assert len(drawn(by_tokens.charts[0].spec)) == len(MODELS) * len(SAMPLES)


def test_samples_have_the_same_settings_but_for_name_and_limit(results: Results):
    assert curves.sample_groups(results) == {"wiki17m": list(SAMPLES)}
    turned = replace(results, config=results.config | {"corpora": results.config["corpora"][::-1]})
    assert curves.sample_groups(turned) == {"wiki17m": list(SAMPLES)}  # the smallest first
    *rest, last = results.config["corpora"]
    other = replace(results, config=results.config | {"corpora": [*rest, last | {"min_count": 2}]})
    assert curves.sample_groups(other) == {"wiki17m": list(SAMPLES)[:2]}
    alone = replace(results, config=results.config | {"corpora": [last]})
    assert curves.sample_groups(alone) == {}
    without = {k: v for k, v in results.config.items() if k != "corpora"}
    assert curves.curves(replace(results, config=without)) == []
