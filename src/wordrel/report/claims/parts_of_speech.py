"""C2 and C3: do nouns and verbs get the better product, and do articles help little?"""

from wordrel.report import queries
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.report.verdicts import (
    Claim,
    Rule,
    above,
    apart,
    counted,
    enough,
    measured,
    score,
    shown_counted,
    shown_value,
    shown_values,
)
from wordrel.study.results import Results

CLASSES, BY_CLASS = "ud_parts_of_speech", "held_out_by_class"
CLAIMED = {"dot_product_attention": "in.in", "attention": "q.k"}
"""Model -> the pair score that the note means."""
CONTROLS = {"skip_gram": "in.in", "cbow": "in.in"}
"""Models of word2vec, with the pair score beside which attention is seen."""
COUNTS = ("ppmi_svd", ("conditional", "pmi"))
"""The model that counts pairs, and its pair scores."""
NEXT = ("attention", "attention_position", "dot_product_attention", "next_mean")


def products(results: Results) -> Claim:
    """C2, from pairs of words by their parts of speech."""
    corpora = queries.corpora(results)
    named = {model: queries.label(results, model) for model in CLAIMED}
    aucs = {
        f"{named[m]} ({label(pair_score, 'embedding')}) on {c}": auc(results, c, m, pair_score)
        for c in corpora
        for m, pair_score in CLAIMED.items()
    }
    means = {f"{named[m]} on {c}": mean(results, c, m) for c in corpora for m in CLAIMED}
    held = {f"{named[m]} on {c}": coefficient(results, c, m) for c in corpora for m in CLAIMED}
    whole = all(above(row, 0.0) == 1 for row in (*means.values(), *held.values()))
    sufficient = enough([*aucs.values(), *means.values(), *held.values()])
    word = verdict([above(row, 0.5) for row in aucs.values()], whole=whole)
    return Claim(
        word if sufficient else "undecided",
        "AUC of noun-verb over verb-article pairs as far apart: "
        f"{shown_values(aucs)} ({counted(aucs.values())})",
        f"{_counts(results)}with frequency, distance and PMI held, noun-verb minus verb-article in "
        f"standard deviations: {shown_values(held)}; mean product of a noun with a verb: "
        f"{shown_values(means)}",
    )


def _counts(results: Results) -> str:
    """The same AUC of counts, where they were measured."""
    model, scores = COUNTS
    rows = {
        f"{label(pair_score, 'embedding')} on {corpus}": row
        for corpus in queries.corpora(results)
        for pair_score in scores
        if (row := auc(results, corpus, model, pair_score)) is not None
    }
    return f"the same AUC of counts: {shown_counted(rows)}; " if rows else ""


def helping(results: Results) -> Claim:
    """C3, from what hiding determiners adds to the loss."""
    corpora = queries.corpora(results)
    hidden = [articles(results, corpus, model) for corpus in corpora for model in NEXT]
    less = [-apart(*pair) for pair in hidden]
    sufficient = enough(row for pair in hidden for row in pair)
    alone, others = articles(results, corpora[0], "attention")
    return Claim(
        verdict(less) if sufficient else "undecided",
        f"hiding determiners adds {shown_value(alone)} nats per hidden word to the loss of "
        f"attention on {corpora[0]}, hiding as many others {shown_value(others)}; less in "
        f"{less.count(1)} and more in {less.count(-1)} of {len(less)} models and corpora "
        f"({counted(row for pair in hidden for row in pair)})",
    )


def verdict(signs: list[int], *, whole: bool = True) -> str:
    """All support it, and the other conditions hold; all contradict it; or one supports it."""
    if all(sign == 1 for sign in signs) and whole:
        return "supported"
    if all(sign == -1 for sign in signs):
        return "contradicted"
    return "partly supported" if 1 in signs else "undecided"


def auc(results: Results, corpus: str, model: str, embedding: str) -> Row | None:
    """Noun-verb pairs over verb-article pairs."""
    return score(results, corpus, CLASSES, model, embedding)


def mean(results: Results, corpus: str, model: str) -> Row | None:
    """The mean product of a noun with a verb near it."""
    return measured(results, corpus, model, (CLASSES, CLAIMED[model], "NOUN>VERB", "mean"))


def coefficient(results: Results, corpus: str, model: str) -> Row | None:
    """Noun-verb minus verb-article with frequency, distance and PMI held, standardised."""
    group = "NOUN>VERB against VERB>ARTICLE"
    return measured(results, corpus, model, (CLASSES, CLAIMED[model], group, "coefficient"))


def articles(results: Results, corpus: str, model: str) -> tuple[Row | None, Row | None]:
    """What hiding determiners adds to the loss, and what hiding as many others adds."""
    without, others = (
        measured(results, corpus, model, (BY_CLASS, "context", group, "added_loss_per_hidden_word"))
        for group in ("without DET", "without as many others as DET")
    )
    return without, others


C2 = Rule(
    name="C2",
    claim="A noun and a verb get a higher product than a verb and an article",
    experiment="parts_of_speech",
    rule=(
        "Supported where, in basic (the words' own vectors) and in attention (query and key), on "
        "every corpus, noun-verb pairs stand above verb-article pairs as far apart (AUC above "
        ".5), the mean product of nouns with verbs is positive, and the difference is left with "
        "frequency, distance and PMI held; contradicted where every AUC lies below .5; partly "
        "supported where one AUC at least lies above."
    ),
    models=tuple(CLAIMED),
    tasks=(CLASSES,),
    decide=products,
)
C3 = Rule(
    name="C3",
    claim="An article helps little to predict the next word",
    experiment="parts_of_speech",
    rule=(
        "Supported where hiding determiners adds less loss per hidden word than hiding as many "
        "other words in every next-word model and corpus; contradicted where it adds more in all; "
        "partly supported where it adds less in one at least."
    ),
    models=NEXT,
    tasks=(BY_CLASS,),
    decide=helping,
)
