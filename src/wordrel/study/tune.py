"""`wordrel tune`: the same number of trials for every model, judged on development splits alone.

Runs the trials as small studies; an interrupted run resumes from the cache and from the trials in
NAME.unfinished.json. Writes a folder with `config.yaml`, `trials.csv` (every
trial) and `choices.yaml` (the settings of each model, and the digest of the trials), which a study
names as `tuned:`.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from wordrel.config import (
    MatchedConfig,
    ModelConfig,
    StudyConfig,
    TuneConfig,
    stored_text,
)
from wordrel.config.dialect import dump
from wordrel.config.tuned import CHOICES, TRIALS, text_digest
from wordrel.errors import ConfigError
from wordrel.io.store import replace_folder, write_text
from wordrel.jobs import Cluster
from wordrel.models.matched.nesting import contains
from wordrel.study.trials import (
    BESIDE,
    COORDINATES,
    EPOCHS,
    Point,
    Search,
    Trials,
    Tried,
    best_of,
    coordinates,
    entry_of,
    in_order,
    is_new,
    recheck,
    settings_of,
    start,
    walk,
)
from wordrel.tasks.registry import REGISTRY

UNDER_TUNED = 0.005
"""Nats a token by which a model may lose to one that it contains; beyond, it is under-tuned."""
FINER = 2**0.5
"""A step of a rate that is smaller than those of the walk."""
DROPOUT = 0.2
"""Share of the attention's weights that the trial with dropout drops."""
LAST = 2
"""More trials on the largest text: the settings of what a model contains, and dropout."""


def tune(
    config: StudyConfig,
    cache: Path,
    out: Path,
    *,
    jobs: int | None = None,
    cluster: Cluster | None = None,
) -> pd.DataFrame:
    """Find settings for every model of a study.

    Args:
        config: with `tune`; its tasks are development splits, its one seed is used for nothing
            else.
        cache: where corpora and trained models are kept.
        out: the folder to write; trials that have ended stand beside it until all have.
        jobs: models at a time; see `run_study`.
        cluster: where they are trained.

    Returns:
        The table of the trials.

    Raises:
        ConfigError: no `tune`, several seeds, or a task that may decide nothing.
    """
    settings = check(config)
    unfinished = out.with_name(f"{out.name}.unfinished.json")
    trials = Trials(config, cache, jobs, cluster, unfinished)
    models = {model.name: model for model in config.models}
    ranked: dict[str, list[Tried]] = {}
    for tokens in settings.tokens:
        searches = {
            name: recheck(ranked[name], settings.keep)
            if name in ranked
            else walk(start(config, model), coordinates(model), settings.trials)
            for name, model in models.items()
        }
        ranked = _together(searches, trials, tokens)
    last = settings.tokens[-1]
    ranked = _one_more(_of_what_they_contain(models, ranked), ranked, trials, last)
    ranked = _one_more(_regularised(ranked), ranked, trials, last)
    ranked, notes = started_from_what_they_contain(models, ranked, trials, last)
    table = _table(trials, ranked, notes)
    with replace_folder(out, proof=CHOICES, ours=(CHOICES, TRIALS, "config.yaml")) as folder:
        text = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
        write_text(folder / TRIALS, text)
        write_text(folder / "config.yaml", stored_text(config, out))
        write_text(folder / CHOICES, dump(_choices(trials, ranked, text)))
    trials.end()
    return table


def check(config: StudyConfig) -> TuneConfig:
    """The settings of the search.

    Raises:
        ConfigError: where a choice would be made on test data, or on more than one seed.
    """
    problems = []
    if config.tune is None:
        problems.append("tune: found nothing, expected its settings (tune: {} takes the defaults)")
    if len(config.seeds) > 1:
        problems.append(f"seeds: found {len(config.seeds)}, expected one, for tuning alone")
    for task in config.tasks:
        info = REGISTRY.get(task.name) if task.kind == "named" else None
        if info is None or info.split != "dev":
            text = "expected development splits: what chooses settings must not judge models"
            problems.append(f"tasks: found {task.name}, {text}")
    if problems or config.tune is None:
        raise ConfigError(problems)
    return config.tune


