"""The registry of models: the only place that knows which kinds there are."""

from wordrel.config import ARCHITECTURES
from wordrel.models.counts import PPMI_SVD
from wordrel.models.matched import MATCHED
from wordrel.models.over_text import over_text
from wordrel.models.random import RANDOM
from wordrel.models.trained import Model, Runtime, Trained
from wordrel.models.word2vec import WORD2VEC

MODELS: dict[str, Model] = {
    "random": RANDOM,
    "ppmi_svd": PPMI_SVD,
    "word2vec": WORD2VEC,
    **dict.fromkeys(ARCHITECTURES, MATCHED),
}

__all__ = ["MODELS", "Model", "Runtime", "Trained", "over_text"]
