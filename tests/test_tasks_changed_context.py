"""What changes of a context add to the loss: by a model whose words add up, one number each."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from task_spaces import task_of
from treebanks import bank, tree
from wordrel.config import MatchedConfig, TrainingConfig
from wordrel.corpus import Split
from wordrel.corpus.vocab import Vocab
from wordrel.models.matched import read
from wordrel.models.matched.model import new_model
from wordrel.models.protocols import Hiding, Weighed
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Scope
from wordrel.tasks.calibration import AS_TRAINED
from wordrel.tasks.changed_context import KIND, Changing, contexts_of, weights_of
from wordrel.tasks.per_token_loss import log_frequency
from wordrel.tasks.scored_text import ScoredText

WORDS = ("the", "of", "cat", "dog", "hot", "ice")
VOCAB = Vocab(WORDS, np.array([60, 50, 30, 30, 20, 20], dtype=np.int64))
THE, OF, CAT, DOG, HOT, ICE = range(6)
V = len(WORDS)
PAIRS = {CAT: DOG, DOG: CAT, HOT: ICE, ICE: HOT}
"""What stands near what: "the" and "of" stand anywhere."""


def helping() -> np.ndarray:
    scores = np.zeros((V, V))
    for word, other in PAIRS.items():
        scores[word, other] = 2.0
    return scores


@dataclass(frozen=True)
class Adding:
    """Log p of a word is the sum of what the words of its window say of it.

    Attributes:
        says: of a context word about each word, [V, V]; weight: of each word in a context, [V].
        by_place: what is added for each place of a word before the target; then order matters.
    """

    says: np.ndarray
    weight: np.ndarray
    objective: Any = "masked_word"
    window: int = 3
    by_place: float = 0.0
    hidden: Any = None
    name: str = "context"
    segments: Any = "sentence"

    def hiding(self, hidden):
        return replace(self, hidden=hidden)

    def seen(self, ids, ends, places):
        """Of each offset: itself, the tokens there, and of which places they are in the context."""
        behind = self.window if self.objective == "masked_word" else -1
        for offset in [o for o in range(-self.window, behind + 1) if o != 0]:
            tokens = np.clip(places + offset, 0, len(ids) - 1)
            sentence = [np.searchsorted(ends, some, side="right") for some in (tokens, places)]
            there = (tokens == places + offset) & (sentence[0] == sentence[1])
            yield offset, tokens, there if self.hidden is None else there & ~self.hidden[tokens]

    def scores(self, ids, ends, places):
        rows = np.zeros((len(places), V), dtype=np.float32)
        for offset, tokens, there in self.seen(ids, ends, places):
            rows += there[:, None] * self.says[ids[tokens]] * (1 - self.by_place * offset)
        yield rows

    def attended(self, ids, ends, places):
        return np.sum([there for _, _, there in self.seen(ids, ends, places)], axis=0)

    def weights(self, ids, ends):
        targets, found = np.arange(len(ids)), []
        for offset, tokens, there in self.seen(ids, ends, targets):
            found.append((targets[there], tokens[there], np.full(there.sum(), offset)))
        target, attended, offset = map(np.concatenate, zip(*found, strict=True))
        state = target - (self.objective == "next_word")
        word = ids[attended]
        return Weighed(ids[state], word, self.weight[word], state, offset)


EVEN = np.ones(V, dtype=np.float32)
BY_HAND = ScoredText(
    np.array([THE, CAT, OF, DOG, HOT]), np.array([4, 5]), np.array([5]), np.array([1, 2, 3])
)
"""the cat of dog | hot"""


def test_each_target_stands_with_its_whole_context() -> None:
    way = Adding(helping(), EVEN)
    found = contexts_of(BY_HAND, way, window=3)
    assert found.text.ids.tolist() == [THE, CAT, OF, DOG] * 3
    assert found.offset.tolist() == [-1, 0, 1, 2, -2, -1, 0, 1, -3, -2, -1, 0]
    assert found.text.words.tolist() == [CAT, OF, DOG]
    assert found.document.tolist() == [0, 0, 0]
    narrow = contexts_of(BY_HAND, replace(way, objective="next_word"), window=3)
    assert narrow.text.ids.tolist() == [THE, CAT, OF, DOG]  # the others have too few words
    assert narrow.text.words.tolist() == [DOG]
    passage = contexts_of(BY_HAND, replace(way, segments="document"), window=3)
    assert passage.text.ids[-5:].tolist() == [THE, CAT, OF, DOG, HOT]


def changing(way: Adding) -> Changing:
    contexts = contexts_of(BY_HAND, way, window=3)
    return Changing.of(way, AS_TRAINED, contexts, log_frequency(VOCAB))


def test_what_hiding_adds_by_hand() -> None:
    """What "dog" says is all there is to know of "cat"; without it all words are alike."""
    found = changing(Adding(helping(), EVEN))
    sure = np.log(np.exp(2) + 5) - 2
    assert found.before[0] == pytest.approx(sure)
    of_cat = np.flatnonzero(found.contexts.of == 0)
    assert found.hiding(of_cat[[3]]) == pytest.approx([np.log(6) - sure])
    assert found.hiding(of_cat[[0]]) == pytest.approx([0.0])  # "the"
    assert found.hiding(np.array([3, 5, 9])).shape == (3,)


def test_of_every_target_one_token_is_chosen() -> None:
    found = contexts_of(BY_HAND, Adding(helping(), EVEN), window=3)
    before = found.offset < 0
    nearest = found.one_each(before, found.offset.astype(np.float64))
    assert found.offset[nearest].tolist() == [-1, -1, -1]
    assert found.one_each(found.offset == 2, np.zeros(12)).tolist() == [3]
    assert found.one_each(found.offset == 9, np.zeros(12)).tolist() == []


@pytest.mark.parametrize("objective", ["masked_word", "next_word"])
def test_weights_are_those_of_the_target(objective: Any) -> None:
    weight = np.arange(1, V + 1, dtype=np.float32) / 10
    way = Adding(helping(), weight, objective)
    contexts = contexts_of(BY_HAND, way, window=3)
    found = weights_of(way, objective, contexts.text)
    expected = np.where(contexts.offset == 0, np.nan, weight[contexts.text.ids])
    np.testing.assert_allclose(found, expected)


TAGS = "the/DET of/ADP cat/NOUN dog/NOUN hot/ADJ ice/NOUN"
TASK = replace(
    task_of("changed_context", [], question="fit", measure="loss_per_token", better="lower"),
    items=bank([tree(" ".join(f"{word}/0/dep" for word in TAGS.split()))]),
)


def documents(seed: int, n: int = 30) -> Split:
    """Sentences in which "the" and "of" stand between two words that belong together."""
    rng = np.random.default_rng(seed)
    topics = ([CAT, DOG, CAT], [HOT, ICE, HOT])
    draw = [rng.permutation([THE, OF, *topics[rng.integers(2)]]) for _ in range(8 * n)]
    ends = np.cumsum([len(sentence) for sentence in draw])
    return Split(np.concatenate(draw).astype(np.int32), ends, ends[7::8])


SCOPE = Scope(True, development=documents(1, 8), test=documents(2))


def told(way: Any, scope: Scope = SCOPE) -> dict[str, Any]:
    model = WordModel(VOCAB, {}, predictors=(way,))
    rows = KIND.measure(TASK, model, scope)
    assert {(row.task, row.embedding, row.statistic) for row in rows} == {
        ("mine", "context", "added_loss")
    }
    return {row.group: row for row in rows}


@pytest.mark.parametrize("objective", ["masked_word", "next_word"])
def test_a_determiner_that_says_nothing_costs_less_than_other_words(objective: Any) -> None:
    found = told(Adding(helping(), EVEN, objective, window=4))
    row = found["determiner minus other word"]
    assert row.value + 3 * row.error < 0
    parts = ("determiner, beside other word", "other word, beside determiner")
    assert row.value == pytest.approx(found[parts[0]].value - found[parts[1]].value)
    at_one = found["distance 1: determiner minus distance 1: other word"]
    assert at_one.value < 0
    if objective == "masked_word":  # all contexts have four words: their number tells nothing
        assert found[parts[0]].value == pytest.approx(0, abs=1e-6)
        frequent = found["determiner minus other word as frequent"]
        assert frequent.value == pytest.approx(0, abs=1e-6)  # "of", which says nothing either
        assert frequent.n > 30


def test_the_largest_weight_costs_most_where_it_is_on_the_word_that_helps() -> None:
    weight = np.where(np.isin(np.arange(V), [THE, OF]), 0.1, 0.3).astype(np.float32)
    right = told(Adding(helping(), weight))["largest weight minus another word"]
    assert right.value - 3 * right.error > 0
    wrong = told(Adding(helping(), 0.4 - weight))["largest weight minus another word"]
    assert wrong.value + 3 * wrong.error < 0
    assert "largest weight minus another word" not in told(Adding(helping(), EVEN))


def test_shuffling_costs_only_where_places_count() -> None:
    assert told(Adding(helping(), EVEN))["shuffled"].value == pytest.approx(0, abs=1e-6)
    ordered = told(Adding(helping(), EVEN, by_place=0.9))["shuffled"]
    assert abs(ordered.value) > 1e-3


def test_an_error_rests_on_documents_and_fewer_than_twenty_have_none() -> None:
    row = told(Adding(helping(), EVEN, by_place=0.9))["shuffled"]
    assert row.clusters == 30 < row.n
    few = replace(SCOPE, test=documents(2, 19))
    found = told(Adding(helping(), EVEN, by_place=0.9), few)
    assert found["shuffled"].clusters == 19
    assert all(np.isnan(row.error) and np.isfinite(row.value) for row in found.values())


def test_the_word_that_asks_keeps_its_place() -> None:
    @dataclass(frozen=True)
    class Last(Adding):
        def seen(self, ids, ends, places):
            return [one for one in super().seen(ids, ends, places) if one[0] == -1]

        def attended(self, ids, ends, places):
            return np.ones(len(places), dtype=np.int64)

    found = told(Last(helping(), EVEN, "next_word"))
    assert found["shuffled"].value == pytest.approx(0, abs=1e-6)


def test_a_model_without_such_a_reading_is_not_measured() -> None:
    silent = WordModel(VOCAB, {}, unavailable={"fit": "it predicts nothing"})
    assert KIND.measure(TASK, silent, SCOPE) == []
    with pytest.raises(ValueError, match="needs development and test documents"):
        KIND.measure(TASK, silent, Scope(True))


@pytest.mark.parametrize("kind", ["attention_position", "direct_attention", "mean", "two_blocks"])
def test_a_trained_model_reads_a_context_without_hidden_words(kind: str) -> None:
    """Without a token at the far end the scores are those of the shorter text."""
    config = MatchedConfig.model_validate({"kind": kind})
    training = TrainingConfig(dim=4, window=3)
    tensors = new_model(config, training, V, 0).tensors()
    draw = np.random.default_rng(3)
    drawn = {n: draw.standard_normal(t.shape).astype(np.float32) for n, t in tensors.items()}
    (way,) = read(drawn, VOCAB, training, config).predictors
    assert isinstance(way, Hiding)
    ids, ends = np.array([CAT, THE, HOT, DOG, OF, ICE]), np.array([4, 6])
    hidden = np.arange(6) == 0
    places = np.array([2, 3, 5])
    found = np.concatenate([b.copy() for b in way.hiding(hidden).scores(ids, ends, places)])
    whole = np.concatenate([b.copy() for b in way.scores(ids, ends, places)])
    short = np.concatenate([b.copy() for b in way.scores(ids[1:], ends - 1, places - 1)])
    np.testing.assert_array_equal(found[2], whole[2])
    assert np.abs(found[:2] - whole[:2]).max() > 1e-3
    if kind != "two_blocks":  # there the hidden word still asks for what a word after it means
        np.testing.assert_allclose(found, short, atol=1e-5)
    n = way.hiding(hidden).attended(ids, ends, places)
    np.testing.assert_array_equal(n, way.attended(ids[1:], ends - 1, places - 1))
