"""Fuzzing of every reader, guided by the edges that an input reaches (atheris, the extra `fuzz`).

`python -m benchmarks.reliability.fuzz --minutes 30` fuzzes each reader for half an hour;
`--reader config --reader CoNLL-U` selects readers. It adds a row a reader to
results/reliability/fuzz.csv, and findings with their inputs to fuzz_findings.csv. Inputs that
reached new edges are kept in `--kept`; a later run starts from them.
"""

import argparse
import base64
import csv
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from benchmarks.reliability.fuzz_targets import Target, result_seeds, targets
from benchmarks.reliability.record import cleaned
from wordrel.errors import WordrelError

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "reliability"
SECONDS = 5.0
"""Of processor time: more for one input is a finding."""
MEMORY = 1 << 30
"""Bytes: an input that needs more is a finding."""
_LARGEST = 1 << 16
_HANGS = 120  # seconds of wall time after which libFuzzer ends a process that ignores signals
ROW = ("reader", "seed", "executions", "edges", "new_edges_in_last_half", "inputs_kept",
       "findings", "minutes", "ended")  # fmt: skip
FINDING = ("reader", "kind", "where", "said", "input")


class SlowError(BaseException):
    """An input took too long; no reader may catch this as its own error."""


def check(read: Callable[[bytes], object], data: bytes) -> tuple[str, str, str] | None:
    """Read one input.

    Returns:
        Kind, place and message of a finding; None where it was read or refused.
    """
    before = signal.signal(signal.SIGVTALRM, _too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        read(data)
    except WordrelError as error:
        text = str(error)
        if "MemoryError" in text:
            return "memory", _place(error), text
        return ("no text", _place(error), repr(error)) if not text.strip() else None
    except SlowError as error:
        return "slow", _place(error), f"over {SECONDS:g} s"
    except MemoryError as error:
        return "memory", _place(error), f"over {MEMORY >> 20} MiB"
    except Exception as error:
        return type(error).__name__, _place(error), str(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return None


def _place(error: BaseException) -> str:
    """The innermost line of wordrel through which an error came."""
    place, trace = "", error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if "/wordrel/" in code.co_filename:
            name = code.co_filename.rpartition("/wordrel/")[2]
            place = f"{name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return place


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise SlowError


def append(path: Path, head: Iterable[str], row: Iterable[object]) -> None:
    """Add a line to a table, with its head where it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([[*head]] if new else [])
        writer.writerow([*row])
        file.flush()
        os.fsync(file.fileno())


# One reader, in a fork --------------------------------------------------------------------------


def warm() -> None:
    """Import all readers with their edges counted; forks of this process have them then."""
    try:
        import atheris  # type: ignore[import-untyped]
    except ImportError as error:
        raise SystemExit("found no package atheris; pip install atheris") from error
    import gensim.models.fasttext  # noqa: F401
    import pandas  # noqa: F401
    import torch

    torch.set_num_threads(1)
    with atheris.instrument_imports(include=["wordrel"]):
        import wordrel.corpus.wiki
        import wordrel.models.vector_readers
        import wordrel.report.hub
        import wordrel.report.page
        import wordrel.report.terminal
        import wordrel.study.results
        import wordrel.tasks.core  # noqa: F401


def fuzz_one(target: Target, name: str, work: Path, options: list[str]) -> None:
    """Fuzz a reader until libFuzzer's options end it; findings go to `work`/found.csv."""
    import atheris

    folder = Path(tempfile.mkdtemp(dir=work))
    if target.needs:
        shutil.copytree(work / "sound", folder / "sound")
    known = {tuple(row[1:3]) for row in _rows(work / "found.csv")}

    def check_input(data: bytes) -> None:
        finding = check(lambda content: target.read(content, folder), data)
        if finding and finding[:2] not in known:
            known.add(finding[:2])
            message = cleaned(finding[2].replace(str(folder), ""), 300)
            shown = base64.b64encode(data[:3000]).decode()
            append(work / "found.csv", FINDING, (name, *finding[:2], message, shown))

    def change(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        made = target.change(data, rng) if rng.random() < 0.6 else atheris.Mutate(data, most)
        return bytes(made[:most])

    for seed in seeds_of(target, work):
        check_input(seed)  # before memory is limited: it may import something
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    atheris.Setup([sys.argv[0], *options, str(work / "inputs")], check_input, custom_mutator=change)
    atheris.Fuzz()


def seeds_of(target: Target, work: Path) -> tuple[bytes, ...]:
    """The first inputs; of results, the files of a small study."""
    return result_seeds(work / "sound") if target.needs else target.seeds()


def _rows(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)][1:]


# All readers ------------------------------------------------------------------------------------


def fuzz(name: str, kept: Path, seconds: float, seed: int) -> tuple[list[object], list[list[str]]]:
    """Fuzz one reader for these seconds; a process that crashes is replaced.

    Returns:
        The row of the reader, and the rows of its findings.
    """
    target, work = targets()[name], kept / re.sub(r"\W+", "-", name)
    (work / "inputs").mkdir(parents=True, exist_ok=True)
    if target.needs and not (work / "sound").exists():
        shutil.copytree(kept / "sound", work / "sound")
    for number, data in enumerate(seeds_of(target, work)):
        (work / "inputs" / f"seed-{number}").write_bytes(data)
    (work / "found.csv").unlink(missing_ok=True)
    start, executions, edges, ended = time.monotonic(), 0, list[tuple[int, int]](), ""
    while (remaining := seconds - (time.monotonic() - start)) > 1 and not ended:
        lines, status = _process(name, work, remaining, seed)
        progress = [(int(n), int(cov)) for n, cov in re.findall(r"#(\d+)\t\w+ +cov: (\d+)", lines)]
        edges += [(executions + n, cov) for n, cov in progress]
        done = re.findall(r"Done (\d+) runs", lines) or [str(progress[-1][0]) if progress else "0"]
        executions += int(done[-1])
        if not status:
            ended = "time"
        elif (last := cleaned(lines[-300:])) and not progress:
            ended = f"it does not start: {last}"
        else:
            append(work / "found.csv", FINDING, (name, "crash", f"status {status}", last, ""))
        seed += 1
    findings = _rows(work / "found.csv")
    middle = [cov for n, cov in edges if n <= executions / 2]
    last_edges = edges[-1][1] if edges else 0
    new = last_edges - (middle[-1] if middle else 0)
    inputs = len([*(work / "inputs").iterdir()])
    minutes = round((time.monotonic() - start) / 60, 1)
    row = [name, seed, executions, last_edges, new, inputs, len(findings), minutes, ended or "time"]
    return row, findings


def _process(name: str, work: Path, seconds: float, seed: int) -> tuple[str, int]:
    options = [
        *(f"-max_total_time={int(seconds)}", f"-seed={seed + 1}", f"-max_len={_LARGEST}"),
        *("-len_control=0", f"-timeout={_HANGS}", "-rss_limit_mb=0", "-print_final_stats=1"),
        f"-artifact_prefix={work}/",
    ]
    log = work / "log"
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(written, 1)
            os.dup2(written, 2)
            fuzz_one(targets()[name], name, work, options)
            status = 0
        except BaseException:  # the log says what ended it, of whatever kind
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return log.read_text(encoding="utf-8", errors="replace"), status


def _sound_results(kept: Path) -> None:
    """The results of a study of a second."""
    from benchmarks.reliability.material import write_material

    if (kept / "sound").exists():
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_material(place)
        program = "from wordrel.cli import main; main()"
        argv = ("run", "study.yaml", "--out", "out", "--cache", "cache", "--jobs", "1")
        subprocess.run([sys.executable, "-c", program, *argv], cwd=place, check=True)
        shutil.copytree(place / "out", kept / "sound")


def main() -> int:
    """Exit status 1 when something was found."""
    parser = argparse.ArgumentParser(description="Fuzz the readers of wordrel.")
    parser.add_argument("--reader", action="append", choices=[*targets()], help="default: all")
    parser.add_argument("--minutes", type=float, default=30, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS, help="default: results/reliability")
    parser.add_argument("--kept", type=Path, help="folder of inputs; default: a temporary one")
    options = parser.parse_args()
    warm()
    kept = (options.kept or Path(tempfile.mkdtemp(prefix="fuzz-"))).resolve()
    kept.mkdir(parents=True, exist_ok=True)
    findings = 0
    for name in options.reader or targets():
        if targets()[name].needs:
            _sound_results(kept)
        row, finding_rows = fuzz(name, kept, 60 * options.minutes, options.seed)
        append(options.out / "fuzz.csv", ROW, row)
        for finding in finding_rows:
            append(options.out / "fuzz_findings.csv", FINDING, finding)
            print(f"  {finding[1]} in {finding[2]}: {finding[3]}", flush=True)
        print(", ".join(f"{k} {v}" for k, v in zip(ROW, row, strict=True)), flush=True)
        findings += len(finding_rows)
    return int(findings > 0)


if __name__ == "__main__":
    sys.exit(main())
