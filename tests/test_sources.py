"""Where text comes from: own files, and the sources that have a name."""

import bz2
import hashlib
import itertools
import os
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from wordrel.config import NAMED_SOURCES, CorpusConfig, parse_corpus
from wordrel.corpus import list_sources, prepare
from wordrel.corpus.files import Source, check_unchanged, own_source
from wordrel.corpus.planted import (
    INDUCTION_WORDS,
    LETTERS,
    PLANTED,
    RECALL_PAIRS,
    induction_text,
    recall_text,
)
from wordrel.corpus.sources import find_source, novels_registry
from wordrel.corpus.wiki import article_bytes, article_text
from wordrel.errors import CorpusError
from wordrel.io.files import file_digest

DATA = os.environ.get("WORDREL_DATA")
needs_data = pytest.mark.skipif(
    not DATA, reason="WORDREL_DATA names no folder with corpora/novels and corpora/wiki17m.txt.xz"
)
XMLNS = "http://www.mediawiki.org/xml/export-0.10/"
PAGE = "<page><title>{}</title><ns>{}</ns><id>1</id><revision><text>{}</text></revision></page>"


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(source: Source) -> list[str]:
    return [file.name for file in source.files]


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    folder = tree(tmp_path / "in", "b/x.txt", "a.txt", "b.txt", "c.xz", "README.md", ".hidden.txt")
    source = own_source(str(folder), tmp_path)
    assert names(source) == ["a.txt", "b.txt", "b/x.txt", "c.xz"]
    assert source.ignored == 1
    assert source.left_out.startswith("left out: 1 file (.md); expected .txt .gz .bz2 .xz .zst:")
    assert source.files[2].sha256 == hashlib.sha256(b"b/x.txt").hexdigest()


def test_the_endings_of_files_that_are_left_out_are_named(tmp_path: Path) -> None:
    names = ["a.txt", "b.docx", "c.docx", "d.PDF", "LICENSE"]
    folder = tree(tmp_path / "in", *names)
    said = "left out: 4 files (.docx, .PDF, no ending); expected"
    assert own_source(str(folder), tmp_path).left_out.startswith(said)
    assert own_source(f"{folder}/*", tmp_path).left_out.startswith(said)
    assert own_source(str(folder / "b.docx"), tmp_path).left_out == ""
    tree(folder, *(f"x.{n}" for n in "12345"))
    assert own_source(str(folder), tmp_path).left_out.startswith("left out: 9 files (.docx, .")
    assert ", ...); " in own_source(str(folder), tmp_path).left_out


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("x" * 90 + ".txt", "x" * 60),
        ("the-" * 30 + "end.txt", ("the-" * 15)[:-1]),
        ("_notes.txt", "notes"),
        ("-_.txt", "corpus"),
    ],
)
def test_any_file_gives_its_corpus_a_name_that_is_allowed(
    tmp_path: Path, file: str, name: str
) -> None:
    (tmp_path / file).write_text("a word\n")
    assert parse_corpus(str(tmp_path / file)).name == name


def test_a_glob_takes_what_it_matches(tmp_path: Path) -> None:
    folder = tree(tmp_path / "in", "1/x.txt", "2/y.txt", "z.txt", "2/n.md")
    assert len(own_source(f"{folder}/*/*", tmp_path).files) == 2
    assert len(own_source(f"{folder}/**/*.txt", tmp_path).files) == 3


def test_a_path_is_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree(tmp_path, "my.txt"))
    assert names(own_source("my.txt", tmp_path)) == ["my.txt"]


def test_a_link_to_a_folder_is_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    folder = tree(tmp_path / "in", "a.txt")
    (folder / "more").symlink_to(tree(tmp_path / "elsewhere", "b.txt"))
    assert names(own_source(str(folder), tmp_path)) == ["a.txt", "more/b.txt"]
    (folder / "circle").symlink_to(folder)
    with pytest.raises(CorpusError, match="circle: found a link to a folder that was read already"):
        own_source(str(folder), tmp_path)


