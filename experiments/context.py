"""Does attention gain more where the context is long?

Question: with up to 64 words each way, across sentence ends, how much loss do positions, a weight
for each word, scores between words, and four heads save? `twelve_cells` asks the same with five
words each way. Every architecture has its own best setting of `tuning_context`.

Predictions, written before the run:
1. Without positions, word-word scores save more than .02 nats over the mean for the masked word: a
   mean of a hundred words loses the near ones, and attention can keep some of them.
2. Positions save more than .02 nats in every row of both objectives, on both corpora.
3. Word weights save more than .02 nats over no word scores where there are no positions.
4. Four heads save more than .02 nats over one for both objectives.
5. Four heads with positions have a higher loss than counted trigrams for the next word.

Decision rule: the contrasts of the config, with its margin. A contrast decides with five seeds on
both corpora. Sizes of 1 M and 17 M words are exploratory, on wiki17m with three seeds:
`wordrel run configs/context.yaml corpora.0.limit_tokens=1_000_000 --seeds 3 --out DIR`.
"""

from twelve_cells import better, by_contrasts, more
from wordrel.report import queries
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results

CELLS = ("masked word, 64 words", "next word, 64 words")
NEXT = "next_four_heads"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    alone = ("mean", "direct_mean")
    of_cells = [row for row in rows if row.claim in CELLS]
    weights = [r for r in of_cells if r.part == "word weights" and r.model_b in alone]
    return {
        "1": by_contrasts([r for r in rows if r.claim.startswith("literal case")], more),
        "2": by_contrasts([r for r in of_cells if r.part == "positions"], more),
        "3": by_contrasts(weights, more),
        "4": by_contrasts([r for r in rows if r.claim.startswith("heads")], more),
        "5": by_contrasts([r for r in rows if r.model_b == NEXT], better),
    }
