"""The page on reports explains every kind of model that a config may name."""

from pathlib import Path
from typing import get_args

from wordrel.config.models import _KINDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reading-a-report.md"


def test_every_kind_of_the_schema_is_in_the_table_of_models() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## The models")[1].split("\n## ")[0]
    kinds = [str(k) for one in _KINDS for k in get_args(one.model_fields["kind"].annotation)]
    assert len(kinds) > 30
    with_positions = "direct_"  # one row stands for these, "with `_position`"
    lacking = [kind for kind in kinds if f"`{kind}`" not in table]
    assert [
        kind
        for kind in lacking
        if not (kind.startswith(with_positions) and f"`{kind.removesuffix('_position')}`" in table)
    ] == []
    assert "the same with `_position`" in table
