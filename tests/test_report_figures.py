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
from wordrel.report.looks import COLOURS, looks
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
    assert [row["identifier"] for row in first] == list(others)
    assert first[-1]["model"] == "mask-query attention with positions"
    assert [row["difference"] for row in first] == [-0.064, -0.096, -0.192, -0.16, -0.032]


def test_a_difference_that_is_not_significant_is_hollow(results: Results):
    (chart,) = only(scores.differences_figure(results, "alike")).charts
    simlex = [row["significant"] for row in rows(chart) if row["task"] == "SimLex-999"]
    assert simlex == ["yes", "yes", "yes", "yes", "no"]  # .015 from skip_gram
    fill = chart.spec["layer"][-1]["encoding"]["fill"]
    assert fill["condition"] == {"test": "datum.significant === 'no'", "value": charts.PAPER}


def test_a_lower_loss_is_drawn_to_the_right(results: Results):
    (panel,) = scores.gap_panels(results, "fit")
    assert (panel.reference, panel.models) == ("cbow", ("mask_query_attention",))
    (row,) = rows(only(scores.differences_figure(results, "fit")).charts[0])
    assert row["difference"] == pytest.approx(6.824 - 6.151)
    assert row["low"] < row["difference"] < row["high"]
    assert row["task"] == "masked-word loss"


def test_rounding_is_not_drawn_large(results: Results):
    same = results.comparisons.assign(difference=1e-17, low=0.0, high=1e-17)
    figure = only(scores.differences_figure(replace(results, comparisons=same), "alike"))
    low, high = across(figure)["scale"]["domain"]
    assert low < -0.01 and high > 0.01


def across(figure: Figure, place: int = 0) -> Spec:
    """The horizontal axis of a chart's dots."""
    drawn = [layer["encoding"]["x"] for layer in figure.charts[place].spec["layer"]]
    return next(x for x in drawn if "scale" in x)


def test_charts_of_two_corpora_stand_side_by_side_with_one_axis_over_all_values():
    two = wide_results()
    for figure in (
        only(scores.differences_figure(two, "alike")),
        only(readings.direction_figure(two, "relate")),
        only(scores.scores_figure(ladder_results(losses()))),
    ):
        assert figure.columns == 2
        left, right = figure.charts[:2]
        assert {left.title, left.line} != {right.title, right.line}
        low, high = across(figure)["scale"]["domain"]
        assert across(figure, 1)["scale"]["domain"] == [low, high]
        ends = [r[end] for chart in (left, right) for r in rows(chart) for end in ("low", "high")]
        assert low < min(ends) and max(ends) < high
        assert high - low < 3 * (max(ends) - min(ends))


def test_an_axis_covers_what_is_known_and_has_a_width_where_all_is_equal():
    assert charts.shared([1.0, 3.0, None, float("nan")])["scale"]["domain"] == [0.94, 3.06]
    assert charts.shared([2.0])["scale"]["domain"] == [0.94, 3.06]
    assert charts.shared([])["scale"]["domain"] == [-0.53, 0.53]


def test_a_model_looks_the_same_in_every_figure_of_a_study():
    results = measured_results()
    seen: dict[str, set[tuple[str, str]]] = {}
    for figure in every_figure(document(results).sections):
        for layer in (layer for chart in figure.charts for layer in chart.spec["layer"]):
            stroke, shape = (layer["encoding"].get(name, {}) for name in ("stroke", "shape"))
            if stroke.get("field") == shape.get("field") == "model":
                both = zip(stroke["scale"]["range"], shape["scale"]["range"], strict=True)
                for label, look in zip(stroke["scale"]["domain"], both, strict=True):
                    seen.setdefault(label, set()).add(look)
    found = {look.label: {(look.colour, look.shape)} for look in looks(results).values()}
    assert len(seen) >= 6 and seen == {label: found[label] for label in seen}
    assert len(set.union(*found.values())) == len(found)  # and no two look alike


