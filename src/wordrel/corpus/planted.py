"""Text made here, in which the right answer to each sentence is known: planted recall.

A sentence of `planted:recall-P` names P pairs, each one word that carries a key and a value, then
one of these keys, then its value:

    kcvh kavd kbvm kovb ka vd

The values are dealt anew in each sentence, so that only this sentence knows the answer: a model
must find the pair whose key was named, and take its value. Who only knows which words stand there,
and not which of them was asked for, is right once in P. A key and its value are one word because a
single layer of attention cannot join two (that takes two; Olsson et al. 2022, arXiv:2209.11895).
Source: the task is associative recall (Ba et al. 2016, arXiv:1610.06258; Arora et al. 2023,
arXiv:2312.04927).

Writes `CACHE/planted/recall-P.txt`; reads only what stands there.
"""

from pathlib import Path
from random import Random

from wordrel.io.files import explained, write_text

RECALL_PAIRS = (1, 2, 4, 8, 16)
LETTERS = "abcdefghijklmnop"
"""Names of the 16 keys and the 16 values: letters, which every setting of a corpus keeps."""
SENTENCES = 50_000
DOCUMENT = 10
"""Sentences a document: what is held out is whole documents, told apart by their text. With one
pair there are only 256 sentences, and one a document would keep their words from training."""
SEED = 0


def recall_file(pairs: int, cache: Path) -> Path:
    """The text of `planted:recall-P` in the cache, written where it is missing or altered.

    Raises:
        StoreError: when the cache cannot be read or written.
    """
    path = cache / "planted" / f"recall-{pairs}.txt"
    text = recall_text(pairs)
    with explained(path):
        there = path.is_file() and path.read_bytes() == text.encode()
    if not there:
        write_text(path, text)
    return path


def recall_text(pairs: int, sentences: int = SENTENCES, letters: str = LETTERS) -> str:
    """Sentences of `pairs` pairs (at most one a letter): one a line, documents a blank line apart.

    The same text on every machine; fewer sentences are the first of many.
    """
    rng = Random(SEED)
    lines = (_recall_sentence(pairs, letters, rng) for _ in range(sentences))
    return "".join(
        f"{line}\n\n" if number % DOCUMENT == 0 else f"{line}\n"
        for number, line in enumerate(lines, start=1)
    )


def _recall_sentence(pairs: int, letters: str, rng: Random) -> str:
    keys, values = _dealt(letters, pairs, rng), _dealt(letters, pairs, rng)
    asked = int(rng.random() * pairs)
    words = [f"k{key}v{value}" for key, value in zip(keys, values, strict=True)]
    return " ".join([*words, f"k{keys[asked]}", f"v{values[asked]}"])


def _dealt(letters: str, count: int, rng: Random) -> list[str]:
    """So many different letters in random order: the first steps of a Fisher-Yates shuffle."""
    hand = list(letters)
    for i in range(count):
        # Of all methods, Python promises only random() to give the same numbers in every version.
        other = i + int(rng.random() * (len(hand) - i))
        hand[i], hand[other] = hand[other], hand[i]
    return hand[:count]
