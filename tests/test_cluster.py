"""Where a study runs: the command line and the user's environment say so, and no config does."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from tiny_study import settings, unsealed, write_config
from wordrel.cli import app
from wordrel.config import load_config, parse_config
from wordrel.config.names import SCHEMA, config_now
from wordrel.errors import ConfigError
from wordrel.jobs import Cluster, cluster_of
from wordrel.jobs.dask import DaskEngine
from wordrel.study import run as study
from wordrel.study.budget import estimate

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _no_cluster_of_whoever_runs_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORDREL_DASK", "WORDREL_SCHEDULER_FILE"):
        monkeypatch.delenv(name, raising=False)


class Listener:
    """Counts who connects to a port of this machine, and says nothing to them."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self.address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        self.connections = 0

    def count(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # the test has ended and closed it
                return
            self.connections += 1
            connection.close()


@contextmanager
def listening() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server)
        thread = threading.Thread(target=listener.count)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)  # wakes accept, which close alone does not
            thread.join()


@pytest.fixture
def stranger() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def with_execute(folder: Path, execute: dict[str, object]) -> Path:
    """Change the stored config of a results folder; returns the path of the config."""
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**config, "execute": execute}), encoding="utf-8")
    unsealed(folder)  # a stranger writes his own digests
    return path


@pytest.mark.parametrize("command", ["reproduce", "run"])
def test_a_config_of_a_stranger_cannot_choose_who_sends_code_here(
    command: str, tiny_run: Result, tiny_place: Path, stranger: Listener, tmp_path: Path
) -> None:
    assert tiny_run.exit_code == 0
    folder = shutil.copytree(tiny_place / "out", tmp_path / "theirs")
    for name in ("text.txt", "pairs.csv"):  # the config is right but for its cluster
        shutil.copy(tiny_place / name, tmp_path)
    path = with_execute(folder, {"engine": "dask", "address": stranger.address})
    if command == "reproduce":
        result = call("reproduce", folder)
    else:
        result = call("run", path, "--cache", tmp_path / "cache", "--out", tmp_path / "out")
    assert stranger.connections == 0
    assert result.exit_code == 2
    address, engine = sorted(result.stderr.splitlines()[-2:], key=lambda line: "engine" in line)
    assert f"execute.address: found '{stranger.address}'" in address
    assert "give --dask ADDRESS on the command line" in address
    assert "execute.engine: found 'dask'" in engine
    assert "give --dask ADDRESS or --scheduler-file FILE on the command line" in engine


