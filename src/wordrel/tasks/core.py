"""The tasks by name: load one, evaluate a model, and find what a vocabulary covers."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool
from pydantic import TypeAdapter, ValidationError

from wordrel.config import (
    CorpusConfig,
    ItemsTask,
    LabelledPairsTask,
    NamedTask,
    PairsTask,
    TaskConfig,
)
from wordrel.corpus.tokens import never_made
from wordrel.corpus.vocab import Vocab
from wordrel.errors import DatasetError
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import (
    MIN_COVERED,
    MORE_TEXT,
    RESTRICT_VOCAB,
    Kind,
    Predictions,
    Probe,
    Scope,
    Task,
)
from wordrel.tasks.fetch import find_files
from wordrel.tasks.fields import distinct_words, own_word
from wordrel.tasks.items import (
    Items,
    from_directed,
    from_groups,
    from_labelled,
    from_pairs,
    from_questions,
)
from wordrel.tasks.own_tables import are_names, read_own_table, read_questions
from wordrel.tasks.pairs import with_random
from wordrel.tasks.readers import READERS, read_pairs
from wordrel.tasks.readers_text import context_pairs
from wordrel.tasks.registry import KIND_INFO, DataSet, TaskInfo, task_info

OwnSet = PairsTask | LabelledPairsTask | ItemsTask
"""The settings of a user's own set."""
_TASK: TypeAdapter[TaskConfig] = TypeAdapter(TaskConfig)
KINDS: dict[str, Kind] = {
    name: resolve_name(f"{__package__}.{info.kind}") for name, info in KIND_INFO.items()
}


def load_task(name: str, cache: Path | None = None) -> Task:
    """A task of the registry, with its items.

    Args:
        name: of the task.
        cache: below which downloaded data sets are; default: the user's cache.

    Raises:
        ConfigError: where there is no such task; with the nearest name.
        MissingDatasetError: where its data set is not on this machine; with the way to get it.
        DatasetError: where a file of it is altered or malformed.
    """
    info = task_info(name)
    if info.reader not in READERS:
        allowed = ", ".join(READERS)
        raise DatasetError(f"{name}: found the reader {info.reader!r}, expected one of {allowed}")
    items = READERS[info.reader](find_files(info, cache))
    if info.n_items is not None and items.n_items != info.n_items:
        raise DatasetError(f"{name}: found {items.n_items} items, expected {info.n_items}")
    return _task(info, items)


def own_task(config: OwnSet) -> Task:
    """The user's own set as a task.

    Args:
        config: its settings: kind, name, path, and `against` for pairs with labels.

    Raises:
        DatasetError: with file, line, found and expected of everything that is wrong.
    """
    items, described, header = _read(config)
    info = TaskInfo(
        name=config.name,
        kind=config.kind,
        description=described,
        data=DataSet(name=config.name, license="not specified"),
        n_items=items.n_items,
    )
    return replace(_task(info, items), header=header)


def taken_as_header(task: Task) -> str:
    """A sentence for the user where the first line of an own set was read as its header."""
    return f"{task.name}: {_first(task.header)}" if task.header else ""


def remarks(task: Task) -> list[str]:
    """How a user's own set was read, where it may have been meant in another way."""
    found = [taken_as_header(task)]
    if task.kind == "labelled_pairs":
        found += [f"{task.name}: {remark}" for remark in _remarks_on_labels(task.items)]
    return [*filter(None, found)]


def _remarks_on_labels(items: Items) -> Iterator[str]:
    labels = Counter(items.labels)
    first = items.labels[0]
    if [label for label, number in labels.items() if number == 1] == [first]:
        pair = ", ".join((*items.words[0], first))
        yield f"the first line was read as the pair {pair!r}; remove it if it is a header"
    if not (with_random(items, items.gold == 0) & (items.gold > 0)).any():
        yield (
            "found no word that begins related and random pairs, expected both of each first word: "
            "without that no pair is compared; add pairs such as 'wheel, car, part' and 'wheel, "
            "sky, random'"
        )


def wrong_sets(tasks: Iterable[Any]) -> list[str]:
    """What is wrong in the existing files of own sets; the caller reports it with other mistakes.

    Args:
        tasks: as a config has them, with absolute paths. Skipped is what is no own set, or has a
            wrong setting or no file.
    """
    problems = []
    for task in tasks:
        try:
            config = _TASK.validate_python(task)
            if not isinstance(config, NamedTask) and config.path.is_file():
                own_task(config)
        except ValidationError:
            continue
        except DatasetError as error:
            problems.append(f"tasks: {error}")
    return problems


class _Read(NamedTuple):
    """The items of a file, a sentence on how they were read, and the header; empty without one."""

    items: Items
    description: str
    header: tuple[str, ...] = ()


def _read(config: OwnSet) -> _Read:
    path = config.path
    if isinstance(config, LabelledPairsTask):
        return _labelled_pairs(path, config.against)
    if isinstance(config, PairsTask):
        return _scored_pairs(path, ordered=config.kind == "directed_pairs")
    if config.kind in ("odd_one_out", "top_k"):
        return _groups(path, odd=config.kind == "odd_one_out")
    if config.kind == "context_pairs":
        uses, header = context_pairs(path)
        return _Read(uses, f"Words in sentences, with scores, from {path.name}.", header)
    items = from_questions(read_questions(path))
    sections = ", ".join(dict.fromkeys(items.labels))
    return _Read(items, f"Analogies from {path.name} (sections: {sections}).")


