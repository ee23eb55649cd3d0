"""Paths in a config start at that file, names and notes survive writing, and text may move."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import yaml
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import wordrel
from tiny_study import PAIRS, settings, text
from wordrel.api import stored_config
from wordrel.cli import app
from wordrel.config import StudyConfig, load_config, parse_config, parse_corpus
from wordrel.config.dialect import read_stored
from wordrel.config.paths import seen_from, stored_text
from wordrel.errors import ConfigError
from wordrel.study.results import read_results
from wordrel.study.starter import write_config

NAMES = [
    "1984",
    "null",
    "on",
    "2024-01-01",
    "1e3",
    "050",
    "1_000",
    "0x1f",
    "true",
    "no",
    "1.",
    "0o7",
]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def small(**changes: Any) -> dict[str, Any]:
    """A study of one model that runs in a second."""
    return {
        **{"study": "tiny", "seeds": [1], "models": [{"kind": "random"}], "tasks": ["ws353"]},
        "corpora": [{"source": "novels"}],
        **changes,
    }


def project(folder: Path, **changes: Any) -> Path:
    """A folder with texts/text.txt, sets/pairs.csv and configs/tiny.yaml, all of its own."""
    for name, content in [("texts/text.txt", text()), ("sets/pairs.csv", PAIRS)]:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "configs").mkdir()
    given = settings(folder) | {
        "corpora": [{"source": "../texts/text.txt", "min_count": 2, "held_out": 0.1}],
        "tasks": [{"kind": "pairs", "name": "groups", "path": "../sets/pairs.csv"}],
        "models": [{"kind": "random"}],
        "seeds": [1],
    }
    path = folder / "configs" / "tiny.yaml"
    path.write_text(json.dumps(given | changes), encoding="utf-8")  # JSON is YAML
    return path


def test_paths_start_at_the_config_wherever_it_is_called_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = project(tmp_path / "a")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder, given in [(elsewhere, path), (path.parent, Path("tiny.yaml"))]:
        monkeypatch.chdir(folder)
        config = load_config(given)
        assert Path(config.corpora[0].source).samefile(tmp_path / "a" / "texts" / "text.txt")
        assert Path(config.corpora[0].source).is_absolute()
        assert config.tasks[0].path.samefile(tmp_path / "a" / "sets" / "pairs.csv")  # type: ignore[union-attr]
        assert config.corpora[0].name == "text"


def test_paths_of_overrides_and_of_the_command_line_start_at_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = project(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "other.txt").write_text(text(), encoding="utf-8")
    (tmp_path / "here" / "other.csv").write_text(PAIRS, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    config = load_config(path, ["corpora.0.source=other.txt", "tasks.0.path=other.csv"])
    assert Path(config.corpora[0].source).samefile(tmp_path / "here" / "other.txt")
    assert config.tasks[0].path.samefile(tmp_path / "here" / "other.csv")  # type: ignore[union-attr]
    whole = load_config(path, {"corpora": [{"source": "other.txt", "name": "o", "held_out": 0.1}]})
    assert Path(whole.corpora[0].source).samefile(tmp_path / "here" / "other.txt")
    with pytest.raises(ConfigError, match=r"found 'text\.txt', where nothing is"):
        load_config(path, ["corpora.0.source=text.txt"])
    kept = load_config(path, ["corpora.0.min_count=3"]).corpora[0].source
    assert Path(kept).samefile(tmp_path / "texts" / "text.txt")
    assert parse_corpus("other.txt").source == "other.txt"


def test_a_missing_text_is_said_with_the_place_that_was_looked_at(tmp_path: Path):
    path = project(tmp_path)
    (tmp_path / "texts" / "text.txt").unlink()
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (found,) = caught.value.problems
    assert f"looked for {path.parent / '../texts/text.txt'}" in found


@pytest.mark.parametrize("folder", ["plain", "[study] *1?"])
@pytest.mark.parametrize(
    "source", ["../texts/*.txt", "../texts", "../texts/text.txt", "../*/t*.txt"]
)
def test_a_glob_is_found_and_stored_from_any_folder(tmp_path: Path, folder: str, source: str):
    base = tmp_path / folder
    config = load_config(project(base, corpora=[{"source": source, "held_out": 0.1}]))
    out = base / "results" / "[x]"
    out.mkdir(parents=True)
    (out / "config.yaml").write_text(stored_text(config, out), encoding="utf-8")
    again = load_config(out / "config.yaml")
    assert seen_from(again, out) == seen_from(config, out)
    assert str(tmp_path) not in (out / "config.yaml").read_text(encoding="utf-8")
    moved = Path(shutil.move(base, tmp_path / "moved"))
    assert load_config(moved / "results" / "[x]" / "config.yaml").corpora[0].name == (
        config.corpora[0].name
    )


@pytest.mark.parametrize("source", ["novels", "planted:recall-1"])
def test_a_file_with_the_name_of_a_source_stays_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / source).mkdir()
    (tmp_path / source / "a.txt").write_text(text(), encoding="utf-8")
    config = parse_config(small(corpora=[{"source": f"./{source}", "name": "a"}]))
    assert seen_from(config, tmp_path).corpora[0].source == f"./{source}"
    named = parse_config(small(corpora=[{"source": source, "name": "a"}]))
    assert seen_from(named, tmp_path).corpora[0].source == source


def test_through_a_link_the_stored_path_leads_to_the_same_text(tmp_path: Path):
    path = project(tmp_path / "real" / "deep" / "study")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep" / "study")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "out").symlink_to(tmp_path / "real" / "deep")
    config = load_config(tmp_path / "link" / "configs" / path.name)
    out = tmp_path / "links" / "out" / "results"
    out.mkdir()
    (out / "config.yaml").write_text(stored_text(config, out), encoding="utf-8")
    stored = load_config(out / "config.yaml")
    assert Path(stored.corpora[0].source).samefile(config.corpora[0].source)
    assert str(tmp_path) not in (out / "config.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was run from elsewhere, with a note and a name that need quotes."""
    folder = tmp_path_factory.mktemp("ran") / "project"
    notes = [r"a run costs \${x}", "yes"]
    path = project(folder, study="1e3", notes=notes)
    out, cache = folder / "results" / "1e3", folder.parent / "cache"
    wordrel.run(path, out=out, jobs=1, cache=cache)
    return folder


