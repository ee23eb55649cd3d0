import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from task_spaces import pairs_task, readings_of, vocab_of
from wordrel.config.places import read_yaml
from wordrel.config.sets import read_sets, task_names
from wordrel.errors import ConfigError, DatasetError
from wordrel.models.word_model import WordModel
from wordrel.stats import MEASURES, plain_scores
from wordrel.study.agreement import LIFTS
from wordrel.tasks import KINDS, ask, covered, load_task, registry
from wordrel.tasks.fetch import addresses, package_file
from wordrel.tasks.readers import READERS
from wordrel.tasks.registry import KIND_INFO, REGISTRY, DataFile, tasks_of


def score(outcome):
    """Of the answered items."""
    said = np.isfinite(outcome.predicted)
    measure = MEASURES[outcome.measure]
    return plain_scores(measure, outcome.gold[said], outcome.predicted[None, said])[0]


def pairs_file(tmp_path, *lines):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join("\t".join(line.split()) + "\n" for line in lines))
    return path


def random_readings(task, seed=0, dim=20):
    words = sorted({w.lower() for item in task.items.words for w in item})
    rows = np.random.default_rng(seed).normal(size=(len(words), dim))
    return readings_of(dict(zip(words, rows, strict=True)))


# --- registry and loading ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "items", "distinct", "duplicates"),
    [("ws353", 353, 351, 2), ("simlex999", 999, 998, 1), ("google_analogies", 19544, 573, 171)],
)
def test_published_sets_have_their_published_size(name, items, distinct, duplicates):
    task = load_task(name)
    assert task.items.n_items == len(task.items.gold) == len(task.items.cluster) == items
    assert len(np.unique(task.items.cluster)) == distinct
    assert task.items.duplicates == duplicates


def test_first_and_last_pair_of_ws353_are_as_published():
    items = load_task("ws353").items
    assert (items.words[0], items.gold[0]) == (("love", "sex"), 6.77)
    assert (items.words[-1], items.gold[-1]) == (("architecture", "century"), 3.78)


IN_GENSIM = ["ws353", "simlex999", "google_analogies"]
OF_THE_CORPUS = [
    *("held_out_loss", "calibrated_loss", "word_order", "learned_weights"),
    *("last_word", "neighbour_agreement", "per_token_loss", "per_token_loss_dev"),
    *("copying", "ngram_rules", "induction", "lift_agreement"),
]


@pytest.mark.parametrize("name", REGISTRY)
def test_every_task_says_where_it_is_from_and_how_it_is_asked(name):
    info = REGISTRY[name]
    data = info.data
    assert info.name == name
    assert info.reader in READERS
    assert (info.question, info.measure) == KIND_INFO[info.kind][:2]
    assert info.measure in {*MEASURES, LIFTS}
    assert KINDS[info.kind].better == ("lower" if info.measure == "loss_per_token" else "higher")
    assert info.description.endswith(".")
    assert data.license
    assert (info.split == "dev") == name.endswith("_dev")
    assert data.package == ("gensim" if name in IN_GENSIM else "")
    published = name not in OF_THE_CORPUS
    assert published == bool(data.citation) == bool(data.date) == bool(info.n_items)
    assert published == bool(info.files)
    if published:
        assert info.reference.startswith("http")
        assert data.citation.count("{") == data.citation.count("}")


def test_every_published_file_is_pinned_and_has_an_address_or_a_reason():
    used = {(info.data.name, file) for info in REGISTRY.values() for file in info.files}
    sets = {info.data.name: info.data for info in REGISTRY.values()}
    assert used == {(name, file) for name, data in sets.items() for file in data.files}
    for info in REGISTRY.values():
        for address in () if info.data.package else addresses(info):
            pinned = re.match(
                r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/", address
            )
            assert pinned or "at commit" in address


@pytest.mark.parametrize("name", [*IN_GENSIM, *OF_THE_CORPUS])
def test_what_needs_no_download_loads_as_the_registry_says(name):
    task, info = load_task(name), REGISTRY[name]
    assert (task.name, task.question, task.measure) == (name, info.question, info.measure)
    assert (task.kind, task.split, task.info) == (info.kind, info.split, info)
    assert task.items.n_items == (info.n_items or 0)


