"""The training stream against plain loops over sentences."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gensim.models import Word2Vec
from hypothesis import given, settings
from hypothesis import strategies as st

from planted import split_of
from wordrel.config import TrainingConfig
from wordrel.corpus import Split
from wordrel.models import stream
from wordrel.models.sampling import keep_probability, noise_distribution
from wordrel.models.stream import FOLLOWING, Batch, Block, Cutter, block_of, blocks, following

COUNTS = np.array([1000, 500, 81, 16, 16, 1], dtype=np.int64)

Seen = tuple[int, tuple[int, ...], tuple[int, ...]]  # target, words before it, words behind it


def gensim_model(**settings: Any) -> Word2Vec:
    model = Word2Vec(vector_size=2, min_count=1, **settings)
    model.build_vocab_from_freq(dict(enumerate(COUNTS.tolist())))
    return model


def distinct_sentences(lengths: list[int]) -> list[list[int]]:
    """Each token is a word of its own, so that a batch shows where each token went."""
    ends = np.cumsum([0, *lengths])
    return [list(range(a, a + n)) for a, n in zip(ends, lengths, strict=False)]


def stream_blocks(sentences: list[list[int]], keep: float = 1.0, seed: int = 0) -> list[Block]:
    split = split_of(sentences)
    chances = np.full(int(split.ids.max()) + 1, keep)
    return list(blocks(split, chances, np.random.default_rng(seed)))


def seen_in(batches: list[Batch]) -> list[Seen]:
    """What each real target of the batches may see, in their order."""
    found = []
    for batch in batches:
        window = (batch.ids.shape[1] - batch.left.shape[1]) // 2
        for c, place in zip(*np.nonzero(batch.real), strict=True):
            row, at = batch.ids[c].tolist(), place + window
            left, right = int(batch.left[c, place]), int(batch.right[c, place])
            found.append((row[at], tuple(row[at - left : at]), tuple(row[at + 1 : at + 1 + right])))
    return found


def plain_contexts(sentences: list[list[int]], window: int) -> list[Seen]:
    return [
        (word, tuple(sentence[max(0, i - window) : i]), tuple(sentence[i + 1 : i + 1 + window]))
        for sentence in sentences
        for i, word in enumerate(sentence)
    ]


def test_shuffled_sentences_keep_their_words_and_get_a_new_order_each_time() -> None:
    lengths = [7, 1, 30, 2]
    sentences = distinct_sentences(lengths)
    rng, keep = np.random.default_rng(5), np.ones(sum(lengths))
    orders = []
    for _ in range(2):
        (block,) = blocks(split_of(sentences), keep, rng, shuffled=True)
        found = np.split(block.ids, np.cumsum(lengths)[:-1])
        assert [sorted(sentence.tolist()) for sentence in found] == sentences
        assert block.after[0] == 6  # the bounds stay
        orders.append(found[2].tolist())
    assert orders[0] != orders[1] != sentences[2] != orders[0]


def test_every_order_of_a_shuffled_sentence_is_as_likely_as_another() -> None:
    sentences = distinct_sentences([3] * 6000)
    rng, keep = np.random.default_rng(1), np.ones(18_000)
    (block,) = blocks(split_of(sentences), keep, rng, shuffled=True)
    orders = Counter(map(tuple, (block.ids % 3).reshape(-1, 3).tolist()))
    assert len(orders) == 6
    assert all(abs(count - 1000) < 150 for count in orders.values())  # 5 standard deviations


def cut(blocks: list[Block], cutter: Cutter, seed: int = 0, shuffle: bool = True) -> list[Batch]:
    rng = np.random.default_rng(seed)
    return [batch for block in blocks for batch in cutter.batches(block, rng, shuffle=shuffle)]


def test_keep_probability_by_hand() -> None:
    # f = .9, .1 of 1,000 tokens, t = .025: t/f = 1/36, 1/4
    kept = keep_probability(np.array([900, 100], dtype=np.int64), 0.025)
    assert kept == pytest.approx([1 / 6 + 1 / 36, 1 / 2 + 1 / 4])
    assert keep_probability(COUNTS, 0.0).tolist() == [1.0] * 6
    assert keep_probability(COUNTS, 0.5)[2:].tolist() == [1.0] * 4


@pytest.mark.parametrize("threshold", [1e-3, 1e-2, 0.2])
def test_words_are_kept_as_gensim_keeps_them(threshold: float) -> None:
    model = gensim_model(sample=threshold)
    theirs = [model.wv.get_vecattr(i, "sample_int") / 2**32 for i in range(len(COUNTS))]
    assert keep_probability(COUNTS, threshold) == pytest.approx(theirs, abs=1e-8)


def test_noise_distribution_by_hand() -> None:
    noise = noise_distribution(np.array([81, 16, 1], dtype=np.int64), 0.75)
    assert noise == pytest.approx([27 / 36, 8 / 36, 1 / 36])


@pytest.mark.parametrize("exponent", [0.0, 0.75, 1.0])
def test_noise_is_drawn_as_gensim_draws_it(exponent: float) -> None:
    model = gensim_model(ns_exponent=exponent)
    table = np.diff(model.cum_table.astype(np.float64), prepend=0) / model.cum_table[-1]
    theirs = [table[model.wv.key_to_index[word]] for word in range(len(COUNTS))]
    assert noise_distribution(COUNTS, exponent) == pytest.approx(theirs, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=9),
    window=st.integers(1, 5),
    chunk=st.integers(1, 9),
    chunks=st.integers(1, 4),
)
def test_targets_and_contexts_are_those_of_a_plain_loop(
    lengths: list[int], window: int, chunk: int, chunks: int
) -> None:
    sentences = distinct_sentences(lengths)
    cutter = Cutter(window, False, chunk, chunks)
    found = cut(stream_blocks(sentences), cutter, shuffle=False)
    assert seen_in(found) == plain_contexts(sentences, window)
    assert sum(batch.read for batch in found) == pytest.approx(sum(lengths))
    assert all(batch.ids.shape[1] == chunk + 2 * window for batch in found)
    assert all(len(batch.ids) == chunks for batch in found[:-1])


def test_hidden_tokens_keep_their_places() -> None:
    (block,) = stream_blocks(distinct_sentences([7, 1, 5]))
    odd = replace(block, hidden=block.ids % 2 == 1)
    cutter = Cutter(2, False, 4, 3)
    for plain, batch in zip(cut([block], cutter), cut([odd], cutter), strict=True):
        assert plain.hidden is None
        assert batch.hidden is not None
        np.testing.assert_array_equal(batch.hidden, batch.ids % 2 == 1)
        for name in ("ids", "left", "right", "real"):
            np.testing.assert_array_equal(getattr(batch, name), getattr(plain, name))


def test_shuffling_changes_only_the_order() -> None:
    found = stream_blocks(distinct_sentences([7, 1, 11, 5, 13, 2] * 4))
    cutter = Cutter(3, False, 5, 2)
    plain = seen_in(cut(found, cutter, shuffle=False))
    shuffled = seen_in(cut(found, cutter, shuffle=True))
    assert shuffled != plain
    assert sorted(shuffled) == sorted(plain)


def test_the_same_generator_state_gives_the_same_batches() -> None:
    sentences = distinct_sentences([9, 4, 17, 6] * 5)

    def batches(seed: int) -> list[bytes]:
        found = cut(stream_blocks(sentences, keep=0.7, seed=seed), Cutter(3, True, 5, 2), seed)
        return [b"".join((b.ids.tobytes(), b.left.tobytes(), b.right.tobytes())) for b in found]

    assert batches(1) == batches(1)
    assert batches(1) != batches(2)


def test_a_shrunk_window_is_uniform_and_one_for_both_sides() -> None:
    window, n = 4, 6000
    (block,) = stream_blocks([list(range(n))])
    found = seen_in(cut([block], Cutter(window, True, 32, 8)))
    inner = [(len(left), len(right)) for word, left, right in found if window <= word < n - window]
    sizes = Counter(left for left, right in inner if left == right)
    assert sum(sizes.values()) == len(inner) == n - 2 * window
    share = [sizes[size] / len(inner) for size in range(1, window + 1)]
    assert share == pytest.approx([1 / 4] * 4, abs=4 * np.sqrt(3 / 16 / n))
    assert set(sizes) == {1, 2, 3, 4}


def test_subsampling_keeps_the_share_asked_for_and_closes_the_gaps() -> None:
    common, rare, n = 0, 1, 20_000
    split = split_of([[common, rare, common, common]] * (n // 4))
    chances = np.array([0.3, 1.0])
    (block,) = blocks(split, chances, np.random.default_rng(3))
    kept = Counter(block.ids.tolist())
    assert kept[rare] == n // 4
    assert kept[common] / (3 * n // 4) == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / (3 * n // 4)))
    assert block.read == n
    # every sentence keeps its rare word, so places run from 0 to the kept length of each sentence
    firsts = np.flatnonzero(block.before == 0)
    assert len(firsts) == n // 4
    lengths = np.diff([*firsts, len(block.ids)])
    assert (block.before + block.after + 1 == np.repeat(lengths, lengths)).all()


def test_sentences_that_lose_all_tokens_leave_no_trace() -> None:
    ids, of = np.array([5, 6, 7], dtype=np.int32), np.array([1, 4, 4], dtype=np.int64)
    block = block_of(ids, of, read=9)
    assert (block.before.tolist(), block.after.tolist()) == ([0, 0, 1], [0, 1, 0])
    empty = block_of(ids[:0], of[:0], read=9)
    assert cut([empty], Cutter(2, True, 3, 2)) == []


READS = {1: [3, 8, 1, 9, 4, 6, 2], 7: [3, 8, 1, 9, 4, 6, 2], 10: [3, 9, 9, 10, 2], 1000: [33]}


@pytest.mark.parametrize("size", READS)
def test_small_blocks_read_the_same_targets(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = distinct_sentences([3, 8, 1, 9, 4, 6, 2])
    monkeypatch.setattr(stream, "BLOCK_TOKENS", size)
    found = stream_blocks(sentences)
    assert [block.read for block in found] == READS[size]
    batches = cut(found, Cutter(2, False, 4, 3))
    assert sorted(seen_in(batches)) == plain_contexts(sentences, 2)
    assert sum(batch.read for batch in batches) == pytest.approx(33)


# Contexts that are a sentence or a passage ------------------------------------------------------


def by_place(batches: list[Batch]) -> dict[int, Seen]:
    """What each target may see, by its number in the block."""
    found = {}
    for batch in batches:
        for c, at in zip(*np.nonzero(batch.real), strict=True):
            row, column = batch.ids[c].tolist(), at + batch.first
            left, right = int(batch.left[c, at]), int(batch.right[c, at])
            assert column - left >= 0
            assert column + right < len(row)
            seen = tuple(row[column - left : column]), tuple(row[column + 1 : column + 1 + right])
            assert int(batch.place[c, at]) not in found
            found[int(batch.place[c, at])] = (row[column], *seen)
            assert batch.targets[c, at] == row[column]
    return found


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    widest=st.integers(1, 20),
    targets=st.integers(1, 80),
    shuffle=st.booleans(),
    blocks=st.integers(1, 2),
)
def test_in_a_sentence_every_target_sees_all_words_within_reach(
    lengths: list[int], widest: int, targets: int, shuffle: bool, blocks: int
) -> None:
    sentences = distinct_sentences(lengths)
    training = TrainingConfig(context="sentence", widest=widest, shrink_window=False)
    cutter = Cutter.of(training, targets, blocks=blocks)
    found = cut(stream_blocks(sentences), cutter, shuffle=shuffle)
    assert list(dict(sorted(by_place(found).items())).values()) == plain_contexts(sentences, widest)
    assert sum(batch.read for batch in found) == pytest.approx(sum(lengths))


def documents_split(documents: list[list[list[int]]]) -> Split:
    split = split_of([sentence for document in documents for sentence in document])
    ends = np.cumsum([sum(map(len, document)) for document in documents]).astype(np.int64)
    return replace(split, document_ends=ends)


@pytest.mark.parametrize("size", [1, 30, 1000])
def test_a_passage_goes_on_across_sentences_and_ends_with_its_document(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [[[0, 1, 2], [3], [4, 5]], [[6, 7, 8, 9], [10, 11]], [[12]]]
    flat = [[word for sentence in document for word in sentence] for document in documents]
    split, rng = documents_split(documents), np.random.default_rng(0)
    keep = np.ones(13)
    (block,) = blocks(split, keep, rng, passages=True)
    training = TrainingConfig(context="passage", widest=4, shrink_window=False)
    found = cut([block], Cutter.of(training, 3))
    assert sorted(by_place(found).values()) == plain_contexts(flat, 4)
    # a block ends with a sentence; there the passages of its document are two
    monkeypatch.setattr(stream, "BLOCK_TOKENS", size)
    parts = list(blocks(split, keep, rng, passages=True))
    assert sum(len(part.ids) for part in parts) == 13
    assert all((part.before >= 0).all() for part in parts)
    assert {1: 6, 30: 1, 1000: 1}[size] == len(parts)
    assert [int(part.before[0]) for part in parts] == [0] * len(parts)


def test_dropped_words_close_the_gaps_of_a_passage() -> None:
    split = documents_split([[[0, 1, 0], [0, 2]], [[3, 0], [4]]])
    keep = np.array([0.0, 1, 1, 1, 1])
    (block,) = blocks(split, keep, np.random.default_rng(0), passages=True)
    assert block.ids.tolist() == [1, 2, 3, 4]
    assert (block.before.tolist(), block.after.tolist()) == ([0, 1, 0, 1], [1, 0, 1, 0])


def scored_pairs(context: str, lengths: list[int], **given: Any) -> tuple[int, int]:
    """How many scores of a target and a token are computed, and how many of them are needed."""
    training = TrainingConfig(context=context, shrink_window=False, **given)
    sentences = distinct_sentences(lengths)
    found = cut(stream_blocks(sentences), Cutter.of(training, 4096))
    pairs = sum(batch.left.size * batch.ids.shape[1] for batch in found)
    return pairs, sum(int((b.left + b.right)[b.real].sum()) for b in found)


def test_little_is_computed_that_no_target_sees() -> None:
    """As cheap as the words attended: not as the widest context, or the longest sentence."""
    lengths = np.random.default_rng(0).lognormal(2.8, 0.5, 4000).astype(int).clip(1, 300).tolist()
    computed, needed = scored_pairs("sentence", lengths)
    assert computed < 1.5 * needed
    whole = [int(n) for n in np.random.default_rng(0).integers(500, 2000, 40)]
    computed, needed = scored_pairs("passage", whole)  # in one long document each
    assert computed < 1.7 * needed
    computed, needed = scored_pairs("window", lengths)
    assert computed > 4 * needed


def test_a_cutter_knows_the_contexts_of_a_study() -> None:
    window = Cutter.of(TrainingConfig(window=4), 256)
    assert window == Cutter(4, True, 32, 8)
    passage = TrainingConfig(context="passage", shrink_window=False)
    assert Cutter.of(passage, 256) == Cutter(64, False, 64, 4)
    assert Cutter.of(passage, 256, blocks=2) == Cutter(64, False, 64, 4, lead=63)
    sentence = TrainingConfig(context="sentence", widest=30)
    assert Cutter.of(sentence, 16, shrink=False) == Cutter(30, False, 16, 1, sentences=True)


def test_a_following_word_is_each_of_the_next_ten_alike_and_never_of_another_sentence() -> None:
    lengths = [14] * 4000
    (block,) = stream_blocks(distinct_sentences(lengths))
    found = following(block, np.random.default_rng(2))
    assert found.predicted is not None
    ahead = (found.predicted - block.ids).reshape(-1, 14)
    assert np.bincount(ahead[:, 0], minlength=11).tolist()[FOLLOWING:] == [0]
    shares = np.bincount(ahead[:, 0]) / 4000
    assert shares == pytest.approx(np.full(FOLLOWING, 1 / FOLLOWING), abs=0.025)
    assert ahead[:, 12].max() == 1  # one word is left behind the last but one
    assert (ahead[:, 13] == 0).all()


def test_a_following_word_stands_with_the_context_of_the_next_one() -> None:
    (block,) = stream_blocks(distinct_sentences([7, 1, 30, 2]))
    other = following(block, np.random.default_rng(2))
    for cutter in (Cutter(3, True, 8, 4), Cutter(3, False, 32, 4, sentences=True)):
        plain, changed = cut([block], cutter), cut([other], cutter)
        for one, two in zip(plain, changed, strict=True):
            for name in ("ids", "left", "right", "real", "place"):
                np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
            assert other.predicted is not None
            expected = other.predicted[two.place[two.real]]
            np.testing.assert_array_equal(two.targets[two.real], expected)
            np.testing.assert_array_equal(one.targets[one.real], block.ids[one.place[one.real]])


SHUFFLED = TrainingConfig(window=3, shrink_window=False, shuffled_contexts=True)


@pytest.mark.parametrize("blocks", [0, 2])
@pytest.mark.parametrize("objective", ["masked_word", "next_word"])
@pytest.mark.parametrize("context", ["window", "sentence"])
def test_shuffled_contexts_hold_the_words_of_plain_ones_and_the_last_one_stays(
    context: Any, objective: Any, blocks: int
) -> None:
    sentences = distinct_sentences([7, 1, 30, 2])
    training = SHUFFLED.model_copy(update={"context": context, "widest": 3})
    cutter = Cutter.of(training, 5, objective=objective, blocks=blocks)
    found = cut(stream_blocks(sentences), cutter)
    expected = {seen[0]: seen for seen in plain_contexts(sentences, 3)}
    orders = 0
    for batch in found:
        at = batch.first + batch.left.shape[1] - 1
        rows = zip(batch.ids, batch.left, batch.right, batch.real, strict=True)
        for row, left, right, real in rows:
            if not real[-1]:
                continue
            word, before, behind = expected.pop(int(row[at]))
            own = row.tolist()
            if objective == "next_word":
                assert not before or own[at - 1] == before[-1]
                assert sorted(own[at - left[-1] : at]) == list(before)
                orders += own[at - left[-1] : at] != list(before)
                assert own[at : at + 1 + right[-1]] == [word, *behind]
            else:
                around = own[at - left[-1] : at] + own[at + 1 : at + 1 + right[-1]]
                assert sorted(around) == [*before, *behind]
                orders += around != [*before, *behind]
    assert not expected
    assert orders > 10


def test_every_order_of_a_shuffled_context_is_as_likely_and_each_epoch_has_another() -> None:
    (block,) = stream_blocks(distinct_sentences([5] * 6000))
    cutter, rng = Cutter.of(SHUFFLED, 512, objective="next_word"), np.random.default_rng(3)
    epochs = []
    for _ in range(2):
        orders = {}
        for batch in cutter.batches(block, rng):
            last = batch.targets[:, 0] % 5 == 4
            seen = zip(batch.targets[last, 0], batch.ids[last, :3], strict=True)
            orders |= {word: tuple(row) for word, row in seen}
        epochs.append([tuple(int(i) % 5 for i in orders[word]) for word in sorted(orders)])
    assert Counter(epochs[0]).keys() == {(1, 2, 3), (2, 1, 3)}
    assert abs(Counter(epochs[0])[1, 2, 3] - 3000) < 200  # 5 standard deviations
    assert epochs[0] != epochs[1]


def test_hidden_words_go_where_their_words_go() -> None:
    (block,) = stream_blocks(distinct_sentences([9] * 40))
    block = replace(block, hidden=block.ids % 9 == 2)
    for batch in Cutter.of(SHUFFLED, 64, objective="masked_word").batches(
        block, np.random.default_rng(3)
    ):
        at, reach = batch.first, 3
        inside = np.abs(np.arange(batch.ids.shape[1]) - at) <= reach
        seen = inside & (batch.ids % 9 == 2) & (np.arange(batch.ids.shape[1]) != at)
        in_sentence = batch.ids // 9 == batch.targets // 9
        assert batch.hidden is not None
        np.testing.assert_array_equal(batch.hidden[seen & in_sentence], True)


def test_contexts_are_shuffled_only_for_an_objective() -> None:
    with pytest.raises(ValueError, match="expected the objective"):
        Cutter.of(SHUFFLED, 64)
