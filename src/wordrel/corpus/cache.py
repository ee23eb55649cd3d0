"""Prepare a corpus once, and find it again.

Reads and writes `CACHE/corpora/NAME-DIGEST/`; a corpus is built by one process at a time.
"""

from dataclasses import replace
from pathlib import Path

from wordrel.config import CorpusConfig, digest
from wordrel.corpus.build import Builder
from wordrel.corpus.disk import Corpus, open_corpus
from wordrel.corpus.files import Source
from wordrel.corpus.plan import Piece
from wordrel.corpus.shards import line_reader, piece_text
from wordrel.corpus.sources import find_source
from wordrel.corpus.tokens import Tokenizer
from wordrel.io.download import Progress
from wordrel.io.store import build_once

CORPUS_VERSION = 1  # raise it when the same bytes and settings give another corpus
_LOOK = 1 << 20


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
    """Open the corpus, building it first if it is not in the cache, or damaged there.

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
    build_once(folder, lambda new: Builder(config, source, new, jobs, watch).build(identity))
    corpus = open_corpus(folder)
    # The same text may have been found elsewhere when the corpus was built.
    return replace(corpus, report=corpus.report | {"source": config.source})


def rough_train_tokens(config: CorpusConfig, cache: Path) -> int | None:
    """About how many tokens the training part has, by its first megabyte; rare words are counted.

    Returns:
        None where it cannot be known from a first megabyte: of a dump, whose markup is left out.

    Raises:
        CorpusError: text that cannot be read.
    """
    source = find_source(config.source, cache)
    if any(file.kind != "text" for file in source.files):
        return None
    tokenizer = Tokenizer(config)
    tokens = read = 0
    for file in source.files:
        lines = line_reader(config)
        for text in piece_text(Piece(file), lines, _LOOK):
            tokens += len(tokenizer.cut(text, with_tokens=False).ids)
            if read + lines.file_position >= _LOOK:
                break
        read += lines.file_position
        if read >= _LOOK:
            break
    whole = round(tokens * source.bytes / read) if read else 0
    sampled = whole if config.limit_tokens is None else min(whole, config.limit_tokens)
    return round(sampled * (1 - config.held_out))


def _unwatched(share: float, doing: str) -> None:
    """Progress that nobody watches."""
