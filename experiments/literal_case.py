"""Without positions, does self-attention predict a masked word like the mean of the same words?

Question: both models see the five words on each side of a hidden word, as a set. The mean gives
them equal weights, as CBOW does. In `mean_query_attention` the mean of the words asks, and each
word gets a weight. How much lower is the loss of the hidden word? Both have their best setting of
`tuning_masked`, on four million words. For attention that is one epoch more from the weights of
`word_weight`, which it contains; from a random start it did not reach them.

Prediction, written before a score of this study was seen. Training had begun a few minutes earlier,
and a gain of -.043 was known, of models with older settings on wiki17m:
1. The two losses differ by less than .02 nats, on both corpora.

Decision rule: the planned contrast of the config. The models are equal where the interval of the
gain lies within .02 nats on both sides, on both corpora with five seeds.
"""

from wordrel.report import queries
from wordrel.report.text import with_interval
from wordrel.report.verdicts import SEEDS, Verdict, decided_by_all
from wordrel.study.results import Results

SIGNS = {"equivalent": 1, "differs": -1}


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    signs = [SIGNS.get(str(row.outcome), 0) if row.seeds >= SEEDS else 0 for row in rows]
    evidence = [
        f"{row.corpus}: mean_query_attention over mean "
        f"{with_interval(row.gain, row.low, row.high)}, n {row.n}, {row.seeds} seeds"
        for row in rows
    ]
    return {"1": Verdict(decided_by_all(signs), "; ".join(evidence))}
