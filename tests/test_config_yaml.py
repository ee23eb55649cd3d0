"""A config is plain, bounded data: what is malformed ends in one line, and nothing else is read."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from test_config import GOOD, problems, written
from wordrel.config import dialect, load_config, parse_corpus
from wordrel.config.dialect import BYTES, NODES, read_stored
from wordrel.errors import ConfigError

MAIN = [sys.executable, "-c", "from wordrel.cli import main; main()"]
LIBRARIES = {"numpy", "torch", "gensim", "pandas", "pyarrow", "scipy", "sklearn", "safetensors"}


def with_note(note: str) -> str:
    return f"{GOOD}notes: [{note}]\n"


@pytest.mark.parametrize(
    "note",
    [
        '"${oc.env:HOME}"',
        '"${oc.env:NOWHERE,none}"',
        "'at home in ${oc.env:HOME} today'",
        '"${oc.decode:x}"',
        '"${oc.env:${training.dim}}"',
        '"${env:HOME}"',
    ],
)
def test_a_resolver_is_refused_and_never_run(tmp_path: Path, note: str):
    (found,) = problems(tmp_path, with_note(note))
    assert found.startswith("12: notes.0: found '${")
    assert "expected the path of a key, such as ${training.dim}" in found
    assert str(Path.home()) not in found


def test_a_resolver_in_an_override_or_in_a_name_is_refused(tmp_path: Path):
    (found,) = problems(tmp_path, GOOD, ["notes=['${oc.env:HOME}']"])
    assert found.startswith(
        "override \"notes=['${oc.env:HOME}']\": notes.0: found '${oc.env:HOME}'"
    )
    (found,) = problems(tmp_path, GOOD.replace("tiny", "${oc.env:USER}"))
    assert found.startswith("1: study: found '${oc.env:USER}'")


def test_a_text_may_refer_to_other_values(tmp_path: Path):
    text = GOOD + "notes: ['${training.dim} of ${models.1.kind}, ${notes.1}', 'seed ${seeds.0}']\n"
    config = load_config(written(tmp_path, text), ["training.dim=9"])
    assert config.notes == ("9 of attention, seed 1", "seed 1")


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        (r"\${x}", "${x}"),
        (r"\\${training.dim}", r"\12"),
        (r"\\\${x}", r"\${x}"),
        (r"a $ {b} \ $$ {", r"a $ {b} \ $$ {"),
        (r"\${x ${training.dim}", "${x 12"),
    ],
)
def test_a_backslash_makes_a_reference_text(tmp_path: Path, written_as: str, meant: str):
    config = load_config(written(tmp_path, with_note(f"'{written_as}'")))
    assert config.notes == (meant,)


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("'${nothing}'", "12: notes.0: found '${nothing}', and there is no such key"),
        ("'${training}'", "12: notes.0: found '${training}', which is no single value"),
        ("'${seeds.7}'", "12: notes.0: found '${seeds.7}', and there is no such key"),
        ("'${study'", "12: notes.0: found '${study', expected the path of a key"),
        ("'${}'", "12: notes.0: found '${}', expected the path of a key"),
        ("'${notes.0}'", "12: notes.0: found '${notes.0}', which leads back to itself"),
        ("'${notes.1}', '${notes.0}'", "12: notes.0: found '${notes.1}', which leads back"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(tmp_path: Path, note: str, expected: str):
    assert problems(tmp_path, with_note(note))[0].startswith(expected)


def test_references_cannot_grow_without_end(tmp_path: Path):
    doubled = ", ".join([*(f"'${{notes.{i + 1}}}${{notes.{i + 1}}}'" for i in range(15)), "ab"])
    found = problems(tmp_path, with_note(doubled))
    assert "expected at most 1,000 references" in found[0]


ALIASES = "a0: &a0 [1, 1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)
MALFORMED = {
    "nine levels of aliases": (ALIASES, ":", f"expected at most {NODES:,} values"),
    "a scalar": ("2\n", "", "found 2, expected keys"),
    "brackets": ("[" * 5000, ":1", "more than 20 deep"),
    "braces": ("{a: " * 5000, ":1", "more than 20 deep"),
    "dashes": ("- " * 5000, ":1", "more than 20 deep"),
    "keys in keys": ("? " * 5000, ":1", "more than 20 deep"),
    "an anchor in itself": ("a: &x [*x]\n", ":1", "more than 20 deep"),
    "a list as key": ("[a, b]: 1\n", ":1", "found a list or keys as a key, expected text"),
    "keys as key": ("? {a: 1}\n: 1\n", ":1", "found a list or keys as a key, expected text"),
    "a long source": (GOOD.replace("novels", "x" * 300), ":3", "where nothing is"),
    "a long path": (
        GOOD.replace("[ws353]", "[{kind: pairs, name: a, path: " + "x" * 300 + "}]"),
        ":11",
        "where no file is",
    ),
    "NUL in a source": (GOOD.replace("novels", '"a\\0b"'), ":3", "where nothing is"),
    "NUL in a tuning": (GOOD + 'tuned: "a\\0b"\n', ":12", "embedded null byte"),
    "NUL in the file": ("a: 1\nb: \x00", ":2", "unacceptable character #x0000"),
    "a huge number": (GOOD.replace("12", "9" * 5000), ":5", "number of 5,000 digits"),
    "octal": (GOOD.replace("12", "050"), ":5", "found 050, expected a whole number without"),
    "a python tag": (GOOD.replace("tiny", "!!python/object/apply:os.getcwd []"), ":1", "the tag"),
    "a binary tag": (GOOD.replace("tiny", "!!binary aGk="), ":1", "the tag"),
    "a set tag": (GOOD.replace("[ws353]", "!!set {ws353}"), ":11", "the tag"),
    "a date tag": (GOOD.replace("tiny", "!!timestamp 2024-01-01"), ":1", "the tag"),
    "a merge": (GOOD + "<<: {notes: [a]}\n", ":12", "<<: found an unknown key"),
    "a key twice": (GOOD + "study: b\n", ":12", "found the key 'study' twice"),
    "two documents": (GOOD + "---\n" + GOOD, ":12", "found a second document"),
    "a number as key": ("1: a\n" + GOOD, ":1", "1: found an unknown key"),
    "a long key": ("? " + "k" * 10_000 + "\n: 1\n", ":1", "found a key of 10,000 characters"),
    "a longer key": ("k" * 10_000 + ": 1\n", ":1", "not YAML"),
    "a lone surrogate": (GOOD.replace("tiny", '"\\ud800"'), ":1", "study: "),
    "a surrogate in a note": (GOOD + 'notes: ["\\ud800"]\n', ":12", "notes.0: "),
    "no character": (GOOD.replace("tiny", '"\\U0011FFFF"'), ":1", "not YAML: chr() arg"),
    "no number": (GOOD.replace("tiny", '"\\UFFFFFFFF"'), ":1", "not YAML"),
    "many values": (GOOD + f"notes: [{'a, ' * NODES}a]\n", ":12", "expected at most"),
    "a large file": (GOOD + "# " + "x" * BYTES, "", "expected at most 1 MiB"),
    "backslashes": (GOOD + f"notes: ['{chr(92) * 500_000}', '${{x}}']\n", ":12", "no such key"),
    "an unknown alias": ("a: *b\n", ":1", "undefined alias"),
    "a bad directive": ("%YAML 7.0\n---\na: 1\n", ":1", "not YAML"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_malformed_gets_one_line(tmp_path: Path, kind: str):
    text, place, expected = MALFORMED[kind]
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    first = next(p for p in caught.value.problems if expected in p)
    assert first.startswith(f"{path}{place}")
    assert "\n" not in first
    assert len(first.removeprefix(str(path))) < 2000


def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path: Path):
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path, found in [
        (pipe, "a named pipe"),
        (tmp_path, "a folder"),
        (Path("/dev/zero"), "a device"),
    ]:
        with pytest.raises(ConfigError, match=f"found {found}; expected a regular file"):
            load_config(path)
    with pytest.raises(ConfigError, match="cannot be read: embedded null byte"):
        load_config("a\0b.yaml")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "training.dim=050",
            "=050': found 050, expected a whole number without a leading zero: write 50",
        ),
        (f"seeds={'[' * 5000}", "more than 20 deep"),
        (f"training.dim={'9' * 5000}", "number of 5,000 digits"),
        ("study=!!python/name:os.getcwd", "the tag"),
        (f"training{'.a' * 5000}=1", "more than 20 deep"),
        ("seeds=1\n---\n2", "found a second document"),
    ],
)
def test_overrides_are_bounded_as_files_are(tmp_path: Path, override: str, expected: str):
    (found,) = problems(tmp_path, GOOD, [override])
    assert expected in found
    assert len(found) < 2 * len(override) + 500


@pytest.mark.parametrize(
    ("written_as", "value"), [("on", "on"), ("2024-01-01", "2024-01-01"), ("0x1f", "0x1f")]
)
def test_text_of_yaml_1_2_is_text(tmp_path: Path, written_as: str, value: str):
    assert load_config(written(tmp_path, GOOD.replace("tiny", written_as))).study == value
    assert load_config(written(tmp_path, GOOD), [f"study={written_as}"]).study == value


@pytest.mark.parametrize("written_as", ["null", "~", "#x"])
def test_a_name_that_stands_for_nothing_gets_the_cure(tmp_path: Path, written_as: str):
    cure = "found nothing, expected text; null, ~ and what begins with # are text only in quotes"
    (found,) = problems(tmp_path, GOOD.replace("tiny", written_as))
    assert found.endswith(f"study: {cure}")
    with pytest.raises(ConfigError, match="are text only in quotes"):
        load_config(written(tmp_path, GOOD), [f"study={written_as}"])


def test_a_name_that_is_too_long_is_told_in_plain_words(tmp_path: Path):
    (found,) = problems(tmp_path, GOOD.replace("tiny", "x" * 61))
    assert found.endswith("expected at most 60 characters")


@pytest.mark.parametrize("written_as", ["1984", "1e3", "true", "1_000"])
def test_a_name_that_reads_as_something_else_gets_the_cure(tmp_path: Path, written_as: str):
    (found,) = problems(tmp_path, GOOD.replace("tiny", written_as))
    assert found.startswith("1: study: found ")
    assert found.endswith("expected text: write it in quotes")
    quoted = GOOD.replace("tiny", f"'{written_as}'")
    assert load_config(written(tmp_path, quoted)).study == written_as


@pytest.mark.parametrize("value", ["1984", "1e3", "true", "1_000", "007"])
def test_the_cure_for_a_name_in_an_override_works_in_a_shell(tmp_path: Path, value: str):
    (found,) = problems(tmp_path, GOOD, [f"study={value}"])
    cure = found.rpartition("give ")[2]
    assert cure == f"""'study="{value}"'"""
    assert load_config(written(tmp_path, GOOD), shlex.split(cure)).study == value


@pytest.mark.parametrize(
    "name", ["my #1.txt", "*.txt", "[ab].txt", "{a}.txt", "a: b.txt", "&a.txt", "!x.txt", "1984"]
)
def test_a_path_in_an_override_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.chdir(tmp_path)
    Path("[ab].txt" if name == "*.txt" else name).write_text("a word\n")
    for given in (f"corpora.0.source={name}", f'corpora.0.source="{name}"'):
        config = load_config(written(tmp_path, GOOD), [given])
        assert config.corpora[0].source == str(tmp_path / name)
        assert parse_corpus("novels", [given.removeprefix("corpora.0.")]).source == name
    assert load_config(written(tmp_path, GOOD), ["corpora.0.name=null"]).corpora[0].name == "novels"


def test_numbers_are_decimal(tmp_path: Path):
    text = GOOD.replace("novels", "novels\n    limit_tokens: 5_000_000")
    config = load_config(written(tmp_path, text), ["training.subsample=1e-4"])
    assert (config.corpora[0].limit_tokens, config.training.subsample) == (5_000_000, 1e-4)


def run_plan(folder: Path, text: str, code: list[str]) -> subprocess.CompletedProcess[str]:
    path = written(folder, text)
    arguments = [*code, "run", str(path), "--plan"]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "kind", ["nine levels of aliases", "brackets", "a scalar", "a list as key"]
)
def test_the_command_says_one_line_and_ends_with_2(tmp_path: Path, kind: str):
    done = run_plan(tmp_path, MALFORMED[kind][0], MAIN)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {tmp_path / 'study.yaml'}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["-h"], 0),
        (["--version"], 0),
        (["run", "--help"], 0),
        (["config", "schema"], 0),
        (["run", "CONFIG", "--plan"], 2),
        (["corpus", "inspect", "CONFIG"], 2),
    ],
)
def test_help_and_the_refusal_of_a_config_load_no_library_of_numbers(
    tmp_path: Path, arguments: list[str], status: int
):
    path = str(written(tmp_path, "study: Bad Name"))
    code = (
        "import atexit, sys\nfrom wordrel.cli import main\n"
        f"loaded = lambda: sorted({LIBRARIES!r} & set(sys.modules))\n"
        "atexit.register(lambda: print(loaded(), file=sys.stderr))\nmain()"
    )
    given = [path if argument == "CONFIG" else argument for argument in arguments]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True)
    assert done.returncode == status
    assert done.stderr.splitlines()[-1] == "[]"


def test_an_override_leaves_what_was_given_as_it_was(tmp_path: Path):
    given: dict[str, Any] = {"models": [{"kind": "attention"}], "models.0.heads": 2}
    assert load_config(written(tmp_path, GOOD), given).models[0].model_dump()["heads"] == 2
    assert given["models"] == [{"kind": "attention"}]


@pytest.mark.parametrize(
    "name", ["nel\x85x.txt", "a\u2028b", "\ufeffx", "a\tb", "zwj\u200d.txt", "half \udcff", "ä ö"]
)
def test_text_that_is_written_is_read_as_it_was(name: str):
    for form, found in (("a: {} # c\n", lambda data: data), ("a: [{}, b]\n", lambda data: data[0])):
        text = form.format(dialect.written(name))
        assert found(read_stored(text)["a"]) == name
        assert text.strip().isprintable() and text.encode()
    assert dialect.written("ä ö") == "ä ö"
