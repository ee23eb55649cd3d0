"""Entries of a config that stand for others: `vary`, and `recipe`. Both are written out.

`vary` is one entry for several, one for each combination of its values. Its keys are settings of
the corpus, of the model, or of the model's training. An entry is named after what it varies: `mean`
with `vary: {window: [2, 10], shuffled: [false, true]}` gives mean_window2, mean_window2_shuffled,
mean_window10, mean_window10_shuffled.

`recipe` is one setting of training for the settings of word2vec or of a Transformer.

| recipe | words | window | loss |
|---|---|---|---|
| w2v | frequent ones dropped (1e-3) | drawn from 1..window | negative sampling, K = 5 |
| lm | all | full | sampled softmax (the full softmax may be given instead) |

It stands in `training`, of the study or of one model, and is written out before the settings are
checked. A loaded config has no recipe, so that a recipe and its settings are the same study. The
mixes of the two have no name: they are written with the settings themselves.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from wordrel.config.architectures import ARCHITECTURES
from wordrel.config.dialect import Keys, shown
from wordrel.config.models import RECIPES, TrainingConfig
from wordrel.config.names import suffix
from wordrel.config.places import Places
from wordrel.config.problems import Problem, nearest
from wordrel.config.settings import entry_name

ENTRIES = 1_000  # corpora or models that a config may have once `vary` is expanded
_OWN_NAME = {"name", "kind", "algorithm", "source"}  # what an entry is called after anyway

_LOSSES = {"w2v": ("negative_sampling",), "lm": ("sampled_softmax", "full_softmax")}
"""The losses that a recipe allows; the first is the default."""
_OURS = (*ARCHITECTURES, "matched_skip_gram")


def expanded(data: Mapping[str, Any], places: Places) -> tuple[dict[str, Any], list[Problem]]:
    """The data with every combination as an entry of its own, and what is wrong with `vary`.

    Args:
        data: as it was written.
        places: changed in place: where each entry was written.
    """
    study, problems = dict(data), list[Problem]()
    shared = data.get("training")
    defaults = (
        {"recipe": None}
        | TrainingConfig().model_dump()
        | (shared if isinstance(shared, dict) else {})
    )
    for group, training in (("corpora", {}), ("models", defaults)):
        if not isinstance(entries := data.get(group), list | tuple):
            continue
        study[group] = []
        for i, entry in enumerate(entries):
            room = ENTRIES - len(study[group]) - len(entries[i + 1 :])
            if problem := _problem(entry, room):
                problems.append(((group, len(study[group]), "vary"), problem))
                entry = {key: value for key, value in entry.items() if key != "vary"}
            for variant, origins in _variants(entry, training):
                at = (group, len(study[group]))
                places.moved |= {(*at, *to): (group, i, *key) for to, key in origins.items()}
                study[group].append(variant)
    return study, problems


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
    vary, own_training = entry["vary"], entry.get("training", {})
    for chosen in product(*(enumerate(values) for values in vary.values())):
        varied = {key: value for key, (_, value) in zip(vary, chosen, strict=True)}
        origins: dict[Keys, Keys] = {(): ()}
        for key, (i, _) in zip(vary, chosen, strict=True):
            origins[("training", key) if key in shared else (key,)] = ("vary", key, i)
        own = {key: value for key, value in varied.items() if key not in shared}
        variant = {key: value for key, value in entry.items() if key != "vary"} | own
        # a model with the shared value is the one that other studies train: it changes nothing
        training = {k: varied[k] for k in varied if k in shared and not _same(varied[k], shared[k])}
        if training and isinstance(own_training, Mapping):
            variant["training"] = {**own_training, **training}
        yield variant | _name(variant, varied), origins


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _name(variant: Mapping[str, Any], varied: Mapping[str, Any]) -> dict[str, str]:
    name, own = entry_name(variant), {"name"} if variant.get("name") else _OWN_NAME
    if not isinstance(name, str):
        return {}  # its problem has a message of its own
    suffixes = (suffix(key, value) for key, value in varied.items() if key not in own)
    return {"name": "".join([name, *suffixes])}


def with_recipes(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The data with recipes written out, and every setting that contradicts one.

    A model's own recipe counts for it in place of the shared one. What is wrong by itself is left
    as it is, for the check of single settings.
    """
    study = dict(data)
    shared, recipe, problems = _written_out(data.get("training"), ("training",))
    if "training" in data:
        study["training"] = shared
    if isinstance(models := data.get("models"), list | tuple):
        study["models"] = []
        for i, entry in enumerate(models):
            model, model_problems = _model(entry, recipe, ("models", i))
            study["models"].append(model)
            problems += model_problems
    return study, problems


def _written_out(training: Any, at: Keys) -> tuple[Any, str | None, list[Problem]]:
    """Settings of training without their recipe, its name if they have one, and its problems."""
    if not isinstance(training, Mapping) or "recipe" not in training:
        return training, None, []
    settings = {key: value for key, value in training.items() if key != "recipe"}
    name = training["recipe"]
    if not isinstance(name, str) or name not in RECIPES:
        text = f"found {shown(name)}{nearest(str(name), RECIPES)} expected one of "
        return settings, None, [((*at, "recipe"), text + ", ".join(RECIPES))]
    return RECIPES[name] | settings, name, [*_contradicted(settings, name, at)]


def _contradicted(training: Mapping[str, Any], recipe: str, at: Keys) -> Iterator[Problem]:
    for key, value in RECIPES[recipe].items():
        if training.get(key, value) != value:
            problem = f"found {shown(training[key])}, but the recipe {recipe} stands for "
            yield (*at, key), f"{problem}{shown(value)}: remove one of the two"


def _model(entry: Any, shared: str | None, at: Keys) -> tuple[Any, list[Problem]]:
    """One model with its recipe, or the `shared` one, written out."""
    if not isinstance(entry, Mapping):
        return entry, []
    training, own, problems = _written_out(entry.get("training"), (*at, "training"))
    model = {**entry, "training": training} if "training" in entry else {**entry}
    if shared and not own and isinstance(training, Mapping):
        problems += _contradicted(training, shared, (*at, "training"))
    recipe, kind = own or shared, entry.get("kind")
    if recipe is None or not isinstance(kind, str):
        return model, problems
    losses = _LOSSES[recipe]
    if kind == "word2vec" and "negative_sampling" not in losses:
        text = f"found word2vec under the recipe {recipe}, but gensim has no such loss: "
        problems.append(((*at, "kind"), text + "give it training: {recipe: w2v}"))
    elif kind in _OURS and entry.get("loss", losses[0]) not in losses:
        text = f"found {shown(entry['loss'])}, but the recipe {recipe} stands for {losses[0]}"
        problems.append(((*at, "loss"), text + ": remove one of the two"))
    elif kind in _OURS:
        model.setdefault("loss", losses[0])
        if isinstance(model.get("start"), Mapping):
            model["start"] = {"loss": model["loss"], **model["start"]}
    return model, problems
