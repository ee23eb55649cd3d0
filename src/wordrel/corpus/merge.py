"""From tokenised shards to one vocabulary.

Reads the shards' folders; writes sorted runs of word counts beside them. Everything goes through
blocks and streams: neither the text nor all its rare words are ever in memory.
"""

import heapq
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from wordrel.corpus.tokenized import TokenizedShard, token_blocks
from wordrel.corpus.vocab import Vocab

_OPEN_RUNS = 200  # well below the usual limit of 1024 open files


def write_runs(shard: TokenizedShard) -> list[Path]:
    """Count each segment's words in the training documents; one sorted file of counts a segment."""
    runs = []
    for segment in shard.segments():
        words = segment.words
        counts = np.zeros(len(words), np.int64)
        for block in token_blocks(shard, segment):
            counts += np.bincount(block.ids[~block.held_out], minlength=len(words))
        counted = sorted(pair for pair in zip(words, counts.tolist(), strict=True) if pair[1])
        runs.append(_write_run(shard.folder / f"run-{segment.number}", counted))
    return runs


def _write_run(path: Path, counted: list[tuple[str, int]] | Iterator[tuple[str, int]]) -> Path:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word} {count}\n" for word, count in counted)
    return path


def _read_run(path: Path, files: ExitStack) -> Iterator[tuple[str, int]]:
    file = files.enter_context(path.open(encoding="utf-8", newline="\n"))
    return ((word, int(count)) for word, _, count in (line.partition(" ") for line in file))


def merged_counts(runs: list[Path], folder: Path) -> Iterator[tuple[str, int]]:
    """Every word of the sorted runs once, in order, with its whole count.

    Many runs are first merged into fewer, in `folder`, so that few files are open at a time.
    """
    level = 0
    while len(runs) > _OPEN_RUNS:
        level += 1
        groups = [runs[i : i + _OPEN_RUNS] for i in range(0, len(runs), _OPEN_RUNS)]
        runs = [
            _write_run(folder / f"run-{level}-{i}", _merge(group)) for i, group in enumerate(groups)
        ]
    return _merge(runs)


def _merge(runs: list[Path]) -> Iterator[tuple[str, int]]:
    with ExitStack() as files:
        streams = [_read_run(run, files) for run in runs]
        for word, same in groupby(heapq.merge(*streams), key=itemgetter(0)):
            yield word, sum(count for _, count in same)


def choose_vocabulary(
    counted: Iterator[tuple[str, int]], min_count: int, max_vocabulary: int | None
) -> tuple[Vocab, int]:
    """The words that stay, by descending count, then alphabetically; and how many there were.

    Args:
        counted: words in alphabetical order.
        min_count: rarer words go.
        max_vocabulary: the most words to keep.
    """
    words, counts, seen = [], array("q"), 0
    for word, count in counted:
        seen += 1
        if count >= min_count:
            words.append(word)
            counts.append(count)
    numbers = np.array(counts, np.int64)
    order = np.argsort(-numbers, kind="stable")[:max_vocabulary]
    return Vocab(tuple(words[i] for i in order.tolist()), numbers[order]), seen
