"""From the files of a data set to its items: one strict reader a format.

A file with a line that cannot be parsed is refused. Sets of words are read here, sets of sentences
in `readers_text`.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from wordrel.errors import DatasetError
from wordrel.tasks.fields import (
    Fields,
    Layout,
    Row,
    number_of,
    one_of,
    own_word,
    read_table,
    read_text,
    refuse,
    word_of,
)
from wordrel.tasks.items import (
    Items,
    Labelled,
    Pair,
    Quadruple,
    from_directed,
    from_directions,
    from_labelled,
    from_pairs,
    from_questions,
)
from wordrel.tasks.own_tables import read_own_table
from wordrel.tasks.readers_text import conllu, scws, wic

Reader = Callable[[Sequence[Path]], Items]

BLESS_RELATIONS = ("attri", "coord", "event", "hyper", "mero", "random-n", "random-v", "random-j")
_HYPERLEX = Layout(8, " ", "WORD1 WORD2 POS TYPE AVG_SCORE AVG_SCORE_0_10 STD SCORES..", extra=True)
_HYPERLEX_TYPES = (
    *(f"{way}-{steps}" for way in ("hyp", "r-hyp") for steps in range(1, 5)),
    *("cohyp", "syn", "ant", "mero", "no-rel"),
)

FOLLOWING = 10
"""Pairs of BATS that each pair is combined with. All 50 x 49 questions of a relation are ten
times the work and hardly more evidence, since they share their pairs."""

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
"""Official name of each relation of BATS, by the name of its file."""


def read_pairs(path: Path) -> tuple[list[Pair], tuple[str, ...]]:
    """Word pairs with scores, and the header line (empty where there is none).

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    table = read_own_table(path, ("word", "word", "score"), score=2)

    def pair(fields: Fields) -> Pair:
        return own_word(fields[0]), own_word(fields[1]), table.number(fields[2])

    return table.parsed(pair), table.header


def read_quadruples(path: Path) -> list[tuple[str, Quadruple]]:
    """Analogy questions, each with the section (`: name` line) it stands in.

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    questions: list[tuple[str, Quadruple]] = []
    problems: list[str] = []
    section = ""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split()
        if line.startswith(":"):
            section = line[1:].strip()
        elif len(words) != 4 or not section:
            actual = f"{len(words)} words" if section else "a question before the first section"
            problems.append(
                f"{path}:{number}: found {actual}, expected ': section', then 4 words a line"
            )
        else:
            questions.append((section, (words[0], words[1], words[2], words[3])))
    refuse(problems)
    if not questions:
        raise DatasetError(f"{path}: found no questions, expected ': section', then 4 words a line")
    return questions


def nothing(paths: Sequence[Path]) -> Items:
    """Of a task whose items come from the corpus."""
    return Items((), np.empty(0), np.empty(0, dtype=np.int64))


def pairs(paths: Sequence[Path]) -> Items:
    """Word, word, score of a published set, in whose file lines that begin with # are comments."""
    return from_pairs([row for path in paths for row in read_pairs(path)[0]])


def lemma_pairs(paths: Sequence[Path]) -> Items:
    """MEN, lemma form: lemma-n lemma-j score, of which the part of speech (n, j, v) is cut off."""

    def parse(fields: Fields) -> Pair:
        return _lemma(fields[0]), _lemma(fields[1]), number_of(fields[2])

    return from_pairs(_tables(paths, Layout(3, " "), parse))


def rated_pairs(paths: Sequence[Path]) -> Items:
    """RW: word, word, mean, and the ratings that it is the mean of."""
    return from_pairs(_tables(paths, Layout(3, extra=True), _pair))


def verb_pairs(paths: Sequence[Path]) -> Items:
    """SimVerb: verb, verb, V, score, and in all lines but one a lexical relation."""

    def parse(fields: Fields) -> Pair:
        one_of(fields[2], ("V",))
        return word_of(fields[0]), word_of(fields[1]), number_of(fields[3])

    return from_pairs(_tables(paths, Layout(4, extra=True), parse))


def google_analogies(paths: Sequence[Path]) -> Items:
    """Every question of a file in Google's format."""
    return from_questions([row for path in paths for row in read_quadruples(path)])


def msr_analogies(paths: Sequence[Path]) -> Items:
    """MSR's questions with their types: number, type, a, a', b, b'."""

    def parse(fields: Fields) -> tuple[str, Quadruple]:
        a, a_, b, b_ = map(word_of, fields[2:])
        return word_of(fields[1]), (a, a_, b, b_)

    return from_questions(_tables(paths, Layout(6, ",", ",type,word1,word2,word3,target"), parse))


def bats(paths: Sequence[Path]) -> Items:
    """BATS: all questions (a, first target of a, b, targets of b) of all relations, one a file."""
    return from_questions([(SECTIONS[p.stem], words) for p in paths for words in _questions(p)])


def _questions(path: Path) -> list[Quadruple]:
    """Lines are source, tab, targets parted by slashes; the wanted targets stay parted so."""

    def parse(fields: Fields) -> tuple[str, list[str]]:
        # Some lists of the set end in a slash, behind which there is no target.
        targets = fields[1].strip().removesuffix("/").split("/")
        return word_of(fields[0]), [word_of(target) for target in targets]

    pairs = read_table(path, Layout(2), parse)
    return [
        (a, targets[0], b, "/".join(wanted))
        for place, (a, targets) in enumerate(pairs)
        for step in range(1, min(FOLLOWING, len(pairs) - 1) + 1)
        for b, wanted in [pairs[(place + step) % len(pairs)]]
    ]


