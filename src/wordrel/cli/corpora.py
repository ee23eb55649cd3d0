"""The commands on texts: corpus list, show, prepare."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wordrel.cli.console import CacheFolder, display, echo, refuse_texts

if TYPE_CHECKING:
    from wordrel.config import CorpusConfig, StudyConfig, TaskConfig
    from wordrel.corpus import Corpus
    from wordrel.tasks import Task

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The texts that models are trained on."
)
_FREQUENT = 20
_NO_SETS = (
    "coverage: no set of words to show. Name yours in a config: docs/own-text.md, "
    '"Your own test sets"'
)
What = Annotated[
    str, typer.Argument(metavar="SOURCE|CONFIG", help="A name, file, folder or glob; or a study.")
]
Settings = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Settings of the corpus (min_count=10), or of the study (corpora.0.min_count=10).",
    ),
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes that read.")]


@app.command("list", epilog="Example: wordrel corpus list")
def list_(cache: CacheFolder = None) -> None:
    """List the texts that have a name, and whether they are here."""
    from wordrel.corpus import list_sources
    from wordrel.io.store import cache_folder

    table = _table("source", "here", "what", "from")
    for source in list_sources(cache_folder(cache)):
        present = "yes" if source.present else "no"
        table.add_row(*map(Text, (source.name, present, source.what, source.origin)))
    display(table)


@app.command(epilog="Example: wordrel corpus show my.txt min_count=2 lines=wrapped")
def show(what: What, settings: Settings = None, cache: CacheFolder = None, jobs: Jobs = 1) -> None:
    """Show tokens, types, coverage of the task words, frequent words, sentence lengths.

    The corpus is prepared first if it is not in the cache. The text may also be your own: a file,
    folder or glob of .txt .gz .bz2 .xz .zst.
    """
    from wordrel.io.store import cache_folder

    place = cache_folder(cache)
    study = _study(what, settings)
    for config in study.corpora if study else _configs(what, settings):
        corpus = _prepared(config, place, jobs)
        tasks = _word_sets(study.tasks) if study else _word_sets_of(config, place)
        display(_described(config, corpus, tasks))


@app.command(epilog="Example: wordrel corpus prepare novels")
def prepare(
    what: What, settings: Settings = None, cache: CacheFolder = None, jobs: Jobs = 1
) -> None:
    """Have a text here: download what can be, verify it; for a study, build its corpora too.

    A source alone is fetched and verified. With settings, or for a study, the corpus is built as
    well, so that `wordrel run` starts to train at once.
    """
    from wordrel.corpus.sources import find_source
    from wordrel.io.store import cache_folder
    from wordrel.jobs.progress import job_progress

    built = bool(settings) or _is_config(what)
    for config in _configs(what, settings):
        if built:
            corpus = _prepared(config, cache_folder(cache), jobs)
            echo(f"{config.name}: {corpus.report['tokens']:,} tokens, digest {corpus.digest}")
            if config.limit_tokens is not None:
                echo(_sample(corpus))
            display(_parts(corpus), *_about_parts(corpus))
            continue
        with job_progress(config.name) as progress:
            source = find_source(config.source, cache_folder(cache), progress)
        files = "1 file" if len(source.files) == 1 else f"{len(source.files)} files"
        echo(f"{what}: {files}, {source.bytes:,} bytes, {source.sha256}")
        if source.left_out:
            echo(f"note: {source.left_out}")


def _is_config(what: str) -> bool:
    return Path(what).suffix in (".yaml", ".yml")


def _study(what: str, settings: list[str] | None) -> "StudyConfig | None":
    from wordrel.config import load_config

    return load_config(what, settings or ()) if _is_config(what) else None


def _configs(what: str, settings: list[str] | None) -> "tuple[CorpusConfig, ...]":
    from wordrel.config import parse_corpus

    study = _study(what, settings)
    if study:
        return study.corpora
    refuse_texts(settings or ())
    return (parse_corpus(what, settings or ()),)


def _word_sets(tasks: "Iterable[TaskConfig]") -> "list[Task]":
    """The sets of words that a study names, of those inside packages and of the user's own."""
    from wordrel.config import NamedTask
    from wordrel.tasks import load_task, own_task
    from wordrel.tasks.registry import task_info

    own = [own_task(task) for task in tasks if not isinstance(task, NamedTask)]
    named = [task.name for task in tasks if isinstance(task, NamedTask)]
    return [*(load_task(name) for name in named if task_info(name).data.package), *own]


def _word_sets_of(config: "CorpusConfig", cache: Path) -> "list[Task]":
    """The sets inside packages, which have English words; none for a text that is not English."""
    from wordrel.corpus.signs import FirstLook
    from wordrel.corpus.sources import find_source
    from wordrel.tasks import load_task
    from wordrel.tasks.registry import REGISTRY

    source = find_source(config.source, cache)
    if source.files[0].kind == "text" and not FirstLook(source, config).english:
        return []
    return [load_task(name) for name, info in REGISTRY.items() if info.data.package]


