"""A Transformer of a local folder: its table, its states in context, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import wordrel
from task_spaces import vocab_of
from tiny_study import write_study
from wordrel.config import TrainingConfig, TransformerConfig
from wordrel.errors import NotAvailableError, TrainingError, VectorsError
from wordrel.models import MODELS, Runtime
from wordrel.models.relations import Among, Product
from wordrel.models.transformer import States, path_digest, read
from wordrel.models.word_model import WordModel

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "dog", "run", "##s", "green"]
WORDS = ["the", "cat", "runs", "green", "zebra"]


def config_of(folder: Path, layer: int = 1) -> TransformerConfig:
    config = TransformerConfig(kind="transformer", path=folder, layer=layer)
    return config.model_copy(update={"digest": path_digest(config)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random numbers: two layers of 8 dimensions, which reads 12 tokens."""
    transformers = pytest.importorskip("transformers", reason="needs wordrel[transformers]")
    folder = tmp_path_factory.mktemp("bert")
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=12)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    shape = transformers.BertConfig(
        vocab_size=len(PIECES),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
    )
    transformers.BertModel(shape).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(folder: Path) -> Any:
    import transformers

    return transformers.AutoModel.from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def model(folder: Path) -> WordModel:
    table = {"input": np.ones((len(WORDS), 8), np.float32), "whole": np.arange(0)}
    return read(table, vocab_of(WORDS), TrainingConfig(), config_of(folder))


@pytest.mark.interop("transformers")
def test_a_state_in_context_is_the_mean_of_the_pieces_of_a_word(bert: Any, model: WordModel):
    tokens = ["[CLS]", "the", "cat", "run", "##s", "[SEP]"]
    with torch.no_grad():
        found = bert(
            torch.tensor([[PIECES.index(token) for token in tokens]]), output_hidden_states=True
        )
    states = found.hidden_states[1][0].numpy()
    sentence = ["the", "cat", "runs"]
    assert model.in_context(sentence, 1) == pytest.approx(states[2], abs=1e-5)
    assert model.in_context(sentence, 2) == pytest.approx(states[3:5].mean(axis=0), abs=1e-5)


@pytest.mark.interop("transformers")
def test_sentences_that_are_read_together_do_not_change_each_other(model: WordModel):
    assert isinstance(model.sentences, States)
    ids, ends = np.array([0, 1, 2, 0, 3]), np.array([3, 5])
    together = model.sentences.contextual(ids, ends)
    one = model.sentences.contextual(ids[:3], ends[:1])
    other = model.sentences.contextual(ids[3:], np.array([2]))
    assert together == pytest.approx(np.concatenate([one, other]), abs=1e-5)
    assert not np.allclose(together[0], together[3], atol=1e-3)  # "the" in two sentences


@pytest.mark.interop("transformers")
def test_words_beyond_the_length_of_the_model_have_no_state(model: WordModel):
    assert model.sentences
    found = model.sentences.contextual(np.zeros(14, np.int64), np.array([14]))
    assert np.isnan(found).all(axis=1).tolist() == [False] * 10 + [True] * 4
    with pytest.raises(NotAvailableError):
        model.in_context(["the"] * 14, 12)


@pytest.mark.interop("transformers")
def test_a_study_asks_a_transformer_beside_the_others(folder: Path, bert: Any, tmp_path: Path):
    models = [{"kind": "transformer", "path": str(folder), "layer": 2}, {"kind": "random"}]
    pairs = {"kind": "pairs", "name": "groups", "path": str(tmp_path / "pairs.csv")}
    config = write_study(tmp_path, models=models, tasks=[pairs, "held_out_loss"], seeds=[1, 2])
    results = wordrel.run(config, out=tmp_path / "out", cache=tmp_path / "cache", jobs=1)
    runs = results.runs.set_index("model")
    assert set(runs.loc[["transformer"], "status"]) == {"done"}
    assert runs.loc[["transformer"], "cell"].nunique() == 1
    ours = results.summary[results.summary["model"] == "transformer"].set_index("task")
    losses = ours[ours.index.str.startswith("held_out_loss")]
    assert len(losses)
    assert not losses["n_scored"].any()
    assert ours.loc["groups", "n_scored"].max() == 3  # pairs of cat, dog and green
    model = wordrel.load(tmp_path / "out", "transformer", cache=tmp_path / "cache")
    rows = bert.get_input_embeddings().weight.detach().numpy()
    assert np.array_equal(model["cat"], rows[PIECES.index("cat")])
    assert not model["runs"].any()  # two pieces
    assert not model["spoon"].any()  # unknown to it
    assert model.in_context(["the", "cat", "runs"], 1).shape == (8,)


def test_among_some_words_a_relation_has_no_answer_for_the_others():
    rows = np.array([[1, 0], [2, 1]], np.float32)
    among = Among(Product(rows, rows), np.array([-1, 1, 0]))
    left, right = np.array([1, 2, 0, 1]), np.array([1, 1, 1, 0])
    np.testing.assert_array_equal(among(left, right), [5, 2, np.nan, np.nan])