@pytest.mark.parametrize("name", ["broken.txt", "broken.md"])
def test_a_broken_link_is_an_error_and_not_skipped(tmp_path: Path, name: str) -> None:
    folder = tree(tmp_path / "in", "a.txt")
    (folder / name).symlink_to("nowhere")
    for source in (str(folder), f"{folder}/*"):
        with pytest.raises(CorpusError, match=f"{name}: found a link to nothing"):
            own_source(source, tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error_and_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, scandir = tree(tmp_path / "in", "a.txt", "closed/b.txt"), os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(CorpusError, match=r"closed: cannot be read .* a readable folder: check"):
        own_source(str(folder), tmp_path)


def test_a_source_without_text_says_what_is_there_and_what_could_be(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    tree(tmp_path / "other", "a.md", "b.pdf")
    for source, found in (
        ("empty", "an empty folder"),
        ("other", "2 file(s), none of a kind that can be read"),
        ("missing.txt", "nothing there"),
        ("e*y", "1 folder(s), no file"),
    ):
        with pytest.raises(CorpusError) as error:
            own_source(str(tmp_path / source), tmp_path)
        assert f"found {found}" in str(error.value)
        assert ".txt .gz .bz2 .xz .zst" in str(error.value)


def test_a_file_is_digested_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree(tmp_path, "a.txt") / "a.txt"
    long_ago = time.time_ns() - 10**12
    os.utime(path, ns=(long_ago, long_ago))
    first = own_source(str(path), tmp_path / "cache").files[0].sha256
    with monkeypatch.context() as patch:
        patch.setattr("wordrel.corpus.files.file_digest", lambda path: pytest.fail("read again"))
        assert own_source(str(path), tmp_path / "cache").files[0].sha256 == first
    path.write_text("b.txt")
    assert own_source(str(path), tmp_path / "cache").files[0].sha256 != first


def test_a_file_written_a_moment_ago_is_digested_again(tmp_path: Path) -> None:
    path = tree(tmp_path, "a.txt") / "a.txt"
    stat = path.stat()
    first = own_source(str(path), tmp_path / "cache").files[0].sha256
    path.write_text("b.txt")  # as long as before
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # and within the same tick
    assert own_source(str(path), tmp_path / "cache").files[0].sha256 != first


def test_the_digests_of_many_files_are_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache, read = tree(tmp_path / "in", "a.txt", "b/c.txt"), tmp_path / "cache", []
    (folder / "b" / "\udc80.txt").write_bytes(b"a name that is no UTF-8")
    real = file_digest
    monkeypatch.setattr(
        "wordrel.corpus.files.file_digest", lambda path: read.append(path.name) or real(path)
    )

    def look(source: str) -> list[str]:
        """The files that are read for it."""
        for path in folder.rglob("*.txt"):
            os.utime(path, ns=(10**18, 10**18))
        read.clear()
        own_source(source, cache)
        return sorted(read)

    assert look(str(folder)) == ["a.txt", "c.txt", "\udc80.txt"]
    (table,) = (cache / "digests").iterdir()
    assert look(str(folder)) == []
    assert look(f"{folder}/*.txt") == []  # another source below the same folder
    tree(folder, "d.txt")
    assert look(str(folder)) == ["d.txt"]
    (folder / "a.txt").unlink()
    tree(folder, "e.txt")
    assert look(str(folder)) == ["e.txt"]
    assert "a.txt" not in table.read_text()
    assert [*(cache / "digests").iterdir()] == [table]
    table.write_text(table.read_text().replace('"', "'", 1))
    assert len(look(str(folder))) == 4  # a damaged table is not believed
    assert look(str(folder)) == []


def test_digests_are_kept_where_one_file_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path / "in", "a.txt", "b.txt")
    for path in folder.iterdir():
        os.utime(path, ns=(10**18, 10**18))

    def refuse(path: Path) -> str:
        if path.name == "b.txt":
            raise OSError(5, "Input/output error")
        return file_digest(path)

    monkeypatch.setattr("wordrel.corpus.files.file_digest", refuse)
    with pytest.raises(CorpusError, match=r"b\.txt: cannot be read"):
        own_source(str(folder), tmp_path / "cache")
    (table,) = (tmp_path / "cache" / "digests").iterdir()
    assert "a.txt" in table.read_text() and "b.txt" not in table.read_text()


def test_a_file_that_vanishes_has_changed(tmp_path: Path) -> None:
    source = own_source(str(tree(tmp_path / "in", "a.txt")), tmp_path)
    check_unchanged(source)
    shutil.rmtree(tmp_path / "in")
    with pytest.raises(CorpusError, match=r"a\.txt: found other bytes"):
        check_unchanged(source)


def test_articles_lose_markup_and_keep_paragraphs() -> None:
    markup = (
        "{{Infobox|x=1}}'''Cats''' are [[mammal|mammals]].<ref>A book</ref> They purr.\n\n"
        "== History ==\nThey came &amp; stayed.\n* one ''kind''\nFile:A cat.jpg|A grey cat\n"
        "{| class='x'\n| cell\n|}\n"
        "[[Category:Cats]]"
    )
    assert (
        article_text(markup)
        == "Cats are mammals. They purr.\nThey came & stayed.\none kind\nA grey cat\ncell\n\n"
    )


def test_a_dump_gives_articles_only(tmp_path: Path) -> None:
    pages = [
        PAGE.format("Cat", 0, "Cats purr."),
        PAGE.format("Puss", 0, "#REDIRECT [[Cat]]"),
        PAGE.format("Template:Cat", 10, "not an article"),
        PAGE.format("Dog", 0, "Dogs bark."),
    ]
    dump = tmp_path / "enwiki.xml.bz2"
    whole = f'<mediawiki xmlns="{XMLNS}"><siteinfo><a/></siteinfo>{"".join(pages)}</mediawiki>'
    dump.write_bytes(bz2.compress(whole.encode()))
    assert list(article_bytes(dump)) == [b"Cats purr.\n\n", b"Dogs bark.\n\n"]
    dump.write_bytes(bz2.compress(whole.encode())[:-20])
    with pytest.raises(CorpusError, match=r"enwiki\.xml\.bz2: found a damaged dump"):
        list(article_bytes(dump))


@pytest.mark.parametrize(
    ("old", "new"),
    [(XMLNS, "http://elsewhere"), ("title>", "name>"), ("</mediawiki>", ""), ("id>", "no>")],
)
def test_a_dump_that_lacks_something_is_named(tmp_path: Path, old: str, new: str) -> None:
    dump = tmp_path / "enwiki.xml.bz2"
    page = PAGE.format("Cat", 0, "Cats purr.")
    whole = f'<mediawiki xmlns="{XMLNS}"><siteinfo><a/></siteinfo>{page}</mediawiki>'
    dump.write_bytes(bz2.compress(whole.replace(old, new).encode()))
    with pytest.raises(CorpusError, match=r"enwiki\.xml\.bz2: found a damaged dump"):
        list(article_bytes(dump))


def test_the_wikipedia_sample_of_gensim_has_half_a_million_words(tmp_path: Path) -> None:
    corpus = prepare(CorpusConfig(source="gensim:wiki-sample", held_out=0), tmp_path)
    report = corpus.report
    assert report["documents"] == 106
    assert report["tokens"] + report["dropped_tokens"] == 461_562
    assert corpus.vocab.words[:5] == ("the", "of", "and", "in", "to")
    assert corpus.name == "wiki-sample"
    assert not {"ref", "http", "align", "colspan", "nbsp"} & set(corpus.vocab.words[:3000])


def test_wiki17m_by_hand_must_be_the_pinned_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, "corpora/wiki17m.txt.xz")
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    with pytest.raises(CorpusError, match=r"wiki17m\.txt\.xz: found sha256 .*, expected 53c8e036"):
        find_source("wiki17m", tmp_path)


