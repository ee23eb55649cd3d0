"""`wordrel tune`: the same number of trials for every model, judged on development splits alone.

Runs the trials as small studies, so that what is trained stays in the cache and an interrupted run
goes on; writes a folder with `config.yaml`, `trials.csv` (every trial) and `choices.yaml` (what
each model was given, and the digest of the trials), which a study names as `tuned:`.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wordrel.config import (
    ARCHITECTURES,
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
from wordrel.study.results import Results
from wordrel.study.run import run_study
from wordrel.study.search import (
    COORDINATES,
    Coordinate,
    Point,
    Search,
    Tried,
    in_order,
    recheck,
    walk,
)
from wordrel.tasks.registry import REGISTRY

UNDER_TUNED = 0.005
"""Nats a token by which a model may lose to one that it contains; beyond, it is under-tuned."""


@dataclass
class Trials:
    """All trials so far, a row each, and how more of them are run."""

    config: StudyConfig
    cache: Path
    jobs: int | None
    cluster: Cluster | None
    rows: list[dict[str, Any]]

    def scores(self, asked: Mapping[str, Sequence[Point]], tokens: int) -> dict[str, list[float]]:
        """The score of each point of each model, from one small study of all of them."""
        models = {model.name: model for model in self.config.models}
        number = len(self.rows)
        trials: dict[str, tuple[str, Point]] = {}
        for model, points in asked.items():
            for point in points:
                number += 1
                trials[f"{model[:50]}.t{number}"] = (model, point)
        entries = tuple(placed(models[m], p, name) for name, (m, p) in trials.items())
        found = self._run(entries, tokens)
        scores: dict[str, list[float]] = {model: [] for model in asked}
        seconds = found.runs.groupby("model")["seconds"].sum(min_count=1)
        for name, (model, point) in trials.items():
            score = development_score(found, name)
            scores[model].append(score)
            row: dict[str, Any] = {
                "model": model,
                "tokens": tokens,
                "trial": name.rsplit(".t", 1)[1],
                **point,
            }
            self.rows.append(row | {"score": score, "seconds": round(float(seconds[name]), 1)})
        return scores

    def _run(self, entries: tuple[ModelConfig, ...], tokens: int) -> Results:
        limited = {"limit_tokens": tokens}
        corpora = tuple(c.model_copy(update=limited) for c in self.config.corpora)
        trials = {"corpora": corpora, "models": entries, "tune": None}
        study = self.config.model_copy(update=trials)
        with tempfile.TemporaryDirectory(prefix="wordrel-tune-") as folder:
            place = Path(folder, "round")
            return run_study(study, self.cache, place, jobs=self.jobs, cluster=self.cluster)


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
        out: the folder to write.
        jobs: models at a time; see `run_study`.
        cluster: where they are trained.

    Returns:
        The table of the trials.

    Raises:
        ConfigError: no `tune`, several seeds, or a task that may decide nothing.
    """
    settings = check(config)
    trials = Trials(config, cache, jobs, cluster, [])
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
    ranked = _with_what_they_contain(models, ranked, trials, settings.tokens[-1])
    table = _table(trials, ranked, models)
    with replace_folder(out, proof=CHOICES) as folder:
        text = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
        write_text(folder / TRIALS, text)
        write_text(folder / "config.yaml", stored_text(config, out))
        write_text(folder / CHOICES, dump(_choices(config, ranked, text)))
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


def coordinates(model: ModelConfig) -> list[Coordinate]:
    """The settings of a model that are searched: those that it has a use for."""
    own = type(model).model_fields
    if "learning_rate" not in own:
        return []
    useful = {"learning_rate", "epochs"}
    if isinstance(model, MatchedConfig) and not ARCHITECTURES[model.kind].plain_mean:
        useful |= set(own)
    return [one for one in COORDINATES if one.key in useful]


def start(config: StudyConfig, model: ModelConfig) -> dict[str, float | int]:
    """The settings that the config gives."""
    training = config.training_of(model)
    return {
        one.key: getattr(model if one.key in type(model).model_fields else training, one.key)
        for one in coordinates(model)
    }


def placed(model: ModelConfig, point: Point, name: str) -> ModelConfig:
    """The model with the settings of a point."""
    entry = model.model_dump(exclude_none=True)
    changes = settings_of(model, point)
    training = {**entry.get("training", {}), **changes.get("training", {})}
    changes |= {"name": name} | ({"training": training} if training else {})
    return type(model).model_validate(entry | changes)


