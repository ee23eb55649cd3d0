"""Paths that a user gives: where they start, how they are stored, and to what they lead.

A path starts at the folder of its config, or where an override was given. In memory paths are
absolute; what is stored starts at the folder in which it is stored, so that it holds nothing about
the machine and may be moved together with the text. The kind of a file is looked at without
opening it: opening a pipe waits, and a device may have no end.
"""

import errno
import glob
import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wordrel.config.corpora import NAMED_SOURCES, CorpusConfig, corpus_name
from wordrel.config.dialect import Keys, dump
from wordrel.config.models import FromFile
from wordrel.config.names import STATISTICS, config_then
from wordrel.config.settings import (
    NamedTask,
    StudyConfig,
    TaskConfig,
    digest,
)
from wordrel.errors import WordrelError

_ESCAPED = re.compile(r"\[([*?[])\]")  # what glob.escape makes of * ? [
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def anchored(data: Mapping[str, Any], base: Callable[[Keys], Path]) -> dict[str, Any]:
    """A copy of a study's data with absolute paths; `base`: where the path at some keys starts."""
    absolute = dict(data)
    for group, field in (("corpora", "source"), ("tasks", "path"), ("models", "path")):
        if isinstance(items := data.get(group), list | tuple):
            absolute[group] = [
                _anchored(item, field, base((group, i, field))) for i, item in enumerate(items)
            ]
    return absolute


def _anchored(item: Any, field: str, base: Path) -> Any:
    written = item.get(field) if isinstance(item, Mapping) else None
    if not isinstance(written, str | Path) or not str(written):
        return item
    plain = os.path.join(base.absolute(), written)  # noqa: PTH118 - keeps what Path would drop
    if field != "source":
        return {**item, field: plain}
    if not isinstance(written, str) or written in NAMED_SOURCES:
        return item
    if not os.path.exists(plain) and glob.has_magic(written):  # noqa: PTH110 - no name too long
        plain = os.path.join(glob.escape(str(base.absolute())), written)  # noqa: PTH118
    return {**item, "name": item.get("name") or corpus_name(written), field: plain}


def path_from(path: str | Path, folder: Path) -> str:
    """The path as it is seen from `folder`; absolute where only the root is common to both."""
    absolute = Path(path).absolute()
    real, base = absolute.parent.resolve() / absolute.name, folder.resolve()
    if os.path.commonpath([real, base]) == real.anchor:
        return str(real)
    return Path(os.path.relpath(real, base)).as_posix()


def source_from(source: str, folder: Path) -> str:
    """The same for the source of a corpus: a name, a path or a glob."""
    if source in NAMED_SOURCES:
        return source
    if os.path.exists(source) or not glob.has_magic(source):  # noqa: PTH110
        stored = path_from(source, folder)
    else:
        parts = Path(source).absolute().parts
        plain = next(i for i, part in enumerate(parts) if _is_pattern(part))
        start = Path(*(_ESCAPED.sub(r"\1", part) for part in parts[:plain]))
        stored = "/".join([glob.escape(path_from(start, folder)), *parts[plain:]])
    return f"./{stored}" if stored in NAMED_SOURCES else stored


def _is_pattern(part: str) -> bool:
    return glob.has_magic(_ESCAPED.sub("", part))


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
        lambda model: path_from(model.path, folder),
    )


def content_digest(
    config: StudyConfig, corpora: Mapping[str, str], tasks: Mapping[str, str]
) -> str:
    """12 hex digits that name this study, wherever its texts and sets lie.

    In place of a path stands the digest of what was read there; a named source keeps its name.

    Args:
        config: the study.
        corpora: the digest of each corpus, by name.
        tasks: the digest of each task of the study, by name.
    """

    def content(corpus: CorpusConfig) -> str:
        return corpus.source if corpus.source in NAMED_SOURCES else corpora[corpus.name]

    by_content = _moved(
        config, content, lambda name, path: tasks[name], lambda model: model.digest or ""
    )
    data = config_then(by_content.model_dump(mode="json"))
    return digest(data | {"statistics": STATISTICS | data["statistics"]})


def _moved(
    config: StudyConfig,
    source: Callable[[CorpusConfig], str],
    path: Callable[[str, Path], str],
    files: Callable[[FromFile], str],
) -> StudyConfig:
    """The study with other sources and paths in it."""

    def moved(task: TaskConfig) -> TaskConfig:
        if isinstance(task, NamedTask):
            return task
        return task.model_copy(update={"path": Path(path(task.name, task.path))})

    corpora = tuple(c.model_copy(update={"source": source(c)}) for c in config.corpora)
    models = tuple(
        m.model_copy(update={"path": Path(files(m))}) if isinstance(m, FromFile) else m
        for m in config.models
    )
    tasks = tuple(map(moved, config.tasks))
    return config.model_copy(update={"corpora": corpora, "models": models, "tasks": tasks})


def regular_file(path: Path, error: Callable[[str], WordrelError], *, or_else: str = "") -> Path:
    """The same path, if it may be opened for reading; links are followed.

    Args:
        path: of a file that a user named, or that lies in a folder that a user named.
        error: makes the error of the caller's room from the message.
        or_else: another cure than the path of a regular file.

    Raises:
        WordrelError: for what is there and is no regular file, with its kind.
        OSError: for a path that leads to nothing and is no link, or that may not be looked at.
    """
    kind = _other_kind(path)
    if kind:
        raise error(f"{path}: found {kind}; expected a regular file: give the path of one{or_else}")
    return path


def _other_kind(path: Path) -> str:
    """What a path leads to, in words; empty for a regular file."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as problem:
        dead = {errno.ENOENT: "a link to nothing", errno.ELOOP: "a link that leads in a circle"}
        if problem.errno not in dead or not path.is_symlink():
            raise
        return dead[problem.errno]
    if kind == stat.S_IFREG:
        return ""
    linked = "a link to " if path.is_symlink() else ""
    return linked + _KINDS.get(kind, "a file of a special kind")
