"""The explorer in a real browser: its numbers are PyTorch's, its controls work, nothing leaks."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from explorer_fixtures import Watched, chromium, opened
from playwright.sync_api import Browser

from wordrel.config import ARCHITECTURES, MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.config.architectures import Objective
from wordrel.config.corpora import CorpusConfig
from wordrel.corpus import Vocab
from wordrel.corpus.tokens import Tokenizer, normalise
from wordrel.explorer import page as page_module
from wordrel.explorer import write_explorer
from wordrel.explorer.data import is_drawn, model_data, readout_data
from wordrel.explorer.packed import counts_data, packed_rows, unpacked_bytes
from wordrel.explorer.page import render
from wordrel.models import MODELS
from wordrel.models.kneser_ney import Counted, _reversed
from wordrel.models.matched.model import Model, new_model
from wordrel.models.ngrams import count_ngrams
from wordrel.models.stream import Cutter, block_of
from wordrel.models.windows import visible
from wordrel.models.word_model import WordModel

pytestmark = pytest.mark.browser

GOLDEN = Path(__file__).parent.parent / "golden"
DIM, WINDOW, V = 12, 3, 17
IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 16]
TRAINING = TrainingConfig(dim=DIM, window=WINDOW)
CASES = [
    *((kind, {}) for kind in ARCHITECTURES if is_drawn(MatchedConfig(kind=kind))),
    *(
        (kind, {"heads": 3, "scale": True})
        for kind, architecture in ARCHITECTURES.items()
        if architecture.maps and is_drawn(MatchedConfig(kind=kind))
    ),
    ("mask_query_attention", {"ties": (), "heads": 3}),
    ("direct_attention_position", {"ties": ("K=V",), "heads": 2}),
    ("direct_attention", {"ties": ("K=I",), "query_bias": False}),
    ("attention", {"ties": ("K=Q",)}),
    ("attention", {"ties": ("Q=I", "V=I"), "heads": 2}),
    ("mean_query_attention", {"ties": ("K=Q", "Q=I", "V=I")}),
    ("mask_query_attention", {"ties": ("V=I",), "heads": 2}),
    ("transformer_block", {"ties": ("K=Q", "V=I"), "heads": 4, "scale": True}),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def bare(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """The code of the page without any model, for those that a test brings."""
    file = tmp_path_factory.mktemp("bare") / "explorer.html"
    text, _ = render([{"study": "none"}], "none.js")
    file.write_text(text.replace("window.wordrelData = ", "window.unused = ", 1), encoding="utf-8")
    return opened(browser, file)


@cache
def explorer_of(study: Path) -> Path:
    """Written once: no test changes it."""
    return write_explorer(study / "out", out=study / "browser" / "explorer.html").page


@pytest.fixture
def file(tiny: Path) -> Path:
    return explorer_of(tiny)


@pytest.fixture
def watched(browser: Browser, file: Path) -> Iterator[Watched]:
    found = opened(browser, file)
    yield found
    found.page.close()
    assert found.problems == []


def model_of(kind: str, settings: dict[str, Any]) -> Model:
    """Random tables, and every dense weight moved from where training starts."""
    model = new_model(MatchedConfig(kind=kind, **settings), TRAINING, V, seed=1)
    generator = torch.Generator().manual_seed(2)
    model.inputs = torch.randn(V, DIM, generator=generator)
    model.outputs = torch.randn(V, DIM, generator=generator)
    model.bias = torch.randn(model.bias.shape, generator=generator)
    for name, weight in model.dense.items():
        model.dense[name] = weight + 0.4 * torch.randn(weight.shape, generator=generator)
    return model


def rounded_rows(table: torch.Tensor) -> torch.Tensor:
    """What the page has of a table: 255 steps a row, around the mean row and one direction."""
    packed = packed_rows(table.numpy(), len(table))
    line, centre, along, scale = (
        torch.from_numpy(unpacked(packed[name])).float()
        for name in ("line", "centre", "along", "scales")
    )
    rest = centre + along[:, None] * line
    return torch.from_numpy(unpacked(packed)).float() * scale[:, None] + rest


def unpacked(packed: dict[str, Any]) -> np.ndarray:
    dtype = np.dtype(packed["dtype"]).newbyteorder("<")
    read = np.frombuffer(unpacked_bytes(packed["data"]), dtype).reshape(packed["shape"])
    return read.astype(packed["dtype"])  # in the order of this machine, and not read-only


def rounded(model: Model) -> Model:
    inputs, outputs = (rounded_rows(table) for table in (model.inputs, model.outputs))
    dense = {n: w.half().float() if w.dim() > 1 else w for n, w in model.dense.items()}
    return Model(model.config, inputs, outputs, model.bias, dense)


def tensors_of(model: Model) -> dict[str, np.ndarray]:
    named = {"input": model.inputs, "output": model.outputs, "bias": model.bias, **model.dense}
    return {name: tensor.numpy() for name, tensor in named.items()}


def forward(model: Model) -> tuple[list[list[int]], np.ndarray, np.ndarray]:
    """Contexts, weights a head [H, N, N] and y [N, D] of PyTorch for each word of the sentence."""
    after = model.architecture.objective == "next_word"
    count = len(IDS) + after
    ids = np.array([*IDS, *([0] if after else [])], dtype=np.int32)
    block = block_of(ids, np.zeros(count, dtype=np.int64), count)
    (batch,) = Cutter(WINDOW, False, 32, 1).batches(block, np.random.default_rng(0), shuffle=False)
    with torch.no_grad():
        y, _ = model.states(batch)
        _, a = model._forward(model.inputs[model.context_ids(batch)], batch)
    cpu, direct = torch.device("cpu"), model.architecture.direct
    seen = visible(model.objective, batch, cpu, direct=direct)[0].numpy()
    targets = range(after, count)
    columns = slice(WINDOW, WINDOW + len(IDS))
    contexts = [np.flatnonzero(seen[t, columns]).tolist() for t in targets]
    return contexts, a[0][:, after:count, columns].numpy(), y[0, after:count].numpy()


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_the_forward_pass_is_that_of_pytorch(
    bare: Watched, kind: str, settings: dict[str, Any]
) -> None:
    exact = model_of(kind, settings)
    found = bare.page.evaluate(
        """([model, window, ids]) => new wordrelExplorer.Model(model, window, []).forward(ids)
             .map(({context, weights, y}) => ({context, weights, y: y && Array.from(y)}))""",
        [model_data(exact.config, tensors_of(exact)), WINDOW, IDS],
    )
    contexts, weights, y = forward(rounded(exact))
    assert [one["context"] for one in found] == contexts
    for i, one in enumerate(found):
        heads = np.array([[a[i, j] for j in contexts[i]] for a in weights])
        heads = np.broadcast_to(heads, (exact.config.heads, len(contexts[i])))
        np.testing.assert_allclose(np.array(one["weights"]), heads, atol=1e-3)
        np.testing.assert_allclose(np.array(one["y"]), y[i], atol=1e-3)
    unrounded = forward(exact)[2]
    apart = np.abs(np.array([one["y"] for one in found]) - unrounded).max()
    assert 0 < apart < 0.1  # what rounding costs, for rows of length 3


GAPPED, GAP, PAGE_WORDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3], 5, 10
"""A sentence of words of the page alone, and the place of its gap."""

FILL = """([described, window, counts, before, after]) => {
  const found = new wordrelExplorer.Model(described, window, counts).predict(before, after);
  return found && {p: Array.from(found.p), reads: found.reads};
}"""


def filled(reader: Any, place: int = GAP) -> np.ndarray:
    """p of the page's words at a place of the sentence, by Python."""
    ids, ends = np.array(GAPPED), np.array([len(GAPPED)])
    (scores,) = reader.scores(ids, ends, np.array([place]))
    p = np.exp(scores[0, :PAGE_WORDS].astype(np.float64))
    return np.asarray(p / p.sum())


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_a_gap_is_filled_as_by_the_predictor_of_python(
    bare: Watched, kind: str, settings: dict[str, Any]
) -> None:
    exact = model_of(kind, settings)
    vocab = Vocab(tuple(f"w{i}" for i in range(V)), np.arange(V, 0, -1))
    word_model = MODELS[kind].read(tensors_of(rounded(exact)), vocab, TRAINING, exact.config)
    described = model_data(exact.config, tensors_of(exact), PAGE_WORDS)
    described |= readout_data(word_model, PAGE_WORDS)
    counts = vocab.counts[:PAGE_WORDS].tolist()
    sides = [GAPPED[:GAP], GAPPED[GAP + 1 :]]
    found = bare.page.evaluate(FILL, [described, WINDOW, counts, *sides])
    expected = filled(word_model.context)
    assert expected.max() > 0.2  # the models are not all alike
    np.testing.assert_allclose(found["p"], expected, atol=1e-3)
    after = 0 if exact.architecture.objective == "next_word" else WINDOW
    assert found["reads"] == [WINDOW, after]
    nothing = bare.page.evaluate(FILL, [described, WINDOW, counts, [], []])
    assert nothing is None


