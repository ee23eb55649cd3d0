"""Validates the data of a study, and reports every problem at once.

Reads the YAML file, and checks that the files it names exist.
"""

import glob
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wordrel.config.architectures import ARCHITECTURES, unfit, untrainable
from wordrel.config.corpora import NAMED_SOURCES, CorpusConfig
from wordrel.config.dialect import Keys, dotted, shown
from wordrel.config.models import MatchedConfig, TrainingConfig
from wordrel.config.names import SCHEMA, config_now
from wordrel.config.paths import anchored, regular_file
from wordrel.config.places import Overrides, Places, put_overrides, read_text, read_yaml
from wordrel.config.problems import Problem, nearest, problems_of
from wordrel.config.sets import explain_unknown, task_names
from wordrel.config.settings import StudyConfig, entry_name
from wordrel.config.tuned import with_tuned
from wordrel.config.vary import expanded, with_recipes
from wordrel.errors import ConfigError, DatasetError

_OWN_FILES = {
    "pairs": "word, word, score",
    "directed_pairs": "word, word, score",
    "labelled_pairs": "word, word, label",
    "analogies": "': section', then 4 words a line",
    "context_pairs": "sentence, place, sentence, place, score",
    "odd_one_out": "an odd word, then the words that belong together",
    "top_k": "a word, then its expected neighbours",
}

_FIT = {"heads", "ties", "sum_gradient", "query_bias"}
_VECTORS = "a file of vectors, or a folder of static embeddings"
_LONG = 500  # characters of a path that a message repeats


def load_config(
    path: Path | str,
    overrides: Overrides = (),
    own_sets: Callable[[Sequence[Any]], list[str]] = lambda tasks: [],
) -> StudyConfig:
    """Read a study; paths in it start at the folder of its file.

    Args:
        path: the YAML file.
        overrides: `key.path=value` strings, as on the command line, or a mapping with nested or
            dotted keys; list items by index (`corpora.0.source=my.txt`). Paths in them start at
            the working folder.
        own_sets: what is wrong inside the user's own sets, given all tasks with absolute paths;
            called only where something else is wrong, so that one error has both.

    Raises:
        ConfigError: with every problem at once, missing files included: file and line, key, what
            was found, what is allowed.
    """
    folder = Path(path).parent
    data, places = read_yaml(Path(path), overrides, partial(_under_present_names, Path(path)))
    data, wrong = _written_out(data, places)
    data, lacking = with_tuned(data, Path() if places.is_overridden(("tuned",)) else folder)
    wrong += lacking
    absolute = anchored(data, lambda keys: Path() if places.is_overridden(keys) else folder)
    missing = _missing_files(data, absolute, folder / "manifest.json")
    try:
        return _parse(absolute, places, [*wrong, *_unknown_tasks(data), *missing])
    except ConfigError as error:
        tasks = [task for _, task in _items(absolute, "tasks")]
        raise ConfigError([*error.problems, *own_sets(tasks)]) from error


