"""The config: one YAML file is one whole study, given meaning by strict, frozen models."""

from wordrel.config.architectures import ARCHITECTURES, Architecture
from wordrel.config.corpora import NAMED_SOURCES, CorpusConfig
from wordrel.config.load import load_config, parse_config, parse_corpus
from wordrel.config.models import (
    MatchedConfig,
    ModelConfig,
    PpmiSvdConfig,
    RandomConfig,
    TrainingConfig,
    Word2vecConfig,
    identity,
    training_identity,
)
from wordrel.config.paths import content_digest, seen_from, stored_text
from wordrel.config.settings import (
    ExecuteConfig,
    ItemsTask,
    LabelledPairsTask,
    NamedTask,
    PairsTask,
    StatisticsConfig,
    StudyConfig,
    TaskConfig,
    TuneConfig,
    canonical_json,
    config_schema,
    digest,
)

__all__ = [
    "ARCHITECTURES",
    "NAMED_SOURCES",
    "Architecture",
    "CorpusConfig",
    "ExecuteConfig",
    "ItemsTask",
    "LabelledPairsTask",
    "MatchedConfig",
    "ModelConfig",
    "NamedTask",
    "PairsTask",
    "PpmiSvdConfig",
    "RandomConfig",
    "StatisticsConfig",
    "StudyConfig",
    "TaskConfig",
    "TrainingConfig",
    "TuneConfig",
    "Word2vecConfig",
    "canonical_json",
    "config_schema",
    "content_digest",
    "digest",
    "identity",
    "load_config",
    "parse_config",
    "parse_corpus",
    "seen_from",
    "stored_text",
    "training_identity",
]
