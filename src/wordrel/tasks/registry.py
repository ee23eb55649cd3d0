"""The tasks that come with wordrel: what each measures, where it is from, under which licence.

Metadata from `sets/*.yaml`, one file a test set: adding a set of a known kind adds a file.
Field names follow MTEB's task metadata where they fit.
"""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, PositiveInt, ValidationError, model_validator

from wordrel.config.contrasts import AS_IT_IS as AS_IT_IS  # tasks and reports import them from here
from wordrel.config.contrasts import CALIBRATED as CALIBRATED
from wordrel.config.models import Strict
from wordrel.config.sets import explain_unknown, read_sets
from wordrel.errors import ConfigError, DatasetError

Question = Literal[
    "alike", "relate", "direction", "syntax", "in_context", "fit", "recall", "agreement"
]
MainScore = Literal[
    "spearman", "auc", "accuracy", "precision", "loss_per_token", "overlap", "lift_correlation"
]
Split = Literal["dev", "test"]


class KindInfo(NamedTuple):
    """How models are evaluated on tasks of a kind.

    Attributes:
        question: which of a model's answers they judge.
        measure: a key of `wordrel.stats.MEASURES`.
        kind: where in this package its `Kind` is, as MODULE:NAME.
    """

    question: Question
    measure: MainScore
    kind: str


KIND_INFO: dict[str, KindInfo] = {
    "pairs": KindInfo("alike", "spearman", "pairs:PAIRS"),
    "analogies": KindInfo("alike", "accuracy", "analogies:KIND"),
    "categories": KindInfo("alike", "accuracy", "groups:CATEGORIES"),
    "odd_one_out": KindInfo("alike", "accuracy", "groups:ODD_ONE_OUT"),
    "top_k": KindInfo("alike", "precision", "groups:TOP_K"),
    "directed_pairs": KindInfo("relate", "spearman", "pairs:DIRECTED"),
    "direction": KindInfo("direction", "auc", "pairs:DIRECTION"),
    "labelled_pairs": KindInfo("relate", "auc", "pairs:LABELLED"),
    "syntax": KindInfo("syntax", "auc", "syntax:KIND"),
    "triples": KindInfo("syntax", "accuracy", "triples:KIND"),
    "parts_of_speech": KindInfo("syntax", "auc", "parts_of_speech:KIND"),
    "context_pairs": KindInfo("in_context", "spearman", "in_context:CONTEXT_PAIRS"),
    "same_sense": KindInfo("in_context", "accuracy", "in_context:SAME_SENSE"),
    "sense_shift": KindInfo("in_context", "auc", "in_context:SENSE_SHIFT"),
    "held_out_loss": KindInfo("fit", "loss_per_token", "held_out:LOSS"),
    "calibrated_loss": KindInfo("fit", "loss_per_token", "calibrated:KIND"),
    "per_token_loss": KindInfo("fit", "loss_per_token", "per_token_loss:KIND"),
    "development_loss": KindInfo("fit", "loss_per_token", "per_token_loss:DEVELOPMENT"),
    "held_out_by_class": KindInfo("fit", "loss_per_token", "by_class:KIND"),
    "changed_context": KindInfo("fit", "loss_per_token", "changed_context:KIND"),
    "roles": KindInfo("fit", "loss_per_token", "weights:ROLES"),
    "order": KindInfo("fit", "loss_per_token", "order:KIND"),
    "learned": KindInfo("fit", "loss_per_token", "weights:LEARNED"),
    "copying": KindInfo("fit", "loss_per_token", "copying:KIND"),
    "ngram_rules": KindInfo("fit", "loss_per_token", "ngram_rules:KIND"),
    "last_word": KindInfo("recall", "accuracy", "last_word:LAST_WORD"),
    "induction": KindInfo("recall", "accuracy", "last_word:INDUCTION"),
    "pair_scores": KindInfo("agreement", "lift_correlation", "neighbours:PAIR_SCORES"),
    "neighbours": KindInfo("agreement", "overlap", "neighbours:KIND"),
}
"""Every kind of task: one line here, and the module that it names."""


def _of_a_known_kind(kind: str) -> str:
    if kind not in KIND_INFO:
        raise ValueError(f"found the kind {kind!r}, expected one of {', '.join(KIND_INFO)}")
    return kind


