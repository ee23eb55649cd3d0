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
from wordrel.report.themes import THEMES
from wordrel.study.results import Results

MODELS = (
    "ppmi_svd",
    "skip_gram",
    "cbow",
    "attention",
    "attention_position",
    "mask_query_attention",
)
BY_NAME = {theme.name: theme for theme in THEMES}
OFFSETS, FREQUENCY, ORDER, ROLES = (
    BY_NAME[name] for name in ("offsets", "frequency", "order", "roles")
)


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


def test_positions_are_sorted_by_number_and_next_word_models_have_panels_of_their_own(
    results: Results,
):
    panels = measured.panels(results, "fit", OFFSETS)
    assert [panel.title for panel in panels] == [
        "learned score of a relative position, earlier words only",
        "learned score of a relative position",
        "mean attention by relative position, earlier words only",
        "mean attention by relative position",
    ]
    both = ("-5", "-4", "-3", "-2", "-1", "+1", "+2", "+3", "+4", "+5")
    assert [panel.places for panel in panels] == [both[:5], both, both[:5], both]
    models = [list(panel.values) for panel in panels]
    assert models[:2] == models[2:] == [["attention_position"], ["mask_query_attention"]]
    assert panels[1].values["mask_query_attention"]["-1"].value == 0.5
    assert panels[3].values["mask_query_attention"]["-1"].value == pytest.approx(0.17)


def test_positions_are_drawn_as_lines_that_do_not_cross_zero(results: Results):
    found = figure(results, "fit", "What a model has learned of distance")
    assert {chart.line for chart in found.charts} == {"wiki17m"}
    earlier, around = (drawn(chart.spec) for chart in found.charts[:2])
    assert {r["place"]: r["value"] for r in earlier}[-5] == -0.25
    assert (len(earlier), len(around)) == (5, 10)
    assert {(r["side"], r["place"] > 0) for r in around} == {("before", False), ("after", True)}
    layers = found.charts[1].spec["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["rule", "area", "line", "point", "text"]
    assert all(layer["encoding"]["detail"]["field"] == "side" for layer in layers[1:4])


def test_a_line_is_named_at_its_right_end_and_has_no_legend(results: Results):
    spec = figure(results, "fit", "What a model has learned of distance").charts[1].spec
    *_, line, _, named = spec["layer"]
    (row,) = named["data"]["values"]
    assert row["model"] == "mask-query attention with positions" and row["place"] == 5
    assert row["value"] == pytest.approx(-0.5, abs=0.06)  # where the line ends, inside the chart
    colour = named["encoding"]["color"]["scale"]["range"]
    assert colour == line["encoding"]["stroke"]["scale"]["range"]
    assert '"legend": {' not in json.dumps(spec)


def test_figures_are_said_in_words_and_in_a_table_of_every_value(results: Results):
    found = figure(results, "fit", "What a model has learned of distance")
    said = (
        "wiki17m, learned score of a relative position, earlier words only: attention with "
        "positions highest at −1 (0.250), lowest at −5 (−0.250). wiki17m, learned score of a "
        "relative position: mask-query attention with positions highest at −1 (0.500), lowest at "
        "−5 (−0.500)."
    )
    assert found.words.startswith(said)
    earlier, around = found.tables[:2]
    assert [markdown.inline(cell) for cell in earlier.rows[4]] == [
        *("-1", "0.250 [0.200, 0.300]", "400"),
    ]
    assert (len(earlier.rows), len(around.rows)) == (5, 10)
    assert markdown.inline(around.heads[1]) == "mask-query attention with positions"


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
    assert {r["value"] for r in rows if r["identifier"] == "cbow"} == {0.0}
    assert {r["value"] for r in rows if r["place"] == "all permuted"} == {0.0, 0.4}
    said = measured.panels_words(results, [panel])
    assert (
        "CBOW 0.000 everywhere; attention with positions highest for all permuted (0.400)" in said
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
    for theme in THEMES:
        assert all(not measured.panels(wide, question, theme) for question in TASKS)
    assert measured.figures(wide, "fit") == []


def test_each_model_of_a_chart_has_a_look_of_its_own(results: Results):
    lines = figure(results, "fit", "What a model has learned of distance").charts[1].spec
    assert lines["layer"][2]["encoding"]["x"]["axis"]["values"] == [*range(-5, 0), *range(1, 6)]
    dots = figure(results, "fit", "What another order").charts[0].spec["layer"][-1]["encoding"]
    models = ["CBOW", "attention with positions", "mask-query attention with positions"]
    assert dots["shape"]["scale"]["domain"] == models
    colour, shape = (dots[channel]["scale"]["range"] for channel in ("stroke", "shape"))
    assert len(set(zip(colour, shape, strict=True))) == len(models)
    assert dots["stroke"]["legend"] and dots["shape"]["legend"]  # several dots in one place


def test_what_only_the_page_shows_has_no_file(results: Results):
    names = [one.name for one in figures(document(results))]
    assert "differences-fit" in names and "" not in names