def test_what_is_stored_has_no_path_of_this_machine(ran: Path):
    out = ran / "results" / "1e3"
    for file in (p for p in out.rglob("*") if p.is_file()):
        assert str(ran).encode() not in file.read_bytes(), file.name
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["corpora"][0]["source"] == "../../texts/text.txt"
    stored = yaml.safe_load((out / "config.yaml").read_text(encoding="utf-8"))
    assert stored["corpora"][0]["source"] == "../../texts/text.txt"
    assert stored["tasks"][0]["path"] == "../../sets/pairs.csv"


def test_a_stored_config_runs_as_it_is(ran: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ran.parent)
    monkeypatch.setenv("WORDREL_CACHE", str(ran.parent / "cache"))
    stored = ran / "results" / "1e3" / "config.yaml"
    assert load_config(stored).notes == ("a run costs ${x}", "yes")
    assert read_results(stored.parent).config["notes"] == ["a run costs ${x}", "yes"]
    assert r"a run costs \${x}" in (stored.parent / "report.md").read_text(encoding="utf-8")
    assert seen_from(stored_config(read_results(stored.parent)), stored.parent) == seen_from(
        load_config(ran / "configs" / "tiny.yaml"), stored.parent
    )
    result = call("run", stored, "--plan")
    assert result.exit_code == 0
    assert "1e3: 0 runs to train, 0 to evaluate" in result.stdout


def test_the_digest_of_a_config_is_the_same_in_any_folder(ran: Path, tmp_path: Path):
    copy = Path(shutil.copytree(ran, tmp_path / "deeper" / "copy"))
    cache = ran.parent / "cache"
    wordrel.run(copy / "configs" / "tiny.yaml", out=tmp_path / "out", jobs=1, cache=cache)
    manifests = [
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (ran / "results" / "1e3", tmp_path / "out")
    ]
    assert manifests[0]["config_digest"] == manifests[1]["config_digest"]
    (copy / "sets" / "pairs.csv").write_text(PAIRS.replace("9", "7"), encoding="utf-8")
    wordrel.run(copy / "configs" / "tiny.yaml", out=tmp_path / "out", jobs=1, cache=cache)
    changed = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert changed["config_digest"] != manifests[0]["config_digest"]


