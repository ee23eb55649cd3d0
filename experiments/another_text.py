"""Do the masked-word cells stand in the same order on little text of another source?

Question: with half a million words of the Wikipedia articles in gensim, and the settings that were
tuned on wiki17m, what do positions, word weights and word-word scores add?

Predictions, written before the run:
1. Positions add more than .02 nats in every row.
2. Word-word scores add less than .02 nats to word weights, without and with positions: there is too
   little text for them.

Decision rule: none of its own. It is an attempt to break the verdicts of `twelve_cells`: one small
text decides nothing, and a contrast that turns its sign here is named in the answer.
"""

from twelve_cells import by_contrasts, less, more
from wordrel.report import queries
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([r for r in rows if r.part == "positions"], more),
        "2": by_contrasts([r for r in rows if r.part == "word-word scores"], less),
    }
