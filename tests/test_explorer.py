"""The explorer's data are the stored tensors, its page holds them, and what it lacks is said."""

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
from wordrel.config import (
    KneserNeyConfig,
    MatchedConfig,
    PpmiSvdConfig,
    TrainingConfig,
    Word2vecConfig,
)
from wordrel.config.models import TrainingChange
from wordrel.corpus import Vocab
from wordrel.errors import StoreError
from wordrel.explorer import page as page_module
from wordrel.explorer import write_explorer, write_site
from wordrel.explorer.data import explorer_data, has_page, is_drawn, model_data, readout_data
from wordrel.explorer.opening import cell_grids, example_gap, first_answer, model_labels
from wordrel.explorer.packed import (
    most_probable,
    packed_bytes,
    packed_rows,
    packed_tensor,
    unpacked_bytes,
)
from wordrel.explorer.page import render
from wordrel.io.files import read_tensors
from wordrel.models import MODELS
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
        along = unpacked_tensor(packed["along"]).astype(np.float32)
        rest = unpacked_tensor(packed["centre"]) + np.outer(along, unpacked_tensor(packed["line"]))
        return np.where(scale > 0, steps * scale + rest, 0)
    raw = unpacked_bytes(packed["data"])
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
            step = unpacked_tensor(packed["scales"]).astype(np.float32)[:, None]
            assert (np.abs(found - tensors[name]) <= 0.51 * step + 1e-6).all()
        elif tensors[name].ndim > 1 and name != "bias":
            np.testing.assert_array_equal(found, tensors[name].astype(np.float16))
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
    said = "found trained random, attention; expected at least one {kind: word2vec}, to set side by"
    with pytest.raises(StoreError, match=f"{re.escape(said)} side: add it to the study and run"):
        explorer_data(results)
    assert not has_page(results)
    none = replace(results, runs=runs[runs["kind"] == "random"])
    said = "one {kind: word2vec} and one attention or mean model (such as {kind: attention}), to"
    with pytest.raises(StoreError, match=re.escape(said)):
        explorer_data(none)


def test_only_the_models_that_are_named_are_shown(results: Results):
    both = explorer_data(results, models=["attention", "skip_gram"])["models"]
    assert [model["name"] for model in both] == ["skip_gram", "attention"]
    assert has_page(results)
    with pytest.raises(StoreError, match=r"found trained attention; .*: name it, too$"):
        explorer_data(results, models=["attention"])
    with pytest.raises(
        StoreError, match=r"found no model 'random' .*expected some of skip_gram, attention$"
    ):
        explorer_data(results, models=["attention", "random"])


def test_a_model_with_another_window_is_named_as_left_out(
    tiny: Path, results: Results, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    config = api.stored_config(results)
    attention = next(model for model in config.models if model.name == "attention")
    other = attention.model_copy(update={"training": TrainingChange(window=2), "name": "random"})
    changed = config.model_copy(update={"models": (*config.models[1:], other)})
    monkeypatch.setattr(api, "stored_config", lambda _: changed)
    written = write_explorer(tiny / "out", out=tmp_path / "explorer.html")
    assert written.left_out == ("random",) and written.models == ("skip_gram", "attention")
    with pytest.raises(StoreError, match=r"can show \(its window is not that of training\);"):
        explorer_data(results, models=["random"])


def test_a_page_is_not_written_over_a_file_of_a_result(tiny: Path):
    report = tiny / "out" / "report.md"
    before = report.read_bytes()
    with pytest.raises(StoreError, match=r"report\.md: found a file of a result, which stays"):
        write_explorer(tiny / "out", out=report)
    assert report.read_bytes() == before


def test_an_unknown_corpus_is_refused(results: Results):
    with pytest.raises(StoreError, match=r"corpus: found 'nope'; expected one of text"):
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
    assert 0.95 <= shared_neighbours(table, rounded) < 1


def shared_neighbours(table: np.ndarray, rounded: np.ndarray) -> float:
    """The share of the ten nearest words that two tables agree on, over 200 words."""

    def tenth(rows: np.ndarray) -> list[set[int]]:
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        cosines = unit[100:300] @ unit.T
        return [set(np.argpartition(-one, 11)[:11]) for one in cosines]  # and the word itself

    shared = [len(a & b) - 1 for a, b in zip(tenth(table), tenth(rounded), strict=True)]
    return float(np.mean(shared)) / 10


def test_rows_near_one_line_keep_their_neighbours():
    """As after little training: each word has more or less of one direction, and a little else."""
    rng = np.random.default_rng(1)
    line, share = rng.normal(size=100), np.exp(rng.normal(size=(10_000, 1)))
    table = (30 * share * line + rng.normal(size=(10_000, 100))).astype(np.float32)
    whole = table - table.mean(axis=0)
    step = np.abs(whole).max(axis=1, keepdims=True) / 127
    around_the_mean = np.rint(whole / step) * step + table.mean(axis=0)
    assert shared_neighbours(table, around_the_mean) < 0.6  # what one scale a row would give
    assert shared_neighbours(table, unpacked_tensor(packed_rows(table, len(table)))) >= 0.95


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 255, 256])
def test_bytes_come_back_from_signs_that_mean_nothing_in_a_page(count: int):
    data = bytes(range(256))[:count] if count < 256 else b"\xff" * 256
    text = packed_bytes(data)
    assert unpacked_bytes(text) == data
    assert not set(text) & set("\"$&'<\\`{} \n")
    assert len(text) <= 1.25 * count + 1


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e8])
def test_a_row_that_is_no_number_is_refused(number: float):
    with pytest.raises(StoreError, match="expected numbers that float16"):
        packed_rows(np.array([[1.0, number], [1.0, 0.0]], dtype=np.float32), 2)


