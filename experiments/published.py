"""Do stored results agree with numbers that others published?

Question: where others measured the same on text of a similar size, or claimed something that our
tables can answer, do we find the same?

Prediction: none. The stored results were known when this table was written, so it decides no claim.

Decision rule: a published range is met where our 95 % interval reaches into it. "Nothing lost" is
met where the interval of the added loss ends below .02 nats. "Copies" is met where the copying
score lies above what it has when words change places.

Checks that wait for a measurement stand below the table, with what would make it.

Reads results/word2vec_vs_attention and results/maps; python experiments/paper.py shows the table.
"""

from collections.abc import Iterator, Sequence
from math import expm1
from pathlib import Path
from typing import NamedTuple

from wordrel.report import queries, text
from wordrel.report.queries import Row
from wordrel.report.verdicts import measured, score
from wordrel.study.results import Results, read_results

RESULTS = Path(__file__).resolve().parents[1] / "results"
WORDS, MAPS, INDUCTION = (RESULTS / name for name in ("word2vec_vs_attention", "maps", "induction"))
NOTEBOOK = "gensim, notebook on WordRank and notebook on FastText (commit 17f3719e4)"
README = "ZubinGou/SGNS-PyTorch, README"
LITTLE = 0.02
"""Nats; a smaller loss means nothing."""
TIED = 0.031
"""What tied keys and values add to the perplexity, as a share."""
HEAD = "direct_attention_position"


class Published(NamedTuple):
    """A range of scores of skip-gram with 100 dimensions on text8, which has 17 million words."""

    task: str
    what: str
    low: float
    high: float
    source: str
    why: str = ""


SKIP_GRAM = (
    Published("ws353", "WordSim-353", 0.624, 0.69, f"{NOTEBOOK}; {README}"),
    Published("simlex999", "SimLex-999", 0.25, 0.29, f"{NOTEBOOK}; {README}"),
    Published(
        *("rw", "Rare Words", 0.32, 0.343, README),
        "ours are only words that the text has at least ten times",
    ),
    Published("google_analogies", "Google's analogies", 0.397, 0.413, NOTEBOOK),
)
"""The least and the greatest number of the sources; of the analogies, both kinds of questions."""


class Ours(NamedTuple):
    """A number of ours on one corpus."""

    value: float
    low: float
    high: float
    n: int
    seeds: int


class Check(NamedTuple):
    """A published number or claim beside ours; it agrees where it does on every corpus."""

    what: str
    source: str
    theirs: str
    ours: Sequence[Ours]
    agrees: bool
    note: str = ""


class Waiting(NamedTuple):
    """A published number or claim without one of ours, and what gives it."""

    what: str
    source: str
    theirs: str
    by: str


NOT_MEASURED = "Not measured yet"
WAITING = (
    Waiting(
        *("position vectors over the mean, Google's analogies", "PInE, notebook"),
        *("66.4 % to 74.9 %", "a word task for `position_vector` beside `mean`"),
    ),
    Waiting(
        *(
            "closed form, overlap of the top five directions",
            "Karkada et al. 2025 (abstract, code)",
        ),
        *("0.998", "closed-form vectors beside a tuned skip-gram"),
    ),
    Waiting(
        *("induction", "Bietti et al. 2023 (abstract)", "not with one layer"),
        "the config `induction`",
    ),
    Waiting(
        *("top predictions that rules of n-grams give", "Nguyen 2024 (abstract)"),
        *("79 % (stories), 68 % (Wikipedia)", "the task `ngram_rules`"),
    ),
)
TEST = "test_masked_attention_without_offsets_is_one_weight_a_word"
"""In tests/test_matched_weights.py."""


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
        what, why = f"skip-gram, {expected.what}", "" if agrees else expected.why
        yield Check(what, expected.source, theirs, [_of(row, row.score)], agrees, why)
    yield from maps()


def maps() -> Iterator[Check]:
    """What models without a map lose, and whether the map of the value copies."""
    results = read_results(MAPS)
    lost = [_of(row, row.gain) for row in queries.rows(results.contrasts, claim="C5", part="Q=I")]
    what = "loss added without the map of the query (nats)"
    source = "Karbevski & Mijoski 2025 (abstract)"
    yield Check(what, source, "nothing lost", lost, all(one.high < LITTLE for one in lost))
    added = [
        Ours(expm1(row.gain), expm1(row.low), expm1(row.high), row.n, row.seeds)
        for row in queries.rows(results.contrasts, claim="C5", part="K=V")
    ]
    what, source = "share that K = V adds to the perplexity", "OpenReview dD1sNs3TKy (abstract)"
    agrees = all(one.low <= TIED <= one.high for one in added)
    yield Check(what, source, text.number(TIED), added, agrees)
    copied, highest = (
        [_copying(results, corpus, group) for corpus in queries.corpora(results)]
        for group in ("each word with itself", "words as frequent instead, highest")
    )
    what, source = "the head copies (copying score)", "Elhage et al. 2021 (second hand)"
    copies = all(one.low > limit.value for one, limit in zip(copied, highest, strict=True))
    yield Check(what, source, "about 10 of 12 heads", copied, copies, "of the sign alone")


def _copying(results: Results, corpus: str, group: str) -> Ours:
    row = measured(results, corpus, HEAD, ("copying", "value", group, "copying_score"))
    if row is None:
        raise ValueError(f"{MAPS}: found no copying score of {HEAD} on {corpus}, expected one")
    return _of(row, row.value)


def _of(row: Row, value: float) -> Ours:
    n = next(getattr(row, name) for name in ("n_scored", "n_items", "n") if hasattr(row, name))
    return Ours(value, row.low, row.high, n, row.seeds)


def table() -> str:
    """The checks as a table, and below it those that are not measured."""
    heads = ["what", "source", "theirs", "agrees", "ours", "n", "seeds"]
    lines = [
        [
            *(check.what, check.source, check.theirs, _agrees(check)),
            "; ".join(text.with_interval(one.value, one.low, one.high) for one in check.ours),
            *(
                text.shared(text.count, [getattr(one, key) for one in check.ours])
                for key in COUNTED
            ),
        ]
        for check in checks()
    ]
    source = "Wibisono & Wang 2023 (abstract)"
    of_test = f"yes; not a measurement but a test, `{TEST}`"
    lines.append(["masked attention is a weighted CBOW", source, "equal", of_test, *_EMPTY])
    waiting = "; ".join(f"{it.what} ({it.source}: {it.theirs}; by {it.by})" for it in WAITING)
    return f"{text.table(heads, lines, left=4)}\n\n{NOT_MEASURED}: {waiting}."


COUNTED = ("n", "seeds")
_EMPTY = [text.NOTHING] * 3


def _agrees(check: Check) -> str:
    word = "yes" if check.agrees else "**no**"
    return f"{word}; {check.note}" if check.note else word


if __name__ == "__main__":
    print(table())
