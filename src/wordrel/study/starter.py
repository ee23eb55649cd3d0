"""A first config for a text of the user's own, with settings that fit its size.

Reads the text (at most the first 32 MB of it, cut into words as a run would cut them) and looks
which tasks have their data here; writes one YAML file, never over another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wordrel.config import CorpusConfig, StudyConfig, parse_config, parse_corpus
from wordrel.config.dialect import dump, read_stored, written
from wordrel.config.paths import source_from
from wordrel.corpus.cache import first_part
from wordrel.corpus.files import Source
from wordrel.corpus.signs import FirstLook
from wordrel.corpus.sources import find_source
from wordrel.corpus.splits import BLOCK_WORDS, FEW_DOCUMENTS
from wordrel.corpus.tokens import packages_of
from wordrel.errors import ConfigError, CorpusError, DatasetError, StoreError
from wordrel.io.files import explained
from wordrel.study.starter_models import contrasts_text, models_text, tuned
from wordrel.study.starter_template import SEGMENTER, TEMPLATE
from wordrel.tasks.fetch import find_files
from wordrel.tasks.registry import REGISTRY, TaskInfo

ARTICLE_WORDS = 100
"""Lines or blocks with fewer words (mean) are paragraphs, not documents."""

TEST_TOKENS = 20_000
"""Wanted in the test documents: with fewer, a loss has a wide interval."""

LIMIT_TOKENS = 20_000_000
"""Of larger texts a first study takes a sample of this size; `run --plan` estimates its cost."""

MOST = 32 << 20
"""Bytes of a text that are looked at."""

Documents = Literal["file", "blank_line", "line"]

FEW_TOKENS = 10_000
"""With fewer, hardly a test word occurs often enough."""
_FEW = "{:,} words are few: most test words will be missing or rare. Give 100,000 words or more"
_ONE_TEXT = (
    "its documents are the same text again and again, so none is kept for tests: give documents "
    "that differ"
)
_FEW_EPOCHS = 5
_BLOCKS = f"; of so few files, blocks of about {BLOCK_WORDS:,} words count as documents"
_OFTEN = " # word vectors of little text need them; the loss of attention may rise again"

_BY_THE_TEXT = frozenset(
    {
        *("source", "name", "lines", "documents", "min_count", "limit_tokens"),
        *("held_out", "test", "development"),
    }
)
"""Settings of a corpus that stand in the config already."""
_QUESTIONS = ("alike", "relate", "per_token_loss", "neighbour_agreement")  # questions, and tasks
_SHARES = (0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class Size:
    """Settings for texts of up to `below` tokens (None: any)."""

    below: int | None
    min_count: int
    epochs: int
    dim: int
    seeds: int


SIZES = (
    Size(below=100_000, min_count=2, epochs=20, dim=50, seeds=3),
    Size(below=1_000_000, min_count=3, epochs=15, dim=50, seeds=3),
    Size(below=5_000_000, min_count=5, epochs=8, dim=100, seeds=3),
    Size(below=None, min_count=10, epochs=5, dim=100, seeds=3),
)
"""The smaller a text, the more often it is read and the fewer numbers are learnt from it.

