"""`recipe`: one setting of training that stands for the settings of word2vec or of a Transformer.

| recipe | words | window | loss |
|---|---|---|---|
| w2v | frequent ones dropped (1e-3) | drawn from 1..window | negative sampling, K = 5 |
| lm | all | full | sampled softmax (the full softmax may be given instead) |

It stands in `training`, of the study or of one model, and is written out before the settings get a
meaning: no config has it once it is loaded, so that a recipe and its settings are the same study.
The mixes of the two have no name: they are written with the settings themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from wordrel.config.architectures import ARCHITECTURES
from wordrel.config.dialect import Keys, shown
from wordrel.config.models import RECIPES
from wordrel.config.problems import Problem, nearest

_LOSSES = {"w2v": ("negative_sampling",), "lm": ("sampled_softmax", "full_softmax")}
"""What each says of `loss`; the first where a model says nothing."""
_OURS = (*ARCHITECTURES, "matched_skip_gram")


def with_recipes(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The data with recipes written out, and every setting that contradicts one.

    A model's own recipe counts for it in place of the shared one. What is wrong by itself is left
    as it is, for the check of single settings.
    """
    found = dict(data)
    shared, recipe, problems = _written_out(data.get("training"), ("training",))
    if "training" in data:
        found["training"] = shared
    if isinstance(models := data.get("models"), list | tuple):
        found["models"] = []
        for i, entry in enumerate(models):
            model, more = _model(entry, recipe, ("models", i))
            found["models"].append(model)
            problems += more
    return found, problems


def _written_out(training: Any, at: Keys) -> tuple[Any, str | None, list[Problem]]:
    """Settings of training without their recipe, its name if they have one, and its problems."""
    if not isinstance(training, Mapping) or "recipe" not in training:
        return training, None, []
    rest = {key: value for key, value in training.items() if key != "recipe"}
    name = training["recipe"]
    if not isinstance(name, str) or name not in RECIPES:
        text = f"found {shown(name)}{nearest(str(name), RECIPES)} expected one of "
        return rest, None, [((*at, "recipe"), text + ", ".join(RECIPES))]
    return RECIPES[name] | rest, name, [*_contradicted(rest, name, at)]


def _contradicted(training: Mapping[str, Any], recipe: str, at: Keys) -> Iterator[Problem]:
    for key, value in RECIPES[recipe].items():
        if training.get(key, value) != value:
            found = f"found {shown(training[key])}, but the recipe {recipe} stands for "
            yield (*at, key), f"{found}{shown(value)}: remove one of the two"


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
