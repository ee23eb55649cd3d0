"""`vary` stands for one entry a combination; mistakes in it are named where they were written."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from test_config import GOOD, matches, problems, written
from wordrel.config import StudyConfig, config_schema, load_config, parse_config, parse_corpus
from wordrel.config.dialect import dump, read_stored
from wordrel.errors import ConfigError


def study(**changes: Any) -> StudyConfig:
    return parse_config({**yaml.safe_load(GOOD), **changes})


def models(*entries: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Name, and what it changes in the training, of each model."""
    found = study(models=list(entries)).models
    return [(m.name, m.training.model_dump(exclude_none=True) if m.training else {}) for m in found]


def test_a_model_varies_in_training_in_the_order_written():
    assert models(
        {"kind": "random"},
        {"kind": "mean", "vary": {"window": [2, 10], "dim": [100, 300]}},
        {"kind": "attention"},
    ) == [
        ("random", {}),
        ("mean_window2_dim100", {"window": 2, "dim": 100}),
        ("mean_window2_dim300", {"window": 2, "dim": 300}),
        ("mean_window10_dim100", {"window": 10, "dim": 100}),
        ("mean_window10_dim300", {"window": 10, "dim": 300}),
        ("attention", {}),
    ]


def test_the_shared_value_is_no_change_and_so_the_model_that_is_stored_already():
    vary = {"dim": [12, 50], "epochs": [5]}  # 12 stands in the config, 5 is the default
    assert models({"kind": "mean", "training": {"window": 3}, "vary": vary}) == [
        ("mean_dim12_epochs5", {"window": 3}),
        ("mean_dim50_epochs5", {"window": 3, "dim": 50}),
    ]
    assert study(models=[{"kind": "mean", "vary": {"dim": [12]}}]).models[0].training is None


def test_true_is_named_by_its_key_and_false_and_null_by_nothing():
    assert models({"kind": "mean", "vary": {"shuffled": [False, True]}}) == [
        ("mean", {}),
        ("mean_shuffled", {"shuffled": True}),
    ]
    corpus = {"source": "novels", "vary": {"limit_tokens": [1000, None], "min_count": [2]}}
    found = study(corpora=[corpus]).corpora
    assert [(c.name, c.limit_tokens, c.min_count) for c in found] == [
        ("novels_limit_tokens1000_min_count2", 1000, 2),
        ("novels_min_count2", None, 2),
    ]


def test_settings_of_the_model_itself_vary_and_what_it_is_called_after_is_not_repeated():
    entry = {"kind": "attention", "name": "own", "vary": {"heads": [1, 3], "ties": [["K=Q"]]}}
    found = study(models=[entry]).models
    assert [(m.name, m.model_dump()["heads"]) for m in found] == [
        ("own_heads1_tiesk-q", 1),
        ("own_heads3_tiesk-q", 3),
    ]
    vary = {"algorithm": ["skip_gram", "cbow"], "learning_rate": [0.05]}
    assert models({"kind": "word2vec", "vary": vary}) == [
        ("skip_gram_learning_rate0.05", {}),
        ("cbow_learning_rate0.05", {}),
    ]


def test_what_is_stored_is_the_entries(tmp_path: Path):
    text = GOOD.replace("kind: random", "kind: mean\n    vary: {window: [2, 4]}")
    config = load_config(written(tmp_path, text), ["models.1.heads=4"])
    assert [m.name for m in config.models] == ["mean_window2", "mean_window4", "attention"]
    assert config.models[2].model_dump()["heads"] == 4  # an index of the file as it is written
    stored = dump(config.model_dump(mode="json"))
    assert "vary" not in stored
    assert parse_config(read_stored(stored)) == config


def test_mistakes_are_named_once_with_the_line_and_the_key_as_written(tmp_path: Path):
    text = """\
study: tiny
corpora:
  - source: novels
    vary:
      min_count: [5, 0]
      mincount: [1, 2]
training: {dim: 12}
models:
  - kind: mean
    vary:
      window: [2, 2]
  - kind: attention
    hedas: 4
    vary:
      heads: [3, 5]
      dim:
        - 16
        - 0
  - {kind: random, name: 5, vary: {dimm: [1]}}
seeds: [1]
tasks: [ws353]
"""
    expected = [
        "5: corpora.0.vary.min_count.1: found 0, expected at least 1",
        "6: corpora.0.vary.mincount.0: found an unknown key; did you mean 'min_count'?",
        "6: corpora.0.vary.mincount.1: found an unknown key; did you mean 'min_count'?",
        "8: models: found mean_window2 more than once, expected each once; give them names",
        "13: models.1.hedas: found an unknown key; did you mean 'heads'?",
        "15: models.1.vary.heads.0: found 3, expected a divisor of training.dim 16",
        "15: models.1.vary.heads.1: found 5, expected a divisor of training.dim 16",
        "18: models.1.vary.dim.1: found 0, expected at least 1",
        "19: models.2.name: found 5, expected text",
        "19: models.2.vary.dimm.0: found an unknown key; did you mean 'training.dim'?",
    ]
    found = problems(tmp_path, text)
    for start in expected:
        assert sum(line.startswith(start) for line in found) == 1, (start, found)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"vary": 5}, "vary: found 5, expected keys with lists of values"),
        ({"vary": {}}, "vary: found {}, expected keys with lists of values"),
        ({"vary": {"dim": 5}}, "vary: dim: found 5, expected a list of values"),
        ({"vary": {"dim": []}}, "vary: dim: found [], expected a list of values"),
        ({"vary": {"heads": [1]}, "heads": 2}, "vary: heads: found a value beside `vary` too"),
        (
            {"vary": {"dim": [1]}, "training": {"dim": 2}},
            "vary: dim: found a value beside `vary` too",
        ),
        (
            {"vary": {key: list(range(1, 11)) for key in ("window", "epochs", "negatives", "dim")}},
            "vary: found 10,000 combinations, expected at most 1,000 entries in all",
        ),
    ],
)
def test_a_vary_that_is_none_is_refused(tmp_path: Path, entry: dict[str, Any], expected: str):
    text = dump({**yaml.safe_load(GOOD), "models": [{"kind": "mean", **entry}]})
    (found,) = [p for p in problems(tmp_path, text) if "vary" in p]
    assert found.partition(": ")[2].startswith(f"models.0.{expected}")


def test_a_config_has_a_thousand_entries_at_most():
    vary = {"window": list(range(1, 101)), "dim": list(range(1, 11))}
    assert len(study(models=[{"kind": "mean", "vary": vary}]).models) == 1000
    with pytest.raises(ConfigError, match=r"found 1,000 combinations, expected at most 1,000"):
        study(models=[{"kind": "mean", "vary": vary}, {"kind": "random"}])


def test_the_schema_knows_vary_and_its_keys():
    schema = config_schema()
    for models, good in [
        ([{"kind": "mean", "vary": {"window": [2, 5], "scale": [True]}}], True),
        ([{"kind": "mean", "vary": {"windw": [2, 5]}}], False),
        ([{"kind": "mean", "vary": {"window": 2}}], False),
        ([{"kind": "mean", "vary": {"window": [0]}}], False),
    ]:
        assert matches({**yaml.safe_load(GOOD), "models": models}, schema, schema) is good


def test_one_corpus_of_the_command_line_is_one():
    with pytest.raises(ConfigError, match="vary: found an unknown key"):
        parse_corpus("novels", ["vary={min_count: [2, 3]}"])