@pytest.mark.parametrize("subsample", [0, 0.01])
@pytest.mark.parametrize("algorithm", ["cbow", "skip_gram"])
def test_word2vec_fills_a_gap_as_in_python(
    bare: Watched, algorithm: Literal["cbow", "skip_gram"], subsample: float
) -> None:
    config = Word2vecConfig(kind="word2vec", algorithm=algorithm)
    training = TrainingConfig(dim=DIM, window=WINDOW, subsample=subsample)
    vocab = Vocab(tuple(f"w{i}" for i in range(V)), np.arange(V, 0, -1))
    rng = np.random.default_rng(1)
    tensors = {name: rng.normal(size=(V, DIM)).astype(np.float32) for name in ("input", "output")}
    word_model = MODELS["word2vec"].read(
        {name: rounded_rows(torch.from_numpy(table)).numpy() for name, table in tensors.items()},
        vocab,
        training,
        config,
    )
    described = model_data(config, tensors, PAGE_WORDS) | readout_data(word_model, PAGE_WORDS)
    counts = vocab.counts[:PAGE_WORDS].tolist()
    sides = [GAPPED[:GAP], GAPPED[GAP + 1 :]]
    found = bare.page.evaluate(FILL, [described, WINDOW, counts, *sides])
    reader = word_model.context or word_model.predictors[0]
    np.testing.assert_allclose(found["p"], filled(reader), atol=1e-3)
    assert found["reads"] == [WINDOW, WINDOW]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("objective", ["masked_word", "next_word"])
