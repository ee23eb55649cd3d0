"""Nothing from a file is unpickled: an audit hook hears each command, and no source asks for it."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test_execute_dask import ENVIRONMENT, Hosts
from tiny_study import write_study

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "wordrel").rglob("*.py"))
COMMANDS = {
    "run": "run tiny.yaml --out out --cache cache --jobs 1",
    "report": "report out",
    "export": "export out --model attention --format word2vec --to v.vec --cache cache",
    "explore": "explore out --cache cache",
    "evaluate": "evaluate v.vec --pairs pairs.csv --cache cache",
}
PROGRAM = """
import sys
from typer.testing import CliRunner
from wordrel.cli import app
for line in sys.argv[1:]:
    ended = CliRunner().invoke(app, line.split())
    assert ended.exit_code == 0, ended.output
    open("said", "a").write(line + "\\n")
"""
HANDED = {  # what joblib's workers are handed by the process that started them
    "loky/process_executor.py:__setstate__",
    "loky/process_executor.py:_rebuild_exc",
    "backend/popen_loky_posix.py:<module>",
    "multiprocessing/connection.py:recv",
    "multiprocessing/queues.py:get",
}


def audited(folder: Path, program: str, *arguments: str) -> list[tuple[str, str, str]]:
    """The notes on a program and on all processes that it starts."""
    path = [ROOT / "tests" / "audited", ROOT / "src", ROOT / "tests"]
    notes = folder / "notes"
    subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=os.environ | {"AUDITED": str(notes), "PYTHONPATH": os.pathsep.join(map(str, path))},
        check=True,
    )
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [(event, what, asker) for event, what, asker in (line.split("\t") for line in lines)]


def unpickled(notes: list[tuple[str, str, str]]) -> set[str]:
    return {asker for event, _, asker in notes if event.startswith("pickle.")}


PLANTED = {
    "an array": "np.save('f.npy', np.array([{}])); np.load('f.npy', allow_pickle=True)",
    "a list": "pickle.dump([1], open('f', 'wb')); pickle.load(open('f', 'rb'))",
    "a class": "open('f', 'wb').write(pickle.dumps(Path())); pickle.loads(open('f', 'rb').read())",
    "torch": "import torch; torch.save(Path(), 'f'); torch.load('f', weights_only=False)",
    "joblib": "import joblib; joblib.dump(Path(), 'f'); joblib.load('f')",
}


@pytest.mark.parametrize("what", [what for what in PLANTED if what != "torch"])
def test_the_hook_hears_a_planted_pickle(what: str, tmp_path: Path) -> None:
    imports = "import pickle, numpy as np; from pathlib import Path\n"
    assert unpickled(audited(tmp_path, imports + PLANTED[what]))


def test_no_command_unpickles_anything(tmp_path: Path) -> None:
    """One job, so that no worker is handed anything; torch is planted last, where it is loaded."""
    write_study(tmp_path, seeds=[1])
    planted = f"from pathlib import Path; {PLANTED['torch']}"
    before = "found = open('notes').read() if __import__('os').path.exists('notes') else ''\n"
    check = "assert 'pickle' not in found, found\n"
    notes = audited(tmp_path, PROGRAM + before + check + planted, *COMMANDS.values())
    assert (tmp_path / "said").read_text().splitlines() == [*COMMANDS.values()]
    assert any("torch/serialization.py" in asker for asker in unpickled(notes))
    assert not [note for note in notes if note[0] == "socket.connect"]


@pytest.mark.slow
def test_workers_unpickle_what_their_own_run_hands_them_and_nothing_else(tmp_path: Path) -> None:
    write_study(tmp_path, seeds=[1])
    notes = audited(tmp_path, PROGRAM, COMMANDS["run"].replace("--jobs 1", "--jobs 2"))
    assert unpickled(notes) and unpickled(notes) <= HANDED


ALLOWED = ("protocol/", "distributed/", "dask/tokenize.py", "multiprocessing/spawn.py")
"""Folders of distributed; dask, which reads what it has pickled itself to name it; and a worker,
which reads from a pipe what the process that starts it hands over."""
OWN_ADDRESS = "('8.8.8.8', 80)"
"""How Dask asks for the address of this machine: it sends nothing there."""


@pytest.mark.slow
def test_a_dask_run_calls_the_given_scheduler_alone_and_unpickles_what_comes_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path, seeds=[1])
    path = os.pathsep.join([str(ROOT / "tests" / "audited"), ENVIRONMENT["PYTHONPATH"]])
    monkeypatch.setitem(ENVIRONMENT, "PYTHONPATH", path)
    monkeypatch.setitem(ENVIRONMENT, "AUDITED", str(tmp_path / "workers"))
    (tmp_path / "hosts").mkdir()
    hosts = Hosts(tmp_path / "hosts")
    try:
        hosts.start_workers()
        host, _, port = json.loads(hosts.file.read_text())["address"].rpartition(":")
        line = f"run tiny.yaml --out out --cache cache --scheduler-file {hosts.file}"
        notes = audited(tmp_path, PROGRAM, line)
    finally:
        hosts.close()
    called = {what for event, what, _ in notes if event == "socket.connect"}
    scheduler = f"('{host.removeprefix('tcp://')}', {port})"
    assert {what for what in called if what[0] == "("} - {OWN_ADDRESS} == {scheduler}
    there = [line.split("\t") for line in (tmp_path / "workers").read_text().splitlines()]
    for askers in (unpickled(notes), {one[2] for one in there if one[0].startswith("pickle.")}):
        assert askers
        assert {a for a in askers - HANDED if not a.startswith(ALLOWED)} == set()


UNPICKLING = {
    **dict.fromkeys(("pickle", "cloudpickle", "dill", "marshal"), ("load", "loads", "Unpickler")),
    "shelve": ("open",),
    **dict.fromkeys(("torch", "joblib", "np", "numpy"), ("load",)),
    "pd": ("read_pickle", "read_hdf"),
    "yaml": ("load", "load_all", "unsafe_load", "full_load"),
}  # fmt: skip


def asked(tree: ast.AST) -> list[str]:
    """The calls in a source that could unpickle, or build objects of any class."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
            found += [f"import {n}" for n in names if n in ("pickle", "shelve", "marshal", "dill")]
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        module, name = ast.unparse(node.func.value), node.func.attr
        safe = given.get("allow_pickle") == "False" or "SafeLoader" in ast.unparse(node)
        if name in UNPICKLING.get(module, ()) and not safe:
            found.append(f"{module}.{name}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "np.load(p)",
        "np.load(p, allow_pickle=True)",
        "torch.load(p)",
        "yaml.load(t)",
    ],
)
def test_the_look_finds_a_planted_call(source: str) -> None:
    assert asked(ast.parse(source))


def test_no_source_asks_for_a_pickle() -> None:
    found = {p.name: asked(ast.parse(p.read_text(encoding="utf-8"))) for p in SOURCES}
    assert len(SOURCES) > 150
    assert {name: calls for name, calls in found.items() if calls} == {}
