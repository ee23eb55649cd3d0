"""results/reliability/report.md, rendered from the stored rows and from the list of findings.

Reads `NAME.csv` of each harness, `sites.csv`, and `findings.csv`, which is written by hand: what
was found, by which rows, and what became of it.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reliability.harness import Harness
from benchmarks.reliability.record import Try, read
from benchmarks.reliability.registry import HARNESSES, PARTS
from benchmarks.reliability.sites import read_amount
from benchmarks.reliability.tables import cell
from wordrel.errors import StoreError
from wordrel.io.files import write_text
from wordrel.report.text import count, escape, table

FINDINGS = "findings.csv"

_OPENING = """# Reliability

Harnesses disturb commands on a study of a second and look at what is left. A try is one row of a
file in this folder, and its number decides all that is random in it. `python -m
benchmarks.reliability NAME --amount N` goes on where the rows end, and `make test-faults` runs some
tries of each harness. Drawing figures touches no file of a study; these tries replace it by a short
text.
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was found, and what became of it.

    Attributes:
        harness: that found it.
        pattern: a regular expression that the case, outcome or remark of its rows match.
        what: was wrong.
        became: mended, or why it stays.
    """

    harness: str
    pattern: str
    what: str
    became: str

    def explains(self, row: Try) -> bool:
        """Whether a row is of this finding."""
        return re.search(self.pattern, f"{row.case} | {row.outcome} | {row.found}") is not None


def read_findings(folder: Path) -> list[Finding]:
    """The list that is kept by hand.

    Raises:
        StoreError: a line has other columns.
    """
    path = folder / FINDINGS
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return [Finding(**line) for line in csv.DictReader(file)]
        except TypeError as error:
            raise StoreError(f"{path}: {error}") from error


def unexplained(folder: Path) -> list[tuple[str, Try]]:
    """Stored findings that the list does not explain."""
    known = read_findings(folder)
    return [
        (name, row)
        for name in HARNESSES
        for row in read(folder / f"{name}.csv")
        if row.is_finding and not any(k.harness == name and k.explains(row) for k in known)
    ]


def write_report(folder: Path) -> None:
    """Write report.md.

    Raises:
        StoreError: rows that cannot be read, or found something that the list does not name.
    """
    write_text(folder / "report.md", render(folder))


def render(folder: Path) -> str:
    """The page, from the stored rows alone."""
    if open_rows := unexplained(folder):
        name, row = open_rows[0]
        raise StoreError(
            f"{folder / FINDINGS}: found no line for try {row.number} of {name} ({row.outcome}), "
            "expected what became of it"
        )
    rows = {name: read(folder / f"{name}.csv") for name in HARNESSES}
    findings = read_findings(folder)
    parts = [_OPENING, _overview(folder, rows)]
    parts += [
        _section(HARNESSES[name], its, [f for f in findings if f.harness == name])
        for name, its in rows.items()
        if its
    ]
    parts += filter(None, (part(folder) for part in PARTS))
    return "\n".join(parts)


def _overview(folder: Path, rows: dict[str, list[Try]]) -> str:
    lines = []
    for name, its in rows.items():
        aimed = HARNESSES[name].aim or read_amount(folder)
        met = "met" if len(its) >= aimed > 0 else "**not met**"
        findings = sum(row.is_finding for row in its)
        lines.append([HARNESSES[name].title, met, count(aimed), count(len(its)), count(findings)])
    return table(["harness", "amount", "aimed", "run", "tries with a finding"], lines, 2) + "\n"


def _section(harness: Harness, rows: Sequence[Try], findings: Sequence[Finding]) -> str:
    outcomes = Counter(row.outcome for row in rows).most_common()
    counted = table(["outcome", "tries"], [[escape(what), count(n)] for what, n in outcomes])
    text = f"## {harness.title}\n\n{harness.says}\n\n{counted}\n"
    if findings:
        lines = [
            [cell(f.what), cell(f.became), count(sum(f.explains(row) for row in _bad(rows)))]
            for f in findings
        ]
        text += f"\n{table(['finding', 'what became of it', 'tries'], lines, 2)}\n"
    return text


def _bad(rows: Sequence[Try]) -> list[Try]:
    return [row for row in rows if row.is_finding]
