"""Do nouns and verbs get a better product than a verb and an article, and do articles help little?

Question: the note says that in self-attention "nouns and verbs get a better (positive) dot product
than a verb and an article" (claim C2), and that an article helps little to predict the next word
(claim C3). Is that so where it was first said, in attention without maps (the product of the two
words' own vectors: `dot_product_attention`), and with a learned query and key (`attention`,
`mean_query_attention`)? Is it so in word2vec and in plain counts as well, and is it left once
frequency, distance and PMI are held?

Prediction, written before any of these models was evaluated on `ud_parts_of_speech` or
`held_out_by_class` on these corpora:
 1. In `dot_product_attention` (reading in.in) noun-verb pairs stand above verb-article pairs that
    are as far apart.
 2. In `attention` (q.k) they do too.
 3. And so they do in skip-gram (in.in) and cbow (in.in): what C2 says is nothing that attention has
    and word2vec lacks.
 4. With log frequencies, distance and PMI held, noun-verb pairs are no longer above verb-article
    pairs in at least one of `dot_product_attention` and `attention`: an article goes with nouns and
    is frequent, and that is most of it.
 5. Hiding the determiners from the context adds less loss, per hidden word, than hiding as many
    other words, in `attention`, `attention_position`, `dot_product_attention` and `next_mean`.

Decision rule, on each corpus by itself, with 5 seeds; with fewer a prediction is undecided.
 1., 2. and 3.: the row `ud_parts_of_speech` (AUC over pairs matched for distance, intervals over
    sentences and seeds). Holds where the lower end is above .5 in every model named, fails where
    the upper end is below .5 in one.
 4.: the coefficient of NOUN>VERB against VERB>ARTICLE. Holds where its interval includes 0 or lies
    below in one of the two, fails where it lies above 0 in both.
 5.: `added_loss_per_hidden_word` without DET beside that without as many others. Holds where the
    whole interval of the first lies below that of the second in every model, fails where it lies
    above in one.
 A prediction holds overall where it holds on both corpora, and fails where it fails on one.

 C2 is supported where, in `dot_product_attention` and in `attention` and on both corpora, the AUC
 is above .5, the mean product of nouns with verbs is positive, and the coefficient is above 0
 (whole intervals). It is contradicted where on both corpora and in both the AUC lies below .5. It
 is partly supported where the AUC is above .5 in one of the four at least, and undecided otherwise.
 C3 is supported where 5 holds overall, contradicted where in all models and on both corpora hiding
 determiners adds more than hiding others, partly supported where it adds less in one of them at
 least, and undecided otherwise.

The classes are those of a treebank (UD English EWT), which is other text than the corpora.
Determiners are more than articles: "this", "each" and "which" are among them.
"""

from wordrel.report import queries
from wordrel.report.claims.parts_of_speech import (
    CLAIMED,
    CONTROLS,
    COUNTS,
    NEXT,
    articles,
    auc,
    coefficient,
)
from wordrel.report.queries import Row
from wordrel.report.verdicts import (
    Verdict,
    above,
    apart,
    borne_out,
    counted,
    decided_by_all,
    enough,
    over_corpora,
    shown_counted,
    shown_value,
)
from wordrel.study.results import Results


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict over all corpora, by the rule above."""
    return over_corpora(results, _on)


def _on(results: Results, corpus: str) -> dict[str, Verdict]:
    named = {
        "1": {"dot_product_attention": CLAIMED["dot_product_attention"]},
        "2": {"attention": CLAIMED["attention"]},
    }
    judged = {
        name: _verdict(
            {m: auc(results, corpus, m, embedding) for m, embedding in models.items()}, 0.5
        )
        for name, models in {**named, "3": CONTROLS}.items()
    }
    held = {model: coefficient(results, corpus, model) for model in CLAIMED}
    all_above = all(above(row, 0.0) == 1 for row in held.values())
    complete = enough(held.values())
    outcome = "fails" if all_above else "holds"
    judged["4"] = Verdict(outcome if complete else "undecided", shown_counted(held))
    hidden = {model: articles(results, corpus, model) for model in NEXT}
    rows = [row for pair in hidden.values() for row in pair]
    signs = [-apart(*pair) for pair in hidden.values()]
    evidence = ", ".join(
        f"{m} {shown_value(a)} against {shown_value(b)} nats" for m, (a, b) in hidden.items()
    )
    evidence = f"{evidence} ({counted(rows)})"
    judged["5"] = Verdict(decided_by_all(signs) if enough(rows) else "undecided", evidence)
    return judged


def _verdict(rows: dict[str, Row | None], value: float) -> Verdict:
    signs = [above(row, value) for row in rows.values()]
    outcome = decided_by_all(signs) if enough(rows.values()) else "undecided"
    return Verdict(outcome, shown_counted(rows))


def beside_counts(results: Results) -> str:
    """Two sentences: the AUC of query-key products, and that of counts, the other way round.

    Raises:
        ValueError: where counts do not separate the pairs better.
    """
    corpora = queries.corpora(results)
    products = {c: auc(results, c, "attention", CLAIMED["attention"]) for c in corpora}
    counts = {c: counts_reversed(results, c) for c in corpora}
    borne_out("counts separate better", (apart(counts[c], products[c]) == 1 for c in corpora))
    return (
        "Query-key products rank noun-verb above verb-article pairs with an AUC of "
        f"{_on_corpora(products)}. Counted log p(b | a) ranks verb-article pairs higher, with an "
        f"AUC of {_on_corpora(counts)}."
    )


def counts_reversed(results: Results, corpus: str) -> Row | None:
    """The AUC of verb-article over noun-verb pairs by the counted log p(b | a)."""
    model, (conditional, _) = COUNTS
    row = auc(results, corpus, model, conditional)
    if row is None:
        return None
    return row._replace(score=1 - row.score, low=1 - row.high, high=1 - row.low)


def _on_corpora(rows: dict[str, Row | None]) -> str:
    return " and ".join(f"{shown_value(row)} on {corpus}" for corpus, row in rows.items())
