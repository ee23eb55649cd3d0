"""Which rates and how many epochs suit the models of `lookup`, on sentences of 8 key-value pairs?

Question: which learning rates, how many epochs, and how much dropout and weight decay give the two
means, and attention with and without maps, their lowest loss on development documents?

Prediction: none. The tuning makes every model as good as it can be.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked.
"""
