"""The trials of `wordrel tune`: chosen settings, gaps to contained models, epochs.

A loss is that of development documents. It is of one seed and has no interval, so it decides
nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, count, number, shared, table

ROOT = Path(__file__).resolve().parents[2]
Named = Callable[[str], str]
"""The label of a model."""


class Tuned(NamedTuple):
    """A model's trials on the largest sample: which was chosen, and its losses.

    Attributes:
        chosen: the row of its trial.
        alone: the best trial from a random start.
        inside: the model that it contains and that beat `alone`; empty where none did.
        continued: epochs -> its best score where it went on from its own weights for so many.
    """

    objective: str
    tried: int
    chosen: Row
    alone: Row
    inside: str
    continued: Mapping[int, float]


def tuned(tried: Mapping[str, pd.DataFrame]) -> dict[str, Tuned]:
    """Model -> how it was tuned."""
    by_model = {}
    for objective, every in tried.items():
        largest = every[every["tokens"] == every["tokens"].max()]
        for model, its in largest.groupby("model", sort=False):
            of_model = queries.rows(its.fillna({"start": "", "note": ""}).infer_objects())
            chosen = next(row for row in of_model if row.chosen)
            alone = max((row for row in of_model if not row.start), key=lambda row: row.score)
            inside = chosen.note.rpartition("contains ")[2]
            n = int((every["model"] == model).sum())
            own = its[its["start"] == model]
            continued = {int(e): float(s) for e, s in own.groupby("epochs")["score"].max().items()}
            by_model[str(model)] = Tuned(objective, n, chosen, alone, inside, continued)
    return by_model


def trials_of(name: str) -> pd.DataFrame:
    """Every trial of a tuning."""
    words = {"start": object, "note": object}
    table = pd.read_csv(ROOT / "results" / name / "trials.csv", dtype=words)
    return table.assign(start=table.get("start", pd.Series(dtype=object)))


def shown(
    tried: Mapping[str, pd.DataFrame], others: Mapping[str, pd.DataFrame], named: Named
) -> dict[str, str]:
    """The two texts of a tuning, by name; `others` are trials that start elsewhere."""
    trials = f"{numbers(tried, named)}\n- {edge(tried)}"
    every = {
        word: pd.concat([its, *([others[word]] if word in others else [])])
        for word, its in tried.items()
    }
    chosen = f"{settings(every, named)}\n\n{starts(tried, named)}".rstrip()
    return {"settings": chosen, "trials": trials}


def numbers(tried: Mapping[str, pd.DataFrame], named: Named) -> str:
    """How many trials of each sort a model of each objective has; from the fewest to the most.

    Names the trials that repeat another one of the same model.
    """
    lines = []
    for objective, every in tried.items():
        on = every["start"].notna()
        sorts = {"from a random start": ~on, "of these with dropout": ~on & (every["dropout"] > 0)}
        sorts["that go on from other weights"] = on
        counts = [
            f"{shared(count, rows.groupby(every['model']).sum().tolist())} {words}"
            for words, rows in sorts.items()
        ]
        alone = every[~on]
        counts[0] += f" ({shared(count, alone['epochs'].tolist())} epochs"
        if "weight_decay" in every:
            counts[0] += f", weight decay {shared(_plain, alone['weight_decay'].tolist())}"
        tokens = count(every["tokens"].max())
        lines.append(
            f"- {objective}, on up to {tokens} words: {'; '.join([f'{counts[0]})', *counts[1:]])}."
        )
        lines += (f"  {line}" for line in _repeated(every, named))
    return "\n".join(lines)


def _plain(value: float) -> str:
    return f"{value:g}"


def _repeated(every: pd.DataFrame, named: Named) -> Iterator[str]:
    """A sentence for each trial with the settings of an earlier one."""
    results = {"trial", "score", "seconds", "chosen", "note"}
    settings = every[[column for column in every if column not in results]]
    for row in queries.rows(every[settings.duplicated()]):
        model = every["model"] == row.model
        distinct = len(settings[model & every["start"].isna()].drop_duplicates())
        yield (
            f"A trial of {named(row.model)} repeats another one (rate "
            f"{number(row.learning_rate, 4)}, {count(row.epochs)} epochs). So it has "
            f"{count(distinct)} settings from a random start."
        )


def settings(tried: Mapping[str, pd.DataFrame], named: Named) -> str:
    """The chosen settings of every model, and their development loss."""
    heads = ["objective", "model", "goes on from", "trials", "rate", "epochs", "rate of weights"]
    lines = [
        [
            *(
                tuning.objective,
                named(model),
                named(tuning.chosen.start) if tuning.chosen.start else NOTHING,
                count(tuning.tried),
            ),
            *(number(tuning.chosen.learning_rate, 4), count(tuning.chosen.epochs)),
            number(tuning.chosen.weights_learning_rate),
            *(number(tuning.chosen.dropout, 1), number(-tuning.chosen.score)),
        ]
        for model, tuning in tuned(tried).items()
    ]
    return table([*heads, "dropout", "development loss"], lines, left=3)


def starts(tried: Mapping[str, pd.DataFrame], named: Named) -> str:
    """A line for each losing model: how far it is from the one that it contains.

    From a random start, in the chosen trials, and where both went on for as many epochs.
    """
    tunings = tuned(tried)
    lines = []
    for model, tuning in tunings.items():
        if not tuning.inside:
            continue
        small = tunings[tuning.inside]
        gaps = {
            "from a random start": small.alone.score - tuning.alone.score,
            "chosen": small.chosen.score - tuning.chosen.score,
        }
        continued = small.continued.get(int(tuning.chosen.epochs)) if tuning.chosen.start else None
        if continued is not None:
            gaps["where both went on"] = continued - tuning.chosen.score
        still = tuning.chosen.note.startswith("under-tuned: ")
        shown = ", ".join(f"{number(gap)} {words}" for words, gap in gaps.items())
        marked = "; still under-tuned" if still else ""
        lines.append(f"- {named(model)} contains {named(tuning.inside)}: gap {shown}{marked}.")
    return "\n".join(lines)


def edge(tried: Mapping[str, pd.DataFrame]) -> str:
    """Whether more epochs might have helped."""
    most = int(max(every["epochs"].max() for every in tried.values()))
    tunings = tuned(tried).values()
    at_edge = sum(tuning.alone.epochs == most for tuning in tunings)
    return (
        f"From a random start, the best trial of {at_edge} of {len(tunings)} models has {most} "
        "epochs, the largest number that was tried. So more epochs may lower any of these losses."
    )
