"""Signs that a text is not read as its writer meant it, seen in about a megabyte of it.

It is the first megabyte of the only file, or the beginnings of up to 20 files from all over the
source: one file alone, such as a README, may differ from the rest. Each sign is a sentence with its
cure.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from wordrel.config import CorpusConfig
from wordrel.corpus.files import Source, SourceFile
from wordrel.corpus.plan import Piece
from wordrel.corpus.shards import piece_text
from wordrel.corpus.text import LineReader
from wordrel.corpus.tokens import STOPS, Tokenizer, combining_marks, normalise

_LOOK = 1 << 20
_FILES = 20
_WRAPPED = range(40, 101)  # characters: lines that a typewriter's margin broke
_LINES = 20
_ENDS = (*".!?", *'"”»)', *STOPS)
_SIGNS = "\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
_OF_SIGNS = re.compile(f"[{_SIGNS}]")
"""Of Japanese and Chinese, with words of one to three."""
_OTHERS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\uaadf"
)
_UNSPACED = re.compile(f"[{_OTHERS}\uff66-\uff9f{_SIGNS}]")
"""Also letters of Thai, Lao, Burmese, Khmer, Tai, Balinese and Javanese, with words of one to
five; and Japanese ones of half width.
"""
_SEGMENTERS = {
    "[\u3040-\u30ff\uff66-\uff9f]": "fugashi",  # kana, which Chinese has not
    _OF_SIGNS.pattern: "jieba",
    "[\u0e00-\u0e7f]": "pythainlp",
}
_LONG = 25
"""Letters of a word (mean) that no script with spaces has."""
_FORMS = re.compile(
    "[\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a"
    "\ufb50-\ufd3d\ufd50-\ufdef\ufe70-\ufefc\uff66-\uff9f\U0001d400-\U0001d7cb]"
)
"""Latin ligatures, letters as wide as those of Chinese, Arabic ones in the shapes that they have
within a word (as taken from a PDF), Japanese ones of half width, and those of formulas.
"""
_MARKUP = {
    "HTML or XML": re.compile(
        r"\s*<(?:!doctype|html|head|body|\?xml|[a-z][a-z0-9]*>)", re.IGNORECASE
    ),
    "JSON": re.compile(r'\s*(?:\[\s*)?\{\s*"[^"\n]*"\s*:'),
    "RTF": re.compile(r"\s*\{\\rtf"),
}
"""How files begin in which names of tags or keys would become words."""
_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_TABLE, _REGULAR = 1 << 16, 0.95
"""Letters in which a table is looked for, and the share of its rows that have all columns."""
_ISO_2022_JP = re.compile(r"\x1b(?:\$[@B]|\([BJ])")
_FEW = 3
"""Letters that may look like UTF-8 by chance in text of another encoding."""
_ENGLISH = frozenset(("the", "of", "and", "to", "in", "a"))
_ENGLISH_SHARE = 0.08
"""Of the tokens of a text: English has a fifth, German and French under a fiftieth."""


class FirstLook:
    """About a megabyte of a source, with bytes that are no text replaced.

    Attributes:
        begun: the name of each file that was looked at, and what was read of it.
        text: all that was read.
        tokens: its words by the rules of the corpus.
        readable: whether it is text in the encoding of the corpus. If not, no sign is reported:
            reading it ends with an error that names the encoding.
    """

    def __init__(self, source: Source, config: CorpusConfig) -> None:
        lines = LineReader(replace=True, split=True, encoding=config.encoding)
        files = _spread(source.files)
        share = _LOOK // len(files)
        self.config = config
        self.begun = [(f.name, next(piece_text(Piece(f), lines, share), "")[:share]) for f in files]
        self.text = "\n".join(text for _, text in self.begun)
        self.readable = not lines.replaced_bytes or config.bad_utf8 == "replace"
        self.tokens: Sequence[str] = Tokenizer(config).cut(self.text).tokens

    @property
    def wrapped(self) -> bool:
        """Whether lines end at a margin, and not where sentences do."""
        lines = [line.strip() for line in self.text.splitlines()[:-1]]
        lines = [line for line in lines if line]
        if len(lines) < _LINES:
            return False
        lengths = sorted(map(len, lines))
        typical, long = lengths[len(lines) // 2], lengths[len(lines) * 95 // 100]
        ended = sum(line.endswith(_ENDS) for line in lines)
        return typical in _WRAPPED and long in _WRAPPED and ended < len(lines) / 2

    def counts(self, **changes: object) -> Counter[str]:
        """How often each word was seen, by the rules of the corpus with these changes."""
        config = self.config.model_copy(update=changes)
        return Counter(normalise(" ".join(self.tokens), config).split(" ") if self.tokens else ())

    @property
    def english(self) -> bool:
        """Whether the most frequent words of English are frequent here."""
        counts = self.counts(lowercase=True)
        return sum(counts[word] for word in _ENGLISH) >= _ENGLISH_SHARE * max(len(self.tokens), 1)

    @property
    def _length(self) -> float:
        """Letters of a word (mean)."""
        return sum(map(len, self.tokens)) / max(len(self.tokens), 1)

    @property
    def unspaced(self) -> bool:
        """Whether its script puts no space between words, and nothing cuts it into words."""
        if self.config.segmenter is not None or not self.readable:
            return False
        third = sum(map(len, self.tokens)) / 3
        of_signs = len(_OF_SIGNS.findall(self.text)) > third
        return len(_UNSPACED.findall(self.text)) > third and self._length > (3 if of_signs else 5)

    @property
    def segmenter(self) -> str | None:
        """Which one cuts this text into words; None where it needs none, or none is known."""
        if not self.unspaced:
            return None
        least = len(self.text) / 20  # so many kana has also Japanese text of mostly Chinese signs
        known = _SEGMENTERS.items()
        return next((name for of, name in known if len(re.findall(of, self.text)) > least), None)

    def _is_utf8(self, text: str) -> bool:
        """Whether text that is read in another encoding is UTF-8, with letters beyond ASCII."""
        read = text[: text.rfind("\n") + 1] or text  # no half letter at the end
        try:
            text = read.encode(self.config.encoding).decode("utf-8-sig")
        except UnicodeError:
            return False
        return text != read and "\0" not in text and sum(s > "\x7f" for s in text) >= _FEW

    def _subject(self, files: Sequence[str]) -> str:
        """What a sign is about: the only file, or these of several."""
        if len(self.begun) == 1:
            return "the text"
        number = f"and {len(files) - 1} more" if len(files) > 1 else "1"
        return f"{files[0]} ({number} of {len(self.begun)} files seen)"

    @property
    def _place(self) -> str:
        """Where letters were counted."""
        files = len(self.begun)
        return "the first megabyte" if files == 1 else f"the beginnings of {files} files"

    def _signs_of_files(self) -> Iterator[str]:
        """What a file can have and others not: another format, or another encoding."""
        for kind, start in _MARKUP.items():
            if files := [name for name, text in self.begun if start.match(text)]:
                yield (
                    f"{self._subject(files)} begins like {kind}: its tags, keys and escapes become "
                    "words. Give the plain text that is in it"
                )
        tables = {name: found for name, text in self.begun if (found := _columns(text))}
        if tables:
            yield (
                f"{self._subject([*tables])} looks like a table of {next(iter(tables.values()))}: "
                "its names of columns, numbers and labels become words. Give the column of text "
                "alone"
            )
        if files := [name for name, text in self.begun if self._is_utf8(text)]:
            convert = "" if len(files) == len(self.begun) else "Convert the other files to it, and "
            yield (
                f"the bytes of {self._subject(files)} are UTF-8, read as "
                f"encoding={self.config.encoding}: most letters but a to z become others. "
                f"{convert}{'r' if convert else 'R'}emove the setting encoding"
            )

    def signs(self) -> Iterator[str]:
        """What is strange about this text, each with its cure."""
        if not self.tokens or not self.readable:
            return
        yield from self._signs_of_files()
        if _ISO_2022_JP.search(self.text):
            yield (
                "the text has the escape sequences of ISO-2022-JP, in which Japanese letters are "
                "written as others: set encoding=iso2022_jp"
            )
        length = self._length
        if self.unspaced:
            yield (
                f"the 'words' have {length:.0f} letters on average: this script puts no space "
                "between words. Give text that is segmented, or set segmenter=jieba (Chinese), "
                "fugashi (Japanese) or pythainlp (Thai)"
            )
        elif self.config.segmenter is None and length > _LONG:
            yield (
                f"the 'words' have {length:.0f} letters on average: expected text with spaces "
                "between words. Give text that is cut into words"
            )
        if forms := len(_FORMS.findall(self.text)):
            yield (
                f"{forms:,} letters of {self._place} are ligatures (as in \ufb01sh), of full "
                "(\uff46\uff55\uff4c\uff4c) or half width, shapes of Arabic letters or signs of "
                "formulas: they make other words than plain letters. Convert the text: uconv -x "
                "any-nfkc"
            )
        if self.config.words == "letters":
            cut = re.findall(rf"[^\W\d_][{combining_marks()}]", self.text)
            if cut:
                yield (
                    f"{len(cut):,} letters of {self._place} carry combining marks, at which "
                    "words=letters cuts words; set words=with_marks"
                )


def _spread(files: Sequence[SourceFile]) -> list[SourceFile]:
    """The first file, and others at equal distances."""
    number = min(len(files), _FILES)
    return [files[i * len(files) // number] for i in range(number)]


def _columns(text: str) -> str:
    """The columns of a text that looks like a table; empty for another.

    Nearly all its rows have the same number of fields, two or more of them never empty. Sentences
    may have the same number of commas, too: between commas and semicolons one column has single
    words or numbers.
    """
    sample = text[:_TABLE].rpartition("\n")[0]
    for separator, name in _SEPARATORS.items():
        table = csv.reader(
            io.StringIO(sample),
            delimiter=separator,
            quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL,
        )
        try:
            rows = [row for row in table if row][1:]  # the first may be a header
        except csv.Error:
            continue
        number = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        regular = [row for row in rows if len(row) == number]
        columns = [column for column in zip(*regular, strict=True) if all(map(str.strip, column))]
        single = separator == "\t" or any(
            not any(len(field.split()) > 1 for field in column) for column in columns
        )
        if len(regular) >= max(_LINES, _REGULAR * len(rows)) and len(columns) > 1 and single:
            return f"{number} columns parted by {name}"
    return ""


def signs(source: Source, config: CorpusConfig) -> list[str]:
    """The signs of about a megabyte of a source; none of a dump or of planted text."""
    if source.files[0].kind != "text":
        return []
    look = FirstLook(source, config)
    messages = list(look.signs())
    if config.lines == "paragraph" and look.readable and look.wrapped:
        messages.append(
            "the lines end at a margin, so that each counts as a paragraph; set lines=wrapped if "
            "they only wrap"
        )
    return messages
