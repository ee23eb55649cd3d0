"""How fast is the matched trainer, and what do its speed and memory grow with?

Question: beside gensim, beside the plain way to train attention, and beside what this machine can
do at all, how fast does a cell train in one thread; how long does it take to be as good as gensim's
CBOW; and what do its seconds and its memory grow with? This measures machines and no claim of the
study: it has no config, and results/speed has no manifest.

Prediction, written before the first full run of each part (the report says what is met):

 | what | beside | aim |
 |---|---|---|
 | tokens/s of `mean`, 100 dimensions, window 5 | gensim's CBOW, one worker | .6 times, reach 1 |
 | tokens/s of `attention_position` | gensim's CBOW, one worker | .3 times, reach .5 |
 | the same | the plain way (`benchmarks.plain`) | 5 times |
 | seconds to quality of `mean`, on wiki17m | gensim's CBOW | at most 1.0 times |
 | the same of `attention_position` and `mask_query_attention` | gensim's CBOW | at most 2 times |
 | operations a second of a step of `attention_position` | torch.mm, 2048 x 2048 | 40 % |
 | seconds for as many tokens at 50 k, 200 k, 1 M words | at 10 k words | at most 1.3 times |
 | seconds a token of 4 M and 16 M tokens | the same of 1 M tokens | at most 1.3 times |
 | peak memory of the same | the same of 1 M tokens | at most 1.3 times |
 | peak memory of a cell, 50 k words, 100 dimensions | tables and optimiser | twice, and 500 MB |
 | Google's analogies, questions a second, one embedding | gensim's evaluator | 5 times |
 | all tasks of the question alike, 50 k words, 100 dimensions, 14 embeddings | | at most 25 s |
 | peak memory of the same | | at most 1500 MB |
 | tables of a study on two hosts, and with one lost | here | the same, byte for byte |

gensim's skip-gram, the other architectures, and what else was tried (`variants`) are shown without
an aim. `evaluators` is stored only where its scores are gensim's to 1e-6, on the same items.

Decision rule: an aim is met where the median of the ratios within the rounds meets it. Time to
quality has one round: the seconds of the shortest training (1, 2, 3 or 5 epochs, each with
a learning rate that falls to 0) whose end reaches, on MEN's development pairs and in the selected
embedding, what gensim's CBOW has after 5 epochs less .02. A model that does not reach it in the
time that is given is known to take more than its longest training, which may be enough to miss an
aim.

Known when this was written: throughput of a few architectures, seen while the trainer was made
faster.

Run it from the top of the repository, on a machine that does nothing else:
`python -m benchmarks.speed` (about 35 minutes; it needs WORDREL_DATA), `--only PART` to measure one
part again, `--quick` to see in a minute whether all of it works (written elsewhere; its numbers
mean nothing).
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from benchmarks.evaluators import evaluators
from benchmarks.hosts import cluster
from benchmarks.material import FULL, QUICK, Material, wiki17m
from benchmarks.operations import operations
from benchmarks.quality import quality
from benchmarks.rows import Row
from benchmarks.scaling import corpus_size, memory, vocabulary
from benchmarks.table import TITLES, store_part
from benchmarks.throughput import throughput
from benchmarks.variants import variants
from wordrel.errors import TrainingError, WordrelError
from wordrel.io.environment import environment, git_state
from wordrel.io.store import cache_root
from wordrel.jobs.local import one_thread
from wordrel.tasks import load_task

RESULTS = Path(__file__).resolve().parents[1] / "results"
PARTS: dict[str, Callable[[Material], Iterator[Row]]] = {
    "throughput": throughput,
    "operations": operations,
    "vocabulary": vocabulary,
    "corpus": corpus_size,
    "memory": memory,
    "variants": variants,
    "evaluators": evaluators,
    "cluster": cluster,
    "quality": quality,
}
"""The longest last."""


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
    """Measure the parts that were asked for; exits with 2 where one could not be."""
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("--only", nargs="+", metavar="PART", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only whether it works")
    parser.add_argument("--out", type=Path, help="default: results/speed, or .speed-quick there")
    asked = parser.parse_args()
    material = Material(
        sizes=QUICK if asked.quick else FULL,
        text=cache(partial(wiki17m, cache_root())),
        men=partial(load_task, "men_dev"),
        quality_tokens=20_000 if asked.quick else None,
    )
    folder = asked.out or RESULTS / (".speed-quick" if asked.quick else "speed")
    sys.exit(0 if run_parts(asked.only, material, folder, print) else 2)


if __name__ == "__main__":
    main()