def lifted(scores: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The lift of one head, by its equation."""
    return scores - np.log(np.exp(scores) @ p)[:, None]


def relation(model: WordModel, name: str, n: int) -> np.ndarray:
    left, right = np.divmod(np.arange(n * n), n)
    return model.relations[name](left, right).reshape(n, n)


def made_of(folder: Path, words: list[str], small: Any, layer: int) -> WordModel:
    vocab, config = vocab_of(words), config_of(folder, layer)
    corpus = replace(small, vocab=vocab)
    made = MODELS["transformer"].train(corpus, TrainingConfig(), config, 1, Runtime("cpu"))
    return MODELS["transformer"].read(made.tensors, vocab, TrainingConfig(), config)


@pytest.mark.interop("transformers")
@pytest.mark.parametrize("layer", [1, 2])
def test_lifts_of_bert_are_those_of_its_own_maps(folder: Path, bert: Any, small: Any, layer: int):
    model = made_of(folder, ["the", "runs", "cat", "green"], small, layer)
    assert model.selected["relate"] == "value.out.lift"
    own = bert.encoder.layer[layer - 1].attention
    p = np.array([4, 2, 1]) / 7  # of the words that are one token
    with torch.no_grad():
        u = bert.embeddings.word_embeddings.weight[
            [PIECES.index(w) for w in ("the", "cat", "green")]
        ]
        x = bert.embeddings.LayerNorm(u + bert.embeddings.token_type_embeddings.weight[0])
        query, key, value = (one(x) for one in (own.self.query, own.self.key, own.self.value))
        back = own.output.dense.weight
        compared, given = [], []
        for h in (slice(0, 4), slice(4, 8)):
            compared.append((query[:, h] @ key[:, h].T / 2).numpy())
            given.append((value[:, h] @ back[:, h].T @ u.T).numpy())
    whole = np.ix_([0, 2, 3], [0, 2, 3])
    expected = {
        "value.out.lift": lifted(given[0] + given[1], p),
        "q.k.lift": (lifted(compared[0], p) + lifted(compared[1], p)) / 2,
        "q.k.head1.lift": lifted(compared[0], p),
        "q.k.head2.lift": lifted(compared[1], p),
        "value.out.head1.lift": lifted(given[0], p),
        "value.out.head2.lift": lifted(given[1], p),
    }
    for name, matrix in expected.items():
        found = relation(model, name, 4)
        assert found[whole] == pytest.approx(matrix, abs=1e-5)
        assert np.isnan(found[1]).all()  # "runs" is two pieces
        assert np.isnan(found[:, 1]).all()
    assert not [name for name in made_of(folder, WORDS, small, 0).relations if "lift" in name]


@pytest.mark.interop("transformers")
def test_lifts_of_gpt2_are_its_attention_without_positions(tmp_path: Path, small: Any):
    transformers = pytest.importorskip("transformers", reason="needs wordrel[transformers]")
    tokenizers = pytest.importorskip("tokenizers", reason="needs wordrel[transformers]")
    words = ["the", "cat", "dog", "green"]
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({w: i for i, w in enumerate([*words, "[UNK]"])}, "[UNK]")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", eos_token="[UNK]"
    ).save_pretrained(tmp_path)
    torch.manual_seed(2)
    shape = transformers.GPT2Config(
        vocab_size=5, n_embd=8, n_layer=1, n_head=2, n_positions=4, attn_implementation="eager"
    )
    theirs = transformers.GPT2Model(shape).eval()
    with torch.no_grad():
        theirs.wpe.weight.zero_()  # so that its own maps show no position
        theirs.h[0].attn.c_attn.weight.mul_(20)
    theirs.save_pretrained(tmp_path)
    model = made_of(tmp_path, words, small, 1)
    with torch.no_grad():
        weights = theirs(torch.tensor([[1, 2, 3, 0]]), output_attentions=True).attentions[0][0]
    log_weight = weights.log().numpy()
    for head in (0, 1):
        found = relation(model, f"q.k.head{head + 1}.lift", 4)
        for place, asks in [(2, 3), (3, 0)]:  # log weights differ as the lifts do
            expected = log_weight[head, place, 0] - log_weight[head, place, 1]
            assert found[asks, 1] - found[asks, 2] == pytest.approx(expected, abs=1e-4)


@pytest.mark.interop("transformers")
def test_a_layer_that_is_not_there_is_refused(folder: Path, small: Any):
    with pytest.raises(TrainingError, match="found 2 layers, expected layer 3"):
        MODELS["transformer"].train(
            small, TrainingConfig(), config_of(folder, 3), 1, Runtime("cpu")
        )


@pytest.mark.interop("transformers")
def test_other_bytes_are_refused(folder: Path):
    other = config_of(folder).model_copy(update={"digest": "0" * 12})
    with pytest.raises(TrainingError, match="found other bytes than when the study was planned"):
        States(vocab_of(WORDS), other).contextual(np.array([0]), np.array([1]))


def test_a_folder_that_is_none_is_refused_with_the_cure(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80")
    with pytest.raises(VectorsError, match=r"no tokenizer.json and no model.safetensors, expected"):
        config_of(tmp_path)


def test_a_folder_counts_as_other_where_one_of_its_files_is(tmp_path: Path):
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text(name)
    before = config_of(tmp_path).digest
    (tmp_path / "tokenizer.json").write_text("other")
    assert config_of(tmp_path).digest != before
