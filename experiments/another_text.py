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

from pages import nested
from twelve_cells import by_contrasts, less, more
from wordrel.report import queries
from wordrel.report.text import number, with_interval
from wordrel.report.verdicts import Verdict, borne_out
from wordrel.study.results import Results

ATTENTION, WEIGHTS = "mean_query_attention_position", "mask_query_attention"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([r for r in rows if r.part == "positions"], more),
        "2": by_contrasts([r for r in rows if r.part == "word-word scores"], less),
    }


def surprise(results: Results) -> str:
    """The contrast that turns its sign on little text, and that training is the reason.

    Raises:
        ValueError: where the tables no longer show it.
    """
    rows = queries.rows(results.contrasts, model_a=ATTENTION)
    (turned,) = (row for row in rows if row.model_b == WEIGHTS)
    losses = [
        nested.training(results, turned.corpus, model, "masked_word")
        for model in (ATTENTION, WEIGHTS)
    ]
    attention, weights = (row.value for row in losses if row is not None)
    borne_out("attention loses on little text", [turned.high < 0])
    borne_out("it fits training documents worse, too", [attention > weights])
    return (
        "**On half a million words, attention with positions fails with the settings of four "
        f"million.** Its gain over word weights with positions is "
        f"{with_interval(turned.gain, turned.low, turned.high)}, where it was above 0. It fits "
        f"training documents worse, too: {number(attention)} against {number(weights)} nats. So "
        "its training failed with these settings."
    )
