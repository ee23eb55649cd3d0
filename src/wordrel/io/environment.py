"""What a result was made with: machine, versions, commit, peak memory.

Nothing in it names a host, a user or a folder, for manifests are published.
"""

import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

PACKAGES = (
    "gensim",
    "joblib",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "safetensors",
    "scikit-learn",
    "scipy",
    "torch",
)
"""Those whose version may move a number or the bytes of a stored file."""


def environment() -> dict[str, Any]:
    """Python, platform, processor, usable cores, memory and the versions of `PACKAGES`."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": _cpu_model(),
        "cores": usable_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Cores that this process may use, which a container or taskset may limit."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_state(source: Path | None = None) -> tuple[str | None, bool]:
    """The commit that a source folder belongs to, and whether the folder differs from it.

    Args:
        source: a folder that git tracks; default: this package.

    Returns:
        `(None, False)` where the folder is no checkout: installed from a wheel (even when into
        an environment inside someone's repository), nothing committed yet, or no git here.
    """
    source = source or Path(__file__).parent
    if shutil.which("git") is None or not _git(source, "ls-files", "."):
        return None, False
    commit = _git(source, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None, False
    return commit, bool(_git(source, "status", "--porcelain", "--", "."))


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, or None where it fails."""
    # a hook's GIT_DIR would point elsewhere; and looking must not take the index's lock
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**clean, "GIT_OPTIONAL_LOCKS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


@dataclass
class PeakMemory:
    """The most resident memory this process had; `how`: since when.

    Attributes:
        megabytes: 10^6 bytes; 0 until the block has ended.
        how: "block": during the block (Linux). "process": since the process started, which the
            system offers elsewhere and which may be of an earlier, larger block.
    """

    megabytes: float = 0.0
    how: Literal["block", "process"] = "process"


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Measure the peak of resident memory; the whole process counts, not only what the block adds.

    Blocks must not be nested: the inner one starts the outer one's count again.
    """
    peak = PeakMemory(how="block" if _reset_peak() else "process")
    try:
        yield peak
    finally:
        peak.megabytes = _peak_since_reset() if peak.how == "block" else _peak_of_process()


def _reset_peak() -> bool:
    """Whether the kernel's count could be reset (Linux, where /proc allows it)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _peak_since_reset() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) * 1024 / 1e6


def _peak_of_process() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak if sys.platform == "darwin" else peak * 1024) / 1e6
