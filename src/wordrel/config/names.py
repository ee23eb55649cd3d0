"""Present names, and the former ones in files of schema 1 and 2.

A former name is mapped only where the schema has such a name: a kind, a key of a
model, the header of a column, the id of an embedding, and the name of a model that its config did
not choose. It is never replaced in text, in a name that a user gave, or in a word of a corpus.
Seeds and digests use the former names forever, so that a new name changes no number.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from wordrel.config.architectures import ARCHITECTURES

SCHEMA = 3
"""Version of a results folder that uses the present names. A folder without a version is 1."""

KINDS = {a.identifier: kind for kind, a in ARCHITECTURES.items() if a.identifier != kind}
KEYS = {"undivided": "sum_gradient"}
COLUMNS = {
    **{"view": "embedding", "view_a": "embedding_a", "view_b": "embedding_b"},
    "primary": "selected",
    "p_holm": "p_adjusted",
}
TABLES = {"views": "embeddings"}
EMBEDDINGS = {"offsets": "relative_position", "words": "per_word_weight"}
"""Of `learned_weights`; all other embeddings and pair scores keep their ids."""

TRAINING: dict[str, Any] = {
    **{"hits": "skip", "context": "window", "widest": 64},
    **{"target": "word", "shuffled_contexts": False},
}
"""Settings of training that are newer than schema 2, and what training did before."""

MODEL: dict[str, Any] = {
    **{"query_bias": False, "recency": 0.0, "dropout": 0.0, "weight_decay": 0.0},
    **{"clip": None, "warm_up": 0.0, "decay": "linear", "start": None},
}
"""The same of the settings of a model."""

CORPUS: dict[str, Any] = {"words": "letters"}
"""The same of the settings of a corpus."""

STATISTICS = {"exploratory_resamples": 200}
"""A setting of the statistics of all older studies, which no longer exists."""

Data = Mapping[str, Any]


def inverse(names: Mapping[str, str]) -> dict[str, str]:
    """The present names as keys, the former ones as values."""
    return {now: then for then, now in names.items()}


def config_now(data: Data) -> tuple[dict[str, Any], dict[str, str]]:
    """A config of schema 1 or 2 under present names.

    Args:
        data: as stored; a setting that it lacks is as it was then.

    Returns:
        The config, and the former name of each of its models with the present one.

    Raises:
        ValueError: two former names are one name now; the message has both.
    """
    config, names = _translated(data, KINDS, KEYS)
    if isinstance(corpora := config.get("corpora"), list | tuple):
        config["corpora"] = [CORPUS | c if isinstance(c, dict) else c for c in corpora]
    if isinstance(models := config.get("models"), list | tuple):
        config["models"] = [
            {"scale": False, "ties": [], **MODEL, **entry}
            if isinstance(entry, dict) and str(entry.get("kind")) in ARCHITECTURES
            else entry
            for entry in models
        ]
    for group in (config, *(config["models"] if isinstance(models, list | tuple) else ())):
        if isinstance(group, dict) and isinstance(training := group.get("training"), Mapping):
            then = TRAINING if group is config else dict.fromkeys(TRAINING)
            group["training"] = {**then, **training}
    distinct(names)
    return config, names


def config_then(data: Data) -> dict[str, Any]:
    """A config under the former names, of the settings of then: what digests are made of."""
    config = _named_then(data)[0]
    config["corpora"] = [_then(corpus, CORPUS) for corpus in config["corpora"]]
    config["models"] = [_then(model, MODEL) for model in config["models"]]
    for group in (config, *config["models"]):
        group["training"] = group["training"] and _then(group["training"], TRAINING)
    return config


def _then(settings: Data, later: Data) -> dict[str, Any]:
    """Settings without the later ones that are empty, or stand for what was done before."""
    new = {key for key, before in later.items() if settings.get(key) in (before, None)}
    return {key: value for key, value in settings.items() if key not in new}


def names_then(data: Data) -> dict[str, str]:
    """The name of each model of a config, with the former one: what seeds are made of."""
    return _named_then(data)[1]


def _named_then(data: Data) -> tuple[dict[str, Any], dict[str, str]]:
    """The config under the former names, and the name of each model with its former name."""
    kinds = {kind: architecture.identifier for kind, architecture in ARCHITECTURES.items()}
    return _translated(data, kinds, inverse(KEYS))


def distinct(names: Mapping[str, str]) -> None:
    """Check that no two former names are one name now.

    Raises:
        ValueError: naming both.
    """
    before: dict[str, str] = {}
    for then, now in names.items():
        if now in before:
            problem = f"found {before[now]} and {then}, which are both called {now} now"
            raise ValueError(f"{problem}; give one of them another name")
        before[now] = then


def now_called(former: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The present names of former ones.

    Raises:
        ValueError: two of them are one name now; the message has both.
    """
    former = list(former)
    distinct({name: names.get(name, name) for name in former})
    return [names.get(name, name) for name in former]


def suffix(key: str, value: Any) -> str:
    """What `vary` appends to the name of a model for one of its settings."""
    if value is None or value is False:
        return ""
    text = "" if value is True else re.sub(r"[^a-z0-9._-]+", "-", str(value).lower()).strip("-")
    return f"_{key}{text}"


def _translated(
    data: Data, kinds: Mapping[str, str], keys: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The config with other names, and the name of each model with its other name."""
    entries = data.get("models")
    if not isinstance(entries, list | tuple):
        return dict(data), {}
    shared = data.get("training")
    names: dict[str, str] = {}
    models = []
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
            models.append(entry)
            continue
        now_called(entry, keys)
        models.append(model := _model(entry, shared, kinds, keys))
        if isinstance(entry.get("name"), str):
            names[entry["name"]] = model["name"]
    return {**data, "models": models}, names


def _model(
    entry: Data, shared: Any, kinds: Mapping[str, str], keys: Mapping[str, str]
) -> dict[str, Any]:
    kind = kinds.get(entry["kind"], entry["kind"])
    model = {keys.get(key, key): value for key, value in entry.items()} | {"kind": kind}
    if isinstance(entry.get("name"), str):
        training = [group for group in (shared, entry.get("training")) if isinstance(group, dict)]
        settings = {key: value for group in (*training, entry) for key, value in group.items()}
        ends = {suffix(key, v): suffix(keys.get(key, key), v) for key, v in settings.items()}
        start, end = entry["name"][: len(entry["kind"])], entry["name"][len(entry["kind"]) :]
        other = _ending(end, ends) if start == entry["kind"] else None
        model["name"] = entry["name"] if other is None else kind + other
    return model


def _ending(text: str, ends: Mapping[str, str]) -> str | None:
    """What `vary` appended, under other names; None where it did not append this."""
    if not text:
        return ""
    for then, now in ends.items():
        if then and text.startswith(then):
            tail = _ending(text[len(then) :], {k: v for k, v in ends.items() if k != then})
            if tail is not None:
                return now + tail
    return None
