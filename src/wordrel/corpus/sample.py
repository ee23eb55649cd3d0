"""A sample of a source: the documents that a corpus of limited size is made of.

Reads the sample keys and ends of the documents of tokenised shards; writes nothing. The keys come
from the text of the documents alone, so the sample does not depend on how the source was shared
out, named or ordered; and since a longer sample goes further in the same order, it holds every
shorter one.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from wordrel.corpus.tokenized import EVERY_KEY, TokenizedShard


def take_sample(shards: Sequence[TokenizedShard], limit: int) -> list[TokenizedShard]:
    """The documents of least key that have `limit` tokens together, or all if there are fewer.

    The document that reaches the limit is taken whole, and so are all copies of its text: which
    copy comes first would depend on the order of the files.

    Args:
        shards: of one source, each whole.
        limit: tokens, counted before rare words are dropped.
    """
    last = _last_key(shards, limit)
    return [shard.sample(last) for shard in shards]


def _last_key(shards: Sequence[TokenizedShard], limit: int) -> int:
    """The least key up to which there are `limit` tokens, else the largest of all.

    Bisected, not sorted: of a document, its key and length are in memory and nothing besides.
    """
    documents = [(np.array(shard.sample_keys), shard.document_lengths) for shard in shards]

    def tokens(key: int) -> int:
        return sum(int(np.sum(lengths, where=keys <= key)) for keys, lengths in documents)

    return bisect_left(range(EVERY_KEY), limit, key=tokens)
