"""Do stored results agree with numbers that others published?

Question: where others measured the same on text of a similar size, or claimed something that our
tables can answer, do we find the same?

Prediction: none. The stored results were known when this table was written, so it decides no claim.

Decision rule: a published range is met where our 95 % interval reaches into it. "Nothing lost" is
met where the interval of the added loss ends below .02 nats.

Reads results/word2vec_vs_attention and results/roles; python experiments/paper.py shows the table.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wordrel.report import text
from wordrel.report.verdicts import difference, score
from wordrel.study.results import read_results

RESULTS = Path(__file__).resolve().parents[1] / "results"
WORDS, MAPS = RESULTS / "word2vec_vs_attention", RESULTS / "roles"
NOTEBOOK = "gensim, notebook on WordRank and notebook on FastText (commit 17f3719e4)"
README = "ZubinGou/SGNS-PyTorch, README"
LITTLE = 0.02
"""Nats; a smaller loss means nothing."""


class Published(NamedTuple):
    """A range of scores of skip-gram with 100 dimensions on text8, which has 17 million words."""

    task: str
    what: str
    low: float
    high: float
    source: str


SKIP_GRAM = (
    Published("ws353", "WordSim-353", 0.624, 0.69, f"{NOTEBOOK}; {README}"),
    Published("simlex999", "SimLex-999", 0.25, 0.29, f"{NOTEBOOK}; {README}"),
    Published("rw", "Rare Words", 0.32, 0.343, README),
    Published("google_analogies", "Google's analogies", 0.397, 0.413, NOTEBOOK),
)
"""The least and the greatest number of the sources; of the analogies, both kinds of questions."""


class Check(NamedTuple):
    """A published number or claim beside ours."""

    what: str
    source: str
    theirs: str
    value: float
    low: float
    high: float
    n: int
    seeds: int
    agrees: bool


def checks() -> Iterator[Check]:
    """Every check, from the stored tables."""
    words = read_results(WORDS)
    for expected in SKIP_GRAM:
        row = score(words, "wiki17m", expected.task, "skip_gram")
        if row is None:
            raise ValueError(
                f"{WORDS}: found no score of skip_gram on {expected.task}, expected one"
            )
        theirs = f"{text.number(expected.low)} to {text.number(expected.high)}"
        agrees = row.low <= expected.high and row.high >= expected.low
        numbers = (row.score, row.low, row.high, row.n_scored, row.seeds)
        yield Check(f"skip-gram, {expected.what}", expected.source, theirs, *numbers, agrees)
    loss = ("wiki17m-5m", "held_out_loss.next_word", "no_query_map", "attention")
    row = difference(read_results(MAPS), *loss)
    if row is None:
        raise ValueError(f"{MAPS}: found no loss without the map of the query, expected one")
    numbers = (row.difference, row.low, row.high, row.n_scored, row.seeds)
    what = "loss added without the map of the query (nats)"
    source = "Karbevski & Mijoski 2025 (abstract)"
    yield Check(what, source, "nothing lost", *numbers, row.high < LITTLE)


def table() -> str:
    """The checks as a table."""
    heads = ["what", "source", "theirs", "agrees", "ours", "n", "seeds"]
    lines = [
        [
            *(check.what, check.source, check.theirs, "yes" if check.agrees else "**no**"),
            text.with_interval(check.value, check.low, check.high),
            *(text.count(check.n), text.count(check.seeds)),
        ]
        for check in checks()
    ]
    return text.table(heads, lines, left=4)


if __name__ == "__main__":
    print(table())
