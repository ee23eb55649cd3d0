"""From files to items whose words stand in sentences, and to parsed sentences.

Formats are those of SCWS, WiC and CoNLL-U, and a user's own table of words in sentences.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from wordrel.corpus.tokens import cut_words
from wordrel.errors import DatasetError
from wordrel.tasks.fields import (
    Layout,
    number_of,
    one_of,
    place_of,
    read_table,
    read_text,
    refuse,
    word_of,
)
from wordrel.tasks.items import InText, Sentence, Token, Treebank, number
from wordrel.tasks.own_tables import OwnTable, read_own_table

Use = tuple[str, Sentence]
"""A word and where it stands."""
Rated = tuple[Use, Use, float]
"""Two words in their texts, and the score that people gave them."""

_OWN_COLUMNS = ("sentence", "place", "sentence", "place", "score")


def scws(paths: Sequence[Path]) -> InText:
    """SCWS: two words, each marked in its text as <b> word </b>, the mean of ten ratings, those."""
    (path,) = paths

    def parse(fields: Sequence[str]) -> Rated:
        for rating in fields[8:]:
            number_of(rating)
        first, second = word_of(fields[1]), word_of(fields[3])
        return (first, _marked(fields[5])), (second, _marked(fields[6])), number_of(fields[7])

    return from_rated(read_table(path, Layout(18), parse))


def context_pairs(path: Path) -> tuple[InText, tuple[str, ...]]:
    """A user's own table: sentence, place, sentence, place, score; and its header, if it has one.

    A sentence is its words parted by white space; places count them from 0.

    Raises:
        DatasetError: with file and line of everything that is wrong, the first 20 places.
    """
    table = read_own_table(path, _OWN_COLUMNS, score=4)
    rows = table.parsed(lambda fields: _own_row(fields, table))
    return from_rated(rows), table.header


def from_rated(rows: Sequence[Rated]) -> InText:
    """Items that keep every row; rows about the same two words are one cluster."""
    words = tuple((first[0], second[0]) for first, second, _ in rows)
    same = (a.lower() == b.lower() for a, b in words)
    return InText(
        words=words,
        gold=np.array([score for _, _, score in rows], dtype=np.float64),
        cluster=number(map(frozenset, words)),
        duplicates=len(rows) - len({frozenset(uses) for *uses, _ in rows}),
        labels=tuple("same_word" if s else "different_words" for s in same),
        sentences=tuple((first[1], second[1]) for first, second, _ in rows),
    )


def wic(paths: Sequence[Path]) -> InText:
    """WiC: tables of word, N or V, places, two sentences, each followed by its file of T and F.

    Labels are the splits, which the names of the files begin with.
    """
    rows = []
    for data, gold in zip(paths[::2], paths[1::2], strict=True):
        answers = read_table(gold, Layout(1), lambda fields: one_of(fields[0], ("T", "F")))
        items = read_table(data, Layout(5), _wic_row)
        if len(answers) != len(items):
            raise DatasetError(
                f"{gold}: found {len(answers)} lines, expected {len(items)} as in {data.name}"
            )
        split = data.name.partition(".")[0]
        rows += [(*item, answer, split) for item, answer in zip(items, answers, strict=True)]
    words = tuple((word, word) for word, _, _, _, _ in rows)
    uses = (frozenset((left, right)) for _, _, (left, right), _, _ in rows)
    return InText(
        words=words,
        gold=np.array([answer == "T" for *_, answer, _ in rows], dtype=np.float64),
        cluster=number((word, pos) for word, pos, _, _, _ in rows),
        duplicates=len(rows) - len(set(uses)),
        labels=tuple(split for *_, split in rows),
        sentences=tuple(sentences for _, _, sentences, _, _ in rows),
    )


def conllu(paths: Sequence[Path]) -> Treebank:
    """The sentences of all files, one behind the other."""
    trees = tuple(tree for path in paths for tree in _trees(path))
    forms = [tuple(token.form for token in tree) for tree in trees]
    return Treebank(
        words=(),
        gold=np.array([len(tree) for tree in trees], dtype=np.float64),
        cluster=np.arange(len(trees)),
        duplicates=len(forms) - len(set(forms)),
        trees=trees,
    )


def _marked(text: str) -> Sentence:
    tokens = text.split()
    marks = Counter(tokens)
    place = tokens.index("<b>") if marks["<b>"] else 0
    if (marks["<b>"], marks["</b>"]) != (1, 1) or tokens[place + 2 : place + 3] != ["</b>"]:
        raise ValueError(
            f"found {marks['<b>']} <b> and {marks['</b>']} </b>, expected one word as <b> word </b>"
        )
    return Sentence((*tokens[:place], tokens[place + 1], *tokens[place + 3 :]), place)


def _in_view(words: Sequence[str], place: int) -> Sentence:
    if place >= len(words):
        raise ValueError(f"found place {place}, expected one of the {len(words)} words, from 0")
    return Sentence(tuple(words), place)


def _word_in_view(sentence: Sentence) -> str:
    """The one word of the token in view, without punctuation; the token, if it is not one word."""
    token = sentence.words[sentence.position]
    words, _ = cut_words(token)
    return words[0] if len(words) == 1 else token


def _own_row(fields: Sequence[str], table: OwnTable) -> Rated:
    first, second = (_in_view(fields[i].split(), place_of(fields[i + 1])) for i in (0, 2))
    uses = [(_word_in_view(s), s) for s in (first, second)]
    return uses[0], uses[1], table.number(fields[4])


def _wic_row(fields: Sequence[str]) -> tuple[str, str, tuple[Sentence, Sentence]]:
    places = re.fullmatch(r"(\d+)-(\d+)", fields[2])
    if places is None:
        raise ValueError(f"found the places {fields[2]!r}, expected two numbers such as 2-0")
    first = _in_view(fields[3].split(" "), int(places[1]))
    second = _in_view(fields[4].split(" "), int(places[2]))
    return word_of(fields[0]), one_of(fields[1], ("N", "V")), (first, second)


def _trees(path: Path) -> list[tuple[Token, ...]]:
    kept = cache(Token)  # most words repeat often: one object for all equal ones
    trees, problems = [], []
    for lines in _sentences(read_text(path)):
        tree = []
        for place, (line, fields) in enumerate(lines):
            try:
                tree.append(kept(*_token(fields, place, len(lines))))
            except ValueError as error:
                problems.append(f"{path}:{line}: {error}")
        roots = sum(token.head < 0 for token in tree)
        if len(tree) == len(lines) and roots != 1:
            problems.append(f"{path}:{lines[0][0]}: found {roots} roots, expected 1 a sentence")
        elif len(tree) == len(lines) and (place := _circular([token.head for token in tree])) >= 0:
            problems.append(f"{path}:{lines[place][0]}: found a circle of heads, expected a tree")
        trees.append(tuple(tree))
    refuse(problems)
    if not trees:
        raise DatasetError(f"{path}: found no sentences, expected CoNLL-U")
    return trees


def _circular(heads: Sequence[int]) -> int:
    """The first word from which no head leads to the root; -1 where there is none."""
    sound = {-1}
    for start in range(len(heads)):
        path: list[int] = []
        place = start
        while place not in sound:
            if place in path:
                return start
            path.append(place)
            place = heads[place]
        sound.update(path)
    return -1


def _sentences(text: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Line number and fields of each word; blank lines part sentences.

    Comments, multiword tokens (ids like 1-2) and empty nodes (1.1) are no words.
    """
    words: list[tuple[int, list[str]]] = []
    for line, row in enumerate((*text.split("\n"), ""), 1):
        fields = row.rstrip("\r").split("\t")
        if fields == [""]:
            if words:
                yield words
            words = []
        elif not (row.startswith("#") or re.fullmatch(r"\d+[-.]\d+", fields[0])):
            words.append((line, fields))


def _token(fields: Sequence[str], place: int, length: int) -> tuple[str, str, int, str]:
    if len(fields) != 10:
        raise ValueError(f"found {len(fields)} columns, expected the 10 of CoNLL-U")
    number, form, _, upos, _, _, head, deprel = fields[:8]
    if number != str(place + 1):
        raise ValueError(f"found the id {number!r}, expected {place + 1}")
    if not head.isdecimal() or int(head) > length:
        raise ValueError(f"found the head {head!r}, expected a number from 0 to {length}")
    if not upos.isupper():
        raise ValueError(f"found the part of speech {upos!r}, expected one such as NOUN")
    if not form.strip():
        raise ValueError("found an empty form, expected a word")
    return form, upos, int(head) - 1, deprel.partition(":")[0]
