"""Which settings suit next-word attention without V, and weights for each word with it?

Question: with up to four million words of wiki17m, which learning rates, how many epochs, and how
much dropout and weight decay give each of these models its lowest loss on development documents?
Each search starts at the settings of the model that it contains.

Prediction, written before the run: without the map, attention wants at least the rate of the word
tables that it has with the map.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked. The novels get the same settings.
"""
