"""Prepare a corpus once, and find it again.

Reads and writes `CACHE/corpora/NAME-DIGEST/`; a corpus is built under a temporary name and renamed
when it is whole, by one process at a time.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from wordrel.config import CorpusConfig, digest
from wordrel.corpus.build import Builder
from wordrel.corpus.disk import Corpus, open_corpus
from wordrel.corpus.files import Source
from wordrel.corpus.sources import find_source
from wordrel.io.download import Progress
from wordrel.io.files import explained

CORPUS_VERSION = 1  # raise it when the same bytes and settings give another corpus


def identify(config: CorpusConfig, cache: Path) -> str:
    """12 hex digits of source bytes, settings that change the corpus, and the code's version."""
    return _identify(config, find_source(config.source, cache))


def _identify(config: CorpusConfig, source: Source) -> str:
    settings = config.model_dump(mode="json", exclude={"name", "source"})
    if config.limit_tokens is None:
        # Corpora were prepared, and named in stored results, before there was this setting; all of
        # the text is what they hold.
        del settings["limit_tokens"]
    return digest({"version": CORPUS_VERSION, "files": source.fingerprint(), "settings": settings})


def corpus_folder(cache: Path, name: str, identity: str) -> Path:
    """Where a corpus is kept: readable first, unique last."""
    return cache / "corpora" / f"{name}-{identity}"


def prepare(
    config: CorpusConfig, cache: Path, *, jobs: int = 1, progress: Progress | None = None
) -> Corpus:
    """Open the corpus, building it first if it is not in the cache.

    Args:
        config: source and settings.
        cache: the folder that keeps corpora and downloads.
        jobs: processes; the corpus is the same for any number.
        progress: told the share that is done, in [0, 1], and what is being done.

    Raises:
        CorpusError: the text cannot be read, or gives nothing to train on.
        DownloadError: a source that must be fetched could not be.
        StoreError: the cache cannot be written.
    """
    watch = progress or _unwatched
    source = find_source(config.source, cache, watch)
    identity = _identify(config, source)
    folder = corpus_folder(cache, config.name, identity)
    if not folder.exists():
        with explained(folder.parent), _alone(folder) as partial:
            if not folder.exists():  # else another process has built it meanwhile
                partial.mkdir()
                Builder(config, source, partial, jobs, watch).build(identity)
                _publish(partial, folder)
    corpus = open_corpus(folder)
    # The same text may have been found elsewhere when the corpus was built.
    return replace(corpus, report=corpus.report | {"source": config.source})


def _unwatched(share: float, doing: str) -> None:
    """Progress that nobody watches."""


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """A temporary name for `folder`, while no other process builds the same corpus."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial")
    with FileLock(_lock_of(partial)):
        _remove_leftovers(partial)
        try:
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _lock_of(partial: Path) -> Path:
    return partial.with_suffix(".lock")


def _remove_leftovers(own: Path) -> None:
    """Remove the temporary folders of dead processes: nobody holds their locks."""
    if own.exists():
        shutil.rmtree(own)
    for other in own.parent.glob(".*.partial"):
        try:
            with FileLock(_lock_of(other), timeout=0):
                shutil.rmtree(other)
        except Timeout:
            continue  # its process lives and is building


def _publish(partial: Path, folder: Path) -> None:
    for path in (*partial.rglob("*"), partial):
        _sync(path)
    partial.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