@pytest.mark.parametrize("place", [0, 1, GAP, len(GAPPED) - 1])
def test_counts_fill_a_gap_as_in_python(
    bare: Watched, objective: Objective, order: int, place: int
) -> None:
    ids = np.random.default_rng(1).integers(0, V, 400)
    ids[:40] = np.tile(GAPPED, 4)
    text = ids, np.arange(10, 401, 10)
    left = count_ngrams(*text, V, order)
    right = count_ngrams(*_reversed(*text), V, order) if objective == "masked_word" else None
    counted = Counted(left, right, left.grams[0].log_p[:V], "sentence")
    found = bare.page.evaluate(
        """([described, before, after]) => {
             const {p, reads} = new wordrelExplorer.Counts(described).predict(before, after);
             return {p: Array.from(p), reads};
           }""",
        [
            counts_data("c", counted, np.arange(PAGE_WORDS, 0, -1)),
            GAPPED[:place],
            GAPPED[place + 1 :],
        ],
    )
    np.testing.assert_allclose(found["p"], filled(counted, place), atol=4e-3)
    after = min(len(GAPPED) - 1 - place, order - 1) if objective == "masked_word" else 0
    assert found["reads"] == [min(place, order - 1), after]


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_readings_of_a_pair_and_embeddings_are_those_of_python(
    bare: Watched, kind: str, settings: dict[str, Any]
) -> None:
    exact = model_of(kind, settings)
    vocab = Vocab(tuple(f"w{i}" for i in range(V)), np.arange(V, 0, -1))
    word_model: WordModel = MODELS[kind].read(
        tensors_of(rounded(exact)), vocab, TRAINING, exact.config
    )
    found = bare.page.evaluate(
        """([described, window, counts]) => {
          const model = new wordrelExplorer.Model(described, window, counts);
          return {products: model.relations(3, 8), lifts: model.lifts(3, 8), near:
            Object.fromEntries(
              model.embeddings.map((embedding) => [embedding, model.nearest(3, embedding, 5)]))};
        }""",
        [model_data(exact.config, tensors_of(exact)), WINDOW, vocab.counts.tolist()],
    )
    assert found["lifts"].keys() >= {"in.out.lift"}
    expected = {
        name: word_model.relation("w3", "w8", embedding=name) for name in word_model.relations
    }
    assert found["products"] | found["lifts"] == pytest.approx(expected, abs=1e-3)
    assert all(name.endswith(".lift") for name in found["lifts"])
    bases = {embedding for embedding in word_model.embeddings if not embedding.endswith(".centred")}
    assert set(found["near"]) == bases
    for embedding, near in found["near"].items():
        words = word_model.most_similar("w3", 5, embedding=embedding)
        assert [f"w{i}" for i, _ in near] == list(words)
        assert [value for _, value in near] == pytest.approx(list(words.values()), abs=1e-3)


