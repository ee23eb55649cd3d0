"""BATS 3.0: 40 relations of 50 pairs, each pair asking with the ten that follow it.

Reads one file a relation: source, tab, targets parted by slashes; writes nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wordrel.tasks.files import Layout, read_table, word_of
from wordrel.tasks.items import Items, number

FOLLOWING = 10
"""All 50 x 49 questions of a relation are ten times the work and hardly more evidence, since they
share their pairs."""

SECTIONS = {
    "I1": "I01 [noun - plural_reg]",
    "I2": "I02 [noun - plural_irreg]",
    "I3": "I03 [adj - comparative]",
    "I4": "I04 [adj - superlative]",
    "I5": "I05 [verb_inf - 3pSg]",
    "I6": "I06 [verb_inf - Ving]",
    "I7": "I07 [verb_inf - Ved]",
    "I8": "I08 [verb_Ving - 3pSg]",
    "I9": "I09 [verb_Ving - Ved]",
    "I10": "I10 [verb_3pSg - Ved]",
    "D1": "D01 [noun+less_reg]",
    "D2": "D02 [un+adj_reg]",
    "D3": "D03 [adj+ly_reg]",
    "D4": "D04 [over+adj_reg]",
    "D5": "D05 [adj+ness_reg]",
    "D6": "D06 [re+verb_reg]",
    "D7": "D07 [verb+able_reg]",
    "D8": "D08 [verb+er_irreg]",
    "D9": "D09 [verb+tion_irreg]",
    "D10": "D10 [verb+ment_irreg]",
    "E1": "E01 [country - capital]",
    "E2": "E02 [country - language]",
    "E3": "E03 [UK_city - county]",
    "E4": "E04 [name - nationality]",
    "E5": "E05 [name - occupation]",
    "E6": "E06 [animal - young]",
    "E7": "E07 [animal - sound]",
    "E8": "E08 [animal - shelter]",
    "E9": "E09 [things - color]",
    "E10": "E10 [male - female]",
    "L1": "L01 [hypernyms - animals]",
    "L2": "L02 [hypernyms - misc]",
    "L3": "L03 [hyponyms - misc]",
    "L4": "L04 [meronyms - substance]",
    "L5": "L05 [meronyms - member]",
    "L6": "L06 [meronyms - part]",
    "L7": "L07 [synonyms - intensity]",
    "L8": "L08 [synonyms - exact]",
    "L9": "L09 [antonyms - gradable]",
    "L10": "L10 [antonyms - binary]",
}
"""Official name of each relation, by the name of its file."""

_Pair = tuple[str, tuple[str, ...]]


def bats(paths: Sequence[Path]) -> Items:
    """All questions (a, first target of a, b, targets of b parted by slashes) of all relations."""
    asked = [(SECTIONS[p.stem], question) for p in paths for question in _questions(p)]
    words = tuple(question for _, question in asked)
    return Items(
        words=words,
        gold=np.ones(len(words)),
        cluster=number((section, question[:2]) for section, question in asked),
        duplicates=len(words) - len(set(words)),
        multiword=sum(map(_is_multiword, words)),
        labels=tuple(section for section, _ in asked),
    )


def _questions(path: Path) -> list[tuple[str, str, str, str]]:
    pairs = read_table(path, Layout(2), _pair)
    asked = []
    for place, (a, targets) in enumerate(pairs):
        for step in range(1, min(FOLLOWING, len(pairs) - 1) + 1):
            b, wanted = pairs[(place + step) % len(pairs)]
            asked.append((a, targets[0], b, "/".join(wanted)))
    return asked


def _pair(fields: Sequence[str]) -> _Pair:
    """Some lists of the set end in a slash, behind which there is no target."""
    targets = fields[1].strip().removesuffix("/").split("/")
    return word_of(fields[0]), tuple(map(word_of, targets))


def _is_multiword(question: tuple[str, ...]) -> bool:
    """Whether it takes a word of several words to ask or to answer."""
    *asked, wanted = question
    return any("_" in word for word in asked) or all("_" in word for word in wanted.split("/"))
