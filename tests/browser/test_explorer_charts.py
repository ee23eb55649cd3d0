"""The explorer in a real browser: cells, maps of words, sums, saved charts, and the site."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_fixtures import Watched, opened
from playwright.sync_api import Browser, Page

from wordrel.config import MatchedConfig, PpmiSvdConfig, TrainingConfig, Word2vecConfig
from wordrel.config.architectures import CELLS
from wordrel.corpus import Vocab
from wordrel.explorer import page as page_module
from wordrel.explorer import write_site
from wordrel.explorer.data import model_data, readout_data
from wordrel.explorer.opening import cell_grids, terms
from wordrel.explorer.page import render
from wordrel.models import MODELS
from wordrel.models.matched.model import new_model

pytestmark = pytest.mark.browser

WORDS = ("the", "old", "bank", "of", "river", "was", "green", "cat", "dog", "runs", "in", "field")
TRAINING = TrainingConfig(dim=8, window=3)
SENTENCE = "the old bank of the river was green"


def described(config: Any, seed: int) -> dict[str, Any]:
    """A model of the page, its tables and weights random."""
    vocab, rng = Vocab(WORDS, np.arange(len(WORDS), 0, -1)), np.random.default_rng(seed)
    tensors = {}
    if isinstance(config, MatchedConfig):
        dense = new_model(config, TRAINING, len(WORDS), seed=seed).dense
        tensors = {name: one.numpy() for name, one in dense.items()}
        tensors = {n: (one + rng.normal(size=one.shape)).astype("f4") for n, one in tensors.items()}
        tensors["bias"] = rng.normal(size=len(WORDS)).astype("f4")
    tensors |= {n: rng.normal(size=(len(WORDS), 8)).astype("f4") for n in ("input", "output")}
    kind = config.kind
    read = MODELS[kind].read(tensors, vocab, TRAINING, config)
    more = {"label": f"the {config.name}", "selected": "input", "study_selected": "input"}
    return {**model_data(config, tensors), **readout_data(read), **more, "read": read}


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """The six cells of the masked word but one, CBOW, skip-gram and PPMI-SVD."""
    kinds = [kind for row in CELLS["masked_word"] for kind in row if kind != "position_weight"]
    matched = [MatchedConfig(kind=kind) for kind in [*kinds, "attention"]]
    others = [PpmiSvdConfig(kind="ppmi_svd", name="ppmi_svd")]
    others += [Word2vecConfig(kind="word2vec", algorithm=a, name=a) for a in ("cbow", "skip_gram")]
    models = [described(config, seed) for seed, config in enumerate([*others, *matched])]
    return {
        "study": "cells",
        "corpus": "text",
        "text": {"lowercase": True, "digits": "drop", "words": "with_marks", "phrases": False},
        "vocabulary": len(WORDS),
        "tokens": 100,
        "enough": 1_000_000,
        "words": WORDS,
        "counts": list(range(len(WORDS), 0, -1)),
        "window": 3,
        "shrunk": False,
        "gap": "the cat ___ in the field",
        "terms": terms(one.pop("read") for one in models),
        "cells": cell_grids(matched),
        "models": models,
        "counts_models": [],
    }


@pytest.fixture(scope="module")
def pages(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that holds them."""
    file = tmp_path_factory.mktemp("cells") / "explorer.html"
    file.write_text(render([data], "none")[0], encoding="utf-8")
    return file


@pytest.fixture
def watched(browser: Browser, pages: Path) -> Iterator[Watched]:
    found = opened(browser, pages)
    yield found
    found.page.close()
    assert found.problems == []


def shares(page: Page) -> list[str]:
    """The model's weights below the sentence."""
    return page.locator("#line li:not(.legend) .own").all_inner_texts()


def guesses(page: Page) -> list[str]:
    return page.locator("#guess tbody tr").all_inner_texts()


