"""A config as it was written: its data, overrides on top, and where each value came from.

Reads one YAML file; writes nothing.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wordrel.config.dialect import BYTES, DEPTH, Keys, MalformedError, parse, shown
from wordrel.config.paths import regular_file
from wordrel.config.references import resolve
from wordrel.errors import ConfigError

Overrides = Sequence[str] | Mapping[str, Any]


class Places:
    """Where the values of a config stand: in a file (by line), or in an override."""

    def __init__(self, name: str, lines: Mapping[Keys, int] | None = None) -> None:
        self._name = name
        self._lines = lines or {}
        self._overridden: dict[Keys, str] = {}

    def override(self, keys: Keys, given: str) -> None:
        """From now on the value at `keys`, and all below it, come from this override."""
        self._overridden[keys] = given

    def __call__(self, keys: Keys) -> str:
        """What a message on this value starts with: FILE:LINE, or the override."""
        above = [keys[:n] for n in range(len(keys), 0, -1)]
        for part in above:
            if part in self._overridden:
                return f"{self._name}: override {self._overridden[part]!r}"
            if part in self._lines:
                return f"{self._name}:{self._lines[part]}"
        below = [given for part, given in self._overridden.items() if part[: len(keys)] == keys]
        return f"{self._name}: override {below[0]!r}" if keys and below else self._name

    def is_overridden(self, keys: Keys) -> bool:
        """Whether the value at `keys` comes from an override, and not from the file."""
        return any(keys[:n] in self._overridden for n in range(1, len(keys) + 1))

    def line(self, keys: Keys) -> int:
        """The line of the value, or of what it should stand in; 0 where that is unknown."""
        above = (self._lines.get(keys[:n]) for n in range(len(keys), 0, -1))
        return next((line for line in above if line is not None), 0)


def read_yaml(path: Path, overrides: Overrides = ()) -> tuple[dict[str, Any], Places]:
    """The data of a file with the overrides in it, and the places of its values.

    Raises:
        ConfigError: when there is no such file, it is not YAML, or an override is malformed.
    """
    try:
        data, lines = parse(read_text(path))
    except MalformedError as error:
        raise ConfigError([f"{path}:{error.line}: {error.text}"]) from error
    if not isinstance(data, dict) or not data:
        found = "a list" if isinstance(data, list) else shown(data or None)
        raise ConfigError([f"{path}: found {found}, expected keys: study, corpora, models, ..."])
    places = Places(str(path), lines)
    put_overrides(data, overrides, places)
    return resolve(data, places), places


def read_text(path: Path) -> str:
    """The text of a config; no more of a file is read than a config may have.

    Raises:
        ConfigError: where there is no such file, or it is no text.
    """
    try:
        regular_file(path, lambda message: ConfigError([message]))
        with path.open("rb") as file:
            content = file.read(BYTES + 1)
        if len(content) > BYTES:
            raise ConfigError([f"{path}: found a larger file, expected at most 1 MiB of YAML"])
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError([f"{path}: there is no such file; give the path of a study"]) from error
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at offset {error.start}"
        raise ConfigError([f"{path}: found {found}, expected UTF-8; save it as UTF-8"]) from error
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise ConfigError([f"{str(path)!r}: cannot be read: {found}"]) from error


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
    for given, key, value in _flat(overrides):
        try:
            places.override(_put(data, *(_split(given) if key is None else (key, value))), given)
        except ValueError as error:
            problems.append(f"override {given!r}: {error}")
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
        return key, parse(text)[0]
    except MalformedError as error:
        found = f"found {shown(text)}, expected a value such as 50 or [1, 2]"
        raise ValueError(found if error.text.startswith("not YAML") else error.text) from error


def _put(data: dict[str, Any], key: str, value: Any) -> Keys:
    """Set one value; raises ValueError, which says where the key leads nowhere."""
    parts = key.split(".")
    if not all(parts):
        raise ValueError("expected key.path=value, such as training.dim=50 or seeds=[1,2]")
    if len(parts) > DEPTH:
        raise ValueError(f"found a key more than {DEPTH} deep, expected fewer parts")
    node: Any = data
    keys: Keys = ()
    for part in parts[:-1]:
        step = _step(node, part, keys)
        if isinstance(node, dict) and node.get(step) is None:
            node[step] = {}
        node = node[step]
        keys = (*keys, step)
    last = _step(node, parts[-1], keys)
    node[last] = copy.deepcopy(value)
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
