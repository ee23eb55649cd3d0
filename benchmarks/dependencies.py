"""What the dependencies weigh, and their licences: fills docs/dependencies.md in.

`python -m benchmarks.dependencies`, in an environment that `make quickstart` made.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from wordrel.io.files import write_text

PAGE = Path(__file__).parents[1] / "docs" / "dependencies.md"
_ROW = re.compile(r"^\| ([a-z][a-z0-9-]*) \|[^|]*\|[^|]*\|", re.MULTILINE)
_LICENCES = re.compile(r"(?<=\| Licence \| Packages \|\n\|---\|---\|\n)(\|.*\n)*")
_TOTAL = re.compile(r"[\d,]+ MB together")


def main() -> None:
    """Write the page again with the sizes and the licences of what is installed here."""
    page = PAGE.read_text(encoding="utf-8")
    names = _ROW.findall(page)

    def row(match: re.Match[str]) -> str:
        others = installed_with(name for name in names if name != match[1])
        alone = sorted(installed_with([match[1]]) - others - {match[1]})
        with_it = ", ".join(f"{name} {megabytes([name]):.0f}" for name in alone)
        return f"| {match[1]} | {megabytes([match[1]]):.0f} | {with_it} |"

    total = f"{megabytes(installed_with(names)):,.0f} MB together"
    page = _LICENCES.sub(licence_rows(installed_with(names)), page)
    write_text(PAGE, _TOTAL.sub(total, _ROW.sub(row, page)))


def licence_rows(names: Iterable[str]) -> str:
    """A line of the table for each licence, with the packages that have it."""
    packages = defaultdict[str, list[str]](list)
    for name in sorted(names):
        packages[licence(name)].append(name)
    return "".join(f"| {key} | {', '.join(packages[key])} |\n" for key in sorted(packages))


def licence(name: str) -> str:
    """The licence in a package's metadata: the expression, else the older fields."""
    about = distribution(name).metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    text = "".join(about.get_all("License") or ())
    if re.fullmatch(r"[\w.+ -]{2,30}", text):
        return text
    classified = [c for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    if not classified:
        raise ValueError(f"{name}: found no licence in its metadata")
    return ", ".join(sorted(c.rpartition(" :: ")[2] for c in classified))


def installed_with(names: Iterable[str]) -> set[str]:
    """These packages and all that they need on this machine, as PyPI spells them."""
    installed, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in installed:
            installed.add(name)
            waiting += _needed(name)
    return installed


def _needed(name: str) -> Iterator[str]:
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield re.sub(r"[-_.]+", "-", requirement.name).lower()


def megabytes(names: Iterable[str]) -> float:
    """10^6 bytes on disk of the files that were installed, as du counts them."""
    paths = (Path(str(file.locate())) for name in names for file in distribution(name).files or ())
    return sum(path.stat().st_blocks * 512 for path in paths if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
