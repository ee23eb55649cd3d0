"""What each document is used for: train, development, test, or nothing.

Reads the keys and lengths of the documents of all shards; writes `parts` into each shard's folder,
and new document ends where documents are too few and blocks stand for them.

With `test` and `development` (study.md, section 4) the whole source is dealt out by the first bits
of a digest, before a sample is taken of the training documents: tests are the same for every
sample. With `held_out` the sample is taken first.
"""

import hashlib
import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int8, Int64, UInt64

from wordrel.config import CorpusConfig
from wordrel.corpus.files import author_of
from wordrel.corpus.shards import (
    LAST_SAMPLE_KEY,
    LAST_SPLIT_KEY,
    Part,
    TokenizedShard,
    group_key,
    sample_key,
    split_key,
)

TEST_DOCUMENTS, DEVELOPMENT_DOCUMENTS = 20, 10
"""So many are wanted at least; with fewer test documents there is no interval and no verdict."""
BLOCK_WORDS = 1000
FEW_DOCUMENTS = 60
"""Below this, tests would take more than a third of the documents: blocks stand for them."""


@dataclass(frozen=True)
class Dealt:
    """A source whose documents have parts.

    Attributes:
        shards: of the source.
        blocks: whether blocks of about `BLOCK_WORDS` words stand for documents.
        documents, tokens: of each part, before any word is dropped.
    """

    shards: list[TokenizedShard]
    blocks: bool
    documents: Mapping[Part, int]
    tokens: Mapping[Part, int]


def deal(shards: Sequence[TokenizedShard], config: CorpusConfig) -> Dealt:
    """Write the part of each document."""
    blocks = False
    if config.test is not None:
        shards = [replace(s, max_test_document=config.max_test_document) for s in shards]
        n_documents = sum(shard.documents for shard in shards)
        if (config.test or config.development) and n_documents < FEW_DOCUMENTS:
            shards = [cut_into_blocks(shard) for shard in shards]
            blocks = sum(shard.documents for shard in shards) > n_documents
    parts = _parts(shards, config)
    documents, tokens = dict.fromkeys(Part, 0), dict.fromkeys(Part, 0)
    for shard, shard_parts in zip(shards, parts, strict=True):
        np.save(shard.folder / "parts.npy", shard_parts, allow_pickle=False)
        lengths = shard.document_lengths()
        for part in Part:
            whole = lengths[shard_parts == part]
            tested = part in (Part.DEVELOPMENT, Part.TEST)
            used = np.minimum(whole, shard.max_test_document) if tested else whole
            documents[part] += len(whole)
            tokens[part] += int(used.sum())
            tokens[Part.UNUSED] += int((whole - used).sum())
    return Dealt(list(shards), blocks, documents, tokens)


def authors_of_tests(names: Sequence[str], config: CorpusConfig) -> list[str]:
    """The author of each test document, of a source that is dealt out by author.

    Args:
        names: of the files in the order in which they are read, each a document with an author.
        config: with the shares.
    """
    authors = [author_of(name) for name in names]
    keys = np.array([group_key(author) for author in authors], dtype=np.uint64)
    test, _ = _bounds(np.sort(keys), config)
    return [author for author, own in zip(authors, keys.tolist(), strict=True) if own < test]


def _parts(shards: Sequence[TokenizedShard], config: CorpusConfig) -> list[Int8[np.ndarray, " _"]]:
    keys = [np.array(shard.array("split_keys")) for shard in shards]
    test, development = (
        (math.ceil((config.held_out or 0) * 2**64), 0)
        if config.test is None
        else _bounds(np.sort(np.concatenate(keys)), config)
    )
    parts = []
    for own in keys:
        shard_parts = np.full(len(own), Part.TRAIN, np.int8)
        shard_parts[own < np.uint64(development)] = Part.DEVELOPMENT
        shard_parts[own < np.uint64(test)] = Part.TEST
        parts.append(shard_parts)
    if config.limit_tokens is not None:
        _leave_out(shards, parts, config.limit_tokens, only_train=config.test is not None)
    return parts


