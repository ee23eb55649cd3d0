"""A sample of a source: the documents that `limit_tokens` takes, and what does not depend on it."""

import gzip
import hashlib
import itertools
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from wordrel.cli import app
from wordrel.config import CorpusConfig, digest
from wordrel.corpus import Corpus, Split, identify, prepare
from wordrel.corpus.build import Builder
from wordrel.corpus.cache import CORPUS_VERSION
from wordrel.corpus.files import own_source
from wordrel.corpus.plan import Limits, plan_shards
from wordrel.corpus.shards import LAST_SAMPLE_KEY, sample_key
from wordrel.errors import CorpusError

LETTERS = "abcdefghij"


def texts(number: int = 600) -> list[str]:
    """Documents of 2 to 40 words, of which the last two name it; no two are alike."""
    rng = random.Random(3)
    return [
        " ".join([*rng.choices(LETTERS, k=rng.randrange(39)), *named(i)]) for i in range(number)
    ]


def named(number: int) -> tuple[str, str]:
    spelled = "".join(LETTERS[int(d)] for d in f"{number:04}")
    return f"x{spelled}", f"y{spelled}"


def written(folder: Path, documents: list[str], name: str = "text.txt") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n\n".join(documents), encoding="utf-8")
    return path


def config_of(source: Path, **settings: Any) -> CorpusConfig:
    chosen: dict[str, Any] = {"source": str(source), "min_count": 1, "held_out": 0, "name": "t"}
    return CorpusConfig(**(chosen | settings))


def documents(corpus: Corpus, part: Split | None = None) -> list[str]:
    part = part or corpus.train
    words = [corpus.vocab.words[i] for i in part.ids.tolist()]
    ends = [0, *part.document_ends.tolist()]
    return [" ".join(words[a:b]) for a, b in itertools.pairwise(ends)]


def by_key(chosen: list[str]) -> list[str]:
    return sorted(chosen, key=lambda text: hashlib.sha256(f"{text} ".encode()).digest()[8:16])


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_documents_are_taken_by_their_digest_until_the_limit_is_reached(
    tmp_path: Path, more: int
) -> None:
    source = texts(60)
    order = by_key(source)
    limit = sum(len(text.split()) for text in order[:20]) + more
    corpus = prepare(config_of(written(tmp_path, source), limit_tokens=limit), tmp_path)
    taken = order[: 21 if more > 0 else 20]
    assert documents(corpus) == [text for text in source if text in taken]
    assert corpus.report["tokens"] >= limit


def test_neither_jobs_nor_shards_nor_blocks_change_a_byte_of_a_sample(tmp_path: Path) -> None:
    path = written(tmp_path, [f"{text}. Then\n{text}" for text in texts()])
    config = config_of(path, held_out=0.2, min_count=2, limit_tokens=4000)
    source = own_source(config.source, tmp_path / "cache")
    cut = Limits(shard=3000, types=100, block=999)
    assert len(plan_shards(source, "blank_line", cut.shard)) > 4
    contents = []
    for name, jobs, limits in (("whole", 1, Limits()), ("cut", 1, cut), ("two", 2, cut)):
        folder = tmp_path / name
        folder.mkdir()
        shares: list[float] = []
        hear = lambda share, doing, heard=shares: heard.append(round(share, 9))  # noqa: E731
        Builder(config, source, folder, jobs, hear, limits).build("0" * 12)
        assert shares == sorted(shares)
        assert shares[-1] == 1
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "timing.json")
        contents.append({p.relative_to(folder): p.read_bytes() for p in files})
    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0]) == 9
    about = json.loads((tmp_path / "two" / "corpus.json").read_text())
    assert 0 < about["report"]["sampled_documents"] < 600


