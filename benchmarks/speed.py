"""How fast is wordrel, beside what can be installed and beside what the machine can do?

Question: how fast do models train in one thread, beside gensim and beside each other; what share of
the machine's matrix products does a step of attention reach; how long do the full softmax and the
statistics of a study take? This measures machines and no claim of the study: it has no config, and
results/speed has no manifest.

Prediction, the aims, written before the first full run of the second edition (the report says what
is met):

 | what | beside | aim |
 |---|---|---|
 | `mean`, tokens a second, 100 dimensions, window 5 | gensim's CBOW, one worker | 1.0 times |
 | `matched_skip_gram`, tokens a second | gensim's skip-gram | 2.0 times |
 | `attention_position`, tokens a second | gensim's CBOW | .5 times |
 | recipe `lm` with 256 noise words, context words a second | `w2v`, same cell | .8 times |
 | passages of 64 words, context words a second | contexts of 5, same cell, `lm` | 1.0 times |
 | 4 heads, tokens a second | one head | .8 times |
 | Transformer block, tokens a second | the same attention with 4 heads | .7 times |
 | a step of `attention_position`, operations a second | torch.mm, 2048 x 2048 | .4 times |
 | all statistics of a study of 19 models | | at most 60 s |
 | full softmax of 200,000 test tokens, 20,000 words | | at most 30 s |

The cell is `mean_query_attention_position`, which contains every other cell of the masked word.

Decision rule: an aim is met where the median of the rounds meets it, and a ratio is taken within a
round.

Known when this was written: what the first edition reached, and single runs on a busy machine.

Tried in the matched trainer since then, and no faster: a backward pass of one head written by hand
in place of autograd's; dividing maps by the scale in place of queries; prefix sums for the mean. Of
several heads and of skip-gram it was the number of operations that could be reduced. The feed-
forward part of a block has more operations than all the rest of it.

Run it from the top of the repository, on a machine that does nothing else:
`python -m benchmarks.speed` (about 10 minutes; it needs WORDREL_DATA), `--only PART` to measure one
part again, `--quick` to see in a minute whether all of it works (written elsewhere; its numbers
mean nothing). Then `python benchmarks/speeds.py` writes the rates that the package ships.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from benchmarks.evaluation import softmax, statistics
from benchmarks.material import FULL, QUICK, Material, wiki17m
from benchmarks.operations import operations
from benchmarks.rows import Row
from benchmarks.table import TITLES, store_part
from benchmarks.training import throughput
from wordrel.errors import TrainingError, WordrelError
from wordrel.io.environment import environment, git_state
from wordrel.io.store import cache_root
from wordrel.jobs.local import one_thread

RESULTS = Path(__file__).resolve().parents[1] / "results"
PARTS: dict[str, Callable[[Material], Iterator[Row]]] = {
    "throughput": throughput,
    "operations": operations,
    "softmax": softmax,
    "statistics": statistics,
}


def run_parts(
    names: Sequence[str], material: Material, folder: Path, say: Callable[[str], None]
) -> bool:
    """Run some parts one after the other; one that cannot be run stops no other.

    Each is stored as soon as it ended; what the folder has of other parts stays.

    Returns:
        Whether all of them ran.

    Raises:
        StoreError: when rows cannot be stored.
    """
    failed = False
    for name in names:
        say(f"{TITLES[name]} ({name})")
        started = time.monotonic()
        try:
            with one_thread():
                rows = list(PARTS[name](material))
        except (WordrelError, TrainingError) as error:
            say(f"{name}: {error}")
            failed = True
            continue
        seconds = round(time.monotonic() - started, 1)
        commit, dirty = git_state()  # of the package; what measures it may differ as well
        dirty = dirty or git_state(Path(__file__).parent)[1]
        about = {"commit": commit, "dirty": dirty, "seconds": seconds, **environment()}
        store_part(folder, name, rows, about)
        say(f"{name}: {len(rows)} rows in {seconds:.0f} s")
    return not failed


def main() -> None:
    """Measure the selected parts; exits with 2 where one could not be measured."""
    parser = argparse.ArgumentParser(description="Measure speed.")
    parser.add_argument("--only", nargs="+", metavar="PART", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only whether it works")
    parser.add_argument("--out", type=Path, help="default: results/speed, or .speed-quick there")
    options = parser.parse_args()
    material = Material(QUICK if options.quick else FULL, cache(partial(wiki17m, cache_root())))
    folder = options.out or RESULTS / (".speed-quick" if options.quick else "speed")
    sys.exit(0 if run_parts(options.only, material, folder, print) else 2)


if __name__ == "__main__":
    main()