def _bounds(keys: UInt64[np.ndarray, " M"], config: CorpusConfig) -> tuple[int, int]:
    """The split keys below which documents are tests, and above these, development documents.

    Shares are raised until there are enough documents, but not over a third and a sixth of all.

    Args:
        keys: of all documents, rising; those of one author are the same.
        config: with the shares.
    """
    test = _bound(keys, 0, config.test or 0.0, min(TEST_DOCUMENTS, len(keys) // 3))
    wanted = min(DEVELOPMENT_DOCUMENTS, len(keys) // 6)
    return test, _bound(keys, test, config.development or 0.0, wanted)


def _bound(keys: UInt64[np.ndarray, " M"], start: int, share: float, wanted: int) -> int:
    """The key at which a part ends that begins at `start`."""
    if not share:
        return start
    first = int(np.searchsorted(keys, np.uint64(start)))
    end = min(start + math.ceil(share * 2**64), LAST_SPLIT_KEY)
    if np.searchsorted(keys, np.uint64(end)) - first >= wanted:
        return end
    enough = keys[first : first + wanted]
    return min(int(enough[-1]) + 1, LAST_SPLIT_KEY) if len(enough) else end


def _leave_out(
    shards: Sequence[TokenizedShard],
    parts: Sequence[Int8[np.ndarray, " _"]],
    limit: int,
    *,
    only_train: bool,
) -> None:
    """Take a sample: the documents of least key that have `limit` tokens together, or all.

    Keys come from the text of the documents alone: the sample does not depend on how the source was
    shared out, named or ordered, and it holds every smaller one. The document that reaches the
    limit is taken whole, and so are all copies of its text: which copy comes first would depend on
    the order of the files.

    Args:
        shards: of one source.
        parts: of the documents of each; changed in place.
        limit: tokens, counted before rare words are dropped.
        only_train: take a sample of the training documents alone, and leave the others as they are.
    """
    # Bisected, not sorted: of a document, its keys and length are in memory and nothing besides.
    documents = []
    for shard, shard_parts in zip(shards, parts, strict=True):
        eligible = (shard_parts == Part.TRAIN) | (not only_train)
        documents.append((np.array(shard.array("sample_keys")), shard.document_lengths(), eligible))

    def tokens(key: int) -> int:
        return sum(
            int(np.sum(n, where=eligible & (keys <= key))) for keys, n, eligible in documents
        )

    last = bisect_left(range(LAST_SAMPLE_KEY), limit, key=tokens)
    for (keys, _, eligible), shard_parts in zip(documents, parts, strict=True):
        out = eligible & (keys > last)
        shard_parts[out] = np.where(shard_parts[out] == Part.TRAIN, Part.MORE_TRAIN, Part.UNUSED)


def cut_into_blocks(shard: TokenizedShard) -> TokenizedShard:
    """The shard with blocks of about `BLOCK_WORDS` words as documents.

    Each `BLOCK_WORDS` words a block ends, at the last sentence end of the half block before, or in
    the middle of a sentence where there is none. What is left of a document is a block of its own
    where it is half a block or more, and belongs to the one before where it is less. A block's keys
    come from the keys of its document and its number there.
    """
    names = ("document_ends", "sentence_ends", "split_keys", "sample_keys")
    # Copied: a file that is mapped must not be written over.
    ends, sentence_ends, split_keys, sample_keys = (np.array(shard.array(n)) for n in names)
    blocks = []
    start = 0
    for end, *keys in zip(ends.tolist(), split_keys.tolist(), sample_keys.tolist(), strict=True):
        for number, cut in enumerate([*_cuts(start, end, sentence_ends), end]):
            name = "-".join(map(str, (*keys, number)))
            digest = hashlib.sha256(name.encode()).digest()
            blocks.append((cut, split_key(digest), sample_key(digest)))
        start = end
    columns = [np.array(c) for c in zip(*blocks, strict=True)] if blocks else [np.empty(0)] * 3
    new_ends = columns[0].astype(np.int64)
    arrays = {
        "document_ends": new_ends,
        "sentence_ends": np.union1d(sentence_ends, new_ends),
        "split_keys": columns[1].astype(np.uint64),
        "sample_keys": columns[2].astype(np.int64),
    }
    for name, values in arrays.items():
        np.save(shard.folder / f"{name}.npy", values, allow_pickle=False)
    return replace(shard, documents=len(blocks))


def _cuts(start: int, end: int, sentence_ends: Int64[np.ndarray, " S"]) -> Iterator[int]:
    """Where blocks end within a document, its own end left out."""
    for target in range(start + BLOCK_WORDS, end - BLOCK_WORDS // 2 + 1, BLOCK_WORDS):
        before = int(np.searchsorted(sentence_ends, target, side="right")) - 1
        sentence_end = int(sentence_ends[before]) if before >= 0 else 0
        yield sentence_end if sentence_end > target - BLOCK_WORDS // 2 else target
