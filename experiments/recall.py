"""Is key-value-query a soft dictionary that a mean of the same words is not?

Question: a sentence names P pairs of a key and a value, then one of the keys. Does a single layer
of self-attention give the value that belongs to that key, and can a word2vec-like mean of the same
words (claim C7: "all keys that match a query are returned, weighted")? A pair is one word, since
one layer cannot join two; the values are dealt anew in each sentence (`wordrel corpus list`).

Prediction, written before any model but `attention` and `attention_position` was trained on it:
 1. `attention` and `attention_position`, in which the last word asks, are right in at least .9 of
    the sentences, for 1, 2, 4 and 8 pairs.
 2. `cbow`, `mean`, `next_mean`, `next_position_weight` and `mask_query_attention`, in which no word
    asks, are right about once in P for 2, 4 and 8 pairs. Reason: the score of an answer is then a
    sum over the words of the sentence (up to a positive factor), and what a pair adds to it cannot
    depend on the key at its end; the sum says only which values are there.
 3. `mean_query_attention`, which asks with the mean of all the words that it sees, lies between:
    better than `mean` for 2 pairs, and worse than `attention` for 8, where the key is one word of
    nine.

Decision rule, for each number of pairs by itself, on the items that all models answer, with 5
seeds; with fewer a prediction is undecided. "Better" needs p < .05 after Holm over the table and an
interval of the paired difference without 0.
 1.: a model supports it where the lower end of its interval is at least .9, and contradicts it
    where the upper end is below .9.
 2.: a model supports it where the upper end of its interval is below 1/P + .1 and `attention` is
    better; it contradicts it where the lower end is above 1/P + .1, or it is better than
    `attention`. Only models count whose lower end for 1 pair, where nothing has to be chosen, is at
    least .9: another has not learnt the words, and leaves the prediction undecided.
 3.: supported where the difference is as predicted, contradicted where the other model is better,
    or the two are equal: the whole interval within -.03 and +.03.
 A prediction holds where all support it, fails where one contradicts it, and is undecided
 otherwise. C7, as far as planted recall decides it, is supported where 1 and 2 hold, contradicted
 where 1 fails, partly supported where 1 holds and 2 fails, and undecided otherwise.

The settings, and the number of sentences, were chosen on seed 1, by the accuracy of `attention` on
recall-2 and by training loss (of `attention` on all corpora, of `attention_position` once, on
recall-8). 16 pairs name all of the 16 keys and values in every sentence, so that the set of words
says nothing to begin with; there the training loss of `attention` on the last word did not fall
below log 16 in any of six settings. So recall-16 is left out, and 8 pairs are the most here.
Known besides, from one trial run of the finished study with seed 1, on a text dealt by another
shuffle: what came out of it changed nothing above, except that "or the two are equal" was added to
rule 3, since `mean_query_attention`, `attention` and `attention_position` were all right in every
sentence.
"""

from wordrel.report.claims import recall
from wordrel.report.queries import Row
from wordrel.report.verdicts import (
    Verdict,
    ahead,
    decided_by_all,
    difference,
    shown,
)
from wordrel.study.results import Results

EQUAL = 0.03


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, by the rule above."""
    corpora = recall.planted(results)
    between = (
        difference(results, corpora[2], recall.TASK, "mean_query_attention", "mean"),
        difference(results, corpora[8], recall.TASK, "attention", "mean_query_attention"),
    )
    unequal = decided_by_all([-1 if equal(pair) else ahead(pair) for pair in between])
    outcome = unequal if recall.complete(results, ("mean_query_attention",)) else "undecided"
    evidence = "; ".join(shown(results, pair) for pair in between)
    return {**recall.verdicts(results), "3": Verdict(outcome, evidence)}


def equal(pair: Row | None) -> bool:
    """Whether the whole interval lies within what counts as no difference."""
    return pair is not None and pair.low > -EQUAL and pair.high < EQUAL
