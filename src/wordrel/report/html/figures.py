"""The figures of the page: charts that belong together, their caption, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from wordrel.report import direction, forest, ladder_figure, queries, speech
from wordrel.report.html import charts
from wordrel.report.html.charts import Spec
from wordrel.report.html.markup import inline
from wordrel.report.ladder import Climb
from wordrel.report.results import Results
from wordrel.report.text import escape, with_interval

_LADDER = (
    "Dots: the mean over orderings and seeds with its interval, and its share of the whole gain "
    "where one is given. Short lines: what the ingredient buys in each ordering."
)


@dataclass(frozen=True)
class Chart:
    """One chart; `title` names what differs between the charts of a figure, as plain text."""

    title: str
    spec: Spec


@dataclass(frozen=True)
class Figure:
    """Charts, how they are to be read, and in `words` what they show."""

    charts: Sequence[Chart]
    caption: Markup
    words: str


def ladder_charts(climbs: Sequence[Climb]) -> list[Figure]:
    """What each ingredient buys, a chart for each ladder and corpus; none without climbs."""
    found = [Chart(_way(climb), charts.ladder_chart(climb)) for climb in climbs]
    words = ladder_figure.ladder_alt(climbs)
    return [Figure(found, inline(_LADDER), words)] if found else []


def question_figures(results: Results, question: str) -> list[Figure]:
    """The figures of one question: differences, direction, parts of speech."""
    gaps = [
        Chart(panel.corpus, charts.forest_chart(results, panel))
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
    ]
    return [figure for figure in found if figure.charts]


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
