"""The trials of a tuning study: models with settings to try, and the scores that these reach.

A search is a walk along one coordinate after the other, of a given length. It yields points and is
sent their scores. Every search of the same length tries the same number of points.

Runs small studies, so that trained runs stay in the cache. After each round, all trials so far are
written beside the folder of the study, as NAME.unfinished.json. The next run resumes from there,
even without the cache.
"""

import json
import logging
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from wordrel import __version__
from wordrel.config import ARCHITECTURES, MatchedConfig, ModelConfig, StudyConfig, digest
from wordrel.corpus import prepare
from wordrel.io.files import explained, reading, write_json
from wordrel.io.scratch import scratch_folder
from wordrel.jobs import Cluster
from wordrel.study.results import Results
from wordrel.study.run import run_study

RESULTS = ("score", "seconds")
"""Columns of a trial that its run adds."""
BESIDE = 2
"""Rates that are tried beside the best one, on more text."""
ROUNDING = 1e-9
"""Relative: .25 * 2**.5 and .25 / 2**.5 * 2 are one rate, though not one number."""

log = logging.getLogger(__name__)

Value = float | int
Point = dict[str, Any]
"""A value of each coordinate; `start`, if any: the model from whose weights training goes on."""


@dataclass(frozen=True)
class Coordinate:
    """One setting, and the values that it may take.

    Attributes:
        key: of the setting.
        values: ascending; None: a grid in factors of two around the start, without an end, so that
            a best value is never on its edge.
    """

    key: str
    values: tuple[Value, ...] | None = None

    def beside(self, value: Value, factor: float) -> list[Value]:
        """The next lower and the next higher value, where there are any."""
        if self.values is None:
            return [value / factor, value * factor]
        lower = [v for v in self.values if v < value][-1:]
        higher = [v for v in self.values if v > value][:1]
        return [*lower, *higher]


EPOCHS = Coordinate("epochs", (1, 2, 4, 8))
COORDINATES = (
    Coordinate("learning_rate"),
    EPOCHS,
    Coordinate("weights_learning_rate"),
    Coordinate("dropout", (0.0, 0.1, 0.2, 0.4)),
    Coordinate("weight_decay", (0.0, 0.01, 0.1, 1.0)),
)
"""In the order in which they are tried: what moves a loss most comes first."""


@dataclass(frozen=True)
class Tried:
    """A point and its score."""

    point: Point
    score: float


Search = Generator[list[Point], Sequence[float], list[Tried]]
"""Yields points to try together, is sent their scores; returns all, the best one first."""


