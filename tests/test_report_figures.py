"""The figures of a study of the full size: what is drawn, and where nothing is."""

from dataclasses import replace

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from ladder_study import ladder_results, losses
from wide_study import PAIRS, wide_results
from wordrel.report import direction, forest, speech
from wordrel.report.drawing import PAPER, layout, styled, svg
from wordrel.study.results import Results

SHAPES = ("o", "s", "D", "^", "v")


@pytest.fixture(scope="module")
def results() -> Results:
    return wide_results(("wiki17m",))


def dots(ax: Axes) -> list[tuple[float, float, str]]:
    """x, y and filling of every dot, from the top down."""
    found = [line for line in ax.lines if line.get_marker() in SHAPES]
    drawn = [
        (float(d.get_xdata()[0]), float(d.get_ydata()[0]), to_hex(d.get_markerfacecolor()))
        for d in found
    ]
    return sorted(drawn, key=lambda dot: dot[1])


def test_forest_shows_each_model_less_the_first_word2vec_model(results: Results):
    (panel,) = forest.panels(results, "alike")
    assert panel.reference == "skip_gram"
    assert panel.models == ("ppmi_svd", "cbow", "attention", "attention_position", *_LAST)
    assert [c.task for c in panel.gaps][:2] == ["ws353", "ws353_sim"]
    assert len(panel.gaps) == 12  # without the variants of analogies, and without development
    figure = forest.forest_figure(results, "alike")
    assert figure is not None
    first = dots(figure.axes[0])[:5]
    assert [x for x, _, _ in first] == pytest.approx([-0.064, -0.096, -0.192, -0.16, -0.032])


_LAST = ("masked_attention",)


def test_a_difference_that_is_not_told_apart_is_hollow(results: Results):
    figure = forest.forest_figure(results, "alike")
    assert figure is not None
    fillings = [filling == PAPER for _, _, filling in dots(figure.axes[0])]
    simlex = fillings[15:20]
    assert simlex == [False, False, False, False, True]  # .015 from skip_gram


def test_a_lower_loss_is_drawn_to_the_right(results: Results):
    (panel,) = forest.panels(results, "fit")
    assert (panel.reference, panel.models) == ("cbow", ("masked_attention",))
    figure = forest.forest_figure(results, "fit")
    assert figure is not None
    assert [x for x, _, _ in dots(figure.axes[0])] == pytest.approx([6.824 - 6.151])
    assert figure.axes[0].get_yticklabels()[0].get_text() == "held_out_loss.masked_word (turned)"


def test_rounding_is_not_drawn_large(results: Results):
    same = results.comparisons.assign(difference=1e-17, low=0.0, high=1e-17)
    figure = forest.forest_figure(replace(results, comparisons=same), "alike")
    assert figure is not None
    assert figure.axes[0].get_xlim() == (-0.01, 0.01)


def test_forest_in_words_counts_what_is_told_apart(results: Results):
    assert forest.forest_alt(results, "fit") == (
        "Differences to the first word2vec model with 95% intervals, by task. wiki17m, against "
        "cbow: masked_attention better on 1 and worse on 0 of 1."
    )
    assert "masked_attention better on 0 and worse on 6 of 12." in forest.forest_alt(
        results, "alike"
    )


def test_no_forest_without_comparisons_or_word2vec_or_with_too_many_models(results: Results):
    untested = replace(results, comparisons=results.comparisons.iloc[:0])
    others = replace(results, runs=results.runs.assign(kind="attention"))
    for study in (untested, others, ladder_results(losses())):
        assert forest.forest_figure(study, "alike") is None
        assert forest.forest_alt(study, "alike") == ""


def test_heat_map_has_a_panel_a_model_with_readings_by_pairs(results: Results):
    first, *_, last = speech.panels(results, "wiki17m", "syntax")
    assert (first.model, first.readings, first.pairs) == ("random", ("cosine", "in.out"), PAIRS)
    assert first.values[:, 1].tolist() == pytest.approx([-0.18, -0.13])  # not those of linked pairs
    assert last.primary == "q.k"
    figure = speech.speech_figure(results, "wiki17m", "syntax")
    assert figure is not None
    assert [ax.get_title(loc="left") for ax in figure.axes][::6] == ["random", "masked_attention"]
    assert [t.get_text() for t in figure.axes[6].texts][:3] == ["0.6", "0.4", "0.2"]
    labels = figure.axes[6].get_yticklabels()
    assert [label.get_fontweight() for label in labels] == ["bold", "normal", "normal", "normal"]


def test_heat_map_in_words_names_the_extremes_of_the_primary_reading(results: Results):
    words = speech.speech_alt(results, "wiki17m", "syntax")
    assert "skip_gram (in.out) NOUN>VERB 0.20 and NOUN>NOUN −0.52" in words


def test_no_heat_map_without_standardised_means_of_pairs(results: Results):
    for column, value in (("statistic", "mean"), ("group", "NOUN>VERB linked")):
        other = replace(results, measurements=results.measurements.assign(**{column: value}))
        assert speech.speech_figure(other, "wiki17m", "syntax") is None
        assert speech.speech_alt(other, "wiki17m", "syntax") == ""
    assert speech.speech_alt(results, "wiki17m", "relate") == ""


def test_direction_shows_every_reading_with_chance(results: Results):
    figure = direction.direction_figure(results, "relate")
    assert figure is not None
    hyperlex, usf = figure.axes
    assert hyperlex.get_title(loc="left") == "hyperlex_direction\nwiki17m"
    labels = [label.get_text() for label in hyperlex.get_yticklabels()]
    assert labels[:3] == ["random · cosine", "random · in.out", "ppmi_svd · pmi"]
    drawn = dots(usf)
    assert len(drawn) == len(labels) == 22
    assert [x for x, _, _ in drawn[4:7]] == pytest.approx([0.56, 0.55, 0.54])
    assert [filling == PAPER for _, _, filling in drawn[4:7]] == [False, True, True]
    broken = [line for line in usf.lines if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in broken] == [0.5]


def test_direction_in_words_names_the_best_reading_beside_chance(results: Results):
    assert direction.direction_alt(results, "relate").endswith(
        "Best: wiki17m, hyperlex_direction: skip_gram in.out 0.640 (chance 0.500); wiki17m, "
        "usf_direction: skip_gram in.out 0.560 (chance 0.500)."
    )


def test_direction_is_found_by_kind_or_by_name_and_absent_elsewhere(results: Results):
    tasks = [{k: v for k, v in t.items() if k != "kind"} for t in results.manifest["tasks"]]
    older = replace(results, manifest=results.manifest | {"tasks": tasks})
    assert len(direction.panels(older, "relate")) == 2
    assert direction.direction_figure(results, "alike") is None
    assert direction.direction_alt(results, "alike") == ""


def test_panels_stand_at_rounded_places_so_that_each_drawing_has_the_same_bytes():
    with styled():
        figure = Figure(figsize=(5, 3), layout=layout())
        for ax, scale in zip(figure.subplots(1, 2), (1, 1000), strict=True):
            ax.plot([0, scale])
    svg(figure)
    places = [side for ax in figure.axes for side in ax.get_position().bounds]
    assert places == [round(side, 6) for side in places]
    assert len(set(places)) > 4  # the layout made room for the wider numbers
