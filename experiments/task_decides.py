"""Does the task that is learnt decide how related two words are?

Question: the note says that the dot product tells how related two vectors are *for the task that is
learnt* (claim C4). Two architectures, a plain mean and learned query-key scores (asked by the mean
of the context, so that all three tasks allow it), each learn three tasks from the same text: a word
from both sides (`mean`, `mean_query_attention`), the next word (`next_mean`, `next_mean_query`),
and a word from both sides in shuffled sentences (`mean_shuffled`, `mean_query_attention_shuffled`).
Do pair scores change more between tasks than between seeds, and how much is that beside word2vec's
two tasks (skip-gram and CBOW)?

Prediction, written before `next_mean_query` or any shuffled model was trained:
 1. In both architectures the cosines of pairs of words agree less between a word from both sides
    and the next word than between two seeds of either.
 2. The same between ordered and shuffled text.
 3. Skip-gram and CBOW agree less than the two tasks of each architecture do: they differ in more
    than the task (one word at a time, and gensim's own optimisation of each).
 4. The next word costs: on MEN, `next_mean` is below `mean`, and `next_mean_query` below
    `mean_query_attention`, since half of the context is gone.

Decision rule, with 5 seeds of each model; with fewer everything is undecided. Agreement is
Spearman's correlation of the cosines of pairs of probe words in the selected embeddings (table
`agreement`, measure rank_correlation; the interval is over words), of two models across seeds, or
of two seeds of one.
 1. and 2.: an architecture supports it where the interval between tasks lies below those between
    seeds of both models, and contradicts it where it lies above one of them. Holds where both
    support, fails where one contradicts.
 3.: an architecture supports it where the interval of skip-gram and CBOW lies below that between
    its first two tasks, and contradicts it where it lies above. As 1.
 4.: "below" needs p < .05 after Holm over the table and an interval of the paired difference
    without 0. Holds where both are, fails where one is above.
 C4 is supported where 1 and 2 hold, contradicted where both fail, partly supported where one of
 them holds, and undecided otherwise.
"""

from wordrel.report import queries
from wordrel.report.claims import task
from wordrel.report.claims.task import TASKS
from wordrel.report.verdicts import (
    Verdict,
    agreement,
    ahead,
    apart,
    borne_out,
    decided_by_all,
    difference,
    enough,
    shown,
    shown_value,
)
from wordrel.study.results import Results


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, by the rule above."""
    (corpus,) = queries.corpora(results)
    compared = [(taught[0], taught[1]) for taught in TASKS.values()]
    gaps = [difference(results, corpus, "men_test", a, b) for a, b in compared]
    outcome = decided_by_all(map(ahead, gaps)) if enough(gaps) else "undecided"
    evidence = "; ".join(shown(results, gap) for gap in gaps)
    return {**task.verdicts(results), "4": Verdict(outcome, evidence)}


def surprise(results: Results) -> str:
    """A result that was not predicted.

    Raises:
        ValueError: where the tables no longer show it.
    """
    (corpus,) = queries.corpora(results)
    seeds = agreement(
        results, corpus, "rank_correlation", "mean_query_attention", "mean_query_attention"
    )
    between = agreement(results, corpus, "rank_correlation", "mean", "next_mean")
    borne_out("seeds of content disagree", [apart(seeds, between) == -1])
    return (
        "**Two seeds of one attention model agree less than two tasks of the mean.** Cosines of "
        f"word pairs correlate at {shown_value(seeds)} between seeds of `mean_query_attention`. "
        f"They correlate at {shown_value(between)} between `mean`, which predicts a masked word, "
        f"and `next_mean`, which predicts the next one ({corpus}, rank correlation, 5 seeds)."
    )
