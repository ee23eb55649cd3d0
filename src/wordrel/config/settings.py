"""The settings of a study: strict, frozen pydantic models, and the digest that names them.

A type is never guessed (`dim: "50"` and `epochs: true` are refused). Loading a study checks its
settings against each other.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    field_validator,
    model_serializer,
    model_validator,
)

from wordrel.config.contrasts import Contrast, Orderings
from wordrel.config.corpora import CorpusConfig, corpus_name
from wordrel.config.models import (
    RECIPES,
    ModelConfig,
    Name,
    Strict,
    TrainingConfig,
    model_name,
)


def entry_name(entry: Any) -> Any:
    """The name of a corpus, model or task as it is written, or what it is called without one."""
    if not isinstance(entry, Mapping):
        return entry
    source = entry.get("source")
    default = corpus_name(source) if isinstance(source, str) else model_name(entry)
    return entry.get("name") or default


class NamedTask(Strict):
    """A task of the registry, by name (`wordrel tasks list`)."""

    kind: Literal["named"] = "named"
    name: str
    optional: bool = Field(False, description="leave it out, and say so, where it is not here")


class PairsTask(Strict):
    """The user's own pairs file: word, word, score; comma or tab, with or without a header."""

    kind: Literal["pairs", "directed_pairs"] = Field(description="directed: the order matters")
    name: Name
    path: Path = Field(strict=False)


class LabelledPairsTask(Strict):
    """The user's own pairs with what they are to each other: word, word, label."""

    kind: Literal["labelled_pairs"]
    name: Name
    path: Path = Field(strict=False)
    against: str = Field(min_length=1, description="the label of pairs that are nothing")


class ItemsTask(Strict):
    """The user's own analogies (Google's format), words in sentences, or groups of words."""

    kind: Literal["analogies", "context_pairs", "odd_one_out", "top_k"] = Field(
        description="context_pairs: sentence, place of its word from 0, sentence, place, score; "
        "odd_one_out: the odd word, then the others; top_k: a word, then its expected neighbours"
    )
    name: Name
    path: Path = Field(strict=False)


TaskConfig = Annotated[
    NamedTask | PairsTask | LabelledPairsTask | ItemsTask, Field(discriminator="kind")
]


class StatisticsConfig(Strict):
    """How sure we are."""

    resamples: int = Field(
        2000, ge=100, description="of probe words, for the overlap of neighbours"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1)
    margin: float = Field(0.03, gt=0, description="scores nearer than this count as equal")
    seed: int = Field(7, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _without_what_was_once_stored(cls, data: Any) -> Any:
        """Intervals of exploratory views were resampled once, and need no number now."""
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if key != "exploratory_resamples"}


_ONCE_STORED = {"engine": "local", "address": None, "scheduler_file": None}
"""Settings in every config that the first edition stored; they change nothing."""


