"""Exported vectors are, in other programs, what they are here."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from safetensors.numpy import load_file

from task_spaces import readings_of
from wordrel.errors import NotAvailableError, StoreError
from wordrel.models.export import export_safetensors, export_word2vec
from wordrel.models.word_model import WordModel

ROWS = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32) * [1e-8, 1, 1e3, 1]
SPACE = {word: row.tolist() for word, row in zip(["the", "café", "a'b"], ROWS, strict=True)}


@pytest.fixture
def word_model() -> WordModel:
    return readings_of(SPACE)


def test_gensim_reads_every_value_back(word_model: WordModel, tmp_path: Path):
    export_word2vec(word_model, tmp_path / "vectors.txt")
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors.txt"))
    assert vectors.index_to_key == ["the", "café", "a'b"]
    assert np.array_equal(vectors.vectors, word_model.embeddings["input"])


def test_word2vec_text_is_a_header_then_a_word_a_line(tmp_path: Path):
    export_word2vec(readings_of({"x": [1, -0.5], "y": [0, 0.1]}), tmp_path / "v.txt")
    text = (tmp_path / "v.txt").read_text(encoding="utf-8")
    assert text == "2 2\nx 1 -0.5\ny 0 0.100000001\n"


def test_safetensors_come_with_words_and_a_description(word_model: WordModel, tmp_path: Path):
    export_safetensors(word_model, tmp_path / "v.safetensors", about={"model": "m"})
    assert np.array_equal(
        load_file(tmp_path / "v.safetensors")["embedding.weight"], word_model.embeddings["input"]
    )
    assert (tmp_path / "vocab.txt").read_text(encoding="utf-8").split() == ["the", "café", "a'b"]
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8")) == {
        "model": "m",
        "embedding": "input",
        "vocab_size": 3,
        "embedding_dim": 4,
    }


def test_an_export_can_be_made_again_but_not_over_the_words_of_another(
    word_model: WordModel, tmp_path: Path
):
    export_safetensors(word_model, tmp_path / "v.safetensors")
    export_safetensors(word_model, tmp_path / "v.safetensors")
    with pytest.raises(StoreError, match=r"vocab.txt: found the file of something else; choose"):
        export_safetensors(readings_of({"x": [1.0]}), tmp_path / "other.safetensors")
    assert not (tmp_path / "other.safetensors").exists()


def test_somebody_elses_config_beside_it_is_left_alone(word_model: WordModel, tmp_path: Path):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match=r"config.json: found the file of something else"):
        export_safetensors(word_model, tmp_path / "v.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.timeout(20)
def test_a_pipe_beside_it_is_refused_and_not_waited_for(word_model: WordModel, tmp_path: Path):
    os.mkfifo(tmp_path / "vocab.txt")
    with pytest.raises(StoreError, match=r"vocab\.txt: found a named pipe; expected a regular"):
        export_safetensors(word_model, tmp_path / "v.safetensors")


def test_an_unknown_embedding_is_refused_with_those_there_are(
    word_model: WordModel, tmp_path: Path
):
    with pytest.raises(NotAvailableError, match="embedding: found 'inptu', expected one of input"):
        export_word2vec(word_model, tmp_path / "v.txt", embedding="inptu")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(word_model: WordModel, tmp_path: Path):
    with pytest.raises(StoreError, match="cannot be written: Is a directory"):
        export_word2vec(word_model, tmp_path)
