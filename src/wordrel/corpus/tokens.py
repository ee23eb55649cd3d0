"""From text to numbered tokens: what a word is, where sentences and documents end.

Reads blocks of text that end at a line end; gives back local token ids with the places where
sentences and documents end.

A word is a run of letters with single apostrophes inside it (', ’ or ＇, written '). With digits
kept, it is a run of letters and digits. Combining marks (Unicode's class M: vowel signs, points,
accents) belong to the letter before them, and a word is written in Unicode's composed form, NFC.
Soft hyphens, marks of direction, and the Armenian signs of tone and question inside a word are
left out. Joiners (U+200C, U+200D, U+180E) stay between letters and go at the ends. The signs · and
״ that Unicode (UAX 29, MidLetter) keeps inside words of Catalan and Hebrew stay. The page that
shows models has the same rule in JavaScript; `tests/golden/words.json` holds both to it.

A sentence ends after a run of . ! ? that white space follows, closing quotes and brackets in
between allowed; so "Mr. Smith" is cut, and "3.14" and "e.g.," are not. The marks of other scripts,
such as 。 and ।, need no white space. A sentence also ends with its paragraph. No list of
abbreviations: the rule is the same for every language.

With `words: letters`, the rule of the first edition, a combining mark ends a word.

Text that is written without spaces is cut into words by a library for its language. Such a
segmenter is an entry point of the group `wordrel.segmenters`: a function that makes a segmenter,
which takes a line and gives its words in order. Three are built in; their libraries are installed
beside wordrel (`packages_of`).
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points, version
from itertools import compress, groupby

import numpy as np
from jaxtyping import Int32, Int64

from wordrel.config import CorpusConfig
from wordrel.errors import CorpusError

SENTENCE, DOCUMENT, FIRST_WORD = 0, 1, 2
_LETTER = r"[^\W\d_²³¹¼½¾]"  # \w also holds these signs, which are no letters
_LETTER_OR_DIGIT = r"[^\W_²³¹¼½¾]"
# No step back (++, *+) and no start inside a run: a megabyte of dots takes linear time.
_STOP = r"""(?<![.!?])[.!?]++["'”’»)\]}]*+(?!\S)"""
STOPS = "。！？｡।॥؟۔።፧፨։။។៕᙮᠃᠉‼⁇⁈⁉"
"""Of the scripts that have other marks than . ! ? (Unicode's Sentence_Terminal, those in use)."""
_LINE_END = r"\n(?:[ \t\v\f]*\n)*"
_BLANK_LINE = r"\n(?:[ \t\v\f]*\n)+"
_LONGEST_MARK = 8
JOINERS = "\u200c\u200d\u180e"
UNSEEN = "\u00ad\u2060\ufeff\u200e\u200f\u061c՛՜՞"
CUT_UNSEEN = str.maketrans("", "", UNSEEN)
_PLAIN = CUT_UNSEEN | str.maketrans("’＇‐‑", "''--")
_OUTER_JOINERS = re.compile(rf"(?<!\S)[{JOINERS}]+|[{JOINERS}]+(?!\S)")
INSIDE = "'’＇·‧״׳"
_MARKS = frozenset("\n.!?" + STOPS)
DOTTED = "i\u0307+"


def spelled(word: str, *, lowercase: bool) -> str:
    """How any word is written before it is looked up: in the form NFC, lower-cased on request.

    A small i that keeps the dot of İ is written as i, so that İstanbul and ISTANBUL are one word.
    Hyphens of other kinds, which are in words of `phrases` alone, become -.
    Applied to words joined by spaces, it does the same to each.
    """
    if word.isascii():
        return word.lower() if lowercase else word
    word = _OUTER_JOINERS.sub("", unicodedata.normalize("NFC", word.translate(_PLAIN)))
    return unicodedata.normalize("NFC", re.sub(DOTTED, "i", word.lower())) if lowercase else word


def normalise(text: str, config: CorpusConfig) -> str:
    """How a token is written; applied to tokens joined by spaces, it does the same to each."""
    if config.words == "with_marks":
        text = spelled(text, lowercase=config.lowercase)
    else:
        text = text.replace("’", "'")
        text = text.lower() if config.lowercase else text
    return re.sub(r"\d", "0", text) if config.digits == "zero" else text


def never_made(words: Iterable[str], config: CorpusConfig) -> frozenset[str]:
    """Those of the words that no text gives by the rules of a corpus, such as one with a space."""
    tokenizer = Tokenizer(config)

    def pieces(word: str) -> list[str]:
        return [normalise(token, config) for token in tokenizer.cut(word).tokens]

    return frozenset(word for word in {*words} if pieces(word) != [normalise(word, config)])


@cache
def combining_marks() -> str:
    """All of Unicode's class M as ranges of a regular expression's character class.

    They lie in the planes 0, 1 and 14; so others are not looked at.
    """
    planes = (*range(0x300, 0x20000), *range(0xE0000, 0xE1000))
    marks = [code for code in planes if unicodedata.category(chr(code))[0] == "M"]
    ranges = (list(g) for _, g in groupby(enumerate(marks), lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in ranges)


def _word_pattern(letter: str, *, marks: bool = True, phrases: bool = False) -> str:
    joints = r"_\-‐‑" if phrases else ""
    if not marks:
        return f"{letter}++(?:['’{joints}]{letter}++)*+"
    mark = f"(?![\0-\u02ff])[{combining_marks()}]"  # a quick no to what is most frequent
    joined = f"[{JOINERS}{UNSEEN}]++(?={letter}|{mark})"
    run = f"{letter}++(?:(?:{mark}|{joined})++{letter}*+)*+"
    return f"{run}(?:[{INSIDE}{joints}]{run})*+"


@cache
def _words_and_stops() -> re.Pattern[str]:
    return re.compile(f"({_word_pattern(_LETTER)})|({_STOP}|[{STOPS}]++)")


def cut_words(text: str) -> tuple[tuple[str, ...], bool]:
    """The words of a short text without digits, and whether a sentence ends at its end."""
    matches = list(_words_and_stops().finditer(text))
    ends = bool(matches) and matches[-1][2] is not None and matches[-1].end() == len(text)
    return tuple(match[1] for match in matches if match[1]), ends


def _pattern(config: CorpusConfig) -> str:
    """What is found in text: words, ends of sentences, line ends that mean something."""
    letter = _LETTER if config.digits == "drop" else _LETTER_OR_DIGIT
    marks = config.words == "with_marks"
    kinds = [_word_pattern(letter, marks=marks, phrases=config.phrases)]
    if config.sentences == "punctuation":
        kinds.append(_STOP)
        if marks:
            kinds.append(f"[{STOPS}]++")
    if config.documents == "line":
        kinds.append(r"\n")
    else:
        kinds.append(_LINE_END if config.lines == "paragraph" else _BLANK_LINE)
    return "|".join(kinds)


class LocalIds(dict[str, int]):
    """Every spelling seen in the text, to the id of its normalised word or of its mark.

    Normalising happens once for each spelling, not once for each token.

    Attributes:
        words: the normalised words to their ids, in the order in which they came, from 2 on.
    """

    def __init__(self, config: CorpusConfig) -> None:
        super().__init__()
        self._config = config
        # Line ends that end a document; those of "file" never do.
        self._document_lines = {"line": 1, "blank_line": 2}.get(config.documents, math.inf)
        self.words: dict[str, int] = {}

    def __missing__(self, token: str) -> int:
        if token[0] in _MARKS:
            mark = DOCUMENT if token.count("\n") >= self._document_lines else SENTENCE
            if len(token) <= _LONGEST_MARK:  # else endless blank lines would fill the memory
                self[token] = mark
            return mark
        word = normalise(token, self._config)
        self[token] = number = self.words.setdefault(word, len(self.words) + FIRST_WORD)
        return number


@dataclass(frozen=True)
class Block:
    """The tokens of one block of text.

    Attributes:
        tokens: as spelled in the text.
        ids: local ids from 0, shape [N].
        sentence_ends: exclusive token ends within the block; ends may repeat, shape [S].
        document_ends: likewise; each is a sentence end too, shape [M].
    """

    tokens: list[str]
    ids: Int32[np.ndarray, " N"]
    sentence_ends: Int64[np.ndarray, " S"]
    document_ends: Int64[np.ndarray, " M"]


class Tokenizer:
    """Cuts blocks of text into tokens and numbers them in the order in which words appear."""

    def __init__(self, config: CorpusConfig) -> None:
        self._config = config
        self._find = re.compile(_pattern(config)).findall
        self.local = LocalIds(config)

    def forget(self) -> list[str]:
        """The words so far, by id; numbering starts again."""
        words, self.local = list(self.local.words), LocalIds(self._config)
        return words

    def cut(self, text: str, with_tokens: bool = True) -> Block:
        """The tokens of `text`, which begins at the start of a line.

        The line end before it is put back, so that a blank line that opens a block is seen as one.
        """
        pieces = self._find("\n" + text)
        marked = np.fromiter(map(self.local.__getitem__, pieces), np.int32, len(pieces))
        is_word = marked >= FIRST_WORD
        words_before = np.cumsum(is_word)
        return Block(
            tokens=list(compress(pieces, is_word.tobytes())) if with_tokens else [],
            ids=marked[is_word] - FIRST_WORD,
            sentence_ends=words_before[~is_word],
            document_ends=words_before[marked == DOCUMENT],
        )


Segmenter = Callable[[str], Iterable[str]]
GROUP = "wordrel.segmenters"


def _jieba() -> Segmenter:
    jieba = import_module("jieba")
    jieba.setLogLevel("ERROR")
    return lambda line: jieba.cut(line, HMM=False)


def _fugashi() -> Segmenter:
    tagger = import_module("fugashi").Tagger()
    return lambda line: (word.surface for word in tagger(line))


def _pythainlp() -> Segmenter:
    word_tokenize = import_module("pythainlp.tokenize").word_tokenize
    return lambda line: word_tokenize(line, engine="newmm")


_BUILT_IN = {
    "jieba": (_jieba, "jieba"),
    "fugashi": (_fugashi, "fugashi unidic-lite"),
    "pythainlp": (_pythainlp, "pythainlp"),
}


def packages_of(segmenter: str) -> str:
    """What `pip install` takes for a segmenter that wordrel knows."""
    return _BUILT_IN[segmenter][1]


def load_segmenter(name: str) -> Segmenter:
    """The segmenter of this name.

    Raises:
        CorpusError: there is none, or its library is not installed.
    """
    if name in _BUILT_IN:
        make, packages = _BUILT_IN[name]
        try:
            return make()
        except ImportError as error:
            raise CorpusError(
                f"segmenter: {name} is not installed; pip install {packages}"
            ) from error
    entries = entry_points(group=GROUP, name=name)
    if not entries:
        names = sorted({*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))})
        raise CorpusError(f"segmenter: found {name!r}, expected one of {', '.join(names)}")
    made: Segmenter = next(iter(entries)).load()()
    return made


def segmenter_version(name: str) -> str:
    """The segmenter and the version of its distribution, which decide what the words are."""
    if name in _BUILT_IN:
        load_segmenter(name)
        return f"{name} {version(name)}"
    entries = entry_points(group=GROUP, name=name)
    distribution = next((entry.dist for entry in entries if entry.dist), None)
    return f"{name} {distribution.version}" if distribution else name


def spaced(text: str, segmenter: Segmenter) -> str:
    """The text with a space between words; line ends stay."""
    return "\n".join(" ".join(segmenter(line)) for line in text.split("\n"))