def test_an_unknown_task_is_met_with_the_nearest_name():
    with pytest.raises(ConfigError) as error:
        load_task("simlex99")
    assert str(error.value) == (
        "tasks: found 'simlex99', which is not a task; did you mean 'simlex999'? Allowed: "
        + ", ".join(sorted(REGISTRY))
    )


def test_a_set_of_another_size_than_the_published_one_is_refused(monkeypatch):
    changed = REGISTRY["ws353"].model_copy(update={"n_items": 352})
    monkeypatch.setitem(REGISTRY, "ws353", changed)
    with pytest.raises(DatasetError, match="ws353: found 353 items, expected 352"):
        load_task("ws353")


WS353 = "test/test_data/wordsim353.tsv"


def ws353_with(file, sha256):
    files = {file: DataFile(sha256=sha256, bytes=1)}
    return REGISTRY["ws353"].data.model_copy(update={"files": files})


def test_a_file_that_is_not_the_pinned_one_is_refused_with_the_version_of_gensim():
    import gensim

    with pytest.raises(DatasetError) as error:
        package_file(ws353_with(WS353, "0" * 64), WS353)
    assert f"in gensim {gensim.__version__}, expected {'0' * 64}" in str(error.value)
    assert "wordsim353.tsv: found sha256 f92a022f" in str(error.value)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(DatasetError, match=r"test_data/none\.tsv: there is no such file"):
        package_file(ws353_with("test/test_data/none.tsv", "0" * 64), "test/test_data/none.tsv")


SET = {
    "license": "mit",
    "order": 3,
    "reference": "https://a.b",
    "files": {"one": {"sha256": "0" * 64, "bytes": 1}, "two": {"sha256": "f" * 64, "bytes": 2}},
}


def test_a_task_takes_from_its_set_what_it_does_not_say_itself():
    fields = {"kind": "direction", "description": "D."}
    own = {"files": ["two"], "order": 4, "reference": "https://c.d"}
    first, second = tasks_of("toy", {**SET, "tasks": {"all": fields, "half": fields | own}})
    assert (first.files, first.order, first.reference) == (("one", "two"), 3, "https://a.b")
    assert (second.files, second.order, second.reference) == (("two",), 4, "https://c.d")
    assert first.data == second.data
    assert (first.data.name, first.data.files["two"].bytes) == ("toy", 2)
    assert (first.question, first.measure, first.split) == ("direction", "auc", "test")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "pear"}, "found the kind 'pear', expected one of pairs, analogies"),
        ({"files": ["three"]}, "found the files ['three'], expected some of ['one', 'two']"),
        ({"colour": "red"}, "colour\n  Extra inputs are not permitted"),
        ({"split": "train"}, "Input should be 'dev' or 'test'"),
    ],
)
def test_a_set_that_is_described_wrongly_is_refused(changes, said):
    fields = {"kind": "pairs", "description": "D.", **changes}
    with pytest.raises(DatasetError) as error:
        tasks_of("toy", {**SET, "tasks": {"toy": fields}})
    assert str(error.value).startswith("tasks/sets/toy.yaml: ")
    assert said in str(error.value)


def test_an_unknown_reader_is_named_with_those_there_are(monkeypatch):
    changed = REGISTRY["ws353"].model_copy(update={"reader": "pear"})
    monkeypatch.setitem(REGISTRY, "ws353", changed)
    with pytest.raises(DatasetError, match="ws353: found the reader 'pear', expected one of none,"):
        load_task("ws353")


def test_no_file_of_a_set_says_a_thing_twice_and_no_two_tasks_have_one_name():
    folder = Path(registry.__file__).with_name("sets")
    assert {path.stem for path in folder.iterdir()} == set(read_sets())
    for path in folder.iterdir():
        assert read_yaml(path)[0] == read_sets()[path.stem]  # refuses a key that comes twice
    assert sorted(task_names()) == sorted(REGISTRY)