@dataclass
class Trials:
    """All trials so far, a row each, and how more of them are run.

    Attributes:
        unfinished: the file that keeps the rows until the study ends; those of an earlier run of
            the same study, on the same texts, count as run.
        starts: name of each model from whose weights others go on -> its entry in a config, with
            the settings that it had by then.
    """

    config: StudyConfig
    cache: Path
    jobs: int | None
    cluster: Cluster | None
    unfinished: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    starts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def scores(self, wanted: Mapping[str, Sequence[Point]], tokens: int) -> dict[str, list[float]]:
        """The score of each point of each model, from one small study of all that are new."""
        pairs = [(model, point) for model, points in wanted.items() for point in points]
        first = len(self.rows)
        for model, point in pairs:
            number = str(len(self.rows) + 1)
            self.rows.append({"model": model, "tokens": tokens, "trial": number, **point})
        new = [(row, pair[1]) for row, pair in zip(self.rows[first:], pairs, strict=True)]
        new = [(row, point) for row, point in new if not self._taken(row)]
        if new:
            self._evaluate(new, tokens)
            self._write()
        scores: dict[str, list[float]] = {model: [] for model in wanted}
        for row in self.rows[first:]:
            scores[row["model"]].append(row["score"])
        return scores

    def end(self) -> None:
        """Remove the file of the rows: the tables of the study hold them now."""
        with explained(self.unfinished):
            self.unfinished.unlink(missing_ok=True)

    def _evaluate(self, new: Sequence[tuple[dict[str, Any], Point]], tokens: int) -> None:
        """Train and evaluate; adds score and seconds to each row."""
        models = {model.name: model for model in self.config.models}
        named = {f"{row['model'][:50]}.t{row['trial']}": (row, point) for row, point in new}
        entries = (placed(models[r["model"]], p, n, self.starts) for n, (r, p) in named.items())
        results = self._run(tuple(entries), tokens)
        seconds = results.runs.groupby("model")["seconds"].sum(min_count=1)
        for name, (row, _) in named.items():
            row["score"] = development_score(results, name)
            row["seconds"] = round(float(seconds[name]), 1)

    def _taken(self, row: dict[str, Any]) -> bool:
        """Whether an earlier run had this trial; its score and seconds are in the row then."""
        earlier = self._earlier.get(row["trial"])
        if earlier is None or {k: v for k, v in earlier.items() if k not in RESULTS} != row:
            return False
        row |= {key: math.nan if earlier[key] is None else earlier[key] for key in RESULTS}
        return True

    @cached_property
    def _earlier(self) -> dict[str, dict[str, Any]]:
        """By number, the rows of an earlier run of this study."""
        if not self.unfinished.exists():
            return {}
        cure = "remove it, and all trials are run again"
        with reading(self.unfinished, cure):
            kept = json.loads(self.unfinished.read_text("utf-8"))
            rows = {row["trial"]: row for row in kept["trials"]}
            if any(not set(RESULTS) < set(row) for row in rows.values()):
                raise ValueError("trials without a score")
            same = kept["study"] == self._study
        status = f"{len(rows)} trials" if same else "trials of another study or text; all run anew"
        log.info("%s: found %s", self.unfinished, status)
        return rows if same else {}

    @cached_property
    def _study(self) -> str:
        """12 hex digits of all that decides the scores: settings, texts, version of wordrel."""
        sample = {"limit_tokens": self.config.tune.tokens[0] if self.config.tune else None}
        corpora = [c.model_copy(update=sample) for c in self.config.corpora]
        texts = {c.name: prepare(c, self.cache, jobs=self.jobs or 1).digest for c in corpora}
        config = self.config.model_dump(mode="json", exclude={"corpora"})
        return digest({"config": config, "texts": texts, "wordrel": __version__})

    def _write(self) -> None:
        rows = [
            row | {key: None if math.isnan(row[key]) else row[key] for key in RESULTS}
            for row in self.rows
        ]
        write_json(self.unfinished, {"study": self._study, "trials": rows})

    def _run(self, entries: tuple[ModelConfig, ...], tokens: int) -> Results:
        limited = {"limit_tokens": tokens}
        corpora = tuple(c.model_copy(update=limited) for c in self.config.corpora)
        trials = {"corpora": corpora, "models": entries, "tune": None}
        study = self.config.model_copy(update=trials)
        with scratch_folder("tune") as folder:
            return run_study(
                study, self.cache, folder / "round", jobs=self.jobs, cluster=self.cluster
            )


def coordinates(model: ModelConfig) -> list[Coordinate]:
    """The settings of a model that are searched: those that change it."""
    own = type(model).model_fields
    if "learning_rate" not in own:
        return []
    useful = {"learning_rate", "epochs"}
    if isinstance(model, MatchedConfig) and not ARCHITECTURES[model.kind].plain_mean:
        useful |= set(own)
    return [coordinate for coordinate in COORDINATES if coordinate.key in useful]


