"""The list of all model kinds."""

from wordrel.config import ARCHITECTURES
from wordrel.models.baselines import RANDOM, WORD_FREQUENCY
from wordrel.models.counts import CLOSED_FORM, PPMI_SVD
from wordrel.models.kneser_ney import KNESER_NEY
from wordrel.models.matched import MATCHED, SKIP_GRAM
from wordrel.models.trained import Model
from wordrel.models.transformer import TRANSFORMER
from wordrel.models.vectors import VECTORS
from wordrel.models.word2vec import WORD2VEC

MODELS: dict[str, Model] = {
    "random": RANDOM,
    "word_frequency": WORD_FREQUENCY,
    "kneser_ney": KNESER_NEY,
    "ppmi_svd": PPMI_SVD,
    "closed_form": CLOSED_FORM,
    "word2vec": WORD2VEC,
    "vectors": VECTORS,
    "transformer": TRANSFORMER,
    "matched_skip_gram": SKIP_GRAM,
    **dict.fromkeys(ARCHITECTURES, MATCHED),
}
