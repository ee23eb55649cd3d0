"""What is measured on: the first tokens of real text, synthetic text of any vocabulary, and MEN.

Reads wiki17m below the folder that WORDREL_DATA names; a prepared corpus is kept in the cache.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from wordrel.config import CorpusConfig, TrainingConfig
from wordrel.corpus import Corpus, Split, Vocab, corpus_folder, prepare
from wordrel.models.word_model import WordModel
from wordrel.stats import SPEARMAN, plain_scores
from wordrel.tasks import Task, ask

WIKI17M = CorpusConfig(source="wiki17m", name="wiki17m", min_count=10, held_out=0.02)
ZIPF_TEXT = 10**9  # tokens of the text whose counts a synthetic vocabulary has
SENTENCE = 20


@dataclass(frozen=True)
class Sizes:
    """How much of everything is measured; the defaults are the full run.

    Attributes:
        rounds: of what takes seconds; few_rounds: of what takes longer.
        tokens: a round of throughput; plain_tokens: of the plain way, which is slower.
        steps: a round of the operations; matrix: rows and columns of the product beside them.
        epochs: of time to quality, rising; the last gives the target.
        budget: seconds after which time to quality starts no other run.
        vocabularies, vocabulary_tokens: of synthetic text.
        corpora: tokens of real text.
        memory_words, memory_tokens: of the cell whose memory is measured.
        variant_tokens: on which a variant is judged; speed_tokens: a round of its speed.
        compiled: whether torch.compile is tried, which takes half a minute to begin with.
        cluster: source of the study that runs on hosts.
    """

    rounds: int = 5
    few_rounds: int = 3
    tokens: int = 1_000_000
    plain_tokens: int = 200_000
    steps: int = 50
    matrix: int = 2048
    epochs: tuple[int, ...] = (1, 2, 3, 5)
    budget: float = 1500.0
    vocabularies: tuple[int, ...] = (10_000, 50_000, 200_000, 1_000_000)
    vocabulary_tokens: int = 300_000
    corpora: tuple[int, ...] = (1_000_000, 4_000_000, 16_000_000)
    memory_words: int = 50_000
    memory_tokens: int = 300_000
    variant_tokens: int = 2_000_000
    speed_tokens: int = 400_000
    compiled: bool = True
    cluster: str = "gensim:wiki-sample"


FULL = Sizes()
QUICK = Sizes(
    rounds=1,
    few_rounds=1,
    tokens=20_000,
    plain_tokens=5_000,
    steps=2,
    matrix=256,
    epochs=(1, 2),
    budget=20.0,
    vocabularies=(1_000, 2_000),
    vocabulary_tokens=10_000,
    corpora=(10_000, 40_000),
    memory_words=1_000,
    memory_tokens=10_000,
    variant_tokens=20_000,
    speed_tokens=10_000,
    compiled=False,
    cluster="planted:recall-1",
)


@dataclass(frozen=True)
class Material:
    """What the parts measure with.

    Attributes:
        sizes: how much of everything.
        text: gives the folder of a prepared corpus of real text.
        men: gives the task by which quality is judged.
        training: what all models share; a part sets its own number of epochs.
        quality_tokens: how much of the text time to quality trains on; None: all of it.
    """

    sizes: Sizes
    text: Callable[[], Path]
    men: Callable[[], Task]
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(epochs=1))
    quality_tokens: int | None = None


def wiki17m(cache: Path) -> Path:
    """The folder of wiki17m, prepared in the cache where it is not there yet.

    Raises:
        CorpusError: where WORDREL_DATA names no folder that has it; says how to get it.
    """
    return corpus_folder(cache, WIKI17M.name, prepare(WIKI17M, cache, jobs=2).digest)


def judge(word_model: WordModel, task: Task) -> tuple[float, int]:
    """Spearman's correlation in the model's selected embedding, and over how many pairs."""
    (outcome,) = (found for found in ask(task, word_model, lowercase=True) if found.selected)
    known = np.isfinite(outcome.predicted)
    (score,) = plain_scores(SPEARMAN, outcome.gold[known], outcome.predicted[None, known])
    return float(score), int(known.sum())


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
