"""A first config for a text: fits its size, is valid, and runs."""

import bz2
import os
from pathlib import Path

import pytest

import wordrel
from runners import ROOT
from tiny_study import text
from wordrel.config import load_config, parse_corpus
from wordrel.config.tuned import CHOICES, TRIALS, text_digest
from wordrel.corpus import prepare
from wordrel.errors import ConfigError, CorpusError, StoreError
from wordrel.models.matched.nesting import contains
from wordrel.report.claims import RULES
from wordrel.study.starter import SIZES, look_at, size_of, write_config
from wordrel.study.starter_models import TUNED, tuned


def written(folder: Path, content: str, name: str = "text.txt") -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return str(folder / name)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (99_999, (2, 20, 50)),
        (100_000, (3, 15, 50)),
        (1_000_000, (5, 8, 100)),
        (10**9, (10, 5, 100)),
    ],
)
def test_settings_fit_the_size(tokens: int, expected: tuple[int, int, int]):
    size = size_of(tokens)
    assert (size.min_count, size.epochs, size.dim) == expected
    assert all(size.min_count * size.epochs >= 40 for size in SIZES)


def test_a_text_is_counted_as_a_run_counts_it(tmp_path: Path):
    look = look_at(parse_corpus(written(tmp_path, text())), tmp_path / "cache")
    assert (look.tokens, look.whole, look.corpus.lines, look.corpus.documents) == (
        3000,
        True,
        "paragraph",
        "line",  # blank lines part it into fewer than 60 documents
    )
    assert look.corpus.test > 0


def test_text_without_blank_lines_has_a_document_a_line(tmp_path: Path):
    corpus = parse_corpus(written(tmp_path, text().replace("\n\n", "\n")))
    assert look_at(corpus, tmp_path / "cache").corpus.documents == "line"


def test_lines_that_a_margin_broke_are_wrapped(tmp_path: Path):
    line = "the cat and the dog and the horse went over the green hill and then"
    prose = "\n\n".join(
        "\n".join([f"chapter {'x' * (n + 1)}" + line[12:], line, line]) for n in range(40)
    )
    assert look_at(parse_corpus(written(tmp_path, prose)), tmp_path).corpus.lines == "wrapped"


@pytest.mark.parametrize("suffix", ["", ".bz2"])
def test_the_first_part_of_a_long_text_speaks_for_the_rest(tmp_path: Path, suffix: str):
    path = Path(written(tmp_path, text(2000)))
    if suffix:
        packed = b"".join(map(bz2.compress, path.read_text().encode().splitlines(keepends=True)))
        path = path.with_suffix(".bz2")
        path.write_bytes(packed)
    most = path.stat().st_size // 3
    look = look_at(parse_corpus(str(path)), tmp_path / "cache", most)
    assert not look.whole
    assert look.tokens == pytest.approx(30_000, rel=0.05)
    assert look_at(look.corpus, tmp_path / "cache").tokens == 30_000


def test_a_text_of_one_document_holds_nothing_out_and_is_asked_no_loss(tmp_path: Path):
    source = written(tmp_path, "the cat sat on the mat " * 50)
    config, look = write_config("one", source, tmp_path / "one.yaml", cache=tmp_path / "cache")
    corpus = config.corpora[0]
    assert look.corpus.test == corpus.test == corpus.development == 0
    assert not {"held_out_loss", "per_token_loss"} & {task.name for task in config.tasks}
    assert config.contrasts == ()


def test_copies_of_one_text_are_not_dealt_out(tmp_path: Path):
    """All would go into one part, and none be left to train on."""
    source = written(tmp_path, "the cat sat on the mat again and again\n\n" * 60)
    config, look = write_config("one", source, tmp_path / "one.yaml", cache=tmp_path / "cache")
    assert config.corpora[0].test == config.corpora[0].development == 0
    assert any("the same text again and again" in sign for sign in look.signs)
    assert len(prepare(config.corpora[0], tmp_path / "cache").train.ids) == 60 * 9


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("spam " * 5_000, "found 1 of 1 different words at least 2 times; expected two words"),
        ("The cat sat on the mat.", "found 1 of 5 different words at least 2 times; expected two"),
        ("one two three\n", "found 0 of 3 different words"),
    ],
)
def test_a_text_without_two_words_for_a_vocabulary_is_refused(
    tmp_path: Path, content: str, found: str
):
    out = tmp_path / "mine.yaml"
    with pytest.raises(CorpusError, match=found):
        write_config("mine", written(tmp_path, content), out, cache=tmp_path / "cache")
    assert not out.exists()


