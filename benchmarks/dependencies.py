"""What the dependencies weigh: fills the numbers of docs/dependencies.md in.

`python -m benchmarks.dependencies`, in an environment that `make quickstart` made.
"""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from wordrel.io.files import write_text

PAGE = Path(__file__).parents[1] / "docs" / "dependencies.md"
_ROW = re.compile(r"^\| ([a-z][a-z0-9-]*) \|[^|]*\|[^|]*\|", re.MULTILINE)
_TOTAL = re.compile(r"[\d,]+ MB together")


def main() -> None:
    """Write the page again with the sizes of what is installed here."""
    page = PAGE.read_text(encoding="utf-8")
    names = _ROW.findall(page)

    def row(found: re.Match[str]) -> str:
        others = installed_with(name for name in names if name != found[1])
        alone = sorted(installed_with([found[1]]) - others - {found[1]})
        with_it = ", ".join(f"{name} {megabytes([name]):.0f}" for name in alone)
        return f"| {found[1]} | {megabytes([found[1]]):.0f} | {with_it} |"

    total = f"{megabytes(installed_with(names)):,.0f} MB together"
    write_text(PAGE, _TOTAL.sub(total, _ROW.sub(row, page)))


def installed_with(names: Iterable[str]) -> set[str]:
    """These packages and all that they need on this machine, as PyPI spells them."""
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _needed(name)
    return found


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
