"""Signs that a text is not read as it was meant, and text without spaces."""

import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from wordrel.config import CorpusConfig, load_config
from wordrel.corpus import prepare, tokens
from wordrel.corpus.files import own_source
from wordrel.corpus.signs import FirstLook, signs
from wordrel.errors import CorpusError

CHINESE = "今天天气很好我们去公园散步。中国的首都是北京城，人们很高兴地唱歌。\n\n" * 20


def config_of(path: Path, text: str, **settings: object) -> CorpusConfig:
    path.write_text(text, encoding="utf-8")
    common = {"source": str(path), "name": "t", "min_count": 1, "held_out": 0}
    return CorpusConfig(**(common | settings))  # type: ignore[arg-type]


def signs_of(tmp_path: Path, text: str, **settings: object) -> list[str]:
    config = config_of(tmp_path / "t.txt", text, **settings)
    return signs(own_source(config.source, tmp_path), config)


def test_japanese_in_seven_bits_is_said(tmp_path: Path) -> None:
    text = ("言語は人間の体系である。\n" * 20).encode("iso2022_jp").decode("ascii")
    assert any("set encoding=iso2022_jp" in sign for sign in signs_of(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<!DOCTYPE html>\n<p>The cat sat.</p>\n", "HTML or XML"),
        ('<?xml version="1.0"?>\n<text>The cat sat.</text>\n', "HTML or XML"),
        ('{"text": "Der M\\u00fcller sah"}\n', "JSON"),
        ('[\n  {"text": "The cat sat."}\n]\n', "JSON"),
        ("{\\rtf1\\ansi\\deff0 {\\fonttbl}\nHello world\\par\n}\n", "RTF"),
        ("{The cat} [sat] < the mat.\n", ""),
    ],
)
def test_tags_and_keys_in_place_of_plain_text_are_said(
    tmp_path: Path, text: str, kind: str
) -> None:
    expected = [f"the text begins like {kind}: its tags, keys and escapes become words."]
    found = signs_of(tmp_path, text)
    assert [sign.partition(" Give")[0] for sign in found] == (expected if kind else [])


VERSES = "The cat, the cow\nAnd, then, the sheep\nAll sat still\nThe red, the blue\n"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("".join(f'{i},"Der Wald, die {i % 7}. Straße."\n' for i in range(40)), "2 columns|commas"),
        ("id;text\n" + "12;Der Wald ist, wie er war\n" * 40, "2 columns|semicolons"),
        ("1\tthe\tDET\n2\tcat\tNOUN\n3\tsat\tVERB\n\n" * 10, "3 columns|tabs"),
        ("one two\tthree four\n" * 40 + "and one line without it\n", "2 columns|tabs"),
        ("\tThe cat sat on the mat\n" * 40, ""),  # indented paragraphs
        ("The cat sat, the dog ran.\n" * 40, ""),
        (VERSES * 20, ""),
        ("Yes, said the cat.\nNo; no, said the dog.\n" * 20, ""),
        ('"Come," said the cat, "to me.\n' * 40, ""),
        ("1,one two\n" * 10, ""),  # too few lines to know
    ],
)
def test_a_table_in_place_of_text_is_said(tmp_path: Path, text: str, columns: str) -> None:
    number, _, name = columns.partition("|")
    expected = [f"the text looks like a table of {number} parted by {name}"] if columns else []
    found = signs_of(tmp_path, text)
    assert [sign.partition(":")[0] for sign in found] == expected


