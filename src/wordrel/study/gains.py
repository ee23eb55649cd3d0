"""Gains of contrasts that are no difference of two models on one row of the result.

Reads outcomes and measurements in memory.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from wordrel.config import Contrast
from wordrel.config.contrasts import Beside
from wordrel.stats import MEASURES, Sample, Scored, Uncertain, answered_by_all, combined
from wordrel.stats.alignment import Drop
from wordrel.stats.intervals import over_seeds
from wordrel.study.agreement import runs_of
from wordrel.study.answers import Asked
from wordrel.study.schema import Row
from wordrel.tasks import Measurement

Cells = Iterable[tuple[str, int, Sequence[Measurement]]]  # model, seed, measurements


def beyond(asked: Asked, contrast: Contrast) -> Row:
    """By how much one model's score is better than a number; nothing where it has no answer."""
    predicted = asked.predicted()
    rows = [r for key, r in predicted.items() if key[0] == contrast.first and asked.selected(key)]
    if not rows:
        return {}
    outcome, common = asked.any, answered_by_all(rows)
    sample = Sample.of(outcome.gold[common], outcome.cluster[common])
    scored = Scored.of(MEASURES[outcome.measure], sample, rows[0][:, common])
    number = contrast.against if isinstance(contrast.against, float) else outcome.chance
    gain = _beyond(
        combined({contrast.first: 1.0}, {contrast.first: scored}), number, outcome.better
    )
    return {"gain": gain, "seeds": len(scored.seeds), "n": int(common.sum())}


def _beyond(score: Uncertain, number: float, better: str) -> Uncertain:
    """The score less the number, turned where lower is better."""
    sign = 1.0 if better == "higher" else -1.0
    return score._replace(value=sign * (score.value - number))


def dropped(by_task: Mapping[str, Asked], contrast: Contrast) -> Row:
    """By how much two models agree less than their seeds, less the same of two others beside."""
    pairs: list[Contrast | Beside] = [contrast, *([contrast.beside] if contrast.beside else [])]
    runs = [
        runs_of(by_task[one.task], model) if model and one.task in by_task else {}
        for one in pairs
        for model in (one.first, one.second)
    ]
    if not all(runs):
        return {}
    first, *others = (Drop.of(*two) for two in zip(runs[::2], runs[1::2], strict=True))
    gain = first.less(others[0]) if others else first.uncertain()
    return {"gain": gain, "seeds": min(map(len, runs)), "n": len(first.influence)}


def measured_gains(task: str, cells: Cells, planned: Sequence[Contrast]) -> list[Row]:
    """Contrasts of measurements of a task with a number; see `wordrel.study.contrasts.measured`.

    Nothing of a group with several embeddings where the contrast names none of them: they are no
    further seeds.
    """
    found: dict[Contrast, list[list[Measurement]]] = {}
    wanted = [one for one in planned if one.measured is not None and one.task == task]
    for model, _, measurements in cells:
        for one in wanted:
            if one.first == model:
                found.setdefault(one, []).append([m for m in measurements if _is(m, one)])
    return [
        _measured(contrast, [one for seed in seeds for one in seed])
        for contrast, seeds in found.items()
        if max(map(len, seeds)) == 1
    ]


def _is(one: Measurement, contrast: Contrast) -> bool:
    wanted = contrast.measured
    return (
        wanted is not None
        and (one.group, one.statistic) == (wanted.group, wanted.statistic)
        and wanted.embedding in (None, one.embedding)
        and not np.isnan(one.value)
    )


def _measured(contrast: Contrast, seeds: Sequence[Measurement]) -> Row:
    """Of the measurements of one group and statistic, one a seed."""
    assert contrast.measured is not None and isinstance(contrast.against, float)
    values, errors = (np.array([getattr(m, k) for m in seeds]) for k in ("value", "error"))
    independent = min(one.clusters or one.n for one in seeds)
    score = over_seeds(values, errors, independent)
    gain = _beyond(score, contrast.against, contrast.measured.better)
    return {
        "contrast": contrast,
        "gain": gain,
        "seeds": len(seeds),
        "n": min(one.n for one in seeds),
    }
