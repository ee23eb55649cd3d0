"""The architectures, as data: a new one is a line here.

Models, settings, families and the ladder of the report follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

POSITIONS = "positions"
WORD_WEIGHTS = "per-word weights"
WORD_SCORES = "word-word scores and maps"
WORD_PRODUCTS = "products of word vectors"
QUERY_KEY = "query-key scores and maps"
MAPS = "learned maps"
BLOCK = "residual, layer norm, feed-forward"
SECOND_BLOCK = "a second block"
POSITION_VALUES = "values by position"

Objective = Literal["masked_word", "next_word"]

_QUERY_INGREDIENT = {"mask": WORD_WEIGHTS, "mean": WORD_SCORES, "previous": QUERY_KEY}


@dataclass(frozen=True)
class Architecture:
    """One architecture of the family.

    Attributes:
        identifier: its name in digests and folders, which never changes.
        objective: predict a word from both sides, or from the words before it.
        query: the query vector: none (all words weigh the same), one learned vector ("mask"),
            the word before the target ("previous"), or the mean of the context ("mean").
        positions: whether a learned number for each offset is added to the scores.
        maps: whether query, key and value are learned maps of the word's vector, or that itself.
        blocks: how many Transformer blocks (residual, layer norm, feed-forward) stand around the
            attention, one above the other; 0: the attention stands alone.
        direct: whether the last word has a path of its own (a map W_d), and is no word that is
            attended to.
        position_values: whether a value is the word's vector, that times a vector of its position
            (elementwise), or a map of its position applied to it.
        over: the architectures to which it adds one ingredient.
        settings: defaults of its model.
    """

    identifier: str
    objective: Objective
    query: Literal["none", "mask", "previous", "mean"] = "none"
    positions: bool = False
    maps: bool = False
    blocks: int = 0
    direct: bool = False
    position_values: Literal["none", "vector", "map"] = "none"
    over: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def block(self) -> bool:
        """Whether it is a Transformer block, or several."""
        return self.blocks > 0

    @property
    def ordered(self) -> bool:
        """Whether it matters at which positions the words of a context stand."""
        return self.positions or self.position_values != "none"

    @property
    def plain_mean(self) -> bool:
        """Whether its state is the mean of the vectors of its context."""
        return not (self.query != "none" or self.ordered or self.direct)

    @property
    def words_ask(self) -> bool:
        """Whether the query is a word or a mean of words."""
        return self.query in ("previous", "mean")

    @property
    def ingredients(self) -> tuple[str, ...]:
        """What it adds to the mean of the context's vectors."""
        scores = _QUERY_INGREDIENT.get(self.query, "")
        if self.words_ask and not self.maps:
            scores = WORD_PRODUCTS
        has = {
            scores: bool(scores),
            POSITIONS: self.positions,
            POSITION_VALUES: self.position_values != "none",
            BLOCK: self.block,
        }
        return tuple(name for name, present in has.items() if present)

    @property
    def family(self) -> str:
        """A weighted mean has at most one learned weight a word and one a position."""
        return "attention" if self.words_ask or self.maps else "weighted mean"

    def adds(self, other: "Architecture") -> str:
        """The ingredient that it has and `other`, one of `over`, lacks."""
        if self.blocks != other.blocks:
            return SECOND_BLOCK if other.blocks else BLOCK
        if self.position_values != other.position_values:
            return POSITION_VALUES
        if self.query != other.query:
            return _QUERY_INGREDIENT[self.query]
        return POSITIONS if self.positions != other.positions else MAPS


ARCHITECTURES: dict[str, Architecture] = {}


def _start(name: str, objective: Objective, once: str = "", **has: Any) -> None:
    """An architecture that is described by itself; `once`: its identifier, if not its name."""
    ARCHITECTURES[name] = Architecture(once or name, objective, **has)


def _add(name: str, *over: str, once: str = "", **adds: Any) -> None:
    """An architecture with the parts of the first of `over`, and these; `once` as in `_start`."""
    first = ARCHITECTURES[over[0]]
    ARCHITECTURES[name] = replace(first, identifier=once or name, over=over, **adds)


# In the cells of the study a query of words has a bias, so that its scores contain a weight of
# each word; and a query that is one learned vector has no maps, which would fold into the tables.
_BIAS = {"query_bias": True}

