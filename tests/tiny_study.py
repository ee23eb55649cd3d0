"""A study that runs in seconds: its text, its config, and what is written for it."""

import json
import lzma
import random
from itertools import combinations
from pathlib import Path

import yaml

_GROUPS = (("cat", "dog", "horse", "sheep"), ("bread", "rice", "cheese"), ("spoon", "green"))
_WORDS = [(word, number) for number, group in enumerate(_GROUPS) for word in group]
PAIRS = "".join(
    f"{a},{b},{9 - i % 3 if group_a == group_b else i % 3}\n"
    for i, ((a, group_a), (b, group_b)) in enumerate(combinations(_WORDS, 2))
)
"""36 pairs of words of the text: fewer than 30 are not evaluated."""


def text(rounds: int = 200) -> str:
    rng = random.Random(1)
    lines = []
    for number in range(rounds):
        lines.append(f"The {rng.choice(['cat', 'dog', 'horse', 'sheep'])} runs in the green field.")
        lines.append(f"We eat hot {rng.choice(['bread', 'rice', 'cheese'])} with a silver spoon.")
        lines += [""] if number % 10 == 0 else []
    return "\n".join(lines)


def settings(folder: Path, **changes: object) -> dict[str, object]:
    pairs = {"kind": "pairs", "name": "groups", "path": str(folder / "pairs.csv")}
    return {
        "study": "tiny",
        "corpora": [{"source": str(folder / "text.txt"), "min_count": 2, "held_out": 0.1}],
        "training": {"dim": 8, "window": 3, "epochs": 1, "subsample": 0},
        "models": [{"kind": "random"}, {"kind": "word2vec"}, {"kind": "attention", "batch": 256}],
        "seeds": [1, 2],
        "tasks": [pairs, "held_out_loss", "neighbour_agreement"],
        "statistics": {"resamples": 100},
        **changes,
    }


def write_study(folder: Path, **changes: object) -> Path:
    """Write text, pairs and config; returns the path of the config."""
    (folder / "text.txt").write_text(text(), encoding="utf-8")
    (folder / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    return write_config(folder, **changes)


def table_text(path: Path) -> str:
    """The text of a table, compressed or not."""
    data = path.read_bytes()
    return (lzma.decompress(data) if path.suffix == ".xz" else data).decode()


def put_table_text(path: Path, text: str) -> None:
    """The other way."""
    data = text.encode()
    path.write_bytes(lzma.compress(data) if path.suffix == ".xz" else data)


def unsealed(folder: Path) -> Path:
    """A results folder without digests, as older versions left it: its tables may be changed."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest.pop("sha256", None)
    path.write_text(json.dumps(manifest) + "\n", encoding="utf-8")
    return folder


def write_config(folder: Path, name: str = "tiny.yaml", **changes: object) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(settings(folder, **changes), sort_keys=False), encoding="utf-8")
    return path
