"""Counts of pairs against plain loops, and their place in the cache."""

import math
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from planted import SMALL_PLAN, planted_corpus, sentences_of, split_of
from wordrel.corpus import open_corpus
from wordrel.corpus import pair_counts as module
from wordrel.corpus.disk import sentence_blocks
from wordrel.corpus.pair_counts import PairCounts, count_pairs, pair_counts
from wordrel.errors import StoreError
from wordrel.io import marker

V = 7
DRAW = np.random.default_rng(3)
SENTENCES = [DRAW.integers(V - 1, size=n).tolist() for n in (9, 1, 4, 12, 2, 15)] + [[V - 1]]
SPLIT = split_of(SENTENCES)
LEFT, RIGHT = np.divmod(np.arange(V * V), V)


def plain_counts(sentences: list[list[int]], window: int) -> NDArray[np.int64]:
    """How often b stands near a, for every place of a."""
    counts = np.zeros((V, V), dtype=np.int64)
    for sentence in sentences:
        for i, j in product(range(len(sentence)), repeat=2):
            if 0 < abs(i - j) <= window:
                counts[sentence[i], sentence[j]] += 1
    return counts


def dense(counted: PairCounts) -> NDArray[np.int64]:
    found: NDArray[np.int64] = counted.counts(LEFT, RIGHT).reshape(V, V)
    return found


@pytest.mark.parametrize("window", [1, 2, 5, 30])
def test_counts_are_those_of_a_plain_loop(window: int) -> None:
    counted = count_pairs(SPLIT, V, window)
    expected = plain_counts(SENTENCES, window)
    np.testing.assert_array_equal(dense(counted), expected)
    np.testing.assert_array_equal(counted.near, expected.sum(1))
    assert (np.diff(counted.pairs.keys) > 0).all()
    assert counted.pairs.values.dtype == np.uint32
    assert (counted.pairs.keys // V <= counted.pairs.keys % V).all()  # each two words once


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 8), min_size=1, max_size=7),
    window=st.integers(1, 4),
    block=st.integers(1, 40),
)
def test_counts_do_not_depend_on_the_size_of_blocks(
    lengths: list[int], window: int, block: int
) -> None:
    rng = np.random.default_rng(sum(lengths))
    sentences = [rng.integers(V, size=n).tolist() for n in lengths]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_PAIRS", block)
        counted = count_pairs(split_of(sentences), V, window)
    np.testing.assert_array_equal(dense(counted), plain_counts(sentences, window))


@given(lengths=st.lists(st.integers(1, 8), max_size=9), tokens=st.integers(1, 30))
def test_blocks_are_whole_sentences_in_their_order(lengths: list[int], tokens: int) -> None:
    ids, ends = np.arange(sum(lengths)), np.cumsum(lengths, dtype=np.int64)
    blocks = list(sentence_blocks(ids, ends, tokens))
    assert np.concatenate([ids[:0], *(block for block, _ in blocks)]).tolist() == ids.tolist()
    cut = [np.diff(block_ends, prepend=0).tolist() for _, block_ends in blocks]
    assert list(chain(*cut)) == lengths
    assert all(sum(block) <= tokens or len(block) == 1 for block in cut)
    assert all(sum(one) + following[0] > tokens for one, following in pairwise(cut))  # all that fit


def test_pmi_and_conditional_are_those_of_a_plain_loop() -> None:
    counts, counted = plain_counts(SENTENCES, 1), count_pairs(SPLIT, V, 1)
    pmi = counted.pmi(LEFT, RIGHT).reshape(V, V)
    conditional = counted.conditional(LEFT, RIGHT).reshape(V, V)
    seen = Counter()
    for a, b in product(range(V), repeat=2):
        if not counts[a].sum() or not counts[b].sum():
            kind = "alone"
            assert math.isnan(pmi[a, b])
        elif not counts[a, b]:
            kind = "never"
            assert pmi[a, b] == conditional[a, b] == -math.inf
        else:
            kind = "met"
            share = counts[a, b] / counts[a].sum()
            assert conditional[a, b] == pytest.approx(math.log(share))
            ratio = share / (counts[b].sum() / counts.sum())
            assert pmi[a, b] == pytest.approx(math.log(ratio))
        seen[kind] += 1
    assert min(seen[kind] for kind in ("alone", "never", "met")) > 2
    np.testing.assert_allclose(np.exp(conditional[: V - 1]).sum(1), np.ones(V - 1))


