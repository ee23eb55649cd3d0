"""The tasks that come with wordrel: what each measures, where it is from, under which licence.

Pure metadata: reads and writes nothing, so that a config can be checked without loading any data.
Field names follow MTEB's task metadata where they fit.
"""

import difflib

from wordrel.tasks.citations import BIBTEX
from wordrel.tasks.info import (
    ASKED,
    KindName,
    MainScore,
    Question,
    ReaderName,
    Split,
    TaskInfo,
)
from wordrel.tasks.published import PUBLISHED

__all__ = [
    "ASKED",
    "REGISTRY",
    "KindName",
    "MainScore",
    "Question",
    "ReaderName",
    "Split",
    "TaskInfo",
    "explain_unknown",
]


def _of_the_corpus(name: str, kind: KindName, description: str, reference: str = "") -> TaskInfo:
    """A task whose items come from the held-out text or the vocabulary."""
    question, main_score = ASKED[kind]
    return TaskInfo(
        name=name,
        kind=kind,
        question=question,
        description=description,
        reference=reference,
        license="that of the corpus",
        bibtex_citation="",
        date="",
        main_score=main_score,
    )


_IN_GENSIM = (
    TaskInfo(
        name="ws353",
        kind="pairs",
        question="alike",
        description="How related or similar (both are mixed) people find two words.",
        reference="http://www.cs.technion.ac.il/~gabr/resources/data/wordsim353/",
        license="not specified",
        bibtex_citation=BIBTEX["ws353"],
        date="2002",
        main_score="spearman",
        n_items=353,
        reader="pairs",
        path="test/test_data/wordsim353.tsv",
        sha256="f92a022fc2537793a15bc3a8c162ebcd74990e033a228bb6388cb71e4c0b1e1d",
    ),
    TaskInfo(
        name="simlex999",
        kind="pairs",
        question="alike",
        description="How similar, not merely related, people find two words.",
        reference="https://fh295.github.io/simlex.html",
        license="not specified",
        bibtex_citation=BIBTEX["simlex999"],
        date="2015",
        main_score="spearman",
        n_items=999,
        reader="pairs",
        path="test/test_data/simlex999.txt",
        sha256="d5e0501971478a511430ee880bd0121e94ac701ba86d90544d83e6d2ba3db05d",
    ),
    TaskInfo(
        name="google_analogies",
        kind="analogies",
        question="alike",
        description="Which word is to b as a' is to a: capitals, families, inflected forms.",
        reference="https://aclweb.org/aclwiki/Google_analogy_test_set_(State_of_the_art)",
        license="apache-2.0",
        bibtex_citation=BIBTEX["google_analogies"],
        date="2013",
        main_score="accuracy",
        n_items=19544,
        reader="google_analogies",
        path="test/test_data/questions-words.txt",
        sha256="8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
    ),
)

_OF_THE_CORPUS = (
    _of_the_corpus(
        "held_out_loss",
        "held_out_loss",
        "Surprise, in nats a word, at sentences of the corpus kept from training.",
    ),
    _of_the_corpus(
        "calibrated_loss",
        "calibrated_loss",
        "The same where each model is told how sure it may be: two numbers, fitted on other "
        "held-out sentences.",
        "https://proceedings.mlr.press/v70/guo17a.html",
    ),
    _of_the_corpus(
        "word_order",
        "order",
        "How far the state that predicts a word moves when the words of its context change places, "
        "and what that adds to the loss.",
    ),
    _of_the_corpus(
        "learned_weights",
        "learned",
        "Which offsets and words a model learned to weigh, and the weights that it gives them in "
        "held-out text.",
    ),
    _of_the_corpus(
        "last_word",
        "last_word",
        "Share of held-out sentences whose last word is the most probable one, given the words "
        "before it.",
        "https://aclanthology.org/P16-1144/",
    ),
    _of_the_corpus(
        "neighbour_agreement",
        "neighbours",
        "Share of the ten nearest words that two models, or two seeds, have in common.",
    ),
)

REGISTRY: dict[str, TaskInfo] = {
    info.name: info for info in (*_IN_GENSIM, *PUBLISHED, *_OF_THE_CORPUS)
}


def explain_unknown(name: str) -> str:
    """What to tell a user who named a task that is not in the registry."""
    near = difflib.get_close_matches(name, REGISTRY, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"found {name!r}, which is not a task{hint} Allowed: {', '.join(sorted(REGISTRY))}"
