"""The claims of any study: decided by the rules of the experiments where it has what they need."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from ladder_study import ladder_results, models
from runners import ROOT
from wide_study import wide_results
from wordrel.report import terminal
from wordrel.report.claims import (
    REVIEW,
    REVISED,
    RULES,
    SECOND_EDITION,
    chips,
    claims_table,
    decidable,
    learns,
    sections,
    standing,
    young,
)
from wordrel.report.markdown import blocks
from wordrel.report.verdicts import Claim, Verdict, over_corpora
from wordrel.study.results import Results, read_results

DECIDED_BY = {rule.experiment: [] for rule in RULES}
for _rule in RULES:
    DECIDED_BY[_rule.experiment].append(_rule)


@pytest.fixture(scope="module")
def roles() -> Results:
    return read_results(ROOT / "results" / "roles")


def test_there_is_one_rule_for_each_claim() -> None:
    assert [rule.name for rule in RULES] == [f"C{n}" for n in range(1, 10)]


@pytest.mark.parametrize("name", DECIDED_BY)
def test_the_page_of_an_experiment_tells_the_claims_that_it_decides(name: str) -> None:
    results = read_results(ROOT / "results" / name)
    page = blocks(sections(results))
    for rule in DECIDED_BY[name]:
        assert rule.missing(results) == []
        now = standing(rule, rule.decide(results))
        before = f" (its rule: {now.before})" if now.before else ""
        mark = young(rule)
        assert f"| {rule.name}: {rule.claim} | **{now.verdict}**{mark}{before} |" in page
        assert not now.why or f"- {rule.name} is {now.verdict}: {now.why}" in page


def test_a_review_changes_what_a_rule_decides_and_nothing_that_it_leaves_open() -> None:
    c1, c2 = RULES[:2]
    assert standing(c2, Claim("partly supported", "")) == (
        *("not identified", "partly supported", REVISED["C2"].why, REVIEW),
    )
    assert standing(c2, Claim("undecided", "")) == ("undecided", "", "", "")
    assert standing(c1, Claim("supported", "")) == ("supported", "", "", "")


def test_a_new_rule_weakens_support_and_changes_no_other_verdict() -> None:
    (c7,) = (rule for rule in RULES if rule.name == "C7")
    now = standing(c7, Claim("supported", ""))
    assert (now.verdict, now.before, now.by) == ("partly supported", "supported", SECOND_EDITION)
    for verdict in ("partly supported", "contradicted", "undecided"):
        assert standing(c7, Claim(verdict, "")) == (verdict, "", "", "")


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
    roles: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [
        ("C5: Query, key and value are different roles of one vector", "undecided"),
        ("C6: The maps to query, key and value add parameters that do something", "undecided"),
    ]
    assert chips(roles) == both
    assert chips(replace(roles, manifest=roles.manifest | {"study": "mine"})) == both
    moved = [replace(rule, experiment="order") if rule.name == "C5" else rule for rule in RULES]
    monkeypatch.setattr("wordrel.report.claims.RULES", moved)
    assert chips(roles) == both[1:]
    assert [rule.name for rule in decidable(roles)] == ["C6", "C5"]


def test_the_terminal_tells_each_claim_that_the_page_tells(roles: Results) -> None:
    table = terminal.claims_table(roles)
    assert table is not None
    out = io.StringIO()
    Console(file=out, width=400, color_system=None).print(table)
    shown = out.getvalue().splitlines()
    claims = {rule: rule.decide(roles) for rule in decidable(roles)}
    assert len(claims) == table.row_count == 2
    for rule, claim in claims.items():
        (line,) = (line for line in shown if f"{rule.name}: {rule.claim}" in line)
        assert standing(rule, claim).verdict in line and claim.effect in line
    assert terminal.claims_table(ladder_results({"c": {"mean": {1: 6.0}}}, models()[:1])) is None


def test_a_study_without_a_model_or_a_task_is_told_what_it_lacks(roles: Results) -> None:
    (c6,) = (rule for rule in RULES if rule.name == "C6")
    assert c6 in decidable(roles)
    models = [m for m in roles.config["models"] if m["name"] != "dot_product_attention"]
    without = replace(roles, config={**roles.config, "models": models})
    assert c6.missing(without) == ["dot_product_attention"]
    assert c6 not in decidable(without)
    others = blocks(sections(without)).split("Claims that this study cannot decide")[1]
    assert f"- C6: {c6.claim}. Needs `dot_product_attention`." in others.splitlines()
    tasks = [t for t in roles.manifest["tasks"] if t["name"] != "held_out_loss"]
    assert c6.missing(replace(roles, manifest={**roles.manifest, "tasks": tasks})) == [
        "held_out_loss"
    ]


def test_a_study_that_can_decide_nothing_has_no_section() -> None:
    losses = {"c": {"mean": {1: 6.0}, "position_weight": {1: 5.6}}}
    results = ladder_results(losses, [m for m in models() if m["name"] in losses["c"]])
    assert decidable(results) == []
    assert sections(results) == claims_table(results) == []


def test_few_seeds_leave_every_claim_undecided(roles: Results) -> None:
    few = {name: getattr(roles, name).copy() for name in ("comparisons", "measurements", "summary")}
    for table in few.values():
        table["seeds"] = 4
    found = [rule.decide(replace(roles, **few)).verdict for rule in decidable(roles)]
    assert set(found) == {"undecided"}


def test_chance_alone_does_not_learn() -> None:
    wide = wide_results()
    (c1,) = (rule for rule in decidable(wide) if rule.name == "C1")
    assert c1.decide(wide).verdict in ("supported", "partly supported")
    pairs = wide.comparisons.copy()
    pairs[["difference", "low", "high"]] = -pairs[["difference", "high", "low"]].to_numpy()
    turned = c1.decide(replace(wide, comparisons=pairs))
    assert turned.verdict == "contradicted"


def test_over_several_corpora_each_says_its_own_evidence(roles: Results) -> None:
    def on(results: Results, corpus: str) -> dict[str, Verdict]:
        return {"1": Verdict("holds" if corpus == "a" else "undecided", f"n of {corpus}")}

    two = replace(roles, manifest={**roles.manifest, "corpora": [{"name": "a"}, {"name": "b"}]})
    assert over_corpora(two, on)["1"] == Verdict("undecided", "a: n of a; b: n of b")
    one = replace(roles, manifest={**roles.manifest, "corpora": [{"name": "a"}]})
    assert over_corpora(one, on)["1"] == Verdict("holds", "n of a")
