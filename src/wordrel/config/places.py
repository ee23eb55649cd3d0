"""YAML as it was written: the text, the data, overrides on top, and where each value came from.

Reads one YAML file with OmegaConf, so that `${training.dim}` and `a.b=c` mean what they mean
elsewhere; writes nothing.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from wordrel.config.paths import regular_file
from wordrel.errors import ConfigError

Keys = tuple[int | str, ...]
Overrides = Sequence[str] | Mapping[str, Any]


class Places:
    """Where the values of a config stand: in a file (by line), or in an override."""

    def __init__(self, name: str, text: str = "") -> None:
        self._name = name
        self._lines: dict[Keys, int] = {}
        self._overridden: dict[Keys, str] = {}
        if text:
            self._note_lines((), yaml.compose(text, Loader=yaml.SafeLoader))

    def _note_lines(self, keys: Keys, node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._lines[(*keys, key.value)] = key.start_mark.line + 1
                self._note_lines((*keys, key.value), value)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._lines[(*keys, i)] = value.start_mark.line + 1
                self._note_lines((*keys, i), value)

    def override(self, keys: Keys, shown: str) -> None:
        """From now on the value at `keys`, and all below it, come from this override."""
        self._overridden[keys] = shown

    def __call__(self, keys: Keys) -> str:
        """What a message on this value starts with: FILE:LINE, or the override."""
        above = [keys[:n] for n in range(len(keys), 0, -1)]
        for part in above:
            if part in self._overridden:
                return f"{self._name}: override {self._overridden[part]!r}"
            if part in self._lines:
                return f"{self._name}:{self._lines[part]}"
        below = [shown for part, shown in self._overridden.items() if part[: len(keys)] == keys]
        return f"{self._name}: override {below[0]!r}" if keys and below else self._name

    def line(self, keys: Keys) -> int:
        """The line of the value, or of what it should stand in; 0 where that is unknown."""
        above = (self._lines.get(keys[:n]) for n in range(len(keys), 0, -1))
        return next((line for line in above if line is not None), 0)


def read_yaml(path: Path, overrides: Overrides = ()) -> tuple[dict[str, Any], Places]:
    """The data of a file with the overrides in it, and the places of its values.

    Raises:
        ConfigError: when there is no such file, it is not YAML, or an override is malformed.
    """
    text = _read_text(path)
    places = _parsed(path, text, lambda: Places(str(path), text))
    data = _parsed(path, text, lambda: OmegaConf.to_container(OmegaConf.load(io.StringIO(text))))
    if not isinstance(data, dict) or not data:
        found = "a list" if isinstance(data, list) else "nothing"
        raise ConfigError([f"{path}: found {found}, expected keys: study, corpora, models, ..."])
    data = {str(key): value for key, value in data.items()}
    put_overrides(data, overrides, places)
    resolved = _parsed(
        path, text, lambda: OmegaConf.to_container(OmegaConf.create(data), resolve=True)
    )
    return dict(resolved), places


def _read_text(path: Path) -> str:
    try:
        regular_file(path, lambda message: ConfigError([message]))
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError([f"{path}: there is no such file; give the path of a study"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at offset {error.start}"
        raise ConfigError([f"{path}: found {found}, expected UTF-8; save it as UTF-8"]) from error


def _parsed(path: Path, text: str, parse: Any) -> Any:
    """What `parse` gives, its complaints turned into ours."""
    try:
        return parse()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        cure = _cure(str(error.problem), "".join(text.splitlines()[line : line + 1]))
        raise ConfigError([f"{path}:{line + 1}: not YAML: {error.problem}; {cure}"]) from error
    except (yaml.YAMLError, OmegaConfBaseException) as error:
        shown = " ".join(str(error).split())
        raise ConfigError([f"{path}: not YAML that can be read: {shown}"]) from error


def _cure(problem: str, line: str) -> str:
    if "duplicate key" in problem:
        return "expected each key once: remove one of them"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "found a tab, expected spaces: indent with spaces"
    return "mend this line or the one before"


def put_overrides(data: dict[str, Any], overrides: Overrides, places: Places) -> None:
    """Set the value of each override in `data`, in order.

    Args:
        data: as read; changed in place.
        overrides: `key.path=value` strings whose values are YAML, or nested or dotted keys with
            Python values. Items of a list go by index.
        places: told which values come from here.

    Raises:
        ConfigError: naming every override that is malformed or leads nowhere.
    """
    problems = []
    for shown, key, value in _flat(overrides):
        try:
            places.override(_put(data, *(_split(shown) if key is None else (key, value))), shown)
        except ValueError as error:
            problems.append(f"override {shown!r}: {error}")
    if problems:
        raise ConfigError(problems)


def _flat(overrides: Overrides) -> list[tuple[str, str | None, Any]]:
    """Each override as it was written; its dotted key and its value, where they are known."""
    if not isinstance(overrides, Mapping):
        return [(item, None, None) for item in overrides]
    return [
        (f"{key}={value!r}", key, value)
        for name, given in overrides.items()
        for key, value in _leaves(name, given)
    ]


def _leaves(name: str, given: Any) -> list[tuple[str, Any]]:
    if isinstance(given, Mapping) and given:
        return [leaf for key, value in given.items() for leaf in _leaves(f"{name}.{key}", value)]
    return [(name, given)]


def _split(item: str) -> tuple[str, Any]:
    """Key and value of `key.path=value`; raises ValueError, which says what is wrong."""
    key, equals, text = item.partition("=")
    if not equals:
        raise ValueError("found no =, expected key.path=value, such as training.dim=50")
    try:
        tree = OmegaConf.from_dotlist([f"value={text}"])
    except yaml.YAMLError as error:
        raise ValueError(f"found {text!r}, expected a value such as 50 or [1, 2]") from error
    return key, OmegaConf.to_container(tree)["value"]  # type: ignore[call-overload,index]


def _put(data: dict[str, Any], key: str, value: Any) -> Keys:
    """Set one value; raises ValueError, which says where the key leads nowhere."""
    parts = key.split(".")
    if not all(parts):
        raise ValueError("expected key.path=value, such as training.dim=50 or seeds=[1,2]")
    node: Any = data
    keys: Keys = ()
    for part in parts[:-1]:
        step = _step(node, part, keys)
        if isinstance(node, dict) and node.get(step) is None:
            node[step] = {}
        node = node[step]
        keys = (*keys, step)
    last = _step(node, parts[-1], keys)
    node[last] = value
    return (*keys, last)


def _step(node: Any, part: str, keys: Keys) -> int | str:
    """The key or index by which `part` goes on from `node`."""
    if isinstance(node, dict):
        return part
    where = ".".join(map(str, keys))
    if not isinstance(node, list):
        raise ValueError(f"{where} is {node!r}, in which there is no {part!r}")
    if not part.isdecimal() or int(part) >= len(node):
        number = f"an index from 0 to {len(node) - 1}" if node else "no index, for it is empty"
        raise ValueError(f"{where} is a list: found {part!r}, expected {number}")
    return int(part)
