"""`recipe` stands for its settings; what contradicts it is named where it was written."""

from typing import Any

import pytest
import yaml

from test_config import GOOD, matches, written
from wordrel.config import StudyConfig, config_schema, content_digest, load_config, parse_config
from wordrel.errors import ConfigError

W2V = {"subsample": 1e-3, "shrink_window": True, "negatives": 5}
LM = {"subsample": 0, "shrink_window": False}


def study(*models: dict[str, Any], **training: Any) -> StudyConfig:
    data = {**yaml.safe_load(GOOD), "models": list(models), "training": training}
    return parse_config(data)


def digest(config: StudyConfig) -> str:
    tasks = {task.name: "0" for task in config.tasks}
    return content_digest(config, {corpus.name: "0" for corpus in config.corpora}, tasks)


def problems(*models: dict[str, Any], **training: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        study(*models, **training)
    return error.value.problems


@pytest.mark.parametrize(
    ("recipe", "settings", "loss"),
    [("w2v", W2V, "negative_sampling"), ("lm", LM, "sampled_softmax")],
)
def test_a_recipe_is_the_study_with_its_settings_written_out(
    recipe: str, settings: dict[str, Any], loss: str
) -> None:
    counted, attention = {"kind": "ppmi_svd"}, {"kind": "attention"}
    short = study(counted, attention, recipe=recipe, dim=12)
    long = study(counted, {**attention, "loss": loss}, dim=12, **settings)
    assert short == long
    assert digest(short) == digest(long)
    assert "recipe" not in short.training.model_dump()
    assert short.training.subsample == settings["subsample"]


def test_a_model_s_own_recipe_counts_in_place_of_the_shared_one() -> None:
    own = {"kind": "mean", "training": {"recipe": "lm", "window": 3}}
    config = study({"kind": "attention"}, own, recipe="w2v")
    shared, other = (config.training_of(model) for model in config.models)
    assert (shared.subsample, shared.shrink_window, shared.window) == (1e-3, True, 5)
    assert (other.subsample, other.shrink_window, other.window) == (0, False, 3)
    assert [m.loss for m in config.models] == ["negative_sampling", "sampled_softmax"]  # type: ignore[union-attr]


def test_the_settings_of_a_recipe_may_stand_beside_it() -> None:
    assert study({"kind": "mean"}, recipe="lm", **LM) == study({"kind": "mean"}, recipe="lm")
    full = {"kind": "mean", "loss": "full_softmax"}  # lm's loss where it is affordable
    assert study(full, recipe="lm").models[0].loss == "full_softmax"  # type: ignore[union-attr]


def test_recipes_vary_and_so_do_the_mixes_of_their_settings() -> None:
    vary = {"recipe": ["w2v", "lm"]}
    config = study({"kind": "mean", "vary": vary}, {"kind": "attention"}, recipe="w2v")
    assert [(m.name, config.training_of(m).subsample) for m in config.models] == [
        ("mean_recipew2v", 1e-3),
        ("mean_recipelm", 0),
        ("attention", 1e-3),
    ]
    mixes = {
        "loss": ["negative_sampling", "sampled_softmax"],
        "subsample": [0, 1e-3],
        "shrink_window": [True, False],
    }
    config = study({"kind": "mean", "vary": mixes})
    told = {
        (m.loss, config.training_of(m).subsample, config.training_of(m).shrink_window)  # type: ignore[union-attr]
        for m in config.models
    }
    assert len(told) == 8


@pytest.mark.parametrize(
    ("models", "training", "expected"),
    [
        (
            [{"kind": "mean"}],
            {"recipe": "lm", "subsample": 1e-3},
            "training.subsample: found 0.001, but the recipe lm stands for 0.0: remove one of the",
        ),
        (
            [{"kind": "mean", "training": {"recipe": "w2v", "negatives": 7}}],
            {},
            "models.0.training.negatives: found 7, but the recipe w2v stands for 5: remove one",
        ),
        (
            [{"kind": "mean", "training": {"shrink_window": True}}],
            {"recipe": "lm"},
            "models.0.training.shrink_window: found True, but the recipe lm stands for False",
        ),
        (
            [{"kind": "mean", "loss": "negative_sampling"}],
            {"recipe": "lm"},
            "models.0.loss: found 'negative_sampling', but the recipe lm stands for sampled_so",
        ),
        (
            [{"kind": "mean", "loss": "full_softmax", "training": {"recipe": "w2v"}}],
            {},
            "models.0.loss: found 'full_softmax', but the recipe w2v stands for negative_sampling",
        ),
        (
            [{"kind": "word2vec"}],
            {"recipe": "lm"},
            "models.0.kind: found word2vec under the recipe lm, but gensim has no such loss: give",
        ),
        (
            [{"kind": "mean"}],
            {"recipe": "lmm"},
            "training.recipe: found 'lmm'; did you mean 'lm'? expected one of w2v, lm",
        ),
        (
            [{"kind": "mean", "training": {"recipe": None}}],
            {},
            "models.0.training.recipe: found nothing; expected one of w2v, lm",
        ),
        ([{"kind": "mean"}], {"recepi": "lm"}, "training.recepi: found an unknown key; did you"),
    ],
)
def test_what_contradicts_a_recipe_is_refused(
    models: list[dict[str, Any]], training: dict[str, Any], expected: str
) -> None:
    found = problems(*models, **training)
    assert len(found) == 1
    assert found[0].startswith(f"config: {expected}")


def test_a_contradiction_is_named_with_its_line_also_under_vary(tmp_path: Any) -> None:
    data = {**yaml.safe_load(GOOD), "training": {"recipe": "lm"}}
    data["models"] = [{"kind": "mean", "vary": {"subsample": [0.01]}}]
    path = written(tmp_path, yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(ConfigError) as error:
        load_config(path)
    line = 1 + path.read_text().splitlines().index("    - 0.01")
    assert error.value.problems[0].startswith(f"{path}:{line}: models.0.vary.subsample.0: found")


def test_the_schema_takes_a_recipe() -> None:
    schema, data = config_schema(), yaml.safe_load(GOOD)
    for recipe, right in (("lm", True), ("lmm", False)):
        shared = {**data, "training": {"recipe": recipe}}
        own = {**data, "models": [{"kind": "mean", "training": {"recipe": recipe}}]}
        varied = {**data, "models": [{"kind": "mean", "vary": {"recipe": [recipe]}}]}
        assert [matches(given, schema, schema) for given in (shared, own, varied)] == [right] * 3
