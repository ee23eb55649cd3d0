"""gensim's word2vec on our token ids: the outside reference, skip-gram or CBOW.

gensim stays behind this one module. One worker, so that a seed repeats the same bits;
sentences are at most `corpora.max_sentence` tokens, because gensim silently drops what stands
behind the 10,000th; its own loss figure is not reported (it overflows, gensim#2735).
"""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from gensim.models import Word2Vec
from jaxtyping import Bool, Float
from torch import Tensor

from wordrel.config import TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.models.context import Mix, StreamContext
from wordrel.models.sampling import Readout
from wordrel.models.skip_gram import word_by_word
from wordrel.models.spaces import output_lifts, word_model
from wordrel.models.stream import Batch
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.windows import visible
from wordrel.models.word_model import WordModel

REPORT_SENTENCES = 20_000


class _Sentences:
    """The training split as lists of token ids, again for each epoch, with progress."""

    def __init__(
        self, corpus: Corpus, training: TrainingConfig, seed: int, runtime: Runtime
    ) -> None:
        self.split = corpus.train
        self.total = training.epochs * len(corpus.train.ids)
        self.rng = np.random.default_rng(seed) if training.shuffled else None
        self.runtime = runtime
        self.done = 0
        self.started = time.monotonic()

    def __iter__(self) -> Iterator[list[int]]:
        start = 0
        for number, end in enumerate(self.split.sentence_ends.tolist()):
            words = self.split.ids[start:end]
            yield (words if self.rng is None else self.rng.permutation(words)).tolist()
            self.done += end - start
            start = end
            if number % REPORT_SENTENCES == 0:
                rate = self.done / max(time.monotonic() - self.started, 1e-9)
                self.runtime.progress(self.done / self.total, {"tokens_per_second": rate})


def train(
    corpus: Corpus, training: TrainingConfig, config: Word2vecConfig, seed: int, runtime: Runtime
) -> Trained:
    """Both tables of gensim's model, in our order of words.

    Raises:
        TrainingError: when no word has another one beside it.
    """
    if np.diff(corpus.train.sentence_ends, prepend=0).max() < 2:
        raise TrainingError(
            "no word has another one in its window: the corpus needs longer sentences"
        )
    model = Word2Vec(
        vector_size=training.dim,
        window=training.window,
        shrink_windows=training.shrink_window,
        negative=training.negatives,
        ns_exponent=training.noise_exponent,
        sample=training.subsample,
        sg=int(config.algorithm == "skip_gram"),
        hs=0,
        cbow_mean=1,
        min_count=1,
        alpha=config.learning_rate,
        min_alpha=config.min_learning_rate,
        seed=seed,
        workers=1,
    )
    words = len(corpus.vocab)
    # Token ids are gensim's words: they hash faster than strings and need no second vocabulary.
    model.build_vocab_from_freq(dict(enumerate(corpus.vocab.counts.tolist())))
    model.train(
        _Sentences(corpus, training, seed, runtime),
        total_examples=len(corpus.train.sentence_ends),
        epochs=training.epochs,
    )
    order = np.array([model.wv.key_to_index[word] for word in range(words)])
    tensors = {"input": model.wv.vectors[order], "output": model.syn1neg[order]}
    return Trained(
        tensors,
        parameters=2 * words * training.dim,
        trained_tokens=training.epochs * len(corpus.train.ids),
    )


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: Word2vecConfig
) -> WordModel:
    """Word vectors, and for CBOW the state that it predicts from: the mean of its window.

    gensim skips noise words that are hits, so its scores are logarithms of odds.
    """
    none = np.zeros(len(vocab), dtype=np.float32)
    table, lifts = (tensors["output"], none, vocab.counts), output_lifts(vocab, none, **tensors)
    if config.algorithm == "skip_gram":
        why = "skip-gram has no vector for a context of several words"
        readout = Readout.of("odds", *table, training)
        predictors = word_by_word(vocab, tensors["input"], readout, training.window)
        return replace(word_model(vocab, tensors, why=why, lifts=lifts), predictors=predictors)
    mix = _mean_of_window(torch.from_numpy(tensors["input"]))
    context = StreamContext("masked_word", training, mix, _even, *table, teaches="odds")
    return word_model(vocab, tensors, context, lifts=lifts)


def _mean_of_window(inputs: Float[Tensor, "V D"]) -> Mix:
    def mix(batch: Batch) -> tuple[Float[Tensor, "C L D"], Bool[Tensor, "C L"]]:
        seen = visible("masked_word", batch, inputs.device)
        weights = seen.to(inputs.dtype)
        return weights @ inputs[torch.from_numpy(batch.ids)] / _size(weights), seen.any(-1)

    return mix


def _even(batch: Batch) -> Float[Tensor, "C L S"]:
    """The weights of a mean: the same of every token of the window."""
    weights = visible("masked_word", batch, torch.device("cpu")).to(torch.float32)
    return weights / _size(weights)


def _size(weights: Float[Tensor, "C L S"]) -> Float[Tensor, "C L 1"]:
    return weights.sum(-1, keepdim=True).clamp(min=1)


WORD2VEC = Model(train, read, version=1)
