"""The harnesses: their rows, their report, and that each finds a bug that was planted."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.reliability import page, power, tables, versions
from benchmarks.reliability.page import Finding, render, unexplained
from benchmarks.reliability.record import Try, append, cleaned, read
from benchmarks.reliability.registry import HARNESSES
from wordrel.errors import StoreError

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results" / "reliability"
SOUND = Try(0, "run, killed", "ok: killed, went on")
BAD = Try(1, "run, killed", "left behind", "tmp/a, b")


def test_rows_are_read_as_they_were_appended(tmp_path: Path) -> None:
    path = tmp_path / "kills.csv"
    assert read(path) == []
    for row in (SOUND, BAD):
        append(path, row)
    assert read(path) == [SOUND, BAD]
    assert [row.is_finding for row in read(path)] == [False, True]


def test_half_a_row_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "kills.csv"
    append(path, SOUND)
    with path.open("a", encoding="utf-8") as file:
        file.write("1,run, ki")
    assert read(path) == [SOUND]
    append(path, BAD)
    assert read(path) == [SOUND, BAD]


def test_a_row_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kills.csv"
    path.write_text("number,case\n0,run\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"found the columns number, case"):
        read(path)


def test_messages_lose_folders_and_names_of_the_machine() -> None:
    said = "/home/me/x/out.lock: process 12 on box holds it since 2026-01-01T00:00:00+00:00 (a)\nb"
    assert cleaned(said) == "out.lock: process N on HOST holds it since TIME (a) b"


def test_the_report_counts_and_says_what_became_of_findings(tmp_path: Path) -> None:
    for row in (SOUND, BAD):
        append(tmp_path / "kills.csv", row)
    with pytest.raises(StoreError, match=r"no line for try 1 of kills \(left behind\)"):
        render(tmp_path)
    (tmp_path / "findings.csv").write_text(
        "harness,pattern,what,became\nkills,tmp/,a folder stays,mended\n", encoding="utf-8"
    )
    text = render(tmp_path)
    assert "| kill -9 at random moments | **not met** | 200 | 2 | 1 |" in text
    assert "| a folder stays | mended | 1 |" in text
    assert "| ok: killed, went on | 1 |" in text


def test_a_finding_of_another_harness_explains_nothing() -> None:
    assert Finding("kills", "^run.*left", "", "").explains(BAD)
    assert not Finding("kills", "^tune", "", "").explains(BAD)


def test_the_committed_report_is_that_of_its_rows() -> None:
    assert unexplained(RESULTS) == []
    assert (RESULTS / "report.md").read_text(encoding="utf-8") == render(RESULTS)
    assert page.read_findings(RESULTS)


def test_no_stored_row_names_a_place_of_the_machine() -> None:
    for name in HARNESSES:
        for row in read(RESULTS / f"{name}.csv"):
            assert cleaned(row.found) == row.found
            assert "/home/" not in row.case + row.found


# A cut of the power ------------------------------------------------------------------------------


def journal(folder: Path, *entries: dict[str, object]) -> Path:
    folder.mkdir()
    lines = [json.dumps(entry) for entry in entries]
    (folder / "journal").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_a_cut_takes_what_was_not_synced_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "p"
    place.mkdir()
    for name in ("initial", "synced", "lost"):
        (place / name).write_text(name * 10, encoding="utf-8")
    stat = (place / "synced").stat()
    folder = journal(
        tmp_path / "j",
        {"what": "open", "path": str(place / "synced")},
        {"what": "open", "path": str(place / "lost")},
        {
            "what": "fsync",
            "path": str(place / "synced"),
            "inode": stat.st_ino,
            "size": stat.st_size,
        },
        {"what": "fsync", "path": str(place), "inode": 0, "size": 0},
    )
    initial, outcomes = {(place / "initial").stat().st_ino}, set()
    for seed in range(20):
        (place / "lost").write_text("lost" * 10, encoding="utf-8")
        power.cut(place, folder, initial, random.Random(seed))
        assert (place / "initial").read_text(encoding="utf-8") == "initial" * 10
        assert (place / "synced").read_text(encoding="utf-8") == "synced" * 10
        outcomes.add((place / "lost").read_bytes())
    assert b"" in outcomes
    assert bytes(40) in outcomes
    assert b"lost" * 10 in outcomes


@pytest.mark.parametrize("synced", [False, True])
def test_a_rename_goes_back_unless_its_folder_was_synced(tmp_path: Path, synced: bool) -> None:
    place, found = tmp_path / "p", set()
    place.mkdir()
    (place / "new").write_text("new", encoding="utf-8")
    (tmp_path / "old").write_text("old", encoding="utf-8")
    names = {"path": str(place / "temporary"), "other": str(place / "new")}
    entries = [{"what": "rename", "stash": str(tmp_path / "old"), **names}]
    if synced:
        entries.append({"what": "fsync", "path": str(place), "inode": "", "size": ""})
    folder = journal(tmp_path / "j", *entries)
    inode = (place / "new").stat().st_ino
    for seed in range(20):
        power.cut(place, folder, {inode, (tmp_path / "old").stat().st_ino}, random.Random(seed))
        found.add((place / "new").read_text(encoding="utf-8"))
        if (place / "temporary").exists():
            (place / "temporary").replace(place / "new")
    assert found == ({"new"} if synced else {"old", "new"})


@pytest.mark.slow
def test_every_harness_finds_a_bug_that_was_planted() -> None:
    program = [sys.executable, "-m", "tests.planted_faults"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        program, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=1500
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["harness"] for row in rows] == ["kills", "files", "power", "actors", "damage"]
    for row in rows:
        assert row["sound"].startswith("ok"), row
        assert not row["planted"].startswith("ok"), row


def test_versions_of_python_are_compared_score_by_score() -> None:
    keys = {"corpus": "c", "model": "m", "seed": 1, "measure": "spearman", "split": "test"}
    tasks = ["ws353", "men", "rw"]
    before = pd.DataFrame([keys | {"task": t, "embedding": "input"} for t in tasks])
    before["score"] = [0.5, 0.25, np.nan]
    after = before.iloc[::-1].assign(score=[np.nan, 0.25, 0.5 + 2e-6])
    assert versions.differences(before, after) == (versions.LARGEST, "2e-06", 2)
    with pytest.raises(ValueError, match="same scores"):
        versions.differences(before, after[after["task"] != "men"])


def test_a_page_without_rows_of_versions_has_no_part_of_them(tmp_path: Path) -> None:
    assert tables.versions(tmp_path) == ""
    row = {"python": "3.13.5", "torch": "2.13.0", "what": versions.LARGEST, "found": "0", "n": "7"}
    versions.write(tmp_path / tables.VERSIONS, [row])
    assert tables.stored_rows(tmp_path / tables.VERSIONS) == [row]
    assert f"| 3.13.5 | 2.13.0 | {versions.LARGEST} | 0 | 7 |" in tables.versions(tmp_path)
