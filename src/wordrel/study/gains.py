"""Gains of contrasts that are no difference of two models on one row of the result."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from wordrel.config import Contrast
from wordrel.config.contrasts import Beside
from wordrel.stats import MEASURES, Sample, Scored, Uncertain, answered_by_all, combined
from wordrel.stats.alignment import Drop
from wordrel.stats.intervals import over_seeds
from wordrel.study.agreement import answered_together, runs_of
from wordrel.study.analysis import by_seed
from wordrel.study.answers import Evaluation
from wordrel.study.schema import Row
from wordrel.tasks import Measurement

Cells = Iterable[tuple[str, int, Sequence[Measurement]]]  # model, seed, measurements


def beyond(evaluation: Evaluation, contrast: Contrast) -> Row:
    """By how much one model's score is better than a number; nothing where it has no answer."""
    predicted = evaluation.predicted()
    keys = [key for key in predicted if key[0] == contrast.first and evaluation.selected(key)]
    if not keys:
        return {}
    outcome, common = evaluation.any, answered_by_all([predicted[key] for key in keys])
    sample = Sample.of(outcome.gold[common], outcome.cluster[common])
    measure = MEASURES[outcome.measure]
    scored = Scored.of(measure, sample, predicted[keys[0]][:, common])
    chances = [of_seed.chance for of_seed in evaluation.outcomes[keys[0]].values()]
    number = contrast.against if isinstance(contrast.against, float) else float(np.mean(chances))
    score = combined({contrast.first: 1.0}, {contrast.first: scored})
    gain, *ends = (
        _beyond(value, number, outcome.better)
        for value in (score, *(score._replace(value=end) for end in measure.bounds))
    )
    bounds = tuple(sorted(end.value for end in ends))
    return {"gain": gain, "bounds": bounds, "seeds": len(scored.seeds), "n": int(common.sum())}


def _beyond(score: Uncertain, number: float, better: str) -> Uncertain:
    """The score less the number, turned where lower is better."""
    sign = 1.0 if better == "higher" else -1.0
    return score._replace(value=sign * (score.value - number))


def dropped(by_task: Mapping[str, Evaluation], contrast: Contrast) -> Row:
    """How much less two models agree than their seeds, less the same of two others beside.

    On the pairs of words that all of these models answer.
    """
    pairs: list[Contrast | Beside] = [contrast, *([contrast.beside] if contrast.beside else [])]
    runs = [
        runs_of(by_task[pair.task], model) if model and pair.task in by_task else {}
        for pair in pairs
        for model in (pair.first, pair.second)
    ]
    if not all(runs):
        return {}
    runs = answered_together(runs)
    first, *others = (Drop.of(*two) for two in zip(runs[::2], runs[1::2], strict=True))
    gain = first.less(others[0]) if others else first.uncertain()
    return {"gain": gain, "seeds": min(map(len, runs)), "n": len(first.influence)}


def measured_gains(task: str, cells: Cells, planned: Sequence[Contrast]) -> list[Row]:
    """Contrasts of measurements of a task with a number; see `wordrel.study.contrasts.measured`.

    None for a group with several embeddings of which the contrast names none: they are no further
    seeds.
    """
    by_contrast: dict[Contrast, list[list[Measurement]]] = {}
    wanted = [
        contrast for contrast in planned if contrast.measured is not None and contrast.task == task
    ]
    for model, _, measurements in cells:
        for contrast in wanted:
            if contrast.first == model:
                by_contrast.setdefault(contrast, []).append(
                    [m for m in measurements if _is(m, contrast)]
                )
    return [
        _measured(contrast, [m for seed in seeds for m in seed])
        for contrast, seeds in by_contrast.items()
        if max(map(len, seeds)) == 1
    ]


def _is(measurement: Measurement, contrast: Contrast) -> bool:
    wanted = contrast.measured
    return (
        wanted is not None
        and (measurement.group, measurement.statistic) == (wanted.group, wanted.statistic)
        and wanted.embedding in (None, measurement.embedding)
        and not np.isnan(measurement.value)
    )


def _measured(contrast: Contrast, seeds: Sequence[Measurement]) -> Row:
    """Of the measurements of one group and statistic, one a seed."""
    assert contrast.measured is not None and isinstance(contrast.against, float)
    score = over_seeds(*by_seed(seeds))
    gain = _beyond(score, contrast.against, contrast.measured.better)
    return {
        "contrast": contrast,
        "gain": gain,
        "seeds": len(seeds),
        "n": min(measurement.n for measurement in seeds),
    }
