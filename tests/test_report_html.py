"""report.html: what it says, that it loads nothing, and that names in it are never markup."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair
import pytest

from ladder_study import CORPORA, ladder_results, losses
from measured_study import measured_results
from wide_study import wide_results
from wordrel.report import brief, findings, markdown
from wordrel.report import document as doc
from wordrel.report import html as page
from wordrel.report.html import inline
from wordrel.report.page import document, write_pages
from wordrel.report.scores import scores_figure
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).parent.parent
STUDIES = sorted(path.parent for path in (ROOT / "results").glob("*/manifest.json"))
GOLDEN = Path(__file__).parent / "golden" / "input"
MOST = 3_000_000
EVIL = '<b onclick="x()">&</script><img src=x>'
VOID = {"meta", "link", "br", "input"}
LOADS = {"src", "srcset", "data", "poster", "action", "background"}


class Page(HTMLParser):
    """The elements of a page with their attributes; unbalanced tags are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.specs: list[dict[str, Any]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            of_script = [a for t, a in self.found if t == "script"][-1]
            if of_script.get("type") == "application/json" and "id" not in of_script:
                self.specs.append(json.loads(data))
        elif inside != "style":
            self.texts.append(data)


def render_html(results: Results) -> str:
    return page.write(document(results))


@pytest.fixture(scope="module", autouse=True)
def library(request: pytest.FixtureRequest) -> str:
    """The true library takes seconds: it is made once, and only its own test looks at it."""
    patch = pytest.MonkeyPatch()
    true = page._library
    patch.setattr(page, "_library", lambda: "window.vegaEmbed = null;")
    request.addfinalizer(patch.undo)
    return str(true())


@pytest.fixture(scope="module")
def wide() -> Results:
    return wide_results(("wiki17m",))


@pytest.fixture(scope="module")
def text(wide: Results) -> str:
    return render_html(wide)


@pytest.fixture(scope="module")
def shown(text: str) -> Page:
    return Page(text)


def loads(page: Page) -> list[str]:
    """What an element would fetch; a link is followed only by a reader."""
    wanted = [str(v) for _, a in page.found for name, v in a.items() if name in LOADS]
    wanted += [str(a["href"]) for tag, a in page.found if "href" in a and tag != "a"]
    return [url for url in wanted if url != "data:,"]


def test_sections_stand_in_order_with_headings_in_order(shown: Page):
    names = [str(a["id"]) for tag, a in shown.found if tag == "section" and "id" in a]
    main = [name for name in names if not name.startswith("question-")]
    assert main == [
        *("answer", "claims", "legend", "agreement", "views", "comparisons", "other-views"),
        *("cost", "method", "again", "data"),
    ]
    assert len(names) - len(main) == 5  # the questions of the wide study
    assert shown.headings[0] == 1 and shown.headings.count(1) == 1
    steps = zip(shown.headings, shown.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)


def test_page_has_landmarks_captions_and_names(shown: Page):
    tags = [tag for tag, _ in shown.found]
    for landmark in ("header", "nav", "main", "footer"):
        assert tags.count(landmark) == 1
    assert tags.count("caption") == tags.count("table") > 20
    assert tags.count("tbody") == tags.count("table")
    assert ("a", {"class": "skip", "href": "#main"}) in shown.found
    assert [a for t, a in shown.found if t == "html"] == [{"lang": "en"}]


def test_every_chart_has_words_and_a_specification_that_vega_lite_takes(shown: Page):
    charts = [a for _, a in shown.found if a.get("class") == "chart"]
    words = [a for _, a in shown.found if a.get("class") == "words"]
    assert len(charts) == len(shown.specs) == 15  # 5 and 2 of dots, 7 heat maps, and agreement
    assert len(words) == 5 + 1 + 1 + 1
    assert all(a["role"] == "img" and str(a["aria-label"]).startswith("Chart of") for a in charts)
    for spec in [shown.specs[0], shown.specs[-1], shown.specs[5]]:
        plain = json.loads(re.sub(r"var\(--\w+\)", "#123456", json.dumps(spec)))
        altair.Chart.from_dict(plain)


def test_sentences_of_the_findings_open_the_page(wide: Results, shown: Page):
    said = "".join(shown.texts)
    for question in ("alike", "fit"):
        assert findings.sentences(wide, question)[0] in said


def test_ladder_has_a_chart_with_the_gain_of_each_ingredient():
    results = ladder_results(losses())
    found = Page(render_html(results))
    first = found.specs[[("ingredient" in json.dumps(s)) for s in found.specs].index(True)]
    rows = first["data"]["values"]
    assert [set(row) for row in rows] == [{"ingredient", "nats", "low", "high", "share"}] * len(
        rows
    )
    assert all(row["share"].endswith("%") and row["low"] <= row["nats"] for row in rows)
    assert "ladder" in [a.get("id") for _, a in found.found]
    scored = [a["aria-label"] for _, a in found.found if a.get("class") == "chart"]
    assert sum(str(name).startswith("Chart of ws353 · ") for name in scored) == len(CORPORA)
    (figure,) = scores_figure(results)
    assert len(figure.charts) > 6 and f"{len(figure.charts) - 6} more" in found.texts  # folded


def test_what_was_measured_has_figures_with_words_and_headings_in_order():
    found = Page(render_html(measured_results()))
    names = [a["aria-label"] for _, a in found.found if a.get("class") == "chart"]
    for title in (
        "wiki17m · learned score of an offset",
        "wiki17m · attention beside the mean's",
        "wiki17m · loss added by another order",
        "wiki17m · effective number of keys, by asking word",
    ):
        assert f"Chart of {title}; its words stand below the figure" in names
    assert len(names) == len(found.specs)
    tags = [tag for tag, _ in found.found]
    words = [a for _, a in found.found if a.get("class") == "words"]
    assert len(words) == tags.count("figure") > 10
    steps = zip(found.headings, found.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, of `#rrggbb`."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_formula_says():
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_text_and_marks_stand_out_in_light_and_dark():
    style = str(page._asset("page.css"))
    themes = [
        dict(re.findall(r"--(\w+): (#\w{6})", rule))
        for rule in re.findall(r"{[^{}]*--ink: [^{}]*}", style)
    ]
    assert len(themes) == 3 and themes[1] == themes[2]  # chosen, and as the system says
    for theme in themes:
        for ink in ("ink", "quiet", "link"):
            for below in ("paper", "raised"):
                assert contrast(theme[ink], theme[below]) >= 4.5, (ink, below)
        for field in ("cold", "warm"):
            assert contrast(theme["ink"], theme[field]) >= 4.5, field
        for mark in ("blue", "vermillion", "green"):
            assert contrast(theme[mark], theme["paper"]) >= 3, mark


def test_same_tables_give_the_same_bytes(text: str):
    assert render_html(wide_results(("wiki17m",))) == text


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_committed_studies_fit_in_one_small_file_that_loads_nothing(folder: Path, library: str):
    text = render_html(read_results(folder))
    assert len(text.encode()) + len(library) < MOST
    assert loads(Page(text)) == []


@pytest.mark.parametrize("study", ["wide on two corpora", "measured"])
def test_large_studies_fit_in_one_small_file_too(study: str, library: str):
    text = render_html(measured_results() if study == "measured" else wide_results())
    assert len(text.encode()) + len(library) < MOST


def test_a_load_from_elsewhere_would_be_seen():
    assert loads(Page('<img src="https://example.org/a.png"></img>')) != []
    assert loads(Page('<link href="https://example.org/a.css">')) != []
    assert loads(Page('<a href="https://example.org/">x</a>')) == []


def test_library_is_whole_and_cannot_end_its_script(library: str):
    assert len(library) > 500_000 and "window.vegaEmbed" in library
    assert "</script" not in library.lower() and "<!--" not in library


def test_policy_forbids_every_load(shown: Page):
    (policy,) = [a["content"] for t, a in shown.found if t == "meta" and "http-equiv" in a]
    assert str(policy).startswith("default-src 'none'") and "http" not in str(policy)


def renamed(results: Results, old: str, new: str) -> Results:
    """The study with another name for a model or a task, wherever it stands."""
    names = ("runs", "scores", "summary", "comparisons", "embeddings", "measurements", "agreement")
    tables = {name: getattr(results, name).replace(old, new) for name in names}
    manifest = json.loads(json.dumps(results.manifest).replace(f'"{old}"', json.dumps(new)))
    config = json.loads(json.dumps(results.config).replace(f'"{old}"', json.dumps(new)))
    return replace(results, manifest=manifest, config=config, **tables)


@pytest.mark.parametrize("old", ["ppmi_svd", "usf_direction", "wiki17m"])
def test_names_that_look_like_markup_are_text_everywhere(wide: Results, shown: Page, old: str):
    evil = Page(render_html(renamed(wide, old, EVIL)))
    tags = [tag for tag, _ in evil.found]
    assert tags == [tag for tag, _ in shown.found]  # not one element more
    assert EVIL in "".join(evil.texts)
    assert any(EVIL in json.dumps(s).replace('\\"', '"') for s in evil.specs) or old == "wiki17m"


def test_json_in_a_script_cannot_end_it():
    names = ["</script >", "<!--", "a & b"]
    text = page.script_json(names)
    assert json.loads(text) == names and not set("<>&") & set(text)


def test_study_name_and_notes_are_text(wide: Results):
    odd = replace(
        wide,
        manifest=wide.manifest | {"study": EVIL},
        config=wide.config | {"notes": [EVIL]},
    )
    evil = Page(render_html(odd))
    assert "b" not in [tag for tag, _ in evil.found] and "img" not in [t for t, _ in evil.found]
    assert "".join(evil.texts).count(EVIL) >= 3


def test_only_the_report_s_own_marks_are_tags():
    assert inline(f"a{doc.raised('1')}{doc.BREAK}b") == "a<sup>1</sup><br>b"
    assert inline("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
    assert "<" not in inline(doc.name('<sup onclick="x()">'))
    assert inline(doc.link(doc.code("a<b"), 'x?"&')) == (
        '<a href="x?&#34;&amp;"><code>a&lt;b</code></a>'
    )
    bold = doc.strong(doc.name("_x_ *y*"))
    assert inline(bold) == "<strong>_x_ *y*</strong>"
    assert markdown.inline(bold) == r"**\_x\_ \*y\***"


def test_a_name_cannot_hold_a_mark():
    evil = doc.name(f"{doc.STRONG[0]}x{doc.LINK[0]}y{doc.TO}z{doc.LINK[1]}")
    assert "<" not in inline(evil)
    assert markdown.inline(evil) == "\ufffdx\ufffdy\ufffdz\ufffd"


def test_a_table_is_named_by_what_stands_around_it_and_by_its_title(wide: Results, text: str):
    captions = re.findall("<caption>(.*?)</caption>", text)
    assert "How similar are two words? · wiki17m · <strong>pairs</strong>" in captions
    assert "wiki17m: google_analogies, by part" in captions
    assert "Cost · wiki17m" in captions


def test_the_page_has_every_table_of_the_report_and_more(wide: Results, shown: Page):
    report = markdown.write(brief.document(wide))
    rows, heads = report.count("\n| "), report.count("\n| :--")
    assert [tag for tag, _ in shown.found].count("tr") > rows - heads


def test_the_page_is_written_beside_the_tables(tmp_path: Path):
    for path in GOLDEN.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert write_pages(tmp_path) == (tmp_path / "report.md", tmp_path / "report.html")
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert written == render_html(read_results(GOLDEN))
    assert 'href="explorer.html"' in written


def said(results: Results) -> str:
    """What a report says of its method."""
    (section,) = (s for s in document(results).sections if s.name == "method")
    return markdown.blocks(section.blocks)


def test_only_a_study_with_an_experiment_beside_it_is_said_to_have_one(
    wide: Results, tmp_path: Path
):
    folder = tmp_path / "results" / wide.study
    folder.mkdir(parents=True)
    own = replace(wide, folder=folder)
    assert "decision rule" not in said(own)
    beside = tmp_path / "experiments" / f"{wide.study}.py"
    beside.parent.mkdir()
    beside.touch()
    assert f"(../../experiments/{wide.study}.py)" in said(own)
