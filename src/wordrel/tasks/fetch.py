"""The files of published tasks: where they lie, and how they are downloaded.

Files are searched in the installed gensim package, in the folder that WORDREL_DATA names and in the
cache. Only `fetch_task` uses the network; it writes below `CACHE/downloads/eval/`. Every file is
verified before it is used, and no partial file is kept.
"""

import hashlib
import importlib.metadata
import importlib.util
import lzma
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from wordrel.errors import DatasetError, DownloadError, MissingDatasetError
from wordrel.io.download import PAUSES, Progress, data_folder, fetch_files
from wordrel.io.files import explained, write_bytes
from wordrel.io.store import cache_root, discard, temporary_folder
from wordrel.tasks.fields import read_bytes
from wordrel.tasks.registry import DataSet, TaskInfo


def find_files(info: TaskInfo, cache: Path | None = None) -> list[Path]:
    """The files of a task, in the order in which they are read; none for one of the corpus.

    Args:
        info: the task.
        cache: below which downloads are; default: the user's cache.

    Raises:
        MissingDatasetError: where one is not here; with the way to get it.
        DatasetError: where one is not the pinned file.
    """
    if info.data.package:
        return [package_file(info.data, file) for file in info.files]
    cache = cache or cache_root()
    paths = {file: _find(info.data, file, cache) for file in info.files}
    missing = [file for file, path in paths.items() if path is None]
    if missing:
        raise MissingDatasetError(_missing(info, missing, cache))
    return [path for path in paths.values() if path is not None]


def package_file(data: DataSet, file: str) -> Path:
    """A file of a set inside the package that holds it, found without importing the package.

    Raises:
        DatasetError: where the package or the file is missing, or the file is not the pinned one.
    """
    spec = importlib.util.find_spec(data.package)
    if spec is None or not spec.submodule_search_locations:
        raise DatasetError(
            f"{data.name}: found no {data.package} package, which holds {file}; install it"
        )
    path = Path(spec.submodule_search_locations[0]) / file
    actual, pinned = _sha256(path), data.files[file].sha256
    if actual != pinned:
        version = importlib.metadata.version(data.package)
        raise DatasetError(
            f"{path}: found sha256 {actual} in {data.package} {version}, expected {pinned}; "
            f"install the {data.package} version that constraints.txt names"
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
        progress: called with the share of files that are here.

    Returns:
        The new files; none where all were here.

    Raises:
        MissingDatasetError: where a file is not here and cannot be downloaded; with the reason.
        DownloadError: where one cannot be had now; what came is kept.
        DatasetError: where one that is here is not the pinned file.
        StoreError: where the cache cannot be written.
    """
    cache = cache or cache_root()
    data = info.data
    if data.package:
        find_files(info, cache)
        return []
    missing = [file for file in info.files if _find(data, file, cache) is None]
    if not missing:
        return []
    folder = _downloads(cache, data)
    wanted = {file: data.files[file].sha256 for file in missing if file not in data.unavailable}
    if data.archive:
        _fetch_members(data, wanted, folder, pauses)
    elif wanted:
        by_hand = f"$WORDREL_DATA/eval/{data.name}"
        fetch_files(
            wanted,
            folder,
            data.url,
            sizes={file: data.files[file].bytes for file in wanted},
            by_hand=by_hand,
            pauses=pauses,
            progress=progress,
        )
    find_files(info, cache)  # raises where a file cannot be downloaded
    return [folder / file for file in wanted]


def addresses(info: TaskInfo) -> list[str]:
    """Where each file of a task is downloaded from, or why it cannot be."""
    data = info.data
    if data.archive:
        return [f"{data.url}{data.archive}: {file}" for file in info.files]
    return [data.unavailable.get(file, f"{data.url}{file}") for file in info.files]


def _find(data: DataSet, file: str, cache: Path) -> Path | None:
    """A verified file; None where it is in neither place."""
    mine = data_folder()
    places = [mine / "eval" / data.name] if mine else []
    for place in (*places, _downloads(cache, data)):
        path = place / file
        if os.path.lexists(path):  # what is no regular file is refused, and not passed over
            actual, pinned = _sha256(path), data.files[file].sha256
            if actual != pinned:
                raise DatasetError(
                    f"{path}: found sha256 {actual}, expected {pinned}; remove it and run "
                    "`wordrel tasks fetch all`, or copy it again"
                )
            return path
    return None


def _downloads(cache: Path, data: DataSet) -> Path:
    return cache / "downloads" / "eval" / data.name


def _sha256(path: Path) -> str:
    return hashlib.sha256(read_bytes(path)).hexdigest()


_UNSOUND = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
"""What zipfile raises for an archive that is damaged, encrypted or packed by an unknown method."""


def _missing(info: TaskInfo, missing: list[str], cache: Path) -> str:
    """Place, found, expected and cure of files that are not here."""
    data, mine = info.data, data_folder()
    named = str(mine / "eval" / data.name) if mine else "$WORDREL_DATA, which is not set,"
    shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    why = "".join(
        f"; {file} cannot be downloaded: {data.unavailable[file]}"
        for file in missing
        if file in data.unavailable
    )
    get = "" if why else f"get it with `wordrel tasks fetch {info.name}`, or "
    return (
        f"{info.name}: found no {shown} in {named} nor in {_downloads(cache, data)}{why}; "
        f"{get}set WORDREL_DATA to a folder that has it below eval/{data.name}"
    )


def _fetch_members(
    data: DataSet, wanted: Mapping[str, str], folder: Path, pauses: tuple[float, ...]
) -> None:
    """Take files out of the set's archive, each verified; nothing else of it is unpacked."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        discard(folder.glob(".archive.*"))
        with temporary_folder(folder / "archive") as temporary:
            by_hand = f"$WORDREL_DATA/eval/{data.name}"
            fetch_files({data.archive: ""}, temporary, data.url, by_hand=by_hand, pauses=pauses)
            for file in wanted:
                content = _member(temporary / data.archive, file, data)
                write_bytes(folder / file, content)


def _member(archive: Path, file: str, data: DataSet) -> bytes:
    """The content of the member that ends in this path, if it is the pinned one.

    Names inside the archive are compared and never used as paths. No more is read than the pinned
    size. So a malicious archive does no harm.
    """
    known = data.files[file]
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                if f"/{member.filename}".endswith(f"/{file}") and member.file_size == known.bytes:
                    content = opened.read(member)
                    if hashlib.sha256(content).hexdigest() == known.sha256:
                        return content
    except (*_UNSOUND, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # of the disk, not of the archive
            raise
        raise DownloadError(
            f"{data.url}{archive.name}: found no sound zip file ({error})"
        ) from error
    raise DownloadError(
        f"{data.url}{archive.name}: found no {file} with sha256 {known.sha256} and "
        f"{known.bytes} bytes in it, expected the pinned one; get it elsewhere and set WORDREL_DATA"
    )
