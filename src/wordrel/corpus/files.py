"""The files of a source: found, put in order, digested, and compared again after reading.

Reads each file once to digest it. The digests are kept in `CACHE/digests/NAME.json`, so that a file
that has not changed is not digested again: one table for all files below one folder, with a check
of the rest, then a line a file with its path, size, time, inode and sha256.
"""

import glob
import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from wordrel.config.paths import regular_file
from wordrel.corpus.packed import SUFFIXES
from wordrel.corpus.wiki import WIKI_VERSION
from wordrel.errors import CorpusError
from wordrel.io.files import file_digest, reading, write_text

_AUTHORS = 10
"""With fewer, a source is split by document: one author could be all of its tests."""
_BY_AUTHOR = re.compile(r"([^\W\d_]+)_[^_/]+_(?:1[4-9]|20)\d\d\.[^/]*")
_ENDINGS = 5
"""Of files that are left out, so many are named."""
_MOVE_OUT = ", or move this out of the folder of texts"
Kind = Literal["text", "wiki_dump"]
_RACY_SECONDS = 2  # a file changed so lately could change again within the same time stamp
_Stamp = tuple[int, int, int]


def author_of(name: str) -> str:
    """The author, where a file has one in its name as in `Dickens_Bleak_1853.txt`; else empty."""
    match = _BY_AUTHOR.fullmatch(Path(name).name)
    return match[1] if match else ""


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
        """See `author_of`."""
        return author_of(self.name)


@dataclass(frozen=True)
class Source:
    """The files of a corpus.

    Attributes:
        files: in the order in which they are read.
        ignored: how many others lie in the same place, of kinds that cannot be read.
        ignored_endings: theirs, the most frequent first.
    """

    files: tuple[SourceFile, ...]
    ignored: int = 0
    ignored_endings: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """On disk."""
        return sum(file.size for file in self.files)

    @property
    def left_out(self) -> str:
        """A sentence on the files that are not read; empty where there are none."""
        if not self.ignored:
            return ""
        shown = ", ".join(self.ignored_endings[:_ENDINGS])
        more = ", ..." if len(self.ignored_endings) > _ENDINGS else ""
        files = "1 file" if self.ignored == 1 else f"{self.ignored:,} files"
        return f"left out: {files} ({shown}{more}); expected {' '.join(SUFFIXES)}: convert to text"

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
    paths = _files_at(source)
    for file, _ in paths:
        with _readable(file):
            regular_file(file, CorpusError, or_else=_MOVE_OUT)
    outright = Path(source).is_file()
    files = sorted(
        (f for f in paths if outright or f[0].suffix.lower() in SUFFIXES), key=lambda f: f[1]
    )
    if not files:
        raise CorpusError(
            f"{source}: found {_nothing(Path(source), paths)}; expected a file, folder or glob of "
            f"{' '.join(SUFFIXES)} files: mend the path (it is relative to the working directory) "
            "or name one of `wordrel corpus list`"
        )
    looked_at = look_at_files([(path, name, "text") for path, name in files], cache)
    taken = {path for path, _ in files}
    others = Counter(path.suffix or "no ending" for path, _ in paths if path not in taken)
    endings = tuple(sorted(others, key=lambda ending: (-others[ending], ending)))
    return replace(looked_at, ignored=others.total(), ignored_endings=endings)


def _files_at(source: str) -> list[tuple[Path, str]]:
    """Every file there, of any kind, with its name."""
    path = Path(source)
    if path.is_dir():
        return [(file, file.relative_to(path).as_posix()) for file in _walk(path)]
    if path.is_file():
        return [(path, path.name)]
    matches = glob.glob(source, recursive=True)  # noqa: PTH207 - absolute patterns too
    return [(Path(match), match) for match in matches if not Path(match).is_dir()]


