"""What a word is in any script, and that every door writes it alike."""

import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordrel.config import CorpusConfig
from wordrel.corpus import prepare
from wordrel.corpus.tokens import (
    Tokenizer,
    combining_marks,
    cut_words,
    never_made,
    normalise,
    spelled,
)

VECTORS = json.loads(Path(__file__).with_name("golden").joinpath("words.json").read_text("utf-8"))
ALPHABETS = {
    "Hindi": "अआइईउऊकखगघचजटडतदनपबमयरलवशसह" + "ािीुूेैोौ्ंः़",
    "Arabic with vowels": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
    + "\u064b\u064c\u064e\u064f\u0650\u0651\u0652",
    "Hebrew with points": "אבגדהוזחטיכלמנסעפצקרשת" + "\u05b0\u05b4\u05b7\u05b8\u05bc\u05c1\u05c2",
    "Turkish": "abcçdefgğhıijklmnoöprsştuüvyzİIÇĞÖŞÜ\u0307",
    "Vietnamese": "aăâbcdđeêghiklmnoôơpqrstuưvxy" + "\u0300\u0301\u0303\u0309\u0323\u0302",
    "Thai": "กขคงจชดตถทนบปพมยรลวสห" + "\u0e31\u0e34\u0e35\u0e38\u0e39\u0e48\u0e49\u0e4d",
    "German": "abcdefghijklmnopqrstuvwxyzäöüßÄÖÜẞ" + "\u0308\u00ad",
    "Greek": "αβγδεζηθικλμνξοπρσςτυφχψωΣΑΩ" + "\u0301\u0308\u0313\u0342\u0345",
}


def config_of(**rules: Any) -> CorpusConfig:
    return CorpusConfig(source="x", **rules)


def words(text: str, config: CorpusConfig) -> list[str]:
    return [normalise(token, config) for token in Tokenizer(config).cut(text).tokens]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["what"] for vector in VECTORS])
def test_words_are_those_of_the_file_that_the_page_is_tested_with(vector: dict[str, Any]) -> None:
    config = config_of(**vector.get("rules", {}))
    assert words(vector["text"], config) == vector["tokens"]
    if "sentences" in vector:
        assert (
            Tokenizer(config).cut(vector["text"]).sentence_ends[1:].tolist() == vector["sentences"]
        )


def test_all_combining_marks_are_known() -> None:
    marks = combining_marks()
    ends = list(zip(marks[::3], marks[2::3], strict=True))
    known = {code for a, b in ends for code in range(ord(a), ord(b) + 1)}
    every = (code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    assert known == {code for code in every if unicodedata.category(chr(code))[0] == "M"}


@pytest.mark.parametrize("lowercase", [True, False])
def test_every_letter_of_unicode_is_one_word_with_its_mark(lowercase: bool) -> None:
    config = config_of(lowercase=lowercase)
    every = [chr(code) + "\u0301" for code in range(sys.maxunicode + 1) if chr(code).isalpha()]
    text = " ".join(every)
    once = words(text, config)
    assert once == normalise(text, config).split(" ")
    changed = [word for sign, word in zip(every, once, strict=True) if word != sign]
    assert changed
    assert words(" ".join(changed), config) == changed  # the others stood in the text already


@pytest.mark.parametrize("name", ALPHABETS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_word_of_a_vocabulary_is_read_as_that_word(name: str, data: st.DataObject) -> None:
    letters = [sign for sign in ALPHABETS[name] if sign.isalpha()]
    word = data.draw(st.sampled_from(letters)) + data.draw(st.text(ALPHABETS[name], max_size=9))
    for form in ("NFC", "NFD"):
        for lowercase in (True, False):
            config = config_of(lowercase=lowercase)
            (token,) = words(unicodedata.normalize(form, word), config)
            assert words(token, config) == [token]
            assert spelled(word, lowercase=lowercase) == token
            assert spelled(token, lowercase=lowercase) == token


def test_words_and_sentence_ends_of_a_token_of_a_data_set() -> None:
    assert cut_words("re\u0301sume\u0301s") == (("re\u0301sume\u0301s",), False)
    assert cut_words("co-op.") == (("co", "op"), True)
    assert cut_words("नदी।") == (("नदी",), True)
    assert cut_words("...") == ((), True)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_text_in_either_form_gives_one_corpus(tmp_path: Path, form: str) -> None:
    text = tmp_path / "text.txt"
    text.write_text(unicodedata.normalize(form, "Café résumé noël.\n\n" * 9), encoding="utf-8")
    config = config_of(min_count=1, held_out=0).model_copy(
        update={"source": str(text), "name": "t"}
    )
    assert set(prepare(config, tmp_path / "cache").vocab.words) == {"café", "résumé", "noël"}


def test_a_word_that_no_rule_makes_is_told_apart_from_a_rare_one() -> None:
    written = ["cat", "Café", "mp3", "ice cream", "new_york", "rock'n'roll"]
    assert never_made(written, config_of()) == {"mp3", "ice cream", "new_york"}
    assert never_made(written, config_of(digits="keep", phrases=True)) == {"ice cream"}
