"""The sentences of the paper that conclude, each chosen by the outcomes of a planned contrast."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import attempts
from pages import attempted, nested
from pages.evidence import evidence, gain, named
from pages.tuning import Tuned
from wordrel.report import queries, text
from wordrel.report.queries import Row
from wordrel.report.verdicts import SEEDS, difference
from wordrel.study.contrasts import CORPORA
from wordrel.study.results import Results

EQUAL, MORE, LESS, WORSE, OPEN = "equal", "more", "less", "worse", "open"
NO_BETTER = "no better"
"""Outcomes of a contrast: equal within the margin, better by more than it, not so, worse, open.
NO_BETTER is open with a gain below 0."""


class Planned(NamedTuple):
    """A planned contrast of the abstract.

    Attributes:
        claim: with `first` and `second`, which one.
        a: what its first model is called there.
        b: and its second.
        map_too: whether its step adds the map V, too.
        without: the claim of the same step without V, in `value_map`; empty: there is none.
    """

    claim: str
    first: str
    second: str
    a: str
    b: str
    map_too: bool = False
    without: str = ""


LITERAL = Planned(
    *("first sentence", "mean_query_attention", "mean"),
    *("self-attention without positions", "the mean of the same words"),
)
ANSWERS = (
    LITERAL,
    Planned(
        *("C9 masked word", "position_weight", "mean"),
        *("a mean with position weights", "the mean without them"),
    ),
    Planned(
        *("C9 masked word", "mask_query_attention", "position_weight"),
        *("a weight for each word plus one for each position", "a mean with position weights"),
    ),
    Planned(
        *("C9 masked word", "mean_query_attention_position", "mask_query_attention"),
        *("self-attention with positions", "a weight for each word plus one for each position"),
        map_too=True,
        without="scores alone, masked word",
    ),
    Planned(
        *("heads, masked word", "masked_four_heads", "mean_query_attention_position"),
        *("self-attention with four heads", "self-attention with one head"),
    ),
    Planned(
        *("counts, masked word", "kn_two_sided", "masked_four_heads"),
        *("a smoothed count of the word on each side", "self-attention with four heads"),
    ),
    Planned(
        *("C9 next word", "direct_word_weight", "direct_mean"),
        *("a weight for each word", "the mean of the same words"),
    ),
    Planned(
        *("C9 next word", "direct_attention", "direct_word_weight"),
        *("self-attention without positions", "a weight for each word"),
        map_too=True,
    ),
    Planned(
        *("C9 next word", "direct_mean_position", "direct_mean"),
        *("a mean with position weights", "the mean without them"),
    ),
    Planned(
        *("C9 next word", "direct_attention_position", "direct_word_weight_position"),
        *("self-attention with positions", "a weight for each word plus one for each position"),
        map_too=True,
        without="scores alone, next word",
    ),
    Planned(
        *("heads, next word", "next_four_heads", "direct_attention_position"),
        *("self-attention with four heads", "self-attention with one head"),
    ),
    Planned(
        *("counts, next word", "kn_trigram", "next_four_heads"),
        *("a smoothed count of the two words before", "self-attention with four heads"),
    ),
)


def answer(
    cells: Results, case: Results, maps: Results | None, tunings: Mapping[str, Tuned]
) -> str:
    """A conclusion for each contrast of the abstract, with its gains."""
    conclusions = (
        concluded(case if planned is LITERAL else cells, planned, maps, tunings)
        for planned in ANSWERS
    )
    return "\n".join(f"{i}. {line}" for i, line in enumerate(conclusions, 1))


def concluded(
    results: Results,
    planned: Planned,
    maps: Results | None = None,
    tunings: Mapping[str, Tuned] | None = None,
) -> str:
    """What both corpora decide together, and the gain on each.

    Args:
        results: of the study with the contrast.
        planned: the contrast.
        maps: results of `value_map`.
        tunings: model -> how it was tuned.
    """
    wanted = (planned.claim, planned.first, planned.second)
    every = queries.rows(results.contrasts)
    rows = [row for row in every if (row.claim, row.model_a, row.model_b) == wanted]
    if not rows:
        return f"It is **not planned** to compare {planned.a} to {planned.b}."
    margin, a, b = text.number(rows[0].margin, 2), planned.a, planned.b
    word = "a masked word" if ".masked_word." in rows[0].task else "the next word"
    conclusions = {
        EQUAL: f"{a} and {b} predict {word} **equally well**, within {margin} nats",
        MORE: f"{a} predicts {word} **better** than {b}, by more than {margin} nats",
        WORSE: f"{a} predicts {word} **worse** than {b}",
        LESS: f"{a} does **not** predict {word} **better** than {b} by more than {margin} nats",
        NO_BETTER: f"{a} predicts {word} **no better** than {b}; whether it is worse by "
        f"more than {margin} nats is open",
        OPEN: f"for {word}, whether {a} and {b} differ by more than {margin} nats is **open**",
    }
    conclusion = text.capital(conclusions[together(results, rows)])
    gains = f"The gain of the first is {_gains(rows)}; {evidence(results, rows)}"
    limits = [
        *_map_limits(planned, maps),
        _tuning_limit(planned, tunings or {}),
        *training_limits(results, rows),
        other_outcomes(rows),
    ]
    return " ".join(f"{sentence}." for sentence in (conclusion, gains, *filter(None, limits)))


def _gains(rows: Sequence[Row]) -> str:
    facts = [f"{gain(row)} on {text.escape(row.corpus)} ({row.outcome})" for row in rows]
    return text.listed(facts)


def _map_limits(planned: Planned, maps: Results | None) -> list[str]:
    """That a step adds the map V, too, and its gain without that map where it is measured."""
    if not planned.map_too:
        return []
    every = queries.rows(maps.contrasts) if maps else []
    rows = [row for row in every if row.claim == planned.without and row.seeds >= SEEDS]
    without = f"Without V the gain is {_gains(rows)}"
    return [
        "The step adds the map V, too, which the output table can absorb",
        *([without] if rows else []),
    ]


def _tuning_limit(planned: Planned, tunings: Mapping[str, Tuned]) -> str:
    """That the tuning could not bring the first model to the loss of one that it contains."""
    tuning = tunings.get(planned.first)
    if tuning is None or not tuning.chosen.note.startswith("under-tuned: "):
        return ""
    start = tuning.chosen.start
    more = f": it goes on from {named(start)}, for {tuning.chosen.epochs} epoch" if start else ""
    return f"The first is marked as under-tuned{more}"


def training_limits(results: Results, rows: Sequence[Row]) -> list[str]:
    """Whether one of the two models fits training documents worse than one that it contains."""
    failed = [fit for fit in nested.fits(results) if fit.failed]
    first, second = rows[0].model_a, rows[0].model_b
    sentences = []
    for model, which in ((first, "first"), (second, "second")):
        its = [fit for fit in failed if fit.row.model_a == model]
        for inside, of in queries.grouped(its, lambda fit: str(fit.row.model_b)).items():
            gaps = [f"{text.number(fit.gap)} on {text.escape(fit.row.corpus)}" for fit in of]
            sentences += [
                f"The {which} contains {named(inside)}, but fits training documents worse: by "
                f"{text.listed(gaps)} (no interval)",
                "So its training may have failed",
            ]
            if which == "second":
                sentences.append(_over(results, first, inside, of))
    return list(filter(None, sentences))


def _over(results: Results, first: str, inside: str, failed: Sequence[nested.Fit]) -> str:
    """The gain of a model over what its rival contains; it is no planned contrast."""
    gains = []
    for row in (fit.row for fit in failed):
        pair = difference(results, row.corpus, row.task, first, inside)
        if pair is not None:
            ends = text.with_interval(-pair.difference, -pair.high, -pair.low)
            crosses = ", across the margin" if -pair.high < row.margin < -pair.low else ""
            gains.append(f"{ends} on {text.escape(row.corpus)}{crosses}")
    shown = f"Over {named(inside)} the first gains {text.listed(gains)} (exploratory, no verdict)"
    return shown if gains else ""


def other_outcomes(rows: Sequence[Row]) -> str:
    """The attempts that give another outcome, without single seeds and authors left out."""
    wanted = ("not calibrated", "development documents", attempts.BY_AUTHOR, *attempts.SECOND_BEST)
    listed = []
    for row in rows:
        key = (row.claim, row.model_a, row.model_b, row.corpus)
        its = [one for one in attempted.moved(*key) if one.what in wanted]
        words = [f"{one.what} ({one.outcome})" for one in its]
        if words:
            listed.append(f"{text.escape(row.corpus)}: {text.listed(words)}")
    return f"Attempts with another outcome: {'; '.join(listed)}" if listed else ""


def together(results: Results, rows: Sequence[Row]) -> str:
    """The outcome of a contrast on all of its corpora; open where they do not agree."""
    sources = {queries.sources(results)[row.corpus] for row in rows}
    outcomes = set(map(alone, rows))
    if not sources >= CORPORA:
        return OPEN
    return LESS if outcomes == {LESS, WORSE} else outcomes.pop() if len(outcomes) == 1 else OPEN


def alone(row: Row) -> str:
    """The outcome of a contrast on one corpus."""
    if row.seeds < SEEDS:
        return OPEN
    if row.outcome == "differs":
        return MORE if row.low > 0 else WORSE
    if row.outcome == "adds less" and row.high < 0:
        return WORSE
    if row.rule == "equivalent" and row.outcome == "open" and row.high < 0:
        return NO_BETTER
    return {"equivalent": EQUAL, "adds": MORE, "adds less": LESS}.get(str(row.outcome), OPEN)