def test_novels_by_hand_must_be_whole_and_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    folder = tmp_path / "corpora" / "novels"
    tree(folder, *list(novels_registry())[:-1])
    with pytest.raises(CorpusError, match=r"no such file; expected all 100 novels"):
        find_source("novels", tmp_path)
    tree(folder, *list(novels_registry())[-1:])
    with pytest.raises(CorpusError, match=r"Anon_Clara_1864\.txt: found sha256"):
        find_source("novels", tmp_path)


def test_named_sources_are_listed_with_what_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    listed = {source.name: source.present for source in list_sources(tmp_path)}
    assert listed == {name: name not in ("novels", "wiki17m") for name in NAMED_SOURCES}
    tree(tmp_path, "corpora/novels/x.txt", "corpora/wiki17m.txt.xz")
    assert all(source.present for source in list_sources(tmp_path))


@pytest.mark.parametrize(
    ("pairs", "sha256"),
    [
        (1, "348d28931df90338457e22e30f73c3d7bad41add09c6396d6f41e520f3b1c567"),
        (2, "ee66730d0f4bb50b4e6c120054ded7c85fe498153fbe25990656ecfb16655cc3"),
        (4, "f1efc411afd2a7eb18e2b62673f7e403debe10ab56b34e5ef4ad529ed9c94bab"),
        (8, "a140bb63375471072dd9ce18ebb53e4e6ddfab909ac007ed43a7c13a1d8cf30a"),
        (16, "01ca7257e7c3ed5c7681e87d155bf535cd446bf22fc8567fd488e7f1bfbea0e6"),
    ],
)
def test_planted_recall_is_the_same_text_everywhere(pairs: int, sha256: str) -> None:
    assert hashlib.sha256(recall_text(pairs, 1000).encode()).hexdigest() == sha256
    assert recall_text(pairs, 1000).startswith(recall_text(pairs, 50))


