"""report.html: what it holds, that it loads nothing, and that names in it are never markup.

The page's script builds sections from data; tests/browser opens them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair
import pytest

from ladder_study import ladder_results, losses
from measured_study import measured_results
from wide_study import wide_results
from wordrel.report import brief, findings, markdown
from wordrel.report import document as doc
from wordrel.report import html as page
from wordrel.report.looks import COLOURS, REFERENCES, SHAPES
from wordrel.report.page import document, write_pages
from wordrel.study.results import Results, read_results

ROOT = Path(__file__).parent.parent
STUDIES = sorted(path.parent for path in (ROOT / "results").glob("*/manifest.json"))
GOLDEN = Path(__file__).parent / "golden" / "input"
MOST = 2_500_000
"""Bytes of a page with its library."""
EVIL = '<b onclick="x()">&</script><img src=x>'
VOID = {"meta", "link", "br", "input"}
LOADS = {"src", "srcset", "data", "poster", "action", "background"}
LINKS = re.compile(f"{doc.LINK[0]}(.*?){doc.TO}")


class Page(HTMLParser):
    """The elements of a page with their attributes, and its data; unbalanced tags are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.data: dict[str, Any] = {}
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
        if inside == "script" and self.found[-1][1].get("type") == "application/json":
            own = self.found[-1][1].get("id")
            around = [a.get("id") or a.get("class") for t, a in self.found if t in CONTAINERS]
            self.data[str(own or around[-1])] = json.loads(data)
        elif inside not in ("script", "style"):
            self.texts.append(data)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Every block of every section and of the card, as data."""
        return [block for name, data in self.data.items() for block in inside(data)]


CONTAINERS = ("details", "section")


def inside(data: Any) -> Iterator[dict[str, Any]]:
    """The blocks of a section's data, and those inside them."""
    for part in data.values() if isinstance(data, dict) else data:
        if isinstance(part, dict | list):
            if isinstance(part, dict) and "kind" in part:
                yield part
            yield from inside(part)


def tables(blocks: Any) -> Iterator[doc.Table]:
    """The tables of a report's tree."""
    for block in blocks:
        if isinstance(block, doc.Table):
            yield block
        elif isinstance(block, doc.Figure):
            yield from block.tables
        elif isinstance(block, doc.Section | doc.Fold):
            yield from tables(block.blocks)


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
    names = [str(a["id"]) for tag, a in shown.found if a.get("class") == "part"]
    main = [name for name in names if not name.startswith("question-")]
    assert main == [
        *("answer", "claims", "legend", "agreement", "embeddings", "comparisons", "all-embeddings"),
        *("cost", "method", "again", "data"),
    ]
    assert len(names) - len(main) == 5  # the questions of the wide study
    assert shown.headings[0] == 1 and shown.headings.count(1) == 1
    assert set(shown.headings[1:]) == {2}


def test_page_has_landmarks_and_says_what_its_closed_sections_hold(shown: Page):
    tags = [tag for tag, _ in shown.found]
    for landmark in ("header", "main", "footer"):
        assert tags.count(landmark) == 1
    assert ("a", {"class": "skip", "href": "#main"}) in shown.found
    assert [a for t, a in shown.found if t == "html"] == [{"lang": "en"}]
    assert "1 table" in shown.texts
    assert any(re.fullmatch(r"1 figure, \d+ tables", text) for text in shown.texts)
    held = page.holds([doc.Fold("", [doc.Table([], []), doc.Figure("", [], "")]), doc.Bullets([])])
    assert held == "1 figure, 1 table"


def test_nothing_but_the_frame_stands_in_the_page_before_a_section_is_opened(shown: Page):
    assert len(shown.found) < 200
    assert {"table", "figure", "td"}.isdisjoint(tag for tag, _ in shown.found)


