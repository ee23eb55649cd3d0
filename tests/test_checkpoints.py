"""A training run that was killed goes on from its last checkpoint, to the same bytes."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planted import SMALL_PLAN, planted_corpus
from wordrel.config import ModelConfig, TrainingConfig, parse_config
from wordrel.corpus import Corpus
from wordrel.models import MODELS, Runtime, stream
from wordrel.models.matched.trainer import Trainer
from wordrel.models.trained import Checkpoints, Trained, checkpoints

STEPS = {
    "mean": {"kind": "mean"},
    "sum_gradient": {"kind": "mean", "sum_gradient": True, "training": {"subsample": 0.01}},
    "adamw": {
        **{"kind": "attention_position", "weight_decay": 0.1, "dropout": 0.3, "clip": 0.1},
        **{"warm_up": 0.2, "decay": "cosine"},
    },
    "sampled_softmax": {"kind": "mask_query_attention", "loss": "sampled_softmax"},
    "full_softmax": {"kind": "direct_attention_position", "loss": "full_softmax"},
    "shuffled": {"kind": "mean_query_attention", "heads": 2, "training": {"shuffled": True}},
    "passage": {"kind": "word_weight", "training": {"context": "passage", "widest": 6}},
    "sentence": {"kind": "position_weight", "training": {"context": "sentence", "widest": 6}},
    "two_blocks": {"kind": "two_blocks"},
    "start": {"kind": "position_weight", "start": {"kind": "mean", "training": {"epochs": 1}}},
    "skip_gram": {"kind": "matched_skip_gram"},
}
"""Every kind of state that a step reads: tables, dense weights, both optimisers, generators."""


class KilledError(Exception):
    """In place of a signal."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return planted_corpus(SMALL_PLAN, tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that an epoch has several."""
    monkeypatch.setattr(stream, "BLOCK_TOKENS", 200)


def settings(entry: dict[str, Any]) -> tuple[TrainingConfig, ModelConfig]:
    study = parse_config(
        {
            **{"study": "s", "corpora": [{"source": "novels"}], "seeds": [1], "tasks": ["ws353"]},
            "training": {"dim": 8, "window": 2, "epochs": 2, "subsample": 0.0},
            "models": [{"batch": 64} | entry],
        }
    )
    (model,) = study.models
    return study.training_of(model), model


def train(corpus: Corpus, entry: dict[str, Any], state: Checkpoints | None) -> Trained:
    training, model = settings(entry)
    return MODELS[model.kind].train(corpus, training, model, 1, Runtime("cpu", checkpoints=state))


@pytest.fixture(scope="module")
def whole_runs() -> dict[str, Trained]:
    """The run of each kind that nothing stops, made by the first test that compares with it."""
    return {}


def kept(folder: Path) -> list[int]:
    """The number of the one checkpoint of each part of a run: with 0 seconds, of steps."""
    found = [path.parent for path in folder.rglob("state.json")]
    assert len({path.parent for path in found}) == len(found)
    return [int(path.name) for path in found]


@pytest.mark.parametrize("stop", [3, 17])
@pytest.mark.parametrize("name", STEPS)
def test_a_killed_run_goes_on_to_the_same_bytes(
    small: Corpus,
    whole_runs: dict[str, Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    stop: int,
) -> None:
    whole = whole_runs.get(name) or train(small, STEPS[name], None)
    whole_runs[name] = whole
    step, taken = Trainer.step, list[int]()

    def counted(self: Trainer, *arguments: Any) -> Any:
        if len(taken) == stop:
            raise KilledError
        taken.append(1)
        return step(self, *arguments)

    monkeypatch.setattr(Trainer, "step", counted)
    with pytest.raises(KilledError):
        train(small, STEPS[name], Checkpoints(tmp_path, seconds=0.0))
    stop, before = -1, len(taken)  # the other process
    assert sum(kept(tmp_path)) == before
    again = train(small, STEPS[name], Checkpoints(tmp_path, seconds=0.0))
    assert again.tensors.keys() == whole.tensors.keys()
    for key, tensor in whole.tensors.items():
        assert again.tensors[key].tobytes() == tensor.tobytes(), key
    assert again.log == whole.log
    assert (again.targets, again.context_words) == (whole.targets, whole.context_words)
    assert sum(kept(tmp_path)) == len(taken)  # no step was taken twice


def test_a_run_that_is_short_keeps_no_state(small: Corpus, tmp_path: Path) -> None:
    train(small, STEPS["mean"], Checkpoints(tmp_path, seconds=3600.0))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_serves(tmp_path: Path) -> None:
    state = Checkpoints(tmp_path, seconds=0.0)
    state.save({"a": np.ones(2)}, {"step": 1})
    kept = tmp_path / "1"
    kept.rename(tmp_path / "away")
    state.save({"a": np.zeros(2)}, {"step": 2})
    (tmp_path / "1").rename(tmp_path / "2")
    (tmp_path / "away").rename(kept)
    (tmp_path / "2" / "state.json").write_text('{"step": 3}')
    stored = Checkpoints(tmp_path).newest()
    assert stored is not None
    assert (stored[0]["a"].tolist(), stored[1]) == ([1.0, 1.0], {"step": 1})
    assert any(path.name.startswith(".2.damaged") for path in tmp_path.iterdir())


def test_one_of_two_processes_takes_the_checkpoints(tmp_path: Path) -> None:
    place = tmp_path / "cell"
    with checkpoints(place) as first:
        assert first is not None
        first.save({"a": np.ones(2)}, {})
        with checkpoints(place) as second:
            assert second is None
        assert first.newest() is not None
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from wordrel.config import load_config
from wordrel.models.trained import Checkpoints
from wordrel.study.cell import train_cell
from wordrel.study.plan import load_tasks, prepare_plan

config, cache, last = load_config(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
save = Checkpoints.save

def saved(self, *state):
    save(self, *state)
    if self.newest()[1]["position"]["step"] == last:
        os.kill(os.getpid(), signal.SIGKILL)

Checkpoints.save, Checkpoints.due = saved, lambda self: last > 0
(work,) = prepare_plan(config, cache, load_tasks(config, cache), 1).works
train_cell(work.cell, lambda share, detail: None)
print(work.cell.folder)
"""
STUDY = """
study: killed
corpora: [{source: text.txt, min_count: 1, documents: line}]
training: {dim: 8, window: 2, epochs: 4, subsample: 0.0}
models: [{kind: attention, batch: 64, dropout: 0.2}]
seeds: [1]
tasks: [neighbour_agreement]
"""


def test_kill_9_in_the_middle_changes_no_byte_of_a_stored_cell(tmp_path: Path) -> None:
    words = ["the cat sat", "a dog ran off", "old men sing loud songs", "we go home"]
    lines = (f"{words[i % 4]} and {words[i * i % 3]}.\n" for i in range(400))
    (tmp_path / "text.txt").write_text("".join(lines))
    (tmp_path / "killed.yaml").write_text(STUDY)

    def run(cache: str, last: int) -> "subprocess.CompletedProcess[str]":
        given = [tmp_path / "killed.yaml", tmp_path / cache, last]
        command = [sys.executable, "-c", KILLED, *map(str, given)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole = Path(run("whole", 0).stdout.strip())
    assert run("killed", 20).returncode == -signal.SIGKILL
    (state,) = (tmp_path / "killed" / "checkpoints").rglob("state.json")
    assert json.loads(state.read_text())["position"]["step"] == 20
    done = run("killed", -1)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    for name in ("model.safetensors", "log.csv"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    assert list((tmp_path / "killed" / "checkpoints").rglob("*.safetensors")) == []
