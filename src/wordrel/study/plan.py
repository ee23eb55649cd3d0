"""A study that is ready to run: tasks loaded, corpora prepared, every cell named.

Reads the files of tasks and corpora; prepares in the cache what is not there yet.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wordrel.config import NamedTask, StudyConfig, TaskConfig, TransformerConfig, VectorsConfig
from wordrel.config.models import ModelConfig
from wordrel.corpus import Corpus, prepare
from wordrel.errors import ConfigError, DatasetError, MissingDatasetError, VectorsError
from wordrel.jobs.progress import job_progress
from wordrel.models import transformer, vectors
from wordrel.study.cell import CellSpec, CorpusName
from wordrel.study.evaluate import CellWork, load
from wordrel.tasks import Task, remarks
from wordrel.tasks.groups import one_in_lower_case

_log = logging.getLogger("wordrel")


@dataclass(frozen=True)
class Tasks:
    """The tasks of a study, in the order of its config.

    Attributes:
        configs: settings of those that models are evaluated on.
        loaded: the same, with their items.
        skipped: name of each optional task that is not here, and why.
    """

    configs: tuple[TaskConfig, ...]
    loaded: tuple[Task, ...]
    skipped: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """A study that is ready to run: its tasks loaded, its corpora prepared.

    Attributes:
        config: the settings of the study.
        tasks: as loaded, in the order of the config; and those that were left out.
        corpora: as prepared, by name.
        works: every cell, corpus by corpus, model by model, seed by seed.
    """

    config: StudyConfig
    tasks: Tasks
    corpora: dict[str, Corpus]
    works: tuple[CellWork, ...]


def with_digests(config: StudyConfig) -> StudyConfig:
    """The study with the digests of all models that are read from files in it.

    Raises:
        VectorsError: a file is missing, or differs from the one of a stored config.
    """

    def named(model: ModelConfig) -> ModelConfig:
        if not isinstance(model, VectorsConfig | TransformerConfig):
            return model
        digest = _digest(model)
        if model.digest not in (None, digest):
            raise VectorsError(
                f"{model.path}: found bytes of digest {digest}, expected {model.digest}; give the "
                "file that the study was run with, or remove `digest` from its config"
            )
        return model.model_copy(update={"digest": digest})

    return config.model_copy(update={"models": tuple(map(named, config.models))})


def _digest(model: VectorsConfig | TransformerConfig) -> str:
    if isinstance(model, TransformerConfig):
        return transformer.path_digest(model)
    return vectors.path_digest(model)


def load_tasks(config: StudyConfig, cache: Path) -> Tasks:
    """All tasks of a study, before anything is trained.

    Raises:
        ConfigError: naming every task that is unknown or cannot be read; and, with how to get it,
            every one that is not here and not optional.
    """
    tasks: dict[TaskConfig, Task] = {}
    skipped, problems, missing = {}, [], dict[str, list[str]]()
    for task in config.tasks:
        try:
            tasks[task] = load(task, cache)
        except ConfigError as error:
            problems += error.problems
        except MissingDatasetError as error:
            if isinstance(task, NamedTask) and task.optional:
                skipped[task.name] = str(error)
            else:
                cause = str(error).removeprefix(f"{task.name}: ")
                missing.setdefault(cause, []).append(task.name)
        except DatasetError as error:
            problems.append(f"tasks: {error}")
    problems += [f"tasks: {', '.join(names)}: {cause}" for cause, names in missing.items()]
    if not tasks and not problems:
        problems.append(f"tasks: found none of {', '.join(skipped)}; expected one that is here")
    problems += _untested(tasks.values(), config)
    problems += [problem for task in tasks.values() for problem in _alike(task, config)]
    if problems:
        raise ConfigError(problems)
    for message in (remark for task in tasks.values() for remark in remarks(task)):
        _log.info("%s", message)
    return Tasks(tuple(tasks), tuple(tasks.values()), skipped)


def _untested(tasks: Iterable[Task], config: StudyConfig) -> Iterator[str]:
    """Corpora without the held-out text that a task needs."""
    fits = [task.name for task in tasks if task.question in ("fit", "recall")]
    for corpus in config.corpora:
        if fits and corpus.test_share == 0:
            key = "held_out" if corpus.test is None else "test"
            yield f"corpora.{corpus.name}.{key}: 0, but {fits[0]} needs held-out text"


def _alike(task: Task, config: StudyConfig) -> Iterator[str]:
    """Two words of a group that are one word in a lower-cased corpus: no answer would be right."""
    clash = one_in_lower_case(task.items) if task.kind in ("odd_one_out", "top_k") else None
    lowered = [i for i, corpus in enumerate(config.corpora) if corpus.lowercase]
    if clash and lowered:
        yield (
            f"tasks: {task.name}: found {clash[0]!r} and {clash[1]!r} in one line, which are one "
            "word in a lower-cased corpus; expected each word once a line, or "
            f"corpora.{lowered[0]}.lowercase=false"
        )


def prepare_plan(config: StudyConfig, cache: Path, tasks: Tasks, jobs: int) -> Plan:
    """Prepare the corpora and name every cell."""
    corpora = {}
    for corpus in config.corpora:
        with job_progress(f"corpus {corpus.name}") as progress:
            corpora[corpus.name] = prepare(corpus, cache, jobs=jobs, progress=progress)
    digests = {name: corpus.digest for name, corpus in corpora.items()}
    return Plan(config, tasks, corpora, works_of(config, cache, tasks, digests))


def works_of(
    config: StudyConfig, cache: Path, tasks: Tasks, digests: Mapping[str, str]
) -> tuple[CellWork, ...]:
    """Every cell on a corpus that has a digest, whether it is prepared or not."""
    return tuple(
        CellWork(
            CellSpec.of(
                config,
                model,
                seed,
                cache=cache,
                corpus=CorpusName(corpus.name, digests[corpus.name]),
            ),
            tuple(map(_anywhere, tasks.configs)),
            tuple(task.digest for task in tasks.loaded),
            corpus.lowercase,
        )
        for corpus in config.corpora
        if corpus.name in digests
        for model in config.models
        for seed in config.seeds
    )


def _anywhere(task: TaskConfig) -> TaskConfig:
    """The same task, for a worker that may start in another folder."""
    if isinstance(task, NamedTask):
        return task
    return task.model_copy(update={"path": task.path.resolve()})
