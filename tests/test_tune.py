"""Tuning: the walk by itself, the settings that it gives, and how a study takes them."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted import SMALL_PLAN
from wordrel.config import MatchedConfig, TrainingConfig, load_config, parse_config
from wordrel.config.dialect import dump
from wordrel.config.tuned import CHOICES, TRIALS, text_digest
from wordrel.corpus import prepare
from wordrel.errors import ConfigError, StoreError
from wordrel.models import MODELS, Runtime
from wordrel.study.results import read_results
from wordrel.study.trials import (
    Coordinate,
    Point,
    Search,
    Trials,
    Tried,
    coordinates,
    development_score,
    is_new,
    placed,
    recheck,
    settings_of,
    start,
    walk,
)
from wordrel.study.tune import (
    DROPOUT,
    FINER,
    _finer,
    _of_what_they_contain,
    _regularised,
    check,
    contained,
    planned,
    started_from_what_they_contain,
    tune,
    under_tuned,
)
from wordrel.tasks import Scope, load_task
from wordrel.tasks.per_token_loss import answer_development

RATE = Coordinate("learning_rate")
EPOCHS = Coordinate("epochs", (1, 2, 4, 8))


def run(search: Search, score: Callable[[Point], float]) -> tuple[list[Tried], list[Point]]:
    """The result of a search under a known score, and all that it tried, in order."""
    tried: list[Point] = []
    points = next(search)
    while True:
        tried += points
        try:
            points = search.send([score(point) for point in points])
        except StopIteration as end:
            return end.value, tried


def near(rate: float, epochs: int) -> Callable[[Point], float]:
    """Best at these two values."""
    return lambda p: (
        -abs(math.log2(p["learning_rate"] / rate)) - abs(math.log2(p["epochs"] / epochs))
    )


def test_a_walk_finds_the_best_of_a_bowl_and_tries_what_it_was_given() -> None:
    best, tried = run(walk({"learning_rate": 0.25, "epochs": 4}, [RATE, EPOCHS], 8), near(1.0, 8))
    assert best[0].point == {"learning_rate": 1.0, "epochs": 8}
    assert len(tried) == len(best) == 8
    assert len({tuple(point.items()) for point in tried}) == 8
    assert tried[0] == {"learning_rate": 0.25, "epochs": 4}


def test_a_best_rate_on_the_edge_goes_one_step_on() -> None:
    _, tried = run(walk({"learning_rate": 0.25, "epochs": 4}, [RATE], 5), near(2.0, 4))
    assert [point["learning_rate"] for point in tried] == [0.25, 0.125, 0.5, 1.0, 2.0]


def test_a_walk_takes_smaller_steps_when_no_step_helps() -> None:
    _, tried = run(
        walk({"learning_rate": 0.25}, [RATE], 5),
        lambda p: -abs(math.log2(p["learning_rate"] / 0.25)),
    )
    rates = [point["learning_rate"] for point in tried]
    assert rates == pytest.approx([0.25, 0.125, 0.5, 0.25 / 2**0.5, 0.25 * 2**0.5])


def test_rates_that_differ_by_rounding_alone_are_one_rate() -> None:
    twice, finer = 0.25 / 2**0.5 * 2, 0.25 * 2**0.5
    assert twice != finer  # or this test sees nothing
    best = Tried({"learning_rate": 0.25, "epochs": 8}, -6.1)
    before = Tried({"learning_rate": twice, "epochs": 8}, -6.2)
    assert not is_new({"learning_rate": finer, "epochs": 8}, [before])
    assert is_new({"learning_rate": finer, "epochs": 4}, [before])
    assert is_new({"learning_rate": finer * 1.001, "epochs": 8}, [before])
    assert is_new({"learning_rate": finer, "epochs": 8, "start": "mean"}, [before])
    assert _finer([best, before]) == {"learning_rate": 0.25 / 2**0.5, "epochs": 8}


def test_a_walk_tries_no_rate_twice() -> None:
    """Steps of 2, 2**.5 and 2**.25 meet earlier rates, but for rounding."""
    for target in (0.17, 0.2, 0.3, 0.35):
        _, tried = run(
            walk({"learning_rate": 0.25}, [RATE], 12),
            lambda p, near=target: -abs(math.log2(p["learning_rate"] / near)),
        )
        assert len({f"{point['learning_rate']:.9g}" for point in tried}) == len(tried) == 12


def test_a_failed_trial_is_never_the_best() -> None:
    def score(point: Point) -> float:
        return math.nan if point["learning_rate"] > 0.25 else point["learning_rate"]

    best, _ = run(walk({"learning_rate": 0.25, "epochs": 4}, [RATE], 4), score)
    assert best[0].point["learning_rate"] == 0.25


def test_a_model_without_settings_has_one_trial() -> None:
    best, tried = run(walk({}, [], 8), lambda point: 1.0)
    assert tried == [{}]
    assert best == [Tried({}, 1.0)]


def test_on_more_text_the_best_rate_is_tried_at_half_and_twice_or_the_next_new_rate() -> None:
    before = [Tried({"learning_rate": rate, "epochs": 4}, -rate) for rate in (0.1, 0.2, 0.4)]
    best, tried = run(recheck(before, 2), near(0.4, 4))
    assert [point["learning_rate"] for point in tried] == [0.1, 0.2, 0.4, 0.05]
    assert best[0].point["learning_rate"] == 0.4
    _, alone = run(recheck(before, 1), near(0.4, 4))
    assert [point["learning_rate"] for point in alone] == [0.1, 0.05, 0.2]


STUDY = {
    "study": "tuning",
    "corpora": [{"source": "novels"}],
    "training": {"epochs": 4},
    "models": [
        {"kind": "random"},
        {"kind": "word2vec"},
        {"kind": "mean"},
        {"kind": "position_weight", "training": {"subsample": 0.0}},
        {"kind": "attention", "name": "tied", "ties": ["K=Q"]},
        {"kind": "attention"},
    ],
    "seeds": [0],
    "tasks": ["men_dev"],
    "tune": {},
}


def test_dropout_that_was_tried_is_not_tried_again() -> None:
    def ranked(*rows: tuple[float, float]) -> list[Tried]:
        return [Tried({"learning_rate": rate, "dropout": drop}, 0.0) for rate, drop in rows]

    tried = {"new": ranked((0.1, 0.0)), "old": ranked((0.1, 0.0), (0.1, 0.2))}
    points = _regularised(tried)
    assert points["new"] == {"learning_rate": 0.1, "dropout": 0.2}
    assert points["old"] == {"learning_rate": 0.1 * FINER, "dropout": 0.0}


def test_settings_that_a_model_has_no_use_for_are_not_searched() -> None:
    config = parse_config(STUDY)
    keys = {model.name: [c.key for c in coordinates(model)] for model in config.models}
    assert keys["random"] == []
    assert keys["skip_gram"] == keys["mean"] == ["learning_rate", "epochs"]
    assert keys["position_weight"][:3] == ["learning_rate", "epochs", "weights_learning_rate"]
    assert start(config, config.models[1]) == {"learning_rate": 0.025, "epochs": 4}


def test_a_point_keeps_what_the_entry_says_else() -> None:
    model = parse_config(STUDY).models[3]
    found = placed(model, {"learning_rate": 0.5, "epochs": 8}, "t1")
    assert (found.name, found.learning_rate) == ("t1", 0.5)
    assert found.training.model_dump(exclude_none=True) == {"epochs": 8, "subsample": 0.0}


def test_a_choice_is_made_on_development_splits_and_one_seed() -> None:
    for key, value, text in (
        ("tasks", ["ws353"], "found ws353, expected development splits"),
        ("seeds", [0, 1], "seeds: found 2, expected one"),
        ("tune", None, "tune: found nothing"),
    ):
        with pytest.raises(ConfigError, match=text):
            check(parse_config(STUDY | {key: value}))
    assert check(parse_config(STUDY)).trials == 8


def test_a_model_that_loses_to_what_it_contains_is_under_tuned() -> None:
    models = {model.name: model for model in parse_config(STUDY).models}
    inside = contained(models)
    assert inside["attention"] == ["tied"]
    assert inside["tied"] == inside["mean"] == inside["skip_gram"] == []
    assert inside["position_weight"] == []  # another training

    def losing(by: float) -> dict[str, str]:
        ranked = {name: [Tried({}, -6.0)] for name in models}
        return under_tuned(models, ranked | {"attention": [Tried({}, -6.0 - by)]})

    assert losing(0.0051) == {"attention": "tied"}
    assert losing(0.0049) == {}
    assert losing(math.nan) == {"attention": "tied"}  # all of its trials failed


def test_a_contained_model_whose_trials_failed_lends_no_settings() -> None:
    ties = {"failed": ("V=I",), "fine": ("K=I", "V=I"), "attention": ()}
    models = {n: MatchedConfig(kind="attention", name=n, ties=tied) for n, tied in ties.items()}
    assert contained(models)["attention"] == ["failed", "fine"]
    rates = {"failed": 8.0, "fine": 0.5, "attention": 0.25}
    scores = {"failed": math.nan, "fine": -5.0, "attention": -6.0}
    ranked = {n: [Tried({"learning_rate": r}, scores[n])] for n, r in rates.items()}
    assert _of_what_they_contain(models, ranked)["attention"] == {"learning_rate": 0.5}


class PlantedTrials(Trials):
    """Scores that are known beforehand, by model and the model that it starts from."""

    def __init__(self, known: dict[tuple[str, str], float]) -> None:
        super().__init__(parse_config(STUDY), Path(), None, None, Path("unfinished.json"))
        self.known = known
        self.asked: dict[str, list[Point]] = {}

    def scores(self, asked: dict[str, list[Point]], tokens: int) -> dict[str, list[float]]:
        self.asked = asked
        return {
            name: [self.known[name, point["start"]] - (point["epochs"] == 1) for point in points]
            for name, points in asked.items()
        }


@pytest.mark.parametrize(
    ("started", "longer", "note", "chosen"),
    [
        (-5.8, -5.95, "under-tuned from a random start: it contains tied", ("tied", "tied")),
        (-5.8, -6.1, "under-tuned from a random start: it contains tied", ("tied", None)),
        (-6.2, -5.95, "under-tuned: it contains tied", (None, "tied")),
        (-5.9551, -5.95, "under-tuned: it contains tied", ("tied", "tied")),
    ],
)
def test_a_model_that_loses_goes_on_from_what_it_contains_and_that_goes_on_too(
    started: float, longer: float, note: str, chosen: tuple[str | None, str | None]
) -> None:
    models = {model.name: model for model in parse_config(STUDY).models}
    ranked = {name: [Tried({"learning_rate": 0.1, "epochs": 4}, -6.0)] for name in models}
    ranked["attention"] = [Tried({"learning_rate": 0.2, "epochs": 2}, -6.1)]
    trials = PlantedTrials({("attention", "tied"): started, ("tied", "tied"): longer})
    found, notes = started_from_what_they_contain(models, ranked, trials, 100)
    assert trials.asked == {
        "attention": [
            {"learning_rate": 0.2, "epochs": 2, "start": "tied"},
            {"learning_rate": 0.05, "epochs": 1, "start": "tied"},
        ],
        "tied": [
            {"learning_rate": 0.1, "epochs": 2, "start": "tied"},  # as many tokens more
            {"learning_rate": 0.025, "epochs": 1, "start": "tied"},
        ],
    }
    assert notes == {"attention": note}
    best = [found[name][0].point.get("start") for name in ("attention", "tied")]
    assert tuple(best) == chosen
    assert {name: found[name] for name in ("mean", "skip_gram")} == {
        name: ranked[name] for name in ("mean", "skip_gram")
    }


def test_what_a_model_starts_from_has_its_own_settings() -> None:
    models = {model.name: model for model in parse_config(STUDY).models}
    ranked = {name: [Tried({"learning_rate": 0.1, "epochs": 4}, -6.0)] for name in models}
    ranked["attention"] = [Tried({"learning_rate": 0.2, "epochs": 2}, -6.1)]
    trials = PlantedTrials({("attention", "tied"): -5.9, ("tied", "tied"): -6.0})
    found, _ = started_from_what_they_contain(models, ranked, trials, 100)
    settings = settings_of(models["attention"], found["attention"][0].point, trials.starts)
    first = {"kind": "attention", "ties": ["K=Q"], "learning_rate": 0.1, "training": {"epochs": 4}}
    assert settings == {"learning_rate": 0.2, "start": first, "training": {"epochs": 2}}
    study = {**STUDY, "models": [{"kind": "attention"} | settings]}
    (model,) = parse_config(study).models
    assert model.start.ties == ("K=Q",)
    assert model.epochs(parse_config(study).training_of(model)) == 6
    stored = parse_config(parse_config(study).model_dump(mode="json"))
    assert stored == parse_config(study)


def test_nothing_goes_on_where_no_model_loses() -> None:
    models = {model.name: model for model in parse_config(STUDY).models}
    ranked = {name: [Tried({"learning_rate": 0.1, "epochs": 4}, -6.0)] for name in models}
    trials = PlantedTrials({})
    assert started_from_what_they_contain(models, ranked, trials, 100) == (ranked, {})
    assert trials.asked == {}


def tuned_folder(folder: Path) -> Path:
    """As `wordrel tune` writes it."""
    folder.mkdir()
    (folder / TRIALS).write_text("model,score\nmean,1\n")
    models = {
        "mean": {"learning_rate": 0.5, "training": {"epochs": 8}},
        "skip_gram": {"learning_rate": 0.05, "training": {"epochs": 2}},
        "random": {},
    }
    digest = text_digest((folder / TRIALS).read_text())
    (folder / CHOICES).write_text(
        dump({"tuning": "rates", "trials_sha256": digest, "models": models})
    )
    return folder


STUDY_OF_TUNED = """\
study: main
corpora: [{source: novels}]
models:
  - kind: random
  - kind: mean
  - {kind: word2vec, learning_rate: 0.1, training: {subsample: 0.0}}
