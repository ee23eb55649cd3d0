"""Which rates and how many epochs suit the next-word cells when every word is kept?

Question: with up to four million words of wiki17m, which learning rates, how many epochs, and how
much dropout and weight decay give each of the six cells its lowest loss on development documents?

Prediction, written before the run: word tables want at least four epochs; word-word scores want a
lower rate of their weights than the start, or dropout.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked. The novels get the same settings.
"""
