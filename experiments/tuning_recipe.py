"""Which rates and how many epochs suit word2vec, and three cells that are trained as word2vec is?

Question: with up to four million words of wiki17m, which learning rates, how many epochs, and how
much dropout and weight decay give each model its lowest loss on development documents, with
frequent words dropped, drawn windows and negative sampling?

Prediction, written before the run: every cell wants fewer epochs than under the recipe `lm`.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked. The novels get the same settings.
"""
