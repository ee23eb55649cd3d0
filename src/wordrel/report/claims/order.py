"""C8: does attention depend on the order of words?"""

from wordrel.report import queries
from wordrel.report.claims.planned import words
from wordrel.report.queries import Row
from wordrel.report.text import count, plural
from wordrel.report.verdicts import (
    Claim,
    Rule,
    Verdict,
    above,
    decided_by_all,
    difference,
    enough,
    measured,
    over_corpora,
    shown,
    shown_counted,
    shown_value,
    shown_values,
)
from wordrel.study.results import Results

UNMOVED = ("cbow", "mean", "next_mean", "attention")
NEXT, ORDER = "held_out_loss.next_word", "word_order"
OTHERS, QUERY_EXCHANGED = "others permuted", "asking word exchanged"
PERMUTATIONS = (OTHERS, "two words exchanged", QUERY_EXCHANGED, "all permuted")
NOTHING = 0.001


def verdicts(results: Results) -> dict[str, Verdict]:
    """Predictions 1 and 2 of experiments/order.py, over all corpora."""
    return over_corpora(results, _on)


def _on(results: Results, corpus: str) -> dict[str, Verdict]:
    unmoved = {m: _row(results, corpus, m, OTHERS, "unmoved") for m in UNMOVED}
    return {
        "1": Verdict(all_unmoved(unmoved), shown_counted(unmoved)),
        "2": moved(results, corpus, ("attention",), QUERY_EXCHANGED),
    }


def claim(results: Results) -> Claim:
    """C8, from these and from what does not move `attention`."""
    corpora = queries.corpora(results)
    predictions = verdicts(results)
    rows = {
        corpus: {p: _row(results, corpus, "attention", p, "unmoved") for p in PERMUTATIONS}
        for corpus in corpora
    }
    flat = [row for of in rows.values() for row in of.values()]
    verdict = "undecided"
    if enough(flat) and all(row is not None and row.low >= 1 for row in flat):
        verdict = "supported"
    elif predictions["1"].outcome == "fails":
        verdict = "contradicted"
    elif predictions["1"].outcome == predictions["2"].outcome == "holds":
        verdict = "partly supported"
    effects = [_effect(results, corpus, rows[corpus]) for corpus in corpora]
    shuffled = "; ".join(
        shown(results, difference(results, corpus, NEXT, "attention_shuffled", "attention"))
        for corpus in corpora
    )
    where = dict(zip(corpora, effects, strict=True))
    effect = effects[0] if len(effects) == 1 else "; ".join(f"{c}: {s}" for c, s in where.items())
    return Claim(verdict, effect, f"shuffled training text: {shuffled}")


def _effect(results: Results, corpus: str, rows: dict[str, Row | None]) -> str:
    added = _row(results, corpus, "attention", QUERY_EXCHANGED, "added_loss")
    n = "" if added is None else f" (n {count(added.n)}, {plural(added.seeds, 'seed')})"
    return (
        f"share of states of attention that stay the same: {shown_values(rows)}; loss added where "
        f"the query word is exchanged {shown_value(added)} nats{n}"
    )


def _row(results: Results, corpus: str, model: str, group: str, statistic: str) -> Row | None:
    return measured(results, corpus, model, (ORDER, "context", group, statistic))


def all_unmoved(rows: dict[str, Row | None]) -> str:
    """Holds where no context of any model is moved, fails where one in a thousand of one is."""
    if not enough(rows.values()):
        return "undecided"
    shares = [row.value for row in rows.values() if row is not None]
    return "holds" if min(shares) == 1 else "fails" if min(shares) < 1 - NOTHING else "undecided"


def moved(results: Results, corpus: str, models: tuple[str, ...], group: str) -> Verdict:
    """Holds where a permutation moves every model and raises its loss; fails where none rises."""
    by = {m: _row(results, corpus, m, group, "moved") for m in models}
    added = {m: _row(results, corpus, m, group, "added_loss") for m in models}
    signs = [
        -1
        if above(added[m], NOTHING) == -1
        else int(above(by[m], 0.0) == above(added[m], 0.0) == 1)
        for m in models
    ]
    sufficient = enough([*by.values(), *added.values()])
    evidence = f"moved by {shown_values(by)}; added loss {shown_counted(added)}"
    return Verdict(decided_by_all(signs) if sufficient else "undecided", evidence)


C8 = Rule(
    name="C8",
    claim=words("C8"),
    experiment="order",
    rule=(
        "Each held-out context is permuted inside its window. Supported where attention, which "
        "has no positions, is moved by no permutation at all, of the word that asks neither; "
        "partly supported where permuting the others moves neither it nor cbow, mean and "
        "next_mean, but exchanging the word that asks moves it and raises its loss; "
        "contradicted where permuting the others moves one of the four."
    ),
    models=UNMOVED,
    tasks=(ORDER,),
    decide=claim,
)
