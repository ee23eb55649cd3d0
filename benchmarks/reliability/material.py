"""A study that runs in a second, the commands on it, and what they leave behind undisturbed.

Works in a temporary folder. Outputs are compared byte for byte, after the seconds and megabytes
that they report are taken out: these differ between any two runs.
"""

import contextlib
import hashlib
import http.server
import json
import lzma
import os
import random
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import yaml

from benchmarks.reliability.children import Child, start

_GROUPS = (("cat", "dog", "horse", "sheep"), ("bread", "rice", "cheese"), ("spoon", "green"))
_CACHE = ("--cache", "cache")
_SET = b"cat\tdog\t7\ncat\trice\t2\n"


@dataclass(frozen=True)
class Command:
    """A command of wordrel in the folder of the study.

    Attributes:
        name: of it.
        arguments: of the command line.
        done: whether it needs what `run` leaves; else it starts from texts and configs alone.
        outputs: the files and folders that it is for, below the folder of the study.
    """

    name: str
    arguments: tuple[str, ...]
    done: bool
    outputs: tuple[str, ...]


_SHOWN = ("--model", "skip_gram", *_CACHE)
COMMANDS = {
    command.name: command
    for command in (
        Command("prepare", ("corpus", "prepare", "study.yaml", *_CACHE), False,
                ("cache/corpora",)),
        Command("run", ("run", "study.yaml", "--out", "out", "--jobs", "1", *_CACHE), False,
                ("out", "cache/corpora", "cache/cells", "cache/answers")),
        Command("tune", ("tune", "tuning.yaml", "--out", "tuned", "--jobs", "1", *_CACHE), False,
                ("tuned",)),
        Command("fetch", ("tasks", "fetch", "local_pairs", *_CACHE), False,
                ("cache/downloads",)),
        Command("partial", ("report", "study.yaml", "--partial", "--out", "partial", *_CACHE), True,
                ("partial",)),
        Command("report", ("report", "out"), True,
                ("out/report.md", "out/report.html", "out/figures")),
        Command("explore", ("explore", "out", *_CACHE), True, ("out/explorer.html",)),
        Command("export", ("export", "out", "--format", "word2vec", "--to", "vectors.txt",
                           *_SHOWN), True, ("vectors.txt",)),
        Command("hub", ("export", "out", "--hub", "hub", *_SHOWN), True, ("hub",)),
        Command("evaluate", ("evaluate", "a.vec", "b.vec", "--pairs", "pairs.csv"), False, ()),
    )
}  # fmt: skip
"""By name; `hub` is the export of a folder."""


