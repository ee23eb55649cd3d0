"""Where a study runs: the command line and the user's environment say so, and no config does."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from wordrel.cli import app


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
    return path


@pytest.mark.parametrize("command", ["reproduce", "run"])
def test_a_config_of_a_stranger_cannot_choose_who_sends_code_here(
    command: str, tiny_run: Result, tiny_place: Path, stranger: Listener, tmp_path: Path
) -> None:
    assert tiny_run.exit_code == 0
    folder = shutil.copytree(tiny_place / "out", tmp_path / "theirs")
    path = with_execute(folder, {"engine": "dask", "address": stranger.address})
    if command == "reproduce":
        result = call("reproduce", folder)
    else:
        result = call("run", path, "--cache", tmp_path / "cache", "--out", tmp_path / "out")
    assert stranger.connections == 0
    assert result.exit_code == 2
    problems = result.stderr.splitlines()
    assert len(problems) == 2
    assert "execute.engine: found 'dask'" in problems[0]
    assert f"execute.address: found '{stranger.address}'" in problems[1]
    assert all("--dask ADDRESS" in problem for problem in problems)