@pytest.mark.parametrize("study", ["wide", "ladder"])
def test_the_data_of_a_page_hold_every_row_of_every_table(study: str, wide: Results):
    report = document(ladder_results(losses()) if study == "ladder" else wide)
    found = Page(page.write(report))
    texts = found.data["settings"]["texts"]
    assert len(texts) == len(set(texts)) > 20
    kept = [
        [[texts[c] if isinstance(c, int) else c for c in row] for row in block.get(part, ())]
        for block in found.blocks
        if block["kind"] == "table"
        for part in ("rows", "foot")
    ]
    drawn = [
        [list(row) for row in getattr(table, part)]
        for table in tables(report.sections)
        for part in ("rows", "foot")
    ]
    assert kept == drawn and sum(map(len, drawn)) > 100


def test_a_text_in_many_cells_is_stored_once(shown: Page, text: str):
    texts = shown.data["settings"]["texts"]
    label = doc.labelled("skip_gram", "skip-gram")
    assert texts.count(label) == 1
    cells = [
        cell
        for block in shown.blocks
        if block["kind"] == "table"
        for row in block["rows"]
        for cell in row
    ]
    assert label not in cells and cells.count(texts.index(label)) > 20


def test_every_chart_has_a_specification_that_vega_lite_takes(shown: Page):
    figures = [block for block in shown.blocks if block["kind"] == "figure"]
    charts = [chart for figure in figures for chart in figure["charts"]]
    assert len(charts) > 12 and all(figure["words"] for figure in figures)
    for spec in [charts[0]["spec"], charts[-1]["spec"], charts[5]["spec"]]:
        plain = json.loads(re.sub(r"var\(--\w+\)", "#123456", json.dumps(spec)))
        altair.Chart.from_dict(plain)


def test_the_card_is_data_too_and_its_sentences_need_no_script(wide: Results, shown: Page):
    card = document(wide).card
    assert card is not None
    assert shown.data["card"]["sentences"] == list(card.sentences)
    assert shown.data["card"]["figure"]["charts"]
    said = "".join(shown.texts)
    assert page.plain(card.sentences[0]) in said and len(card.sentences) >= 2
    assert findings.sentences(wide, "fit")[0] in json.dumps(shown.data)


def test_a_tree_without_a_card_has_none():
    found = Page(page.write(doc.Document("x", (), [doc.Section("s", [], "s")])))
    assert "card" not in found.data and found.data["s"] == []


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


def test_every_text_stands_out_in_light_and_dark():
    style = str(page._asset("page.css"))
    themes = [
        dict(re.findall(r"--(\w+): (#\w{6});", rule))
        for rule in re.findall(r"{[^{}]*--ink: [^{}]*}", style)
    ]
    assert len(themes) == 3 and themes[1] == themes[2]  # chosen, and as the system says
    models = {name for colours in [*COLOURS.values(), REFERENCES] for name in colours}
    names = {name.removeprefix("var(--").removesuffix(")") for name in models}
    assert len(names) == 11
    for theme in themes:
        for below in ("paper", "raised"):
            for ink in {"ink", "quiet", "link"} | names:  # names of lines have their colours
                assert contrast(theme[ink], theme[below]) >= 4.5, (ink, below)
        for field in ("cold", "warm"):
            assert contrast(theme["ink"], theme[field]) >= 4.5, field
        for verdict in {*page.VERDICTS.values(), "open"}:
            assert contrast(theme[verdict], theme[f"{verdict}back"]) >= 4.5, verdict


def test_the_page_has_every_colour_and_a_sign_for_every_marker():
    style, script = (str(page._asset(name)) for name in ("page.css", "page.js"))
    defined = set(re.findall(r"(--\w+):", style))
    assert set(re.findall(r"var\((--\w+)\)", style)) <= defined
    assert {n for colours in COLOURS.values() for n in colours} <= {f"var({n})" for n in defined}
    for verdict in {*page.VERDICTS.values(), "open"}:
        assert f"mark.{verdict} {{" in style
    signs = re.findall(r'"?([\w-]+)"?: "(.)"', script[script.index("const GLYPHS") :].split(";")[0])
    assert dict(signs).keys() == set(SHAPES) and len({sign for _, sign in signs}) == len(SHAPES)


def test_same_tables_give_the_same_bytes(text: str):
    assert render_html(wide_results(("wiki17m",))) == text


