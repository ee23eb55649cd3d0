"""The explorer's data are the stored tensors, its page holds them, and what it lacks is said."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from wordrel import api
from wordrel.config import MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.errors import StoreError
from wordrel.explorer import page as page_module
from wordrel.explorer import write_explorer
from wordrel.explorer.data import explorer_data, model_data
from wordrel.explorer.ngrams import most_probable
from wordrel.explorer.packed import packed_rows, packed_tensor
from wordrel.explorer.page import render
from wordrel.io.files import read_tensors
from wordrel.models.matched.model import new_model
from wordrel.models.ngrams import count_ngrams
from wordrel.study.results import Results, read_results


@pytest.fixture
def results(tiny: Path) -> Results:
    return read_results(tiny / "out")


def stored(tiny: Path, results: Results, model: str, seed: int) -> dict[str, np.ndarray]:
    run = api.find_run(results, model, seed=seed)
    return read_tensors(tiny / "cache/cells" / run.corpus / run.cell / "model.safetensors")


def unpacked_tensor(packed: Mapping[str, Any]) -> np.ndarray:
    """What `packed_tensor` packed, as the page reads it."""
    if "scales" in packed:
        steps = unpacked_tensor({key: packed[key] for key in ("shape", "dtype", "data")})
        scale = unpacked_tensor(packed["scales"]).astype(np.float32)[:, None]
        return np.where(scale > 0, steps * scale + unpacked_tensor(packed["centre"]), 0)
    raw = base64.b64decode(packed["data"], validate=True)
    dtype = np.dtype(packed["dtype"]).newbyteorder("<")
    return np.frombuffer(raw, dtype).reshape(packed["shape"])


@pytest.mark.parametrize("model", ["skip_gram", "attention"])
def test_tensors_come_back_as_they_were_stored(tiny: Path, results: Results, model: str):
    data = explorer_data(results, seed=2)
    ours = next(one for one in data["models"] if one["name"] == model)
    tensors = stored(tiny, results, model, 2)
    assert set(ours["tensors"]) == set(tensors)
    assert ("bias" in tensors) == (model == "attention")
    for name, packed in ours["tensors"].items():
        found = unpacked_tensor(packed)
        if name in ("input", "output"):
            assert packed["dtype"] == "int8"
            apart = tensors[name] - tensors[name].mean(axis=0)
            step = np.abs(apart).max(axis=1, keepdims=True) / 127
            assert (np.abs(found - tensors[name]) <= 0.57 * step + 1e-6).all()
        else:
            assert found.dtype == np.float32
            expected = tensors[name].ravel() if name == "bias" else tensors[name]
            np.testing.assert_array_equal(found, expected)


def test_the_words_are_the_most_frequent_and_the_first_seed_is_shown(results: Results):
    data = explorer_data(results, words=5)
    assert len(data["words"]) == len(data["counts"]) == 5 < data["vocabulary"]
    assert data["counts"] == sorted(data["counts"], reverse=True)
    assert [(m["name"], m["seed"]) for m in data["models"]] == [("skip_gram", 1), ("attention", 1)]
    assert all(m["tensors"]["input"]["shape"] == [5, 8] for m in data["models"])
    assert data["models"][1]["tensors"]["W_k"]["shape"] == [8, 8]
    assert data["models"][1]["tensors"]["bias"]["shape"] == [5]


def test_a_small_text_is_known_as_one(tiny: Path, results: Results):
    data = explorer_data(results, words=5)
    vocab = api.load(results.folder, "attention", seed=1).vocab
    assert data["tokens"] == vocab.counts.sum() > sum(data["counts"])
    assert data["enough"] == 1_000_000 > data["tokens"]


def test_a_centred_embedding_loses_the_mean_of_the_whole_vocabulary(results: Results):
    model = explorer_data(results, words=5)["models"][1]
    word_model = api.load(results.folder, "attention", seed=1)
    for name in ("input", "output", "value", "query", "key", "input+output"):
        mean = word_model.embeddings[name].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(unpacked_tensor(model["means"][name]), mean, atol=1e-6)


def test_a_selected_embedding_that_needs_running_text_is_named_and_replaced(results: Results):
    embeddings = results.embeddings
    ours = (embeddings["model"] == "attention") & (embeddings["question"] == "alike")
    assert ours.any()
    embeddings.loc[ours, "embedding"] = "context"
    models = {m["name"]: m for m in explorer_data(results)["models"]}
    assert models["attention"]["study_selected"] == "context"
    assert models["attention"]["selected"] == "input"
    assert models["skip_gram"]["selected"] == models["skip_gram"]["study_selected"]


def test_a_study_without_both_families_is_refused(results: Results):
    runs = results.runs
    results = replace(results, runs=runs[runs["kind"] != "word2vec"])
    with pytest.raises(StoreError, match=r"found trained random, attention; expected at least one"):
        explorer_data(results)


def test_only_the_models_that_are_named_are_shown(results: Results):
    both = explorer_data(results, models=["attention", "skip_gram"])["models"]
    assert [model["name"] for model in both] == ["skip_gram", "attention"]
    with pytest.raises(StoreError, match="found trained attention; expected at least one"):
        explorer_data(results, models=["attention"])
    with pytest.raises(
        StoreError, match=r"found no model 'random' .*expected some of skip_gram, attention$"
    ):
        explorer_data(results, models=["attention", "random"])


def test_an_unknown_corpus_is_refused(results: Results):
    with pytest.raises(StoreError, match=r"corpus 'nope'.*found trained nothing"):
        explorer_data(results, corpus="nope")


def test_a_number_that_float16_cannot_hold_is_refused():
    with pytest.raises(StoreError, match="found a weight of 70000, expected numbers that float16"):
        packed_tensor(np.array([1.0, 7e4]), "float16")


def test_the_most_probable_ngrams_of_the_pages_words_are_kept():
    rng = np.random.default_rng(1)
    ids, ends = np.minimum(rng.geometric(0.3, 2000) - 1, 9), np.arange(20, 2001, 20)
    grams, frequency = count_ngrams(ids, ends, 10, 3).grams, np.bincount(ids)[:4]
    whole, left_out = most_probable(grams, frequency, 10**6)
    assert left_out == 0
    of_four = {tuple(ids[i : i + 2]) for i in range(1999) if (i + 1) % 20}
    of_four = {pair for pair in of_four if max(pair) < 4}
    base = len(whole[0].keys)
    assert base == 5
    pairs = {divmod(int(key), base) for key in whole[1].keys}
    assert {pair for pair in pairs if pair[0] != 4} == of_four
    assert {word for start, word in pairs if start == 4} == set(ids[::20]) & set(range(4))
    kept, left_out = most_probable(grams, frequency, 30)
    count = sum(len(one.keys) for one in kept[1:])
    assert 25 < count <= 30  # equals are left out together
    assert left_out == sum(len(one.keys) for one in whole[1:]) - count
    assert {divmod(int(key), base) for key in kept[1].keys} >= {(4, 0), (0, 0), (0, 1)}
    for word, log_p in zip(kept[1].keys, kept[1].log_p, strict=True):
        assert log_p == whole[1].log_p[np.searchsorted(whole[1].keys, word)]
    beginnings = kept[2].keys // base  # numbers of pairs that are kept
    assert len(kept[2].keys) and beginnings.max() < len(kept[1].keys)


@pytest.mark.parametrize("shared_direction", [0, 30])
def test_neighbours_of_rounded_rows_are_those_of_float32(shared_direction: float):
    """Of random rows, and of rows whose cosines are nearly 1, as after little training."""
    table = np.random.default_rng(1).normal(size=(10_000, 100)).astype(np.float32)
    table += shared_direction
    table[7] = 0
    table[8] = table.mean(axis=0)
    rounded = unpacked_tensor(packed_rows(table, len(table)))
    assert not rounded[7].any()
    assert rounded[8].any() == table[8].any()

    def tenth(rows: np.ndarray) -> list[set[int]]:
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        cosines = unit[100:300] @ unit.T
        return [set(np.argpartition(-one, 11)[:11]) for one in cosines]  # and the word itself

    shared = [len(a & b) - 1 for a, b in zip(tenth(table), tenth(rounded), strict=True)]
    assert 0.95 <= np.mean(shared) / 10 < 1


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e8])
def test_a_row_that_is_no_number_is_refused(number: float):
    with pytest.raises(StoreError, match="expected numbers that float16"):
        packed_rows(np.array([[1.0, number], [1.0, 0.0]], dtype=np.float32), 2)


def test_ten_thousand_words_of_a_hundred_numbers_are_three_megabytes_a_model():
    """And a page that shows its first model, of words of ten letters, is not larger."""
    words, rng = 10_000, np.random.default_rng(1)
    config = MatchedConfig(kind="attention_position")
    model = new_model(config, TrainingConfig(dim=100, window=5), words, seed=1)
    tensors = {name: tensor.numpy() for name, tensor in model.dense.items()}
    tables = {
        name: rng.normal(size=(words, 100)).astype(np.float32) for name in ("input", "output")
    }
    tensors |= {**tables, "bias": np.zeros(words, dtype=np.float32)}
    shift = packed_tensor(np.zeros(words), "float16")
    cbow = Word2vecConfig(kind="word2vec", algorithm="cbow")
    models = [
        model_data(cbow, tables) | {"shift": shift, "odds_shift": shift},
        model_data(config, tensors) | {"shift": shift},
    ]
    names = [f"{number:010d}" for number in range(words)]
    counts = [10**7 // (1 + number) for number in range(words)]
    data = {"study": "s", "words": names, "counts": counts, "models": models, "counts_models": []}
    page, beside = render([data], "explorer-data")
    sizes = [len(script) for script in beside.values()]
    assert max(sizes) <= 3_000_000
    assert len(page) + sizes[0] <= 3_050_000


def embedded(script: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        script.removeprefix("window.wordrelData = ").rstrip().removesuffix(";")
    )
    return found


def test_a_small_page_holds_its_data(tiny: Path):
    written = write_explorer(tiny / "out", out=tiny / "small" / "explorer.html")
    assert written.data is None
    assert [path.name for path in written.page.parent.iterdir()] == ["explorer.html"]
    text = written.page.read_text(encoding="utf-8")
    assert written.megabytes == pytest.approx(len(text.encode()) / 1e6)
    assert "{{" not in text.replace("`${{", "")
    script = re.search(r"<script>(window\.wordrelData = .*;)</script>", text)
    assert script is not None
    assert [one["corpus"] for one in embedded(script[1])] == ["text"]


def test_a_large_page_has_its_data_beside_it(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    page = tiny / "large" / "explorer.html"
    with monkeypatch.context() as patch:
        patch.setattr(page_module, "PAGE_LIMIT", 1000)
        written = write_explorer(tiny / "out", out=page)
    assert written.data == page.with_name("explorer-data")
    assert {path.name for path in written.data.iterdir()} == {"0.js", "1.js"}
    text = page.read_text(encoding="utf-8")
    script = re.search(r"<script>(window\.wordrelData = .*;)</script>", text)
    assert script is not None
    models = embedded(script[1])[0]["models"]
    assert [model["file"] for model in models] == ["explorer-data/0.js", "explorer-data/1.js"]
    assert not any("tensors" in model for model in models)
    size = sum(path.stat().st_size for path in (page, *written.data.iterdir()))
    assert written.megabytes == pytest.approx(size / 1e6)
    assert write_explorer(tiny / "out", out=page).data is None
    assert not list(page.with_name("explorer-data").iterdir())


def test_no_word_can_end_the_script():
    text, _ = render([{"study": "a<b", "words": ["</script><script>alert(1)</script>"]}], "d.js")
    assert "</script><script>alert(1)" not in text
    assert "<title>Explorer: a&lt;b</title>" in text


def test_the_page_names_no_address(tiny: Path):
    page = write_explorer(tiny / "out", out=tiny / "address" / "explorer.html").page
    assert not re.findall(r"https?://|@import|url\(", page.read_text(encoding="utf-8"))


def test_the_command_says_what_it_wrote(tiny: Path):
    from typer import Typer

    from wordrel.cli.explore import explore

    app = Typer()
    app.command()(explore)
    arguments = [str(tiny / "out"), "--out", str(tiny / "cli.html"), "--words", "6", "--seed", "2"]
    arguments += ["--model", "skip_gram", "--model", "attention"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert re.search(r"cli\.html, 0\.\d MB\n6 words of skip_gram, attention\n$", result.output)
