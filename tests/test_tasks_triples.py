"""Triples of an asking verb, an earlier noun and an earlier article or determiner, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from task_spaces import relating, task_of
from treebanks import bank, tree
from wordrel.corpus import Split
from wordrel.corpus.vocab import Vocab
from wordrel.models.baselines import Frequency
from wordrel.models.relations import QUERY_KEY
from wordrel.models.spaces import Lift
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Scope
from wordrel.tasks.triples import KIND

WORDS = ("the", "sat", "cat", "every", "ran", "dog", "some")
COUNTS = (100, 50, 21, 20, 15, 9, 3)  # "cat" is as frequent as "every"; "dog" as no determiner
VOCAB = Vocab(WORDS, np.array(COUNTS, dtype=np.int64))
THE, SAT, CAT, EVERY, RAN, DOG, SOME = range(7)
TAGS = "the/DET cat/NOUN sat/VERB every/DET dog/NOUN ran/VERB some/DET"
PARSED = bank([tree(" ".join(f"{word}/0/dep" for word in TAGS.split()))])
TASK = replace(task_of("triples", [], question="syntax", measure="accuracy"), items=PARSED)


def text(*sentences: str) -> Split:
    words = [sentence.split() for sentence in sentences]
    ids = VOCAB.ids([word for sentence in words for word in sentence]).astype(np.int32)
    ends = np.cumsum([len(sentence) for sentence in words])
    return Split(ids, ends, ends[-1:])


TEXT = text("cat sat", "the sat", "every sat", "dog the sat", "cat ran", "the the ran")
"""At distance 1 of "sat": cat; the twice; every. At distance 2: dog. Of "ran": cat; the; the."""


def asked(model: WordModel, split: Split = TEXT) -> dict[tuple[str, str], np.ndarray]:
    rows = KIND.answer(TASK, model, Scope(lowercase=True, test=split))
    return {(row.task, row.embedding): row.predicted for row in rows}


def test_verb_and_distance_are_the_same_on_both_sides() -> None:
    """Of three nouns "dog" stands two words before: no article is there before the same verb."""
    seen = []

    def watch(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        seen.extend(zip(left.tolist(), right.tolist(), strict=True))
        return right == CAT

    found = asked(relating(VOCAB, watch=watch))
    assert set(seen) == {(SAT, CAT), (SAT, THE), (RAN, CAT), (RAN, THE), (SAT, EVERY)}
    assert found["mine.articles", "watch"].tolist() == [1, 1]
    assert found["mine.determiners", "watch"].tolist() == [1]


def test_determiners_are_matched_in_frequency() -> None:
    far = text("cat sat", "some sat", "the sat", "dog ran", "every ran")
    assert ("mine.determiners", "") in asked(relating(VOCAB, other=lambda a, b: b), far)
    near = asked(relating(VOCAB, other=lambda a, b: b), text("cat sat", "every sat"))
    assert near["mine.determiners", "other"].tolist() == [0]  # every is the rarer: a higher id


def test_a_tie_is_half_and_an_open_answer_stays_open() -> None:
    ties = asked(relating(VOCAB, tie=lambda a, b: b * 0))
    assert ties["mine.articles", "tie"].tolist() == [0.5, 0.5]
    gaps = asked(relating(VOCAB, gap=lambda a, b: np.where(a == RAN, np.nan, b)))
    assert np.isnan(gaps["mine.articles", "gap"]).sum() == 1


def test_frequency_alone_puts_every_article_above_every_noun() -> None:
    log_share = np.log(VOCAB.counts / VOCAB.counts.sum())
    model = WordModel(
        VOCAB,
        {},
        {"second": Frequency(log_share, second=True), "first": Frequency(log_share, second=False)},
        selected={"relate": "second"},
    )
    found = asked(model)
    assert found["mine.articles", "second"].tolist() == [0, 0]
    assert found["mine.articles", "first"].tolist() == [0.5, 0.5]


def test_the_lift_of_query_and_key_has_a_row_of_its_own() -> None:
    rows = np.random.default_rng(0).standard_normal((len(VOCAB), 3)).astype(np.float32)
    lift = Lift.of(VOCAB, rows, rows)
    model = WordModel(VOCAB, {}, {"in.out": lift, QUERY_KEY: lift}, selected={"relate": "in.out"})
    outcomes = KIND.answer(TASK, model, Scope(lowercase=True, test=TEXT))
    marked = {(row.task, row.embedding) for row in outcomes if row.selected}
    names = [f"mine.{row}" for row in ("articles", "determiners")]
    assert marked == {(n, "in.out") for n in names} | {(f"{n}.query_key", QUERY_KEY) for n in names}
    products = (rows @ rows.T)[[SAT, RAN]]
    expected = (products[:, CAT] > products[:, THE]).astype(float)
    found = asked(model)["mine.articles.query_key", QUERY_KEY]
    assert sorted(found) == sorted(expected)


def test_triples_of_one_verb_are_one_cluster() -> None:
    (row, _) = KIND.answer(TASK, relating(VOCAB, one=lambda a, b: b), Scope(True, test=TEXT))
    assert sorted(row.cluster.tolist()) == [SAT, RAN]


def test_a_model_without_relations_says_why() -> None:
    mute = WordModel(VOCAB, {}, unavailable={"relate": "it has no tables"})
    rows = KIND.answer(TASK, mute, Scope(True, test=TEXT))
    assert [row.note for row in rows] == ["it has no tables"] * 2


def test_it_needs_test_documents() -> None:
    with pytest.raises(ValueError, match="needs test documents"):
        KIND.answer(TASK, relating(VOCAB, one=lambda a, b: b), Scope(True))
