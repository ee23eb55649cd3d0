"""report.html in a browser: it loads alone, opens fast, and each of its controls works."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from visits import Visit

from ladder_study import ladder_results, losses
from measured_study import measured_results
from wide_study import MODELS, wide_results
from wordrel.report import html
from wordrel.report.looks import looks
from wordrel.report.page import document
from wordrel.study.results import Results, read_results

WAIT = 60_000  # milliseconds, for a machine that is busy
MOST = 3000
"""Elements of the first view."""
RESULTS = Path(__file__).parents[2] / "results"
COMMITTED = ("ladder", "quickstart", "word2vec_vs_attention")
LABELS = [look.label for look in looks(wide_results(("wiki17m",))).values()]


def write(folder: Path, results: Results) -> Path:
    path = folder / "report.html"
    path.write_text(html.write(document(results)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("report"), wide_results(("wiki17m",)))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("measured"), measured_results())


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("ladder"), ladder_results(losses()))


def drawn(page: Page, theme: str = "light") -> None:
    expect(page.locator("html")).to_have_attribute("data-charts", theme, timeout=WAIT)


@pytest.fixture
def visit(browser: Browser, report: Path) -> Iterator[Visit]:
    """The page when the chart of its card is drawn; afterwards nothing may have gone wrong."""
    found = Visit(browser, report)
    drawn(found.page)
    yield found
    assert found.problems == []
    found.context.close()


def opened(page: Page, name: str) -> Locator:
    """A section after a click on its heading."""
    part = page.locator(f"#{name}")
    part.locator("> summary").click()
    expect(part.locator("> .inside")).to_be_visible(timeout=WAIT)
    return part


def cost(page: Page) -> Locator:
    return opened(page, "cost").locator("table")


def families(page: Page) -> Locator:
    """A section with a table that is long enough for a filter."""
    return opened(page, "answer")


def first_column(table: Locator) -> list[str]:
    return table.locator("tbody tr:not([hidden]) > :first-child").all_inner_texts()


def elements(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('*').length"))


@pytest.mark.parametrize("study", COMMITTED)
def test_the_first_view_of_a_committed_study_is_small_and_shows_the_answer(
    browser: Browser, tmp_path: Path, study: str
):
    found = Visit(browser, write(tmp_path, read_results(RESULTS / study)))
    drawn(found.page)
    assert 100 < elements(found.page) < MOST
    assert found.page.locator(".card li").count() >= 2
    assert found.page.locator(".card .chart svg").first.is_visible()
    assert found.page.locator("main table").count() == 0
    assert found.page.evaluate("document.documentElement.scrollWidth") == 1280
    assert found.problems == []
    found.context.close()


def test_one_key_names_the_models_of_a_figure_with_intervals(visit: Visit):
    drawn(visit.page)
    card = visit.page.locator("figure").first
    expect(card.locator("g.mark-rule").first).to_be_visible(timeout=WAIT)
    assert card.locator(".key li").count() > 1
    assert card.locator("g.role-legend").count() == 0


def test_a_section_is_built_when_it_is_opened_and_only_once(visit: Visit):
    page, before = visit.page, elements(visit.page)
    part = page.locator("#cost")
    assert part.locator("table").count() == 0
    opened(page, "cost")
    expect(part.locator("table")).to_have_count(1)
    built = elements(page)
    assert built > before + 50
    part.locator("> summary").click()
    expect(part.locator("table")).to_be_hidden()
    part.locator("> summary").press("Enter")  # by keyboard
    expect(part.locator("table")).to_be_visible()
    assert elements(page) == built


def test_open_all_builds_every_table_and_fold_and_closes_again(visit: Visit):
    page = visit.page
    page.get_by_role("button", name="Open all").click()
    close = page.get_by_role("button", name="Close all")
    expect(close).to_be_visible(timeout=WAIT)
    assert page.locator("details:not([open])").count() == 0
    said = page.locator(".part .holds").all_inner_texts()
    tables = sum(int(n) for text in said for n in re.findall(r"(\d+) table", text))
    assert page.locator(".part table").count() == tables > 40
    page.wait_for_function("!document.querySelector('.chart:not(:has(svg))')", timeout=WAIT)
    close.click()
    assert page.locator(".part[open]").count() == 0
    assert page.get_by_role("button", name="Open all").is_visible()


def test_an_address_leads_into_a_closed_section(browser: Browser, report: Path, visit: Visit):
    page = visit.page
    page.goto(f"{report.as_uri()}#method")
    expect(page.locator("#method > .inside")).to_be_visible(timeout=WAIT)
    page.evaluate("location.hash = '#data'")
    expect(page.locator("#data > .inside")).to_be_visible(timeout=WAIT)
    expect(page.locator("#data")).to_be_in_viewport(timeout=WAIT)


def test_charts_of_a_section_are_drawn_when_it_is_opened(visit: Visit):
    part = opened(visit.page, "question-1")
    charts = part.locator(".chart")
    expect(part.locator(".chart svg")).to_have_count(charts.count(), timeout=WAIT)
    sizes = [box.bounding_box() for box in part.locator(".chart svg").all()]
    assert sizes and all(size and size["width"] > 300 and size["height"] > 60 for size in sizes)


def test_every_drawn_chart_keeps_its_name_also_when_drawn_again(visit: Visit):
    opened(visit.page, "question-3")
    names = "all => all.map(one => [one.getAttribute('role'), one.getAttribute('aria-label')])"
    visit.page.get_by_role("button", name="Dark theme").click()
    drawn(visit.page, "dark")
    found = visit.page.locator(".chart[data-drawn=dark]").evaluate_all(names)
    assert len(found) > 6
    for role, name in found:
        assert role == "img" and name.startswith("Chart of ") and "wiki17m" in name
    assert visit.page.locator("[aria-roledescription=visualization]").count() == 0


def test_the_first_click_on_a_head_brings_the_best_to_the_top(visit: Visit):
    table = cost(visit.page)
    before = first_column(table)
    assert before == LABELS
    for column, best in ((5, "ascending"), (6, "descending")):  # seconds, and tokens a second
        head = table.locator(f"thead th:nth-child({column})")
        worst = {"ascending": "descending", "descending": "ascending"}[best]
        orders = []
        for order in (best, worst, "none"):
            head.get_by_role("button").click()
            assert head.get_attribute("aria-sort") == order
            shown = table.locator(f"tbody td:nth-child({column})").all_inner_texts()
            orders.append([float(text.replace(",", "")) for text in shown])
            assert sorted(first_column(table)) == sorted(before)
        assert orders[0] == sorted(orders[0], reverse=best == "descending")
        assert orders[1] == sorted(orders[1], reverse=worst == "descending")
        assert first_column(table) == before
    sign = table.locator("thead th:nth-child(6)")
    assert sign.locator(".better").inner_text() == "higher is better"
    assert sign.locator("button .better").count() == 0  # apart from the sign of the order
    assert sign.locator("button .glyph").count() == 1


def test_scores_sort_as_numbers_and_the_foot_stays(visit: Visit):
    table = opened(visit.page, "question-1").locator("table").first
    foot = table.locator("tfoot").inner_text()
    table.locator("thead th").nth(4).get_by_role("button").click()
    shown = table.locator("tbody td:nth-child(5)").all_inner_texts()
    scores = [float(text.split()[0].replace("−", "-")) for text in shown]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 3
    assert table.locator("tfoot").inner_text() == foot


def test_whole_numbers_sort_by_size_and_not_by_their_first_digit(visit: Visit):
    table = opened(visit.page, "data").locator("table").last
    column = table.locator("thead button").all_inner_texts().index("items") + 1
    table.locator(f"thead th:nth-child({column})").get_by_role("button").click()
    shown = table.locator(f"tbody td:nth-child({column})").all_inner_texts()
    counts = [int(text.replace(",", "")) for text in shown]
    assert counts == sorted(counts) and shown != sorted(shown)


def test_filter_hides_rows_and_says_how_many_are_left(visit: Visit):
    part = opened(visit.page, "data")
    table, box = part.locator("table").last, part.locator(".filter").last
    field, said = box.get_by_role("searchbox"), box.locator("output")
    before = first_column(table)
    everything = f"{len(before)} of {len(before)} rows"
    assert said.inner_text() == everything
    field.fill("SIMVERB")
    left = first_column(table)
    assert 0 < len(left) < len(before) and all("SimVerb" in name for name in left)
    assert said.inner_text() == f"{len(left)} of {len(before)} rows"
    assert said.get_attribute("aria-live") == "polite"
    field.fill('<img src="x">')
    assert first_column(table) == []
    field.fill("")
    assert first_column(table) == before and said.inner_text() == everything


def test_only_a_long_table_has_a_filter(visit: Visit):
    page = visit.page
    for name in ("data", "cost"):
        part = opened(page, name)
        sizes = part.locator("table").evaluate_all("all => all.map(t => t.tBodies[0].rows.length)")
        assert part.locator(".filter").count() == sum(size > 12 for size in sizes)
    assert page.locator("#data .filter").count() == 1 and page.locator("#cost .filter").count() == 0


def test_filter_and_sort_work_by_keyboard(visit: Visit):
    page, part = visit.page, opened(visit.page, "data")
    table = part.locator("table").last
    part.get_by_role("searchbox").focus()
    page.keyboard.type("bats")
    assert len(first_column(table)) == 1
    page.keyboard.press("Tab")  # the box of the table, which scrolls
    assert page.evaluate("document.activeElement.getAttribute('role')") == "region"
    page.keyboard.press("Tab")  # its first head
    page.keyboard.press("Enter")
    head = table.locator("thead th").first
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert len(first_column(table)) == 1


def test_theme_changes_page_and_charts(visit: Visit):
    page = visit.page
    colour = "getComputedStyle(document.body).backgroundColor"
    text = page.locator(".card .chart svg text").first
    light, ink = page.evaluate(colour), text.get_attribute("fill")
    page.get_by_role("button", name="Dark theme").press("Enter")
    drawn(page, "dark")
    assert page.evaluate(colour) != light and text.get_attribute("fill") != ink
    page.get_by_role("button", name="Light theme").click()
    drawn(page, "light")
    assert page.evaluate(colour) == light and text.get_attribute("fill") == ink


def test_a_closed_section_takes_the_new_theme_when_it_is_opened_again(visit: Visit):
    page, part = visit.page, opened(visit.page, "question-1")
    chart = part.locator(".chart").first
    expect(chart).to_have_attribute("data-drawn", "light", timeout=WAIT)
    part.locator("> summary").click()
    page.get_by_role("button", name="Dark theme").click()
    drawn(page, "dark")
    part.locator("> summary").click()
    expect(chart).to_have_attribute("data-drawn", "dark", timeout=WAIT)


def test_keyboard_reaches_the_answer(visit: Visit):
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_label_shows_its_identifier_on_hover_and_the_filter_finds_both(visit: Visit):
    table = cost(visit.page)
    label = table.locator("tbody th span").nth(LABELS.index("PPMI-SVD"))
    assert (label.inner_text(), label.get_attribute("title")) == ("PPMI-SVD", "ppmi_svd")
    part = opened(visit.page, "data")
    part.get_by_role("searchbox").fill("simverb_test")
    names = part.locator("table").last.locator("tbody tr:not([hidden])")
    assert names.count() == 1


def test_a_dot_shows_its_identifier_on_hover(visit: Visit):
    part = opened(visit.page, "question-1")
    dot = part.locator(".chart g.mark-symbol path").first
    expect(dot).to_be_visible(timeout=WAIT)
    dot.hover()
    tip = visit.page.locator("#vg-tooltip-element")
    expect(tip).to_contain_text("identifier", timeout=WAIT)
    expect(tip).to_contain_text("ppmi_svd")


def test_a_verdict_has_a_word_and_a_colour(visit: Visit):
    page = visit.page
    chips = page.locator(".card mark")
    style = "all => all.map(one => [one.className, getComputedStyle(one).backgroundColor])"
    found = chips.evaluate_all(style)
    assert chips.count() == len(found) > 0
    assert all(chips.all_inner_texts())
    plain = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(name in {"yes", "partly", "no", "open"} and hue != plain for name, hue in found)


def test_a_phone_scrolls_tables_and_not_the_page(browser: Browser, report: Path):
    found = Visit(browser, report, width=390, height=844)
    page = found.page
    drawn(page)
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 390
    part = opened(page, "question-1")
    wide = part.locator(".wide:has(table)").first
    expect(wide).to_have_class(re.compile(r"\bright\b"))  # a shade says that there is more
    box = wide.locator(".scroll")
    assert box.get_attribute("role") == "region" and box.get_attribute("tabindex") == "0"
    shown = "getComputedStyle(document.querySelector('#question-1 caption'), '::after').content"
    assert "scroll for more columns" in page.evaluate(shown)
    name = wide.locator("tbody th").first
    before = name.bounding_box()
    box.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    expect(wide).to_have_class(re.compile(r"^(?=.*\bleft\b)(?!.*\bright\b)"))
    after = name.bounding_box()  # the name of a row stays in sight
    assert before and after and 0 <= after["x"] <= before["x"]
    page.get_by_role("button", name="Open all").click()
    expect(page.get_by_role("button", name="Close all")).to_be_visible(timeout=WAIT)
    assert page.evaluate(width) == 390
    assert found.problems == []
    found.context.close()


def test_without_scripts_the_answer_is_there(browser: Browser, report: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("noscript li").count() >= 2
    assert page.locator("noscript p").is_visible()
    assert not page.locator("#theme").is_visible()
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_charts_stand_side_by_side_and_a_fold_draws_what_it_opens(
    browser: Browser, ladder: Path, width: int, scheme: str
):
    found = Visit(browser, ladder, width=width, scheme=scheme)
    page = found.page
    drawn(page, scheme)
    figure = opened(page, "answer").locator("figure").last
    expect(figure.locator(".chart svg")).to_have_count(6, timeout=WAIT)
    left, right = (figure.locator(".panel").nth(i).bounding_box() for i in (0, 1))
    assert left and right and (left["y"] == right["y"]) == (width == 1280)
    more = figure.locator("details.more")
    more.locator("summary").press("Enter")
    charts = more.locator(".chart")
    expect(more.locator(".chart svg").last).to_be_visible(timeout=WAIT)
    for chart in (figure.locator(".chart").first, charts.last):
        inner, outer = chart.locator("svg").bounding_box(), chart.bounding_box()
        assert inner and outer and 200 < inner["width"] <= outer["width"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert found.problems == []
    found.context.close()


def test_lines_are_named_at_their_ends_and_dots_in_a_key(browser: Browser, measured: Path):
    found = Visit(browser, measured)
    page = found.page
    drawn(page)
    part = page.locator(".part", has=page.get_by_text("How well does it predict held-out text?"))
    part.locator("> summary").click()
    chart = part.locator(".chart[aria-label*='relative position, wiki17m'] svg").first
    texts = chart.locator("text")
    expect(texts.first).to_be_visible(timeout=WAIT)
    places = {f"{k:+d}".replace("-", "−") for k in range(-5, 6) if k}
    assert {"mask-query attention with positions", *places} <= set(texts.all_text_contents())
    lines = chart.locator("g.mark-line path")
    assert lines.count() == 2  # before, and after
    assert chart.locator("g.role-legend").count() == 0
    key = part.locator("figure .key").first
    names = [text.split(" ", 1)[1] for text in key.locator("li").all_inner_texts()]
    assert names and set(names) <= set(LABELS)
    signs = key.locator("span").evaluate_all(
        "all => all.map(one => one.textContent + getComputedStyle(one).color)"
    )
    assert len(set(signs)) == len(names)
    assert found.problems == []
    found.context.close()


def test_the_models_of_the_study_are_those_of_the_page(visit: Visit):
    titles = (
        cost(visit.page)
        .locator("tbody th span[title]")
        .evaluate_all("all => all.map(one => one.title)")
    )
    plain = [model for model in MODELS if model not in titles]
    assert set(titles) | set(plain) == set(MODELS) and plain == ["attention"]
