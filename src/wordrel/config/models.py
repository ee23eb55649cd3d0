"""The settings of models, and of the training that all models of a study share.

Reads and writes nothing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from wordrel.config.architectures import ARCHITECTURES, Kind, Tie
from wordrel.config.names import KEYS, inverse

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]


class Strict(BaseModel):
    """A group of settings: nothing unknown, nothing guessed, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class TrainingConfig(Strict):
    """What is held equal between all trained models of a study."""

    dim: int = Field(100, ge=1, le=4096)
    window: int = Field(5, ge=1, le=100, description="words on each side (masked) or before (next)")
    shrink_window: bool = Field(
        True, description="draw each target's window from 1..window, as word2vec does"
    )
    epochs: int = Field(5, ge=1)
    negatives: int = Field(5, ge=1, description="noise words a target, by weight in the loss")
    noise_exponent: float = Field(0.75, ge=0, le=1, description="noise ~ count ** exponent")
    hits: Literal["keep", "skip"] = Field(
        "keep",
        description="noise words that equal the target count, or do not (as in gensim, which then "
        "learns odds, and in wordrel before this setting)",
    )
    subsample: float = Field(
        1e-3,
        ge=0,
        lt=1,
        description="word2vec's threshold for dropping frequent words; 0 keeps all",
    )
    shuffled: bool = Field(
        False, description="the words of each sentence in random order, another one each epoch"
    )


RECIPES: dict[str, dict[str, Any]] = {
    "w2v": {"subsample": 1e-3, "shrink_window": True, "negatives": 5},
    "lm": {"subsample": 0.0, "shrink_window": False},
}
"""What each recipe says of training; of the loss, see `wordrel.config.recipes`."""


if TYPE_CHECKING:
    TrainingChange = TrainingConfig
else:
    TrainingChange = create_model(
        "TrainingChange",
        __base__=Strict,
        __doc__="What one model of a study is trained with in place of what the others share.",
        **{
            key: (
                Annotated[(setting.annotation, setting.description, *setting.metadata)] | None,
                None,
            )
            for key, setting in TrainingConfig.model_fields.items()
        },
    )


class _Model(Strict):
    name: Name = ""
    training: TrainingChange | None = Field(
        None, description="settings of `training` that are others for this model"
    )

    @model_validator(mode="before")
    @classmethod
    def _named_after_kind(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data.get("name") and isinstance(data.get("kind"), str):
            return {**data, "name": model_name(data)}
        return data


def model_name(data: Mapping[str, Any]) -> Any:
    """The name of a model that is given none: what it is."""
    default = "skip_gram" if data.get("kind") == "word2vec" else data.get("kind")
    return data.get("algorithm", default)


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
    """One architecture of the matched family: y_i = sum_j a_ij v_j, trained in PyTorch."""

    kind: Kind
    heads: int = Field(1, ge=1)
    scale: bool = Field(True, description="divide q.k by sqrt(dim / heads)")
    ties: tuple[Tie, ...] = Field((), strict=False, description="roles without maps of their own")
    sum_gradient: bool = Field(
        False,
        description="mean only: give each context word the whole gradient, as gensim's CBOW does",
    )
    loss: Literal["negative_sampling", "sampled_softmax", "full_softmax"] = "negative_sampling"
    learning_rate: float = Field(0.25, gt=0, description="row-wise Adagrad on both word tables")
    weights_learning_rate: float = Field(0.002, gt=0, description="Adam on the attention's weights")
    batch: int = Field(4096, ge=1, description="targets a step, in chunks of 32")
    shared_negatives: int = Field(
        64, ge=1, description="noise words that a group of targets shares"
    )
    group: int = Field(128, ge=1, description="targets that share their noise words")


ModelConfig = Annotated[
    RandomConfig | PpmiSvdConfig | Word2vecConfig | MatchedConfig, Field(discriminator="kind")
]


def identity(model: ModelConfig) -> dict[str, Any]:
    """The settings under names that never change: a user's `name` is for people alone."""
    kind = ARCHITECTURES[model.kind].identifier if isinstance(model, MatchedConfig) else model.kind
    name = model.algorithm if isinstance(model, Word2vecConfig) else kind
    then = inverse(KEYS)
    settings = {then.get(key, key): v for key, v in model.model_dump(mode="json").items()}
    return settings | {"kind": kind, "name": name}


def training_identity(model: ModelConfig, training: TrainingConfig) -> dict[str, Any]:
    """The settings of training that decide what this model learns."""
    ignored = set()
    if not isinstance(model, MatchedConfig) or model.loss == "full_softmax":
        ignored.add("hits")  # gensim skips them whatever is set; counts have none
    return training.model_dump(mode="json", exclude=ignored)
