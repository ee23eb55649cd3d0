"""What a word is, and where sentences and documents end."""

import itertools
import time
from typing import Any

import pytest

from wordrel.config import CorpusConfig
from wordrel.corpus.tokens import Tokenizer


def cut(text: str, **settings: Any) -> list[list[str]]:
    """The sentences of a text, as written in the vocabulary."""
    tokenizer = Tokenizer(CorpusConfig(source="x", **settings))
    block = tokenizer.cut(text)
    spelled = list(tokenizer.local.words)
    words = [spelled[i] for i in block.ids.tolist()]
    ends = sorted({0, *block.sentence_ends.tolist(), len(words)})
    return [words[a:b] for a, b in itertools.pairwise(ends)]


def documents(text: str, **settings: Any) -> list[int]:
    block = Tokenizer(CorpusConfig(source="x", **settings)).cut(text)
    return sorted({*block.document_ends.tolist(), len(block.ids)} - {0})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop", ["don't", "stop"]),
        ("the dogs’ o’clock 'tis''x''", ["the", "dogs", "o'clock", "tis", "x"]),
        ("rock'n'roll d''x", ["rock'n'roll", "d", "x"]),
        ("snake_case _x_", ["snake", "case", "x"]),
        ("Größe ÉTÉ naïve 東京", ["größe", "été", "naïve", "東京"]),
        ("10 m² x¼y", ["m", "x", "y"]),
        ("a1b 2nd 3,5", ["a", "b", "nd"]),
        ("well-known e-mail", ["well", "known", "e", "mail"]),
    ],
)
def test_a_word_is_a_run_of_letters_with_apostrophes_inside(text: str, words: list[str]) -> None:
    assert cut(text) == [words]


def test_digits_are_kept_written_as_zero_or_left_out() -> None:
    text = "In 1984 2nd ١٢"
    assert cut(text, digits="keep") == [["in", "1984", "2nd", "١٢"]]
    assert cut(text, digits="zero") == [["in", "0000", "0nd", "00"]]
    assert cut(text, digits="drop") == [["in", "nd"]]


def test_case_is_kept_if_asked_and_a_word_has_one_id_however_it_is_spelled() -> None:
    assert cut("The the THE", lowercase=False) == [["The", "the", "THE"]]
    tokenizer = Tokenizer(CorpusConfig(source="x"))
    assert tokenizer.cut("The the THE o'er O’er").ids.tolist() == [0, 0, 0, 1, 1]
    assert tokenizer.forget() == ["the", "o'er"]
    assert tokenizer.cut("o'er").ids.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", [["one"], ["two"], ["three"], ["four"]]),
        ("“Go!” he said.", [["go"], ["he", "said"]]),
        ("(Stop.) {So.} [No.] Then… x", [["stop"], ["so"], ["no"], ["then", "x"]]),
        ("What?! No...", [["what"], ["no"]]),
        ("3.14 e.g.this a.b", [["e", "g", "this", "a", "b"]]),
        ("Mr. Smith", [["mr"], ["smith"]]),
        ("One.\xa0Two", [["one"], ["two"]]),
        ("one\ntwo", [["one"], ["two"]]),
    ],
)
def test_a_sentence_ends_at_stops_before_white_space_and_at_line_ends(
    text: str, sentences: list[list[str]]
) -> None:
    assert cut(text) == sentences


def test_paragraphs_can_be_kept_whole() -> None:
    assert cut("One. Two!\nThree", sentences="paragraph") == [["one", "two"], ["three"]]


def test_wrapped_lines_go_on_until_a_blank_line() -> None:
    text = "one\ntwo\n \t\nthree"
    assert cut(text, lines="wrapped") == [["one", "two"], ["three"]]
    assert documents(text, lines="wrapped") == [2, 3]


def test_documents_end_at_blank_lines_at_lines_or_with_the_file() -> None:
    text = "a b\nc\n\n \n\nd\n"
    assert documents(text, documents="blank_line") == [3, 4]
    assert documents(text, documents="line") == [2, 3, 4]
    assert documents(text, documents="file") == [4]


def test_a_blank_line_that_opens_a_block_is_seen() -> None:
    tokenizer = Tokenizer(CorpusConfig(source="x"))
    tokenizer.cut("one\n")
    assert tokenizer.cut("\ntwo\n").document_ends.tolist() == [0]
    assert tokenizer.cut("three\n").document_ends.tolist() == []


@pytest.mark.parametrize(
    "text",
    [
        "." * 400_000 + "x",
        ".)" * 200_000 + "x",
        "\n " * 200_000,
        "a'" * 200_000,
        "\n" + " " * 400_000,
    ],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    start = time.process_time()
    Tokenizer(CorpusConfig(source="x")).cut(text)
    assert time.process_time() - start < 2  # a quadratic pattern takes minutes


def test_endless_kinds_of_blank_lines_do_not_fill_the_dictionary() -> None:
    tokenizer = Tokenizer(CorpusConfig(source="x"))
    tokenizer.cut("".join("\n" + " " * i + "\nx" for i in range(500)))
    assert len(tokenizer.local) < 20
