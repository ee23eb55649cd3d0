"""Does what improves the loss of a word make word vectors worse?

Question: three architectures are trained as a Transformer is (`lm`) and as word2vec is (`w2v`).
Which of the ingredients (positions, word-word scores, the recipe) saves loss, and which lowers the
mean score over MEN, SimVerb, SP-10K and Google's analogies? Every model has the settings with its
lowest loss on development documents.

Predictions, written before the run:
1. Positions are a trade-off under both recipes: they save loss and make word vectors worse.
2. The recipe `lm` is a trade-off for the mean.
3. Word-word scores save less than .02 nats under `lm`, and word vectors do not get worse.
4. Skip-gram has the best word vectors of all models on both corpora.

Decision rule: an ingredient saves loss where the gain of its loss lies above .02 nats, and makes
word vectors worse where the mean score falls by more than .03. It is a trade-off where both hold
on both corpora with five seeds.
"""
