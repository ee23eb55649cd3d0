"""Word vectors that others made: every form, what is refused, and scores beside gensim's own."""

import gzip
import inspect
import io
import itertools
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import save_facebook_model
from gensim.test.utils import datapath
from safetensors.numpy import save_file

import wordrel
from task_spaces import vocab_of
from tiny_study import write_study
from wordrel.config import CorpusConfig
from wordrel.errors import ConfigError, CorpusError, VectorsError, WordrelError
from wordrel.models import vector_tables, vectors
from wordrel.models.fasttext_files import composed
from wordrel.models.vectors import open_vectors
from wordrel.models.word_model import Origin, WordModel
from wordrel.study.vector_scores import _names, table_names
from wordrel.tasks import load_task

WORDS = ["the", "Über", "naïve", "हिन्दी", "new york", "cat", "dog", "x"]
TABLE = np.random.default_rng(0).standard_normal((len(WORDS), 5)).astype(np.float32)


def key_vectors(words: list[str], table: np.ndarray) -> KeyedVectors:
    made = KeyedVectors(table.shape[1])
    made.add_vectors(words, table)
    return made


def text(path: Path) -> Path:
    key_vectors(WORDS, TABLE).save_word2vec_format(str(path), write_header=True)
    return path


def binary(path: Path) -> Path:
    plain = [word.replace(" ", "_") for word in WORDS]  # the form ends a word at a space
    key_vectors(plain, TABLE).save_word2vec_format(str(path), binary=True)
    return path


def glove(path: Path) -> Path:
    key_vectors(WORDS, TABLE).save_word2vec_format(str(path), write_header=False)
    return path


def packed(path: Path) -> Path:
    path = path.with_suffix(".gz")
    path.write_bytes(gzip.compress(binary(path.with_suffix(".bin")).read_bytes()))
    return path


