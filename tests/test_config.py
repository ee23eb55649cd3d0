"""A config says what it means, and every mistake in it is named at once, with place and cure."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wordrel.config import (
    NAMED_SOURCES,
    CorpusConfig,
    config_schema,
    digest,
    load_config,
    parse_config,
    parse_corpus,
)
from wordrel.corpus import list_sources
from wordrel.errors import ConfigError

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
GOOD = """\
study: tiny
corpora:
  - source: novels
training:
  dim: 12
models:
  - kind: random
  - kind: attention
    heads: 3
seeds: [1, 2]
tasks: [ws353]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str, overrides: Any = ()) -> list[str]:
    """The messages that a file gets, its path cut off."""
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return [problem.removeprefix(str(path)).lstrip(": ") for problem in caught.value.problems]


def test_digests_name_content_whatever_its_order():
    assert digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1}) == "63c9663de90e"


def test_a_model_may_be_trained_with_settings_of_its_own(tmp_path: Path):
    own = {"kind": "attention", "heads": 7, "training": {"dim": 49, "shuffled": True}}
    text = yaml.safe_dump({**yaml.safe_load(GOOD), "models": [{"kind": "mean"}, own]})
    config = load_config(written(tmp_path, text))
    mean, attention = config.models
    assert config.training_of(mean) == config.training
    changed = config.training.model_copy(update={"dim": 49, "shuffled": True})
    assert config.training_of(attention) == changed
    stored = yaml.safe_dump(config.model_dump(mode="json"))
    assert load_config(written(tmp_path, stored)) == config


def test_mistakes_in_the_training_of_one_model_are_named_with_their_keys(tmp_path: Path):
    own = {"kind": "attention", "heads": 7, "training": {"window": 0, "dimm": 49}}
    text = yaml.safe_dump({**yaml.safe_load(GOOD), "models": [own]}, sort_keys=False)
    found = "\n".join(problems(tmp_path, text))
    assert "models.0.training.window: found 0, expected at least 1" in found
    assert "models.0.training.dimm: found an unknown key; did you mean 'dim'?" in found
    assert "models.0.heads: found 7, expected a divisor of training.dim 12" in found


def test_what_is_stored_reads_back_as_the_same_config(tmp_path: Path):
    config = load_config(written(tmp_path, GOOD))
    stored = yaml.safe_dump(config.model_dump(mode="json"))
    assert load_config(written(tmp_path, stored)) == config


def test_every_mistake_of_a_file_is_named_at_once_with_its_line(tmp_path: Path):
    text = """\
study: Bad Name
corpora:
  - source: nowhere.txt
    souce: x
    digits: kepe
training:
  dim: 10
  window: 0
models:
  - kind: atention
  - kind: attention
    heads: 3
    hedas: 4
  - name: x
  - {kind: random, dim: 5}
  - {kind: mask_query_attention, name: attention, batch: "12"}
seeds: [1, 1, -2, true]
tasks: [ws354, {kind: pairs, name: mine, path: no.tsv}]
seed: 3
statistics: 5
"""
    expected = [
        "1: study: found 'Bad Name', expected small letters",
        "3: corpora.0.source: found 'nowhere.txt', where nothing is; expected a file, folder",
        "4: corpora.0.souce: found an unknown key; did you mean 'source'? expected one of bad_utf8",
        "5: corpora.0.digits: found 'kepe'; did you mean 'keep'? expected 'keep', 'zero' or 'drop'",
        "8: training.window: found 0, expected at least 1",
        "9: models: found attention more than once, expected each once; give them names",
        "10: models.0.kind: found 'atention'; did you mean 'attention'? expected one of attention,",
        "12: models.1.heads: found 3, expected a divisor of training.dim 10",
        "13: models.1.hedas: found an unknown key; did you mean 'heads'? expected one of batch,",
        "14: models.2.kind: found nothing, expected one of attention,",
        "15: models.3.dim: found an unknown key; did you mean 'training.dim'? expected one of kind",
        "16: models.4.batch: found '12', expected a whole number",
        "17: seeds.2: found -2, expected at least 0",
        "17: seeds.3: found True, expected a whole number",
        "17: seeds: found 1 more than once, expected each once; remove one",
        "18: tasks.0: found 'ws354', which is not a task; did you mean 'ws353'? Allowed:",
        "18: tasks.1.path: found 'no.tsv', where no file is; expected a file of word, word, score",
        "19: seed: found an unknown key; did you mean 'seeds'?",
        "20: statistics: found 5, expected keys: confidence, margin, resamples, seed",
    ]
    found = problems(tmp_path, text)
    assert [line[: len(start)] for line, start in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"corpora": []}, "2: corpora: found an empty list, expected at least one"),
        ({"models": []}, "models: found an empty list, expected at least one"),
        ({"seeds": 1}, "seeds: found 1, expected a list"),
        ({"tasks": [3]}, "tasks.0: found 3, expected keys, kind among them"),
        ({"training": {"dim": "50"}}, "training.dim: found '50', expected a whole number"),
        (
            {"training": {"dim": 12, "epochs": True}},
            "training.epochs: found True, expected a whole number",
        ),
        (
            {"training": {"dim": 12, "subsample": -1}},
            "training.subsample: found -1, expected at least 0",
        ),
        (
            {"training": {"dim": 12, "subsample": float("nan")}},
            "found nan, expected a finite number",
        ),
        ({"training": None}, "training: found nothing, expected keys: context, dim"),
        ({"statistics": {"confidence": 1}}, "statistics.confidence: found 1, expected less than 1"),
        ({"corpora": [{"min_count": 3}]}, "corpora.0.source: found nothing, expected a value"),
        ({"corpora": ["novels"]}, "corpora.0: found 'novels', expected keys: bad_utf8"),
        ({"execute": {"jobs": 0}}, "execute.jobs: found 0, expected at least 1"),
    ],
)
def test_one_mistake_gets_one_message(tmp_path: Path, change: dict[str, Any], expected: str):
    text = yaml.safe_dump({**yaml.safe_load(GOOD), **change}, sort_keys=False)
    found = problems(tmp_path, text)
    assert len(found) == 1
    assert expected in found[0]


