"""The claims of any study: decided by the rules of the experiments where it has what they need."""

import io
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from ladder_study import ladder_results, models
from runners import ROOT
from wide_study import wide_results
from wordrel.report import terminal
from wordrel.report.claims import (
    RULES,
    chips,
    claims_table,
    decidable,
    learns,
    sections,
    standing,
)
from wordrel.report.markdown import blocks
from wordrel.report.verdicts import Claim, Verdict, over_corpora
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS

BY_NAME = {rule.name: rule for rule in RULES}
C8, C9 = (f"{name}: {BY_NAME[name].claim}" for name in ("C8", "C9"))


@pytest.fixture(scope="module")
def order() -> Results:
    """Decides C8."""
    return read_results(ROOT / "results" / "order")


@pytest.fixture(scope="module")
def both(order: Results) -> Results:
    """The same with a planned contrast of C9."""
    row = {"claim": "C9 planted", "part": "positions", "corpus": "wiki17m-5m", "task": "loss"}
    row |= {"model_a": "attention_position", "model_b": "attention", "against": "", "n": 300}
    row |= {"rule": "adds", "margin": 0.02, "seeds": 5, "outcome": "adds"}
    row |= {"gain": 0.05, "low": 0.03, "high": 0.07}
    return replace(order, contrasts=pd.DataFrame([row], columns=[*COLUMNS["contrasts"]]))


def test_there_is_one_rule_for_each_claim() -> None:
    assert [rule.name for rule in RULES] == [f"C{n}" for n in range(1, 10)]


@pytest.mark.parametrize(
    ("name", "study", "shown"),
    [
        ("C1", "word2vec_vs_attention", "**partly supported**†"),
        ("C4", "task_decides", "**partly supported**"),
        ("C8", "order", "**partly supported**"),
        ("C9", "ladder", "**undecided**† (its rule: supported)"),
    ],
)
def test_the_page_of_an_experiment_tells_the_claim_that_it_decides(
    name: str, study: str, shown: str
) -> None:
    rule, results = BY_NAME[name], read_results(ROOT / "results" / study)
    assert (rule.experiment, rule.missing(results)) == (study, [])
    page = blocks(sections(results))
    assert f"| {name}: {rule.claim} | {shown} |" in page
    why = "- C9 is undecided: what word scores add changes its sign with learning rate"
    assert (why in page) == (name == "C9")


def test_the_other_claims_need_planned_contrasts(order: Results) -> None:
    general = {rule.name for rule in RULES if rule.models}
    assert general == {"C1", "C4", "C8", "C9"}
    others = blocks(sections(order)).split("Claims that this study cannot decide")[1].splitlines()
    for name in BY_NAME.keys() - general:
        assert BY_NAME[name].missing(order) == ["contrasts"]
        assert f"- {name}: {BY_NAME[name].claim}. Needs `contrasts`." in others


def test_a_review_leaves_c9_undecided_and_changes_no_other_verdict() -> None:
    for verdict in ("supported", "partly supported", "contradicted", "undecided"):
        assert standing(BY_NAME["C9"], Claim(verdict, "")) == "undecided"
        for name in BY_NAME.keys() - {"C9"}:
            assert standing(BY_NAME[name], Claim(verdict, "")) == verdict


def test_one_better_test_of_many_needs_a_correction_to_support_c1() -> None:
    (c1,) = (rule for rule in RULES if rule.name == "C1")
    results = read_results(ROOT / "results" / c1.experiment)
    assert c1.decide(results).verdict == "partly supported"
    table = results.comparisons
    against = table["task"].isin(c1.tasks) & (
        table[["model_a", "model_b"]].isin(c1.models).all(axis=1)
    )
    rows = table.assign(
        p=table["p"].mask(against, 0.6), p_adjusted=table["p_adjusted"].mask(against, 0.6)
    )
    (better, *_) = rows.index[against & (rows["task"] == "men_test")]
    for p, expected in ((0.03, "undecided"), (0.002, "partly supported")):
        rows.loc[better, ["p", "p_adjusted"]] = p
        assert c1.decide(replace(results, comparisons=rows)).verdict == expected