@pytest.mark.parametrize("digits", ["drop", "keep", "zero"])
@pytest.mark.parametrize("lowercase", [True, False])
def test_words_are_cut_as_the_corpus_cuts_them(bare: Watched, digits: str, lowercase: bool) -> None:
    text = "Don't  “stop” Émile’s 3rd x² co-op 'tis rock'n'roll Ⅷ 日本 a_b ½ 1999 ΣΑΣ <b>ok</b>"
    config = CorpusConfig(source="x", digits=digits, lowercase=lowercase)  # type: ignore[arg-type]
    expected = [normalise(token, config) for token in Tokenizer(config).cut(text).tokens]
    found = bare.page.evaluate(
        "([text, rules]) => wordrelExplorer.tokensOf(text, rules)",
        [text, {"digits": digits, "lowercase": lowercase, "words": "with_marks"}],
    )
    assert found == expected


def test_words_of_all_scripts_are_those_of_the_file_that_python_is_tested_with(
    bare: Watched,
) -> None:
    usual = {"digits": "drop", "lowercase": True, "words": "with_marks", "phrases": False}
    for vector in json.loads((GOLDEN / "words.json").read_text("utf-8")):
        found = bare.page.evaluate(
            "([text, rules]) => wordrelExplorer.tokensOf(text, rules)",
            [vector["text"], usual | vector.get("rules", {})],
        )
        assert found == vector["tokens"], vector["what"]


def ask(watched: Watched, box: str, text: str) -> None:
    watched.page.fill(f"#{box}", text)
    watched.page.press(f"#{box}", "Enter")


def test_neighbours_of_a_word_and_what_both_lists_share(watched: Watched, tiny: Path) -> None:
    ask(watched, "word", "Cat")
    tables = watched.page.locator("#near table")
    assert tables.count() == 2
    lists = [tables.nth(i).locator("td.word").all_inner_texts() for i in (0, 1)]
    shared = {t.removesuffix(" both") for t in lists[0] if t.endswith(" both")}
    assert shared == {t.removesuffix(" both") for t in lists[1] if t.endswith(" both")}
    assert shared == {t.removesuffix(" both") for t in lists[0]} & {
        t.removesuffix(" both") for t in lists[1]
    }
    assert f"{len(shared)} of 12" in watched.page.inner_text("#shared")
    before = lists[1]
    watched.page.select_option("#right-embedding", "query.centred")
    after = watched.page.locator("#near table").nth(1)
    assert watched.page.locator("#near h3").nth(1).inner_text() == (
        "attention, query vectors (centred)"
    )
    assert watched.page.locator("#near h3").nth(1).get_attribute("title") == (
        "attention, query.centred"
    )
    assert after.locator("td.word").all_inner_texts() != before


def test_a_neighbour_is_a_link_that_asks_for_it_and_back_leads_back(watched: Watched) -> None:
    page = watched.page
    ask(watched, "word", "cat")
    first = page.locator("#near td.word a").first
    word = first.inner_text()
    assert word != "cat"
    first.click()
    page.wait_for_function("word => document.getElementById('word').value === word", arg=word)
    assert f"“{word}” stands" in page.inner_text("#shared")
    page.go_back()
    page.wait_for_function("document.getElementById('word').value === 'cat'")
    assert "“cat” stands" in page.inner_text("#shared")


def test_the_address_leads_to_the_same_questions(
    browser: Browser, watched: Watched, file: Path
) -> None:
    page = watched.page
    assert page.evaluate("location.hash") == ""
    for box, text in {
        "gapped": "we eat hot ___ & <b> 100%",
        "sentence": "The cat runs in the green field",
        "word": "horse",
        "first": "bread",
        "second": "rice",
    }.items():
        ask(watched, box, text)
    page.select_option("#right-embedding", "query.centred")
    page.locator("#line button").nth(2).click()
    places = ["gap", "line", "map", "near", "pair"]
    inner = (
        "ids => ids.map((id) => document.getElementById(id).innerHTML.replaceAll(/#[^\"]*/g, ''))"
    )
    again = opened(browser, file, fragment=page.evaluate("location.hash"))
    assert again.page.evaluate(inner, places) == page.evaluate(inner, places)
    assert again.page.input_value("#gapped") == "we eat hot ___ & <b> 100%"
    assert again.page.locator("#line [aria-pressed=true]").inner_text() == "runs"
    assert again.page.input_value("#right-embedding") == "query.centred"
    assert again.page.inner_text("#link-note") == ""
    assert again.problems == []
    again.page.close()


