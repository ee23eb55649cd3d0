"""The architectures as data: what each says of itself and of its neighbours."""

from dataclasses import fields

import pytest

from wordrel.config import ARCHITECTURES
from wordrel.config.architectures import (
    BLOCK,
    MAPS,
    POSITION_VALUES,
    POSITIONS,
    QUERY_KEY,
    SECOND_BLOCK,
    WORD_PRODUCTS,
    WORD_SCORES,
    WORD_WEIGHTS,
)

PAIRS = [
    (name, other) for name, architecture in ARCHITECTURES.items() for other in architecture.over
]
PARTS = ("query", "positions", "maps", "blocks", "direct", "position_values")


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_over_another_it_has_one_ingredient_more_and_loses_none(name: str, other: str) -> None:
    above, below = ARCHITECTURES[name], ARCHITECTURES[other]
    assert above.objective == below.objective
    changed = {part for part in PARTS if getattr(above, part) != getattr(below, part)}
    assert len(changed - {"maps"}) == 1 or changed == {"maps"}  # maps come with who asks
    if changed <= {"positions", "maps"}:
        assert not any(getattr(below, part) for part in changed)
    if "query" in changed:
        order = ("none", "mask", "previous", "mean")
        assert order.index(below.query) < order.index(above.query)
    assert above.blocks >= below.blocks


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("mean", ()),
        ("position_weight", (POSITIONS,)),
        ("mask_query_attention", (WORD_WEIGHTS, POSITIONS)),
        ("mean_query_attention", (WORD_SCORES,)),
        ("attention_position", (QUERY_KEY, POSITIONS)),
        ("dot_product_attention", (WORD_PRODUCTS,)),
        ("position_map", (POSITION_VALUES,)),
        ("transformer_block", (QUERY_KEY, POSITIONS, BLOCK)),
    ],
)
def test_what_it_adds_to_the_mean(name: str, ingredients: tuple[str, ...]) -> None:
    assert ARCHITECTURES[name].ingredients == ingredients


def test_the_ingredient_has_a_name() -> None:
    adds = {pair: ARCHITECTURES[pair[0]].adds(ARCHITECTURES[pair[1]]) for pair in PAIRS}
    assert adds["mask_query_attention", "position_weight"] == WORD_WEIGHTS
    assert adds["mask_query_attention", "word_weight"] == POSITIONS
    assert adds["attention", "dot_product_attention"] == MAPS
    assert adds["transformer_block", "attention_position"] == BLOCK
    assert adds["two_blocks", "transformer_block"] == SECOND_BLOCK
    assert adds["position_map", "position_vector"] == POSITION_VALUES
    assert adds["direct_attention", "direct_word_weight"] == QUERY_KEY
    assert adds["direct_attention", "direct_dot_product"] == MAPS
    assert adds["direct_mean_position", "direct_mean"] == POSITIONS


def test_every_identifier_is_the_name_of_its_first_results() -> None:
    first_edition = list(ARCHITECTURES.values())[:13]
    assert [architecture.identifier for architecture in first_edition] == [
        *("mean", "position_weight", "content", "word_weight", "content_position"),
        *("masked_attention", "causal_mean", "causal_position", "causal_content", "basic"),
        *("attention", "attention_position", "block"),
    ]
    others = list(ARCHITECTURES.items())[13:]
    assert [architecture.identifier for _, architecture in others] == [name for name, _ in others]
    assert set(PARTS) < {field.name for field in fields(ARCHITECTURES["mean"])}