def array(path: Path) -> Path:
    np.save(path.with_suffix(".npy"), TABLE)
    path.with_suffix(".txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    return path.with_suffix(".npy")


def tensors(path: Path) -> Path:
    save_file({"other": TABLE[0], "vectors": TABLE}, path.with_suffix(".safetensors"))
    path.with_name("vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    return path.with_suffix(".safetensors")


def static(path: Path) -> Path:
    """As model2vec writes them, with pieces and control tokens between the words."""
    path.mkdir()
    tokens = ["[UNK]", *WORDS[:4], "##ing", *WORDS[4:]]
    rows = np.insert(TABLE, [0, 4], 9.0, axis=0)
    save_file({"embeddings": rows.astype(np.float16)}, path / "model.safetensors")
    model = {"type": "WordPiece", "vocab": {token: i for i, token in enumerate(tokens)}}
    described = {"model": model, "added_tokens": [{"content": "[UNK]"}]}
    (path / "tokenizer.json").write_text(json.dumps(described), encoding="utf-8")
    return path


def of_sentences(path: Path) -> Path:
    """As sentence-transformers writes a StaticEmbedding, with a Unigram tokenizer."""
    (path / "0_StaticEmbedding").mkdir(parents=True)
    save_file(
        {"embedding.weight": np.insert(TABLE, 0, 9.0, axis=0)},
        path / "0_StaticEmbedding/model.safetensors",
    )
    vocab = [["ing", -1.0], *([f"\u2581{word}", -2.0] for word in WORDS)]
    described = {"model": {"type": "Unigram", "vocab": vocab}}
    (path / "0_StaticEmbedding/tokenizer.json").write_text(json.dumps(described), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("write", "form", "close"),
    [
        (text, "word2vec text", 1e-6),
        (binary, "word2vec binary", 0),
        (glove, "GloVe text", 1e-6),
        (packed, "word2vec binary", 0),
        (array, "npy", 0),
        (tensors, "safetensors", 0),
        (static, "safetensors", 1e-3),
        (of_sentences, "safetensors", 0),
    ],
)
def test_every_form_gives_the_words_and_numbers_that_were_written(
    tmp_path: Path, write: Callable[[Path], Path], form: str, close: float
) -> None:
    found = open_vectors(write(tmp_path / "v"), tmp_path / "cache")
    assert found.file_format == form
    assert [word.replace("_", " ") for word in found.words] == WORDS
    assert np.abs(found.table - TABLE).max() <= close
    assert isinstance(found.table, np.memmap)
    assert composed(found.path, ["dogs"]) == {}


@pytest.mark.parametrize("end", ["\n", " \n", "\r\n", " \r\n"])
@pytest.mark.parametrize("spaced", [False, True])
def test_lines_are_read_however_they_end(tmp_path: Path, end: str, spaced: bool) -> None:
    words = ["NA", '"', "nan", "a,b", "été", *(["new york"] if spaced else [])]
    numbers = ["1.5 -2e-3", "0.1 7", "-0 3", "1E2 .5", "3.4028234e38 1e-45", "5 6"]
    lines = [f"{word} {row}{end}" for word, row in zip(words, numbers, strict=False)]
    (tmp_path / "v.vec").write_bytes("".join([f"{len(words)} 2\n", *lines]).encode())
    found = open_vectors(tmp_path / "v.vec", tmp_path / "cache")
    assert list(found.words) == words
    expected = [[float(number) for number in row.split()] for row in numbers[: len(words)]]
    assert np.array_equal(found.table, np.array(expected, np.float32))


def test_a_word_that_comes_again_is_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 1 2\nb 3 4\na 5 6\n")
    found = open_vectors(tmp_path / "v.txt", tmp_path / "cache")
    assert (found.words, found.repeated) == (("a", "b"), 1)
    assert found.table.tolist() == [[1, 2], [3, 4]]


def test_fasttext_makes_vectors_of_words_that_it_never_saw(tmp_path: Path) -> None:
    sentences = [["walking", "walked", "talking", "talked"]] * 50
    model = FastText(sentences, vector_size=8, min_count=1, bucket=500, workers=1)
    save_facebook_model(model, str(tmp_path / "v.bin"))
    found = open_vectors(tmp_path / "v.bin", tmp_path / "cache")
    assert found.file_format == "fastText binary"
    for word, row in zip(found.words, found.table, strict=True):
        assert row == pytest.approx(model.wv[word], abs=1e-6)
    told = wordrel.evaluate([tmp_path / "v.bin"], tasks=["ws353"], cache=tmp_path / "cache").lacks
    assert told["composed"].tolist() == told["words"].tolist()  # it knows none of the set
    assert told["lacking"].tolist() == [0]
    assert composed(found.path, ["balking"])["balking"] == pytest.approx(
        model.wv["balking"], abs=1e-6
    )


def test_fasttext_without_parts_of_words_lacks_words(tmp_path: Path) -> None:
    sentences = [["walking", "walked", "talking", "talked"]] * 50
    model = FastText(sentences, vector_size=8, min_count=1, max_n=0, workers=1)
    save_facebook_model(model, str(tmp_path / "v.bin"))
    assert composed(tmp_path / "v.bin", ["balking"]) == {}
    told = wordrel.evaluate([tmp_path / "v.bin"], tasks=["ws353"], cache=tmp_path / "cache").lacks
    assert told["lacking"].tolist() == told["words"].tolist()


def test_a_vocabulary_of_bytes_gives_words_of_any_script(tmp_path: Path) -> None:
    letters = {byte: letter for letter, byte in vector_tables._BYTES.items()}
    words = ["Straße", "über", "the", "हिन्दी"]
    pieces = ["".join(letters[byte] for byte in f" {word}".encode()) for word in words]
    vocab = {piece: row for row, piece in enumerate([*pieces, "ing", f"{pieces[1][:3]}"])}
    described = {"model": {"type": "BPE", "vocab": vocab}}
    (tmp_path / "v").mkdir()
    (tmp_path / "v/tokenizer.json").write_text(json.dumps(described), encoding="utf-8")
    save_file({"embeddings": np.eye(6, dtype=np.float32)}, tmp_path / "v/model.safetensors")
    found = open_vectors(tmp_path / "v", tmp_path / "cache")
    assert found.words == (*words, "ü")
    assert pieces[0].startswith("\u0120Stra") and "\u0120the" in pieces  # as GPT-2 has them


def test_vectors_that_change_while_they_are_read_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, convert = tmp_path / "v.txt", vectors._convert
    path.write_text("cat 1 2\ndog 3 4\n")

    def late(place: Path, new: Path) -> None:
        place.write_text("cat 9 9\ndog 9 9\n")
        convert(place, new)

    monkeypatch.setattr(vectors, "_convert", late)
    with pytest.raises(CorpusError, match="found other bytes"):
        open_vectors(path, tmp_path / "cache")
    monkeypatch.undo()
    path.write_text("cat 1 2\ndog 3 4\n")
    assert open_vectors(path, tmp_path / "cache").table.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"a": 1}), "found a pickled file.*save_word2vec_format"),
        (b"PK\x03\x04", "found a zip archive, expected the file that is in it: unpack it"),
        (b"", "found no numbers"),
        (b"a 1 2\nb 1\n", r"v:2: found 'b 1', expected a word and 2 numbers"),
        (b"a 1 2\n\nb 1 2\n", r"v:2: found '', expected .* 2 numbers: remove this empty line"),
        (b"a 1 2\nb 1 x\n", r"v:2: found 'b 1 x', expected a word and 2 numbers"),
        (b"a 1 nan\n", "found a number of 'a' that is not finite"),
        (b"2 2\na 1 2\n", "found 1 words, expected 2"),
        (b"999999999 300\na 1 2\n", "which the file of .* bytes cannot hold"),
        (b"1 999999\na 1 2\n", "found 999999 dimensions"),
        (b"2 2\na \0\0\0\0\0\0\0\0b \0", "the file ends in word 2 of 2"),
        (b"\xff\xfe 1 2\n", "which is no UTF-8"),
        (b"\xba\x16\x4f\x2f" + b"\xff" * 60, "no fastText model that gensim can read"),
    ],
)
def test_what_is_no_whole_file_of_vectors_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(VectorsError, match=message):
        open_vectors(tmp_path / "v", tmp_path / "cache")
    assert not list((tmp_path / "cache" / "vectors").glob("[0-9a-f]*"))