def test_a_link_to_what_the_page_lacks_is_said(browser: Browser, file: Path) -> None:
    found = opened(browser, file, fragment="#right=<b>gone&place=999999&word=cat&corpus=other")
    said = "This page lacks what the link names: corpus “other”, right “<b>gone”."
    assert found.page.inner_text("#link-note") == said
    assert "“cat” stands" in found.page.inner_text("#shared")
    assert found.problems == []
    found.page.close()


def test_a_small_text_is_said_to_be_too_small(browser: Browser, file: Path) -> None:
    found = opened(browser, file)
    said = found.page.inner_text("#small")
    assert said.startswith("This text is too small to mean anything: it has ")
    assert said.count("1,000,000") == 1
    found.page.close()
    large = file.with_name("large.html")
    text = file.read_text(encoding="utf-8")
    text = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)  # of other data
    large.write_text(text.replace('"enough":1000000', '"enough":1'), encoding="utf-8")
    found = opened(browser, large)
    assert not found.page.is_visible("#small")
    assert found.page.is_visible("#gap table")
    found.page.close()


def test_the_attention_map_is_that_of_the_stored_model(watched: Watched, tiny: Path) -> None:
    ask(watched, "sentence", "The cat runs in the green field")
    watched.page.click("summary")
    watched.page.wait_for_selector("#map table tbody tr")
    from wordrel import api

    word_model = api.load(tiny / "out", "attention", seed=1)
    ids = word_model.vocab.ids(["the", "cat", "runs", "in", "the", "green", "field"])
    weighed = word_model.context.weights(ids, np.array([len(ids)]))  # type: ignore[union-attr]
    cells = watched.page.locator("#map table").nth(0).locator("td.heat").all_inner_texts()
    assert [float(cell) for cell in cells] == pytest.approx(weighed.weight.tolist(), abs=0.006)
    even = watched.page.locator("#map table").nth(2).locator("tbody tr").nth(6)
    assert even.locator("td.heat").all_inner_texts() == ["0.33"] * 3
    assert even.locator("td").count() == 7