@pytest.mark.slow
@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_committed_study_fits_in_a_small_file_that_loads_nothing(folder: Path, library: str):
    report = document(read_results(folder))
    text = page.write(report)
    assert len(text.encode()) + len(library.encode()) < MOST
    found = Page(text)
    assert loads(found) == []
    assert len(found.found) < 3000
    places = {section.name for section in report.sections}
    addresses = LINKS.findall(json.dumps(found.data, ensure_ascii=False))
    for address in (a for a in addresses if '"' not in a):  # the table of marks holds no address
        name = address.removeprefix("#")
        assert name in places if address.startswith("#") else (folder / name).exists(), address


@pytest.mark.parametrize("study", ["wide on two corpora", "measured"])
def test_large_studies_fit_in_one_small_file_too(study: str, library: str):
    text = render_html(measured_results() if study == "measured" else wide_results())
    assert len(text.encode()) + len(library.encode()) < MOST


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
    assert json.dumps(evil.data).count(json.dumps(EVIL)[1:-1]) > 10


def test_json_in_a_script_cannot_end_it():
    names = ["</script >", "<!--", "a & b"]
    text = page.script_json(names)
    assert json.loads(text) == names and not set("<>&") & set(text)
    with pytest.raises(TypeError, match="cannot write PosixPath as JSON"):
        page.script_json([Path("x")])


def test_study_name_and_notes_are_text(wide: Results):
    odd = replace(
        wide,
        manifest=wide.manifest | {"study": EVIL},
        config=wide.config | {"notes": [EVIL]},
    )
    evil = Page(render_html(odd))
    assert "b" not in [tag for tag, _ in evil.found] and "img" not in [t for t, _ in evil.found]
    assert "".join(evil.texts).count(EVIL) >= 3


def test_marks_begin_and_end_elements():
    opens = [mark for mark, sign in page.MARKS.items() if sign in ("strong", "a", "span", "mark")]
    assert len(opens) == 4
    assert {page.MARKS[chr(ord(mark) + 1)] for mark in opens} == {"end"}
    assert page.MARKS[doc.HIGHER] == "higher" and page.MARKS[doc.NAME[0]] == ""
    said = {getattr(doc, name) for name in ("TO", "BREAK", "HIGHER", "LOWER")}
    pairs = (doc.STRONG, doc.EMPHASIS, doc.RAISED, doc.CODE, doc.NAME, doc.LINK, doc.LABEL)
    assert set(page.MARKS) == said | set("".join(pairs)) | set(doc.VERDICT)


def test_a_plain_text_has_labels_and_no_marks():
    link = doc.link(doc.strong(doc.labelled("skip_gram", "skip-gram")), "a/b.csv")
    assert page.plain(f"see {link}{doc.BREAK}<b>{doc.raised('1')}") == "see skip-gram<b>1"


def test_a_name_cannot_hold_a_mark():
    evil = doc.name(f"{doc.STRONG[0]}x{doc.LINK[0]}y{doc.TO}z{doc.LINK[1]}")
    assert set(evil) & set(page.MARKS) == set(doc.NAME)
    assert markdown.inline(evil) == "\ufffdx\ufffdy\ufffdz\ufffd"
    label = doc.labelled(f"a{doc.LABEL[1]}b", f"c{doc.TO}d")
    assert [sign for sign in label if sign in page.MARKS] == [
        *(doc.LABEL[0], doc.TO, *doc.NAME, doc.LABEL[1]),
    ]


def test_the_page_has_every_table_of_the_report_and_more(wide: Results, shown: Page):
    report = markdown.write(brief.document(wide))
    rows = [block["rows"] for block in shown.blocks if block["kind"] == "table"]
    assert sum(map(len, rows)) > report.count("\n| ")


def test_the_page_is_written_beside_the_tables(tmp_path: Path):
    for path in GOLDEN.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert write_pages(tmp_path) == (tmp_path / "report.md", tmp_path / "report.html")
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert written == render_html(read_results(GOLDEN))
    assert "explorer.html" not in written  # it is not there


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
    assert said(replace(wide, folder=Path("/results")))  # whose folder has no folder above it