def folder_of(tmp_path: Path, texts: dict[str, str]) -> CorpusConfig:
    (tmp_path / "in").mkdir()
    for name, text in texts.items():
        (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    return CorpusConfig(source=str(tmp_path / "in"), name="t", min_count=1, held_out=0)


ENGLISH = "The end of the road is in a wood, and to the left of it stands a house.\n\n"
DEUTSCH = "Das Ende der Straße liegt vor einem Wald, und links davon steht ein Haus.\n\n"


def test_the_language_is_that_of_the_texts_and_not_of_the_first_file(tmp_path: Path) -> None:
    def english(texts: dict[str, str]) -> bool:
        config = folder_of(tmp_path, texts)
        found = FirstLook(own_source(config.source, tmp_path), config).english
        shutil.rmtree(config.source)
        return found

    assert not english({"0_README.txt": ENGLISH, "a.txt": DEUTSCH * 100})
    assert english({"0_LIESMICH.txt": DEUTSCH, "a.txt": ENGLISH * 100})
    many = {f"{i:03}.txt": ENGLISH for i in range(100)}
    assert english(many | {"000.txt": DEUTSCH * 9})
    assert not english(dict.fromkeys(many, DEUTSCH) | {"000.txt": ENGLISH * 2})


def test_signs_of_later_files_are_said_with_their_names(tmp_path: Path) -> None:
    texts = {f"{i:02}.txt": ENGLISH for i in range(30)}
    config = folder_of(tmp_path, texts | {"15.txt": '{"text": "The cat sat."}\n'})
    source = own_source(config.source, tmp_path)
    (sign,) = signs(source, config)
    assert sign.startswith("15.txt (1 of 20 files seen) begins like JSON: its tags")
    (tmp_path / "in" / "00.txt").write_text("<html><p>The cat.</p></html>\n")
    (tmp_path / "in" / "03.txt").write_text("<html><p>The dog.</p></html>\n")
    assert signs(source, config)[0].startswith("00.txt (and 1 more of 20 files seen) begins like")


def test_letters_and_margins_of_later_files_are_seen(tmp_path: Path) -> None:
    wrapped = "\n".join(["the sun was low and all the men of the town went home along the"] * 40)
    config = folder_of(tmp_path, {"0.txt": ENGLISH, "1.txt": wrapped, "2.txt": "ﬁsh ﬁn " * 30})
    found = signs(own_source(config.source, tmp_path), config)
    assert found[0].startswith("60 letters of the beginnings of 3 files are ligatures")
    assert "set lines=wrapped" in found[1]
    shutil.rmtree(config.source)
    config = folder_of(tmp_path, {"0.txt": ENGLISH, "1.txt": CHINESE * 9})
    assert "puts no space between words" in signs(own_source(config.source, tmp_path), config)[0]


def test_one_file_in_utf8_among_others_is_named(tmp_path: Path) -> None:
    config = folder_of(tmp_path, {"0.txt": "", "1.txt": "Der Müller fährt über die Straße.\n" * 9})
    (tmp_path / "in" / "0.txt").write_bytes("Der Müller fährt.\n".encode("cp1252") * 9)
    config = config.model_copy(update={"encoding": "cp1252"})
    (sign,) = signs(own_source(config.source, tmp_path), config)
    assert sign.startswith("the bytes of 1.txt (1 of 2 files seen) are UTF-8, read as encoding=")
    assert sign.endswith("Convert the other files to it, and remove the setting encoding")


def test_utf8_that_is_read_in_another_encoding_is_said(tmp_path: Path) -> None:
    text = "Der Müller fährt über die Straße.\n" * 3
    (sign,) = signs_of(tmp_path, text, encoding="cp1252")
    assert sign.startswith("the bytes of the text are UTF-8, read as encoding=cp1252")
    assert signs_of(tmp_path, text) == signs_of(tmp_path, text, encoding="utf-8-sig") == []
    config = config_of(tmp_path / "t.txt", text, encoding="cp1252")
    (tmp_path / "t.txt").write_bytes(text.encode("cp1252"))
    assert signs(own_source(config.source, tmp_path), config) == []


def test_text_without_spaces_is_said_with_its_cure(tmp_path: Path) -> None:
    (sign,) = signs_of(tmp_path, CHINESE)
    assert "puts no space between words" in sign
    assert "segmenter=jieba" in sign
    spaced = CHINESE.replace("天", "天 ").replace("的", " 的 ").replace("很", " 很 ")
    assert signs_of(tmp_path, " ".join(spaced)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("床前明月光，疑是地上霜。\n", 1),
        ("关关雎鸠，在河之洲。\n", 1),
        ("床 前 明月 光，疑是 地上 霜。\n", 0),
        ("กิน ข้าว แล้ว ครับ\n", 0),
    ],
)
def test_short_lines_of_verse_without_spaces_are_said(tmp_path: Path, text: str, said: int) -> None:
    assert len(signs_of(tmp_path, text * 60)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ﾄｳｷｮｳﾊﾆﾎﾝﾉｼｭﾄﾃﾞｽ｡ｶﾜﾊﾏﾁｦﾅｶﾞﾚﾃ\n", "puts no space between words"),
        ("ꦲꦏ꧀ꦱꦫꦗꦮꦲꦏ꧀ꦱꦫꦗꦮ\n", "puts no space between words"),
        ("thebankoftheriverisnearthesea\n", "expected text with spaces between words"),
        ("ﻛﺘﺎﺏ ﻓﻲ ﺍﻟﺒﻴﺖ\n", "uconv -x any-nfkc"),
        ("𝐓𝐡𝐞 bank of the river\n", "uconv -x any-nfkc"),
    ],
)
def test_other_scripts_without_spaces_and_letters_in_other_shapes_are_said(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in signs_of(tmp_path, text * 60)[0]


@pytest.mark.parametrize("text", ["كِتَابٌ في البيت ﷺ ﴿قل﴾\n", "Donaudampfschifffahrt ist ein Wort\n"])
def test_ordinary_letters_and_long_words_are_no_sign(tmp_path: Path, text: str) -> None:
    assert signs_of(tmp_path, text * 60) == []


def test_wrapped_lines_are_said_on_every_route(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrapped = "\n".join(["the sun was low and all the men of the town went home along the"] * 40)
    (sign,) = signs_of(tmp_path, wrapped)
    assert "set lines=wrapped" in sign
    assert signs_of(tmp_path, wrapped, lines="wrapped") == []
    with caplog.at_level(logging.WARNING, "wordrel"):
        prepare(config_of(tmp_path / "t.txt", wrapped), tmp_path / "cache")
    assert "set lines=wrapped" in caplog.text


def test_marks_that_the_former_rule_cuts_are_said(tmp_path: Path) -> None:
    assert signs_of(tmp_path, "हिन्दी नदी " * 50) == []
    (sign,) = signs_of(tmp_path, "हिन्दी नदी " * 50, words="letters")
    assert "set words=with_marks" in sign


def test_english_is_known_by_its_most_frequent_words(tmp_path: Path) -> None:
    def english(text: str) -> bool:
        config = config_of(tmp_path / "t.txt", text)
        return FirstLook(own_source(config.source, tmp_path), config).english

    assert english("The end of the road is in a wood, and to the left of it stands a house. " * 9)
    assert not english(
        "Das Ende der Straße liegt in einem Wald, und links davon steht ein Haus. " * 9
    )
    assert not english(CHINESE)


def test_a_segmenter_cuts_lines_into_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pairs() -> tokens.Segmenter:
        return lambda line: [line[i : i + 2] for i in range(0, len(line), 2)]

    entry = SimpleNamespace(name="pairs", load=lambda: pairs, dist=SimpleNamespace(version="7"))
    monkeypatch.setattr(
        tokens,
        "entry_points",
        lambda group, **name: [entry] if name.get("name", "pairs") == "pairs" else [],
    )
    config = config_of(tmp_path / "t.txt", "今天天气\n\n公园散步\n", segmenter="pairs")
    corpus = prepare(config, tmp_path / "cache")
    assert set(corpus.vocab.words) == {"今天", "天气", "公园", "散步"}
    assert (
        corpus.digest
        != prepare(
            config_of(tmp_path / "t.txt", "今天天气\n\n公园散步\n"), tmp_path / "cache"
        ).digest
    )
    entry.dist.version = "8"
    assert prepare(config, tmp_path / "cache").digest != corpus.digest
    with pytest.raises(CorpusError, match="found 'nobody', expected one of fugashi, jieba, pairs"):
        tokens.load_segmenter("nobody")


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("jieba", "我来到北京清华大学", ["我", "来到", "北京", "清华大学"]),
        ("pythainlp", "ฉันรักภาษาไทย", ["ฉัน", "รัก", "ภาษาไทย"]),
        ("fugashi", "私は東京に住む", ["私", "は", "東京", "に", "住む"]),
    ],
)
def test_a_segmenter_of_an_extra_or_how_to_get_it(name: str, line: str, words: list[str]) -> None:
    try:
        cut = tokens.load_segmenter(name)
    except CorpusError as error:
        assert f"{name} is not installed; pip install {name}" in str(error)
    else:
        assert list(cut(line)) == words


