"""What do the maps to query, key and value learn, and what does each of them add?

Question: does a verb score higher with an earlier noun than with a determiner as frequent; does a
hidden determiner cost less than another hidden word; what does the loss gain by each map; and does
the word with the largest weight matter more than another one?

Predictions, written before the run:
1. Nouns beat articles in more than half of the triples, on both corpora (C2, articles).
2. Nouns against determiners as frequent: the set has fewer than thirty triples, so nothing is
   decided (C2, matched).
3. Hiding a determiner costs less than hiding another word (C3, D1).
4. Tying K=Q costs less than .02 nats; leaving out the map of the value costs less than .02 nats.
5. Leaving out all maps costs more than .02 nats (C6).
6. Hiding the word with the largest weight costs more than .02 nats more than another one (C7, use).

Corrected when some results were known: the scores that C2 compares. At first the config named those
of value and output, and attention alone; it now names the lifts of query and key, of attention and
of attention without maps, as the claim does. The shares of wiki17m were known then: .973 (articles)
and .786 (determiners as frequent) for attention, .793 and .612 without maps; by value and output,
.009 and .249, .006 and .192. No model of the novels had been trained.

Decision rule: C2, C3, C5 and C6 of `src/wordrel/report/claims/rules.yaml`, and the part "use" of
C7, over the contrasts that the config lists. A contrast decides with five seeds on both corpora.
"""

from collections.abc import Sequence

from twelve_cells import better, by_contrasts, less, more
from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import listed, share
from wordrel.report.verdicts import SEEDS, Verdict, apart, borne_out, decided_by_all, score
from wordrel.study.results import Results
from wordrel.study.schema import MISSING

TRIPLES = "verb_triples.articles.query_key"
OF_THE_NOTE, WITH_PATH = "attention", "direct_attention_position"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)

    def of(claim: str, *parts: str) -> list[Row]:
        return [row for row in rows if row.claim == claim and row.part in parts]

    return {
        "1": by_contrasts(of("C2", "articles"), better),
        "2": _nothing_decided(of("C2", "articles"), of("C2", "matched")),
        "3": by_contrasts(of("C3", "D1"), better),
        "4": by_contrasts(of("C5", "K=Q", "V=I"), less),
        "5": by_contrasts(of("C6", "maps"), more),
        "6": by_contrasts(of("C7", "use"), more),
    }


def _nothing_decided(measured: Sequence[Row], others: Sequence[Row]) -> Verdict:
    """Whether runs that measured the first contrasts could not measure the others."""
    complete = measured and all(row.seeds >= SEEDS for row in measured)
    signs = [1 if row.outcome == MISSING else -1 for row in others] if complete else []
    return Verdict(decided_by_all(signs), "; ".join(f"{r.corpus}: {r.outcome}" for r in others))


def surprise(results: Results) -> str:
    """A result that was not predicted, and decides nothing.

    Raises:
        ValueError: where the tables no longer show it.
    """
    corpora = queries.corpora(results)
    rows = [[score(results, c, TRIPLES, m) for c in corpora] for m in (OF_THE_NOTE, WITH_PATH)]
    borne_out("the path changes scores", (apart(*pair) == 1 for pair in zip(*rows, strict=True)))
    alone, beside = (
        listed(
            [
                f"{share(row.score, row.low, row.high)} ({corpus})"
                for row, corpus in zip(of, corpora, strict=True)
                if row is not None
            ]
        )
        for of in rows
    )
    return (
        "**With positions and a direct path, a verb's query prefers nouns to articles less "
        f"often.** In `{OF_THE_NOTE}`, the model of the note, it rates the noun higher in {alone} "
        f"of the triples; in `{WITH_PATH}` in {beside} (exploratory). So C2 depends on the model."
    )
