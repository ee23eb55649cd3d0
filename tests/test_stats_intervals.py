import numpy as np
import pytest

from wordrel.stats import permutation as permutation_module
from wordrel.stats import random_signs


def rng(seed=0):
    return np.random.default_rng(seed)


# --- blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("permutations", [1, 10, 64, 103])
def test_signs_in_blocks_are_those_of_one_draw(permutations, monkeypatch):
    monkeypatch.setattr(permutation_module, "_AT_ONCE", 7 * 8)
    blocks = list(random_signs(7, permutations, rng(9)))
    whole = rng(9).integers(0, 2, size=(permutations, 7), dtype=np.int8) * 2 - 1
    assert np.array_equal(np.vstack(blocks), whole)
    assert max(len(block) for block in blocks) <= 8
    assert set(np.unique(whole)) <= {-1, 1}


def test_signs_of_many_clusters_are_never_all_in_memory():
    blocks = random_signs(20_000, 2000, rng(10))
    assert max(block.nbytes for block in blocks) < 3e6
