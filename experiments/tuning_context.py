"""Which rates and how many epochs suit the twelve architectures with contexts of 64 words?

Question: with up to four million words of wiki17m, which learning rates, how many epochs, and how
much dropout and weight decay give each model its lowest loss on development documents, where a
context has up to 64 words each way, across sentence ends?

Prediction, written before the run: every architecture wants a lower rate than with five words.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked. The novels get the same settings.
"""
