"""gensim's word2vec on token ids against gensim on strings."""

from typing import Any

import numpy as np
import pytest
import torch
from gensim.models import Word2Vec

from planted import sentences_of, toy_corpus
from wordrel.config import TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.errors import TrainingError
from wordrel.models import MODELS, Runtime
from wordrel.models.trained import Trained

TRAINING = TrainingConfig(dim=7, window=3, epochs=2, negatives=4, subsample=0.01)
MODEL = MODELS["word2vec"]


def train(corpus: Corpus, runtime: Runtime | None = None, **given: Any) -> Trained:
    config = Word2vecConfig(kind="word2vec", **given)
    return MODEL.train(corpus, TRAINING, config, 5, runtime or Runtime())


def gensim_on_strings(corpus: Corpus, sg: int) -> Word2Vec:
    words = corpus.vocab.words
    sentences = [[words[i] for i in sentence] for sentence in sentences_of(corpus.train)]
    model = Word2Vec(
        vector_size=7,
        window=3,
        negative=4,
        sample=0.01,
        sg=sg,
        min_count=1,
        seed=5,
        workers=1,
    )
    counts = dict(zip(words, corpus.vocab.counts.tolist(), strict=True))
    model.build_vocab_from_freq(counts)
    model.train(sentences, total_examples=len(sentences), epochs=2)
    return model


@pytest.mark.parametrize(("algorithm", "sg"), [("skip_gram", 1), ("cbow", 0)])
def test_each_word_has_the_vectors_that_gensim_gives_it(
    small: Corpus, algorithm: str, sg: int
) -> None:
    ours = train(small, algorithm=algorithm).tensors
    theirs = gensim_on_strings(small, sg)
    for i, word in enumerate(small.vocab.words):
        place = theirs.wv.key_to_index[word]
        np.testing.assert_array_equal(ours["input"][i], theirs.wv[word])
        np.testing.assert_array_equal(ours["output"][i], theirs.syn1neg[place])
    assert np.abs(ours["output"]).max() > 0


@pytest.mark.parametrize("algorithm", ["skip_gram", "cbow"])
def test_shuffled_sentences_teach_what_the_shuffled_text_teaches(algorithm: str) -> None:
    """Only the order is taken away: with whole sentences in the window nothing is left to lose."""
    corpus = toy_corpus([[2 * i, 2 * i + 1] for i in range(5)] * 400)
    config = Word2vecConfig(kind="word2vec", algorithm=algorithm)  # type: ignore[arg-type]
    plain, shuffled = (
        MODEL.train(
            corpus, TrainingConfig(dim=7, subsample=0, shuffled=off), config, 5, Runtime()
        ).tensors
        for off in (False, True)
    )
    assert (plain["input"] != shuffled["input"]).any()
    for tensors in (plain, shuffled):
        scores = tensors["input"] @ tensors["output"].T
        assert [int(row.argmax()) for row in scores] == [i ^ 1 for i in range(10)]


def test_a_corpus_of_single_words_says_so() -> None:
    with pytest.raises(TrainingError, match="no word has another one in its window"):
        train(toy_corpus([[0], [1], [2]] * 9))


def test_the_algorithms_learn_different_things(small: Corpus) -> None:
    skip_gram, cbow = (train(small, algorithm=name).tensors for name in ("skip_gram", "cbow"))
    assert (skip_gram["input"] != cbow["input"]).all(axis=1).mean() > 0.9


def test_progress_counts_the_tokens_of_all_epochs(small: Corpus) -> None:
    told: list[float] = []
    train(small, Runtime(progress=lambda share, detail: told.append(share)))
    first = next(sentences_of(small.train))
    total = 2 * len(small.train.ids)
    assert told == pytest.approx([len(first) / total, 0.5 + len(first) / total])


def test_cbow_predicts_from_the_mean_of_its_window(small: Corpus) -> None:
    tensors = train(small, algorithm="cbow").tensors
    config = Word2vecConfig(kind="word2vec", algorithm="cbow")
    context = MODEL.read(tensors, small.vocab, TRAINING, config).context
    assert context is not None
    assert context.objective == "masked_word"
    ids = np.array([4, 1, 0, 2, 6, 3, 5], dtype=np.int64)
    y = context.contextual(ids, np.array([6, 7], dtype=np.int64))
    e = tensors["input"]
    np.testing.assert_allclose(y[0], e[[1, 0, 2]].mean(0), atol=1e-6)
    np.testing.assert_allclose(y[3], e[[4, 1, 0, 6, 3]].mean(0), atol=1e-6)
    assert np.isnan(y[6]).all()  # alone in its sentence
    torch.testing.assert_close(
        torch.from_numpy(context.log_probabilities(y[:1])),
        torch.log_softmax(
            torch.from_numpy(y[:1] @ tensors["output"].T + np.log(small.vocab.counts**0.75)), 1
        ).float(),
    )
