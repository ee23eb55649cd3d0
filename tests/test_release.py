"""A release: what the wheel holds, that it works outside the repository, and packed models."""

import hashlib
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from benchmarks.release import (
    MAIN,
    SUMS,
    build,
    environment,
    pack_main,
    pack_models,
    try_wheel,
    write_sums,
)

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "wordrel"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    tracked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src/wordrel"]
    listed = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    inside = {f"wordrel/{Path(n).relative_to('src/wordrel')}" for n in listed.splitlines()}
    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    assert names == {name for name in inside if (ROOT / "src" / name).exists()}
    for kind in (".yaml", ".j2", ".js", ".css", ".html", ".txt"):
        assert any(name.endswith(kind) for name in names)
    assert wheel.name == f"wordrel-{VERSION}-py3-none-any.whl"


def test_the_sdist_builds_without_the_studies(wheel: Path) -> None:
    (sdist,) = wheel.parent.glob("*.tar.gz")
    top = f"wordrel-{VERSION}"
    with tarfile.open(sdist) as tar:
        names = {name.removeprefix(f"{top}/") for name in tar.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"} <= names
    assert not any(name.startswith(("results", "tests", "configs")) for name in names)
    assert sdist.stat().st_size < 3_000_000


def test_the_sums_are_those_of_sha256sum(wheel: Path) -> None:
    sums = write_sums(wheel.parent)
    assert sums.name == SUMS
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=wheel.parent, check=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert f"{digest}  {wheel.name}\n" in sums.read_text()


def test_the_models_of_a_study_are_packed_with_their_digests(tiny: Path, tmp_path: Path) -> None:
    archive = pack_models(tiny / "out", tmp_path)
    first = archive.read_bytes()
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "there", filter="data")
    folder = tmp_path / "there" / "out"
    models = {path.name for path in folder.iterdir() if path.is_dir()}
    assert {"text-skip_gram-seed1", "text-attention-seed2"} <= models
    for name in models:
        held = {path.name for path in (folder / name).iterdir()}
        assert {"model.safetensors", "tokenizer.json", "README.md", "LICENSE"} <= held
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=folder, check=True)
    assert pack_models(tiny / "out", tmp_path).read_bytes() == first  # the same models, same bytes


def test_where_the_cache_lacks_the_models_of_the_main_study_none_are_packed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (ROOT / MAIN / "manifest.json").is_file()
    (tmp_path / "models-out.tar").write_bytes(b"of an older release")
    with monkeypatch.context() as changed:
        changed.setenv("WORDREL_CACHE", str(tmp_path / "empty"))
        packed = pack_main(tiny / "out", tmp_path)
    assert packed.startswith("no models packed: the cache lacks them (")
    assert not [*tmp_path.glob("*.tar")]
    assert pack_main(tiny / "out", tmp_path) == str(tmp_path / "models-out.tar")


@pytest.mark.slow
def test_the_wheel_works_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    try_wheel(environment(tmp_path / "venv", wheel), tmp_path / "elsewhere")


@pytest.mark.slow
def test_a_wheel_that_lacks_a_template_is_refused(wheel: Path, tmp_path: Path) -> None:
    poor = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(poor, "w") as lacking:
        for name in whole.namelist():
            if not name.endswith(("page.html.j2", "RECORD")):
                lacking.writestr(name, whole.read(name))
            elif name.endswith("RECORD"):
                lines = whole.read(name).decode().splitlines(keepends=True)
                lacking.writestr(name, "".join(n for n in lines if "page.html.j2" not in n))
    with pytest.raises(SystemExit, match=r"ended with \d"):
        try_wheel(environment(tmp_path / "venv", poor), tmp_path / "elsewhere")


def test_the_workflow_runs_parts_that_the_script_has() -> None:
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(text)["jobs"]["python"]["strategy"]["matrix"]
    supported = f">={matrix['python'][0]},<3.{int(matrix['python'][-1][2:]) + 1}"
    assert f'requires-python = "{supported}"' in (ROOT / "pyproject.toml").read_text()
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for part in matrix["part"]:
        assert f'$wanted == *" {part} "*' in script
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)
    assert sys.version_info[:2] in {tuple(map(int, one.split("."))) for one in matrix["python"]}