def test_a_wrong_dim_is_not_blamed_on_the_heads(tmp_path: Path):
    assert problems(tmp_path, GOOD.replace("dim: 12", "dim: many")) == [
        "5: training.dim: found 'many', expected a whole number"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "found nothing, expected keys: study, corpora, models, ..."),
        ("- 1\n", "found a list, expected keys: study, corpora, models, ..."),
        (
            "study: a\nseeds: [1]\nstudy: b\n",
            "3: found the key 'study' twice, expected each key once",
        ),
        ("training:\n\tdim: 5\n", "2: not YAML: found character '\\t'"),
        ("seeds: [1\n", "2: not YAML: expected ',' or ']'"),
        ("dim: ${nothing}\n", "1: dim: found '${nothing}', and there is no such key"),
        ("a: 1\x00", "1: not YAML: unacceptable character #x0000"),
    ],
)
def test_a_file_that_is_no_study_says_why_in_one_line(tmp_path: Path, text: str, expected: str):
    found = problems(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize("models", ["5", "true", "{kind: mean}"])
@pytest.mark.parametrize("beside", ["manifest.json", "none"])
def test_models_that_are_no_list_are_named(tmp_path: Path, models: str, beside: str):
    (tmp_path / beside).write_text('{"schema": 1}')
    file = tmp_path / "config.yaml"
    for tuned in ("", f"tuned: {ROOT / 'results' / 'tuning_small'}\n"):
        file.write_text(f"study: a\nmodels: {models}\n{tuned}")
        with pytest.raises(ConfigError, match="models: found"):
            load_config(file)


def test_tabs_get_their_cure(tmp_path: Path):
    assert problems(tmp_path, "training:\n\tdim: 5\n")[0].endswith("indent with spaces")


def test_missing_unreadable_and_wrongly_encoded_files_are_named(tmp_path: Path):
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("study: caf\u00e9".encode("latin-1"))
    for path, expected in [
        (tmp_path / "none.yaml", "none.yaml: there is no such file"),
        (tmp_path, f"{tmp_path.name}: found a folder; expected a regular file"),
        (latin, "latin.yaml: found byte 0xe9 at offset 10, expected UTF-8"),
    ]:
        with pytest.raises(ConfigError, match=expected):
            load_config(path)


def test_overrides_change_values_list_items_and_whole_lists(tmp_path: Path):
    changes = ["training.dim=8", "models.1.heads=4", "seeds=[3,4]", "training.subsample=1e-4"]
    config = load_config(written(tmp_path, GOOD), [*changes, "statistics.resamples=100"])
    assert (config.training.dim, config.seeds, config.training.subsample) == (8, (3, 4), 1e-4)
    assert config.models[1].model_dump()["heads"] == 4
    assert config.statistics.resamples == 100


def test_overrides_may_be_nested_or_dotted_keys(tmp_path: Path):
    path = written(tmp_path, GOOD)
    nested = load_config(path, {"training": {"dim": 6}, "seeds": [9]})
    dotted = load_config(path, {"training.dim": 6, "seeds": [9]})
    assert nested == dotted
    assert (nested.training.dim, nested.training.window, nested.seeds) == (6, 5, (9,))


def test_a_value_may_refer_to_another_and_follows_its_override(tmp_path: Path):
    text = GOOD.replace("heads: 3", "heads: ${training.dim}")
    config = load_config(written(tmp_path, text), ["training.dim=7"])
    assert config.models[1].model_dump()["heads"] == 7


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.dmi=5", "training.dmi: found an unknown key; did you mean 'dim'?"),
        ("trainng.dim=5", "trainng: found an unknown key; did you mean 'training'?"),
        ("corpora.0.souce=x", "corpora.0.souce: found an unknown key; did you mean 'source'?"),
        ("training.dim=0", "training.dim: found 0, expected at least 1"),
        ("models.2.heads=2", "models is a list: found '2', expected an index from 0 to 1"),
        ("models.attention.heads=2", "models is a list: found 'attention', expected an index"),
        ("models.-1.heads=2", "models is a list: found '-1', expected an index from 0 to 1"),
        ("study.x=3", "study is 'tiny', in which there is no 'x'"),
        ("training.dim", "found no =, expected key.path=value, such as training.dim=50"),
        ("a..b=1", "expected key.path=value, such as training.dim=50 or seeds=[1,2]"),
        ("=1", "expected key.path=value"),
        ("seeds=[1,", "found '[1,', expected a value such as 50 or [1, 2]"),
    ],
)
def test_a_wrong_override_is_named_as_such(tmp_path: Path, override: str, expected: str):
    found = problems(tmp_path, GOOD, [override])
    assert len(found) == 1
    assert found[0].startswith(f"override {override!r}: {expected}")


