"""Settings that `wordrel tune` chose, for the models of another study.

Reads `choices.yaml` and `trials.csv` of one or more folders.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from wordrel.config.dialect import MalformedError, parse, shown
from wordrel.config.models import TRAINED
from wordrel.config.paths import regular_file
from wordrel.config.problems import Problem
from wordrel.config.settings import entry_name
from wordrel.errors import ConfigError

CHOICES, TRIALS = "choices.yaml", "trials.csv"
TUNED_AS = "tuned_as"
"""Key of a model's entry: the model whose trials it takes; default: itself."""

_STORED = re.compile(r"[a-z0-9][a-z0-9_.-]*@[0-9a-f]{12}(, [a-z0-9][a-z0-9_.-]*@[0-9a-f]{12})*")
"""What a stored study has in place of the folder: its settings are written out already."""


def text_digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def with_tuned(data: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The data of a study with the settings that its `tuned` folders chose.

    A setting that a model's entry gives itself stays; a model without a learning rate needs no
    trial. An entry with `tuned_as: NAME` takes the settings of that model: it is the same one but
    for what it is trained on. `tuned` becomes NAME@DIGEST of each folder, with the first 12 digits
    of the digest of its trials.

    Args:
        data: of a study, `vary` expanded.
        folder: where the paths start.

    Returns:
        The data, and what is wrong: no such folder, trials that were changed, models without
        trials, or with trials in two folders.
    """
    tuned = data.get("tuned")
    places = tuned if isinstance(tuned, list | tuple) else [tuned]
    if not places or not all(isinstance(place, str | Path) for place in places):
        return dict(data), []
    if len(places) == 1 and _STORED.fullmatch(str(places[0])):
        return dict(data) | {"tuned": str(places[0])}, []
    try:
        tunings = [_read(folder / str(place)) for place in places]
    except (ConfigError, ValueError) as error:  # of a path that no system allows
        return dict(data) | {"tuned": None}, [(("tuned",), str(error))]
    shared = [name for name, n in Counter(chain(*(t["models"] for t in tunings))).items() if n > 1]
    if shared:
        text = f"found trials of {', '.join(shared)} in several folders, expected one for each"
        return dict(data) | {"tuned": None}, [(("tuned",), text)]
    chosen = {name: settings for tuning in tunings for name, settings in tuning["models"].items()}
    models, problems = [], list[Problem]()
    entries = data.get("models")
    if not isinstance(entries, list | tuple):  # which reading the study reports
        return dict(data), []
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            models.append(entry)
            continue
        name = entry.get(TUNED_AS, entry_name(entry))
        entry = {key: value for key, value in entry.items() if key != TUNED_AS}
        tried = isinstance(name, str) and name in chosen
        models.append(_merged(chosen[name], entry) if tried else entry)
        if not tried and str(entry.get("kind")) in TRAINED:
            where = ", ".join(map(str, places))
            text = f"found no trial of {name} in {where}, expected one: tune it, or remove `tuned`"
            problems.append((("models", number), text))
    stored = ", ".join(f"{tuning['tuning']}@{tuning['trials_sha256'][:12]}" for tuning in tunings)
    return dict(data) | {"models": models, "tuned": stored}, problems


def _read(folder: Path) -> dict[str, Any]:
    """The choices of a folder, whose trials are as they were written.

    Raises:
        ConfigError: what is wrong with the folder.
    """
    try:
        texts = [
            regular_file(folder / name, lambda text: ConfigError([text])).read_text("utf-8")
            for name in (CHOICES, TRIALS)
        ]
        choices, _ = parse(texts[0])
    except (OSError, UnicodeDecodeError) as error:
        problem = f"found no choices in {folder} ({error}), expected a folder of `wordrel tune`"
        raise ConfigError([problem]) from error
    except MalformedError as error:
        raise ConfigError([f"{folder / CHOICES}:{error.line}: {error.text}"]) from error
    keys = {"tuning": str, "trials_sha256": str, "models": dict}
    if not isinstance(choices, dict) or any(
        not isinstance(choices.get(key), kind) for key, kind in keys.items()
    ):
        raise ConfigError([f"{folder / CHOICES}: expected the keys {', '.join(keys)}"])
    if text_digest(texts[1]) != choices["trials_sha256"]:
        problem = "found other trials than those that made these choices"
        raise ConfigError([f"{folder / TRIALS}: {problem}; run `wordrel tune` again"])
    _check_models(folder / CHOICES, choices["models"])
    return choices


def _check_models(path: Path, models: Mapping[str, Any]) -> None:
    """Check that settings are keys; reading the study checks their values."""
    for name, settings in models.items():
        for place, value in ((name, settings), (f"{name}.training", _training(settings))):
            if not isinstance(value, Mapping):
                text = f"{path}: models.{place}: found {shown(value)}, expected settings or {{}}"
                raise ConfigError([f"{text}; run `wordrel tune` again"])


def _training(settings: Any) -> Any:
    own = settings.get("training") if isinstance(settings, Mapping) else None
    return {} if own is None else own


def _merged(chosen: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry's own settings on top of the chosen ones."""
    own = _training(entry)
    if not isinstance(own, Mapping):  # which reading the study reports
        return {**chosen, **entry}
    training = {**_training(chosen), **own}
    return {**chosen, **entry} | ({"training": training} if training else {})
