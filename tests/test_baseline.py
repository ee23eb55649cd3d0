"""The script that keeps what the commands write, and finds what has changed in it."""

import lzma
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import baseline

SCRIPT = Path(__file__).with_name("baseline.py")
SUMMARY = "corpus,model,score\nwiki,cbow,0.25\nwiki,attention,0.5\n"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with a file of each kind that is compared."""
    files = {
        "quickstart/summary.csv": SUMMARY,
        "quickstart/runs.csv": "model,seed,seconds\ncbow,1,2.5\n",
        "report/quickstart/report.md": "# Quickstart\n\n![a figure](figures/a.svg)\n\n| a |\n",
        "report/quickstart/report.html": "<table><tr><th>a</th><td>1 <b>2</b></td></tr></table>",
        "explore.html": '<script>window.wordrelData = [{"words": ["a", "b"]}];</script>',
        "compare.txt": "0 of 98 moved\n",
    }
    for name, text in files.items():
        path = tmp_path / "kept" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    vectors = tmp_path / "kept/export/cbow/vec.safetensors"
    vectors.parent.mkdir(parents=True)
    save_file({"embedding.weight": np.eye(2, dtype=np.float32)}, vectors)
    return tmp_path / "kept"


Compare = Callable[[Path, Path], tuple[int, str]]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """The exit status of a comparison and what it prints."""

    def compare(first: Path, second: Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), "compare", str(first), str(second)])
        return baseline.main(), capsys.readouterr().out

    return compare


def again(kept: Path, change: Callable[[Path], object]) -> Path:
    other = kept.with_name("other")
    shutil.copytree(kept, other)
    change(other)
    return other


def put(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def compress(folder: Path) -> None:
    path = folder / "quickstart/summary.csv"
    path.with_name("summary.csv.xz").write_bytes(lzma.compress(path.read_bytes()))
    path.unlink()


SAME = {
    "nothing": lambda folder: None,
    "a compressed table": compress,
    "another clock": put("quickstart/runs.csv", "model,seed,seconds\ncbow,1,99\n"),
    "a figure drawn elsewhere": put(
        "report/quickstart/report.md", "# Quickstart\n\n![drawn](b.svg)\n\n| a |\n"
    ),
    "other markup": put(
        "report/quickstart/report.html", "<table><tr><td>a</td><td>1 2</td></tr></table>"
    ),
}
OTHER = {
    "quickstart/summary.csv": put("quickstart/summary.csv", SUMMARY.replace("0.25", "0.26")),
    "quickstart/runs.csv": put("quickstart/runs.csv", "model,seed,seconds\ncbow,2,2.5\n"),
    "report/quickstart/report.md": put("report/quickstart/report.md", "# Quickstart\n\n| b |\n"),
    "report/quickstart/report.html": put(
        "report/quickstart/report.html", "<table><tr><td>a</td><td>1 3</td></tr></table>"
    ),
    "explore.html": put(
        "explore.html", '<script>window.wordrelData = [{"words": ["a"]}];</script>'
    ),
    "compare.txt": lambda folder: (folder / "compare.txt").unlink(),
    "export/cbow/vec.safetensors": lambda folder: save_file(
        {"embedding.weight": np.ones((2, 2), dtype=np.float32)},
        folder / "export/cbow/vec.safetensors",
    ),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_contents_are_identical(
    kept: Path, compared: Compare, change: Callable[[Path], object]
) -> None:
    assert compared(kept, again(kept, change)) == (0, "identical: 7 files\n")


@pytest.mark.parametrize(("name", "change"), OTHER.items(), ids=OTHER)
def test_other_contents_are_named(
    kept: Path, compared: Compare, name: str, change: Callable[[Path], object]
) -> None:
    status, printed = compared(kept, again(kept, change))
    assert status == 1
    assert printed.startswith(f"{name}: ")


def test_an_empty_folder_is_no_proof(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    command = [sys.executable, SCRIPT, "compare", tmp_path / "empty", tmp_path / "empty"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "found nothing to compare" in ended.stdout