def test_what_stands_within_an_overridden_value_comes_from_the_override(tmp_path: Path):
    (found,) = problems(tmp_path, GOOD, ["corpora=[{source: novels, souce: x}]"])
    assert found.startswith("override 'corpora=[{source: novels, souce: x}]': corpora.0.souce: ")
    (found,) = problems(tmp_path, GOOD, ["corpora=[{source: 5}]"])
    assert found.startswith("override 'corpora=[{source: 5}]': corpora.0.source: found 5")


def test_all_wrong_overrides_are_named_at_once(tmp_path: Path):
    assert len(problems(tmp_path, GOOD, ["x", "seeds=[1,", "models.9.heads=1"])) == 3


def test_a_stored_config_is_read_where_its_text_is_no_more():
    data = {**yaml.safe_load(GOOD), "corpora": [{"source": "gone.txt"}]}
    assert parse_config(data).corpora[0].source == "gone.txt"


def test_a_corpus_is_named_by_source_and_settings():
    assert parse_corpus("novels", ["min_count=7"]) == CorpusConfig(source="novels", min_count=7)
    with pytest.raises(ConfigError) as caught:
        parse_corpus("gensim:wiki-smaple", ["min_count=0", "mincount=2"])
    found = caught.value.problems
    assert len(found) == 3
    assert "did you mean 'gensim:wiki-sample'?" in "\n".join(found)
    assert "corpus: override 'min_count=0': min_count: found 0, expected at least 1" in found


NESTED = [
    ("tune", {"trails": 4}, "tune.trails: found an unknown key; did you mean 'trials'?"),
    ("tune", 5, "tune: found 5, expected keys: keep, tokens, trials"),
    (
        "models",
        [{"kind": "word_weight", "start": {"kind": "mean", "heds": 2}}],
        "models.0.start.heds: found an unknown key; did you mean 'heads'? expected one of batch",
    ),
    (
        "models",
        [{"kind": "word_weight", "start": 5}],
        "models.0.start: found 5, expected keys: batch",
    ),
    (
        "models",
        [{"kind": "word_weight", "start": {"kind": "mean", "training": {"epoch": 1}}}],
        "models.0.start.training.epoch: found an unknown key; did you mean 'epochs'?",
    ),
    (
        "models",
        [{"kind": "mean", "windw": 3}],
        "models.0.windw: found an unknown key; did you mean 'training.window'? expected one of",
    ),
]


