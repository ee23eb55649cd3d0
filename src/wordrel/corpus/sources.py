"""Where the text comes from: the sources that have a name, and the user's own files.

Reads the installed gensim package, the folder that WORDREL_DATA names, the cache, and `novels.txt`
beside this module (name and sha256 of 100 English novels). Novels that are not there are fetched
file by file from a pinned commit into `CACHE/downloads/novels/`; planted text is made in the cache.
"""

import os
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from wordrel.corpus.files import Source, SourceFile, look_at_files, own_source
from wordrel.corpus.planted import RECALL_PAIRS, SENTENCES, recall_file
from wordrel.errors import CorpusError
from wordrel.io.download import Progress, data_folder, fetch_files

WIKI17M_SHA256 = "53c8e036cfb5ff6dc537aac1626023e8a489ce966a34b2487ce9ded21a8126da"
NOVELS_URL = (
    "https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
    "143e601875d70e195f2cc5ebd8b034609271194d/corpus/"
)
RECALL = {f"planted:recall-{pairs}": pairs for pairs in RECALL_PAIRS}


@dataclass(frozen=True)
class NamedSource:
    """A source that has a name, for `wordrel corpus list`."""

    name: str
    what: str
    origin: str
    present: bool


def list_sources(cache: Path) -> list[NamedSource]:
    """The sources that have a name, and whether their text is here."""
    return [
        NamedSource(
            "gensim:wiki-sample",
            "articles of the Wikipedia dump inside the gensim package, about 0.5 M words",
            "installed with gensim",
            bool(_wiki_sample_paths()),
        ),
        NamedSource(
            "novels",
            "100 English novels of the 19th and early 20th century, 14 M words",
            "downloaded by `wordrel corpus prepare novels`, or $WORDREL_DATA/corpora/novels",
            find_novels(cache) is not None,
        ),
        NamedSource(
            "wiki17m",
            "English Wikipedia articles of 2008-2009, 17 M words",
            "$WORDREL_DATA/corpora/wiki17m.txt.xz; cannot be downloaded",
            _wiki17m_path() is not None,
        ),
        *(
            NamedSource(
                name,
                f"{SENTENCES:,} sentences of {pairs} key-value pairs, a key of them, its value",
                "made when it is used",
                True,
            )
            for name, pairs in RECALL.items()
        ),
    ]


def find_source(source: str, cache: Path, progress: Progress | None = None) -> Source:
    """Resolve a source; novels that are not here are downloaded.

    Args:
        source: a name, file, folder or glob.
        cache: where downloads and digests are kept.
        progress: told how far a download has come.

    Raises:
        CorpusError: nothing there, or nothing that can be read.
        DownloadError: the novels could not be fetched.
        StoreError: planted text could not be kept.
    """
    if source == "novels":
        return _novels(cache, progress)
    if source in RECALL:
        path = recall_file(RECALL[source], cache)
        return look_at_files([(path, path.name, "text")], cache)
    named = {"gensim:wiki-sample": _wiki_sample, "wiki17m": _wiki17m}
    if source in named:
        return named[source](cache)
    return own_source(source, cache)


def _wiki_sample_paths() -> list[Path]:
    gensim = find_spec("gensim")  # where it is, without the second that importing it takes
    folders = gensim.submodule_search_locations if gensim else None
    return sorted(
        dump
        for folder in folders or ()
        for dump in (Path(folder) / "test" / "test_data").glob("enwiki-*articles*.xml*.bz2")
    )


def _wiki_sample(cache: Path) -> Source:
    paths = _wiki_sample_paths()
    if not paths:
        raise CorpusError(
            "gensim:wiki-sample: found no enwiki dump inside the gensim package; expected its test "
            "data: install gensim from a wheel (pip install --force-reinstall gensim)"
        )
    return look_at_files([(path, path.name, "wiki_dump") for path in paths], cache)


def novels_registry() -> dict[str, str]:
    """File name to sha256, in the order in which the files are read."""
    text = files("wordrel.corpus").joinpath("novels.txt").read_text(encoding="utf-8")
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: sha256 for name, _, sha256 in sorted(pairs)}


def find_novels(cache: Path) -> Path | None:
    """The folder of the novels: the user's, or the cache's if all files are there."""
    data = data_folder()
    if data is not None and (data / "corpora" / "novels").is_dir():
        return data / "corpora" / "novels"
    folder = _download_folder(cache)
    return folder if all((folder / name).is_file() for name in novels_registry()) else None


def _download_folder(cache: Path) -> Path:
    return cache / "downloads" / "novels"


def _novels(cache: Path, progress: Progress | None) -> Source:
    folder, registry = find_novels(cache), novels_registry()
    if folder is None:
        folder, by_hand = _download_folder(cache), "$WORDREL_DATA/corpora/novels"
        fetch_files(registry, folder, NOVELS_URL, by_hand=by_hand, progress=progress)
    for name in registry:
        if not os.path.lexists(folder / name):
            raise CorpusError(
                f"{folder / name}: there is no such file; expected all {len(registry)} novels: "
                "copy it there, or unset WORDREL_DATA to have the novels downloaded"
            )
    source = look_at_files([(folder / name, name, "text") for name in registry], cache)
    for file in source.files:
        _check_digest(file, registry[file.name], "delete it and prepare again")
    return source


def _check_digest(file: SourceFile, expected: str, cure: str) -> None:
    if file.sha256 != expected:
        raise CorpusError(
            f"{file.path}: found sha256 {file.sha256}, expected {expected}: {cure}, or give your "
            "file's path as the source"
        )


def _wiki17m_path() -> Path | None:
    folder = data_folder()
    path = folder / "corpora" / "wiki17m.txt.xz" if folder else None
    return path if path and os.path.lexists(path) else None  # a broken link is said to be one


def _wiki17m(cache: Path) -> Source:
    path = _wiki17m_path()
    if path is None:
        raise CorpusError(
            "wiki17m: found no $WORDREL_DATA/corpora/wiki17m.txt.xz; it cannot be downloaded: set "
            "WORDREL_DATA to a folder that has it, or use a text of your own (source: my.txt)"
        )
    source = look_at_files([(path, path.name, "text")], cache)
    _check_digest(source.files[0], WIKI17M_SHA256, "copy the file again")
    return source
