"""One study: its config, trained runs, their predictions, the tables, the plan, the run.

`load_study` reads the YAML file. Only after an error does it also read the user's own test sets, so
that one message names all problems. Without such sets it loads neither torch nor numpy: it is fast.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wordrel.config import StudyConfig, load_config
from wordrel.config.places import Overrides


def load_study(path: Path | str, overrides: Overrides = ()) -> StudyConfig:
    """As `load_config`; one error names missing files and all problems inside own sets.

    Raises:
        ConfigError: with every problem at once.
    """
    return load_config(path, overrides, _wrong_sets)


def _wrong_sets(tasks: Sequence[Any]) -> list[str]:
    own = [task for task in tasks if isinstance(task, Mapping) and "path" in task]
    if not own:
        return []
    from wordrel.tasks.core import wrong_sets

    return wrong_sets(own)
