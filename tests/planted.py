"""Corpora with known structure: planted partners on disk, and toys in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from wordrel.config import CorpusConfig
from wordrel.corpus import Corpus, Split, Vocab, prepare


@dataclass(frozen=True)
class Plan:
    """Sentences `x c X c c the`: X is one of two partners of a topic, c are words of that topic."""

    topics: int = 10
    topic_words: int = 5
    sentences: int = 2500
    seed: int = 0

    def sentence(self, rng: np.random.Generator) -> str:
        topic = rng.integers(self.topics)
        words = [f"{_letters(topic)}c{_letters(n)}" for n in rng.integers(self.topic_words, size=4)]
        partner = f"{_letters(topic)}x{'lr'[rng.integers(2)]}"
        noise = ("the", "of", "and")[rng.integers(3)]
        return " ".join([*words[:2], partner, *words[2:], noise])


SMALL_PLAN = Plan(topics=4, topic_words=3, sentences=120)


def _letters(number: int) -> str:
    return chr(ord("a") + int(number))


def planted_corpus(plan: Plan, folder: Path) -> Corpus:
    """Prepare the plan's text; 4 % of the sentences are held out."""
    rng = np.random.default_rng(plan.seed)
    text = folder / "planted.txt"
    text.write_text("".join(f"{plan.sentence(rng)}\n" for _ in range(plan.sentences)))
    config = CorpusConfig(source=str(text), min_count=1, documents="line", held_out=0.04)
    return prepare(config, folder / "cache")


def partners(plan: Plan) -> list[tuple[str, str]]:
    return [(f"{_letters(t)}xl", f"{_letters(t)}xr") for t in range(plan.topics)]


def toy_corpus(sentences: Sequence[Sequence[int]]) -> Corpus:
    """A corpus in memory; word 0 is `wa`, word 1 `wb`, ... (ids need not follow the counts)."""
    split = split_of(sentences)
    counts = np.bincount(split.ids).astype(np.int64)
    vocab = Vocab(tuple(f"w{_letters(i)}" for i in range(len(counts))), counts)
    return Corpus("toy", "0" * 12, vocab, split, split, {})


def split_of(sentences: Sequence[Sequence[int]]) -> Split:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int32)
    ends = np.cumsum([len(sentence) for sentence in sentences]).astype(np.int64)
    return Split(ids, ends, ends)


def sentences_of(split: Split) -> Iterator[list[int]]:
    for start, end in pairwise([0, *split.sentence_ends.tolist()]):
        yield split.ids[start:end].tolist()
