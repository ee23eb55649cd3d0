"""Does attention gain more where the context is long?

Question: with up to 64 words each way, across sentence ends, how much loss do positions, a weight
for each word, scores between words, and four heads save? `twelve_cells` asks the same with five
words each way. Every architecture has its own best setting of `tuning_context`.

Predictions, written before the run:
1. Without positions, word-word scores save more than .02 nats over the mean for the masked word: a
   mean of a hundred words loses the near ones, and attention can keep some of them.
2. Positions save more than .02 nats in every row of both objectives, on both corpora.
3. Word weights save more than .02 nats over no word scores where there are no positions.
4. Four heads save more than .02 nats over one for both objectives.
5. Four heads with positions have a higher loss than counted trigrams for the next word.

Decision rule: the contrasts of the config, with its margin. A contrast decides with five seeds on
both corpora. Sizes of 1 M and 17 M words are exploratory, on wiki17m with three seeds:
`wordrel run configs/context.yaml corpora.0.limit_tokens=1_000_000 --seeds 3 --out DIR`.
"""
