"""Which rates and how many epochs suit next-word attention without some of its maps?

Question: with up to four million words of wiki17m, which learning rates, how many epochs, and how
much dropout and weight decay give each tied model, the two models of the note, and the mean of the
words before a word its lowest loss on development documents?

Prediction, written before the run: a tied model wants the same rate of the word tables as the
model without ties, within a factor of two.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked. The novels get the same settings.
"""
