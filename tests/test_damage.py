"""Damage to every kind of stored file: the cache notices and heals it, results are refused."""

import errno
import json
import lzma
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result as Ended
from typer.testing import CliRunner

from tiny_study import write_study
from wordrel import api
from wordrel.cli import app
from wordrel.config import load_config
from wordrel.config.names import SCHEMA
from wordrel.errors import DamagedError, StoreError
from wordrel.explorer.data import explorer_data
from wordrel.io import marker
from wordrel.io.files import read_array, read_parquet, read_tensors, reading
from wordrel.io.store import new_folder, opened
from wordrel.study import run
from wordrel.study.budget import estimate
from wordrel.study.costs import Known
from wordrel.study.results import read_results
from wordrel.study.run import run_study
from wordrel.study.schema import STORED, table_file

PAIRS = "cat,dog,9\nhorse,sheep,8\nbread,rice,9\ncat,rice,1\nspoon,dog,0\ncheese,sheep,2\n"

CORPUS = "corpora/text-*"
CELL = "cells/text/attention-seed1-*"
ANSWERS = "answers/text/attention-seed1-*"
KINDS = {
    **{f"{part}/{name}.npy": f"{CORPUS}/{part}/{name}.npy"
       for part in ("train", "held_out") for name in ("ids", "sentence_ends", "document_ends")},
    **{name: f"{CORPUS}/{name}"
       for name in ("words.txt", "counts.npy", "corpus.json", "timing.json", "DONE")},
    **{f"pair_counts/{name}": f"{CORPUS}/pair_counts-*/{name}"
       for name in ("keys.npy", "counts.npy", "near.npy", "DONE")},
    **{f"cell/{name}": f"{CELL}/{name}"
       for name in ("model.safetensors", "cell.json", "log.csv", "DONE")},
    **{f"{task}/{name}": f"{ANSWERS}/{task}-*/{name}"
       for task in ("groups", "neighbour_agreement")
       for name in ("answers.parquet", "asked.json", "DONE")},
}  # fmt: skip


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    # In the middle there may be space between the words of a marker, which says nothing.
    data[data.index(b"2") if path.name == "DONE" else len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "flip": flip,
    "cut": cut,
    "empty": empty,
    "remove": Path.unlink,
}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that was run: its config, its cache, its results."""
    place = tmp_path_factory.mktemp("healthy")
    (place / "directed.csv").write_text(PAIRS, encoding="utf-8")
    tasks = [
        {"kind": "pairs", "name": "groups", "path": str(place / "pairs.csv")},
        {"kind": "directed_pairs", "name": "order", "path": str(place / "directed.csv")},
        "neighbour_agreement",
    ]
    models = [
        {"kind": "word2vec", "algorithm": "skip_gram"},
        {"kind": "attention", "batch": 256},
    ]
    config = write_study(place, seeds=[1], models=models, tasks=tasks)
    os.utime(place / "text.txt", (0, 0))  # an old file, whose digest is kept
    run_study(load_config(config), place / "cache", place / "out", jobs=1)
    return place


@pytest.fixture
def place(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as another process sees it."""
    shutil.copytree(healthy, tmp_path / "copy")
    in_another_process(monkeypatch)
    return tmp_path / "copy"


