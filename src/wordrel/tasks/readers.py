"""From the files of a data set to its items: one strict reader a format.

Reads files that `wordrel.tasks.files` parses; writes nothing. Sets of words stand here; BATS and
sets of sentences have modules of their own.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from wordrel.tasks.bats import bats
from wordrel.tasks.files import (
    Layout,
    Pair,
    number_of,
    one_of,
    read_pairs,
    read_quadruples,
    read_table,
    word_of,
)
from wordrel.tasks.items import Items, number
from wordrel.tasks.readers_text import conllu, scws, wic

Reader = Callable[[Sequence[Path]], Items]
Labelled = tuple[str, str, str]
"""A word, another one, and what relation they stand in."""

BLESS_RELATIONS = ("attri", "coord", "event", "hyper", "mero", "random-n", "random-v", "random-j")
_HYPERLEX = Layout(8, " ", "WORD1 WORD2 POS TYPE AVG_SCORE AVG_SCORE_0_10 STD SCORES..", more=True)
_HYPERLEX_TYPES = (
    *(f"{way}-{steps}" for way in ("hyp", "r-hyp") for steps in range(1, 5)),
    *("cohyp", "syn", "ant", "mero", "no-rel"),
)


def from_pairs(pairs: Sequence[Pair]) -> Items:
    """Items that keep every pair; a pair that comes again, in either order, joins its cluster."""
    cluster = number(frozenset((a, b)) for a, b, _ in pairs)
    return _items(pairs, cluster, duplicates=len(pairs) - len(np.unique(cluster)))


def from_directed(pairs: Sequence[Pair]) -> Items:
    """The same for pairs whose order matters: a pair turned round joins it, but repeats nothing."""
    cluster = number(frozenset((a, b)) for a, b, _ in pairs)
    return _items(pairs, cluster, duplicates=len(pairs) - len({(a, b) for a, b, _ in pairs}))


def from_directions(pairs: Sequence[Pair]) -> Items:
    """Pairs whose score is 1 where the first word leads to the second, 0 the other way round."""
    items = from_directed(pairs)
    labels = tuple("forward" if gold == 1 else "backward" for gold in items.gold)
    return _labelled(items, labels)


def from_labelled(rows: Sequence[Labelled], against: Sequence[str]) -> Items:
    """Pairs of which those with a label of `against` stand in no relation: gold 0, else 1.

    Pairs with the same first word are one cluster. A pair that comes again repeats itself, whatever
    its label: fish is a hypernym and, as a verb, an event of salmon.
    """
    pairs = [(a, b, float(label not in against)) for a, b, label in rows]
    repeated = len(rows) - len({(a, b) for a, b, _ in rows})
    items = _items(pairs, number(a for a, _, _ in rows), repeated)
    return _labelled(items, tuple(label for _, _, label in rows))


def from_questions(questions: Sequence[tuple[str, tuple[str, str, str, str]]]) -> Items:
    """Analogies with their section; those of one section with the same a, a' are one cluster."""
    words = tuple(question for _, question in questions)
    return Items(
        words=words,
        gold=np.ones(len(words)),
        cluster=number((section, question[:2]) for section, question in questions),
        duplicates=len(words) - len(set(words)),
        multiword=sum(any(map(_is_multiword, question)) for question in words),
        labels=tuple(section for section, _ in questions),
    )


def nothing(paths: Sequence[Path]) -> Items:
    """Of a task whose items come from the corpus."""
    return Items((), np.empty(0), np.empty(0, dtype=np.int64), duplicates=0, multiword=0)


def pairs(paths: Sequence[Path]) -> Items:
    """Word, word, score of a published set, in whose file lines that begin with # are comments."""
    (path,) = paths
    return from_pairs(read_pairs(path, comments=True)[0])


def lemma_pairs(paths: Sequence[Path]) -> Items:
    """MEN, lemma form: lemma-n lemma-j score, of which the part of speech (n, j, v) is cut off."""
    (path,) = paths

    def parse(fields: Sequence[str]) -> Pair:
        return _lemma(fields[0]), _lemma(fields[1]), number_of(fields[2])

    return from_pairs(read_table(path, Layout(3, " "), parse))


def rated_pairs(paths: Sequence[Path]) -> Items:
    """RW: word, word, mean, and the ratings that it is the mean of."""
    (path,) = paths
    return from_pairs(read_table(path, Layout(3, more=True), _pair))


def verb_pairs(paths: Sequence[Path]) -> Items:
    """SimVerb: verb, verb, V, score, and in all lines but one a lexical relation."""
    (path,) = paths

    def parse(fields: Sequence[str]) -> Pair:
        one_of(fields[2], ("V",))
        return word_of(fields[0]), word_of(fields[1]), number_of(fields[3])

    return from_pairs(read_table(path, Layout(4, more=True), parse))


def google_analogies(paths: Sequence[Path]) -> Items:
    """Every question of a file in Google's format."""
    (path,) = paths
    return from_questions(read_quadruples(path))


