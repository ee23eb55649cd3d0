"""Fixtures that several test modules share; one thread for every test."""

import gc
import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch and BLAS are loaded
os.environ.pop("COLUMNS", None)  # the width of the terminal is not that of a table

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
import torch
from typer.testing import CliRunner, Result

from planted import SMALL_PLAN, Plan, planted_corpus
from tiny_study import write_study
from wordrel.cli import app
from wordrel.corpus import Corpus

torch.set_num_threads(1)
hypothesis.settings.register_profile(
    "busy",  # a busy machine is no fault of the code
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("busy")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With WORDREL_DATA set, a skipped test counts as failed.

    Those that need packages beyond `dev` run in an environment that has them.
    """
    report = yield
    if report.skipped and "WORDREL_DATA" in os.environ and "interop" not in item.keywords:
        report.outcome = "failed"
    return report


LONG = (
    *("reliability", "matched_truth", "release", "sources", "annotated_answer", "models_counted"),
    *("simulation", "execute_dask", "study", "tour", "tune", "cli", "cli_table", "special_files"),
    *("damage", "checkpoints", "models", "execute", "store", "unpickling", "api"),
)
"""Files of tests that take long, the slow ones first; most others take seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files are handed out first, so that no worker waits for the last one.

    The report in XML says which library a test tries.
    """
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONG)}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (ranks.get(item.path.name, len(LONG)), -tests[item.path]))
    for item in items:
        if mark := item.get_closest_marker("interop"):
            item.user_properties.append(("library", mark.args[0]))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no search for garbage has to look at it again."""
    gc.freeze()


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A language in which partner words share all their contexts."""
    return planted_corpus(Plan(), tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The same, too small to learn from: for tests of form."""
    return planted_corpus(SMALL_PLAN, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def tiny_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the text, pairs and config of the tiny study."""
    folder = tmp_path_factory.mktemp("tiny")
    write_study(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_run(tiny_place: Path) -> Result:
    """The output of `wordrel run` on the tiny study; cache and results lie in `tiny_place`."""
    place = tiny_place
    out, cache = str(place / "out"), str(place / "cache")
    arguments = ["run", str(place / "tiny.yaml"), "--out", out, "--cache", cache, "--jobs", "1"]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


@pytest.fixture
def tiny(tiny_place: Path, tiny_run: Result, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the tiny study after it was run, its cache the one that is used."""
    assert tiny_run.exit_code == 0, tiny_run.output
    monkeypatch.setenv("WORDREL_CACHE", str(tiny_place / "cache"))
    return tiny_place
