"""What a trained cell answers to the tasks of a study, kept item by item.

Reads a cell of the cache; writes one parquet file a task beside it (a row an item and view), so
that statistics can be made again without a model, and adding a task trains nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from wordrel.cell import CellSpec, is_trained, load_cell, train_cell
from wordrel.config import PairsTask, TaskConfig
from wordrel.corpus import open_corpus
from wordrel.files import write_parquet
from wordrel.progress import Report
from wordrel.readings import Readings
from wordrel.tasks import Outcome, Probe, Task, ask, load_task, pairs_task
from wordrel.tasks.neighbours import neighbours, probe_words

ANSWERS_VERSION = 1  # raised when the files change what they mean or contain

_TASK: TypeAdapter[TaskConfig] = TypeAdapter(TaskConfig)


def load(config: TaskConfig) -> Task:
    """The task that a config names."""
    if isinstance(config, PairsTask):
        return pairs_task(config.name, config.path)
    return load_task(config.name)


@dataclass(frozen=True)
class CellWork:
    """A cell and what it is asked, as plain data for a worker.

    Attributes:
        cell: what to train.
        tasks: settings of each task, as JSON; digests: of each, as loaded.
        lowercase: whether the corpus was lower-cased.
    """

    cell: CellSpec
    tasks: tuple[str, ...]
    digests: tuple[str, ...]
    lowercase: bool

    @property
    def name(self) -> str:
        """For people."""
        return self.cell.name

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Each task's settings, and the file of this cell's answers to it."""
        folder = self.cell.cache / "answers" / self.cell.corpus_name / self.cell.folder.name
        for task, digest in zip(self.tasks, self.digests, strict=True):
            name = _TASK.validate_json(task).name
            yield task, folder / f"{name}-{digest}-{ANSWERS_VERSION}.parquet"


def is_answered(work: CellWork) -> bool:
    """Whether the cell is trained and has answered everything."""
    return is_trained(work.cell) and all(path.is_file() for _, path in work.paths())


def train_and_ask(work: CellWork, report: Report) -> None:
    """Train the cell where it is not, then put to it the tasks that it has not answered.

    Raises:
        TrainingError: when it cannot be trained.
        StoreError: when the disk refuses.
    """
    train_cell(work.cell, report)
    waiting = [(task, path) for task, path in work.paths() if not path.is_file()]
    if not waiting:
        return
    readings = load_cell(work.cell)
    held_out = open_corpus(work.cell.corpus).held_out
    probe = Probe(
        np.asarray(held_out.ids).astype(np.int64), held_out.sentence_ends.astype(np.int64)
    )
    for number, (task_config, path) in enumerate(waiting):
        task = load(_TASK.validate_json(task_config))
        report(number / len(waiting), {"stage": f"asking {task.name}"})
        if task.question == "agreement":
            table = _neighbours_table(readings)
        else:
            outcomes = ask(task, readings, lowercase=work.lowercase, probe=probe)
            table = _outcomes_table(outcomes)
        write_parquet(path, table)


def _neighbours_table(readings: Readings) -> pd.DataFrame:
    view, probes = readings.primary["alike"], probe_words(readings.vocab)
    found = neighbours(readings, view, probes)
    ranks = {f"rank_{k}": found[:, k] for k in range(found.shape[1])}
    return pd.DataFrame({"view": view, "probe": probes, **ranks})


def _outcomes_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "task": outcome.task,
                    "measure": outcome.measure,
                    "view": outcome.view,
                    "primary": outcome.primary,
                    "gold": outcome.gold,
                    "predicted": outcome.predicted,
                    "covered": outcome.covered,
                    "cluster": outcome.cluster,
                    "chance": outcome.chance,
                    "better": outcome.better,
                    "note": outcome.note,
                }
            )
            for outcome in outcomes
        ],
        ignore_index=True,
    )


def read_outcomes(path: Path) -> list[Outcome]:
    """The outcomes of one cell and task, as they were stored."""
    table = pd.read_parquet(path)
    outcomes = []
    for (task, view), rows in table.groupby(["task", "view"], sort=False):
        first = rows.iloc[0]
        outcomes.append(
            Outcome(
                task=str(task),
                measure=str(first["measure"]),
                view=str(view),
                primary=bool(first["primary"]),
                gold=rows["gold"].to_numpy(dtype=np.float64),
                predicted=rows["predicted"].to_numpy(dtype=np.float64),
                covered=rows["covered"].to_numpy(dtype=np.bool_),
                cluster=rows["cluster"].to_numpy(dtype=np.int64),
                chance=float(first["chance"]),
                better=first["better"],
                note=str(first["note"]),
            )
        )
    return outcomes


def read_neighbours(path: Path) -> tuple[str, np.ndarray]:
    """The view of one cell, and its neighbours, [Q, k]."""
    table = pd.read_parquet(path)
    ranks = [column for column in table.columns if column.startswith("rank_")]
    return str(table["view"].iloc[0]), table[ranks].to_numpy(dtype=np.int64)