def _prepared(config: "CorpusConfig", cache: Path, jobs: int) -> "Corpus":
    from wordrel.corpus import prepare as prepare_corpus
    from wordrel.jobs.progress import job_progress

    with job_progress(config.name) as progress:
        return prepare_corpus(config, cache, jobs=jobs, progress=progress)


def _described(config: "CorpusConfig", corpus: "Corpus", tasks: "Sequence[Task]") -> Group:
    title = Text(f"{corpus.name} ({config.source}), digest {corpus.digest}", style="bold")
    words = zip(corpus.vocab.words[:_FREQUENT], corpus.vocab.counts[:_FREQUENT], strict=True)
    frequent = ", ".join(f"{word} {count:,}" for word, count in words)
    sample = () if config.limit_tokens is None else (Text(_sample(corpus)),)
    about: tuple[RenderableType, ...] = (_parts(corpus), *_about_parts(corpus))
    covered = _coverage(config, corpus, tasks) if tasks else Text(_NO_SETS)
    sizes = (_sizes(corpus), covered, _lengths(corpus))
    return Group(title, *sample, *about, *sizes, Text(f"most frequent: {frequent}\n"))


def _sample(corpus: "Corpus") -> str:
    """What a corpus with `limit_tokens` has of its source, rare words counted."""
    report = corpus.report
    documents = "training documents" if "split_by" in report else "documents"
    source = "{source_tokens:,} tokens in {source_documents:,} ".format(**report) + documents
    if report["whole_source"]:
        return f"limit_tokens={report['limit_tokens']:,} takes the whole source: {source}"
    sample = "{sampled_tokens:,} tokens in {sampled_documents:,} ".format(**report) + documents
    return f"a sample (limit_tokens={report['limit_tokens']:,}): {sample}, of {source}"


def _parts(corpus: "Corpus") -> Table:
    """Documents, sentences and tokens of each part; words out of the vocabulary are not counted."""
    table = _table("part", "documents", "sentences", "tokens")
    test = "test" if "split_by" in corpus.report else "held out"
    parts = {"train": corpus.train, "development": corpus.development, test: corpus.test}
    for name, part in parts.items():
        sizes = (part.document_ends, part.sentence_ends, part.ids)
        table.add_row(name, *(f"{len(size):,}" for size in sizes))
    return table


def _about_parts(corpus: "Corpus") -> Iterator[Text]:
    """How the text was dealt out, and what so few documents cannot show."""
    from wordrel.corpus.splits import BLOCK_WORDS, TEST_DOCUMENTS

    split_by = corpus.report.get("split_by")
    if split_by == "block":
        yield Text(f"too few documents: blocks of about {BLOCK_WORDS:,} words stand for them")
    elif split_by == "author":
        yield Text("all texts of one author are in one part")
    if corpus.report.get("few_test_documents"):
        yield Text(f"fewer than {TEST_DOCUMENTS} test documents: no interval and no verdict")


def _sizes(corpus: "Corpus") -> Table:
    table = _table("", "number")
    for key, value in corpus.report.items():
        if isinstance(value, int) and not isinstance(value, bool):
            table.add_row(Text(key.replace("_", " ")), f"{value:,}")
    return table


def _coverage(config: "CorpusConfig", corpus: "Corpus", tasks: "Sequence[Task]") -> Table:
    """How many items of each set the vocabulary covers.

    Items that are not covered are of two sorts: the text lacks a word of theirs, or the rules of
    the corpus never make it.
    """
    import numpy as np

    from wordrel.corpus.tokens import never_made
    from wordrel.tasks import covered

    table = _table(
        "task", "items", "covered", "share", "not in this text", "no word by these rules"
    )
    for task in tasks:
        known = covered(task, corpus.vocab, lowercase=config.lowercase)
        unmade = never_made((word for item in task.items.words for word in item), config)
        never = [not unmade.isdisjoint(item) for item in task.items.words]
        never_known = ~known & np.array(never, dtype=np.bool_)
        share = f"{known.mean():.1%}" if len(known) else ""
        numbers = (known.sum(), (~known & ~never_known).sum(), never_known.sum())
        n_covered, n_rare, n_never_made = (f"{number:,}" for number in numbers)
        table.add_row(Text(task.name), f"{len(known):,}", n_covered, share, n_rare, n_never_made)
    return table


def _lengths(corpus: "Corpus") -> Text:
    import numpy as np

    lengths = np.diff(corpus.train.sentence_ends, prepend=0)
    quantiles = np.quantile(lengths, [0.05, 0.5, 0.95, 1])
    shown = zip(("5 %", "median", "95 %", "longest"), quantiles, strict=True)
    numbers = ", ".join(f"{name} {value:.0f}" for name, value in shown)
    return Text(f"words a sentence: mean {lengths.mean():.1f}, {numbers}")


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        numeric = name not in ("", "source", "here", "what", "from", "task", "part")
        table.add_column(name, justify="right" if numeric else "left")
    return table