def categories(paths: Sequence[Path]) -> Items:
    """Words with their category; the copy of AP ends each category in a line without a word."""

    def parse(fields: Fields) -> tuple[str, str]:
        return word_of(fields[1]), word_of(fields[2]) if fields[2] else ""

    lines = _tables(paths, Layout(3, ",", ",category,word"), parse)
    rows = [(category, word) for category, word in lines if word]
    return Items(
        words=tuple((word,) for _, word in rows),
        gold=np.ones(len(rows)),
        cluster=np.arange(len(rows)),
        duplicates=len(rows) - len({word for _, word in rows}),
        labels=tuple(category for category, _ in rows),
    )


def directed_pairs(paths: Sequence[Path]) -> Items:
    """SP-10K: head, dependent, plausibility."""
    return from_directed(_tables(paths, Layout(3), _pair))


def usf_strength(paths: Sequence[Path]) -> Items:
    """Cue, target, and the share of people who gave this target to this cue."""
    return from_directed(_usf(paths))


def usf_direction(paths: Sequence[Path]) -> Items:
    """Pairs listed both ways with different strengths, once each, in the order of the first row."""
    strength = {(cue, target): share for cue, target, share in _usf(paths)}
    by_words: dict[frozenset[str], Pair] = {}
    for (a, b), forward in strength.items():
        backward = strength.get((b, a), forward)
        if forward != backward:
            by_words.setdefault(frozenset((a, b)), (a, b, float(forward > backward)))
    return from_directions(list(by_words.values()))


def _usf(paths: Sequence[Path]) -> list[Pair]:
    """The norms print all words in capitals, which mean nothing: they become lower case here.

    Strength of a cue from its target (BSG) is NA where the target was no cue; it is not needed.
    """

    def parse(fields: Fields) -> Pair:
        if fields[6] != "NA":
            number_of(fields[6])
        return word_of(fields[0]).lower(), word_of(fields[1]).lower(), number_of(fields[5])

    return _tables(paths, Layout(7, header="cue\ttarget\tnormed\tG\tP\tFSG\tBSG"), parse)


def hyperlex_degree(paths: Sequence[Path]) -> Items:
    """Word, word, and to what degree (0 to 6) the first is a type of the second."""
    return from_directed([(a, b, score) for a, b, _, score in _hyperlex(paths)])


def hyperlex_direction(paths: Sequence[Path]) -> Items:
    """The pairs of which one word is a type of the other: hyp-N forward, r-hyp-N backward."""
    rows = [(a, b, kind) for a, b, kind, _ in _hyperlex(paths) if "hyp-" in kind]
    return from_directions([(a, b, float(kind.startswith("hyp"))) for a, b, kind in rows])


def _hyperlex(paths: Sequence[Path]) -> list[tuple[str, str, str, float]]:
    def parse(fields: Fields) -> tuple[str, str, str, float]:
        kind = one_of(fields[3], _HYPERLEX_TYPES)
        return word_of(fields[0]), word_of(fields[1]), kind, number_of(fields[4])

    return _tables(paths, _HYPERLEX, parse)


def bless(paths: Sequence[Path]) -> Items:
    """Concept, relatum, relation; parts (mero) stand the other way round and are turned."""

    def parse(fields: Fields) -> Labelled:
        relation = one_of(fields[3], BLESS_RELATIONS)
        one_of(fields[2], ("True",) if relation == "hyper" else ("False",))
        first, second = _lemma(fields[0]), _lemma(fields[1])
        return (second, first, relation) if relation == "mero" else (first, second, relation)

    rows = _tables(paths, Layout(4), parse)
    return from_labelled(rows, [name for name in BLESS_RELATIONS if name.startswith("random")])


def _tables(paths: Sequence[Path], layout: Layout, parse: Callable[[Fields], Row]) -> list[Row]:
    """The rows of all files, one file behind the other; see `read_table`."""
    return [row for path in paths for row in read_table(path, layout, parse)]


def _pair(fields: Fields) -> Pair:
    return word_of(fields[0]), word_of(fields[1]), number_of(fields[2])


def _lemma(field: str) -> str:
    match = re.fullmatch(r"(.+)-[njv]", field)
    if match is None:
        raise ValueError(f"found {field!r}, expected a word that ends in -n, -j or -v")
    return word_of(match[1])


READERS: dict[str, Reader] = {
    "none": nothing,
    "pairs": pairs,
    "google_analogies": google_analogies,
    "lemma_pairs": lemma_pairs,
    "rated_pairs": rated_pairs,
    "verb_pairs": verb_pairs,
    "msr_analogies": msr_analogies,
    "bats": bats,
    "categories": categories,
    "directed_pairs": directed_pairs,
    "usf_strength": usf_strength,
    "usf_direction": usf_direction,
    "hyperlex_degree": hyperlex_degree,
    "hyperlex_direction": hyperlex_direction,
    "bless": bless,
    "scws": scws,
    "wic": wic,
    "conllu": conllu,
}
