"""Run what is missing of an experiment, and print its verdicts.

python experiments NAME
"""

import argparse
from importlib import import_module
from pathlib import Path

import wordrel
from wordrel.config import load_config
from wordrel.report.claims import decidable, standing
from wordrel.report.verdicts import verdict_lines

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Train and ask what configs/NAME.yaml says, write results/NAME, judge by the rule of NAME."""
    names = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
    parser = argparse.ArgumentParser(prog="python experiments", description=main.__doc__)
    parser.add_argument("name", metavar="NAME", choices=names, help=", ".join(names))
    name = parser.parse_args().name
    if load_config(ROOT / "configs" / f"{name}.yaml").tune is not None:
        parser.error(f"found a tuning, which decides nothing: wordrel tune configs/{name}.yaml")
    result = wordrel.run(ROOT / "configs" / f"{name}.yaml", out=ROOT / "results" / name)
    experiment = import_module(name)
    verdicts = experiment.verdicts(result) if hasattr(experiment, "verdicts") else {}
    own = {rule: rule.decide(result) for rule in decidable(result) if rule.experiment == name}
    claims = {r.name: c._replace(verdict=standing(r, c)) for r, c in own.items()}
    print(verdict_lines(verdicts, claims))


if __name__ == "__main__":
    main()
