"""What the page shows of a study's measurements: which numbers, under which words.

Data alone; `wordrel.report.measured` draws it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """One thing that a kind of task measures, and how it is drawn.

    Attributes:
        title: what the numbers are.
        kind: of the task.
        embedding: of the model; empty where any may be drawn, the selected one first.
        statistic: the column `statistic` of measurements.csv.xz.
        groups: a pattern; its group 1 is the name, or the number, of a place on the axis.
        axis: what the places are; empty where their names show it.
        line: whether the places are numbers, to be joined by a line for each model.
        rule: a value to compare with; None where there is none.
    """

    title: str
    kind: str
    embedding: str
    statistic: str
    groups: str
    axis: str = ""
    line: bool = False
    rule: float | None = None


@dataclass(frozen=True)
class Theme:
    """Looks that belong together, with how they are to be read."""

    name: str
    caption: str
    looks: tuple[Look, ...]


_OFFSET = "words before (−) or after (+) the target"
_TENTH = "tenth of the vocabulary (1: the most frequent words)"
_FREQUENCY = r"frequency (\d+)/\d+"
_LEARNED, _ORDER, _ROLES = "learned", "order", "roles"
_CHANGED, _COPYING, _RULES = "changed_context", "copying", "ngram_rules"

THEMES = (
    Theme(
        "offsets",
        "What a model has learned of distance: the score of a relative position, minus the mean "
        "of the model's scores, and the mean attention weight at that position in contexts that "
        "fill the window. Next-word models see earlier words only. Bands are intervals.",
        (
            Look(
                *(
                    "learned score of a relative position",
                    _LEARNED,
                    "relative_position",
                    "score",
                    r"([+-]\d+)",
                ),
                *(_OFFSET, True, 0.0),
            ),
            Look(
                *("mean attention by relative position", _LEARNED, "attention", "mean_weight"),
                *(r"offset ([+-]\d+)", _OFFSET, True),
            ),
        ),
    ),
    Theme(
        "frequency",
        "What a model has learned of words: with one learned query for all words, the score of a "
        "word, minus the mean over all words; and the attention that words get, relative to what "
        "the mean would give them (broken line: 1). Bands are intervals.",
        (
            Look(
                *("learned score of a word", _LEARNED, "per_word_weight", "score", _FREQUENCY),
                *(_TENTH, True, 0.0),
            ),
            Look(
                *("attention relative to the mean's", _LEARNED, "attention", "relative_weight"),
                *(_FREQUENCY, _TENTH, True, 1.0),
            ),
        ),
    ),
    Theme(
        "spread",
        "How many words of a context count: the exponential of the entropy of the weights, 1 where "
        "one word takes all; its share of the words in the context; and the weight that a word "
        "which asks for the next one gives to itself.",
        (
            Look("effective number of keys", _LEARNED, "attention", "effective_keys", "(.+)"),
            Look("effective share of the keys", _LEARNED, "attention", "effective_share", "(.+)"),
            Look("weight on itself", _LEARNED, "attention", "mean_weight", "(itself)"),
        ),
    ),
    Theme(
        "copying",
        "Whether what attending to a word passes on makes that word itself more probable: the sum "
        "of the eigenvalues of values times outputs over the sum of their sizes, 1 where words are "
        "copied. The floor has words as frequent in place of the words themselves.",
        (Look("copying score", _COPYING, "", "copying_score", "(.+)", rule=0.0),),
    ),
    Theme(
        "rules",
        "Share of a model's most probable next words that n-gram rules predict, too. A rule looks "
        "at some of the last three words and predicts the word that most often stood behind them. "
        "The floor is the share by rules of another place. It says what a model does, not why.",
        (Look("predictions that rules share", _RULES, "", "share_of_rules", "(.+)"),),
    ),
    Theme(
        "changed",
        "Loss that is added, in nats per token, where one word of a context is hidden or the words "
        "of a context change places. In a difference both words stand in one document, as far from "
        "their targets, on the same side.",
        (Look("loss added by a changed context", _CHANGED, "", "added_loss", "(.+)", rule=0.0),),
    ),
    Theme(
        "order",
        "What another order of the same words does: how far the state that predicts a word moves, "
        "as a share of its length, and the loss that this adds, in nats per token. A model without "
        "order stays at 0 (broken line).",
        (
            Look("movement of the state", _ORDER, "", "moved", "(.+)", rule=0.0),
            Look("loss added by another order", _ORDER, "", "added_loss", "(.+)", rule=0.0),
        ),
    ),
    Theme(
        "roles",
        "Attention by part of speech: the effective number of keys of a query word (the "
        "exponential of the entropy of its weights), and the attention that a word gets relative "
        "to what the mean would give it (broken line: 1). With query and key exchanged: the added "
        "loss, in nats per token.",
        (
            Look(
                *("effective number of keys, by query word", _ROLES, "attention"),
                *("effective_keys", "asking (.+)"),
            ),
            Look(
                *("attention relative to the mean's, by key word", _ROLES, "attention"),
                *("relative_weight", "attended (.+)"),
                rule=1.0,
            ),
            Look(
                *("loss added by exchanged query and key", _ROLES, "exchanged"),
                *("added_loss", "(.+)"),
                rule=0.0,
            ),
        ),
    ),
)
"""What the page shows of a study's measurements, in this order."""
