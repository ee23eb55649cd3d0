"""Does the whole way from text to table work here, and what does its result look like?

Question: what does a result of this project look like, on real English text, in minutes?

Prediction, written before the first full run: with half a million words every trained model is
above chance on WS-353 and SimLex-999, counting (`ppmi_svd`) is best, and no analogy score is worth
reading (Sahlgren & Lenci 2016: prediction needs more text than counting does).

Decision rule: none. Too few pairs are covered, and the intervals are wider than any difference
between two good models; nothing is concluded from this study.
"""
