"""Former names in stored files, and what does not change with a name: digests, seeds, bytes."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordrel
from runners import ROOT
from tiny_study import write_config
from wordrel import api
from wordrel.config import content_digest, identity, load_config, parse_config
from wordrel.config.dialect import dump
from wordrel.config.names import (
    COLUMNS,
    EMBEDDINGS,
    KINDS,
    SCHEMA,
    config_now,
    config_then,
    inverse,
    names_then,
)
from wordrel.errors import ConfigError, StoreError
from wordrel.study.results import Results, read_results
from wordrel.study.schema import read_table, stored_file, table_file

NOW_AND_THEN = {
    "mean_query_attention": "content",
    "mean_query_attention_position": "content_position",
    "mask_query_attention": "masked_attention",
    "next_mean": "causal_mean",
    "next_position_weight": "causal_position",
    "next_mean_query": "causal_content",
    "dot_product_attention": "basic",
    "transformer_block": "block",
}
MODELS = [
    {"kind": "mask_query_attention", "scale": False, "ties": []},
    {"kind": "next_mean", "name": "view"},  # a user's name that is a former header
    {"kind": "mean", "name": "masked_attention_e40", "sum_gradient": True},
    {"kind": "mean", "vary": {"sum_gradient": [True], "shuffled": [False, True]}},
    {"kind": "next_mean", "vary": {"window": [2], "shuffled": [True]}},
    {"kind": "random", "name": "content"},  # a user's name that is a former kind
]


def study(models: list[dict[str, Any]]) -> dict[str, Any]:
    corpora = [{"source": "novels", "words": "letters"}]
    return {"study": "s", "corpora": corpora, "models": models, "seeds": [1], "tasks": ["ws353"]}


def then(*models: dict[str, Any]) -> dict[str, Any]:
    return study([{"name": model["kind"], **model} for model in models])


def test_every_former_kind_has_a_present_name() -> None:
    assert {now: then for then, now in KINDS.items()} == NOW_AND_THEN


def test_a_config_goes_to_former_names_and_back() -> None:
    config = parse_config(study(MODELS)).model_dump(mode="json")
    former = config_then(config)
    assert [(m["kind"], m["name"]) for m in former["models"]] == [
        ("masked_attention", "masked_attention"),
        ("causal_mean", "view"),
        ("mean", "masked_attention_e40"),
        ("mean", "mean_undivided"),
        ("mean", "mean_undivided_shuffled"),
        ("causal_mean", "causal_mean_window2_shuffled"),
        ("random", "content"),
    ]
    assert former["models"][2]["undivided"] and "sum_gradient" not in former["models"][2]
    back, names = config_now(former)
    assert parse_config(back) == parse_config(config)
    assert names == inverse(names_then(config))


def test_an_absent_scale_was_false_and_is_true_now() -> None:
    back, _ = config_now(then({"kind": "attention"}, {"kind": "mean"}, {"kind": "random"}))
    assert [model.get("scale") for model in back["models"]] == [False, False, None]
    (model,) = parse_config(study([{"kind": "attention"}])).models
    assert model.model_dump()["scale"] is True


def test_architectures_that_became_cells_are_what_they_were_in_stored_configs() -> None:
    former = then({"kind": "masked_attention"}, {"kind": "content"})
    back, _ = config_now(former)
    assert [(m["ties"], m["query_bias"]) for m in back["models"]] == [([], False)] * 2
    mask, mean = parse_config(study([{"kind": kind} for kind in list(NOW_AND_THEN)[2::-2]])).models
    assert mask.model_dump()["ties"] == ("K=I", "V=I")
    assert mean.model_dump()["query_bias"] is True


def test_hits_that_are_absent_were_skipped_and_are_kept_now() -> None:
    model = {"kind": "mean", "training": {"dim": 10}}
    stored = {**then(model), "training": {"dim": 50}}
    back = parse_config(config_now(stored)[0])
    assert back.training.hits == back.training_of(back.models[0]).hits == "skip"
    assert stored["training"] == {"dim": 50}
    chosen = {**stored, "training": {"hits": "keep"}}  # by a setting on the command line
    assert config_now(chosen)[0]["training"]["hits"] == "keep"
    assert parse_config(study([model])).training.hits == "keep"


def test_digests_of_a_config_are_those_that_it_had() -> None:
    models = [{"kind": "mask_query_attention", "ties": []}, {"kind": "mean", "sum_gradient": True}]
    data = study([{**model, "scale": False} for model in models])
    config = parse_config({**data, "training": {"hits": "skip"}})
    assert content_digest(config, {}, {"ws353": "0"}) == "f5278bd9b1aa"
    assert content_digest(parse_config(data), {}, {"ws353": "0"}) != "f5278bd9b1aa"
    described = [identity(model) for model in config.models]
    assert [(d["kind"], d["name"], d["undivided"], d["scale"]) for d in described] == [
        ("masked_attention", "masked_attention", False, False),
        ("mean", "mean", True, False),
    ]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (
            [{"kind": "content"}, {"kind": "mean", "name": "mean_query_attention"}],
            "found content and mean_query_attention, which are both called mean_query_attention",
        ),
        (
            [{"kind": "mean", "undivided": True, "sum_gradient": True}],
            "found undivided and sum_gradient, which are both called sum_gradient now",
        ),
    ],
)
def test_two_names_that_are_one_now_are_an_error_with_both(
    models: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        config_now(then(*models))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"kind": "masked_attention"}, "found masked_attention, which is now called mask_query"),
        ({"kind": "mean", "undivided": True}, "found undivided, which is now called sum_gradient"),
        ({"kind": "mean", "vary": {"undivided": [True]}}, "now called sum_gradient"),
    ],
)
def test_a_user_s_config_has_present_names_or_is_told_them(
    tmp_path: Path, model: dict[str, Any], message: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(dump(study([model])))
    with pytest.raises(ConfigError, match=message):
        load_config(path)
    (tmp_path / "manifest.json").write_text(json.dumps({"schema": SCHEMA}))
    with pytest.raises(ConfigError, match=message):
        load_config(path)


# Stored folders ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tiny_place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Results of present names, the same as schema 2 stored them, and the cache of both."""
    place = tmp_path_factory.mktemp("names")
    models = [
        {"kind": "mask_query_attention", "scale": False},
        {"kind": "next_mean", "name": "primary"},
    ]
    config = write_config(tiny_place, "names.yaml", models=models, seeds=[1])
    wordrel.run(config, out=place / "now", cache=place / "cache", jobs=1)
    shutil.copytree(place / "now", place / "then")
    as_schema_2(place / "then")
    return place / "now", place / "then", place / "cache"


