from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from runners import pages
from wordrel.errors import StoreError
from wordrel.report import svg
from wordrel.study.results import read_results

README = pages("readme")
drawn_weight, replace_block = README.drawn_weight, README.replace_block
steps, weights_figure = README.steps, README.weights_figure
EMPTY = "before\n<!-- answer:one -->\n<!-- /answer:one -->\nafter\n"
LADDER = Path(__file__).parents[1] / "results" / "ladder"


def test_only_what_stands_between_the_markers_is_replaced():
    text = EMPTY + "<!-- answer:other -->\nkept\n<!-- /answer:other -->\n"
    assert replace_block(text, "answer:one", r"new \1") == (
        "before\n<!-- answer:one -->\n\nnew \\1\n\n<!-- /answer:one -->\nafter\n"
        "<!-- answer:other -->\nkept\n<!-- /answer:other -->\n"
    )


@pytest.mark.parametrize("text", ["nothing", "<!-- answer:one --> open", EMPTY + EMPTY])
def test_a_block_that_is_not_there_exactly_once_is_an_error(text: str):
    with pytest.raises(StoreError, match=r"page: found [02] blocks answer:one, expected 1"):
        replace_block(text, "answer:one", "new")


def test_the_steps_of_a_function_are_its_lines_without_docstring_and_return():
    source = (
        'def b():\n    """Words."""\n    x = 1  # why\n    y = (\n        x\n    )\n    return y\n'
    )
    assert steps(source + "def a():\n    z = 2\n", ["a", "b"]) == (
        "# a\nz = 2\n\n# b\nx = 1\ny = (\n        x\n    )"
    )


def test_a_drawn_window_gives_near_words_more_weight():
    # windows 1 and 2: the mean is over 2 or 4 words
    assert drawn_weight(1, 2) == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert drawn_weight(2, 2) == pytest.approx((1 / 4) / 2)
    assert 2 * sum(drawn_weight(distance, 5) for distance in range(1, 6)) == pytest.approx(1)


def test_the_figure_draws_the_measured_weights_beside_those_of_a_drawn_window():
    results = read_results(LADDER)
    figure = weights_figure(results, "wiki17m-5m")
    (chart,) = figure.charts
    drawn = pd.DataFrame(chart.spec["data"]["values"])
    table = results.measurements
    wanted = table[(table["corpus"] == "wiki17m-5m") & (table["statistic"] == "mean_weight")]
    for label, model in (
        ("attention with positions", "mean_query_attention_position"),
        ("attention without positions", "mean_query_attention"),
    ):
        of_model = drawn[drawn["model"] == label]
        stored = wanted[wanted["model"] == model].set_index("group")["value"]
        assert len(of_model) == len(stored) == 10
        for place, weight in zip(of_model["place"], of_model["weight"], strict=True):
            assert weight == pytest.approx(stored[f"offset {place:+d}"], rel=1e-5)
    trained = drawn[drawn["model"].str.startswith("mean, as trained") & (drawn["place"] == 2)]
    assert trained["weight"].tolist() == pytest.approx([drawn_weight(2, 5)], rel=1e-5)
    assert "wiki17m-5m, n 9,698, 5 seeds" in figure.words
    assert svg.draw(figure).count("attention with positions") == 1  # a label, and no legend


def test_a_study_without_the_weights_has_no_figure():
    results = read_results(LADDER)
    without = replace(results, measurements=results.measurements.iloc[:0])
    with pytest.raises(StoreError, match=r"found no mean weight of mean at offset -5 on wiki17m"):
        weights_figure(without, "wiki17m-5m")
