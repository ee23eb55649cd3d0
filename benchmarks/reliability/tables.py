"""The parts of the report that are no tries of a harness: the fuzzing and the mutants.

Reads fuzz.csv, fuzz_findings.csv, mutation.csv, survivors.csv and versions.csv of the folder of
stored rows.
"""

import csv
import re
from collections import Counter
from pathlib import Path

from benchmarks.reliability.fuzz_targets import targets
from wordrel.report.text import count, escape, table

AIM_EXECUTIONS, AIM_MINUTES, AIM_MUTANTS = 50_000, 30, 500


VERSIONS = "versions.csv"
VERSION_HEADS = ["python", "torch", "what", "found", "n"]


def stored_rows(path: Path) -> list[dict[str, str]]:
    """The lines of a table, none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def fuzzing(folder: Path) -> str:
    """A row a reader, all its runs together, and what became of each finding."""
    runs = stored_rows(folder / "fuzz.csv")
    if not runs:
        return ""
    heads = ["reader", "executions", "edges", "edges new in the last half", "findings", "minutes"]
    lines, met = [], 0
    for reader in dict.fromkeys(row["reader"] for row in runs):
        its = [row for row in runs if row["reader"] == reader]
        executions = sum(int(row["executions"]) for row in its)
        minutes = sum(float(row["minutes"]) for row in its)
        met += executions >= AIM_EXECUTIONS and minutes >= AIM_MINUTES
        edges = max(int(row["edges"]) for row in its)
        findings = sum(int(row["findings"]) for row in its)
        numbers = [executions, edges, int(its[-1]["new_edges_in_last_half"]), findings]
        lines.append([escape(reader), *map(count, numbers), f"{minutes:.1f}"])
    aim = (
        f"Aimed at: {count(AIM_EXECUTIONS)} executions and {AIM_MINUTES} minutes a reader. "
        f"Met by {met} of {len(targets())} readers."
    )
    return f"## Fuzzing of readers\n\n{aim}\n\n{table(heads, lines, 1)}\n\n{_findings(folder)}"


def cell(markdown: str) -> str:
    """Markdown written by hand, for a cell of a table."""
    return markdown.replace("|", "\\|")


def _findings(folder: Path) -> str:
    from benchmarks.reliability.page import read_findings  # it imports the registry, which has this

    known = [finding for finding in read_findings(folder) if finding.harness == "fuzz"]
    lines = []
    for row in stored_rows(folder / "fuzz_findings.csv"):
        about = f"{row['reader']} | {row['kind']} | {row['where']}"
        became = next(
            (finding.became for finding in known if re.search(finding.pattern, about)), "open"
        )
        lines.append([escape(row[k]) for k in ("reader", "kind", "where")] + [cell(became)])
    if not lines:
        return "Nothing was found.\n"
    return f"{table(['reader', 'kind', 'where', 'what became of it'], lines, 4)}\n"


def mutants(folder: Path) -> str:
    """How many mutants a test noticed, and what became of the survivors."""
    rows = [row for row in stored_rows(folder / "mutation.csv") if row["outcome"] != "not judged"]
    if not rows:
        return ""
    survived = [row for row in rows if row["outcome"] == "survived"]
    became = {row["number"]: row["became"] for row in stored_rows(folder / "survivors.csv")}
    by_file = Counter(row["file"] for row in rows)
    alive = Counter(row["file"] for row in survived)
    lines = [[escape(file), count(by_file[file] - alive[file]), count(n)]
             for file, n in sorted(by_file.items())]  # fmt: skip
    summary = (
        f"Aimed at: {AIM_MUTANTS} mutants. Judged: {len(rows)}. A test noticed "
        f"{len(rows) - len(survived)}."
    )
    listed = [
        [row["number"], escape(f"{row['file']}:{row['line']}"), escape(row["before"]),
         escape(row["after"]), escape(became.get(row["number"], "open"))]
        for row in survived
    ]  # fmt: skip
    heads = ["mutant", "place", "was", "is", "what became of it"]
    return f"## Mutants\n\n{summary}\n\n{table(['file', 'noticed', 'judged'], lines, 1)}\n" + (
        f"\n{table(heads, listed, 5)}\n" if listed else ""
    )


def versions(folder: Path) -> str:
    """A row a version of Python and comparison."""
    rows = stored_rows(folder / VERSIONS)
    if not rows:
        return ""
    lines = [
        [*(escape(row[head]) for head in VERSION_HEADS[:-1]), count(int(row["n"]))] for row in rows
    ]
    summary = (
        "Models that Python 3.11 trained are evaluated again by another version, and the "
        "quickstart is trained again by it, and compared to `results/quickstart`. n counts "
        "scores. A version without a row was not tried."
    )
    return f"## Versions of Python\n\n{summary}\n\n{table(VERSION_HEADS, lines, 4)}\n"