def test_the_slider_leads_through_the_cells_and_map_and_prediction_follow(watched: Watched) -> None:
    page = watched.page
    chosen = "mean_query_attention_position"
    assert page.input_value("#map-model") == chosen  # what has every ingredient comes first
    assert page.input_value("#step") == "2" and page.is_checked("#positions")
    seen = {chosen: (shares(page), guesses(page))}
    page.locator("#step").focus()
    page.keyboard.press("ArrowLeft")
    seen["mask_query_attention"] = shares(page), guesses(page)
    assert page.input_value("#map-model") == "mask_query_attention"
    page.keyboard.press("ArrowLeft")
    note = "This page has no model with none: a mean, with positions."
    assert page.inner_text("#cell-note") == note
    assert page.input_value("#map-model") == "mask_query_attention"
    page.uncheck("#positions")
    assert page.input_value("#map-model") == "mean"
    assert page.inner_text("#cell-note") == ""
    seen["mean"] = shares(page), guesses(page)
    assert {one for one in seen["mean"][0] if one != "·"} == {"0.17"}  # 3 before and 3 after
    assert all(a != b for n, a in enumerate(seen.values()) for b in [*seen.values()][:n])
    assert all(a[1] != b[1] for n, a in enumerate(seen.values()) for b in [*seen.values()][:n])
    assert page.get_attribute("#step", "aria-valuetext") == "none: a mean"
    assert "map-model=mean&" in page.evaluate("location.hash")


def test_every_cell_has_its_probability_of_the_hidden_word_and_is_a_button(
    watched: Watched,
) -> None:
    page = watched.page
    table = page.locator("#cell-table")
    assert "hidden word “of”" in table.inner_text()
    assert table.locator("td").all_inner_texts()[3] == "no model"
    shown = table.locator("button").all_inner_texts()
    assert len(shown) == 5
    hidden = page.locator("#guess tbody tr").filter(has=page.locator("mark"))
    assert hidden.locator("td").last.inner_text() == shown[-1]
    table.locator("button").first.click()
    assert page.input_value("#map-model") == "mean"
    hidden = page.locator("#guess tbody tr").filter(has=page.locator("mark"))
    assert hidden.locator("td").last.inner_text() == shown[0]
    assert page.evaluate("document.activeElement.title") == "mean"
    page.select_option("#map-model", "attention")
    assert page.inner_text("#cell-note").startswith("the attention is none of these cells.")
    assert page.locator("#cell-table").count() == 0


def test_a_cell_that_is_yet_to_be_read_is_shown_and_the_keyboard_keeps_its_place(
    browser: Browser, data: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "PAGE_LIMIT", 1000)
    text, beside = render([data], "parts")
    (tmp_path / "explorer.html").write_text(text, encoding="utf-8")
    (tmp_path / "parts").mkdir()
    for name, script in beside.items():
        (tmp_path / "parts" / name).write_text(script, encoding="utf-8")
    found = opened(browser, tmp_path / "explorer.html")
    found.page.locator("#map-form button").focus()
    found.page.locator("#cell-table button", has_text="show").first.click()
    assert found.page.evaluate("document.activeElement.id") == "map-model"
    found.page.wait_for_selector("#cell-table button[title=mean][aria-pressed=true]")
    assert found.page.input_value("#map-model") == "mean"
    assert found.problems == []
    found.page.close()


def test_a_word_without_a_direction_has_no_neighbours(watched: Watched) -> None:
    table = np.array([[0, 0], [1, 0], [0.5, 0.5]], dtype=np.float32)
    config = PpmiSvdConfig(kind="ppmi_svd", name="ppmi_svd")
    found = watched.page.evaluate(
        """(one) => [0, 1].map((id) =>
             new wordrelExplorer.Model(one, 3, [3, 2, 1]).nearest(id, "input", 2))""",
        model_data(config, {"input": table, "output": table}),
    )
    assert found[0] == []
    assert [word for word, _ in found[1]] == [2]