def test_seventeen_models_have_seventeen_looks_and_families_share_colours():
    found = looks(ladder_results(losses()))
    assert len({(look.colour, look.shape) for look in found.values()}) == len(found) > 16
    assert found["cbow"].colour in COLOURS["word2vec"] and found["skip_gram"].dash == 0
    assert {found[m].colour for m in ("attention", "transformer_block")} <= set(
        COLOURS["attention"]
    )
    assert found["random"].colour == "var(--quiet)"


def test_models_with_one_label_keep_their_identifiers(results: Results):
    both = replace(results, runs=results.runs.replace("cbow", "skip-gram"))
    assert looks(both)["skip_gram"].label == "skip_gram"
    assert looks(both)["skip-gram"].label == "skip-gram"
    assert looks(results)["skip_gram"].label == "skip-gram"


def test_names_of_lines_stand_apart_in_the_order_of_the_lines(results: Results):
    wanted = {"cbow": (5.0, 0.0), "attention": (5.0, 0.01), "skip_gram": (5.0, 1.0)}
    axis = charts.shared([0.0, 1.0])
    places = {c: charts.field(n, "quantitative") for c, n in (("x", "place"), ("y", "value"))}
    named = charts.names_beside(results, wanted, places, axis)
    heights = {row["model"]: row["value"] for row in named["data"]["values"]}
    assert list(heights) == ["CBOW", "attention", "skip-gram"]
    assert heights["skip-gram"] == 1.0 and heights["CBOW"] == 0.0
    low, high = axis["scale"]["domain"]
    assert (heights["attention"] - heights["CBOW"]) * charts.HIGH / (high - low) > 13.9
    top = {"cbow": (5.0, 1.05), "attention": (5.0, 1.05)}
    crowded = charts.names_beside(results, top, places, axis)["data"]["values"]
    assert max(row["value"] for row in crowded) <= high  # not above the chart


def test_differences_in_words_count_what_is_told_apart(results: Results):
    assert only(scores.differences_figure(results, "fit")).words == (
        "Differences to the first word2vec model with 95% intervals, by task. wiki17m, against "
        "CBOW: mask-query attention with positions better on 1 and worse on 0 of 1."
    )
    said = "mask-query attention with positions better on 0 and worse on 6 of 12."
    assert said in only(scores.differences_figure(results, "alike")).words


def test_no_differences_without_comparisons_or_word2vec_or_with_too_many_models(results: Results):
    untested = replace(results, comparisons=results.comparisons.iloc[:0])
    others = replace(results, runs=results.runs.assign(kind="attention"))
    for study in (untested, others, ladder_results(losses())):
        assert scores.differences_figure(study, "alike") == []


def test_heat_map_has_a_chart_a_model_with_readings_by_pairs(results: Results):
    first, *_, last = readings.speech_panels(results, "wiki17m", "syntax")
    assert (first.model, first.pairs) == ("ppmi_svd", PAIRS)  # random vectors have no panel
    assert first.values[:2, 1].tolist() == pytest.approx([-0.08, -0.03])  # not of linked pairs
    assert last.selected == "q.k"
    shown = only(readings.speech_figure(results, "wiki17m", "syntax")).charts
    assert [c.title for c in shown][::5] == ["PPMI-SVD", "mask-query attention with positions"]
    assert {c.line for c in shown} == {"wiki17m"}
    assert [row["shown"] for row in rows(shown[5])][:3] == ["0.6", "0.4", "0.2"]
    down = shown[5].spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert down[0] == "query · key (selected)"
    assert [name.endswith(" (selected)") for name in down] == [True, False, False, False]
    ranges = {tuple(c.spec["layer"][0]["encoding"]["color"]["scale"]["domain"]) for c in shown}
    assert len(ranges) == 1  # one scale of colours


def test_heat_map_in_words_names_the_extremes_of_the_selected_reading(results: Results):
    words = only(readings.speech_figure(results, "wiki17m", "syntax")).words
    assert "skip-gram, input · output: NOUN>VERB 0.20 and NOUN>NOUN −0.52" in words


def test_no_heat_map_without_standardised_means_of_pairs(results: Results):
    for column, value in (("statistic", "mean"), ("group", "NOUN>VERB linked")):
        other = replace(results, measurements=results.measurements.assign(**{column: value}))
        assert readings.speech_figure(other, "wiki17m", "syntax") == []
    assert readings.speech_figure(results, "wiki17m", "relate") == []


