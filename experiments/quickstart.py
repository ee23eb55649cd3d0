"""Does the whole way from text to table work here, and what does its result look like?

Question: what does a result of this project look like, on real English text, in minutes?

Prediction, written before the first full run: with half a million words every trained model is
above chance on WS-353 and SimLex-999, counting (`ppmi_svd`) is best, and no analogy score is worth
reading (Sahlgren & Lenci 2016: prediction needs more text than counting does).

Prediction, written before the run that added `mean`, `position_weight` and `mean_query_attention`,
which have the settings of the shared trainer, untuned: `mean_query_attention` and `mean` differ by
less than .02 nats in the loss of the masked word, which is the literal case of the question.
`position_weight` gains more than .02 nats over `mean`.

Prediction for `direct_attention` and `direct_word_weight`, written when one trial run was known (a
gain of .035 nats): attention gains more than .02 nats over weights, for the next word.

Decision rule: none. With three seeds the planned contrasts stay undecided. Too few pairs are
covered, and the intervals are wider than any difference between two good models; nothing is
concluded from this study.
"""
