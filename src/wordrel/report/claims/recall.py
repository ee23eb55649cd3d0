"""C7: are key, value and query a soft dictionary?

The rule in words is short. experiments/recall.py has it in full, as it decides:

- A model in which no word asks counts only where it is right in .9 of the sentences of one pair.
  Another has not learnt the words.
- It has to be right no more often than the rule says, and `attention` has to be significantly
  better.
- C7 is partly supported where the first half holds and the second fails. Where the second is
  undecided, so is C7.
"""

from collections.abc import Iterator

from wordrel.report import queries
from wordrel.report.queries import Row
from wordrel.report.text import count, plural
from wordrel.report.verdicts import (
    SEEDS,
    Claim,
    Rule,
    Verdict,
    ahead,
    decided_by_all,
    difference,
    shown_counted,
    shown_value,
)
from wordrel.study.results import Results

WORD_QUERY = ("attention", "attention_position")
NO_WORD_QUERY = ("cbow", "mean", "next_mean", "next_position_weight", "mask_query_attention")
TASK = "last_word"
RIGHT, MARGIN = 0.9, 0.1
_PLANTED = "planted:recall-"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Predictions 1 and 2 of experiments/recall.py."""
    corpora = planted(results)
    if 1 not in corpora or not complete(results):
        return dict.fromkeys("12", Verdict("undecided", "not every model has answered"))
    several = {pairs: corpus for pairs, corpus in corpora.items() if pairs > 1}
    learned = _learned(results, corpora[1])
    lookups = [sign for corpus in corpora.values() for sign in looked_up(results, corpus)]
    guesses = [s for p, corpus in several.items() for s in guessed(results, corpus, p, learned)]
    return {
        "1": Verdict(decided_by_all(lookups), _listed(results, WORD_QUERY)),
        "2": Verdict(decided_by_all(guesses), _listed(results, NO_WORD_QUERY)),
    }


def claim(results: Results) -> Claim:
    """C7, as far as planted recall decides it."""
    predictions = verdicts(results)
    corpora = planted(results)
    hardest = corpora[max(corpora)] if corpora else queries.corpora(results)[-1]
    rows = _scores(results, hardest)
    compared = "; ".join(
        f"{queries.label(results, model)} {shown_value(rows.get(model))}"
        for model in ("attention", "mean", "cbow")
    )
    attention = rows.get("attention")
    n = ""
    if attention is not None:
        n = f"; n {count(attention.n_scored)}, {plural(attention.seeds, 'seed')}"
    effect = f"share of sentences of {hardest} whose last word is found: {compared}{n}"
    return Claim(verdict(predictions["1"].outcome, predictions["2"].outcome), effect)


def planted(results: Results) -> dict[int, str]:
    """Number of pairs in a sentence -> corpus."""
    return {
        int(str(corpus["source"]).removeprefix(_PLANTED)): str(corpus["name"])
        for corpus in results.config["corpora"]
        if str(corpus["source"]).startswith(_PLANTED)
    }


def verdict(looks_up: str, means_guess: str) -> str:
    """C7 from the first two predictions: each holds, fails or is undecided."""
    if looks_up == "fails":
        return "contradicted"
    if looks_up == "holds" and means_guess != "undecided":
        return "supported" if means_guess == "holds" else "partly supported"
    return "undecided"


def looked_up(results: Results, corpus: str) -> Iterator[int]:
    """1 for each model with a word query that is right in .9 or more, -1 where it is not."""
    for model in WORD_QUERY:
        row = _scores(results, corpus)[model]
        yield 1 if row.low >= RIGHT else -1 if row.high < RIGHT else 0


def guessed(results: Results, corpus: str, pairs: int, learned: set[str]) -> Iterator[int]:
    """Of each model without a word query: 1 where it guesses, -1 where it finds the value.

    It guesses where its whole interval is below 1 / `pairs` + .1 and `attention` is significantly
    better. It finds the value where its interval is above that, or it is significantly better than
    `attention`. Anything else is 0, and so is a model that has not `learned` the words.
    """
    most = 1 / pairs + MARGIN
    for model in NO_WORD_QUERY:
        row = _scores(results, corpus)[model]
        sign = ahead(difference(results, corpus, TASK, "attention", model))
        if model not in learned:
            yield 0
        elif row.low > most or sign < 0:
            yield -1
        else:
            yield sign if row.high < most else 0


def _scores(results: Results, corpus: str) -> dict[str, Row]:
    """Each model's row of the summary."""
    return {
        model: row
        for column in queries.columns(results, corpus, "recall")
        if column.task == TASK
        for model, row in queries.answers(results, corpus, column).items()
    }


def complete(results: Results, also: tuple[str, ...] = ()) -> bool:
    """Whether these models, and some others, have scores of every seed on every corpus."""
    models = (*WORD_QUERY, *NO_WORD_QUERY, *also)
    answered = [_scores(results, corpus) for corpus in planted(results).values()]
    return all(m in rows and rows[m].seeds >= SEEDS for rows in answered for m in models)


def _learned(results: Results, corpus: str) -> set[str]:
    """The models that are right where a sentence has one pair."""
    return {model for model, row in _scores(results, corpus).items() if row.low >= RIGHT}


def _listed(results: Results, models: tuple[str, ...]) -> str:
    """The scores of some models on every corpus."""
    return "; ".join(
        f"{corpus}: {shown_counted({model: _scores(results, corpus)[model] for model in models})}"
        for corpus in planted(results).values()
    )


C7 = Rule(
    name="C7",
    claim="Key, value and query are a soft dictionary",
    experiment="recall",
    rule=(
        "On planted sentences of 1 to 8 pairs of key and value, then a key: supported where the "
        "models whose last word asks find its value in at least .9 of the sentences, and those in "
        "which no word asks in no more than once in so many pairs (and .1 besides), significantly "
        "less than attention. Those count if they are right in .9 of the sentences of one pair. "
        "Partly supported where the first holds and the second fails; contradicted where the first "
        "fails."
    ),
    models=(*WORD_QUERY, *NO_WORD_QUERY),
    tasks=(TASK,),
    decide=claim,
)
