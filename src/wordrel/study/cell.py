"""A cell: one model trained with one seed on one corpus, kept under a name made of its settings.

Reads a prepared corpus; writes one folder of the cache: `model.safetensors` (the tables and
weights), `cell.json` (what was trained, what it cost), `log.csv` (loss against tokens).
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from wordrel.config import (
    ModelConfig,
    StudyConfig,
    TrainingConfig,
    digest,
    identity,
    training_identity,
)
from wordrel.config.names import MODEL, TRAINING, names_then
from wordrel.corpus import corpus_folder, open_corpus
from wordrel.io.environment import peak_memory
from wordrel.io.files import read_tensors, reading, write_json, write_tensors, write_text
from wordrel.io.store import is_done, new_folder, opened
from wordrel.jobs.progress import Report
from wordrel.models import MODELS, Runtime
from wordrel.models.trained import Tensors, checkpoints
from wordrel.models.word_model import WordModel

COST = "cost"
"""A folder beside the answers of a cell that holds its `cell.json`, for when its model is gone."""


class CorpusName(NamedTuple):
    """What names a prepared corpus."""

    name: str
    digest: str


@dataclass(frozen=True)
class CellSpec:
    """All that a worker needs to train a cell.

    Attributes:
        cache: the cache folder, on a path that every worker reaches.
        corpus: folder of the prepared corpus; corpus_name and corpus_digest name it.
        model_config: settings of the model, without any of training.
        training_config: all that this model is trained with.
        seed: of everything random in it.
        device: where to train; no part of the cell's identity.
    """

    cache: Path
    corpus: Path
    corpus_name: str
    corpus_digest: str
    model_config: ModelConfig
    training_config: TrainingConfig
    seed: int
    device: str = "auto"

    @classmethod
    def of(
        cls, config: StudyConfig, model: ModelConfig, seed: int, *, cache: Path, corpus: CorpusName
    ) -> "CellSpec":
        """A cell of a study, on the corpus of this name and digest."""
        return cls(
            cache=cache,
            corpus=corpus_folder(cache, *corpus),
            corpus_name=corpus.name,
            corpus_digest=corpus.digest,
            model_config=model.model_copy(update={"training": None}),
            training_config=config.training_of(model),
            seed=seed,
            device=config.execute.device,
        )

    @property
    def name(self) -> str:
        """For people: corpus/model seed N."""
        return f"{self.corpus_name}/{self.model_config.name} seed {self.seed}"

    @cached_property
    def folder(self) -> Path:
        """Where it is kept, whatever the config calls the model; old cells stay in their folder."""
        named = self.named_folder
        return named if named.is_dir() else self._folder_of(identity(self.model_config))

    @property
    def answers(self) -> Path:
        """Where its answers are kept."""
        return self.cache / "answers" / self.corpus_name / self.folder.name

    @property
    def named_folder(self) -> Path:
        """The former folder, whose name contained the config's name of the model."""
        model = self.model_config.model_dump(mode="json")
        training = self.training_config.model_dump(mode="json")
        (name,) = names_then({"training": training, "models": [model]}).values()
        return self._folder_of(identity(self.model_config) | {"name": name})

    def _folder_of(self, model: Mapping[str, Any]) -> Path:
        version = f"{model['kind']} {MODELS[self.model_config.kind].version}"
        training = training_identity(self.model_config, self.training_config)
        seed = self.seed if MODELS[self.model_config.kind].seeded else 0
        named = cell_digest(self.corpus_digest, model, training, seed, version)
        return cell_folder(self.cache, self.corpus_name, model["name"], seed, named)


def is_trained(spec: CellSpec) -> bool:
    """Whether the cache has this cell, complete and as it was written; see `is_done`."""
    return is_done(spec.folder)


def train_cell(spec: CellSpec, report: Report) -> None:
    """Train and store one cell; does nothing where it is done already.

    Raises:
        TrainingError: when it cannot be trained.
        StoreError: when it cannot be stored.
    """
    if is_trained(spec):
        return
    with checkpoints(spec.cache / "checkpoints" / spec.corpus_name / spec.folder.name) as state:
        _train(spec, Runtime(spec.device, report, state))