@pytest.mark.parametrize("pairs", RECALL_PAIRS)
def test_a_sentence_of_planted_recall_holds_its_answer_once(pairs: int) -> None:
    places = []
    for line in filter(None, recall_text(pairs, 2000).splitlines()):
        *said, key, value = line.split()
        assert len({word[:2] for word in said}) == len({word[2:] for word in said}) == pairs
        places.append(said.index(key + value))
    spread = [places.count(place) for place in range(pairs)]
    assert len(places) == 2000
    assert min(spread) > 0.6 * 2000 / pairs


def test_planted_recall_deals_keys_and_values_evenly_and_apart() -> None:
    lines = filter(None, recall_text(1, 25_600).splitlines())
    dealt = Counter(line.split()[0] for line in lines)
    counts = [dealt[f"k{key}v{value}"] for key in LETTERS for value in LETTERS]
    assert sum((count - 100) ** 2 / 100 for count in counts) < 330  # chi-squared, 255 df: p > .001


@pytest.mark.parametrize("words", INDUCTION_WORDS)
def test_planted_induction_repeats_a_word_and_what_was_behind_it(words: int) -> None:
    again, answers = [], []
    for line in filter(None, induction_text(words, 3000).splitlines()):
        *said, asked, answer = line.split()
        assert len(set(said)) == len(said) == words
        assert said[said.index(asked) + 1] == answer
        again.append(said.index(asked))
        answers.append(answer)
    spread = [again.count(place) for place in range(words - 1)]
    assert sum(spread) == 3000
    assert min(spread) > 0.7 * 3000 / (words - 1)
    assert max(Counter(answers).values()) < 1.4 * 3000 / 16


def test_planted_induction_is_a_source_and_the_same_text_everywhere(tmp_path: Path) -> None:
    text = "".join(induction_text(8, 1000))
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "30054ee25158825355819286931cc721af6669b6cf2450cd41f49a8b8ba75374"
    )
    (file,) = find_source("planted:induction-4", tmp_path).files
    assert file.path.read_text() == induction_text(4)
    assert "planted:induction-4" in {source.name for source in list_sources(tmp_path)}


@pytest.mark.parametrize("digits", ["keep", "zero", "drop"])
def test_every_setting_keeps_the_words_of_planted_recall(digits: str, tmp_path: Path) -> None:
    (tmp_path / "recall.txt").write_text(recall_text(2, 3000))
    corpus = prepare(CorpusConfig(source=str(tmp_path / "recall.txt"), digits=digits), tmp_path)
    assert len(corpus.vocab) == 16 * 16 + 16 + 16
    assert {"kavp", "ka", "vp"} < set(corpus.vocab.words)


