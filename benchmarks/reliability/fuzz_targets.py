"""The readers that are fuzzed: how each is called, its first inputs, and how these are changed.

A target writes the input where its reader looks for it. Readers may raise a `WordrelError`; every
other exception is a finding.
"""

import bz2
import json
import lzma
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.reliability import fuzz_inputs as inputs
from benchmarks.reliability import fuzz_seeds as seeds

Read = Callable[[bytes, Path], object]
First = Callable[[], tuple[bytes, ...]]


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        read: given an input and a folder of its own.
        seeds: the first inputs.
        change: makes another input of one, by its structure.
        needs: whether it needs the results folder of a small study.
    """

    read: Read
    seeds: First
    change: inputs.Mutator
    needs: bool = False


def _put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# Configs and tables -------------------------------------------------------------------------------


def _config(data: bytes, folder: Path) -> None:
    from wordrel.config import load_config

    load_config(_put(folder / "c.yaml", data))


def _stored_config(data: bytes, folder: Path) -> None:
    from wordrel.config import parse_config
    from wordrel.config.dialect import MalformedError, read_stored
    from wordrel.errors import ConfigError

    try:
        config = read_stored(data.decode("utf-8", "replace"))
    except MalformedError as error:
        raise ConfigError([error.text]) from error
    if isinstance(config, dict):
        parse_config(config)


def _own(kind: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from pydantic import TypeAdapter

        from wordrel.config.settings import TaskConfig
        from wordrel.tasks.core import own_task

        options = {"against": "random"} if kind == "labelled_pairs" else {}
        path = _put(folder / "t.csv", data)
        adapter: TypeAdapter[Any] = TypeAdapter(TaskConfig)
        own_task(adapter.validate_python({"kind": kind, "name": "t", "path": path, **options}))

    return read


def _published(data: bytes, folder: Path) -> None:
    from wordrel.tasks.readers import READERS

    names = [*seeds.PUBLISHED]
    READERS[names[data[0] % len(names) if data else 0]]([_put(folder / "t.txt", data[1:])])


def _wic(data: bytes, folder: Path) -> None:
    from wordrel.tasks.readers_text import wic

    rows, _, gold = data.partition(b"\x00")
    wic([_put(folder / "dev.data.txt", rows), _put(folder / "dev.gold.txt", gold)])


def _bats(data: bytes, folder: Path) -> None:
    from wordrel.tasks.readers import bats

    bats([_put(folder / "I1.txt", data)])


def _conllu(data: bytes, folder: Path) -> None:
    from wordrel.tasks.readers_text import conllu

    conllu([_put(folder / "t.conllu", data)])


# Vectors ------------------------------------------------------------------------------------------


def _vectors(name: str, listed: str = "") -> Read:
    def read(data: bytes, folder: Path) -> None:
        from wordrel.models.vector_readers import read_vectors

        if listed == "tokenizer.json":
            words, _, data = data.partition(b"\x00\x00")
            _put(folder / listed, words)
        elif listed:
            _put(folder / listed, b"cat\ndog\nox\n")
        for block_words, block in read_vectors(_put(folder / name, data))[1]:
            assert len(block_words) == len(block), "a word a row"

    return read


def _tokenizer_change(data: bytes, rng: Any) -> bytes:
    words, mark, table = data.partition(b"\x00\x00")
    return inputs.json_text(words, rng) + mark + table


# Texts --------------------------------------------------------------------------------------------

_SUFFIXES = (".txt", ".gz", ".bz2", ".xz", ".zst")


def _text(data: bytes, folder: Path) -> None:
    from wordrel.corpus.packed import read_bytes
    from wordrel.corpus.text import LineReader

    chosen = data[0] if data else 0
    path = _put(folder / f"t{_SUFFIXES[chosen % 5]}", data[1:])
    encoding = ("utf-8", "utf-16", "cp1252")[chosen // 5 % 3]
    reader = LineReader(
        replace=chosen & 64 > 0, split=chosen & 128 > 0, limit=1 << 12, encoding=encoding
    )
    for _ in reader.blocks(read_bytes(path, block=1 << 10), "t"):
        continue


def _wiki(data: bytes, folder: Path) -> None:
    from wordrel.corpus.wiki import article_bytes

    for _ in article_bytes(_put(folder / "d.xml.bz2", bz2.compress(data, 1))):
        continue


# The cache ----------------------------------------------------------------------------------------


def _stored(name: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from wordrel.io import files

        reader: dict[str, Callable[[Path], object]] = {
            "npy": files.read_array,
            "safetensors": files.read_tensors,
        }
        reader |= {"parquet": files.read_parquet}
        reader[name](_put(folder / "f", data))

    return read


def _marker(data: bytes, folder: Path) -> None:
    from wordrel.io.marker import is_done

    place = folder / "stored"
    place.mkdir(exist_ok=True)
    _put(place / "a", b"abc")
    _put(place / "DONE", _signed(data))
    is_done(place)
    for damaged in folder.glob(".stored.damaged-*"):
        shutil.rmtree(damaged)


def _signed(data: bytes) -> bytes:
    """A marker with a valid digest, which reaches further; other input is unchanged."""
    from wordrel.io.marker import own_digest

    try:
        tree = json.loads(data)
        return json.dumps(tree | {"sha256": own_digest(tree)}).encode()
    except (ValueError, TypeError, AttributeError, RecursionError):
        return data


# Results ------------------------------------------------------------------------------------------

RESULTS: tuple[str, ...] = (
    *("manifest.json", "config.yaml", "runs.csv", "summary.csv", "comparisons.csv"),
    *("scores.csv.xz", "embeddings.csv.xz", "measurements.csv.xz", "agreement.csv.xz"),
)


def _with_file(data: bytes, folder: Path) -> Path:
    """The sound results with one of their files replaced."""
    place = folder / "results"
    if not place.exists():
        _unseal(folder / "sound" / "manifest.json")
        shutil.copytree(folder / "sound", place)
    name = RESULTS[data[0] % len(RESULTS) if data else 0]
    for other in RESULTS:
        shutil.copyfile(folder / "sound" / other, place / other)
    whole = lzma.compress(data[1:], preset=0) if name.endswith(".xz") else data[1:]
    _put(place / name, data[1:] if data[:1] >= b"\x80" else whole)
    return place


def _unseal(path: Path) -> None:
    """Take the digests out of a manifest, as older versions wrote it: others would end each try."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest.pop("sha256", None)
    path.write_text(json.dumps(manifest) + "\n", encoding="utf-8")


