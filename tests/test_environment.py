"""What a manifest says of the machine, against independent sources."""

import platform
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from wordrel.io import environment as module
from wordrel.io.environment import environment, git_state, peak_memory


def test_the_environment_states_this_machine():
    found = environment()
    assert list(found) == ["python", "platform", "cpu", "cores", "memory_gb", "packages"]
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["platform"].split() == [platform.system(), platform.release(), platform.machine()]
    assert found["packages"]["numpy"] == np.__version__
    assert found["packages"]["gensim"] == version("gensim")
    if sys.platform == "linux":
        nproc = subprocess.run(["nproc"], env={}, capture_output=True, text=True, check=True)
        assert found["cores"] == int(nproc.stdout)
        kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
        assert found["memory_gb"] == pytest.approx(kilobytes * 1024 / 1e9, rel=0.02, abs=0.1)
        models = [x for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x]
        assert all(line.endswith(f": {found['cpu']}") for line in models)
    assert found["cpu"]


def test_the_environment_names_no_host_user_or_folder(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "secret-host")
    monkeypatch.setattr(socket, "gethostname", lambda: "secret-host")
    for name in ("USER", "LOGNAME", "HOME", "HOSTNAME"):
        monkeypatch.setenv(name, "secret-user")
    text = repr(environment())
    assert "secret" not in text
    assert "/" not in text


def test_a_package_that_is_not_there_has_no_version(monkeypatch):
    monkeypatch.setattr(module, "PACKAGES", ("numpy", "no-such-package"))
    assert environment()["packages"] == {"numpy": np.__version__, "no-such-package": None}


# git_state --------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def source(tmp_path):
    """A checkout with one commit of the package's source."""
    folder = tmp_path / "src" / "package"
    folder.mkdir(parents=True)
    (folder / "code.py").write_text("1\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return folder


def test_a_clean_checkout_is_its_commit(source):
    assert git_state(source) == (git(source, "rev-parse", "HEAD"), False)


@pytest.mark.parametrize("name", ["code.py", "new.py"])
def test_a_changed_or_a_new_source_file_is_dirty(source, name):
    (source / name).write_text("2\n")
    assert git_state(source) == (git(source, "rev-parse", "HEAD"), True)


def test_a_result_beside_the_source_is_not_dirt(source):
    (source.parents[1] / "results.csv").write_text("2\n")
    assert git_state(source)[1] is False


def test_a_package_installed_inside_somebody_elses_repository_has_no_commit(source):
    installed = source.parents[1] / ".venv" / "package"
    installed.mkdir(parents=True)
    (installed / "code.py").write_text("1\n")
    assert git_state(installed) == (None, False)


def test_no_repository_no_commit_and_no_git_are_no_state(tmp_path, monkeypatch):
    (tmp_path / "code.py").write_text("1\n")
    assert git_state(tmp_path) == (None, False)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    assert git_state(tmp_path) == (None, False)  # nothing committed yet
    git(tmp_path, "commit", "--quiet", "-m", "one")
    assert git_state(tmp_path)[0] is not None
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert git_state(tmp_path) == (None, False)


def test_a_hook_of_another_repository_does_not_mislead(source, tmp_path, monkeypatch):
    commit = git(source, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git_state(source) == (commit, False)


# peak_memory ------------------------------------------------------------------------------------

MEGABYTE = 10**6


def touch(megabytes: int) -> None:
    np.ones(megabytes * MEGABYTE, dtype=np.uint8)


IN_TURN = """
import numpy as np
from wordrel.io.environment import peak_memory

for megabytes in (0, 200, 50):
    with peak_memory() as peak:
        np.ones(megabytes * 10**6, dtype=np.uint8)
    print(peak.how, peak.megabytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can count anew")
def test_the_peak_is_of_the_block_and_not_of_an_earlier_one():
    # In a process of its own: what other tests left may be freed within a block, before its peak.
    said = subprocess.check_output([sys.executable, "-c", IN_TURN], text=True)
    (how, nothing), *others = map(str.split, said.splitlines())
    assert [how, *(other for other, _ in others)] == ["block"] * 3
    large, small = (float(megabytes) - float(nothing) for _, megabytes in others)
    assert large == pytest.approx(200, abs=12)
    assert small == pytest.approx(50, abs=12)


def test_the_peak_is_known_when_the_block_fails():
    peaks = []
    with pytest.raises(RuntimeError), peak_memory() as peak:
        peaks.append(peak)
        raise RuntimeError
    assert peaks[0].megabytes > 20


def test_where_the_system_cannot_count_anew_the_peak_is_the_process_and_says_so(monkeypatch):
    monkeypatch.setattr(module, "_reset_peak", lambda: False)
    with peak_memory() as large:
        touch(200)
    with peak_memory() as small:
        pass
    assert small.how == "process"
    assert small.megabytes >= large.megabytes > 200


def test_a_system_without_clear_refs_is_not_an_error(monkeypatch):
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError

    monkeypatch.setattr(Path, "write_text", refuse)
    with peak_memory() as peak:
        pass
    assert peak.how == "process"