def test_a_pair_of_words_read_from_the_right_keeps_its_order(
    browser: Browser, data: dict[str, Any], tmp_path: Path
) -> None:
    words = ["\u05d9\u05dc\u05d3", "\u05d1\u05d9\u05ea", *data["words"][2:]]
    file = tmp_path / "explorer.html"
    file.write_text(render([data | {"words": words}], "none")[0], encoding="utf-8")
    found = opened(browser, file)
    found.page.fill("#first", words[0])
    found.page.fill("#second", words[1])
    found.page.click("#pair-form button")
    heads = found.page.locator("#pair table.products").first.locator("thead th")
    assert heads.all_inner_texts()[1:] == [f"{a} \u2192 {b}" for a, b in (words[:2], words[1::-1])]
    for head in heads.all()[1:]:
        first, second = (one.bounding_box() for one in head.locator("bdi").all())
        assert first is not None and second is not None
        assert (first["y"], first["x"]) < (second["y"], second["x"])
    assert found.problems == []
    found.page.close()


def test_attention_is_added_up_over_chosen_words(
    browser: Browser, pages: Path, watched: Watched
) -> None:
    page = watched.page
    assert page.inner_text("#sum") == "Tick words to add up their weights."
    page.select_option("#map-model", "mean")
    page.check("#line li:nth-child(3) input")  # old
    page.check("#line li:nth-child(6) input")  # the, behind the hidden word
    said = page.inner_text("#sum")
    assert said.startswith("“old” + “the”: 0.33 of the weight here, 0.33 in a mean.")
    page.select_option("#map-model", "mask_query_attention")
    own = [0 if one == "·" else float(one) for one in shares(page)]
    words = page.inner_text("#sum").split()
    assert float(words[3]) == pytest.approx(own[1] + own[4], abs=0.011)
    link = page.evaluate("location.hash.replace(/sum=[^&]*/, '') + '&sum=1+4'")
    again = opened(browser, pages, fragment=link)
    assert again.page.inner_text("#sum") == page.inner_text("#sum")
    again.page.close()


def test_a_map_shows_the_main_directions_of_both_lists(watched: Watched) -> None:
    page, rng = watched.page, np.random.default_rng(1)
    rows = rng.normal(size=(9, 5)) * [5, 3, 1, 1, 1]
    found = page.evaluate("(rows) => wordrelExplorer.principal(rows)", rows.tolist())
    left, values, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found["points"]), np.abs(left * values)[:, :2], atol=1e-6)
    np.testing.assert_allclose(found["shares"], (values**2 / (values**2).sum())[:2], atol=1e-9)
    same = page.evaluate("wordrelExplorer.principal([[1, 2], [1, 2]])")
    assert same == {"points": [[0, 0], [0, 0]], "shares": [0, 0]}
    names = page.locator("#near .plane").nth(0).locator(".name").all_inner_texts()
    assert sorted(names) == sorted(WORDS)
    tables = [page.locator("#near table").nth(s).locator("td.word") for s in (0, 1)]
    lists = [{text.removesuffix(" both") for text in one.all_inner_texts()} for one in tables]
    for side in (0, 1):
        plane = page.locator("#near .plane").nth(side)
        assert {*plane.locator(".name.both").all_inner_texts()} == lists[0] & lists[1]
        assert plane.locator(".name.own").all_inner_texts() == [page.input_value("#word")]
    over = page.evaluate(
        """() => [...document.querySelectorAll("#near .plane")].map((plane) => {
             const box = plane.getBoundingClientRect();
             return [...plane.querySelectorAll(".name")].filter((name) => {
               const own = name.getBoundingClientRect();
               return own.left < box.left - 1 || own.right > box.right + 1;
             }).length;
           })"""
    )
    assert over == [0, 0]
    word = page.locator("#near .plane .name:not(.own) a").first.inner_text()
    page.locator("#near .plane .name:not(.own) a").first.click()
    page.wait_for_function("word => document.getElementById('word').value === word", arg=word)