def start(config: StudyConfig, model: ModelConfig) -> dict[str, float | int]:
    """The settings that the config gives."""
    training = config.training_of(model)
    return {
        c.key: getattr(model if c.key in type(model).model_fields else training, c.key)
        for c in coordinates(model)
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
    training = {key: value for key, value in point.items() if key not in own}
    if "start" in own:
        own["start"] = starts[own["start"]]
    return own | ({"training": training} if training else {})


def entry_of(model: MatchedConfig, point: Point) -> dict[str, Any]:
    """A model with the settings of a point, as the `start` of another one."""
    usual = type(model)(kind=model.kind).model_dump(mode="json")
    settings = model.model_dump(mode="json", exclude={"name", "training"})
    own = {key: value for key, value in settings.items() if value != usual[key]}
    return {"kind": model.kind} | own | settings_of(model, point)


def development_score(results: Results, model: str) -> float:
    """Mean over corpora and development splits; larger is better, NaN where training failed.

    It failed, too, where there are answers without a score, as when all of them are equal: a mean
    over the other splits could be higher than that of every other trial.
    """
    table = results.summary
    ours = table[(table["model"] == model) & table["selected"] & ~table["detail"]]
    ours = ours[ours["split"] == "dev"]
    if (ours["score"].isna() & (ours["n_scored"] > 0)).any():
        return float("nan")
    ours = ours[ours["score"].notna()]
    signs = np.where(ours["better"] == "lower", -1.0, 1.0)
    return float((signs * ours["score"]).mean()) if len(ours) else float("nan")


def walk(start: Point, coordinates: Sequence[Coordinate], trials: int) -> Search:
    """Coordinate search from `start`; goes on along a coordinate as long as that helps.

    Args:
        start: tried first; it has a value of each coordinate.
        coordinates: of which neighbours are tried, in this order.
        trials: how many points are tried in all.
    """
    tried = [Tried(start, (yield [start])[0])]
    factor, helped = 2.0, True
    while len(tried) < trials:
        if not helped:
            factor = factor**0.5
        helped, before = False, len(tried)
        for coordinate in coordinates:
            while points := _untried(coordinate, tried, factor, trials - len(tried)):
                last = best_of(tried)
                scores = yield points
                tried += [Tried(*pair) for pair in zip(points, scores, strict=True)]
                if best_of(tried) is last:
                    break
                helped = True
        if len(tried) == before and all(c.values is not None for c in coordinates):
            break  # every value of a closed grid is tried
    return in_order(tried)


def _untried(
    coordinate: Coordinate, tried: Sequence[Tried], factor: float, most: int
) -> list[Point]:
    """Neighbours of the best point that are new."""
    best = best_of(tried).point
    points = [best | {coordinate.key: v} for v in coordinate.beside(best[coordinate.key], factor)]
    return [point for point in points if is_new(point, tried)][:most]


def is_new(point: Point, tried: Sequence[Tried]) -> bool:
    """Whether no trial has these settings; numbers that differ by rounding alone are the same."""
    return not any(_same(point, trial.point) for trial in tried)


def _same(first: Point, second: Point) -> bool:
    return first.keys() == second.keys() and all(
        math.isclose(value, second[key], rel_tol=ROUNDING)
        if isinstance(value, float)
        else value == second[key]
        for key, value in first.items()
    )


def recheck(best: Sequence[Tried], keep: int, key: str = "learning_rate") -> Search:
    """On more text: the best points again, and the best of them at the two nearest new rates."""
    points = [trial.point for trial in best[:keep]]
    tried = [Tried(*pair) for pair in zip(points, (yield points), strict=True)]
    top = best_of(tried).point
    if key in top:
        rates = [top | {key: top[key] * factor} for factor in (1 / 2, 2, 1 / 4, 4)]
        beside = [point for point in rates if is_new(point, tried)][:BESIDE]
        tried += [Tried(*pair) for pair in zip(beside, (yield beside), strict=True)]
    return in_order(tried)


def best_of(tried: Sequence[Tried]) -> Tried:
    """The one with the highest score; of equal ones the first."""
    return in_order(tried)[0]


def in_order(tried: Sequence[Tried]) -> list[Tried]:
    """From the highest score to the lowest; a failed trial is last."""
    return sorted(tried, key=lambda t: -t.score if t.score == t.score else float("inf"))