def test_the_sentence_is_text_with_the_weights_of_the_stored_model(
    watched: Watched, tiny: Path
) -> None:
    from wordrel import api

    ask(watched, "sentence", "The cat runs in the green field")
    words = ["the", "cat", "runs", "in", "the", "green", "field"]
    tokens = watched.page.locator("#line li:not(.legend)")
    assert tokens.locator("button").all_inner_texts() == words
    word_model = api.load(tiny / "out", "attention", seed=1)
    weighed = word_model.context.weights(word_model.vocab.ids(words), np.array([7]))  # type: ignore[union-attr]

    def shown(column: int) -> list[float | None]:
        texts = tokens.locator(f"span:nth-of-type({column})").all_inner_texts()
        return [None if text == "·" else float(text) for text in texts]

    own, none = weighed.weight, None
    assert shown(1)[:3] == [none] * 3
    assert shown(1)[3:6] == pytest.approx(own[weighed.state == 5].tolist(), abs=0.006)
    assert shown(2) == [none] * 3 + [0.33] * 3 + [none]
    tokens.locator("button").nth(1).click()
    pressed = watched.page.locator("#line [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["cat"]
    assert watched.page.evaluate("document.activeElement.textContent") == "cat"
    assert shown(1)[:2] == pytest.approx(own[weighed.state == 1].tolist(), abs=0.006)
    assert shown(1)[2:] == [none] * 5
    rows = watched.page.locator("#distance tbody tr")
    assert rows.locator("th").all_inner_texts() == ["−3", "−2", "−1"]
    for offset in (-3, -2, -1):
        cells = rows.nth(offset + 3).locator("td").all_inner_texts()
        assert float(cells[0]) == pytest.approx(own[weighed.offset == offset].mean(), abs=0.006)
    watched.page.select_option("#map-model", "attention")
    assert watched.page.locator("#line [aria-pressed=true]").all_inner_texts() == ["cat"]


def test_the_first_question_is_the_gap_and_has_an_answer(watched: Watched, tiny: Path) -> None:
    from wordrel import api

    page = watched.page
    assert page.inner_text("h1") == "Which word fills the gap?"
    assert "___" in page.input_value("#gapped")
    ask(watched, "gapped", "the cat ___ in the unheard green field")
    assert "Left out, since this page lacks them: unheard" in page.inner_text("#gap")
    tables = page.locator("#gap table")
    assert tables.count() == 2
    caption = tables.nth(1).locator("caption").inner_text()
    assert caption.startswith("attention\n")
    assert "It reads only words before the gap: 2 here." in caption
    word_model = api.load(tiny / "out", "attention", seed=1)
    ids = word_model.vocab.ids(["the", "cat", "runs"])
    (scores,) = word_model.context.scores(ids, np.array([3]), np.array([2]))  # type: ignore[union-attr]
    p = np.exp(scores[0] - scores[0].max())
    p /= p.sum()
    shown = tables.nth(1).locator("tbody tr")
    assert shown.count() == 8
    for row in range(8):
        word, share = shown.nth(row).locator("td").all_inner_texts()[::2]
        expected = p[word_model.vocab.ids([word])[0]]
        assert float(share.removesuffix(" %")) == pytest.approx(100 * expected, abs=0.2)
    assert "among the 19 words of this page" in page.inner_text("#gap")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the cat", "Put three underscores, ___, where a word is missing."),
        ("", "Put three underscores, ___, where a word is missing."),
        ("___", "There is no word beside the gap that it can read."),
        ("___ cat", "It reads only words before the gap, and there are none."),
        ("the ___ runs ___", "Only the first gap is filled."),
        ("the <img src=x onerror=alert(1)> ___", "Left out, since this page lacks them: img"),
    ],
)
def test_awkward_gaps_are_answered_as_text(watched: Watched, text: str, said: str) -> None:
    ask(watched, "gapped", text)
    assert said in watched.page.inner_text("#gap")
    assert watched.page.locator("main script, main img").count() == 0


def scores_of(watched: Watched, kind: str) -> dict[str, list[str]]:
    """By identifier: both ways of the left model, then of the right one; none where it has none."""
    columns = watched.page.locator("#pair .pairs > div")
    found: dict[str, list[str]] = {}
    for side in range(columns.count()):
        rows = columns.nth(side).locator(f"table.{kind} tbody tr")
        for i in range(rows.count()):
            name = rows.nth(i).locator("th").get_attribute("title") or ""
            texts = rows.nth(i).locator("td").all_inner_texts()
            found.setdefault(name, ["none"] * 4)[2 * side : 2 * side + 2] = texts
    return found


def test_all_readings_of_a_pair_both_ways(watched: Watched) -> None:
    ask(watched, "first", "cat")
    ask(watched, "second", "dog")
    found = scores_of(watched, "products")
    assert set(found) == {"in.in", "in.out", "out.in", "cosine", "value.out", "q.k", "k.q"}
    assert found["q.k"][:2] == ["none", "none"]
    assert found["q.k"][2] == found["k.q"][3] != found["q.k"][3]
    assert found["in.out"][0] == found["out.in"][1] != found["in.out"][1]


def test_lifts_on_the_page_are_those_of_the_stored_models(watched: Watched, tiny: Path) -> None:
    from wordrel import api

    ask(watched, "first", "cat")
    ask(watched, "second", "dog")
    found = scores_of(watched, "lifts")
    assert list(found) == ["in.out.lift", "value.out.lift", "q.k.lift"]
    for side, name in enumerate(("skip_gram", "attention")):
        word_model = api.load(tiny / "out", name, seed=1)
        for lift, texts in found.items():
            for text, pair in zip(
                texts[2 * side :], (("cat", "dog"), ("dog", "cat")), strict=False
            ):
                if lift in word_model.relations:
                    expected = word_model.relation(*pair, embedding=lift)
                    assert float(text.replace("−", "-")) == pytest.approx(
                        expected, abs=0.02
                    )  # rounded rows
                else:
                    assert text == "none"


