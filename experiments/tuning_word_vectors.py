"""Which rates, epochs and recipe give word2vec and attention their best word vectors?

Question: with up to four million words of wiki17m, which learning rates, how many epochs, and how
much dropout and weight decay give each model the highest mean over the development parts of MEN and
SimVerb? Which kind of attention, trained in which way, has the best word vectors then?

Predictions, written before the run:
1. Every kind of attention has better word vectors when it is trained like word2vec.
2. A model wants fewer epochs for word vectors than for its loss.

Decision rule: none. `wordrel tune` takes the setting with the highest mean on the development
parts; a model that loses to one that it contains is marked. The attention with the highest mean
here is the one that `word_vectors` compares with skip-gram. The novels get the same settings.
"""
