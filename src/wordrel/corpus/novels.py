"""100 English novels, fetched file by file from a pinned commit.

Reads `novels.txt` beside this module (name and sha256 of each file) and the network; writes the
novels below `CACHE/downloads/novels/`. Each file is verified; one that is there already stays.
"""

import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from filelock import FileLock

from wordrel.errors import DownloadError
from wordrel.files import explained

NOVELS_URL = (
    "https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
    "143e601875d70e195f2cc5ebd8b034609271194d/corpus/"
)
PAUSES = (1.0, 4.0)  # seconds before each new try
_TIMEOUT = 30
_PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses that another try may mend
_CURE = (
    "try again later (files that are here are kept), or put the files below "
    "$WORDREL_DATA/corpora/novels by hand"
)
Progress = Callable[[float, str], None]


def novels_registry() -> dict[str, str]:
    """File name to sha256, in the order in which the files are read."""
    text = files("wordrel.corpus").joinpath("novels.txt").read_text(encoding="utf-8")
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: sha256 for name, _, sha256 in sorted(pairs)}


def find_novels(data: Path | None, cache: Path) -> Path | None:
    """The folder of the novels: the user's, or the cache's if all files are there."""
    if data is not None and (data / "corpora" / "novels").is_dir():
        return data / "corpora" / "novels"
    folder = _download_folder(cache)
    whole = all((folder / name).is_file() for name in novels_registry())
    return folder if whole else None


def _download_folder(cache: Path) -> Path:
    return cache / "downloads" / "novels"


def fetch_novels(cache: Path, base_url: str = NOVELS_URL, progress: Progress | None = None) -> Path:
    """Download what is missing and give the folder.

    Raises:
        DownloadError: with the address, what happened and the cure; files that came are kept.
        StoreError: when the cache cannot be written.
    """
    folder = _download_folder(cache)
    fetch_files(novels_registry(), folder, base_url, progress=progress)
    return folder


def fetch_files(
    registry: Mapping[str, str],
    folder: Path,
    base_url: str,
    *,
    pauses: tuple[float, ...] = PAUSES,
    progress: Progress | None = None,
) -> None:
    """Fetch those files that are not in the folder, or not what they should be.

    Args:
        registry: file name to sha256.
        folder: where they go; made if missing.
        base_url: what stands before each name, with its last slash.
        pauses: seconds to wait before each new try of a file, if the failure may pass.
        progress: told the share of files that are here.

    Raises:
        DownloadError: at the first file that cannot be had.
        StoreError: when the folder cannot be written.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            for done, (name, sha256) in enumerate(registry.items()):
                if progress is not None:
                    progress(done / len(registry), f"fetching {name}")
                _fetch_patiently(base_url + name, folder / name, sha256, pauses)


def _fetch_patiently(url: str, path: Path, sha256: str, pauses: tuple[float, ...]) -> None:
    for pause in (*pauses, None):
        problem, passing = _try_to_fetch(url, path, sha256)
        if not problem:
            return
        if not passing or pause is None:
            raise DownloadError(f"{url}: {problem}: {_CURE}")
        time.sleep(pause)


def _try_to_fetch(url: str, path: Path, sha256: str) -> tuple[str, bool]:
    """What went wrong, or nothing; and whether it may pass."""
    import pooch  # it and requests take a while to import; most corpora are here
    import requests

    pooch.get_logger().setLevel("WARNING")  # else a line for each file, through any progress bar
    downloader = pooch.HTTPDownloader(timeout=_TIMEOUT, chunk_size=1 << 16)
    try:
        pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, downloader=downloader)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        return f"the server answered {error}", status in _PASSING
    except requests.Timeout:
        return f"no answer within {_TIMEOUT} s", True
    except requests.RequestException as error:
        return f"the connection failed or was cut ({error})", True
    except ValueError as error:  # pooch's word for a wrong checksum
        return f"found another file than expected ({error})", False
    return "", False
