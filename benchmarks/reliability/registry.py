"""All harnesses, by name, in the order of the report; and parts of the report that are no tries."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.reliability import tables
from benchmarks.reliability.actors import PAIRED
from benchmarks.reliability.cluster import CLUSTER
from benchmarks.reliability.damage import DAMAGE
from benchmarks.reliability.determinism import DETERMINISM
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.kills import KILLS
from benchmarks.reliability.power import POWER
from benchmarks.reliability.sites import SITES

HARNESSES: dict[str, Harness] = {
    harness.name: harness for harness in (KILLS, SITES, POWER, PAIRED, DAMAGE, CLUSTER, DETERMINISM)
}

PARTS: tuple[Callable[[Path], str], ...] = (
    tables.fuzzing,
    tables.mutants,
    tables.versions,
)
"""Each gives a part of the report from the folder of stored rows."""