def in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was checked yet."""
    monkeypatch.setattr(marker, "_sound", {})


def again(place: Path, *changes: str) -> None:
    config = load_config(place / "tiny.yaml", changes)
    run_study(config, place / "cache", place / "out", jobs=1)


def only(place: Path, pattern: str) -> Path:
    cache = place / "cache"
    (path,) = (p for p in cache.glob(pattern) if "damaged" not in str(p.relative_to(cache)))
    return path


def same_tables(place: Path, healthy: Path) -> None:
    for name in {*STORED} - {"runs"}:
        path = Path("out", table_file(name))
        assert (place / path).read_bytes() == (healthy / path).read_bytes(), name


def set_aside(folder: Path) -> list[str]:
    return [p.name for p in folder.parent.iterdir() if re.match(r"\..*\.damaged-\w{8}$", p.name)]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]


# In a run: healed ---------------------------------------------------------------------------------


def healed(
    place: Path, healthy: Path, kind: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = only(place, KINDS[kind])
    folder = path if (path / "DONE").exists() else path.parent
    folder = folder.parent if kind.startswith(("train", "held_out")) else folder
    kept = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p != path)
    DAMAGE[how](path)
    if kind.startswith("pair_counts"):  # they are opened where answers are missing
        shutil.rmtree(only(place, f"{ANSWERS}/order-*"))
    again(place)
    (line,) = warnings(caplog)
    (aside,) = set_aside(folder)
    assert str(folder) in line and path.name in line and aside in line
    assert {p.relative_to(folder.parent / aside) for p in (folder.parent / aside).rglob("*")} >= {
        *kept
    }
    assert (folder / "DONE").is_file() and path.stat().st_size
    same_tables(place, healthy)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_noticed_and_healed(
    place: Path, healthy: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    healed(place, healthy, kind, "flip", caplog)


@pytest.mark.parametrize("how", ["cut", "empty", "remove"])
@pytest.mark.parametrize("kind", ["train/ids.npy", "cell/cell.json", "groups/answers.parquet"])
def test_other_damage_is_healed_too(
    place: Path, healthy: Path, kind: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    healed(place, healthy, kind, how, caplog)


def test_a_model_is_noticed_when_nothing_else_is_to_do_and_trained_to_the_same_bytes(
    place: Path, healthy: Path
) -> None:
    model = only(place, f"{CELL}/model.safetensors")
    before = model.read_bytes()
    flip(model)
    again(place)
    assert model.read_bytes() == before
    same_tables(place, healthy)


def test_what_the_first_edition_left_is_set_aside_and_made_again(
    place: Path, healthy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its corpora have no marker, its cells one without digests."""
    only(place, f"{CORPUS}/DONE").unlink()
    only(place, f"{CELL}/DONE").write_text("complete\n")
    again(place)
    corpus, cell = warnings(caplog)
    assert "found no DONE in it" in corpus and "marker of the first edition" in cell
    same_tables(place, healthy)