def _train(spec: CellSpec, runtime: Runtime) -> None:
    corpus = open_corpus(spec.corpus)
    model, training = spec.model_config, spec.training_config
    started = time.perf_counter()
    with peak_memory() as peak:
        trained = MODELS[model.kind].train(corpus, training, model, spec.seed, runtime)
    seconds = trained.seconds_before + time.perf_counter() - started
    cost: dict[str, Any] = {
        "parameters": trained.parameters,
        "trained_tokens": trained.trained_tokens,
        "seconds": seconds,
        "tokens_per_second": trained.trained_tokens / seconds,
        "peak_memory_mb": peak.megabytes,
        "peak_memory_of": peak.how,
    }
    if trained.targets is not None:
        cost |= {"targets": trained.targets, "context_words": trained.context_words}
    with new_folder(spec.folder) as folder:
        write_tensors(folder / "model.safetensors", trained.tensors)
        write_text(folder / "log.csv", pd.DataFrame(trained.log).to_csv(index=False))
        write_json(folder / "cell.json", _described(spec) | {"cost": cost})


def _described(spec: CellSpec) -> dict[str, Any]:
    return {
        "corpus": {"name": spec.corpus_name, "digest": spec.corpus_digest},
        "model": identity(spec.model_config),
        "training": training_identity(spec.model_config, spec.training_config),
        "seed": spec.seed,
    }


def _absent(spec: CellSpec) -> str:
    return (
        f"there is no trained run ({spec.name}); run the study again, or set WORDREL_CACHE to the "
        "cache it was trained in"
    )


def cell_described(spec: CellSpec) -> dict[str, Any]:
    """The settings and cost of a trained cell, whose model may be gone; see `cell_cost`."""
    kept = not is_trained(spec) and is_done(spec.answers / COST)
    path = opened(spec.answers / COST if kept else spec.folder, _absent(spec)) / "cell.json"
    with reading(path):
        described: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return described


def cell_cost(spec: CellSpec) -> dict[str, Any]:
    """What a trained cell cost: parameters, trained_tokens, seconds, peak_memory_mb ..."""
    cost: dict[str, Any] = cell_described(spec)["cost"]
    return cost


def load_cell(spec: CellSpec) -> WordModel:
    """The model of a trained cell.

    Raises:
        DamagedError: when its folder does not hold what was written; it is set aside.
        StoreError: when the cache has no such cell, or it cannot be read.
    """
    tensors = load_tensors(spec)
    model = spec.model_config
    vocab = open_corpus(spec.corpus).vocab
    return MODELS[model.kind].read(tensors, vocab, spec.training_config, model)


def load_tensors(spec: CellSpec) -> Tensors:
    """The arrays of a trained cell as they were stored; raises as `load_cell`."""
    return read_tensors(opened(spec.folder, _absent(spec)) / "model.safetensors")


def cell_digest(
    corpus_digest: str,
    model: Mapping[str, object],
    training: Mapping[str, object] | None,
    seed: int,
    version: str,
) -> str:
    """12 hex digits that name a trained cell by all that decides its numbers."""
    trained = _identity(training) if training is not None else None
    named = {"corpus": corpus_digest, "model": _identity(model), "training": trained}
    return digest(named | {"seed": seed, "version": version})


_LATER: dict[str, object] = {"shuffled": False, "training": None, **TRAINING, **MODEL}
"""Settings that came after the first cells, and what they are where they change nothing."""


def _identity(settings: Mapping[str, object]) -> dict[str, object]:
    """What names a cell; a setting that came later counts once it is used, so old cells serve."""
    return {key: value for key, value in settings.items() if _LATER.get(key, settings) != value}


def cell_folder(cache: Path, corpus_name: str, model_name: str, seed: int, named: str) -> Path:
    """Where a cell is kept: readable first, unique last."""
    return cache / "cells" / corpus_name / f"{model_name}-seed{seed}-{named}"
