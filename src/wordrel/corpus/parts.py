"""The training and the held-out part: ids by the vocabulary, sentence and document ends.

Reads tokenised shards block by block; writes `ids.npy`, `sentence_ends.npy` and `document_ends.npy`
of both parts.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from wordrel.corpus.disk import ArrayWriter
from wordrel.corpus.tokenized import TokenBlock, TokenizedShard, token_blocks
from wordrel.corpus.vocab import Vocab


class PartWriter:
    """Writes one part: the tokens that stay, and where sentences and documents end."""

    def __init__(self, folder: Path, max_sentence: int) -> None:
        folder.mkdir(parents=True)
        self.split_sentences = 0
        self._max_sentence = max_sentence
        self._ids = ArrayWriter(folder / "ids.npy", np.int32)
        self._sentences = ArrayWriter(folder / "sentence_ends.npy", np.int64)
        self._documents = ArrayWriter(folder / "document_ends.npy", np.int64)
        self._last_sentence = self._last_document = 0

    def __enter__(self) -> "PartWriter":
        return self

    def __exit__(self, *exception: object) -> None:
        for file in (self._ids, self._sentences, self._documents):
            file.close()

    @property
    def tokens(self) -> int:
        """Written so far."""
        return self._ids.length

    @property
    def sentences(self) -> int:
        """Written so far."""
        return self._sentences.length

    @property
    def documents(self) -> int:
        """Written so far."""
        return self._documents.length

    def add(self, block: TokenBlock) -> None:
        """Append tokens; what has become empty leaves no end."""
        before = self.tokens
        self._ids.append(block.ids)
        sentences = _rising(block.sentence_ends + before, self._last_sentence)
        if len(sentences):
            cut = cut_long_sentences(sentences, self._last_sentence, self._max_sentence)
            self._sentences.append(cut)
            lengths = np.diff(sentences, prepend=self._last_sentence)
            self.split_sentences += int((lengths > self._max_sentence).sum())
            self._last_sentence = int(sentences[-1])
        documents = _rising(block.document_ends + before, self._last_document)
        if len(documents):
            self._documents.append(documents)
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


def write_parts(
    shard: TokenizedShard, vocab: Vocab, train: PartWriter, held_out: PartWriter
) -> None:
    """Renumber a shard's tokens by the vocabulary, drop the rest, and deal out the documents."""
    for segment in shard.segments():
        number = vocab.ids(segment.words).astype(np.int32)
        for local in token_blocks(shard, segment):
            block = replace(local, ids=number[local.ids])
            known = block.ids >= 0
            train.add(block.only(known & ~block.held_out))
            held_out.add(block.only(known & block.held_out))
