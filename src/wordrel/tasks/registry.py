"""The tasks that come with wordrel: what each measures, where it is from, under which licence.

Pure metadata: reads and writes nothing, so that a config can be checked without loading any data.
Field names follow MTEB's task metadata where they fit.
"""

import difflib
from dataclasses import dataclass
from typing import Literal

KindName = Literal["pairs", "analogies", "held_out_loss", "last_word", "neighbours"]
Question = Literal["alike", "fit", "recall", "agreement"]
MainScore = Literal["spearman", "accuracy", "loss_per_token", "overlap"]


@dataclass(frozen=True)
class TaskInfo:
    """What a reader wants to know of a task before trusting its number.

    Attributes:
        name: how a config names it.
        kind: how it is asked; a key of `wordrel.tasks.KINDS`.
        question: which of a model's answers it judges.
        description: one sentence on what a high score means.
        reference: where the set, or the method, is described.
        license: as its source states it; "not specified" where it says nothing.
        bibtex_citation: of the paper that made it; empty where there is none.
        date: the year it was published; empty where there is none.
        main_score: the measure.
        n_items: its published size; None where the corpus decides.
        path: the file inside the gensim package; empty where there is no file.
        sha256: of that file; empty where there is no file.
    """

    name: str
    kind: KindName
    question: Question
    description: str
    reference: str
    license: str
    bibtex_citation: str
    date: str
    main_score: MainScore
    n_items: int | None = None
    path: str = ""
    sha256: str = ""


_WS353 = TaskInfo(
    name="ws353",
    kind="pairs",
    question="alike",
    description="How related or similar (both are mixed) people find two words.",
    reference="http://www.cs.technion.ac.il/~gabr/resources/data/wordsim353/",
    license="not specified",
    bibtex_citation="""@article{finkelstein2002placing,
  author = {Finkelstein, Lev and Gabrilovich, Evgeniy and Matias, Yossi and Rivlin, Ehud and
            Solan, Zach and Wolfman, Gadi and Ruppin, Eytan},
  title = {Placing search in context: the concept revisited},
  journal = {ACM Transactions on Information Systems},
  volume = {20}, number = {1}, pages = {116--131}, year = {2002}
}""",
    date="2002",
    main_score="spearman",
    n_items=353,
    path="test/test_data/wordsim353.tsv",
    sha256="f92a022fc2537793a15bc3a8c162ebcd74990e033a228bb6388cb71e4c0b1e1d",
)

_SIMLEX999 = TaskInfo(
    name="simlex999",
    kind="pairs",
    question="alike",
    description="How similar, not merely related, people find two words.",
    reference="https://fh295.github.io/simlex.html",
    license="not specified",
    bibtex_citation="""@article{hill2015simlex,
  author = {Hill, Felix and Reichart, Roi and Korhonen, Anna},
  title = {{SimLex-999}: Evaluating Semantic Models With (Genuine) Similarity Estimation},
  journal = {Computational Linguistics},
  volume = {41}, number = {4}, pages = {665--695}, year = {2015}
}""",
    date="2015",
    main_score="spearman",
    n_items=999,
    path="test/test_data/simlex999.txt",
    sha256="d5e0501971478a511430ee880bd0121e94ac701ba86d90544d83e6d2ba3db05d",
)

_GOOGLE = TaskInfo(
    name="google_analogies",
    kind="analogies",
    question="alike",
    description="Which word is to b as a' is to a, by 3CosAdd; beside it, the nearest word of b.",
    reference="https://aclweb.org/aclwiki/Google_analogy_test_set_(State_of_the_art)",
    license="apache-2.0",
    bibtex_citation="""@misc{mikolov2013efficient,
  author = {Mikolov, Tomas and Chen, Kai and Corrado, Greg and Dean, Jeffrey},
  title = {Efficient Estimation of Word Representations in Vector Space},
  year = {2013}, eprint = {1301.3781}, archivePrefix = {arXiv}
}""",
    date="2013",
    main_score="accuracy",
    n_items=19544,
    path="test/test_data/questions-words.txt",
    sha256="8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
)

_HELD_OUT_LOSS = TaskInfo(
    name="held_out_loss",
    kind="held_out_loss",
    question="fit",
    description="Surprise, in nats a word, at sentences of the corpus kept from training.",
    reference="",
    license="that of the corpus",
    bibtex_citation="",
    date="",
    main_score="loss_per_token",
)

_LAST_WORD = TaskInfo(
    name="last_word",
    kind="last_word",
    question="recall",
    description="Share of held-out sentences whose last word is the most probable one, given the "
    "words before it.",
    reference="https://aclanthology.org/P16-1144/",
    license="that of the corpus",
    bibtex_citation="",
    date="",
    main_score="accuracy",
)

_NEIGHBOURS = TaskInfo(
    name="neighbour_agreement",
    kind="neighbours",
    question="agreement",
    description="Share of the ten nearest words that two models, or two seeds, have in common.",
    reference="",
    license="that of the corpus",
    bibtex_citation="",
    date="",
    main_score="overlap",
)

REGISTRY: dict[str, TaskInfo] = {
    info.name: info
    for info in (_WS353, _SIMLEX999, _GOOGLE, _HELD_OUT_LOSS, _LAST_WORD, _NEIGHBOURS)
}


def explain_unknown(name: str) -> str:
    """What to tell a user who named a task that is not in the registry."""
    near = difflib.get_close_matches(name, REGISTRY, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"found {name!r}, which is not a task{hint} Allowed: {', '.join(sorted(REGISTRY))}"
