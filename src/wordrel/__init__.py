"""wordrel: how is just self-attention different from word2vec?

    results = wordrel.run("configs/quickstart.yaml", seeds=[1])   train, score, write the tables
    model = wordrel.load("results/quickstart", "attention")       one trained model
    model["king"], model.similarity("king", "queen"), model.most_similar("music")
    wordrel.evaluate(["a.vec", "b.vec"]).contrasts                vectors that others made
    wordrel.compare("results/a", "results/b").moved               scores that differ
    wordrel.reproduce("results/quickstart")                       run it again and judge each score

`help(wordrel.run)` describes the arguments. An error that a user can fix is a `WordrelError`.
Names are loaded on first use: importing the package loads neither torch nor gensim.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordrel.api import compare, load, reproduce, run
    from wordrel.errors import WordrelError
    from wordrel.models.word_model import WordModel
    from wordrel.study.results import Results
    from wordrel.study.vector_scores import evaluate

    __version__: str

_HOMES = {
    "api": ("compare", "load", "reproduce", "run"),
    "errors": ("WordrelError",),
    "models.word_model": ("WordModel",),
    "study.results": ("Results",),
    "study.vector_scores": ("evaluate",),
}
__all__ = [
    "Results",
    "WordModel",
    "WordrelError",
    "__version__",
    "compare",
    "evaluate",
    "load",
    "reproduce",
    "run",
]


def __dir__() -> list[str]:
    return sorted(__all__)


if not TYPE_CHECKING:  # a checker would take it as leave to use any name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return importlib.import_module("importlib.metadata").version("wordrel")
        for home, names in _HOMES.items():
            if name in names:
                return getattr(importlib.import_module(f"{__name__}.{home}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
