"""The text of a first config, with a comment where a choice was made."""

SEGMENTER = (
    "    #segmenter: {} # take off the first #: no space parts the words; `pip install {}`\n"
)
"""A line of the corpus, for text without spaces."""

TEMPLATE = """\
# Made by `wordrel new`; change what you like. `wordrel config schema` describes every setting.
study: {name}

corpora:
  - name: {name}
    source: {source} # {counted}
    lines: {lines} # paragraph: a line end ends a paragraph; wrapped: it is only a margin
    documents: {documents} # what parts documents{blocks}
    min_count: {min_count} # rarer words are dropped
    test: {test} # share of the documents that models are tested on; raised until there are 20
    development: {development} # and of those that settings are fitted on; until there are 10
{read}{segmenter}{limit}
training:
  dim: {dim}
  window: 5 # words on each side, or before
  epochs: {epochs}{often}
  negatives: 5
  subsample: 0.001

models:{rates}
{models}

seeds: [{seeds}] # verdicts need five: `wordrel run CONFIG --seeds 5` goes on from these

tasks: # {sets}or your own: docs/own-text.md, "Your own test sets"
  #- {{kind: pairs, name: my_pairs, path: my_pairs.tsv}} # word, word, score a line; take off the #
{tasks}
{contrasts}"""
