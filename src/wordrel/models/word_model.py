"""WordModel: the interface of every trained model, and all that tasks use of it.

Three questions are the same for every model: how similar are two words, how strongly does a relate
to b, and which vector has a word in context? Where a model has no answer, `unavailable` has the
question and the reason.

Glossary: V words, D dimensions, K numbers of a vector in context, P items, N tokens, S sentences.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32

from wordrel.config import CorpusConfig
from wordrel.corpus.vocab import Vocab
from wordrel.errors import NotAvailableError
from wordrel.io.visible import facts_html, facts_text
from wordrel.models.in_text import (
    ContextEmbedding,
    Gap,
    most_probable,
    neighbours,
    refuse_text,
    vector_in_context,
    weights,
    word_at,
    word_id,
)
from wordrel.models.protocols import Contextualizer, Predictor, Reader
from wordrel.models.relations import Relation

Alike = Literal["cosine", "dot"]


@dataclass(frozen=True)
class Origin:
    """Where a trained model comes from.

    Attributes:
        name: for people: model, seed and corpus.
        corpus: how its text became words.
    """

    name: str
    corpus: CorpusConfig


@dataclass(frozen=True)
class WordModel:
    """The answers of one trained model; `model["king"]` is the vector of a word.

    Attributes:
        vocab: its words.
        embeddings: name -> one row a word, [V, D], to compare words by.
        relations: name -> how strongly a word relates to another.
        context: what reads running text and predicts its words, or None.
        sentences: what reads running text where nothing predicts its words, or None.
        predictors: the ways of reading its probability of a word in running text; where several
            have one objective, development text decides which counts.
        selected: question ("alike", "relate", "in_context") -> the embedding, or the pair score,
            that was fixed beforehand.
        unavailable: question ("alike", "relate", "context", "fit") -> why there is no answer.
        learned: what the model learned of scores that no two words share, to be read only:
            "relative_position" (of each place from -W to W, [2W+1]; a next-word model uses those
            before 0) and "per_word_weight" (of each word before the softmax, where the query is of
            no word, [V]).
        origin: where it was trained, or None where that is not known: it is shown, and an unknown
            word is explained by it.
    """

    vocab: Vocab
    embeddings: Mapping[str, Float32[np.ndarray, "V D"]]
    relations: Mapping[str, Relation] = field(default_factory=dict)
    context: Contextualizer | None = None
    sentences: Reader | None = None
    predictors: tuple[Predictor, ...] = ()
    selected: Mapping[str, str] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    learned: Mapping[str, Float32[np.ndarray, " _"]] = field(default_factory=dict)
    origin: Origin | None = None

    def __repr__(self) -> str:
        return facts_text(self._title, self._facts())

    def _repr_html_(self) -> str:
        return facts_html(self._title, self._facts())

    def __contains__(self, word: object) -> bool:
        return word in self.vocab.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocab.words)

    def __len__(self) -> int:
        return len(self.vocab)

    def __getitem__(self, word: str) -> Float32[np.ndarray, " D"]:
        return self.vector(word)

    def vector(self, word: str, embedding: str | None = None) -> Float32[np.ndarray, " D"]:
        """The row of a word in an embedding, as a copy; without one, in the selected embedding.

        Raises:
            UnknownWordError, NotAvailableError: as `similarity`.
        """
        row: Float32[np.ndarray, " D"] = self._embedding(embedding)[self._id(word)].copy()
        return row

    def similarity(
        self, a: str, b: str, embedding: str | None = None, *, measure: Alike = "cosine"
    ) -> float:
        """The similarity of two words: the cosine of their rows, in [-1, 1]; NaN for a zero row.

        Args:
            a: a word.
            b: a word.
            embedding: one of `embeddings`; default: the selected one.
            measure: "dot" is the dot product instead: any number, longer rows count for more.

        Raises:
            UnknownWordError, NotAvailableError: naming the word, embedding or measure, and what
                there is.
        """
        if measure not in get_args(Alike):
            measures = ", ".join(get_args(Alike))
            raise NotAvailableError(f"no measure {measure!r}; there are {measures}")
        table = self._embedding(embedding)
        left, right = table[self._id(a)], table[self._id(b)]
        if measure == "dot":
            return float(left @ right)
        lengths = np.linalg.norm(left) * np.linalg.norm(right)
        return float(np.clip(left @ right / lengths, -1, 1)) if lengths else float("nan")

    def most_similar(
        self,
        positive: str | Sequence[str],
        n: int = 10,
        embedding: str | None = None,
        *,
        negative: str | Sequence[str] = (),
    ) -> dict[str, float]:
        """The n words most similar to a word, best first, with their cosines; no rows of zeros.

        `most_similar(["king", "woman"], negative="man")` answers an analogy (3CosAdd, Mikolov et
        al. 2013): the cosine is with the sum of the rows, each of length 1.

        Args:
            positive: a word, or words whose rows are added; none of them is an answer.
            n: how many words.
            embedding: one of `embeddings`; default: the selected one.
            negative: words whose rows are subtracted.

        Raises:
            UnknownWordError: as `similarity`.
            NotAvailableError: as `similarity`; or there is no word, or n is less than 1.
        """
        table = self._embedding(embedding)
        added, subtracted = (
            [self._id(word) for word in ([words] if isinstance(words, str) else words)]
            for words in (positive, negative)
        )
        own = [*added, *subtracted]
        if not own:
            raise NotAvailableError("positive: found no word, expected one or more")
        lengths = np.linalg.norm(table[own], axis=1, keepdims=True)
        signs = np.repeat(np.array([1, -1], np.float32), [len(added), len(subtracted)])
        row = signs @ (table[own] / np.where(lengths > 0, lengths, 1))
        return neighbours(self, row, table, own, n)

    def most_similar_in_context(
        self, sentence: Sequence[str], position: int, n: int = 10, embedding: str | None = None
    ) -> dict[str, float]:
        """The n words most similar to the word at `position` in this sentence, with their cosines.

        Args:
            sentence: as in `in_context`.
            position: as in `in_context`.
            n: how many words; the word itself is left out.
            embedding: whose rows the state is compared with; default: "output" where there is one,
                since training compares a state with the rows of predicted words; else the selected
                one.

        Raises:
            UnknownWordError: as `in_context`.
            NotAvailableError: as `in_context`; or the rows have another length than the state.
        """
        state = self.in_context(sentence, position)
        table = self._embedding(embedding or ("output" if "output" in self.embeddings else None))
        if table.shape[1] != len(state):
            raise NotAvailableError(
                f"embedding: found rows of {table.shape[1]} numbers, expected {len(state)} as "
                "a word in context has"
            )
        return neighbours(self, state, table, [self._id(word_at(self, sentence, position))], n)

    def predict(
        self, sentence: Sequence[str], position: int, n: int = 10, *, reading: str | None = None
    ) -> dict[str, float]:
        """The n most probable words at a place, best first, with their probabilities.

        Args:
            sentence: as in `in_context`. The word at `position` is not read, so that "_" may stand
                there.
            position: of the gap, from 0; the sentence's length for the word behind it.
            n: how many words.
            reading: the name of one of `predictors`; default: the first.

        Raises:
            NotAvailableError: the model predicts no words, or sees no known word here; or there is
                no such position, a text in place of words, or n is less than 1.
        """
        return most_probable(self, Gap.of(self, sentence, position), n, reading)

    def weights(self, sentence: Sequence[str], position: int) -> dict[int, float]:
        """How much of the state that predicts the word at `position` comes from each other word.

        Args and errors are those of `predict`.

        Returns:
            Position of each word in view -> its weight, the mean over heads; together they are 1.

        Raises:
            NotAvailableError: the model weighs no words of a context.
        """
        return weights(self, Gap.of(self, sentence, position))

    def odd_one_out(self, words: Sequence[str], embedding: str | None = None) -> str:
        """The word that is least alike to the mean of all, each with length 1; of equals the first.

        Args:
            words: at least three.
            embedding: one of `embeddings`; default: the selected one.

        Raises:
            UnknownWordError: as `similarity`.
            NotAvailableError: as `similarity`; or there are fewer words, a text, or a zero row.
        """
        refuse_text(words, "words")
        if len(words) < 3:
            raise NotAvailableError(f"words: found {len(words)}, expected three or more")
        rows = np.stack([self.vector(word, embedding) for word in words])
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not lengths.all():
            word = words[int(lengths.argmin())]
            raise NotAvailableError(f"{word!r} has no direction here: its row is zero")
        unit = rows / lengths
        return words[int((unit @ unit.mean(axis=0)).argmin())]

    def relation(self, a: str, b: str, embedding: str | None = None) -> float:
        """How strongly a relates to b: any number; NaN where there is no answer; the order matters.

        Raises:
            UnknownWordError, NotAvailableError: naming the word or the embedding, and what there
            is.
        """
        name = self.chosen(embedding, "relate", self.relations)
        ids = (np.array([self._id(word)]) for word in (a, b))
        return float(self.relations[name](*ids)[0])

    def in_context(
        self, sentence: Sequence[str], position: int, embedding: ContextEmbedding = "context"
    ) -> Float32[np.ndarray, " K"]:
        """The vector of the word at `position` in this sentence.

        Args:
            sentence: its words, looked up as the corpus spells them; words that the vocabulary
                lacks are left out, as they were in training.
            position: place of the word, from 0.
            embedding: "context" is y_i, "static" the word's own row (the control), "joined" both,
                each of length 1, one behind the other.

        Raises:
            UnknownWordError: where the vocabulary lacks the word.
            NotAvailableError: where the model has no vector of a context, or this word has none;
                or there is no such position, or a text in place of words.
        """
        static = self.vector(word_at(self, sentence, position))
        return vector_in_context(self, static, sentence, position, embedding)

    @property
    def reader(self) -> Reader | None:
        """The reader of words in context, whether it predicts words or not."""
        return self.context or self.sentences

    def _id(self, word: object) -> int:
        return word_id(self, word)

    def _embedding(self, embedding: str | None) -> Float32[np.ndarray, "V D"]:
        return self.embeddings[self.chosen(embedding, "alike", self.embeddings)]

    def chosen(self, embedding: str | None, question: str, available: Mapping[str, object]) -> str:
        """The name of an embedding; without one, of the question's headline.

        Raises:
            NotAvailableError: naming the embeddings there are.
        """
        if not available:
            raise NotAvailableError(self.unavailable[question])
        name = embedding or self.selected[question]
        if name not in available:
            expected = ", ".join(available)
            raise NotAvailableError(f"embedding: found {name!r}, expected one of {expected}")
        return name

    @property
    def _title(self) -> str:
        return f"WordModel of {self.origin.name}" if self.origin else "WordModel"

    def _facts(self) -> dict[str, str]:
        """The facts that `repr` and a notebook show."""
        frequent = ", ".join(self.vocab.words[:5])
        return {
            "words": f"{len(self.vocab):,}; most frequent: {frequent}",
            "embeddings": self._names("alike", self.embeddings),
            "relations": self._names("relate", self.relations),
            "in context": self.context.objective
            if self.context
            else "reads sentences, predicts no word"
            if self.sentences
            else f"none: {self.unavailable.get('context', 'it reads no text')}",
        }

    def _names(self, question: str, available: Mapping[str, object]) -> str:
        if not available:
            return f"none: {self.unavailable.get(question, 'it has no answer')}"
        selected = self.selected.get(question)
        return ", ".join(f"{name} (selected)" if name == selected else name for name in available)
