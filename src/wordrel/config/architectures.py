"""The architectures, as data: a new one is a line here.

Models, settings, families, the ladder of the report and the first config of `wordrel new` follow.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

POSITIONS = "positions"
WORD_WEIGHTS = "per-word weights"
WORD_SCORES = "word-word scores and maps"
QUERY_KEY = "query-key scores and maps"
MAPS = "learned maps"
BLOCK = "residual, layer norm, feed-forward"

Objective = Literal["masked_word", "next_word"]

_ASKED_BY = {"mask": WORD_WEIGHTS, "mean": WORD_SCORES, "previous": QUERY_KEY}


@dataclass(frozen=True)
class Architecture:
    """One architecture of the family.

    Attributes:
        identifier: its name in digests and folders, which never changes.
        objective: predict a word from both sides, or from the words before it.
        query: the vector that asks: none (all words weigh the same), one learned vector ("mask"),
            the word before the target ("previous"), or the mean of the context ("mean").
        positions: whether a learned number for each offset is added to the scores.
        maps: whether query, key and value are learned maps of the word's vector, or that itself.
        block: whether residual, layer norm and feed-forward stand around the attention.
        over: the architectures to which it adds one ingredient.
    """

    identifier: str
    objective: Objective
    query: Literal["none", "mask", "previous", "mean"] = "none"
    positions: bool = False
    maps: bool = False
    block: bool = False
    over: tuple[str, ...] = ()

    @property
    def words_ask(self) -> bool:
        """Whether a word, or a mean of words, asks."""
        return self.query in ("previous", "mean")

    @property
    def family(self) -> str:
        """A weighted mean has at most one learned weight a word and one a position."""
        return "attention" if self.words_ask or self.maps else "weighted mean"

    def adds(self, other: "Architecture") -> str:
        """The ingredient that it has and `other`, one of `over`, lacks."""
        if self.block != other.block:
            return BLOCK
        if self.query != other.query:
            return _ASKED_BY[self.query]
        return POSITIONS if self.positions != other.positions else MAPS


ARCHITECTURES: dict[str, Architecture] = {}


def _start(name: str, objective: Objective, once: str = "", **has: Any) -> None:
    """An architecture that is described by itself; `once`: its identifier, if not its name."""
    ARCHITECTURES[name] = Architecture(once or name, objective, **has)


def _add(name: str, *over: str, once: str = "", **adds: Any) -> None:
    """An architecture with the parts of the first of `over`, and these; `once` as in `_start`."""
    first = ARCHITECTURES[over[0]]
    ARCHITECTURES[name] = replace(first, identifier=once or name, over=over, **adds)


_start("mean", "masked_word")
_add("position_weight", "mean", positions=True)
_add("mean_query_attention", "mean", once="content", query="mean", maps=True)
_add("word_weight", "mean", query="mask")
_add(
    "mean_query_attention_position",
    *("position_weight", "mean_query_attention"),
    once="content_position",
    query="mean",
    maps=True,
)
_add(
    "mask_query_attention",
    *("position_weight", "word_weight"),
    once="masked_attention",
    query="mask",
    maps=True,
)
_start("next_mean", "next_word", once="causal_mean")
_add("next_position_weight", "next_mean", once="causal_position", positions=True)
_start("next_mean_query", "next_word", once="causal_content", query="mean", maps=True)
_start("dot_product_attention", "next_word", once="basic", query="previous")
_add("attention", "next_mean", "dot_product_attention", query="previous", maps=True)
_add("attention_position", "next_position_weight", "attention", query="previous", maps=True)
_add("transformer_block", "attention_position", once="block", block=True)


def up_to(*tops: str) -> list[str]:
    """These architectures and all that they are built over, from the foot up."""
    wanted = set(tops)
    for name in reversed(ARCHITECTURES):
        wanted.update(ARCHITECTURES[name].over if name in wanted else ())
    return [name for name in ARCHITECTURES if name in wanted]


# A type of values that are known when this module is read: pydantic can check them, mypy cannot.
if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(ARCHITECTURES)]
Tie = Literal["K=Q", "Q=I", "V=I"]


def unfit(kind: str, *, heads: int, ties: tuple[Tie, ...], sum_gradient: bool) -> dict[str, str]:
    """Settings that an architecture has no use for: key -> what was found and what was expected."""
    architecture = ARCHITECTURES[kind]
    found = {}
    if heads > 1 and not architecture.maps:
        found["heads"] = f"found {heads}, expected 1: {kind} has no maps"
    if ties and not (architecture.maps and (architecture.words_ask or set(ties) == {"V=I"})):
        tied = ", ".join(ties)
        found["ties"] = f"found {tied}, expected none: {kind} has no such maps"
    if sum_gradient and (architecture.query != "none" or architecture.positions):
        found["sum_gradient"] = f"found true, expected false: {kind} is no plain mean"
    return found
