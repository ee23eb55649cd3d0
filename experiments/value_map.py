"""Do scores between words save loss without the map of the value?

Question: in `twelve_cells`, the step from a weight for each word to scores between words adds two
things: the scores, and a map V of the value. With one head, the output table can absorb the map:
o · V y is (V^T o) · y. So V adds no function, but training may go better with it. How much loss do
the scores save without V? Models with V=I have the settings of those with V, at five words of
context, with positions.

Predictions, written before a model with V=I was trained on these corpora. The scores of the other
masked models, and the development losses of the next-word models, were known:
1. With and without V, the losses differ by less than .02 nats, for both objectives.
2. For the masked word, scores without V add less than .02 nats over a weight for each word.
3. For the next word, they add more than .02 nats.

Decision rule: the planned contrasts of the config, on both corpora with five seeds.
"""

from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import with_interval
from wordrel.report.verdicts import SEEDS, Verdict, decided_by_all
from wordrel.study.results import Results

MAP, MASKED, NEXT = "map of the value", "scores alone, masked word", "scores alone, next word"
SIGNS = {"equivalent": 1, "differs": -1, "adds": 1, "adds less": -1}


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": _decided([row for row in rows if row.claim.startswith(MAP)]),
        "2": _decided([row for row in rows if row.claim == MASKED], wanted=-1),
        "3": _decided([row for row in rows if row.claim == NEXT]),
    }


def _decided(rows: list[Row], wanted: int = 1) -> Verdict:
    signs = [wanted * _sign(row) for row in rows]
    evidence = [
        f"{row.corpus}: {row.model_a} over {row.model_b} "
        f"{with_interval(row.gain, row.low, row.high)}, n {row.n}, {row.seeds} seeds"
        for row in rows
        if row.seeds
    ]
    return Verdict(decided_by_all(signs) if signs else "undecided", "; ".join(evidence))


def _sign(row: Row) -> int:
    return SIGNS.get(str(row.outcome), 0) if row.seeds >= SEEDS else 0
