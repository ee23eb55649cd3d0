"""A study in parts: later parts make their statistics over the runs that earlier parts kept."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from test_study import ANIMALS, FOODS, IDENTICAL, text_with_two_kinds_of_word
from wordrel.config import MatchedConfig, StudyConfig, TrainingConfig, parse_config
from wordrel.config.settings import PairsTask
from wordrel.errors import StoreError
from wordrel.study import run as run_module
from wordrel.study.cell import COST as COST_FOLDER
from wordrel.study.cell import CellSpec
from wordrel.study.evaluate import CellWork, is_answered
from wordrel.study.kept import KEPT, restore
from wordrel.study.results import Results
from wordrel.study.run import report_partial, run_study


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    (folder / "text.txt").write_text(text_with_two_kinds_of_word(300), encoding="utf-8")
    pairs = [f"{a}\t{f}\t{n}\n" for n, a in enumerate(ANIMALS) for f in FOODS] * 3
    (folder / "pairs.tsv").write_text("".join(pairs), encoding="utf-8")
    return folder


def study(place: Path, seeds: list[int]) -> StudyConfig:
    return parse_config(
        {
            "study": "parts",
            "corpora": [{"source": str(place / "text.txt"), "min_count": 2, "held_out": 0.1}],
            "training": {"dim": 8, "window": 3, "epochs": 1},
            "models": [{"kind": "random"}, {"kind": "mean", "batch": 256}],
            "seeds": seeds,
            "tasks": [
                {"kind": "pairs", "name": "own", "path": str(place / "pairs.tsv")},
                "held_out_loss",
            ],
        }
    )


def run(place: Path, seeds: list[int], cache: str, out: str) -> Results:
    return run_study(study(place, seeds), place / cache, place / out, jobs=1, keep_answers=True)


def test_a_second_part_trains_its_own_runs_alone_and_counts_all(place: Path) -> None:
    run(place, [1], "first", "parts")
    found = run(place, [1, 2], "second", "parts")  # on another machine: with an empty cache
    whole = run(place, [1, 2], "third", "whole")
    trained = sorted(path.name for path in (place / "second" / "cells").glob("*/mean*"))
    assert len(trained) == 1
    assert trained[0].startswith("mean-seed2")
    for name in IDENTICAL:
        assert (found.folder / name).read_bytes() == (whole.folder / name).read_bytes()
    assert found.runs["status"].eq("done").all()
    assert found.runs["parameters"].equals(whole.runs["parameters"])
    with zipfile.ZipFile(found.folder / KEPT) as archive, zipfile.ZipFile(whole.folder / KEPT) as w:
        answers = {n for n in archive.namelist() if n.endswith("answers.parquet")}
        assert answers == {n for n in w.namelist() if n.endswith("answers.parquet")}
        assert all(archive.read(name) == w.read(name) for name in answers)


def test_answers_that_two_runs_share_are_kept_once(place: Path) -> None:
    counts = {"models": ({"kind": "kneser_ney"}, {"kind": "mean", "batch": 256})}
    tasks = {"tasks": ("held_out_loss",), "seeds": (1, 2)}
    changed = parse_config(study(place, [1, 2]).model_dump(mode="json") | counts | tasks)
    place = place / "shared"
    kept = run_study(changed, place / "cache", place / "out", jobs=1, keep_answers=True).folder
    with zipfile.ZipFile(kept / KEPT) as archive:
        runs = sorted({name.split("/")[1].rpartition("-")[0] for name in archive.namelist()})
        assert runs == ["kneser_ney-seed0", "mean-seed1", "mean-seed2"]
        assert len(archive.namelist()) == len({*archive.namelist()})


def test_answers_in_a_result_that_a_crash_set_aside_are_not_lost(place: Path) -> None:
    older = run(place, [1], "first", "crashed").folder
    aside = older.rename(older.with_name(".crashed.previous"))  # a crash amid the swap
    part = report_partial(study(place, [1, 2]), place / "eighth", older, keep_answers=True)
    assert sorted({*part.runs["seed"]}) == [1]
    assert not aside.exists()


def test_nothing_is_taken_that_was_not_asked_for(place: Path) -> None:
    run(place, [1], "first", "asked")
    run_study(study(place, [1]), place / "fourth", place / "asked", jobs=1)
    assert any((place / "fourth" / "cells").glob("*/mean*"))
    assert not (place / "asked" / KEPT).exists()


def test_an_archive_that_cannot_be_read_is_named(place: Path) -> None:
    folder = run(place, [1], "first", "damaged").folder
    (folder / KEPT).write_bytes(b"PK no archive")
    with pytest.raises(StoreError, match=r"answers\.zip: cannot be read: .*--keep-answers"):
        run(place, [1, 2], "fifth", "damaged")


@pytest.mark.parametrize("function", [run_study, report_partial])
def test_a_stored_note_on_partial_results_is_not_carried_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: Callable[..., Results]
) -> None:
    """The config of partial results is what their report says to run."""
    seen: list[tuple[str, ...]] = []

    def ended(config: StudyConfig, cache: Path) -> None:
        seen.append(config.notes)
        raise StoreError("enough")

    monkeypatch.setattr(run_module, "load_tasks", ended)
    corpus, task = {"source": "gensim:wiki-sample"}, "ws353"
    given = {"study": "s", "corpora": [corpus], "seeds": [1], "tasks": [task]}
    given |= {"models": [{"kind": "random"}]}
    notes = ["Partial: 6 of 12 runs are done, and scores will change.", "Partial: mine."]
    with pytest.raises(StoreError, match="enough"):
        function(parse_config(given | {"notes": notes}), tmp_path, tmp_path / "out")
    assert seen == [("Partial: mine.",)]


COST = {"cost": {"parameters": 1, "trained_tokens": 2, "seconds": 3.0}}
NOTE = {"corpus": "t", "kind": "mean", "reading": 1.0, "tasks": {"own": 2.0}}


def answered_work(cache: Path) -> CellWork:
    """A run of one task in an empty cache, which has no corpus either."""
    task = PairsTask(kind="pairs", name="own", path=Path("own.tsv"))
    cell = CellSpec(
        *(cache, cache / "corpora", "t", "c0"),
        *(MatchedConfig(kind="mean", name="mean"), TrainingConfig(), 1),
    )
    return CellWork(cell, (task,), ("d0",), True)


def packed(path: Path, work: CellWork, change: Callable[[str], str] = str, **files: bytes) -> None:
    """An archive of this run; `files` replace the contents of its own."""
    table = io.BytesIO()
    pd.DataFrame({"row": [0]}).to_parquet(table)
    ((_, folder),) = work.paths()
    own = {
        f"{COST_FOLDER}/cell.json": json.dumps(COST).encode(),
        f"{folder.name}/answers.parquet": table.getvalue(),
        f"{folder.name}/asked.json": json.dumps(NOTE).encode(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in own.items():
            stem = name.rpartition("/")[2].partition(".")[0]
            archive.writestr(change(f"t/{work.folder.name}/{name}"), files.get(stem, content))


@pytest.mark.parametrize("start", ["", "./", ".//"])
def test_names_are_those_of_the_folders_however_they_are_spelled(
    tmp_path: Path, start: str
) -> None:
    work = answered_work(tmp_path / "cache")
    packed(tmp_path / KEPT, work, lambda name: start + name.replace("/", "//"))
    assert restore(tmp_path / KEPT, [work]) == 1
    ((_, folder),) = work.paths()
    assert json.loads((folder / "asked.json").read_text(encoding="utf-8")) == NOTE


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"cell": b"{}"}, r"cell\.json: cannot be read: KeyError: 'cost'"),
        ({"cell": b'{"cost": {"seconds": "x"}}'}, r"cell\.json: cannot be read: KeyError"),
        ({"asked": b"[1]"}, r"asked\.json: cannot be read: TypeError"),
        ({"asked": b"\xff"}, r"asked\.json: cannot be read: UnicodeDecodeError"),
        ({"answers": b"PAR1"}, r"answers\.parquet: cannot be read: Arrow"),
    ],
)
def test_a_kept_file_that_says_nothing_is_refused_and_not_installed(
    tmp_path: Path, files: dict[str, bytes], found: str
) -> None:
    work = answered_work(tmp_path / "cache")
    packed(tmp_path / KEPT, work, **files)
    with pytest.raises(
        StoreError, match=rf"answers\.zip/t/.*{found}.*; remove answers\.zip, or run"
    ):
        restore(tmp_path / KEPT, [work])
    assert not is_answered(work)
    assert not [*tmp_path.rglob(f"cache/**/{next(iter(files))}.*")]


def test_a_flipped_bit_of_an_archive_is_named_wherever_it_is(tmp_path: Path) -> None:
    work = answered_work(tmp_path / "cache")
    packed(tmp_path / "whole.zip", work)
    whole = (tmp_path / "whole.zip").read_bytes()
    refused = 0
    for at in range(0, len(whole), 7):
        data = bytearray(whole)
        data[at] ^= 16
        (tmp_path / KEPT).write_bytes(data)
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        try:
            restore(tmp_path / KEPT, [work])
        except StoreError as error:
            refused += 1
            assert "remove answers.zip, or run without --keep-answers" in str(error)
    assert refused > len(whole) / 7 / 2


def test_names_that_lead_elsewhere_stay_in_the_archive(place: Path) -> None:
    folder = run(place, [1], "first", "stranger").folder
    with zipfile.ZipFile(folder / KEPT, "a") as archive:
        archive.writestr("../../../planted.txt", "x")
        archive.writestr("/planted.txt", "x")
    run(place, [1], "sixth", "stranger")
    assert not [*place.rglob("planted.txt")]
    assert not [*(place / "sixth").glob("cells/*/mean*")]


def test_what_is_done_of_a_study_is_a_part_of_it(place: Path) -> None:
    run_study(study(place, [1]), place / "sixth", place / "rest", jobs=1)
    out = place / "so-far"
    kept = {"jobs": 1, "keep_answers": True}
    part = report_partial(study(place, [1, 2]), place / "sixth", out, **kept)
    assert sorted({*part.runs["seed"]}) == [1]
    # On another machine nothing of it is trained again, nor lost by the next partial report.
    again = report_partial(study(place, [1, 2]), place / "seventh", out, **kept)
    assert again.scores.equals(part.scores)
    run(place, [1, 2], "seventh", "so-far")
    trained = [path.name for path in (place / "seventh" / "cells").glob("*/mean*")]
    assert [name.partition("-")[2][:5] for name in trained] == ["seed2"]
    whole = run(place, [1, 2], "third", "whole").folder
    for name in IDENTICAL:
        assert (out / name).read_bytes() == (whole / name).read_bytes()
