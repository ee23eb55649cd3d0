"""What was measured inside the models: learned offsets and word weights, order, roles.

Reads the table of measurements; a panel is there where the study measured what it shows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec, Table, name
from wordrel.report.looks import looks
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


_STEP = 13  # pixels between two models of one place
_OFFSET = "words before (−) or after (+) the target"
_TENTH = "tenth of the vocabulary (1: the most frequent words)"
_FREQUENCY = r"frequency (\d+)/\d+"
_LEARNED, _ORDER, _ROLES = "learned", "order", "roles"

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


@dataclass(frozen=True)
class Panel:
    """One look on one corpus: model -> place -> the measurement; places in order."""

    corpus: str
    look: Look
    places: tuple[str, ...]
    values: dict[str, dict[str, Row]]

    @property
    def title(self) -> str:
        """What is measured, and over which words where these are not all."""
        before = self.look.line and all(place.startswith("-") for place in self.places)
        return f"{self.look.title}, earlier words only" if before else self.look.title


def panels(results: Results, question: str, theme: Theme) -> list[Panel]:
    """Corpus by corpus, what was measured; none where nothing was."""
    measured = {c: queries.measured(results, c, question) for c in queries.corpora(results)}
    found = [_panel(results, c, look, rows) for c, rows in measured.items() for look in theme.looks]
    return [part for panel in found if panel.values for part in _parts(panel)]


def _parts(panel: Panel) -> list[Panel]:
    """Lines over different places, such as those of next-word models, have panels of their own."""
    if not panel.look.line:
        return [panel]
    groups = queries.grouped(panel.values, lambda model: tuple(panel.values[model]))
    return [
        replace(panel, places=places, values={m: panel.values[m] for m in models})
        for places, models in groups.items()
    ]


def panels_words(results: Results, drawn: Sequence[Panel]) -> str:
    """The figure in words: where each model has its highest and its lowest value."""
    return " ".join(
        f"{panel.corpus}, {panel.title}: "
        + "; ".join(_extremes(queries.label(results, m), rows) for m, rows in panel.values.items())
        + "."
        for panel in drawn
    )


def panel_table(results: Results, panel: Panel) -> Table:
    """Every value of a panel: a line a place, a column a model."""
    models = list(panel.values)
    body = [
        [name(place), *(_cell(panel.values[m].get(place)) for m in models), _items(panel, place)]
        for place in panel.places
    ]
    named = [queries.term(results, model) for model in models]
    heads = [panel.look.axis or "group", *named, "n"]
    return Table(heads, body, title=f"{panel.title} · {panel.corpus}")


def figures(results: Results, question: str) -> list[Figure]:
    """A figure for each theme of which something was measured; only the page shows them."""
    drawn = {theme: panels(results, question, theme) for theme in THEMES}
    return [_figure(results, theme, found) for theme, found in drawn.items() if found]


def _figure(results: Results, theme: Theme, drawn: Sequence[Panel]) -> Figure:
    """The panels of one look beside each other, corpus by corpus, with the same axis."""
    titles = queries.distinct(panel.title for panel in drawn)
    ordered = [panel for title in titles for panel in drawn if panel.title == title]
    first = {panel.title: panel for panel in reversed(drawn)}
    charted = [
        Chart(
            panel.title,
            _chart(results, panel, _axis(panel.look, drawn), legend=panel is first[panel.title]),
            panel.corpus,
        )
        for panel in ordered
    ]
    words, tables = panels_words(results, drawn), [panel_table(results, p) for p in ordered]
    columns = min(2, len(charted))
    return Figure("", charted, words, theme.caption, tables=tables, columns=columns)


def _axis(look: Look, drawn: Sequence[Panel]) -> Spec:
    """Of one look on every corpus."""
    rows = [r for p in drawn if p.look == look for of in p.values.values() for r in of.values()]
    return charts.shared([look.rule, *(v for r in rows for v in (r.value, r.low, r.high))])


def _panel(results: Results, corpus: str, look: Look, measured: Iterable[Row]) -> Panel:
    by_model: dict[str, dict[str, dict[str, Row]]] = {}  # model -> embedding -> place
    places: list[str] = []
    for r in measured:
        if r.statistic != look.statistic or look.embedding not in ("", r.embedding):
            continue
        group = re.fullmatch(look.groups, r.group)
        if group and queries.kind(results, r.task) == look.kind:
            of_model = by_model.setdefault(r.model, {})
            of_model.setdefault("" if r.selected else r.embedding, {})[group[1]] = r
            places.append(group[1])
    models = [m for m in queries.models(results, corpus) if m in by_model]
    values = {m: by_model[m].get("") or next(iter(by_model[m].values())) for m in models}
    kept = [p for p in queries.distinct(places) if any(p in rows for rows in values.values())]
    order = tuple(sorted(kept, key=int) if look.line else kept)
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


def _chart(results: Results, panel: Panel, axis: Spec, *, legend: bool) -> Spec:
    """A line a model where places are numbers, else a dot with its interval."""
    if panel.look.line:
        return _drawn_lines(results, panel, axis)
    return _drawn_dots(results, panel, axis, legend=legend)


def _drawn_lines(results: Results, panel: Panel, axis: Spec) -> Spec:
    rows = [
        {
            **charts.model(results, model),
            "dash": looks(results)[model].dash,
            "place": int(place),
            "side": "after" if int(place) > 0 else "before",
            **charts.interval("value", r.value, r.low, r.high),
        }
        for model, found in panel.values.items()
        for place, r in found.items()
    ]
    signed = any(place.startswith("-") for place in panel.places)
    bottom = charts.ticks([int(place) for place in panel.places])
    bottom |= {"format": "+d" if signed else "d", "grid": False}
    scale = {"nice": False, "padding": 12, "zero": False}
    x = charts.field("place", "quantitative", title=panel.look.axis, axis=bottom, scale=scale)
    places = {"x": x, "y": charts.field("value", "quantitative", title=None, **axis)}
    drawn = charts.lines(results, list(panel.values), places)
    for one in drawn:
        one["encoding"] |= {"detail": charts.field("side", "nominal")}  # no line runs across 0
    last = panel.places[-1]
    ends = {model: (float(last), float(of[last].value)) for model, of in panel.values.items()}
    layers = [*drawn, charts.names_beside(results, ends, places, axis)]
    return charts.chart(rows, layers, {}, charts.HIGH, _rules(panel, "y")) | charts.WIDE


def _drawn_dots(results: Results, panel: Panel, axis: Spec, *, legend: bool) -> Spec:
    rows = [
        {
            **charts.model(results, model),
            "place": place,
            **charts.interval("value", r.value, r.low, r.high),
        }
        for model, found in panel.values.items()
        for place, r in found.items()
    ]
    models = list(panel.values)
    dot = {
        "x": charts.field("value", "quantitative", title=None, **axis),
        **charts.look(results, models, legend=legend),
        "tooltip": charts.tips("place", "model", "identifier", "value", "low", "high"),
    }
    layers = charts.dots(dot, charts.offset(results, models))
    places = {"y": charts.side("place", panel.places, ruled=True)}
    return charts.chart(rows, layers, places, {"step": _STEP, "for": "offset"}, _rules(panel, "x"))


def _rules(panel: Panel, channel: str) -> list[Spec]:
    rule = panel.look.rule
    return [] if rule is None else [charts.line_at("value", [rule], channel)]
