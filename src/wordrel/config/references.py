r"""`${key.path}`: a single value of the same study, put in where it is referred to.

Nothing outside the study is read: a resolver such as `${oc.env:HOME}` is refused, for texts of a
study are stored and shared. `\${x}` is the text `${x}`.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from wordrel.config.dialect import DEPTH, Keys, dotted, shown
from wordrel.errors import ConfigError

REFERENCES = 1_000
_LENGTH = 100_000  # characters that all references together may put in
_SIGN = re.compile(r"(?<!\\)((?:\\\\)*)(?:\\\$\{|\$\{([^}]*\}?))")
_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*\}")


class _RefusedError(Exception):
    """A reference that is refused; the text says why."""


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
        found = f"found {shown(f'${{{path}')}"
        if not _PATH.fullmatch(path):
            expected = "expected the path of a key, such as ${training.dim}"
            raise _RefusedError(rf"{found}, {expected}; write \${{ where it is text")
        if path in above or len(above) >= DEPTH:
            raise _RefusedError(f"{found}, which leads back to itself: write the value")
        value: Any = self._data
        for part in path[:-1].split("."):
            steps = value if isinstance(value, dict) else {}
            if isinstance(value, list | tuple):
                steps = {str(i): item for i, item in enumerate(value)}
            if part not in steps:
                cure = r"write \${ where it is text"
                raise _RefusedError(f"{found}, and there is no such key; {cure}")
            value = steps[part]
        if isinstance(value, dict | list | tuple):
            raise _RefusedError(f"{found}, which is no single value: write it out")
        self._count += 1
        if self._count <= REFERENCES and isinstance(value, str):
            value = self.text(value, (*above, path))
        self._length += len(str(value))
        if self._count > REFERENCES or self._length > _LENGTH:
            expected = f"expected at most {REFERENCES:,} references, {_LENGTH:,} characters in all"
            raise _RefusedError(f"{found} and others, {expected}: write values out")
        return value
