"""The harnesses on damage, fuzzing, mutants, clusters and determinism find what is planted."""

import csv
import io
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability import cluster, damage, fuzz, fuzz_targets, mutation, tables
from benchmarks.reliability.determinism import differences
from benchmarks.reliability.fuzz_inputs import json_text, safetensors, yaml_text
from benchmarks.reliability.material import Bench
from benchmarks.reliability.mutants import mutants
from benchmarks.reliability.record import OK, Try
from wordrel.errors import DatasetError, StoreError, WordrelError

# Fuzzing ----------------------------------------------------------------------------------------


def _refuse(data: bytes) -> None:
    raise DatasetError("a.csv:1: found x, expected y")


def _crash(data: bytes) -> None:
    raise KeyError(data)


def _hang(data: bytes) -> None:
    while True:
        try:
            sum(range(100))
        except Exception:
            continue


def _grow(data: bytes) -> None:
    raise StoreError("f: cannot be read: MemoryError; cure")


def _allocate(data: bytes) -> None:
    np.empty(1 << 60, np.uint8)


def _say_nothing(data: bytes) -> None:
    raise DatasetError("")


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (_refuse, None),
        (len, None),
        (_crash, "KeyError"),
        (_hang, "slow"),
        (_grow, "memory"),
        (_allocate, "memory"),
        (_say_nothing, "no text"),
    ],
)
def test_a_planted_fault_of_a_reader_is_a_finding(
    read: Callable[[bytes], object], kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    found = fuzz.check(read, b"x")
    assert (found and found[0]) == kind


def test_changed_json_is_json() -> None:
    # One of these seeds once put a value inside itself.
    made = {json_text(b'{"a": [1, 2], "b": {"c": "d"}}', random.Random(n)) for n in range(3000)}
    trees = [json.loads(one) for one in made]
    assert len(trees) > 100 and any(isinstance(tree, dict) for tree in trees)


@pytest.mark.parametrize("name", fuzz_targets.targets())
def test_a_reader_takes_its_first_inputs_and_changed_ones(
    name: str, tiny: Path, tmp_path: Path
) -> None:
    """A few inputs of the fuzzing, the same ones each time."""
    target = fuzz_targets.targets()[name]
    shutil.copytree(tiny / "out", tmp_path / "sound")
    first, rng = fuzz.seeds_of(target, tmp_path), random.Random(name)
    changed = [target.change(rng.choice(first), rng) for _ in range(10 if target.needs else 40)]
    with suppress(WordrelError):
        target.read(first[0], tmp_path)  # imports what it needs, which takes its time
    for data in (*first, *changed):
        assert fuzz.check(lambda data: target.read(data, tmp_path), data) is None, data


def test_a_change_keeps_the_structure_of_a_format() -> None:
    (first,) = fuzz_targets.targets()["safetensors vectors"].seeds()
    changed = [safetensors(first, random.Random(seed)) for seed in range(30)]
    sizes = [int.from_bytes(data[:8], "little") for data in changed]
    whole = [
        d
        for d, size in zip(changed, sizes, strict=True)
        if d[8:9] + d[7 + size : 8 + size] == b"{}"
    ]
    assert len(whole) > 10 and len({*changed}) > 10
    (config,) = fuzz_targets.targets()["config"].seeds()
    changed = [yaml_text(config, random.Random(seed)) for seed in range(30)]
    assert all(b"study" in text or b"models" in text for text in changed)


PLANTED = """
import sys, dataclasses
from pathlib import Path
from benchmarks.reliability import fuzz, fuzz_targets
def read(data, folder):
    from wordrel.tasks.fields import number_of
    if data.startswith(b"a"):
        number_of("no number")
planted = fuzz_targets.Target(read, lambda: (b"b",), lambda d, rng: b"a" + d)
fuzz.targets = lambda: {"planted": planted}
sys.argv = ["fuzz", "--minutes", "0.1", "--out", "out", "--kept", "kept"]
sys.exit(fuzz.main())
"""


@pytest.mark.slow
@pytest.mark.interop("atheris")
def test_the_fuzzer_finds_a_planted_fault(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    path = os.pathsep.join(
        [str(mutation.ROOT), str(mutation.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    )
    done = subprocess.run(
        [sys.executable, "-c", PLANTED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out/fuzz.csv").read_text()))
    (found,) = csv.DictReader(io.StringIO((tmp_path / "out/fuzz_findings.csv").read_text()))
    assert done.returncode == 1 and row["findings"] == "1" and int(row["executions"]) > 10
    assert (found["kind"], found["where"].split(":")[0]) == ("ValueError", "tasks/fields.py")


# Mutants ----------------------------------------------------------------------------------------

SOURCE = '''
X = 1
def f(a: int = 2) -> int:
    """Text."""
    if a < 3 and not a:
        return a + 4
    print("b")
    return None
'''


def test_the_mutants_of_a_source_are_these() -> None:
    found = [(m.line, m.kind, m.after) for m in mutants(SOURCE, "f.py")]
    assert sorted(found) == sorted(
        [
            (3, "constant", "3"),
            (5, "condition", "if not (a < 3 and (not a)):\n    return a + 4"),
            (5, "and, or", "a < 3 or not a"),
            (5, "comparison", "a <= 3"),
            (5, "constant", "4"),
            (5, "sign", "a"),
            (6, "return", "return None"),
            (6, "operator", "a - 4"),
            (6, "constant", "5"),
            (7, "statement", "pass"),
            (7, "text", "'bx'"),
        ]
    )
    texts = {m.source for m in mutants(SOURCE, "f.py")}
    assert len(texts) == 11 and all('"""Text."""' in text and "X = 1" in text for text in texts)


@pytest.mark.slow
def test_a_module_meets_the_tests_that_import_it() -> None:
    assert mutation.tests_of("stats/correlations.py") == ["tests/test_stats_correlations.py"]
    assert mutation.tests_of("io/store.py")[0] == "tests/test_store.py"
    assert all(mutation.tests_of(file) for file in mutation.FILES)


@pytest.mark.slow
def test_a_mutant_is_noticed_and_sound_code_is_not(tmp_path: Path) -> None:
    """In a process of its own, which has not imported the package."""
    program = (
        "from benchmarks.reliability.mutation import *\n"
        "[sys.modules.pop(n) for n in [*sys.modules] if n.split('.')[0] == 'wordrel']\n"
        "work, tests = Path(sys.argv[1]), ['tests/test_stats_correlations.py']\n"
        "(first, *_) = [m for m in sample(ROOT / 'src/wordrel', ['stats/correlations.py'], 999, 0)"
        " if m.kind == 'return']\n"
        "print(judge(None, tests, work)[0], judge(first, tests, work)[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=mutation.ROOT,
        capture_output=True,
        check=True,
    )
    said = (tmp_path / "log").read_text("utf-8")
    assert done.stdout.split() == [b"survived", b"killed"], said


# The report -------------------------------------------------------------------------------------


def stored(path: Path, head: Iterable[str], *rows: tuple[object, ...]) -> None:
    for row in rows:
        fuzz.append(path, head, row)


def test_the_report_says_what_became_of_a_finding_and_whether_the_aim_was_met(
    tmp_path: Path,
) -> None:
    assert tables.fuzzing(tmp_path) == tables.mutants(tmp_path) == ""
    whole = ("config", 1, 60_000, 400, 0, 90, 0, 31.0, "time")
    less = ("WiC", 1, 700, 50, 3, 9, 1, 2.5, "time")
    stored(tmp_path / "fuzz.csv", fuzz.ROW, whole, less, less)
    found = ("WiC", "KeyError", "tasks/readers_text.py:3 wic", "x", "")
    stored(tmp_path / "fuzz_findings.csv", fuzz.FINDING, found, (*found[:2], "a.py:1 f", "y", ""))
    head = ("harness", "pattern", "what", "became")
    stored(tmp_path / "findings.csv", head, ("fuzz", "KeyError .* wic", "a key", "mended"))
    text = tables.fuzzing(tmp_path)
    every = len(fuzz_targets.targets())  # those that were not fuzzed, too
    assert f"Met by 1 of {every} readers" in text and "| WiC | 1,400 | 50 | 3 | 2 | 5.0 |" in text
    assert text.count("| mended |") == text.count("| open |") == 1
    about = ("stats/correlations.py", 7, "sign", "-a", "a")
    row = [(n, *about, outcome, "", 1.0) for n, outcome in enumerate(("killed", "survived"))]
    stored(tmp_path / "mutation.csv", mutation.HEAD, *row, (2, *about, mutation.BROKEN, "", 1.0))
    assert "Judged: 2. A test noticed 1." in tables.mutants(tmp_path)
    assert "| 1 | stats/correlations.py:7 | -a | a | open |" in tables.mutants(tmp_path)
    stored(tmp_path / "survivors.csv", ("number", "became"), (1, "equivalent: a is 0"))
    assert "| a | equivalent: a is 0 |" in tables.mutants(tmp_path)


# Determinism and clusters -----------------------------------------------------------------------


def results(folder: Path, rows: list[str], scores: str = "a\n") -> Path:
    folder.mkdir()
    head = "model_a,model_b,difference,low,high,p"
    (folder / "comparisons.csv").write_text("\n".join([head, *rows, ""]))
    (folder / "runs.csv").write_text(f"model,seconds\nx,{random.random()}\n")
    (folder / "scores.csv.xz").write_bytes(lzma.compress(scores.encode()))
    return folder


def test_another_digit_is_another_table(tmp_path: Path) -> None:
    row = "x,y,0.5,-0.1,0.9,0.04"
    first = results(tmp_path / "1", [row])
    assert differences(first, results(tmp_path / "2", [row])) == ""
    other = results(tmp_path / "3", [row.replace("4", "5")], scores="b\n")
    assert differences(first, other) == "comparisons.csv, scores.csv.xz"
    (other / "scores.csv.xz").unlink()
    assert differences(first, other) == "other tables"


def test_the_order_of_models_turns_rows_and_changes_no_number(tmp_path: Path) -> None:
    first = results(tmp_path / "1", ["x,y,0.5,-0.1,0.9,0.04", "x,z,0,0,1,1"])
    turned = results(tmp_path / "2", ["z,x,0,-1,0,1", "y,x,-0.5,-0.9,0.1,0.04"])
    assert differences(first, turned) == "comparisons.csv"
    assert differences(first, turned, reverse=True) == ""
    wrong = results(tmp_path / "3", ["z,x,0,-1,0,1", "y,x,-0.5,-0.1,0.9,0.04"])
    assert differences(first, wrong, reverse=True) == "comparisons.csv"


@pytest.mark.parametrize(
    ("status", "said", "found", "outcome"),
    [
        (0, "", "0", f"{OK}: same bytes"),
        (0, "", "1", "other results"),
        (1, "error: x", "0", "no named error"),
        (2, "error: x\nTraceback (most recent call last)", "0", "no named error"),
        (-9, "", "0", "no named error"),
    ],
)
def test_the_end_of_a_run_on_a_cluster_is_judged(
    status: int,
    said: str,
    found: str,
    outcome: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = {"out/scores.csv.xz": "0"}
    bench = Bench(tmp_path, 0, snapshots={"run": tables})
    monkeypatch.setattr(Bench, "snapshot", lambda *_: dict.fromkeys(tables, found))
    row = cluster._judged(bench, tmp_path, Try(0, "x", ""), True, (status, said))
    assert row.outcome == outcome and row.is_finding == (not outcome.startswith(OK))


# Damage -----------------------------------------------------------------------------------------


def test_each_way_of_damage_changes_a_file(tmp_path: Path) -> None:
    for name, way in damage.WAYS.items():
        path = tmp_path / name
        path.write_bytes(b"abcdefgh")
        way(path, random.Random(1))
        assert not path.exists() or path.read_bytes() != b"abcdefgh"
