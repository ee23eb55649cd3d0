"""The figures of a study of the full size: what is drawn, and where nothing is."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import altair
import pytest
from jsonschema import ValidationError

from ladder_study import ladder_results, losses
from measured_study import measured_results
from wide_study import PAIRS, wide_results
from wordrel.report import charts, readings, scores, svg
from wordrel.report.document import Block, Chart, Figure, Section, Spec
from wordrel.report.page import document
from wordrel.study.results import Results, read_results


@pytest.fixture(scope="module")
def results() -> Results:
    return wide_results(("wiki17m",))


def only(found: list[Figure]) -> Figure:
    (figure,) = found
    return figure


def rows(chart: Chart) -> list[Spec]:
    """The table of a chart."""
    return list(chart.spec["data"]["values"])


def test_differences_are_those_of_each_model_to_the_first_word2vec_model(results: Results):
    (panel,) = scores.gap_panels(results, "alike")
    assert panel.reference == "skip_gram"
    others = ("ppmi_svd", "cbow", "attention", "attention_position", "mask_query_attention")
    assert panel.models == others
    assert [c.task for c in panel.gaps][:2] == ["ws353", "ws353_sim"]
    assert len(panel.gaps) == 12  # without the variants of analogies, and without development
    first = rows(only(scores.differences_figure(results, "alike")).charts[0])[:5]
    assert [row["model"] for row in first] == list(others)
    assert [row["difference"] for row in first] == [-0.064, -0.096, -0.192, -0.16, -0.032]


def test_a_difference_that_is_not_told_apart_is_hollow(results: Results):
    (chart,) = only(scores.differences_figure(results, "alike")).charts
    simlex = [row["apart"] for row in rows(chart) if row["task"] == "simlex999"]
    assert simlex == ["yes", "yes", "yes", "yes", "no"]  # .015 from skip_gram
    fill = chart.spec["layer"][-1]["encoding"]["fill"]
    assert fill["condition"] == {"test": "datum.apart === 'no'", "value": charts.PAPER}


def test_a_lower_loss_is_drawn_to_the_right(results: Results):
    (panel,) = scores.gap_panels(results, "fit")
    assert (panel.reference, panel.models) == ("cbow", ("mask_query_attention",))
    (row,) = rows(only(scores.differences_figure(results, "fit")).charts[0])
    assert row["difference"] == pytest.approx(6.824 - 6.151)
    assert row["low"] < row["difference"] < row["high"]
    assert row["task"] == "held_out_loss.masked_word (turned)"


def test_rounding_is_not_drawn_large(results: Results):
    same = results.comparisons.assign(difference=1e-17, low=0.0, high=1e-17)
    figure = only(scores.differences_figure(replace(results, comparisons=same), "alike"))
    assert across(figure)["scale"] == {"domain": [-0.01, 0.01]}
    assert "scale" not in across(only(scores.differences_figure(results, "alike")))


def across(figure: Figure) -> Spec:
    """The horizontal axis of a figure's dots."""
    return dict(figure.charts[0].spec["layer"][-1]["encoding"]["x"])


def test_differences_in_words_count_what_is_told_apart(results: Results):
    assert only(scores.differences_figure(results, "fit")).words == (
        "Differences to the first word2vec model with 95% intervals, by task. wiki17m, against "
        "cbow: mask_query_attention better on 1 and worse on 0 of 1."
    )
    said = "mask_query_attention better on 0 and worse on 6 of 12."
    assert said in only(scores.differences_figure(results, "alike")).words


def test_no_differences_without_comparisons_or_word2vec_or_with_too_many_models(results: Results):
    untested = replace(results, comparisons=results.comparisons.iloc[:0])
    others = replace(results, runs=results.runs.assign(kind="attention"))
    for study in (untested, others, ladder_results(losses())):
        assert scores.differences_figure(study, "alike") == []


def test_heat_map_has_a_chart_a_model_with_readings_by_pairs(results: Results):
    first, *_, last = readings.speech_panels(results, "wiki17m", "syntax")
    assert (first.model, first.readings, first.pairs) == ("random", ("cosine", "in.out"), PAIRS)
    assert first.values[:, 1].tolist() == pytest.approx([-0.18, -0.13])  # not those of linked pairs
    assert last.selected == "q.k"
    shown = only(readings.speech_figure(results, "wiki17m", "syntax")).charts
    assert [c.title for c in shown][::6] == ["wiki17m · random", "wiki17m · mask_query_attention"]
    assert [row["shown"] for row in rows(shown[6])][:3] == ["0.6", "0.4", "0.2"]
    down = shown[6].spec["layer"][0]["encoding"]["y"]["sort"]
    assert [name.endswith(" (selected)") for name in down] == [True, False, False, False]
    ranges = {tuple(c.spec["layer"][0]["encoding"]["color"]["scale"]["domain"]) for c in shown}
    assert len(ranges) == 1  # one scale of colours


