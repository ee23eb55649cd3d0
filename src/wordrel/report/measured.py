"""What was measured inside the models: learned offsets and word weights, order, roles.

Reads the table of measurements; a panel is there where the study measured what it shows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec, Table, name
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, count, number, with_interval
from wordrel.study.results import Results


@dataclass(frozen=True)
class Look:
    """One thing that a kind of task measures, and how it is drawn.

    Attributes:
        title: what the numbers are.
        kind: of the task.
        embedding: of the model; empty where any may stand, the selected one first.
        statistic: the column `statistic` of measurements.csv.xz.
        groups: a pattern; its group 1 is the name, or the number, of a place on the axis.
        axis: what the places are; empty where their names say so.
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


_HIGH = 260  # pixels
_STEP = 13  # pixels between two models of one place
_OFFSET = "words before (−) or after (+) the target"
_TENTH = "tenth of the vocabulary (1: the most frequent words)"
_FREQUENCY = r"frequency (\d+)/\d+"
_LEARNED, _ORDER, _ROLES = "learned", "order", "roles"

THEMES = (
    Theme(
        "offsets",
        "What a model has learned of distance: the score that is added to a word for its offset, "
        "minus the mean of the model's scores, and the mean attention that words at that offset "
        "get in contexts that fill the window. Next-word models have only words before the target "
        "in view. Bands are intervals.",
        (
            Look(
                *(
                    "learned score of an offset",
                    _LEARNED,
                    "relative_position",
                    "score",
                    r"([+-]\d+)",
                ),
                *(_OFFSET, True, 0.0),
            ),
            Look(
                *("mean attention by offset", _LEARNED, "attention", "mean_weight"),
                *(r"offset ([+-]\d+)", _OFFSET, True),
            ),
        ),
    ),
    Theme(
        "frequency",
        "What a model has learned of words: where one learned vector asks all words, the score "
        "that it gives to a word, minus the mean over all words; and the attention that words get "
        "beside what the mean would give them (broken line: 1). Bands are intervals.",
        (
            Look(
                *("learned score of a word", _LEARNED, "per_word_weight", "score", _FREQUENCY),
                *(_TENTH, True, 0.0),
            ),
            Look(
                *("attention beside the mean's", _LEARNED, "attention", "relative_weight"),
                *(_FREQUENCY, _TENTH, True, 1.0),
            ),
        ),
    ),
    Theme(
        "order",
        "What another order of the same words does: how far the state that predicts a word moves, "
        "of its length, and what that adds to the loss, in nats per token. A model that does not "
        "see order stays at 0 (broken line).",
        (
            Look("movement of the state", _ORDER, "", "moved", "(.+)", rule=0.0),
            Look("loss added by another order", _ORDER, "", "added_loss", "(.+)", rule=0.0),
        ),
    ),
    Theme(
        "roles",
        "Attention by part of speech: over how many keys the weights of an asking word are spread "
        "(the exponential of their entropy), and how much attention a word gets beside what the "
        "mean would give it (broken line: 1). Where the roles of query and key were exchanged: the "
        "loss that it adds, in nats per token.",
        (
            Look(
                *("effective number of keys, by asking word", _ROLES, "attention"),
                *("effective_keys", "asking (.+)"),
            ),
            Look(
                *("attention beside the mean's, by attended word", _ROLES, "attention"),
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


@dataclass(frozen=True)
class Panel:
    """One look on one corpus: model -> place -> the measurement; places in order."""

    corpus: str
    look: Look
    places: tuple[str, ...]
    values: dict[str, dict[str, Row]]


def panels(results: Results, question: str, theme: Theme) -> list[Panel]:
    """Corpus by corpus, what was measured; none where nothing was."""
    measured = {c: queries.measured(results, c, question) for c in queries.corpora(results)}
    found = [_panel(results, c, look, rows) for c, rows in measured.items() for look in theme.looks]
    return [panel for panel in found if panel.values]


def panels_words(drawn: Sequence[Panel]) -> str:
    """The figure in words: where each model has its highest and its lowest value."""
    return " ".join(
        f"{panel.corpus}, {panel.look.title}: "
        + "; ".join(_extremes(model, rows) for model, rows in panel.values.items())
        + "."
        for panel in drawn
    )


def panel_table(panel: Panel) -> Table:
    """Every value of a panel: a line a place, a column a model."""
    models = list(panel.values)
    body = [
        [name(place), *(_cell(panel.values[m].get(place)) for m in models), _items(panel, place)]
        for place in panel.places
    ]
    heads = [panel.look.axis or "group", *map(name, models), "n"]
    return Table(heads, body, title=_title(panel))


def figures(results: Results, question: str) -> list[Figure]:
    """A figure for each theme of which something was measured; only the page shows them."""
    drawn = {theme: panels(results, question, theme) for theme in THEMES}
    return [
        Figure(
            "",
            [Chart(_title(panel), _chart(results, panel)) for panel in shown],
            panels_words(shown),
            theme.caption,
            tables=[panel_table(panel) for panel in shown],
        )
        for theme, shown in drawn.items()
        if shown
    ]


def _title(panel: Panel) -> str:
    return f"{panel.corpus} · {panel.look.title}"


def _panel(results: Results, corpus: str, look: Look, measured: Iterable[Row]) -> Panel:
    by_model: dict[str, dict[str, dict[str, Row]]] = {}  # model -> embedding -> place
    places: list[str] = []
    for r in measured:
        group = re.fullmatch(look.groups, r.group)
        mine = (queries.kind(results, r.task), r.statistic) == (look.kind, look.statistic)
        if mine and group and look.embedding in ("", r.embedding):
            of_model = by_model.setdefault(r.model, {})
            of_model.setdefault("" if r.selected else r.embedding, {})[group[1]] = r
            places.append(group[1])
    models = [m for m in queries.models(results, corpus) if m in by_model]
    values = {m: by_model[m].get("") or next(iter(by_model[m].values())) for m in models}
    shown = [p for p in queries.distinct(places) if any(p in rows for rows in values.values())]
    order = tuple(sorted(shown, key=int) if look.line else shown)
    sorted_values = {m: {p: rows[p] for p in order if p in rows} for m, rows in values.items()}
    return Panel(corpus, look, order, sorted_values)


def _extremes(model: str, rows: dict[str, Row]) -> str:
    high, low = (pick(rows, key=lambda place: rows[place].value) for pick in (max, min))
    most, least = (number(rows[place].value) for place in (high, low))
    if most == least:
        return f"{model} {most}{'' if len(rows) == 1 else ' everywhere'}"
    return f"{model} highest {_place(high)} ({most}), lowest {_place(low)} ({least})"


def _place(name: str) -> str:
    return f"at {name.replace('-', '−')}" if re.fullmatch(r"[+-]?\d+", name) else f"for {name}"


def _cell(row: Row | None) -> str:
    return NOTHING if row is None else with_interval(row.value, row.low, row.high)


def _items(panel: Panel, place: str) -> str:
    """The items behind a line, or from how few to how many."""
    counts = [rows[place].n for rows in panel.values.values() if place in rows]
    known = [int(n) for n in counts if not pd.isna(n)]
    return " to ".join(dict.fromkeys(map(count, (min(known), max(known))))) if known else NOTHING


def _chart(results: Results, panel: Panel) -> Spec:
    """A line a model where places are numbers, else a dot with its interval."""
    return _drawn_lines(results, panel) if panel.look.line else _drawn_dots(results, panel)


def _drawn_lines(results: Results, panel: Panel) -> Spec:
    dashes = charts.dashes(results, list(panel.values))
    rows = [
        {
            "model": model,
            "dash": dashes[model],
            "place": int(place),
            "side": "after" if int(place) > 0 else "before",
            **charts.interval("value", r.value, r.low, r.high),
        }
        for model, found in panel.values.items()
        for place, r in found.items()
    ]
    signed = any(place.startswith("-") for place in panel.places)
    axis = charts.ticks([int(place) for place in panel.places])
    axis |= {"format": "+d" if signed else "d", "grid": False}
    scale = {"nice": False, "padding": 12, "zero": False}
    x = charts.field("place", "quantitative", title=panel.look.axis, axis=axis, scale=scale)
    y = charts.field("value", "quantitative", title=None, **charts.FREE)
    told = charts.tips("model", "place", "value", "low", "high")
    layers = charts.lines(results, list(panel.values), {"x": x, "y": y}, told)
    for one in layers:
        one["encoding"] |= {"detail": charts.field("side", "nominal")}  # no line runs across 0
    return charts.chart(rows, layers, {}, _HIGH, _rules(panel, "y"))


def _drawn_dots(results: Results, panel: Panel) -> Spec:
    rows = [
        {"model": model, "place": place, **charts.interval("value", r.value, r.low, r.high)}
        for model, found in panel.values.items()
        for place, r in found.items()
    ]
    models = list(panel.values)
    colours = charts.colours(results, models)
    x = charts.field("value", "quantitative", title=None, **charts.FREE)
    dot = {
        "x": x,
        "stroke": charts.named("model", colours),
        "fill": charts.silent("model", colours),
        "shape": charts.named("model", charts.shapes(results, models)),
        "tooltip": charts.tips("place", "model", "value", "low", "high"),
    }
    layers = charts.dots(dot, charts.offset(models))
    places = {"y": charts.side("place", panel.places)}
    return charts.chart(rows, layers, places, {"step": _STEP, "for": "offset"}, _rules(panel, "x"))


def _rules(panel: Panel, channel: str) -> list[Spec]:
    rule = panel.look.rule
    return [] if rule is None else [charts.line_at("value", [rule], channel)]