# What configs may not say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "flag"),
    [
        ("engine", "dask", "--dask ADDRESS or --scheduler-file FILE"),
        ("address", "tcp://a:1", "--dask ADDRESS"),
        ("scheduler_file", "b.json", "--scheduler-file FILE"),
    ],
)
def test_a_config_that_names_a_cluster_is_refused_with_the_flag_to_use(
    key: str, value: str, flag: str, tiny_place: Path, tmp_path: Path
) -> None:
    text = f"found {value!r}, but no config says on which machines a study runs; remove it, and "
    expected = f"execute.{key}: {text}give {flag} on the command line"
    path = write_config(tmp_path, execute={"jobs": 0, key: value})
    path.write_text(path.read_text().replace(str(tmp_path), str(tiny_place)), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    jobs, place = caught.value.problems  # what else is wrong is named at once
    assert jobs.endswith("execute.jobs: found 0, expected at least 1")
    assert place.endswith(expected)
    with pytest.raises(ConfigError) as caught:
        load_config(tiny_place / "tiny.yaml", [f"execute.{key}={value}"])
    (problem,) = caught.value.problems
    assert problem.endswith(f"override 'execute.{key}={value}': {expected}")


def test_what_first_edition_configs_say_of_this_machine_is_read_and_dropped() -> None:
    local = {"engine": "local", "address": None, "scheduler_file": None}
    old = parse_config(settings(Path(), execute={"jobs": 3, "device": "cpu", **local}))
    assert old == parse_config(settings(Path(), execute={"jobs": 3, "device": "cpu"}))
    assert old.execute.model_dump() == {"jobs": 3, "device": "cpu"}


@pytest.mark.parametrize(
    "path",
    [p.with_name("config.yaml") for p in sorted(ROOT.glob("results/*/manifest.json"))],
    ids=lambda p: p.parts[-2],
)
def test_every_stored_config_is_still_read(path: Path) -> None:
    stored = yaml.safe_load(path.read_text(encoding="utf-8"))
    if json.loads(path.with_name("manifest.json").read_text()).get("schema", 1) < SCHEMA:
        stored, _ = config_now(stored)
    assert parse_config(stored).study == path.parent.name


def test_a_stored_config_that_is_wrong_elsewhere_says_only_that() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(settings(Path(), execute={"engine": "local", "jobs": "many"}))
    assert caught.value.problems == ["config: execute.jobs: found 'many', expected a whole number"]
    with pytest.raises(ConfigError, match=r"execute: found nothing, expected keys: device, jobs"):
        parse_config(settings(Path(), execute=None))


# What the user says ---------------------------------------------------------------------------


def test_the_command_line_decides_then_the_environment_then_it_is_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert cluster_of(None, None) is None
    assert cluster_of("tcp://a:1", None) == Cluster("tcp://a:1")
    assert cluster_of(None, "b.json") == Cluster(scheduler_file=Path("b.json"))
    with pytest.raises(
        ConfigError, match=r"--dask and --scheduler-file: found both \(tcp://a:1 and"
    ):
        cluster_of("tcp://a:1", "b.json")
    monkeypatch.setenv("WORDREL_SCHEDULER_FILE", "c.json")
    assert cluster_of(None, None) == Cluster(scheduler_file=Path("c.json"))
    assert cluster_of("tcp://a:1", None) == Cluster("tcp://a:1")
    monkeypatch.setenv("WORDREL_DASK", "tcp://d:4")
    assert cluster_of(None, "b.json") == Cluster(scheduler_file=Path("b.json"))
    with pytest.raises(ConfigError, match=r"WORDREL_DASK and WORDREL_SCHEDULER_FILE: found both"):
        cluster_of(None, None)
    monkeypatch.setenv("WORDREL_SCHEDULER_FILE", "")
    assert cluster_of(None, None) == Cluster("tcp://d:4")


@pytest.mark.parametrize("command", ["reproduce", "run"])
def test_both_commands_run_where_the_user_says(
    command: str, tiny_run: Result, tiny_place: Path, tmp_path: Path, monkeypatch
) -> None:
    assert tiny_run.exit_code == 0
    chosen = []

    def stop(cluster: Cluster | None, *_: object, **__: object) -> None:
        chosen.append(cluster)
        raise ConfigError(["the test needs no more"])

    monkeypatch.setattr(study, "engine_of", stop)
    arguments = {
        "reproduce": ["reproduce", tiny_place / "out"],
        "run": ["run", tiny_place / "tiny.yaml", "--out", tmp_path, "--cache", tmp_path],
    }[command]
    for flags in ([], ["--dask", "tcp://a:1"], ["--scheduler-file", "b.json"]):
        assert call(*arguments, *flags).exit_code == 2
    monkeypatch.setenv("WORDREL_DASK", "tls://c:3")
    assert call(*arguments).exit_code == 2
    first, last = Cluster("tcp://a:1"), Cluster("tls://c:3")
    assert chosen == [None, first, Cluster(scheduler_file=Path("b.json")), last]


def test_the_scheduler_that_the_user_names_is_called(tmp_path: Path) -> None:
    with listening() as mine:
        engine = DaskEngine(mine.address, patience=1.0)
        found = f"--dask: found no Dask scheduler at {mine.address}"
        with pytest.raises(ConfigError, match=found), engine.started(tmp_path, []):
            pass
        assert mine.connections > 0


def test_a_plan_for_a_cluster_does_not_count_the_cores_of_this_machine(
    tiny_run: Result, tiny_place: Path
) -> None:
    config, cache = load_config(tiny_place / "tiny.yaml"), tiny_place / "cache"
    assert estimate(config, cache, cluster=Cluster("tcp://a:1")).jobs is None
    assert estimate(config, cache, cluster=Cluster("tcp://a:1"), jobs=3).jobs == 3
    assert estimate(config, cache).jobs == study.usable_cores()
