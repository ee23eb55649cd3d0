"""Tasks: test sets, and the ways to evaluate models on them.

Load a task (`load_task`, or `own_task` for a user's own set), evaluate a model on it (`ask`), find
what a vocabulary covers (`covered`). Names are loaded on first use. So a command that needs
only the registry (`wordrel tasks list`) loads neither models nor the rest of the package.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordrel.tasks.base import Measurement, Predictions, Probe, Scope, Task
    from wordrel.tasks.core import KINDS, ask, covered, load_task, own_task, remarks
    from wordrel.tasks.items import Items

_HOMES = {
    "base": ("Measurement", "Predictions", "Probe", "Scope", "Task"),
    "items": ("Items",),
    "core": ("KINDS", "ask", "covered", "load_task", "own_task", "remarks"),
}
__all__ = [
    "KINDS",
    "Items",
    "Measurement",
    "Predictions",
    "Probe",
    "Scope",
    "Task",
    "ask",
    "covered",
    "load_task",
    "own_task",
    "remarks",
]

if not TYPE_CHECKING:  # a type checker would then allow any name

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(importlib.import_module(f"{__name__}.{home}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