def test_token_blocks_that_lie_across_documents_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(written(tmp_path, texts()), held_out=0.2, limit_tokens=3000)
    whole = prepare(config, tmp_path / "one")
    monkeypatch.setattr("wordrel.corpus.shards._BLOCK_TOKENS", 7)
    cut = prepare(config, tmp_path / "two")
    assert cut.vocab.words == whole.vocab.words
    assert np.array_equal(cut.vocab.counts, whole.vocab.counts)
    for part in ("train", "test"):
        for array in ("ids", "sentence_ends", "document_ends"):
            expected = getattr(getattr(whole, part), array)
            assert np.array_equal(getattr(getattr(cut, part), array), expected)


def test_files_in_another_order_and_of_other_names_give_the_same_documents(tmp_path: Path) -> None:
    source = texts()
    for name, order in (("first", "abc"), ("second", "cab")):
        for i, letter in enumerate(order):
            written(tmp_path / name, source[200 * i : 200 * i + 200], f"{letter}.txt")
    chosen = {"held_out": 0.2, "limit_tokens": 4000}
    first, second = (
        prepare(config_of(tmp_path / n, **chosen), tmp_path) for n in ("first", "second")
    )
    assert documents(first) != documents(second)
    assert Counter(documents(first)) == Counter(documents(second))
    assert Counter(documents(first, first.test)) == Counter(documents(second, second.test))
    assert first.vocab.words == second.vocab.words


def test_a_sample_lies_in_a_larger_one_and_so_does_what_it_holds_out(tmp_path: Path) -> None:
    path = written(tmp_path, texts())
    samples = [
        prepare(config_of(path, held_out=0.2, limit_tokens=limit), tmp_path)
        for limit in (1000, 3000, 9000, None)
    ]
    for small, large in itertools.pairwise(samples):
        assert len(small.train.ids) < len(large.train.ids)
        for part in ("train", "test"):
            inner, outer = (documents(c, getattr(c, part)) for c in (small, large))
            # Words that only held-out documents have are in no vocabulary: compare what is left.
            known = small.vocab.index
            assert set(inner) <= {" ".join(w for w in t.split() if w in known) for t in outer}
            assert inner
    for sample, limit in zip(samples, (1000, 3000, 9000), strict=False):
        tokens = sample.report["sampled_tokens"]
        assert limit <= tokens < limit + 40


def test_a_sample_holds_out_the_share_that_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, texts(6000))
    for share in (0.05, 0.5):
        config = config_of(path, held_out=share, limit_tokens=30_000)
        report = prepare(config, tmp_path).report
        assert 1000 < report["sampled_documents"] < 2000
        found = report["held_out_documents"] / report["sampled_documents"]
        assert found == pytest.approx(share, abs=3 * (share * (1 - share) / 1000) ** 0.5)


def test_the_bits_that_sample_are_not_those_that_hold_out() -> None:
    ones, zeros = b"\xff" * 8, bytes(8)
    assert sample_key(ones + zeros + ones + ones) == 0
    assert sample_key(zeros + ones + zeros + zeros) == LAST_SAMPLE_KEY


def test_words_are_counted_in_the_training_part_of_the_sample(tmp_path: Path) -> None:
    path = written(tmp_path, texts())
    corpus = prepare(config_of(path, held_out=0.3, min_count=30, limit_tokens=2000), tmp_path)
    taken = prepare(config_of(path, held_out=0.3, limit_tokens=2000), tmp_path)
    counts = Counter(" ".join(documents(taken)).split())
    kept = {word: count for word, count in counts.items() if count >= 30}
    assert dict(zip(corpus.vocab.words, corpus.vocab.counts.tolist(), strict=True)) == kept
    assert corpus.report["types_seen"] == len(counts)
    written_tokens = len(corpus.train.ids) + len(corpus.test.ids)
    assert corpus.report["dropped_tokens"] == corpus.report["sampled_tokens"] - written_tokens
    assert 2 <= len(kept) <= len(LETTERS)


def test_copies_of_a_text_are_taken_together_or_not_at_all(tmp_path: Path) -> None:
    order = by_key(texts(20))
    source = [*order, order[3], order[9], order[3]]
    reached = sum(len(text.split()) for text in order[:3]) + 1  # by the first of three copies
    corpus = prepare(config_of(written(tmp_path, source), limit_tokens=reached), tmp_path)
    assert documents(corpus) == [*order[:4], order[3], order[3]]


