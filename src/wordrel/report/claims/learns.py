"""C1: does self-attention learn words and their relationships?

No table corrects the tests against random vectors: their adjusted p is the plain one. "On one test
at least" is so for one in 40 tests of a model that has learnt nothing, and for .40 of claims with
20 of them. So there Holm's p counts, over all tests of the rule.
"""

from collections.abc import Sequence

from wordrel.report import queries
from wordrel.report.claims.planned import words
from wordrel.report.labels import label
from wordrel.report.verdicts import (
    Claim,
    Rule,
    ahead,
    counted,
    difference,
    enough,
    score,
    shown_value,
)
from wordrel.study.contrasts import step_down
from wordrel.study.results import Results

SIMILARITY = ("ws353_sim", "ws353_rel", "simlex999", "men_test", "rw", "simverb_test", "mturk287")
PREFERENCE = ("sp10k_nsubj", "sp10k_dobj", "sp10k_amod")
_BESIDE = ("attention", "skip_gram", "ppmi_svd", "random")


def claim(results: Results) -> Claim:
    """C1, from the differences between `attention` and random vectors."""
    corpora = queries.corpora(results)
    learnt = [
        difference(results, corpus, task, "attention", "random")
        for corpus in corpora
        for task in (*SIMILARITY, *PREFERENCE)
    ]
    signs = [ahead(pair) for pair in learnt]
    named = {model: queries.label(results, model) for model in _BESIDE}
    beside = [
        f"{label(task)} on {corpora[0]}: "
        + ", ".join(
            f"{shown} {shown_value(score(results, corpora[0], task, model))}"
            for model, shown in named.items()
        )
        for task in ("men_test", "sp10k_dobj")
    ]
    effect = (
        f"{named['attention']} is better than random vectors in {signs.count(1)} of {len(signs)} "
        f"tests of similarity and selectional preference ({counted(learnt)}); {beside[0]}"
    )
    p = [pair.p for pair in learnt if pair is not None]
    return Claim(verdict(signs, p) if enough(learnt) else "undecided", effect, beside[1])


def verdict(signs: Sequence[int], p: Sequence[float]) -> str:
    """C1 from each test of its rule.

    Args:
        signs: 1 where `attention` is significantly better than random vectors, -1 where worse.
        p: of each test, not adjusted. Only "partly supported" needs a correction: the other
            verdicts ask for all tests.
    """
    if {*signs} == {1}:
        return "supported"
    adjusted, _ = step_down(p, queries.ALPHA)
    if any(sign == 1 and one < queries.ALPHA for sign, one in zip(signs, adjusted, strict=True)):
        return "partly supported"
    return "contradicted" if {*signs} == {-1} else "undecided"


C1 = Rule(
    name="C1",
    claim=words("C1"),
    experiment="word2vec_vs_attention",
    rule=(
        "Supported where attention is significantly better than random vectors on seven sets of "
        "similarity and three of selectional preference, on every corpus; partly supported where "
        "it is on one at least, after Holm's correction; contradicted where it is worse on all."
    ),
    models=("random", "attention"),
    tasks=(*SIMILARITY, *PREFERENCE),
    decide=claim,
)
