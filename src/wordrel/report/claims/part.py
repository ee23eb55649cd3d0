"""The part of a study that one claim needs: its models, its tasks, and some of its seeds.

What is left out of a config is not run.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from wordrel.config import NamedTask, StudyConfig, TaskConfig
from wordrel.config.problems import nearest
from wordrel.errors import StoreError
from wordrel.report.claims import rules_of
from wordrel.report.text import listed
from wordrel.study.results import Results
from wordrel.tasks.registry import REGISTRY


def part(
    results: Results,
    config: StudyConfig,
    *,
    claim: str | None = None,
    models: Sequence[str] = (),
    seeds: int | None = None,
) -> tuple[Results, StudyConfig]:
    """Stored results and their config, cut down to a part.

    Args:
        results: of the whole study; of these, the tables `runs` and `scores` are cut down.
        config: that made them.
        claim: C1 to C9; its models, and its tasks with the development splits beside them.
        models: of these the ones named; default: all.
        seeds: how many of the first ones; default: all.

    Raises:
        StoreError: the study cannot decide the claim, or has no such model; names what it has.
    """
    if claim is not None:
        config = _of_claim(results, config, claim)
    known = [model.name for model in config.models]
    if strange := [name for name in models if name not in known]:
        meant = nearest(strange[0], known)
        raise StoreError(
            f"{results.folder}: found no {listed(strange)} in it{meant} expected of {listed(known)}"
        )
    if models:
        config = _of_models(config, models)
    if seeds is not None:
        config = config.model_copy(update={"seeds": config.seeds[:seeds]})
    names, tasks = {m.name for m in config.models}, {t.name for t in config.tasks}
    runs, scores = (
        table[table["model"].isin(names) & table["seed"].isin(config.seeds)]
        for table in (results.runs, results.scores)
    )
    own = [_task_of(str(row), tasks) is not None for row in scores["task"]]
    return replace(results, runs=runs, scores=scores[own]), config


def scored_part(
    results: Results,
    config: StudyConfig,
    claim: str | None,
    models: Sequence[str],
    seeds: int | None,
) -> tuple[Results, StudyConfig]:
    """The same part, where a new run can be compared with it.

    Raises:
        StoreError: as `part`, and where a claim rests on no score.
    """
    stored, cut = part(results, config, claim=claim, models=models, seeds=seeds)
    if claim is not None and stored.scores.empty:
        raise StoreError(
            f"{results.folder}: {claim} rests on no score here, found none to compare; expected a "
            "claim with scores, or the whole study"
        )
    return stored, cut


def verdict(results: Results, claim: str) -> str:
    """The verdict of a claim's rule on these results; undecided where a part of it is missing."""
    rule = next(rule for rule in rules_of(results) if rule.name == claim)
    return "undecided" if rule.missing(results) else rule.decide(results).verdict


def _of_claim(results: Results, config: StudyConfig, claim: str) -> StudyConfig:
    rule = next((rule for rule in rules_of(results) if rule.name == claim), None)
    if rule is None or rule.missing(results):
        claims = [r.name for r in rules_of(results) if not r.missing(results)]
        cure = (
            f"expected one of {listed(claims)}" if claims else "it decides no claim: leave it out"
        )
        raise StoreError(f"{results.folder}: it has not what {claim} needs; {cure}")
    contrasts = tuple(c for c in config.contrasts if c.claim.partition(" ")[0] == claim)
    orderings = tuple(o for o in config.orderings if o.claim.partition(" ")[0] == claim)
    changes = {"contrasts": contrasts, "orderings": orderings}
    if rule.planned:
        every = [*contrasts, *(c for o in orderings for c in o.contrasts())]
        models = {name for c in every for name in (c.first, c.second) if name}
        models |= {n for c in every if c.beside for n in (c.beside.first, c.beside.second)}
        rows = {row for c in every for row in (*c.rows, *([c.beside.task] if c.beside else []))}
    else:
        models, rows = {*rule.models}, {*rule.tasks}
    names = {task.name for task in config.tasks}
    tasks = {task for row in rows if (task := _task_of(row, names)) is not None}
    questions = {_question(task) for task in config.tasks if task.name in tasks}
    kept = tuple(
        task
        for task in config.tasks
        if task.name in tasks or (_decides(task) and _question(task) in questions)
    )
    return _of_models(config.model_copy(update=changes | {"tasks": kept}), models)


def _of_models(config: StudyConfig, models: Collection[str]) -> StudyConfig:
    """The study with these models, and the planned comparisons between them."""
    kept = {*models, None}
    contrasts = tuple(c for c in config.contrasts if {c.first, c.second} <= kept)
    orderings = tuple(o for o in config.orderings if {*o.models} <= kept)
    changes = {"contrasts": contrasts, "orderings": orderings}
    own = tuple(model for model in config.models if model.name in kept)
    return config.model_copy(update=changes | {"models": own})


def _task_of(row: str, tasks: Collection[str]) -> str | None:
    """The task that has this row of the result, such as per_token_loss.next_word.calibrated."""
    return next((task for task in tasks if row == task or row.startswith(f"{task}.")), None)


def _question(task: TaskConfig) -> str | None:
    info = REGISTRY.get(task.name) if isinstance(task, NamedTask) else None
    return info.question if info else None


def _decides(task: TaskConfig) -> bool:
    """Whether it is a development split, which decides the selected embeddings."""
    info = REGISTRY.get(task.name) if isinstance(task, NamedTask) else None
    return info is not None and info.split == "dev"