def test_damage_that_comes_after_the_check_is_healed_in_the_same_run(
    place: Path, healthy: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk damages a corpus and answers when this process has checked them already."""
    shutil.rmtree(only(place, CELL))
    ids, answers = only(place, f"{CORPUS}/train/ids.npy"), only(place, f"{ANSWERS}/groups-*")
    real, damaged = run.run_cells, list[str]()

    def damaging(*given: object, **options: object) -> object:
        if not damaged:
            damaged.append("once")
            flip(ids)
            flip(answers / "answers.parquet")
            in_another_process(monkeypatch)
        return real(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "run_cells", damaging)
    again(place)
    assert len(set_aside(ids.parent.parent)) == len(set_aside(answers)) == 1
    assert len(warnings(caplog)) == 2
    same_tables(place, healthy)


def test_a_disk_that_damages_without_end_ends_the_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def damaged(*_: object, **__: object) -> None:
        tried.append(1)
        raise DamagedError("x: found other bytes")

    monkeypatch.setattr(run, "write_tables", damaged)
    with pytest.raises(DamagedError, match="x: found other bytes"):
        again(place)
    assert len(tried) == run.HEALINGS + 1


@pytest.mark.parametrize("how", ["flip", "cut", "empty"])
def test_a_damaged_digest_of_a_source_names_no_other_corpus(
    place: Path, healthy: Path, how: str
) -> None:
    (path,) = (place / "cache" / "digests").iterdir()
    before = path.read_bytes()
    DAMAGE[how](path)
    again(place)
    assert path.read_bytes() == before
    assert len(list((place / "cache" / "corpora").glob("text-*"))) == 1
    same_tables(place, healthy)


# Outside a run: set aside and said ----------------------------------------------------------------

SAID = r"set aside as \..*\.damaged-\w{8}: `wordrel run`.* builds it again"


@pytest.mark.parametrize("kind", ["cell/model.safetensors", "counts.npy", "train/ids.npy"])
def test_who_needs_a_damaged_folder_is_told(
    place: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = only(place, KINDS[kind])
    flip(path)
    with pytest.raises(
        DamagedError, match=rf"{path}: found other bytes than were written; .*{SAID}"
    ):
        api.load(place / "out", "attention", cache=place / "cache")
    with pytest.raises(StoreError, match=r"there is no trained run|found no whole corpus"):
        explorer_data(read_results(place / "out"), cache=place / "cache")
    in_another_process(monkeypatch)
    again(place)
    assert api.load(place / "out", "attention", cache=place / "cache").vocab.words


def test_a_plan_counts_what_is_damaged_as_to_be_done(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flip(only(place, f"{CELL}/cell.json"))
    flip(only(place, f"{ANSWERS}/groups-*/answers.parquet"))
    config = load_config(place / "tiny.yaml")
    skip_gram, attention = estimate(config, place / "cache", jobs=1).lines
    assert (skip_gram.trained, skip_gram.tally["answered"]) == (1, 1)
    assert (attention.trained, attention.tally["answered"]) == (0, 0)
    assert len(warnings(caplog)) == 2
    assert len(Known.of(place / "cache").cells) == 1  # what is set aside is no evidence
    flip(only(place, f"{CORPUS}/words.txt"))
    marker._sound.clear()
    assert estimate(config, place / "cache", jobs=1).unprepared == {"text": "not prepared yet"}


# The check ----------------------------------------------------------------------------------------


def stored(folder: Path) -> Path:
    with new_folder(folder) as new:
        (new / "a").write_text("abc")
    return folder


def test_a_folder_is_digested_once_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, digested = stored(tmp_path / "x"), []
    real = marker.file_digest
    monkeypatch.setattr(
        marker, "file_digest", lambda path: digested.append(path.name) or real(path)
    )
    assert marker.is_done(folder) and marker.is_done(folder)
    assert opened(folder, "") == folder
    assert digested == ["a"]


def test_the_quick_check_believes_size_and_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stored(tmp_path / "x") / "a"
    when = file.stat()
    file.write_text("abd")
    os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))
    monkeypatch.setenv("WORDREL_CHECK", "quick")
    assert marker.is_done(tmp_path / "x")  # what it misses
    in_another_process(monkeypatch)
    os.utime(file)
    assert not marker.is_done(tmp_path / "x")
    stored(tmp_path / "x")
    monkeypatch.setenv("WORDREL_CHECK", "fast")
    in_another_process(monkeypatch)
    with pytest.raises(StoreError, match="WORDREL_CHECK: found 'fast', expected quick"):
        marker.is_done(tmp_path / "x")


def test_a_copied_cache_is_sound_whatever_its_times(tmp_path: Path) -> None:
    shutil.copytree(stored(tmp_path / "x"), tmp_path / "y", copy_function=shutil.copyfile)
    assert marker.is_done(tmp_path / "y")


def test_a_folder_of_a_newer_version_is_refused_and_stays(tmp_path: Path) -> None:
    path = stored(tmp_path / "x") / "DONE"
    newer = json.loads(path.read_text()) | {"schema": marker.SCHEMA + 1, "new": [1]}
    path.write_text(json.dumps(newer | {"sha256": marker.own_digest(newer)}))
    with pytest.raises(StoreError, match=r"DONE: found schema 3, expected at most 2: a newer"):
        marker.is_done(tmp_path / "x")
    assert path.is_file()


@pytest.mark.parametrize("file", ["DONE", "a"])
@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.EIO, "run again; if this comes again, delete its folder"),
        (errno.EINTR, "run again; if this comes again, delete its folder"),
        (errno.EMFILE, "run again; if this comes again, delete its folder"),
        (errno.EACCES, r"choose a cache that you may read \(WORDREL_CACHE\)"),
    ],
)
def test_a_disk_that_cannot_read_for_a_moment_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, number: int, cure: str
) -> None:
    folder = stored(tmp_path / "x")
    real = Path.open

    def fail(path: Path, *given: object, **how: object) -> object:
        if path == folder / file:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *given, **how)  # type: ignore[call-overload]

    with monkeypatch.context() as failing:
        failing.setattr(Path, "open", fail)
        problem = rf"x/{file}: cannot be read: {os.strerror(number)}; {cure}$"
        with pytest.raises(StoreError, match=problem):
            marker.is_done(folder)
    assert set_aside(folder) == []
    assert marker.is_done(folder)


@pytest.mark.parametrize("file", ["DONE", "a"])
def test_a_folder_in_the_place_of_a_file_is_damage(tmp_path: Path, file: str) -> None:
    folder = stored(tmp_path / "x")
    (folder / file).unlink()
    (folder / file).mkdir()
    assert not marker.is_done(folder)
    assert len(set_aside(folder)) == 1


def test_a_folder_that_cannot_be_set_aside_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(stored(tmp_path / "x") / "a")

    def refuse(path: Path, target: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreError, match=r"x: cannot be written: Read-only.*WORDREL_CACHE"):
        marker.is_done(tmp_path / "x")


def test_a_folder_that_was_built_again_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stored(tmp_path / "x")
    flip(folder / "a")
    real = marker._difference

    def other_process(*given: object, **how: object) -> str:
        found = real(*given, **how)  # type: ignore[arg-type]
        shutil.rmtree(folder)
        stored(folder)
        return found

    monkeypatch.setattr(marker, "_difference", other_process)
    assert not marker.is_done(folder)
    assert (folder / "a").read_text() == "abc" and set_aside(folder) == []


# Readers ------------------------------------------------------------------------------------------

READERS: dict[str, Callable[[Path], object]] = {
    "array": read_array,
    "mapped array": lambda path: read_array(path, mapped=True),
    "parquet": read_parquet,
    "tensors": read_tensors,
}


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY\x01\x00", b"\x80\x04K\x01.", b"PAR1PAR1", b"{}"]
)
@pytest.mark.parametrize("reader", READERS)
def test_whatever_a_reader_raises_is_an_error_with_a_cure(
    tmp_path: Path, reader: str, content: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        READERS[reader](path)
    said = str(caught.value)
    assert said.startswith(f"{path}: cannot be read: ") and "WORDREL_CACHE" in said
    assert "pickle" not in said and "\n" not in said


def test_an_array_of_objects_is_refused_without_bad_advice(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(StoreError, match="does not hold plain numbers"):
        read_array(tmp_path / "a.npy")


def test_errors_of_the_project_pass_and_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"^as it was$"), reading(tmp_path):
        raise DamagedError("as it was")
    missing = pytest.raises(StoreError, match=rf"{tmp_path}/b: there is no such file; mend it")
    with missing, reading(tmp_path, "mend it"):
        (tmp_path / "b").read_text()


def test_an_empty_array_is_named_where_the_program_said_aborted(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library's EOFError used to reach the command line, which takes it for Ctrl-D."""
    empty(only(place, f"{CORPUS}/counts.npy"))
    monkeypatch.setenv("WORDREL_CACHE", str(place / "cache"))
    target = place / "vectors.txt"
    ended: Ended = CliRunner().invoke(
        app,
        [
            *("export", str(place / "out"), "--model", "attention"),
            *("--format", "word2vec", "--to", str(target)),
        ],
    )
    assert ended.exit_code == 2
    assert "Aborted" not in ended.output and "counts.npy: found 0 bytes" in ended.output
    assert not target.exists()


# Results: refused, never rebuilt ------------------------------------------------------------------


def test_a_run_writes_the_schema_and_the_length_of_its_tables(place: Path) -> None:
    manifest = read_results(place / "out").manifest
    assert manifest["schema"] == SCHEMA == 3
    assert manifest["rows"]["runs"] == 2
    assert {*manifest["rows"]} == {*STORED}


def edited(place: Path, name: str, edit: Callable[[bytes], bytes]) -> None:
    path = place / "out" / name
    path.write_bytes(edit(path.read_bytes()))


def with_schema(schema: object) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b'"schema": 3', b'"schema": ' + json.dumps(schema).encode())


