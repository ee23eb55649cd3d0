"""Messages for what pydantic found wrong: where, what was found, and what is allowed."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from wordrel.config.contrasts import Contrast, Orderings
from wordrel.config.corpora import CorpusConfig
from wordrel.config.dialect import Keys, shown
from wordrel.config.models import ModelConfig, TrainingChange, TrainingConfig
from wordrel.config.names import KEYS, KINDS
from wordrel.config.places import IN_QUOTES
from wordrel.config.settings import (
    ExecuteConfig,
    StatisticsConfig,
    StudyConfig,
    TaskConfig,
)

Problem = tuple[Keys, str]
"""Where it is, and what is wrong there."""

_GROUPS: dict[str, type[BaseModel]] = {
    "corpora": CorpusConfig,
    "training": TrainingConfig,
    "statistics": StatisticsConfig,
    "execute": ExecuteConfig,
    "contrasts": Contrast,
    "orderings": Orderings,
}
_KINDS: dict[str, dict[str, type[BaseModel]]] = {
    group: {
        kind: config
        for config in get_args(get_args(union)[0])
        for kind in get_args(config.model_fields["kind"].annotation)
    }
    for group, union in (("models", ModelConfig), ("tasks", TaskConfig))
}
_EXPECTED = {
    "string_pattern_mismatch": "small letters, digits, _ . and -, the first a letter or digit",
    "tuple_type": "a list",
    "missing": "a value: this key is required",
    "string_too_short": "some text",
    "path_type": "the path of a file",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "string_unicode": "a path in UTF-8: rename the file, or give its folder",
    "finite_number": "a finite number",
}
_PLAIN = {
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "greater than": "more than",
}
_FLAGS = {
    "engine": "--dask ADDRESS or --scheduler-file FILE",
    "address": "--dask ADDRESS",
    "scheduler_file": "--scheduler-file FILE",
}
"""What `wordrel run` takes in place of keys of `execute`."""
_KIND_AT = 2
"""Where in the place of a problem pydantic puts the kind of a model or task."""
_CLOSE = 0.75
"""A key of the same group that is so similar is meant, even if another group has a closer one."""
_NO_KEYS = {"model_type", "model_attributes_type", "dict_type"}


def problems_of(error: ValidationError) -> list[Problem]:
    """What is wrong with each setting of a `StudyConfig` by itself.

    A list that is too short only because an item of it is wrong is left out.
    """
    errors = error.errors()
    wrong = {e["loc"][:n] for e in errors for n in range(len(e["loc"]))}
    return [_explain(e) for e in errors if e["type"] != "too_short" or e["loc"] not in wrong]


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The question whether the most similar name is meant; a plain `;` where none is similar."""
    near = difflib.get_close_matches(name, allowed, n=1)
    return f"; did you mean {near[0]!r}?" if near else ";"


def _explain(error: Any) -> Problem:
    kind, value, keys = error["type"], error["input"], _keys(error["loc"])
    if kind == "extra_forbidden" and keys[0] == "execute" and keys[-1] in _FLAGS:
        cure = f"remove it, and give {_FLAGS[str(keys[-1])]} on the command line"
        text = f"found {_shown(value)}, but no config says on which machines a study runs; {cure}"
        return keys, text
    if kind == "extra_forbidden" and keys[0] == "models" and keys[-1] in KEYS:
        return keys, f"found {keys[-1]}, which is now called {KEYS[str(keys[-1])]}"
    if kind == "unfit":
        return (*keys, error["ctx"]["key"]), error["msg"]
    if kind == "encoding":  # its message is whole
        return keys, error["msg"]
    if kind == "extra_forbidden":
        return keys, f"found an unknown key{_hint(error['loc'])}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return (*keys, "kind"), _wrong_kind(error)
    if kind in _NO_KEYS:
        return keys, f"found {_shown(value)}, expected {_keys_of(error['loc'])}"
    shown = "nothing" if kind == "missing" else _shown(value)
    allowed = re.findall("'([^']*)'", error["ctx"]["expected"]) if kind == "literal_error" else []
    near = nearest(str(value), allowed)
    return keys, f"found {shown}{near.rstrip(';') or ','} expected {_expected(error)}"


def _keys(loc: Keys) -> Keys:
    """The path as it stands in the file: without the kind, which pydantic puts after an index."""
    return (*loc[:2], *loc[3:]) if loc[0] in _KINDS and len(loc) > 2 else loc


def _expected(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Input should be ")
    for pydantic, plain in _PLAIN.items():
        message = message.replace(pydantic, plain)
    expected = _EXPECTED.get(error["type"], message[0].lower() + message[1:])
    if error["type"] == "too_short":
        least = error["ctx"]["min_length"]
        expected = f"at least {'one' if least == 1 else least}"
    if error["type"] == "string_too_long":
        expected = f"at most {error['ctx']['max_length']} characters"
    if error["type"] == "string_type" and error["input"] is None:
        return f"{expected}; null, ~ and what begins with # are text only in quotes"
    as_number = error["type"] == "string_type" and isinstance(error["input"], int | float)
    return f"{expected}: {IN_QUOTES}" if as_number else expected


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "keys"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return shown(value)


def _wrong_kind(error: Any) -> str:
    kinds = _KINDS[error["loc"][0]]
    allowed = f"expected one of {', '.join(sorted(kinds))}"
    if error["type"] == "union_tag_not_found":
        value = error["input"]
        return f"found {'nothing' if isinstance(value, Mapping) else _shown(value)}, {allowed}"
    tag = str(error["ctx"]["tag"])
    if error["loc"][0] == "models" and tag in KINDS:
        return f"found {tag}, which is now called {KINDS[tag]}"
    return f"found {tag!r}{nearest(tag, kinds)} {allowed}"


def _hint(loc: Keys) -> str:
    """The key that was meant, or where this one belongs, and what is allowed here."""
    key, allowed = str(loc[-1]), _allowed(loc)
    homes = {k: f"{name}.{k}" for name, group in _GROUPS.items() for k in _keys_in(group)}
    known = {k: home.replace("corpora.", "corpora.0.") for k, home in homes.items()}
    known |= {k: k for k in allowed}
    near = difflib.get_close_matches(key, allowed, n=1, cutoff=_CLOSE)
    near = near or difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {known[near[0]]!r}?" if near else ";"
    return f"{hint} expected one of {', '.join(sorted(allowed))}"


def _allowed(loc: Keys) -> list[str]:
    """The keys that may stand where `loc` ends, found by walking the models."""
    group: type[BaseModel] = StudyConfig
    for place, key in enumerate(loc[:-1]):
        if place == _KIND_AT and loc[0] in _KINDS:
            group = _KINDS[str(loc[0])][str(key)]
        elif isinstance(key, str):
            group = _group_of(group.model_fields[key].annotation) or group
    return _keys_in(group)


def _group_of(annotation: Any) -> type[BaseModel] | None:
    """The group of settings in the type of a key, such as a list of them; None where none is."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_group_of, get_args(annotation))), None)


def _keys_in(group: type[BaseModel]) -> list[str]:
    recipe = ["recipe"] if group in (TrainingConfig, TrainingChange) else []
    return [*group.model_fields, *recipe]


def _keys_of(loc: Keys) -> str:
    if loc[0] in _KINDS and len(loc) < 3:
        return "keys, kind among them"
    return f"keys: {', '.join(sorted(_allowed((*loc, 'key'))))}"