def settings_of(model: ModelConfig, point: Point) -> dict[str, Any]:
    """A point as keys of the model's entry in a config."""
    own = {key: value for key, value in point.items() if key in type(model).model_fields}
    rest = {key: value for key, value in point.items() if key not in own}
    return own | ({"training": rest} if rest else {})


def development_score(results: Results, model: str) -> float:
    """Mean over corpora and development splits; larger is better, NaN where training failed."""
    table = results.summary
    ours = table[(table["model"] == model) & table["selected"] & ~table["detail"]]
    ours = ours[(ours["split"] == "dev") & ours["score"].notna()]
    signs = np.where(ours["better"] == "lower", -1.0, 1.0)
    return float((signs * ours["score"]).mean()) if len(ours) else float("nan")


def _together(
    searches: Mapping[str, Search], trials: Trials, tokens: int
) -> dict[str, list[Tried]]:
    """Advance all searches side by side, so that each round is one study that fills the cores."""
    ranked: dict[str, list[Tried]] = {}
    asked = {name: next(search) for name, search in searches.items()}
    while asked:
        scores = trials.scores(asked, tokens)
        following = {}
        for name in asked:
            try:
                following[name] = searches[name].send(scores[name])
            except StopIteration as end:
                ranked[name] = end.value
        asked = following
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
    more = contains(model, other) and not contains(other, model)
    return more and model.training == other.training


def _with_what_they_contain(
    models: Mapping[str, ModelConfig],
    ranked: Mapping[str, list[Tried]],
    trials: Trials,
    tokens: int,
) -> dict[str, list[Tried]]:
    """One more trial each: the best settings of the best model that it contains.

    A model that contains none tries its second best setting at a finer rate instead, so that all
    have the same number of trials.
    """
    asked = {}
    for name, found in ranked.items():
        best = found[0].point
        if "learning_rate" not in best:
            continue
        inside = [n for n in contained(models)[name] if "learning_rate" in ranked[n][0].point]
        if inside:
            donor = max(inside, key=lambda n: ranked[n][0].score)
            point = dict(best) | {k: v for k, v in ranked[donor][0].point.items() if k in best}
        else:
            point = dict(best) | {"learning_rate": best["learning_rate"] * 2**0.5}
        asked[name] = [point]
    if not asked:
        return dict(ranked)
    scores = trials.scores(asked, tokens)
    more = {name: [Tried(points[0], scores[name][0])] for name, points in asked.items()}
    return {name: in_order([*found, *more.get(name, [])]) for name, found in ranked.items()}


def under_tuned(
    models: Mapping[str, ModelConfig], ranked: Mapping[str, Sequence[Tried]]
) -> dict[str, str]:
    """Name of each model that loses to one that it contains -> that one."""
    found = {}
    for name, inside in contained(models).items():
        better = [n for n in inside if ranked[n][0].score > ranked[name][0].score + UNDER_TUNED]
        if better:
            found[name] = max(better, key=lambda n: ranked[n][0].score)
    return found


def _table(
    trials: Trials, ranked: Mapping[str, Sequence[Tried]], models: Mapping[str, ModelConfig]
) -> pd.DataFrame:
    last = trials.config.tune.tokens[-1] if trials.config.tune else 0
    losing = under_tuned(models, ranked)
    for row in trials.rows:
        name = str(row["model"])
        best = ranked[name][0].point
        point = {key: row[key] for key in best}
        row["chosen"] = row["tokens"] == last and point == dict(best)
        loses = row["chosen"] and name in losing
        row["note"] = f"under-tuned: it contains {losing[name]}" if loses else ""
    keys = [c.key for c in COORDINATES if any(c.key in row for row in trials.rows)]
    columns = ["model", "tokens", "trial", *keys, "score", "seconds", "chosen", "note"]
    return pd.DataFrame(trials.rows, columns=columns)


def _choices(
    config: StudyConfig, ranked: Mapping[str, Sequence[Tried]], text: str
) -> dict[str, object]:
    models = {model.name: model for model in config.models}
    chosen = {name: settings_of(models[name], found[0].point) for name, found in ranked.items()}
    return {"tuning": config.study, "trials_sha256": text_digest(text), "models": chosen}
