"""The command that prints stored tables, and streams that cannot show or take what is printed."""

import csv
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from processes import PATIENCE, started
from tiny_study import write_study
from wordrel.cli import app
from wordrel.errors import ConfigError, StoreError
from wordrel.report import stored
from wordrel.study.results import Results, read_results
from wordrel.study.schema import STORED

GOLDEN = Path(__file__).parent / "golden" / "input"
MAIN = [sys.executable, "-c", "from wordrel.cli import main; main()"]


@pytest.fixture(scope="module")
def results() -> Results:
    return read_results(GOLDEN)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["table", str(GOLDEN), *map(str, arguments)])


def records(*arguments: object) -> list[dict[str, object]]:
    return json.loads(call(*arguments, "--format", "json").stdout)


def ended(command: list[str], **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*MAIN, *command], capture_output=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("table", STORED)
def test_csv_is_the_stored_table_byte_for_byte(table: str):
    printed = call("--table", table, "--format", "csv")
    assert printed.exit_code == 0
    assert printed.stdout_bytes == (GOLDEN / f"{table}.csv").read_bytes()


@pytest.mark.parametrize("table", STORED)
def test_json_has_every_row_and_column_of_the_stored_table(table: str):
    with (GOLDEN / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    found = records("--table", table)
    assert len(found) == len(lines)
    for row, line in zip(found, lines, strict=True):
        assert list(row) == list(line)
        for column, value in row.items():
            if isinstance(value, str | bool):
                assert str(value) == line[column]
            elif value is None:
                assert line[column] == ""
            else:
                assert value == float(line[column])


def test_json_says_infinity_as_text(results: Results):
    rows = results.measurements[:3].assign(value=[-math.inf, math.inf, 0.5])
    found = json.loads(stored.as_json(rows, "measurements"), parse_constant=pytest.fail)
    assert [row["value"] for row in found] == ["-inf", "inf", 0.5]


def test_rows_are_taken_by_task_and_model(results: Results):
    everything = results.summary
    task, other = everything["task"].unique()[:2]
    model, second = everything["model"].unique()[:2]
    found = records("--tasks", f"{task},{other}", "--models", model)
    wanted = everything[everything["task"].isin([task, other]) & (everything["model"] == model)]
    assert [r["score"] for r in found] == wanted["score"].astype(object).where(
        wanted["score"].notna(), None
    ).tolist()
    assert {r["task"] for r in found} == {task, other}
    assert {r["model"] for r in found} == {model}
    assert records("--tasks", task, "--tasks", other, "--models", model) == found
    assert second not in {r["model"] for r in found}


def test_a_table_without_rows_says_so():
    assert (
        call("--table", "contrasts").stdout
        == f"{GOLDEN}: the table contrasts has no rows that fit\n"
    )


def test_pairs_of_models_are_taken_with_one_name_or_among_several(results: Results):
    table = results.comparisons
    first, second = table[["model_a", "model_b"]].iloc[0]
    with_one = records("--table", "comparisons", "--models", first)
    either = (table["model_a"] == first) | (table["model_b"] == first)
    assert len(with_one) == either.sum() > 0
    both = records("--table", "comparisons", "--models", f"{first},{second}")
    assert {(r["model_a"], r["model_b"]) for r in both} == {(first, second)}


def test_a_name_that_the_table_does_not_have_is_refused(results: Results):
    with pytest.raises(StoreError, match=r"--tasks: table summary: found 'ws35'; did you mean"):
        stored.select(results, "summary", tasks=["ws35"])
    with pytest.raises(ConfigError, match="--tasks: table runs has no task; leave it out"):
        stored.select(results, "runs", tasks=["ws353"])
    refused = call("--models", "skip")
    assert (refused.exit_code, refused.stdout) == (2, "")


def test_text_has_scores_with_intervals_and_n():
    lines = call("--models", "random", "--tasks", "ws353").stdout.splitlines()
    line = next(line for line in lines if " input " in line)
    row = records("--models", "random", "--tasks", "ws353")[0]
    assert line.split()[:2] == ["tiny-wiki", "random"]
    assert "−0.021 [−0.118, 0.079]" in line
    assert line.rstrip().endswith(f"{row['n_scored']} of {row['n_items']}")


def test_no_name_is_cut_in_a_narrow_terminal():
    master, terminal = os.openpty()
    command = [*MAIN, "table", str(GOLDEN), "--models", "random", "--tasks", "ws353"]
    environment = {**os.environ, "COLUMNS": "20", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
    with (
        os.fdopen(master, "rb", buffering=0) as screen,
        os.fdopen(terminal, "wb") as stdout,
        started(command, stdout=stdout, env=environment) as process,
    ):
        assert process.wait(timeout=PATIENCE) == 0
        shown = screen.read(1 << 16)
    line = next(line for line in shown.decode().splitlines() if " input " in line)
    assert line.split()[:5] == ["tiny-wiki", "random", "alike", "ws353", "spearman"]
    assert "−0.021 [−0.118, 0.079]" in line and " of " in line


def test_markdown_has_a_row_for_each_of_the_table():
    lines = call("--models", "random", "--tasks", "ws353", "--format", "md").stdout.splitlines()
    assert lines[0].startswith(
        "| corpus | model | question | task | measure | embedding | selected |"
    )
    assert lines[0].count("|") == lines[2].count("|")
    assert "| −0.021 \\[−0.118, 0.079\\] |" in lines[2]
    assert len(lines) == 2 + len(records("--models", "random", "--tasks", "ws353"))


def test_latex_escapes_what_is_special_to_it(results: Results):
    table = results.summary.iloc[:1].copy()
    table["model"], table["note"] = r"a_b&c%d#e", r"{\x} ~^$"
    text = stored.as_latex(table, "summary")
    assert r"a\_b\&c\%d\#e & " in text
    assert r"\{\textbackslash{}x\} \textasciitilde{}\textasciicircum{}\$ & " in text
    assert "$-$0.021 [$-$0.118, 0.079]" in text
    lines = text.splitlines()
    assert lines[0] == rf"\begin{{tabular}}{{{'l' * 8}{'r' * 4}}}"
    assert lines[2].count(" & ") == lines[4].count(" & ") == 11
    assert lines[-1] == r"\end{tabular}"


def test_an_undefined_score_has_its_reason(results: Results):
    undefined = results.summary[results.summary["score"].isna()]
    assert len(undefined)
    task = undefined["task"].iloc[0]
    assert undefined["note"].iloc[0] in call("--tasks", task, "--format", "text").stdout


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
def test_a_sign_that_the_stream_cannot_show_is_replaced(encoding: str):
    done = ended(["table", str(GOLDEN), "--tasks", "ws353"], PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    minus = "−" if encoding == "utf-8" else "-"
    assert f"{minus}0.021 [{minus}0.118, 0.079]" in done.stdout.decode(encoding)


def test_markdown_in_ascii_is_ascii():
    command = ["table", str(GOLDEN), "--tasks", "ws353", "--format", "md"]
    done = ended(command, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "| -0.021 \\[-0.118, 0.079\\] |" in done.stdout.decode("ascii")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_run_on_a_terminal_that_is_not_utf_8_ends_well(tiny: Path, tmp_path: Path, encoding: str):
    out = tmp_path / "река"
    command = ["run", str(tiny / "tiny.yaml"), "--out", str(out), "--jobs", "1"]
    done = ended(command, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode(encoding).splitlines()
    assert lines[-1].endswith("\\u0440\\u0435\\u043a\\u0430'")  # quoted for a shell
    assert any("^" in line for line in lines)  # where a report has an arrow
    assert b"Traceback" not in done.stderr
    assert ended(["compare", str(out), str(out)], PYTHONIOENCODING=encoding).returncode == 0


@pytest.mark.parametrize("rest", [[], ["--format", "csv"], ["--format", "md"]])
def test_a_reader_that_goes_away_ends_a_table_quietly(rest: list[str]):
    reader, writer = os.pipe()
    os.close(reader)
    command = [*MAIN, "table", str(GOLDEN), *rest]
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_commands_that_read_tables_load_neither_torch_nor_gensim():
    modules = "wordrel.report.page, wordrel.report.compare, wordrel.report.stored, sys"
    code = f"import {modules}; print({{'torch', 'gensim', 'statsmodels'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"


def test_a_reader_that_goes_away_changes_nothing_of_a_run(tiny: Path, tmp_path: Path):
    wild = {"kind": "attention", "name": "wild", "batch": 64, "learning_rate": 1e9}
    config = write_study(tmp_path, models=[{"kind": "random"}, wild], seeds=[1])
    reader, writer = os.pipe()
    os.close(reader)
    command = [*MAIN, "run", str(config), "--out", str(tmp_path / "out"), "--jobs", "1"]
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1  # as one model cannot be trained
    assert b"1 of 2 runs failed" in done.stderr
    assert b"Traceback" not in done.stderr
    assert len(read_results(tmp_path / "out").runs) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_a_full_disk_is_said_and_is_no_success():
    with Path("/dev/full").open("wb") as full:
        command = [*MAIN, "table", str(GOLDEN)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "error: stdout: No space left on device; what was printed is not complete\n"
    )


def test_the_first_line_of_a_run_comes_before_heavy_imports(tmp_path: Path):
    write_study(tmp_path)
    code = (
        "import sys\nfrom wordrel.cli import main\n"
        "class Seen:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name in ('numpy', 'pandas', 'torch', 'gensim'):\n"
        "            print('heavy', file=sys.__stderr__, flush=True)\n"
        "sys.meta_path.insert(0, Seen())\n"
        f"sys.argv = ['wordrel', 'run', {str(tmp_path / 'tiny.yaml')!r}, '--plan']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    assert lines[0] == "study tiny: 1 corpus, 3 models, 2 seeds, 3 tasks"
    assert "heavy" in lines[1:]


@pytest.mark.parametrize(
    ("shell", "variable", "words"),
    [("bash", "COMP_WORDS", "wordrel re"), ("zsh", "_TYPER_COMPLETE_ARGS", "wordrel re")],
)
def test_a_shell_completes_commands(shell: str, variable: str, words: str):
    environment = {"_WORDREL_COMPLETE": f"complete_{shell}", variable: words, "COMP_CWORD": "1"}
    code = "import sys; sys.argv[0] = 'wordrel'; from wordrel.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0
    assert "report" in done.stdout and "reproduce" in done.stdout
    assert "export" not in done.stdout.replace("report", "")


def test_completion_can_be_installed():
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert "--install-completion" in shown and "--show-completion" in shown


def test_csv_of_some_rows_has_those_lines_of_the_file():
    printed = call("--tasks", "ws353", "--format", "csv").stdout
    stored_lines = (GOLDEN / "summary.csv").read_text(encoding="utf-8").splitlines()
    task = [line for line in stored_lines[1:] if next(csv.reader(io.StringIO(line)))[3] == "ws353"]
    assert printed.splitlines() == [stored_lines[0], *task]
