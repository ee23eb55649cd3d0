"""What do the maps to query, key and value learn, and what does each of them add?

Question: does a verb score higher with an earlier noun than with a determiner as frequent; does a
hidden determiner cost less than another hidden word; what does the loss gain by each map; and does
the word with the largest weight matter more than another one?

Predictions, written before the run:
1. Nouns beat articles in more than half of the triples, on both corpora (C2, articles).
2. Nouns against determiners as frequent: the set has fewer than thirty triples, so nothing is
   decided (C2, matched).
3. Hiding a determiner costs less than hiding another word (C3, D1).
4. Tying K=Q costs less than .02 nats; leaving out the map of the value costs less than .02 nats.
5. Leaving out all maps costs more than .02 nats (C6).
6. Hiding the word with the largest weight costs more than .02 nats more than another one (C7, use).

Decision rule: C2, C3, C5 and C6 of `src/wordrel/report/claims/rules.yaml`, and the part "use" of
C7, over the contrasts that the config lists. A contrast decides with five seeds on both corpora.
"""
