"""From tokenised shards to one vocabulary, and to ids by it.

Reads the shards' folders; writes sorted runs of word counts beside them, and the arrays of the
parts. Everything goes through blocks and streams: neither the text nor all its rare words are ever
in memory.
"""

import heapq
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from wordrel.corpus.disk import ArrayWriter
from wordrel.corpus.shards import Part, TokenBlock, TokenizedShard
from wordrel.corpus.vocab import Vocab

_RUN_BYTES = 1 << 14  # of each run in memory at a time


def write_runs(shard: TokenizedShard, parts: Collection[Part] = (Part.TRAIN,)) -> list[Path]:
    """Count each segment's words; one sorted file a segment.

    Args:
        shard: whose documents have parts.
        parts: where to count.

    Returns:
        Files of lines of a word, its count in `parts`, and its count in the training part.
    """
    runs = []
    for number, (words, blocks) in enumerate(shard.segments(parts)):
        counts = np.zeros((2, len(words)), np.int64)
        for block in blocks:
            counts[0] += np.bincount(block.ids, minlength=len(words))
            train = block.ids[block.parts == Part.TRAIN]
            counts[1] += np.bincount(train, minlength=len(words))
        counted = sorted(row for row in zip(words, *counts.tolist(), strict=True) if row[1])
        runs.append(shard.folder / f"run-{number}")
        with runs[-1].open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{word} {count} {train}\n" for word, count, train in counted)
    return runs


def merged_counts(runs: list[Path]) -> Iterator[tuple[str, int, int]]:
    """Every word of the sorted runs once, in order, with its whole counts."""
    streams = map(_read_run, runs)
    for word, same in groupby(heapq.merge(*streams), key=itemgetter(0)):
        counts, train = zip(*(row[1:] for row in same), strict=True)
        yield word, sum(counts), sum(train)


def _read_run(path: Path) -> Iterator[tuple[str, int, int]]:
    """The lines of a file that is open for moments only: there may be more runs than open files."""
    position, lines = 0, [b""]
    while lines:
        with path.open("rb") as file:
            file.seek(position)
            lines = file.readlines(_RUN_BYTES)
            position = file.tell()
        for line in lines:
            word, count, train = line.decode().split(" ")
            yield word, int(count), int(train)


@dataclass(frozen=True)
class Chosen:
    """The words that stay.

    Attributes:
        vocab: with the counts of the training part; a word that it lacks has count 1 there, so that
            noise, subsampling and the baseline of single words are defined for it.
        seen: words that were counted.
        absent: words of the vocabulary that the training part lacks.
    """

    vocab: Vocab
    seen: int
    absent: int


def choose_vocabulary(
    counted: Iterator[tuple[str, int, int]], min_count: int, max_vocabulary: int | None
) -> Chosen:
    """The words that stay, by descending count, then alphabetically.

    Args:
        counted: words in alphabetical order, each with the count that decides, and its count in
            the training part.
        min_count: rarer words go.
        max_vocabulary: the most words to keep.
    """
    words, deciding, of_train, seen = [], array("q"), array("q"), 0
    for word, count, train in counted:
        seen += 1
        if count >= min_count:
            words.append(word)
            deciding.append(count)
            of_train.append(train)
    order = np.argsort(-np.array(deciding, np.int64), kind="stable")[:max_vocabulary]
    counts = np.array(of_train, np.int64)[order]
    vocab = Vocab(tuple(words[i] for i in order.tolist()), np.maximum(counts, 1))
    return Chosen(vocab, seen, int((counts == 0).sum()))


class PartWriter:
    """Writes one part: the tokens that stay, and where sentences and documents end.

    Attributes:
        ids, sentences, documents: the arrays, as long as what was written.
        split_sentences: that were too long.
    """

    def __init__(self, arrays: dict[str, ArrayWriter], max_sentence: int) -> None:
        self.split_sentences = 0
        self._max_sentence = max_sentence
        self.ids, self.sentences, self.documents = arrays.values()
        self._last_sentence = self._last_document = 0

    def add(self, block: TokenBlock) -> None:
        """Append tokens; what has become empty leaves no end."""
        before = self.ids.length
        self.ids.append(block.ids)
        sentences = _rising(block.sentence_ends + before, self._last_sentence)
        if len(sentences):
            cut = cut_long_sentences(sentences, self._last_sentence, self._max_sentence)
            self.sentences.append(cut)
            lengths = np.diff(sentences, prepend=self._last_sentence)
            self.split_sentences += int((lengths > self._max_sentence).sum())
            self._last_sentence = int(sentences[-1])
        documents = _rising(block.document_ends + before, self._last_document)
        if len(documents):
            self.documents.append(documents)
            self._last_document = int(documents[-1])


def _rising(ends: Int64[np.ndarray, " S"], last: int) -> Int64[np.ndarray, " R"]:
    """Without the ends of what has become empty."""
    return ends[np.diff(ends, prepend=last) > 0]


def cut_long_sentences(
    ends: Int64[np.ndarray, " S"], start: int, longest: int
) -> Int64[np.ndarray, " R"]:
    """More ends, so that no sentence is over `longest`; the first sentence begins at `start`."""
    starts = np.concatenate([[start], ends[:-1]])
    pieces = -(-(ends - starts) // longest)
    before = np.cumsum(pieces) - pieces
    number = np.arange(pieces.sum()) - np.repeat(before, pieces) + 1
    cut: np.ndarray = np.minimum(np.repeat(starts, pieces) + number * longest, ends.repeat(pieces))
    return cut


def write_parts(shard: TokenizedShard, vocab: Vocab, writers: Mapping[Part, PartWriter]) -> None:
    """Renumber a shard's tokens by the vocabulary, drop the rest, and deal out the documents."""
    for words, blocks in shard.segments(writers):
        number = vocab.ids(words).astype(np.int32)
        for local in blocks:
            block = replace(local, ids=number[local.ids])
            known = block.ids >= 0
            for part, writer in writers.items():
                writer.add(block.only(known & (block.parts == part)))
