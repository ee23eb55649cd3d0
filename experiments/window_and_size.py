"""Are the verdicts fragile: do they hold with another window and other dimensions?

Question: the other studies use a window of 5 and 100 dimensions. Does a difference between word2vec
and attention that is told apart there turn round with a window of 2 or 10, or with 50 or 300
dimensions?

Prediction, written before a model with another window or other dimensions was trained:
 1. No verdict turns round: on no task is a word2vec model better than an attention model under one
    setting and worse under another.
 2. Masked-word loss: `masked_attention` is better than CBOW under every setting.
 3. A window of 10 narrows no gap in the analogies: skip-gram stays better than both attention
    models wherever they are told apart.

Decision rule, on the pairs {skip_gram, cbow} x {attention_position, masked_attention} of the same
setting; "better" needs p < .05 after Holm over the table, which holds all settings, and an interval
of the paired difference without 0. Three seeds: this study concludes nothing by itself, it says
whether the verdicts of others lean on one setting.
 1.: fails where a pair has both signs on a task, holds where none has and one at least has the same
    sign twice.
 2. and 3.: holds where nothing contradicts and at least one setting supports, fails where one
    contradicts.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import median

import wordrel
from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import number
from wordrel.report.verdicts import Verdict, ahead, counted, decided, difference, told
from wordrel.study.results import Results

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ("", "_w2", "_w10", "_d50", "_d300")
Pair = tuple[str, str]
PAIRS: tuple[Pair, ...] = tuple(
    product(("skip_gram", "cbow"), ("attention_position", "masked_attention"))
)
TASKS = ("ws353", "simlex999", "men_test", "google_analogies")
MASKED = "held_out_loss.masked_word"


def main() -> None:
    """Run the study, or what of it is not done yet, and say what came out of it."""
    name = Path(__file__).stem
    result = wordrel.run(ROOT / "configs" / f"{name}.yaml", out=ROOT / "results" / name)
    print(told(verdicts(result), {}))


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, by the rule above."""
    rows = {
        (task, pair): [_row(results, task, *pair, setting) for setting in SETTINGS]
        for task in TASKS
        for pair in PAIRS
    }
    signs = {key: list(map(ahead, found)) for key, found in rows.items()}
    turned = [f"{' and '.join(p)} on {t}" for (t, p), s in signs.items() if {1, -1} <= set(s)]
    twice = any(max(found.count(1), found.count(-1)) > 1 for found in signs.values())
    first = "fails" if turned else "holds" if twice else "undecided"
    apart = sum(sign != 0 for found in signs.values() for sign in found)
    every = [row for found in rows.values() for row in found]
    said = (
        f"{apart} of {len(every)} told apart; turned round: {', '.join(turned) or 'none'}; with "
        f"three seeds a difference of {_detectable(rows)} would be told (80% power, median) "
        f"({counted(every)})"
    )
    losses = [_row(results, MASKED, "masked_attention", "cbow", setting) for setting in SETTINGS]
    analogies = [
        row
        for (task, (word2vec, _)), found in rows.items()
        if task == "google_analogies" and word2vec == "skip_gram"
        for row in found
    ]
    return {
        "1": Verdict(first, said),
        "2": Verdict(decided(map(ahead, losses)), _summed(losses)),
        "3": Verdict(decided(map(ahead, analogies)), _summed(analogies)),
    }


def _detectable(rows: Mapping[tuple[str, Pair], Sequence[Row | None]]) -> str:
    """The smallest difference that a pair of one setting would show, for each task."""
    said = []
    for name in TASKS:
        found = [row for (task, _), of in rows.items() if task == name for row in of]
        least = median(row.detectable for row in found if row is not None)
        said.append(f"{number(least)} on {name}")
    return ", ".join(said)


def _row(results: Results, task: str, first: str, second: str, setting: str) -> Row | None:
    (corpus,) = queries.corpora(results)
    return difference(results, corpus, task, first + setting, second + setting)


def _summed(rows: Sequence[Row | None]) -> str:
    signs = list(map(ahead, rows))
    told = f"better {signs.count(1)}, worse {signs.count(-1)}, not told apart {signs.count(0)}"
    return f"{told} ({counted(rows)})"


if __name__ == "__main__":
    main()
