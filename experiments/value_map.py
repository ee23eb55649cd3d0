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

from twelve_cells import by_contrasts, equal, less, more
from wordrel.report import queries
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results

MAP, MASKED, NEXT = "map of the value", "scores alone, masked word", "scores alone, next word"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([row for row in rows if row.claim.startswith(MAP)], equal),
        "2": by_contrasts([row for row in rows if row.claim == MASKED], less),
        "3": by_contrasts([row for row in rows if row.claim == NEXT], more),
    }
