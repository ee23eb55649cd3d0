"""What is stored of each claim's rule of the second edition, and what is missing."""

from collections.abc import Callable, Sequence

from pages.front import looked_up
from pages.studies import MEN, NEXT, SAMPLES
from wordrel.report import queries
from wordrel.report.claims import parts_of_speech
from wordrel.report.claims.learns import PREFERENCE
from wordrel.report.plane import word_sets
from wordrel.report.text import share
from wordrel.report.verdicts import difference, measured, shown_value
from wordrel.study.results import Results

WORD_SETS = (MEN, "simverb_test", *PREFERENCE, "google_analogies")
NOT_WORSE = -0.03
TUNED = "mean_query_attention_position"
TIES = {"K=Q": "one_map_qk", "Q=I": "no_query_map", "V=I": "no_value_map"}
"""Tie -> the model that has it."""


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


def _products(results: dict[str, Results]) -> str:
    parts = results["parts_of_speech"]
    row = parts_of_speech.auc(parts, SAMPLES[0], "attention", "attention")
    return (
        "raw products, compared across queries; AUC of attention's weights in sentences "
        f"{shown_value(row)} on {SAMPLES[0]}"
    )


def _determiners(results: dict[str, Results]) -> str:
    corpora = queries.corpora(results["parts_of_speech"])
    shown = [
        " against ".join(
            shown_value(row)
            for row in parts_of_speech.articles(results["parts_of_speech"], corpus, "attention")
        )
        for corpus in corpora
    ]
    pairs = ", ".join(f"{one} on {corpus}" for one, corpus in zip(shown, corpora, strict=True))
    return f"determiners against as many other words, in nats: {pairs}"


def _tasks(results: dict[str, Results]) -> str:
    return (
        f"cosines of two architectures on {' and '.join(queries.corpora(results['task_decides']))}"
    )


def _ties(results: dict[str, Results]) -> str:
    roles = results["roles"]
    (corpus,) = queries.corpora(roles)
    rows = {tie: difference(roles, corpus, NEXT, model, "attention") for tie, model in TIES.items()}
    costs = ", ".join(f"{tie} {shown_value(row)}" for tie, row in rows.items())
    return f"change of the loss, untuned, {corpus}: {costs}"


def _maps(results: dict[str, Results]) -> str:
    roles = results["roles"]
    (corpus,) = queries.corpora(roles)
    row = difference(roles, corpus, NEXT, "dot_product_attention", "attention")
    return f"change of the loss without maps, untuned, {corpus}: {shown_value(row)}"


def _dictionary(results: dict[str, Results]) -> str:
    attention, mean = looked_up(results["recall"])
    found, guessed = (share(row.score, row.low, row.high) for row in (attention, mean))
    return (
        f"capability: attention finds {found} of the values, the mean {guessed}; settings were "
        "chosen by its accuracy, and with 16 pairs it did not learn the task"
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
    "C2": (_products, "lifts of triples with one verb; determiners matched in frequency"),
    "C3": (_determiners, "equal distance (D1); equal frequency (D2)"),
    "C4": (_tasks, "lifts of query and key, of one architecture with two targets; novels"),
    "C5": (_ties, "K=V; tuned models with a direct path; novels"),
    "C6": (_maps, "tuned models with a direct path and positions; novels"),
    "C7": (_dictionary, "induction (limit); hiding the word with the largest weight (use)"),
    "C8": (_order, "contexts shuffled in training, too; both objectives; novels"),
}
"""Claim -> what is stored of its rule, and what is missing."""