seeds: [1]
tasks: [men_dev]
tuned: tuned
"""


def test_a_study_takes_tuned_settings_and_keeps_its_own(tmp_path: Path) -> None:
    tuned_folder(tmp_path / "tuned")
    path = tmp_path / "main.yaml"
    path.write_text(STUDY_OF_TUNED)
    config = load_config(path)
    _, mean, skip_gram = config.models
    assert (mean.learning_rate, config.training_of(mean).epochs) == (0.5, 8)
    assert skip_gram.learning_rate == 0.1
    assert config.training_of(skip_gram).model_dump() == config.training.model_dump() | {
        "epochs": 2,
        "subsample": 0.0,
    }
    assert config.tuned.startswith("rates@")
    stored = parse_config(config.model_dump(mode="json"))  # needs the folder no more
    assert stored == config


def test_tuned_settings_are_those_of_their_trials(tmp_path: Path) -> None:
    folder = tuned_folder(tmp_path / "tuned")
    path = tmp_path / "main.yaml"
    path.write_text(STUDY_OF_TUNED.replace("kind: random", "kind: attention"))
    with pytest.raises(ConfigError, match="found no trial of attention in tuned"):
        load_config(path)
    (folder / TRIALS).write_text("model,score\nmean,2\n")
    with pytest.raises(ConfigError, match="found other trials than those"):
        load_config(path)
    (folder / CHOICES).write_text("models: 3\n")
    with pytest.raises(ConfigError, match="expected the keys tuning, trials_sha256, models"):
        load_config(path)
    (folder / CHOICES).unlink()
    with pytest.raises(ConfigError, match=r"main.yaml:9: tuned: .*found no choices in"):
        load_config(path)


@pytest.mark.parametrize(
    ("models", "found"),
    [
        ({"skip_gram": None}, "models.skip_gram: found nothing"),
        ({"skip_gram": [1]}, r"models.skip_gram: found \[1\]"),
        ({"mean": {"training": 5}}, "models.mean.training: found 5"),
        ({"mean": {"training": False}}, "models.mean.training: found False"),
    ],
)
def test_choices_that_are_no_settings_are_refused_with_their_place(
    tmp_path: Path, models: dict[str, Any], found: str
) -> None:
    folder = tuned_folder(tmp_path / "tuned")
    path = tmp_path / "main.yaml"
    path.write_text(STUDY_OF_TUNED)
    digest = text_digest((folder / TRIALS).read_text())
    choices = {"tuning": "rates", "trials_sha256": digest, "models": models}
    (folder / CHOICES).write_text(dump(choices))
    expected = f"choices.yaml: {found}, expected settings or {{}}; run `wordrel tune` again"
    with pytest.raises(ConfigError, match=expected):
        load_config(path)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("{kind: mean, training: 5}", "models.1.training"),
        ("{kind: mean, tuned_as: [mean]}", "models.1"),
        ("{kind: [mean]}", "models.1.kind"),
    ],
)
def test_an_entry_that_is_no_model_is_named_beside_tuned_settings(
    tmp_path: Path, entry: str, place: str
) -> None:
    tuned_folder(tmp_path / "tuned")
    path = tmp_path / "main.yaml"
    path.write_text(STUDY_OF_TUNED.replace("kind: mean", entry))
    with pytest.raises(ConfigError, match=f"main.yaml:5: {place}: found "):
        load_config(path)


def test_a_model_without_trials_is_the_only_problem(tmp_path: Path) -> None:
    tuned_folder(tmp_path / "tuned")
    path = tmp_path / "main.yaml"
    contrast = "{claim: C1, first: attention, second: mean, task: men_dev, margin: 0.03}"
    study = STUDY_OF_TUNED.replace("kind: random", "kind: attention")
    path.write_text(f"{study}contrasts: [{contrast}]\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (problem,) = caught.value.problems
    assert "found no trial of attention" in problem
    path.write_text(STUDY_OF_TUNED.replace("kind: random", "kind: atention"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (problem,) = caught.value.problems
    assert "did you mean 'attention'?" in problem


def test_settings_come_from_several_folders_and_counts_need_none(tmp_path: Path) -> None:
    tuned_folder(tmp_path / "tuned")
    more = tuned_folder(tmp_path / "more")
    path = tmp_path / "main.yaml"
    path.write_text(STUDY_OF_TUNED.replace("tuned: tuned", "tuned: [tuned, more]"))
    with pytest.raises(ConfigError, match="trials of mean, skip_gram, random in several folders"):
        load_config(path)
    choices = (more / CHOICES).read_text().replace("mean:", "attention:")
    (more / CHOICES).write_text(choices.replace("skip_gram:", "cbow:").replace("random:", "x:"))
    path.write_text(path.read_text().replace("kind: random", "kind: attention"))
    config = load_config(path)
    assert [config.training_of(model).epochs for model in config.models] == [8, 8, 2]
    assert config.tuned.count("rates@") == 2
    assert parse_config(config.model_dump(mode="json")) == config
    path.write_text(path.read_text().replace("kind: attention", "kind: kneser_ney"))
    assert load_config(path).models[0].kind == "kneser_ney"


def test_a_model_takes_the_settings_of_another_that_it_is_but_for_its_text(tmp_path: Path) -> None:
    tuned_folder(tmp_path / "tuned")
    path = tmp_path / "main.yaml"
    other = "{kind: mean, name: disordered, tuned_as: mean, training: {shuffled_contexts: true}}"
    path.write_text(STUDY_OF_TUNED.replace("kind: random", other))
    config = load_config(path)
    disordered, mean, _ = config.models
    assert disordered.name == "disordered"
    assert config.training_of(disordered).shuffled_contexts
    assert config.training_of(disordered).epochs == config.training_of(mean).epochs == 8
    assert disordered.learning_rate == mean.learning_rate == 0.5
    assert parse_config(config.model_dump(mode="json")) == config
    path.write_text(path.read_text().replace("tuned_as: mean", "tuned_as: nothing"))
    with pytest.raises(ConfigError, match="found no trial of nothing in tuned"):
        load_config(path)


def test_studies_that_are_not_tuned_are_stored_as_before() -> None:
    plain = parse_config({k: v for k, v in STUDY.items() if k != "tune"})
    assert not {"tune", "tuned"} & set(plain.model_dump(mode="json"))
    assert "tune" in parse_config(STUDY).model_dump(mode="json")


TINY = """\
study: rates
corpora:
  - {source: text.txt, documents: line, min_count: 1, test: 0.2, development: 0.2}