def test_pmi_gives_the_same_bits_both_ways() -> None:
    """A task of direction takes the difference: rounding must not answer it."""
    words = np.random.default_rng(0).geometric(0.1, size=3000) - 1
    counted = count_pairs(split_of([words.tolist()]), int(words.max()) + 1, 2)
    left, right = np.triu_indices(25, 1)
    np.testing.assert_array_equal(counted.pmi(left, right), counted.pmi(right, left))
    assert (counted.conditional(left, right) != counted.conditional(right, left)).any()


def test_words_that_no_text_has_are_counted_never() -> None:
    counted = count_pairs(split_of([[0], [1]]), V, 2)
    assert dense(counted).sum() == 0
    assert np.isnan(counted.pmi(LEFT, RIGHT)).all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a small prepared corpus."""
    planted_corpus(SMALL_PLAN, tmp_path)
    (found,) = (tmp_path / "cache" / "corpora").glob("[!.]*")
    return found


def test_counts_are_kept_with_the_corpus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = open_corpus(folder)
    first = pair_counts(folder, 3)
    plain = Counter(
        (word, other)
        for sentence in sentences_of(corpus.train)
        for i, word in enumerate(sentence)
        for other in sentence[max(0, i - 3) : i] + sentence[i + 1 : i + 4]
    )
    left, right = (np.array(side) for side in zip(*plain, strict=True))
    assert first.counts(left, right).tolist() == list(plain.values())
    assert first.near.sum() == sum(plain.values())
    assert isinstance(first.pairs.keys, np.memmap)

    other = pair_counts(folder, 1)
    assert other.near.sum() < first.near.sum()
    monkeypatch.setattr(module, "count_pairs", None)  # what is there is not counted again
    again = pair_counts(folder, 3)
    np.testing.assert_array_equal(again.pairs.values, first.pairs.values)
    assert open_corpus(folder).digest == corpus.digest


def tables(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "pair_counts" in path.name and path.is_dir()]


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from wordrel.corpus import pair_counts

real = np.save
def save(path, array, **how):
    real(path, array, **how)
    if Path(path).name == "counts.npy":
        os.kill(os.getpid(), signal.SIGKILL)
np.save = save
pair_counts.pair_counts(Path(sys.argv[1]), 2)
"""


def test_a_process_killed_in_the_middle_leaves_nothing_that_counts(folder: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert all(name.startswith(".") for name in tables(folder))
    counted = pair_counts(folder, 2)
    fresh = count_pairs(open_corpus(folder).train, len(counted.near), 2)
    np.testing.assert_array_equal(counted.pairs.values, fresh.pairs.values)


def test_several_at_once_count_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, counted = module.count_pairs, []

    def count(*given: Any) -> PairCounts:
        counted.append(given)
        return real(*given)

    monkeypatch.setattr(module, "count_pairs", count)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(pair_counts, [folder] * 4, [2] * 4))
    assert len(counted) == 1
    assert len({int(each.near.sum()) for each in found}) == 1
    assert tables(folder) == [f"pair_counts-2-{module.VERSION}"]


def test_a_damaged_table_is_counted_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pair_counts(folder, 2).pairs.values.tolist()
    (damaged,) = folder.glob("pair_counts-*")
    (damaged / "counts.npy").write_bytes(b"")
    monkeypatch.setattr(marker, "_sound", {})  # as in another process
    assert pair_counts(folder, 2).pairs.values.tolist() == before
    assert len([name for name in tables(folder) if ".damaged-" in name]) == 1
    with pytest.raises(StoreError, match="found no whole corpus"):
        pair_counts(folder / "nowhere", 2)
