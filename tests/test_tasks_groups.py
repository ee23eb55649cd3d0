"""Odd one out and nearest words: answers by hand, chance, what is covered, and bad tables."""

import numpy as np
import pytest
from gensim.models import KeyedVectors
from pydantic import TypeAdapter

import wordrel
from task_spaces import readings_of, task_of, vocab_of
from tiny_study import write_study
from wordrel.config import TaskConfig
from wordrel.errors import ConfigError, DatasetError
from wordrel.study import load_study
from wordrel.study.plan import load_tasks
from wordrel.tasks import own_task
from wordrel.tasks.base import Scope
from wordrel.tasks.groups import ODD_ONE_OUT, TOP_K

SCOPE = Scope(lowercase=True)
SPACE = {
    "cat": [9, 1, 0],
    "dog": [8, 0, 0],
    "cow": [70, 1, 1],
    "car": [0, 9, 1],
    "bus": [0, 8, 0],
    "void": [0, 0, 0],
}


def of_kind(kind, tmp_path, content):
    path = tmp_path / "mine.csv"
    path.write_text(content, encoding="utf-8")
    config = {"kind": kind, "name": "mine", "path": str(path)}
    return own_task(TypeAdapter(TaskConfig).validate_python(config))


def test_the_odd_word_is_the_one_far_from_the_mean(tmp_path):
    task = of_kind("odd_one_out", tmp_path, "car,cat,Dog,cow\ncat,dog,car\nbus,cat,owl\n")
    (row,) = ODD_ONE_OUT.answer(task, readings_of(SPACE), SCOPE)
    assert row.covered.tolist() == [True, True, False]
    assert row.predicted[:2].tolist() == [1, 0]
    assert row.chance == pytest.approx((1 / 4 + 1 / 3) / 2)
    assert (row.measure, row.selected, row.gold.tolist()) == ("accuracy", True, [1, 1, 1])


def test_the_answer_is_that_of_gensim_and_of_the_library():
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(40)]
    rows = rng.normal(size=(40, 5)).astype(np.float32)
    vectors = KeyedVectors(5)
    vectors.add_vectors(words, rows)
    model = readings_of(dict(zip(words, rows.tolist(), strict=True)))
    groups = [list(rng.choice(words, size=n, replace=False)) for n in (3, 4, 5, 6) for _ in "abcd"]
    task = task_of("odd_one_out", [" ".join(group) for group in groups], measure="accuracy")
    (row,) = ODD_ONE_OUT.answer(task, model, SCOPE)
    assert row.predicted.tolist() == [vectors.doesnt_match(g) == g[0] for g in groups]
    assert row.predicted.tolist() == [model.odd_one_out(g) == g[0] for g in groups]
    assert 0 < row.predicted.mean() < 1


def test_a_tie_is_wrong_and_a_word_without_direction_has_no_answer():
    model = readings_of(SPACE | {"ox": [8, 0, 0]})
    task = task_of("odd_one_out", ["dog ox dog", "void cat dog"], measure="accuracy")
    (row,) = ODD_ONE_OUT.answer(task, model, SCOPE)
    assert row.predicted[0] == 0
    assert np.isnan(row.predicted[1])
    assert row.note == "1 covered items have a word whose vector is zero or not finite"


def test_precision_counts_expected_words_among_as_many_nearest(tmp_path):
    task = of_kind("top_k", tmp_path, "cat,dog,car\ncar,bus\ndog,owl\nowl,dog\ncow,cat,owl,dog\n")
    (row,) = TOP_K.answer(task, readings_of(SPACE), SCOPE)
    assert row.covered.tolist() == [True, True, False, False, True]
    assert row.predicted[row.covered].tolist() == [0.5, 1, 1]
    assert row.chance == pytest.approx((2 + 1 + 2) / 3 / (len(SPACE) - 1))
    assert row.measure == "precision"


def test_neighbours_are_sought_among_frequent_words():
    vocab = vocab_of(list(SPACE))
    task = task_of("top_k", ["cat dog", "cat car", "car cat"], measure="precision")
    two = Scope(lowercase=True, restrict_vocab=2)
    assert TOP_K.covered(task.items, vocab, two).tolist() == [True, False, True]
    (row,) = TOP_K.answer(task, readings_of(SPACE), two)
    assert (row.predicted[0], row.predicted[2], row.chance) == (1, 1, 1)


