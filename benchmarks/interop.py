"""Writes docs/interop.md: which libraries read what we write, in which versions.

`python -m benchmarks.interop REPORT.xml`, after pytest wrote it; `make test-interop` does both.
"""

import sys
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from xml.etree import ElementTree

from wordrel.io.files import write_text

PAGE = Path(__file__).parents[1] / "docs" / "interop.md"
_HEAD = """# Other libraries

`make test-interop` installs these libraries in a separate environment. In its tests they read files
that wordrel writes, and wordrel reads files that they write. The command also writes this page.

| library | version | tests passed | failed | skipped |
|---|---|---|---|---|
"""


def main() -> None:
    """Write the page; a report without such tests is refused."""
    tried = outcomes(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if not tried:
        sys.exit(f"{sys.argv[1]}: found no test of a library, expected the report of -m interop")
    write_text(PAGE, page(tried))


def outcomes(report: str) -> dict[str, tuple[int, int, int]]:
    """Library -> tests that passed, failed, and were skipped, from pytest's report in XML."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for test in ElementTree.fromstring(report).iter("testcase"):
        for entry in test.iter("property"):
            if entry.get("name") == "library":
                ended = {part.tag for part in test}
                place = 1 if ended & {"failure", "error"} else 2 if "skipped" in ended else 0
                counts[entry.get("value", "")][place] += 1
    return {name: (a, b, c) for name, (a, b, c) in sorted(counts.items())}


def page(tried: dict[str, tuple[int, int, int]]) -> str:
    """The page, a row a library."""
    rows = (f"| {name} | {_version(name)} | {a} | {b} | {c} |" for name, (a, b, c) in tried.items())
    return _HEAD + "\n".join(rows) + "\n"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
