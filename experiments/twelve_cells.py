"""What do positions, a weight per word and word-word scores each add, when all models are tuned?

Question: how much lower is the loss of a word when a mean of its context gets positions, a weight
per word, or scores between words, each without and with the others? Every cell has its own best
setting of `tuning_masked` or `tuning_next`; the contexts are five words.

Predictions, written before the run:
1. Without positions, word-word scores gain less than .02 nats over the mean for the masked word.
2. Positions add more than .02 nats in every row of both objectives, on both corpora.
3. Word-word scores add less than .02 nats over word weights for the masked word with positions.
4. Four heads add more than .02 nats over one for the masked word.
5. Counted trigrams predict the next word better than every cell.

Decision rule: C9 of `src/wordrel/report/claims/rules.yaml`, over the contrasts and orderings that
the config lists. A contrast decides with five seeds on both corpora; with fewer it is undecided.
"""
