"""What a study takes, as `wordrel run --plan` shows it: a table with its sums, or JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from wordrel.cli.console import display, echo
from wordrel.config import StudyConfig
from wordrel.io.store import cache_root
from wordrel.io.visible import shell_word
from wordrel.jobs import Cluster
from wordrel.study.budget import Budget, Line, estimate


def show(
    study: StudyConfig,
    config: Path,
    cache: Path | None,
    *,
    jobs: int | None,
    cluster: Cluster | None,
    as_json: bool,
) -> None:
    """The plan of a study as a table with its sums, or all of it as JSON."""
    budget = estimate(study, cache or cache_root(), jobs=jobs, cluster=cluster)
    if as_json:
        lines = [asdict(line) | line.tally for line in budget.lines]
        typer.echo(json.dumps(asdict(budget) | budget.sums() | {"lines": lines}))
        return
    words, numbers = ("corpus", "model"), ("runs", "trained", "evaluated")
    table = Table(box=box.SIMPLE_HEAD)
    for column in (*words, *numbers, "tokens a run", "hours a run", "memory MB", "from"):
        table.add_column(column, justify="left" if column in (*words, "from") else "right")
    for line in budget.lines:
        table.add_row(*map(Text, _planned(line)))
    display(table, *_sums(budget))
    for corpus, why in budget.unprepared.items():
        echo(f"{corpus}: {why}; `wordrel corpus prepare {shell_word(config)}` makes its size known")
    for task, why in budget.skipped.items():
        echo(f"left out: {task} ({why})")


def show_trials(
    studies: Sequence[tuple[StudyConfig, int]], cache: Path | None, *, jobs: int | None
) -> None:
    """How long the trials of a tuning take at most, a line for each size of text."""
    parts = []
    for study, trials in studies:
        sums = estimate(study, cache or cache_root(), jobs=jobs).sums()
        parts.append(sums)
        tokens = f"{study.corpora[0].limit_tokens:,} tokens"
        echo(f"{tokens}: {len(study.models)} models, {trials} trials each: {_training(sums)}")
    total = {
        key: sum(part[key] for part in parts) for key in ("to_train", "unknown", "core_seconds")
    }
    echo(f"training in all: {_training(total)}; trials that go on from another")
    echo("model come on top, and evaluating on the development splits")


def _training(sums: Mapping[str, Any]) -> str:
    words = _work(sums["to_train"], sums["unknown"], sums["core_seconds"])
    return f"at most {words}" if sums["unknown"] < sums["to_train"] else words


def _planned(line: Line) -> tuple[str, ...]:
    estimate = line.estimate
    hours = None if estimate.seconds is None else _hours(estimate.seconds, 3)
    evidence = f" ({estimate.evidence})" if estimate.evidence else ""
    about = "about " if line.rough and line.tokens else ""
    return (
        *(line.corpus, line.model, str(line.cells), str(line.trained), str(line.tally["answered"])),
        *(about + _number(line.tokens, ",d"), hours or "", _number(estimate.memory_mb, ",.0f")),
        f"{estimate.basis}{evidence}",
    )


def _sums(budget: Budget) -> tuple[str, ...]:
    sums, wall = budget.sums(), "as long as its workers need"
    to_train, unknown, memory = sums["to_train"], sums["unknown"], sums["memory_mb"]
    if sums["wall_seconds"] is not None:
        wall = f"{_hours(sums['wall_seconds'], 2)} hours at {budget.jobs} at a time"
    training = _work(to_train, unknown, sums["core_seconds"], f", {wall}")
    rough = "roughly " if sums["rough"] and unknown < to_train else ""
    disk = "unknown" if sums["disk"] is None else f"up to {ceil(sums['disk'] / 1e6):,}"
    evaluating = _work(sums["to_ask"], sums["unknown_asking"], sums["asking_seconds"])
    return (
        f"{budget.study}: {to_train} runs to train, {sums['to_ask']} to evaluate",
        f"training: {rough}{training}",
        f"peak memory of what runs at a time, MB: {_number(memory, ',.0f') or 'unknown'}",
        f"disk in the cache, MB: {disk}",
        f"evaluating on the tasks: {evaluating}",
    )


def _work(cells: int, unknown: int, seconds: float, wall: str = "") -> str:
    """How long the work on some runs takes, in words; what is unknown is never a number."""
    if not cells:
        return "nothing is left"
    if unknown == cells:
        return f"unknown for all {cells} runs"
    addition = f", and unknown for {unknown} more runs" if unknown else ""
    return f"{_hours(seconds, 2)} core-hours{wall}{addition}"


def _hours(seconds: float, digits: int) -> str:
    """Hours; what would be rounded to 0 is shown as less than the smallest step."""
    least = 10**-digits
    hours = seconds / 3600
    return f"less than {least}" if hours < least / 2 else f"{hours:,.{digits}f}"


def _number(value: int | float | None, spec: str) -> str:
    return "" if value is None else format(value, spec)
