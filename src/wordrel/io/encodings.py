"""In what encoding bytes that are no UTF-8 seem to be, and the cure that works.

The detector is charset-normalizer's; it chooses among encodings that text is still found in. Latin
ones differ in few letters, so of these the alphabets of languages decide.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from charset_normalizer import from_bytes

from wordrel.io.visible import shell_word

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LIKELY = (
    *("cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "koi8_r", "mac_roman", "cp437", "gb18030", "big5", "shift_jis", "euc_jp"),
    *("euc_kr", "cp874", "cp866", "cp852", "koi8_u", "iso8859_5", "iso8859_6"),
)
_WESTERN = (
    *("àâæçèéêëîïôœùûüÿ", "äöüßéèà", "áéíñóúü¿¡ªº", "àèéìíîòóù", "àáâãçéêíóôõúªº", "æøåéèêôó"),
    *("äöåéüà", "äöåšž", "áðéíóúýþæö", "áðíóúýæø", "áèéêëíïóöü", "àçèéíïòóúü·", "äöõüšž", "áéíóú"),
)
"""The letters beside a to z, and signs, of French, German, Spanish, Italian, Portuguese, Danish,
Swedish, Finnish, Icelandic, Faroese, Dutch, Catalan, Estonian and Irish."""
_CENTRAL = (*("áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţ", "čćđšž"),)
"""Of Czech, Slovak, Polish, Hungarian, Romanian, and of Croatian and Slovene."""
_BALTIC = ("āčēģīķļņōŗšūž", "ąčęėįšųūž", "äöõüšž")
"""Of Latvian, Lithuanian and Estonian."""
_ALPHABETS = {
    **dict.fromkeys(("cp1252", "mac_roman"), _WESTERN),
    **dict.fromkeys(("cp1250", "iso8859_2"), _CENTRAL),
    "cp1257": _BALTIC,
    "cp1254": ("âçğıîöşüû\u0307",),  # Turkish; İ in small letters has a dot of its own
}
_LATIN = (*_ALPHABETS, "cp1258")
_WINDOWS = ("cp1252", "cp1250", "iso8859_2", "cp1257", "cp1254")
"""Those that letters may choose where the detector found another one of `_LATIN`."""
_USUAL = ("cp1252", "mac_roman")
"""Those that stay where the letters fit: most texts in them are words in another one too."""
_OF_ALL = frozenset("\xa0\xad„“”‚‘’–—…«»‹›§°€•·©®™×")
"""Signs that texts of any language have; they identify no alphabet."""
_FITS = 0.9
"""Share of the signs that an alphabet has; the others are of names and of quotations."""
_STRAY = 20
"""So many bytes for each valid letter of UTF-8 are still damage, and no encoding of Latin letters,
in which two letters hardly ever look like UTF-8."""
_ICONV = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "mac_roman": "MACINTOSH"}
_TAR, _TAR_AT = b"ustar", 257
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive (or a document of an office program)",
    b"\x1f\x8b": "packed by gzip; name it NAME.gz",
    b"BZh": "packed by bzip2; name it NAME.bz2",
    b"\xfd7zXZ\0": "packed by xz; name it NAME.xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd; name it NAME.zst",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"%PDF": "a PDF",
}
"""First bytes of files that contain text, and are no text themselves."""
_UNPACK = {".gz": "gzip -dc", ".bz2": "bzip2 -dc", ".xz": "xz -dc", ".zst": "zstd -dc"}
_SAMPLE = 1 << 16
_PLAIN = re.compile("[\0-\x7f]+")
UNDECODABLE = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of a bad byte
_SEEN, _SPACES = 0.95, 0.01
"""Shares of the signs of a text: those that can be seen or are white space, and those that part."""


def recognised(data: bytes, at: int = 0) -> str | None:
    """The encoding that bytes which are no UTF-8 seem to have, by its name in Python.

    Args:
        data: text from a line's start on.
        at: where the first byte stands that is no UTF-8.

    Returns:
        None where no encoding makes text of them.
    """
    return next(iter(candidates(data, at)), None)


def candidates(data: bytes, at: int = 0) -> list[str]:
    """The same, and after it others that fit as well and give other letters."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return [encoding]
    start = max(0, at - _SAMPLE // 2)
    sample = data[start + start % 2 : start + _SAMPLE]
    if b"\0" in sample:
        return [name for name in ("utf-16-le", "utf-16-be") if _is_text(sample, name)][:1]
    matches = [*from_bytes(sample, cp_isolation=list(_LIKELY))]
    if not matches:  # the detector passes over what is like an encoding that failed
        alone = (from_bytes(sample, cp_isolation=[name]).best() for name in _LIKELY)
        matches = sorted((m for m in alone if m is not None), key=lambda m: m.chaos)
    if not matches:
        return []
    best = matches[0]
    turkish = next((match for match in matches if match.encoding == "cp1254"), best)
    likely = turkish.language == "Turkish" and turkish.chaos <= best.chaos
    if likely and turkish.encoding == "cp1254":
        return ["cp1254"]  # six letters apart from cp1252
    usual = _LIKELY[0]
    as_likely = any(match.encoding == usual and match.chaos <= best.chaos for match in matches)
    same = as_likely or sample.decode(usual, "replace") == str(best)
    named = usual if same else str(best.encoding)
    return _by_letters(sample, [named, *(str(match.encoding) for match in matches)])


def _by_letters(sample: bytes, detected: Sequence[str]) -> list[str]:
    """The Latin encodings in which the letters are those of one language.

    Args:
        sample: of the text.
        detected: by the detector, the likeliest first; it stays where letters do not decide.
    """
    named = detected[0]
    if named not in _LATIN:
        return [named]
    alphabets = {name: _ALPHABETS[name] for name in _ALPHABETS if name in (named, *_WINDOWS)}
    fits = {name: _share(sample, name, letters) for name, letters in alphabets.items()}
    most = max(fits.values())
    if most < _FITS or (fits.get(named) == most and named in _USUAL):
        return [named]
    order = {name: place for place, name in reversed([*enumerate([*detected, *_ALPHABETS])])}
    best = [name for name, fit in fits.items() if fit == most]
    readings: dict[str, str] = {}
    for name in sorted(best, key=lambda name: (name != _LIKELY[0], order[name])):
        readings.setdefault(sample.decode(name, "replace"), name)
    same = readings.pop(sample.decode(named, "replace"), "")
    return [*([named] if same else []), *readings.values()][:2]


def _share(sample: bytes, encoding: str, alphabets: Sequence[str]) -> float:
    """The largest share of an alphabet in the signs of the text that are not those of English."""
    signs = Counter(sample.decode(encoding, "replace").lower())
    own = {s: n for s, n in signs.items() if s > "\x7f" and s not in _OF_ALL}
    known = (sum(n for sign, n in own.items() if sign in letters) for letters in alphabets)
    return max(known) / max(sum(own.values()), 1)


def _is_text(sample: bytes, encoding: str) -> bool:
    """Whether the bytes are text with spaces in this encoding, and not by chance."""
    text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
    seen = sum(sign.isprintable() or sign.isspace() for sign in text)
    spaces = sum(sign in " \r\n\t" for sign in text)
    return seen >= _SEEN * len(text) and spaces >= _SPACES * len(text)


def cure(
    data: bytes, at: int, name: str, settings: Sequence[str] = (), *, begun_as_utf8: bool = False
) -> str:
    """What to do with a file that is no UTF-8: a sentence that begins in the middle.

    Args:
        data: of the file, from a line's start on.
        at: the bad byte, from the start of `data`.
        name: of the file.
        settings: that give the encoding, each with {} for it; none where it cannot be given.
        begun_as_utf8: whether what stands before `data` has letters of UTF-8.
    """
    if archive := archive_cure(data, name):
        return archive
    place = shell_word(name)
    packed = next((tool for end, tool in _UNPACK.items() if name.lower().endswith(end)), None)
    read = f"{packed} {place} |" if packed else ""
    if _is_utf8_with_nul(data):
        take = f"{read} tr -d '\\000'" if read else f"tr -d '\\000' < {place}"
        return f"it is UTF-8 with NUL bytes in it: remove them: {take.strip()} > NEW"

    def converted(convert: str) -> str:
        return f"{read} {convert} > NEW" if read else f"{convert} {place} > NEW"

    likely = candidates(data, at)
    if stray := _stray_bytes(data, likely, begun_as_utf8=begun_as_utf8):
        drop = converted("iconv -c -f UTF-8 -t UTF-8")
        all_of = f"{stray:,} of {len(data):,} bytes here"
        return f"it is UTF-8 but for {all_of}: mend them, or leave them out: {drop}"
    if not likely:
        return "its encoding was not recognised: save it as UTF-8"
    encoding = likely[0]
    ways = [setting.format(encoding) for setting in settings]
    known = _ICONV.get(encoding, encoding.replace("_", "-").upper())
    ways.append(f"convert it: {converted(f'iconv -f {known} -t UTF-8')}")
    looks = f"it looks like {' or '.join(likely)}"
    look = "" if len(likely) == 1 else f" (read a line: with {likely[1]} other letters come out)"
    return f"{looks}{look}: " + ", or ".join(ways)


def archive_cure(data: bytes, name: str) -> str:
    """What to do with a file that contains text and is none, such as a PDF; empty for others."""
    if data.startswith(_TAR, _TAR_AT) and b"\0" in data[:_TAR_AT]:
        unpack = f"unpack it (tar -xf {shell_word(name)})"
        return f"it is a tar archive: {unpack} and give the text that is in it"
    archive = next((what for mark, what in _ARCHIVES.items() if data.startswith(mark)), None)
    return f"it begins like {archive}: give the text that is in it" if archive else ""


def utf8_text(data: bytes, path: Path, refusal: Callable[[str], Exception]) -> str:
    """The text of a whole small file, without its byte order mark; line ends stay as they are.

    Args:
        data: what the file holds.
        path: the file, for the error.
        refusal: makes the error of what is no UTF-8, which is raised.
    """
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line, at = data.count(b"\n", 0, error.start) + 1, error.start
        raise refusal(
            f"{path}:{line}: found byte 0x{data[at]:02x} at offset {at}, expected UTF-8; "
            f"{cure(data, at, path.name)}"
        ) from error
    at = data.find(b"\0")
    if at >= 0 and recognised(data):  # UTF-16 of plain letters is UTF-8, too
        raise refusal(f"{path}: found NUL bytes, expected UTF-8; {cure(data, at, path.name)}")
    return text


def _stray_bytes(data: bytes, likely: Sequence[str], *, begun_as_utf8: bool) -> int:
    """How many bytes are none of UTF-8 in what is UTF-8 else; 0 where it is another encoding.

    Args:
        data: of the file.
        likely: the encodings that it seems to have.
        begun_as_utf8: as in `cure`.
    """
    if likely and likely[0].startswith("utf"):
        return 0
    text = _PLAIN.sub("", data.decode("utf-8", "surrogateescape"))
    stray = len(UNDECODABLE.findall(text))
    valid = len(text) - stray
    needed = stray / _STRAY if likely and likely[0] in _LATIN else stray
    return stray if begun_as_utf8 or 0 < needed <= valid else 0


def _is_utf8_with_nul(data: bytes) -> bool:
    """Whether a few NUL bytes stand in what is UTF-8 else; UTF-16 has one in each second byte."""
    sample = data[:_SAMPLE].rpartition(b"\n")[0] or data
    if not 0 < sample.count(b"\0") < len(sample) / 20:
        return False
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
