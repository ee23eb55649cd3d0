"""What is said of a task: the fields of the registry and what may stand in them.

Pure metadata: reads and writes nothing. `wordrel.tasks.registry` passes it on to everybody else.
"""

from dataclasses import dataclass
from typing import Literal

KindName = Literal[
    "pairs",
    "directed_pairs",
    "direction",
    "labelled_pairs",
    "categories",
    "analogies",
    "syntax",
    "parts_of_speech",
    "context_pairs",
    "same_sense",
    "sense_shift",
    "held_out_loss",
    "calibrated_loss",
    "held_out_by_class",
    "roles",
    "order",
    "learned",
    "last_word",
    "neighbours",
]
Question = Literal[
    "alike", "relate", "direction", "syntax", "in_context", "fit", "recall", "agreement"
]
MainScore = Literal["spearman", "auc", "accuracy", "loss_per_token", "overlap"]
Split = Literal["dev", "test"]
ReaderName = Literal[
    "none",
    "pairs",
    "google_analogies",
    "lemma_pairs",
    "rated_pairs",
    "verb_pairs",
    "msr_analogies",
    "bats",
    "categories",
    "directed_pairs",
    "usf_strength",
    "usf_direction",
    "hyperlex_degree",
    "hyperlex_direction",
    "bless",
    "scws",
    "wic",
    "conllu",
]


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
        reader: how its files are read; a key of `wordrel.tasks.readers.READERS`.
        split: "dev" where it may decide which view is the primary one; it then concludes nothing.
        path: the file inside the gensim package; empty where there is no file in it.
        sha256: of that file; empty where there is no file.
        data: the data set that has its files; a key of `wordrel.tasks.datasets.DATA_SETS`, or
            empty.
        files: those files, in the order in which they are read.
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
    reader: ReaderName = "none"
    split: Split = "test"
    path: str = ""
    sha256: str = ""
    data: str = ""
    files: tuple[str, ...] = ()


ASKED: dict[KindName, tuple[Question, MainScore]] = {
    "pairs": ("alike", "spearman"),
    "analogies": ("alike", "accuracy"),
    "categories": ("alike", "accuracy"),
    "directed_pairs": ("relate", "spearman"),
    "direction": ("direction", "auc"),
    "labelled_pairs": ("relate", "auc"),
    "syntax": ("syntax", "auc"),
    "parts_of_speech": ("syntax", "auc"),
    "context_pairs": ("in_context", "spearman"),
    "same_sense": ("in_context", "accuracy"),
    "sense_shift": ("in_context", "auc"),
    "held_out_loss": ("fit", "loss_per_token"),
    "calibrated_loss": ("fit", "loss_per_token"),
    "held_out_by_class": ("fit", "loss_per_token"),
    "roles": ("fit", "loss_per_token"),
    "order": ("fit", "loss_per_token"),
    "learned": ("fit", "loss_per_token"),
    "last_word": ("recall", "accuracy"),
    "neighbours": ("agreement", "overlap"),
}
"""The question that each kind of task belongs to, and its measure."""
