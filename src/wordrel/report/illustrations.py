"""Every figure of the page: where it belongs, what it is called, and what it says in words.

The words are computed from the tables alone, so a page is rendered without drawing anything; a
figure is there where it has something to say.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from wordrel.report import (
    curve_figure,
    curves,
    direction,
    figures,
    forest,
    ladder,
    ladder_figure,
    queries,
    speech,
)
from wordrel.report.text import escape
from wordrel.study.results import Results


@dataclass(frozen=True)
class Illustration:
    """A figure of the page.

    Attributes:
        place: the section: a question, or "summary", "ladder", "size", "agreement".
        name: of its file, without ending.
        alt: what it shows, in words.
        draw: the figure, drawn when it is asked for.
        caption: how it is to be read; empty where the text around it says so.
    """

    place: str
    name: str
    alt: str
    draw: Callable[[], Figure | None]
    caption: str = ""

    @property
    def path(self) -> str:
        """Inside the folder of the results."""
        return f"figures/{self.name}.svg"

    @property
    def markdown(self) -> str:
        """The image as it stands on the page, with its caption below it."""
        image = f"![{escape(self.alt)}]({self.path})"
        return f"{image}\n\n*{self.caption}*" if self.caption else image


def illustrations(results: Results) -> list[Illustration]:
    """What this study has to show, in the order of the page."""
    climbs = ladder.climbs(results)
    sizes = curves.curves(results)
    found = [
        Illustration("summary", "scores", figures.scores_alt(results), _scores(results)),
        *(one for question in queries.questions(results) for one in _asked(results, question)),
        Illustration(
            "ladder",
            "ladder",
            ladder_figure.ladder_alt(climbs),
            partial(ladder_figure.ladder_figure, climbs),
        ),
        Illustration(
            "size",
            "curves",
            curves.curves_alt(sizes, "tokens"),
            partial(curve_figure.curve_figure, results, sizes),
            curves.caption(results, "tokens"),
        ),
        Illustration(
            "agreement",
            "agreement",
            figures.agreement_alt(results),
            partial(figures.agreement_figure, results),
        ),
    ]
    return [one for one in found if one.alt]


def _scores(results: Results) -> Callable[[], Figure | None]:
    return partial(figures.scores_figure, results)


def _asked(results: Results, question: str) -> list[Illustration]:
    """The figures of one question."""
    draws = {
        "differences": (forest.forest_alt, forest.forest_figure, forest.CAPTION),
        "direction": (direction.direction_alt, direction.direction_figure, direction.CAPTION),
    }
    found = [
        Illustration(
            question,
            f"{name}-{_file(question)}",
            alt(results, question),
            partial(draw, results, question),
            caption,
        )
        for name, (alt, draw, caption) in draws.items()
    ]
    return found + [_speech(results, corpus, question) for corpus in queries.corpora(results)]


def _speech(results: Results, corpus: str, question: str) -> Illustration:
    return Illustration(
        question,
        f"parts_of_speech-{_file(corpus)}",
        speech.speech_alt(results, corpus, question),
        partial(speech.speech_figure, results, corpus, question),
        speech.CAPTION.format(corpus=escape(corpus)),
    )


def _file(name: str) -> str:
    """A name that every file system and every link takes."""
    return re.sub(r"[^\w.-]+", "-", name)
