r"""A config as it was written: its data, overrides on top, and where each value came from.

Reads one YAML file. `${key.path}` in a value is a reference to a single value of
the same study, and is replaced by it. Nothing outside the study is read: a resolver such as
`${oc.env:HOME}` is refused, for texts of a study are stored and shared. `\${x}` is the text `${x}`.
"""

import copy
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wordrel.config.dialect import BYTES, DEPTH, Keys, MalformedError, dotted, parse, shown
from wordrel.config.paths import regular_file
from wordrel.errors import ConfigError

Overrides = Sequence[str] | Mapping[str, Any]
REFERENCES = 1_000
_LENGTH = 100_000  # characters that all references together may put in
_SIGN = re.compile(r"(?<!\\)((?:\\\\)*)(?:\\\$\{|\$\{([^}]*\}?))")
_NULLS = ("", "~", "null", "Null", "NULL")
IN_QUOTES = "write it in quotes"
"""The cure for text that is read as a number."""
_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*\}")


class Places:
    """Where the values of a config stand: in a file (by line), or in an override.

    Attributes:
        moved: where a value was written that stands elsewhere since `vary` was expanded.
    """

    def __init__(self, name: str, lines: Mapping[Keys, int] | None = None) -> None:
        self._name = name
        self._at: dict[Keys, int | str] = {**(lines or {})}
        self._typed: dict[Keys, str] = {}
        self.moved: dict[Keys, Keys] = {}

    def override(self, keys: Keys, text: str, *, typed: bool = False) -> None:
        """From now on the value at `keys`, and all below it, come from this override.

        Args:
            keys: of the value.
            text: the override in words.
            typed: whether it is `key.path=value`, as one types it into a shell.
        """
        if typed:
            self._typed[keys] = text
        kept = {at: place for at, place in self._at.items() if at[: len(keys)] != keys}
        self._at = {**kept, keys: f"override {text!r}"}

    def written(self, keys: Keys) -> Keys:
        """The keys under which the file has a value."""
        part = next((part for part in _and_above(keys) if part in self.moved), ())
        return (*self.moved.get(part, ()), *keys[len(part) :])

    def __call__(self, keys: Keys) -> str:
        """What a message on this value starts with: FILE:LINE, or the override."""
        place = self._place(keys)
        if isinstance(place, str):
            return f"{self._name}: {place}"
        return f"{self._name}:{place}" if place else self._name

    def cured(self, keys: Keys, problem: str) -> str:
        """The problem with a cure that works in a shell, which removes quotes around a value."""
        text = self._typed.get(self.written(keys))
        if text is None or not problem.endswith(IN_QUOTES):
            return problem
        return problem.removesuffix(IN_QUOTES) + f"give {_quoted(text)}"

    def is_overridden(self, keys: Keys) -> bool:
        """Whether the value at `keys` comes from an override, and not from the file."""
        return isinstance(self._place(keys), str)

    def line(self, keys: Keys) -> int:
        """The line of the value, or of what it should stand in; 0 where there is none."""
        place = self._place(keys)
        return place if isinstance(place, int) else 0

    def _place(self, keys: Keys) -> int | str:
        keys = self.written(keys)
        return next((self._at[part] for part in _and_above(keys) if part in self._at), 0)


def _and_above(keys: Keys) -> Iterator[Keys]:
    """The keys of a value, then those of what it stands in, up to the top."""
    return (keys[:n] for n in range(len(keys), 0, -1))


def read_yaml(
    path: Path,
    overrides: Overrides = (),
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda data: data,
) -> tuple[dict[str, Any], Places]:
    """The data of a file with the overrides in it, and the places of its values.

    Args:
        path: of the file.
        overrides: as in `put_overrides`.
        change: applied to the data before the overrides; its ValueError becomes a ConfigError.

    Raises:
        ConfigError: when there is no such file, it is not YAML, or an override is malformed.
    """
    try:
        data, lines = parse(read_text(path))
    except MalformedError as error:
        raise ConfigError([f"{path}:{error.line}: {error.text}"]) from error
    if not isinstance(data, dict) or not data:
        kind = "a list" if isinstance(data, list) else shown(data or None)
        raise ConfigError([f"{path}: found {kind}, expected keys: study, corpora, models, ..."])
    try:
        data = change(data)
    except ValueError as error:
        raise ConfigError([f"{path}: {error}"]) from error
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
        byte = f"byte 0x{error.object[error.start]:02x} at offset {error.start}"
        raise ConfigError([f"{path}: found {byte}, expected UTF-8; save it as UTF-8"]) from error
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise ConfigError([f"{str(path)!r}: cannot be read: {problem}"]) from error


def put_overrides(data: dict[str, Any], overrides: Overrides, places: Places) -> None:
    """Set the value of each override in `data`, in order.

    Args:
        data: as read; changed in place.
        overrides: `key.path=value` strings whose values are YAML, or nested or dotted keys with
            Python values. Items of a list go by index.
        places: changed in place: which values come from here.

    Raises:
        ConfigError: naming every override that is malformed or leads nowhere.
    """
    problems = []
    parted: dict[str, tuple[str, Any] | None]
    if isinstance(overrides, Mapping):
        leaves = [leaf for key, value in overrides.items() for leaf in _leaves(key, value)]
        parted = {f"{key}={value!r}": (key, value) for key, value in leaves}
    else:
        parted = dict.fromkeys(overrides)
    for override, pair in parted.items():
        try:
            key, value = pair or _split(override)
            for keys in _put(data, _parts(key), value):
                places.override(keys, override, typed=pair is None)
        except ValueError as error:
            problems.append(f"override {override!r}: {error}")
    if problems:
        raise ConfigError(problems)


