"""What the commands print and write, kept from one commit and compared with another.

    python tests/baseline.py make FOLDER [--commit REV] [--steps quickstart,lookup,...]
    python tests/baseline.py compare FOLDER OTHER

`make` checks a commit out into a `git worktree` and runs its commands with an empty cache. Both
folders must come from one machine: another processor gives other last digits. `compare` reads
tables, reports, pages and vectors, never the bytes of a compressed file. It leaves out what a clock
or the memory decides. It ends with `identical`, or names what differs (exit status 1).

Needs WORDREL_DATA for the step `own` (three novels). All steps take about half an hour on two
cores.
"""

import argparse
import csv
import io
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

REPOSITORY = Path(__file__).resolve().parent.parent
NOVELS = ("Barclay_Postern_1911.txt", "Bennet_Babylon_1902.txt", "Blackmore_Erema_1877.txt")
MEASURED = ("seconds", "tokens_per_second", "peak_memory_mb")
"""Columns of runs.csv that a clock or the memory decides."""


class Maker:
    """Runs the commands of one commit.

    Attributes:
        code: the checked-out commit.
        out: the folder that keeps what they write.
    """

    def __init__(self, code: Path, out: Path) -> None:
        self.code = code
        self.out = out

    def wordrel(self, *arguments: str | Path) -> str:
        """Run one command in the folder `out` and return what it printed."""
        source = str(self.code / "src")
        environment = os.environ | {
            "PYTHONPATH": source,
            "WORDREL_CACHE": str(self.out / "cache"),
            "COLUMNS": "200",
        }
        command = [sys.executable, "-c", "from wordrel.cli import main; main()"]
        print("wordrel", *arguments, flush=True)
        ended = subprocess.run(
            [*command, *map(str, arguments)],
            cwd=self.out,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return ended.stdout

    def quickstart(self) -> None:
        """The study of the front page."""
        self.wordrel("run", self.code / "configs/quickstart.yaml", "--out", "quickstart")

    def lookup(self) -> None:
        """Planted text, one seed."""
        self.wordrel("run", self.code / "configs/lookup.yaml", "seeds=[1]", "--out", "lookup")

    def own(self) -> None:
        """A study of one's own text: three novels."""
        text = self.out / "text"
        text.mkdir(exist_ok=True)
        for name in NOVELS:
            shutil.copy(Path(os.environ["WORDREL_DATA"]) / "corpora/novels" / name, text / name)
        (self.out / "own.yaml").unlink(missing_ok=True)
        self.wordrel("new", "own", "--corpus", "text", "--out", "own.yaml")
        self.wordrel("run", "own.yaml", "--out", "own")

    def export(self) -> None:
        """Word vectors of two models in two formats."""
        folder = self.out / "export"
        for model in ("skip_gram", "attention"):
            for file_format, name in (("word2vec", "vec.txt"), ("safetensors", "vec.safetensors")):
                place = folder / model / name
                place.parent.mkdir(parents=True, exist_ok=True)
                chosen = ("--model", model, "--format", file_format, "--to", place)
                self.wordrel("export", "quickstart", *chosen)

    def explore(self) -> None:
        """The page that shows the models at work."""
        self.wordrel("explore", "quickstart", "--words", "2000", "--out", "explore.html")

    def report(self) -> None:
        """The report and the page of every committed study."""
        for config in sorted((self.code / "results").glob("*/config.yaml")):
            study = self.out / "report" / config.parent.name
            shutil.rmtree(study, ignore_errors=True)
            shutil.copytree(config.parent, study)
            self.wordrel("report", study.relative_to(self.out))

    def compare(self) -> None:
        """Two results side by side."""
        folders = (self.code / "results/quickstart", "quickstart")
        text = self.wordrel("compare", *folders).replace(str(self.code), "")
        (self.out / "compare.txt").write_text(text, encoding="utf-8")


STEPS = ("quickstart", "lookup", "own", "export", "explore", "report", "compare")


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A worktree of the commit, gone after the block."""
    with tempfile.TemporaryDirectory(prefix="wordrel-baseline-") as parent:
        place = Path(parent) / "code"
        git = ("git", "-C", str(REPOSITORY), "worktree")
        subprocess.run([*git, "add", "--detach", "--quiet", str(place), commit], check=True)
        try:
            yield place
        finally:
            subprocess.run([*git, "remove", "--force", str(place)], check=True)


def make(out: Path, commit: str, steps: tuple[str, ...]) -> None:
    """Run the steps of one commit; what an earlier call wrote of other steps stays."""
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with checked_out(commit) as code:
        maker = Maker(code, out)
        for step in steps:
            getattr(maker, step)()


# What is compared: for each file a list of lines that hold its content.

Lines = list[str]


def table_lines(path: Path) -> Lines:
    """A row a line, without the columns that a clock or the memory decides."""
    rows = list(csv.reader(io.StringIO(_text(path))))
    left_out = MEASURED if path.name.startswith("runs.") else ()
    kept = [i for i, name in enumerate(rows[0]) if name not in left_out] if rows else []
    return ["\t".join(row[i] for i in kept) for row in rows]


def report_lines(path: Path) -> Lines:
    """The lines of a report; figures are drawn, so their files are not looked at."""
    return [line for line in _text(path).splitlines() if not line.startswith("![")]


class _Tables(HTMLParser):
    """The cells of all tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Lines = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.lines.append("")
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None and self.lines:
            self.lines[-1] += " ".join("".join(self._cell).split()) + "\t"
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def page_lines(path: Path) -> Lines:
    """The cells of every table of a page, a row a line, in sorted order."""
    tables = _Tables()
    tables.feed(_text(path))
    return sorted(tables.lines)


def explorer_lines(path: Path) -> Lines:
    """The data of the explorer, a value a line."""
    match = re.search(r"window\.wordrelData = (.*?);(</script>|\n)", _text(path), re.DOTALL)
    return list(_leaves("", json.loads(match[1]))) if match else []


def _leaves(place: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(f"{place}.{key}", below)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for number, below in enumerate(value):
            yield from _leaves(f"{place}.{number}", below)
    else:
        yield f"{place}: {json.dumps(value, ensure_ascii=False)}"


def tensor_lines(path: Path) -> Lines:
    """Every number of a safetensors file, a row of a tensor a line."""
    tensors = load_file(path)
    rows = ((name, row) for name in sorted(tensors) for row in np.atleast_2d(tensors[name]))
    return [f"{name} {row.tobytes().hex()}" for name, row in rows]


def plain_lines(path: Path) -> Lines:
    """A text as it is."""
    return _text(path).splitlines()


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (lzma.decompress(data) if path.suffix == ".xz" else data).decode()


READERS: dict[str, Callable[[Path], Lines]] = {
    "quickstart/*.csv*": table_lines,
    "lookup/*.csv*": table_lines,
    "own/*.csv*": table_lines,
    "own.yaml": plain_lines,
    "export/*/vec.txt": plain_lines,
    "export/*/vec.safetensors": tensor_lines,
    "explore.html": explorer_lines,
    "report/*/report.md": report_lines,
    "report/*/report.html": page_lines,
    "compare.txt": plain_lines,
}


def contents(folder: Path) -> dict[str, Lines]:
    """What each file holds, by its path without the ending of a compressed file."""
    return {
        str(path.relative_to(folder)).removesuffix(".xz"): read(path)
        for pattern, read in READERS.items()
        for path in sorted(folder.glob(pattern))
    }


def differences(first: Path, second: Path) -> list[str]:
    """What the two folders hold differently, a line a file; empty where they are the same.

    A file that only one of the two has is a difference, and so is a folder that has no file.
    """
    first_lines, second_lines = contents(first), contents(second)
    problems = [
        f"{folder}: found nothing to compare"
        for folder, has in ((first, first_lines), (second, second_lines))
        if not has
    ]
    for name in sorted({*first_lines, *second_lines}):
        if name not in first_lines or name not in second_lines:
            problems.append(f"{name}: only in {first if name in first_lines else second}")
        elif first_lines[name] != second_lines[name]:
            pairs = list(zip_longest(first_lines[name], second_lines[name], fillvalue="(no line)"))
            number = next(i for i, (a, b) in enumerate(pairs) if a != b)
            count = sum(a != b for a, b in pairs)
            shown = "\n".join(f"  {line[:300]}" for line in pairs[number])
            problems.append(
                f"{name}: {count} of {len(pairs)} lines, first line {number + 1}:\n{shown}"
            )
    return problems


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make")
    maker.add_argument("folder", type=Path)
    maker.add_argument("--commit", default="HEAD")
    maker.add_argument("--steps", default=",".join(STEPS))
    comparer = commands.add_parser("compare")
    comparer.add_argument("folder", type=Path)
    comparer.add_argument("other", type=Path)
    options = parser.parse_args()
    if options.command == "make":
        steps = tuple(options.steps.split(","))
        if unknown := set(steps) - set(STEPS):
            parser.error(
                f"found the steps {', '.join(unknown)}; expected some of {', '.join(STEPS)}"
            )
        make(options.folder, options.commit, steps)
        return 0
    problems = differences(options.folder, options.other)
    print("\n".join(problems) or f"identical: {len(contents(options.folder))} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