@pytest.mark.parametrize(("group", "settings", "expected"), NESTED)
def test_a_wrong_key_in_a_group_of_its_own_is_explained(group: str, settings: Any, expected: str):
    with pytest.raises(ConfigError) as caught:
        parse_config({**yaml.safe_load(GOOD), group: settings})
    (problem,) = caught.value.problems
    assert problem.startswith(f"config: {expected}")


def test_a_wrong_key_of_a_measurement_lists_the_keys_of_measurements():
    measured = {"group": "a", "statistic": "mean", "bettr": "lower"}
    contrast = {"claim": "C", "first": "random", "against": 0.5, "task": "ws353", "margin": 0.0}
    with pytest.raises(
        ConfigError, match=r"'better'\? expected one of better, embedding, group, st"
    ):
        parse_config({**yaml.safe_load(GOOD), "contrasts": [{**contrast, "measured": measured}]})


def test_tasks_that_are_no_list_are_the_only_problem_of_planned_comparisons():
    contrast = {"claim": "C", "first": "random", "against": 0.5, "task": "ws353", "margin": 0.0}
    with pytest.raises(ConfigError) as caught:
        parse_config({**yaml.safe_load(GOOD), "tasks": "ws353", "contrasts": [contrast]})
    assert caught.value.problems == ["config: tasks: found 'ws353', expected a list"]


def test_vectors_that_are_not_there_are_named_with_where_they_were_looked_for(tmp_path: Path):
    models = [
        {"kind": "vectors", "path": "a.vec"},
        {"kind": "transformer", "path": "b", "layer": 1},
    ]
    found = problems(tmp_path, yaml.safe_dump({**yaml.safe_load(GOOD), "models": models}))
    place = tmp_path.absolute()
    assert [line.partition(", where nothing is; ")[2] for line in found] == [
        "expected a file of vectors, or a folder of static embeddings "
        f"(looked for {place / 'a.vec'})",
        f"expected the folder of a model (looked for {place / 'b'})",
    ]


def test_the_named_sources_are_those_of_the_corpus_package(tmp_path: Path):
    assert [source.name for source in list_sources(tmp_path)] == list(NAMED_SOURCES)


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
NOTES = {"title", "description", "default", "discriminator", "$defs", "format", "pattern"}


def has_type(value: Any, name: str) -> bool:
    if name in TYPES:
        return isinstance(value, TYPES[name])
    numbers = int if name == "integer" else int | float
    return isinstance(value, numbers) and not isinstance(value, bool)


