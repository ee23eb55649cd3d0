"""A folder for model hubs: other programs find the same words and the same cosines in it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from safetensors.numpy import load_file
from typer.testing import CliRunner, Result

import wordrel
from task_spaces import readings_of
from tiny_study import write_study
from wordrel.cli import app
from wordrel.config import CorpusConfig
from wordrel.errors import StoreError
from wordrel.models.export import export_hub
from wordrel.models.vectors import open_vectors
from wordrel.models.word_model import Origin, WordModel

FILES = ["LICENSE", "README.md", "config.json", "model.safetensors", "modules.json"]
WORDS = ["the", "café", "don't", "l·l", "हिन्दी", "##ing"]


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    wordrel.run(write_study(folder, seeds=[1, 2]), out=folder / "out", cache=folder / "cache")
    return folder


@pytest.fixture(scope="module")
def hub(study: Path) -> Path:
    options = ("--model", "skip_gram", "--seed", 2, "--cache", study / "cache")
    done = call("export", study / "out", *options, "--hub", study / "hub")
    assert done.exit_code == 0, done.output
    return study / "hub"


@pytest.fixture(scope="module")
def model(study: Path) -> WordModel:
    return wordrel.load(study / "out", "skip_gram", seed=2, cache=study / "cache")


def test_the_folder_has_what_a_hub_expects(hub: Path):
    assert sorted(path.name for path in hub.iterdir()) == [*FILES, "tokenizer.json"]
    about = json.loads((hub / "config.json").read_text())
    assert about["model_type"] == "model2vec"
    assert about["hidden_dim"] == 8
    assert about["wordrel"]["seed"] == 2
    assert "Licence of the text: not known" in (hub / "LICENSE").read_text()


def test_gensim_gives_the_same_cosines(hub: Path, model: WordModel):
    vocab = json.loads((hub / "tokenizer.json").read_text())["model"]["vocab"]
    vectors = KeyedVectors(8)
    rows = load_file(hub / "model.safetensors")["embeddings"]
    assert list(vocab) == [*model, "[UNK]"]
    assert not rows[-1].any()
    vectors.add_vectors(list(vocab)[:-1], rows[:-1])
    for a, b in [("cat", "dog"), ("bread", "spoon")]:
        assert vectors.similarity(a, b) == pytest.approx(model.similarity(a, b), abs=1e-6)
    nearest = [word for word, _ in vectors.most_similar("cat", topn=5)]
    assert nearest == list(model.most_similar("cat", 5))


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_a_script_of_node_gives_the_same_cosines(hub: Path, model: WordModel):
    script = Path(__file__).with_name("cosine.mjs")
    for a, b in [("cat", "dog"), ("bread", "spoon")]:
        done = subprocess.run(
            ["node", script, hub, a, b], capture_output=True, text=True, check=True
        )
        assert float(done.stdout) == pytest.approx(model.similarity(a, b), abs=1e-6)


def test_vectors_are_not_written_over_a_table_of_a_result(study: Path):
    table = study / "out" / "summary.csv"
    before = table.read_bytes()
    options = ("--model", "skip_gram", "--cache", study / "cache", "--format", "word2vec")
    done = call("export", study / "out", *options, "--to", table)
    assert done.exit_code == 2
    assert "summary.csv: found a file of a result, which stays" in done.stderr
    assert table.read_bytes() == before


def test_wordrel_reads_the_folder_again(hub: Path, study: Path, model: WordModel):
    found = open_vectors(hub, study / "cache")
    assert found.words == model.vocab.words
    assert np.array_equal(found.table, model.embeddings[model.selected["alike"]])
    scores = wordrel.evaluate(
        [hub], tasks=[], pairs=[study / "pairs.csv"], cache=study / "cache"
    ).scores
    stored = wordrel.api.read_results(study / "out").scores
    ours = stored[(stored["model"] == "skip_gram") & (stored["seed"] == 2) & stored["selected"]]
    expected = ours[ours["task"] == "groups"]["score"].iloc[0]
    assert scores["score"].iloc[0] == pytest.approx(expected, abs=1e-6)


def test_the_card_has_the_numbers_of_the_stored_tables(hub: Path, study: Path, model: WordModel):
    card = (hub / "README.md").read_text()
    assert card.startswith("---\nlicense: other\nlicense_link: LICENSE\n")
    (row,) = re.findall(r"^\| groups \|.*", card, re.MULTILINE)
    results = wordrel.api.read_results(study / "out")
    name = model.selected["alike"]
    where = f"model == 'skip_gram' and task == 'groups' and embedding == '{name}'"
    one = results.scores.query(where + " and seed == 2").iloc[0]
    every = results.summary.query(where).iloc[0]
    cells = [cell.strip().replace("−", "-") for cell in row.strip("|").split("|")]
    assert cells[2] == f"{one['score']:.3f}"
    assert cells[3] == f"{every['score']:.3f} [{every['low']:.3f}, {every['high']:.3f}]"
    assert cells[4:] == ["2", "36 of 36"]


def test_an_export_goes_on_where_only_a_temporary_file_is_left(tmp_path: Path):
    """As after a power cut that took the name of the first file."""
    left = tmp_path / ".config.json.0123abcd.tmp"
    left.write_text("{")
    export_hub(readings_of({"x": [1.0]}), tmp_path, card="", licence="")
    assert (tmp_path / "model.safetensors").is_file()


def test_another_folder_is_left_as_it_is(study: Path, hub: Path, tmp_path: Path):
    options = ("--model", "skip_gram", "--cache", study / "cache", "--hub")
    done = call("export", study / "out", *options, hub)  # another seed
    assert done.exit_code == 2
    assert "config.json: found the file of something else" in done.stderr
    again = call("export", study / "out", "--seed", 2, *options, hub)
    assert again.exit_code == 0
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(StoreError, match="found the files of something else"):
        export_hub(readings_of({"x": [1.0]}), tmp_path, card="", licence="")
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--hub", "h", "--to", "t"), "expected it alone"),
        (("--to", "t"), "expected --format and --to"),
        (("--format", "word2vec", "--to", "t", "--licence", "l"), "found it without --hub"),
        (("--hub", "h", "--licence", "none"), "expected a file"),
    ],
)
def test_places_that_do_not_fit_are_refused(study: Path, options: tuple[str, ...], expected: str):
    done = call("export", study / "out", "--model", "skip_gram", *options)
    assert done.exit_code == 2
    assert expected in " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())


def test_a_licence_that_is_no_utf8_is_refused_with_its_encoding(tmp_path: Path):
    (tmp_path / "mine.txt").write_bytes("© Müller, alle Rechte\n".encode("cp1252"))
    options = ("--model", "random", "--hub", tmp_path / "h", "--licence", tmp_path / "mine.txt")
    done = call("export", tmp_path / "out", *options)
    assert done.exit_code == 2
    assert "mine.txt:1: found byte 0xa9 at offset 0, expected UTF-8" in done.stderr


def test_a_licence_of_ones_own_is_copied(study: Path, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("All rights.\n")
    options = ("--model", "random", "--cache", study / "cache", "--licence", tmp_path / "mine.txt")
    assert call("export", study / "out", *options, "--hub", tmp_path / "h").exit_code == 0
    assert (tmp_path / "h" / "LICENSE").read_text() == "All rights.\n"


def test_words_that_look_like_pieces_are_words(tmp_path: Path):
    space = {word: [float(i), 1.0] for i, word in enumerate(WORDS)}
    export_hub(readings_of(space), tmp_path / "h", card="", licence="")
    assert open_vectors(tmp_path / "h", tmp_path / "cache").words == tuple(WORDS)


@pytest.mark.interop("tokenizers")
def test_the_tokenizer_cuts_text_as_the_corpus_does(tmp_path: Path):
    tokenizers = pytest.importorskip(
        "tokenizers", reason="needs tokenizers (wordrel[transformers])"
    )
    corpus = CorpusConfig(source="-", digits="zero")
    model = readings_of(
        {word: [1.0] for word in (*WORDS[:-1], "00th")}, origin=Origin("mine", corpus)
    )
    export_hub(model, tmp_path / "h", card="", licence="")
    found = tokenizers.Tokenizer.from_file(str(tmp_path / "h" / "tokenizer.json"))
    text = "The CAFÉ, cafe\u0301! Don’t (l·l) हिन्दी 19th other"
    expected = ["the", "café", "café", "don't", "l·l", "हिन्दी", "00th", "[UNK]"]
    assert found.encode(text).tokens == expected
    golden = Path(__file__).with_name("golden") / "words.json"
    for vector in json.loads(golden.read_text("utf-8")):
        rules = vector.get("rules", {})
        if rules.get("words") != "letters":
            words = {word: [1.0] for word in dict.fromkeys(vector["tokens"])}
            origin = Origin("mine", CorpusConfig(source="-", **rules))
            folder = tmp_path / vector["what"].replace(":", "")
            export_hub(readings_of(words, origin=origin), folder, card="", licence="")
            found = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            assert found.encode(vector["text"]).tokens == vector["tokens"], vector["what"]
