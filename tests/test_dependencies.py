"""What is declared, pinned, locked and justified is the same set of packages."""

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.dependencies import PAGE, installed_with, licence, licence_rows, megabytes

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = PROJECT["project"]["dependencies"]
DEV = [*RUN, *PROJECT["project"]["optional-dependencies"]["dev"]]
BUILD = PROJECT["build-system"]["requires"]
LOCKS = {"requirements.lock": RUN, "requirements-dev.lock": DEV}
BESIDE_THE_LOCKS = {
    "torch",
    "sympy",
    "mpmath",
    "networkx",
    "uv",
}  # torch, what it needs; `make lock`


def named(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def pins(name: str) -> dict[str, str]:
    """Package to version; each pin is exact."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and line[0] not in "# "]
    assert all("==" in line for line in pinned)
    return {named(line): re.split(r"==| ", line)[1] for line in pinned}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_every_dependency_but_torch_in_the_version_that_is_tested(name: str):
    locked, constraints = pins(name), pins("constraints.txt")
    assert {named(r) for r in [*LOCKS[name], *BUILD]} - set(locked) == {"torch"}
    assert locked == {package: constraints.get(package) for package in locked}


def test_the_constraints_pin_nothing_that_is_not_used():
    assert set(pins("constraints.txt")) - set(pins("requirements-dev.lock")) == BESIDE_THE_LOCKS
    assert set(pins("requirements.lock")) <= set(pins("requirements-dev.lock"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_digests_for_every_package_and_names_no_host(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    for package in text.replace("\\\n", "").splitlines():
        assert re.fullmatch(r"\S+==\S+( ; [^;]+)?(\s+--hash=sha256:[0-9a-f]{64})+", package.strip())
    assert not re.search(r"://|index|find-links|trusted", text)


def test_each_dependency_is_justified_once():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \| \d+ \|[^|]*\| \S.* \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted(map(named, RUN))


def test_all_together_stay_below_the_size_that_is_allowed():
    found = re.search(r"([\d,]+) MB together, of ([\d,]+)", PAGE.read_text(encoding="utf-8"))
    assert found
    total, allowed = (int(number.replace(",", "")) for number in found.groups())
    assert total <= allowed == 1750
    assert 0 < megabytes(["numpy"]) < megabytes(installed_with(["pandas"])) < total


def test_a_package_is_counted_with_all_that_it_needs():
    assert installed_with(["pandas"]) == {"pandas", "numpy", "python-dateutil", "tzdata"}


def test_the_licence_of_every_package_of_a_run_is_listed():
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("| Licence | Packages |")[2].partition("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.strip().splitlines()[1:]]
    listed = {name: key for key, names in rows for name in names.split(", ")}
    installed = installed_with(map(named, RUN))
    assert set(listed) == installed
    assert listed == {name: licence(name) for name in installed}
    assert licence_rows(installed) in text
    assert listed["gensim"] == "LGPL-2.1-only" and listed["certifi"] == "MPL-2.0"
