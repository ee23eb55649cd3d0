"""The corpus wiki17m, made again from pinned files that are public.

Reads `wiki17m.tsv` beside this module (sha256, bytes and path of 826 files of one commit: articles
of the English Wikipedia as WikiExtractor wrote them; CC BY-SA 3.0, Wikipedia contributors).
Downloads them into `CACHE/downloads/wiki17m/` and writes the text beside them.

The rule: an article is its lines of over 40 characters, without its title. Of the articles of 300
words or more those come first whose id has the least sha256, until there are 17,000,000 words.
"""

import hashlib
import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from operator import attrgetter
from pathlib import Path

from wordrel.errors import CorpusError
from wordrel.io.download import Progress, fetch_files
from wordrel.io.files import explained, write_bytes

TEXT_SHA256 = "11b7e96cca115e841970ab5a6a3e957c64f63c39fe849ef8e022b747f74b2f29"
PACKED_SHA256 = "53c8e036cfb5ff6dc537aac1626023e8a489ce966a34b2487ce9ded21a8126da"
"""Of the same text as a .xz file, by which corpora of it are named."""
PAGES_URL = (
    "https://raw.githubusercontent.com/ZhouYii/PatchedDistro/"
    "961716d8a5a0df1a6373a4d61e360a0b5d1b85cd/"
)
WORDS = 17_000_000
_ARTICLE_WORDS = 300
_SHORT_LINE = 40
_ARTICLE = re.compile(r'<doc id="(\d+)"[^>]*title="([^"]*)">\n(.*?)\n</doc>', re.DOTALL)
_DOWNLOADING = 0.9  # share of the time, about


@dataclass(frozen=True)
class Article:
    """An article of the source.

    Attributes:
        key: its place in the order in which articles are taken.
        words: between white space.
        text: its lines and a blank line, as UTF-8.
    """

    key: str
    words: int
    text: bytes


def pages_registry() -> dict[str, str]:
    """The path of each pinned file to its sha256, in the order in which they are read."""
    return {path: sha256 for path, sha256, _ in _pages()}


def _pages() -> list[tuple[str, str, int]]:
    """Path, sha256 and bytes of each pinned file."""
    table = files("wordrel.corpus").joinpath("wiki17m.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines()[1:])
    return sorted((path, sha256, int(size)) for sha256, size, path in rows)


def text_path(cache: Path) -> Path:
    """Where the text is once it was made."""
    return cache / "downloads" / "wiki17m" / "wiki17m.txt"


def make_text(cache: Path, progress: Progress | None = None) -> Path:
    """Download what is missing of the pinned files, and make the text from them.

    Returns:
        `text_path(cache)`. The pinned files stay: they may be removed.

    Raises:
        DownloadError: at the first file that cannot be had; those that came are kept.
        CorpusError: the text is another than the pinned one.
        StoreError: when the cache cannot be written.
    """
    path, registry = text_path(cache), pages_registry()
    folder = path.parent / "pages"

    def report(share: float, doing: str) -> None:
        if progress is not None:
            progress(_DOWNLOADING * share, doing)

    sizes = {name: size for name, _, size in _pages()}
    fetch_files(registry, folder, PAGES_URL, sizes=sizes, by_hand=str(folder), progress=report)
    report(1.0, "choosing articles")
    with explained(folder):
        text = wiki17m_text((folder / name).read_bytes() for name in registry)
    digest = hashlib.sha256(text).hexdigest()
    if digest != TEXT_SHA256:
        raise CorpusError(
            f"{folder}: found a text of sha256 {digest}, expected {TEXT_SHA256}: the pinned files "
            "are right, so the rule is read in another way here: report it, and use "
            "$WORDREL_DATA/corpora/wiki17m.txt.xz meanwhile"
        )
    write_bytes(path, text)
    return path


def wiki17m_text(pages: Iterable[bytes], words: int = WORDS) -> bytes:
    """The text that the rule takes from the files.

    Args:
        pages: the content of the files, in the order of their paths.
        words: where to stop; the article that reaches it is the last.
    """
    kept: list[Article] = []
    for page in pages:
        # What is left out here stays out: other files only add articles before it.
        kept = _first(sorted([*kept, *articles(page)], key=attrgetter("key")), words)
    return b"".join(article.text for article in kept)


def _first(chosen: list[Article], words: int) -> list[Article]:
    """The first articles, until there are so many words."""
    ends = list(accumulate(article.words for article in chosen))
    return chosen[: bisect_left(ends, words) + 1]


def articles(page: bytes) -> Iterator[Article]:
    """The articles of a file that are long enough; bytes that are no UTF-8 are replaced."""
    for number, title, body in _ARTICLE.findall(page.decode("utf-8", "replace")):
        first, *others = (line.strip() for line in html.unescape(body).strip().split("\n"))
        own = others if first == html.unescape(title) else [first, *others]
        lines = [line for line in own if len(line) > _SHORT_LINE]
        words = sum(len(line.split()) for line in lines)
        if words >= _ARTICLE_WORDS:
            text = "".join(f"{line}\n" for line in lines) + "\n"
            yield Article(hashlib.sha256(number.encode()).hexdigest(), words, text.encode())
