"""Documents with the tokens to score: the same in every setting of a study.

A token is scored where another word of its sentence stands before it. Then it has a context under
either objective and in every setting: a window, the sentence, or a passage across sentence ends.

Glossary: N tokens, S sentences, M documents, P scored places.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.corpus import Split
from wordrel.models.protocols import Segments


@dataclass(frozen=True)
class ScoredText:
    """Running text, and where it is scored.

    Attributes:
        ids: of all tokens, shape [N].
        sentence_ends: exclusive, rising, the last N, shape [S].
        document_ends: likewise, shape [M].
        places: of the scored tokens, rising, shape [P].
    """

    ids: Int64[np.ndarray, " N"]
    sentence_ends: Int64[np.ndarray, " S"]
    document_ends: Int64[np.ndarray, " M"]
    places: Int64[np.ndarray, " P"]

    def ends(self, segments: Segments) -> Int64[np.ndarray, " _"]:
        """The ends of the segments that a model reads."""
        return self.sentence_ends if segments == "sentence" else self.document_ends

    @cached_property
    def words(self) -> Int64[np.ndarray, " P"]:
        """The scored words."""
        return np.asarray(self.ids[self.places])

    @cached_property
    def document(self) -> Int64[np.ndarray, " P"]:
        """The document of each scored word, from 0."""
        return np.asarray(np.searchsorted(self.document_ends, self.places, side="right"))

    def by_document(self, values: Float64[np.ndarray, " P"]) -> Float64[np.ndarray, " M"]:
        """The sum of each document's values; 0 of one without a scored word."""
        sums = np.zeros(len(self.document_ends))
        np.add.at(sums, self.document, values)
        return sums

    def thinned(self, limit: int) -> "ScoredText":
        """The same text with at most `limit` scored words, spread evenly."""
        kept = self.places[evenly(len(self.places), limit)]
        return ScoredText(self.ids, self.sentence_ends, self.document_ends, kept)


def sampled(split: Split, tokens: int) -> Split:
    """Whole documents, spread evenly over a part of a corpus, of at most so many tokens in all.

    At least one document, whatever its length.
    """
    sentence_ends = np.asarray(split.sentence_ends, dtype=np.int64)
    document_ends = np.asarray(split.document_ends, dtype=np.int64)
    starts = np.concatenate([[0], document_ends[:-1]])
    parts, sentences, documents, length = [], [], [], 0
    for document in spread(document_ends - starts, tokens) if len(document_ends) else ():
        first, last = starts[document], document_ends[document]
        parts.append(np.asarray(split.ids[first:last]))
        own = sentence_ends[(sentence_ends > first) & (sentence_ends <= last)]
        sentences.append(own - first + length)
        length += int(last - first)
        documents.append(length)
    ids = np.concatenate([np.empty(0, np.int32), *parts]).astype(np.int32)
    ends = np.concatenate([np.empty(0, np.int64), *sentences]).astype(np.int64)
    return Split(ids, ends, np.array(documents, dtype=np.int64))


def scored_text(split: Split, limit: int) -> ScoredText:
    """All documents of a part of a corpus, with at most `limit` scored words in all.

    Where there are more, long documents are cut down to the same number, by scoring sentences that
    are spread evenly over each: every document stays, and all that is scored is seen in its whole
    context. A document always has a sentence that is scored, if it has one of two words.
    """
    sentence_ends = np.asarray(split.sentence_ends, dtype=np.int64)
    document_ends = np.asarray(split.document_ends, dtype=np.int64)
    starts = np.concatenate([[0], sentence_ends[:-1]]).astype(np.int64)[: len(sentence_ends)]
    targets = sentence_ends - starts - 1
    of = np.searchsorted(document_ends, starts, side="right")
    per_document = np.bincount(of, weights=targets, minlength=len(document_ends)).astype(np.int64)
    most = _cap(per_document, limit)
    scored = np.ones(len(starts), dtype=np.bool_)
    for document in np.flatnonzero(per_document > most):
        first, last = np.searchsorted(of, [document, document + 1])
        scored[first:last] = False
        usable = first + np.flatnonzero(targets[first:last])
        scored[usable[spread(targets[usable], most)]] = True
    chosen = np.repeat(scored, targets + 1)
    chosen[starts] = False
    ids = np.asarray(split.ids, dtype=np.int64)
    return ScoredText(ids, sentence_ends, document_ends, np.flatnonzero(chosen))


def _cap(sizes: Int64[np.ndarray, " M"], limit: int) -> int:
    """The largest number of scored words a document with which all documents keep the limit."""
    most = int(sizes.max(initial=0))
    caps = range(most + 1)
    return bisect_right(caps, limit, key=lambda cap: int(np.minimum(sizes, cap).sum())) - 1


def evenly(n: int, limit: int) -> Int64[np.ndarray, " T"]:
    """At most `limit` of the numbers below n, evenly spaced."""
    kept = min(n, limit)
    return np.arange(kept) * n // max(1, kept)


def spread(lengths: Int64[np.ndarray, " S"], limit: int) -> Int64[np.ndarray, " T"]:
    """Evenly spaced sentences of at most `limit` words in all, but at least one."""
    n = len(lengths)
    while True:
        taken = np.arange(n) * len(lengths) // max(n, 1)
        words = int(lengths[taken].sum())
        if words <= limit or n <= 1:
            return taken
        n = max(1, min(n - 1, n * limit // words))
