"""Are query, key and value different roles of one vector, and what do their maps add?

Question: in `attention` each word's vector is mapped to a query, a key and a value. Are these
different roles (claim C5), do the three maps add parameters that do something (claim C6), and how
selective is the look-up that they make (claim C7)? Each map is tied or left out in turn
(`one_map_qk`: K=Q, `no_query_map`: Q=I, `no_value_map`: V=I, `one_map_qk_no_value_map`, and
`dot_product_attention` without any), and in the trained models query and key are exchanged at test.

Prediction, written before a tied model was trained, or any model asked `attention_roles`:
 1. Exchanged query and key add more than .02 nats to the held-out loss of `attention`: its scores
    have a direction.
 2. Tying the two costs less than .02 nats when it is done in training: a symmetric score can say
    nearly as much.
 3. Leaving out the map of the value costs less than .02 nats: the output table can take it over,
    but for the other words' rows.
 4. `dot_product_attention`, without any map, loses less than .02 nats to `attention`. (Seen in
    results/ladder, where `dot_product_attention` was not worse at all; 4 leans on that.)
 5. `attention` listens to fewer words than there are: the effective number of keys (the exponential
    of the entropy of the weights) is below 90 % of the words in its context.

While the code of `attention_roles` was tested, it was put once to seed 1 of four trained runs of
the ladder; the prediction had been written by then, and is as it was.

Decision rule, with 5 seeds; with fewer everything is undecided. Differences are paired (the same
held-out sentences, items and seeds).
 1.: holds where the lower end of the added loss is above .02, fails where the upper end is below.
 2., 3. and 4.: holds where the whole interval of the difference lies within -.02 and +.02 or on the
    side of the smaller model, fails where it lies wholly beyond .02 on the side of `attention`.
 5.: holds where the upper end of the share is below .9, fails where the lower end is above.
 C5 is supported where 1 holds and 2 fails (the roles differ, and both are needed), contradicted
 where 1 fails and 2 and 3 hold, partly supported where 1 holds and 2 does not fail, and undecided
 otherwise.
 C6 is supported where 4 fails and `attention` is significantly better than
 `dot_product_attention`, partly supported where leaving out a map costs more than .02 nats (2 or 3
 fails) though 4 does not, contradicted where 2, 3 and 4 all hold, and undecided otherwise.
 C7 is decided by experiments/recall.py; prediction 5 stands beside it.
"""

from wordrel.report import queries
from wordrel.report.claims import roles
from wordrel.report.verdicts import (
    Verdict,
    ahead,
    borne_out,
    difference,
    measured,
    shown_gap,
)
from wordrel.study.results import Results

SHARE = 0.9


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, by the rule above."""
    (corpus,) = queries.corpora(results)
    row = ("attention_roles", "attention", "asking any", "effective_share")
    keys = measured(results, corpus, "attention", row)
    share = roles.against(keys, SHARE, "effective keys as a share of the words in a context")
    turned = {"holds": "fails", "fails": "holds"}
    return {
        **roles.verdicts(results),
        "5": Verdict(turned.get(share.outcome, share.outcome), share.evidence),
    }


def surprise(results: Results) -> str:
    """A result that was not predicted.

    Raises:
        ValueError: where the tables no longer show it.
    """
    (corpus,) = queries.corpora(results)
    loss = "held_out_loss.next_word"
    value = difference(results, corpus, loss, "no_value_map", "attention")
    every = difference(results, corpus, loss, "dot_product_attention", "attention")
    borne_out("the maps save no loss", [ahead(value) == 1, ahead(every) != -1])
    return (
        "**At this size the maps to query, key and value save no loss.** The next-word loss of "
        f"`attention` changes by {shown_gap(value)} nats without the map to the value. It changes "
        f"by {shown_gap(every)} without all three maps ({corpus}; below 0, the loss is lower)."
    )
