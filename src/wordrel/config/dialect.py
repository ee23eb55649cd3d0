"""One YAML for files, overrides and stored configs: plain data with the scalars of YAML 1.2.

`on`, `2024-01-01` and `0x1f` are text; whole numbers are decimal, `_` between digits allowed. No
tags, no merges, no second document. Size, depth and number of values are bounded. What `written`
and `dump` write reads back as the same value, here and in YAML 1.1.
"""

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import yaml

Keys = tuple[int | str, ...]

BYTES = 1 << 20
NODES = 20_000
DEPTH = 20
_DIGITS = 18  # fits an int64
_KEY = 100
_SIGN = re.compile(r"(?<!\\)(\\*)\$\{")
"""The start of a reference; an odd number of backslashes before it makes it text."""


class MalformedError(ValueError):
    """YAML that is refused: the line, and a text with what was found and the cure."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")
        self.line, self.text = line, text


def dotted(keys: Keys) -> str:
    """Keys as an override writes them."""
    return ".".join(map(str, keys))


def shown(value: Any, limit: int = 60) -> str:
    """A value as a message repeats it: on one line, and not longer than `limit`."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _whole(text: str) -> int:
    digits = text.lstrip("+-").replace("_", "")
    if len(digits) > _DIGITS:
        problem = f"found a number of {len(digits):,} digits, expected at most {_DIGITS}"
        raise ValueError(f"{problem}: write a smaller one, or write text in quotes")
    if digits != "0" and digits.startswith("0"):
        expected = "expected a whole number without a leading zero"
        raise ValueError(f"found {text}, {expected}: write {int(digits)}, or write text in quotes")
    return int(text)


def _real(text: str) -> float:
    return float(re.sub(r"\.(?=[a-z])", "", text.lower()))  # YAML writes .inf and .nan


_TAG = "tag:yaml.org,2002:"
_SCALARS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "null": (r"~|null|Null|NULL|", lambda text: None),
    "bool": (r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    "int": (r"[-+]?[0-9]+(?:_[0-9]+)*", _whole),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        _real,
    ),
}
"""What plain scalars mean: pattern and reader. All others are text."""


class _Loader(yaml.SafeLoader):
    """Composes one document; depth, number of values and tags are checked as they come."""

    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        self._nodes += 1
        self._depth += 1
        _check_bounds(line, self._nodes, self._depth - 1)
        if (tag := getattr(event, "tag", None)) is not None:
            expected = "expected text, numbers, lists and keys: remove the tag"
            raise MalformedError(line, f"found the tag {tag[:_KEY]!r}, {expected}")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes text that YAML 1.1 (inherited) or this dialect would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _name, (_pattern, _) in _SCALARS.items():
    for _side in (_Loader, _Dumper):
        _side.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), None)


def _check_bounds(line: int, nodes: int, depth: int) -> None:
    if depth > DEPTH:
        cure = "remove a level, or an anchor that holds itself"
        raise MalformedError(line, f"found values more than {DEPTH} deep, expected fewer: {cure}")
    if nodes > NODES:
        cure = "write fewer, aliases counted each time"
        raise MalformedError(line, f"found more, expected at most {NODES:,} values: {cure}")


def parse(text: str) -> tuple[Any, dict[Keys, int]]:
    """The data of a text, and the line of each value (of its key, where it has one).

    Raises:
        MalformedError: naming the first problem.
    """
    if len(text) > BYTES:
        raise MalformedError(1, f"found {len(text):,} characters, expected at most {BYTES:,}")
    node = _composed(text)
    reading = _Reading()
    return (None if node is None else reading.value(node, ())), reading.lines


def _composed(text: str) -> yaml.Node | None:
    cure = "mend this line or the one before"
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except MalformedError:
        raise
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        problem, cure = f"unacceptable character #x{int(error.character):04x}", "remove it"
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        problem = str(error.problem)
    except (ValueError, OverflowError) as error:  # such as the character \U0011FFFF
        line, problem = loader.get_mark().line, str(error)
    if "another document" in problem:
        raise MalformedError(line + 1, "found a second document (---), expected one: remove it")
    if re.match(r"\s*\t", "".join(text.splitlines()[line : line + 1])):
        cure = "found a tab, expected spaces: indent with spaces"
    raise MalformedError(line + 1, f"not YAML: {problem}; {cure}")


class _Reading:
    """Turns nodes into data; counts what aliases repeat, so that they cannot grow without end."""

    def __init__(self) -> None:
        self.lines: dict[Keys, int] = {}
        self._nodes = 0

    def value(self, node: yaml.Node, keys: Keys) -> Any:
        line = node.start_mark.line + 1
        self._nodes += 1
        _check_bounds(line, self._nodes, len(keys))
        if isinstance(node, yaml.SequenceNode):
            return [self._below(item, (*keys, i), item) for i, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return _scalar(node, line)
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            name = _key(key, mapping)
            mapping[name] = self._below(value, (*keys, name), key)
        return mapping

    def _below(self, node: yaml.Node, keys: Keys, at: yaml.Node) -> Any:
        self.lines[keys] = at.start_mark.line + 1
        return self.value(node, keys)


def _key(node: yaml.Node, before: dict[str, Any]) -> str:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        raise MalformedError(line, "found a list or keys as a key, expected text: write its name")
    name, problem = str(node.value), ""
    if len(name) > _KEY:
        problem = f"found a key of {len(name):,} characters, expected at most {_KEY}"
    elif name in before:
        problem = f"found the key {name!r} twice, expected each key once: remove one"
    if problem:
        raise MalformedError(line, problem)
    return name


def _scalar(node: yaml.Node, line: int) -> Any:
    kind = node.tag.removeprefix(_TAG)
    if kind not in _SCALARS:
        return str(node.value)
    try:
        return _SCALARS[kind][1](node.value)
    except ValueError as error:
        raise MalformedError(line, str(error)) from error


def dump(data: Any) -> str:
    """YAML that `parse`, and the references put in, read back as this data."""
    return str(yaml.dump(_changed(data, _escaped), Dumper=_Dumper, sort_keys=False, width=100))


def written(text: str) -> str:
    """One text as it may stand after `key: ` or in a list, in quotes where it needs them.

    Where a character is not printable, all but ASCII is escaped: reading would fold a line end of
    Unicode (U+0085), and half a sign cannot be written.
    """
    options: dict[str, Any] = {"default_flow_style": True, "width": math.inf}
    options["allow_unicode"] = text.isprintable()
    listed = str(yaml.dump([_escaped(text)], Dumper=_Dumper, **options))
    return listed.removeprefix("[").removesuffix("]\n")


def read_stored(text: str) -> Any:
    r"""What `dump` wrote: `\${x}` is text. An older version wrote it as `${x}`, which stays too.

    Raises:
        MalformedError: as `parse`.
    """
    return _changed(parse(text)[0], _literal)


def _changed(data: Any, change: Callable[[str], str]) -> Any:
    """The same data with each of its texts changed."""
    if isinstance(data, dict):
        return {key: _changed(value, change) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_changed(value, change) for value in data]
    return change(data) if isinstance(data, str) else data


def _escaped(text: str) -> str:
    return _SIGN.sub(lambda sign: f"{sign[1] * 2}\\${{", text)


def _literal(text: str) -> str:
    return _SIGN.sub(lambda s: f"{s[1][: len(s[1]) // 2]}${{" if len(s[1]) % 2 else s[0], text)
