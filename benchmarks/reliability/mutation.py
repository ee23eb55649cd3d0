"""Mutation: does a test notice a small change of the code that stores, counts and compares?

`python -m benchmarks.reliability.mutation --amount 500 --minutes 60` goes on after the rows that
are stored in results/reliability/mutation.csv. Each mutant runs the fast tests that import its
module, until the first fails. `survivors.csv` beside it holds what became of each survivor.
"""

import argparse
import ast
import csv
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from benchmarks.reliability.mutants import Mutant, sample

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "reliability"
HEAD = ("number", "file", "line", "kind", "before", "after", "outcome", "noticed_by", "seconds")
FILES = (
    "io/store.py", "corpus/cache.py", "models/matched/loss.py",
    *(f"stats/{name}.py" for name in (
        "alignment", "comparison", "correlations", "intervals", "measures", "permutation",
        "ranks", "swaps")),
)  # fmt: skip
PATIENCE = 900.0
"""Seconds of wall time; a mutant that takes longer has made a loop without end."""
KILLED, SURVIVED, ENDLESS, BROKEN = "killed", "survived", "killed: too slow", "not judged"


def tests_of(file: str) -> list[str]:
    """The test modules that import a module, or a name of it; those named after it come first."""
    module = "wordrel." + file.removesuffix(".py").replace("/", ".")
    package, _, name = module.rpartition(".")
    tree = ast.parse((ROOT / "src/wordrel" / file).read_text(encoding="utf-8"))
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    wanted: dict[str, set[str] | None] = {module: None, package: own | {name}}
    every = sorted((ROOT / "tests").glob("test_*.py"))
    paths = [path for path in every if _imports(path, wanted)]
    # What no test imports by name is tested through its package.
    paths = paths or [path for path in every if _imports(path, {package: None})]
    near = re.compile(rf"test_({name}|{package.rpartition('.')[2]})\w*")
    paths.sort(key=lambda path: (not near.fullmatch(path.stem), path.stat().st_size))
    return [f"tests/{path.name}" for path in paths]


def _imports(path: Path, wanted: Mapping[str, set[str] | None]) -> bool:
    """Whether a source imports something of these modules; None: whatever it is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "") in wanted:
            names = wanted[node.module or ""]
            if names is None or names & {alias.name for alias in node.names}:
                return True
    return False


def warm() -> None:
    """Import what tests import from others; the package itself is imported in each fork."""
    import beartype  # noqa: F401
    import gensim.models  # noqa: F401
    import hypothesis  # noqa: F401
    import jaxtyping  # noqa: F401
    import pandas  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.cluster  # noqa: F401
    import statsmodels.api  # noqa: F401
    import torch
    import typer.testing  # noqa: F401

    torch.set_num_threads(1)


def judge(mutant: Mutant | None, tests: list[str], work: Path) -> tuple[str, str]:
    """Run tests on a copy of the package with one file changed.

    Args:
        mutant: None: nothing is changed.
        tests: modules or single tests, in order.
        work: a folder for the copy.

    Returns:
        The outcome, and the test that failed.
    """
    source = work / "src" / "wordrel"
    if not source.exists():
        shutil.copytree(ROOT / "src" / "wordrel", source)
    if mutant:
        (source / mutant.file).write_text(mutant.source, encoding="utf-8")
    log = work / "log"
    try:
        status = _fork(tests, work / "src", log)
    finally:
        if mutant:
            shutil.copyfile(ROOT / "src" / "wordrel" / mutant.file, source / mutant.file)
    output = log.read_text(encoding="utf-8", errors="replace")
    failed = re.findall(r"^(?:FAILED|ERROR) tests/(\S+)", output, re.MULTILINE)
    outcome = {0: SURVIVED, 1: KILLED, 2: KILLED, -signal.SIGKILL: ENDLESS}.get(status, BROKEN)
    return outcome, f"tests/{failed[0]}" if failed else ""


def _fork(tests: list[str], source: Path, log: Path) -> int:
    """The status of pytest in a fork, which alone imports the package."""
    pid = os.fork()
    if not pid:
        status = 5
        try:
            os.setsid()
            written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(written, 1)
            os.dup2(written, 2)
            os.chdir(ROOT)
            sys.path.insert(0, str(source))
            os.environ |= {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
            sys.dont_write_bytecode = True
            import pytest

            # Plugins that are imported before pytest starts are not rewritten; no test needs it.
            how = ["-q", "-x", "-n0", "-p", "no:cacheprovider", "--durations=0"]
            how += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
            how += ["--jaxtyping-packages=wordrel,beartype.beartype"]  # we are `benchmarks`
            status = int(pytest.main([*how, "-m", "not slow and not browser", *tests]))
        except Exception:  # what pytest refuses is read in the log
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    end = time.monotonic() + PATIENCE
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.1)


def rows(path: Path) -> list[list[str]]:
    """The stored rows."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)][1:]


def main() -> int:
    """Exit status 1 when a mutant survived."""
    parser = argparse.ArgumentParser(description="Change the code, and see whether a test notices.")
    parser.add_argument("--amount", type=int, default=500, help="mutants in all, stored ones too")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", action="append", choices=FILES, help="only mutants of these")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    from benchmarks.reliability.fuzz import append

    for name in [name for name in sys.modules if name.split(".")[0] == "wordrel"]:
        del sys.modules[name]  # each fork imports its own
    warm()
    path = options.out / "mutation.csv"
    stored, end = {int(row[0]) for row in rows(path)}, time.monotonic() + 60 * options.minutes
    chosen = sample(ROOT / "src" / "wordrel", [*FILES], options.amount, options.seed)
    sound = cache(lambda test, work: judge(None, [test], work)[0] == SURVIVED)
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        work = Path(folder)
        for number, mutant in enumerate(chosen):
            if number in stored or (options.file and mutant.file not in options.file):
                continue
            if time.monotonic() > end:
                break
            start = time.monotonic()
            outcome, by = judge(mutant, tests_of(mutant.file), work)
            if outcome == KILLED and by and not sound(by, work):
                outcome = BROKEN  # the test fails here on sound code too
            seconds = round(time.monotonic() - start, 1)
            about = (mutant.file, mutant.line, mutant.kind, mutant.before[:200], mutant.after[:200])
            append(path, HEAD, (number, *about, outcome, by, seconds))
            print(number, *about, outcome, by, seconds, flush=True)
    judged = [row[6] for row in rows(path) if row[6] != BROKEN]
    print(f"{sum(o != SURVIVED for o in judged)} of {len(judged)} mutants were noticed")
    return int(SURVIVED in judged)


if __name__ == "__main__":
    sys.exit(main())
