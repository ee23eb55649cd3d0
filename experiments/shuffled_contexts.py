"""Which models need the order of the words in a context?

Question: contexts are put into random order, in training and in test, and the word that gives the
query keeps its place. How much does that cost cells without positions, and cells with them?

Predictions, written before the run:
1. Cells without positions change by less than .02 nats, for both objectives.
2. For the masked word, cells with positions lose more than .02 nats.
3. For the next word, cells with positions lose more than .02 nats.

Decision rule: C8 of `src/wordrel/report/claims/rules.yaml`, over the contrasts that the config
lists. A contrast decides with five seeds on both corpora; with fewer it is undecided.
"""

from twelve_cells import by_contrasts, equal, more
from wordrel.report import queries
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([r for r in rows if str(r.part).endswith("without positions")], equal),
        "2": by_contrasts([r for r in rows if r.part == "masked word with positions"], more),
        "3": by_contrasts([r for r in rows if r.part == "next word with positions"], more),
    }
