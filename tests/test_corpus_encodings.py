"""Texts that are no UTF-8: recognised, named with a cure that works, and read when told."""

import gzip
import io
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wordrel.config import CorpusConfig, parse_corpus
from wordrel.corpus import prepare
from wordrel.corpus.text import LineReader
from wordrel.errors import ConfigError, CorpusError
from wordrel.io.encodings import candidates, cure, recognised

GERMAN = (
    "Der Müller fährt über die Straße. Größe und Höhe sind wichtig; le café où l'élève était.\n\n"
)
RUSSIAN = "Привет мир, это проверка. Съешь ещё этих мягких французских булок.\n\n"
CHINESE = "今天 天气 很 好，我们 去 公园 散步。中国 的 首都 是 北京。\n\n"
TEXTS = {
    "cp1252": GERMAN,
    "cp1251": RUSSIAN,
    "gb18030": CHINESE,
    "utf-16": GERMAN,
    "utf-16-le": GERMAN,
    "utf-16-be": RUSSIAN,
    "utf-32": GERMAN,
}


Make = Callable[[bytes], bytes]


def zipped(text: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("t.txt", text)
    return file.getvalue()


def corpus_of(tmp_path: Path, data: bytes, name: str = "t.txt", **settings: object) -> CorpusConfig:
    path = tmp_path / name
    path.write_bytes(data)
    common = {"name": "t", "min_count": 1, "held_out": 0}
    return CorpusConfig(source=str(path), **(common | settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_is_named_and_the_named_cure_works(tmp_path: Path, encoding: str) -> None:
    data = (TEXTS[encoding] * 30).encode(encoding)
    with pytest.raises(CorpusError, match=r"expected (text in )?UTF-8: it looks like ") as error:
        prepare(corpus_of(tmp_path, data), tmp_path / "cache")
    said = str(error.value)
    assert "iconv -f " in said
    assert "would cut a word at each such byte" in said
    named = said.partition("set encoding=")[2].partition(",")[0]
    assert named == encoding
    read = prepare(corpus_of(tmp_path, data, encoding=named), tmp_path / "cache")
    plain = prepare(corpus_of(tmp_path, (TEXTS[encoding] * 30).encode()), tmp_path / "cache")
    assert read.vocab.words == plain.vocab.words
    assert (read.train.ids == plain.train.ids).all()


@pytest.mark.parametrize("bad_utf8", ["error", "replace"])
def test_utf_16_without_its_mark_is_no_text_in_that_encoding(tmp_path: Path, bad_utf8: str) -> None:
    corpus = corpus_of(tmp_path, b"The cat runs.\n", encoding="utf-16", bad_utf8=bad_utf8)
    found = r"byte 0: found what is no text .*start with BOM.*, or"
    with pytest.raises(CorpusError, match=f"{found} remove the setting encoding"):
        prepare(corpus, tmp_path / "cache")
    data = GERMAN.encode("utf-16-le")
    corpus = corpus_of(tmp_path, data, encoding="utf-16", bad_utf8=bad_utf8)
    with pytest.raises(CorpusError, match=f"{found} set encoding=utf-16-le, or utf-16-be"):
        prepare(corpus, tmp_path / "cache")


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_what_is_no_text_in_the_encoding_that_was_given(tmp_path: Path, encoding: str) -> None:
    data = (CHINESE * 9).encode(encoding) + b"\xff"
    with pytest.raises(CorpusError, match=f"no text in encoding={encoding}"):
        prepare(corpus_of(tmp_path, data, encoding=encoding), tmp_path / "cache")
    mended = corpus_of(tmp_path, data, encoding=encoding, bad_utf8="replace")
    corpus = prepare(mended, tmp_path / "cache")
    assert corpus.report["replaced_bytes"] == 1
    assert "天气" in corpus.vocab.words


def test_bytes_that_are_no_text_have_no_encoding() -> None:
    assert recognised(bytes(range(256)) * 4, at=128) is None


def test_a_few_nul_bytes_are_damage_and_no_encoding(tmp_path: Path) -> None:
    data = b"plain text with a hole\0 in it\n" * 20
    with pytest.raises(CorpusError, match=r"NUL byte; .*it is UTF-8 with NUL bytes in it"):
        prepare(corpus_of(tmp_path, data), tmp_path / "cache")


def test_an_encoding_that_is_none_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="encoding: found utf-99, expected the name of an encoding"
    ):
        parse_corpus("x.txt", ["encoding=utf-99"])


@pytest.mark.parametrize("name", ["text8", "BOOK.TXT", "notes.md"])
def test_a_file_named_outright_needs_no_ending(tmp_path: Path, name: str) -> None:
    corpus = prepare(corpus_of(tmp_path, b"one two one\n" * 9, name), tmp_path / "cache")
    assert set(corpus.vocab.words) == {"one", "two"}


def test_of_a_folder_text_in_capital_endings_is_taken_and_the_rest_is_not(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("A.TXT", "b.txt", "c.md"):
        (tmp_path / "in" / name).write_text(f"{name[0].lower()}x word\n" * 3)
    config = CorpusConfig(source=str(tmp_path / "in"), name="t", min_count=1, held_out=0)
    assert set(prepare(config, tmp_path / "cache").vocab.words) == {"ax", "bx", "word"}


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("cp852", "Příliš žluťoučký kůň úpěl. Město leží na břehu řeky.\n"),
        ("cp866", "Москва является столицей России. Река течёт через город.\n"),
        ("iso8859_5", "Москва является столицей России. Река течёт через город.\n"),
        ("iso8859_6", "كان الصياد جالسا عند النهر ينتظر المساء وجاءت زوجته بالخبز والماء\n"),
        ("koi8_u", "Київ є столицею України. Річка тече через місто і впадає в море.\n"),
        ("cp1254", "Kedi ve köpek ırmağın yanındaki şehirde yaşıyor. Güneş doğuyor.\n"),
        ("iso8859_2", "Źródło rzeki jest w górach. Kot i pies żyją w domu nad rzeką.\n"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. Řeka teče přes město.\n"),
        ("cp1252", "L'été où l'élève était à la forêt, le garçon a vu un château.\n"),
        ("cp1252", "“The boat’s bank” – said the “cat”. It’s on the river.\n"),
        ("koi8_r", RUSSIAN),
        ("shift_jis", "私は 今日 川 へ 行きます。 猫 と 犬 は 水 が 好き です。\n"),
        ("utf-16-le", CHINESE),
    ],
)
def test_encodings_of_other_languages_are_recognised(encoding: str, line: str) -> None:
    assert recognised((line * 30).encode(encoding)) == encoding


# Each in the encodings of its letters; a text that reads the same in two may be called either.
CENTRAL = {
    "Czech": "Stařec seděl u řeky a čekal, až přijde večer. Žena mu nesla chléb a mléko.\n",
    "Slovak": "Starý otec sedel pri rieke a čakal na večer. Ľudia šli ďalej, už bolo päť.\n",
    "Polish": "Rybak siedział nad rzeką, aż przyjdzie żona. Był późny wieczór, śnieg i słońce.\n",
    "Hungarian": "Az öreg halász a folyónál ült és várt. Hűvös szél fújt az erdő felől.\n",
    "Romanian": "Bătrânul stătea lângă râu şi aştepta seara. Fata îi aducea pâine în coş, ţinea.\n",
    "Croatian": "Starac je sjedio uz rijeku i čekao večer. Žena mu donosi kruh i još vode.\n",
    "Slovene": "Starec je sedel ob reki in čakal na večer. Žena mu je še prej dala kruh.\n",
}
BALTIC = {
    "Latvian": "Vecais vīrs sēdēja pie upes. Meitene viņam nesa maizi, šķīvi, ābolus un ūdeni.\n",
    "Lithuanian": "Senis sėdėjo prie upės, laukė vakaro. Mergaitė nešė jam sūrio ir ąžuolo.\n",
    "Estonian": "Vanamees istus jõe ääres ja ootas õhtut. Tüdruk tõi šokolaadi, žürii ja öö.\n",
}
WESTERN = {
    "German": "Der alte Fischer saß am Fluss und wartete, während Möwen über Brücken flogen.\n",
    "French": "Le pêcheur était assis près de la rivière; à côté, où l'été finit, ça sentait.\n",
    "Spanish": "El pescador esperó la mañana junto al río. ¿Dónde está el niño? Aquí, señor.\n",
    "Portuguese": "O pescador não esperou a manhã; o avô e a irmã comeram o pão à beira do rio.\n",
    "Italian": "La città è là, più in alto; il pescatore aspettò, perché così si usa, e andò.\n",
    "Danish": "Den gamle fisker sad ved åen og ventede på sønnen; pigen købte brød, æbler og øl.\n",
    "Swedish": "Den gamle fiskaren satt vid ån och väntade på kvällen; flickan köpte bröd.\n",
    "Icelandic": "Gamli maðurinn sat við ána og beið; stúlkan kom með brauð, þá var orðið kalt.\n",
    "Finnish": "Vanha kalastaja istui järven äärellä; tyttö söi leipää ja meni töihin.\n",
}


@pytest.mark.parametrize("times", [1, 30])
@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        *((e, line) for e in ("cp1250", "iso8859_2") for line in CENTRAL.values()),
        *(("cp1257", line) for line in BALTIC.values()),
        *(("cp1252", line) for line in WESTERN.values()),
        (
            "cp1254",
            "Yaşlı balıkçı ırmağın kıyısında oturdu, İstanbul'u düşündü; gün çok güzeldi.\n",
        ),
    ],
)
def test_of_latin_encodings_the_letters_of_a_language_decide(
    encoding: str, line: str, times: int
) -> None:
    data = (line * times).encode(encoding)
    found = candidates(data)
    assert data.decode(found[0]) == line * times
    assert len(found) == 1
    assert found == ["cp1252"] or line not in WESTERN.values()


