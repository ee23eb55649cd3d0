"""The rough speeds that the package ships, made of the stored measurements.

    python benchmarks/speeds.py

Writes `src/wordrel/study/speeds.csv`, from which `wordrel run --plan` estimates on a machine that
has trained nothing yet. `results/speed` decides where it measured a model; else the median of the
stored runs of that model under the same settings does.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from wordrel.config import StudyConfig, parse_config
from wordrel.io.files import write_text
from wordrel.study.costs import SPEED_TRAINING, measured_as
from wordrel.study.results import read_results

REPOSITORY = Path(__file__).resolve().parent.parent
PLACE = REPOSITORY / "src" / "wordrel" / "study" / "speeds.csv"


def main() -> None:
    """Write the table again."""
    write_text(PLACE, made(REPOSITORY / "results"))


def made(results: Path) -> str:
    """The table as CSV: a model a line, tokens a second in one thread, and the source."""
    runs: Mapping[str, list[float]] = defaultdict(list)
    for model, rate in _stored(results):
        runs[model].append(rate)
    rows = {
        model: (median(rates), f"median of {len(rates)} stored runs")
        for model, rates in runs.items()
    }
    speed = pd.read_csv(results / "speed" / "speed.csv")
    measured = speed[(speed["part"] == "throughput") & (speed["unit"] == "tokens/s")]
    for row in measured.to_dict("records"):
        if "," not in row["what"]:  # else it has settings of its own
            rows[row["what"]] = (row["value"], "results/speed")
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("model", "tokens_per_second", "source"))
    table.writerows((model, f"{rate:.6g}", why) for model, (rate, why) in sorted(rows.items()))
    return text.getvalue()


def _stored(results: Path) -> Iterator[tuple[str, float]]:
    """Model and tokens a second of every stored run that has the settings of `results/speed`."""
    for path in sorted(results.glob("*/runs.csv")):
        stored = read_results(path.parent)
        names, runs = _same_settings(stored.config), stored.runs
        done = runs[(runs["status"] == "done") & (runs["trained_tokens"] > 0)]
        for name, rate in zip(done["model"], done["tokens_per_second"], strict=True):
            if name in names:
                yield names[name], float(rate)


def _same_settings(config: dict[str, Any]) -> dict[str, str]:
    """What the models of a study are measured as, of those with no settings of their own."""
    study: StudyConfig = parse_config(config, place="config.yaml")
    names = {}
    for model in study.models:
        training = study.training_of(model).model_dump(mode="json")
        settings = model.model_dump(mode="json")
        plain = not any(settings.get(key) for key in ("ties", "sum_gradient"))
        loss = settings.get("loss", "negative_sampling") == "negative_sampling"
        wanted = SPEED_TRAINING | {"shuffled": False}
        same = all(training[key] == value for key, value in wanted.items())
        if same and plain and loss and measured_as(model):
            names[model.name] = measured_as(model)
    return names


if __name__ == "__main__":
    main()
