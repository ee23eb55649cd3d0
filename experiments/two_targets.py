"""Does the learnt target decide which words are related?

Question: attention learns two targets from the same contexts: the next word, and a random one of
the ten words that follow. Do the lifts of query and key agree less between the two targets than
between two seeds of one?

Predictions, written before the run:
1. They agree less by more than .05, on both corpora.
2. The drop is larger than that of input and output lifts of the mean.

Decision rule: C4 of `src/wordrel/report/claims/rules.yaml`, over the contrasts that the config
lists. A contrast decides with five seeds on both corpora; with fewer it is undecided.
"""

from twelve_cells import adds, better, by_contrasts
from wordrel.report import queries
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([r for r in rows if r.part == "drop"], adds),
        "2": by_contrasts([r for r in rows if r.part == "beside the mean"], better),
    }
