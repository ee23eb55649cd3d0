"""Which rates and how many epochs suit the models of a first study of little text?

Question: with a hundred thousand words, which learning rate and how many epochs give each model of
`wordrel new` the lowest loss on development documents, with the same number of trials for each?

Prediction, written before the run: the word tables of every matched model want more than five
epochs; `position_weight` loses to no model that it contains.

Decision rule: none. `wordrel tune` takes the setting with the lowest calibrated loss on development
documents; a model that loses to one that it contains is marked under-tuned in the table.
"""
