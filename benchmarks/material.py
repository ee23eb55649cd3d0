"""What is measured on: the first tokens of real text, and synthetic text of any vocabulary.

Reads wiki17m below the folder that WORDREL_DATA names; a prepared corpus is kept in the cache.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from wordrel.config import CorpusConfig, TrainingConfig
from wordrel.corpus import Corpus, Split, Vocab, corpus_folder, list_sources, prepare
from wordrel.errors import CorpusError

WIKI17M = CorpusConfig(source="wiki17m", name="wiki17m", min_count=10, held_out=0.02)
ZIPF_TEXT = 10**9  # tokens of the text whose counts a synthetic vocabulary has
SENTENCE = 20


@dataclass(frozen=True)
class Sizes:
    """How much of everything is measured; the defaults are the full run.

    Attributes:
        rounds: of what takes seconds; few_rounds: of what takes longer.
        tokens: a round of each model that trains fast; a slow one trains on a third.
        steps: a round of the step of attention; matrix: rows and columns of the product beside it.
        words, scored: of the full softmax: its vocabulary, and about how many words are scored.
        models: of the study whose statistics are measured; tasks: most of them; items: most of a
            task; probes: words whose neighbours are compared.
    """

    rounds: int = 5
    few_rounds: int = 3
    tokens: int = 1_000_000
    steps: int = 50
    matrix: int = 2048
    words: int = 20_000
    scored: int = 200_000
    models: int = 19
    tasks: int = 1000
    items: int = 20_000
    probes: int = 1000


FULL = Sizes()
QUICK = Sizes(
    rounds=1,
    few_rounds=1,
    tokens=30_000,
    steps=2,
    matrix=256,
    words=500,
    scored=1000,
    models=2,
    tasks=10,
    items=50,
    probes=50,
)


@dataclass(frozen=True)
class Material:
    """What the parts measure with.

    Attributes:
        sizes: how much of everything.
        text: gives the folder of a prepared corpus of real text.
        training: what all models share.
    """

    sizes: Sizes
    text: Callable[[], Path]
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(epochs=1))


def wiki17m(cache: Path) -> Path:
    """The folder of wiki17m, prepared in the cache where that lacks it.

    Raises:
        CorpusError: its text is missing; a benchmark downloads nothing.
    """
    if WIKI17M.source not in {source.name for source in list_sources(cache) if source.present}:
        raise CorpusError(
            "wiki17m: its text is not here: set WORDREL_DATA to a folder that has it, or make it "
            "with `wordrel corpus prepare wiki17m`"
        )
    return corpus_folder(cache, WIKI17M.name, prepare(WIKI17M, cache, jobs=2).digest)


def first_tokens(corpus: Corpus, tokens: int) -> Corpus:
    """The same corpus, its training part cut after the last sentence that ends by `tokens`."""
    ends = corpus.train.sentence_ends
    sentences = max(1, int(np.searchsorted(ends, tokens, side="right")))
    last = int(ends[sentences - 1])
    documents = corpus.train.document_ends
    kept = np.append(documents[documents < last], np.int64(last))
    return replace(corpus, train=Split(corpus.train.ids[:last], ends[:sentences], kept))


def zipf_corpus(words: int, tokens: int) -> Corpus:
    """Words drawn by Zipf's law, in sentences of 20; counts as a text of 10^9 tokens has them.

    To be trained on without subsampling: how many tokens that drops depends on the vocabulary.
    """
    share = 1 / np.arange(1, words + 1)
    share /= share.sum()
    draws = np.random.default_rng(words).random(tokens)
    ids = np.minimum(np.searchsorted(np.cumsum(share), draws), words - 1).astype(np.int32)
    ends = np.append(np.arange(SENTENCE, tokens, SENTENCE, dtype=np.int64), np.int64(tokens))
    counts = np.maximum(1, share * ZIPF_TEXT).astype(np.int64)
    vocab = Vocab(tuple(f"w{i}" for i in range(words)), counts)
    split = Split(ids, ends, ends)
    return Corpus(f"zipf-{words}", "", vocab, split, split, {})
