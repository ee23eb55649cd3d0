"""A trained cell is found by what decides its numbers; what its user calls the model is free."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordrel
from tiny_study import unsealed, write_config
from wordrel import api
from wordrel.config import (
    ARCHITECTURES,
    MatchedConfig,
    NamedTask,
    StudyConfig,
    TrainingConfig,
    VectorsConfig,
    load_config,
)
from wordrel.errors import StoreError
from wordrel.study.cell import CellSpec, CorpusName, cell_digest, cell_folder
from wordrel.study.evaluate import CellWork
from wordrel.study.results import Results, read_results
from wordrel.tasks.registry import REGISTRY

NAMES = {"skip_gram": "word2vec", "attention": "mine"}
MODELS = [
    {"kind": "word2vec", "name": "word2vec"},
    {"kind": "attention", "name": "mine", "batch": 256},
]


def specs(config: StudyConfig, cache: Path = Path("cache")) -> dict[str, CellSpec]:
    return {
        m.name: CellSpec.of(config, m, 1, cache=cache, corpus=CorpusName("text", "c0ffee"))
        for m in config.models
    }


@pytest.fixture
def renamed(tiny: Path, tmp_path: Path) -> Results:
    """The tiny study under other names of its models, trained in a cache of its own."""
    config = write_config(tiny, "renamed.yaml", models=MODELS, tasks=["neighbour_agreement"])
    return wordrel.run(config, out=tmp_path / "out", cache=tmp_path / "cache", jobs=1, seeds=[1])


def test_another_name_gives_the_same_folder_and_the_same_bytes(
    tiny: Path, renamed: Results, tmp_path: Path
) -> None:
    first = read_results(tiny / "out").runs
    for before, now in NAMES.items():
        old = first[(first["model"] == before) & (first["seed"] == 1)].iloc[0]
        new = renamed.runs[renamed.runs["model"] == now].iloc[0]
        assert new.cell == old.cell
        assert new.cell.startswith(f"{before}-seed1-")
        folders = [place / "cache/cells/text" / new.cell for place in (tiny, tmp_path)]
        stored = [(folder / "model.safetensors").read_bytes() for folder in folders]
        assert stored[0] == stored[1]
        about = [json.loads((folder / "cell.json").read_text()) for folder in folders]
        assert [one.pop("cost").keys() for one in about]
        assert about[0] == about[1]


def test_a_study_under_other_names_trains_nothing(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []
    monkeypatch.setattr("wordrel.study.cell.peak_memory", lambda: trained.append("a cell"))
    config = write_config(tiny, "renamed.yaml", models=MODELS, tasks=["neighbour_agreement"])
    results = wordrel.run(config, out=tmp_path / "out", jobs=1)
    assert trained == []
    assert set(results.runs["model"]) == set(NAMES.values())


def test_what_decides_numbers_decides_the_name(tiny: Path) -> None:
    given = [{"kind": "mean", "name": name, **more} for name, more in [("a", {}), ("b", {})]]
    given += [{"kind": "mean", "name": "c", "batch": 64}, {"kind": "next_mean", "name": "d"}]
    found = specs(load_config(write_config(tiny, "many.yaml", models=given)))
    folders = {name: spec.folder.name for name, spec in found.items()}
    assert folders["a"] == folders["b"]
    assert len(set(folders.values())) == 3
    assert folders["d"].startswith("causal_mean-seed1-")


def test_a_kind_under_a_new_name_keeps_its_cells(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(write_config(tiny, "kinds.yaml", models=[{"kind": "mean"}]))
    before = specs(config)["mean"].folder
    monkeypatch.setitem(
        ARCHITECTURES, "mean", replace(ARCHITECTURES["next_mean"], identifier="mean")
    )
    assert specs(config)["mean"].folder == before
    monkeypatch.setitem(ARCHITECTURES, "mean", replace(ARCHITECTURES["mean"], identifier="average"))
    assert specs(config)["mean"].folder.name.startswith("average-seed1-")


BEFORE: dict[str, dict[str, Any]] = {
    "mean-seed1-b362db623338": {"kind": "mean"},
    "content-seed1-5be9f502c025": {"kind": "mean_query_attention", "query_bias": False},
    "masked_attention-seed1-396b009bd44f": {"kind": "mask_query_attention", "ties": ()},
    "attention-seed1-6844c7594326": {"kind": "attention", "heads": 2, "ties": ("K=Q",)},
    "mean-seed1-525e2c6f3b5b": {"kind": "mean", "sum_gradient": True},
    "block-seed1-89d7c2c34d46": {"kind": "transformer_block", "heads": 4, "scale": True},
}
"""Cells by the names that they had before the settings of the second edition."""


def named(model: MatchedConfig, **training: Any) -> str:
    given = {"dim": 8, "epochs": 1, "subsample": 0.0, "shrink_window": False, "shuffled": True}
    training_config = TrainingConfig(**{**given, "hits": "skip", **training})
    spec = CellSpec(Path("cache"), Path("x"), "text", "c0ffee", model, training_config, 1)
    return spec.folder.name


@pytest.mark.parametrize(("name", "model"), BEFORE.items())
def test_later_settings_orphan_no_cell(name: str, model: dict[str, Any]) -> None:
    assert named(MatchedConfig(**{"batch": 256, "scale": False, **model})) == name


def test_later_settings_name_a_cell_of_their_own_once_they_are_used() -> None:
    plain = MatchedConfig(kind="attention_position", batch=256)
    used: list[dict[str, Any]] = [
        *({"query_bias": True}, {"recency": 1.0}, {"dropout": 0.1}, {"weight_decay": 0.1}),
        *({"clip": 1.0}, {"warm_up": 0.1}, {"decay": "cosine"}, {"ties": ("K=V",)}),
    ]
    found = [named(plain.model_copy(update=one)) for one in used]
    found += [named(plain), named(plain, context="sentence"), named(plain, context="passage")]
    found += [named(plain, context="passage", widest=32), named(plain, target="following")]
    found += [named(plain, shuffled_contexts=True)]
    assert len(set(found)) == len(found)


def as_before(results: Results) -> Path:
    """The results as an older version wrote them: the user's name stands in that of the cell."""
    config = api.stored_config(results)
    runs = results.folder / "runs.csv"
    text = runs.read_text(encoding="utf-8")
    for run in results.runs.itertuples():
        corpus = CorpusName("text", results.manifest["corpora"][0]["digest"])
        model = next(m for m in config.models if m.name == run.model)
        spec = CellSpec.of(config, model, 1, cache=Path("nowhere"), corpus=corpus)
        assert spec.named_folder.name.startswith(f"{run.model}-seed1-")
        text = text.replace(run.cell, spec.named_folder.name)
    runs.write_text(text, encoding="utf-8")
    return unsealed(results.folder)


