"""From text to a corpus on disk, against a slow and simple reading of the same rules."""

import errno
import gzip
import hashlib
import itertools
import json
import multiprocessing
import os
import resource
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processes import PATIENCE
from wordrel.config import CorpusConfig
from wordrel.corpus import Corpus, Split, corpus_folder, identify, open_corpus, prepare
from wordrel.corpus import cache as corpus_cache
from wordrel.corpus.build import Builder
from wordrel.corpus.files import own_source
from wordrel.corpus.merge import PartWriter, cut_long_sentences, merged_counts
from wordrel.corpus.plan import BLANK_LINE, LINE_END, Limits, next_bound, plan_shards
from wordrel.errors import CorpusError, StoreError
from wordrel.io.store import discard_partial, new_folder

SPAWN = multiprocessing.get_context("spawn")  # no fork beside loky's threads
TINY = Limits(shard=16, types=3, block=7)
Sentences = list[list[str]]


def folder_of(config: CorpusConfig, cache: Path) -> Path:
    return corpus_folder(cache, config.name, identify(config, cache))


def config_of(path: Path, **settings: Any) -> CorpusConfig:
    chosen: dict[str, Any] = {"source": str(path), "min_count": 1, "held_out": 0, "name": "t"}
    return CorpusConfig(**(chosen | settings))


