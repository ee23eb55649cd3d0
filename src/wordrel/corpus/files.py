"""The files of a source: found, put in order, digested, and compared again after reading.

Reads each file once to digest it; the digests are kept (see `digests`), so that a file that has not
changed is not digested again.
"""

import glob
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from wordrel.config.paths import regular_file
from wordrel.corpus.digests import DigestTable
from wordrel.corpus.text import SUFFIXES
from wordrel.corpus.wiki import WIKI_VERSION
from wordrel.errors import CorpusError
from wordrel.io.files import file_digest

_AUTHORS = 10
"""With fewer, a source is split by document: one author could be all of its tests."""
_BY_AUTHOR = re.compile(r"([^\W\d_]+)_[^_/]+_(?:1[4-9]|20)\d\d\.[^/]*")
Kind = Literal["text", "wiki_dump"]


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, as it was when it was looked at.

    Attributes:
        path: where it is.
        name: what to call it; relative to the source's folder.
        kind: how to read it.
        size: bytes on disk.
        modified_ns: time of its last change.
        sha256: of its bytes.
        same_as: sha256 and suffix of a packed file that holds the same text, by which corpora of it
            are named.
    """

    path: Path
    name: str
    kind: Kind
    size: int
    modified_ns: int
    sha256: str
    same_as: tuple[str, str] | None = None

    @property
    def named_by(self) -> tuple[str, str]:
        """The sha256 and the suffix that name corpora of this text."""
        return self.same_as or (self.sha256, self.path.suffix)

    @property
    def author(self) -> str:
        """The author, where the name has one as in `Dickens_Bleak_1853.txt`; else empty."""
        found = _BY_AUTHOR.fullmatch(Path(self.name).name)
        return found[1] if found else ""


@dataclass(frozen=True)
class Source:
    """The files of a corpus.

    Attributes:
        files: in the order in which they are read.
        ignored: how many others lie in the same place, of kinds that cannot be read.
    """

    files: tuple[SourceFile, ...]
    ignored: int = 0

    @property
    def bytes(self) -> int:
        """On disk."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """Of the file, or of the list of digests where there are several."""
        if len(self.files) == 1:
            return self.files[0].named_by[0]
        return hashlib.sha256("".join(f"{f.sha256}\n" for f in self.files).encode()).hexdigest()

    @property
    def authors(self) -> list[str]:
        """The author of each file, or nothing where fewer than ten have a known one."""
        authors = [file.author for file in self.files]
        return authors if len({*authors} - {""}) >= _AUTHORS else []

    def fingerprint(self) -> list[list[str]]:
        """What of the files decides the corpus: bytes and reader, not names or places."""
        wiki = f"wiki {WIKI_VERSION}, gensim {version('gensim')}"
        readers = {"wiki_dump": wiki, "text": "text"}
        return [[f.named_by[0], readers[f.kind], f.named_by[1].lower()] for f in self.files]


def own_source(source: str, cache: Path) -> Source:
    """The files of a file, folder or glob, sorted by name.

    A file that is named outright is text whatever its ending; of a folder, files with the endings
    of text are taken, in small or capital letters.

    Raises:
        CorpusError: nothing there, nothing that can be read, or what is no regular file.
    """
    found = _found_at(source)
    for file, _ in found:
        with _readable(file):
            regular_file(file, CorpusError)
    outright = Path(source).is_file()
    files = sorted(
        (f for f in found if outright or f[0].suffix.lower() in SUFFIXES), key=lambda f: f[1]
    )
    if not files:
        raise CorpusError(
            f"{source}: found {_nothing(Path(source), found)}; expected a file, folder or glob of "
            f"{' '.join(SUFFIXES)} files: mend the path (it is relative to the working directory) "
            "or name one of `wordrel corpus list`"
        )
    looked_at = look_at_files([(path, name, "text") for path, name in files], cache)
    return replace(looked_at, ignored=len(found) - len(files))


def _found_at(source: str) -> list[tuple[Path, str]]:
    """Every file there, of any kind, with its name."""
    path = Path(source)
    if path.is_dir():
        return [(file, file.relative_to(path).as_posix()) for file in _walk(path)]
    if path.is_file():
        return [(path, path.name)]
    matches = glob.glob(source, recursive=True)  # noqa: PTH207 - absolute patterns too
    return [(Path(match), match) for match in matches if not Path(match).is_dir()]


def _nothing(path: Path, found: list[tuple[Path, str]]) -> str:
    if found:
        return f"{len(found)} file(s), none of a kind that can be read"
    return "an empty folder" if path.is_dir() else "nothing there"


def _walk(folder: Path) -> Iterator[Path]:
    """All files below but hidden ones; links to folders are followed, but not in a circle."""
    seen: set[Path] = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        if (real := Path(root).resolve()) in seen:
            raise CorpusError(
                f"{root}: found a link to a folder that was read already; expected each file once: "
                "remove the link"
            )
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root) / name for name in files if not name.startswith("."))


def look_at_files(paths: Sequence[tuple[Path, str, Kind]], cache: Path) -> Source:
    """Digest the files and remember how they were; each is a path, a name and a kind.

    Raises:
        CorpusError: naming the file that cannot be read.
        StoreError: when the digests cannot be kept.
    """
    table = DigestTable([path for path, _, _ in paths], cache)
    try:
        return Source(tuple(_look_at(path, name, kind, table) for path, name, kind in paths))
    finally:
        table.keep()  # also where one file of many cannot be read


def _look_at(path: Path, name: str, kind: Kind, table: DigestTable) -> SourceFile:
    with _readable(path):
        stat = regular_file(path, CorpusError).stat()
        digest = table.digest(path, stat)
    return SourceFile(path, name, kind, stat.st_size, stat.st_mtime_ns, digest)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be read ({error}); expected a readable file: check its permissions"
        ) from error


def check_unchanged(source: Source) -> None:
    """Compare the files with what they were when they were first looked at.

    Raises:
        CorpusError: naming the first file that has changed.
    """
    for file in source.files:
        if not _is_unchanged(file):
            raise CorpusError(
                f"{file.path}: found other bytes (byte 0 to {file.size}) than when reading began; "
                "expected a file that does not change while it is read: prepare again later"
            )


def _is_unchanged(file: SourceFile) -> bool:
    try:
        stat = file.path.stat()
        same = (stat.st_size, stat.st_mtime_ns) == (file.size, file.modified_ns)
        return same and file_digest(file.path) == file.sha256
    except FileNotFoundError:
        return False
