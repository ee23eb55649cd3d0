"""Do the instruments of the second edition work together, from text to a table of contrasts?

Question: what do counted references, the twelve cells under both recipes, the loss as trained and
calibrated, planned contrasts and both orderings look like in one report, on a million words?

Prediction, written before the run: counted trigrams predict the next word better than every cell;
positions add more than .02 nats under both recipes.

Decision rule: none. One seed, one sample and one setting for all: nothing is concluded from this
study. The study `ladder` decides.
"""
