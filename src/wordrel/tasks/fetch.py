"""The files of published tasks: where they lie, and how they come here.

Reads the installed gensim package, the folder that WORDREL_DATA names, the cache and, in
`fetch_task` only, the network; writes below `CACHE/downloads/eval/`. Every file is verified before
it is used, and nothing that is fetched is half.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache as once
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from wordrel.errors import DatasetError, DownloadError, MissingDatasetError
from wordrel.io.download import PAUSES, Progress, data_folder, fetch_files
from wordrel.io.files import explained
from wordrel.io.store import cache_root
from wordrel.tasks.datasets import DATA_SETS, DataSet
from wordrel.tasks.files import read_bytes
from wordrel.tasks.registry import TaskInfo


@dataclass(frozen=True)
class KnownFile:
    """What a file has to be.

    Attributes:
        sha256: of its content.
        bytes: its size.
    """

    sha256: str
    bytes: int


@once
def known_files() -> Mapping[str, KnownFile]:
    """The pinned files of all data sets, by `folder/path`."""
    text = files("wordrel.tasks").joinpath("data_files.txt").read_text(encoding="utf-8")
    rows = (line.split(" ", 2) for line in text.splitlines())
    return {name: KnownFile(sha256, int(size)) for sha256, size, name in rows}


def find_files(info: TaskInfo, cache: Path | None = None) -> list[Path]:
    """The files of a task, in the order in which they are read; none for one of the corpus.

    Args:
        info: the task.
        cache: below which downloads are; default: the user's cache.

    Raises:
        MissingDatasetError: where one is not here; says how to get it.
        DatasetError: where one is not the pinned file.
    """
    if info.path:
        return [package_file(info)]
    found = [_find(info.data, file, cache or cache_root()) for file in info.files]
    missing = [file for file, path in zip(info.files, found, strict=True) if path is None]
    if missing:
        raise MissingDatasetError(_missing(info, missing, cache or cache_root()))
    return [path for path in found if path is not None]


def package_file(info: TaskInfo) -> Path:
    """The file of a registered task inside the gensim package, found without importing it.

    Raises:
        DatasetError: where gensim or the file is missing, or the file is not the pinned one.
    """
    spec = importlib.util.find_spec("gensim")
    if spec is None or not spec.submodule_search_locations:
        raise DatasetError(
            f"{info.name}: found no gensim package, which holds {info.path}; install it"
        )
    path = Path(spec.submodule_search_locations[0]) / info.path
    version = importlib.metadata.version("gensim")
    found = hashlib.sha256(read_bytes(path)).hexdigest()
    if found != info.sha256:
        raise DatasetError(
            f"{path}: found sha256 {found} in gensim {version}, expected {info.sha256}; "
            "install the gensim version that constraints.txt names"
        )
    return path


def fetch_task(
    info: TaskInfo,
    cache: Path | None = None,
    *,
    pauses: tuple[float, ...] = PAUSES,
    progress: Progress | None = None,
) -> list[Path]:
    """Download those files of a task that are not here.

    Args:
        info: the task.
        cache: below which they are put; default: the user's cache.
        pauses: seconds before each new try, see `wordrel.io.download.fetch_files`.
        progress: told the share of files that are here.

    Returns:
        The new files; none where all were here.

    Raises:
        MissingDatasetError: where a file is not here that cannot be downloaded; says why.
        DownloadError: where one cannot be had now; what came is kept.
        DatasetError: where one that is here is not the pinned file.
        StoreError: where the cache cannot be written.
    """
    cache = cache or cache_root()
    if info.path:
        package_file(info)
        return []
    missing = [file for file in info.files if _find(info.data, file, cache) is None]
    if not missing:
        return []
    data, folder = DATA_SETS[info.data], _downloads(cache, info.data)
    wanted = {file: _known(info.data, file).sha256 for file in missing if not _why(data, file)}
    by_hand = f"$WORDREL_DATA/eval/{info.data}"
    if data.archive:
        _fetch_members(data, wanted, folder, pauses)
    elif wanted:
        fetch_files(wanted, folder, data.url, by_hand=by_hand, pauses=pauses, progress=progress)
    find_files(info, cache)  # says what cannot be downloaded
    return [folder / file for file in wanted]


def addresses(info: TaskInfo) -> list[str]:
    """Where each file of a task is downloaded from, or why it cannot be."""
    if not info.files:
        return []
    data = DATA_SETS[info.data]
    if data.archive:
        return [f"{data.url}{data.archive}: {file}" for file in info.files]
    return [_why(data, file) or f"{data.url}{file}" for file in info.files]


def _find(folder: str, file: str, cache: Path) -> Path | None:
    """A verified file; None where it is in neither place."""
    data = data_folder()
    places = [data / "eval" / folder] if data else []
    for place in (*places, _downloads(cache, folder)):
        path = place / file
        if os.path.lexists(path):  # what is no regular file is refused, and not passed over
            _verify(path, _known(folder, file).sha256)
            return path
    return None


def _downloads(cache: Path, folder: str) -> Path:
    return cache / "downloads" / "eval" / folder


def _known(folder: str, file: str) -> KnownFile:
    return known_files()[f"{folder}/{file}"]


def _verify(path: Path, sha256: str) -> None:
    found = hashlib.sha256(read_bytes(path)).hexdigest()
    if found != sha256:
        raise DatasetError(
            f"{path}: found sha256 {found}, expected {sha256}; remove it and run "
            "`wordrel tasks fetch NAME`, or copy it again"
        )


def _why(data: DataSet, file: str) -> str:
    """Why a file cannot be downloaded; empty where it can."""
    return dict(data.unavailable).get(file, "")


def _missing(info: TaskInfo, missing: list[str], cache: Path) -> str:
    """Place, found, expected and cure of files that are not here."""
    data = data_folder()
    named = str(data / "eval" / info.data) if data else "$WORDREL_DATA, which is not set,"
    shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    reasons = ((file, _why(DATA_SETS[info.data], file)) for file in missing)
    why = "".join(f"; {file} cannot be downloaded: {reason}" for file, reason in reasons if reason)
    get = "" if why else f"get it with `wordrel tasks fetch {info.name}`, or "
    return (
        f"{info.name}: found no {shown} in {named} nor in {_downloads(cache, info.data)}{why}; "
        f"{get}set WORDREL_DATA to a folder that has it below eval/{info.data}"
    )


def _fetch_members(
    data: DataSet, wanted: Mapping[str, str], folder: Path, pauses: tuple[float, ...]
) -> None:
    """Take files out of the set's archive, each verified; nothing else of it is unpacked."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".archive-") as name:
            temporary = Path(name)
            by_hand = f"$WORDREL_DATA/eval/{data.folder}"
            fetch_files({data.archive: ""}, temporary, data.url, by_hand=by_hand, pauses=pauses)
            for file in wanted:
                content = _member(
                    temporary / data.archive, file, _known(data.folder, file), data.url
                )
                (temporary / "member").write_bytes(content)
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (temporary / "member").replace(folder / file)


def _member(archive: Path, file: str, known: KnownFile, url: str) -> bytes:
    """The content of the member that ends in this path, if it is the pinned one.

    Names inside the archive are compared and never used as paths, and no more is read than the
    pinned size, so that an archive that is not what it should be does no harm.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                if f"/{member.filename}".endswith(f"/{file}") and member.file_size == known.bytes:
                    content = opened.read(member)
                    if hashlib.sha256(content).hexdigest() == known.sha256:
                        return content
    except (zipfile.BadZipFile, zlib.error) as error:
        raise DownloadError(f"{url}{archive.name}: found no sound zip file ({error})") from error
    raise DownloadError(
        f"{url}{archive.name}: found no {file} with sha256 {known.sha256} and {known.bytes} bytes "
        "in it, expected the pinned one; get it elsewhere and set WORDREL_DATA"
    )
