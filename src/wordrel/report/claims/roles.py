"""C5 and C6: are query, key and value different roles, and what do their maps add?

Predictions 2 to 4 say that a smaller model costs little. One that fails supports a claim, and over
several corpora it fails where it fails on one (`wordrel.report.verdicts.overall`). So "costs more
than .02 nats" in the two rules means: on one corpus at least. Only "significantly worse" in C6 has
to be so on every corpus.
"""

from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import count, plural
from wordrel.report.verdicts import (
    Claim,
    Rule,
    Verdict,
    above,
    ahead,
    difference,
    enough,
    measured,
    over_corpora,
    shown,
    shown_value,
)
from wordrel.study.results import Results

MARGIN = 0.02
NEXT, ROLES = "held_out_loss.next_word", "attention_roles"
SMALLER = {"2": "one_map_qk", "3": "no_value_map", "4": "dot_product_attention"}
"""Prediction -> the model in which something is tied or left out."""


def verdicts(results: Results) -> dict[str, Verdict]:
    """Predictions 1 to 4 of experiments/roles.py, over all corpora."""
    return over_corpora(results, _on)


def _on(results: Results, corpus: str) -> dict[str, Verdict]:
    added = measured(results, corpus, "attention", (ROLES, "exchanged", "all", "added_loss"))
    predictions = {"1": against(added, MARGIN, "added loss of exchanged query and key")}
    for name, model in SMALLER.items():
        gap = difference(results, corpus, NEXT, model, "attention")
        predictions[name] = Verdict(costs_little(gap), shown(results, gap))
    return predictions


def roles_claim(results: Results) -> Claim:
    """C5, from the first two."""
    predictions = verdicts(results)
    words = {name: verdict.outcome for name, verdict in predictions.items()}
    return Claim(of_roles(words), predictions["1"].evidence, predictions["2"].evidence)


def maps_claim(results: Results) -> Claim:
    """C6, from the last three."""
    predictions = verdicts(results)
    corpora = queries.corpora(results)
    words = {name: verdict.outcome for name, verdict in predictions.items()}
    gaps = [
        ahead(difference(results, c, NEXT, "dot_product_attention", "attention")) for c in corpora
    ]
    sizes = {
        model: queries.cost(results, corpora[0], model).parameters
        for model in ("dot_product_attention", "no_value_map", "one_map_qk", "attention")
    }
    parameters = ", ".join(
        f"{queries.label(results, m)} {count(size)}" for m, size in sizes.items()
    )
    costs = "; ".join(predictions[name].evidence for name in ("2", "3"))
    details = f"{costs}; parameters: {parameters}"
    return Claim(of_maps(words, max(gaps)), predictions["4"].evidence, details)


def of_roles(words: dict[str, str]) -> str:
    """C5 from the predictions over all corpora: 1 holds on every one, 2 fails on one at least."""
    if words["1"] == "holds":
        return "supported" if words["2"] == "fails" else "partly supported"
    little = words["2"] == words["3"] == "holds"
    return "contradicted" if words["1"] == "fails" and little else "undecided"


def of_maps(words: dict[str, str], dot_product_ahead: int) -> str:
    """C6 from the predictions over all corpora; 2, 3 and 4 fail where they do on one at least.

    Args:
        words: holds, fails or undecided.
        dot_product_ahead: the most of all corpora, where attention without maps is better (1) or
            worse (-1) than with them, or neither (0).
    """
    if words["4"] == "fails" and dot_product_ahead == -1:
        return "supported"
    if "fails" in (words["2"], words["3"]):
        return "partly supported"
    return "contradicted" if words["2"] == words["3"] == words["4"] == "holds" else "undecided"


def against(row: Row | None, value: float, name: str) -> Verdict:
    """Holds where the whole interval lies above a value, fails where it lies below."""
    words = {1: "holds", -1: "fails", 0: "undecided"}
    outcome = words[above(row, value)] if enough([row]) else "undecided"
    n = "" if row is None else f", n {count(row.n)}, {plural(row.seeds, 'seed')}"
    return Verdict(outcome, f"{name} {shown_value(row)}{n}")


def costs_little(gap: Row | None) -> str:
    """By how much the loss of the smaller model is above that of `attention`."""
    if gap is None or not enough([gap]):
        return "undecided"
    return "holds" if gap.high < MARGIN else "fails" if gap.low > MARGIN else "undecided"


C5 = Rule(
    name="C5",
    claim="Query, key and value are different roles of one vector",
    experiment="roles",
    rule=(
        "Supported where exchanging query and key in the trained model costs more than .02 nats "
        "on one corpus at least, and tying them in training does, too; partly supported where the "
        "exchange costs that and tying is not shown to; contradicted where the exchange costs "
        "less, and so do tying and leaving out the map of the value."
    ),
    models=("attention", "one_map_qk", "no_value_map"),
    tasks=(ROLES, "held_out_loss"),
    decide=roles_claim,
)
C6 = Rule(
    name="C6",
    claim="The maps to query, key and value add parameters that do something",
    experiment="roles",
    rule=(
        "Supported where attention without any map is significantly worse, by more than .02 "
        "nats on one corpus at least; partly supported where one map alone costs that when it is "
        "tied or left out; "
        "contradicted where tying query and key, leaving out the map of the value and leaving out "
        "all of them each cost less than .02 nats."
    ),
    models=("attention", "dot_product_attention", "one_map_qk", "no_value_map"),
    tasks=("held_out_loss",),
    decide=maps_claim,
)
