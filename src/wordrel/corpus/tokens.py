"""From text to numbered tokens: what a word is, where sentences and documents end.

Reads blocks of text that end at a line end; gives back local token ids with the places where
sentences and documents end. Writes nothing.

A word is a run of letters with single apostrophes inside it (' or ’, written '); with digits kept,
a run of letters and digits. A sentence ends after a run of . ! ? that white space follows, closing
quotes and brackets in between allowed; so "Mr. Smith" is cut, and "3.14" and "e.g.," are not. It
also ends with its paragraph. No list of abbreviations: the rule is the same for every language.
"""

import math
import re
from dataclasses import dataclass
from itertools import compress

import numpy as np
from jaxtyping import Int32, Int64

from wordrel.config import CorpusConfig

SENTENCE, DOCUMENT, FIRST_WORD = 0, 1, 2
_LETTER = r"[^\W\d_²³¹¼½¾]"  # \w also holds these signs, which are no letters
_LETTER_OR_DIGIT = r"[^\W_²³¹¼½¾]"
# No step back (++, *+) and no start inside a run: a megabyte of dots takes linear time.
_STOP = r"""(?<![.!?])[.!?]++["'”’»)\]}]*+(?!\S)"""
_LINE_END = r"\n(?:[ \t\v\f]*\n)*"
_BLANK_LINE = r"\n(?:[ \t\v\f]*\n)+"
_LONGEST_MARK = 8


def normalise(text: str, config: CorpusConfig) -> str:
    """How a token is written; applied to tokens joined by spaces, it does the same to each."""
    text = text.replace("’", "'")
    if config.lowercase:
        text = text.lower()
    return re.sub(r"\d", "0", text) if config.digits == "zero" else text


def _pattern(config: CorpusConfig) -> str:
    """What is found in text: words, ends of sentences, line ends that mean something."""
    letter = _LETTER if config.digits == "drop" else _LETTER_OR_DIGIT
    kinds = [f"{letter}++(?:['’]{letter}++)*+"]
    if config.sentences == "punctuation":
        kinds.append(_STOP)
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
        if token[0] in "\n.!?":
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
        found = self._find("\n" + text)
        marked = np.fromiter(map(self.local.__getitem__, found), np.int32, len(found))
        is_word = marked >= FIRST_WORD
        words_before = np.cumsum(is_word)
        return Block(
            tokens=list(compress(found, is_word.tobytes())) if with_tokens else [],
            ids=marked[is_word] - FIRST_WORD,
            sentence_ends=words_before[~is_word],
            document_ends=words_before[marked == DOCUMENT],
        )
