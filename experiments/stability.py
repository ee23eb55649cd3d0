"""How far may a list of nearest words be trusted, when the seed alone could have changed it?

Question: of the ten nearest words of a word, how many does another seed of the same model on the
same text give, in word2vec and in attention (compare Wendlandt et al. 2018, Antoniak & Mimno 2018)?

Prediction, written before seeds 6 to 10 were trained (agreement of three seeds of other models on
the whole text was known from results/word2vec_vs_attention):
 1. In every trained model two seeds share less than 80 % of the ten nearest words.
 2. Skip-gram's seeds share more than those of every attention model.
 3. Counts (`ppmi_svd`), whose seed decides only what is subsampled and where the SVD starts, share
    more than every trained model.
 4. The cosines of pairs agree more than the lists do: above .8 in every model (rank correlation),
    so that a list is the most fragile thing to read from a model.

Decision rule, with 10 seeds of each model, on the table `agreement` (between seeds; intervals over
probe words); with fewer than 5 seeds everything is undecided.
 1.: holds where the upper end of the overlap is below .8 in every model but ppmi_svd, fails where a
    lower end is above.
 2. and 3.: holds where the interval lies above that of every other model named, fails where it lies
    below that of one.
 4.: holds where the lower end of the rank correlation is above .8 in every model, fails where an
    upper end is below.
"""

from wordrel.report import queries
from wordrel.report.verdicts import (
    Verdict,
    above,
    agreement,
    apart,
    borne_out,
    counted,
    decided_by_all,
    shown_values,
    too_few,
)
from wordrel.study.results import Results

ATTENTION = ("attention", "attention_position", "mask_query_attention")
TRAINED = ("skip_gram", "cbow", "mean", *ATTENTION)
MODELS = ("ppmi_svd", *TRAINED)
LITTLE, MUCH = 0.8, 0.8


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, by the rule above."""
    (corpus,) = queries.corpora(results)
    if undecided := too_few(results, MODELS):
        return undecided
    seeds = [queries.cost(results, corpus, model).done for model in MODELS]
    lists = {m: agreement(results, corpus, "overlap", m, m) for m in MODELS}
    scores = {m: agreement(results, corpus, "rank_correlation", m, m) for m in MODELS}
    signs = {
        "1": [-above(lists[m], LITTLE) for m in TRAINED],
        "2": [apart(lists["skip_gram"], lists[m]) for m in ATTENTION],
        "3": [apart(lists["ppmi_svd"], lists[m]) for m in TRAINED],
        "4": [above(scores[m], MUCH) for m in MODELS],
    }
    words, pairs = (f"{min(seeds)} seeds, {counted(rows.values())}" for rows in (lists, scores))
    evidence = dict.fromkeys("123", f"{words}; overlap {shown_values(lists)}")
    evidence["4"] = f"{pairs}; rank correlation {shown_values(scores)}"
    return {name: Verdict(decided_by_all(signs[name]), evidence[name]) for name in signs}


def surprise(results: Results) -> str:
    """A result that was not predicted.

    Raises:
        ValueError: where the tables no longer show it.
    """
    (corpus,) = queries.corpora(results)
    rows = {
        model: agreement(results, corpus, "overlap", model, model)
        for model in ("skip_gram", "cbow", *ATTENTION)
    }
    borne_out(
        "lists of attention change most",
        (apart(rows["cbow"], rows[model]) == 1 for model in ATTENTION),
    )
    seeds = queries.cost(results, corpus, "attention").done
    return (
        "**With another seed, attention gives mostly other nearest words.** Two seeds share this "
        f"part of the ten nearest words on {corpus} ({seeds} seeds, {counted(rows.values())}): "
        f"{shown_values(rows)}."
    )