def test_of_a_short_text_the_note_says_how_much_is_enough(tmp_path: Path):
    def few(rounds: int) -> bool:
        look = look_at(parse_corpus(written(tmp_path, text(rounds))), tmp_path / "cache")
        return any(f"{look.tokens:,} words are few" in sign for sign in look.signs)

    assert few(600) and not few(700)


def test_text_without_spaces_is_not_refused_for_words_that_come_once(tmp_path: Path):
    signs = "今天气很好我们去公园散步中国的首都是北京城人高兴地唱歌"
    lines = "\n".join(f"{signs[i:]}{signs[:i]}" for i in range(len(signs)))
    look = look_at(parse_corpus(written(tmp_path, lines)), tmp_path / "cache")
    assert look.unspaced
    assert not any("words are few" in sign for sign in look.signs)


def prose(paragraphs: int, words: int) -> str:
    """Lines of so many words each, no two alike, with blank lines between them."""
    numbered = (number_word(i) + " the cat sat on it." * (words // 5) for i in range(paragraphs))
    return "\n\n".join(numbered) + "\n"


def number_word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


@pytest.mark.parametrize(
    ("paragraphs", "words", "documents", "blocks"),
    [
        (300, 200, "blank_line", False),  # articles
        (2_000, 40, "file", True),  # the paragraphs of a book
        (100, 40, "blank_line", False),  # too short for blocks
    ],
)
def test_documents_are_articles_or_blocks_of_a_book(
    tmp_path: Path, paragraphs: int, words: int, documents: str, blocks: bool
):
    source = written(tmp_path, prose(paragraphs, words))
    out, cache = tmp_path / "mine.yaml", tmp_path / "cache"
    config, _ = write_config("mine", source, out, cache=cache)
    assert config.corpora[0].documents == documents
    assert ("blocks of about 1,000 words" in out.read_text()) == blocks
    report = prepare(config.corpora[0], cache).report
    assert report["split_by"] == ("block" if blocks else "document")
    assert report["held_out_documents"] >= 20
    assert report["development_documents"] >= 10


def test_a_folder_of_many_files_has_a_document_a_file(tmp_path: Path):
    for number in range(60):
        written(tmp_path, prose(3, 40) + number_word(number), f"{number}.txt")
    look = look_at(parse_corpus(str(tmp_path)), tmp_path / "cache")
    assert look.corpus.documents == "file"
    assert look.corpus.test == 0.05


def test_the_config_is_valid_and_never_written_over(tmp_path: Path):
    out = tmp_path / "new" / "mine.yaml"
    source = written(tmp_path, text(), 'odd "name" # é.txt')
    config, _ = write_config("mine", source, out, cache=tmp_path / "cache")
    assert load_config(out) == config
    assert (config.study, config.corpora[0].name) == ("mine", "mine")
    assert len(config.models) == len({model.name for model in config.models}) == 13
    before = out.read_bytes()
    with pytest.raises(StoreError, match="choose another with --out"):
        write_config("mine", source, out, cache=tmp_path / "cache")
    assert out.read_bytes() == before


def test_a_first_study_asks_about_every_claim_that_needs_no_planned_contrasts(tmp_path: Path):
    source, cache = written(tmp_path, text()), tmp_path / "cache"
    first, _ = write_config("first", source, tmp_path / "first.yaml", cache=cache)
    config, _ = write_config("mine", source, tmp_path / "mine.yaml", cache=cache, claims=True)
    models = {model.name for model in config.models}
    asked = [rule for rule in RULES if rule.models and set(rule.models) <= models]
    assert [rule.name for rule in asked] == ["C1", "C4", "C8", "C9"]
    needed = {model for rule in asked for model in rule.models}
    assert models == needed | {model.name for model in first.models}
    for name in ("maps", "lookup", "induction"):
        assert f"configs/{name}.yaml" in (tmp_path / "mine.yaml").read_text()
    assert {model.training for model in config.models if "shuffled" not in model.name} == {None}


def test_without_claims_the_models_have_the_settings_that_were_tuned(tmp_path: Path):
    source, cache = written(tmp_path, text()), tmp_path / "cache"
    config, _ = write_config("mine", source, tmp_path / "mine.yaml", cache=cache)
    models = {model.name: model for model in config.models}
    assert [*models] == [
        *("random", "ppmi_svd", "kn_two_sided", "skip_gram", "cbow"),
        *("mean", "mean_query_attention", "position_weight", "mask_query_attention"),
        *("mean_query_attention_position", "attention"),
        *("direct_word_weight", "direct_attention"),
    ]
    found = tuned()
    near = {
        "mean_query_attention": "attention",
        "mean_query_attention_position": "mask_query_attention",
        "direct_word_weight": "attention",
        "direct_attention": "attention",
    }
    untuned = {"random", "ppmi_svd", "kn_two_sided", *near}
    assert found.models.keys() == set(models) - untuned
    for name, chosen in {**found.models, **{n: found.models[k] for n, k in near.items()}}.items():
        assert models[name].learning_rate == chosen["learning_rate"]
        assert config.training_of(models[name]).epochs == chosen["training"]["epochs"]
    text_of = (tmp_path / "mine.yaml").read_text()
    assert f"rates and epochs: {found.source}, by development loss" in text_of
    for like in near.values():
        assert f"no trials of its own: the settings of {like}\n" in text_of


def test_a_model_with_a_start_contains_it(tmp_path: Path):
    source, out = written(tmp_path, text()), tmp_path / "mine.yaml"
    config, _ = write_config("mine", source, out, cache=tmp_path / "cache")
    started = [model for model in config.models if getattr(model, "start", None)]
    assert {model.name for model in started} == {
        *("position_weight", "mask_query_attention", "mean_query_attention_position"),
    }
    assert all(contains(model, model.start) for model in started)


@pytest.mark.parametrize("claims", [False, True])
def test_a_first_study_plans_the_literal_case_and_the_gains_of_positions_and_scores(
    tmp_path: Path, claims: bool
):
    source, out = written(tmp_path, text()), tmp_path / "mine.yaml"
    config, _ = write_config("mine", source, out, cache=tmp_path / "cache", claims=claims)
    assert "no trials of its own" not in out.read_text() or not claims
    literal, *positions, scores = config.contrasts
    plan = load_config(ROOT / "configs" / "literal_case.yaml").contrasts[0]
    assert literal == plan
    assert [(c.claim, c.rule, c.first, c.second) for c in positions] == [
        ("positions", "adds", "position_weight", "mean"),
        ("positions", "adds", "mean_query_attention_position", "mean_query_attention"),
    ]
    assert {(c.task, c.margin) for c in positions} == {(plan.task, plan.margin)}
    assert (scores.first, scores.second) == ("direct_attention", "direct_word_weight")
    next_word = plan.task.replace("masked", "next")
    assert (scores.task, scores.rule, scores.margin) == (next_word, "adds", plan.margin)


def test_the_tuned_settings_of_the_package_are_those_of_the_committed_trials():
    folder = ROOT / "results" / "tuning_small"
    shipped = (ROOT / "src" / "wordrel" / "study" / TUNED).read_text()
    assert shipped == (folder / CHOICES).read_text()
    assert tuned().source == f"tuning_small@{text_digest((folder / TRIALS).read_text())[:12]}"


@pytest.mark.skipif("WORDREL_DATA" not in os.environ, reason="WORDREL_DATA is not set")
def test_with_all_sets_here_every_task_of_a_claim_is_asked(tmp_path: Path):
    source, out = written(tmp_path, text()), tmp_path / "mine.yaml"
    config, _ = write_config("mine", source, out, cache=tmp_path / "cache", claims=True)
    names = {task.name for task in config.tasks}
    assert [r.name for r in RULES if not set(r.tasks) <= names] == []


def test_sets_that_are_not_here_are_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    out = tmp_path / "mine.yaml"
    config, _ = write_config("mine", written(tmp_path, text()), out, cache=tmp_path / "cache")
    names = {task.name for task in config.tasks}
    assert names == {
        *("ws353", "simlex999", "google_analogies", "per_token_loss", "neighbour_agreement"),
    }
    lines = out.read_text(encoding="utf-8").splitlines()
    assert {"  #- word_order", "  #- {name: rw, optional: true}"} <= {*lines}


def test_every_comment_of_a_task_becomes_one_without_its_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    out = tmp_path / "mine.yaml"
    write_config("mine", written(tmp_path, text()), out, cache=tmp_path / "cache")
    (tmp_path / "my_pairs.tsv").write_text("cat\tdog\t7\n", encoding="utf-8")
    out.write_text(out.read_text("utf-8").replace("  #- ", "  - "), encoding="utf-8")
    names = {task.name for task in load_config(out).tasks}
    assert {"my_pairs", "word_order", "rw", "ws353"} <= names


def test_a_text_in_another_encoding_is_read_as_the_error_says(tmp_path: Path):
    german = "Der Müller fährt über die Straße zu der großen Mühle.\n\n" * 300
    source, out = tmp_path / "text.txt", tmp_path / "mine.yaml"
    source.write_bytes(german.encode("cp1252"))
    with pytest.raises(CorpusError, match="set encoding=cp1252, or convert it: iconv"):
        write_config("mine", str(source), out, cache=tmp_path / "cache")
    given = ["encoding=cp1252", "bad_utf8=replace", "max_unpacked_gb=2.5"]
    config, look = write_config("mine", str(source), out, cache=tmp_path / "cache", settings=given)
    (corpus,) = config.corpora
    assert (corpus.encoding, corpus.bad_utf8, corpus.max_unpacked_gb) == ("cp1252", "replace", 2.5)
    assert (look.tokens, load_config(out).corpora[0].encoding) == (3000, "cp1252")


def test_what_the_text_decides_is_not_set_beside_it(tmp_path: Path):
    source, out = written(tmp_path, text()), tmp_path / "mine.yaml"
    for given in ("min_count=3", "documents=file"):
        with pytest.raises(ConfigError, match=f"found {given[:9].partition('=')[0]}.*text decides"):
            write_config("mine", source, out, cache=tmp_path / "cache", settings=[given])
    with pytest.raises(ConfigError, match="found utf-99, expected the name of an encoding"):
        write_config("mine", source, out, cache=tmp_path, settings=["encoding=utf-99"])
    assert not out.exists()


def test_wrong_names_and_texts_are_refused_and_nothing_is_written(tmp_path: Path):
    out = tmp_path / "out.yaml"
    source = written(tmp_path, text())
    with pytest.raises(ConfigError, match="study: found 'Mine!'"):
        write_config("Mine!", source, out, cache=tmp_path)
    with pytest.raises(ConfigError, match="where nothing is"):
        write_config("mine", str(tmp_path / "none.txt"), out, cache=tmp_path)
    with pytest.raises(CorpusError, match="found no word at all"):
        write_config("mine", written(tmp_path, "12 34\n", "n.txt"), out, cache=tmp_path)
    assert not out.exists()


def test_a_study_runs_on_it(tmp_path: Path):
    out = tmp_path / "mine.yaml"
    source = written(tmp_path, text(100))
    write_config("mine", source, out, cache=tmp_path / "cache")
    changes = {"training.epochs": 1, "training.dim": 8, "seeds": [1], "statistics.resamples": 100}
    changes["tasks"] = ["ws353", "per_token_loss", "neighbour_agreement"]
    changes |= {f"models.{i}.training.epochs": 1 for i in range(3, 11)}
    results = wordrel.run(
        out, out=tmp_path / "results", jobs=1, cache=tmp_path / "cache", **changes
    )
    assert set(results.runs["status"]) == {"done"}
    literal = results.contrasts.iloc[0]
    assert (literal["claim"], literal["seeds"], literal["n"] > 0) == ("first sentence", 1, True)
    for page in ("report.md", "report.html"):
        assert (tmp_path / "results" / page).is_file()
