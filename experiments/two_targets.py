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
