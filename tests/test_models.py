"""What every model of the registry must do: a new model is tested without a new test."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import TypeAdapter

from planted import Plan, partners
from wordrel.config import ModelConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.errors import TrainingError
from wordrel.io.files import read_tensors, write_tensors
from wordrel.models import MODELS, Runtime
from wordrel.models.over_text import over_text
from wordrel.models.trained import Trained
from wordrel.models.word_model import WordModel

CONFIG: TypeAdapter[Any] = TypeAdapter(ModelConfig)
READ = ("vectors", "transformer")
"""Kinds that learn nothing: they are read from files, and have tests of their own."""
VARIANTS: dict[str, dict[str, Any]] = {
    **{kind: {"kind": kind} for kind in MODELS if kind not in READ},
    "word2vec": {"kind": "word2vec", "algorithm": "skip_gram"},
    "cbow": {"kind": "word2vec", "algorithm": "cbow"},
}
TENSORS = {"kneser_ney": [], "word_frequency": [], "closed_form": ["input"]}
"""The word tables of models that do not have two."""
WITHOUT_VECTORS = [name for name in VARIANTS if TENSORS.get(name) == []]
LEARNT = [name for name in VARIANTS if name not in ("random", *WITHOUT_VECTORS)]
FORM = TrainingConfig(dim=6, window=2, epochs=1, subsample=0.1)
LEARN = TrainingConfig(dim=16, window=3, epochs=2, subsample=1e-2)
# gensim's steps are made for millions of words and the matched batch for thousands of targets
SOON: dict[str, dict[str, float]] = {
    "word2vec": {"learning_rate": 0.1},
    "cbow": {"learning_rate": 0.1},
    "two_blocks": {"weights_learning_rate": 0.01, "batch": 256},
}
FOUND = 0.95  # AUC of partners against other pairs; chance is 0.5


def config_of(name: str, **given: Any) -> Any:
    return CONFIG.validate_python(VARIANTS[name] | given)


def trained(corpus: Corpus, name: str, training: TrainingConfig = FORM, seed: int = 1) -> Trained:
    config = config_of(name)
    return MODELS[config.kind].train(corpus, training, config, seed, Runtime("cpu"))


@pytest.fixture(scope="module", params=VARIANTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(small: Corpus, name: str) -> Trained:
    return trained(small, name)


def read(model: Trained, corpus: Corpus, name: str) -> WordModel:
    config = config_of(name)
    return MODELS[config.kind].read(model.tensors, corpus.vocab, FORM, config)


def test_every_kind_of_the_config_has_a_model() -> None:
    kinds = {
        kind
        for config in get_args(get_args(ModelConfig)[0])
        for kind in get_args(config.model_fields["kind"].annotation)
    }
    assert kinds == set(MODELS)


def test_tensors_have_a_row_a_word_and_are_finite(model: Trained, small: Corpus, name: str) -> None:
    tables = [table for table in ("input", "output") if table in model.tensors]
    assert tables == TENSORS.get(name, ["input", "output"])
    for table in tables:
        assert model.tensors[table].shape == (len(small.vocab), FORM.dim)
        assert len(np.unique(model.tensors[table], axis=0)) == len(small.vocab)
    for tensor in model.tensors.values():
        assert tensor.dtype == np.float32 or tensor.dtype == np.int64
        assert np.isfinite(tensor).all()
    learnt = [t.size for t in model.tensors.values() if t.dtype == np.float32]
    if name in ("random", "word_frequency"):
        assert (model.trained_tokens, model.parameters) == (0, 0)
    else:
        assert model.trained_tokens == len(small.train.ids)
        assert model.parameters == sum(learnt)
    passes = MODELS[config_of(name).kind].passes
    times = FORM.epochs if passes is None else passes
    assert model.trained_tokens == times * len(small.train.ids)


def test_every_question_is_answered_or_refused_with_a_reason(
    model: Trained, small: Corpus, name: str
) -> None:
    word_model = read(model, small, name)
    answered = {
        "alike": bool(word_model.embeddings),
        "relate": bool(word_model.relations),
        "context": word_model.context is not None,
        "fit": word_model.context is not None or name == "kneser_ney",
    }
    assert {q for q, has in answered.items() if not has} == set(word_model.unavailable)
    assert all(len(reason) > 10 for reason in word_model.unavailable.values())
    assert not word_model.context or word_model.predictors == (word_model.context,)
    if answered["relate"]:
        assert word_model.selected["relate"] in word_model.relations
    if answered["alike"]:
        assert word_model.selected["alike"] in word_model.embeddings
        assert word_model.selected["in_context"] == ("context" if word_model.context else "static")
    shapes = {table.shape for table in word_model.embeddings.values()}
    assert shapes == ({(len(small.vocab), FORM.dim)} if answered["alike"] else set())


TABLES = {"input", "output", "input+output"}
BETWEEN = {"in.in", "in.out", "out.in", "cosine"}
OF_COUNTS = {"kneser_ney": set(), "word_frequency": {"frequency.second", "frequency.first"}}
WITH_MAPS = {
    "direct_word_weight_map",
    "mask_query_attention",
    "mean_query_attention",
    "mean_query_attention_position",
    "next_mean_query",
    "transformer_block",
    "two_blocks",
} | {name for name in VARIANTS if name.startswith(("attention", "direct_attention"))}
# There nothing but one learned vector asks.
WITH_QUERIES = WITH_MAPS - {"direct_word_weight_map", "mask_query_attention"}
WORDS_ASK = WITH_QUERIES | {n for n in VARIANTS if "dot_product" in n}
WITHOUT_LIFTS = {"random", "ppmi_svd", "closed_form"}  # products of counts are lifts already


def test_nobody_is_given_an_advantage(model: Trained, small: Corpus, name: str) -> None:
    """Every model has the embeddings of its tables; only maps and running text add to them."""
    tables = TABLES | ({"value"} if name in WITH_MAPS else set())
    tables |= {"query", "key"} if name in WITH_QUERIES else set()
    between = BETWEEN | ({"value.out"} if name in WITH_MAPS else set())
    between |= {"q.k", "k.q"} if name in WITH_QUERIES else set()
    if name not in WITHOUT_LIFTS:
        between |= {"in.out.lift"} | ({"value.out.lift"} if name in WITH_MAPS else set())
        between |= {"q.k.lift"} if name in WORDS_ASK else set()
    word_model = read(model, small, name)
    if name in WITHOUT_VECTORS:
        tables, between = set(), OF_COUNTS[name]
    assert set(word_model.embeddings) == tables | {f"{table}.centred" for table in tables}
    assert set(word_model.relations) == between

    ids, ends = small.train.ids.astype(np.int64), small.train.sentence_ends.astype(np.int64)
    over = over_text(word_model, ids, ends)
    text = word_model.context is not None
    added = {"context", "context.centred"} if text else set()
    assert set(over.embeddings) - set(word_model.embeddings) == added
    told = {"attention", "attention.norm"} if text else set()
    assert set(over.relations) - set(word_model.relations) == told
    for embedding in over.embeddings.values():
        assert embedding.dtype == np.float32
        assert np.isfinite(embedding).all()


def test_only_counting_is_answered_by_counts(name: str) -> None:
    assert MODELS[config_of(name).kind].counts == (name == "ppmi_svd")


def test_what_is_stored_reads_as_what_was_trained(
    model: Trained, small: Corpus, name: str, tmp_path: Path
) -> None:
    write_tensors(tmp_path / "model.safetensors", model.tensors)
    config = config_of(name)
    stored = read_tensors(tmp_path / "model.safetensors")
    before = read(model, small, name)
    after = MODELS[config.kind].read(stored, small.vocab, FORM, config)
    a, b, *_ = small.vocab.words
    for embedding in before.embeddings:
        assert after.similarity(a, b, embedding) == before.similarity(a, b, embedding)
    for embedding in before.relations:
        assert after.relation(a, b, embedding) == before.relation(a, b, embedding)
    assert (after.selected, after.unavailable) == (before.selected, before.unavailable)
    if before.context and after.context:
        ids = small.test.ids.astype(np.int64), small.test.sentence_ends
        np.testing.assert_array_equal(after.context.states(*ids), before.context.states(*ids))


def same(one: Trained, other: Trained) -> bool:
    assert one.tensors.keys() == other.tensors.keys()
    return all((one.tensors[n] == other.tensors[n]).all() for n in one.tensors)


def test_a_seed_gives_the_same_bytes_and_another_seed_others(
    model: Trained, small: Corpus, name: str
) -> None:
    assert same(trained(small, name), model)
    if not MODELS[config_of(name).kind].seeded:
        assert same(trained(small, name, seed=2), model)
        return
    drawn = FORM.model_copy(update={"subsample": 1e-2})  # all that a closed form leaves to chance
    one, other = (trained(small, name, drawn, seed) for seed in (1, 2))
    assert (other.tensors["input"] != one.tensors["input"]).mean() > 0.9
    assert other.log != one.log or not one.log


def partner_auc(word_model: WordModel, pairs: list[tuple[str, str]]) -> float:
    """How often a word is nearer to its partner than to a word of another pair."""
    wins = [
        (near > far) + 0.5 * (near == far)
        for left, right in pairs
        for other in (word for pair in pairs for word in pair if left not in pair)
        for near, far in [(word_model.similarity(left, right), word_model.similarity(left, other))]
    ]
    return float(np.mean(wins))


@pytest.mark.parametrize("learner", LEARNT)
def test_words_of_the_same_contexts_become_alike(planted: Corpus, learner: str) -> None:
    config = config_of(learner, **SOON.get(learner, {"batch": 256} if has_batch(learner) else {}))
    kind = MODELS[config.kind]
    result = kind.train(planted, LEARN, config, 1, Runtime("cpu"))
    word_model = kind.read(result.tensors, planted.vocab, LEARN, config)
    if "value" in word_model.embeddings:  # a block may learn in its maps what others do in rows
        word_model = replace(word_model, selected={"alike": "value"})
    assert partner_auc(word_model, partners(Plan())) > FOUND


def has_batch(name: str) -> bool:
    return "batch" in type(config_of(name)).model_fields


def test_random_vectors_find_no_partners(planted: Corpus) -> None:
    scores = []
    for seed in range(8):
        result = trained(planted, "random", LEARN, seed)
        config = config_of("random")
        word_model = MODELS["random"].read(result.tensors, planted.vocab, LEARN, config)
        scores.append(partner_auc(word_model, partners(Plan())))
    assert np.mean(scores) == pytest.approx(0.5, abs=0.12)
    assert np.linalg.norm(result.tensors["input"], axis=1).mean() == pytest.approx(1, abs=0.1)


def test_the_two_tables_of_random_are_independent(small: Corpus) -> None:
    tensors = trained(small, "random", TrainingConfig(dim=400)).tensors
    unit = {n: t / np.linalg.norm(t, axis=1, keepdims=True) for n, t in tensors.items()}
    for left, right in product(unit, unit):
        cosine = unit[left] @ unit[right].T
        if left == right:
            np.fill_diagonal(cosine, 0)
        assert np.abs(cosine).max() < 5 / np.sqrt(400)


@pytest.mark.parametrize("counted", ["ppmi_svd", "closed_form"])
def test_counting_needs_more_words_than_dimensions(small: Corpus, counted: str) -> None:
    with pytest.raises(TrainingError, match=r"training.dim 400 needs a vocabulary of more words"):
        trained(small, counted, TrainingConfig(dim=400))