A word's vector needs some tens of looks at the word: count times epochs is 40 or more for the
rarest word in each line. With less than a million tokens that means rare words are kept (else
hardly a test word is covered), read 15 times and more, and described by 50 numbers, for 100 would
fit the noise. From five million on, words seen ten times are enough, and five epochs are those of
the main comparison. Always three seeds: a run with five goes on from them.
"""


@dataclass(frozen=True)
class Look:
    """The properties of a text.

    Attributes:
        corpus: the settings of the corpus that fit it.
        source: its files.
        tokens: in all; an estimate by bytes where not `whole`.
        whole: whether all of it was read.
        english: whether it looks like English; else sets of English words are left out.
        unspaced: whether no space parts its words, which a run would not mend.
        segmenter: which one cuts such a text into words; None where none is known.
        signs: that it is not read as intended, each with its cure.
    """

    corpus: CorpusConfig
    source: Source
    tokens: int
    whole: bool
    english: bool = True
    unspaced: bool = False
    segmenter: str | None = None
    signs: tuple[str, ...] = ()


def write_config(
    name: str,
    corpus: str,
    out: Path,
    *,
    cache: Path,
    claims: bool = False,
    settings: Sequence[str] = (),
) -> tuple[StudyConfig, Look]:
    """Write a commented config of a study on this text.

    Args:
        name: of the study and of its corpus.
        corpus: a file, folder or glob, or the name of a source.
        out: the YAML file to write; its folder is made.
        cache: where digests of files, and the data of tasks, are kept.
        claims: compare all models on all tasks that the claims C1, C4, C8 and C9 need; the other
            claims need planned contrasts. Otherwise there is what helps to choose word vectors,
            with the settings that `wordrel tune` chose for little text.
        settings: of the corpus, KEY=VALUE: how its bytes and words are read.

    Returns:
        The config as read back, and what the text is like.

    Raises:
        ConfigError: a name that is none, or no text there; a setting that the text decides.
        CorpusError: text that cannot be read, or has no word.
        StoreError: there is a file already, or it cannot be written.
    """
    study = parse_config(_smallest(name), place="wordrel new").study
    parsed = parse_corpus(corpus, settings)
    if chosen := sorted({setting.partition("=")[0] for setting in settings} & _BY_THE_TEXT):
        expected = "expected nothing: the text decides it; change it in the config that is written"
        raise ConfigError([f"wordrel new: found {key}=, {expected}" for key in chosen])
    if out.exists():
        raise StoreError(
            f"{out}: found a file, which stays as it is; remove it, or choose another with --out"
        )
    look = look_at(parsed, cache)
    read = {key: value for key, value in parsed if key in parsed.model_fields_set - _BY_THE_TEXT}
    text = config_text(
        study, source_from(corpus, out.parent), look, cache, claims=claims, read=read
    )
    config = parse_config(read_stored(text), place=str(out), folder=out.parent)
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return config, look


def _smallest(name: str) -> dict[str, object]:
    """A study of which only the name can be wrong."""
    models, tasks = [{"kind": "random"}], ["ws353"]
    corpora = [{"source": "-", "name": "corpus"}]
    return {"study": name, "corpora": corpora, "models": models, "seeds": [1], "tasks": tasks}


def size_of(tokens: int) -> Size:
    """The settings for a text of this many tokens."""
    return next(size for size in SIZES if size.below is None or tokens < size.below)


def look_at(corpus: CorpusConfig, cache: Path, most: int = MOST) -> Look:
    """Read the text, or about its first `most` bytes, as a run would, and see what fits it.

    Lines are taken as wrapped where nearly all are of a typewriter's length. Documents are files,
    or what blank lines or lines part where that gives texts of `ARTICLE_WORDS` words. Where there
    are too few of either kind, a run cuts the files into blocks that count as documents; a text
    that is too short for blocks is parted at blank lines or lines, however short the parts are.
    The share of tests is the smallest of 5, 10, 20 and 30 % that gives `TEST_TOKENS`, or a
    twentieth of a small text; development documents have half of it. Both are 0 where there are
    not enough documents of any kind, or all of them are one text, which goes into one part.

    Raises:
        CorpusError: text that cannot be read, or has no word.
    """
    source = find_source(corpus.source, cache)
    first = FirstLook(source, corpus)
    lines = "wrapped" if first.wrapped else "paragraph"
    settings = {"lines": lines, "held_out": None, "test": 0.0, "development": 0.0}
    corpus = corpus.model_copy(update=settings)
    parted: dict[Documents, tuple[float, float]] = {"file": (float(len(source.files)), 0.0)}
    for documents in ("blank_line", "line"):
        tried = corpus.model_copy(update={"documents": documents})
        part, share = first_part(tried, source, most)
        tokens = round(part.tokens / share)
        parted[documents] = part.documents / share, tokens / max(part.documents / share, 1)
    if not tokens:
        raise CorpusError(
            f"{corpus.source}: found no word at all; expected text: give another source"
        )
    _check_words(first, tokens)
    few = tokens < FEW_TOKENS and not first.unspaced
    signs = [*first.signs(), *([_FEW.format(tokens)] if few else [])]
    look = Look(
        *(corpus, source, tokens, share == 1, first.english),
        *(first.unspaced, first.segmenter, tuple(signs)),
    )
    if (chosen := _documents(parted, tokens)) is None:
        return look
    undealt = look
    for test in _SHARES:
        update = {"documents": chosen, "test": test, "development": test / 2}
        look = replace(look, corpus=corpus.model_copy(update=update))
        part, share = first_part(look.corpus, source, most)
        if not part.train_tokens:
            return replace(undealt, signs=(*undealt.signs, _ONE_TEXT))
        if part.test_tokens / share >= min(TEST_TOKENS, tokens // 20):
            break
    return look


def _check_words(first: FirstLook, tokens: int) -> None:
    """Refuse a text that was seen as a whole and has fewer than two words for a vocabulary."""
    least, counts = size_of(tokens).min_count, first.counts()
    frequent = sum(count >= least for count in counts.values())
    # a segmenter would give other words, and what has no spaces needs another cure
    if frequent < 2 and len(first.tokens) == tokens and not first.unspaced:
        raise CorpusError(
            f"{first.config.source}: found {frequent} of {len(counts):,} different words at least "
            f"{least} times; expected two words or more: give more text"
        )


def _documents(parted: Mapping[Documents, tuple[float, float]], tokens: int) -> Documents | None:
    """What ends a document of a text.

    Args:
        parted: by what -> how many documents that gives, and how many words they have (mean).
        tokens: of the text.

    Returns:
        "file" also where blocks of the files will be the documents; None where nothing gives
        enough documents.
    """
    enough = [documents for documents, (number, _) in parted.items() if number >= FEW_DOCUMENTS]
    articles = [d for d in enough if d == "file" or parted[d][1] >= ARTICLE_WORDS]
    blocks: list[Documents] = ["file"] if tokens >= FEW_DOCUMENTS * BLOCK_WORDS else []
    return next(iter([*articles, *blocks, *enough]), None)


def config_text(
    name: str,
    source: str,
    look: Look,
    cache: Path,
    *,
    claims: bool,
    read: Mapping[str, object],
) -> str:
    """The YAML of the config, with a comment where a choice was made; see `write_config`."""
    size, corpus, about = size_of(look.tokens), look.corpus, "" if look.whole else "about "
    on_disk = f"{len(look.source.files):,} file(s), {look.source.bytes:,} bytes"
    few_files = len(look.source.files) < FEW_DOCUMENTS
    limit = f"    limit_tokens: {LIMIT_TOKENS:_} # a sample of documents; remove it to take all\n"
    return TEMPLATE.format(
        name=written(name),
        source=written(source),
        counted=f"{about}{look.tokens:,} words in {on_disk}",
        lines=corpus.lines,
        documents=corpus.documents,
        blocks=_BLOCKS if corpus.documents == "file" and few_files else "",
        min_count=size.min_count,
        test=corpus.test,
        development=corpus.development,
        read="".join(f"    {line}\n" for line in dump(dict(read)).splitlines() if read),
        segmenter=SEGMENTER.format(look.segmenter, packages_of(look.segmenter))
        if look.segmenter
        else "",
        limit=limit if look.tokens > LIMIT_TOKENS else "",
        dim=size.dim,
        epochs=size.epochs,
        often=_OFTEN if size.epochs > _FEW_EPOCHS else "",
        models=models_text(claims=claims),
        rates="" if claims else f" # rates and epochs: {tuned().source}, by development loss",
        seeds=", ".join(map(str, range(1, size.seeds + 1))),
        sets="sets of English words; " if look.english else "",
        tasks="\n".join(_task_lines(look, cache, claims=claims)),
        contrasts=contrasts_text() if corpus.test_share else "",
    )


def _is_applicable(info: TaskInfo, look: Look) -> bool:
    """No recall, which is of planted text, and no task that only `wordrel tune` uses."""
    if info.files and not look.english:
        return False
    if info.question == "fit":  # without test documents there is no loss
        return bool(look.corpus.test_share) and info.split != "dev"
    return info.question != "recall"


def _task_lines(look: Look, cache: Path, *, claims: bool) -> Iterator[str]:
    """Every task of the registry: those of the study, and the others as comments."""
    waiting, others = [], []
    if not look.english:
        yield "  # Sets of English words are left out: this text does not look like English."
    for name, info in REGISTRY.items():
        if not _is_applicable(info, look):
            continue
        try:
            find_files(info, cache)
        except DatasetError:
            waiting.append(name)
        else:
            if claims or {name, info.question} & {*_QUESTIONS}:
                yield f"  - {name}"
            else:
                others.append(name)
    if others:
        yield "  # here too, for other questions: take off the #"
    yield from (f"  #- {name}" for name in others)
    if waiting:
        yield "  # not here: `wordrel tasks fetch all` gets what can be had; then take off the #"
    yield from (f"  #- {{name: {name}, optional: true}}" for name in waiting)
