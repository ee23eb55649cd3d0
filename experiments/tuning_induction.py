"""Which rates and how many epochs suit the models of `induction`, on sentences that repeat a word?

Question: which learning rates, how many epochs, and how much dropout and weight decay give one
layer of attention, one Transformer block and two blocks their lowest loss on development documents?

Prediction: none. The tuning makes every model as good as it can be.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked.
"""
