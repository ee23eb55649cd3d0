"""`vary`: one entry of a config that stands for several, one for each combination of its values.

Its keys are settings of the corpus, of the model, or of the model's training. An entry is named
after what it varies: `mean` with `vary: {window: [2, 10], shuffled: [false, true]}` gives
mean_window2, mean_window2_shuffled, mean_window10, mean_window10_shuffled.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from wordrel.config.dialect import Keys, shown
from wordrel.config.models import TrainingConfig
from wordrel.config.names import suffix
from wordrel.config.places import Places
from wordrel.config.problems import Problem
from wordrel.config.settings import entry_name

ENTRIES = 1_000  # corpora or models that a config may have once `vary` is expanded
_OWN_NAME = {"name", "kind", "algorithm", "source"}  # what an entry is called after anyway


def expanded(data: Mapping[str, Any], places: Places) -> tuple[dict[str, Any], list[Problem]]:
    """The data with every combination as an entry of its own, and what is wrong with `vary`.

    Args:
        data: as it was written.
        places: told where each entry was written.
    """
    found, problems = dict(data), list[Problem]()
    shared = data.get("training")
    defaults = (
        {"recipe": None}
        | TrainingConfig().model_dump()
        | (shared if isinstance(shared, dict) else {})
    )
    for group, training in (("corpora", {}), ("models", defaults)):
        if not isinstance(entries := data.get(group), list | tuple):
            continue
        found[group] = []
        for i, entry in enumerate(entries):
            room = ENTRIES - len(found[group]) - len(entries[i + 1 :])
            if problem := _problem(entry, room):
                problems.append(((group, len(found[group]), "vary"), problem))
                entry = {key: value for key, value in entry.items() if key != "vary"}
            for variant, origins in _variants(entry, training):
                at = (group, len(found[group]))
                places.moved |= {(*at, *to): (group, i, *key) for to, key in origins.items()}
                found[group].append(variant)
    return found, problems


def _problem(entry: Any, room: int) -> str:
    """What is wrong with the `vary` of an entry; empty where nothing is."""
    if not isinstance(entry, Mapping) or "vary" not in entry:
        return ""
    vary, training = entry["vary"], entry.get("training")
    if not isinstance(vary, Mapping) or not vary:
        return f"found {shown(vary)}, expected keys with lists of values"
    for key, values in vary.items():
        if not isinstance(values, list | tuple) or not values:
            return f"{key}: found {shown(values)}, expected a list of values"
        if key in entry or (isinstance(training, Mapping) and key in training):
            return f"{key}: found a value beside `vary` too, expected one of them: remove the other"
    if (number := math.prod(map(len, vary.values()))) > room:
        return f"found {number:,} combinations, expected at most {ENTRIES:,} entries in all"
    return ""


def _variants(entry: Any, shared: Mapping[str, Any]) -> Iterator[tuple[Any, dict[Keys, Keys]]]:
    """Each combination, and which of its keys were written where in the entry."""
    if not isinstance(entry, Mapping) or "vary" not in entry:
        yield entry, {(): ()}
        return
    vary, given = entry["vary"], entry.get("training", {})
    for chosen in product(*(enumerate(values) for values in vary.values())):
        varied = {key: value for key, (_, value) in zip(vary, chosen, strict=True)}
        origins: dict[Keys, Keys] = {(): ()}
        for key, (i, _) in zip(vary, chosen, strict=True):
            origins[("training", key) if key in shared else (key,)] = ("vary", key, i)
        own = {key: value for key, value in varied.items() if key not in shared}
        variant = {key: value for key, value in entry.items() if key != "vary"} | own
        # a model with the shared value is the one that other studies train: it changes nothing
        training = {k: varied[k] for k in varied if k in shared and not _same(varied[k], shared[k])}
        if training and isinstance(given, Mapping):
            variant["training"] = {**given, **training}
        yield variant | _name(variant, varied), origins


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _name(variant: Mapping[str, Any], varied: Mapping[str, Any]) -> dict[str, str]:
    name, own = entry_name(variant), {"name"} if variant.get("name") else _OWN_NAME
    if not isinstance(name, str):
        return {}  # its problem has a message of its own
    suffixes = (suffix(key, value) for key, value in varied.items() if key not in own)
    return {"name": "".join([name, *suffixes])}