def test_an_older_result_is_loaded_from_its_own_cell_and_from_a_new_one(
    renamed: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = wordrel.load(renamed.folder, "mine", cache=tmp_path / "cache").embeddings["input"]
    new = tmp_path / "cache/cells/text" / renamed.runs["cell"].iloc[1]
    folder = as_before(renamed)
    old = new.with_name(read_results(folder).runs["cell"].iloc[1])
    found = wordrel.load(folder, "mine", cache=tmp_path / "cache").embeddings["input"]
    np.testing.assert_array_equal(found, expected)

    new.rename(old)  # as it lay in an older cache; then it is not trained anew either
    found = wordrel.load(folder, "mine", cache=tmp_path / "cache").embeddings["input"]
    np.testing.assert_array_equal(found, expected)
    monkeypatch.setattr("wordrel.study.cell.peak_memory", lambda: pytest.fail("trained"))
    config = api.stored_config(renamed)
    again = api.run_config(config, out=folder, cache=tmp_path / "cache", jobs=1)
    assert again.runs["cell"].iloc[1] == old.name

    with pytest.raises(StoreError, match=r"there is no trained run \(text/mine seed 1\); run the"):
        wordrel.load(folder, "mine", cache=tmp_path / "empty")


def test_answers_of_vectors_that_hold_pair_counts_are_named_by_the_window() -> None:
    """Their cell is the same for every window, and pairs are counted in windows."""
    counted = next(name for name, info in REGISTRY.items() if info.kind == "parts_of_speech")
    tasks = tuple(NamedTask(name=name) for name in (counted, "ws353"))
    model = VectorsConfig(kind="vectors", name="v", path=Path("v.txt"), digest="0" * 12)

    def folders(window: int) -> list[str]:
        training = TrainingConfig(window=window)
        cell = CellSpec(Path("cache"), Path("corpus"), "text", "c0ffee", model, training, 1)
        return [str(path) for _, path in CellWork(cell, tasks, ("d0", "d1"), True).paths()]

    five, ten = folders(5), folders(10)
    assert five[0] != ten[0]
    assert five[1] == ten[1]


SETTINGS = {"kind": "x", "dim": 3}


def test_a_cell_is_named_by_all_that_decides_its_numbers():
    given = ("c0ffee", SETTINGS, SETTINGS | {"dim": 4}, 1, "0.1.0")
    other = ("c0ffef", SETTINGS | {"dim": 5}, None, 2, "0.1.1")
    digests = {cell_digest(*given)}
    assert digests == {
        "3a3b4236a3a2"
    }  # sha256 of the sorted JSON; changing it orphans every stored cell
    for place, value in enumerate(other):
        digests.add(cell_digest(*given[:place], value, *given[place + 1 :]))
    assert len(digests) == 6


def test_a_setting_that_came_later_counts_only_where_it_is_used():
    def named(**later: object) -> str:
        return cell_digest("c0ffee", SETTINGS | later, SETTINGS, 1, "0.1.0")

    assert named(shuffled=False, training=None) == named()
    used = {"shuffled": True}, {"training": {"dim": 2}}
    assert len({named(), *(named(**one) for one in used)}) == 3


def test_a_cell_folder_reads_corpus_model_seed_digest():
    folder = cell_folder(Path("cache"), "novels", "skip_gram", 2, "abc")
    assert folder == Path("cache/cells/novels/skip_gram-seed2-abc")