def _leaves(name: str, node: Any) -> list[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        return [leaf for key, value in node.items() for leaf in _leaves(f"{name}.{key}", value)]
    return [(name, node)]


def _split(item: str) -> tuple[str, Any]:
    """Key and value of `key.path=value`; raises ValueError with the problem.

    A path is text, in which YAML's signs mean nothing: `my #1.txt`, `*.txt` and `[a-c].txt` are
    paths. In quotes it is YAML, as elsewhere.
    """
    key, equals, text = item.partition("=")
    if not equals:
        raise ValueError("found no =, expected key.path=value, such as training.dim=50")
    plain = text.strip()
    is_path = key.rpartition(".")[2] in ("source", "path")
    if is_path and plain not in _NULLS and not plain.startswith(('"', "'")):
        return key, plain
    try:
        return key, parse(text)[0]
    except MalformedError as error:
        problem = f"found {shown(text)}, expected a value such as 50 or [1, 2]"
        message = error.text.replace("write text in quotes", f"for text give {_quoted(item)}")
        raise ValueError(problem if error.text.startswith("not YAML") else message) from error


def _quoted(item: str) -> str:
    """An override whose value is text, for a shell."""
    key, _, value = item.partition("=")
    return shlex.quote(f'{key}="{value}"')


def _parts(key: str) -> list[str]:
    parts = key.split(".")
    if not all(parts):
        raise ValueError("expected key.path=value, such as training.dim=50 or seeds=[1,2]")
    if len(parts) > DEPTH:
        raise ValueError(f"found a key more than {DEPTH} deep, expected fewer parts")
    return parts


def _put(node: Any, parts: list[str], value: Any, keys: Keys = ()) -> list[Keys]:
    """Set one value below `node`, which is at `keys`; the keys that are new, and its own.

    Raises:
        ValueError: where the key leads nowhere.
    """
    step = _step(node, parts[0], keys)
    keys = (*keys, step)
    if len(parts) == 1:
        node[step] = copy.deepcopy(value)
        return [keys]
    new = []
    if isinstance(node, dict) and node.get(step) is None:
        node[step] = {}
        new = [keys]
    return [*new, *_put(node[step], parts[1:], value, keys)]


def _step(node: Any, part: str, keys: Keys) -> int | str:
    """The key or index by which `part` goes on from `node`."""
    if isinstance(node, dict):
        return part
    where = dotted(keys)
    if not isinstance(node, list):
        raise ValueError(f"{where} is {node!r}, in which there is no {part!r}")
    if not part.isdecimal() or int(part) >= len(node):
        number = f"an index from 0 to {len(node) - 1}" if node else "no index, for it is empty"
        raise ValueError(f"{where} is a list: found {part!r}, expected {number}")
    return int(part)


class _RefusedError(Exception):
    """A reference that is refused; the text is the reason."""


def resolve(data: dict[str, Any], place: Callable[[Keys], str]) -> dict[str, Any]:
    """A copy of the data with each reference replaced by the value that it names.

    Args:
        data: of a whole study.
        place: what a message on the value at some keys starts with.

    Raises:
        ConfigError: naming the first reference that is none, or leads nowhere or to itself.
    """
    references = _References(data)

    def resolved(value: Any, keys: Keys) -> Any:
        try:
            if len(keys) > DEPTH:
                raise _RefusedError(f"found values more than {DEPTH} deep")
            if isinstance(value, str):
                return references.text(value, ())
        except _RefusedError as error:
            where = dotted(keys[:DEPTH])
            raise ConfigError([f"{place(keys)}: {where}: {error}"]) from error
        if isinstance(value, dict):
            return {key: resolved(inner, (*keys, key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [resolved(inner, (*keys, i)) for i, inner in enumerate(value)]
        return value

    return {key: resolved(value, (key,)) for key, value in data.items()}


class _References:
    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._count = self._length = 0

    def text(self, text: str, above: tuple[str, ...]) -> Any:
        """The text with its references replaced; a reference alone gives the value itself."""
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise _RefusedError(f"found {shown(text)}, expected Unicode: half a sign is in it")
        if (alone := _SIGN.fullmatch(text)) and alone[2] and not alone[1]:
            return self._value(alone[2], above)

        def put(sign: re.Match[str]) -> str:
            value = "${" if sign[2] is None else self._value(sign[2], above)
            as_yaml = json.dumps(value) if value is None or isinstance(value, bool) else str(value)
            return "\\" * (len(sign[1]) // 2) + as_yaml

        return _SIGN.sub(put, text)

    def _value(self, path: str, above: tuple[str, ...]) -> Any:
        problem = f"found {shown(f'${{{path}')}"
        if not _PATH.fullmatch(path):
            expected = "expected the path of a key, such as ${training.dim}"
            raise _RefusedError(rf"{problem}, {expected}; write \${{ where it is text")
        if path in above or len(above) >= DEPTH:
            raise _RefusedError(f"{problem}, which leads back to itself: write the value")
        value: Any = self._data
        for part in path[:-1].split("."):
            steps = value if isinstance(value, dict) else {}
            if isinstance(value, list | tuple):
                steps = {str(i): item for i, item in enumerate(value)}
            if part not in steps:
                cure = r"write \${ where it is text"
                raise _RefusedError(f"{problem}, and there is no such key; {cure}")
            value = steps[part]
        if isinstance(value, dict | list | tuple):
            raise _RefusedError(f"{problem}, which is no single value: write it out")
        self._count += 1
        if self._count <= REFERENCES and isinstance(value, str):
            value = self.text(value, (*above, path))
        self._length += len(str(value))
        if self._count > REFERENCES or self._length > _LENGTH:
            expected = f"expected at most {REFERENCES:,} references, {_LENGTH:,} characters in all"
            raise _RefusedError(f"{problem} and others, {expected}: write values out")
        return value
