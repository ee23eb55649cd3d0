import shutil
from pathlib import Path

import pytest

from ladder_study import ladder_results, losses
from wordrel.errors import StoreError
from wordrel.report.readme import (
    refresh_readme,
    refreshed,
    render_block,
    render_ladder,
    replace_block,
)
from wordrel.study.results import read_results

INPUT = Path(__file__).parent / "golden" / "input"
EMPTY = "before\n<!-- table:golden -->\n<!-- /table:golden -->\nafter\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(INPUT, tmp_path / "results" / "golden")
    return tmp_path / "results"


def test_block_has_the_sentence_and_the_table_with_two_decimals():
    block = render_block(read_results(INPUT))
    row = "| b | skip_gram | input | 2 | 0.41 [0.33, 0.49]<sup>ac</sup> | 0.05 [0.04, 0.07]<sup>ad"
    assert row in block
    assert block.startswith(
        "- **How alike are two words?** The best word2vec and the best attention"
    )
    assert "\n\nOn novels, word2vec is distinguishably better on google; neither" in block
    assert "loss_next<br>" not in block
    assert block.endswith("[results/golden](results/golden/report.md).")
    assert "loss_next<br>" in render_block(read_results(INPUT), questions=("alike", "fit"))


def test_only_what_stands_between_the_markers_is_replaced():
    text = EMPTY + "<!-- table:other -->\nkept\n<!-- /table:other -->\n"
    assert replace_block(text, "table:golden", r"new \1") == (
        "before\n<!-- table:golden -->\n\nnew \\1\n\n<!-- /table:golden -->\nafter\n"
        "<!-- table:other -->\nkept\n<!-- /table:other -->\n"
    )


@pytest.mark.parametrize("text", ["nothing", "<!-- table:golden --> open", EMPTY + EMPTY])
def test_a_block_that_is_not_there_exactly_once_is_an_error(text: str):
    with pytest.raises(StoreError, match=r"README: found [02] blocks table:golden, expected 1"):
        replace_block(text, "table:golden", "new")


def test_refreshing_writes_once_and_then_finds_nothing_to_do(root: Path, tmp_path: Path):
    readme = tmp_path / "README.md"
    readme.write_text(EMPTY)
    assert refresh_readme(readme, root) is True
    assert "| b | skip_gram |" in readme.read_text()
    assert refresh_readme(readme, root) is False
    assert refreshed(readme.read_text(), root) == readme.read_text()


def test_a_number_typed_by_hand_is_found(root: Path):
    fresh = refreshed(EMPTY, root)
    assert refreshed(fresh.replace("0.41", "0.42"), root) == fresh


def test_a_ladder_block_has_its_sentences_and_its_figure(root: Path):
    block = render_ladder(ladder_results(losses()))
    assert block.startswith("- On wiki17m, of the 0.273 [0.269, 0.276] nats per token")
    assert "](results/ladder/figures/ladder.svg)" in block
    assert block.endswith("Full report: [results/ladder](results/ladder/report.md).")
    text = EMPTY.replace("table:", "ladder:")
    with pytest.raises(StoreError, match="found no ladder from foot to top"):
        refreshed(text, root)
    assert replace_block(EMPTY + text, "ladder:golden", "new").startswith(EMPTY)


def test_a_block_of_an_unknown_study_is_an_error(tmp_path: Path):
    with pytest.raises(StoreError, match="there is no such file"):
        refreshed(EMPTY, tmp_path)