def matches(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a JSON Schema takes a value; knows the words that pydantic writes, and no others."""
    return all(_obeys(value, word, schema, root) for word in schema if word not in NOTES)


def _obeys(value: Any, word: str, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    rule = schema[word]
    sized = isinstance(value, str | list)
    number = has_type(value, "number")
    checks: dict[str, Callable[[], bool]] = {
        "$ref": lambda: matches(value, root["$defs"][rule.rsplit("/", 1)[1]], root),
        "type": lambda: has_type(value, rule),
        "const": lambda: value == rule,
        "enum": lambda: value in rule,
        "anyOf": lambda: any(matches(value, s, root) for s in rule),
        "oneOf": lambda: sum(matches(value, s, root) for s in rule) == 1,
        "items": lambda: isinstance(value, list) and all(matches(v, rule, root) for v in value),
        "properties": lambda: (
            isinstance(value, dict)
            and all(matches(value[k], rule[k], root) for k in rule if k in value)
        ),
        "required": lambda: isinstance(value, dict) and set(rule) <= set(value),
        "additionalProperties": lambda: (
            isinstance(value, dict) and not rule and set(value) <= set(schema["properties"])
        ),
        "minItems": lambda: sized and len(value) >= rule,
        "maxItems": lambda: sized and len(value) <= rule,
        "prefixItems": lambda: (
            isinstance(value, list)
            and all(matches(v, s, root) for v, s in zip(value, rule, strict=False))
        ),
        "minLength": lambda: sized and len(value) >= rule,
        "maxLength": lambda: sized and len(value) <= rule,
        "minimum": lambda: number and value >= rule,
        "maximum": lambda: number and value <= rule,
        "exclusiveMinimum": lambda: number and value > rule,
        "exclusiveMaximum": lambda: number and value < rule,
    }
    return checks[word]()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_schema_takes_our_configs_as_written_and_as_stored(path: Path):
    schema = config_schema()
    assert matches(yaml.safe_load(path.read_text(encoding="utf-8")), schema, schema)
    assert matches(load_config(path).model_dump(mode="json"), schema, schema)


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"seeds": []}, {"training": {"dim": 0}}, {"models": [{"kind": "x"}]}]
)
def test_the_schema_refuses_what_the_config_refuses(change: dict[str, Any]):
    schema, data = config_schema(), {**yaml.safe_load(GOOD), **change}
    assert not matches(data, schema, schema)
    with pytest.raises(ConfigError):
        parse_config(data)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@hypothesis.settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(list(yaml.safe_load(GOOD))), values, min_size=1))
def test_nonsense_gets_messages_and_never_a_traceback(changes: dict[str, Any]):
    try:
        parse_config({**yaml.safe_load(GOOD), **changes})
    except ConfigError as error:
        assert error.problems


def with_tasks(*tasks: object) -> dict[str, Any]:
    return {**yaml.safe_load(GOOD), "tasks": list(tasks)}


OWN = [
    {"kind": "pairs", "name": "a", "path": "a.tsv"},
    {"kind": "directed_pairs", "name": "b", "path": "b.tsv"},
    {"kind": "labelled_pairs", "name": "c", "path": "c.tsv", "against": "random"},
    {"kind": "analogies", "name": "d", "path": "d.txt"},
    {"kind": "context_pairs", "name": "e", "path": "e.csv"},
    {"kind": "odd_one_out", "name": "f", "path": "f.csv"},
    {"kind": "top_k", "name": "g", "path": "g.csv"},
]


def test_tasks_are_names_optional_names_and_own_files():
    data = with_tasks("ws353", {"name": "rw", "optional": True}, *OWN)
    stored = [task.model_dump(mode="json") for task in parse_config(data).tasks]
    assert stored[:2] == [
        {"kind": "named", "name": "ws353", "optional": False},
        {"kind": "named", "name": "rw", "optional": True},
    ]
    assert stored[2:] == OWN
    schema = config_schema()
    assert matches(data, schema, schema)
    assert matches(with_tasks(*stored), schema, schema)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (
            {"name": "men_tset", "optional": True},
            "tasks.0: found 'men_tset', which is not a task; did you mean 'men_test'",
        ),
        (
            {"name": "rw", "optional": "yes"},
            "tasks.0.optional: found 'yes', expected true or false",
        ),
        (
            {"name": "rw", "optinal": True},
            "tasks.0.optinal: found an unknown key; did you mean 'op",
        ),
        ({"name": "a", "path": "a.tsv"}, "tasks.0.kind: found nothing, expected one of"),
        ({**OWN[2], "against": ""}, "tasks.0.against: found '', expected some text"),
        (
            {"kind": "labelled_pairs", "name": "c", "path": "c.tsv"},
            "tasks.0.against: found nothing, expected a value: this key is required",
        ),
    ],
)
def test_a_wrong_task_gets_one_message(task: dict[str, Any], expected: str):
    with pytest.raises(ConfigError) as caught:
        parse_config(with_tasks(task))
    (found,) = caught.value.problems
    assert found.startswith(f"config: {expected}")


def test_a_file_of_own_items_that_is_not_there_is_named_with_what_it_should_hold(tmp_path: Path):
    text = yaml.safe_dump(with_tasks(*OWN), sort_keys=False)
    expected = [
        "tasks.0.path: found 'a.tsv', where no file is; expected a file of word, word, score",
        "tasks.1.path: found 'b.tsv', where no file is; expected a file of word, word, score",
        "tasks.2.path: found 'c.tsv', where no file is; expected a file of word, word, label",
        "tasks.3.path: found 'd.txt', where no file is; expected a file of ': section', then 4 "
        "words a line",
        "tasks.4.path: found 'e.csv', where no file is; expected a file of sentence, place, "
        "sentence, place, score",
        "tasks.5.path: found 'f.csv', where no file is; expected a file of an odd word, then the "
        "words that belong together",
        "tasks.6.path: found 'g.csv', where no file is; expected a file of a word, then its "
        "expected neighbours",
    ]
    found = [line.split(": ", 1)[1] for line in problems(tmp_path, text)]
    assert [line.split(" (looked for ")[0] for line in found] == expected
