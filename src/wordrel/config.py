"""The config: one YAML file is one whole study.

Reads YAML with OmegaConf (so `a.b=c` overrides work as elsewhere), gives it meaning with strict,
frozen pydantic models, and reports all problems at once, each with file, key, what was found and
what is allowed. `digest` names a config by its content.
"""

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wordrel.errors import ConfigError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CorpusConfig(_Strict):
    """Where the text is and how it becomes sentences of tokens."""

    source: str = Field(
        min_length=1,
        description="gensim:wiki-sample, novels, wiki17m, or a file, folder or glob of "
        ".txt .gz .bz2 .xz .zst",
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
    max_sentence: int = Field(
        1000,
        ge=2,
        le=10_000,
        description="longer sentences are cut (gensim drops what is over 10k)",
    )
    held_out: float = Field(
        0.05, ge=0, lt=1, description="share of the documents, decided by a digest of their text"
    )
    bad_utf8: Literal["error", "replace"] = "error"
    long_lines: Literal["error", "split"] = Field(
        "error", description="what to do with a line of over 16 MiB"
    )

    @model_validator(mode="before")
    @classmethod
    def _named_after_source(cls, data: Any) -> Any:
        if (
            isinstance(data, Mapping)
            and not data.get("name")
            and isinstance(data.get("source"), str)
        ):
            source = data["source"].rstrip("/*").split("/")[-1].split(":")[-1]
            slug = re.sub(r"[^a-z0-9_-]+", "-", source.split(".")[0].lower()).strip("-")
            return {**data, "name": slug or "corpus"}
        return data


class TrainingConfig(_Strict):
    """What is held equal between all trained models of a study."""

    dim: int = Field(100, ge=1, le=4096)
    window: int = Field(5, ge=1, le=100, description="words on each side (masked) or before (next)")
    shrink_window: bool = Field(
        True, description="draw each target's window from 1..window, as word2vec does"
    )
    epochs: int = Field(5, ge=1)
    negatives: int = Field(5, ge=1, description="noise words a target, by weight in the loss")
    noise_exponent: float = Field(0.75, ge=0, le=1, description="noise ~ count ** exponent")
    subsample: float = Field(
        1e-3, ge=0, description="word2vec's threshold for dropping frequent words; 0 keeps all"
    )


class _Model(_Strict):
    name: Name = ""

    @model_validator(mode="before")
    @classmethod
    def _named_after_kind(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data.get("name") and isinstance(data.get("kind"), str):
            default = "skip_gram" if data["kind"] == "word2vec" else data["kind"]
            return {**data, "name": data.get("algorithm", default)}
        return data


class RandomConfig(_Model):
    """Random vectors: the floor of every table."""

    kind: Literal["random"]


class PpmiSvdConfig(_Model):
    """Counted co-occurrence, positive PMI, truncated SVD."""

    kind: Literal["ppmi_svd"]
    eigenvalue_weight: float = Field(0.5, ge=0, le=1, description="power of the singular values")


class Word2vecConfig(_Model):
    """gensim's word2vec with negative sampling and one worker."""

    kind: Literal["word2vec"]
    algorithm: Literal["skip_gram", "cbow"] = "skip_gram"
    learning_rate: float = Field(0.025, gt=0)
    min_learning_rate: float = Field(0.0001, gt=0)


class MatchedConfig(_Model):
    """One rung of the matched family: y_i = sum_j a_ij v_j, trained in PyTorch."""

    kind: Literal["attention", "attention_position", "masked_attention"]
    heads: int = Field(1, ge=1)
    scale: bool = Field(False, description="divide q.k by sqrt(dim / heads)")
    learning_rate: float = Field(0.25, gt=0, description="row-wise Adagrad on both word tables")
    weights_learning_rate: float = Field(0.002, gt=0, description="Adam on the attention's weights")
    batch: int = Field(4096, ge=1, description="targets a step")
    shared_negatives: int = Field(
        64, ge=1, description="noise words that a group of targets shares"
    )
    group: int = Field(128, ge=1, description="targets that share their noise words")


ModelConfig = Annotated[
    RandomConfig | PpmiSvdConfig | Word2vecConfig | MatchedConfig, Field(discriminator="kind")
]


class NamedTask(_Strict):
    """A task of the registry, by name (`wordrel tasks list`)."""

    kind: Literal["named"] = "named"
    name: str


class PairsTask(_Strict):
    """The user's own pairs file: word, word, score; comma or tab, with or without a header."""

    kind: Literal["pairs"]
    name: Name
    path: Path


TaskConfig = Annotated[NamedTask | PairsTask, Field(discriminator="kind")]


class StatisticsConfig(_Strict):
    """How sure we are."""

    resamples: int = Field(2000, ge=100)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    seed: int = Field(7, ge=0)


class ExecuteConfig(_Strict):
    """Where cells run. Nothing here changes a result, so it is in no digest."""

    jobs: int | None = Field(None, ge=1, description="cells at a time; default: one a core")
    device: Literal["auto", "cpu", "cuda"] = "auto"


class StudyConfig(_Strict):
    """One study: corpora x models x seeds, asked the same tasks."""

    study: Name
    corpora: tuple[CorpusConfig, ...] = Field(min_length=1)
    training: TrainingConfig = TrainingConfig()
    models: tuple[ModelConfig, ...] = Field(min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(min_length=1)
    tasks: tuple[TaskConfig, ...] = Field(min_length=1)
    statistics: StatisticsConfig = StatisticsConfig()
    execute: ExecuteConfig = ExecuteConfig()
    notes: tuple[str, ...] = Field((), description="plain sentences that the report opens with")

    @field_validator("tasks", mode="before")
    @classmethod
    def _named_tasks(cls, tasks: Any) -> Any:
        if not isinstance(tasks, Sequence) or isinstance(tasks, str):
            return tasks
        return [{"kind": "named", "name": t} if isinstance(t, str) else t for t in tasks]

    @model_validator(mode="after")
    def _consistent(self) -> "StudyConfig":
        problems = []
        for what, names in (
            ("corpora", [c.name for c in self.corpora]),
            ("models", [m.name for m in self.models]),
            ("seeds", [str(s) for s in self.seeds]),
            ("tasks", [t.name for t in self.tasks]),
        ):
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                problems.append(f"{what}: {', '.join(twice)} stands there more than once")
        for m in self.models:
            if isinstance(m, MatchedConfig) and self.training.dim % m.heads:
                problems.append(
                    f"models.{m.name}.heads: {m.heads} does not divide "
                    f"training.dim {self.training.dim}"
                )
        if problems:
            raise ValueError("\n".join(problems))
        return self


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> StudyConfig:
    """Read a study.

    Args:
        path: the YAML file.
        overrides: `key.path=value` strings, as on the command line; list items by index
            (`corpora.0.source=my.txt`).

    Raises:
        ConfigError: with every problem of the file at once.
    """
    path = Path(path)
    try:
        tree = OmegaConf.load(path)
        data = OmegaConf.to_container(_override(tree, overrides), resolve=True)
    except FileNotFoundError as error:
        raise ConfigError([f"{path}: there is no such file"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    except (yaml.YAMLError, OmegaConfBaseException, ValueError) as error:
        raise ConfigError([f"{path}: not a YAML file that can be read: {error}"]) from error
    if not isinstance(data, dict):
        raise ConfigError([f"{path}: found a list, expected keys such as study, corpora, models"])
    return parse_config({str(key): value for key, value in data.items()}, place=str(path))


def _override(tree: Any, overrides: Sequence[str]) -> Any:
    for item in overrides:
        key, found, value = item.partition("=")
        if not found or not key:
            raise ConfigError([f"{item!r}: an override is written key.path=value"])
        OmegaConf.update(tree, key, yaml.safe_load(value), merge=False, force_add=True)
    return tree


def parse_config(data: Mapping[str, Any], place: str = "config") -> StudyConfig:
    """The same for data that is read already; `place` starts each message."""
    try:
        return StudyConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError([_explain(place, e) for e in error.errors()]) from error


def _explain(place: str, error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    found = error["input"]
    shown = "" if isinstance(found, dict | list | tuple) else f" (found {found!r})"
    if error["type"] == "extra_forbidden":
        allowed = _allowed_keys(error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), allowed, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{place}: {where}: unknown key{hint} Allowed: {', '.join(sorted(allowed))}"
    message = error["msg"].removeprefix("Value error, ")
    prefix = f"{place}: {where}: " if where else f"{place}: "
    return "\n".join(prefix + line for line in (message + shown).split("\n"))


def _allowed_keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand where `loc` ends, found by walking the models."""
    kinds: dict[str, type[BaseModel]] = {
        kind: config
        for config in get_args(get_args(ModelConfig)[0])
        for kind in get_args(config.model_fields["kind"].annotation)
    }
    groups: dict[str, type[BaseModel]] = {
        "corpora": CorpusConfig,
        "training": TrainingConfig,
        "statistics": StatisticsConfig,
        "execute": ExecuteConfig,
    }
    if len(loc) == 1:
        return list(StudyConfig.model_fields)
    if loc[0] == "models":
        return list(kinds[str(loc[2])].model_fields)
    if loc[0] == "tasks":
        return list((PairsTask if loc[2] == "pairs" else NamedTask).model_fields)
    return list(groups[str(loc[0])].model_fields)


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
    return schema