def test_counts_of_pairs_stand_in_the_lists_of_words_and_not_in_the_gap(watched: Watched) -> None:
    page = watched.page
    options = "(id) => [...document.getElementById(id).options].map((one) => one.value)"
    assert "ppmi_svd" not in page.evaluate(options, "left")
    page.select_option("#near-left", "ppmi_svd")
    assert page.locator("#near h3").nth(0).inner_text() == "the ppmi_svd, input vectors"
    assert page.locator("#near table").nth(0).locator("tbody tr").count() == len(WORDS) - 1
    assert "It has no lifts: it predicts no words." in page.inner_text("#pair")
    assert page.locator("#pair table.lifts").count() == 1
    names = page.locator("#pair .pairs > div").nth(0).locator("th[scope=row]")
    assert names.all_inner_texts() == [
        *("input · input", "input · output", "output · input", "cosine"),
    ]
    page.select_option("#left-embedding", "output")
    assert "output vectors" in page.locator("#near h3").nth(0).inner_text()


def test_every_chart_is_saved_as_an_svg_of_what_it_shows(watched: Watched) -> None:
    page = watched.page
    page.click("summary")
    page.wait_for_selector("#map table tbody tr")
    buttons = page.locator("button.save")
    titles = [buttons.nth(i).get_attribute("aria-label") or "" for i in range(buttons.count())]
    assert len(titles) == len(set(titles)) == 10  # gap, sentence, 3 below it, 3 maps, 2 planes
    for n, title in enumerate(titles):
        with page.expect_download() as waiting:
            buttons.nth(n).click()
        assert waiting.value.suggested_filename.endswith(".svg")
        root = ElementTree.parse(waiting.value.path()).getroot()
        kinds = [one.tag.rpartition("}")[2] for one in root.iter()]
        assert root[0].text == title.removeprefix("Save as SVG: ")
        assert kinds.count("text") > 5
        assert kinds.count("rect") > 3
        shown = {one.text for one in root.iter() if one.tag.endswith("}text")}
        chart = buttons.nth(n).locator("xpath=preceding-sibling::*[1]")
        words = set(chart.inner_text().split())
        assert words - shown <= {"add", "up"}, title
        assert "<script" not in ElementTree.tostring(root, "unicode")


def test_a_saved_chart_keeps_places_and_colours(watched: Watched) -> None:
    text = watched.page.evaluate(
        """() => {
          const box = document.createElement("div");
          box.style = "width: 200px; height: 50px; padding: 10px; font-size: 20px; color: #102030";
          box.innerHTML = '<div style="width: 60px; height: 10px; background: color-mix(in srgb, '
            + '#ff0000 50%, transparent)"></div><b>a &amp; b</b>';
          document.body.append(box);
          const found = wordrelExplorer.svgOf(box, "x < y");
          box.remove();
          return found;
        }"""
    )
    root = ElementTree.fromstring(text)
    back, bar = [one.attrib for one in root if one.tag.endswith("rect")]
    assert (back["width"], back["height"]) == ("216", "66")
    assert (bar["x"], bar["y"], bar["width"], bar["height"]) == ("18", "18", "60", "10")
    assert (bar["fill"], bar["fill-opacity"]) == ("rgb(255,0,0)", "0.50")
    words = [one for one in root if one.tag.endswith("text")]
    assert [one.text for one in words] == ["a", "&", "b"]
    assert {one.attrib["fill"] for one in words} == {"rgb(16,32,48)"}
    assert {one.attrib["font-size"] for one in words} == {"20"}
    assert float(words[0].attrib["x"]) == 18 < float(words[1].attrib["x"])


def test_spellings_come_by_edits_and_then_by_frequency(watched: Watched) -> None:
    found = watched.page.evaluate(
        """() => [["teh", ["ten", "the", "tea", "a"]], ["rvier", ["over", "river", "diver"]],
             ["housee", ["mouse", "house", "horse"]], ["zzzz", ["a", "the"]]].map(([word, words]) =>
               wordrelExplorer.nearestSpellings(word, words))"""
    )
    assert found == [
        ["ten", "the", "tea"],
        ["river", "over", "diver"],
        ["house", "mouse", "horse"],
        [],
    ]