def _nothing(path: Path, paths: list[tuple[Path, str]]) -> str:
    if paths:
        return f"{len(paths)} file(s), none of a kind that can be read"
    if path.is_dir():
        return "an empty folder"
    folders = glob.glob(str(path), recursive=True)  # noqa: PTH207 - what `_files_at` left out
    return f"{len(folders)} folder(s), no file" if folders else "nothing there"


def _walk(folder: Path) -> Iterator[Path]:
    """All files below but hidden ones; links to folders are followed, but not in a circle."""

    def refuse(error: OSError) -> None:  # else its texts would be left out without a word
        raise _unreadable(Path(error.filename), error, "folder") from error

    seen: set[Path] = set()
    for root, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        if (real := Path(root).resolve()) in seen:
            raise CorpusError(
                f"{root}: found a link to a folder that was read already; expected each file once: "
                "remove the link"
            )
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root) / name for name in files if not name.startswith("."))


class DigestTable:
    """The digests that are known of the files below one folder.

    Args:
        files: whose digests will be requested.
        cache: where the table is kept.
    """

    def __init__(self, files: Iterable[Path], cache: Path) -> None:
        self._requested = {os.path.abspath(file) for file in files}  # noqa: PTH100 - links stay
        folder = os.path.commonpath([os.path.dirname(file) for file in self._requested])  # noqa: PTH120
        self._path = cache / "digests" / f"{_sha256_of(folder)[:32]}.json"
        self._known = _known_digests(self._path)
        self._new = False

    def digest(self, path: Path, stat: os.stat_result) -> str:
        """The sha256 of a file, from the table if size, time and inode are as they were.

        Raises:
            OSError: it cannot be read.
        """
        name = os.path.abspath(path)  # noqa: PTH100
        stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        known = self._known.get(name)
        if known and known[0] == stamp:
            return known[1]
        digest = file_digest(path)
        if time.time() - stat.st_mtime > _RACY_SECONDS:
            self._known[name], self._new = (stamp, digest), True
        return digest

    def keep(self) -> None:
        """Write the table, if there is something new in it; files that are gone are left out.

        Raises:
            StoreError: it cannot be written.
        """
        if not self._new:
            return
        rows = [
            json.dumps([name, *stamp, digest])
            for name, (stamp, digest) in sorted(self._known.items())
            if name in self._requested or os.path.lexists(name)
        ]
        text = "".join(f"{row}\n" for row in rows)
        write_text(self._path, f"{_sha256_of(text)}\n{text}", durable=False)


def _known_digests(path: Path) -> dict[str, tuple[_Stamp, str]]:
    """The table; empty where it is damaged: a wrong digest would name another corpus."""
    if not path.exists():
        return {}
    with reading(path):
        data = path.read_bytes()
    check, _, text = data.decode("utf-8", "replace").partition("\n")
    if check != _sha256_of(text):
        return {}
    rows = map(json.loads, text.splitlines())
    return {name: ((size, modified, inode), digest) for name, size, modified, inode, digest in rows}


def _sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


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
        raise _unreadable(path, error, "file") from error


def _unreadable(path: Path, error: OSError, what: str) -> CorpusError:
    expected = f"expected a readable {what}: check its permissions"
    return CorpusError(f"{path}: cannot be read ({error}); {expected}")


def check_unchanged(source: Source) -> None:
    """Compare the files with what they were when they were first looked at.

    Raises:
        CorpusError: naming the first file that has changed.
    """
    for file in source.files:
        if not _is_unchanged(file):
            raise CorpusError(
                f"{file.path}: found other bytes (byte 0 to {file.size}) than when reading began; "
                "expected a file that does not change while it is read: run the command again later"
            )


def _is_unchanged(file: SourceFile) -> bool:
    try:
        stat = file.path.stat()
        same = (stat.st_size, stat.st_mtime_ns) == (file.size, file.modified_ns)
        return same and file_digest(file.path) == file.sha256
    except FileNotFoundError:
        return False
