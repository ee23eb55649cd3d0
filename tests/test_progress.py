"""Progress files and what a terminal or a log shows of them."""

import errno
import io
import logging
import re
import threading
import time

import pytest
from rich.console import Console

from processes import wait_until
from wordrel.jobs import progress
from wordrel.jobs.progress import CellProgress, ProgressFile, live_progress, read_progress


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def time(self):
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_a_cell_has_started_as_soon_as_its_file_is_made(tmp_path, clock):
    ProgressFile(tmp_path / "scratch", "novels/skip_gram seed 1")
    expected = CellProgress("novels/skip_gram seed 1", 0.0, {}, started=1000.0, updated=1000.0)
    assert read_progress(tmp_path / "scratch") == {"novels/skip_gram seed 1": expected}


def test_reports_are_kept_at_most_twice_a_second_but_the_first_and_the_last_always(tmp_path, clock):
    report = ProgressFile(tmp_path, "a")

    def kept(fraction):
        report(fraction, {"stage": "training", "tokens_per_second": 1e6})
        return read_progress(tmp_path)["a"].fraction

    assert kept(0.1) == 0.1
    clock.now += 0.4
    assert kept(0.2) == 0.1
    clock.now += 0.1
    assert kept(0.3) == 0.3
    assert kept(1.0) == 1.0
    assert read_progress(tmp_path)["a"].detail == {"stage": "training", "tokens_per_second": 1e6}


def test_time_left_follows_from_the_mean_speed(tmp_path, clock):
    report = ProgressFile(tmp_path, "a")
    assert read_progress(tmp_path)["a"].describe() == "a ·   0%"
    clock.now += 30
    report(0.25, {})
    assert read_progress(tmp_path)["a"].describe() == "a ·  25% · 1 min 30 s left"


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        (CellProgress("a", 0.0), "a ·   0%"),
        (
            CellProgress(
                "a", 0.5, {"stage": "training", "tokens_per_second": 1234567.8}, 0.0, 59.0
            ),
            "a ·  50% · training · 1,234,568 tokens/s · 59 s left",
        ),
        (
            CellProgress("a", 0.5, {"loss": 0.123456}, 0.0, 61.0),
            "a ·  50% · loss 0.1235 · 1 min 01 s left",
        ),
        (CellProgress("a", 0.5, {"epoch": 2}, 0.0, 5400.0), "a ·  50% · epoch 2 · 1.5 h left"),
    ],
)
def test_a_cell_is_described_in_one_line(cell, line):
    assert cell.describe() == line


def test_no_folder_yet_is_no_progress(tmp_path):
    assert read_progress(tmp_path / "scratch") == {}


def test_readers_never_see_half_a_file_while_cells_write_and_end(tmp_path):
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            report = ProgressFile(tmp_path, "a", every=0.0)
            for step in range(20):
                report(step / 20, {"note": "x" * step * 50})
            progress.progress_path(tmp_path, "a").unlink()

    writer = threading.Thread(target=churn)
    writer.start()
    try:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            assert read_progress(tmp_path).keys() <= {"a"}
    finally:
        stop.set()
        writer.join()