def test_a_missing_word_of_a_sentence_is_mended_by_its_suggestion(watched: Watched) -> None:
    page = watched.page
    page.fill("#sentence", "The old bakn of the rivr was green")
    page.press("#sentence", "Enter")
    assert "bakn (did you mean bank?), rivr (did you mean river?)" in page.inner_text("#line")
    page.locator("#line .suggest").first.click()
    assert page.input_value("#sentence") == "The old bank of the rivr was green"
    page.locator("#line .suggest").first.click()
    assert page.locator("#line .line button").all_inner_texts() == SENTENCE.split()
    page.fill("#gapped", "the gren ___ runs")
    page.press("#gapped", "Enter")
    page.click("#gap .suggest")
    assert page.input_value("#gapped") == "the green ___ runs"


@pytest.mark.parametrize("width", [390, 1280])
def test_no_table_is_wider_than_the_page(browser: Browser, pages: Path, width: int) -> None:
    found = opened(browser, pages, width=width)
    page = found.page
    page.click("summary")
    long = " ".join(WORDS * 2)
    for sentence in (SENTENCE, " ".join([*WORDS, *WORDS[:8]]), long):
        page.fill("#sentence", sentence)
        page.press("#sentence", "Enter")
        wide = page.evaluate(
            """() => [...document.querySelectorAll("table, .plane, fieldset, .line")]
                 .filter((one) => one.getBoundingClientRect().right > innerWidth)
                 .map((one) => one.id || one.className || one.innerText)"""
        )
        assert wide == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.problems == []
    page.close()


Serve = Callable[[Path], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a folder over http on this machine, and gives its address."""
    servers = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_a_site_works_from_a_disk_and_over_http_and_loads_nothing_else(
    browser: Browser,
    tiny: Path,
    tmp_path: Path,
    serve: Serve,
    scheme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_module, "PAGE_LIMIT", 1000)
    write_site(tiny / "out", tmp_path / "site")
    root = serve(tmp_path / "site") if scheme == "http" else (tmp_path / "site").as_uri()
    page, asked, said = browser.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{root}/index.html")
    assert page.locator("#gap tbody tr").count() == 16
    assert [url for url in asked if not url.startswith("data:")] == [f"{root}/index.html"]
    page.locator("#near-form").scroll_into_view_if_needed()
    page.wait_for_selector("#near table")
    assert {url for url in asked if not url.startswith(f"{root}/")} <= {"data:,"}
    assert {f"{root}/explorer-data/0.js", f"{root}/explorer-data/1.js"} <= set(asked)
    assert said == []
    refused = page.evaluate(
        """async () => {
          const found = [];
          document.addEventListener("securitypolicyviolation", (event) =>
            found.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.injected = true";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "http://127.0.0.1:9/x.png";
          document.body.append(image);
          await fetch("http://127.0.0.1:9/").catch(() => null);
          await new Promise((done) => setTimeout(done, 200));
          return [window.injected, found.sort()];
        }"""
    )
    assert refused == [None, ["connect-src", "img-src", "script-src-elem"]]
    page.click("#about a")
    page.wait_for_url(f"{root}/report.html")
    page.close()


def test_what_was_answered_first_is_what_the_page_computes(
    browser: Browser, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "PAGE_LIMIT", 1000)
    written = write_site(tiny / "out", tmp_path / "site")
    found = opened(browser, written.page)
    rows = (
        "[...document.querySelectorAll('#gap tbody tr')].map((row) => row.innerText.split(/\\s+/))"
    )
    before = found.page.evaluate(rows)
    found.page.focus("#gapped")  # begins to read the models
    found.page.wait_for_function("document.querySelectorAll('script[src]').length === 2")
    found.page.wait_for_function("!wordrelData[0].models.some((one) => one.lost)")
    found.page.locator("#near-form").scroll_into_view_if_needed()
    found.page.wait_for_selector("#near table")
    after = found.page.evaluate(rows)
    assert len(before) == len(after) == 16
    numbers = [
        np.array([float(row[-2].replace("<", "0")) for row in one]) for one in (before, after)
    ]
    # Percent. The page has rounded vectors, and skip-gram multiplies what each word says.
    np.testing.assert_allclose(*numbers, atol=0.8)
    found.page.close()
