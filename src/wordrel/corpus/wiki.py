"""Articles of a Wikipedia dump as text.

Reads a MediaWiki XML dump (.bz2) with gensim's own reader and markup filter; gives back UTF-8 bytes
with a paragraph on each line and a blank line after each article.
"""

import bz2
import re
from collections.abc import Iterator
from pathlib import Path

from wordrel.errors import CorpusError

WIKI_VERSION = 2  # raise it when the same dump gives other text
_REDIRECT = re.compile(r"\s*#redirect", re.IGNORECASE)
_LIST_SIGNS = re.compile(r"^[*#:;\s]+")
_HEADING_OR_TABLE = re.compile(r"^\s*(?:=|\||!|\{|\})")
_FILE_NAME = re.compile(r"^[^|]*\.\w{3,4}\|")  # of a gallery; its caption follows
_QUOTES = re.compile(r"''+")  # bold and italic, which gensim's filter leaves in


def article_bytes(path: Path) -> Iterator[bytes]:
    """The articles of a dump, one at a time; redirects and other namespaces are left out.

    Raises:
        CorpusError: when the file is damaged.
    """
    from gensim.corpora.wikicorpus import IGNORED_NAMESPACES, extract_pages  # see article_text

    namespaces = tuple(f"{name}:" for name in IGNORED_NAMESPACES)
    try:
        with bz2.open(path, "rb") as dump:
            for title, text, _ in extract_pages(dump):
                if not title.startswith(namespaces) and not _REDIRECT.match(text):
                    yield article_text(text).encode()
    except Exception as error:  # gensim raises errors of any kind for a page that lacks something
        raise CorpusError(
            f"{path}: found a damaged dump ({error}); expected MediaWiki XML in bz2: install "
            "gensim again"
        ) from error


def article_text(markup: str) -> str:
    """One article without markup: a paragraph or list item a line, then a blank line."""
    from gensim.corpora.wikicorpus import filter_wiki  # a second to import; few workers need it

    plain = _QUOTES.sub("", filter_wiki(markup))
    prose = (line for line in plain.split("\n") if not _HEADING_OR_TABLE.match(line))
    lines = (_LIST_SIGNS.sub("", _FILE_NAME.sub("", line)).strip() for line in prose)
    return "".join(f"{line}\n" for line in lines if line) + "\n"