def _scored_pairs(path: Path, *, ordered: bool) -> _Read:
    rows, header = read_pairs(path)
    first = _first(header) if header else "no header"
    if ordered:
        description = f"Word pairs whose order matters, with scores, from {path.name} ({first})."
        return _Read(from_directed(rows), description, header)
    return _Read(from_pairs(rows), f"Word pairs with scores from {path.name} ({first}).", header)


def _labelled_pairs(path: Path, against: str) -> _Read:
    """Word, word, label; only well-known names of columns, such as word1, are a header."""
    table = read_own_table(path, ("word", "word", "label"), names=are_names)
    rows = table.parsed(
        lambda fields: (own_word(fields[0]), own_word(fields[1]), own_word(fields[2]))
    )
    labels = Counter(label for _, _, label in rows)
    if against not in labels or len(labels) < 2:
        raise DatasetError(
            f"{path}: found the labels {', '.join(map(repr, labels)) or 'of no pair'}, expected "
            f"{against!r} (against), and another one at least"
        )
    counts = ", ".join(f"{label} {count:,}" for label, count in labels.most_common())
    first = f"; {_first(table.header)}" if table.header else ""
    named = f"{path.name} ({counts}{first})"
    description = f"Word pairs with labels from {named}, each relation against {against}."
    return _Read(from_labelled(rows, [against]), description, table.header)


def _groups(path: Path, *, odd: bool) -> _Read:
    """Words a line; the question is about the first. A header has well-known names of columns."""
    columns = ("odd word", "word", "word") if odd else ("word", "expected neighbour")

    table = read_own_table(path, columns, extra_columns=True, names=are_names)
    groups = table.parsed(lambda fields: distinct_words(fields, len(columns)))
    subject = "Groups of words, the odd one first," if odd else "Words with expected neighbours"
    first = f" ({_first(table.header)})" if table.header else ""
    return _Read(from_groups(groups, odd=odd), f"{subject} from {path.name}{first}.", table.header)


def _first(header: Sequence[str]) -> str:
    return f"line 1 read as the header {', '.join(header)!r}"


def ask(
    task: Task,
    word_model: WordModel,
    *,
    lowercase: bool,
    probe: Probe | None = None,
    restrict_vocab: int = RESTRICT_VOCAB,
) -> list[Predictions]:
    """Evaluate one trained model on a task: an outcome for each embedding that can answer.

    Args:
        task: what to evaluate it on.
        word_model: the model.
        lowercase: whether the corpus was lower-cased; the words of items then are, too.
        probe: held-out text, for a task of the question "fit" or "recall".
        restrict_vocab: how many of the most frequent words can answer an analogy.

    Returns:
        Outcomes; where the model has no answer, one a row of the task without predictions and with
        a note on the reason. A task of the question "agreement" gives none.
    """
    return KINDS[task.kind].answer(task, word_model, Scope(lowercase, restrict_vocab, probe))


def covered(
    task: Task, vocab: Vocab, *, lowercase: bool, restrict_vocab: int = RESTRICT_VOCAB
) -> Bool[np.ndarray, " P"]:
    """Which items a vocabulary can answer, before any model is trained on it."""
    return KINDS[task.kind].covered(task.items, vocab, Scope(lowercase, restrict_vocab))


@dataclass(frozen=True)
class Beyond:
    """The items of a set that no text can cover, because the rules of a corpus split their words.

    Attributes:
        n_items: how many such items.
        of: items in all.
        example: one of the words.
    """

    n_items: int = 0
    of: int = 0
    example: str = ""

    def explain(self, outcome: Predictions) -> Predictions:
        """The outcome with a note on them, where it covers too few items to have a score."""
        if not self.n_items or int(outcome.covered.sum()) >= MIN_COVERED:
            return outcome
        if self.n_items == self.of:
            outcome = replace(outcome, note=outcome.note.removesuffix(MORE_TEXT))
        return outcome.noted(
            f"{self.n_items} of the {self.of} items of the set have a word that no text gives by "
            f"the rules of the corpus (its digits and phrases), such as {self.example!r}"
        )


def beyond(task: Task, config: CorpusConfig) -> Beyond:
    """Which items of a set of words no text can cover by the rules of a corpus."""
    every = {word for item in task.items.words for word in item}
    unmade = never_made(every.union(*(word.split("/") for word in every)), config)
    lost = [item for item in task.items.words if _is_lost(task.kind, item, unmade)]
    examples = (word for item in lost for word in item if word in unmade)
    return Beyond(len(lost), task.items.n_items, next(examples, ""))


def _is_lost(kind: str, words: Sequence[str], unmade: frozenset[str]) -> bool:
    if kind == "top_k":  # one expected neighbour is enough
        return words[0] in unmade or unmade.issuperset(words[1:])
    if kind == "analogies":  # and one right answer
        return not unmade.isdisjoint(words[:3]) or unmade.issuperset(words[3].split("/"))
    return not unmade.isdisjoint(words)


def _task(info: TaskInfo, items: Items) -> Task:
    kind = KINDS[info.kind]
    return Task(
        name=info.name,
        kind=info.kind,
        question=info.question,
        measure=info.measure,
        better=kind.better,
        split=info.split,
        items=items,
        digest=_digest(info.kind, kind.version, items),
        info=info,
    )


def _digest(kind: str, version: int, items: Items) -> str:
    """Content, not names: the same pairs in another file are the same task."""
    content = [kind, version, *items.content()]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