def test_the_verdict_of_c1_corrects_only_what_holds_somewhere() -> None:
    p = [0.03] * 10
    assert learns.verdict([1] * 10, p) == "supported"
    assert learns.verdict([-1] * 10, p) == "contradicted"
    assert learns.verdict([1, *[0] * 9], [0.004, *[0.6] * 9]) == "partly supported"
    assert learns.verdict([1, *[0] * 9], [0.03, *[0.6] * 9]) == "undecided"
    assert learns.verdict([-1, 1, *[0] * 8], [0.001, 0.03, *[0.6] * 8]) == "undecided"


def test_a_card_has_the_claims_of_its_own_experiment_or_else_all_it_can_decide(
    order: Results, both: Results
) -> None:
    assert chips(both) == [(C8, "partly supported"), (C9, "partly supported")]
    renamed = replace(both, manifest=both.manifest | {"study": "mine"})
    assert chips(renamed) == [(C9, "partly supported")]  # it planned contrasts of this one
    assert [rule.name for rule in decidable(renamed)] == ["C9", "C8"]
    other = replace(order, manifest=order.manifest | {"study": "mine"})
    assert chips(other) == [(C8, "partly supported")]


def test_the_terminal_tells_each_claim_that_the_page_tells(both: Results) -> None:
    table = terminal.claims_table(both)
    assert table is not None
    out = io.StringIO()
    Console(file=out, width=400, color_system=None).print(table)
    shown = out.getvalue().splitlines()
    claims = {rule.name: rule.decide(both) for rule in decidable(both)}
    assert len(claims) == table.row_count == 2
    for name, claim in claims.items():
        (line,) = (line for line in shown if f"{name}: {BY_NAME[name].claim}" in line)
        assert claim.verdict in line and claim.effect in line
    assert terminal.claims_table(ladder_results({"c": {"mean": {1: 6.0}}}, models()[:1])) is None


def test_a_study_without_a_model_or_a_task_is_told_what_it_lacks(both: Results) -> None:
    c8 = BY_NAME["C8"]
    assert c8 in decidable(both)
    models = [m for m in both.config["models"] if m["name"] != "cbow"]
    without = replace(both, config={**both.config, "models": models})
    assert c8.missing(without) == ["cbow"]
    assert c8 not in decidable(without)
    others = blocks(sections(without)).split("Claims that this study cannot decide")[1]
    assert f"- {C8}. Needs `cbow`." in others.splitlines()
    tasks = [t for t in both.manifest["tasks"] if t["name"] != "word_order"]
    assert c8.missing(replace(both, manifest={**both.manifest, "tasks": tasks})) == ["word_order"]


def test_a_study_that_can_decide_nothing_has_no_section() -> None:
    losses = {"c": {"mean": {1: 6.0}, "position_weight": {1: 5.6}}}
    results = ladder_results(losses, [m for m in models() if m["name"] in losses["c"]])
    assert decidable(results) == []
    assert sections(results) == claims_table(results) == []


@pytest.mark.parametrize("study", ["order", "word2vec_vs_attention"])
def test_few_seeds_leave_every_claim_undecided(study: str) -> None:
    stored = read_results(ROOT / "results" / study)
    few = {name: getattr(stored, name).copy() for name in ("comparisons", "measurements")}
    for table in few.values():
        table["seeds"] = 4
    found = [
        rule.decide(results).verdict
        for results in (stored, replace(stored, **few))
        for rule in decidable(results)
    ]
    assert found == ["partly supported", "undecided"]


def test_chance_alone_does_not_learn() -> None:
    wide = wide_results()
    (c1,) = (rule for rule in decidable(wide) if rule.name == "C1")
    assert c1.decide(wide).verdict in ("supported", "partly supported")
    pairs = wide.comparisons.copy()
    pairs[["difference", "low", "high"]] = -pairs[["difference", "high", "low"]].to_numpy()
    turned = c1.decide(replace(wide, comparisons=pairs))
    assert turned.verdict == "contradicted"


def test_over_several_corpora_each_says_its_own_evidence(order: Results) -> None:
    def on(results: Results, corpus: str) -> dict[str, Verdict]:
        return {"1": Verdict("holds" if corpus == "a" else "undecided", f"n of {corpus}")}

    two = replace(order, manifest={**order.manifest, "corpora": [{"name": "a"}, {"name": "b"}]})
    assert over_corpora(two, on)["1"] == Verdict("undecided", "a: n of a; b: n of b")
    one = replace(order, manifest={**order.manifest, "corpora": [{"name": "a"}]})
    assert over_corpora(one, on)["1"] == Verdict("holds", "n of a")