def write_material(place: Path) -> None:
    """Text, pairs, vectors and configs."""
    rng = random.Random(1)
    lines = []
    for number in range(150):
        lines.append(f"The {rng.choice(_GROUPS[0])} runs in the green field.")
        lines.append(f"We eat hot {rng.choice(_GROUPS[1])} with a silver spoon.")
        lines += [""] if number % 10 == 0 else []
    (place / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    words = [(word, number) for number, group in enumerate(_GROUPS) for word in group]
    pairs = enumerate(combinations(words, 2))
    scores = [f"{a},{b},{9 - i % 3 if x == y else i % 3}\n" for i, ((a, x), (b, y)) in pairs]
    (place / "pairs.csv").write_text("".join(scores), encoding="utf-8")
    for name in "ab":
        rows = [f"{word} {rng.random():.3f} {rng.random():.3f}" for word, _ in words]
        (place / f"{name}.vec").write_text("\n".join([f"{len(rows)} 2", *rows, ""]), "utf-8")
    for name, settings in _studies().items():
        (place / name).write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    for name in ("text.txt", "pairs.csv", "a.vec", "b.vec"):
        os.utime(place / name, (0, 0))  # old files, whose digests are kept


def _studies() -> dict[str, dict[str, object]]:
    pairs = {"kind": "pairs", "name": "groups", "path": "pairs.csv"}
    study: dict[str, object] = {
        "study": "tiny",
        "corpora": [{"source": "text.txt", "min_count": 2, "held_out": 0.1}],
        "training": {"dim": 8, "window": 3, "epochs": 1, "subsample": 0},
        "models": [{"kind": "word2vec", "name": "skip_gram", "algorithm": "skip_gram"},
                   {"kind": "attention", "batch": 256}],
        "seeds": [1],
        "tasks": [pairs, "held_out_loss", "neighbour_agreement"],
        "statistics": {"resamples": 100},
    }  # fmt: skip
    tuning = study | {
        "study": "tuning",
        "corpora": [{"source": "text.txt", "min_count": 2, "test": 0.2, "development": 0.2}],
        "models": [{"kind": "attention", "batch": 256}],
        "tasks": ["per_token_loss_dev"],
        "tune": {"trials": 2, "tokens": [1000], "keep": 1},
    }
    return {"study.yaml": study, "older.yaml": study | {"seeds": [2]}, "tuning.yaml": tuning}


# What is left behind ----------------------------------------------------------------------------

_COSTS = ("seconds", "tokens_per_second", "peak_memory_mb")
_LEFTOVER = re.compile(r"^\..*(\.partial(\.lock)?|\.tmp|\.previous|\.holder|\.damaged-\w+)$")
_PROBE = re.compile(r"[a-z0-9_]{8}")
"""With a file of such a name Python itself tries whether it may write."""
_SHARED = ("cache/corpora", "cache/cells", "cache/answers")
"""Where other commands write too, each folders of its own."""
_PAGES = ("report.md", "report.html")
_VARYING = ("DONE", "asked.json", "cell.json", "timing.json", "log.csv")
"""Files of the cache that hold durations, or when a file was written."""


def leftovers(place: Path) -> list[str]:
    """Temporary names in the cache, beside results, and in the folder of temporary files."""
    paths = [p for p in place.rglob(".*") if _LEFTOVER.match(p.name)]
    paths += [p for p in (place / "tmp").iterdir() if not _PROBE.fullmatch(p.name)]
    return sorted(p.relative_to(place).as_posix() for p in paths)


def snapshot(place: Path, outputs: tuple[str, ...], pages: bool) -> dict[str, str]:
    """Path of each file of the outputs -> the digest of its content without costs.

    Args:
        place: the folder of the study.
        outputs: below it.
        pages: whether reports count; they hold costs.
    """
    digests = {}
    for path in (p for output in outputs for p in _files(place / output)):
        hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
        if hidden or path.name in _VARYING or (not pages and path.name in _PAGES):
            continue
        digests[path.relative_to(place).as_posix()] = hashlib.sha256(_content(path)).hexdigest()
    return digests


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _content(path: Path) -> bytes:
    """The content to compare; that of a damaged file differs from any sound one."""
    try:
        return _plain(path)
    except (KeyError, TypeError, ValueError, lzma.LZMAError):  # also of json and pandas
        return b"damaged" + path.read_bytes()


def _plain(path: Path) -> bytes:
    """The bytes of a file without times and sizes of memory."""
    data = path.read_bytes() if path.exists() else b"absent"
    if path.name == "manifest.json":
        known = json.loads(data)
        for corpus in known["corpora"]:
            corpus.update(dict.fromkeys(_COSTS, 0))
        varying = dict.fromkeys(("started", "seconds", "commit", "dirty", "sha256"))
        data = json.dumps(known | varying).encode()
    if path.name in ("runs.csv", "trials.csv"):
        import pandas as pd

        table = pd.read_csv(path)
        data = table.drop(columns=[c for c in _COSTS if c in table]).to_csv().encode()
    if path.name == "choices.yaml":
        data = re.sub(rb"trials_sha256: \w+", b"", data)
    return lzma.decompress(data) if path.suffix == ".xz" else data


# The bench --------------------------------------------------------------------------------------


@dataclass(eq=False)
class Bench:
    """A place for tries, and what each command does undisturbed.

    Attributes:
        root: a temporary folder.
        snapshots: command -> what it leaves.
        cpu: command -> seconds of processor time that it takes.
        printed: command -> its stdout.
    """

    root: Path
    server: int
    snapshots: dict[str, Mapping[str, str]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def place(self, template: str) -> Iterator[Path]:
        """A copy of the folder `empty`, `older` or `done`, for one try."""
        folder = Path(tempfile.mkdtemp(dir=self.root, prefix="try-"))
        try:
            shutil.copytree(self.root / template / "p", folder / "p")
            yield folder / "p"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(
        self, name: str, place: Path, before: Callable[[], None] = lambda: None, label: str = "one"
    ) -> Child:
        """Start a command in a place."""

        def first() -> None:
            _local_set(self.server)
            before()

        return start(COMMANDS[name].arguments, place, before=first, name=label)

    def snapshot(self, name: str, place: Path) -> dict[str, str]:
        """What a command has left in a place."""
        return snapshot(place, COMMANDS[name].outputs, pages=name in ("report", "explore"))

    def differences(self, name: str, place: Path) -> str:
        """How its outputs differ from the undisturbed ones; empty where they do not."""
        actual, wanted = self.snapshot(name, place), self.snapshots[name]
        other = [path for path in wanted if actual.get(path, "absent") != wanted[path]]
        unexpected = [
            path for path in actual if path not in wanted and not path.startswith(_SHARED)
        ]
        return "; ".join(
            f"{what}: {', '.join(paths[:3])}"
            for what, paths in (("other bytes", other), ("not expected", unexpected))
            if paths
        )


def _local_set(port: int) -> None:
    """A test set of a server on this machine, for `tasks fetch`."""
    from wordrel.tasks.registry import REGISTRY, DataFile, DataSet, TaskInfo

    known = DataFile(sha256=hashlib.sha256(_SET).hexdigest(), bytes=len(_SET))
    names = ("one.tsv", "two.tsv")
    data = DataSet(
        name="local",
        license="-",
        url=f"http://127.0.0.1:{port}/",
        files=dict.fromkeys(names, known),
    )
    info = TaskInfo(
        name="local_pairs", kind="pairs", description="-", data=data, files=names, reader="pairs"
    )
    REGISTRY["local_pairs"] = info


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(_SET)))
        self.end_headers()
        self.wfile.write(_SET)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextlib.contextmanager
