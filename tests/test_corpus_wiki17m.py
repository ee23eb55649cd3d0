"""wiki17m made from pinned files: the rule, the download, and the same corpus in the end."""

import hashlib
import lzma
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shelf import Shelf, open_shelf
from wordrel.cli import app
from wordrel.config import CorpusConfig
from wordrel.corpus import identify, list_sources, prepare, wiki17m
from wordrel.corpus.sources import find_source
from wordrel.corpus.wiki17m import articles, pages_registry, wiki17m_text
from wordrel.errors import CorpusError, DownloadError

DATA = os.environ.get("WORDREL_DATA")
PAGE = Path(DATA or "", "corpora", "wiki17m-source", "wiki_26")
needs_page = pytest.mark.skipif(
    not PAGE.is_file(), reason="WORDREL_DATA names no folder with corpora/wiki17m-source/wiki_26"
)
SENTENCE = "Forty characters are a short line, so this line is a long one."


def doc(number: int, title: str, *lines: str) -> str:
    text = "\n".join((title, "", *lines))
    return f'<doc id="{number}" url="http://x/?curid={number}" title="{title}">\n{text}\n\n</doc>\n'


def page(*numbers: int) -> bytes:
    """Articles of 25 long lines of 14 words that their number tells apart."""
    docs = (doc(n, f"Title {n}", *[f"{SENTENCE} {n}."] * 25) for n in numbers)
    return "".join(docs).encode()


PAGES = {"data/AA/wiki_01": page(1, 2), "data/AA/wiki_02": page(3), "data/AB/wiki_00": page(4, 5)}
TEXT = wiki17m_text(PAGES.values())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_an_article_is_its_long_lines_without_the_title() -> None:
    title = "Cats &amp; dogs, and a title that is longer than forty characters"
    long = "A line with a caf&eacute; that is longer than forty characters. " + "word " * 290
    exactly = ["x" * 40, "y" * 41]
    content = doc(7, title, "  Short.  ", long, *exactly, "", "Heading.") + "<doc>no article</doc>"
    (article,) = articles(content.encode())
    assert article.text.decode() == f"{long.replace('&eacute;', 'é').strip()}\n{'y' * 41}\n\n"
    assert article.words == 302
    assert article.key == sha256(b"7")


@pytest.mark.parametrize(("words", "kept"), [(299, 0), (300, 1)])
def test_an_article_below_300_words_is_left_out(words: int, kept: int) -> None:
    line = " ".join(["a"] * words)
    assert len([*articles(doc(7, "Title", line).encode())]) == kept


def test_bytes_that_are_no_text_are_replaced_and_only_line_feeds_end_lines() -> None:
    line = "A line\u2028that goes on here, and is long enough. " + "word " * 300
    (article,) = articles(doc(7, "T", line).encode().replace(b"goes", b"go\xffs"))
    assert article.text.decode() == line.replace("goes", "go\ufffds").strip() + "\n\n"


def test_articles_are_taken_by_the_digest_of_their_number_until_there_are_enough_words() -> None:
    order = sorted(range(1, 6), key=lambda n: sha256(str(n).encode()))
    assert order != sorted(order)
    for words, number in ((1, 1), (350, 1), (351, 2), (700, 2), (701, 3), (10**9, 5)):
        text = wiki17m_text(PAGES.values(), words).decode()
        found = [int(block.split(" ")[-1].rstrip(".\n")) for block in text.split("\n\n")[:-1]]
        assert found == order[:number]


def test_articles_of_one_number_stay_in_the_order_of_the_files() -> None:
    pages = [page(7), page(8, 9), page(7).replace(b"Forty", b"Fifty")]
    text = wiki17m_text(pages)
    assert text.count(b"\n\n") == 4
    first = text.index(b"Forty characters are a short line, so this line is a long one. 7.")
    assert first < text.index(b"Fifty")


@needs_page
def test_the_rule_gives_the_pinned_text_of_the_pinned_page() -> None:
    content = PAGE.read_bytes()
    assert sha256(content) == pages_registry()["data/AI/wiki_26"]
    text = wiki17m_text([content])
    assert (text.count(b"\n"), len(text.decode().split()), len(text)) == (204, 13_409, 80_894)
    assert sha256(text) == "69beed522d1baa761786002575d77ec1f86837004a4d861d306ee2c245ca5096"


@pytest.mark.slow
@needs_page
def test_the_pinned_text_has_the_first_articles_of_the_page_in_their_order() -> None:
    text = lzma.decompress(PAGE.parents[1].joinpath("wiki17m.txt.xz").read_bytes())
    assert sha256(text) == wiki17m.TEXT_SHA256
    of_page = sorted(articles(PAGE.read_bytes()), key=lambda article: article.key)
    places = [text.find(article.text) for article in of_page]
    assert places[:7] == sorted(places[:7])
    assert min(places[:7]) > 0
    assert set(places[7:]) == {-1}


