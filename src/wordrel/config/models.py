"""The settings of models, and of the training that all models of a study share."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from wordrel.config.architectures import ARCHITECTURES, Kind, Objective, Tie, unfit
from wordrel.config.names import KEYS, MODEL, inverse

NAME_LENGTH = 60
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=NAME_LENGTH)]


class Strict(BaseModel):
    """A group of settings: nothing unknown, nothing guessed, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class TrainingConfig(Strict):
    """What is held equal between all trained models of a study."""

    dim: int = Field(100, ge=1, le=4096)
    window: int = Field(5, ge=1, le=100, description="words on each side (masked) or before (next)")
    context: Literal["window", "sentence", "passage"] = Field(
        "window",
        description="window: at most `window` words each way in the sentence; sentence: at most "
        "`widest`; passage: at most `widest`, across sentence ends within a document",
    )
    widest: int = Field(
        64, ge=1, le=1000, description="words each way of a context that is sentence or passage"
    )
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
    shuffled_contexts: bool = Field(
        False,
        description="the words of each context in random order, but for the last one, which asks, "
        "of a next word; anew for each target and epoch, and wherever the model is read",
    )
    target: Literal["word", "following"] = Field(
        "word",
        description="word: the masked word, or the next one; following: a random one of the ten "
        "words from the next one on, inside what ends a context (next-word models)",
    )

    @property
    def reach(self) -> int:
        """W: how many words each way (masked word) or before (next word) a context can hold."""
        return self.window if self.context == "window" else self.widest


RECIPES: dict[str, dict[str, Any]] = {
    "w2v": {"subsample": 1e-3, "shrink_window": True, "negatives": 5},
    "lm": {"subsample": 0.0, "shrink_window": False},
}
"""Settings of training of each recipe; for the loss, see `wordrel.config.vary`."""


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
    """The default name of a model: its algorithm, or its kind."""
    default = "skip_gram" if data.get("kind") == "word2vec" else data.get("kind")
    return data.get("algorithm", default)


class RandomConfig(_Model):
    """Random vectors: the floor of every table."""

    kind: Literal["random"]


class PpmiSvdConfig(_Model):
    """Counted co-occurrence, positive PMI, truncated SVD."""

    kind: Literal["ppmi_svd"]
    eigenvalue_weight: float = Field(0.5, ge=0, le=1, description="power of the singular values")


class ClosedFormConfig(_Model):
    """Word2vec's vectors in closed form, from counted co-occurrence."""

    kind: Literal["closed_form"]


class KneserNeyConfig(_Model):
    """Counted n-grams with interpolated modified Kneser-Ney: what counts reach as a loss."""

    kind: Literal["kneser_ney"]
    objective: Objective = Field(
        "next_word", description="masked_word: left times right n-gram over one word"
    )
    order: int = Field(2, ge=1, le=5, description="words of the longest n-grams: 2 are bigrams")


class WordFrequencyConfig(_Model):
    """Log frequency of one word as the score of a pair: what relations owe to it."""

    kind: Literal["word_frequency"]


class Word2vecConfig(_Model):
    """gensim's word2vec with negative sampling and one worker."""

    kind: Literal["word2vec"]
    algorithm: Literal["skip_gram", "cbow"] = "skip_gram"
    learning_rate: float = Field(0.025, gt=0)
    min_learning_rate: float = Field(0.0001, gt=0)


class FromFile(_Model):
    """A model that others made, which is read from files."""

    kind: str
    path: Path
    digest: str | None = Field(
        None, description="of the bytes; a run fills it in, and other bytes are then refused"
    )


class VectorsConfig(FromFile):
    """Word vectors that others made: a file, or a folder of static embeddings."""

    kind: Literal["vectors"]
    path: Path = Field(
        description="word2vec, GloVe, fastText, safetensors or .npy with words beside it, or a "
        "folder of static embeddings",
        strict=False,
    )


class TransformerConfig(FromFile):
    """A Transformer that others trained: a local folder as Hugging Face's library writes it."""

    kind: Literal["transformer"]
    path: Path = Field(
        description="folder with config.json, tokenizer.json and model.safetensors", strict=False
    )
    layer: int = Field(
        ge=0, description="whose states are words in context; 0: what the first block reads"
    )


class _Trained(_Model):
    """Settings that our trainer needs of any model."""

    loss: Literal["negative_sampling", "sampled_softmax", "full_softmax"] = "negative_sampling"
    learning_rate: float = Field(0.25, gt=0, description="row-wise Adagrad on both word tables")
    warm_up: float = Field(
        0.0, ge=0, lt=1, description="share of training in which the rates rise from 0"
    )
    decay: Literal["linear", "cosine"] = Field("linear", description="how they then fall to 0")
    batch: int = Field(4096, ge=1, description="targets a step, in chunks")
    shared_negatives: int = Field(
        64, ge=1, description="noise words that a group of targets shares"
    )
    group: int = Field(128, ge=1, description="targets that share their noise words")


