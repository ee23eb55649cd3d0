"""Prepare a corpus once, and find it again.

Reads and writes `CACHE/corpora/NAME-DIGEST/`; a corpus is built by one process at a time.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from wordrel.config import CorpusConfig, digest
from wordrel.config.corpora import UNPACKED
from wordrel.corpus.build import Builder
from wordrel.corpus.disk import Corpus, open_corpus
from wordrel.corpus.files import Source
from wordrel.corpus.packed import BLOCK
from wordrel.corpus.plan import Limits, Piece, Shard
from wordrel.corpus.shards import Part, tokenize_shard
from wordrel.corpus.signs import signs
from wordrel.corpus.sources import find_source
from wordrel.corpus.splits import deal
from wordrel.corpus.tokens import segmenter_version
from wordrel.io.download import Progress
from wordrel.io.scratch import scratch_folder
from wordrel.io.store import build_once

_log = logging.getLogger(__name__)
CORPUS_VERSION = 1  # raise it when the same bytes and settings give another corpus
_LOOK = 1 << 20


def identify(config: CorpusConfig, cache: Path) -> str:
    """12 hex digits of source bytes, settings that change the corpus, and the code's version."""
    return _identify(config, find_source(config.source, cache))


def _identify(config: CorpusConfig, source: Source) -> str:
    without = {"name", "source", *UNPACKED}
    settings = config.model_dump(mode="json", exclude=without)  # those in use
    if config.limit_tokens is None:
        # Corpora were prepared, and named in stored results, before there was this setting; all of
        # the text is what they hold.
        del settings["limit_tokens"]
    if config.words == "letters":
        del settings["words"]  # likewise
    content = {"version": CORPUS_VERSION, "files": source.fingerprint(), "settings": settings}
    if config.test is not None and source.authors:
        content["authors"] = source.authors
    if config.segmenter is not None:
        content["segmenter"] = segmenter_version(config.segmenter)
    return digest(content)


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
        progress: called with the share that is done, in [0, 1], and what is being done.

    Raises:
        CorpusError: the text cannot be read, or gives nothing to train on.
        DownloadError: a source that must be fetched could not be.
        StoreError: the cache cannot be written.
    """
    watch = progress or _unwatched
    source = find_source(config.source, cache, watch)
    identity = _identify(config, source)
    folder = corpus_folder(cache, config.name, identity)
    for sign in signs(source, config):
        _log.warning("corpus %s: %s", config.name, sign)
    build_once(folder, lambda new: Builder(config, source, new, jobs, watch).build(identity))
    corpus = open_corpus(folder)
    # The same text may have been found elsewhere when the corpus was built.
    return replace(corpus, report=corpus.report | {"source": config.source})


@dataclass(frozen=True)
class FirstPart:
    """What was counted in the first bytes of a source; all documents are looked at one by one.

    Attributes:
        tokens, documents: read.
        test_tokens: of test documents.
        train_tokens: of training documents.
    """

    tokens: int
    documents: int
    test_tokens: int
    train_tokens: int


def first_part(config: CorpusConfig, source: Source, most: int) -> tuple[FirstPart, float]:
    """What the first bytes of a source hold, about `most` of them, cut into words as by a run.

    Returns:
        The counts, and the share of the source's bytes, 1 where all of it was read.

    Raises:
        CorpusError: text that cannot be read.
    """
    read = [0]
    limits = Limits(block=min(BLOCK, most))
    plan = Shard(tuple(map(Piece, source.files)))
    with scratch_folder("look") as folder:
        shard = tokenize_shard(
            plan, config, folder / "0", limits, lambda done, _: read.append(done), most
        )
        dealt = deal([shard], config).tokens
    part = FirstPart(shard.tokens, shard.documents, dealt[Part.TEST], dealt[Part.TRAIN])
    return part, read[-1] / source.bytes if read[-1] >= most else 1.0


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
    part, share = first_part(config, source, _LOOK)
    whole = round(part.tokens / share)
    limit, share = config.limit_tokens or whole, 1 - config.test_share - (config.development or 0)
    if config.test is not None:
        return min(round(whole * share), limit)
    return round(min(whole, limit) * share)


def _unwatched(share: float, doing: str) -> None:
    """Ignore the progress."""