def test_heat_map_in_words_names_the_extremes_of_the_selected_reading(results: Results):
    words = only(readings.speech_figure(results, "wiki17m", "syntax")).words
    assert "skip_gram (in.out) NOUN>VERB 0.20 and NOUN>NOUN −0.52" in words


def test_no_heat_map_without_standardised_means_of_pairs(results: Results):
    for column, value in (("statistic", "mean"), ("group", "NOUN>VERB linked")):
        other = replace(results, measurements=results.measurements.assign(**{column: value}))
        assert readings.speech_figure(other, "wiki17m", "syntax") == []
    assert readings.speech_figure(results, "wiki17m", "relate") == []


def test_direction_shows_every_reading_with_chance(results: Results):
    hyperlex, usf = only(readings.direction_figure(results, "relate")).charts
    assert hyperlex.title == "wiki17m · hyperlex_direction (accuracy)"
    names = [row["reading"] for row in rows(hyperlex)]
    assert [name.removesuffix(" (selected)") for name in names[:3]] == [
        *("random · cosine", "random · in.out", "ppmi_svd · pmi"),
    ]
    drawn = rows(usf)
    assert len(drawn) == len(names) == 22
    assert [row["score"] for row in drawn[4:7]] == [0.56, 0.55, 0.54]
    assert [row["selected"] for row in drawn[4:7]] == ["yes", "no", "no"]
    assert usf.spec["layer"][0]["data"]["values"] == [{"score": 0.5}]
    assert usf.spec["layer"][0]["mark"]["strokeDash"]


def test_direction_in_words_names_the_best_reading_beside_chance(results: Results):
    assert only(readings.direction_figure(results, "relate")).words.endswith(
        "Best: wiki17m, hyperlex_direction: skip_gram in.out 0.640 (chance 0.500); wiki17m, "
        "usf_direction: skip_gram in.out 0.560 (chance 0.500)."
    )


def test_direction_is_found_by_kind_or_by_name_and_absent_elsewhere(results: Results):
    tasks = [{k: v for k, v in t.items() if k != "kind"} for t in results.manifest["tasks"]]
    older = replace(results, manifest=results.manifest | {"tasks": tasks})
    assert len(readings.direction_panels(older, "relate")) == 2
    assert readings.direction_figure(results, "alike") == []


def test_charts_of_one_file_stand_below_each_other_and_small_ones_side_by_side(results: Results):
    figure = only(readings.direction_figure(results, "relate"))
    tall, wide = (svg.draw(replace(figure, small=small)) for small in (False, True))
    sizes = [[float(n) for n in re.search(SIZE, text).groups()] for text in (tall, wide)]
    (width, height), (small_width, small_height) = sizes
    assert height > small_height * 1.5 and small_width < 2 * width
    for text in (tall, wide):
        for task in ("hyperlex_direction", "usf_direction"):
            assert text.count(f">wiki17m · {task} (accuracy)</text>") == 1


SIZE = r'width="([\d.]+)" height="([\d.]+)"'


def test_names_of_colours_are_replaced_and_names_of_models_are_not():
    chart = Chart("var(--ink)", charts.chart([{"model": "var(--ink)"}], [], {}, 20))
    layer = charts.layer({"type": "point", "color": charts.INK}, {"y": charts.side("model", [])})
    drawn = svg.draw(Figure("x", [replace(chart, spec=chart.spec | {"layer": [layer]})], ""))
    assert drawn.count(">var(--ink)</text>") == 2  # the title and the model
    assert "#1a1a1a" in drawn


def golden() -> Results:
    return read_results(Path(__file__).parent / "golden" / "input")


def every_figure(blocks: Sequence[Block]) -> list[Figure]:
    """Those of report.md, and those that only the page shows."""
    found: list[Figure] = []
    for block in blocks:
        found += [block] if isinstance(block, Figure) else []
        found += every_figure(block.blocks) if isinstance(block, Section) else []
    return found


@pytest.mark.parametrize(
    ("study", "fewest"),
    [(golden, 3), (lambda: ladder_results(losses()), 3), (measured_results, 11)],
    ids=["golden", "ladder", "measured"],
)
def test_vega_lite_takes_a_chart_of_every_figure(study: Callable[[], Results], fewest: int):
    report = document(study())
    card = report.card.figure if report.card else None
    found = [*([card] if card else []), *every_figure(report.sections)]
    assert len(found) >= fewest
    for figure in found:
        plain = re.sub(r"var\(--\w+\)", "#123456", json.dumps(figure.charts[0].spec))
        altair.Chart.from_dict(json.loads(plain))
    with pytest.raises(ValidationError, match="tall"):
        altair.Chart.from_dict(json.loads(plain) | {"height": "tall"})
