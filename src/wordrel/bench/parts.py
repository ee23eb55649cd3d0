"""The parts of the benchmark by name, and how they are run: each is stored as soon as it ended.

Writes the folder that it is given, see `table`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from wordrel.bench.evaluators import evaluators
from wordrel.bench.hosts import cluster
from wordrel.bench.material import Material
from wordrel.bench.operations import operations
from wordrel.bench.quality import quality
from wordrel.bench.rows import Row
from wordrel.bench.scaling import corpus_size, memory, vocabulary
from wordrel.bench.table import TITLES, store_part
from wordrel.bench.throughput import throughput
from wordrel.bench.variants import variants
from wordrel.errors import TrainingError, WordrelError
from wordrel.io.environment import environment, git_state
from wordrel.jobs.worker import one_thread

PARTS: dict[str, Callable[[Material], Iterator[Row]]] = {
    "throughput": throughput,
    "operations": operations,
    "vocabulary": vocabulary,
    "corpus": corpus_size,
    "memory": memory,
    "variants": variants,
    "evaluators": evaluators,
    "cluster": cluster,
    "quality": quality,
}
"""The longest last."""


def run_parts(
    names: Sequence[str], material: Material, folder: Path, say: Callable[[str], None]
) -> bool:
    """Run some parts one after the other; one that cannot be run stops no other.

    Args:
        names: keys of `PARTS`.
        material: what is measured with.
        folder: where the rows go; what it has of other parts stays.
        say: told what is run, and what cannot be.

    Returns:
        Whether all of them ran.

    Raises:
        StoreError: when rows cannot be stored.
    """
    failed = False
    for name in names:
        say(f"{TITLES[name]} ({name})")
        started = time.monotonic()
        try:
            with one_thread():
                rows = list(PARTS[name](material))
        except (WordrelError, TrainingError) as error:
            say(f"{name}: {error}")
            failed = True
            continue
        seconds = round(time.monotonic() - started, 1)
        commit, dirty = git_state()
        about = {"commit": commit, "dirty": dirty, "seconds": seconds, **environment()}
        store_part(folder, name, rows, about)
        say(f"{name}: {len(rows)} rows in {seconds:.0f} s")
    return not failed
