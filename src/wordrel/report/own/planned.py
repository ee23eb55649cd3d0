"""The card of a study with planned contrasts: their outcomes in at most six sentences.

A sentence is for one claim. Contrasts that were not measured, and claims for which there is no
room, are counted at the end; the table of contrasts has them all.
"""

from collections.abc import Sequence

from wordrel.config.contrasts import mean_of
from wordrel.report import queries
from wordrel.report.labels import label
from wordrel.report.own.studies import named
from wordrel.report.queries import Row
from wordrel.report.text import capital, count, listed, number
from wordrel.study.contrasts import SEEDS, decided_by
from wordrel.study.results import Results
from wordrel.study.schema import MISSING, NO_INTERVAL, OPEN, UNDECIDED

TITLE = "planned contrasts"
MOST = 6
"""Sentences of a card."""

_FEW = 2  # contrasts that a sentence names
_WORDS = 25  # of a sentence
_OUTCOMES = {
    **{"adds": "above the margin", "adds less": "below the margin"},
    **{"not worse": "no loss beyond the margin", "worse": "a loss beyond the margin"},
    **{"equivalent": "within the margin", "differs": "outside the margin"},
    OPEN: "with an interval across the margin",
    UNDECIDED: "of another sign without calibration",
    NO_INTERVAL: "without an interval",
}
"""Outcome -> where a gain lies."""
_MIXED = "with different outcomes on the corpora"


def contrasts(results: Results) -> dict[str, list[list[Row]]]:
    """Claim -> its contrasts in the order of the config, each with its row on every corpus."""
    claims = queries.grouped(queries.rows(results.contrasts), lambda r: str(r.claim))
    return {claim: list(queries.grouped(rows, same).values()) for claim, rows in claims.items()}


def same(row: Row) -> tuple[object, ...]:
    """What the rows of one contrast on all corpora have in common, beside their claim."""
    return row.part, row.model_a, row.model_b, row.against, row.task, row.rule, row.margin


def sentences(results: Results) -> list[str]:
    """At most `MOST` sentences, as plain text; none where no planned contrast was measured."""
    measured, missing, seeds = list[str](), list[str](), set[int]()
    ordered = {str(claim) for claim in results.orderings["claim"]}
    for claim, planned in contrasts(results).items():
        made = [rows for rows in planned if any(r.outcome != MISSING for r in rows)]
        if not made:
            missing.append(claim)
            continue
        seeds |= {int(r.seeds) for rows in made for r in rows if r.outcome != MISSING}
        measured += (
            [_ingredients(claim, made)]
            if claim in ordered
            else [_compared(results, claim, rows) for rows in _together(results, made)]
        )
    if not measured:
        return []
    last = []
    if min(seeds) < SEEDS:
        last = [f"A verdict needs {SEEDS} seeds; this study has {min(seeds)}."]
    last += [f"Not measured yet: {'; '.join(missing)}."] if missing else []
    room = MOST - len(last)
    if len(measured) > room:
        last.insert(0, f"The table of contrasts has {len(measured) - room + 1} more outcomes.")
        room -= 1
    return [*measured[:room], *last]


def on_questions(results: Results) -> set[str]:
    """The questions that the measured contrasts are about."""
    measured = {str(r.task) for r in queries.rows(results.contrasts) if r.outcome != MISSING}
    rows = {task.removeprefix(mean_of([""])).partition(", ")[0] for task in measured}
    tasks = {queries.base(results, row.partition(": ")[0]) for row in rows}
    return {str(t["question"]) for t in results.manifest["tasks"] if t["name"] in tasks}


def _together(results: Results, planned: Sequence[list[Row]]) -> list[list[list[Row]]]:
    """Contrasts with one verdict and the same outcomes stand in one sentence."""
    alike = queries.grouped(
        planned, lambda rows: (_verdict(results, rows), _outcome(rows), bool(rows[0].model_b))
    )
    return list(alike.values())


def _compared(results: Results, claim: str, planned: Sequence[Sequence[Row]]) -> str:
    """Where the gain of a contrast lies, and its verdict; of several, where all of them lie."""
    enough = min(r.seeds for rows in planned for r in rows) >= SEEDS
    end = f": {_verdict(results, planned[0])}." if enough else "."
    end = f"{_outcome(planned[0])}{end}"
    if len(planned) > _FEW:
        return f"{capital(claim)}: the gains of {count(len(planned))} contrasts are {end}"
    pairs = [_pair(results, rows[0]) for rows in planned]
    if len(planned) > 1:
        two = [rows[0] for rows in planned if rows[0].model_b]
        firsts = [named(results, str(row.model_a)) for row in two]
        seconds = [named(results, str(row.model_b)) for row in two]
        one = len({*firsts}) == 1
        joined = f"{firsts[0]} over {listed(seconds)}" if one else listed(pairs)
        return _in_few_words(_claim_and_parts(planned), f"gains of {joined}", "are", end)
    row = next(r for r in planned[0] if r.outcome != MISSING)
    where = f" on {row.corpus}" if len(queries.corpora(results)) > 1 else ""
    gain = f"{number(row.gain)}{_unit(results, row)}{where}"
    return _in_few_words(_claim_and_parts(planned), f"gain of {pairs[0]}", "is", f"{gain}, {end}")


def _claim_and_parts(planned: Sequence[Sequence[Row]]) -> str:
    """What contrasts of one claim are about: "Loss (positions; scores)"."""
    parts = dict.fromkeys(str(rows[0].part) for rows in planned if rows[0].part)
    claim = capital(str(planned[0][0].claim))
    return f"{claim} ({'; '.join(parts)})" if parts else claim


def _in_few_words(claim: str, what: str, verb: str, end: str) -> str:
    """The first of three forms that is short enough; the last names the claim, not the models."""
    forms = (f"The {what} {verb} {end}", f"{capital(what)}: {end}")
    short = (form for form in forms if len(form.split()) <= _WORDS)
    return next(short, f"{claim}: {'gain ' if verb == 'is' else ''}{end}")


def _ingredients(claim: str, planned: Sequence[Sequence[Row]]) -> str:
    """Where the gains of each ingredient lie, over all that it was added to."""
    places = []
    for part, of_part in queries.grouped(planned, lambda rows: str(rows[0].part)).items():
        outcomes = {_outcome(rows) for rows in of_part}
        where = outcomes.pop() if len(outcomes) == 1 else "several outcomes"
        places.append(f"{part}, {where}")
    return f"{capital(claim)}, gains: {'; '.join(places)}."


def _verdict(results: Results, rows: Sequence[Row]) -> str:
    return decided_by(rows, queries.sources(results))


def _outcome(rows: Sequence[Row]) -> str:
    outcomes = {str(r.outcome) for r in rows} - {MISSING}
    return _OUTCOMES[outcomes.pop()] if len(outcomes) == 1 else _MIXED


def _pair(results: Results, row: Row) -> str:
    """The two models in a sentence; or one, with its number or what was measured of it."""
    first, group = named(results, str(row.model_a)), str(row.task).partition(": ")[2]
    if row.model_b:
        return f"{first} over {named(results, str(row.model_b))}"
    return f"{first} ({group.rpartition(', ')[0]})" if group else f"{first} against {row.against}"


def _unit(results: Results, row: Row) -> str:
    """Nats, of a loss; else none."""
    of_task = results.summary[results.summary["task"] == row.task]
    measures = {label(str(measure), "measure") for measure in of_task["measure"].dropna()}
    return " nats" if any(measure.startswith("nats") for measure in measures) else ""