def test_new_says_what_is_strange_and_leaves_out_english_sets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from wordrel.cli import app

    (tmp_path / "zh.txt").write_text(CHINESE * 5, encoding="utf-8")
    out = tmp_path / "zh.yaml"
    corpus, cache = str(tmp_path / "zh.txt"), str(tmp_path / "cache")
    app(
        ["new", "zh", "--corpus", corpus, "--few", "--out", str(out), "--cache", cache],
        standalone_mode=False,
    )
    said = capsys.readouterr().out
    assert "puts no space between words" in said
    assert "sets of English words are left out" in said
    written = out.read_text(encoding="utf-8")
    assert "ws353" not in written
    assert "sets of English words; " not in written
    assert "neighbour_agreement" in written
    assert "Next: wordrel run" not in said
    assert f"First: take off the # before `segmenter: jieba` in {out}\n" in said
    assert load_config(out).corpora[0].segmenter is None
    out.write_text(written.replace("    #segmenter", "    segmenter"), encoding="utf-8")
    assert load_config(out).corpora[0].segmenter == "jieba"


@pytest.mark.parametrize(
    ("line", "segmenter", "step"),
    [
        ("私は東京に住んでいますがとても楽しいです。\n", "fugashi", "First: take off the #"),
        ("ฉันรักภาษาไทยมากและอยากเรียนทุกวัน\n", "pythainlp", "First: take off the #"),
        ("ຂ້ອຍຮັກພາສາລາວຫຼາຍແລະຢາກຮຽນທຸກມື້\n", None, "First: put text that is segmented in place"),
        ("today we walk through the park again\n", None, "Next: wordrel run"),
    ],
)
def test_the_next_step_is_the_segmenter_of_the_script(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    line: str,
    segmenter: str | None,
    step: str,
) -> None:
    from wordrel.cli import app

    config = config_of(tmp_path / "t.txt", line * 200)
    look = FirstLook(own_source(config.source, tmp_path), config)
    assert look.segmenter == segmenter
    place = ["--corpus", config.source, "--out", str(tmp_path / "t.yaml")]
    app(["new", "t", *place, "--cache", str(tmp_path / "cache")], standalone_mode=False)
    assert step in capsys.readouterr().out
    assert (f"#segmenter: {segmenter} #" in (tmp_path / "t.yaml").read_text("utf-8")) == bool(
        segmenter
    )


def test_ligatures_and_full_width_letters_are_said(tmp_path: Path) -> None:
    (sign,) = signs_of(tmp_path, "the \ufb01sh swims.\n" * 30)
    assert sign.startswith("30 letters of the first megabyte are ligatures")
    assert signs_of(tmp_path, "the fish swims.\n" * 30) == []


def test_nothing_else_is_said_of_text_in_another_encoding(tmp_path: Path) -> None:
    line = (
        "今天 天气 很 好，我们 去 公园 散步。中国 的 首都 是 北京，今天 天气 很 好，我们 去 公园\n"
    )
    (tmp_path / "t.txt").write_bytes((line * 30).encode("gb18030"))
    config = CorpusConfig(source=str(tmp_path / "t.txt"), name="t", min_count=1, held_out=0)
    assert signs(own_source(config.source, tmp_path), config) == []


def test_lines_that_end_with_the_marks_of_another_script_are_not_wrapped(tmp_path: Path) -> None:
    line = "नदी शहर से होकर बहती है और बिल्ली कुत्ते के साथ घर में रहती है"
    assert len(signs_of(tmp_path, f"{line}\n" * 30)) == 1
    for mark in "।؟۔።":
        assert signs_of(tmp_path, f"{line}{mark}\n" * 30) == []
