"""Does attention find the value that belongs to a key, and does a mean of the same words?

Question: a sentence names 8 key-value pairs, then one of the keys. Which models give the value of
that key as the last word, when every model is tuned by itself? Does attention need maps for it?

Predictions, written before the run:
1. Attention is right in more than .9 of the sentences.
2. The mean of both sides and the mean of the words before are right less than .05 above 1/8.
3. Attention without maps is worse than attention by more than .03.

Known when written: `recall` of the first edition, with other settings. There, attention was right
in all sentences, and the means guessed. Attention without maps was not among its models.

Decision rule: the parts "recall" of C6 and C7 of `src/wordrel/report/claims/rules.yaml`, over the
contrasts that the config lists. A contrast decides with five seeds.
"""

from twelve_cells import adds, adds_less, by_contrasts
from wordrel.report import queries
from wordrel.report.text import share
from wordrel.report.verdicts import Verdict, borne_out, score
from wordrel.study.results import Results

RIGHT = 0.9
"""The share of right sentences from which a model finds the value."""


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([r for r in rows if (r.claim, r.part) == ("C7", "recall")], adds),
        "2": by_contrasts([r for r in rows if r.part == "recall of the mean"], adds_less),
        "3": by_contrasts([r for r in rows if r.claim == "C6"], adds),
    }


def surprise(results: Results) -> str:
    """A result that was not predicted.

    Raises:
        ValueError: where the tables no longer show it.
    """
    (corpus,) = queries.corpora(results)
    (row,) = queries.rows(results.contrasts, claim="C6")
    plain = score(results, corpus, "last_word", row.model_b)
    assert plain is not None
    borne_out("attention without maps is as good", [row.outcome == "adds less", plain.low > RIGHT])
    return (
        "**Attention finds the value of a key without maps, too.** In artificial sentences of 8 "
        f"key-value pairs it is right in {share(plain.score, plain.low, plain.high)} without them. "
        "Products of the words' own vectors are enough."
    )
