"""Fixtures that several test modules share; one thread for every test."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch and BLAS are loaded
os.environ.pop("COLUMNS", None)  # the width of the terminal is not that of a table

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The report in XML names the library that a test tries."""
    for item in items:
        if mark := item.get_closest_marker("interop"):
            item.user_properties.append(("library", mark.args[0]))


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