class SkipGramConfig(_Trained):
    """Skip-gram trained as the matched family is: each word predicts each word of its context."""

    kind: Literal["matched_skip_gram"]


class MatchedConfig(_Trained):
    """One architecture of the matched family: y_i = sum_j a_ij v_j, trained in PyTorch."""

    kind: Kind
    heads: int = Field(1, ge=1)
    scale: bool = Field(True, description="divide q.k by sqrt(dim / heads)")
    query_bias: bool = Field(
        False,
        description="a bias in the query of words: it gives each key a weight of its own "
        "(default: true in the cells of the study)",
    )
    ties: tuple[Tie, ...] = Field((), strict=False, description="roles without maps of their own")
    sum_gradient: bool = Field(
        False,
        description="mean only: give each context word the whole gradient, as gensim's CBOW does",
    )
    weights_learning_rate: float = Field(0.002, gt=0, description="Adam on the attention's weights")
    weight_decay: float = Field(0.0, ge=0, description="AdamW's, of the attention's matrices")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of a_ij that is 0 in training")
    clip: float | None = Field(
        None, gt=0, description="largest norm of the gradient of all attention's weights"
    )
    recency: float = Field(
        0.0, ge=0, description="position scores start at -recency * log(distance)"
    )
    start: "MatchedConfig | None" = Field(
        None,
        description="a model that this one contains, trained first with settings of its own; this "
        "one goes on from its weights, and what it adds is neutral at first",
    )

    @model_validator(mode="before")
    @classmethod
    def _as_its_architecture(cls, data: Any) -> Any:
        """Settings that a config leaves open come from the architecture."""
        if not isinstance(data, Mapping) or not isinstance(data.get("kind"), str):
            return data
        architecture = ARCHITECTURES.get(data["kind"])
        return data if architecture is None else {**architecture.settings, **data}

    @model_validator(mode="after")
    def _its_start_fits(self) -> "MatchedConfig":
        """What the start is set to; whether this model contains it is known once it is trained."""
        if self.start is None:
            return self
        start = self.start
        wrong = unfit(
            start.kind,
            heads=start.heads,
            ties=start.ties,
            sum_gradient=start.sum_gradient,
            query_bias=start.query_bias,
        )
        changed = start.training.model_dump(exclude_none=True) if start.training else {}
        wrong |= {key: "expected epochs alone" for key in changed if key != "epochs"}
        if wrong:
            text = "; ".join(f"{key}: {problem}" for key, problem in wrong.items())
            raise PydanticCustomError("unfit", "{text}", {"key": "start", "text": text})
        return self

    def epochs(self, training: TrainingConfig) -> int:
        """How often it reads the text, with what it starts from."""
        if self.start is None:
            return training.epochs
        own = self.start.training.epochs if self.start.training else None
        first = training.model_copy(update={"epochs": own or training.epochs})
        return training.epochs + self.start.epochs(first)


ModelConfig = Annotated[
    RandomConfig
    | WordFrequencyConfig
    | KneserNeyConfig
    | PpmiSvdConfig
    | ClosedFormConfig
    | Word2vecConfig
    | VectorsConfig
    | TransformerConfig
    | SkipGramConfig
    | MatchedConfig,
    Field(discriminator="kind"),
]


_KINDS = get_args(get_args(ModelConfig)[0])
_WITH_RATE = (kind.model_fields for kind in _KINDS if "learning_rate" in kind.model_fields)
TRAINED = frozenset(str(k) for fields in _WITH_RATE for k in get_args(fields["kind"].annotation))
"""The kinds with a learning rate; all others are counted, drawn or read."""


def identity(model: ModelConfig) -> dict[str, Any]:
    """The settings under names that never change: a user's `name` is for people alone."""
    kind = ARCHITECTURES[model.kind].identifier if isinstance(model, MatchedConfig) else model.kind
    name = model.algorithm if isinstance(model, Word2vecConfig) else kind
    then = inverse(KEYS)
    settings = {then.get(key, key): v for key, v in model.model_dump(mode="json").items()}
    settings.pop("path", None)  # their digest identifies the files
    if isinstance(model, MatchedConfig) and model.start:
        first = identity(model.start).items()
        settings["start"] = {key: v for key, v in first if MODEL.get(key, model) != v}
    return settings | {"kind": kind, "name": name}


def training_identity(model: ModelConfig, training: TrainingConfig) -> dict[str, Any]:
    """The settings of training that decide what this model learns."""
    if isinstance(model, FromFile):
        return {}
    ignored = set()
    if not isinstance(model, _Trained) or model.loss == "full_softmax":
        ignored.add("hits")  # gensim skips them whatever is set; counts have none
    return training.model_dump(mode="json", exclude=ignored)
