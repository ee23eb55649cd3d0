r"""`${key.path}`: a single value of the same study, put in where it is referred to.

Nothing outside the study is read: a resolver such as `${oc.env:HOME}` is refused, for texts of a
study are stored and shared. `\${x}` is the text `${x}`.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from wordrel.config.dialect import DEPTH, SIGN, Keys, shown
from wordrel.errors import ConfigError

REFERENCES = 1_000
_LENGTH = 100_000  # characters that all references together may put in
_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*")


def resolve(data: dict[str, Any], place: Callable[[Keys], str]) -> dict[str, Any]:
    """A copy of the data with each reference replaced by the value that it names.

    Args:
        data: of a whole study.
        place: what a message on the value at some keys starts with.

    Raises:
        ConfigError: naming the first reference that is none, or leads nowhere or to itself.
    """
    resolving = _Resolving(data)
    try:
        return dict(resolving.value(data, ()))
    except _RefusedError as error:
        where = ".".join(map(str, error.keys))
        raise ConfigError([f"{place(error.keys)}: {where}: {error}"]) from error


class _RefusedError(Exception):
    def __init__(self, keys: Keys, text: str) -> None:
        super().__init__(text)
        self.keys = keys


class _Resolving:
    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._count = self._length = 0

    def value(self, value: Any, keys: Keys) -> Any:
        if len(keys) > DEPTH:
            raise _RefusedError(keys[:DEPTH], f"found values more than {DEPTH} deep")
        if isinstance(value, dict):
            return {key: self.value(inner, (*keys, key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, (*keys, i)) for i, inner in enumerate(value)]
        if not isinstance(value, str):
            return value
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise _RefusedError(
                keys, f"found {shown(value)}, expected Unicode: half a sign is in it"
            )
        return self._text(value, keys, ())

    def _text(self, text: str, keys: Keys, above: tuple[str, ...]) -> Any:
        """The text with its references replaced; a reference alone gives the value itself."""
        parts = list(self._parts(text, keys, above))
        if len(parts) == 1:
            return parts[0]
        return "".join(map(_text_of, parts))

    def _parts(self, text: str, keys: Keys, above: tuple[str, ...]) -> Iterator[Any]:
        end = 0
        for sign in SIGN.finditer(text):
            if sign.start() < end:
                continue
            before = text[end : sign.start()] + "\\" * (len(sign[1]) // 2)
            if len(sign[1]) % 2:
                yield f"{before}${{"
                end = sign.end()
                continue
            if before:
                yield before
            close = text.find("}", sign.end())
            end = len(text) if close < 0 else close + 1
            yield self._referred(text[sign.end(1) : end], keys, above)
        if end < len(text) or not text:
            yield text[end:]

    def _referred(self, reference: str, keys: Keys, above: tuple[str, ...]) -> Any:
        found = f"found {shown(reference)}"
        path = reference[2:-1]
        if not reference.endswith("}") or not _PATH.fullmatch(path):
            expected = "expected the path of a key, such as ${training.dim}"
            raise _RefusedError(keys, rf"{found}, {expected}; write \${{ where it is text")
        if path in above or len(above) >= DEPTH:
            raise _RefusedError(keys, f"{found}, which leads back to itself: write the value")
        self._count += 1
        try:
            value = _at(self._data, path)
        except LookupError as error:
            cure = r"write \${ where it is text"
            raise _RefusedError(keys, f"{found}, and there is no such key; {cure}") from error
        if isinstance(value, dict | list | tuple):
            raise _RefusedError(keys, f"{found}, which is no single value: write it out")
        value = self._text(value, keys, (*above, path)) if isinstance(value, str) else value
        self._length += len(str(value))
        if self._count > REFERENCES or self._length > _LENGTH:
            expected = f"expected at most {REFERENCES:,} references, {_LENGTH:,} characters in all"
            raise _RefusedError(keys, f"{found} and others, {expected}: write values out")
        return value


def _at(data: Any, path: str) -> Any:
    """The value at a path; raises LookupError where there is none."""
    for part in path.split("."):
        if isinstance(data, list | tuple) and re.fullmatch("[0-9]{1,9}", part):
            data = data[int(part)]
        elif isinstance(data, dict):
            data = data[part]
        else:
            raise LookupError(part)
    return data


def _text_of(part: Any) -> str:
    """A value as it stands in a text: as YAML writes it."""
    return json.dumps(part) if part is None or isinstance(part, bool) else str(part)
