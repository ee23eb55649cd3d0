"""Other versions of Python: do they train and evaluate as the one that made the committed tables?

With the interpreter that is tried, from the top of the repository:
`python -m benchmarks.reliability.versions CACHE RESULTS`. RESULTS is another version's study, and
CACHE is where it trained. The trained models of CACHE are evaluated again, and the quickstart is
trained again from nothing. `versions.csv` gets a row a comparison; a second call replaces the rows
of its version.
"""

import argparse
import platform
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
import torch

import wordrel
from benchmarks.reliability.tables import VERSION_HEADS, VERSIONS, stored_rows
from wordrel.io.files import write_text
from wordrel.study.results import read_results

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "results" / "reliability" / VERSIONS
LARGEST, SAME = "stored models: largest difference of a score", "quickstart trained again: "
_KEYS = ["corpus", "model", "seed", "task", "measure", "split", "embedding"]
_KEPT = ("corpora", "cells", "checkpoints")  # what is trained; answers are left behind


def main() -> None:
    """Add the rows of this version of Python."""
    parser = argparse.ArgumentParser(description="Compare this version of Python with another.")
    parser.add_argument("cache", type=Path, help="where the study of the other version trained")
    parser.add_argument("results", type=Path, help="its results")
    options = parser.parse_args()
    mine = {"python": platform.python_version(), "torch": torch.__version__}
    comparisons = [*evaluated_again(options.cache, options.results), *trained_again()]
    rows = [row for row in stored_rows(PATH) if row["python"] != mine["python"]]
    rows += [{**mine, "what": what, "found": value, "n": str(n)} for what, value, n in comparisons]
    write(PATH, sorted(rows, key=lambda row: row["python"]))


def evaluated_again(cache: Path, results: Path) -> list[tuple[str, str, int]]:
    """The largest difference of a score between the two versions, of the same trained models."""
    stored = read_results(results)
    with tempfile.TemporaryDirectory() as folder:
        for name in _KEPT:
            if (cache / name).exists():
                shutil.copytree(cache / name, Path(folder) / "cache" / name)
        again = wordrel.run(
            results / "config.yaml", out=Path(folder) / "results", cache=Path(folder) / "cache"
        )
        return [differences(stored.scores, again.scores)]


def differences(before: pd.DataFrame, after: pd.DataFrame) -> tuple[str, str, int]:
    """Of all scores that both tables hold; n counts them.

    Raises:
        ValueError: one table holds a score that the other lacks.
    """
    scores = before.set_index(_KEYS)["score"].to_frame("before")
    scores = scores.join(after.set_index(_KEYS)["score"].rename("after"), how="outer")
    if (scores["before"].isna() != scores["after"].isna()).any():
        raise ValueError("expected the same scores in both tables")
    gaps = (scores["before"] - scores["after"]).abs().dropna()
    return LARGEST, f"{gaps.max():.1g}", len(gaps)


def trained_again() -> list[tuple[str, str, int]]:
    """Verdicts of `reproduce` on the committed quickstart, with how many scores have each."""
    verdicts = Counter(wordrel.reproduce(ROOT / "results" / "quickstart")["verdict"])
    return [(f"{SAME}{verdict}", str(n), verdicts.total()) for verdict, n in verdicts.items()]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """All rows, in this order."""
    lines = [VERSION_HEADS, *([row[head] for head in VERSION_HEADS] for row in rows)]
    write_text(path, "".join(",".join(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
