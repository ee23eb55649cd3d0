"""Labels: what a reader sees in the place of an identifier."""

from collections import Counter

import pytest

from wordrel.config import ARCHITECTURES
from wordrel.report import labels
from wordrel.report.labels import label
from wordrel.tasks.registry import REGISTRY


@pytest.mark.parametrize(
    ("identifier", "of", "expected"),
    [
        ("held_out_loss.masked_word", None, "masked-word loss"),
        ("loss_per_token", None, "nats per token"),
        ("mask_query_attention", None, "mask-query attention with positions"),
        ("attention", None, "attention"),
        ("attention", "embedding", "mean attention weight"),
        ("cbow_shuffled", "model", "CBOW (shuffled text)"),
        ("mean_recipelm", None, "context mean (lm recipe)"),
        ("per_token_loss.next_word.calibrated", None, "per-token next-word loss (calibrated)"),
        ("q.k", "embedding", "query · key"),
        ("input+output.centred", "embedding", "input + output vectors (centred)"),
        ("bats.E01 [country - capital]", "task", "BATS analogies: E01 [country - capital]"),
        ("msr_analogies.mul", "task", "MSR analogies: 3CosMul"),
        ("my_model", None, "my_model"),
        ("my_model", "model", "my_model"),
        ("", "model", ""),
        ("attention.v2", "model", "attention.v2"),
    ],
)
def test_an_identifier_has_a_label_or_is_its_own(
    identifier: str, of: labels.Of | None, expected: str
) -> None:
    assert label(identifier, of) == expected


def test_each_architecture_and_task_of_the_package_has_a_label() -> None:
    without = [n for n in ARCHITECTURES if n not in labels._TABLES["model"]]
    without += [n for n in REGISTRY if n not in labels._TABLES["task"]]
    assert without == []


@pytest.mark.parametrize("of", ["model", "task", "embedding", "measure", "statistic"])
def test_no_two_identifiers_of_a_table_share_a_label(of: labels.Of) -> None:
    assert [n for n, times in Counter(labels._TABLES[of].values()).items() if times > 1] == []


def test_a_label_can_stand_in_a_list() -> None:
    every = [label for table in labels._TABLES.values() for label in table.values()]
    assert [one for one in every if "," in one.partition("(")[0]] == []
