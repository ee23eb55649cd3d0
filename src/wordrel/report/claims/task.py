"""C4: does the task that is learnt decide how related two words are?"""

from wordrel.report import queries
from wordrel.report.claims.planned import words
from wordrel.report.verdicts import (
    SEEDS,
    Claim,
    Rule,
    Verdict,
    agreement,
    apart,
    counted,
    decided_by_all,
    over_corpora,
    shown_value,
)
from wordrel.study.results import Results

MEASURE = "rank_correlation"
TASKS = {
    "mean": ("mean", "next_mean", "mean_shuffled"),
    "mean_query_attention": (
        "mean_query_attention",
        "next_mean_query",
        "mean_query_attention_shuffled",
    ),
}
"""Architecture -> the models of it that learn a word from both sides, the next, shuffled text."""
CONTROL = ("skip_gram", "cbow")
MODELS = (*CONTROL, *(model for taught in TASKS.values() for model in taught))


def verdicts(results: Results) -> dict[str, Verdict]:
    """Predictions 1 to 3 of experiments/task_decides.py, over all corpora."""
    return over_corpora(results, _on)


def _on(results: Results, corpus: str) -> dict[str, Verdict]:
    if any(queries.cost(results, corpus, model).done < SEEDS for model in MODELS):
        return {name: Verdict("undecided", f"fewer than {SEEDS} seeds") for name in "123"}
    compared = {"1": [(t[0], t[1]) for t in TASKS.values()]}
    compared["2"] = [(t[0], t[2]) for t in TASKS.values()]
    predictions = {
        name: Verdict(
            decided_by_all(_below_seeds(results, corpus, a, b) for a, b in pairs),
            "; ".join(_beside_seeds(results, corpus, a, b) for a, b in pairs),
        )
        for name, pairs in compared.items()
    }
    every = counted(agreement(results, corpus, MEASURE, model, model) for model in MODELS)
    predictions = {
        name: Verdict(v.outcome, f"{v.evidence} ({every})") for name, v in predictions.items()
    }
    between = agreement(results, corpus, MEASURE, *CONTROL)
    tasks = [agreement(results, corpus, MEASURE, a, b) for a, b in compared["1"]]
    evidence = f"{_pair(results, *CONTROL)} {shown_value(between)}; between tasks " + ", ".join(
        f"{queries.label(results, name)} {shown_value(row)}"
        for name, row in zip(TASKS, tasks, strict=True)
    )
    predictions["3"] = Verdict(
        decided_by_all(-apart(between, row) for row in tasks), f"{evidence} ({every})"
    )
    return predictions


def claim(results: Results) -> Claim:
    """C4, from the first two."""
    predictions = verdicts(results)
    words = [predictions["1"].outcome, predictions["2"].outcome]
    verdict = "undecided"
    if "holds" in words:
        verdict = "supported" if set(words) == {"holds"} else "partly supported"
    elif set(words) == {"fails"}:
        verdict = "contradicted"
    first, *others = "; ".join(predictions[name].evidence for name in "123").split("; ")
    rows = [agreement(results, c, MEASURE, m, m) for c in queries.corpora(results) for m in MODELS]
    effect = f"rank correlation of pair scores: {first} ({counted(rows)})"
    return Claim(verdict, effect, "; ".join(others))


def _below_seeds(results: Results, corpus: str, first: str, second: str) -> int:
    between = agreement(results, corpus, MEASURE, first, second)
    own = [agreement(results, corpus, MEASURE, model, model) for model in (first, second)]
    signs = [-apart(between, row) for row in own]
    return -1 if -1 in signs else int(set(signs) == {1})


def _beside_seeds(results: Results, corpus: str, first: str, second: str) -> str:
    between = agreement(results, corpus, MEASURE, first, second)
    seeds = {m: agreement(results, corpus, MEASURE, m, m) for m in (first, second)}
    own = [f"{queries.label(results, m)} {shown_value(row)}" for m, row in seeds.items()]
    pair = _pair(results, first, second)
    return f"{pair} {shown_value(between)}, two seeds of {' and of '.join(own)}"


def _pair(results: Results, first: str, second: str) -> str:
    return " and ".join(queries.label(results, model) for model in (first, second))


C4 = Rule(
    name="C4",
    claim=words("C4"),
    experiment="task_decides",
    rule=(
        "The cosines of pairs agree less between two tasks than between two seeds of either, in a "
        "plain mean and in learned query-key scores. Supported where that is so both of a word "
        "from both sides against the next word, and of ordered against shuffled text; partly "
        "supported where of one of the two; contradicted where both fail."
    ),
    models=MODELS,
    tasks=("neighbour_agreement",),
    decide=claim,
)