def test_in_doubt_two_encodings_are_named() -> None:
    data = "čaj ali žganje, več čaja, žlica, žito in čas za počitek\n".encode("iso8859_2")
    assert candidates(data) == ["cp1250", "iso8859_2"]  # ľ and č are Slovak, ž and č Slovene
    said = cure(data, 0, "t.txt", ["set encoding={}"])
    assert said.startswith(
        "it looks like cp1250 or iso8859_2 (read a line: with iso8859_2 other letters come out): "
        "set encoding=cp1250, or convert it: iconv -f CP1250 -t UTF-8 t.txt > NEW"
    )


@pytest.mark.parametrize("line", [*WESTERN.values(), *CENTRAL.values(), RUSSIAN, CHINESE])
@pytest.mark.parametrize("bad", [b"\xe9\n", b"\x92 \x93\n", "Straße\n".encode("cp1252")])
def test_utf_8_with_a_few_bad_bytes_is_called_so_and_keeps_its_encoding(
    line: str, bad: bytes
) -> None:
    data = (line * 9).encode() + bad
    said = cure(data, len(data) - len(bad), "t.txt", ["set encoding={}"])
    stray = sum(byte > 127 for byte in bad)
    assert said == (
        f"it is UTF-8 but for {stray} of {len(data):,} bytes here: mend them, or leave them out: "
        "iconv -c -f UTF-8 -t UTF-8 t.txt > NEW"
    )