def planned(config: StudyConfig) -> list[tuple[StudyConfig, int]]:
    """For each size of text a study of the largest trials, and how many trials a model has.

    Its models have the most epochs that a trial may have, and one seed for each trial from a random
    start. So its cost is the most that these trials take, without those that go on from another
    model.
    """
    settings, most = check(config), max(EPOCHS.values or (config.training.epochs,))
    training = config.training.model_copy(update={"epochs": most})
    studies = []
    for tokens in settings.tokens:
        trials = settings.trials if tokens == settings.tokens[0] else settings.keep + BESIDE
        trials += LAST if tokens == settings.tokens[-1] else 0
        corpora = tuple(c.model_copy(update={"limit_tokens": tokens}) for c in config.corpora)
        seeds = tuple(range(1, trials + 1))
        update = {"corpora": corpora, "training": training, "seeds": seeds, "tune": None}
        studies.append((config.model_copy(update=update), trials))
    return studies


def _together(
    searches: Mapping[str, Search], trials: Trials, tokens: int
) -> dict[str, list[Tried]]:
    """Advance all searches side by side, so that each round is one study that fills the cores."""
    ranked: dict[str, list[Tried]] = {}
    points_of = {name: next(search) for name, search in searches.items()}
    while points_of:
        scores = trials.scores(points_of, tokens)
        following = {}
        for name in points_of:
            try:
                following[name] = searches[name].send(scores[name])
            except StopIteration as end:
                ranked[name] = end.value
        points_of = following
    return {name: ranked[name] for name in searches}


def contained(models: Mapping[str, ModelConfig]) -> dict[str, list[str]]:
    """Name of each model -> the models of the study that it contains, the smallest first."""
    return {
        name: [other for other in models if other != name and _contains(model, models[other])]
        for name, model in models.items()
    }


def _contains(model: ModelConfig, other: ModelConfig) -> bool:
    """Whether the model with some of its parts neutral is the other one."""
    if not (isinstance(model, MatchedConfig) and isinstance(other, MatchedConfig)):
        return False
    larger = contains(model, other) and not contains(other, model)
    return larger and model.training == other.training


def _one_more(
    points: Mapping[str, Point], ranked: Mapping[str, list[Tried]], trials: Trials, tokens: int
) -> dict[str, list[Tried]]:
    """One more trial of each of these models, at a point of its own."""
    if not points:
        return dict(ranked)
    scores = trials.scores({name: [point] for name, point in points.items()}, tokens)
    trial_of = {name: [Tried(point, scores[name][0])] for name, point in points.items()}
    return {name: in_order([*tried, *trial_of.get(name, [])]) for name, tried in ranked.items()}


def _of_what_they_contain(
    models: Mapping[str, ModelConfig], ranked: Mapping[str, Sequence[Tried]]
) -> dict[str, Point]:
    """For each model the best settings of the best model that it contains.

    A model that contains none, or has tried these, tries its best setting at a finer rate instead,
    so that all have the same number of trials.
    """
    points = {}
    for name, tried in ranked.items():
        best = tried[0].point
        if "learning_rate" not in best:
            continue
        point = dict(best)
        inside = [n for n in contained(models)[name] if "learning_rate" in ranked[n][0].point]
        if inside:
            donor = best_of([ranked[n][0] for n in inside])
            point |= {k: v for k, v in donor.point.items() if k in best}
        points[name] = point if is_new(point, tried) else _finer(tried)
    return points


def _finer(tried: Sequence[Tried]) -> Point:
    """The best settings at the nearest rate that was not tried with them."""
    best = tried[0].point
    rates = (best["learning_rate"] * FINER**step for step in (1, -1, 0.5, -0.5, 1.5, -1.5))
    points = [best | {"learning_rate": rate} for rate in rates]
    return next(point for point in points if is_new(point, tried))


