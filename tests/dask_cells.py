"""What workers of a Dask cluster do in tests; light to load, for each worker loads it."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from distributed import get_client, get_worker

import test_execute as local
from processes import wait_until


def host() -> str:
    """The address of the host that this runs on, without protocol and port."""
    return str(get_worker().address).split(":")[1].strip("/")


def train_slowly(work: Any, report: Callable[..., None]) -> None:
    """Note where the cell is trained, and wait in the middle of that until a host was lost."""
    from wordrel.study.cell import is_trained
    from wordrel.study.evaluate import train_and_evaluate

    root = work.cell.cache
    new, me = not is_trained(work.cell), host()
    if new:
        note(root, f"{me} {work.name}")

    def held(fraction: float, detail: Mapping[str, Any]) -> None:
        report(fraction, detail)
        if new and fraction > 0 and not is_trained(work.cell):
            (root / f"in-the-middle-on-{me}").touch()
            wait_until((root / "host-was-lost").exists)

    train_and_evaluate(work, held)


def note(root: Path, line: str) -> None:
    with (root / "trained").open("a") as file:
        file.write(f"{line}\n")


def notes(root: Path) -> list[tuple[str, str]]:
    lines = (root / "trained").read_text().splitlines()
    return [(host, name) for host, _, name in (line.partition(" ") for line in lines)]


def where(spec: dict[str, Any], report: object) -> None:
    note(Path(spec["root"]), f"{host()} {spec['name']}")
    local.work(spec, lambda *_: None)


def count_cells(dask_scheduler: Any) -> int:
    """Those that run or wait; the end of one may not have been noticed yet."""
    waiting = {"processing", "queued", "no-worker"}
    tasks = dask_scheduler.tasks.values()
    return sum("run_cell" in str(task.key) and task.state in waiting for task in tasks)


def note_how_many(spec: dict[str, Any], report: Callable[..., None]) -> None:
    note(Path(spec["root"]), f"{get_client().run_on_scheduler(count_cells)} {spec['name']}")
    local.work(spec, report)


def report_for_ever(spec: dict[str, Any], report: Callable[..., None]) -> None:
    """Report progress until it is stopped."""
    root = Path(spec["root"])
    (root / f"{spec['name']}.seen").touch()
    if spec["act"]:
        return local.work(spec, report)
    while True:
        report(0.5, {"stage": "training"})
        time.sleep(0.02)
