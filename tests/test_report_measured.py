"""What the page shows of a model's inside: panels, words, charts."""

import json
import re
from dataclasses import replace
from typing import Any

import altair
import pandas as pd
import pytest

from measured_study import ORDERS, SPEECH, measured_results
from wide_study import TASKS, wide_results
from wordrel.report import markdown, measured
from wordrel.report.document import Figure, figures
from wordrel.report.page import document
from wordrel.study.results import Results

MODELS = (
    "ppmi_svd",
    "skip_gram",
    "cbow",
    "attention",
    "attention_position",
    "mask_query_attention",
)
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
    assert list(score.values) == ["attention_position", "mask_query_attention"]  # the study's order
    assert set(score.values["attention_position"]) == set(both[:5])
    assert set(score.values["mask_query_attention"]) == set(both)
    assert score.values["mask_query_attention"]["-1"].value == 0.5
    assert weight.values["mask_query_attention"]["-1"].value == pytest.approx(0.17)


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
        "at −5 (−0.250); mask_query_attention highest at −1 (0.500), lowest at −5 (−0.500)."
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


def test_another_embedding_of_the_same_groups_is_not_drawn(results: Results):
    table = results.measurements
    words = table[table["embedding"] == "per_word_weight"].assign(
        model="cbow", embedding="elsewhere", value=9.0
    )
    more = replace(results, measurements=pd.concat([table, words]))
    score, _ = measured.panels(more, "fit", FREQUENCY)
    assert list(score.values) == ["mask_query_attention"]


def test_order_is_a_dot_a_model_in_the_order_of_the_table(results: Results):
    moved, panel = measured.panels(results, "fit", ORDER)
    assert moved.places == ORDERS
    assert panel.places == ORDERS and set(panel.values) == {
        *("cbow", "attention_position", "mask_query_attention"),
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


def test_a_selected_embedding_goes_before_another_one(results: Results):
    table = results.measurements
    rows = table[(table["task"] == "word_order") & (table["statistic"] == "moved")]
    other = rows.assign(embedding="other", value=9.0)
    first = replace(results, measurements=pd.concat([other, rows]))
    chosen = replace(first, measurements=first.measurements.assign(selected=lambda t: t.value < 9))
    seen = [
        {
            r.embedding
            for of in measured.panels(r_, "fit", ORDER)[0].values.values()
            for r in of.values()
        }
        for r_ in (first, chosen)
    ]
    assert seen == [{"other"}, {"context"}]


def test_nothing_is_drawn_where_nothing_was_measured():
    wide = wide_results(("wiki17m",))
    for theme in measured.THEMES:
        assert all(not measured.panels(wide, question, theme) for question in TASKS)
    assert measured.figures(wide, "fit") == []


def test_each_model_of_a_chart_of_lines_has_a_look_of_its_own(results: Results):
    chart = figure(results, "fit", "What a model has learned of distance").charts[0]
    _, _, line, dot = chart.spec["layer"]
    assert line["encoding"]["x"]["axis"]["values"] == [*range(-5, 0), *range(1, 6)]
    named = dot["encoding"]
    models = ["attention_position", "mask_query_attention"]
    assert named["shape"]["scale"]["domain"] == models
    dashes = {row["model"]: row["dash"] for row in drawn(chart.spec)}
    colour, shape = (named[channel]["scale"]["range"] for channel in ("stroke", "shape"))
    looks = set(zip(colour, shape, (dashes[model] for model in models), strict=True))
    assert len(looks) == len(models)


def test_what_only_the_page_shows_has_no_file(results: Results):
    names = [one.name for one in figures(document(results))]
    assert "differences-fit" in names and "" not in names
