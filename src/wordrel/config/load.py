"""Data becomes a study, or every problem of it at once.

Reads the YAML file, and looks whether the files that it names are there; writes nothing.
"""

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wordrel.config.places import Overrides, Places, put_overrides, read_yaml
from wordrel.config.problems import Problem, healed, nearest, problems_of
from wordrel.config.sets import explain_unknown, task_names
from wordrel.config.settings import NAMED_SOURCES, CorpusConfig, StudyConfig
from wordrel.errors import ConfigError

_OWN_FILES = {
    "pairs": "word, word, score",
    "directed_pairs": "word, word, score",
    "labelled_pairs": "word, word, label",
    "analogies": "': section', then 4 words a line",
    "context_pairs": "sentence, place, sentence, place, score",
}


def load_config(path: Path | str, overrides: Overrides = ()) -> StudyConfig:
    """Read a study.

    Args:
        path: the YAML file.
        overrides: `key.path=value` strings, as on the command line, or a mapping with nested or
            dotted keys; list items by index (`corpora.0.source=my.txt`).

    Raises:
        ConfigError: with every problem at once, missing files included: file and line, key, what
            was found, what is allowed.
    """
    data, places = read_yaml(Path(path), overrides)
    return _parse(data, places, [*_unknown_tasks(data), *_missing_files(data)])


def parse_config(data: Mapping[str, Any], place: str = "config") -> StudyConfig:
    """The same for data that is read already; `place` starts each message.

    No file is looked for: a stored config has meaning where its text no longer is.
    """
    return _parse(data, Places(place), list(_unknown_tasks(data)))


def parse_corpus(source: str, settings: Overrides = ()) -> CorpusConfig:
    """One corpus from its source and `key=value` settings, as the command line names it.

    Raises:
        ConfigError: with every problem at once.
    """
    models, rest = [{"kind": "random"}], {"study": "corpus", "seeds": [0], "tasks": ["ws353"]}
    data = {"corpora": [{"source": source}], "models": models, **rest}
    places = Places("corpus")
    try:
        put_overrides(data, _below("corpora.0", settings), places)
        return _parse(data, places, list(_missing_files(data))).corpora[0]
    except ConfigError as error:
        problems = [problem.replace("corpora.0.", "") for problem in error.problems]
        raise ConfigError(problems) from error


def _below(key: str, settings: Overrides) -> Overrides:
    if isinstance(settings, Mapping):
        return {f"{key}.{name}": value for name, value in settings.items()}
    return [f"{key}.{setting}" for setting in settings]


def _parse(data: Mapping[str, Any], places: Places, found: list[Problem]) -> StudyConfig:
    try:
        config = StudyConfig.model_validate(data)
    except ValidationError as error:
        found = [*problems_of(error), *_behind(data, error), *found]
    else:
        if not found:
            return config
    found.sort(key=lambda problem: places.line(problem[0]))
    lines = [f"{places(keys)}: {text}" for keys, text in found]
    raise ConfigError(list(dict.fromkeys(lines)))


def _behind(data: Mapping[str, Any], error: ValidationError) -> list[Problem]:
    """Problems of several settings together, which the wrong ones among them hid."""
    try:
        StudyConfig.model_validate(healed(data, error))
    except ValidationError as second:
        return problems_of(second, only="value_error")
    return []


def _unknown_tasks(data: Mapping[str, Any]) -> Iterator[Problem]:
    for i, task in _items(data, "tasks"):
        name = task.get("name") if isinstance(task, Mapping) else task
        named = not isinstance(task, Mapping) or (
            task.get("kind", "named") == "named" and "path" not in task
        )
        if named and isinstance(name, str) and name not in task_names():
            yield ("tasks", i), f"tasks.{i}: {explain_unknown(name, task_names())}"


def _missing_files(data: Mapping[str, Any]) -> Iterator[Problem]:
    for i, corpus in _items(data, "corpora"):
        source = corpus.get("source") if isinstance(corpus, Mapping) else None
        if isinstance(source, str) and source and not _is_there(source):
            near = nearest(source, NAMED_SOURCES)
            text = f"found {source!r}, where nothing is{near} expected a file, folder or glob "
            text += f"(from the working directory), or one of {', '.join(NAMED_SOURCES)}"
            yield ("corpora", i, "source"), f"corpora.{i}.source: {text}"
    for i, task in _items(data, "tasks"):
        path = task.get("path") if isinstance(task, Mapping) else None
        if isinstance(path, str | Path) and not Path(path).is_file():
            expected = _OWN_FILES.get(task.get("kind"), "evaluation items")
            text = f"found {str(path)!r}, where no file is; expected a file of {expected}"
            yield ("tasks", i, "path"), f"tasks.{i}.path: {text}"


def _items(data: Mapping[str, Any], key: str) -> Iterator[tuple[int, Any]]:
    found = data.get(key)
    if isinstance(found, list | tuple):
        yield from enumerate(found)


def _is_there(source: str) -> bool:
    if source in NAMED_SOURCES or Path(source).exists():
        return True
    return any(True for _ in glob.iglob(source, recursive=True))  # noqa: PTH207 - absolute too
