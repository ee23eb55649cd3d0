"""Files from the network: fetched patiently, verified, never half; and where data lies already.

Reads the network and the variable WORDREL_DATA; writes into the folder that it is given. Corpora
and data sets share it.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from wordrel.errors import DownloadError
from wordrel.io.files import explained

PAUSES = (1.0, 4.0)  # seconds before each new try
_TIMEOUT = 30
_PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses that another try may mend
Progress = Callable[[float, str], None]


def data_folder() -> Path | None:
    """The folder that WORDREL_DATA names."""
    value = os.environ.get("WORDREL_DATA")
    return Path(value) if value else None


def fetch_files(
    registry: Mapping[str, str],
    folder: Path,
    base_url: str,
    *,
    by_hand: str = "$WORDREL_DATA",
    pauses: tuple[float, ...] = PAUSES,
    progress: Progress | None = None,
) -> None:
    """Fetch those files that are not in the folder, or not what they should be.

    Args:
        registry: file name, or path below the folder, to sha256; empty where none is known.
        folder: where they go; made if missing.
        base_url: what stands before each name, with its last slash.
        by_hand: the folder into which a user may put the files instead, for the message.
        pauses: seconds to wait before each new try of a file, if the failure may pass.
        progress: told the share of files that are here.

    Raises:
        DownloadError: at the first file that cannot be had; files that came are kept.
        StoreError: when the folder cannot be written.
    """
    cure = f"try again later (files that are here are kept), or put the files below {by_hand}"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            for done, (name, sha256) in enumerate(registry.items()):
                if progress is not None:
                    progress(done / len(registry), f"fetching {name}")
                problem = _fetch_patiently(base_url + name, folder / name, sha256, pauses)
                if problem:
                    raise DownloadError(f"{base_url}{name}: {problem}: {cure} by hand")


def _fetch_patiently(url: str, path: Path, sha256: str, pauses: tuple[float, ...]) -> str:
    """What went wrong at the last try, or nothing."""
    problem = ""
    for pause in (0.0, *pauses):
        time.sleep(pause)
        problem, passing = _try_to_fetch(url, path, sha256)
        if not passing:
            break
    return problem


def _try_to_fetch(url: str, path: Path, sha256: str) -> tuple[str, bool]:
    """What went wrong, or nothing; and whether it may pass."""
    import pooch  # it and requests take a while to import; most data is here
    import requests

    pooch.get_logger().setLevel("WARNING")  # else a line for each file, through any progress bar
    downloader = pooch.HTTPDownloader(timeout=_TIMEOUT, chunk_size=1 << 16)
    known = f"sha256:{sha256}" if sha256 else None
    try:
        pooch.retrieve(url, known, path.name, path.parent, downloader=downloader)
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
