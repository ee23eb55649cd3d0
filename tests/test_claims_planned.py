"""Verdicts on claims from planted outcomes of planned contrasts: a line for each rule."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from wordrel.report.claims import RULES, chips, claims_table, decidable, sections, standing
from wordrel.report.claims.planned import decide, rules, written
from wordrel.report.markdown import blocks
from wordrel.report.verdicts import plans
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS, LEAD, OUTCOMES

GOLDEN = Path(__file__).parent / "golden" / "input"
BOTH = {"wiki": "wiki17m", "books": "novels"}
Contrast = tuple[str, str, str]  # part, outcome, task


@cache
def golden_results() -> Results:
    return read_results(GOLDEN)


def results_of(
    name: str,
    contrasts: list[Contrast],
    sources: dict[str, str] = BOTH,
    seeds: int = 5,
    odd: dict[str, str] | None = None,
    leads: tuple[float, ...] = (),
) -> Results:
    """A study with these contrasts on every corpus; `odd`: what another one says of every part."""
    rows = []
    for corpus in sources:
        for part, outcome, task in contrasts:
            here = (odd or {}).get(corpus, outcome)
            rule = next(rule for rule, two in OUTCOMES.items() if outcome in (*two, "not measured"))
            row = {"claim": f"{name} planted", "part": part, "corpus": corpus, "task": task}
            row |= {
                "model_a": "attention",
                "model_b": "mean",
                "against": "",
                "rule": rule,
                "margin": 0.02,
            }
            row |= {"seeds": 0 if here == "not measured" else seeds, "n": 300, "outcome": here}
            rows.append(row | {"gain": 0.05, "low": 0.03, "high": 0.07})
    orderings = [
        {
            **{"claim": f"{name} planted", "corpus": corpus, "task": f"loss.{task}.calibrated"},
            **{"what": LEAD, "ingredient": "positions", "seeds": seeds, "n": 300, "low": low},
        }
        for task, low in zip(("masked_word", "next_word"), leads, strict=False)
        for corpus in sources
    ]
    tables = {"contrasts": rows, "orderings": orderings}
    golden = golden_results()
    form = golden.manifest["corpora"][0]
    corpora = [form | {"name": corpus, "source": source} for corpus, source in sources.items()]
    return replace(
        golden,
        manifest=golden.manifest | {"corpora": corpora},
        **{key: pd.DataFrame(found, columns=[*COLUMNS[key]]) for key, found in tables.items()},
    )


def of(**outcomes: str) -> list[Contrast]:
    return [(part.replace("_", " "), outcome, "row") for part, outcome in outcomes.items()]


def parts(outcomes: dict[str, str]) -> list[Contrast]:
    return [(part, outcome, "row") for part, outcome in outcomes.items()]


def sets(counted: int, reference: str, outcome: str, other: str) -> list[Contrast]:
    """The first of four word sets with this outcome, the others with another one."""
    return [(reference, outcome if i < counted else other, f"set {i}") for i in range(4)]


def words(n_skip_gram: int, n_counts: int, verdict: str = "not worse") -> list[Contrast]:
    other = "worse" if verdict == "not worse" else "not worse"
    return [
        *sets(n_skip_gram, "skip-gram", verdict, other),
        *sets(n_counts, "PPMI-SVD", verdict, other),
        *sets(4, "random", "adds", "adds less"),
    ]


TIES = ("K=Q", "K=V", "V=I", "Q=I")
OBJECTIVES = ("masked word", "next word")


def ties(*costly: str) -> list[Contrast]:
    return parts({tie: "adds" if tie in costly else "adds less" for tie in TIES})


def orders(without: tuple[str, str], with_them: tuple[str, str]) -> list[Contrast]:
    stay = {f"{o} without positions": s for o, s in zip(OBJECTIVES, without, strict=True)}
    return parts(
        stay | {f"{o} with positions": s for o, s in zip(OBJECTIVES, with_them, strict=True)}
    )


def dictionary(**other: str) -> list[Contrast]:
    found = {
        **{"recall": "adds", "recall of the mean": "adds less", "use": "adds"},
        **{"induction of one layer": "adds less", "induction of two blocks": "adds"},
    }
    return parts(found | {part.replace("_", " "): outcome for part, outcome in other.items()})


CASES: list[tuple[str, list[Contrast], str]] = [
    ("C1", words(4, 3), "supported"),
    ("C1", words(4, 2), "partly supported"),
    ("C1", words(3, 1, "worse"), "contradicted"),
    ("C1", [*words(4, 4)[:8], *sets(3, "random", "adds", "adds less")], "undecided"),
    ("C2", parts({"articles": "adds", "matched": "adds"}), "supported"),
    ("C2", parts({"articles": "adds", "matched": "adds less"}), "partly supported"),
    (
        "C2",
        parts({"articles": "adds", "matched": "adds less", "matched at all": "adds less"}),
        "contradicted",
    ),
    ("C2", parts({"articles": "adds", "matched": "not measured"}), "not identified"),
    ("C2", parts({"articles": "adds less", "matched": "adds less"}), "undecided"),
    ("C3", of(D1="adds", D2="adds", D1_turned="adds less"), "supported"),
    ("C3", of(D1="adds", D2="adds less", D1_turned="adds less"), "partly supported"),
    ("C3", of(D1="adds less", D2="adds", D1_turned="adds"), "contradicted"),
    ("C3", of(D1="adds less", D2="adds", D1_turned="adds less"), "undecided"),
    ("C4", of(drop="adds"), "supported"),
    ("C4", of(drop="adds less"), "contradicted"),
    ("C5", ties("K=Q", "V=I"), "supported"),
    ("C5", ties("K=Q", "K=V"), "supported"),
    ("C5", ties("K=Q"), "partly supported"),
    ("C5", ties("V=I", "K=V"), "partly supported"),
    ("C5", ties(), "contradicted"),
    ("C5", ties()[:3], "undecided"),
    ("C6", of(maps="adds", recall="adds"), "supported"),
    ("C6", of(maps="adds less", recall="adds less"), "contradicted"),
    ("C6", of(maps="adds less"), "contradicted"),
    ("C6", of(maps="adds less", recall="adds"), "partly supported"),
    ("C7", dictionary(), "supported"),
    ("C7", dictionary(use="adds less"), "partly supported"),
    ("C7", dictionary(induction_of_two_blocks="adds less"), "partly supported"),
    ("C7", dictionary(recall="adds less"), "undecided"),
    ("C8", orders(("equivalent", "equivalent"), ("adds", "adds")), "supported"),
    ("C8", orders(("equivalent", "equivalent"), ("adds", "adds less")), "partly supported"),
    ("C8", orders(("equivalent", "differs"), ("adds", "adds")), "contradicted"),
    ("C8", orders(("equivalent", "equivalent"), ("adds less", "adds less")), "undecided"),
    ("C9", of(positions="adds"), "partly supported"),
    ("C9", of(positions="adds less"), "undecided"),
]


@pytest.mark.parametrize(("name", "contrasts", "expected"), CASES)
def test_outcomes_on_both_corpora_make_the_verdict_of_the_rule(
    name: str, contrasts: list[Contrast], expected: str
) -> None:
    assert decide(name, results_of(name, contrasts)).verdict == expected


@pytest.mark.parametrize(("name", "contrasts", "expected"), CASES)
def test_four_seeds_decide_nothing_and_one_corpus_decides_in_part(
    name: str, contrasts: list[Contrast], expected: str
) -> None:
    few = decide(name, results_of(name, contrasts, seeds=4)).verdict
    assert few == "undecided"
    one = decide(name, results_of(name, contrasts, {"wiki": "wiki17m"})).verdict
    assert one not in ("supported", "contradicted")
    if expected in ("supported", "partly supported", "not identified"):
        assert one == expected.replace("supported", "partly supported").replace(
            "partly partly", "partly"
        )
    elif expected == "undecided":
        assert one == "undecided"


def test_corpora_that_contradict_each_other_leave_a_claim_undecided() -> None:
    for outcome, odd in (("adds", "adds less"), ("adds less", "adds")):
        found = results_of("C4", of(drop=outcome), odd={"books": odd})
        assert decide("C4", found).verdict == "undecided"
    open_on_one = results_of("C4", of(drop="adds"), odd={"books": "open"})
    assert decide("C4", open_on_one).verdict == "partly supported"
    open_on_one = results_of("C4", of(drop="adds less"), odd={"books": "open"})
    assert decide("C4", open_on_one).verdict == "undecided"


def test_planted_text_needs_no_second_corpus() -> None:
    """Recall and induction are planted, use is on the two corpora: the claim is supported."""
    sources = BOTH | {"recall-8": "planted:recall-8"}
    found = results_of("C7", dictionary(), sources)
    of_text = (found.contrasts["part"] == "use") == (found.contrasts["corpus"] != "recall-8")
    assert decide("C7", replace(found, contrasts=found.contrasts[of_text])).verdict == "supported"


def test_the_contrasts_of_a_claim_may_stand_in_several_studies() -> None:
    every = results_of("C7", dictionary(), {"recall-8": "planted:recall-8"})
    planted = replace(every, contrasts=every.contrasts[every.contrasts["part"] != "use"])
    use = results_of("C7", of(use="adds"))
    assert decide("C7", planted).verdict == "partly supported"
    assert decide("C7", use).verdict == "undecided"
    assert decide("C7", planted, use).verdict == decide("C7", use, planted).verdict == "supported"
    assert plans("C7", use) and not plans("C6", use)


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        ((0.1, 0.2), "supported"),
        ((0.1, -0.1), "partly supported"),
        ((0.1,), "partly supported"),  # of one objective
        ((), "partly supported"),
    ],
)
def test_one_ingredient_leads_in_every_ordering_of_the_claim(
    leads: tuple[float, ...], expected: str
) -> None:
    found = results_of("C9", of(positions="adds"), leads=leads)
    assert decide("C9", found).verdict == expected


def test_another_ingredient_for_the_other_objective_leads_nothing() -> None:
    found = results_of("C9", of(positions="adds"), leads=(0.1, 0.2))
    next_word = found.orderings["task"] == "loss.next_word.calibrated"
    found.orderings.loc[next_word, "ingredient"] = "word weights"
    c9 = decide("C9", found)
    assert c9.verdict == "partly supported"
    assert c9.effect.endswith(
        "planted, adds most on both corpora: positions; "
        "planted, adds most on both corpora: word weights"
    )


def test_what_is_special_to_attention_is_said_beside_the_verdict() -> None:
    beside = results_of("C4", of(drop="adds", beside_the_mean="adds"))
    assert decide("C4", beside).details == "special to attention"
    alone = results_of("C4", of(drop="adds", beside_the_mean="adds less"))
    assert decide("C4", alone).details == ""


def test_every_rule_names_outcomes_that_there_are_and_claims_of_the_note() -> None:
    outcomes = {outcome for two in OUTCOMES.values() for outcome in two} | {"not measured"}

    def check(condition: object) -> None:
        assert isinstance(condition, dict)
        for key, value in condition.items():
            if key in ("all", "any"):
                assert value
                for one in value:
                    check(one)
            elif key in ("some", "not"):
                check(value)
            elif key not in ("rows", "leads"):
                assert value in outcomes

    assert [*written()] == [rule.name for rule in RULES]
    for rule in written().values():
        assert {*rule} <= {
            *("claim", "rule", "supported", "contradicted", "not_identified", "partly", "also")
        }
        for key in {*rule} - {"claim", "rule", "also"}:
            check(rule[key])
        for condition in rule.get("also", {}).values():
            check(condition)


def test_a_planned_claim_stands_in_place_of_the_general_rule_and_is_not_revised() -> None:
    results = results_of("C9", of(positions="adds", heads="adds"), leads=(0.1, 0.2))
    found = {rule.name: rule for rule in rules(results, RULES)}
    assert [*found] == [rule.name for rule in RULES]
    c9 = found["C9"]
    decidable_ones = [name for name, rule in found.items() if not rule.missing(results)]
    assert decidable_ones == [name for name in found if found[name] not in RULES] == ["C9"]
    assert (c9.experiment, c9.planned) == (results.study, True)
    assert standing(c9, c9.decide(results)) == "supported"
    said = f"C9: {c9.claim}"
    assert (said, "supported") in chips(results)
    page = blocks(sections(results))
    assert f"| {said} | **supported** |" in page
    assert c9.decide(results).effect.startswith(
        "planted, positions, attention over context mean: wiki adds 0.050 [0.030, 0.070], books "
        "adds 0.050 [0.030, 0.070] (n 300, 5 seeds); planted, heads, attention over context mean: "
        "wiki adds"
    )
    assert "Needs" not in page.split("C9")[1].split("\n")[0]
    assert len(claims_table(results)[0].rows) == len(decidable(results))


def test_several_contrasts_of_a_part_are_counted_in_place_of_listed() -> None:
    results = results_of("C1", words(2, 4))
    (rule,) = (rule for rule in rules(results, RULES) if rule.name == "C1")
    said = rule.decide(results).effect.split("; ")
    assert said[0].startswith(
        "planted, skip-gram, 4 contrasts on 2 corpora: 4 not worse and 4 worse, gains of "
    )
    assert said[1].startswith("planted, PPMI-SVD, 4 contrasts on 2 corpora: 8 not worse, gains of ")
    assert all(one.endswith("(n 300, 5 seeds)") for one in said)
