"""Names and messages from a stranger's file never command a terminal, a page or a sheet."""

import csv
import io
import json
import logging
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wordrel.cli import app
from wordrel.cli.console import display, echo, say
from wordrel.explorer.page import render
from wordrel.io.log import log_handler
from wordrel.io.visible import visible
from wordrel.report import document as doc
from wordrel.report import html, markdown, stored
from wordrel.study.results import read_results
from wordrel.study.schema import read_table, write_table

GOLDEN = Path(__file__).parent / "golden" / "input"
HOSTILE = "a\x1b[2J\x07\x9b\u202eb\u2066\udcff"
SHOWN = r"a\x1b[2J\x07\x9b\u202eb\u2066\udcff"
SET = "ws\x1b[2J\u202e353"


def test_what_is_obeyed_is_escaped_and_text_of_every_script_is_not():
    assert visible(HOSTILE) == SHOWN
    assert visible("a\rb\0") == r"a\rb\x00"
    text = "one\ttwo\nعربي עברית फ़ 日本\u200d語 −→ \ue000"
    assert visible(text) == text


def test_names_and_messages_are_shown_on_stdout_and_stderr(capsys: pytest.CaptureFixture[str]):
    echo(HOSTILE)
    say(HOSTILE)
    display(doc_table(HOSTILE))
    found = capsys.readouterr()
    assert found.out.splitlines()[0] == SHOWN
    assert found.err == f"{SHOWN}\n"
    assert obeyed(found.out) == set()
    assert found.out.count(SHOWN) == 2
    log_handler().handle(logging.makeLogRecord({"msg": HOSTILE}))
    assert capsys.readouterr().err.endswith(f"{SHOWN}\n")


def doc_table(name: str):
    from rich.table import Table

    table = Table("name", box=None)
    table.add_row(name)
    return table


def obeyed(text: str) -> set[str]:
    return {sign for sign in text if visible(sign) != sign}


def test_pages_show_names_of_every_kind():
    chart = doc.Chart(HOSTILE, {"data": {"values": [{"x": HOSTILE}]}}, HOSTILE)
    blocks = [
        doc.Paragraph(doc.name(HOSTILE) + doc.code(HOSTILE) + doc.labelled("id", HOSTILE)),
        doc.Table([doc.name(HOSTILE)], [[doc.name(HOSTILE)]]),
        doc.Figure("a", [chart], HOSTILE),
    ]
    report = doc.Document(HOSTILE, [HOSTILE], [doc.Section(doc.name(HOSTILE), blocks, "s")])
    page, text = html.write(report), markdown.write(report)
    assert obeyed(text) == set()
    assert text.startswith("# " + SHOWN.replace("\\", r"\\").replace("[", r"\["))
    data = json.loads(html.script_json(blocks))
    assert data[2]["charts"][0] == {
        **{"kind": "chart", "title": SHOWN, "line": SHOWN},
        "spec": {"data": {"values": [{"x": SHOWN}]}},
    }
    ours, _, rest = page.partition('<script type="text/plain" id="library">')
    assert obeyed(ours + rest.partition("</script>")[2]) == set()
    assert f"<h1>{SHOWN}</h1>" in page
    assert rf"<li>{SHOWN}</li>" in page


def test_the_explorer_shows_names():
    page, _ = render([{"study": HOSTILE, "words": [HOSTILE], "models": []}], "data.js")
    assert obeyed(page) == set()
    assert f"<title>Explorer: {SHOWN}</title>" in page
    shown = SHOWN.replace("x1b", "u001b").replace("x07", "u0007")
    assert json.dumps(shown) in page


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Stored results in which a test set has a name that a terminal would obey."""
    folder = tmp_path / "results"
    shutil.copytree(GOLDEN, folder)
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("ws353", SET), encoding="utf-8")
    return folder


def test_stored_names_are_shown_by_the_commands_and_stay_as_they_are(hostile: Path):
    commands = [
        ["table", hostile],
        ["table", hostile, "--format", "md"],
        ["table", hostile, "--format", "latex"],
        ["compare", hostile, GOLDEN, "--all"],
    ]
    for command in commands:
        done = CliRunner().invoke(app, [str(part) for part in command])
        assert done.exit_code in (0, 1), done.output
        assert obeyed(done.output) == set()
        assert "x1b" in done.output
    printed = CliRunner().invoke(app, ["table", str(hostile), "--format", "csv"])
    assert printed.stdout == (hostile / "summary.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["=", "-", "@", "+1", "=1+1", "-x", "@x", "\tx"])
def test_a_sheet_runs_no_text_and_stored_tables_stay_exact(tmp_path: Path, word: str):
    table = read_results(GOLDEN).summary.head(2).assign(task=["ws353", word], score=[0.5, -0.25])
    write_table(tmp_path, "summary", table)
    again = read_table(tmp_path / "summary.csv", "summary")
    assert again["task"].tolist() == ["ws353", word]
    printed = list(csv.DictReader(io.StringIO(stored.as_csv(again, "summary"))))
    assert [row["task"] for row in printed] == ["ws353", f"'{word}"]
    assert [row["score"] for row in printed] == ["0.5", "-0.25"]  # numbers stay numbers