def test_a_random_model_scores_chance():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(300)]
    model = readings_of(dict(zip(words, rng.normal(size=(300, 20)).tolist(), strict=True)))
    groups = [" ".join(rng.choice(words, size=5, replace=False)) for _ in range(500)]
    for kind, name in ((ODD_ONE_OUT, "odd_one_out"), (TOP_K, "top_k")):
        (row,) = kind.answer(task_of(name, groups, measure="accuracy"), model, SCOPE)
        assert row.predicted.mean() == pytest.approx(row.chance, abs=0.06)


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        (
            "odd_one_out",
            "a,b\n",
            "1: found 2 columns parted by commas in 'a,b', expected at least 3",
        ),
        ("odd_one_out", "a,b,,\n", "1: found 2 words, expected at least 3"),
        ("odd_one_out", "a,b,c\na,b,a\n", "2: found 'a' more than once, expected each word once"),
        ("odd_one_out", "caf\u00e9,cafe\u0301,b\n", "1: found 'cafe\u0301' more than once"),
        ("top_k", "a;b\na\n", "2: found 1 column parted by semicolons in 'a', expected at least 2"),
        ("top_k", "a;;b\n", "1: found an empty word, expected a word of plain text"),
    ],
)
def test_a_bad_group_is_named(tmp_path, kind, content, message):
    with pytest.raises(DatasetError) as error:
        of_kind(kind, tmp_path, content)
    assert f"mine.csv:{message}" in str(error.value)


@pytest.mark.parametrize("kind", ["odd_one_out", "top_k"])
def test_words_that_lower_case_makes_one_are_refused_where_it_does(tmp_path, kind):
    (tmp_path / "near.csv").write_text("cat,dog,horse\nman,MAN,cat\n")
    tasks = [{"kind": kind, "name": "near", "path": "near.csv"}]
    study = load_study(write_study(tmp_path, tasks=tasks))
    with pytest.raises(ConfigError) as error:
        load_tasks(study, tmp_path)
    assert error.value.problems == [
        "tasks: near: found 'man' and 'MAN' in one line, which are one word in a lower-cased "
        "corpus; expected each word once a line, or corpora.0.lowercase=false"
    ]
    cased = study.corpora[0].model_copy(update={"lowercase": False})
    found = load_tasks(study.model_copy(update={"corpora": (cased,)}), tmp_path)
    assert found.loaded[0].items.n_items == 2


def test_groups_of_the_same_words_are_one_cluster(tmp_path):
    odd = of_kind("odd_one_out", tmp_path, "car cat dog\nbus dog cat\ncat dog cow\n").items
    assert (odd.cluster.tolist(), odd.duplicates) == ([0, 0, 1], 0)
    near = of_kind("top_k", tmp_path, "cat dog\ncat cow\ncow cat\ncat dog\n").items
    assert (near.cluster.tolist(), near.duplicates) == ([0, 0, 1, 0], 1)


def test_missing_files_and_wrong_contents_are_one_error(tmp_path):
    (tmp_path / "groups.csv").write_text("a,b\n")
    (tmp_path / "scores.csv").write_text("a,b,1\na,b,high\n")
    tasks = [
        {"kind": "odd_one_out", "name": "groups", "path": "groups.csv"},
        {"kind": "pairs", "name": "scores", "path": "scores.csv"},
        {"kind": "top_k", "name": "lost", "path": "none.csv"},
    ]
    with pytest.raises(ConfigError) as error:
        load_study(write_study(tmp_path, tasks=tasks))
    said = "\n".join(error.value.problems)
    for found in (
        "'none.csv', where no file is",
        "groups.csv:1: found 2",
        "scores.csv:2: found 'h",
    ):
        assert found in said


def test_all_sets_and_files_of_vectors_that_are_wrong_are_one_error(tmp_path):
    (tmp_path / "bad.tsv").write_text("a\tb\n")
    with pytest.raises(ConfigError) as error:
        wordrel.evaluate(
            [tmp_path / "no.vec"],
            tasks=["ws535"],
            pairs=[tmp_path / "bad.tsv", tmp_path / "no.tsv"],
        )
    names = [problem.rpartition("/")[2].split(":")[0] for problem in error.value.problems[1:]]
    assert names == ["bad.tsv", "no.tsv", "no.vec"]
    assert "did you mean 'ws353'" in error.value.problems[0]
