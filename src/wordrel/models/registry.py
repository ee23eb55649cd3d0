"""The list of all model kinds."""

from wordrel.config import ARCHITECTURES
from wordrel.models.closed_form import CLOSED_FORM
from wordrel.models.counts import PPMI_SVD
from wordrel.models.kneser_ney import KNESER_NEY
from wordrel.models.matched import MATCHED, SKIP_GRAM
from wordrel.models.random import RANDOM
from wordrel.models.trained import Model
from wordrel.models.transformer import TRANSFORMER
from wordrel.models.vectors import VECTORS
from wordrel.models.word2vec import WORD2VEC
from wordrel.models.word_frequency import WORD_FREQUENCY

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
