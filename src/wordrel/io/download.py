"""Files from the network: fetched with retries, verified, never half; and where data lies already.

Reads the network and the variable WORDREL_DATA; writes into the folder that it is given. Corpora
and data sets share it.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

from wordrel.errors import DownloadError
from wordrel.io.files import explained, file_digest, sync
from wordrel.io.store import discard, temporary_folder

if TYPE_CHECKING:
    import requests

PAUSES = (1.0, 4.0)  # seconds before each new try
_TIMEOUT = 30
_MOST = 64 << 20  # bytes of a file whose size is not pinned; the largest have a few million
_LOOPBACK = ("127.0.0.1", "::1")
_PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses that another try may mend
Progress = Callable[[float, str], None]


def data_folder() -> Path | None:
    """The folder that WORDREL_DATA names."""
    value = os.environ.get("WORDREL_DATA")
    return Path(value) if value else None


def fetch_files(  # noqa: PLR0913 - what is fetched, and how
    registry: Mapping[str, str],
    folder: Path,
    base_url: str,
    *,
    sizes: Mapping[str, int] | None = None,
    by_hand: str = "$WORDREL_DATA",
    pauses: tuple[float, ...] = PAUSES,
    progress: Progress | None = None,
) -> None:
    """Fetch those files that are not in the folder, or not what they should be.

    Only https is used, and of redirects too; no file is read beyond its size, or put into the
    folder before its checksum is right.

    Args:
        registry: file name, or path below the folder, to sha256; empty where none is known.
        folder: where they go; made if missing.
        base_url: what stands before each name, with its last slash; https.
        sizes: bytes of each file, where they are known; else no more than 64 MiB are read.
        by_hand: the folder into which a user may put the files instead, for the message.
        pauses: seconds to wait before each new try of a file, if the failure may pass.
        progress: called with the share of files that are here.

    Raises:
        DownloadError: at the first file that cannot be had; files that came are kept.
        StoreError: when the folder cannot be written.
    """
    cure = f"try again later (files that are here are kept), or put the files below {by_hand}"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            discard(folder.rglob(".*"))
            for done, (name, sha256) in enumerate(registry.items()):
                if progress is not None:
                    progress(done / len(registry), f"fetching {name}")
                download = partial(_download, (sizes or {}).get(name, _MOST))
                fetch = partial(_try_to_fetch, base_url + name, folder / name, sha256, download)
                problem = _patiently(fetch, pauses)
                if problem:
                    raise DownloadError(f"{base_url}{name}: {problem}: {cure} by hand")


def _patiently(fetch: Callable[[], tuple[str, bool]], pauses: tuple[float, ...]) -> str:
    """What went wrong at the last try, or nothing."""
    problem = ""
    for pause in (0.0, *pauses):
        time.sleep(pause)
        problem, passing = fetch()
        if not passing:
            break
    return problem


def _try_to_fetch(
    url: str, path: Path, sha256: str, download: Callable[..., None]
) -> tuple[str, bool]:
    """What went wrong, or nothing; and whether it may pass.

    The file comes into a folder of its own, is synced and takes its place: a cut of the power
    leaves the whole file or none, and a process that is killed nothing for long.
    """
    if path.is_file() and sha256 in ("", file_digest(path)):
        return "", False
    import pooch  # it and requests take a while to import; most data is here
    import requests

    pooch.get_logger().setLevel("WARNING")  # else a line for each file, through any progress bar
    known = f"sha256:{sha256}" if sha256 else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(path) as new:
            pooch.retrieve(url, known, path.name, new, downloader=download)
            sync(new / path.name)
            (new / path.name).replace(path)
        sync(path.parent)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        return f"the server answered {error}", status in _PASSING
    except requests.Timeout:
        return f"no answer within {_TIMEOUT} s", True
    except requests.exceptions.InvalidSchema as error:
        return f"{error}", False
    except requests.RequestException as error:
        return f"the connection failed or was cut ({error})", True
    except ValueError as error:  # pooch's for a wrong checksum, ours for a size
        return f"found another file than expected ({error})", False
    return "", False


def _download(most: int, url: str, place: str, pooch: object) -> None:
    """Write what the address gives into a file, and stop where it is over `most` bytes.

    Raises:
        ValueError: it is larger.
        requests.RequestException: the address, or one that it redirects to, gives nothing.
    """
    with (
        _session(url) as session,
        session.get(url, timeout=_TIMEOUT, stream=True) as response,
        Path(place).open("wb") as file,
    ):
        response.raise_for_status()
        for piece in response.iter_content(1 << 16):
            file.write(piece)
            if file.tell() > most:
                raise ValueError(f"it is larger than {most:,} bytes")


def _session(start: str) -> "requests.Session":
    """Connections that begin with this address, and what it redirects to."""
    import requests

    class _Session(requests.Session):
        def get_adapter(self, url: str) -> requests.adapters.BaseAdapter:
            # A server of this machine, as tests start it, may have http; no other may lead there.
            if not url.lower().startswith("https://") and not _local(start, url):
                raise requests.exceptions.InvalidSchema(f"found {url}, expected https")
            return super().get_adapter(url)

    return _Session()


def _local(*urls: str) -> bool:
    parts = map(urlsplit, urls)
    return all(part.scheme == "http" and part.hostname in _LOOPBACK for part in parts)
