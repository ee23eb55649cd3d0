"""Vectors that others made as a model of a study: the rows of the corpus's words.

They stand beside trained models in every table that asks how alike words are. A word that the file
lacks has a row of zeros, and no answer.

Glossary: V words of the corpus, D dimensions.
"""

import numpy as np

from wordrel.config import TrainingConfig, VectorsConfig
from wordrel.corpus import Corpus
from wordrel.corpus.tokens import spelled
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.io.files import files_digest
from wordrel.models.fasttext_files import composed
from wordrel.models.relations import Cosine, Product
from wordrel.models.spaces import CENTRED, centred
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.vector_readers import read_vectors
from wordrel.models.vector_tables import parts_of
from wordrel.models.word_model import WordModel


def train(
    corpus: Corpus,
    training: TrainingConfig,
    config: VectorsConfig,
    seed: int,
    runtime: Runtime,
) -> Trained:
    """Nothing is learnt: the file is read, and the rows of the vocabulary are kept.

    Of words that differ in case alone, the first of the file counts, as where gensim evaluates.

    Raises:
        VectorsError: the file cannot be read.
        TrainingError: it is not the file that the study was planned with, or has no word of it.
    """
    if config.digest != path_digest(config):
        raise TrainingError(f"{config.path}: found other bytes than when the study was planned")
    rows = {word: i for i, word in enumerate(corpus.vocab.words)}
    lowered = all(word == word.lower() for word in rows)
    table = np.zeros((0, 0), np.float32)
    there = np.zeros(len(rows), np.bool_)
    for words, block in read_vectors(config.path)[1]:
        table = table if table.size else np.zeros((len(rows), block.shape[1]), np.float32)
        for word, vector in zip(words, block, strict=True):
            row = rows.get(spelled(word, lowercase=lowered), -1)
            if row >= 0 and not there[row]:
                table[row], there[row] = vector, True
    lacking = [word for word, row in rows.items() if not there[row]]
    for word, vector in composed(config.path, lacking).items():
        table[rows[word]], there[rows[word]] = vector, True
    if not there.any():
        raise TrainingError(f"{config.path}: found none of the {len(rows):,} words of the corpus")
    return Trained({"input": table}, parameters=int(there.sum()) * table.shape[1], trained_tokens=0)


def path_digest(config: VectorsConfig) -> str:
    """12 hex digits of the bytes that are read."""
    return files_digest(parts_of(config.path))


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: VectorsConfig
) -> WordModel:
    """See `of_table`."""
    return of_table(vocab, tensors, "a file of vectors says nothing of words in a context")


def of_table(vocab: Vocab, tensors: Tensors, why: str) -> WordModel:
    """One table: how alike words are, and as a relation the cosine and the product of two rows.

    Args:
        vocab: the words.
        tensors: "input" [V, D].
        why: there is no loss and no context.
    """
    table = tensors["input"]
    return WordModel(
        vocab,
        embeddings={"input": table, "input" + CENTRED: centred(table)},
        relations={"cosine": Cosine(table), "in.in": Product(table, table)},
        selected={"alike": "input", "relate": "cosine", "in_context": "static"},
        unavailable={"context": why, "fit": why},
    )


VECTORS = Model(train, read, version=1, passes=0, seeded=False)
