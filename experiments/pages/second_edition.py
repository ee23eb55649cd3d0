"""What is stored of each claim's rule of the second edition, and what is missing."""

from collections.abc import Callable, Sequence

from pages.studies import MEN
from wordrel.report import queries
from wordrel.report.claims.learns import PREFERENCE
from wordrel.report.plane import word_sets
from wordrel.report.verdicts import difference, measured, shown_value
from wordrel.study.results import Results

WORD_SETS = (MEN, "simverb_test", *PREFERENCE, "google_analogies")
NOT_WORSE = -0.03
TUNED = "mean_query_attention_position"


def _word_sets(results: dict[str, Results]) -> str:
    main, plane = results["word2vec_vs_attention"], results["recipe"]
    rivals = (("skip_gram", "skip-gram"), ("ppmi_svd", "PPMI-SVD"))
    untuned = [f"than {name} in {worse_than(main, model)}" for model, name in rivals]
    tuned = [
        f"than {name} in {worse_than(plane, model, TUNED, word_sets(plane))}"
        for model, name in rivals
    ]
    return (
        f"worse by more than .03, on word sets of both corpora: untuned {', '.join(untuned)}; "
        f"tuned by loss, masked word, {', '.join(tuned)}"
    )


def worse_than(
    results: Results, rival: str, model: str = "attention", sets: Sequence[str] = WORD_SETS
) -> str:
    """On how many word sets a model is worse than a rival by more than .03: "9 of 12"."""
    gaps = [
        difference(results, corpus, task, model, rival)
        for corpus in queries.corpora(results)
        for task in sets
    ]
    known = [gap for gap in gaps if gap is not None]
    return f"{sum(gap.high < NOT_WORSE for gap in known)} of {len(known)}"


def _tasks(results: dict[str, Results]) -> str:
    return (
        f"cosines of two architectures on {' and '.join(queries.corpora(results['task_decides']))}"
    )


def _order(results: dict[str, Results]) -> str:
    order = results["order"]
    (corpus,) = queries.corpora(order)
    shuffled = ("word_order", "context", "others permuted", "added_loss")
    row = measured(order, corpus, "attention_position", shuffled)
    return (
        "contexts permuted at test alone; with positions the next-word loss rises by "
        f"{shown_value(row)}, untuned, {corpus}"
    )


NOTES: dict[str, tuple[Callable[[dict[str, Results]], str], str]] = {
    "C1": (_word_sets, "tuned models, chosen by one development word score"),
    "C4": (_tasks, "lifts of query and key, of one architecture with two targets; novels"),
    "C8": (_order, "contexts shuffled in training, too; both objectives; novels"),
}
"""Claim -> what is stored of its rule, and what is missing."""
