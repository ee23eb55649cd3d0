"""Damage to one stored file: a bit is flipped, or the file is cut, emptied or deleted.

A cache heals with the same bytes, or the command names what is wrong. A config and a text file of
vectors have no digest: a flipped letter makes another study of them. The results must
then carry other digests.
"""

import json
import os
import random
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.reliability.children import start
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.material import Bench, snapshot
from benchmarks.reliability.record import OK, Try, cleaned

_CONFIG = "damage.yaml"
_CACHE = ("--cache", "cache")
_SHOWN = ("--model", "skip_gram", *_CACHE)


@dataclass(frozen=True)
class Kind:
    """A kind of stored file.

    Attributes:
        files: patterns of its files, below the folder of the study.
        commands: that read them.
        removed: what is removed as well in half of the tries, so that the files are read and not
            only checked.
        input: whether the user made it, so that other bytes may be another study.
    """

    files: tuple[str, ...]
    commands: tuple[str, ...] = ("run",)
    removed: tuple[str, ...] = ()
    input: bool = False


_READING = ("run", "run", "explore", "export")
KINDS = {
    "corpus": Kind(("cache/corpora/text-*/**/*",), _READING, ("cache/answers", "cache/cells")),
    "counts": Kind(("cache/corpora/text-*/pair_counts-*/*",), ("run",), ("cache/answers",)),
    "model": Kind(("cache/cells/**/*",), _READING, ("cache/answers",)),
    "answers": Kind(("cache/answers/**/*",)),
    "digests": Kind(("cache/digests/*",)),
    "converted vectors": Kind(("cache/vectors/**/*",), ("run", "evaluate"), ("cache/answers",)),
    "result": Kind(
        ("out/*.csv", "out/*.csv.xz", "out/config.yaml", "out/manifest.json"),
        ("report", "report", "explore", "export", "run"),
    ),
    "config": Kind((_CONFIG,), ("run",), input=True),
    "vectors": Kind(("a.vec",), ("run", "evaluate"), input=True),
}
COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "run": (("run", _CONFIG, "--out", "out", "--jobs", "1", *_CACHE), ("out",)),
    "report": (("report", "out"), ("out",)),
    "explore": (("explore", "out", *_CACHE), ("out/explorer.html",)),
    "export": (
        ("export", "out", "--format", "word2vec", "--to", "vectors.txt", *_SHOWN),
        ("vectors.txt",),
    ),
    "evaluate": (("evaluate", "a.vec", "b.vec", "--pairs", "pairs.csv", *_CACHE), ()),
}


def flip(path: Path, rng: random.Random) -> None:
    """One bit, anywhere."""
    data = bytearray(path.read_bytes())
    at = rng.randrange(8 * len(data))
    data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)


def cut(path: Path, rng: random.Random) -> None:
    """The end of the file is lost."""
    os.truncate(path, rng.randrange(path.stat().st_size))


def empty(path: Path, rng: random.Random) -> None:
    """The file is empty."""
    os.truncate(path, 0)


def delete(path: Path, rng: random.Random) -> None:
    """The file is deleted."""
    path.unlink()


WAYS: Mapping[str, Callable[[Path, random.Random], None]] = {
    "flip": flip,
    "cut": cut,
    "empty": empty,
    "delete": delete,
}
EACH = 20
"""Tries of a kind and a way."""


def attempt(bench: Bench, number: int) -> Try:
    """Damage one file, and run one command on it."""
    rng = random.Random(f"damage {number}")
    cases = [(kind, way) for kind in KINDS for way in WAYS]
    name, way = cases[number % len(cases)]
    kind, healthy = KINDS[name], _healthy(bench)
    command = rng.choice(kind.commands)
    with bench.place(healthy.template) as place:
        files = sorted(
            p for pattern in kind.files for p in place.glob(pattern) if _counts(p, place)
        )
        path = rng.choice(files)
        WAYS[way](path, rng)
        gone = kind.removed if command == "run" and rng.random() < 0.5 else ()
        for folder in gone:
            shutil.rmtree(place / folder)
        outcome, detail = _after(place, command, kind, healthy)
        where = "/".join(path.relative_to(place).parts[-2:])
    note = ", what was made from it removed" if gone else ""
    return Try(number, f"{name}: {way} of {where}{note}; {command}", outcome, detail)


