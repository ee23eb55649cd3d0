"""In what encoding bytes that are no UTF-8 seem to be, and the cure that works.

The detector is charset-normalizer's; it chooses among encodings that text is still found in. Reads
and writes nothing.
"""

import codecs
from collections.abc import Sequence

from charset_normalizer import from_bytes

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LIKELY = (
    *("cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "koi8_r", "mac_roman", "cp437", "gb18030", "big5", "shift_jis", "euc_jp"),
    *("euc_kr", "cp874"),
)
_ICONV = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "mac_roman": "MACINTOSH"}
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive (or a document of an office program)",
    b"\x1f\x8b": "packed by gzip; name it NAME.gz",
    b"BZh": "packed by bzip2; name it NAME.bz2",
    b"\xfd7zXZ\0": "packed by xz; name it NAME.xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd; name it NAME.zst",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"%PDF": "a PDF",
}
"""How files begin that hold text, and are none."""
_UNPACK = {".gz": "gzip -dc", ".bz2": "bzip2 -dc", ".xz": "xz -dc", ".zst": "zstd -dc"}
_SAMPLE = 1 << 16
_SEEN, _SPACES = 0.95, 0.01
"""Shares of the signs of a text: those that can be seen or are white space, and those that part."""


def recognised(data: bytes, at: int = 0) -> str | None:
    """The encoding that bytes which are no UTF-8 seem to have, by a name that Python knows.

    Args:
        data: text from a line's start on.
        at: where the first byte stands that is no UTF-8.

    Returns:
        None where no encoding makes text of them.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    start = max(0, at - _SAMPLE // 2)
    sample = data[start + start % 2 : start + _SAMPLE]
    if b"\0" in sample:
        return next((name for name in ("utf-16-le", "utf-16-be") if _is_text(sample, name)), None)
    found = [*from_bytes(sample, cp_isolation=list(_LIKELY))]
    if not found:  # the detector passes over what is like an encoding that failed
        alone = (from_bytes(sample, cp_isolation=[name]).best() for name in _LIKELY)
        found = sorted((one for one in alone if one is not None), key=lambda one: one.chaos)
    if not found:
        return None
    best = found[0]
    turkish = next((one for one in found if one.encoding == "cp1254"), best)
    if turkish.language == "Turkish" and turkish.chaos <= best.chaos:
        return str(turkish.encoding)  # six letters apart from cp1252
    usual = _LIKELY[0]
    as_likely = any(one.encoding == usual and one.chaos <= best.chaos for one in found)
    same = as_likely or sample.decode(usual, "replace") == str(best)
    return usual if same else str(best.encoding)


def _is_text(sample: bytes, encoding: str) -> bool:
    """Whether the bytes are text with spaces in this encoding, and not by chance."""
    text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
    seen = sum(sign.isprintable() or sign.isspace() for sign in text)
    spaces = sum(sign in " \r\n\t" for sign in text)
    return seen >= _SEEN * len(text) and spaces >= _SPACES * len(text)


def cure(data: bytes, at: int, name: str, settings: Sequence[str] = ()) -> str:
    """What to do with a file that is no UTF-8: a sentence that begins in the middle.

    Args:
        data: of the file, from a line's start on.
        at: the byte that is no UTF-8, from the start of `data`.
        name: of the file.
        settings: that give the encoding, each with {} for it; none where it cannot be given.
    """
    archive = next((what for mark, what in _ARCHIVES.items() if data.startswith(mark)), None)
    if archive:
        return f"it begins like {archive}: give the text that is in it"
    packed = next((tool for end, tool in _UNPACK.items() if name.lower().endswith(end)), None)
    read = f"{packed} '{name}' |" if packed else ""
    if _is_utf8_with_nul(data):
        take = f"{read} tr -d '\\000'" if read else f"tr -d '\\000' < '{name}'"
        return f"it is UTF-8 with NUL bytes in it: remove them: {take.strip()} > NEW"
    encoding = recognised(data, at)
    if encoding is None:
        return "its encoding was not recognised: save it as UTF-8"
    ways = [setting.format(encoding) for setting in settings]
    known = _ICONV.get(encoding, encoding.replace("_", "-").upper())
    convert = f"iconv -f {known} -t UTF-8"
    converted = f"{read} {convert}" if read else f"{convert} '{name}'"
    ways.append(f"convert it: {converted} > NEW")
    return f"it looks like {encoding}: " + ", or ".join(ways)


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