def test_the_digest_names_the_content_not_the_file(tmp_path):
    one = pairs_task("one", pairs_file(tmp_path, "cat dog 7", "cat car 2"))
    (tmp_path / "other.csv").write_text("a,b,score\ncat,dog,7.0\ncat,car,2\n")
    same = pairs_task("other", tmp_path / "other.csv")
    changed = pairs_task("one", pairs_file(tmp_path, "cat dog 7", "cat car 3"))
    assert one.digest == same.digest != changed.digest
    assert len(one.digest) == 12
    names = [*IN_GENSIM, *OF_THE_CORPUS]
    assert len({load_task(name).digest for name in names}) == len(names)


def test_the_registry_is_read_without_numpy_or_gensim_and_names_without_the_registry():
    code = (
        "import sys; from wordrel.config.sets import task_names; assert 'ws353' in task_names(); "
        "print([m for m in sys.modules if m.startswith('wordrel.tasks')]); "
        "import wordrel.tasks.registry; "
        "print([m for m in ('numpy', 'gensim', 'wordrel.models.word_model') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n[]\n"


def test_a_name_that_tasks_do_not_have_is_an_error():
    import wordrel.tasks

    with pytest.raises(AttributeError, match="has no attribute 'asks'"):
        _ = wordrel.tasks.asks


# --- pairs ------------------------------------------------------------------------------------


def test_a_pair_is_answered_by_the_cosine_of_its_words(tmp_path):
    task = pairs_task("mine", pairs_file(tmp_path, "cat dog 7", "cat car 2", "dog car 1"))
    space = readings_of({"cat": [3, 0, 0], "dog": [1, 1, 0], "car": [-2, 0, 0]})
    (outcome,) = ask(task, space, lowercase=True)
    assert outcome.predicted == pytest.approx([0.5**0.5, -1, -(0.5**0.5)], abs=1e-7)
    assert outcome.gold.tolist() == [7, 2, 1]
    assert (outcome.task, outcome.embedding, outcome.selected) == ("mine", "input", True)
    assert (outcome.measure, outcome.better, outcome.chance) == ("spearman", "higher", 0.0)
    assert (outcome.covered.tolist(), outcome.note) == ([True] * 3, "")
    assert score(outcome) == pytest.approx(0.5)


def test_every_embedding_answers_and_the_selected_one_is_marked(tmp_path):
    task = pairs_task("mine", pairs_file(tmp_path, "cat dog 7"))
    rows = np.eye(2, dtype=np.float32)
    embeddings = {"input": rows, "output": rows + 1}
    word_model = WordModel(vocab_of(["cat", "dog"]), embeddings, selected={"alike": "output"})
    found = [
        (o.embedding, o.selected, o.predicted[0]) for o in ask(task, word_model, lowercase=True)
    ]
    assert found == [("input", False, 0.0), ("output", True, pytest.approx(0.8))]


def test_a_missing_word_leaves_the_item_open_and_the_others_alone(tmp_path):
    task = pairs_task("mine", pairs_file(tmp_path, "cat dog 7", "cat yak 5", "yak gnu 3"))
    space = readings_of({"cat": [1, 0], "dog": [1, 1]})
    (outcome,) = ask(task, space, lowercase=True)
    assert outcome.predicted == pytest.approx([0.5**0.5, np.nan, np.nan], nan_ok=True)
    assert outcome.covered.tolist() == [True, False, False]
    assert covered(task, space.vocab, lowercase=True).tolist() == [True, False, False]
    assert outcome.note == ""


def test_a_set_without_a_covered_pair_gets_a_note(tmp_path):
    task = pairs_task("mine", pairs_file(tmp_path, "yak gnu 7", "yak emu 5"))
    (outcome,) = ask(task, readings_of({"cat": [1, 0]}), lowercase=True)
    assert np.isnan(outcome.predicted).all()
    assert outcome.note == (
        "the vocabulary covers none of the 2 items: "
        "a larger corpus or a smaller corpora.N.min_count may cover some"
    )


def test_a_word_and_itself_have_a_cosine_of_exactly_one(tmp_path):
    rng = np.random.default_rng(0)
    space = readings_of(
        {f"w{chr(97 + i)}": rng.normal(size=7) for i in range(26)} | {"void": [0] * 7}
    )
    pairs = [f"{word} {word} {i}" for i, word in enumerate(space.vocab.words)]
    (outcome,) = ask(pairs_task("mine", pairs_file(tmp_path, *pairs)), space, lowercase=True)
    assert outcome.predicted[:26].tolist() == [1.0] * 26
    assert np.isnan(outcome.predicted[26])


def test_words_are_lowered_where_the_corpus_was_and_only_there(tmp_path):
    task = pairs_task("mine", pairs_file(tmp_path, "Cat dog 7", "cat Dog 5"))
    space = readings_of({"cat": [1, 0], "dog": [1, 0], "Cat": [0, 1]})
    assert ask(task, space, lowercase=True)[0].predicted.tolist() == [1, 1]
    assert ask(task, space, lowercase=False)[0].predicted == pytest.approx([0, np.nan], nan_ok=True)


@pytest.mark.parametrize("broken", [[0, 0], [np.nan, 1], [np.inf, 1]])
def test_a_word_without_a_vector_is_no_answer_and_is_counted(tmp_path, broken):
    task = pairs_task("mine", pairs_file(tmp_path, "cat dog 7", "cat car 2"))
    space = readings_of({"cat": [1, 0], "dog": broken, "car": [1e-30, 0]})
    (outcome,) = ask(task, space, lowercase=True)
    assert outcome.predicted == pytest.approx([np.nan, 1.0], nan_ok=True)
    assert outcome.covered.all()
    assert outcome.note == "1 covered items have a word whose vector is zero or not finite"


def test_a_model_without_embeddings_says_why(tmp_path):
    task = pairs_task("mine", pairs_file(tmp_path, "cat dog 7"))
    vocab = vocab_of(["cat", "dog"])
    (outcome,) = ask(task, WordModel(vocab, {}, unavailable={"alike": "it counts"}), lowercase=True)
    assert (outcome.embedding, outcome.selected, outcome.note) == ("", True, "it counts")
    assert np.isnan(outcome.predicted).all()
    (silent,) = ask(task, WordModel(vocab, {}), lowercase=True)
    assert silent.note == "the model has no answer to the question 'alike' and does not say why"


def test_turning_and_scaling_a_space_changes_no_answer():
    task = load_task("simlex999")
    space = random_readings(task)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))
    rows = (space.embeddings["input"] @ turn * 1e-6).astype(np.float32)
    moved = replace(space, embeddings={"input": rows})
    one, other = (ask(task, r, lowercase=True)[0].predicted for r in (space, moved))
    assert other == pytest.approx(one, abs=1e-6)


def test_shuffled_gold_gives_chance():
    task = load_task("simlex999")
    (outcome,) = ask(task, random_readings(task), lowercase=True)
    told = replace(outcome, gold=outcome.predicted)
    assert score(told) == 1.0
    shuffled = np.random.default_rng(2).permutation(outcome.predicted)
    assert abs(score(replace(outcome, gold=shuffled)) - outcome.chance) < 3 / np.sqrt(999)


@pytest.mark.parametrize("name", ["ws353", "simlex999"])
def test_scores_are_those_of_gensim(name):
    task = load_task(name)
    space = random_readings(task)
    words, rows = space.vocab.words[:-30], space.embeddings["input"][:-30]
    vectors = KeyedVectors(20)
    vectors.add_vectors(list(words), rows)
    (outcome,) = ask(task, WordModel(vocab_of(words), {"input": rows}), lowercase=True)
    _, spearman, unknown = vectors.evaluate_word_pairs(
        str(package_file(task.info.data, task.info.files[0]))
    )
    assert score(outcome) == pytest.approx(spearman.statistic, abs=1e-6)
    assert 100 * (1 - outcome.covered.mean()) == pytest.approx(unknown)
    assert unknown > 0
