"""The figures of the page: charts that belong together, their caption, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from wordrel.report import curves, direction, forest, ladder_figure, measured, queries, speech
from wordrel.report.html import charts, measured_charts
from wordrel.report.html.markup import Table, blocks, inline
from wordrel.report.html.vega import Spec
from wordrel.report.ladder import Climb
from wordrel.report.text import escape, with_interval
from wordrel.study.results import Results

_LADDER = (
    "Dots: the mean over orderings and seeds with its interval, and its share of the whole gain "
    "where one is given. Short lines: what the ingredient buys in each ordering."
)

_FEW = 6  # small charts before the fold


@dataclass(frozen=True)
class Chart:
    """One chart; `title` names what differs between the charts of a figure, as plain text."""

    title: str
    spec: Spec


@dataclass(frozen=True)
class Figure:
    """Charts, how they are to be read, and in `words` what they show.

    Attributes:
        charts: in their order.
        caption: how they are to be read.
        words: what they show.
        tables: the numbers that are drawn, where no other table of the page holds them.
        small: whether several charts stand side by side; all but the first few are folded.
    """

    charts: Sequence[Chart]
    caption: Markup
    words: str
    tables: Sequence[Markup | Table] = ()
    small: bool = False

    @property
    def shown(self) -> Sequence[Chart]:
        """The charts that are seen at once."""
        return self.charts[:_FEW] if self.small else self.charts

    @property
    def folded(self) -> Sequence[Chart]:
        """The charts that are opened with a click."""
        return self.charts[len(self.shown) :]


def ladder_charts(climbs: Sequence[Climb]) -> list[Figure]:
    """What each ingredient buys, a chart for each ladder and corpus; none without climbs."""
    found = [Chart(_way(climb), charts.ladder_chart(climb)) for climb in climbs]
    words = ladder_figure.ladder_alt(climbs)
    return [Figure(found, inline(_LADDER), words)] if found else []


def question_figures(results: Results, question: str) -> list[Figure]:
    """The figures of one question: differences, direction, parts of speech, what was measured."""
    gaps = [
        Chart(f"{panel.corpus} · against {panel.reference}", charts.forest_chart(results, panel))
        for panel in forest.panels(results, question)
    ]
    ways = [
        Chart(f"{corpus} · {column.task} ({column.measure})", charts.direction_chart(results, rows))
        for (corpus, column), rows in direction.panels(results, question).items()
    ]
    found = [
        Figure(gaps, inline(forest.CAPTION), forest.forest_alt(results, question)),
        Figure(ways, inline(direction.CAPTION), direction.direction_alt(results, question)),
        *(_speech(results, corpus, question) for corpus in queries.corpora(results)),
        *(_measured(results, question, theme) for theme in measured.THEMES),
    ]
    return [figure for figure in found if figure.charts]


def curve_figures(results: Results) -> list[Figure]:
    """Scores against tokens, then against seconds; none where no source has several samples."""
    found = curves.curves(results)
    told = {"tokens": blocks(curves.points_table(found), curves.TITLE)}
    figures = [
        Figure(
            [
                Chart(
                    f"{one.source} · {one.column.task}",
                    measured_charts.curve_chart(results, one, across),
                )
                for one in found
            ],
            inline(curves.caption(results, across)),
            curves.curves_alt(found, across),
            told.get(across, ()),  # its lines hold the seconds too
            small=True,
        )
        for across in curves.ACROSS
    ]
    return figures if found else []


def _measured(results: Results, question: str, theme: measured.Theme) -> Figure:
    drawn = measured.panels(results, question, theme)
    titles = [f"{panel.corpus} · {panel.look.title}" for panel in drawn]
    return Figure(
        [
            Chart(title, measured_charts.panel_chart(results, panel))
            for title, panel in zip(titles, drawn, strict=True)
        ],
        inline(theme.caption),
        measured.panels_alt(drawn),
        [
            block
            for title, panel in zip(titles, drawn, strict=True)
            for block in blocks(measured.panel_table(panel), escape(title))
        ],
    )


def _speech(results: Results, corpus: str, question: str) -> Figure:
    drawn = speech.panels(results, corpus, question)
    specs = charts.speech_charts(drawn)
    return Figure(
        [Chart(f"{corpus} · {p.model}", spec) for p, spec in zip(drawn, specs, strict=True)],
        inline(speech.CAPTION.format(corpus=escape(corpus))),
        speech.speech_alt(results, corpus, question),
    )


def _way(climb: Climb) -> str:
    total = climb.total
    gain = with_interval(total.value, total.low, total.high)
    objective = climb.objective.replace("_", " ")
    return f"{climb.corpus} · {objective}, {climb.foot} → {climb.top}: gain {gain} nats"
