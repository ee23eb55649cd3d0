"""report.html in a browser: it loads alone, and its tables, theme and keyboard work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from visits import Visit

from ladder_study import ladder_results, losses
from measured_study import measured_results
from wide_study import MODELS, wide_results
from wordrel.report import html
from wordrel.report.page import document

WAIT = 60_000  # milliseconds, for a machine that is busy


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html.write(document(wide_results(("wiki17m",)))), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Browser, report: Path) -> Iterator[Visit]:
    """The page when its charts are drawn; afterwards nothing may have gone wrong."""
    found = Visit(browser, report)
    expect(found.page.locator("html")).to_have_attribute("data-charts", "light", timeout=WAIT)
    yield found
    assert found.problems == []
    found.context.close()


def cost(visit: Visit) -> Locator:
    return visit.page.locator("#cost table")


def first_column(table: Locator) -> list[str]:
    return table.locator("tbody tr:not([hidden]) > :first-child").all_inner_texts()


def test_page_draws_every_chart_and_asks_for_nothing(visit: Visit):
    charts = visit.page.locator(".chart")
    assert charts.count() == visit.page.locator(".chart svg").count() == 15
    sizes = [box.bounding_box() for box in visit.page.locator(".chart svg").all()]
    assert all(size and size["width"] > 150 and size["height"] > 60 for size in sizes)


def test_every_drawn_chart_keeps_its_name_also_when_drawn_again(visit: Visit):
    charts = visit.page.locator(".chart")
    names = "all => all.map(one => [one.getAttribute('role'), one.getAttribute('aria-label')])"
    visit.page.get_by_role("button", name="Dark theme").click()
    expect(visit.page.locator("html")).to_have_attribute("data-charts", "dark", timeout=WAIT)
    for role, name in charts.evaluate_all(names):
        assert role == "img" and name.startswith("Chart of wiki17m · ")
    assert visit.page.locator("[aria-roledescription=visualization]").count() == 0


def test_a_click_on_a_head_sorts_and_the_third_restores(visit: Visit):
    table = cost(visit)
    head = table.locator("thead th").nth(4)  # seconds
    before = first_column(table)
    assert before == list(MODELS)
    orders = []
    for order in ("ascending", "descending", "none"):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == order
        orders.append(first_column(table))
    seconds = [
        float(t.replace(",", "")) for t in table.locator("tbody td:nth-child(5)").all_inner_texts()
    ]
    by_seconds = [m for _, m in sorted(zip(seconds, before, strict=True), key=lambda p: p[0])]
    assert orders[0] == by_seconds and orders[2] == before
    assert [sorted(o) for o in orders] == [sorted(before)] * 3


def test_scores_sort_as_numbers_and_the_foot_stays(visit: Visit):
    table = visit.page.locator("#question-1 table").first
    foot = table.locator("tfoot").inner_text()
    table.locator("thead th").nth(4).get_by_role("button").click()
    shown = table.locator("tbody td:nth-child(5)").all_inner_texts()
    scores = [float(text.split()[0].replace("−", "-")) for text in shown]
    assert scores == sorted(scores) and len(set(scores)) > 3
    assert table.locator("tfoot").inner_text() == foot


def test_whole_numbers_sort_by_size_and_not_by_their_first_digit(visit: Visit):
    table = visit.page.locator("#doubts table")
    table.locator("thead th").last.get_by_role("button").click()
    shown = table.locator("tbody td:last-child").all_inner_texts()
    counts = [int(text.replace(",", "")) for text in shown]
    assert counts == sorted(counts) and shown != sorted(shown)


def test_filter_hides_rows_and_says_how_many_are_left(visit: Visit):
    table, box = visit.page.locator("#doubts table"), visit.page.locator("#doubts .filter")
    field, said = box.get_by_role("searchbox"), box.locator("output")
    before = first_column(table)
    everything = f"{len(before)} of {len(before)} rows"
    assert said.inner_text() == everything
    field.fill("ALIKE")
    alike = [question for question in before if "alike" in question]
    assert first_column(table) == alike and 0 < len(alike) < len(before)
    assert said.inner_text() == f"{len(alike)} of {len(before)} rows"
    assert said.get_attribute("aria-live") == "polite"
    field.fill('<img src="x">')
    assert first_column(table) == []
    field.fill("")
    assert first_column(table) == before and said.inner_text() == everything


def test_only_a_long_table_has_a_filter(visit: Visit):
    long = [
        count > 12
        for count in visit.page.locator("table").evaluate_all(
            "tables => tables.map(table => table.tBodies[0].rows.length)"
        )
    ]
    assert visit.page.locator(".filter").count() == sum(long) and 0 < sum(long) < len(long)
    assert visit.page.locator("#cost .filter").count() == 0


def test_filter_is_reached_and_used_by_keyboard(visit: Visit):
    page, field = visit.page, visit.page.locator("#doubts").get_by_role("searchbox")
    field.focus()
    page.keyboard.type("which way")
    shown = visit.page.locator("#doubts tbody tr:not([hidden])").count()
    page.keyboard.press("Tab")  # the box of the table, which scrolls
    page.keyboard.press("Tab")  # its first head
    page.keyboard.press("Enter")
    head = visit.page.locator("#doubts thead th").first
    assert head.get_attribute("aria-sort") == "ascending"
    assert visit.page.locator("#doubts tbody tr:not([hidden])").count() == shown


def test_theme_changes_page_and_charts(visit: Visit):
    page = visit.page
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-charts", "dark", timeout=WAIT)
    assert page.evaluate(colour) != light
    assert page.get_by_role("button", name="Light theme").count() == 1
    assert page.locator(".chart svg").count() == 15


def test_keyboard_reaches_the_answer_and_sorts(visit: Visit):
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    head = cost(visit).locator("thead th").first
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert first_column(cost(visit)) == sorted(MODELS)
    page.keyboard.press("Space")
    assert first_column(cost(visit)) == sorted(MODELS, reverse=True)


def test_a_phone_scrolls_tables_and_not_the_page(browser: Browser, report: Path):
    found = Visit(browser, report, width=390, height=844)
    page = found.page
    expect(page.locator("html")).to_have_attribute("data-charts", "light", timeout=WAIT)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = page.locator("#question-1 .scroll:has(table)").first
    assert wide.evaluate("box => box.scrollWidth > box.clientWidth")
    assert found.problems == []
    found.context.close()


def test_without_scripts_everything_is_readable(browser: Browser, report: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#cost tbody tr").count() == len(MODELS)
    assert page.locator("details.words").first.is_visible()
    assert not page.locator(".panel").first.is_visible()
    assert not page.locator("#theme").is_visible()
    context.close()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("measured") / "report.html"
    path.write_text(html.write(document(measured_results())), encoding="utf-8")
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_small_charts_fit_their_boxes_and_a_fold_draws_what_it_opens(
    browser: Browser, tmp_path: Path, width: int, scheme: str
):
    ladder = tmp_path / "report.html"
    ladder.write_text(html.write(document(ladder_results(losses()))), encoding="utf-8")
    found = Visit(browser, ladder, width=width, scheme=scheme)
    page = found.page
    expect(page.locator("html")).to_have_attribute("data-charts", scheme, timeout=WAIT)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    figure = page.locator("#answer figure").first
    assert figure.locator(".chart svg").count() == 6
    more = figure.locator("details.more")
    more.locator("summary").press("Enter")
    charts = more.locator(".chart")
    expect(more.locator(".chart svg")).to_have_count(charts.count(), timeout=WAIT)
    for chart in (figure.locator(".chart").first, charts.last):
        inside, outside = chart.locator("svg").bounding_box(), chart.bounding_box()
        assert inside and outside and 200 < inside["width"] <= outside["width"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert found.problems == []
    found.context.close()


def test_a_line_is_drawn_for_each_model_and_named_in_a_legend(browser: Browser, measured: Path):
    found = Visit(browser, measured)
    page = found.page
    expect(page.locator("html")).to_have_attribute("data-charts", "light", timeout=WAIT)
    chart = page.locator(".chart[aria-label*='learned score of an offset'] svg")
    texts = chart.locator("text").all_text_contents()
    places = {f"{k:+d}".replace("-", "−") for k in range(-5, 6) if k}
    assert {"attention_position", "mask_query_attention", *places} <= set(texts)
    lines = chart.locator("g.mark-line path")
    assert lines.count() == 3  # before, and before and after
    assert lines.evaluate_all("all => new Set(all.map(a => a.getAttribute('d'))).size") == 3
    legend = chart.locator("g.role-legend-symbol path")
    assert {p.get_attribute("stroke-dasharray") for p in legend.all()} == {None}
    assert found.problems == []
    found.context.close()
