"""Where a path of a config starts: at the folder of its file, or where an override was given.

In memory paths are absolute; what is stored starts at the folder in which it is stored, so that
it says nothing about the machine and may be moved together with the text.
"""

import glob
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wordrel.config.dialect import Keys
from wordrel.config.settings import NAMED_SOURCES, corpus_name

_ESCAPED = re.compile(r"\[([*?[])\]")  # what glob.escape makes of * ? [


def anchored(data: Mapping[str, Any], base: Callable[[Keys], Path]) -> dict[str, Any]:
    """A copy of a study's data with absolute paths; `base`: where the path at some keys starts."""
    found = dict(data)
    for group, field in (("corpora", "source"), ("tasks", "path")):
        if isinstance(items := data.get(group), list | tuple):
            found[group] = [
                _anchored(item, field, base((group, i, field))) for i, item in enumerate(items)
            ]
    return found


def _anchored(item: Any, field: str, base: Path) -> Any:
    written = item.get(field) if isinstance(item, Mapping) else None
    if not isinstance(written, str | Path) or not str(written):
        return item
    plain = os.path.join(base.absolute(), written)  # noqa: PTH118 - keeps what Path would drop
    if field != "source":
        return {**item, field: plain}
    if not isinstance(written, str) or written in NAMED_SOURCES:
        return item
    if not os.path.exists(plain) and glob.has_magic(written):  # noqa: PTH110 - no name too long
        plain = os.path.join(glob.escape(str(base.absolute())), written)  # noqa: PTH118
    return {**item, "name": item.get("name") or corpus_name(written), field: plain}


def path_from(path: str | Path, folder: Path) -> str:
    """The path as it is seen from `folder`; absolute where only the root is common to both."""
    given = Path(path).absolute()
    real, base = given.parent.resolve() / given.name, folder.resolve()
    if os.path.commonpath([real, base]) == real.anchor:
        return str(real)
    return Path(os.path.relpath(real, base)).as_posix()


def source_from(source: str, folder: Path) -> str:
    """The same for the source of a corpus: a name, a path or a glob."""
    if source in NAMED_SOURCES:
        return source
    if os.path.exists(source) or not glob.has_magic(source):  # noqa: PTH110
        found = path_from(source, folder)
    else:
        parts = Path(source).absolute().parts
        plain = next(i for i, part in enumerate(parts) if _is_pattern(part))
        start = Path(*(_ESCAPED.sub(r"\1", part) for part in parts[:plain]))
        found = "/".join([glob.escape(path_from(start, folder)), *parts[plain:]])
    return f"./{found}" if found in NAMED_SOURCES else found


def _is_pattern(part: str) -> bool:
    return glob.has_magic(_ESCAPED.sub("", part))
