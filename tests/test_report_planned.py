"""Planned contrasts in a report: what was expected, what came out, and what it rests on."""

from dataclasses import replace

import pandas as pd
import pytest

from ladder_study import ladder_results, losses
from wordrel.report import brief, markdown, planned
from wordrel.report.markdown import blocks
from wordrel.report.page import document
from wordrel.study.results import Results
from wordrel.study.schema import COLUMNS

CALIBRATED = "per_token_loss.masked_word.calibrated"
CONTRAST = {
    **{"claim": "C9", "corpus": "wiki17m", "model_a": "position_weight", "model_b": "mean"},
    **{"task": CALIBRATED, "rule": "adds", "margin": 0.02, "seeds": 5, "n": 412, "gain": 0.31},
    **{"low": 0.29, "high": 0.33, "df": 9.5, "confidence": 0.95, "p_holm": 0.0002},
    **{"as_trained": 0.3, "as_trained_low": 0.27, "as_trained_high": 0.33, "outcome": "adds"},
}
ORDERING = {
    **{"claim": "C9", "corpus": "wiki17m", "task": CALIBRATED, "what": "gain"},
    **{"ingredient": "positions", "beside": "no word scores", "model_a": "position_weight"},
    **{"model_b": "mean", "seeds": 5, "n": 412, "gain": 0.31, "low": 0.29, "high": 0.33},
    **{"df": 9.5, "share": 0.9, "share_low": 0.85, "share_high": 0.95, "note": ""},
}


@pytest.fixture(scope="module")
def results() -> Results:
    contrasts = [CONTRAST, CONTRAST | {"rule": "equivalent", "outcome": "differs"}]
    orderings = [ORDERING, ORDERING | {"what": "whole gain", "note": "no shares: too small"}]
    return replace(
        ladder_results(losses()),
        contrasts=pd.DataFrame(contrasts, columns=COLUMNS["contrasts"]),
        orderings=pd.DataFrame(orderings, columns=COLUMNS["orderings"]),
    )


def test_a_contrast_shows_its_margin_its_gain_and_its_outcome(results: Results) -> None:
    lines = blocks(planned.sections(results)).splitlines()
    pair = (
        "| C9 | position weights − context mean | wiki17m | per-token masked-word loss (calibrated)"
    )
    numbers = "0.310 [0.290, 0.330] | 0.300 [0.270, 0.330] | &lt; 0.001 | 412, 5 seeds |"
    assert f"{pair} | above 0.02 | **adds** | {numbers}" in lines
    assert f"{pair} | within ±0.02 | **differs** | {numbers}" in lines


def test_an_ordering_shows_each_gain_with_its_share_or_why_there_is_none(results: Results) -> None:
    lines = [line for line in blocks(planned.sections(results)).splitlines() if "no word" in line]
    gain = "| positions | no word scores | 0.310 [0.290, 0.330] |"
    assert [line.partition("(calibrated) | ")[2] for line in lines] == [
        f"gain {gain} 90.0% [85.0%, 95.0%] | 412, 5 seeds |",
        f"whole gain {gain} no shares: too small | 412, 5 seeds |",
    ]


def test_both_reports_have_the_plan_and_others_have_no_section(results: Results) -> None:
    for build in (brief.document, document):
        assert f"## {planned.TITLE}\n" in markdown.write(build(results))
    assert planned.sections(ladder_results(losses())) == []