def test_direction_shows_every_reading_with_chance(results: Results):
    hyperlex, usf = only(readings.direction_figure(results, "relate")).charts
    assert (hyperlex.title, hyperlex.line) == ("hyperlex_direction", "wiki17m")
    side = hyperlex.spec["layer"][-1]["encoding"]["y"]["scale"]["domain"]
    assert [name.removesuffix(" (selected)") for name in side[:4]] == [
        *("random vectors", "random vectors\tcosine", "random vectors\tinput · output"),
        "PPMI-SVD",  # a line of its own above those of its embeddings
    ]
    drawn = rows(usf)
    assert len(drawn) == len(rows(hyperlex)) == 22
    assert [row["score"] for row in drawn[4:7]] == [0.56, 0.55, 0.54]
    assert [row["selected"] for row in drawn[4:7]] == ["yes", "no", "no"]
    assert usf.spec["layer"][0]["data"]["values"] == [{"score": 0.5}]
    assert usf.spec["layer"][0]["mark"]["strokeDash"]


def test_direction_in_words_names_the_best_reading_beside_chance(results: Results):
    assert only(readings.direction_figure(results, "relate")).words.endswith(
        "Best: wiki17m, hyperlex_direction: skip-gram, input · output 0.640 (chance 0.500); "
        "wiki17m, direction of association (USF): skip-gram, input · output 0.560 (chance 0.500)."
    )


def test_direction_is_found_by_kind_or_by_name_and_absent_elsewhere(results: Results):
    tasks = [{k: v for k, v in t.items() if k != "kind"} for t in results.manifest["tasks"]]
    older = replace(results, manifest=results.manifest | {"tasks": tasks})
    assert len(readings.direction_panels(older, "relate")) == 2
    assert readings.direction_figure(results, "alike") == []


def test_charts_of_one_file_stand_below_each_other_or_side_by_side(results: Results):
    figure = only(readings.direction_figure(results, "relate"))
    tall, wide = (svg.draw(replace(figure, columns=columns)) for columns in (1, 2))
    sizes = [[float(n) for n in re.search(SIZE, text).groups()] for text in (tall, wide)]
    (width, height), (small_width, small_height) = sizes
    assert height > small_height * 1.5 and small_width < 2 * width
    for text in (tall, wide):
        assert text.count(">direction of association (USF)</text>") == 1
        assert text.count(">wiki17m</text>") == 2


def test_a_long_title_is_broken_into_lines_that_fit_its_panel(results: Results):
    figure = only(readings.direction_figure(results, "relate"))
    title = "a title of many words that would run into the panel beside it " * 2
    drawn = svg.draw(replace(figure, charts=[replace(figure.charts[0], title=title)] * 2))
    assert f">{title.strip()}<" not in drawn
    lines = re.findall(r">(a title of[^<]*|[^<>]*beside it[^<]*)<", drawn)
    assert len(lines) >= 4 and all(len(line) <= 48 for line in lines)


def test_a_sign_whose_width_depends_on_the_fonts_of_a_system_is_not_drawn(results: Results):
    figure = only(readings.direction_figure(results, "relate"))
    drawn = svg.draw(replace(figure, charts=[replace(figure.charts[0], title="query · key")]))
    assert ">query × key</text>" in drawn
    assert "·" not in drawn


SIZE = r'width="([\d.]+)" height="([\d.]+)"'


def test_names_of_colours_are_replaced_and_names_of_models_are_not():
    chart = Chart("var(--ink)", charts.chart([{"model": "var(--ink)"}], [], {}, 20))
    side = {"y": charts.side("model", ["var(--ink)"])}
    layer = charts.layer({"type": "point", "color": charts.INK}, side)
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


def test_vega_lite_takes_how_every_chart_looks():
    plain = json.loads(re.sub(r"var\(--\w+\)", "#123456", json.dumps(charts.CONFIG)))
    altair.Config.from_dict(plain)
    with pytest.raises(ValidationError, match="embedding"):
        altair.Config.from_dict({"embedding": plain["view"]})
