"""The architectures, as data: a new one is a line here.

Models, settings, families, the ladder of the report and the first config of `wordrel new` follow.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

POSITIONS = "positions"
WORD_WEIGHTS = "word weights"
WORD_SCORES = "word-word scores and maps"
QUERY_KEY = "query-key scores and maps"
MAPS = "learned maps"
BLOCK = "residual, layer norm, feed-forward"

Objective = Literal["masked_word", "next_word"]

_ASKED_BY = {"mask": WORD_WEIGHTS, "mean": WORD_SCORES, "previous": QUERY_KEY}


@dataclass(frozen=True)
class Rung:
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

    def adds(self, other: "Rung") -> str:
        """The ingredient that it has and `other`, one of `over`, lacks."""
        if self.block != other.block:
            return BLOCK
        if self.query != other.query:
            return _ASKED_BY[self.query]
        return POSITIONS if self.positions != other.positions else MAPS


RUNGS: dict[str, Rung] = {}


def _start(identifier: str, objective: Objective, **has: Any) -> None:
    """An architecture that is described by itself."""
    RUNGS[identifier] = Rung(identifier, objective, **has)


def _add(identifier: str, *over: str, **adds: Any) -> None:
    """An architecture with the parts of the first of `over`, and these."""
    RUNGS[identifier] = replace(RUNGS[over[0]], identifier=identifier, over=over, **adds)


_start("mean", "masked_word")
_add("position_weight", "mean", positions=True)
_add("content", "mean", query="mean", maps=True)
_add("word_weight", "mean", query="mask")
_add("content_position", "position_weight", "content", query="mean", maps=True)
_add("masked_attention", "position_weight", "word_weight", query="mask", maps=True)
_start("causal_mean", "next_word")
_add("causal_position", "causal_mean", positions=True)
_start("causal_content", "next_word", query="mean", maps=True)
_start("basic", "next_word", query="previous")
_add("attention", "causal_mean", "basic", query="previous", maps=True)
_add("attention_position", "causal_position", "attention", query="previous", maps=True)
_add("block", "attention_position", block=True)


def up_to(*tops: str) -> list[str]:
    """These architectures and all that they are built over, from the foot up."""
    wanted = set(tops)
    for name in reversed(RUNGS):
        wanted.update(RUNGS[name].over if name in wanted else ())
    return [name for name in RUNGS if name in wanted]


# A type of values that are known when this module is read: pydantic can check them, mypy cannot.
if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(RUNGS)]
Tie = Literal["K=Q", "Q=I", "V=I"]


def unfit(kind: str, *, heads: int, ties: tuple[Tie, ...], undivided: bool) -> dict[str, str]:
    """Settings that a rung has no use for: key -> what was found and what was expected."""
    rung = RUNGS[kind]
    found = {}
    if heads > 1 and not rung.maps:
        found["heads"] = f"found {heads}, expected 1: {kind} has no maps"
    if ties and not (rung.maps and (rung.words_ask or set(ties) == {"V=I"})):
        tied = ", ".join(ties)
        found["ties"] = f"found {tied}, expected none: {kind} has no such maps"
    if undivided and (rung.query != "none" or rung.positions):
        found["undivided"] = f"found true, expected false: {kind} is no plain mean"
    return found