def test_arrays_need_a_word_a_row(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", TABLE)
    with pytest.raises(
        VectorsError, match=r"found no list of words beside it; expected one of v\.txt"
    ):
        open_vectors(tmp_path / "v.npy", tmp_path / "cache")
    (tmp_path / "v.txt").write_text("one\n")
    with pytest.raises(VectorsError, match="found an array of 8 x 5 for 1 words"):
        open_vectors(tmp_path / "v.npy", tmp_path / "cache")
    np.save(tmp_path / "p.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "p.txt").write_text("one\n")
    with pytest.raises(
        VectorsError, match=r"that can be read .*: write it as float32 with np.save"
    ):
        open_vectors(tmp_path / "p.npy", tmp_path / "cache")
    damaged = (tmp_path / "v.npy").read_bytes().replace(b"}", b" ")  # numpy raises a TokenError
    (tmp_path / "p.npy").write_bytes(damaged)
    with pytest.raises(VectorsError, match="no array of numbers that can be read"):
        open_vectors(tmp_path / "p.npy", tmp_path / "cache")
    (tmp_path / "p.npy").write_bytes((tmp_path / "v.npy").read_bytes()[:-3])
    with pytest.raises(VectorsError, match=r"says 8 x 5 .* cannot hold\): fetch or copy it again"):
        open_vectors(tmp_path / "p.npy", tmp_path / "cache")
    with pytest.raises(VectorsError, match="found no static embeddings"):
        open_vectors(tmp_path, tmp_path / "cache")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two files that know most words of the sets, one with some words fewer."""
    folder = tmp_path_factory.mktemp("made")
    items = (*load_task("ws353").items.words, *load_task("google_analogies").items.words)
    words = list(dict.fromkeys(word.lower() for item in items for word in item))
    rng = np.random.default_rng(1)
    table = rng.standard_normal((len(words), 20)).astype(np.float32)
    key_vectors(words, table).save_word2vec_format(str(folder / "a.txt"))
    noisy = table[40:] + rng.standard_normal((len(words) - 40, 20)).astype(np.float32)
    key_vectors(words[40:], noisy).save_word2vec_format(str(folder / "b.bin"), binary=True)
    return folder / "a.txt", folder / "b.bin"


def test_scores_are_those_of_gensim_on_the_same_items(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, _ = made
    vectors = KeyedVectors.load_word2vec_format(str(path))
    found = wordrel.evaluate([path], tasks=["ws353", "google_analogies"], cache=tmp_path).scores
    _, spearman, unknown = vectors.evaluate_word_pairs(datapath("wordsim353.tsv"))
    row = found[found["task"] == "ws353"].iloc[0]
    assert unknown == 0
    assert row["n_scored"] == row["n_items"]
    assert row["score"] == pytest.approx(spearman.statistic, abs=1e-6)
    accuracy, _ = vectors.evaluate_word_analogies(datapath("questions-words.txt"))
    row = found[found["task"] == "google_analogies"].iloc[0]
    assert row["score"] == pytest.approx(accuracy, abs=1e-6)


def test_files_are_scored_on_the_items_that_all_of_them_cover(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    found = wordrel.evaluate(made, tasks=["ws353"], cache=tmp_path)
    assert list(found.files["file"]) == ["a.txt", "b.bin"]
    one, other = found.scores.to_dict("records")
    assert one["n_scored"] == other["n_scored"] == other["n_covered"] < one["n_covered"]
    assert one["low"] < one["score"] < one["high"]
    (pair,) = found.contrasts.to_dict("records")
    assert pair["difference"] == pytest.approx(one["score"] - other["score"])
    assert pair["low"] < pair["difference"] < pair["high"]
    assert found.lacks["lacking"].tolist() == [0, 40]


def test_among_many_files_a_clear_difference_stays_significant(tmp_path: Path) -> None:
    """Of 528 differences, Holm's p of one that no permutation of 10,000 reaches is .0528."""
    rng, n, files = np.random.default_rng(0), 60, []
    words = [f"word{i}" for i in range(2 * n)]
    for number in range(33):
        rows = rng.standard_normal((2 * n, 20)).astype(np.float32)
        if number == 0:
            angle = np.arange(n) / n
            rows[:n] = np.eye(20)[0]
            rows[n:] = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ np.eye(20)[:2]
        np.save(tmp_path / f"v{number}.npy", rows)
        (tmp_path / f"v{number}.txt").write_text("\n".join(words) + "\n")
        files.append(tmp_path / f"v{number}.npy")
    table = tmp_path / "own.csv"
    table.write_text("".join(f"word{i};word{i + n};{n - i}\n" for i in range(n)))
    found = wordrel.evaluate(files, tasks=[], pairs=[table], cache=tmp_path / "cache").contrasts
    assert len(found) == 33 * 32 // 2
    assert (found[found["file_a"] == "v0.npy"]["p_adjusted"] < 0.05).all()


def test_a_table_of_ones_own_and_what_cannot_be_asked(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    pairs = load_task("ws353").items.words[:40]
    table = tmp_path / "My pairs.csv"
    table.write_text("".join(f"{a};{b};{i},5\n" for i, (a, b) in enumerate(pairs)))
    found = wordrel.evaluate(made, tasks=[], pairs=[table], cache=tmp_path)
    assert set(found.scores["task"]) == {"my-pairs"}
    assert wordrel.evaluate(made, tasks=[], pairs=str(table), cache=tmp_path).scores.equals(
        found.scores
    )
    one = wordrel.evaluate(str(made[0]), tasks="ws353", cache=tmp_path)
    assert one.scores["task"].tolist() == ["ws353"]
    with pytest.raises(ConfigError, match="pairs: found one file twice, expected each once"):
        wordrel.evaluate(made, tasks=[], pairs=[table, tmp_path / "." / table.name], cache=tmp_path)
    with pytest.raises(ConfigError, match="tasks: per_token_loss needs more than vectors"):
        wordrel.evaluate(made, tasks=["per_token_loss"], cache=tmp_path)
    with pytest.raises(ConfigError, match="found one file twice"):
        wordrel.evaluate([made[0], made[0]], cache=tmp_path)


def test_a_set_that_needs_more_than_vectors_is_refused_before_it_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    with pytest.raises(ConfigError) as refused:
        wordrel.evaluate([tmp_path / "v.txt"], tasks=["wic_test"], cache=tmp_path)
    assert refused.value.problems[0] == "tasks: wic_test needs more than vectors: a trained model"
    assert "fetch" not in str(refused.value)


def test_vectors_in_memory_have_the_scores_of_their_file(tmp_path: Path) -> None:
    words = [f"w{i:02}" for i in range(40)]
    rows = np.random.default_rng(0).standard_normal((40, 5)).astype(np.float32)
    keyed = KeyedVectors(5)
    keyed.add_vectors(words, rows)
    keyed.save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    model = WordModel(
        vocab_of(words),
        {"input": rows, "other": -rows[::-1]},
        selected={"alike": "input"},
        origin=Origin("mean seed 1 on text", CorpusConfig(source="wiki-sample")),
    )
    table = tmp_path / "pairs.tsv"
    pairs = itertools.islice(itertools.combinations(words, 2), 60)
    table.write_text("".join(f"{a}\t{b}\t{i % 7}\n" for i, (a, b) in enumerate(pairs)))
    sources = [tmp_path / "v.bin", keyed, model, keyed]
    scores = wordrel.evaluate(sources, tasks=[], pairs=table, cache=tmp_path / "cache").scores
    assert scores["file"].tolist() == ["v.bin", "vectors", "mean seed 1 on text", "vectors 2"]
    assert scores["score"].nunique() == 1
    alone = wordrel.evaluate(keyed, tasks=[], pairs=table, cache=tmp_path / "cache")
    assert alone.scores["score"].tolist() == scores["score"].tolist()[:1]
    assert alone.files["form"].tolist() == ["in memory"]
    (tmp_path / "v.bin").rename(tmp_path / "vectors")
    same = [keyed, tmp_path / "vectors"]
    files = wordrel.evaluate(same, tasks=[], pairs=table, cache=tmp_path / "cache").files
    assert files["file"].tolist() == ["vectors 2", "vectors"]


def test_an_evaluation_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="files: found none, expected a file of vectors"):
        wordrel.evaluate([], tasks=["ws353"], cache=tmp_path)
    with pytest.raises(ConfigError, match="tasks, pairs: found neither, expected a set of words"):
        wordrel.evaluate([tmp_path / "v.txt"], tasks=[], cache=tmp_path)


def test_what_is_neither_vectors_nor_results_is_named(tmp_path: Path) -> None:
    wrong: Any = 5
    # by type checking here, by name for users
    with pytest.raises(Exception, match=r"WordModel"):
        wordrel.evaluate([wrong], tasks=["ws353"], cache=tmp_path)
    with pytest.raises(Exception, match=r"[Rr]esults"):
        wordrel.compare(wrong, wrong)
    words: Any = {"king": [0.5, 1.5]}
    asked = inspect.unwrap(wordrel.evaluate)  # without the types that tests check
    with pytest.raises(VectorsError, match="files: found dict, expected a path, a WordModel"):
        asked(words, tasks=["ws353"], cache=tmp_path)
    bad = KeyedVectors(2)
    bad.add_vectors(["a", "b"], np.array([[1, np.nan], [1, 2]], np.float32))
    with pytest.raises(VectorsError, match="expected a row of finite numbers for each"):
        wordrel.evaluate(bad, tasks=["ws353"], cache=tmp_path)


def test_tables_whose_names_have_no_legal_letters_stay_two_tasks(tmp_path: Path) -> None:
    names = table_names([Path("\u043f\u0430.tsv"), Path("x/\u0440\u044b.tsv")], [])
    assert names == ["pairs", "pairs-2"]
    assert table_names([Path("ws353.tsv"), Path("a/ws353.csv")], ["ws353"]) == [
        "ws353-2",
        "ws353-3",
    ]
    (longest,) = table_names([Path(f"{'x' * 80}.tsv")], ["x" * 60])
    assert longest == f"{'x' * 56}-2"


def test_notes_and_headers_of_tables_speak_of_the_file(
    made: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = tmp_path / "none.tsv"
    table.write_text("one\tother\tscore\nqqa\tqqb\t1\n")
    with caplog.at_level("INFO", "wordrel"):
        found = wordrel.evaluate([made[0]], tasks=[], pairs=table, cache=tmp_path).scores
    assert found["note"].tolist() == [
        "the vocabulary covers none of the 1 items: the file lacks a word of each"
    ]
    assert caplog.messages.count("none: line 1 read as the header 'one, other, score'") == 1


def test_the_command_prints_scores_and_contrasts(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from wordrel.cli import app

    arguments = ["evaluate", *map(str, made), "--tasks", "ws353", "--cache", str(tmp_path)]
    app([*arguments, "--format", "json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    assert {len(printed[name]) for name in ("scores", "files", "lacks")} == {2}
    assert len(printed["contrasts"]) == 1
    app(arguments, standalone_mode=False)
    printed = " ".join(capsys.readouterr().out.split())
    assert "word2vec binary" in printed
    assert "after Holm's correction for the 1 differences shown" in printed


def test_one_table_is_printed_in_any_format_and_csv_is_always_one(
    made: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from wordrel.cli import app

    evaluated = wordrel.evaluate(made, tasks=["ws353"], cache=tmp_path)
    monkeypatch.setattr("wordrel.study.vector_scores.evaluate", lambda *_, **__: evaluated)

    def printed(*options: str) -> str:
        app(["evaluate", "a.vec", *options], standalone_mode=False)
        return capsys.readouterr().out

    def csv(*options: str) -> pd.DataFrame:
        return pd.read_csv(io.StringIO(printed("--format", "csv", *options)))

    for name in ("scores", "contrasts", "lacks", "files"):
        expected = getattr(evaluated, name)
        frame = csv("--table", name)
        assert [*frame] == [*expected]
        assert len(frame) == len(expected) > 0
    pd.testing.assert_frame_equal(csv(), csv("--table", "scores"))
    difference = csv("--table", "contrasts")["difference"]
    assert difference.tolist() == pytest.approx(evaluated.contrasts["difference"].tolist())

    (row,) = json.loads(printed("--table", "contrasts", "--format", "json"))
    assert row["task"] == "ws353"
    for form in ("text", "md", "latex"):
        assert "p_adjusted" in printed("--format", form).replace("\\", "")
        assert "p_adjusted" not in printed("--format", form, "--table", "scores").replace("\\", "")
    evaluated = replace(evaluated, contrasts=evaluated.contrasts[:0])
    assert printed("--table", "contrasts") == "the table contrasts has no rows\n"


def test_p_is_corrected_for_all_differences_of_the_table(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    one = wordrel.evaluate(made, tasks=["ws353"], cache=tmp_path).contrasts
    both = wordrel.evaluate(made, tasks=["ws353", "simlex999"], cache=tmp_path).contrasts
    other = wordrel.evaluate(made, tasks=["simlex999"], cache=tmp_path).contrasts
    alone = [one["p_adjusted"].iloc[0], other["p_adjusted"].iloc[0]]
    assert alone[0] != alone[1]
    smaller, larger = sorted(alone)
    assert sorted(both["p_adjusted"]) == pytest.approx(
        sorted([min(1, 2 * smaller), max(larger, min(1, 2 * smaller))])
    )


def test_vectors_stand_beside_trained_models_in_a_study(tmp_path: Path) -> None:
    words = ["The", "cat", "dog", "horse", "bread", "other"]
    path = tmp_path / "v.txt"
    key_vectors(words, np.eye(len(words), dtype=np.float32)).save_word2vec_format(str(path))
    models = [{"kind": "vectors", "path": "v.txt"}, {"kind": "word2vec"}]
    config = write_study(tmp_path, models=models)
    results = wordrel.run(config, out=tmp_path / "out", cache=tmp_path / "cache")
    runs = results.runs[results.runs["model"] == "vectors"]
    assert set(runs["status"]) == {"done"}
    assert runs["cell"].nunique() == 1  # one file, whatever the seeds
    model = wordrel.load(tmp_path / "out", "vectors", cache=tmp_path / "cache")
    assert model["the"].tolist() == [1, 0, 0, 0, 0, 0]
    assert not model["rice"].any()
    asked = results.summary[results.summary["task"] == "groups"].set_index("model")
    assert asked.loc["vectors", "n_scored"].max() < asked.loc["vectors", "n_items"].max()
    path.write_text(path.read_text().replace("1.0", "2.0", 1))
    with pytest.raises(WordrelError, match="give the file that the study was run with"):
        wordrel.run(
            tmp_path / "out" / "config.yaml", out=tmp_path / "again", cache=tmp_path / "cache"
        )


def test_vectors_in_memory_never_take_the_name_of_a_file() -> None:
    class InMemory:
        index_to_key = ("a",)
        vectors = np.ones((1, 2), np.float32)

    assert _names([InMemory(), Path("vectors"), InMemory()]) == [
        *("vectors 2", "vectors", "vectors 3")
    ]
