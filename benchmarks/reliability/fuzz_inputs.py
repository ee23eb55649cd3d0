"""Changes of inputs for the fuzzing, which follow the structure of a format.

A change that keeps a file almost right reaches further into a reader than bytes at random do.
"""

import copy
import json
import random
import re
import struct
from collections.abc import Callable
from typing import Any

Mutator = Callable[[bytes, random.Random], bytes]

_WORDS = (
    *(
        b"",
        b" ",
        b"nan",
        b"inf",
        b"-1",
        b"1e999",
        b"1e-999",
        b"0",
        b"-0.0",
        b"1_0",
        b"0x1f",
        b"3,5",
    ),
    *("９".encode(), "\u200b".encode(), "\ufeff".encode(), "\u2028".encode(), "ſ".encode()),
    *(
        b"\x00",
        b"\xff",
        b'"',
        b"'",
        b"#",
        b"_",
        b"1-2",
        b"2.1",
        b"root",
        b"\r",
        b"\x1b[2J",
        b"=1+1",
    ),
    *(b"99999999999999999999", b"18446744073709551616", b"a" * 5000, "x\u0301".encode() * 50),
)
_YAML = (
    *(
        b"~",
        b"{}",
        b"[]",
        b"&a [*a]",
        b"*a",
        b"!!python/object:os.system x",
        b"${seeds}",
        b"${",
        b"-",
    ),
    *(
        b"? [a]",
        b"'",
        b'"\\U0011FFFF"',
        b"{a: {a: {a: {a: b}}}}",
        b"1e400",
        b".nan",
        b"<<: *a",
        b"\t",
    ),
    *(b"--- a", b"${models.0.name}", b"..", b"/", b"%YAML 9.9", b"true", b"9" * 400),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**31, 2**63, 2**64, 1e308, -0.0, float("nan"), float("inf")),
    *("", "a", "\u202e", "\ud7ff", "x" * 3000, "../../a", "\n- b", "=cmd()", "0", [], {}, [[]]),
    *({"a": None}, [0] * 300, "\x1b[31m", "<script>"),
)
_NUMBERS = (0, 1, -1, 2, 127, 255, 2**15, 2**31 - 1, -(2**31), 2**24)


def lines(marks: bytes) -> Mutator:
    """A change of lines whose fields one of these bytes separates."""

    def change(data: bytes, rng: random.Random) -> bytes:
        rows = data.split(b"\n")
        for _ in range(rng.randint(1, 4)):
            kind = rng.choice((_in_a_field, _in_a_field, _in_a_row, _in_all_rows))
            kind(rows, bytes([rng.choice(marks)]), rng)
        return b"\n".join(rows)

    return change


def _in_a_field(rows: list[bytes], mark: bytes, rng: random.Random) -> None:
    at, word = rng.randrange(len(rows)), rng.choice(_WORDS)
    fields, others = rows[at].split(mark), rng.choice(rows).split(mark)
    i = rng.randrange(len(fields))
    new: tuple[list[bytes], ...] = (
        [word],
        [word, fields[i]],
        [],
        [fields[i] + word],
        [rng.choice(others)],
    )
    fields[i : i + 1] = rng.choice(new)
    rows[at] = mark.join(fields)


def _in_a_row(rows: list[bytes], mark: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(rows))
    row = rows[at]
    rows[at : at + 1] = rng.choice(([b""], [row] * 2, [row] * 40, [row, rng.choice(rows)]))


def _in_all_rows(rows: list[bytes], mark: bytes, rng: random.Random) -> None:
    other = rng.choice((b"\t", b",", b";", b" ", b""))
    rows[:] = [row.replace(mark, other) for row in rows]


