from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from runners import pages
from wordrel.errors import StoreError
from wordrel.report import svg
from wordrel.study.results import read_results

README, FIGURES = pages("readme"), pages("figures")
replace_block, steps = README.replace_block, README.steps
gains_figure, plane_figure = FIGURES.gains_figure, FIGURES.plane_figure
EMPTY = "before\n<!-- answer:one -->\n<!-- /answer:one -->\nafter\n"
RESULTS = Path(__file__).parents[1] / "results"
CELLS, MAPS, PLANE = (RESULTS / name for name in ("twelve_cells", "value_map", "recipe"))
WORD_SETS = ["men_test", "simverb_test", "sp10k_dobj", "google_analogies"]


def test_only_what_stands_between_the_markers_is_replaced():
    text = EMPTY + "<!-- answer:other -->\nkept\n<!-- /answer:other -->\n"
    assert replace_block(text, "answer:one", r"new \1") == (
        "before\n<!-- answer:one -->\nnew \\1\n<!-- /answer:one -->\nafter\n"
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


def test_the_figure_draws_the_gains_of_the_contrasts_with_the_margin():
    studies = read_results(CELLS), read_results(MAPS)
    figure = gains_figure(*studies)
    rows = pd.concat([results.contrasts for results in studies], ignore_index=True)
    rows = rows.drop_duplicates(["corpus", "model_a", "model_b"])
    table = rows.set_index(["corpus", "model_a", "model_b"])
    steps_of = (
        ("mean_query_attention", "mean"),
        ("position_weight", "mean"),
        ("word_weight", "mean"),
        ("mean_query_attention", "word_weight"),
        ("mean_query_attention_position", "mask_query_attention"),
        ("masked_without_map", "mask_query_attention"),
        ("masked_four_heads", "mean_query_attention_position"),
        ("kn_two_sided", "masked_four_heads"),
    )
    masked, next_word = (chart.spec["data"]["values"] for chart in figure.charts)
    corpora = ("wiki17m-4m", "novels-4m")
    of_each = [table.loc[(corpus, *pair)] for pair in steps_of for corpus in corpora]
    ends = ("gain", "low", "high")
    for dot, row in zip(masked, of_each, strict=True):
        assert [dot[end] for end in ends] == pytest.approx([row[end] for end in ends], rel=1e-5)
    assert len(masked) == len(of_each) and len(next_word) == len(masked) - len(corpora)
    assert "wiki17m-4m and novels-4m, n 21 to 376, 5 seeds" in figure.words
    band, *_ = figure.charts[0].spec["layer"]
    assert band["data"]["values"] == [{"low": -0.02, "high": 0.02}]
    drawn = svg.draw(figure)
    assert drawn.count(">positions, over the mean<") == 2
    assert drawn.count(">novels-4m<") == 1  # one legend for both charts


def test_a_study_with_few_seeds_has_no_figure():
    results = read_results(CELLS)
    few = replace(results, contrasts=results.contrasts.assign(seeds=4))
    with pytest.raises(ValueError, match="mean_query_attention was compared with mean"):
        gains_figure(few, read_results(MAPS))


def test_the_plane_draws_loss_and_mean_word_score_of_each_model():
    results = read_results(PLANE)
    figure = plane_figure(results)
    table = results.summary[results.summary["selected"]].set_index(["corpus", "model", "task"])
    table = table.sort_index()
    for chart in figure.charts:
        shown = {(dot["trained"], dot["model"]): dot for dot in chart.spec["data"]["values"]}
        assert len(shown) == 8
        for key, model in (
            (("trained like word2vec", "skip-gram"), "skip_gram"),
            (("trained like word2vec", "mean"), "mean_w2v"),
            (("trained like a Transformer", "attention"), "mean_query_attention_position"),
        ):
            scores = table["score"].loc[chart.line, model]
            loss = scores["per_token_loss.masked_word.calibrated"]
            assert shown[key]["loss"] == pytest.approx(loss, rel=1e-5)
            assert shown[key]["words"] == pytest.approx(scores[WORD_SETS].mean(), rel=1e-5)
    drawn = svg.draw(figure)
    assert drawn.count(">skip-gram<") == 2 and drawn.count(">trained like word2vec<") == 1


def test_a_plane_with_one_best_model_does_not_say_that_there_is_none():
    results = read_results(PLANE)
    summary = results.summary
    lowest = (summary["model"] == "skip_gram") & summary["task"].str.startswith("per_token_loss")
    best = replace(results, summary=summary.assign(score=summary["score"].mask(lowest, 1.0)))
    with pytest.raises(ValueError, match="no model is best at both"):
        plane_figure(best)
    other = summary["model"].str.startswith("mean_w2v") & summary["task"].isin(WORD_SETS)
    worse = replace(results, summary=summary.assign(score=summary["score"].mask(other, 0.0)))
    with pytest.raises(ValueError, match="the recipe of word2vec gives better vectors"):
        plane_figure(worse)
