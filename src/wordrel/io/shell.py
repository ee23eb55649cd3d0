"""A path or pattern as a word of a command for a shell, which does not read signs in it."""

import shlex
from pathlib import Path


def shell_word(path: str | Path) -> str:
    """The path in quotes where it needs them; a dash in front of it begins no option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
