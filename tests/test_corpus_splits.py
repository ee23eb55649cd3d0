"""Train, development and test: dealt out of the whole source, before a sample is taken."""

import hashlib
import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from wordrel.cli import app
from wordrel.config import CorpusConfig, digest
from wordrel.corpus import Corpus, Split, corpus_folder, identify, prepare
from wordrel.corpus.build import Builder
from wordrel.corpus.files import own_source
from wordrel.corpus.plan import Limits, plan_shards
from wordrel.corpus.splits import authors_of_tests
from wordrel.errors import CorpusError

PARTS = ("train", "development", "test")
LETTERS = "abcdefghij"


def spelled(number: int) -> str:
    return "".join(LETTERS[int(d)] for d in f"{number:05}")


def texts(number: int, seed: int = 3) -> list[str]:
    """Documents of 3 to 40 words, of which the last two name it; no two are alike."""
    rng = random.Random(seed)
    return [
        " ".join(
            [*rng.choices(LETTERS, k=rng.randrange(1, 39)), f"x{spelled(i)}", f"y{spelled(i)}"]
        )
        for i in range(number)
    ]


def written(folder: Path, documents: Sequence[str], name: str = "text.txt") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text("\n\n".join(documents), encoding="utf-8")
    return folder / name


def config_of(source: Path, **settings: Any) -> CorpusConfig:
    chosen: dict[str, Any] = {"source": str(source), "name": "t", "min_count": 1}
    return CorpusConfig(**(chosen | {"test": 0.1, "development": 0.05} | settings))


def documents(corpus: Corpus, part: Split) -> list[str]:
    words = [corpus.vocab.words[i] for i in part.ids.tolist()]
    ends = [0, *part.document_ends.tolist()]
    return [" ".join(words[a:b]) for a, b in itertools.pairwise(ends)]


def parts_of(corpus: Corpus) -> dict[str, list[str]]:
    return {name: documents(corpus, getattr(corpus, name)) for name in PARTS}


def key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{text} ".encode()).digest()[:8], "big")