def test_one_encoding_is_not_set_where_other_text_of_the_source_is_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes((GERMAN * 9).encode("cp1252"))
    (folder / "b.txt").write_bytes((GERMAN * 9).encode())
    config = CorpusConfig(source=str(folder), name="t", min_count=1, held_out=0)
    file = folder / "a.txt"
    convert = f"it looks like cp1252: convert it: iconv -f CP1252 -t UTF-8 {file} > NEW; other text"
    with pytest.raises(CorpusError, match=re.escape(convert)) as error:
        prepare(config, tmp_path / "cache")
    assert "encoding=" not in str(error.value)
    (folder / "b.txt").write_bytes(b"plain words\n" * 9)
    with pytest.raises(CorpusError, match="set encoding=cp1252"):
        prepare(config, tmp_path / "cache")


def test_a_block_without_letters_of_utf_8_is_judged_by_the_blocks_before_it() -> None:
    lines = LineReader()
    chunks = [GERMAN.encode(), b"a cr\xe8me and nothing else\n"]
    with pytest.raises(CorpusError, match=r"byte 106: .*it is UTF-8 but for 1 of 25 bytes here"):
        list(lines.blocks(chunks, "t.txt"))


def test_the_cure_can_be_typed_whatever_the_file_is_called(tmp_path: Path) -> None:
    for name in ("it's l1.txt", "-dash.txt", "a b;c.txt"):
        data = (GERMAN * 9).encode("cp1252")
        (tmp_path / name).write_bytes(data)
        command = cure(data, data.index(b"\xfc"), name).partition("convert it: ")[2]
        subprocess.run(command.replace("NEW", "new"), shell=True, check=True, cwd=tmp_path)
        assert (tmp_path / "new").read_text(encoding="utf-8") == GERMAN * 9