def _server() -> Iterator[int]:
    """A server in a process of its own: threads and forks do not go well together."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            with contextlib.suppress(BaseException):
                server.serve_forever()
            os._exit(0)
        try:
            yield server.server_port
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@contextlib.contextmanager
def bench(say: Callable[[str], object] = print) -> Iterator[Bench]:
    """Write the material, run every command undisturbed, and remove all of it in the end.

    Raises:
        RuntimeError: a command fails without being disturbed.
    """
    root = Path(tempfile.mkdtemp(prefix="reliability-")).resolve()
    parent = os.getpid()
    try:
        with _server() as port:
            workbench = Bench(root, port)
            _measure(workbench)
            took = ", ".join(f"{name} {seconds:.1f}" for name, seconds in workbench.cpu.items())
            say(f"seconds of each command: {took}")
            yield workbench
    finally:
        if os.getpid() == parent:
            shutil.rmtree(root, ignore_errors=True)


def _measure(workbench: Bench) -> None:
    empty, older, done = (workbench.root / name / "p" for name in ("empty", "older", "done"))
    empty.mkdir(parents=True)
    write_material(empty)
    shutil.copytree(empty, older)
    older_run = ("run", "older.yaml", "--out", "out", "--jobs", "1", *_CACHE)
    _whole(start(older_run, older), "older")
    shutil.rmtree(older / "cache")
    shutil.copytree(empty, done)
    for command in COMMANDS.values():
        place = done
        if not command.done and command.name != "run":
            place = workbench.root / f"solo-{command.name}" / "p"
            shutil.copytree(empty, place)
        child = workbench.run(command.name, place)
        workbench.cpu[command.name] = _whole(child, command.name)
        workbench.printed[command.name] = child.stdout
        workbench.snapshots[command.name] = workbench.snapshot(command.name, place)
    _keep(done)
    for name in ("empty", "older", "done"):  # templates are the inner folders
        for path in (workbench.root / name).glob("*.*"):
            path.unlink()


def _keep(done: Path) -> None:
    """Remove what the commands after `run` have left."""
    for name in ("partial", "hub"):
        shutil.rmtree(done / name)
    for name in ("vectors.txt", "out/explorer.html"):
        (done / name).unlink()


def _whole(child: Child, name: str) -> float:
    """Seconds of processor time of a command, which has to end well."""
    before = os.times()
    if child.wait():
        raise RuntimeError(f"{name} fails undisturbed: {child.stderr}")
    after = os.times()
    return sum(after[i] - before[i] for i in (2, 3))