def _counts(path: Path, place: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
    return path.is_file() and not hidden and path.stat().st_size > 0


def _after(place: Path, command: str, kind: Kind, healthy: "_Healthy") -> tuple[str, str]:
    """How the command ended, and of a finding what was seen."""
    arguments, outputs = COMMANDS[command]
    child = start(arguments, place, name="damaged")
    status, stderr = child.wait(), child.stderr
    if status == 2 and "error: " in stderr and "Traceback" not in stderr:
        return f"{OK}: refused by name", ""
    if status == 1 and kind.input and re.search(r"^failed: .*a\.vec[:0-9]* ", stderr, re.MULTILINE):
        return f"{OK}: named as a model that failed", ""
    if status:
        return "no named error", cleaned(f"status {status}: {stderr[-300:]}")
    actual, wanted = snapshot(place, outputs, pages=True), healthy.snapshots[command]
    other = sorted(name for name in wanted if actual.get(name) != wanted[name])
    if command == "run":  # its pages hold the costs of this run
        other = [name for name in other if not name.endswith((".md", ".html"))]
    printed = command == "evaluate" and child.stdout != healthy.printed
    if not other and not printed:
        return f"{OK}: same bytes", ""
    if kind.input and (printed or _identity(place) != healthy.identity):
        return f"{OK}: another input, and its digest says so", ""
    return "wrong numbers", cleaned(", ".join(other) or "stdout")


def _identity(place: Path) -> tuple[str, ...]:
    """The identity of a study: the digest of its config, and the cell names of its runs."""
    manifest = json.loads((place / "out/manifest.json").read_text(encoding="utf-8"))
    lines = (place / "out/runs.csv").read_text(encoding="utf-8").splitlines()
    cell = lines[0].split(",").index("cell")
    return manifest["config_digest"], *sorted(line.split(",")[cell] for line in lines[1:])


@dataclass(frozen=True)
class _Healthy:
    """What stands in the undamaged folder, and what the commands leave and print there."""

    template: str
    identity: tuple[str, ...]
    snapshots: Mapping[str, Mapping[str, str]]
    printed: str


_known: dict[Path, _Healthy] = {}


def _healthy(bench: Bench) -> _Healthy:
    """Run every command once on a study that has each kind of file."""
    if bench.root in _known:
        return _known[bench.root]
    template = bench.root / "damage" / "p"
    shutil.copytree(bench.root / "empty" / "p", template)
    study = yaml.safe_load((template / "study.yaml").read_text(encoding="utf-8"))
    pairs = {"kind": "directed_pairs", "name": "order", "path": "pairs.csv"}
    vectors = {"kind": "vectors", "name": "own", "path": "a.vec"}
    study |= {"tasks": [*study["tasks"], pairs], "models": [*study["models"], vectors]}
    (template / _CONFIG).write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    snapshots, printed = dict[str, Mapping[str, str]](), ""
    for name, (arguments, outputs) in COMMANDS.items():
        child = start(arguments, template, name="healthy")
        if child.wait():
            raise RuntimeError(f"{name} fails undisturbed: {child.stderr}")
        snapshots[name] = snapshot(template, outputs, pages=True)
        printed = child.stdout
    healthy = _Healthy("damage", _identity(template), snapshots, printed)
    return _known.setdefault(bench.root, healthy)


DAMAGE = Harness(
    "damage",
    "Damaged files",
    "A bit of a stored file is flipped, or the file is cut, emptied or deleted. A command that "
    "reads it ends with the same bytes as on sound files, or names what is wrong and ends with "
    "status 2. Configs and files of vectors are the user's own. Where one says something else, the "
    "results have to say so by another digest.",
    EACH * len(KINDS) * len(WAYS),
    attempt,
)