def written(folder: Path, text: str | bytes, name: str = "text.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def sentences(corpus: Corpus, part: Split | None = None) -> Sentences:
    part = part or corpus.train
    words = [corpus.vocab.words[i] for i in part.ids.tolist()]
    return [words[a:b] for a, b in itertools.pairwise([0, *part.sentence_ends.tolist()])]


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file but the one that holds times."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "timing.json"}


def silent(share: float, doing: str) -> None:
    assert 0 <= share <= 1


# The oracle: the same rules in plain loops over one string.


def plain_documents(text: str, config: CorpusConfig) -> Iterator[list[str]]:
    """The paragraphs of each document."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if config.documents == "line":
        yield from ([line] for line in lines)
        return
    blocks = [
        list(g) for blank, g in itertools.groupby(lines, lambda x: not x.strip()) if not blank
    ]
    wrapped = [["\n".join(b)] if config.lines == "wrapped" else b for b in blocks]
    yield from wrapped if config.documents == "blank_line" else [list(itertools.chain(*wrapped))]


def plain_sentences(paragraph: str, config: CorpusConfig) -> Iterator[list[str]]:
    words: list[str] = []
    for chunk in paragraph.split():
        words += plain_words(chunk, config)
        if config.sentences == "punctuation" and chunk.rstrip("\"'”’»)]}")[-1:] in (*".!?",):
            yield words
            words = []
    yield words


def plain_words(chunk: str, config: CorpusConfig) -> list[str]:
    def inside(c: str) -> bool:
        return c.isalpha() or (config.digits != "drop" and c.isdecimal())

    marked = list(chunk.replace("’", "'"))
    for i, c in enumerate(marked):
        joins = (
            c == "'" and 0 < i < len(marked) - 1 and inside(marked[i - 1]) and inside(marked[i + 1])
        )
        marked[i] = c if joins or inside(c) else " "
    word = "".join(marked)
    word = word.lower() if config.lowercase else word
    return "".join("0" if c.isdecimal() and config.digits == "zero" else c for c in word).split()


def plain_corpus(text: str, config: CorpusConfig) -> tuple[Counter[str], Sentences, Sentences]:
    """Counts of the kept words, sentences to train on, held-out sentences."""
    parts: tuple[Sentences, Sentences] = ([], [])
    documents = [
        [s for p in paragraphs for s in plain_sentences(p, config) if s]
        for paragraphs in plain_documents(text, config)
    ]
    for cut in plain_sample(documents, config.limit_tokens):
        number = int.from_bytes(plain_digest(cut)[:8], "big")
        parts[number / 2**64 < config.held_out].extend(cut)
    counts = Counter(w for s in parts[0] for w in s)
    kept = Counter({w: n for w, n in counts.items() if n >= config.min_count})
    known = [[[w for w in s if w in kept] for s in part] for part in parts]
    return kept, [s for s in known[0] if s], [s for s in known[1] if s]


def plain_digest(document: Sentences) -> bytes:
    return hashlib.sha256("".join(f"{w} " for s in document for w in s).encode()).digest()


def plain_sample(documents: list[Sentences], limit: int | None) -> list[Sentences]:
    """Text by text in the order of their digests, each with all its copies."""
    if limit is None:
        return documents
    taken: list[bytes] = []
    tokens = 0
    for digest in sorted({plain_digest(d) for d in documents if d}, key=lambda d: d[8:16]):
        if tokens < limit:
            taken.append(digest)
            tokens += sum(len(s) for d in documents if plain_digest(d) == digest for s in d)
    return [d for d in documents if plain_digest(d) in taken]


def built(text: str, config: CorpusConfig, folder: Path, limits: Limits) -> Corpus:
    source = own_source(config.source, folder / "cache")
    with new_folder(folder / "built", durable=False) as target:
        Builder(config, source, target, 1, silent, limits).build("0" * 12)
    return open_corpus(folder / "built")


ODD_TEXT = st.text(
    alphabet=st.sampled_from("abAÉß'’’.!?)\" \n\n\r\t1٢_-"), min_size=1, max_size=150
)
CONFIGS = st.fixed_dictionaries(
    {
        "lowercase": st.booleans(),
        "digits": st.sampled_from(["keep", "zero", "drop"]),
        "lines": st.sampled_from(["paragraph", "wrapped"]),
        "sentences": st.sampled_from(["punctuation", "paragraph"]),
        "documents": st.sampled_from(["blank_line", "file", "line"]),
        "min_count": st.integers(1, 2),
        "held_out": st.sampled_from([0, 0.4]),
        "limit_tokens": st.sampled_from([None, None, 1, 4, 12, 1000]),
    }
)


@settings(deadline=None, max_examples=80)
@given(ODD_TEXT, CONFIGS, st.booleans(), st.sampled_from([TINY, Limits()]))
def test_any_text_with_any_settings_gives_what_plain_loops_give(
    text: str, chosen: dict[str, Any], mark: bool, limits: Limits
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = written(Path(name), "\ufeff" * mark + text)
        config = config_of(path, **chosen)
        counts, train, held_out = plain_corpus(text, config)
        if len(counts) < 2 or not train or bool(held_out) != bool(config.held_out):
            with pytest.raises(CorpusError):
                built(text, config, Path(name), limits)
            return
        corpus = built(text, config, Path(name), limits)
        assert dict(zip(corpus.vocab.words, corpus.vocab.counts.tolist(), strict=True)) == counts
        assert sentences(corpus) == train
        assert sentences(corpus, corpus.test) == held_out


def test_words_are_ordered_by_count_then_alphabet_and_ids_follow(tmp_path: Path) -> None:
    path = written(tmp_path, "b a c. b a!\nb z\n\nd d z")
    corpus = prepare(config_of(path), tmp_path)
    assert corpus.vocab.words == ("b", "a", "d", "z", "c")
    assert corpus.vocab.counts.tolist() == [3, 2, 2, 2, 1]
    assert corpus.train.ids.tolist() == [0, 1, 4, 0, 1, 0, 3, 2, 2, 3]
    assert corpus.train.sentence_ends.tolist() == [3, 5, 7, 10]
    assert corpus.train.document_ends.tolist() == [7, 10]
    assert corpus.train.ids.dtype == np.int32
    assert isinstance(corpus.train.ids, np.memmap)
    assert corpus.train.ids.mode == "r"
    assert corpus.test.ids.tolist() == corpus.test.sentence_ends.tolist() == []


def test_many_words_with_one_count_are_in_alphabetical_order(tmp_path: Path) -> None:
    words = [a + b for a in "qwertzuiop" for b in "asdfghjkly"]
    path = written(tmp_path, " ".join(words) + " last last")
    assert prepare(config_of(path), tmp_path).vocab.words == ("last", *sorted(words))


def test_rare_words_go_and_what_is_empty_then_goes_too(tmp_path: Path) -> None:
    path = written(tmp_path, "a x b. Rare.\na b\n\nOnly once\n\nb a")
    corpus = prepare(config_of(path, min_count=2), tmp_path)
    assert sentences(corpus) == [["a", "b"], ["a", "b"], ["b", "a"]]
    assert corpus.train.document_ends.tolist() == [4, 6]
    assert corpus.report["dropped_tokens"] == 4
    assert corpus.report["types_seen"] == 6
    assert corpus.report["types"] == 2


def test_the_vocabulary_can_be_limited(tmp_path: Path) -> None:
    path = written(tmp_path, "c c c b b a a d")
    assert prepare(config_of(path, max_vocabulary=2), tmp_path).vocab.words == ("c", "a")


def test_long_sentences_are_cut_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "a b c d e f g. a b c. a b c d")
    corpus = prepare(config_of(path, max_sentence=3), tmp_path)
    assert corpus.train.sentence_ends.tolist() == [3, 6, 7, 10, 13, 14]
    assert corpus.report["split_sentences"] == 2


@given(st.lists(st.integers(1, 9), min_size=1), st.integers(0, 5), st.integers(1, 4))
def test_cutting_sentences_adds_ends_and_moves_none(
    lengths: list[int], start: int, longest: int
) -> None:
    ends = np.cumsum(lengths) + start
    cut = cut_long_sentences(ends, start, longest).tolist()
    assert set(ends.tolist()) <= set(cut)
    pieces = np.diff([start, *cut])
    assert pieces.min() >= 1
    assert pieces.max() <= longest
    assert len(cut) == sum(-(-n // longest) for n in lengths)


def test_documents_are_held_out_by_the_digest_of_their_words(tmp_path: Path) -> None:
    texts = [f"alpha beta gamma number{chr(97 + i)}. The end" for i in range(26)]
    path = written(tmp_path, "\n\n".join(texts))
    corpus = prepare(config_of(path, held_out=0.3), tmp_path)
    digests = [hashlib.sha256(f"{t.lower().replace('.', '')} ".encode()).digest() for t in texts]
    held_out = [int.from_bytes(d[:8], "big") < 0.3 * 2**64 for d in digests]
    assert 0 < sum(held_out) < 26
    assert len(corpus.test.document_ends) == sum(held_out)
    assert corpus.vocab.counts[0] == 26 - sum(held_out)  # counted in the training part only
    assert corpus.report["dropped_tokens"] == sum(held_out)  # the word that only it has
    assert corpus.report["documents"] + corpus.report["held_out_documents"] == 26


def test_line_ends_byte_order_mark_and_packing_never_change_the_corpus(tmp_path: Path) -> None:
    text = "One two.\nThree “four”\n\nfive one\n"
    forms = {
        "lf.txt": text.encode(),
        "crlf.txt": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
        "cr.txt": text.replace("\n", "\r").encode(),
        "gz.gz": gzip.compress(text.encode()),
    }
    corpora = [
        prepare(config_of(written(tmp_path, d, n), name=n[:2]), tmp_path) for n, d in forms.items()
    ]
    first = corpora[0]
    for other in corpora[1:]:
        assert other.vocab.words == first.vocab.words
        for array in ("ids", "sentence_ends", "document_ends"):
            assert np.array_equal(getattr(other.train, array), getattr(first.train, array))


def many_documents(documents: int = 300) -> str:
    rng = np.random.default_rng(5)
    words = [f"w{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200)]
    texts = (" ".join(rng.choice(words, 20)) + ". And more.\r\nNext" for _ in range(documents))
    return "\r\n\r\n".join(texts)


def test_the_number_of_jobs_never_changes_a_byte(tmp_path: Path) -> None:
    path = written(tmp_path, many_documents())
    config = config_of(path, held_out=0.1, min_count=2)
    source = own_source(config.source, tmp_path / "cache")
    limits = Limits(shard=5000, types=100, block=999)
    assert len(plan_shards(source, "blank_line", limits.shard)) > 4
    for jobs, sizes in ((1, Limits()), (1, limits), (2, limits)):
        folder = tmp_path / f"{jobs}-{sizes.shard}"
        folder.mkdir()
        Builder(config, source, folder, jobs, silent, sizes).build("0" * 12)
    whole, cut, two = (files_of(tmp_path / n) for n in (f"1-{32 << 20}", "1-5000", "2-5000"))
    assert whole == cut == two
    assert len(whole) == 9


def test_a_large_file_is_cut_where_documents_end_and_nothing_is_lost(tmp_path: Path) -> None:
    data = b"one\r\n \r\ntwo\r\nthree\r\n\r\nfour\n\n\n\nfive five five"
    source = own_source(str(written(tmp_path, data)), tmp_path)
    pieces = [p for s in plan_shards(source, "blank_line", 4) for p in s.pieces]
    assert [data[p.start : p.stop] for p in pieces] == [
        b"one\r\n \r\n",
        b"two\r\nthree\r\n\r\n",
        b"four\n\n",
        b"\n\nfive five five",
    ]
    assert len(plan_shards(source, "file", 4)) == 1


@given(st.text(alphabet="x\r\n ", max_size=40), st.integers(0, 10), st.integers(1, 5))
@example("xxx\nxx", 0, 3)
def test_a_file_is_cut_between_documents_whatever_the_window(
    text: str, target: int, window: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = own_source(str(written(Path(folder), text)), Path(folder))
        for bound, document in ((BLANK_LINE, by_blank_lines), (LINE_END, by_lines)):
            cut = next_bound(source.files[0], target, bound, window)
            if cut is not None:
                assert target < cut < len(text)
                assert document(text[:cut]) + document(text[cut:]) == document(text)


def by_blank_lines(text: str) -> list[list[str]]:
    return list(plain_documents(text, CorpusConfig(source="x", documents="blank_line")))


def by_lines(text: str) -> list[str]:
    """Without empty lines: a CRLF may be cut in two."""
    return [line for line in text.splitlines() if line]


def test_small_files_share_a_shard(tmp_path: Path) -> None:
    for i in range(6):
        written(tmp_path, "x" * 10, f"{i}.txt")
    plan = plan_shards(own_source(str(tmp_path), tmp_path), "file", 25)
    assert [len(shard.pieces) for shard in plan] == [2, 2, 2]


def test_many_runs_of_counts_are_merged_with_few_open_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordrel.corpus.merge._RUN_BYTES", 9)  # a line or two at a time
    runs = [tmp_path / f"r{i:03}" for i in range(300)]
    for i, run in enumerate(runs):
        run.write_text(f"all {i} 1\nonly{i:03} 1 0\nzürich 2 2\n", encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(250, hard), hard))
    try:
        merged = list(merged_counts(runs))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    only = [(f"only{i:03}", 1, 0) for i in range(300)]
    assert merged == [("all", 299 * 150, 300), *only, ("zürich", 600, 600)]


def test_the_report_says_what_went_in(tmp_path: Path) -> None:
    data = b"one two\0 three\xff one\ntwo\n"
    corpus = prepare(config_of(written(tmp_path, data), bad_utf8="replace"), tmp_path)
    report = corpus.report
    assert report["sha256"] == hashlib.sha256(data).hexdigest()
    assert report["source"] == str(tmp_path / "text.txt")
    assert (report["files"], report["bytes"], report["replaced_bytes"]) == (1, len(data), 2)
    assert (report["tokens"], report["held_out_tokens"], report["sentences"]) == (5, 0, 2)
    assert report["tokens_per_second"] > 0
    about = json.loads(
        (
            folder_of(config_of(tmp_path / "text.txt", bad_utf8="replace"), tmp_path)
            / "corpus.json"
        ).read_text()
    )
    assert about["digest"] == corpus.digest


def test_the_name_is_not_in_the_digest_and_each_setting_and_byte_is(tmp_path: Path) -> None:
    path = written(tmp_path, "a b")
    changes: dict[str, Any] = {
        "lowercase": False,
        "digits": "zero",
        "lines": "wrapped",
        "sentences": "paragraph",
        "documents": "line",
        "min_count": 2,
        "max_vocabulary": 5,
        "limit_tokens": 1,
        "max_sentence": 7,
        "held_out": 0.5,
        "bad_utf8": "replace",
        "long_lines": "split",
        "vocabulary": "source",
        "words": "letters",
        "phrases": True,
        "encoding": "latin-1",
    }
    in_three = {"test", "development", "max_test_document"}
    elsewhere = {"name", "source", "segmenter", "max_unpacked_ratio", "max_unpacked_gb"}
    assert {*changes, *in_three, *elsewhere} == set(CorpusConfig.model_fields)
    base = identify(config_of(path), tmp_path)
    assert identify(config_of(path, name="other"), tmp_path) == base
    assert identify(config_of(written(tmp_path, "a b", "copy.txt")), tmp_path) == base
    others = {identify(config_of(path, **{k: v}), tmp_path) for k, v in changes.items()}
    others.add(identify(config_of(written(tmp_path, "a c", "other.txt")), tmp_path))
    assert len(others - {base}) == len(changes) + 1


def test_a_prepared_corpus_is_opened_not_built_again(tmp_path: Path) -> None:
    config = config_of(written(tmp_path, "a b c"))
    first = prepare(config, tmp_path)
    folder = folder_of(config, tmp_path)
    assert folder.name == f"t-{first.digest}"
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}

    def never(share: float, doing: str) -> None:
        raise AssertionError(doing)

    again = prepare(config, tmp_path, progress=never)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    assert again.report == first.report


def test_progress_rises_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    (tmp_path / "in").mkdir()
    for i in range(3):
        written(tmp_path / "in", many_documents(20), f"{i}.txt")
    hear = lambda share, doing: shares.append(round(share, 9))  # noqa: E731
    prepare(config_of(tmp_path / "in"), tmp_path, progress=hear)
    assert shares == sorted(shares)
    assert len(set(shares)) >= 5  # three files, counting, done
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("", {}, r"found no word at all; expected text"),
        ("1 2 3\n. ! ?", {}, "set digits=keep"),
        (
            "a a a",
            {},
            r"found only 'a' at least min_count=1 times.*more: give more text as source$",
        ),
        ("a a b", {"min_count": 2}, r"found only 'a' at least.*: lower min_count, or give more"),
        ("a b c", {"min_count": 2}, r"found no word at least min_count=2 times, among 3 .*"),
        ("a b\n\nc", {"held_out": 1e-9}, r"no held-out tokens: of 2 document.*held_out=1e-09"),
        ("a b\n\nc", {"held_out": 0.999999}, r"no training tokens: of 2 .*set documents.*held_out"),
        ("a b", {"held_out": 1e-9, "documents": "file"}, r"of 1 document.*\(documents=file\)"),
    ],
)
def test_a_text_that_gives_nothing_to_train_on_names_the_setting_to_change(
    tmp_path: Path, text: str, settings: dict[str, Any], message: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(CorpusError, match=message) as error:
        prepare(config_of(path, **settings), tmp_path / "cache")
    assert str(error.value).startswith(str(path))
    assert not [p for p in (tmp_path / "cache" / "corpora").iterdir() if p.suffix != ".lock"]


def test_bad_bytes_in_one_file_of_a_folder_are_named_with_their_place(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    written(folder, "fine words\n" * 50, "a.txt")
    bad = written(folder, b"fine\nbad \xff word\n", "b.txt")
    for jobs in (1, 2):
        with pytest.raises(CorpusError, match=f"{bad}: byte 9: found 0xff"):
            prepare(config_of(folder), tmp_path / "cache", jobs=jobs)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "a b c\n" * 100)

    def meddle(share: float, doing: str) -> None:
        stat = path.stat()
        path.write_bytes(b"a b d\n" * 100)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # only the bytes tell

    with pytest.raises(CorpusError, match=f"{path}: found other bytes") as error:
        prepare(config_of(path), tmp_path / "cache", progress=meddle)
    assert "does not change while it is read" in str(error.value)
    assert not list((tmp_path / "cache" / "corpora").glob("t-*"))


def test_a_cache_that_cannot_be_written_is_an_error_with_path_and_cure(tmp_path: Path) -> None:
    path = written(tmp_path, "a b c")
    not_a_folder = written(tmp_path, "", "cache")
    with pytest.raises(StoreError, match=f"{not_a_folder}.*cannot be written.*WORDREL_CACHE"):
        prepare(config_of(path), not_a_folder)


def test_a_full_disk_leaves_no_half_corpus_and_keeps_finished_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(config_of(written(tmp_path, "a b c"), name="first"), tmp_path)

    def full(self: PartWriter, *arrays: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PartWriter, "add", full)
    with pytest.raises(StoreError, match=r"No space left on device.*free some space"):
        prepare(config_of(written(tmp_path, "a b d"), name="second"), tmp_path)
    visible = [p.name for p in (tmp_path / "corpora").iterdir() if p.suffix != ".lock"]
    assert [name.partition("-")[0] for name in visible] == ["first"]


def test_a_corpus_that_is_not_there_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"{tmp_path}/x: found no whole corpus.*prepare"):
        open_corpus(tmp_path / "x")


def test_a_run_that_begins_leaves_the_build_of_another_corpus_alone(tmp_path: Path) -> None:
    """Every run removes what dead processes left in the cache; this builder lives."""
    path, cache = written(tmp_path, "a b c\n" * 50), tmp_path / "cache"
    with building(path, cache) as (process, go_on):
        assert discard_partial(cache) == []
        go_on.set()
        process.join(PATIENCE)
        assert process.exitcode == 0
    assert open_corpus(folder_of(config_of(path), cache)).report["tokens"] == 150


def build_and_report(path: Path, cache: Path, started: Any, go_on: Any) -> None:
    """In a process of its own: stop in the middle of building until told to go on."""

    def pause(share: float, doing: str) -> None:
        if share < 1:
            started.set()
            go_on.wait(PATIENCE)

    prepare(config_of(path), cache, progress=pause)


@contextmanager
def spawned(target: Callable[..., None], *arguments: Any) -> Iterator[Any]:
    """A process that runs a function; it is killed at the end of the block."""
    process = SPAWN.Process(target=target, args=arguments)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


@contextmanager
def building(path: Path, cache: Path) -> Iterator[tuple[Any, Any]]:
    """A process that waits in the middle of its work, and the event that it waits for."""
    begun, go_on = SPAWN.Event(), SPAWN.Event()
    with spawned(build_and_report, path, cache, begun, go_on) as process:
        assert begun.wait(PATIENCE)
        yield process, go_on


def test_a_killed_build_is_cleaned_up_and_done_again(tmp_path: Path) -> None:
    path, cache = written(tmp_path, "a b c\n" * 50), tmp_path / "cache"
    with building(path, cache):
        assert list((cache / "corpora").glob(".*.partial"))
    assert list((cache / "corpora").glob(".*.partial"))
    prepare(config_of(written(tmp_path, "x y z", "other.txt"), name="other"), cache)
    assert not list((cache / "corpora").glob(".*.partial"))
    assert prepare(config_of(path), cache).report["tokens"] == 150


def test_two_processes_that_want_the_same_corpus_build_it_once(tmp_path: Path) -> None:
    path, cache = written(tmp_path, "a b c\n" * 50), tmp_path / "cache"
    with building(path, cache) as (process, go_on):
        other = config_of(written(tmp_path, "x y z", "other.txt"), name="other")
        prepare(other, cache)  # another corpus does not wait, and leaves the living build alone
        assert len(list((cache / "corpora").glob(".*.partial"))) == 1
        ready = SPAWN.Event()
        with spawned(open_only, path, cache, ready) as waiting:
            assert ready.wait(PATIENCE)
            go_on.set()
            process.join(PATIENCE)
            waiting.join(PATIENCE)
            assert (process.exitcode, waiting.exitcode) == (0, 0)


def open_only(path: Path, cache: Path, ready: Any) -> None:
    """In a process of its own: wait for a corpus that another process is building."""

    def never(share: float, doing: str) -> None:
        raise AssertionError(f"built a second time: {doing}")

    build_once = corpus_cache.build_once

    def told(folder: Path, build: Callable[[Path], None]) -> None:
        ready.set()  # from here on it looks for the corpus, and waits for the lock
        build_once(folder, build)

    corpus_cache.build_once = told
    prepare(config_of(path), cache, progress=never)
