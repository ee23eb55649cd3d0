"""Every setting is read by some code: a setting that nothing reads would lie."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

import wordrel
from wordrel.config import (
    CorpusConfig,
    ExecuteConfig,
    ItemsTask,
    LabelledPairsTask,
    ModelConfig,
    NamedTask,
    PairsTask,
    StatisticsConfig,
    StudyConfig,
    TrainingConfig,
)

PACKAGE = Path(str(wordrel.__file__)).parent
SETTINGS: tuple[type[BaseModel], ...] = (
    *(StudyConfig, CorpusConfig, TrainingConfig, StatisticsConfig, ExecuteConfig),
    *(NamedTask, PairsTask, LabelledPairsTask, ItemsTask),
    *get_args(get_args(ModelConfig)[0]),
)


def read_names(sources: Iterable[str]) -> Iterator[str]:
    """Attributes that are read, and keys that are looked up by a constant."""
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield node.attr
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                keys = node.args[:1] if node.func.attr == "get" else []
                yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))


def unread(sources: Iterable[str], settings: Iterable[type[BaseModel]]) -> set[str]:
    read = set(read_names(sources))
    return {
        f"{group.__name__}.{key}"
        for group in settings
        for key in group.model_fields
        if key not in read
    }


def test_every_setting_is_read_by_code_outside_the_config():
    files = [p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE / "config"]
    files.append(PACKAGE / "config" / "models.py")  # `reach`, which other rooms read
    assert unread((p.read_text(encoding="utf-8") for p in files), SETTINGS) == set()


def test_a_setting_that_is_only_written_counts_as_unread():
    class Group(BaseModel):
        used: int = 1
        looked_up: int = 1
        idle: int = 1

    source = "print(group.used, data.get('looked_up'))\ngroup.idle = 3\n"
    assert unread([source], [Group]) == {"Group.idle"}
