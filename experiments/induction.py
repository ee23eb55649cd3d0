"""Can one layer of attention find the word that stood behind this one before, and can two blocks?

Question: a sentence has 8 different words in random order, then one of them again. Which models
give the word that stood behind it, when every model is tuned by itself?

Predictions, written before the run:
1. One layer with positions, alone or in a Transformer block, is right less than .05 above chance.
2. Two blocks are right in more than .9 of the sentences.

Known when written: one trial run of two blocks, of one seed, which was right in all sentences. One
layer was not tried. Others report that it takes two (`experiments/published.py`). A first run with
at most 8 epochs and without warm-up is known, too: results/attempts/induction_first.csv. In it two
blocks found the word in .31 [.00, .75] of the sentences: training failed for some seeds. So all
models now read the text more often, with warm-up, and are tuned again.

Decision rule: the parts "induction" of C7 of `src/wordrel/report/claims/rules.yaml`, over the
contrasts that the config lists. A contrast decides with five seeds. Chance is the best guess from
the words of the sentence alone.
"""

from twelve_cells import adds, adds_less, by_contrasts
from wordrel.report import queries
from wordrel.report.verdicts import Verdict
from wordrel.study.results import Results


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([r for r in rows if r.part == "induction of one layer"], adds_less),
        "2": by_contrasts([r for r in rows if r.part == "induction of two blocks"], adds),
    }
