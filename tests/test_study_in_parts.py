"""A study in parts: later parts make their statistics over the runs that earlier parts kept."""

import zipfile
from pathlib import Path

import pytest

from test_study import ANIMALS, FOODS, IDENTICAL, text_with_two_kinds_of_word
from wordrel.config import StudyConfig, parse_config
from wordrel.errors import StoreError
from wordrel.study.kept import KEPT
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
