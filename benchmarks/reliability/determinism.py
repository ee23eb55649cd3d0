"""What must not change a table: jobs, a cluster, hash seed, locale, time zone, order, folder.

Each try is a new interpreter: a hash seed and a locale hold from its start on. The tables are
compared byte for byte with those of one plain run; where the models stand in another order, row by
row, and a row about two models counts in either direction.
"""

import csv
import io
import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.reliability import cluster
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.material import Bench
from benchmarks.reliability.network import Network, network
from benchmarks.reliability.record import OK, Try, cleaned

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "import locale; locale.setlocale(locale.LC_ALL, '');from wordrel.cli import main; main()"
_LOCALES = {"de_DE.UTF-8": "de_DE", "tr_TR.UTF-8": "tr_TR"}
_COSTS = ("seconds", "tokens_per_second", "peak_memory_mb")


@dataclass(frozen=True)
class Change:
    """What is other than in the plain run.

    Attributes:
        environment: variables.
        jobs: trained runs at a time.
        reverse: whether the models stand in the opposite order.
        folder: the name of the study's folder.
        dask: whether a cluster trains.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1
    reverse: bool = False
    folder: str = "p"
    dask: bool = False


CHANGES = {
    "two jobs": Change(jobs=2),
    "a Dask cluster": Change(dask=True),
    "hash seed 1": Change({"PYTHONHASHSEED": "1"}),
    "hash seed 4242": Change({"PYTHONHASHSEED": "4242"}),
    "locale C": Change({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "locale de_DE": Change({"LC_ALL": "de_DE.UTF-8"}),
    "locale tr_TR": Change({"LC_ALL": "tr_TR.UTF-8"}),
    "time zone": Change({"TZ": "Pacific/Kiritimati"}),
    "order of models": Change(reverse=True),
    "renamed folder": Change(folder="andere straße"),
    "all at once": Change(
        {"PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"},
        jobs=2,
        folder="İ ${a} [b]",
    ),
}


def attempt(bench: Bench, number: int) -> Try:
    """Run the study under one change, and compare its tables."""
    name = [*CHANGES][number % len(CHANGES)]
    change = CHANGES[name]
    if change.dask and not Network.possible():
        return Try(number, name, "not run", "network namespaces need root and `ip`")
    own = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    environment = os.environ | change.environment | own
    if wanted := change.environment.get("LC_ALL"):
        environment |= _made_locale(bench.root, wanted)
    with bench.place("empty") as first:
        place = first.rename(first.parent / change.folder)
        if change.reverse:
            _reverse(place / "study.yaml")
        status, stderr = _run(bench, place, change, environment)
        if status:
            return Try(number, name, f"status {status}", cleaned(stderr[-300:]))
        other = differences(bench.root / "done" / "p" / "out", place / "out", change.reverse)
    return Try(number, name, "other tables" if other else f"{OK}: same tables", cleaned(other))


def _run(
    bench: Bench, place: Path, change: Change, environment: Mapping[str, str]
) -> tuple[int, str]:
    if change.dask:
        with network() as net:
            child = cluster.run_on(bench, net, place)
            return child.wait(), child.stderr
    argv = ("run", "study.yaml", "--out", "out", "--cache", "cache", "--jobs", str(change.jobs))
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *argv],
        cwd=place,
        env=environment,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stderr.decode("utf-8", "replace")


def _made_locale(root: Path, name: str) -> dict[str, str]:
    """The variable that leads to a locale; it is made where the system lacks it.

    Raises:
        RuntimeError: it can be neither found nor made: a try without it would show nothing.
    """
    if name not in _LOCALES:
        return {}
    folder = root / "locales"
    folder.mkdir(exist_ok=True)
    if not (folder / name).exists():
        if shutil.which("localedef") is None:
            raise RuntimeError(f"found no localedef, by which {name} is made")
        made = ["localedef", "-i", _LOCALES[name], "-f", "UTF-8", str(folder / name)]
        subprocess.run(made, check=True, capture_output=True)
    return {"LOCPATH": str(folder)}


def _reverse(path: Path) -> None:
    study = yaml.safe_load(path.read_text(encoding="utf-8"))
    study["models"].reverse()
    path.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")


def differences(wanted: Path, actual: Path, reverse: bool = False) -> str:
    """The tables that are not the same, by name; empty where all are.

    Args:
        wanted: a results folder.
        actual: another.
        reverse: whether order of rows and direction of pairs may differ.
    """
    names = sorted(p.name for p in wanted.glob("*.csv*"))
    if names != sorted(p.name for p in actual.glob("*.csv*")):
        return "other tables"
    return ", ".join(
        name for name in names if _table(wanted / name, reverse) != _table(actual / name, reverse)
    )


def _table(path: Path, reverse: bool) -> object:
    """The text of a table, costs left out; or its rows in an order of their own."""
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode()
    if path.name != "runs.csv" and not reverse:
        return text
    rows = [*csv.DictReader(io.StringIO(text))]
    rows = [{k: v for k, v in row.items() if k not in _COSTS} for row in rows]
    return sorted(sorted(_one_way(row).items()) for row in rows) if reverse else rows


def _one_way(row: dict[str, str]) -> dict[str, str]:
    """A row about two models as if the first of them by name came first."""
    if row.get("model_a", "") <= row.get("model_b", ""):
        return row
    turned = {}
    for key, value in row.items():
        end = {"_a": "_b", "_b": "_a"}.get(key[-2:], "")
        turned[key] = row[key[:-2] + end] if end else value
    if "difference" in row:
        turned["difference"] = _negative(row["difference"])
        turned["low"], turned["high"] = _negative(row["high"]), _negative(row["low"])
    return turned


def _negative(number: str) -> str:
    return number if not float(number or 0) else number[1:] if number[0] == "-" else f"-{number}"


DETERMINISM = Harness(
    "determinism",
    "The same tables everywhere",
    "The study runs again with other jobs, on a cluster, with another hash seed, locale or time "
    "zone, with its models in another order, and in another folder. "
    "Its tables are the same, byte for byte.",
    len(CHANGES),
    attempt,
)
