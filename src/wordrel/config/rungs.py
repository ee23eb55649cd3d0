"""The rungs, as data: a new one is a line here; models, settings and tests know it by that."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


@dataclass(frozen=True)
class Rung:
    """One model of the family.

    Attributes:
        objective: predict a word from both sides, or from the words before it.
        query: whose vector asks: nobody's (all words weigh the same), one learned vector ("mask"),
            the word before the target ("previous"), or the mean of the context ("mean").
        positions: whether a learned number for each offset is added to the scores.
        maps: whether query, key and value are learned maps of the word's vector, or that itself.
        block: whether residual, layer norm and feed-forward stand around the attention.
    """

    objective: Literal["masked_word", "next_word"]
    query: Literal["none", "mask", "previous", "mean"]
    positions: bool
    maps: bool
    block: bool = False


RUNGS: dict[str, Rung] = {
    "mean": Rung("masked_word", "none", positions=False, maps=False),
    "word_weight": Rung("masked_word", "mask", positions=False, maps=False),
    "position_weight": Rung("masked_word", "none", positions=True, maps=False),
    "masked_attention": Rung("masked_word", "mask", positions=True, maps=True),
    "content": Rung("masked_word", "mean", positions=False, maps=True),
    "content_position": Rung("masked_word", "mean", positions=True, maps=True),
    "causal_mean": Rung("next_word", "none", positions=False, maps=False),
    "causal_position": Rung("next_word", "none", positions=True, maps=False),
    "causal_content": Rung("next_word", "mean", positions=False, maps=True),
    "attention": Rung("next_word", "previous", positions=False, maps=True),
    "attention_position": Rung("next_word", "previous", positions=True, maps=True),
    "basic": Rung("next_word", "previous", positions=False, maps=False),
    "block": Rung("next_word", "previous", positions=True, maps=True, block=True),
}

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
    word_asks = rung.query in ("previous", "mean")
    if ties and not (rung.maps and (word_asks or set(ties) == {"V=I"})):
        tied = ", ".join(ties)
        found["ties"] = f"found {tied}, expected none: {kind} has no such maps"
    if undivided and (rung.query != "none" or rung.positions):
        found["undivided"] = f"found true, expected false: {kind} is no plain mean"
    return found