WORDS, DIM = 10_000, 100


@pytest.mark.parametrize(
    "kind", ["attention_position", "direct_attention_position", "transformer_block"]
)
def test_ten_thousand_words_of_a_hundred_numbers_are_three_megabytes_a_model(kind: str):
    config = MatchedConfig(kind=kind)
    assert is_drawn(config)
    model = new_model(config, TrainingConfig(dim=DIM, window=5), WORDS, seed=1)
    table = np.random.default_rng(1).normal(size=(WORDS, DIM)).astype(np.float32)
    tensors = {name: tensor.numpy() for name, tensor in model.dense.items()}
    tensors |= {"input": table, "output": table, "bias": np.zeros(WORDS, dtype=np.float32)}
    shift = packed_tensor(np.zeros(WORDS), "float16")
    model = {"name": kind, **model_data(config, tensors), "shift": shift}
    names = [f"{number:010d}" for number in range(WORDS)]
    counts = [10**7 // (1 + number) for number in range(WORDS)]
    data = {"study": "s", "words": names, "counts": counts, "counts_models": []}
    page, beside = render([data | {"models": [model, model]}], "explorer-data")
    assert [len(script) <= 3_000_000 for script in beside.values()] == [True, True]
    assert len(page) <= 400_000  # all that is read before the first answers are seen


def test_the_example_is_a_sentence_that_the_page_knows():
    assert example_gap(["the", "cat", "in", "green", "field"]) == "the cat ___ in the green field"
    assert example_gap(["a", "b", "c", "d"]) == "a b c ___ d"
    assert example_gap(["a", "b"]) == "a b ___"


def test_the_first_answers_are_those_of_the_stored_models(results: Results):
    data = explorer_data(results, seed=1)
    assert data["gap"] == "the cat ___ in the green field"
    first = {model["name"]: model["first"] for model in data["models"]}
    assert first["attention"]["reads"] == [2, 0]  # it predicts a next word
    assert first["skip_gram"]["reads"] == [2, 3]
    word_model = api.load(results.folder, "attention", seed=1)
    ids = word_model.vocab.ids(["the", "cat", "runs"])
    (scores,) = word_model.context.scores(ids, np.array([3]), np.array([2]))
    p = np.exp(scores[0] - scores[0].max())
    p /= p.sum()
    assert len(first["attention"]["best"]) == 8
    for place, (word, share) in enumerate(first["attention"]["best"]):
        assert share == pytest.approx(p[word], abs=1e-6)
        assert share == pytest.approx(np.sort(p)[-1 - place], abs=1e-6)
    assert first_answer(None, "a ___", {"a": 0}, 1, 1) == {}


def test_counts_of_pairs_are_a_model_without_predictions(results: Results):
    config = PpmiSvdConfig(kind="ppmi_svd", name="ppmi_svd")
    table = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    described = model_data(config, {"input": table, "output": table})
    assert (described["predicts"], described["matched"]) == (False, False)
    vocab = Vocab(tuple("abcdef"), np.arange(6, 0, -1))
    word_model = MODELS["ppmi_svd"].read(
        {"input": table, "output": table}, vocab, TrainingConfig(dim=4), config
    )
    assert readout_data(word_model) == {}


def test_a_grid_has_the_cells_of_one_recipe_in_order():
    def cells(*names: str, **more: str) -> list[MatchedConfig]:
        found = [MatchedConfig(kind=name, name=name) for name in names]
        return [*found, *(MatchedConfig(kind=kind, name=name) for name, kind in more.items())]

    masked = cells(
        *("mean", "mean_query_attention_position", "direct_mean"),
        mean_recipelm="mean",
        word_weight_recipelm="word_weight",
        word_weight_rate7="word_weight",
        mean_rate7="mean",
        four_heads="mean_query_attention_position",
    )
    assert cell_grids(masked) == [
        {
            "objective": "masked_word",
            "title": "masked word",
            "rows": [["mean", None, None], [None, None, "mean_query_attention_position"]],
        },
        {
            "objective": "masked_word",
            "title": "masked word (lm recipe)",
            "rows": [["mean_recipelm", "word_weight_recipelm", None], [None, None, None]],
        },
        {
            "objective": "masked_word",
            "title": "masked word_rate7",
            "rows": [["mean_rate7", "word_weight_rate7", None], [None, None, None]],
        },
    ]


def test_models_are_called_as_in_the_field_and_own_names_stand_behind():
    def counted(name: str, order: int, objective: str) -> KneserNeyConfig:
        return KneserNeyConfig(kind="kneser_ney", name=name, order=order, objective=objective)

    models = [
        MatchedConfig(kind="attention"),
        MatchedConfig(kind="attention", name="attention_targetword"),
        MatchedConfig(kind="mean", name="four_heads"),
        Word2vecConfig(kind="word2vec", algorithm="cbow"),
        Word2vecConfig(kind="word2vec", algorithm="cbow", name="slow"),
        counted("a", 2, "next_word"),
        counted("b", 4, "masked_word"),
    ]
    assert model_labels(models) == {
        "attention": "attention",
        "attention_targetword": "attention: attention_targetword",
        "four_heads": "context mean: four_heads",
        "cbow": "CBOW: cbow",
        "slow": "CBOW: slow",
        "a": "counts: bigrams",
        "b": "counts: 4-grams on both sides",
    }


def test_a_site_has_the_explorer_first_and_the_report_beside_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(page_module, "PAGE_LIMIT", 1000)
    written = write_site(tiny / "out", tmp_path / "site")
    files = sorted(str(p.relative_to(tmp_path / "site")) for p in (tmp_path / "site").rglob("*"))
    data = ["explorer-data", "explorer-data/0.js", "explorer-data/1.js"]
    assert files == [".nojekyll", *data, "index.html", "report.html"]
    report = (tmp_path / "site/report.html").read_bytes()
    assert report == (tiny / "out/report.html").read_bytes()
    assert '"report":"report.html"' in written.page.read_text(encoding="utf-8")
    first = written.page.read_bytes()
    write_site(tiny / "out", tmp_path / "site")  # over itself
    assert written.page.read_bytes() == first


def test_a_site_takes_no_folder_of_somebody_else(tiny: Path, tmp_path: Path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(StoreError, match=r"found photo\.jpg, expected a new or empty folder"):
        write_site(tiny / "out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_page_of_somebody_else_stays_though_its_folder_is_for_github(tmp_path: Path):
    (tmp_path / ".nojekyll").write_bytes(b"")
    (tmp_path / "index.html").write_text("<h1>mine</h1>", encoding="utf-8")
    with pytest.raises(
        StoreError, match=r"found the index\.html of something else, expected a new"
    ):
        write_site(tmp_path / "none", tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "<h1>mine</h1>"


def test_a_site_of_what_is_no_result_leaves_nothing(tmp_path: Path):
    with pytest.raises(StoreError, match="expected a folder of results"):
        write_site(tmp_path / "none", tmp_path / "site")
    assert not (tmp_path / "site").exists()


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


def test_the_command_of_a_site_says_what_it_wrote(tiny: Path, tmp_path: Path):
    from wordrel.cli import app

    arguments = ["site", str(tiny / "out"), "--out", str(tmp_path / "site"), "--words", "6"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert re.search(r"index\.html and report\.html, 0\.\d MB of models\n6 words", result.output)


def test_the_command_says_what_it_wrote(tiny: Path):
    from typer import Typer

    from wordrel.cli.trained import explore

    app = Typer()
    app.command()(explore)
    arguments = [str(tiny / "out"), "--out", str(tiny / "cli.html"), "--words", "6", "--seed", "2"]
    arguments += ["--model", "skip_gram", "--model", "attention"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert re.search(r"cli\.html, 0\.\d MB\n6 words of skip_gram, attention\n$", result.output)
