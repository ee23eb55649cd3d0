"""Where the text comes from: the sources that have a name, and the user's own files.

Reads the installed gensim package, the folder that WORDREL_DATA names, the cache, and `novels.txt`
beside this module (name and sha256 of 100 English novels). Novels that are not there are fetched
file by file from a pinned commit into `CACHE/downloads/novels/`; planted text and wiki17m are made
in the cache.
"""

import os
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from wordrel.corpus import wiki17m
from wordrel.corpus.files import Source, SourceFile, look_at_files, own_source
from wordrel.corpus.planted import PLANTED, SENTENCES, planted_file
from wordrel.errors import CorpusError
from wordrel.io.download import Progress, data_folder, fetch_files

NOVELS_URL = (
    "https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
    "143e601875d70e195f2cc5ebd8b034609271194d/corpus/"
)
_PLANTED = {
    "recall": "{} key-value pairs, a key of them, its value",
    "induction": "{} words, one of them again, the word that was behind it",
}


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
            "English Wikipedia articles of 2008-2009, 17 M words (CC BY-SA 3.0)",
            "made by `wordrel corpus prepare wiki17m` from 418 MB of pinned files, or "
            "$WORDREL_DATA/corpora/wiki17m.txt.xz",
            _wiki17m_path(cache) is not None,
        ),
        *(
            NamedSource(
                name,
                f"{SENTENCES:,} sentences of {_PLANTED[sort].format(number)}",
                "made when it is used",
                True,
            )
            for name in PLANTED
            for sort, number in [name.removeprefix("planted:").split("-")]
        ),
    ]


def find_source(source: str, cache: Path, progress: Progress | None = None) -> Source:
    """Resolve a source; novels and wiki17m are downloaded where they are not here.

    Args:
        source: a name, file, folder or glob.
        cache: where downloads and digests are kept.
        progress: called with the share of a download that is done.

    Raises:
        CorpusError: nothing there, or nothing that can be read.
        DownloadError: a file could not be fetched.
        StoreError: text could not be kept.
    """
    if source == "novels":
        return _novels(cache, progress)
    if source in PLANTED:
        path = planted_file(source, cache)
        return look_at_files([(path, path.name, "text")], cache)
    if source == "wiki17m":
        return _wiki17m(cache, progress)
    if source == "gensim:wiki-sample":
        return _wiki_sample(cache)
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


def _wiki17m_path(cache: Path) -> Path | None:
    """The user's packed text, or the text that was made in the cache."""
    folder = data_folder()
    path = folder / "corpora" / "wiki17m.txt.xz" if folder else None
    if path and os.path.lexists(path):  # reading reports a broken link
        return path
    made = wiki17m.text_path(cache)
    return made if made.is_file() else None


def _wiki17m(cache: Path, progress: Progress | None) -> Source:
    path = _wiki17m_path(cache) or wiki17m.make_text(cache, progress)
    source = look_at_files([(path, path.name, "text")], cache)
    (file,) = source.files
    if path.suffix == ".xz":
        _check_digest(file, wiki17m.PACKED_SHA256, "copy the file again")
        return source
    _check_digest(file, wiki17m.TEXT_SHA256, "delete it and prepare again")
    return replace(source, files=(replace(file, same_as=(wiki17m.PACKED_SHA256, ".xz")),))
