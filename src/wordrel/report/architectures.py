"""The ladder as a graph: neighbouring architectures, and the models of a study that have them.

Reads the stored config. An architecture is a kind of model, an edge joins two architectures of
which the second has one ingredient more, and an ordering is a way along edges from a foot to a top.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

from wordrel.config.architectures import ARCHITECTURES, BLOCK
from wordrel.report import queries
from wordrel.study.results import Results

HEADS = "heads"
SEVERAL_HEADS = "attention_position_heads"


@dataclass(frozen=True)
class Edge:
    """Two neighbouring architectures.

    Attributes:
        start: the architecture without the ingredient.
        end: the architecture with it.
        adds: the ingredient; edges that add the same one have the same name.
        also: what comes with it and adds nothing that the start could not express.
        more_heads: whether the end has more heads; elsewhere both have the same number.
    """

    start: str
    end: str
    adds: str
    also: str = ""
    more_heads: bool = False


_FOLDED = "maps W_k and W_v, which fold into the word tables"


def _edges(objective: str) -> Iterator[Edge]:
    for (start, below), (end, architecture) in product(ARCHITECTURES.items(), repeat=2):
        if architecture.objective == objective and start in architecture.over:
            folded = architecture.query == "mask" and architecture.maps and not below.maps
            yield Edge(start, end, architecture.adds(below), also=_FOLDED if folded else "")


_BY_HEADS = (
    Edge("attention_position", SEVERAL_HEADS, HEADS, more_heads=True),
    Edge(SEVERAL_HEADS, "transformer_block", BLOCK),
    Edge("attention_position", "transformer_block", f"{HEADS}, {BLOCK}", more_heads=True),
)


def _blocks(kind: str) -> int:
    return ARCHITECTURES[kind].blocks if kind in ARCHITECTURES else 0


EDGES: dict[str, tuple[Edge, ...]] = {
    "masked_word": tuple(_edges("masked_word")),
    "next_word": tuple(
        sorted([*_edges("next_word"), *_BY_HEADS], key=lambda edge: _blocks(edge.end))
    ),
}
"""The neighbours of each objective, from the foot up, as `ARCHITECTURES` has them.

Of an edge and a longer way between the same two architectures, only the longer way counts.
"""

_KINDS = {SEVERAL_HEADS: "attention_position"}  # not named after its kind
_ANY_HEADS = ("transformer_block",)


_UNSCORED = tuple(
    kind for kind, architecture in ARCHITECTURES.items() if architecture.query == "none"
)
"""The kinds without scores of a query, hence with nothing to scale."""


@dataclass(frozen=True)
class Ladder:
    """A way up under one objective: from `foot` to the first of `tops` that can be reached."""

    objective: str
    foot: str
    tops: tuple[str, ...]


LADDERS = (
    Ladder("masked_word", "mean", ("mean_query_attention_position",)),
    Ladder("masked_word", "mean", ("mask_query_attention",)),
    Ladder("next_word", "next_mean", ("transformer_block", SEVERAL_HEADS, "attention_position")),
)

Settings = Mapping[str, Any]  # one model of the stored config


@dataclass(frozen=True)
class Step:
    """Two neighbouring architectures of a study, each with the settings of its model."""

    edge: Edge
    start: Settings
    end: Settings

    def also(self) -> list[str]:
        """What differs besides the ingredient: by design, or by the settings of this study."""
        own = ["name", "kind", "heads"] + ["scale"] * (self.start["kind"] in _UNSCORED)
        keys = [k for k in {**self.start, **self.end} if k not in own]
        values = [(k, self.start.get(k), self.end.get(k)) for k in keys]
        changed = [f"{k}: {a} to {b}" for k, a, b in values if a != b]
        return [text for text in (self.edge.also * (not self.end.get("ties")), *changed) if text]


def architectures(results: Results) -> dict[str, Settings]:
    """Architecture -> the settings of the model that stands for it.

    Models with tied maps or a summed gradient are variants and stand for no architecture. Of
    several models of one kind, the one named after the architecture is taken, else the first. Of
    several blocks, one with as many heads as the attention with several heads comes first.
    """
    models: Sequence[Settings] = results.config.get("models") or ()
    names = queries.distinct(r for e in chain(*EDGES.values()) for r in (e.start, e.end))
    settings: dict[str, Settings] = {}
    for architecture in sorted(names, key=_ANY_HEADS.__contains__):  # blocks last
        heads = _heads(settings.get(SEVERAL_HEADS, {}))
        candidates = [model for model in models if _stands_for(model, architecture)]
        if candidates:
            settings[architecture] = min(candidates, key=_strangeness(architecture, heads))
    return settings


def steps(models: Mapping[str, Settings], objective: str) -> list[Step]:
    """The neighbours among these architectures, from the foot up."""
    edges = [edge for edge in EDGES[objective] if _joins(edge, models)]
    return [
        Step(edge, models[edge.start], models[edge.end])
        for edge in edges
        if all(len(way) == 1 for way in orderings(edges, edge.start, edge.end))
    ]


def orderings(edges: Sequence[Edge], foot: str, top: str) -> list[tuple[Edge, ...]]:
    """Every way along the edges from the foot to the top."""
    if foot == top:
        return [()]
    return [
        (edge, *way)
        for edge in edges
        if edge.start == foot
        for way in orderings(edges, edge.end, top)
    ]


def _joins(edge: Edge, models: Mapping[str, Settings]) -> bool:
    if edge.start not in models or edge.end not in models:
        return False
    start, end = _heads(models[edge.start]), _heads(models[edge.end])
    return start < end if edge.more_heads else start == end


def _stands_for(model: Settings, architecture: str) -> bool:
    several = _heads(model) > 1
    heads = architecture in _ANY_HEADS or several == (architecture == SEVERAL_HEADS)
    ties = ARCHITECTURES[model["kind"]].settings.get("ties", ()) if model.get("ties") else ()
    variant = list(model.get("ties") or ()) != list(ties) or model.get("sum_gradient")
    return model["kind"] == _KINDS.get(architecture, architecture) and heads and not variant


def _strangeness(architecture: str, heads: int) -> Callable[[Settings], tuple[bool, bool]]:
    return lambda model: (_heads(model) != heads, model["name"] != architecture)


def _heads(model: Settings) -> int:
    return int(model.get("heads", 1))