def _results(data: bytes, folder: Path) -> None:
    from wordrel.study.results import read_results

    read_results(_with_file(data, folder))


def _report(data: bytes, folder: Path) -> None:
    from wordrel.report import brief, markdown, page
    from wordrel.report.terminal import headline_tables
    from wordrel.study.results import read_results

    results = read_results(_with_file(data, folder))
    markdown.write(brief.document(results))
    page.document(results)
    headline_tables(results)


def _card(data: bytes, folder: Path) -> None:
    """Check the keys of the front matter, whatever names the study has."""
    import yaml

    from wordrel.report.hub import licence_note, model_card
    from wordrel.report.queries import rows
    from wordrel.study.results import read_results

    results = read_results(_with_file(data, folder))
    for run in rows(results.runs)[:2]:
        card = model_card(results, run, "in", (3, 4), own_licence=False)
        licence_note(results, run.corpus)
        front = yaml.safe_load(card.split("---\n")[1])
        keys = {"license", "license_link", "library_name", "tags"}
        assert set(front) <= keys, "front matter with other keys"


def result_change(data: bytes, rng: Any) -> bytes:
    """Change a file by its kind; the first byte chooses the file."""
    name = RESULTS[data[0] % len(RESULTS) if data else 0]
    by_kind = {".json": inputs.json_text, ".yaml": inputs.yaml_text}
    change = by_kind.get(Path(name).suffix, inputs.lines(b","))
    return data[:1] + change(data[1:], rng)