def test_a_tar_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GERMAN * 9, encoding="utf-8")
    for name, mode in (("books.tar", "w"), ("books.tar.gz", "w:gz")):
        with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]
            archive.add(tmp_path / "a.txt", "a.txt")
        config = CorpusConfig(source=str(tmp_path / name), name="t", min_count=1, held_out=0)
        said = f"it is a tar archive: unpack it (tar -xf {tmp_path / name}) and give the text"
        with pytest.raises(CorpusError, match=re.escape(said) + " that is in it$"):
            prepare(config, tmp_path / "cache")
    (tmp_path / "books.tar").unlink()
    config = CorpusConfig(source=str(tmp_path), name="t", min_count=1, held_out=0)
    with pytest.raises(CorpusError, match=r"in it, or move it out of the folder of texts$"):
        prepare(config, tmp_path / "cache")


def test_a_file_is_no_other_text_of_its_source(tmp_path: Path) -> None:
    data = (GERMAN * 900).encode() + (GERMAN * 9).encode("cp1252")
    with pytest.raises(CorpusError) as error:
        prepare(corpus_of(tmp_path, data), tmp_path / "cache")
    assert "other text" not in str(error.value)
    assert "encoding=" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (zipped, "it begins like a zip archive"),
        (gzip.compress, "it begins like packed by gzip; name it NAME.gz"),
        (lambda text: b"%PDF-1.7\n\xe2\xe3\n" + text, "it begins like a PDF"),
        (
            lambda text: text + b"a\0b\n",
            "it is UTF-8 with NUL bytes in it: remove them: tr -d '\\000' < /",
        ),
    ],
)
def test_what_is_no_plain_text_is_named(tmp_path: Path, make: Make, said: str) -> None:
    data = make(GERMAN.encode() * 9)
    with pytest.raises(CorpusError, match=re.escape(said)):
        prepare(corpus_of(tmp_path, data), tmp_path / "cache")


def test_the_cure_of_a_packed_file_unpacks_it(tmp_path: Path) -> None:
    data = gzip.compress(RUSSIAN.encode("cp1251") * 30)
    cure = re.escape(f"gzip -dc {tmp_path / 't.txt.gz'} | iconv -f CP1251 -t UTF-8 > NEW")
    with pytest.raises(CorpusError, match=cure):
        prepare(corpus_of(tmp_path, data, "t.txt.gz"), tmp_path / "cache")