def yaml_text(data: bytes, rng: random.Random) -> bytes:
    """Change values, indentation or keys of YAML."""
    rows = data.split(b"\n")
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(rows))
        key, colon, value = rows[at].partition(b":")
        match rng.randrange(7):
            case 0:
                rows[at] = key + b": " + rng.choice(_YAML + _WORDS)
            case 1:
                rows[at] = rng.choice((b" ", b"  ", b"- ", b"\t")) + rows[at]
            case 2:
                rows[at] = rows[at].strip()
            case 3:
                rows.insert(at, rng.choice(rows))
            case 4:
                rows[at] = rng.choice(rows).partition(b":")[0] + colon + value
            case 5:
                del rows[at]
            case 6:
                word = rng.choice(_YAML)
                token = re.search(rb"[\w.]+", rows[at])
                at_word = slice(*token.span()) if token else slice(0, 0)
                rows[at] = rows[at][: at_word.start] + word + rows[at][at_word.stop :]
        rows = rows or [b""]
    return b"\n".join(rows)


def json_text(data: bytes, rng: random.Random) -> bytes:
    """Change values or keys of JSON."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return data
    for _ in range(rng.randint(1, 3)):
        tree = _changed(tree, rng)
    return json.dumps(tree).encode("utf-8", "surrogatepass")


def _changed(tree: Any, rng: random.Random) -> Any:
    if rng.random() < 0.15 or not isinstance(tree, dict | list) or not tree:
        return copy.deepcopy(rng.choice(_VALUES))  # a later change must not put it inside itself
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = rng.choice(keys)
    if rng.random() < 0.2:
        del tree[key]
    elif rng.random() < 0.1 and isinstance(tree, dict):
        tree[str(rng.choice(_VALUES))[:50]] = tree.pop(key)
    else:
        tree[key] = _changed(tree[key], rng)
    return tree


def safetensors(data: bytes, rng: random.Random) -> bytes:
    """Change the JSON header, and sometimes its stored length."""
    size = int.from_bytes(data[:8], "little")
    header = json_text(data[8 : 8 + size], rng)
    length = (
        len(header) if rng.random() < 0.9 else rng.choice((0, 1, 2**40, 2**63, len(header) + 1))
    )
    return length.to_bytes(8, "little") + header + data[8 + size :]


def npy(data: bytes, rng: random.Random) -> bytes:
    """Change the type, the order or the shape in an array's header."""
    types = (
        b"'<f4'",
        b"'|O'",
        b"'<f8'",
        b"'<M8[s]'",
        b"'<U9'",
        b"[('a','<f4')]",
        b"'<i4'",
        b"None",
    )
    shapes = (b"(3, 4)", b"(0,)", b"()", b"(-1, 4)", b"(9999999999, 4)", b"(3,)", b"('a',)", b"3")
    change = rng.choice(
        (
            (rb"'descr': [^,]+", b"'descr': " + rng.choice(types)),
            (rb"'shape': \([^)]*\)", b"'shape': " + rng.choice(shapes)),
            (rb"False", rng.choice((b"True", b"None", b"0"))),
            (rb"\x01\x00", bytes([rng.randrange(4), 0])),
        )
    )
    return re.sub(change[0], lambda _: change[1], data, count=1)


def binary(data: bytes, rng: random.Random) -> bytes:
    """Change numbers of four or eight bytes in the head of a file."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        kind = rng.choice(("<i", "<q", "<f"))
        at = rng.randrange(max(1, min(len(changed), rng.choice((64, 4096))))) // 4 * 4
        number = rng.choice(_NUMBERS)
        changed[at : at + struct.calcsize(kind)] = struct.pack(kind, number)
    if rng.random() < 0.3:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


def counts(data: bytes, rng: random.Random) -> bytes:
    """Change the first line of vectors: how many words, how many numbers."""
    first, _, vectors = data.partition(b"\n")
    sizes = [rng.choice((*first.split(), *(str(n).encode() for n in _NUMBERS))) for _ in range(2)]
    return b" ".join(sizes) + b"\n" + vectors


def either(*changes: Mutator) -> Mutator:
    """One of these changes, drawn at random."""
    return lambda data, rng: rng.choice(changes)(data, rng)


def behind(change: Mutator) -> Mutator:
    """A change of all but the first byte, which chooses the file."""
    return lambda data, rng: data[:1] + change(data[1:], rng)