def result_seeds(sound: Path) -> tuple[bytes, ...]:
    """Each file of a results folder, as text."""
    contents = []
    for number, name in enumerate(RESULTS):
        data = (sound / name).read_bytes()
        contents.append(bytes([number]) + (lzma.decompress(data) if name.endswith(".xz") else data))
    return tuple(contents)


_FIELDS = inputs.lines(b"\t,; ")
_TABLE_SEEDS = (
    seeds.PAIRS,
    seeds.PAIRS.replace(b",", b"\t"),
    b"a;b;3,5\nc;d;1,0\n",
    b'"a b",c,2\nd,e,3\n',
)


def _always(*values: bytes) -> First:
    return lambda: values


def targets() -> dict[str, Target]:
    """All targets, by name."""
    own = {
        f"own {kind}": Target(_own(kind), _always(*first), _FIELDS)
        for kind, first in {
            "pairs": _TABLE_SEEDS,
            "directed_pairs": _TABLE_SEEDS,
            "labelled_pairs": (b"cat\tanimal\thyper\ncat\tsun\trandom\n",),
            "context_pairs": (b"the cat runs\t1\ta dog\t1\t7\n",),
            "analogies": (b": capitals\nAthens Greece Oslo Norway\n",),
        }.items()
    }
    wic = b"place\tN\t2-2\tDo you want a place ?\tA place .\n\x00F\n"
    rows: list[tuple[str, Read, First, inputs.Mutator]] = [
        ("config", _config, lambda: (seeds.CONFIG,), inputs.yaml_text),
        ("stored config", _stored_config, lambda: (seeds.CONFIG,), inputs.yaml_text),
        ("published tables", _published, seeds.published_seeds, inputs.behind(_FIELDS)),
        ("WiC", _wic, lambda: (wic,), inputs.lines(b"\t \x00")),
        ("BATS", _bats, lambda: (b"cat\tcats\ndog\tdogs/hounds/\n",), inputs.lines(b"\t/")),
        ("CoNLL-U", _conllu, lambda: (seeds.CONLLU,), inputs.lines(b"\t")),
        ("word2vec text", _vectors("v.txt"), lambda: (seeds.TEXT_VECTORS,),
         inputs.either(inputs.lines(b" "), inputs.counts)),
        ("GloVe text", _vectors("v.txt"), lambda: (seeds.TEXT_VECTORS[4:],), inputs.lines(b" ")),
        ("word2vec binary", _vectors("v.bin"), lambda: (seeds.binary_bytes(),),
         inputs.either(inputs.counts, inputs.binary)),
        ("fastText binary", _vectors("v.bin"), lambda: (seeds.fasttext_bytes(),), inputs.binary),
        ("npy vectors", _vectors("v.npy", "v.txt"), lambda: (seeds.npy_bytes(),), inputs.npy),
        ("safetensors vectors", _vectors("v.safetensors", "v.txt"),
         lambda: (seeds.safetensors_bytes(),), inputs.safetensors),
        ("tokenizer", _vectors("v.safetensors", "tokenizer.json"),
         lambda: (seeds.tokenizer_bytes(),), _tokenizer_change),
        ("texts, packed texts", _text, seeds.text_seeds, inputs.behind(inputs.lines(b" "))),
        ("Wikipedia dump", _wiki, lambda: (seeds.WIKI,), inputs.lines(b"<>[]{}|")),
        ("stored npy", _stored("npy"), lambda: (seeds.npy_bytes(),), inputs.npy),
        ("stored safetensors", _stored("safetensors"), lambda: (seeds.safetensors_bytes(),),
         inputs.safetensors),
        ("stored parquet", _stored("parquet"), lambda: (seeds.parquet_bytes(),), inputs.binary),
        ("marker", _marker, lambda: (seeds.marker_bytes(),), inputs.json_text),
    ]  # fmt: skip
    stored = {"results": _results, "report": _report, "model card": _card}
    return (
        own
        | {name: Target(read, first, change) for name, read, first, change in rows}
        | {n: Target(read, tuple, result_change, needs=True) for n, read in stored.items()}
    )
