"""What a child process does to its files, seen before it happens: counted, refused, cut or slowed.

For a process that was forked for one try alone, since nothing here can be undone. Audit events
report most operations; reads, writes, fsync and stat are replaced.
"""

import builtins
import io
import mmap
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from errno import errorcode
from pathlib import Path
from typing import Any

import safetensors.numpy

import wordrel
from wordrel.io import files

PACKAGE = str(Path(wordrel.__file__).parent)
_OF_TWO = {"os.rename": "rename", "os.link": "link", "os.symlink": "symlink"}
_OF_ONE = {
    "os.mkdir": "mkdir",
    "os.remove": "unlink",
    "os.rmdir": "rmdir",
    "os.scandir": "scandir",
    "os.listdir": "scandir",
    "os.truncate": "truncate",
    "os.chmod": "chmod",
    "os.utime": "utime",
    "fcntl.flock": "flock",
    "mmap.__new__": "mmap",
}


@dataclass(frozen=True)
class Operation:
    """One operation on the file system, before it happens.

    Attributes:
        what: open, read, write, fsync, rename, mkdir, unlink, stat ...
        path: absolute; other: of a rename, where to.
        writes: of an open, whether it may write.
        empties: of an open, whether it makes the file empty or anew.
    """

    what: str
    path: str
    other: str = ""
    writes: bool = False
    empties: bool = False


Before = Callable[[Operation], None]
"""May raise an OSError in place of the operation."""


@dataclass
class Hooks:
    """Calls `before` ahead of each operation below `root`, once installed."""

    root: str
    before: Before
    _inside: bool = field(default=False, init=False)

    def install(self) -> None:
        """Begin; there is no way back."""
        raw, real_open = _raw(self), io.open
        io.open = builtins.open = _opener(self, real_open, raw)
        for module in (os,):
            for name in ("stat", "lstat", "fsync", "fstat"):
                setattr(
                    module, name, self._reporting(name.removeprefix("l"), getattr(module, name))
                )
        _watch_tensors(self)
        sys.addaudithook(self._audit)

    def report(self, what: str, place: Any, other: Any = "", **flags: bool) -> None:
        """Pass on an operation below the root, unless `before` itself caused it."""
        if self._inside:
            return
        self._inside = True
        try:
            path = _absolute(place)
            if path.startswith(self.root):
                self.before(Operation(what, path, other and _absolute(other), **flags))
        finally:
            self._inside = False

    def _reporting(self, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(place: Any, *arguments: Any, **options: Any) -> Any:
            self.report(what, (place, options.get("dir_fd")))
            return real(place, *arguments, **options)

        return call

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
            empties = bool(flags & (os.O_TRUNC | os.O_CREAT))
            if path is not None:
                self.report("open", path, writes=writes, empties=writes and empties)
        elif event in _OF_TWO:
            self.report(
                _OF_TWO[event],
                (arguments[0], arguments[2] if len(arguments) > 2 else None),
                (arguments[1], arguments[3] if len(arguments) > 3 else None),
            )
        elif event in _OF_ONE:
            folder = arguments[-1] if event in ("os.mkdir", "os.remove", "os.rmdir") else None
            if event != "mmap.__new__" or arguments[0] >= 0:
                self.report(_OF_ONE[event], (arguments[0], folder))


def _absolute(place: Any) -> str:
    """The path of a name, of an open file, or of a name within an open folder."""
    path, folder = place if isinstance(place, tuple) else (place, None)
    if isinstance(path, int):
        return _of_number(path)
    path = os.fsdecode(path)
    base = _of_number(folder) if isinstance(folder, int) and folder >= 0 else os.getcwd()  # noqa: PTH109
    return os.path.normpath(os.path.join(base, path))  # noqa: PTH118


def _of_number(number: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
    except OSError:
        return ""


def _raw(hooks: Hooks) -> type[io.FileIO]:
    class Raw(io.FileIO):
        def readinto(self, buffer: Any) -> int | None:
            hooks.report("read", self.fileno())
            return super().readinto(buffer)

        def readall(self) -> bytes:
            hooks.report("read", self.fileno())
            return super().readall()

        def read(self, size: int | None = -1) -> bytes:
            hooks.report("read", self.fileno())
            return super().read(-1 if size is None else size)

        def write(self, data: Any) -> int | None:  # type: ignore[override]
            hooks.report("write", self.fileno())
            return super().write(data)

    return Raw


def _opener(hooks: Hooks, real: Callable[..., Any], raw: type[io.FileIO]) -> Callable[..., Any]:
    """`open` with raw files that report reads and writes; for files below the root."""

    def opened(  # noqa: PLR0913 - those of `open`
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None,
        errors: Any = None, newline: Any = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        ours = not isinstance(file, int) and _absolute(file).startswith(hooks.root)
        if not ours or opener is not None or buffering == 0:
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if "b" not in mode:
            encoding = io.text_encoding(encoding)
        plain = mode.replace("b", "").replace("t", "")
        file = raw(file, plain)
        if "+" in plain:
            binary: Any = io.BufferedRandom(file)
        else:
            binary = io.BufferedReader(file) if plain == "r" else io.BufferedWriter(file)
        if "b" in mode:
            return binary
        text: Any = io.TextIOWrapper(binary, encoding, errors, newline, buffering == 1)
        text.mode = mode
        return text

    return opened


def _watch_tensors(hooks: Hooks) -> None:
    """Report safetensors, which reads and writes past Python and raises its own errors."""
    module: Any = files
    save, load = module.save_file, module.load_file

    def saved(tensors: Any, path: Any) -> None:
        try:
            hooks.report("open", path, writes=True, empties=True)
            hooks.report("write", path)
        except OSError as error:
            text = f"Error while serializing: I/O error: {error.strerror} (os error {error.errno})"
            raise safetensors.SafetensorError(text) from error
        save(tensors, path)

    def loaded(path: Any) -> Any:
        hooks.report("open", path)
        hooks.report("mmap", path)
        return load(path)

    module.save_file, module.load_file = saved, loaded


def stack() -> tuple[str, ...]:
    """The functions of the package that are running, the outermost first."""
    functions = []
    frame = sys._getframe(1)  # the frames of the caller are what is wanted
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(PACKAGE) and not frame.f_code.co_name.startswith("<"):
            module = name[len(PACKAGE) + 1 :].removesuffix(".py").replace(os.sep, ".")
            functions.append(f"{module}.{frame.f_code.co_name}")
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(reversed(functions))


def refusal(number: int, operation: Operation) -> OSError:
    """The error of the system; Python picks the right subclass of OSError."""
    return OSError(number, os.strerror(number), operation.path)


__all__ = ["PACKAGE", "Before", "Hooks", "Operation", "errorcode", "mmap", "refusal", "stack"]
