"""The settings of a study: strict, frozen pydantic models, and the digest that names them.

Reads and writes nothing. A type is never guessed (`dim: "50"` and `epochs: true` are refused). What
several settings are together is checked where a study is loaded.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from wordrel.config.contrasts import Contrast, Orderings
from wordrel.config.models import (
    RECIPES,
    ModelConfig,
    Name,
    Strict,
    TrainingConfig,
    model_name,
)

NAMED_SOURCES = (
    *("gensim:wiki-sample", "novels", "wiki17m"),
    *(f"planted:recall-{pairs}" for pairs in (1, 2, 4, 8, 16)),
)
"""The sources that are no paths; `wordrel corpus list` says more."""


class CorpusConfig(Strict):
    """Where the text is and how it becomes sentences of tokens."""

    source: str = Field(
        min_length=1,
        max_length=4096,
        description="gensim:wiki-sample, novels, wiki17m, planted:recall-P (P: 1 2 4 8 16), or a "
        "file, folder or glob of .txt .gz .bz2 .xz .zst, which starts at the folder of the config",
    )
    name: Name = Field(default="", validate_default=False, description="default: from the source")
    lowercase: bool = True
    digits: Literal["keep", "zero", "drop"] = Field(
        "drop", description="keep numbers as words, write every digit as 0, or leave them out"
    )
    lines: Literal["paragraph", "wrapped"] = Field(
        "paragraph", description="a line end ends a paragraph, or is only where a line was wrapped"
    )
    sentences: Literal["punctuation", "paragraph"] = Field(
        "punctuation", description="cut paragraphs into sentences at . ! ? or keep them whole"
    )
    documents: Literal["blank_line", "file", "line"] = Field(
        "blank_line", description="what ends a document, besides the end of a file"
    )
    min_count: int = Field(5, ge=1, description="rarer words are dropped and the window closes")
    max_vocabulary: int | None = Field(None, ge=2)
    vocabulary: Literal["sample", "source"] = Field(
        "sample",
        description="count words to choose the vocabulary in the sample's training documents, or "
        "in all training documents of the source: the same words and ids for every sample",
    )
    limit_tokens: int | None = Field(
        None,
        ge=1,
        description="a sample of the source: documents in the order of a digest of their text, "
        "until there are this many tokens; smaller samples lie in larger ones; with `test` it is "
        "of training documents only",
    )
    max_sentence: int = Field(
        1000,
        ge=2,
        le=10_000,
        description="longer sentences are cut (gensim drops what is over 10k)",
    )
    held_out: float | None = Field(
        0.05,
        ge=0,
        lt=1,
        description="share of the documents, decided by a digest of their text; the older way, "
        "without development documents",
    )
    test: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="in place of held_out, with development: share of the source's documents "
        "(novels: of the authors) that models are tested on; raised until there are 20",
    )
    development: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="share of the documents that settings are chosen on; raised until there are 10",
    )
    max_test_document: int = Field(
        10_000,
        ge=1,
        description="tokens of a test or development document that are used, from its beginning",
    )
    bad_utf8: Literal["error", "replace"] = "error"
    long_lines: Literal["error", "split"] = Field(
        "error", description="what to do with a line of over 16 MiB"
    )

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: Any) -> Any:
        """The name after the source, and no default share held out where there are two others."""
        if not isinstance(data, Mapping):
            return data
        completed = dict(data)
        if not data.get("name") and isinstance(data.get("source"), str):
            completed["name"] = corpus_name(data["source"])
        if data.get("test") is not None or data.get("development") is not None:
            completed.setdefault("held_out", None)
        return completed

    @model_validator(mode="after")
    def _one_way_to_split(self) -> "CorpusConfig":
        shares = {"test": self.test, "development": self.development}
        missing = [key for key, share in shares.items() if share is None]
        if len(missing) == 1:
            raise _unfit(
                missing[0], "found nothing, expected a share: test and development go together"
            )
        if missing and self.held_out is None:
            raise _unfit("held_out", "found null, expected a share, or test and development")
        if missing and "max_test_document" in self.model_fields_set:
            raise _unfit("max_test_document", "found a number, expected test and development too")
        if not missing and self.held_out is not None:
            text = f"found {self.held_out} beside test and development, expected one way to split"
            raise _unfit("held_out", f"{text}: remove it")
        if (self.test or 0) + (self.development or 0) >= 1:
            text = f"found {self.test} with development {self.development}"
            raise _unfit("test", f"{text}, expected less than 1 together")
        return self

    @property
    def test_share(self) -> float:
        """The share of the documents that models are tested on, before it is raised."""
        return (self.held_out if self.test is None else self.test) or 0.0

    @model_serializer(mode="wrap")
    def _in_use(self, whole: Callable[[Any], Any]) -> dict[str, Any]:
        """Without the settings of the way to split that is not used.

        Corpora and studies were named by a digest of all settings before there were these: what
        does not use them keeps its name.
        """
        data: dict[str, Any] = whole(self)
        unused = {"held_out"} if self.test is not None else {*_SPLIT_IN_THREE}
        if self.test is None and self.vocabulary == "sample":
            unused.add("vocabulary")
        return {key: value for key, value in data.items() if key not in unused}


def _unfit(key: str, text: str) -> PydanticCustomError:
    """What is wrong with a setting beside others of its group."""
    return PydanticCustomError("unfit", "{text}", {"key": key, "text": text})


_SPLIT_IN_THREE = ("test", "development", "max_test_document")


def corpus_name(source: str) -> str:
    """The name of a corpus that is given none: the last part of its source as it was written."""
    last = source.rstrip("/*").split("/")[-1].split(":")[-1]
    return re.sub(r"[^a-z0-9_-]+", "-", last.split(".")[0].lower()).strip("-") or "corpus"


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
    """The user's own pairs with what they are to each other: word, word, label; no header."""

    kind: Literal["labelled_pairs"]
    name: Name
    path: Path = Field(strict=False)
    against: str = Field(min_length=1, description="the label of pairs that are nothing")


class ItemsTask(Strict):
    """The user's own analogies (Google's format), or words in sentences."""

    kind: Literal["analogies", "context_pairs"] = Field(
        description="context_pairs: sentence, place of its word from 0, sentence, place, score"
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
"""What every config that was stored by the first edition says, and what says nothing."""


class ExecuteConfig(Strict):
    """How cells run. Nothing here changes a result, so it is in no digest.

    On which machines they run is no setting of a study: a config may come from a stranger, and
    whoever controls a Dask scheduler can run code here.
    """

    jobs: int | None = Field(
        None, ge=1, description="cells at a time; default: one a core, or a worker of the cluster"
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
        description="a results folder of `wordrel tune`, for settings that the models leave open",
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
        found: dict[str, Any] = standard(self)
        return {k: v for k, v in found.items() if k not in _OPTIONAL or v}

    def planned(self, corpus: str) -> tuple[Contrast, ...]:
        """The contrasts of a corpus; every gain of the orderings is one."""
        listed = [*self.contrasts, *(c for one in self.orderings for c in one.contrasts())]
        here = (one for one in listed if corpus in one.corpora or not one.corpora)
        return tuple(dict.fromkeys(here))

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
    for name, group in schema["$defs"].items():
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