def dealt(source: Sequence[str], test: float, development: float) -> dict[str, list[str]]:
    """The oracle: documents by key; shares are raised until there are 20 and 10 of them."""
    shares = {"test": (test, 20, 3), "development": (development, 10, 6)}
    left = sorted(source, key=key)
    found, start = {}, 0.0
    for part, (share, wanted, at_most) in shares.items():
        count = sum(key(text) < start + share * 2**64 for text in left)
        count = max(count, min(wanted, len(source) // at_most)) if share else 0
        found[part], left = left[:count], left[count:]
        within = count and key(found[part][-1]) < start + share * 2**64
        start = start + share * 2**64 if within else key(found[part][-1]) + 1 if count else start
    found["train"] = left
    return {part: [text for text in source if text in chosen] for part, chosen in found.items()}


@pytest.mark.parametrize(
    ("number", "test", "development", "sizes"),
    [
        (600, 0.1, 0.05, None),  # many documents: the shares as they are
        (100, 0.01, 0.01, (20, 10)),  # raised
        (60, 0.1, 0.1, (20, 10)),
        (100, 0.4, 0.05, None),  # tests are enough, development is raised
        (300, 0.0, 0.1, None),
        (300, 0.1, 0.0, None),
        (61, 0.0, 0.0, (0, 0)),
    ],
)
def test_documents_are_dealt_out_by_their_digest_and_shares_are_raised(
    tmp_path: Path, number: int, test: float, development: float, sizes: tuple[int, int] | None
) -> None:
    source = texts(number)
    path = written(tmp_path, source)
    # Words that only one document has are in the vocabulary of none but training documents.
    corpus = prepare(config_of(path, test=test, development=development), tmp_path)
    expected = dealt(source, test, development)
    known = {word for text in expected["train"] for word in text.split()}
    for part, found in parts_of(corpus).items():
        assert found == [" ".join(w for w in t.split() if w in known) for t in expected[part]]
        prefix = {"train": "", "development": "development_", "test": "held_out_"}[part]
        assert corpus.report[f"{prefix}documents"] == len(found)
    counts = len(expected["test"]), len(expected["development"])
    assert sizes in (None, counts)
    assert corpus.report["few_test_documents"] is (counts[0] < 20)
    assert corpus.report["split_by"] == "document"


def test_every_sample_has_the_same_tests_and_lies_in_the_larger_one(tmp_path: Path) -> None:
    path = written(tmp_path, texts(600))
    limits = (1000, 3000, 6000, None)
    samples = [
        prepare(config_of(path, limit_tokens=limit, vocabulary="source"), tmp_path)
        for limit in limits
    ]
    parts = [parts_of(sample) for sample in samples]
    whole = parts[-1]
    for sample, found, limit in zip(samples, parts, limits, strict=True):
        for part in ("development", "test"):
            for array in ("ids", "sentence_ends", "document_ends"):
                mine, all_ = (getattr(getattr(c, part), array) for c in (sample, samples[-1]))
                assert np.array_equal(mine, all_)
        assert not {*found["train"]} & {*found["test"], *found["development"]}
        if limit is not None:
            assert limit <= sample.report["sampled_tokens"] < limit + 40
            assert sample.report["sampled_tokens"] == sample.report["tokens"]
            assert sample.report["source_tokens"] == samples[-1].report["tokens"]
            assert sample.report["source_documents"] == len(whole["train"])
    for small, large in itertools.pairwise(parts):
        assert {*small["train"]} < {*large["train"]}


def test_the_vocabulary_of_the_source_is_the_same_for_every_sample(tmp_path: Path) -> None:
    path = written(tmp_path, [*texts(400), *(f"rare{a}{b} a b" for a in LETTERS for b in LETTERS)])
    chosen = {"vocabulary": "source", "max_vocabulary": 60, "min_count": 1}
    small = prepare(config_of(path, limit_tokens=1500, **chosen), tmp_path)
    large = prepare(config_of(path, **chosen), tmp_path)
    by_count = prepare(config_of(path, max_vocabulary=60), tmp_path)
    assert small.vocab.words == large.vocab.words == by_count.vocab.words
    assert np.array_equal(large.vocab.counts, by_count.vocab.counts)
    assert np.array_equal(small.test.ids, large.test.ids)
    in_sample = np.bincount(small.train.ids, minlength=60)
    absent = in_sample == 0
    assert 0 < absent.sum() < 50
    assert small.report["absent_types"] == absent.sum()
    assert np.array_equal(small.vocab.counts, np.maximum(in_sample, 1))
    assert large.report["absent_types"] == 0
    own = prepare(config_of(path, limit_tokens=1500, max_vocabulary=60), tmp_path)
    assert own.vocab.words != small.vocab.words
    assert "absent_types" not in own.report


def test_with_held_out_the_vocabulary_of_the_source_is_of_its_training_documents(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, texts(300))
    chosen = {"source": str(path), "held_out": 0.3, "min_count": 1, "vocabulary": "source"}
    small, large = (
        prepare(CorpusConfig(**chosen, limit_tokens=limit), tmp_path) for limit in (900, None)
    )
    assert small.vocab.words == large.vocab.words
    assert small.report["absent_types"] > 0
    plain = CorpusConfig(source=str(path), held_out=0.3, min_count=1)
    assert prepare(plain, tmp_path).vocab.words == large.vocab.words


def by_authors(folder: Path, authors: int, works: int) -> tuple[Path, list[str]]:
    source = texts(authors * works)
    for i, text in enumerate(source):
        author = f"Author{'abcdefghijklmnopqrstuvwxyz'[i // works]}"
        written(folder, [text], f"{author}_Work{i % works}_18{i:02}.txt")
    return folder, source


def test_all_works_of_an_author_are_in_one_part(tmp_path: Path) -> None:
    folder, source = by_authors(tmp_path / "in", 20, 4)
    config = config_of(folder, documents="file", min_count=1)
    corpus = prepare(config, tmp_path)
    assert corpus.report["split_by"] == "author"
    names = [f"Author{'abcdefghijklmnopqrst'[author]}" for author in range(20)]
    order = sorted(range(20), key=lambda author: hashlib.sha256(names[author].encode()).digest())
    # Five authors have 20 documents, and three the 10 that are wanted next.
    test, development, train = order[:5], order[5:8], order[8:]
    found = parts_of(corpus)
    assert [len(found["test"]), len(found["development"])] == [20, 12]
    assert found["train"] == [source[4 * a + i] for a in sorted(train) for i in range(4)]
    known = {word for text in found["train"] for word in text.split()}
    for part, authors in (("test", test), ("development", development)):
        works = [source[4 * a + i].split() for a in sorted(authors) for i in range(4)]
        assert found[part] == [" ".join(w for w in words if w in known) for words in works]
    files = sorted(path.name for path in folder.iterdir())
    assert authors_of_tests(files, config) == [names[a] for a in sorted(test) for _ in range(4)]


def test_few_authors_are_no_parts_and_their_names_change_nothing(tmp_path: Path) -> None:
    folder, source = by_authors(tmp_path / "in", 9, 10)
    corpus = prepare(config_of(folder, documents="file"), tmp_path)
    assert corpus.report["split_by"] == "document"
    for i, text in enumerate(source):
        written(tmp_path / "plain", [text], f"{i:03}.txt")
    assert identify(config_of(tmp_path / "plain", documents="file"), tmp_path) == corpus.digest


def test_names_of_authors_are_in_the_digest_where_they_decide(tmp_path: Path) -> None:
    folder, source = by_authors(tmp_path / "in", 20, 4)
    for i, text in enumerate(source):
        written(tmp_path / "plain", [text], f"{i:03}.txt")
    for settings, same in (
        ({}, False),
        ({"held_out": 0.1, "test": None, "development": None}, True),
    ):
        one, other = (
            identify(config_of(f, documents="file", **settings), tmp_path)
            for f in (folder, tmp_path / "plain")
        )
        assert (one == other) is same


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("Dickens_Bleak_1853.txt", "Dickens"),
        ("below/Ward_Milly_1881.txt.gz", "Ward"),
        ("Bleak_1853.txt", ""),
        ("Dickens_Bleak_House_1853.txt", ""),
        ("report_final_9999.txt", ""),
        ("2_old_1853.txt", ""),
    ],
)
def test_the_author_is_known_by_the_name_of_the_file(
    tmp_path: Path, name: str, author: str
) -> None:
    written((tmp_path / name).parent, ["a"], Path(name).name)
    (file,) = own_source(str(tmp_path / "**" / Path(name).name), tmp_path).files
    assert file.author == author