class ExecuteConfig(Strict):
    """How cells run. Nothing here changes a result, so it is in no digest.

    On which machines they run is no setting of a study: a config may come from a stranger, and
    whoever controls a Dask scheduler can run code here.
    """

    jobs: int | None = Field(
        None,
        ge=1,
        description="trained runs at a time; default: one a core, or a worker of the cluster",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @model_validator(mode="before")
    @classmethod
    def _without_what_was_once_stored(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        old = {key for key, value in _ONCE_STORED.items() if key in data and data[key] == value}
        return {key: value for key, value in data.items() if key not in old}


class TuneConfig(Strict):
    """How `wordrel tune` looks for settings: every model gets the same number of trials."""

    trials: int = Field(8, ge=1, description="settings of each model on the smallest sample")
    tokens: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (500_000, 2_000_000),
        strict=False,
        min_length=1,
        description="sizes of the samples; on each but the first the best settings are tried again",
    )
    keep: int = Field(2, ge=1, description="settings that are tried again on the next sample")


_OPTIONAL = ("tuned", "tune", "contrasts", "orderings")


class StudyConfig(Strict):
    """One study: corpora x models x seeds, asked the same tasks."""

    study: Name
    corpora: tuple[CorpusConfig, ...] = Field(min_length=1, strict=False)
    training: TrainingConfig = TrainingConfig()
    models: tuple[ModelConfig, ...] = Field(min_length=1, strict=False)
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(min_length=1, strict=False)
    tasks: tuple[TaskConfig, ...] = Field(min_length=1, strict=False)
    statistics: StatisticsConfig = StatisticsConfig()
    execute: ExecuteConfig = ExecuteConfig()
    notes: tuple[str, ...] = Field(
        (), strict=False, description="plain sentences that the report opens with"
    )
    tuned: str | None = Field(
        None,
        description="one or more results folders of `wordrel tune`, for settings that the models "
        "leave open",
    )
    tune: TuneConfig | None = Field(None, description="for `wordrel tune` alone")
    contrasts: tuple[Contrast, ...] = Field(
        (), strict=False, description="comparisons that decide a claim, listed before the run"
    )
    orderings: tuple[Orderings, ...] = Field(
        (), strict=False, description="cells that differ in two ingredients: each one's gains"
    )

    @model_serializer(mode="wrap")
    def _without_what_is_not_given(self, standard: Any) -> dict[str, Any]:
        """Studies without these settings are stored as before, under the digest that they had."""
        settings: dict[str, Any] = standard(self)
        return {k: v for k, v in settings.items() if k not in _OPTIONAL or v}

    def planned(self, corpus: str) -> tuple[Contrast, ...]:
        """The contrasts of a corpus; every gain of the orderings is one."""
        listed = [
            *self.contrasts,
            *(c for ordering in self.orderings for c in ordering.contrasts()),
        ]
        planned = (c for c in listed if corpus in c.corpora or not c.corpora)
        return tuple(dict.fromkeys(planned))

    def with_seeds(self, number: int) -> "StudyConfig":
        """The study with so many seeds: its own, then the smallest other numbers."""
        others = (seed for seed in count(1) if seed not in self.seeds)
        return self.model_copy(update={"seeds": (*islice(chain(self.seeds, others), number),)})

    def training_of(self, model: ModelConfig) -> TrainingConfig:
        """What a model is trained with: what all share, but for what its own entry changes."""
        changes = model.training.model_dump(exclude_none=True) if model.training else {}
        return self.training.model_copy(update=changes)

    @field_validator("tasks", mode="before")
    @classmethod
    def _named_tasks(cls, tasks: Any) -> Any:
        if not isinstance(tasks, Sequence) or isinstance(tasks, str):
            return tasks
        return [_with_kind(task) for task in tasks]


def _with_kind(task: Any) -> Any:
    """A task that is given by its name alone, or by its name and no file, is of the registry."""
    if isinstance(task, str):
        return {"kind": "named", "name": task}
    if isinstance(task, Mapping) and "name" in task and not {"kind", "path"} & set(task):
        return {"kind": "named", **task}
    return task


def canonical_json(config: BaseModel | Mapping[str, Any]) -> str:
    """One text for one meaning: sorted keys, no spaces."""
    data = config.model_dump(mode="json") if isinstance(config, BaseModel) else config
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(config: BaseModel | Mapping[str, Any]) -> str:
    """12 hex digits that name this content."""
    return hashlib.sha256(canonical_json(config).encode()).hexdigest()[:12]


def config_schema() -> dict[str, Any]:
    """JSON Schema of a study, for editors that complete and check YAML."""
    schema = StudyConfig.model_json_schema()
    named = {"type": "string", "description": "a task of the registry (wordrel tasks list)"}
    items = schema["properties"]["tasks"]["items"]
    schema["properties"]["tasks"]["items"] = {"anyOf": [named, items]}
    recipe = {"enum": [*RECIPES], "description": "stands for subsample, shrink_window and loss"}
    shared = TrainingConfig.model_json_schema()["properties"] | {"recipe": recipe}
    for name in ("TrainingConfig", "TrainingChange"):
        schema["$defs"][name]["properties"]["recipe"] = recipe
    folders = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    schema["properties"]["tuned"]["anyOf"].append(folders)
    whose = {"type": "string", "description": "the model whose tuned settings this one takes"}
    for name, group in schema["$defs"].items():
        if "learning_rate" in group["properties"]:
            group["properties"]["tuned_as"] = whose
        if "training" in group["properties"] or name == "CorpusConfig":
            own = group["properties"] | (shared if "training" in group["properties"] else {})
            group["properties"]["vary"] = {
                "description": "an entry for each combination, such as {window: [2, 5, 10]}",
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    key: {"type": "array", "minItems": 1, "items": setting}
                    for key, setting in own.items()
                },
            }
    return schema
