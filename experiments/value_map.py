"""Do scores between words save loss without the map of the value?

Question: in `twelve_cells`, the step from a weight for each word to scores between words adds two
things: the scores, and a map V of the value. With one head, the output table can absorb the map:
o · V z is (V^T o) · z. With a direct path, V must be invertible, and the direct map absorbs its
inverse. So V adds hardly a function, but training may go another way. How much loss do the scores
save without V? And how much do they save where the weights for each word have V, too? Each model
has five words of context, positions, and settings of its own (`tuning_value_map_masked` and
`tuning_value_map_next`).

A first run gave the models with V=I the settings of those with V. Its rows are known, on wiki17m
(`results/attempts/value_map_first.csv`). There they fit training documents worse than a weight for
each word, which they contain: these settings do not suit them. So each is tuned now.
Known, too: in `roles` of the first edition, untuned, the loss of the next word was .031 nats lower
without V.

Predictions, written before a model with V=I was trained on these corpora. The scores of the other
masked models, and the development losses of the next-word models, were known:
1. With and without V, the losses differ by less than .02 nats, for both objectives.
2. For the masked word, scores without V add less than .02 nats over a weight for each word.
3. For the next word, they add more than .02 nats.
4. For the masked word, scores add less than .02 nats where both models have V.
5. For the next word, scores add more than .02 nats where both models have V.

Predictions 4 and 5 were written when the first run was known, and trials on a million words of
development documents: of all models but the weights for each word with V, for the next word.

Decision rule: the planned contrasts of the config, on both corpora with five seeds.
"""

from twelve_cells import by_contrasts, equal, less, more
from wordrel.report import queries
from wordrel.report.text import listed, with_interval
from wordrel.report.verdicts import Verdict, borne_out, difference
from wordrel.study.results import Results

MAP, MASKED, NEXT = "map of the value", "scores alone, masked word", "scores alone, next word"
BOTH = "scores beside the map, masked word"
BOTH_NEXT = "scores beside the map, next word"


def verdicts(results: Results) -> dict[str, Verdict]:
    """Prediction -> verdict, from the table of planned contrasts."""
    rows = queries.rows(results.contrasts)
    return {
        "1": by_contrasts([row for row in rows if row.claim.startswith(MAP)], equal),
        "2": by_contrasts([row for row in rows if row.claim == MASKED], less),
        "3": by_contrasts([row for row in rows if row.claim == NEXT], more),
        "4": by_contrasts([row for row in rows if row.claim == BOTH], less),
        "5": by_contrasts([row for row in rows if row.claim == BOTH_NEXT], more),
    }


def surprise(results: Results) -> str:
    """A result that was not predicted: what the map saves of the next word by itself.

    Raises:
        ValueError: where the tables no longer show it.
    """
    planned = queries.rows(results.contrasts, claim=NEXT)
    alone = [f"{with_interval(row.gain, row.low, row.high)} on {row.corpus}" for row in planned]
    return (
        "**For the next word, a map that adds hardly a function saves more than scores between "
        "words.** Beside positions and over a weight for each word, scores alone save "
        f"{listed(alone)}. The map alone saves {_map_alone(results)} (exploratory). One head's "
        "output table can absorb the map. So it changes how a model is trained, and hardly what "
        "it can express. The two models were tuned to another dropout, too."
    )


def _map_alone(results: Results) -> str:
    """What the map saves over a weight for each word; no planned contrast.

    Raises:
        ValueError: where it does not save more than scores alone.
    """
    task, model = "per_token_loss.next_word.calibrated", "direct_word_weight_map"
    gains = []
    for corpus in queries.corpora(results):
        pair = difference(results, corpus, task, model, "direct_word_weight_position")
        scores = difference(results, corpus, task, model, "next_without_map")
        saves = (one is not None and bool(one.high < 0) for one in (pair, scores))
        borne_out(f"{model} saves more than scores", saves)
        if pair is not None:
            gains.append(f"{with_interval(-pair.difference, -pair.high, -pair.low)} on {corpus}")
    return listed(gains)