class DataFile(Strict):
    """What a file has to be."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: PositiveInt


class DataSet(Strict):
    """A test set: where its files are from, and under which licence.

    Attributes:
        name: of its file below `sets/`, and of its folder below `$WORDREL_DATA/eval` or the cache.
        license: as its source states it; "not specified" where it states none.
        order: where its tasks stand among those of other sets.
        reference: where the set, or the method, is described.
        date: the year it was published; None where it is not.
        citation: BibTeX of the paper that made it.
        url: what stands before the path of each file, pinned to a commit; of the archive if any.
        archive: the zip file at `url` that holds the files; empty where each has its address.
        package: the installed package that holds the files; empty where they are downloaded.
        files: path to what it has to be, in the order in which they are read.
        unavailable: path of a file to why it cannot be downloaded, and where its content is from.
    """

    name: str
    license: str
    order: int = 0
    reference: str = ""
    date: int | None = None
    citation: str = ""
    url: str = ""
    archive: str = ""
    package: str = ""
    files: dict[str, DataFile] = Field(default_factory=dict)
    unavailable: dict[str, str] = Field(default_factory=dict)


class TaskInfo(Strict):
    """The metadata of a task: kind, source, size and reference.

    Attributes:
        name: how a config names it.
        kind: how models are evaluated on it; a key of `KIND_INFO`.
        description: one sentence on what a high score means.
        data: the set whose files it reads.
        files: those files, in the order in which they are read.
        reader: how they are read; a key of `wordrel.tasks.readers.READERS`.
        n_items: its published size; None where the corpus decides.
        split: "dev" where it may choose the selected embedding; no conclusion is drawn from it.
        order: where it stands among the tasks of all sets.
        reference: where the set, or the method, is described.
    """

    name: str
    kind: Annotated[str, AfterValidator(_of_a_known_kind)]
    description: str
    data: DataSet
    files: tuple[str, ...] = ()
    reader: str = "none"
    n_items: int | None = None
    split: Split = "test"
    order: int = 0
    reference: str = ""

    @model_validator(mode="after")
    def _has_its_files(self) -> "TaskInfo":
        lost = [file for file in self.files if file not in self.data.files]
        if lost:
            raise ValueError(f"found the files {lost}, expected some of {list(self.data.files)}")
        return self

    @property
    def question(self) -> Question:
        """Which of a model's answers it judges."""
        return KIND_INFO[self.kind].question

    @property
    def measure(self) -> MainScore:
        """A key of `wordrel.stats.MEASURES`."""
        return KIND_INFO[self.kind].measure

    @property
    def source(self) -> str:
        """Where its items are from, in a word: a file of a package, a set, or the corpus."""
        if self.data.package:
            return self.files[0]
        return self.data.name if self.files else self.description


def tasks_of(name: str, content: dict[str, Any]) -> list[TaskInfo]:
    """The tasks of one set; each reads all files of the set where it names none.

    Args:
        name: of the set.
        content: of its file.

    Raises:
        DatasetError: with every field that is wrong.
    """
    try:
        data = DataSet(name=name, **{key: content[key] for key in content if key != "tasks"})
        every = {"order": data.order, "reference": data.reference, "files": data.files}
        tasks = {task: every | own for task, own in content["tasks"].items()}
        return [
            TaskInfo(name=task, data=data, **own | {"files": tuple(own["files"])})
            for task, own in tasks.items()
        ]
    except ValidationError as error:
        raise DatasetError(f"tasks/sets/{name}.yaml: {error}") from error


def _all_tasks() -> list[TaskInfo]:
    tasks = [info for name, content in read_sets().items() for info in tasks_of(name, content)]
    return sorted(tasks, key=lambda info: info.order)


REGISTRY: dict[str, TaskInfo] = {info.name: info for info in _all_tasks()}


def task_info(name: str) -> TaskInfo:
    """The entry of a task.

    Raises:
        ConfigError: where the registry has none; with the nearest name.
    """
    if name not in REGISTRY:
        raise ConfigError([f"tasks: {explain_unknown(name, REGISTRY)}"])
    return REGISTRY[name]
