"""Text made here, in which the right answer to each sentence is known: recall and induction.

A sentence of `planted:recall-P` names P pairs, each one word that carries a key and a value, then
one of these keys, then its value:

    kcvh kavd kbvm kovb ka vd

The values are dealt anew in each sentence, so that only this sentence holds the answer: a model
must find the pair whose key was named, and take its value. A model that uses only which words
occur, and not which value is wanted, is right once in P. A key and its value are one word because
a single layer of attention cannot join two (that takes two; Olsson et al. 2022, arXiv:2209.11895).
Source: the task is associative recall (Ba et al. 2016, arXiv:1610.06258; Arora et al. 2023,
arXiv:2312.04927).

A sentence of `planted:induction-L` has L different words in random order, then one of them again
(not the last one), then the word that stood behind it:

    d h a f c g b e | f c

Here a model must find the place behind the first f. One layer finds f and has no way from there to
its neighbour; two can. A model that uses only which words occur, and which comes again, is right
once in L - 1. Source: Olsson et al. 2022; Elhage et al. 2021, "A Mathematical Framework for
Transformer Circuits".

Writes `CACHE/planted/recall-P.txt` and `CACHE/planted/induction-L.txt`; reads only what stands
there.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from wordrel.io.files import explained, write_text

RECALL_PAIRS = (1, 2, 4, 8, 16)
INDUCTION_WORDS = (4, 8, 12)
LETTERS = "abcdefghijklmnop"
"""Names of the 16 keys and the 16 values: letters, which every setting of a corpus keeps."""
SENTENCES = 50_000
DOCUMENT = 10
"""Sentences a document. Whole documents are held out, and their text identifies them. With one
pair there are only 256 sentences, and one a document would keep their words from training."""
SEED = 0


def planted_file(source: str, cache: Path) -> Path:
    """The text of a source of `PLANTED` in the cache, written where it is missing or altered.

    Raises:
        StoreError: when the cache cannot be read or written.
    """
    path = cache / "planted" / f"{source.removeprefix('planted:')}.txt"
    text = PLANTED[source]()
    with explained(path):
        current = path.is_file() and path.read_bytes() == text.encode()
    if not current:
        write_text(path, text)
    return path


def recall_text(pairs: int, sentences: int = SENTENCES, letters: str = LETTERS) -> str:
    """Sentences of `pairs` pairs (at most one a letter): one a line, documents a blank line apart.

    The same text on every machine; fewer sentences are the first of many.
    """
    rng = Random(SEED)
    return _text(_recall_sentence(pairs, letters, rng) for _ in range(sentences))


def induction_text(words: int, sentences: int = SENTENCES, letters: str = LETTERS) -> str:
    """Sentences of `words` different words (at most 16) and two more, laid out as in recall."""
    rng = Random(SEED)
    return _text(_induction_sentence(words, letters, rng) for _ in range(sentences))


PLANTED: dict[str, Callable[[], str]] = {
    **{f"planted:recall-{pairs}": partial(recall_text, pairs) for pairs in RECALL_PAIRS},
    **{f"planted:induction-{n}": partial(induction_text, n) for n in INDUCTION_WORDS},
}
"""Source -> its text."""


def _text(lines: Iterator[str]) -> str:
    return "".join(
        f"{line}\n\n" if number % DOCUMENT == 0 else f"{line}\n"
        for number, line in enumerate(lines, start=1)
    )


def _induction_sentence(words: int, letters: str, rng: Random) -> str:
    hand = _dealt(letters, words, rng)
    again = int(rng.random() * (words - 1))
    return " ".join([*hand, hand[again], hand[again + 1]])


def _recall_sentence(pairs: int, letters: str, rng: Random) -> str:
    keys, values = _dealt(letters, pairs, rng), _dealt(letters, pairs, rng)
    queried = int(rng.random() * pairs)
    words = [f"k{key}v{value}" for key, value in zip(keys, values, strict=True)]
    return " ".join([*words, f"k{keys[queried]}", f"v{values[queried]}"])


def _dealt(letters: str, count: int, rng: Random) -> list[str]:
    """So many different letters in random order: the first steps of a Fisher-Yates shuffle."""
    hand = list(letters)
    for i in range(count):
        # Of all methods, Python promises only random() to give the same numbers in every version.
        other = i + int(rng.random() * (len(hand) - i))
        hand[i], hand[other] = hand[other], hand[i]
    return hand[:count]
