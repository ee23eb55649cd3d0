"""The test sets as their files have them, and the names of the tasks that they make.

Reads `tasks/sets/*.yaml` inside the package, once. A config is checked against the names, which
cost little; `wordrel.tasks.registry` interprets all else.
"""

import difflib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def read_sets() -> dict[str, dict[str, Any]]:
    """Name of each file (without `.yaml`) to its data, by alphabet."""
    folder = files("wordrel").joinpath("tasks", "sets")
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    return {
        name.removesuffix(".yaml"): yaml.load(texts[name], yaml.CSafeLoader)
        for name in sorted(texts)
        if name.endswith(".yaml")
    }


def task_names() -> list[str]:
    """The tasks that a config can name."""
    return [task for data in read_sets().values() for task in data["tasks"]]


def explain_unknown(name: str, known: Iterable[str]) -> str:
    """The message for a task name that is not among the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"found {name!r}, which is not a task{hint} Allowed: {', '.join(names)}"
