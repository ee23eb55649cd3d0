"""The trials of a tuning study: models with settings to try, and the scores that these reach.

Runs small studies, so that what is trained stays in the cache; writes nothing besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from wordrel.config import ARCHITECTURES, MatchedConfig, ModelConfig, StudyConfig
from wordrel.io.scratch import scratch_folder
from wordrel.jobs import Cluster
from wordrel.study.results import Results
from wordrel.study.run import run_study
from wordrel.study.search import COORDINATES, Coordinate, Point


@dataclass
class Trials:
    """All trials so far, a row each, and how more of them are run.

    Attributes:
        starts: name of each model from whose weights others go on -> its entry in a config, with
            the settings that it had by then.
    """

    config: StudyConfig
    cache: Path
    jobs: int | None
    cluster: Cluster | None
    rows: list[dict[str, Any]]
    starts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def scores(self, asked: Mapping[str, Sequence[Point]], tokens: int) -> dict[str, list[float]]:
        """The score of each point of each model, from one small study of all of them."""
        models = {model.name: model for model in self.config.models}
        number = len(self.rows)
        trials: dict[str, tuple[str, Point]] = {}
        for model, points in asked.items():
            for point in points:
                number += 1
                trials[f"{model[:50]}.t{number}"] = (model, point)
        entries = tuple(placed(models[m], p, name, self.starts) for name, (m, p) in trials.items())
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
        with scratch_folder("tune") as folder:
            place = folder / "round"
            return run_study(study, self.cache, place, jobs=self.jobs, cluster=self.cluster)


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


def placed(
    model: ModelConfig, point: Point, name: str, starts: Mapping[str, Any] = MappingProxyType({})
) -> ModelConfig:
    """The model with the settings of a point."""
    entry = model.model_dump(exclude_none=True)
    changes = settings_of(model, point, starts)
    training = {**entry.get("training", {}), **changes.get("training", {})}
    changes |= {"name": name} | ({"training": training} if training else {})
    return type(model).model_validate(entry | changes)


def settings_of(
    model: ModelConfig, point: Point, starts: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """A point as keys of the model's entry in a config."""
    own = {key: value for key, value in point.items() if key in type(model).model_fields}
    rest = {key: value for key, value in point.items() if key not in own}
    if "start" in own:
        own["start"] = starts[own["start"]]
    return own | ({"training": rest} if rest else {})


def entry_of(model: MatchedConfig, point: Point) -> dict[str, Any]:
    """A model with the settings of a point, as the `start` of another one."""
    usual = type(model)(kind=model.kind).model_dump(mode="json")
    given = model.model_dump(mode="json", exclude={"name", "training"})
    own = {key: value for key, value in given.items() if value != usual[key]}
    return {"kind": model.kind} | own | settings_of(model, point)


def development_score(results: Results, model: str) -> float:
    """Mean over corpora and development splits; larger is better, NaN where training failed."""
    table = results.summary
    ours = table[(table["model"] == model) & table["selected"] & ~table["detail"]]
    ours = ours[(ours["split"] == "dev") & ours["score"].notna()]
    signs = np.where(ours["better"] == "lower", -1.0, 1.0)
    return float((signs * ours["score"]).mean()) if len(ours) else float("nan")
