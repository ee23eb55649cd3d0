"""The processes of tests: default signals, whatever started the tests, and no survivors."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import PATIENCE, end, launch, members, started, wait_until

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def ignored() -> Iterator[None]:
    """As below nohup, or in the background of a shell."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_process_hears_signals_that_the_tests_ignore(ignored: None, number: int) -> None:
    with started(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write("up\n")
        process.stdin.flush()
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == -number


def test_a_block_that_fails_leaves_no_process_and_no_child_of_one() -> None:
    with pytest.raises(RuntimeError), started([sys.executable, "-c", PARENT], stdout=-1) as parent:
        child = int(parent.stdout.readline())
        assert sorted(members(parent.pid)) == sorted([parent.pid, child])
        raise RuntimeError
    assert parent.returncode == -signal.SIGKILL
    assert members(parent.pid) == []


def test_children_of_a_process_that_has_ended_are_ended_too() -> None:
    process = launch([sys.executable, "-c", PARENT.replace("child.wait()", "")], stdout=-1)
    with process:
        child = int(process.stdout.readline())
        wait_until(lambda: members(process.pid) == [child])
        end(process)
    assert process.returncode == 0
    assert members(process.pid) == []


def test_no_test_starts_a_process_that_may_outlive_it() -> None:
    """`subprocess.run` and its like end what they started, also when the test is broken off."""
    found = [
        path.name
        for path in Path(__file__).parent.rglob("*.py")
        if re.search(r"\bPopen\(|\bsetsid\b|\bos\.fork\(", path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == ["processes.py", "test_processes.py"]  # here within a child