training: {dim: 8, window: 2, epochs: 2, recipe: lm}
models:
  - {kind: mean, batch: 256, learning_rate: 0.001}
  - {kind: position_weight, batch: 256}
  - {kind: word2vec, algorithm: cbow, training: {recipe: w2v}}
  - {kind: random}
seeds: [0]
tasks: [per_token_loss_dev]
tune: {trials: 3, tokens: [1_500, 3_000]}
"""


@pytest.fixture(scope="module")
def tiny_trials(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Path]:
    folder = tmp_path_factory.mktemp("tune")
    plan, rng = replace(SMALL_PLAN, sentences=900), np.random.default_rng(5)
    (folder / "text.txt").write_text("".join(f"{plan.sentence(rng)}\n" for _ in range(900)))
    (folder / "rates.yaml").write_text(TINY)
    config = load_config(folder / "rates.yaml")
    return tune(config, folder / "cache", folder / "tuned", jobs=1), folder


def test_every_model_with_settings_has_the_same_number_of_trials(
    tiny_trials: tuple[pd.DataFrame, Path],
) -> None:
    table, folder = tiny_trials
    counts = table.groupby(["model", "tokens"]).size()
    assert counts["mean"].tolist() == counts["position_weight"].tolist() == [3, 6]
    assert counts["cbow"].tolist() == [3, 6]
    plans = planned(load_config(folder / "rates.yaml"))
    assert [trials for _, trials in plans] == [3, 6]
    assert [study.corpora[0].limit_tokens for study, _ in plans] == [1500, 3000]
    assert {study.training.epochs for study, _ in plans} == {8}
    dropped = table[(table["model"] == "position_weight") & (table["dropout"] == DROPOUT)]
    assert len(dropped) == 1 and int(dropped["tokens"].iloc[0]) == 3000
    assert counts["random"].tolist() == [1, 1]
    assert table.groupby("model")["chosen"].sum().tolist() == [1, 1, 1, 1]
    assert table["score"].notna().equals(table["model"] != "random")
    stored = pd.read_csv(folder / "tuned" / TRIALS)
    assert stored["score"].tolist() == pytest.approx(table["score"].tolist(), nan_ok=True, rel=1e-5)


def test_an_interrupted_study_goes_on_from_its_trials_without_the_cache(
    tiny_trials: tuple[pd.DataFrame, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, folder = tiny_trials
    config, asked = load_config(folder / "rates.yaml"), list[int]()
    ask = Trials._evaluate

    def third_stops(self: Trials, new: list[Any], tokens: int) -> None:
        asked.append(len(new))
        if len(asked) == 3:
            raise KeyboardInterrupt
        ask(self, new, tokens)

    monkeypatch.setattr(Trials, "_evaluate", third_stops)
    with pytest.raises(KeyboardInterrupt):
        tune(config, tmp_path / "cache", tmp_path / "out", jobs=1)
    assert (tmp_path / "out.unfinished.json").is_file()
    assert not (tmp_path / "out").exists()
    again = tune(config, tmp_path / "empty", tmp_path / "out", jobs=1)
    same = [column for column in table if column != "seconds"]
    pd.testing.assert_frame_equal(again[same], table[same])
    assert sum(asked) == len(table) + asked[2]  # only what was stopped is asked twice
    assert not (tmp_path / "out.unfinished.json").exists()


def test_trials_of_another_text_or_setting_do_not_count(
    tiny_trials: tuple[pd.DataFrame, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, folder = tiny_trials
    caplog.set_level("INFO")
    text = (folder / "text.txt").read_text()
    (tmp_path / "text.txt").write_text(text)
    (tmp_path / "rates.yaml").write_text(TINY)

    def trials() -> Trials:
        config = load_config(tmp_path / "rates.yaml")
        return Trials(config, folder / "cache", 1, None, tmp_path / "out.unfinished.json")

    first = trials()
    first.rows = [{"model": "mean", "tokens": 9, "trial": "1", "score": math.nan, "seconds": 1.0}]
    first._write()
    row = {"model": "mean", "tokens": 9, "trial": "1"}
    assert trials()._taken(dict(row))
    assert not trials()._taken(row | {"epochs": 8})
    (tmp_path / "text.txt").write_text(text.upper() + "one more\n")
    assert not trials()._taken(dict(row))
    assert "trials of another study or text" in caplog.text
    (tmp_path / "text.txt").write_text(text)
    assert trials()._taken(dict(row))
    (tmp_path / "rates.yaml").write_text(TINY.replace("dim: 8", "dim: 9"))
    assert not trials()._taken(dict(row))
    (tmp_path / "out.unfinished.json").write_text("{")
    with pytest.raises(StoreError, match="remove it, and all trials are run again"):
        trials()._taken(dict(row))


def test_a_rate_that_is_much_too_small_is_left_behind(
    tiny_trials: tuple[pd.DataFrame, Path],
) -> None:
    table, folder = tiny_trials
    mean = table[table["model"] == "mean"].set_index("chosen")
    assert mean.loc[True, "learning_rate"] > 0.001
    assert mean.loc[True, "score"] == mean[mean["tokens"] == 3000]["score"].max()
    study = TINY.replace("tune: {trials: 3, tokens: [1_500, 3_000]}", "tuned: tuned")
    (folder / "study.yaml").write_text(study.replace("learning_rate: 0.001", "heads: 1"))
    config = load_config(folder / "study.yaml")
    assert config.models[0].learning_rate == pytest.approx(mean.loc[True, "learning_rate"])


def test_test_documents_have_no_part_in_a_choice(tiny_trials: tuple[pd.DataFrame, Path]) -> None:
    _, folder = tiny_trials
    corpus = prepare(load_config(folder / "rates.yaml").corpora[0], folder / "cache")
    training, config = TrainingConfig(dim=4, epochs=1), MatchedConfig(kind="mean", batch=256)
    trained = MODELS["mean"].train(corpus, training, config, 0, Runtime())
    model = MODELS["mean"].read(trained.tensors, corpus.vocab, training, config)
    task = load_task("per_token_loss_dev", folder)
    scores = []
    for test in (corpus.test, corpus.train):
        scope = Scope(lowercase=True, development=corpus.development, test=test)
        masked, following = answer_development(task, model, scope)
        assert np.isnan(following.predicted).all()
        scores.append(masked.predicted.tolist())
    assert scores[0] == scores[1]
    assert len(scores[0]) == len(corpus.development.document_ends)


def test_a_trial_without_a_score_on_one_development_split_has_failed():
    def row(model, score, n_scored):
        of = {"selected": True, "detail": False, "split": "dev", "better": "higher"}
        return of | {"model": model, "score": score, "n_scored": n_scored}

    rows = [row("good", 0.3, 100), row("good", 0.6, 100), row("good", math.nan, 0)]
    rows += [row("equal answers", math.nan, 100), row("equal answers", 0.5, 100)]
    golden = read_results(Path(__file__).parent / "golden" / "input")
    results = replace(golden, summary=pd.DataFrame(rows))
    assert development_score(results, "good") == pytest.approx(0.45)  # one row has no answer
    assert math.isnan(development_score(results, "equal answers"))