def msr_analogies(paths: Sequence[Path]) -> Items:
    """MSR's questions with their types: number, type, a, a', b, b'."""
    (path,) = paths

    def parse(fields: Sequence[str]) -> tuple[str, tuple[str, str, str, str]]:
        a, a_, b, b_ = map(word_of, fields[2:])
        return word_of(fields[1]), (a, a_, b, b_)

    return from_questions(read_table(path, Layout(6, ",", ",type,word1,word2,word3,target"), parse))


def categories(paths: Sequence[Path]) -> Items:
    """Words with their category; the copy of AP ends each category in a line without a word."""
    (path,) = paths

    def parse(fields: Sequence[str]) -> tuple[str, str]:
        return word_of(fields[1]), word_of(fields[2]) if fields[2] else ""

    found = read_table(path, Layout(3, ",", ",category,word"), parse)
    rows = [(category, word) for category, word in found if word]
    return Items(
        words=tuple((word,) for _, word in rows),
        gold=np.ones(len(rows)),
        cluster=np.arange(len(rows)),
        duplicates=len(rows) - len({word for _, word in rows}),
        multiword=sum(_is_multiword(word) for _, word in rows),
        labels=tuple(category for category, _ in rows),
    )


def directed_pairs(paths: Sequence[Path]) -> Items:
    """SP-10K: head, dependent, plausibility."""
    (path,) = paths
    return from_directed(read_table(path, Layout(3), _pair))


def usf_strength(paths: Sequence[Path]) -> Items:
    """Cue, target, and the share of people who said this target to this cue."""
    (path,) = paths
    return from_directed(_usf(path))


def usf_direction(paths: Sequence[Path]) -> Items:
    """Pairs listed both ways with different strengths, once each, in the order of the first row."""
    (path,) = paths
    strength = {(cue, target): share for cue, target, share in _usf(path)}
    found: dict[frozenset[str], Pair] = {}
    for (a, b), forward in strength.items():
        backward = strength.get((b, a), forward)
        if forward != backward:
            found.setdefault(frozenset((a, b)), (a, b, float(forward > backward)))
    return from_directions(list(found.values()))


def _usf(path: Path) -> list[Pair]:
    """The norms print all words in capitals, which say nothing: they are written small here.

    Strength of a cue from its target (BSG) is NA where the target was no cue; it is not needed.
    """

    def parse(fields: Sequence[str]) -> Pair:
        if fields[6] != "NA":
            number_of(fields[6])
        return word_of(fields[0]).lower(), word_of(fields[1]).lower(), number_of(fields[5])

    return read_table(path, Layout(7, header="cue\ttarget\tnormed\tG\tP\tFSG\tBSG"), parse)


def hyperlex_degree(paths: Sequence[Path]) -> Items:
    """Word, word, and to what degree (0 to 6) the first is a type of the second."""
    (path,) = paths
    return from_directed([(a, b, score) for a, b, _, score in _hyperlex(path)])


def hyperlex_direction(paths: Sequence[Path]) -> Items:
    """The pairs of which one word is a type of the other: hyp-N forward, r-hyp-N backward."""
    rows = [row for path in paths for row in _hyperlex(path)]
    found = [(a, b, kind) for a, b, kind, _ in rows if "hyp-" in kind]
    return from_directions([(a, b, float(kind.startswith("hyp"))) for a, b, kind in found])


def _hyperlex(path: Path) -> list[tuple[str, str, str, float]]:
    def parse(fields: Sequence[str]) -> tuple[str, str, str, float]:
        kind = one_of(fields[3], _HYPERLEX_TYPES)
        return word_of(fields[0]), word_of(fields[1]), kind, number_of(fields[4])

    return read_table(path, _HYPERLEX, parse)


def bless(paths: Sequence[Path]) -> Items:
    """Concept, relatum, relation; parts (mero) stand the other way round and are turned."""

    def parse(fields: Sequence[str]) -> Labelled:
        relation = one_of(fields[3], BLESS_RELATIONS)
        one_of(fields[2], ("True",) if relation == "hyper" else ("False",))
        first, second = _lemma(fields[0]), _lemma(fields[1])
        return (second, first, relation) if relation == "mero" else (first, second, relation)

    rows = [row for path in paths for row in read_table(path, Layout(4), parse)]
    return from_labelled(rows, [name for name in BLESS_RELATIONS if name.startswith("random")])


def _pair(fields: Sequence[str]) -> Pair:
    return word_of(fields[0]), word_of(fields[1]), number_of(fields[2])


def _lemma(field: str) -> str:
    found = re.fullmatch(r"(.+)-[njv]", field)
    if found is None:
        raise ValueError(f"found {field!r}, expected a word that ends in -n, -j or -v")
    return word_of(found[1])


def _items(pairs: Sequence[Pair], cluster: np.ndarray, duplicates: int) -> Items:
    return Items(
        words=tuple((a, b) for a, b, _ in pairs),
        gold=np.array([score for _, _, score in pairs], dtype=np.float64),
        cluster=cluster,
        duplicates=duplicates,
        multiword=sum(_is_multiword(a) or _is_multiword(b) for a, b, _ in pairs),
    )


def _labelled(items: Items, labels: tuple[str, ...]) -> Items:
    return Items(items.words, items.gold, items.cluster, items.duplicates, items.multiword, labels)


def _is_multiword(word: str) -> bool:
    return "_" in word or len(word.split()) > 1


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
