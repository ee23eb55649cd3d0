"""The architectures as data: what each says of itself and of its neighbours."""

from dataclasses import fields

import pytest

from wordrel.config import RUNGS
from wordrel.config.rungs import BLOCK, MAPS, POSITIONS, WORD_WEIGHTS, up_to

PAIRS = [(name, other) for name, rung in RUNGS.items() for other in rung.over]
PARTS = ("query", "positions", "maps", "block")


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_over_another_it_has_one_ingredient_more_and_loses_none(name: str, other: str) -> None:
    above, below = RUNGS[name], RUNGS[other]
    assert above.objective == below.objective
    changed = {part for part in PARTS if getattr(above, part) != getattr(below, part)}
    assert len(changed - {"maps"}) == 1 or changed == {"maps"}  # maps come with who asks
    assert all(not getattr(below, part) for part in changed - {"query"})
    assert below.query == "none" or "query" not in changed


def test_the_ingredient_has_a_name() -> None:
    adds = {pair: RUNGS[pair[0]].adds(RUNGS[pair[1]]) for pair in PAIRS}
    assert adds["masked_attention", "position_weight"] == WORD_WEIGHTS
    assert adds["masked_attention", "word_weight"] == POSITIONS
    assert adds["attention", "basic"] == MAPS
    assert adds["block", "attention_position"] == BLOCK


def test_every_identifier_is_the_name_of_its_first_results() -> None:
    assert [rung.identifier for rung in RUNGS.values()] == list(RUNGS)
    assert set(PARTS) < {field.name for field in fields(RUNGS["mean"])}


def test_up_to_names_all_that_a_top_is_built_over() -> None:
    assert up_to("content_position") == ["mean", "position_weight", "content", "content_position"]
    assert up_to("causal_content", "mean") == ["mean", "causal_content"]
    assert up_to("block")[-2:] == ["attention_position", "block"]
