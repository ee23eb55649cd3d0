"""100 English novels, fetched file by file from a pinned commit.

Reads `novels.txt` beside this module (name and sha256 of each file) and the network; writes the
novels below `CACHE/downloads/novels/`. Each file is verified; one that is there already stays.
"""

from importlib.resources import files
from pathlib import Path

from wordrel.io.download import Progress, fetch_files

NOVELS_URL = (
    "https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
    "143e601875d70e195f2cc5ebd8b034609271194d/corpus/"
)


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
    by_hand = "$WORDREL_DATA/corpora/novels"
    fetch_files(novels_registry(), folder, base_url, by_hand=by_hand, progress=progress)
    return folder