def test_a_source_that_is_smaller_is_taken_whole_and_the_report_says_so(tmp_path: Path) -> None:
    source = texts(30)
    path = written(tmp_path, source)
    tokens = sum(len(text.split()) for text in source)
    for limit, whole in ((tokens + 1, True), (10**15, True), (tokens, True), (tokens // 2, False)):
        corpus = prepare(config_of(path, limit_tokens=limit), tmp_path)
        report = corpus.report
        assert (documents(corpus) == source) is whole
        assert report["whole_source"] is whole
        assert (report["limit_tokens"], report["source_tokens"]) == (limit, tokens)
        assert report["source_documents"] == 30
        assert report["sampled_documents"] == len(documents(corpus))
        assert report["sampled_tokens"] == report["tokens"]


def test_a_corpus_of_all_text_reports_no_sample(tmp_path: Path) -> None:
    report = prepare(config_of(written(tmp_path, texts(9))), tmp_path).report
    assert not {"limit_tokens", "whole_source", "sampled_tokens", "source_tokens"} & set(report)


def test_without_a_limit_a_corpus_has_the_name_it_had_before_there_was_one(tmp_path: Path) -> None:
    config = config_of(written(tmp_path, ["a b"]), max_vocabulary=7, words="letters")
    settings = config.model_dump(mode="json", exclude={"name", "source", "limit_tokens", "words"})
    files = own_source(config.source, tmp_path).fingerprint()
    content = {"version": CORPUS_VERSION, "files": files, "settings": settings}
    assert identify(config, tmp_path) == digest(content) == "e924f5bebec3"
    other = config_of(tmp_path / "text.txt", limit_tokens=1, words="letters")
    assert identify(other, tmp_path) != digest(content)


def test_limits_of_packed_files_hold_in_a_corpus_and_do_not_name_it(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"one two three four.\n\n" * 100))
    usual = config_of(path)
    assert not {"max_unpacked_ratio", "max_unpacked_gb"} & set(usual.model_dump())
    small = config_of(path, max_unpacked_ratio=7, max_unpacked_gb=1e-6)
    assert small.model_dump()["max_unpacked_ratio"] == 7
    assert identify(small, tmp_path) == identify(usual, tmp_path)
    with pytest.raises(CorpusError, match=r"text\.txt\.gz: found over 1e-06 GB of unpacked text"):
        prepare(small, tmp_path)
    assert prepare(usual, tmp_path).report["tokens"] == 400


def test_a_sample_that_is_too_small_names_the_setting_to_change(tmp_path: Path) -> None:
    path = written(tmp_path, texts(50))
    with pytest.raises(CorpusError, match=r"lower min_count, raise limit_tokens, or give more"):
        prepare(config_of(path, limit_tokens=1, min_count=50), tmp_path)
    with pytest.raises(CorpusError, match=r"of 1 document.*raise limit_tokens, or set held_out=0"):
        prepare(config_of(path, limit_tokens=1, held_out=0.5), tmp_path)


def test_the_commands_say_what_was_sampled(tmp_path: Path) -> None:
    source = texts(30)
    path = written(tmp_path, source)
    tokens = sum(len(text.split()) for text in source)
    taken = by_key(source)[:2]
    part = sum(len(text.split()) for text in taken)

    def said(command: str, limit: int) -> str:
        settings = [f"limit_tokens={limit}", "held_out=0", "min_count=1"]
        arguments = ["corpus", command, str(path), *settings, "--cache", str(tmp_path / "cache")]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    for command in ("prepare", "show"):
        sample = f"{part} tokens in 2 documents, of {tokens} tokens in 30 documents"
        assert f"a sample (limit_tokens={part}): {sample}" in said(command, part)
        whole = f"limit_tokens=9,999 takes the whole source: {tokens} tokens in 30 documents"
        assert whole in (shown := said(command, 9999))
        assert f"train 30 30 {tokens} development 0 0 0 held out 0 0 0" in shown
