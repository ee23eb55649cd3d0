"""What a study takes, as `wordrel run --plan` shows it: a table with its sums, or JSON."""

import json
from dataclasses import asdict
from math import ceil
from pathlib import Path

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from wordrel.cli.console import stdout
from wordrel.study.budget import Budget, Line


def show(budget: Budget, config: Path, *, as_json: bool) -> None:
    """The plan of a study as a table with its sums, or all of it as JSON."""
    if as_json:
        sums = (
            *("to_train", "core_seconds", "wall_seconds", "memory_mb", "disk", "unknown", "rough"),
            *("to_ask", "asking_seconds", "unknown_asking"),
        )
        lines = [
            asdict(line) | {key: getattr(line, key) for key in ("to_train", "answered", "to_ask")}
            for line in budget.lines
        ]
        found = asdict(budget) | {key: getattr(budget, key) for key in sums} | {"lines": lines}
        typer.echo(json.dumps(found))
        return
    words, numbers = ("corpus", "model"), ("cells", "trained", "answered")
    table = Table(box=box.SIMPLE_HEAD)
    for column in (*words, *numbers, "tokens a cell", "hours a cell", "memory MB", "from"):
        table.add_column(column, justify="left" if column in (*words, "from") else "right")
    for line in budget.lines:
        table.add_row(*map(Text, _planned(line)))
    stdout().print(table, *_sums(budget), sep="\n", soft_wrap=True)
    for corpus, why in budget.unprepared.items():
        typer.echo(f"{corpus}: {why}; `wordrel corpus prepare {config}` makes its size known")
    for task, why in budget.skipped.items():
        typer.echo(f"left out: {task} ({why})")


def _planned(line: Line) -> tuple[str, ...]:
    estimate = line.estimate
    hours = None if estimate.seconds is None else _hours(estimate.seconds, 3)
    evidence = f" ({estimate.evidence})" if estimate.evidence else ""
    about = "about " if line.rough and line.tokens else ""
    return (
        *(line.corpus, line.model, str(line.cells), str(line.trained), str(line.answered)),
        *(about + _number(line.tokens, ",d"), hours or "", _number(estimate.memory_mb, ",.0f")),
        f"{estimate.basis}{evidence}",
    )


def _sums(budget: Budget) -> tuple[str, ...]:
    wall = "as long as its workers need"
    if budget.wall_seconds is not None:
        wall = f"{_hours(budget.wall_seconds, 2)} hours at {budget.jobs} at a time"
    training = _work(budget.to_train, budget.unknown, budget.core_seconds, f", {wall}")
    rough = "roughly " if budget.rough and budget.unknown < budget.to_train else ""
    disk = "unknown" if budget.disk is None else f"up to {ceil(budget.disk / 1e6):,}"
    asking = _work(budget.to_ask, budget.unknown_asking, budget.asking_seconds)
    return (
        f"{budget.study}: {budget.to_train} cells to train, {budget.to_ask} to ask",
        f"training: {rough}{training}",
        f"peak memory of what runs at a time, MB: {_number(budget.memory_mb, ',.0f') or 'unknown'}",
        f"disk in the cache, MB: {disk}",
        f"asking the tasks: {asking}",
    )


def _work(cells: int, unknown: int, seconds: float, wall: str = "") -> str:
    """How long the work on some cells takes, in words; what is unknown is never a number."""
    if not cells:
        return "nothing is left"
    if unknown == cells:
        return f"unknown for all {cells} cells"
    more = f", and unknown for {unknown} more cells" if unknown else ""
    return f"{_hours(seconds, 2)} core-hours{wall}{more}"


def _hours(seconds: float, digits: int) -> str:
    """Hours; what would be rounded to none is said to be less than the least."""
    least = 10**-digits
    hours = seconds / 3600
    return f"less than {least}" if hours < least / 2 else f"{hours:,.{digits}f}"


def _number(value: int | float | None, form: str) -> str:
    return "" if value is None else format(value, form)