_start("mean", "masked_word")
_add("position_weight", "mean", positions=True)
_add("mean_query_attention", "mean", once="content", query="mean", maps=True, settings=_BIAS)
_add("word_weight", "mean", query="mask")
_add(
    "mean_query_attention_position",
    *("position_weight", "mean_query_attention"),
    once="content_position",
    query="mean",
    maps=True,
    settings=_BIAS,
)
_add(
    "mask_query_attention",
    *("position_weight", "word_weight"),
    once="masked_attention",
    query="mask",
    maps=True,
    settings={"ties": ("K=I", "V=I")},
)
_start("next_mean", "next_word", once="causal_mean")
_add("next_position_weight", "next_mean", once="causal_position", positions=True)
_start("next_mean_query", "next_word", once="causal_content", query="mean", maps=True)
_start("dot_product_attention", "next_word", once="basic", query="previous")
_add("attention", "next_mean", "dot_product_attention", query="previous", maps=True)
_add("attention_position", "next_position_weight", "attention", query="previous", maps=True)
_add("transformer_block", "attention_position", once="block", blocks=1)
_add("two_blocks", "transformer_block", blocks=2)
_add("position_vector", "mean", position_values="vector")
_add("position_map", "position_vector", position_values="map")
_start("direct_mean", "next_word", direct=True)
_add("direct_mean_position", "direct_mean", positions=True)
_add("direct_word_weight", "direct_mean", query="mask")
_add("direct_word_weight_position", "direct_mean_position", "direct_word_weight", query="mask")
_add(
    "direct_word_weight_map",  # with positions, too
    "direct_word_weight_position",
    query="mask",
    maps=True,
    settings={"ties": ("K=I",)},
)
_start("direct_dot_product", "next_word", query="previous", direct=True, settings=_BIAS)
_add("direct_dot_product_position", "direct_dot_product", positions=True)
_add(
    "direct_attention",
    *("direct_word_weight", "direct_dot_product"),
    query="previous",
    maps=True,
    settings=_BIAS,
)
_add(
    "direct_attention_position",
    *("direct_word_weight_position", "direct_attention", "direct_dot_product_position"),
    query="previous",
    maps=True,
    settings=_BIAS,
)

CELLS: dict[Objective, tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    "masked_word": (
        ("mean", "word_weight", "mean_query_attention"),
        ("position_weight", "mask_query_attention", "mean_query_attention_position"),
    ),
    "next_word": (
        ("direct_mean", "direct_word_weight", "direct_attention"),
        ("direct_mean_position", "direct_word_weight_position", "direct_attention_position"),
    ),
}
"""The twelve cells: without and with positions; no word scores, a weight a word, word-word scores.

A cell contains the cells before it in its row, and the cell above it.
"""


# A type of values that are known when this module is read: pydantic can check them, mypy cannot.
if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(ARCHITECTURES)]
Tie = Literal["K=Q", "K=V", "K=I", "Q=I", "V=I"]
_KEY_TIES = {"K=Q", "K=V", "K=I"}
_MASK_TIES = {"K=I", "V=I"}


def unfit(
    kind: str, *, heads: int, ties: tuple[Tie, ...], sum_gradient: bool, query_bias: bool
) -> dict[str, str]:
    """Settings that an architecture has no use for: key -> what was found and what was expected."""
    architecture, tied = ARCHITECTURES[kind], ", ".join(ties)
    problems = {}
    if heads > 1 and not architecture.maps:
        problems["heads"] = f"found {heads}, expected 1: {kind} has no maps"
    words_ask = architecture.words_ask or set(ties) <= _MASK_TIES
    if ties and not (architecture.maps and words_ask):
        problems["ties"] = f"found {tied}, expected none: {kind} has no such maps"
    elif len(_KEY_TIES & set(ties)) > 1:
        problems["ties"] = f"found {tied}, expected one tie of K"
    if sum_gradient and not architecture.plain_mean:
        problems["sum_gradient"] = f"found true, expected false: {kind} is no plain mean"
    if query_bias and not architecture.words_ask:
        problems["query_bias"] = f"found true, expected false: no word asks in {kind}"
    return problems


def untrainable(kind: str, training: Mapping[str, Any]) -> dict[str, str]:
    """Settings of training that a kind of model has no use for: key -> why."""
    reasons = {}
    if kind in ("word2vec", "ppmi_svd", "closed_form") and training.get("context") in (
        "sentence",
        "passage",
    ):
        reasons["context"] = "it reads windows"
    next_words = kind in ARCHITECTURES and ARCHITECTURES[kind].objective == "next_word"
    if training.get("target") == "following" and not (next_words or kind in _UNTRAINED):
        reasons["target"] = "only what is trained for the next word learns a following one"
    trained_here = kind in ARCHITECTURES or kind == "matched_skip_gram"
    if training.get("shuffled_contexts") is True and not (trained_here or kind in _UNTRAINED):
        reasons["shuffled_contexts"] = "it is trained on sentences as they are"
    return reasons


_UNTRAINED = ("random", "word_frequency")
