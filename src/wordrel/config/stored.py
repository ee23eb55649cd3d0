"""A study as it is stored: its settings as YAML, and a digest, both without a path of this machine.

Reads and writes nothing.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from wordrel.config.dialect import dump
from wordrel.config.paths import path_from, source_from
from wordrel.config.settings import (
    NAMED_SOURCES,
    CorpusConfig,
    NamedTask,
    StudyConfig,
    TaskConfig,
    digest,
)

_HEAD = "# Every setting of this study, defaults included; wordrel run takes it as it is.\n"


def stored_text(config: StudyConfig, folder: Path) -> str:
    """The config as YAML for a file in `folder`, at which its paths start."""
    return _HEAD + dump(seen_from(config, folder).model_dump(mode="json"))


def seen_from(config: StudyConfig, folder: Path) -> StudyConfig:
    """The same study with paths that start at `folder`."""
    return _moved(
        config,
        lambda corpus: source_from(corpus.source, folder),
        lambda name, path: path_from(path, folder),
    )


def content_digest(
    config: StudyConfig, corpora: Mapping[str, str], tasks: Mapping[str, str]
) -> str:
    """12 hex digits that name this study, wherever its texts and sets lie.

    In place of a path stands the digest of what was read there; a named source keeps its name.

    Args:
        config: the study.
        corpora: the digest of each corpus, by name.
        tasks: the digest of each task that is asked, by name.
    """

    def content(corpus: CorpusConfig) -> str:
        return corpus.source if corpus.source in NAMED_SOURCES else corpora[corpus.name]

    return digest(_moved(config, content, lambda name, path: tasks[name]))


def _moved(
    config: StudyConfig, source: Callable[[CorpusConfig], str], path: Callable[[str, Path], str]
) -> StudyConfig:
    """The study with other sources and paths in it."""

    def moved(task: TaskConfig) -> TaskConfig:
        if isinstance(task, NamedTask):
            return task
        return task.model_copy(update={"path": Path(path(task.name, task.path))})

    corpora = tuple(c.model_copy(update={"source": source(c)}) for c in config.corpora)
    return config.model_copy(update={"corpora": corpora, "tasks": tuple(map(moved, config.tasks))})