def test_the_registry_has_the_pinned_files_in_the_order_of_their_paths() -> None:
    registry = pages_registry()
    assert len(registry) == 826
    assert list(registry) == sorted(registry)
    assert all(len(digest) == 64 for digest in registry.values())


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Stands for the pinned commit: three files, and the text that they make."""
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    monkeypatch.setattr("wordrel.io.download.time.sleep", lambda seconds: None)
    registry = {name: sha256(content) for name, content in PAGES.items()}
    monkeypatch.setattr(wiki17m, "pages_registry", lambda: registry)
    monkeypatch.setattr(wiki17m, "TEXT_SHA256", sha256(TEXT))
    monkeypatch.setattr(wiki17m, "PACKED_SHA256", sha256(lzma.compress(TEXT)))
    with open_shelf(PAGES) as server:
        monkeypatch.setattr(wiki17m, "PAGES_URL", server.url)
        yield server


def call(cache: Path, *settings: str) -> str:
    arguments = ["corpus", "prepare", "wiki17m", *settings, "--cache", str(cache)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_command_downloads_the_files_and_makes_the_text(shelf: Shelf, tmp_path: Path) -> None:
    before = {source.name: source.present for source in list_sources(tmp_path)}
    assert f"{len(TEXT):,} bytes, {sha256(lzma.compress(TEXT))}" in call(tmp_path)
    assert (tmp_path / "downloads" / "wiki17m" / "wiki17m.txt").read_bytes() == TEXT
    assert shelf.requests == [f"/{name}" for name in PAGES]
    call(tmp_path)
    assert len(shelf.requests) == 3  # the text is here: nothing is downloaded again
    after = {source.name: source.present for source in list_sources(tmp_path)}
    assert (before["wiki17m"], after["wiki17m"]) == (False, True)


def test_a_download_that_was_interrupted_goes_on_where_it_was(shelf: Shelf, tmp_path: Path) -> None:
    def interrupt(share: float, doing: str) -> None:
        if "AB" in doing:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_source("wiki17m", tmp_path, interrupt)
    assert shelf.requests == ["/data/AA/wiki_01", "/data/AA/wiki_02"]
    shares: list[float] = []
    find_source("wiki17m", tmp_path, lambda share, doing: shares.append(share))
    assert shelf.requests[2:] == ["/data/AB/wiki_00"]
    assert shares == pytest.approx([0, 0.3, 0.6, 0.9])


def test_a_connection_that_is_cut_keeps_no_half_file(shelf: Shelf, tmp_path: Path) -> None:
    shelf.plan["data/AA/wiki_02"] = ["cut"] * 3
    with pytest.raises(DownloadError, match=r"wiki_02: the connection failed or was cut") as error:
        find_source("wiki17m", tmp_path)
    pages = tmp_path / "downloads" / "wiki17m" / "pages"
    assert str(pages) in str(error.value)  # where to put the file by hand
    assert [p.name for p in pages.rglob("wiki_*")] == ["wiki_01"]
    assert find_source("wiki17m", tmp_path).files[0].sha256 == sha256(TEXT)
    assert shelf.requests.count("/data/AA/wiki_01") == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [("wrong", "found another file than expected"), ("missing", "the server answered 404")],
)
def test_a_file_that_cannot_be_had_is_named(
    shelf: Shelf, tmp_path: Path, trouble: str, said: str
) -> None:
    shelf.plan["data/AA/wiki_02"] = [trouble]
    with pytest.raises(DownloadError, match=rf"{shelf.url}data/AA/wiki_02: {said}"):
        find_source("wiki17m", tmp_path)
    assert not wiki17m.text_path(tmp_path).exists()


def test_a_text_that_is_not_the_pinned_one_is_refused(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_source("wiki17m", tmp_path)
    wiki17m.text_path(tmp_path).write_bytes(TEXT[:-1])
    with pytest.raises(CorpusError, match=r"wiki17m\.txt: found sha256 .* delete it and prepare"):
        find_source("wiki17m", tmp_path)
    wiki17m.text_path(tmp_path).unlink()
    monkeypatch.setattr(wiki17m, "TEXT_SHA256", "0" * 64)
    with pytest.raises(CorpusError, match=r"pages: found a text of sha256 .*, expected 0000"):
        find_source("wiki17m", tmp_path)
    assert not wiki17m.text_path(tmp_path).exists()


def test_the_made_text_and_the_packed_one_give_the_same_corpus(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CorpusConfig(source="wiki17m", min_count=1, held_out=0)
    made = prepare(config, tmp_path / "made")
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "wiki17m.txt.xz").write_bytes(lzma.compress(TEXT))
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    packed = prepare(config, tmp_path / "packed")
    assert made.digest == packed.digest == identify(config, tmp_path / "third")
    same = ("sha256", "tokens", "documents", "text_bytes")
    assert [made.report[key] for key in same] == [packed.report[key] for key in same]
    own = CorpusConfig(source=str(wiki17m.text_path(tmp_path / "made")), min_count=1, held_out=0)
    assert identify(own, tmp_path) != made.digest  # a file of one's own is named by its bytes