def long_text(words: int, stop: int) -> str:
    """Sentences of `stop` words."""
    found = random.Random(5).choices(LETTERS, k=words)
    return " ".join(f"{word}." if i % stop == 0 else word for i, word in enumerate(found, start=1))


def all_documents(corpus: Corpus) -> list[str]:
    return sorted(itertools.chain(*parts_of(corpus).values()))


def test_a_text_with_too_few_documents_is_cut_into_blocks(tmp_path: Path) -> None:
    text = long_text(70_300, stop=30)
    corpus = prepare(config_of(written(tmp_path, [text]), documents="file"), tmp_path)
    report = corpus.report
    assert report["split_by"] == "block"
    assert report["few_test_documents"] is False
    assert [len(found) for found in parts_of(corpus).values()] == [40, 10, 20]
    words = plain(text).split()
    cuts = [0, *(target // 30 * 30 for target in range(1000, 69_801, 1000)), len(words)]
    blocks = [" ".join(words[a:b]) for a, b in itertools.pairwise(cuts)]
    assert all_documents(corpus) == sorted(blocks)


def test_blocks_of_several_documents_do_not_cross_their_ends(tmp_path: Path) -> None:
    words = [long_text(number, stop=10**6).split() for number in (20_000, 400, 1499, 1500, 41_200)]
    path = written(tmp_path, [" ".join(document) for document in words])
    corpus = prepare(config_of(path), tmp_path)
    blocks = []
    for document in words:
        cuts = [*range(0, len(document) - 499, 1000)] or [0]
        blocks += [document[a:b] for a, b in itertools.pairwise([*cuts, len(document)])]
    assert {len(block) for block in blocks} == {400, 500, 1000, 1200, 1499}
    assert all_documents(corpus) == sorted(" ".join(block) for block in blocks)
    for part in PARTS:  # each block ends a sentence, though it is in the middle of one
        split = getattr(corpus, part)
        assert {*split.document_ends.tolist()} <= {*split.sentence_ends.tolist()}


def test_as_many_documents_as_there_should_be_are_not_cut(tmp_path: Path) -> None:
    path = written(tmp_path, [long_text(1200 + i, stop=30) for i in range(60)])
    corpus = prepare(config_of(path), tmp_path)
    assert corpus.report["split_by"] == "document"
    assert [len(found) for found in parts_of(corpus).values()] == [30, 10, 20]


def test_a_small_text_says_that_nothing_can_be_decided_on_it(tmp_path: Path) -> None:
    path = written(tmp_path, [long_text(18_000, stop=20)])
    report = prepare(config_of(path, documents="file"), tmp_path / "cache").report
    assert report["few_test_documents"] is True
    assert [report[f"{p}documents"] for p in ("", "development_", "held_out_")] == [9, 3, 6]
    output = prepared(path, tmp_path / "cache", "documents=file")
    assert "too few documents: blocks of about 1,000 words stand for them" in output
    assert "fewer than 20 test documents: no interval and no verdict" in output


def prepared(path: Path, cache: Path, *settings: str) -> str:
    """What `wordrel corpus prepare` prints, each run of white space as one space."""
    own = ["min_count=1", "test=.1", "development=.05", "name=t", *settings]
    arguments = ["corpus", "prepare", str(path), *own, "--cache", str(cache)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return " ".join(result.output.split())


def test_tests_use_the_beginning_of_a_document_and_training_all_of_it(tmp_path: Path) -> None:
    source = [plain(long_text(10 + 3 * i, stop=7)) for i in range(100)]
    texts_ = [". ".join([text[:40], text[40:]]) for text in source]
    path = written(tmp_path, texts_)
    corpus = prepare(config_of(path, max_test_document=50), tmp_path)
    expected = dealt(source, 0.1, 0.05)
    found = parts_of(corpus)
    assert found["train"] == expected["train"]
    unused = 0
    for part in ("development", "test"):
        words = [text.split() for text in expected[part]]
        assert found[part] == [" ".join(of[:50]) for of in words]
        unused += sum(len(of[50:]) for of in words)
        split = getattr(corpus, part)
        assert {*split.document_ends.tolist()} <= {*split.sentence_ends.tolist()}
        assert split.sentence_ends[-1] == split.document_ends[-1] == len(split.ids)
    assert corpus.report["unused_tokens"] == unused > 0
    assert prepare(config_of(path), tmp_path).report["unused_tokens"] == 0


def plain(text: str) -> str:
    return text.replace(".", "")


def files_of(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "timing.json"}


@pytest.mark.parametrize("kind", ["document", "author", "block"])
def test_neither_jobs_nor_shards_nor_token_blocks_change_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    settings: dict[str, Any] = {"limit_tokens": 2000, "vocabulary": "source", "min_count": 2}
    if kind == "author":
        source, _ = by_authors(tmp_path / "in", 20, 4)
        settings |= {"documents": "file", "limit_tokens": 300}
    else:
        found = [f"{text}. Then\n{text}" for text in texts(600)]
        path = written(tmp_path / "in", found[:50] if kind == "block" else found)
        source = path.parent
        (tmp_path / "in" / "more.txt").write_text(" ".join(found), encoding="utf-8")
    config = config_of(source, max_test_document=30, **settings)
    files = own_source(config.source, tmp_path / "cache")
    cut = Limits(shard=3000, types=100, block=999)
    assert len(plan_shards(files, config.documents, cut.shard)) > 1
    contents = []
    for name, jobs, limits, tokens in (
        ("whole", 1, Limits(), 1 << 20),
        ("cut", 2 if kind == "document" else 1, cut, 1 << 20),
        ("blocks", 1, Limits(), 97),
    ):
        monkeypatch.setattr("wordrel.corpus.shards._BLOCK_TOKENS", tokens)
        folder = tmp_path / name
        folder.mkdir()
        Builder(config, files, folder, jobs, lambda share, doing: None, limits).build("0" * 12)
        contents.append(files_of(folder))
    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0]) == 12
    assert f'"split_by": "{kind}"'.encode() in contents[0]["corpus.json"]


def test_a_corpus_with_held_out_is_what_it_was_and_has_no_development_part(tmp_path: Path) -> None:
    path = written(tmp_path, texts(100))
    config = CorpusConfig(source=str(path), name="t", held_out=0.3, min_count=2)
    corpus = prepare(config, tmp_path)
    assert corpus.report["held_out_documents"] == len(corpus.test.document_ends) > 0
    assert [len(a) for a in vars(corpus.development).values()] == [0, 0, 0]
    folder = corpus_folder(tmp_path, "t", corpus.digest)
    assert {p.name for p in folder.iterdir() if p.is_dir()} == {"train", "held_out"}
    keys = {"split_by", "few_test_documents", "unused_tokens", "development_documents"}
    assert not keys & set(corpus.report)


def test_settings_of_the_other_way_to_split_are_not_written(tmp_path: Path) -> None:
    old = CorpusConfig(source="x", words="letters")
    new = CorpusConfig(source="x", test=0.1, development=0.05)
    added = {"test", "development", "max_test_document", "vocabulary"}
    unused = {"encoding", "phrases", "segmenter", "max_unpacked_ratio", "max_unpacked_gb"}
    assert set(CorpusConfig.model_fields) - set(old.model_dump()) == added | unused
    assert set(CorpusConfig.model_fields) - set(new.model_dump(mode="json")) == {
        "held_out",
        *unused,
    }
    then = {key: value for key, value in old.model_dump(mode="json").items() if key != "words"}
    assert digest(then) == "68c94b674919"  # as before there was another way
    for config in (old, new, CorpusConfig(source="x", vocabulary="source")):
        assert CorpusConfig(**config.model_dump()) == config


def test_each_setting_of_the_parts_is_in_the_digest(tmp_path: Path) -> None:
    path = written(tmp_path, ["a b"])
    changes = [{}, {"test": 0.2}, {"development": 0.1}, {"max_test_document": 5}, {"test": 0}]
    named = {identify(config_of(path, **change), tmp_path) for change in changes}
    assert len(named) == len(changes)
    assert (
        len({identify(config_of(path, vocabulary=v), tmp_path) for v in ("sample", "source")}) == 2
    )


@pytest.mark.parametrize(
    ("settings", "key", "message"),
    [
        ({"test": 0.1}, "development", "found nothing, expected a share"),
        ({"development": 0.1}, "test", "found nothing, expected a share"),
        (
            {"test": 0.1, "development": 0.1, "held_out": 0.05},
            "held_out",
            "found 0.05 beside test and development",
        ),
        (
            {"test": 0.6, "development": 0.4},
            "test",
            "found 0.6 with development 0.4, expected less",
        ),
        ({"max_test_document": 7}, "max_test_document", "found a number, expected test and"),
        ({"held_out": None}, "held_out", "found null, expected a share"),
    ],
)
def test_there_is_one_way_to_split_a_corpus(
    tmp_path: Path, settings: dict[str, Any], key: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        CorpusConfig(source="x", **settings)
    given = [f"{k}={'null' if v is None else v}" for k, v in settings.items()]
    result = CliRunner().invoke(app, ["corpus", "show", str(written(tmp_path, ["a"])), *given])
    assert result.exit_code == 2
    assert f"{key}: {message}" in " ".join(result.output.split())


def test_a_part_without_known_words_names_the_settings_to_change(tmp_path: Path) -> None:
    path = written(tmp_path, ["a b", "c d"])
    with pytest.raises(CorpusError, match=r"no held-out tokens: of 2 document.*test=0.1, develop"):
        prepare(config_of(path), tmp_path)


def test_the_command_prints_the_three_parts(tmp_path: Path) -> None:
    path = written(tmp_path, texts(300))
    corpus = prepare(config_of(path), tmp_path / "cache")
    output = prepared(path, tmp_path / "cache")
    for name in PARTS:
        part = getattr(corpus, name)
        sizes = (part.document_ends, part.sentence_ends, part.ids)
        assert f" {name} {' '.join(f'{len(size):,}' for size in sizes)} " in f"{output} "
