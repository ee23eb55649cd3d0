"""What was measured inside the models: learned offsets and word weights, order, roles.

Panels without measurements are left out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec, Table, name
from wordrel.report.lines import cell
from wordrel.report.looks import looks
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, count, number
from wordrel.report.themes import THEMES, Look, Theme
from wordrel.study.results import Results

_STEP = 13  # pixels between two models of one place


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
    candidates = [
        _panel(results, c, look, rows) for c, rows in measured.items() for look in theme.looks
    ]
    return [part for panel in candidates if panel.values for part in _parts(panel)]


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
        [name(place), *(cell(panel.values[m].get(place)) for m in models), _items(panel, place)]
        for place in panel.places
    ]
    named = [queries.term(results, model) for model in models]
    heads = [panel.look.axis or "group", *named, "n"]
    return Table(heads, body, title=f"{panel.title} · {panel.corpus}")


def figures(results: Results, question: str) -> list[Figure]:
    """A figure for each theme of which something was measured; only the page shows them."""
    drawn = {theme: panels(results, question, theme) for theme in THEMES}
    return [_figure(results, theme, of_theme) for theme, of_theme in drawn.items() if of_theme]


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
        for model, by_place in panel.values.items()
        for place, r in by_place.items()
    ]
    signed = any(place.startswith("-") for place in panel.places)
    bottom = charts.ticks([int(place) for place in panel.places])
    bottom |= {"format": "+d" if signed else "d", "grid": False}
    scale = {"nice": False, "padding": 12, "zero": False}
    x = charts.field("place", "quantitative", title=panel.look.axis, axis=bottom, scale=scale)
    places = {"x": x, "y": charts.field("value", "quantitative", title=None, **axis)}
    drawn = charts.lines(results, list(panel.values), places)
    for layer in drawn:
        layer["encoding"] |= {"detail": charts.field("side", "nominal")}  # no line runs across 0
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
        for model, by_place in panel.values.items()
        for place, r in by_place.items()
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