def test_what_is_added_to_all_scores_of_a_word_changes_no_lift(bare: Watched) -> None:
    """Five are added to the bias of every output word."""
    exact = model_of("attention", {"heads": 3, "scale": True})
    moved = Model(exact.config, exact.inputs, exact.outputs, exact.bias + 5, exact.dense)
    found = [
        bare.page.evaluate(
            """([described, counts]) =>
                 new wordrelExplorer.Model(described, 3, counts).lifts(3, 8)""",
            [model_data(one.config, tensors_of(one)), list(range(V, 0, -1))],
        )
        for one in (exact, moved)
    ]
    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_a_word_outside_the_vocabulary_gets_a_spelling(watched: Watched) -> None:
    ask(watched, "word", "horze")
    assert "“horze” is not among the" in watched.page.inner_text("#near")
    watched.page.click("#near .suggest")
    assert watched.page.input_value("#word") == "horse"
    assert "“horse” stands" in watched.page.inner_text("#shared")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a word."),
        ("   ", "Type a word."),
        ("!!! 12", "“!!! 12” has no letters of a word."),
        ("x" * 5000, "No word is spelled nearly like it."),
        ("<script>alert(1)</script>", "Only the first word is looked at: “script”."),
        ("<img src=x onerror=alert(1)>", "Only the first word is looked at: “img”."),
        ("constructor", "“constructor” is not among"),
    ],
)
def test_awkward_words_are_answered_as_text(watched: Watched, text: str, said: str) -> None:
    ask(watched, "word", text)
    assert said in watched.page.inner_text("#near")
    ask(watched, "second", text)
    assert said in watched.page.inner_text("#pair")
    assert watched.page.locator("main script, main img").count() == 0


def test_awkward_sentences_are_answered_as_text(watched: Watched) -> None:
    place = watched.page.locator("#line")
    ask(watched, "sentence", "")
    assert place.inner_text() == "Type a sentence of a few words."
    ask(watched, "sentence", "the <script>alert(1)</script> cat")
    assert "Left out, since this page lacks them: script, alert" in place.inner_text()
    ask(watched, "sentence", "cat")
    assert "At least two known words" in place.inner_text()
    ask(watched, "sentence", "cat dog " * 150)
    assert "Cut after 200 words; 100 more were typed." in place.inner_text()
    assert place.locator(".line button").count() == 200
    watched.page.click("summary")
    watched.page.wait_for_selector("#map table tbody tr")
    assert watched.page.locator("#map table").nth(0).locator("tbody tr").count() == 200


def test_data_beside_the_page_are_loaded_and_missed(
    browser: Browser, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "PAGE_LIMIT", 1000)
    written = write_explorer(tiny / "out", out=tiny / "beside" / "explorer.html")
    found = opened(browser, written.page)
    assert found.page.locator("#gap tbody tr").count() == 16  # answers that stand in the page
    assert found.page.locator("script[src]").count() == 0
    found.page.locator("#near-form").scroll_into_view_if_needed()
    found.page.wait_for_selector("#near table")
    assert found.page.locator("#near table").count() == 2
    assert found.page.locator("#gap tbody tr").count() == 16
    assert found.problems == []
    found.page.close()
    assert written.data is not None
    (written.data / "1.js").unlink()
    found = opened(browser, written.page)
    ask(found, "gapped", "the dog ___ in the green field")
    found.page.wait_for_selector("#gap tbody tr")  # of the model that is there
    found.page.wait_for_function("document.getElementById('missing').textContent")
    said = "The vectors of attention are missing: keep the folder of this page beside it."
    assert found.page.inner_text("#missing") == said
    assert found.page.locator("#gap tbody tr").count() == 8
    assert "is missing" in found.page.locator("#gap caption").nth(1).inner_text()
    ask(found, "word", "cat")
    assert found.page.locator("#near table").count() == 0
    assert said in found.page.inner_text("#near")
    found.page.close()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_scrolls_down_and_not_sideways(browser: Browser, file: Path, dark: bool) -> None:
    found = opened(browser, file, width=390, dark=dark)
    wide = found.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    back = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(20, 23, 27)") == dark
    found.page.close()
    assert found.problems == []


def test_everything_has_a_name_and_the_keyboard_reaches_it(watched: Watched) -> None:
    page = watched.page
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input,select')].filter((e) =>"
        " !e.labels.length && !e.getAttribute('aria-label')).length"
    )
    assert unnamed == 0
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("[aria-live=polite]").count() == 4
    reached = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    controls = {
        "gapped",
        "left",
        "right",
        "word",
        "left-embedding",
        "right-embedding",
        "sentence",
        "map-model",
        "near-left",
        "near-right",
        "first",
        "second",
    }
    assert controls <= reached