def inside(edit: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Another text in a sound .xz file."""
    return lambda data: lzma.compress(edit(lzma.decompress(data)))


def all_but_last_line(text: bytes) -> bytes:
    return text[: text.rindex(b"\n", 0, -1) + 1]


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("scores.csv.xz", lambda data: b"", r"scores\.csv\.xz: found no end of the compressed"),
        ("scores.csv.xz", lambda data: data[:-3], r"scores\.csv\.xz: found no end of the compr"),
        ("scores.csv.xz", lambda data: data + b"x", r"scores\.csv\.xz: found more after the end"),
        (
            "scores.csv.xz",
            lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
            r"scores\.csv\.xz: cannot be read: LZMAError: Corrupt input data",
        ),
        ("scores.csv.xz", lzma.decompress, r"scores\.csv\.xz: cannot be read: LZMAError: .*format"),
        ("scores.csv.xz", inside(lambda text: text[:-3]), r"\.xz: found no end of the last line"),
        (
            "scores.csv.xz",
            inside(all_but_last_line),
            r"scores\.csv\.xz: found \d+ rows, expected \d+ as manifest\.json says",
        ),
        ("scores.csv.xz", inside(lambda text: b"\xff" + text), r"cannot be read: UnicodeDecode"),
        ("summary.csv", lambda data: data[:-3], r"summary\.csv: found no end of the last line"),
        (
            "runs.csv",
            lambda data: data.replace(b",1,", b"," + b"9" * 30 + b","),
            r"runs\.csv: cannot",
        ),
        ("config.yaml", lambda data: b"a: !!python/object:x {}\n", r"config\.yaml: cannot be read"),
        ("manifest.json", lambda data: b"[" * 100_000 + b"\n", r"manifest\.json: cannot be read"),
        ("manifest.json", with_schema(4), "schema: found 4, expected at most 3: a newer wordrel"),
        ("manifest.json", with_schema("x"), "schema: found 'x', expected 1 to 3"),
    ],
)
def test_damaged_results_are_refused_with_a_cure(
    place: Path, name: str, edit: Callable[[bytes], bytes], message: str
) -> None:
    edited(place, name, edit)
    left = (place / "out" / name).read_bytes()
    with pytest.raises(StoreError, match=message) as caught:
        read_results(place / "out")
    assert re.search(r"; (run the study again|install that version)", str(caught.value))
    assert (place / "out" / name).read_bytes() == left


def other_digit(data: bytes) -> bytes:
    at = max(i for i, sign in enumerate(data) if chr(sign) in "123")
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


@pytest.mark.parametrize(
    "name",
    [*(table_file(name) for name in STORED if not table_file(name).endswith(".xz")), "config.yaml"],
)
def test_another_digit_in_results_is_no_other_number(place: Path, name: str) -> None:
    edited(place, name, other_digit)
    with pytest.raises(StoreError, match=rf"{re.escape(name)}: (found|\d+:|corpus|model)"):
        read_results(place / "out")


def test_another_digit_in_a_manifest_is_noticed(place: Path) -> None:
    path = place / "out" / "manifest.json"
    tokens = f'"tokens": {json.loads(path.read_text())["corpora"][0]["tokens"]}'
    edited(place, path.name, lambda data: data.replace(tokens.encode(), tokens.encode() + b"1"))
    with pytest.raises(StoreError, match=r"manifest\.json: found other bytes than the run wrote"):
        read_results(place / "out")


@pytest.mark.parametrize("digests", ["1", "[]"])
def test_digests_that_are_none_are_refused(place: Path, digests: str) -> None:
    path = place / "out" / "manifest.json"
    manifest = json.loads(path.read_text()) | {"sha256": json.loads(digests)}
    path.write_text(json.dumps(manifest) + "\n")
    with pytest.raises(StoreError, match=r"sha256: found (int|list), expected a digest a file"):
        read_results(place / "out")


def test_results_of_the_first_edition_are_read_as_they_are(place: Path) -> None:
    path = place / "out" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["schema"], manifest["rows"], manifest["sha256"]
    path.write_text(json.dumps(manifest) + "\n")
    path.with_name("embeddings.csv.xz").rename(path.with_name("views.csv.xz"))
    assert len(read_results(place / "out").runs) == 2