def as_schema_2(folder: Path) -> None:
    """Write a folder as the version before wrote it."""
    headers, ids, kinds = inverse(COLUMNS), inverse(EMBEDDINGS), inverse(KINDS)
    results = read_results(folder)
    models = names_then(results.config)
    for name in ("runs", "summary", "comparisons", "scores", "embeddings", "measurements"):
        table = getattr(results, name)
        for column in table.columns:
            if column.startswith("model"):
                table[column] = table[column].map(lambda value: models[value])
            if column == "kind":
                table[column] = table[column].map(lambda value: kinds.get(value, value))
            if column.startswith("embedding"):
                table[column] = table[column].map(lambda value: ids.get(value, value))
        stored_file(folder, name).unlink()
        table.rename(columns=headers).to_csv(
            folder / table_file(name if name != "embeddings" else "views"), index=False
        )
    agreement = results.agreement.rename(columns=headers)
    stored_file(folder, "agreement").unlink()
    agreement.to_csv(folder / "agreement.csv.xz", index=False)
    if (folder / "embeddings.csv.xz").exists():
        raise AssertionError("a file of a present name is left")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["schema"] = 2
    del manifest["sha256"]
    manifest["rows"]["views"] = manifest["rows"].pop("embeddings")
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n")
    former = config_then(results.config)
    del former["models"][0]["scale"]
    (folder / "config.yaml").write_text(dump(former))


def test_a_folder_of_schema_2_reads_as_the_same_results(folders: tuple[Path, Path, Path]) -> None:
    now, old = map(read_results, folders[:2])
    assert "masked_attention" in (folders[1] / "runs.csv").read_text()
    assert now.config == old.config
    assert {*old.runs["model"]} == {"mask_query_attention", "primary"}
    for name in ("runs", "summary", "comparisons", "embeddings", "measurements"):
        one, other = (getattr(results, name) for results in (now, old))
        assert [*one.columns] == [*other.columns]
        for column in one.columns:
            if one[column].dtype.kind == "f":
                np.testing.assert_allclose(one[column], other[column])
            else:
                assert one[column].astype(str).tolist() == other[column].astype(str).tolist()
    assert load_config(folders[1] / "config.yaml").models == api.stored_config(now).models


def test_a_model_of_schema_2_is_loaded_and_its_study_reproduces(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    now, old, cache = folders
    found = [
        wordrel.load(folder, "mask_query_attention", cache=cache).embeddings["value"]
        for folder in (now, old)
    ]
    np.testing.assert_array_equal(*found)
    again = api.run_config(
        load_config(old / "config.yaml"), out=tmp_path / "again", cache=tmp_path / "cache", jobs=1
    )
    for name in ("summary", "comparisons", "embeddings"):
        assert (stored_file(tmp_path / "again", name)).read_bytes() == stored_file(
            now, name
        ).read_bytes()
    assert again.runs["cell"].tolist() == read_results(now).runs["cell"].tolist()
    assert again.runs["cell"].iloc[0].startswith("masked_attention-seed1-")


def test_two_columns_that_are_one_now_are_an_error_with_both(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text((folders[1] / "summary.csv").read_text().replace("note", "embedding", 1))
    with pytest.raises(StoreError, match="found view and embedding, which are both called embed"):
        read_table(path, "summary", 2)
    with pytest.raises(StoreError, match="column embedding, selected missing"):
        read_table(folders[1] / "summary.csv", "summary")


# Seeds -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored() -> Results:
    return read_results(ROOT / "results" / "order")


def test_names_that_vary_made_are_no_names_of_users(stored: Results) -> None:
    models = {*stored.runs["model"]}
    assert {"mask_query_attention_shuffled", "next_mean_shuffled", "cbow_shuffled"} <= models
    assert not {"masked_attention_shuffled", "causal_mean_shuffled"} & models


def test_the_words_of_a_user_are_left_alone(stored: Results) -> None:
    heads = read_results(ROOT / "results" / "ladder")
    assert "heads" in {*heads.runs["model"]}
    assert any("block alone" in note for note in heads.config["notes"])
