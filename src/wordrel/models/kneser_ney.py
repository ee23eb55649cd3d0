"""N-grams that predict a word: the reference of every loss table.

The next word is predicted from the n - 1 words before it. A masked word is predicted from as many
on either side, as if the two sides were independent given the word:

    p(w | left, right) ~ p(w | left) p(w | right) / p(w)

with p(w | right) of n-grams that are counted from right to left, and p(w) of single words. The code
that reads the scores makes the p of all words add up to 1. Counting needs no seed and no epochs,
and reads every token of the text.

Glossary: N tokens, S segments, P places, B places at a time, V words, L lengths of contexts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int, Int64

from wordrel.config import KneserNeyConfig, TrainingConfig
from wordrel.config.architectures import Objective
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.models.ngrams import Grams, Ngrams, count_ngrams
from wordrel.models.protocols import Segments
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.word_model import WordModel

SCORES_AT_ONCE = 2**21
"""8 MiB of float32, as `Predictor` has it."""
LEFT, RIGHT, ALONE = "left", "right", "alone"


@dataclass(frozen=True)
class Counted:
    """A `Predictor` by counts.

    Attributes:
        left: n-grams of the words before a place.
        right: of those behind it, read from right to left; None where the next word is predicted.
        log_p: of each word without context, [V].
        segments: which n-grams never cross.
    """

    left: Ngrams
    right: Ngrams | None
    log_p: Float32[np.ndarray, " V"]
    segments: Segments = "sentence"
    name: str = "counts"

    @property
    def objective(self) -> Objective:
        """See `Predictor`."""
        return "next_word" if self.right is None else "masked_word"

    def scores(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Iterator[Float32[np.ndarray, "B V"]]:
        """See `Predictor`; of the next word they are normalised."""
        before = self.left.contexts(ids, ends, places)
        behind = before[:, :0]
        if self.right is not None:
            behind = self.right.contexts(*_reversed(ids, ends), len(ids) - 1 - places)
        step = max(1, SCORES_AT_ONCE // len(self.log_p))
        for start in range(0, len(places), step):
            block = slice(start, start + step)
            log_p = self.left.log_probabilities(before[:, block])
            if self.right is not None:
                log_p += self.right.log_probabilities(behind[:, block])
                log_p -= self.log_p
            yield log_p

    def attended(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> None:
        """See `Predictor`: counts are read."""
        return


def train(
    corpus: Corpus, training: TrainingConfig, config: KneserNeyConfig, seed: int, runtime: Runtime
) -> Trained:
    """Count the text once; neither the seed nor the window changes anything.

    Raises:
        TrainingError: where the words of sentences are to be shuffled.
    """
    if training.shuffled:
        raise TrainingError(
            "n-grams are counted in the order of the words: set training.shuffled to false for "
            f"{config.name}"
        )
    text = corpus.train.ids, np.asarray(corpus.train.sentence_ends)
    wanted = {LEFT: (text, config.order)}
    if config.objective == "masked_word":
        wanted |= {RIGHT: (_reversed(*text), config.order), ALONE: (text, 1)}
    tensors: dict[str, np.ndarray] = {}
    for done, (name, (words, order)) in enumerate(wanted.items()):
        runtime.progress(done / len(wanted), {"doing": f"counting {name}"})
        tensors |= _packed(name, count_ngrams(*words, len(corpus.vocab), order))
    learnt = [array for name, array in tensors.items() if not name.endswith(".keys")]
    return Trained(tensors, sum(array.size for array in learnt), len(corpus.train.ids))


def _reversed(
    ids: Int[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
) -> tuple[Int[np.ndarray, " N"], Int64[np.ndarray, " S"]]:
    """The text from its last token to its first, and where its segments end then."""
    return ids[::-1], len(ids) - np.append(ends[:-1][::-1], 0)[: len(ends)]


def _packed(name: str, counted: Ngrams) -> dict[str, np.ndarray]:
    tensors = {f"{name}.discounts": counted.discounts}
    for length, grams in enumerate(counted.grams, 1):
        tensors |= {f"{name}.{length}.{part}": array for part, array in vars(grams).items()}
    return tensors


def _unpacked(name: str, tensors: Mapping[str, np.ndarray]) -> Ngrams:
    discounts = tensors[f"{name}.discounts"]
    grams = (
        Grams(*(tensors[f"{name}.{length}.{part}"] for part in ("keys", "log_p", "log_backoff")))
        for length in range(1, len(discounts) + 1)
    )
    return Ngrams(tuple(grams), discounts)


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: KneserNeyConfig
) -> WordModel:
    """The probability of a word in running text, and nothing else."""
    left = _unpacked(LEFT, tensors)
    right = alone = None
    if config.objective == "masked_word":
        right, alone = (_unpacked(name, tensors) for name in (RIGHT, ALONE))
    log_p = (alone or left).grams[0].log_p[: len(vocab)]
    predictor = Counted(left, right, log_p)
    no_vectors = "n-grams are counts of words: no word and no context has a vector"
    return WordModel(
        vocab,
        embeddings={},
        predictors=(predictor,),
        unavailable={
            "alike": no_vectors,
            "relate": "n-grams are counted to predict a word, not to say how two words relate",
            "context": no_vectors,
        },
    )


KNESER_NEY = Model(train, read, version=1, passes=1, seeded=False)
