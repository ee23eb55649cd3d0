"""One training in a process of its own, for its peak of memory: `measure`, or `python -m` this.

Reads one JSON object from standard input, writes one to standard output.
"""

import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel

from benchmarks.material import first_tokens, zipf_corpus
from benchmarks.training import training_seconds
from wordrel.config import ModelConfig, TrainingConfig
from wordrel.corpus import open_corpus
from wordrel.errors import WordrelError
from wordrel.io.environment import peak_memory
from wordrel.jobs.local import one_thread

ROOT = Path(__file__).resolve().parents[1]


class Cell(BaseModel):
    """What to train, on how many tokens, counted before subsampling.

    Attributes:
        folder: of a prepared corpus, an absolute path; None for synthetic text.
        words: the vocabulary of synthetic text.
    """

    model: ModelConfig
    training: TrainingConfig
    tokens: int
    folder: Path | None = None
    words: int = 0


class Cost(BaseModel):
    """What training took; the peak is of the whole process, in 10^6 bytes."""

    tokens: int
    seconds: float
    peak_mb: float


def measure(cell: Cell) -> Cost:
    """Train in a new process.

    Raises:
        WordrelError: when that process fails, with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child"],
        cwd=ROOT,
        input=cell.model_dump_json(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise WordrelError(
            f"a training in a process of its own ended with {done.returncode} and said {said[0]}; "
            "expected 0: -9 is want of memory, else mend what it says"
        )
    return Cost.model_validate_json(done.stdout)


def cost(cell: Cell) -> Cost:
    """Train here."""
    if cell.folder:
        corpus = first_tokens(open_corpus(cell.folder), cell.tokens)
    else:
        corpus = zipf_corpus(cell.words, cell.tokens)
    seconds_of = training_seconds(cell.training, cell.model)
    with one_thread(), peak_memory() as peak:
        seconds = seconds_of(corpus)
    return Cost(tokens=len(corpus.train.ids), seconds=seconds, peak_mb=peak.megabytes)


if __name__ == "__main__":
    sys.stdout.write(cost(Cell.model_validate_json(sys.stdin.read())).model_dump_json())