def test_results_that_moved_say_which_text_is_missing_and_run_with_its_new_place(
    ran: Path, tmp_path: Path
):
    moved = Path(shutil.copytree(ran / "results" / "1e3", tmp_path / "a" / "b" / "moved"))
    digest = read_results(moved).manifest["corpora"][0]["digest"]
    result = call("run", moved / "config.yaml", "--plan")
    looked = moved / "../../texts/text.txt"
    assert result.exit_code == 2
    assert "corpora.0.source: found '../../texts/text.txt', where nothing is" in result.stderr
    assert f"looked for {looked}" in result.stderr
    assert f"corpus text has digest {digest}: give corpora.0.source=PATH" in result.stderr
    again = call("reproduce", moved, "--jobs", 1)
    assert again.exit_code == 2
    assert f"corpus text has digest {digest}: give corpora.0.source=PATH" in again.stderr
    places = [f"corpora.0.source={ran / 'texts' / 'text.txt'}"]
    places += [f"tasks.0.path={ran / 'sets' / 'pairs.csv'}"]
    found = call("reproduce", moved, *places, "--jobs", 1)
    assert found.exit_code == 0
    assert found.stdout.endswith(f"{moved}: identical\n")


def test_a_reproduction_changes_nothing_but_places(ran: Path):
    result = call("reproduce", ran / "results" / "1e3", "training.dim=3")
    assert result.exit_code == 2
    assert "override 'training.dim=3': expected corpora.N.source=PATH or tasks.N.path" in (
        result.stderr
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_new_study_of_any_legal_name_loads_again(tmp_path: Path, name: str):
    source = tmp_path / "t.txt"
    source.write_text(text(40), encoding="utf-8")
    result = call("new", name, "--corpus", source, "--out", tmp_path / "x" / f"{name}.yaml")
    assert result.exit_code == 0, result.stderr
    config = load_config(tmp_path / "x" / f"{name}.yaml")
    assert (config.study, config.corpora[0].name) == (name, name)


@pytest.mark.parametrize("name", ["t.txt", "a ${x}.txt", "😀 \x85\x7f\u2028.txt", "'\" # : - .txt"])
def test_a_new_config_holds_a_path_that_starts_at_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / name).write_text(text(40), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    out = Path("configs", "mine.yaml")
    written, _ = write_config("mine", f"texts/{name}", out, cache=tmp_path / "cache")
    config = load_config(out)
    assert config == written
    assert Path(config.corpora[0].source).samefile(tmp_path / "texts" / name)
    held = read_stored(out.read_text(encoding="utf-8"))
    assert held["corpora"][0]["source"] == f"../texts/{name}"
    shutil.move(tmp_path / "configs", tmp_path / "texts")
    with pytest.raises(ConfigError, match="where nothing is"):
        load_config(tmp_path / "texts" / "configs" / "mine.yaml")


def reads_back(config: StudyConfig, folder: Path) -> bool:
    path = folder / "config.yaml"
    path.write_bytes(stored_text(config, folder).encode())
    return (
        load_config(path) == config
        and parse_config(read_stored(path.read_bytes().decode()), folder=folder) == config
    )


names = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,59}", fullmatch=True) | st.from_regex(
    r"[0-9]{1,3}[e._x-]?[0-9]{0,3}", fullmatch=True
)
notes = st.text() | st.text(alphabet="\\${}ab: #-'\"\n\t\r 0\x85\u2028\ufeff", max_size=30)


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(study=names, corpus=names, model=names, said=st.lists(notes, max_size=4))
def test_every_legal_name_and_note_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, study: str, corpus: str, model: str, said: list[str]
):
    folder = tmp_path_factory.getbasetemp()
    config = parse_config(
        small(
            study=study,
            corpora=[{"source": "novels", "name": corpus}],
            models=[{"kind": "random", "name": model}],
            notes=said,
        )
    )
    assert reads_back(config, folder)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_look_like_something_else_read_back(tmp_path: Path, name: str):
    assert reads_back(parse_config(small(study=name, notes=[name])), tmp_path)


def test_the_committed_configs_are_written_as_they_stand():
    root = Path(__file__).parent.parent
    for folder in sorted(p.parent for p in (root / "results").glob("*/config.yaml")):
        stored = (folder / "config.yaml").read_text(encoding="utf-8")
        assert read_stored(stored) == yaml.safe_load(stored)
    for path in sorted((root / "configs").glob("*.yaml")):
        relative = os.path.relpath(path)
        data = yaml.safe_load(path.read_text("utf-8"))
        if data.get("tuned"):  # read by its path; every other path stays as it is written
            data["tuned"] = [path.parent / tuned for tuned in np.atleast_1d(data["tuned"])]
        assert load_config(relative) == parse_config(data)
