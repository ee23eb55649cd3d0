"""How large the house is: modules, statements, arrows between rooms, functions, dependencies.

    python tests/house.py [ROOT ...]

Prints a column for each checkout. Statements are counted as `ast.stmt` nodes in src, experiments
and benchmarks. An arrow leads from one room of src/wordrel to another that it imports. Megabytes
are those of the installed packages that the project needs at run time, here and now.
"""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median, quantiles

CODE = ("src", "experiments", "benchmarks")


def trees(root: Path) -> dict[Path, ast.Module]:
    """The parsed modules of a checkout, by path below it."""
    paths = (path for top in CODE for path in sorted((root / top).rglob("*.py")))
    return {p.relative_to(root): ast.parse(p.read_text(encoding="utf-8")) for p in paths}


def statements(tree: ast.AST) -> int:
    return sum(isinstance(node, ast.stmt) for node in ast.walk(tree))


def imported(tree: ast.AST) -> set[str]:
    """Dotted names that a module imports from wordrel."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] == "wordrel"}


def room(path: Path) -> str:
    """The first part of a module's place below src/wordrel."""
    return path.parts[2].removesuffix(".py")


def measured(root: Path) -> dict[str, object]:
    """What is printed, by label."""
    modules = trees(root)
    inside = {path: tree for path, tree in modules.items() if path.parts[0] == "src"}
    names = {".".join(path.with_suffix("").parts[1:]): path for path in inside}
    arrows, importers = set(), defaultdict(set)
    for path, tree in inside.items():
        for name in imported(tree):
            parts = name.split(".")
            if len(parts) > 1 and room(path) not in ("__init__", parts[1]):
                arrows.add((room(path), parts[1]))
            if name in names and names[name] != path:
                importers[name].add(path)
    lengths = [
        node.end_lineno - node.lineno + 1
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    rooms = {room(path) for path in inside}
    arrows = {(a, b) for a, b in arrows if b in rooms}
    packages = runtime_packages(root)
    return {
        "modules in src/wordrel": len(inside),
        "modules in its root": sum(len(path.parts) == 3 for path in inside),
        "rooms": len(rooms - {"__init__"}),
        "arrows between rooms": len(arrows),
        "rooms that import each other": sum((b, a) in arrows and a < b for a, b in arrows),
        "statements in src": sum(map(statements, inside.values())),
        "statements in all": sum(map(statements, modules.values())),
        "lines of a function, median": f"{median(lengths):.0f}",
        "lines of a function, 90th percentile": f"{quantiles(lengths, n=10)[-1]:.0f}",
        "modules with one importer": sum(len(who) == 1 for who in importers.values()),
        "direct dependencies": len(direct(root)),
        "installed packages at run time": len(packages),
        "MB of them": f"{sum(packages.values()) / 1e6:,.0f}",
    }


def direct(root: Path) -> list[str]:
    """Requirements of the project itself."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


def runtime_packages(root: Path) -> dict[str, int]:
    """Bytes of every installed package that the project needs at run time, by name."""
    sizes: dict[str, int] = {}
    waiting = [*direct(root)]
    while waiting:
        requirement = waiting.pop()
        if "extra ==" in requirement:
            continue
        name = re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")
        if name in sizes:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:  # of another system, such as tzdata of Windows
            continue
        files = (Path(str(file.locate())) for file in package.files or ())
        sizes[name] = sum(file.stat().st_size for file in files if file.is_file())
        waiting += package.requires or ()
    return sizes


def main() -> None:
    columns = [measured(Path(root)) for root in sys.argv[1:] or ["."]]
    for label in columns[0]:
        print(f"{label:40}", *(f"{column[label]!s:>10}" for column in columns))


if __name__ == "__main__":
    main()
