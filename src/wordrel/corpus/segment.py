"""Text that is written without spaces is cut into words by a library that knows its language.

A segmenter is an entry point of the group `wordrel.segmenters`: a function that makes a segmenter,
which takes a line and gives its words in order. Three are built in; their libraries are extras:
`pip install wordrel[chinese]`, `[japanese]`, `[thai]`.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points, version

from wordrel.errors import CorpusError

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
    "jieba": (_jieba, "chinese"),
    "fugashi": (_fugashi, "japanese"),
    "pythainlp": (_pythainlp, "thai"),
}


def load_segmenter(name: str) -> Segmenter:
    """The segmenter of this name.

    Raises:
        CorpusError: there is none, or its library is not installed.
    """
    if name in _BUILT_IN:
        make, extra = _BUILT_IN[name]
        try:
            return make()
        except ImportError as error:
            raise CorpusError(
                f"segmenter: {name} is not installed; pip install 'wordrel[{extra}]'"
            ) from error
    found = entry_points(group=GROUP, name=name)
    if not found:
        names = sorted({*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))})
        raise CorpusError(f"segmenter: found {name!r}, expected one of {', '.join(names)}")
    made: Segmenter = next(iter(found)).load()()
    return made


def segmenter_version(name: str) -> str:
    """The segmenter and the version of its distribution, which decide what the words are."""
    if name in _BUILT_IN:
        load_segmenter(name)
        return f"{name} {version(name)}"
    found = entry_points(group=GROUP, name=name)
    distribution = next((entry.dist for entry in found if entry.dist), None)
    return f"{name} {distribution.version}" if distribution else name


def spaced(text: str, segmenter: Segmenter) -> str:
    """The text with a space between words; line ends stay."""
    return "\n".join(" ".join(segmenter(line)) for line in text.split("\n"))
