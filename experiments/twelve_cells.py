"""What do positions, a weight per word and word-word scores each add, when all models are tuned?

Question: how much lower is the loss of a word when a mean of its context gets positions, a weight
per word, or scores between words, each without and with the others? Every cell has its own best
setting of `tuning_masked` or `tuning_next`; the contexts are five words.

Predictions, written before the run:
1. Without positions, word-word scores gain less than .02 nats over the mean for the masked word.
2. Positions add more than .02 nats in every row of both objectives, on both corpora.
3. Word-word scores add less than .02 nats over word weights for the masked word with positions.
4. Four heads add more than .02 nats over one for the masked word.
5. Counted trigrams predict the next word better than four heads with positions do.

Known when written: leads of an independent review, of one seed and untuned. In them the literal
comparison stayed near zero, and positions saved most. At five words, word-word scores saved no more
than word weights; at 32 words, four heads saved more than one. One layer came near counted bigrams
and trigrams. Results of `cells`, of one seed on a million words, were stored, too. So
results/ANSWER.md marks all five. Prediction 1 is one-sided: it also holds where attention is worse.
Prediction 1 of `literal_case`, on the same rows, is that the two are equal.

Decision rule: C9 of `src/wordrel/report/claims/rules.yaml`, over the contrasts and orderings that
the config lists. A contrast decides with five seeds on both corpora; with fewer it is undecided.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import count, number, with_interval
from wordrel.report.verdicts import SEEDS, Verdict, borne_out, decided_by_all
from wordrel.study.results import Results
from wordrel.study.schema import UNDECIDED

MARGIN = 0.02
CLAIMS = ("C9 masked word", "C9 next word")
TRIALS = Path(__file__).resolve().parents[1] / "results" / "tuning_masked" / "trials.csv"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    words = "mean_query_attention_position"

    rules: dict[str, tuple[Sequence[Row], Callable[[Row], int]]] = {
        "1": ([r for r in rows if r.claim == "first sentence"], less),
        "2": ([r for r in rows if r.claim in CLAIMS and r.part == "positions"], more),
        "3": ([r for r in rows if r.part == "word-word scores" and r.model_a == words], less),
        "4": ([r for r in rows if r.claim == "heads, masked word"], more),
        "5": ([r for r in rows if r.claim == "counts, next word"], better),
    }
    return {name: by_contrasts(*rule) for name, rule in rules.items()}


def less(row: Row) -> int:
    """1 where the gain is below the margin, -1 where it is above it, else 0."""
    return int(row.high < MARGIN) - int(row.low > MARGIN)


def more(row: Row) -> int:
    """1 where the gain is above the margin, -1 where it is below it, else 0."""
    return -less(row)


def better(row: Row) -> int:
    """1 where the first model is better, -1 where it is worse, else 0."""
    return int(row.low > 0) - int(row.high < 0)


def adds(row: Row) -> int:
    """1 where the gain is above the margin of its contrast, -1 where it is below it, else 0."""
    return {"adds": 1, "adds less": -1}.get(str(row.outcome), 0)


def adds_less(row: Row) -> int:
    """1 where the gain is below the margin of its contrast, -1 where it is above it, else 0."""
    return -adds(row)


def equal(row: Row) -> int:
    """1 where the two models are equal within the margin, -1 where they differ, else 0."""
    return {"equivalent": 1, "differs": -1}.get(str(row.outcome), 0)


def by_contrasts(rows: Sequence[Row], sign: Callable[[Row], int]) -> Verdict:
    """Of a prediction about each of these contrasts.

    Those with too few seeds decide nothing, nor do those whose sign turns with calibration.
    """
    signs = [sign(row) if row.seeds >= SEEDS and row.outcome != UNDECIDED else 0 for row in rows]
    evidence = [
        f"{row.corpus}: {row.model_a} {_beside(row)} "
        f"{with_interval(row.gain, row.low, row.high)}, {row.seeds} seeds"
        for row in rows
        if row.seeds
    ]
    return Verdict(decided_by_all(signs) if rows else "undecided", "; ".join(evidence))


def _beside(row: Row) -> str:
    return f"over {row.model_b}" if row.model_b else f"against {row.against}"


def surprise(results: Results) -> str:
    """A result that was not predicted, from the trials of the tuning.

    Raises:
        ValueError: where the trials no longer show it.
    """
    trials = pd.read_csv(TRIALS)
    tokens = int(trials["tokens"].max())
    largest = trials[trials["tokens"] == tokens]

    def best(model: str, *, started: bool) -> float:
        its = largest[(largest["model"] == model) & (largest["start"].notna() == started)]
        return float(its["score"].max())

    small = best("word_weight", started=False)
    alone, behind = (
        small - best("mean_query_attention", started=started) for started in (False, True)
    )
    borne_out("attention does not reach what it contains", [alone > MARGIN, behind < MARGIN])
    its = trials[trials["model"] == "mean_query_attention"]
    tried = int(its["start"].isna().sum())
    return (
        "**From a random start, attention with word-word scores does not reach what it contains.** "
        f"The best of its {tried} trials, on {count(tokens)} words, is {number(alone)} nats above "
        "`word_weight`, on development documents. It has to go on from that model's weights, for "
        f"one epoch at a small rate. Then the gap is {number(behind)} nats. Without this step, "
        f"word-word scores would seem to hurt more. {_on_test(results)}"
    )


def _on_test(results: Results) -> str:
    """That attention stays behind on test documents, too, after the step.

    Raises:
        ValueError: where the tables no longer show it.
    """
    pair = {"model_a": "mean_query_attention", "model_b": "word_weight"}
    rows = [row for row in queries.rows(results.contrasts, **pair) if row.seeds >= SEEDS]
    borne_out("attention stays behind", [bool(rows), *(row.high < 0 for row in rows)])
    gains = " and ".join(
        f"{with_interval(row.gain, row.low, row.high)} on {row.corpus}" for row in rows
    )
    return f"With it, attention still loses to `word_weight` on test documents: gain {gains}."