def test_without_a_terminal_there_are_plain_log_lines(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    console = Console(file=io.StringIO(), force_terminal=False)
    with live_progress(tmp_path, 2, console=console, every=0.0) as show:
        report = ProgressFile(tmp_path, "novels cbow 1")
        wait_until(lambda: "novels cbow 1 started" in caplog.messages)
        report(0.5, {"stage": "training", "tokens_per_second": 250_000.0})
        line = r"novels cbow 1 ·  50% · training · 250,000 tokens/s · \d+ s left"
        wait_until(lambda: any(re.fullmatch(line, m) for m in caplog.messages))
        show("novels cbow 1", "done")
    assert caplog.messages[0] == "0 of 2 runs"
    assert caplog.messages[-2].startswith("novels cbow 1 done (1 of 2 runs")
    assert caplog.messages[-1] == "ended: 1 of 2 runs"
    assert console.file.getvalue() == ""


def test_a_disk_that_fails_for_a_moment_is_told_of_once_and_the_display_goes_on(
    tmp_path, caplog, monkeypatch
):
    asked = []

    def failing(folder):
        asked.append(folder)
        if len(asked) < 3:
            raise OSError(errno.EIO, "Input/output error")
        return read_progress(folder)

    monkeypatch.setattr(progress, "read_progress", failing)
    monkeypatch.setattr(threading, "excepthook", pytest.fail)
    with live_progress(tmp_path, 1), caplog.at_level(logging.WARNING, logger="wordrel"):
        wait_until(lambda: len(asked) > 3)
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert told == [f"{tmp_path}: cannot be read: Input/output error"]


@pytest.mark.parametrize("content", ["", "[1]", '{"nam'])
def test_a_damaged_report_is_told_of_and_the_display_goes_on(
    tmp_path, caplog, monkeypatch, content
):
    (tmp_path / "a.json").write_text(content)
    monkeypatch.setattr(threading, "excepthook", pytest.fail)
    with live_progress(tmp_path, 1), caplog.at_level(logging.WARNING, logger="wordrel"):
        wait_until(lambda: any("cannot be read: damaged" in m for m in caplog.messages))


def test_the_time_left_of_a_study_counts_only_cells_that_ran(clock):
    pace = progress._Study(8)
    pace.ended = 4  # stored by an earlier run
    pace.see({})
    assert str(pace) == "4 of 8 runs"
    clock.now += 100  # spent before the first cell ran
    pace.see({"a": CellProgress("a", 0.0)})
    assert str(pace) == "4 of 8 runs"
    clock.now += 30
    pace.ended = 5
    pace.see({"b": CellProgress("b", 0.5)})  # 1.5 cells in 30 s, 2.5 to go
    assert str(pace) == "5 of 8 runs · 50 s left"


def test_a_study_says_no_time_left_before_it_can_tell_a_speed(clock):
    pace = progress._Study(8)
    pace.see({"a": CellProgress("a", 0.0)})
    clock.now += 4
    pace.see({"a": CellProgress("a", 0.5)})
    assert str(pace) == "0 of 8 runs"
    clock.now += 4
    assert str(pace) == "0 of 8 runs · 2 min 00 s left"


def test_a_cell_that_has_ended_is_not_said_to_start(caplog):
    caplog.set_level(logging.INFO)
    study = progress._Study(1)
    lines = progress._Lines(study, every=0.0)
    study.see({"a": CellProgress("a", 0.5)})
    lines.finished("a", "done")
    lines.show()
    assert caplog.messages == ["a done (1 of 1 runs)"]


def test_log_lines_of_a_running_cell_are_far_apart(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    study = progress._Study(1)
    lines = progress._Lines(study, every=60.0)
    study.see({"a": CellProgress("a", 0.5)})
    for _ in range(5):
        lines.show()
    assert caplog.messages == ["a started"]


def test_a_terminal_shows_the_study_each_running_cell_and_how_cells_ended(tmp_path):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with live_progress(tmp_path, 3, console=console) as show:
        ProgressFile(tmp_path, "novels [cbow] 1")(0.5, {"stage": "training"})
        wait_until(lambda: "novels [cbow] 1 ·  50% · training" in screen.getvalue())
        progress.progress_path(tmp_path, "novels [cbow] 1").unlink()
        show("novels [cbow] 1", "done")
        wait_until(lambda: "1 of 3 runs" in screen.getvalue())
    assert "novels [cbow] 1 done" in screen.getvalue()


def test_the_display_ends_with_the_block_even_when_it_fails(tmp_path):
    before = set(threading.enumerate())
    with (
        pytest.raises(RuntimeError),
        live_progress(tmp_path, 1, console=Console(file=io.StringIO())),
    ):
        assert set(threading.enumerate()) - before
        raise RuntimeError
    assert not set(threading.enumerate()) - before