def test_planted_recall_is_held_out_by_sentences_of_known_words(tmp_path: Path) -> None:
    corpus = prepare(CorpusConfig(source="planted:recall-1"), tmp_path)
    assert corpus.name == "recall-1"
    lengths = [np.diff(s.sentence_ends, prepend=0) for s in (corpus.train, corpus.test)]
    assert set(np.concatenate(lengths)) == {3}
    assert sum(map(len, lengths)) == 50_000
    assert 0.04 < len(lengths[1]) / 50_000 < 0.06
    assert set(corpus.train.ids) == set(range(16 * 16 + 16 + 16))


def test_planted_text_is_made_once_and_again_when_it_was_altered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLANTED, "planted:recall-1", lambda: "1 pairs\n")
    (file,) = find_source("planted:recall-1", tmp_path).files
    assert file.path == tmp_path / "planted" / "recall-1.txt"
    assert file.path.read_text() == "1 pairs\n"
    written = file.path.stat().st_mtime_ns
    find_source("planted:recall-1", tmp_path)
    assert file.path.stat().st_mtime_ns == written  # another process may be reading it
    file.path.write_text("kavb ka vb\n")
    assert find_source("planted:recall-1", tmp_path).sha256 == file.sha256


def test_text8_is_one_line_and_blocks_of_it_are_documents(tmp_path: Path) -> None:
    words = ["anarchism", "originated", "as", "a", "term", "of", "abuse", "first", "used"]
    rng = np.random.default_rng(8)
    (tmp_path / "text8.txt").write_text(" " + " ".join(rng.choice(words, 70_000)))
    settings = {"documents": "file", "test": 0.1, "development": 0.05}
    config = CorpusConfig(source=str(tmp_path / "text8.txt"), long_lines="split", **settings)
    corpus = prepare(config, tmp_path / "cache")
    assert corpus.name == "text8"
    report = corpus.report
    sizes = [report[f"{part}tokens"] for part in ("", "development_", "held_out_")]
    assert sizes == [40_000, 10_000, 20_000]
    assert report["split_by"] == "block"
    assert set(corpus.vocab.words) == set(words)


def test_wikitext_103_has_sections_as_documents(tmp_path: Path) -> None:
    section = (
        " = Robert <unk> = \n \n Robert <unk> is an English film , television and theatre actor . "
        "He had a guest @-@ starring role in 2000 . \n In 2002 he appeared . \n \n"
        " = = Career = = \n \n He <unk> , too . \n \n"
    )
    (tmp_path / "wiki.train.txt").write_text(section * 2)
    config = CorpusConfig(source=str(tmp_path / "wiki.train.txt"), min_count=1, held_out=0)
    corpus = prepare(config, tmp_path / "cache")
    words = [corpus.vocab.words[i] for i in corpus.train.ids]
    ends = [0, *corpus.train.document_ends.tolist()]
    documents = [" ".join(words[a:b]) for a, b in itertools.pairwise(ends)]
    lead = "robert unk is an english film television and theatre actor he had a guest starring role"
    lead += " in in he appeared"
    assert documents == ["robert unk", lead, "career", "he unk too"] * 2


def test_the_registry_has_a_hundred_novels() -> None:
    registry = novels_registry()
    assert len(registry) == 100
    assert list(registry) == sorted(registry)
    assert all(len(sha256) == 64 for sha256 in registry.values())


@needs_data
def test_all_novels_are_the_pinned_ones(tmp_path: Path) -> None:
    source = find_source("novels", tmp_path)
    assert {file.name: file.sha256 for file in source.files} == novels_registry()
    assert source.bytes == 78_367_019


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize(
    ("source", "tokens", "types"),
    [("wiki17m", 16_705_169, 305_363), ("novels", 14_174_395, 86_812)],
)
def test_the_large_corpora_have_the_words_they_should(
    tmp_path: Path, source: str, tokens: int, types: int
) -> None:
    """By the rule of the first edition, in which other programs counted them."""
    config = CorpusConfig(source=source, held_out=0, words="letters")
    report = prepare(config, tmp_path).report
    assert report["tokens"] + report["dropped_tokens"] == tokens
    assert report["types_seen"] == types