def _regularised(ranked: Mapping[str, Sequence[Tried]]) -> dict[str, Point]:
    """For each model its best settings with dropout, which a short walk may never have tried.

    A model that has tried them, or has no weights to drop, tries another rate instead.
    """
    points = {}
    for name, tried in ranked.items():
        best = tried[0].point
        if "learning_rate" not in best:
            continue
        dropped = best | {"dropout": DROPOUT if best.get("dropout") != DROPOUT else 0.0}
        new = "dropout" in best and is_new(dropped, tried)
        points[name] = dropped if new else _finer(tried)
    return points


def started_from_what_they_contain(
    models: Mapping[str, ModelConfig],
    ranked: Mapping[str, list[Tried]],
    trials: Trials,
    tokens: int,
) -> tuple[dict[str, list[Tried]], dict[str, str]]:
    """Models that lose to one that they contain go on from its weights, and so does that one.

    Once for as many epochs as the losing model's best setting has; once for a single epoch at a
    quarter of the rate, since weights that have converged may need little more. Both models read
    the text equally often from there. For each, the best of its trials counts.

    Returns:
        All trials, the best first; and by name, the notes on models that lost.
    """
    points_of: dict[str, list[Point]] = {}
    losing = under_tuned(models, ranked)
    for name, inside in losing.items():
        small, best, own = models[inside], ranked[name][0].point, ranked[inside][0].point
        assert isinstance(small, MatchedConfig)
        trials.starts[inside] = entry_of(small, own)
        points_of.setdefault(name, []).extend(_going_on(best, inside, best["epochs"]))
        of_small = points_of.setdefault(inside, [])
        of_small += [p for p in _going_on(own, inside, best["epochs"]) if p not in of_small]
    combined = dict(ranked)
    scores = trials.scores(points_of, tokens) if points_of else {}
    for name, points in points_of.items():
        added = map(Tried, points, scores[name])
        combined[name] = in_order([*combined[name], *added])
    before = "under-tuned from a random start: it contains"
    notes = {name: f"{before} {inside}" for name, inside in losing.items()}
    still = under_tuned(models, combined)
    return combined, notes | {
        n: f"under-tuned: it contains {inside}" for n, inside in still.items()
    }


def _going_on(point: Point, start: str, epochs: int) -> list[Point]:
    short = {"epochs": 1, "learning_rate": point["learning_rate"] / 4}
    return [point | {"start": start, "epochs": epochs}, point | {"start": start} | short]


def under_tuned(
    models: Mapping[str, ModelConfig], ranked: Mapping[str, Sequence[Tried]]
) -> dict[str, str]:
    """Name of each model that loses to one that it contains -> that one.

    One whose trials all failed loses to any that has a score.
    """
    losing = {}
    for name, inside in contained(models).items():
        own = ranked[name][0].score
        least = -math.inf if math.isnan(own) else own + UNDER_TUNED
        better = [n for n in inside if ranked[n][0].score > least]
        if better:
            losing[name] = max(better, key=lambda n: ranked[n][0].score)
    return losing


def _table(
    trials: Trials, ranked: Mapping[str, Sequence[Tried]], notes: Mapping[str, str]
) -> pd.DataFrame:
    last = trials.config.tune.tokens[-1] if trials.config.tune else 0
    every = [*(c.key for c in COORDINATES), "start"]
    keys = [key for key in every if any(key in row for row in trials.rows)]
    for row in trials.rows:
        name = str(row["model"])
        point = {key: row[key] for key in keys if key in row}
        row["chosen"] = row["tokens"] == last and point == ranked[name][0].point
        row["note"] = notes.get(name, "") if row["chosen"] else ""
    columns = ["model", "tokens", "trial", *keys, "score", "seconds", "chosen", "note"]
    return pd.DataFrame(trials.rows, columns=columns)


def _choices(trials: Trials, ranked: Mapping[str, Sequence[Tried]], text: str) -> dict[str, object]:
    models = {model.name: model for model in trials.config.models}
    chosen = {
        name: settings_of(models[name], tried[0].point, trials.starts)
        for name, tried in ranked.items()
    }
    return {"tuning": trials.config.study, "trials_sha256": text_digest(text), "models": chosen}
