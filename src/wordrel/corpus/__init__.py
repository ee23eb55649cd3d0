"""From text to a corpus: one vocabulary, memory-mapped token ids, sentence and document ends."""

from wordrel.corpus.cache import corpus_folder, identify, prepare
from wordrel.corpus.disk import Corpus, Split, open_corpus
from wordrel.corpus.sources import list_sources
from wordrel.corpus.vocab import Vocab

__all__ = [
    "Corpus",
    "Split",
    "Vocab",
    "corpus_folder",
    "identify",
    "list_sources",
    "open_corpus",
    "prepare",
]