def _under_present_names(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """A stored config under present names; its manifest has the schema of its names."""
    return data if _schema_beside(path) >= SCHEMA else config_now(data)[0]


def _schema_beside(path: Path) -> int:
    """The schema of the results folder of a stored config; the present one elsewhere."""
    manifest = path.with_name("manifest.json")
    if path.name != "config.yaml" or not manifest.is_file():
        return SCHEMA
    try:
        schema = json.loads(read_text(manifest)).get("schema", 1)
    except (ConfigError, ValueError, AttributeError, RecursionError):
        return SCHEMA  # reading the results reports what is wrong with it
    return schema if isinstance(schema, int) else SCHEMA


def parse_config(
    data: Mapping[str, Any], place: str = "config", folder: Path | None = None
) -> StudyConfig:
    """The same for data that is read already.

    No file has to exist: a stored config stays valid when its text is gone.

    Args:
        data: as read.
        place: what each message starts with.
        folder: where its paths start; default: they stay as they are.
    """
    places = Places(place)
    data, wrong = _written_out(data, places)
    data, lacking = with_tuned(data, folder or Path())
    wrong += lacking
    absolute = data if folder is None else anchored(data, lambda keys: folder)
    return _parse(absolute, places, [*wrong, *_unknown_tasks(data)])


def parse_corpus(source: str, settings: Overrides = ()) -> CorpusConfig:
    """One corpus from its source and `key=value` settings, as the command line names it.

    Raises:
        ConfigError: with every problem at once.
    """
    corpus: dict[str, Any] = {"source": source}
    places = Places("corpus")
    places.moved[("corpora", 0)] = ()  # so that messages name a setting as it was given
    put_overrides(corpus, settings, places)
    minimal = {"study": "corpus", "models": [{"kind": "random"}], "seeds": [0], "tasks": ["ws353"]}
    data = {"corpora": [corpus], **minimal}
    absolute = anchored(data, lambda keys: Path())
    return _parse(data, places, list(_missing_files(data, absolute))).corpora[0]


def _written_out(data: Mapping[str, Any], places: Places) -> tuple[dict[str, Any], list[Problem]]:
    """The data with `vary` and recipes written out, and what is wrong with them."""
    varied, wrong = expanded(data, places)
    completed, contradictions = with_recipes(varied)
    return completed, [*wrong, *contradictions]


def _parse(data: Mapping[str, Any], places: Places, problems: list[Problem]) -> StudyConfig:
    config = None
    try:
        config = StudyConfig.model_validate(data)
    except ValidationError as error:
        problems = [*problems_of(error), *problems]
    problems += [*_repeated(data, problems), *_unfit(data, problems)]
    problems += [*_untrainable(data), *_unplannable(data)]
    if config is not None and not problems:
        return config
    problems.sort(key=lambda problem: places.line(problem[0]))
    lines = [f"{places(k)}: {dotted(places.written(k))}: {places.cured(k, t)}" for k, t in problems]
    raise ConfigError(list(dict.fromkeys(lines)))


def _repeated(data: Mapping[str, Any], earlier: list[Problem]) -> list[Problem]:
    """Names and seeds that occur more than once, of those that are right by themselves."""
    named = {(), ("name",), ("source",), ("kind",)}
    wrong = {keys[:2] for keys, _ in earlier if keys[2:] in named}
    problems: list[Problem] = []
    for group in ("corpora", "models", "tasks", "seeds"):
        cure = "give them names (name: ...)" if group in ("corpora", "models") else "remove one"
        names = Counter(
            str(entry_name(entry))
            for i, entry in _items(data, group)
            if not wrong
            & {(group, i), (group, i, "name"), (group, i, "source"), (group, i, "kind")}
        )
        for name in sorted(name for name in names if names[name] > 1):
            problems.append(((group,), f"found {name} more than once, expected each once; {cure}"))
    return problems


def _unfit(data: Mapping[str, Any], earlier: list[Problem]) -> Iterator[Problem]:
    """Settings of an architecture that do not fit others; what is wrong by itself is left out."""
    wrong = {keys if "training" in keys else keys[:3] for keys, _ in earlier}

    def right(*keys: int | str) -> bool:
        return not any(keys[:n] in wrong for n in range(1, len(keys) + 1))

    for i, entry in _items(data, "models"):
        if not isinstance(entry, Mapping) or not right("models", i, "kind"):
            continue
        if entry["kind"] not in ARCHITECTURES:
            continue
        entry_settings = {key: entry[key] for key in _FIT & set(entry) if right("models", i, key)}
        model = MatchedConfig(kind=entry["kind"], **entry_settings)
        own = entry.get("training") if right("models", i, "training", "dim") else {"dim": 0}
        shared = data.get("training") if right("training", "dim") else {"dim": 0}
        dims = [group["dim"] for group in (own, shared) if group and group.get("dim") is not None]
        dim = [*dims, TrainingConfig().dim][0]
        if dim % model.heads:
            text = f"found {model.heads}, expected a divisor of training.dim {dim}"
            yield ("models", i, "heads"), text
        settings = {key: getattr(model, key) for key in sorted(_FIT)}
        for key, text in unfit(model.kind, **settings).items():
            yield ("models", i, key), text


def _untrainable(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Models under settings of training that they have no use for."""
    for i, entry in _items(data, "models"):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
            continue
        parts = [g for g in (data.get("training"), entry.get("training")) if isinstance(g, Mapping)]
        training = {key: v for group in parts for key, v in group.items() if v is not None}
        for key, why in untrainable(entry["kind"], training).items():
            problem = f"found {entry['kind']} with {key}: {training[key]}, but {why}"
            default = str(TrainingConfig.model_fields[key].default).lower()
            yield ("models", i, "kind"), f"{problem}: give it training: {{{key}: {default}}}"


def _unplannable(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Models, tasks and corpora that planned comparisons name and the study does not have."""
    names = {
        group: [str(entry_name(entry)) for _, entry in _items(data, group)]
        for group in ("models", "tasks", "corpora")
    }
    for keys, group, name in _planned_names(data):
        known = names[group]
        row = group == "tasks" and any(f"{name}.".startswith(f"{task}.") for task in known)
        if known and name not in known and not row:
            text = f"found {shown(name)}{nearest(name, known)} expected one of {', '.join(known)}"
            yield keys, text


def _planned_names(data: Mapping[str, Any]) -> Iterator[tuple[Keys, str, str]]:
    """Where a planned comparison names something, of which group, and the name."""
    mentions: list[tuple[Keys, str, Any]] = []
    for group in ("contrasts", "orderings"):
        for i, entry in _items(data, group):
            if not isinstance(entry, Mapping):
                continue
            at: Keys = (group, i)
            for place, plan in ((at, entry), ((*at, "beside"), entry.get("beside"))):
                named = plan if isinstance(plan, Mapping) else {}
                mentions += [((*place, k), "models", named.get(k)) for k in ("first", "second")]
                mentions += [((*place, "task"), "tasks", named.get("task"))]
            for key, of in (("corpora", "corpora"), ("mean_with", "tasks")):
                mentions += [((*at, key, j), of, name) for j, name in _items(entry, key)]
            for j, row in _items(entry, "rows"):
                cells = _items(row, "cells") if isinstance(row, Mapping) else ()
                mentions += [((*at, "rows", j, "cells", k), "models", name) for k, name in cells]
    return ((keys, group, name) for keys, group, name in mentions if isinstance(name, str))


def _unknown_tasks(data: Mapping[str, Any]) -> Iterator[Problem]:
    for i, task in _items(data, "tasks"):
        name = task.get("name") if isinstance(task, Mapping) else task
        named = not isinstance(task, Mapping) or (
            task.get("kind", "named") == "named" and "path" not in task
        )
        if named and isinstance(name, str) and name not in task_names():
            yield ("tasks", i), explain_unknown(name, task_names())


def _missing_files(
    data: Mapping[str, Any], absolute: Mapping[str, Any], manifest: Path | None = None
) -> Iterator[Problem]:
    """Files that the study names and that do not exist.

    Args:
        data: as it was written.
        absolute: the same with absolute paths.
        manifest: beside a stored config; it identifies the corpora.
    """
    for i, corpus in _items(data, "corpora"):
        source = corpus.get("source") if isinstance(corpus, Mapping) else None
        at = str(absolute["corpora"][i]["source"]) if isinstance(source, str) else ""
        if isinstance(source, str) and source and not _exists(at):
            near = nearest(source, NAMED_SOURCES)
            text = f"found {shown(source, _LONG)}, where nothing is{near} expected a file, folder "
            text += f"or glob (looked for {_printed(at)}), or one of {', '.join(NAMED_SOURCES)}"
            text += _which_corpus(i, absolute["corpora"][i].get("name"), manifest)
            yield ("corpora", i, "source"), text
    for i, task in _items(data, "tasks"):
        path = task.get("path") if isinstance(task, Mapping) else None
        if isinstance(path, str | Path):
            at = str(absolute["tasks"][i]["path"])
            if text := _no_file(path, at, task.get("kind")):
                yield ("tasks", i, "path"), text
    for i, model in _items(data, "models"):
        path = model.get("path") if isinstance(model, Mapping) else None
        at = str(absolute["models"][i]["path"]) if isinstance(path, str | Path) else ""
        if isinstance(path, str | Path) and not _exists(at):
            what = "the folder of a model" if model.get("kind") == "transformer" else _VECTORS
            text = f"found {shown(str(path), _LONG)}, where nothing is; expected {what}"
            yield ("models", i, "path"), f"{text} (looked for {_printed(at)})"


def _no_file(written: str | Path, at: str, kind: Any) -> str:
    """What is wrong with the path of a user's own set; empty where a regular file is."""
    try:
        regular_file(Path(at), DatasetError)
    except DatasetError as error:
        return str(error)
    except (OSError, ValueError):
        expected = _OWN_FILES.get(kind, "evaluation items")
        problem = f"found {shown(str(written), _LONG)}, where no file is"
        return f"{problem}; expected a file of {expected} (looked for {_printed(at)})"
    return ""


def _which_corpus(index: int, name: Any, manifest: Path | None) -> str:
    """For results that moved: which corpus is missing, and the override that gives its text."""
    try:
        stored = json.loads(read_text(manifest)) if manifest else {}
        digests = {corpus["name"]: corpus["digest"] for corpus in stored["corpora"]}
        digest = shown(str(digests[name])).strip("'")
    except (ConfigError, ValueError, LookupError, TypeError, RecursionError):
        return ""  # no stored config, or none whose manifest can help
    return f"; corpus {name} has digest {digest}: give corpora.{index}.source=PATH"


def _printed(path: str) -> str:
    """A path on one line."""
    return path if path.isprintable() and len(path) < _LONG else shown(path, _LONG)


def _items(data: Mapping[str, Any], key: str) -> Iterator[tuple[int, Any]]:
    items = data.get(key)
    if isinstance(items, list | tuple):
        yield from enumerate(items)


def _exists(source: str) -> bool:
    """Whether a source exists; False for text that can be no path (too long, a NUL in it)."""
    if source in NAMED_SOURCES or os.path.exists(source):  # noqa: PTH110 - Path may raise
        return True
    if "\0" in source:
        return False
    return any(True for _ in glob.iglob(source, recursive=True))  # noqa: PTH207 - absolute too
