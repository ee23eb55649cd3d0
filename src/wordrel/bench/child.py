"""One training in a process of its own, for its peak of memory: `measure`, or `python -m` this.

Reads one JSON object from standard input, writes one to standard output.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from wordrel.bench.material import first_tokens, zipf_corpus
from wordrel.bench.timing import training_seconds
from wordrel.config import ModelConfig, TrainingConfig
from wordrel.corpus import Corpus, open_corpus
from wordrel.errors import WordrelError
from wordrel.io.environment import peak_memory
from wordrel.jobs.worker import one_thread

_MODEL: TypeAdapter[ModelConfig] = TypeAdapter(ModelConfig)


@dataclass(frozen=True)
class Cell:
    """What to train, as plain data.

    Attributes:
        model: settings as JSON; training: likewise.
        tokens: of the text, counted before subsampling.
        folder: of a prepared corpus; empty for synthetic text.
        words: the vocabulary of synthetic text.
    """

    model: str
    training: str
    tokens: int
    folder: str = ""
    words: int = 0

    def corpus(self) -> Corpus:
        """The text."""
        if self.folder:
            return first_tokens(open_corpus(Path(self.folder)), self.tokens)
        return zipf_corpus(self.words, self.tokens)


@dataclass(frozen=True)
class Cost:
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
        [sys.executable, "-m", "wordrel.bench.child"],
        input=json.dumps(asdict(cell)),
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
    return Cost(**json.loads(done.stdout))


def cost(cell: Cell) -> Cost:
    """Train here."""
    corpus = cell.corpus()
    training = TrainingConfig.model_validate_json(cell.training)
    seconds_of = training_seconds(training, _MODEL.validate_json(cell.model))
    with one_thread(), peak_memory() as peak:
        seconds = seconds_of(corpus)
    return Cost(len(corpus.train.ids), seconds, peak.megabytes)


if __name__ == "__main__":
    answer = cost(Cell(**json.loads(sys.stdin.read())))
    sys.stdout.write(json.dumps(asdict(answer)))
