"""The kinds of values in a stored manifest and config, where a report reads them.

Digests show that a folder is as it was written; folders of older versions have none, and a value of
another kind would end a report with an error that names no file.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wordrel.config.dialect import shown
from wordrel.errors import StoreError
from wordrel.study.schema import CURE


class _Kind(NamedTuple):
    """One kind of single value: its name, and whether a value is of it."""

    name: str
    has: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) != math.inf


_TEXT = _Kind("text", lambda value: isinstance(value, str))
_NUMBER = _Kind("a number", _is_number)
_SINGLE = _Kind("text or a number", lambda value: not isinstance(value, list | dict))
_MAYBE_TEXT = _Kind("text", lambda value: value is None or isinstance(value, str))
_MAYBE_NUMBER = _Kind("a number", lambda value: value is None or _is_number(value))
_MAYBE_LIST = _Kind("a list", lambda value: value is None or isinstance(value, list))
ANY = "*"
"""Key of a shape: what all values of a mapping are, whatever their keys."""

_MANIFEST: dict[str, Any] = {
    **dict.fromkeys(("wordrel", "study"), _TEXT),
    **dict.fromkeys(("started", "commit", "config_digest"), _MAYBE_TEXT),
    "seconds": _NUMBER,
    "environment": dict.fromkeys(("platform", "cpu", "cores", "memory_gb", "python"), _SINGLE),
    "statistics": dict.fromkeys(("resamples", "confidence", "seed"), _NUMBER)
    | {"margin": _MAYBE_NUMBER, "correction": _MAYBE_TEXT},
    "corpora": [
        dict.fromkeys(("name", "digest", "source"), _TEXT)
        | dict.fromkeys(("tokens", "types"), _NUMBER)
        | dict.fromkeys(("sentences", "documents", "held_out_documents"), _MAYBE_NUMBER)
        | dict.fromkeys(("held_out_tokens", "dropped_tokens", "replaced_bytes"), _MAYBE_NUMBER)
        | {"ignored_files": _MAYBE_NUMBER}
    ],
    "tasks": [
        dict.fromkeys(("name", "question", "measure"), _TEXT)
        | dict.fromkeys(("digest", "source", "license", "reference"), _MAYBE_TEXT)
        | dict.fromkeys(("kind", "split"), _MAYBE_TEXT)
        | {"n_items": _NUMBER, "duplicates": _MAYBE_NUMBER}
    ],
    "skipped": {ANY: _TEXT},
    "given": {ANY: _TEXT},
}
_CONFIG: dict[str, Any] = {
    "models": [{"name": _TEXT, "kind": _TEXT, "heads": _MAYBE_NUMBER, "ties": _MAYBE_LIST}],
    "corpora": [{"name": _TEXT, "source": _TEXT}],
    "notes": [_SINGLE],
    "contrasts": [{"task": _TEXT, "mean_with": _MAYBE_LIST}],
}
_NEEDED = {"models": ("name", "kind"), "contrasts": ("task",)}
"""Keys that every item of a list of the config has."""
_MAY_LACK = ("given", "models", "notes", "contrasts")
"""Groups that are null where there are none."""


def check_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Compare the kinds of values of a manifest with those that a report reads.

    Raises:
        StoreError: with the place of the first that is another.
    """
    _check(f"{path}: ", (), manifest, _MANIFEST)


def check_config(path: Path, config: Mapping[str, Any]) -> None:
    """The same for the stored config of a study."""
    _check(f"{path}: ", (), config, _CONFIG)
    for group, keys in _NEEDED.items():
        for i, item in enumerate(config.get(group) or ()):
            missing = [key for key in keys if key not in item]
            if missing:
                raise StoreError(f"{path}: {group}.{i}: {', '.join(missing)} missing; {CURE}")


def _check(place: str, keys: tuple[str, ...], stored: Any, shape: Any) -> None:
    """Compare a value with its shape; keys outside the shape are ignored."""
    if isinstance(shape, _Kind):
        fits, expected = shape.has(stored), shape.name
    elif isinstance(shape, list):
        fits, expected = isinstance(stored, list), "a list"
    else:
        fits, expected = isinstance(stored, dict), "keys"
    if not fits:
        where = ".".join(keys)
        raise StoreError(f"{place}{where}: found {shown(stored)}, expected {expected}; {CURE}")
    if isinstance(shape, list):
        for i, item in enumerate(stored):
            _check(place, (*keys, str(i)), item, shape[0])
    elif isinstance(shape, dict):
        for key, value in stored.items():
            below = shape.get(key, shape.get(ANY))
            if below is not None and not (value is None and key in _MAY_LACK):
                _check(place, (*keys, str(key)), value, below)
